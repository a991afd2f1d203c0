"""Looking into a stranger's file: a program of its own, with little memory and little time.

``python -m creative.media.examination TASK KIND`` reads the file from standard input (a real file)
and writes a line of JSON and then bytes to standard output (another one). Whatever a decoder can
be made to do by a file happens here, in a process that knows no secret and ends with the file.
"""

import io
import json
import os
import resource
import sys
from typing import Any

from creative.media import boxes, parts
from creative.media.hidden import hidden_in
from creative.media.kinds import BY_MEDIA_TYPE, GIF, HEIC, JPEG, PNG, WEBP, Kind
from creative.media.limits import (
    CPU_SECONDS,
    LARGEST_OUTPUT,
    LEAST_SIDE,
    LEAST_VIDEO_SECONDS,
    LEAST_VIDEO_SIDE,
    MEMORY,
    MOST_PIXELS,
    MOST_SIDE,
    MOST_VIDEO_SECONDS,
    MOST_WEBP_PIXELS,
    PREVIEW_SIDE,
)
from creative.media.parts import Malformed
from creative.media.sizes import check_png, sizes

INSPECT, SHARE = "inspect", "share"
_READERS = {JPEG: parts.jpeg, PNG: parts.png, GIF: parts.gif, WEBP: parts.webp}
_DECODERS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP", HEIC: "HEIF"}
_BACKGROUND = (243, 244, 246)
_QUALITY_SHARED = 92


def inspect(data: bytes, kind: Kind) -> tuple[dict[str, Any], bytes]:
    """Measures of a whole and honest file of a kind, and a small JPEG of it.

    Raises:
        Malformed: it is neither.
    """
    _check_structure(data, kind)
    told = hidden_in(data)
    if told is not None:
        raise Malformed(f"hides {told} besides the {kind.label}; open it and save it anew")
    return measure(data, kind)


def measure(data: bytes, kind: Kind) -> tuple[dict[str, Any], bytes]:
    """Measures of a file that is what it says, and a small JPEG of it.

    Raises:
        Malformed: it is beyond the limits, or cannot be played.
        OSError: it cannot be decoded.
    """
    return _film(data) if kind.kind == "video" else _picture(data, kind)


def share(data: bytes, kind: Kind) -> tuple[dict[str, Any], bytes]:
    """The file as it may be shown to outsiders: no places, dates, names or devices in it.

    A HEIC picture becomes a JPEG, which browsers show; a MOV an MP4 where its codecs allow.

    Raises:
        Malformed: it cannot be read.
    """
    if kind.kind == "video":
        from creative.media.footage import without_metadata as remuxed

        made, media_type = remuxed(data, kind)
        return {"media_type": media_type}, made
    from creative.media.private import without_metadata

    image = _opened(data, kind)
    orientation = _orientation(image)
    if kind is not HEIC and (kind is not WEBP or orientation == 1):
        return {"media_type": kind.media_type}, without_metadata(data, kind, orientation)
    image.load()
    out = io.BytesIO()
    kept: dict[str, Any] = {"icc_profile": image.info.get("icc_profile")}
    upright = _turned(_flat(image) if kind is HEIC else image, orientation)
    upright.info.clear()
    made = JPEG if kind is HEIC else WEBP
    upright.save(out, _DECODERS[made], quality=_QUALITY_SHARED, **kept)
    return {"media_type": made.media_type}, out.getvalue()


def _check_structure(data: bytes, kind: Kind) -> None:
    if kind in _READERS:
        read = _READERS[kind](data)
        for width, height in sizes(data, kind, read):
            check_size(width, height, least=1, most=_most(kind))
        if kind is PNG:
            check_png(data, read)
        return
    found = boxes.boxes(data)
    if kind is HEIC:
        for width, height in boxes.heic_sizes(data, found):
            check_size(width, height, least=1)
    else:
        boxes.check_tracks(data, found)


def _most(kind: Kind) -> int:
    return MOST_WEBP_PIXELS if kind is WEBP else MOST_PIXELS


def check_size(width: int, height: int, *, least: int, most: int = MOST_PIXELS) -> None:
    """Whether pixels are within the limits.

    Raises:
        Malformed: they are not.
    """
    if width * height > most:
        raise Malformed(
            f"has {width * height / 1e6:,.1f} megapixels ({width}x{height}), the limit is "
            f"{most / 1e6:g}; make it smaller"
        )
    if max(width, height) > MOST_SIDE:
        raise Malformed(f"is {width}x{height}, the longest side taken is {MOST_SIDE:,} pixels")
    if min(width, height) < least:
        raise Malformed(
            f"is {width}x{height}, the least is {least} pixels a side; upload a larger one"
        )


def _picture(data: bytes, kind: Kind) -> tuple[dict[str, Any], bytes]:
    image = _opened(data, kind)
    check_size(*image.size, least=LEAST_SIDE, most=_most(kind))
    orientation = _orientation(image)
    width, height = image.size[::-1] if orientation > 4 else image.size
    if kind is JPEG:
        # Every byte is read, and an eighth of the pixels made.
        image.draft("RGB", (2 * PREVIEW_SIDE, 2 * PREVIEW_SIDE))
    image.load()
    return {"width": width, "height": height, "seconds": None}, preview(image, orientation)


def _opened(data: bytes, kind: Kind) -> Any:
    from PIL import Image

    if kind is HEIC:
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False)  # pyright: ignore[reportUnknownMemberType]
    # Our own limit stands above; Pillow's would only warn below twice its own.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    name = _DECODERS[kind]
    # A phone's JPEG with a preview behind it is opened as MPO, which is the same picture first.
    return Image.open(io.BytesIO(data), formats=[name, "MPO"] if kind is JPEG else [name])


def _orientation(image: Any) -> int:
    """Which side is up, as EXIF says it (1: as it stands)."""
    found = image.getexif().get(0x0112, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _flat(image: Any) -> Any:
    """RGB; what is transparent shows a light grey."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    ground = Image.new("RGB", image.size, _BACKGROUND)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def preview(image: Any, orientation: int = 1) -> bytes:
    """A small JPEG of a Pillow image, made by us alone: nothing of the file is in it."""
    from PIL import Image, ImageOps

    profile, mode, small = image.info.get("icc_profile"), image.mode, image
    # Shrinking comes first: colours are then converted, and sides turned, in small.
    if mode in ("P", "1", "I;16", "I", "F"):
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    side = (PREVIEW_SIDE, PREVIEW_SIDE)
    if max(small.size) > PREVIEW_SIDE:
        small = ImageOps.contain(small, side, Image.Resampling.BILINEAR)
    small = _in_srgb(_flat(small), profile, mode)
    small = _turned(small, orientation)
    small.info.clear()
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _turned(image: Any, orientation: int) -> Any:
    """Upright, by EXIF's eight ways to hold a camera."""
    from PIL import Image

    if orientation == 1:
        return image
    way = (
        Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90,
    )[orientation - 2]  # fmt: skip
    return image.transpose(way)


def _in_srgb(image: Any, profile: bytes | None, mode: str) -> Any:
    from PIL import ImageCms

    if not profile or mode not in ("RGB", "RGBA"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        colours: Any = ImageCms  # its stubs leave profiles open
        converted = colours.profileToProfile(image, source, colours.createProfile("sRGB"))
        return image if converted is None else converted
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a preview in slightly other colours is a preview


def _film(data: bytes) -> tuple[dict[str, Any], bytes]:
    from creative.media.footage import measured

    width, height, seconds, still = measured(data)
    check_size(width, height, least=LEAST_VIDEO_SIDE)
    if not LEAST_VIDEO_SECONDS <= seconds <= MOST_VIDEO_SECONDS:
        raise Malformed(
            f"is {seconds:.1f} s long, taken is {LEAST_VIDEO_SECONDS:g} to "
            f"{MOST_VIDEO_SECONDS:g} s; cut it"
        )
    image = _opened(still, PNG)
    image.load()
    return {"width": width, "height": height, "seconds": seconds}, preview(image)


def _limit(kind: Kind) -> None:
    """Limits of this process, and of what it starts. A video's own programs have narrower ones
    of their own, so that only what is soft is set for them."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST_OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most, hard if kind.kind == "video" else most))


def main() -> None:
    """Do one task with one file."""
    task, media_type = sys.argv[1:3]
    kind = BY_MEDIA_TYPE[media_type]
    _limit(kind)
    with os.fdopen(0, "rb", closefd=False) as file:
        data = file.read()
    try:
        told, made = inspect(data, kind) if task == INSPECT else share(data, kind)
    except Malformed as refused:
        told, made = {"refused": str(refused)}, b""
    except MemoryError:
        told = {"refused": f"needs more than {MEMORY >> 20} MB to be opened; make it smaller"}
        made = b""
    except Exception:  # a decoder's own words are neither stable nor for people
        told = {"refused": f"cannot be read as {kind.label}: it is damaged; save it anew"}
        made = b""
    with os.fdopen(1, "wb", closefd=False) as out:
        out.write(json.dumps(told).encode() + b"\n" + made)


if __name__ == "__main__":
    main()
