"""Writing a picture as a network takes it."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image

from creative.pictures.fitting import flat
from creative.pictures.refusal import PictureRefused
from creative.placement import ImageSpec

PROVENANCE_ROOM = 96 * 1024
"""Bytes left free below the limit for content credentials, which are added last (about 42 KB)."""

_QUALITIES = (85, 80, 74, 68, 60, 50)
"""Of JPEG. Below the last one the type's edges are visibly dirty."""
_FULL_CHROMA = 74
"""Down to this quality colour keeps its full resolution, for crisp coloured type."""


def encode(image: Image.Image, spec: ImageSpec) -> tuple[bytes, str]:
    """The file and its format, ``PNG`` or ``JPEG``, in the first of the spec's formats that fits
    below its limit. JPEG begins at quality 85 and is lowered only when needed; what is transparent
    becomes white in it.

    Raises:
        PictureRefused: no format fits.
    """
    room = spec.max_bytes - min(PROVENANCE_ROOM, spec.max_bytes // 4)
    smallest = 0
    for kind in spec.formats:
        for data in _attempts(image, kind):
            if len(data) <= room:
                return data, kind
            smallest = min(smallest or len(data), len(data))
    raise PictureRefused(
        f"the picture of {image.width}x{image.height} pixels has {smallest:,} bytes at the lowest "
        f"quality; the limit is {room:,} ({spec.max_bytes:,} less the room for content "
        "credentials): use a calmer or smaller picture"
    )


def _attempts(image: Image.Image, kind: str) -> Iterator[bytes]:
    if kind == "PNG":
        yield _written(image, "PNG", optimize=False, compress_level=6)
        return
    plain = flat(image)
    for quality in _QUALITIES:
        yield _jpeg(plain, quality=quality, subsampling=0 if quality >= _FULL_CHROMA else 2)


def _jpeg(image: Image.Image, **options: int) -> bytes:
    try:
        return _written(image, "JPEG", optimize=True, progressive=True, **options)
    except OSError:
        # Pillow gives an optimised JPEG one byte a pixel of room; a very noisy picture needs more
        # and is written plainly.
        return _written(image, "JPEG", **options)


def _written(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
