"""Whatever an advertiser uploads comes out upright, in sRGB, in RGB or RGBA (D25, D28, BUG-57)."""

import base64
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from creative.pictures import PictureRefused, open_picture
from tests.creative.pictures.scenes import BLUE, GREEN, RED, near, saved

# Red on the left, blue on the right, 64x32: made once with pillow-heif, since we ship no encoder.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA"
    "AAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAIcAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABo"
    "dmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEA"
    "GEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAA"
    "AwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAAB"
    "AAAAIAAAAAEAAAAAAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAI9t"
    "ZGF0AAAAgygBrwngPfMi///yPzf//LDOy/vFxFe//8dbw7/Ulg//5BV6YSgwK4fJZOV/OjuvTe0nzRSLF6VXROUsfyV5"
    "YE0dz5ScPKu0k7mrR5Zm03rO8lbypFTqxOw5etvY1hyVJ2YWxFMxWkiECHU6E8t7/aXrC6g/pw39+aqK+UFz2Mj7hoeO"
)


def corners() -> Image.Image:
    image = Image.new("RGB", (60, 40), (128, 128, 128))
    image.paste(RED, (0, 0, 20, 20))
    image.paste(GREEN, (40, 0, 60, 20))
    image.paste(BLUE, (0, 20, 20, 40))
    return image


BACK = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", BACK)
def test_every_exif_orientation_is_turned_upright(orientation: int) -> None:
    turn = BACK[orientation]
    stored = corners().transpose(turn) if turn is not None else corners()
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera"
    opened = open_picture(saved(stored, "JPEG", exif=exif, quality=95, subsampling=0))
    assert opened.size == (60, 40)
    for at, colour in (((10, 10), RED), ((50, 10), GREEN), ((10, 30), BLUE)):
        assert near(opened, colour, 12)[at[1], at[0]]
    assert not opened.getexif()
    assert opened.info == {}


def test_heic_is_read() -> None:
    opened = open_picture(HEIC)
    assert (opened.size, opened.mode) == ((64, 32), "RGB")
    assert near(opened, RED, 30)[16, 10]
    assert near(opened, BLUE, 30)[16, 54]


@pytest.mark.parametrize(
    ("mode", "kind", "becomes"),
    [
        ("RGB", "PNG", "RGB"), ("L", "PNG", "RGB"), ("1", "PNG", "RGB"), ("P", "GIF", "RGB"),
        ("CMYK", "JPEG", "RGB"), ("L", "JPEG", "RGB"), ("RGB", "WEBP", "RGB"),
        ("RGB", "AVIF", "RGB"), ("RGB", "BMP", "RGB"), ("RGB", "TIFF", "RGB"),
        ("RGBA", "PNG", "RGBA"), ("LA", "PNG", "RGBA"), ("RGBA", "WEBP", "RGBA"),
    ],
)  # fmt: skip
def test_every_mode_becomes_rgb_or_rgba(mode: str, kind: str, becomes: str) -> None:
    image = Image.new("RGBA", (40, 30), (250, 10, 10, 128 if "A" in becomes else 255))
    opened = open_picture(saved(image.convert(mode), kind))
    assert (opened.mode, opened.size) == (becomes, (40, 30))
    red, green = opened.getpixel((20, 15))[:2]  # type: ignore[index]
    assert red >= green


def test_a_transparent_colour_of_a_palette_stays_transparent() -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(0, (0, 0, 10, 20))
    opened = open_picture(saved(image, "PNG", transparency=0))
    assert opened.mode == "RGBA"
    assert opened.getpixel((5, 5))[3] == 0  # type: ignore[index]
    assert opened.getpixel((15, 5)) == (255, 0, 0, 255)


def test_full_opacity_is_no_transparency() -> None:
    assert open_picture(saved(Image.new("RGBA", (9, 9), (1, 2, 3, 255)))).mode == "RGB"


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    levels = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(8, 0)
    opened = np.asarray(open_picture(saved(Image.fromarray(levels))))
    assert opened[4, 0, 0] <= 1
    assert 126 <= opened[4, 128, 0] <= 130
    assert opened[4, 255, 0] >= 254


def test_colours_are_converted_by_their_profile() -> None:
    """A profile whose red and green primaries are exchanged: its red is our green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    for number in range(count):
        at = 132 + 12 * number
        name = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    data = saved(Image.new("RGB", (8, 8), RED), icc_profile=bytes(profile))
    assert near(open_picture(data), GREEN, 3).all()
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(Image.new("RGB", (8, 4), RED), "JPEG", icc_profile=bytes(profile), exif=exif)
    assert open_picture(turned).size == (4, 8)


def test_a_profile_that_cannot_be_used_is_left_aside() -> None:
    data = saved(Image.new("RGB", (8, 8), RED), icc_profile=b"no profile at all")
    assert near(open_picture(data), RED, 0).all()


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert near(open_picture(data), RED, 4).all()


def test_too_many_pixels_are_refused_by_name() -> None:
    data = saved(Image.new("1", (8000, 7000)))
    with pytest.raises(
        PictureRefused, match=r"8000x7000 pixels \(56 megapixels\); the limit is 50"
    ):
        open_picture(data)
    bomb = bytearray(saved(Image.new("1", (8, 8))))
    bomb[16:24] = struct.pack(">II", 200_000, 200_000)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    with pytest.raises(PictureRefused, match="megapixels"):
        open_picture(bytes(bomb))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_what_is_cut_short_is_refused(kind: str) -> None:
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    data = saved(noise, kind)
    with pytest.raises(PictureRefused, match=r"damaged or cut short|no picture in a known format"):
        open_picture(data[: len(data) // 2])


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n%%EOF"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused, match="no picture in a known format; use PNG"):
        open_picture(data)


def test_formats_nobody_needs_are_not_decoded() -> None:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PPM")
    with pytest.raises(PictureRefused, match="known format"):
        open_picture(out.getvalue())
