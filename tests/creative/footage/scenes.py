"""Small videos made for the tests, and what their frames and their sound show."""

import subprocess
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from creative.specs import VideoSpec

UPRIGHT, WIDE = (360, 640), (640, 360)


def spec(
    size: tuple[int, int] = UPRIGHT,
    *,
    minimum: tuple[int, int] | None = None,
    hard: tuple[float, float] = (0.4, 60),
    recommended: tuple[float, float] = (2, 6),
    max_bytes: int = 50_000_000,
) -> VideoSpec:
    least = minimum or (size[0] // 2, size[1] // 2)
    return VideoSpec(size, least, recommended, hard, max_bytes, captions=True, provenance=False)


def ffmpeg(*arguments: str, ending: str = "mp4") -> bytes:
    """What ffmpeg writes for these arguments, with the output's name left out."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / f"made.{ending}"
        command = [get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments, str(target)]
        subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
        return target.read_bytes()


def clip(
    picture: Image.Image | str,
    *,
    seconds: float = 0.5,
    rate: int = 30,
    sound: str = "",
    extra: tuple[str, ...] = ("-pix_fmt", "yuv420p"),
    ending: str = "mp4",
) -> bytes:
    """A video of a still picture, or of a lavfi source, with a lavfi sound; made once."""
    source = picture if isinstance(picture, str) else png(picture)
    return _filmed(source, seconds, rate, sound, extra, ending)


@cache
def _filmed(
    source: str | bytes, seconds: float, rate: int, sound: str, extra: tuple[str, ...], ending: str
) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        if isinstance(source, str):
            shown = ["-f", "lavfi", "-i", source]
        else:
            path = Path(place) / "picture.png"
            path.write_bytes(source)
            shown = ["-loop", "1", "-framerate", str(rate), "-i", str(path)]
        heard = ["-f", "lavfi", "-i", sound] if sound else []
        return ffmpeg(
            *shown, *heard, "-t", str(seconds), "-r", str(rate), "-preset", "ultrafast", *extra,
            ending=ending,
        )  # fmt: skip


def turned(video: bytes, degrees: int) -> bytes:
    """The same frames, with the note that they are to be shown turned."""
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "source.mp4"
        source.write_bytes(video)
        return ffmpeg("-display_rotation", str(degrees), "-i", str(source), "-c", "copy")


def disc(size: tuple[int, int], colour: str = "black", behind: str = "white") -> Image.Image:
    """A disc in the middle, half as wide as the shorter side."""
    image = Image.new("RGB", size, behind)
    (x, y), radius = (size[0] // 2, size[1] // 2), min(size) // 4
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return image


def png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def frames(video: bytes) -> list[NDArray[np.uint8]]:
    """All frames as RGB, not turned."""
    with av.open(BytesIO(video)) as container:
        found: Any = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    return found


def sound(video: bytes) -> NDArray[np.float32]:
    """The first channel, at 48 kHz, from -1 to 1."""
    with av.open(BytesIO(video)) as container:
        parts: Any = [one.to_ndarray()[0] for one in container.decode(audio=0)]
    return np.concatenate(parts)


def extent(dark: NDArray[np.bool_]) -> tuple[int, int]:
    """Width and height of what is True."""
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
