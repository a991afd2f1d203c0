"""Pictures that the tests draw."""

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from numpy.typing import NDArray
from PIL import Image, ImageDraw

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def ground(kind: str, size: tuple[int, int], seed: int = 1) -> Image.Image:
    """Grounds that make text hard to read."""
    if kind in ("white", "black"):
        return Image.new("RGB", size, kind)
    if kind == "grey":
        return Image.new("RGB", size, (119, 119, 119))
    draw = np.random.default_rng(seed)
    if kind == "noise":
        return Image.fromarray(draw.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    stripes = np.zeros((size[1], size[0], 3), np.uint8)
    stripes[:, ::14] = stripes[:, 1::14] = stripes[:, 2::14] = 255
    return Image.fromarray(stripes)


@cache
def _soft(size: tuple[int, int]) -> Image.Image:
    draw = np.random.default_rng(3)
    slope = np.linspace(70, 190, size[1])[:, None, None] * np.array([0.75, 0.9, 1.0])
    pixels = slope + draw.normal(0, 4, (size[1], size[0], 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def face_scene(size: tuple[int, int], centre: tuple[int, int], radius: int) -> Image.Image:
    """A face-like disc with eyes, of one flat colour, on a soft and slightly noisy ground."""
    image = _soft(size).copy()
    pen = ImageDraw.Draw(image)
    x, y = centre
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(226, 172, 138))
    for side in (-0.36, 0.36):
        eye, at = radius * 0.1, x + side * radius
        pen.ellipse((at - eye, y - radius * 0.3, at + eye, y - radius * 0.1), fill=(60, 40, 35))
    return image


def extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is true, stray pixels aside."""
    rows, columns = np.flatnonzero(mask.sum(1) > 2), np.flatnonzero(mask.sum(0) > 2)
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] - columns[0] + 1),
        int(rows[-1] - rows[0] + 1),
    )


def near(image: Image.Image, colour: tuple[int, int, int], within: int = 24) -> NDArray[np.bool_]:
    red, green, blue = (
        np.asarray(channel.point(lambda level, own=own: int(abs(level - own) <= within)))
        for channel, own in zip(image.convert("RGB").split(), colour, strict=True)
    )
    return (red & green & blue).view(np.bool_)


def hebrew_font(path: Path) -> Path:
    """A font that has Hebrew letters (as bars of differing heights) and no Latin but H."""
    letters = {code: f"u{code:04X}" for code in (0x20, 0x48, *range(0x05D0, 0x05EB))}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *letters.values()])
    builder.setupCharacterMap(letters)
    glyphs = {}
    for number, name in enumerate([".notdef", *letters.values()]):
        pen = TTGlyphPen(None)
        if name != "u0020":
            pen.moveTo((60, 0))
            pen.lineTo((60, 500 + 8 * number))
            pen.lineTo((440, 500 + 8 * number))
            pen.lineTo((440, 0))
            pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 60)))
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": "Test Hebrew", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, sTypoDescender=-200)
    builder.setupPost()
    builder.save(str(path))
    return path
