"""One frame of a video as a picture."""

import tempfile
from pathlib import Path

from creative.footage.ffmpeg import VIDEO_INPUT, run
from creative.footage.probe import streams
from creative.footage.refusal import FootageRefused

_PATIENCE = 60


def thumbnail(video: bytes, *, at: float = 0.5) -> bytes:
    """A PNG of the frame at ``at``, a part of the video's length (0: first, 1: last), upright and
    with square pixels.

    Raises:
        FootageRefused: an unreadable video, or ``at`` outside 0 to 1.
    """
    if not 0 <= at <= 1:
        raise FootageRefused(f"at is {at:g}; it must be from 0 (first frame) to 1 (last frame)")
    with tempfile.TemporaryDirectory(prefix="adflight-thumbnail-") as directory:
        place = Path(directory)
        source, target = place / "source.mp4", place / "frame.png"
        source.write_bytes(video)
        found = streams(source)
        footage = found.footage
        # One and a half frames before the end, there is still one to be decoded.
        last = max(footage.seconds - 1.5 / footage.frames_per_second, 0.0)
        run(
            (
                "-ss", f"{min(footage.seconds * at, last):.3f}", *VIDEO_INPUT, "-i", source.name,
                "-map", f"0:{found.video_index}", "-frames:v", "1",
                "-vf", f"scale={footage.width}:{footage.height},setsar=1", "-update", "1",
                "-f", "image2", target.name,
            ),
            place,
            patience=_PATIENCE,
        )  # fmt: skip
        if not target.is_file():
            raise FootageRefused(f"the video has no frame at {at:g} of its length")
        return target.read_bytes()
