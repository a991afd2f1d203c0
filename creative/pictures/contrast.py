"""How well text stands out, by WCAG 2.2's relative luminance and contrast ratio."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageFilter

LEAST = 4.5
"""Contrast of text against everything behind it (WCAG 2.2, level AA)."""

Rgb = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)
_NEAR = 5
"""Pixels around a glyph that count as behind it, as the side of a square."""


def rgb(colour: str) -> Rgb:
    """Of ``#RRGGBB``."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance (0 to 1) of sRGB pixels, whose last axis is red, green, blue."""
    return _LINEAR[pixels[..., :3]] @ np.array([0.2126, 0.7152, 0.0722])


def ratio(one: Rgb, other: Rgb) -> float:
    """Contrast of two colours, 1 to 21."""
    low, high = sorted(float(luminance(np.array(colour, np.uint8))) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def over(colour: Rgb, alpha: float, behind: Rgb) -> Rgb:
    """What is seen of a translucent colour in front of another."""
    red, green, blue = (
        round(front * alpha + back * (1 - alpha))
        for front, back in zip(colour, behind, strict=True)
    )
    return red, green, blue


def worst(colour: Rgb, behind: Image.Image, glyphs: Image.Image) -> float:
    """Lowest contrast of ``colour`` against the pixels behind and close around the glyphs.

    ``behind`` is the picture without the text, ``glyphs`` the text's mask of the same size.
    """
    near = np.asarray(glyphs.filter(ImageFilter.MaxFilter(_NEAR))) > 0
    pixels = np.asarray(behind.convert("RGB"))[near]
    if pixels.size == 0:
        return 21.0
    levels = luminance(pixels)
    own = float(luminance(np.array(colour, np.uint8)))
    ends = (float(levels.min()), float(levels.max()))
    if ends[0] <= own <= ends[1]:
        # Some pixel may be just as bright as the text: take the nearest one.
        nearest = float(levels[np.abs(levels - own).argmin()])
        ends = (nearest, nearest)
    return min((max(own, end) + 0.05) / (min(own, end) + 0.05) for end in ends)


def readable(wanted: Rgb, on: Rgb, least: float = LEAST) -> Rgb:
    """``wanted`` if it can be read on ``on``, else black or white, whichever can."""
    if ratio(wanted, on) >= least:
        return wanted
    return max((BLACK, WHITE), key=lambda colour: ratio(colour, on))


def _linear_values() -> NDArray[np.float64]:
    level = np.arange(256) / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


_LINEAR = _linear_values()
