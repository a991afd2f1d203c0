"""What a service sent: by its content, never by the name or type it was sent under."""

import io
import warnings

from PIL import Image

from creative.generators import GeneratorRefused
from models.contract.money import Money

MOST_PICTURE_BYTES = 30_000_000
MOST_VIDEO_BYTES = 200_000_000
_MOST_PIXELS = 50_000_000
_PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def picture_type(data: bytes, service: str, cost: Money | None) -> str:
    """The media type of a picture that decodes whole. ``cost`` was paid, whatever came.

    Raises:
        GeneratorRefused: it is none of PNG, JPEG and WebP, damaged, or too many pixels.
    """
    try:
        with warnings.catch_warnings():
            # Our limit is lower than the one Pillow warns of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=tuple(_PICTURES)) as image:
                width, height = image.size
                if width * height > _MOST_PIXELS:
                    raise GeneratorRefused(
                        f"{service} sent a picture of {width}x{height} pixels, the limit is "
                        f"{_MOST_PIXELS:,}; ask for a smaller one",
                        "request",
                        cost,
                    )
                image.load()
                return _PICTURES[image.format or ""]
    except (OSError, SyntaxError, ValueError, KeyError, Image.DecompressionBombError):
        raise GeneratorRefused(
            f"{service} sent {len(data):,} bytes that are no whole PNG, JPEG or WebP picture; "
            "make it anew",
            "request",
            cost,
        ) from None


def video_type(data: bytes, service: str, cost: Money | None) -> str:
    """The media type of an MP4 whose outermost boxes are whole and hold a movie.

    What is inside is probed where the video is composed.

    Raises:
        GeneratorRefused: it is no MP4, or cut short.
    """
    names: list[bytes] = []
    at = 0
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        elif size == 0:  # the last box may run to the end
            size = len(data) - at
        if size < 8:
            break
        names.append(name)
        at += size
    if at == len(data) and names[:1] == [b"ftyp"] and {b"moov", b"mdat"} <= set(names):
        return "video/mp4"
    raise GeneratorRefused(
        f"{service} sent {len(data):,} bytes that are no whole MP4 video; make it anew",
        "request",
        cost,
    )
