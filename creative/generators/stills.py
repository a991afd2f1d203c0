"""A still picture as it is sent along with an order."""

import base64
import io

from PIL import Image, ImageOps

from creative.generators import GeneratorRefused

_MOST_PIXELS = 50_000_000
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_QUALITIES = (92, 80, 60)


def data_uri(still: bytes, size: tuple[int, int], most: int) -> str:
    """``still`` as a data URI of at most ``most`` characters.

    As it is where it fits; else covering ``size``, cut in the middle as the service would, as a
    JPEG.

    Raises:
        GeneratorRefused: it is no picture, has too many pixels, or fits at no quality.
    """
    try:
        with Image.open(io.BytesIO(still), formats=tuple(_TYPES)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise GeneratorRefused(
                    f"still has {image.width}x{image.height} pixels, the limit is "
                    f"{_MOST_PIXELS:,}; give a smaller one",
                    "request",
                )
            image.load()
            whole = _uri(still, _TYPES[image.format or ""])
            if len(whole) <= most:
                return whole
            fitted = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), size)
    except (OSError, SyntaxError, ValueError, KeyError, Image.DecompressionBombError):
        raise GeneratorRefused(
            f"still of {len(still):,} bytes is no whole PNG, JPEG or WebP picture; give another",
            "request",
        ) from None
    for quality in _QUALITIES:
        out = io.BytesIO()
        fitted.save(out, "JPEG", quality=quality)
        made = _uri(out.getvalue(), "image/jpeg")
        if len(made) <= most:
            return made
    raise GeneratorRefused(
        f"still of {size[0]}x{size[1]} pixels needs more than {most:,} characters to be sent; "
        "give a plainer one",
        "request",
    )


def _uri(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
