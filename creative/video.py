"""A quiet video from a still image, for networks that show videos: a slow zoom, a silent track.

Made offline by the ffmpeg of the ``imageio-ffmpeg`` wheel; later sources stand behind the same
function.
"""

import subprocess
import tempfile
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

SOURCE = "sandbox-generated"
SECONDS = 6
"""Long enough for every network served (Telegram and Snapchat want 3 at least, Unity takes 60)."""

_FRAMES = 24
_ZOOM = 0.06
_PATIENCE = 120


class VideoFailed(Exception):
    """ffmpeg made no video; the message says why."""


def from_still(image: bytes, size: tuple[int, int]) -> bytes:
    """An H.264 MP4 of exactly ``size`` (even pixels) and ``SECONDS``, never stretched.

    The image covers the frame; what hangs over is cut evenly. The same image gives the same
    bytes.

    Raises:
        VideoFailed: the image cannot be read, or ffmpeg did not finish.
    """
    width, height = size
    frames = SECONDS * _FRAMES
    # Zooming a picture of twice the size keeps the movement smooth: zoompan rounds to pixels.
    moved = (
        f"scale={2 * width}:{2 * height}:force_original_aspect_ratio=increase,"
        f"crop={2 * width}:{2 * height},"
        f"zoompan=z='1+{_ZOOM}*on/{frames}':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2'"
        f":d={frames}:s={width}x{height}:fps={_FRAMES},format=yuv420p"
    )
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place) / "still.png", Path(place) / "video.mp4"
        source.write_bytes(image)
        command = [
            get_ffmpeg_exe(), "-nostdin", "-v", "error", "-threads", "2",
            "-i", str(source),
            "-f", "lavfi", "-t", str(SECONDS), "-i", "anullsrc=r=44100:cl=stereo",
            "-vf", moved, "-frames:v", str(frames),
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "23",
            "-c:a", "aac", "-b:a", "64k", "-shortest",
            "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
            "-flags:a", "+bitexact", "-movflags", "+faststart",
            "-y", str(target),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise VideoFailed(f"ffmpeg did not finish within {_PATIENCE} s") from None
        if done.returncode != 0 or not target.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise VideoFailed(f"ffmpeg made no video: {said[-1][:200] if said else 'no reason'}")
        return target.read_bytes()
