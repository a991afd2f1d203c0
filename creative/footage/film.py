"""Puts a moving picture, its overlay, its captions and its sound into one MP4."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

from PIL import Image

from creative.footage.captions import Caption
from creative.footage.ffmpeg import INPUT, PICTURE, SAME_BYTES, SOUND, run
from creative.footage.refusal import FootageRefused
from creative.placement import VideoSpec

_QUALITIES = (23, 28)
"""Constant rate factors: the one wanted, and the worst that still looks good."""
_LEAST_BITS = 0.012
"""Bits per pixel and frame under which a picture falls to blocks."""
_SOUND_BITS = 128_000
_OVERHEAD = 0.96
_ATTEMPTS = 3
_ONE_PICTURE = (*INPUT, "-f", "png_pipe")
_TO_FRAME = "scale=out_color_matrix=bt709:out_range=tv,format=yuva420p"
_COLOURS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""Players that are not told guess, and guess differently."""
SILENCE = ("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo")


@dataclass(frozen=True, slots=True)
class Take:
    """What is put together.

    ``inputs`` are ffmpeg's, ``graph`` filters them into ``[picture]`` of the wanted size and
    ``sound`` filters into ``[sound]``. ``frames`` and ``rate`` (frames per second) are exact.
    ``preset`` and ``tuning`` are x264's.
    """

    inputs: tuple[str, ...]
    count: int
    graph: str
    sound: str
    frames: int
    rate: Fraction
    preset: str
    tuning: str = ""

    @property
    def seconds(self) -> float:
        """The length of what comes out."""
        return float(self.frames / self.rate)


def frames_in(seconds: float, rate: Fraction, spec: VideoSpec) -> int:
    """As many frames as make this length, within the network's hard limits.

    Raises:
        FootageRefused: no number of frames lies between the limits.
    """
    shortest, longest = spec.hard_seconds
    least = math.ceil(Fraction(shortest).limit_denominator(1000) * rate)
    most = math.floor(Fraction(longest).limit_denominator(1000) * rate)
    if most < max(least, 1):
        raise FootageRefused(
            f"no video of {float(rate):g} frames a second lasts from {shortest:g} to {longest:g} s"
        )
    return min(max(round(Fraction(seconds) * rate), least, 1), most)


def open_layer(layer: bytes | None, size: tuple[int, int]) -> Image.Image | None:
    """The overlay as RGBA.

    Raises:
        FootageRefused: no PNG, or not as large as the frame.
    """
    if layer is None:
        return None
    try:
        with Image.open(BytesIO(layer), formats=("PNG",)) as opened:
            found = opened.size
            if found == size:
                return opened.convert("RGBA")
    except (OSError, SyntaxError, ValueError):
        raise FootageRefused("the overlay is no PNG that can be read") from None
    raise FootageRefused(
        f"the overlay is {found[0]}x{found[1]} pixels and the video {size[0]}x{size[1]}: "
        "draw it at the video's size"
    )


def check_size(spec: VideoSpec) -> None:
    """Raises FootageRefused where H.264 in 4:2:0 cannot have the size: it must be even."""
    width, height = spec.size
    if width % 2 or height % 2 or min(width, height) < 16:
        raise FootageRefused(
            f"a video of {width}x{height} pixels cannot be made: both must be even, 16 at least"
        )


def shoot(
    place: Path,
    take: Take,
    spec: VideoSpec,
    layer: Image.Image | None,
    captions: Sequence[Caption],
) -> bytes:
    """Encode the take with its overlay and captions, within the network's file size.

    Raises:
        FootageRefused: ffmpeg failed, or the size cannot be met in a quality worth showing.
    """
    inputs, steps = _laid_over(place, take, layer, captions)
    graph = ";".join((take.graph, *steps, take.sound))
    target = place / "film.mp4"
    tuned = ("-x264-params", take.tuning) if take.tuning else ()
    patience = 60 + 20 * take.seconds

    def encode(*rate: str) -> int:
        run(
            (
                *take.inputs, *inputs, "-filter_complex", graph, "-map", "[shown]",
                "-map", "[sound]", "-frames:v", str(take.frames), *PICTURE,
                "-preset", take.preset, *tuned, *rate, *SOUND, *SAME_BYTES,
                "-movflags", "+faststart", "-f", "mp4", target.name,
            ),
            place,
            patience=patience,
        )  # fmt: skip
        return target.stat().st_size

    for quality in _QUALITIES:
        if encode("-crf", str(quality)) <= spec.max_bytes:
            return target.read_bytes()
    width, height = spec.size
    bits = int(spec.max_bytes * 8 * _OVERHEAD / take.seconds) - _SOUND_BITS
    least = _LEAST_BITS * width * height * take.rate
    for attempt in range(_ATTEMPTS):
        if bits < least:
            break
        if attempt == 0:
            encode("-b:v", str(bits), "-pass", "1", "-passlogfile", "passes")
        size = encode("-b:v", str(bits), "-pass", "2", "-passlogfile", "passes")
        if size <= spec.max_bytes:
            return target.read_bytes()
        # In few frames the encoder misses its aim: aim lower by as much.
        bits = int(bits * spec.max_bytes / size * _OVERHEAD)
    raise FootageRefused(
        f"{take.seconds:.1f} s of {width}x{height} pixels do not fit into {spec.max_bytes:,} bytes "
        "in a quality worth showing: use shorter footage"
    )


def _laid_over(
    place: Path, take: Take, layer: Image.Image | None, captions: Sequence[Caption]
) -> tuple[list[str], list[str]]:
    """Inputs and filters that bring ``[picture]`` to ``[shown]``."""
    inputs: list[str] = []
    steps: list[str] = []
    last = "picture"

    def lay(panel: Image.Image, left: int, top: int, when: str) -> None:
        nonlocal last
        number = take.count + len(steps) // 2
        path = place / f"panel{number}.png"
        panel.save(path, compress_level=1)
        inputs.extend((*_ONE_PICTURE, "-i", path.name))
        steps.append(f"[{number}:v]{_TO_FRAME}[panel{number}]")
        steps.append(
            f"[{last}][panel{number}]overlay={left}:{top}:format=yuv420{when}[with{number}]"
        )
        last = f"with{number}"

    if layer is not None and (box := layer.getchannel("A").getbbox()):
        # Only what is seen is laid over, from even numbers: colours have half the resolution.
        left, top = box[0] // 2 * 2, box[1] // 2 * 2
        lay(layer.crop((left, top, box[2] + box[2] % 2, box[3] + box[3] % 2)), left, top, "")
    for one in captions:
        # Half a frame early, so that no rounding shows two captions at once or none.
        early = float(1 / take.rate) / 2
        when = f":enable='gte(t,{one.start - early:.4f})*lt(t,{one.end - early:.4f})'"
        lay(one.panel, one.left, one.top, when)
    steps.append(f"[{last}]format=yuv420p,setsar=1,{_COLOURS}[shown]")
    return inputs, steps
