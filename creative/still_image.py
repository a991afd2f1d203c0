"""A quiet still image for an ad: a generated background, the headline, the site's name.

Made offline and labelled as such; later sources stand behind the same function.
"""

import colorsys
import hashlib
import io

from PIL import Image, ImageDraw, ImageFont

SOURCE = "sandbox-generated"
_MARGIN = 0.08


def render(headline: str, site: str, size: tuple[int, int], seed: str) -> bytes:
    """A PNG of exactly ``size``; the same words, size and seed give the same bytes."""
    width, height = size
    dark, light = _palette(seed)
    image = Image.linear_gradient("L").resize(size)
    image = Image.composite(Image.new("RGB", size, light), Image.new("RGB", size, dark), image)
    draw = ImageDraw.Draw(image, "RGBA")
    _shapes(draw, size, seed)
    margin = round(min(size) * _MARGIN)
    lines, font = _fit(headline, width - 2 * margin, round(height * 0.5), draw)
    top = height - margin * 2 - round(len(lines) * font.size * 1.2)
    draw.rectangle((0, top - margin, width, height), fill=(*_darker(dark), 215))
    for number, line in enumerate(lines):
        draw.text((margin, top + number * font.size * 1.2), line, font=font, fill="white")
    small = ImageFont.load_default(max(round(height * 0.028), 12))
    draw.text((margin, height - margin * 1.2), site, font=small, fill=(235, 235, 235))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fit(
    text: str, width: int, height: int, draw: ImageDraw.ImageDraw
) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """The largest type at which the whole headline fits the box."""
    for points in range(round(height * 0.3), 11, -2):
        font = ImageFont.load_default(points)
        assert isinstance(font, ImageFont.FreeTypeFont)
        lines = _wrap(text, font, width, draw)
        widest = max(draw.textlength(line, font=font) for line in lines)
        if widest <= width and len(lines) * points * 1.2 <= height and len(lines) <= 4:
            return lines, font
    raise ValueError(f"headline {text!r} does not fit an image {width} pixels wide")


def _wrap(
    text: str, font: ImageFont.FreeTypeFont, width: int, draw: ImageDraw.ImageDraw
) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        candidate = f"{line} {word}".strip()
        if line and draw.textlength(candidate, font=font) > width:
            lines.append(line)
            line = word
        else:
            line = candidate
    return [*lines, line]


def _palette(seed: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    hue = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:2]) / 65536
    return _rgb(hue, 0.55, 0.28), _rgb((hue + 0.08) % 1, 0.45, 0.72)


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _darker(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = colour
    return red // 2, green // 2, blue // 2


def _shapes(draw: ImageDraw.ImageDraw, size: tuple[int, int], seed: str) -> None:
    numbers = hashlib.sha256(f"shapes/{seed}".encode()).digest()
    for index in range(5):
        x, y, scale = (numbers[index * 3 + part] / 255 for part in range(3))
        radius = (0.1 + 0.25 * scale) * min(size)
        box = (x * size[0] - radius, y * size[1] - radius, x * size[0] + radius,
               y * size[1] + radius)  # fmt: skip
        draw.ellipse(box, fill=(255, 255, 255, 22))
