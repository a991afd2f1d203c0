"""What is in a video file: how it looks upright, how long it is, what sounds."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from creative.footage.refusal import FootageRefused

_PATIENCE = 30
_READER = Path(__file__).with_name("reading.py")
_MOST_PIXELS = 3840 * 2160
_MOST_RATE = 240


@dataclass(frozen=True, slots=True)
class Footage:
    """A video as people see it: upright, with square pixels.

    ``seconds`` is what the file holds, not what it declares; ``audio_codec`` is None for a silent
    file.
    """

    width: int
    height: int
    seconds: float
    video_codec: str
    audio_codec: str | None
    frames_per_second: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Streams:
    """Where in the file picture and sound are, and how the picture is kept there.

    ``transfer`` and ``matrix`` are its colours' numbers in ITU-T H.273 (2: not told).
    """

    footage: Footage
    video_index: int
    audio_index: int | None
    channels: int
    rate: Fraction
    transfer: int
    matrix: int


def probe(data: bytes) -> Footage:
    """Measure a video.

    The file is read in a child process with limits of its own on memory and time.

    Raises:
        FootageRefused: no MP4 or MOV, cut short, an unusual codec, more than 8.3 megapixels.
    """
    with tempfile.TemporaryDirectory(prefix="adflight-footage-") as place:
        path = Path(place) / "footage.mp4"
        path.write_bytes(data)
        return streams(path).footage


def streams(path: Path) -> Streams:
    """Measure a video at rest.

    Raises:
        FootageRefused: as ``probe``.
    """
    said = _said(path)
    rotation = round(said["rotation"]) % 360
    if rotation % 90:
        raise FootageRefused(
            f"the video is turned by {rotation} degrees; only quarter turns can be set upright"
        )
    shape = Fraction(*said["pixel_shape"]) or Fraction(1)
    if not Fraction(1, 4) <= shape <= 4:
        raise FootageRefused(f"the video's pixels have the shape {shape}, the limit is 1:4 to 4:1")
    coded = f"{said['width']}x{said['height']}"
    if said["width"] * said["height"] * max(shape, 1) > _MOST_PIXELS:
        raise FootageRefused(f"the video is {coded} pixels, the limit is 3840x2160")
    rate = Fraction(*said["rate"])
    if not 1 <= rate <= _MOST_RATE:
        raise FootageRefused(
            f"the video has {float(rate):g} frames a second, the limit is 1 to {_MOST_RATE}"
        )
    width, height = round(said["width"] * shape), said["height"]
    if rotation % 180:
        width, height = height, width
    footage = Footage(
        width=width,
        height=height,
        seconds=said["seconds"],
        video_codec=said["video_codec"],
        audio_codec=said["audio_codec"],
        frames_per_second=float(rate),
        bytes=path.stat().st_size,
    )
    return Streams(
        footage=footage,
        video_index=said["video_index"],
        audio_index=said["audio_index"],
        channels=said["channels"],
        rate=rate,
        transfer=said["transfer"],
        matrix=said["matrix"],
    )


def _said(path: Path) -> dict[str, Any]:
    # Isolated: neither the environment nor the working directory can change what it imports; and
    # told where libraries are, since Python's own looking for them takes a quarter of the time.
    libraries = [one for one in sys.path if Path(one).is_absolute()]
    command = [sys.executable, "-I", "-S", str(_READER), str(path), *libraries]
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise FootageRefused(f"the video could not be read within {_PATIENCE} s") from None
    try:
        said = json.loads(done.stdout)
    except ValueError:
        # A crash of the reader is the file's doing; what it printed is for nobody.
        raise FootageRefused(
            f"the video cannot be read: its reader ended with code {done.returncode}"
        ) from None
    if "refused" in said:
        raise FootageRefused(said["refused"])
    return said
