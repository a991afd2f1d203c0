"""Videos in the examining process: measured, shown by one frame, and shared without metadata."""

import subprocess
import tempfile
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from creative.footage import FootageRefused, probe, thumbnail
from creative.media.kinds import MOV, MP4, Kind
from creative.media.limits import WALL_SECONDS
from creative.media.parts import Malformed


def measured(data: bytes) -> tuple[int, int, float, bytes]:
    """Width, height, seconds, and one frame as a PNG.

    Raises:
        Malformed: it cannot be played.
    """
    try:
        found = probe(data)
        still = thumbnail(data)
    except FootageRefused as refused:
        raise Malformed(f"cannot be played: {refused}") from None
    return found.width, found.height, found.seconds, still


def without_metadata(data: bytes, kind: Kind) -> tuple[bytes, str]:
    """The same pictures and sounds in a new file, and its media type: MP4, or MOV where an MP4
    cannot hold them. Left out are places, dates, devices, chapters, and tracks that are neither
    picture nor sound (cameras write where they were, second by second, into one of their own).

    Raises:
        Malformed: it cannot be read.
    """
    for made in (MP4, MOV) if kind is MOV else (MP4,):
        with tempfile.TemporaryDirectory(prefix="adflight-share-") as place:
            path = Path(place) / f"given.{kind.ending}"
            path.write_bytes(data)
            out = path.with_name(f"made.{made.ending}")
            if _remuxed(path, out):
                return out.read_bytes(), made.media_type
    raise Malformed("cannot be read as a video; export it anew")


def _remuxed(path: Path, out: Path) -> bool:
    # Only the file itself is read, whatever it points to.
    done = subprocess.run(
        [
            get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file",
            "-f", "mov", "-enable_drefs", "0", "-i", path.name,
            "-map", "0:V:0", "-map", "0:a?", "-map_metadata", "-1", "-map_metadata:s", "-1",
            "-map_chapters", "-1", "-c", "copy", "-fflags", "+bitexact",
            "-movflags", "+faststart", out.name,
        ],
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=WALL_SECONDS,
        check=False,
    )  # fmt: skip
    return done.returncode == 0
