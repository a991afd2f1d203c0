"""Pictures and clips as a generator would send them: quiet gradients with a soft texture.

The same words and number give the same picture. What it is stands in its metadata.
"""

import io
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from market.noise import stream

LABEL: Final = "Adflight sandbox: made up locally, by no generator"
_FRAMES = 24
_PATIENCE = 120
_DESCRIPTION = 0x010E  # EXIF ImageDescription
_SOFTWARE = 0x0131


class Unreadable(ValueError):
    """A picture that was sent along cannot be used."""


def picture(words: str, number: int, size: tuple[int, int], kind: str = "PNG") -> bytes:
    """A picture of exactly ``size`` as PNG or JPEG, with ``LABEL`` in its metadata."""
    image = _painted(words, number, size)
    out = io.BytesIO()
    if kind == "JPEG":
        exif = Image.Exif()
        exif[_DESCRIPTION], exif[_SOFTWARE] = LABEL, "Adflight sandbox"
        image.save(out, "JPEG", quality=92, exif=exif, comment=LABEL)
    else:
        text = PngInfo()
        text.add_text("Software", "Adflight sandbox")
        text.add_text("Description", LABEL)
        image.save(out, "PNG", pnginfo=text, compress_level=1)
    return out.getvalue()


def still(data: bytes) -> Image.Image:
    """A picture that was sent along.

    Raises:
        Unreadable: it is no PNG, JPEG or WebP.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise Unreadable("the picture cannot be read") from None


def clip(start: Image.Image, size: tuple[int, int], seconds: int) -> bytes:
    """A silent H.264 MP4 of exactly ``size`` that begins with ``start`` and moves over it, with
    ``LABEL`` in its metadata.

    Raises:
        RuntimeError: ffmpeg did not make it.
    """
    width, height = size
    roomy = ImageOps.fit(start, (width + width // 10, height + height // 10))
    frames = seconds * _FRAMES
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place) / "still.png", Path(place) / "clip.mp4"
        roomy.save(source, compress_level=1)
        command = [
            get_ffmpeg_exe(), "-nostdin", "-v", "error", "-threads", "1",
            "-loop", "1", "-framerate", str(_FRAMES), "-i", str(source),
            "-vf",
            f"crop={width}:{height}:x='(iw-ow)*n/{frames}':y='(ih-oh)*n/{frames}',format=yuv420p",
            "-frames:v", str(frames), "-an",
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "26",
            "-metadata", f"comment={LABEL}", "-metadata", "encoded_by=Adflight sandbox",
            "-movflags", "+faststart", "-y", str(target),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()[-200:]
            raise RuntimeError(f"ffmpeg made no clip: {said}")
        return target.read_bytes()


def _painted(words: str, number: int, size: tuple[int, int]) -> Image.Image:
    """Three soft lights over a dark ground, and a cloud of coarse noise grown smooth."""
    width, height = size
    dice = stream(number, "picture", words)
    # Painted small and grown: nothing in it is fine, and growing is what makes it soft.
    small = (max(width // 8, 8), max(height // 8, 8))
    across, down = np.meshgrid(np.linspace(0, 1, small[0]), np.linspace(0, 1, small[1]))
    paint = np.full((small[1], small[0], 3), dice.uniform(20, 60, 3))
    for _ in range(3):
        x, y = dice.uniform(0.1, 0.9, 2)
        near = np.exp(-((across - x) ** 2 + (down - y) ** 2) / dice.uniform(0.05, 0.25))
        paint += near[..., None] * dice.uniform(30, 170, 3)
    clouds = Image.fromarray(dice.integers(0, 256, (9, 9), dtype=np.uint8))
    texture = np.asarray(clouds.resize(small, Image.Resampling.BICUBIC), dtype=float)
    paint += (texture[..., None] - 128) * 0.12
    image = Image.fromarray(np.clip(paint, 0, 255).astype(np.uint8))
    return image.resize(size, Image.Resampling.BICUBIC)
