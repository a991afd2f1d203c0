"""Reading a picture as people see it: upright, in sRGB, no larger than it may be."""

from io import BytesIO

import pi_heif
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from creative.pictures.refusal import PictureRefused

MOST_PIXELS = 50_000_000
"""As decoded. 50 megapixels of RGBA are 200 MB, what one worker can spare."""

FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")
"""What may be decoded; Pillow knows dozens more, which advertisers do not have."""

# Adds HEIC and HEIF to what Pillow opens. It decodes with libde265, no encoder is shipped.
pi_heif.register_heif_opener()  # pyright: ignore[reportUnknownMemberType]


def open_picture(data: bytes) -> Image.Image:
    """The picture as it is meant to be seen: turned upright by its EXIF orientation, its colours
    converted to sRGB, mode RGB, or RGBA where something is transparent. Of an animation the first
    frame. Metadata (EXIF, GPS) does not come along.

    Raises:
        PictureRefused: it is no picture, damaged, cut short, or has too many pixels.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            pixels = picture.width * picture.height
            if pixels > MOST_PIXELS:
                raise PictureRefused(
                    f"the picture has {picture.width}x{picture.height} pixels "
                    f"({pixels / 1e6:.0f} megapixels); the limit is {MOST_PIXELS // 1_000_000}: "
                    "make it smaller"
                )
            picture.load()
            return _plain(ImageOps.exif_transpose(_in_srgb(picture)))
    except PictureRefused:
        raise
    except Image.DecompressionBombError:
        raise PictureRefused(
            f"the picture has far more than {MOST_PIXELS // 1_000_000} megapixels: make it smaller"
        ) from None
    except UnidentifiedImageError:
        raise PictureRefused(
            f"these {len(data):,} bytes are no picture in a known format; use PNG, JPEG, WebP "
            "or HEIC"
        ) from None
    except Exception as error:
        # Decoders answer hostile bytes with every exception there is: all mean the same here.
        said = " ".join(str(error).split())[:120] or type(error).__name__
        raise PictureRefused(f"the picture is damaged or cut short ({said})") from None


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The same picture in sRGB. A profile that cannot be used is left aside, as browsers do."""
    profile = picture.info.get("icc_profile")
    if not isinstance(profile, bytes) or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    # LCMS keeps an alpha channel only when both sides have one.
    target = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            outputMode=target,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    if converted is None:
        return picture
    if exif := picture.info.get("exif"):
        converted.info["exif"] = exif
    return converted


def _plain(picture: Image.Image) -> Image.Image:
    """RGB or RGBA without metadata; full opacity is no transparency."""
    if picture.mode.startswith(("I", "F")):
        picture = _to_eight_bits(picture)
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        lowest, _ = clear.getchannel("A").getextrema()
        plain = clear if lowest != 255 else clear.convert("RGB")
    else:
        plain = picture.convert("RGB")
    plain = plain.copy()
    plain.info = {}
    return plain


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits: Pillow's own conversion clips at 255 instead of scaling."""
    most = 65535.0 if picture.mode.startswith("I") else 1.0
    return picture.convert("F").point(lambda value: value * (255.0 / most)).convert("L")
