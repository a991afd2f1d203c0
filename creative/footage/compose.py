"""Recorded or generated footage, made fit for a placement: its shape, its length, its sound."""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from creative.footage.captions import SAFE, set_captions
from creative.footage.ffmpeg import VIDEO_INPUT
from creative.footage.film import SILENCE, Take, check_size, frames_in, open_layer, shoot
from creative.footage.probe import Footage, Streams, streams
from creative.footage.refusal import FootageRefused
from creative.placement import Margins, VideoSpec

_PRESET = "medium"
_MOST_CUT = 0.30
"""Part of the picture that may be cut to fill the frame; where more would go, the whole picture
stands before a blurred copy of itself. 4:3 fills 16:9 and 4:5 fills 9:16; 16:9 does not."""
_BLUR_SIZE = 16
_DARKER = "lutyuv=y=16+(val-16)*0.7:u=128+(val-128)*0.7:v=128+(val-128)*0.7"
_PAUSE = 1.5
"""Seconds that the last frame may stand still; what is missing more is played again."""
_SLOW, _QUICK = Fraction(23), Fraction(31)
"""Frames a second that are kept as they are; others are halved or doubled, which keeps the
movement even."""
_PQ, _HLG = 16, 18
"""High dynamic range, by the transfer functions' numbers in ITU-T H.273."""
_UNTOLD = 2
_HD = 600
"""Lines from which a video that does not tell its colours has those of HDTV."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture comes into a frame: the size it is scaled to (even pixels), and whether it
    fills the frame (what hangs over is cut evenly) or stands before a blurred copy."""

    size: tuple[int, int]
    fills: bool


def compose(
    video: bytes,
    spec: VideoSpec,
    *,
    layer: bytes | None = None,
    captions: Sequence[str] = (),
    keep_audio: bool = True,
    safe: Margins = SAFE,
    font: Path | None = None,
) -> bytes:
    """An MP4 for the placement, upright and unstretched.

    The picture fills the frame, or stands before a blurred copy of itself where filling would cut
    more than 30 %. Too long footage is cut at the network's hard maximum; too short footage stands
    still on its last frame for up to 1.5 s or is played again. Its sound is kept as loud as it is,
    else there is a silent track. ``layer`` is a PNG with transparency of the video's size;
    captions stand inside ``safe``. The same arguments give the same bytes.

    Raises:
        CaptionsRefused: no time or no room for the captions.
        FootageRefused: unreadable or too small footage, or the file size cannot be met.
    """
    check_size(spec)
    over = open_layer(layer, spec.size)
    with tempfile.TemporaryDirectory(prefix="adflight-compose-") as directory:
        place = Path(directory)
        source = place / "source.mp4"
        source.write_bytes(video)
        found = streams(source)
        take = _take(source, found, spec, keep_audio=keep_audio)
        shown = set_captions(captions, spec.size, take.seconds, safe=safe, layer=over, font=font)
        return shoot(place, take, spec, over, shown)


def fit(footage: Footage, size: tuple[int, int]) -> Fit:
    """How footage comes into a frame of this size."""
    width, height = footage.width, footage.height
    filling = max(Fraction(size[0], width), Fraction(size[1], height))
    kept = Fraction(size[0] * size[1]) / (width * height * filling**2)
    if 1 - kept <= _MOST_CUT:
        return Fit((_even_up(width * filling), _even_up(height * filling)), fills=True)
    inside = min(Fraction(size[0], width), Fraction(size[1], height))
    within = (_even(width * inside, size[0]), _even(height * inside, size[1]))
    return Fit(within, fills=False)


def frame_rate(rate: Fraction) -> Fraction:
    """The rate of what is made from footage of this rate: from 23 to 31 frames a second."""
    wanted = rate.limit_denominator(1001)
    while wanted > _QUICK:
        wanted /= 2
    while wanted < _SLOW:
        wanted *= 2
    return wanted if wanted <= _QUICK else Fraction(30)


def _take(source: Path, found: Streams, spec: VideoSpec, *, keep_audio: bool) -> Take:
    footage = found.footage
    _large_enough(footage, spec)
    rate = frame_rate(found.rate)
    frames = frames_in(footage.seconds, rate, spec)
    seconds = float(frames / rate)
    missing = seconds - footage.seconds
    rounds = math.ceil(missing / footage.seconds) if missing > _PAUSE else 0
    inputs = [
        *("-stream_loop", str(rounds)), *VIDEO_INPUT, "-t", f"{seconds:.6f}", "-i", source.name,
    ]  # fmt: skip
    span = f"atrim=end={seconds:.6f}"
    if keep_audio and found.audio_index is not None:
        # Sound that begins late stays late, gaps stay gaps, and its end is filled with silence.
        sound = (
            f"[0:{found.audio_index}]aresample=48000:async=1:first_pts=0,"
            f"{_stereo(found.channels)},apad,{span}[sound]"
        )
    else:
        inputs += SILENCE
        sound = f"[1:a]{span}[sound]"
    return Take(
        inputs=tuple(inputs),
        count=2 if sound.startswith("[1:") else 1,
        graph=_picture(found, spec.size, rate, frames),
        sound=sound,
        frames=frames,
        rate=rate,
        preset=_PRESET,
    )


def _large_enough(footage: Footage, spec: VideoSpec) -> None:
    """Refuse what would have to be blown up even for the smallest frame the network takes."""
    within = fit(footage, spec.minimum)
    # Even sizes are rounded up: a pixel more is no blowing up.
    if within.size[0] > footage.width + 2 or within.size[1] > footage.height + 2:
        least = f"{spec.minimum[0]}x{spec.minimum[1]}"
        raise FootageRefused(
            f"the video is {footage.width}x{footage.height} pixels and the placement takes {least} "
            f"at least, for which it would need {within.size[0]}x{within.size[1]}: use larger "
            "footage"
        )


def _picture(found: Streams, size: tuple[int, int], rate: Fraction, frames: int) -> str:
    """Filters from the footage to ``[picture]``; ffmpeg itself turns it upright before them."""
    wanted = fit(found.footage, size)
    # The first frame begins the video, whatever its time stamp, and the last one stands still
    # until the end.
    timed = (
        f"fps={rate}:start_time=0,tpad=stop=-1:stop_mode=clone,trim=end_frame={frames},"
        "setpts=PTS-STARTPTS"
    )
    scaled = f"scale={wanted.size[0]}:{wanted.size[1]}:flags=bicubic{_colours(found)},setsar=1"
    last = f"{_dimmed(found.transfer)}format=yuv420p"
    start = f"[0:{found.video_index}]{timed}"
    if wanted.fills:
        return f"{start},{scaled},crop={size[0]}:{size[1]},{last}[picture]"
    small = tuple(max(16, round(side / _BLUR_SIZE) // 2 * 2) for side in size)
    # A blur of a small copy is as soft as one of the large picture and costs a hundredth.
    behind = (
        f"scale={small[0]}:{small[1]}:force_original_aspect_ratio=increase:flags=area,"
        f"crop={small[0]}:{small[1]},gblur=sigma=3,"
        f"scale={size[0]}:{size[1]}:flags=bicubic,{_DARKER},setsar=1"
    )
    # Even numbers, for the colours have half the resolution.
    left, top = ((side - inner) // 4 * 2 for side, inner in zip(size, wanted.size, strict=True))
    return (
        f"{start},{scaled},{last},split[sharp][copy];[copy]{behind}[behind];"
        f"[behind][sharp]overlay={left}:{top}:format=yuv420[picture]"
    )


def _colours(found: Streams) -> str:
    if found.transfer in (_PQ, _HLG):
        return ""
    told = ""
    if found.matrix == _UNTOLD:
        hd = min(found.footage.width, found.footage.height) >= _HD
        told = f":in_color_matrix={'bt709' if hd else 'smpte170m'}"
    return f"{told}:out_color_matrix=bt709:out_range=tv"


def _dimmed(transfer: int) -> str:
    """Filters that bring high dynamic range, as phones record it, to what ads are shown in."""
    if transfer not in (_PQ, _HLG):
        return ""
    named = "smpte2084" if transfer == _PQ else "arib-std-b67"
    return (
        f"zscale=min=bt2020nc:pin=bt2020:tin={named}:t=linear:npl=203,format=gbrpf32le,"
        "zscale=p=bt709,tonemap=mobius,zscale=t=bt709:m=bt709:r=tv,"
    )


def _stereo(channels: int) -> str:
    # ffmpeg's own way from one channel to two takes 3 dB from each.
    return "pan=stereo|c0=c0|c1=c0" if channels == 1 else "aformat=channel_layouts=stereo"


def _even_up(length: Fraction) -> int:
    return math.ceil(length / 2) * 2


def _even(length: Fraction, most: int) -> int:
    return min(max(round(length / 2) * 2, 2), most)
