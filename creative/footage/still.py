"""A video from a still: the picture fills the frame and drifts past behind the overlay.

It drifts by whole pixels. What moves by parts of a pixel must be interpolated in every frame:
zooming 6 s of 1080x1920 that way takes 4 s of one core before a frame is encoded (measured for
zoompan, perspective and Pillow), and rounding instead makes the picture tremble. Whole pixels cost
a copy, stay as sharp as the still, and are what encoders predict best.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from PIL import Image

from creative.footage.captions import SAFE, reading_seconds, set_captions
from creative.footage.ffmpeg import INPUT
from creative.footage.film import SILENCE, Take, check_size, frames_in, open_layer, shoot
from creative.footage.refusal import FootageRefused
from creative.pictures.fitting import cover, flat
from creative.pictures.opening import open_picture
from creative.pictures.refusal import PictureRefused
from creative.placement import Margins, VideoSpec

_RATE = Fraction(24)
_PRESET = "superfast"
"""A still that drifts is easy to predict: slower presets take twice the time for files that are
a third smaller, of a megabyte at most."""
_TUNING = "b-adapt=0:bframes=3:weightp=0:scenecut=0"
"""Nothing fades and nothing cuts: deciding about it took a quarter of the time."""
_LONGEST_SHOT = 8
"""Seconds after which the framing changes, as an editor would cut."""
_FADE = 12
"""Frames in which one shot dissolves into the next."""
_SMALL = 900
"""Pixels of the side along which a picture drifts under which it moves only every second frame:
a pixel of a small frame is a larger step."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """One framing: its frames, and how far it drifts (pixels, right and down; minus: back)."""

    frames: int
    right: int
    down: int
    every: int


def from_still(
    still: bytes,
    spec: VideoSpec,
    *,
    layer: bytes | None = None,
    captions: Sequence[str] = (),
    seconds: float = 6,
    safe: Margins = SAFE,
    font: Path | None = None,
) -> bytes:
    """A silent MP4 in which the still fills the frame, unstretched, and moves slowly.

    ``layer`` is a PNG with transparency of the video's size and stands still. ``seconds`` becomes
    longer where the captions take longer to read (up to what the network recommends, then up to
    what it takes), and is brought within the network's limits. Captions stand inside ``safe``. The
    same arguments give the same bytes.

    Raises:
        CaptionsRefused: no time or no room for the captions.
        FootageRefused: an unreadable still, or the size cannot be met.
    """
    check_size(spec)
    over = open_layer(layer, spec.size)
    try:
        picture = flat(open_picture(still))
    except PictureRefused as reason:
        raise FootageRefused(str(reason)) from None
    frames = frames_in(_long_enough(seconds, captions, spec), _RATE, spec)
    shown = set_captions(
        captions, spec.size, float(frames / _RATE), safe=safe, layer=over, font=font
    )
    with tempfile.TemporaryDirectory(prefix="adflight-still-") as directory:
        place = Path(directory)
        take = _take(place, picture, spec.size, frames)
        return shoot(place, take, spec, over, shown)


def _long_enough(seconds: float, captions: Sequence[str], spec: VideoSpec) -> float:
    comfort, hurry = reading_seconds(captions)
    return max(seconds, min(comfort, spec.recommended_seconds[1]), hurry)


def _take(place: Path, picture: Image.Image, size: tuple[int, int], frames: int) -> Take:
    inputs: list[str] = []
    steps: list[str] = []
    shots = _shots(size, frames)
    for number, shot in enumerate(shots):
        spare = [0 if way == 0 else abs(way) // 2 * 2 + 4 for way in (shot.right, shot.down)]
        canvas = cover(picture, (size[0] + spare[0], size[1] + spare[1]))
        path = place / f"shot{number}.rgb"
        path.write_bytes(canvas.tobytes())
        inputs += [
            *INPUT, "-f", "rawvideo", "-pixel_format", "rgb24", "-framerate", str(_RATE),
            "-video_size", f"{canvas.width}x{canvas.height}", "-i", path.name,
        ]  # fmt: skip
        steps.append(_drifting(number, shot, size, canvas.size))
    last, long = "shot0", shots[0].frames
    for number, shot in enumerate(shots[1:], 1):
        name = f"until{number}"
        steps.append(
            f"[{last}][shot{number}]xfade=transition=fade:duration={float(_FADE / _RATE):.6f}:"
            f"offset={float((long - _FADE) / _RATE):.6f}[{name}]"
        )
        last, long = name, long - _FADE + shot.frames
    steps.append(f"[{last}]null[picture]")
    seconds = f"{float(frames / _RATE):.6f}"
    return Take(
        inputs=(*inputs, *SILENCE),
        count=len(shots) + 1,
        graph=";".join(steps),
        sound=f"[{len(shots)}:a]atrim=end={seconds}[sound]",
        frames=frames,
        rate=_RATE,
        preset=_PRESET,
        tuning=_TUNING,
    )


def _drifting(number: int, shot: _Shot, size: tuple[int, int], canvas: tuple[int, int]) -> str:
    """Filters from the canvas to the shot.

    The colours of a video have half the resolution of its light, so a crop can begin at every
    second pixel only. There are two copies, one of them a pixel further, and the frames come from
    both by turns: cheaper by half than carrying the colours in full up to the crop.
    """
    way = shot.right or shot.down
    steps_done = f"floor(n/{shot.every})"
    at = steps_done if way >= 0 else f"({-way}-{steps_done})"
    even = f"2*floor({at}/2)"
    across, along = (even, "0") if shot.right else ("0", even)
    further = (1, 0) if shot.right else (0, 1)
    # Two pixels less, so that both copies are of the same, even size.
    copy = (canvas[0] - 2 * further[0], canvas[1] - 2 * further[1])
    moving = (
        "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
        f"loop=loop=-1:size=1,trim=end_frame={shot.frames},setpts=N/({_RATE}*TB),fps={_RATE},"
        f"crop={size[0]}:{size[1]}:'{across}':'{along}'"
    )
    return (
        f"[{number}:v]split[a{number}][b{number}];"
        f"[a{number}]crop={copy[0]}:{copy[1]}:0:0,{moving}[even{number}];"
        f"[b{number}]crop={copy[0]}:{copy[1]}:{further[0]}:{further[1]},{moving}[odd{number}];"
        f"[even{number}][odd{number}]overlay=enable='mod({at},2)':format=yuv420,"
        f"format=yuv420p,settb=1/{_RATE}[shot{number}]"
    )


def _shots(size: tuple[int, int], frames: int) -> list[_Shot]:
    """Framings of equal length, along the longer and the shorter side by turns, there and back."""
    count = -(-frames // round(_LONGEST_SHOT * _RATE))
    whole = frames + _FADE * (count - 1)
    lengths = [whole // count + (1 if number < whole % count else 0) for number in range(count)]
    tall = size[1] >= size[0]
    found: list[_Shot] = []
    for number, length in enumerate(lengths):
        upright = tall if number % 2 == 0 else not tall
        every = 1 if size[1 if upright else 0] >= _SMALL else 2
        way = (length - 1) // every * (1 if number % 4 < 2 else -1)
        found.append(
            _Shot(length, right=0 if upright else way, down=way if upright else 0, every=every)
        )
    return found
