"""Boxes, and the few shapes that an overlay is made of, with smooth edges."""

from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter

from creative.pictures.contrast import Rgb

_FINER = 4
"""Shapes are drawn so many times larger and brought down: Pillow draws edges without smoothing."""
_SHADOW_SCALE = 8


class Box(NamedTuple):
    """A rectangle in pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def within(self, outer: "Box") -> bool:
        """Whether no part stands outside of ``outer``."""
        return (
            self.left >= outer.left
            and self.top >= outer.top
            and self.right <= outer.right
            and self.bottom <= outer.bottom
        )

    def meets(self, other: "Box", gap: int = 0) -> bool:
        """Whether the two come nearer than ``gap`` to each other."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.top < other.bottom + gap
            and other.top < self.bottom + gap
        )


def rounded(width: int, height: int, radius: int) -> Image.Image:
    """Mask of a rectangle with round corners."""
    radius = max(0, min(radius, width // 2, height // 2))
    mask = Image.new("L", (width, height), 255)
    if not radius:
        return mask
    side = radius * _FINER
    corner = Image.new("L", (side, side), 0)
    ImageDraw.Draw(corner).ellipse((0, 0, 2 * side - 1, 2 * side - 1), fill=255)
    corner = corner.resize((radius, radius), Image.Resampling.BOX)
    flipped = corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    mask.paste(corner, (0, 0))
    mask.paste(flipped, (width - radius, 0))
    mask.paste(corner.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, height - radius))
    mask.paste(
        flipped.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (width - radius, height - radius)
    )
    return mask


def fill(onto: Image.Image, box: Box, radius: int, colour: Rgb, alpha: float = 1.0) -> None:
    """A rounded panel on an RGBA picture, composed with what is there."""
    panel = Image.new("RGBA", (box.width, box.height), (*colour, 0))
    mask = rounded(box.width, box.height, radius)
    panel.putalpha(mask.point([round(value * alpha) for value in range(256)]))
    onto.alpha_composite(panel, (box.left, box.top))


def shadow(onto: Image.Image, box: Box, radius: int, spread: int, strength: float) -> None:
    """A soft shadow around a panel, a little below it."""
    reach = spread * 2
    size = (box.width + 2 * reach, box.height + 2 * reach)
    small = (max(1, size[0] // _SHADOW_SCALE), max(1, size[1] // _SHADOW_SCALE))
    mask = Image.new("L", size, 0)
    mask.paste(rounded(box.width, box.height, radius), (reach, reach))
    # Blurred small: the result is soft anyway, and it takes a hundredth of the time.
    soft = mask.resize(small, Image.Resampling.BOX)
    soft = soft.filter(ImageFilter.GaussianBlur(spread / _SHADOW_SCALE / 1.5))
    soft = soft.resize(size, Image.Resampling.BICUBIC).point(
        [round(value * strength) for value in range(256)]
    )
    dark = Image.new("RGBA", size, (0, 0, 0, 0))
    dark.putalpha(soft)
    left, top = box.left - reach, box.top - reach + spread // 3
    inside = (max(0, -left), max(0, -top))
    onto.alpha_composite(dark, (max(0, left), max(0, top)), inside)


def arrow(onto: Image.Image, box: Box, disc: Rgb, line: Rgb, *, rightwards: bool = True) -> None:
    """A disc with an arrow in it."""
    side = box.width * _FINER
    drawn = Image.new("RGBA", (side, side), (*disc, 0))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((0, 0, side - 1, side - 1), fill=(*disc, 255))
    thick, middle = max(1, round(side * 0.085)), side / 2
    tail, tip, wing = side * 0.28, side * 0.71, side * 0.17
    pen.line((tail, middle, tip, middle), fill=(*line, 255), width=thick)
    pen.line(
        ((tip - wing, middle - wing), (tip, middle), (tip - wing, middle + wing)),
        fill=(*line, 255),
        width=thick,
        joint="curve",
    )
    if not rightwards:
        drawn = drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    small = drawn.resize((box.width, box.height), Image.Resampling.BOX)
    onto.alpha_composite(small, (box.left, box.top))
