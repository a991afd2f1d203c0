"""A brand's logo at its size, in its own proportions, on ground that it can be seen on."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from creative.pictures.contrast import Rgb, luminance

_LARGEST_GROWTH = 3.0
"""A tiny logo is enlarged no further: it would be a blur."""
_SEEN = 3.0
"""Contrast of graphics against their ground (WCAG 2.2, 1.4.11)."""


@dataclass(frozen=True, slots=True)
class Logo:
    """``image`` is RGBA at its final size; ``level`` its mean luminance; ``bare`` whether it has
    transparent parts, and so needs a ground of its own over a picture."""

    image: Image.Image
    level: float
    bare: bool

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    def stands_out_on(self, colour: Rgb) -> bool:
        """Whether it can be told from this ground."""
        if not self.bare:
            return True
        ground = float(luminance(np.array(colour, np.uint8)))
        low, high = sorted((ground, self.level))
        return (high + 0.05) / (low + 0.05) >= _SEEN


def prepared(logo: Image.Image, room: tuple[float, float]) -> Logo:
    """The logo as large as it fits ``room`` (pixels), transparent edges cut away first."""
    picture = logo.convert("RGBA")
    shown = picture.getchannel("A").getbbox()
    if shown and shown != (0, 0, *picture.size):
        picture = picture.crop(shown)
    scale = min(room[0] / picture.width, room[1] / picture.height, _LARGEST_GROWTH)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    weight = pixels[..., 3].astype(np.float64)
    total = float(weight.sum())
    level = float((luminance(pixels) * weight).sum() / total) if total else 1.0
    return Logo(picture, level, bare=bool(total < 0.98 * 255 * weight.size))
