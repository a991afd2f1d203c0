"""Does a file fit its placement? Sizes and limits by placement, and what breaks them."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from creative.placement import ImageSpec, Margins, Placement, VideoSpec
from creative.placement_table import PLACEMENTS
from models.contract.vocabulary import Platform

__all__ = [
    "PLACEMENTS", "ImageSpec", "Margins", "Measured", "Placement", "VideoSpec", "measure_image",
    "of", "problems", "too_small",
]  # fmt: skip

_SHAPE_TOLERANCE = 0.01
"""How far a shape may be off: what the strictest adapters allow themselves."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A file as it is: pixels as shown, bytes, ``PNG``, ``JPEG``, ``MP4`` or what else it is.

    ``seconds`` is None for a still image, ``audio`` where nobody looked.
    """

    width: int
    height: int
    bytes: int
    format: str
    seconds: float | None = None
    audio: bool | None = None


def of(platform: Platform) -> tuple[Placement, ...]:
    """The placements of a platform; the first is what its adapter uploads."""
    return tuple(one for one in PLACEMENTS if one.platform is platform)


def measure_image(data: bytes) -> Measured:
    """Read size and format from the header; nothing is decoded.

    Raises:
        ValueError: the bytes are no image.
    """
    try:
        with Image.open(BytesIO(data)) as picture:
            (width, height), kind = picture.size, picture.format or ""
    except Image.DecompressionBombError as error:
        raise ValueError(f"the image is too large to look at: {error}") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise ValueError(f"these {len(data)} bytes are no image that can be read") from None
    return Measured(width, height, len(data), kind)


def problems(placement: Placement, measured: Measured) -> list[str]:
    """What the placement would not take: each names platform, placement, value and limit."""
    video = measured.seconds is not None or measured.format == "MP4"
    spec = placement.video if video else placement.image
    kind = "video" if video else "image"
    if spec is None:
        return [f"{placement.label}: shows no {kind}; it was given one ({measured.format})"]
    found: list[str] = []
    formats = ("MP4",) if isinstance(spec, VideoSpec) else spec.formats
    if measured.format not in formats:
        found.append(f"format {measured.format or 'unknown'} is not taken; use "
                     f"{' or '.join(formats)}")  # fmt: skip
    (width, height), (least_width, least_height) = spec.size, spec.minimum
    shown = f"{measured.width}x{measured.height}"
    if measured.width < least_width or measured.height < least_height:
        found.append(f"{shown} pixels are too few; the minimum is {least_width}x{least_height}")
    if not _same_shape((measured.width, measured.height), spec.size):
        found.append(f"{shown} has another shape; the limit is {width}x{height} within 1%")
    if measured.bytes > spec.max_bytes:
        found.append(f"{measured.bytes:,} bytes; the limit is {spec.max_bytes:,}")
    if isinstance(spec, VideoSpec):
        shortest, longest = spec.hard_seconds
        if measured.seconds is None:
            found.append(f"its length is unknown; the limit is {shortest:g} to {longest:g} s")
        elif not shortest <= measured.seconds <= longest:
            found.append(f"lasts {measured.seconds:.2f} s; the limit is {shortest:g} to "
                         f"{longest:g} s")  # fmt: skip
    return [f"{placement.label} {kind}: {one}" for one in found]


def too_small(placement: Placement, measured: Measured) -> list[str]:
    """Why a source is too small for a placement, whatever its shape: what is left of it once it
    is cropped to the placement's shape has fewer pixels than the network's minimum."""
    video = measured.seconds is not None
    spec = placement.video if video else placement.image
    if spec is None:
        return []
    width, height = spec.size
    scale = min(measured.width / width, measured.height / height)
    left = (round(width * scale), round(height * scale))
    if left[0] >= spec.minimum[0] and left[1] >= spec.minimum[1]:
        return []
    return [
        f"{placement.label} {'video' if video else 'image'}: {measured.width}x{measured.height} "
        f"pixels leave {left[0]}x{left[1]} once cropped; the minimum is "
        f"{spec.minimum[0]}x{spec.minimum[1]}"
    ]


def _same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    wanted = other[0] / other[1]
    return one[1] > 0 and abs(one[0] / one[1] - wanted) <= wanted * _SHAPE_TOLERANCE
