"""A still becomes a video that a network takes: its size, its length, a track, no stretching."""

import re
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageDraw

from creative.video import SECONDS, VideoFailed, from_still


def _circle(size: tuple[int, int]) -> bytes:
    image = Image.new("RGB", size, "white")
    middle, radius = (size[0] // 2, size[1] // 2), min(size) // 4
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    ImageDraw.Draw(image).ellipse(box, fill="black")
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _said(path: Path) -> str:
    """What ffmpeg reads from a file: its wheel brings no ffprobe."""
    command = [get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stderr


@pytest.mark.parametrize("shape", [(1080, 1080), (1600, 900), (300, 900)])
def test_a_still_of_any_shape_fills_the_frame_unstretched(
    shape: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(from_still(_circle(shape), (360, 640)))
    said = _said(path)
    assert re.search(r"Video: h264.*360x640", said)
    assert "Audio: aac" in said
    (length,) = re.findall(r"Duration: 00:00:(\d\d\.\d\d)", said)
    assert abs(float(length) - SECONDS) < 0.2
    frame = tmp_path / "frame.png"
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-frames:v", "1", str(frame)]
    subprocess.run(command, check=True, timeout=30)
    dark = Image.open(frame).convert("L").point(lambda grey: 255 * (grey < 128))
    box = dark.getbbox()
    assert box is not None
    # A circle stays one, wherever it is not cut.
    width, height = box[2] - box[0], box[3] - box[1]
    if width < 350:
        assert abs(width - height) <= 4


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(VideoFailed, match="ffmpeg made no video"):
        from_still(b"not an image", (360, 640))
