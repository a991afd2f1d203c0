"""Laying a brand over a picture: a card with the words, the logo, and a badge for the price.

Every text stands on a panel of its own, nearly or fully opaque, so that it can be read over any
picture and over a moving one.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from creative.pictures.card import Card, card_for, place
from creative.pictures.contrast import LEAST, worst
from creative.pictures.fitting import flat, interest
from creative.pictures.frame import Frame
from creative.pictures.logo import Logo, prepared
from creative.pictures.palette import Palette, palette
from creative.pictures.panels import Line, chip_for, draw_badge, draw_chip, draw_strip, fill_card
from creative.pictures.refusal import PictureRefused
from creative.pictures.shapes import Box, fill, shadow
from creative.pictures.typeface import Typeface, reads_rightwards
from creative.placement import Placement
from models.contract.brand import Brand, Overlay

_BETTER = 0.6
"""The card leaves its usual side when it covers less than this of what it would cover there."""


@dataclass(frozen=True, slots=True)
class PlacedText:
    """One text as drawn: lines parted by newlines, its box (left, top, right, bottom) in pixels,
    colour as ``#RRGGBB``, type size in pixels, and its lowest contrast against what is behind."""

    text: str
    box: Box
    colour: str
    points: int
    contrast: float


@dataclass(frozen=True, slots=True)
class Layer:
    """What is laid over a picture: RGBA of the picture's size, and its texts."""

    image: Image.Image
    texts: tuple[PlacedText, ...]


@dataclass(frozen=True, slots=True)
class Dressed:
    """A picture with its layer on it, RGB."""

    image: Image.Image
    texts: tuple[PlacedText, ...]


def dress(
    under: Image.Image,
    overlay: Overlay,
    brand: Brand,
    placement: Placement,
    *,
    logo: Image.Image | None = None,
    font: Path | None = None,
) -> Dressed:
    """``under`` with the brand laid over it; ``cover`` brings it to the placement's size first.

    Raises:
        PictureRefused: a text cannot be set; see ``layer``.
    """
    ground = flat(under, brand.light)
    made = layer(overlay, brand, placement, ground, logo=logo, font=font)
    ground.paste(made.image, (0, 0), made.image)
    return Dressed(ground, made.texts)


def layer(
    overlay: Overlay,
    brand: Brand,
    placement: Placement,
    under: Image.Image,
    *,
    logo: Image.Image | None = None,
    font: Path | None = None,
) -> Layer:
    """The brand's layer for a picture, or for the frames of a video of which ``under`` is one.

    ``under`` decides on which side there is the least to cover, and contrast is measured on it;
    the panels keep contrast over any other picture too. On a banner, site and badge are left out,
    and the button where the headline needs its room. Emoji are left out everywhere: the ad's own
    texts have them, in the network's drawing.

    Raises:
        PictureRefused: a text does not fit at a legible size, or has characters that the font
            lacks; no text is cut, and none is drawn as boxes.
    """
    frame = Frame.of(under.size, placement)
    face = Typeface(font)
    words = Overlay(
        headline=face.drawable(overlay.headline, "headline"),
        action=face.drawable(overlay.action, "action"),
        badge=face.drawable(overlay.badge, "badge"),
        site=face.drawable(overlay.site, "site"),
    )
    if not words.headline:
        raise PictureRefused(f"headline is empty; {placement.label} needs one to be laid over it")
    colours = palette(brand)
    onto = Image.new("RGBA", under.size, (0, 0, 0, 0))
    if frame.shape == "banner":
        lines = draw_strip(onto, words, frame, placement, face, colours, logo)
    else:
        lines = _card(onto, words, frame, placement, face, colours, brand, under, logo)
    return Layer(onto, _draw(onto, under, lines, face))


def _card(
    onto: Image.Image,
    words: Overlay,
    frame: Frame,
    placement: Placement,
    face: Typeface,
    colours: Palette,
    brand: Brand,
    under: Image.Image,
    logo: Image.Image | None,
) -> list[Line]:
    mark = None
    if logo is not None:
        mark = prepared(logo, (frame.px(frame.sizes.logo[0]), frame.px(frame.sizes.logo[1])))
    card = card_for(words, frame, placement, face)
    chip = chip_for(mark, frame, brand.logo_corner) if mark else None
    sides = _sides(card, frame, under, chip)
    if mark and chip and chip.meets(place(card, frame, sides), frame.px(frame.sizes.gap)):
        # The card is in the logo's corner: the logo moves onto the card.
        chip = None
        card = _with_logo(words, frame, placement, face, mark, brand.logo_corner)
    box = place(card, frame, sides)
    radius = frame.px(frame.sizes.radius)
    shadow(onto, box, radius, frame.px(14), 0.28)
    fill(onto, box, radius, colours.card, colours.alpha)
    if mark is not None and chip is not None:
        draw_chip(onto, mark, chip, frame, colours)
    lines = fill_card(onto, card, box, frame, colours, rightwards=reads_rightwards(words.headline))
    if words.badge:
        lines.append(draw_badge(onto, words.badge, frame, placement, face, colours, box, chip))
    return lines


def _with_logo(
    words: Overlay, frame: Frame, placement: Placement, face: Typeface, mark: Logo, corner: str
) -> Card:
    """The card with the logo at its foot or head; at its head too when its foot is full."""
    if corner == "bottom_right":
        try:
            return card_for(words, frame, placement, face, foot_logo=mark)
        except PictureRefused:
            pass
    return card_for(words, frame, placement, face, top_logo=mark)


def _sides(card: Card, frame: Frame, under: Image.Image, chip: Box | None) -> tuple[str, str]:
    """The side on which the card covers less of what there is to see; bottom and left unless
    another is clearly better, and free of the logo."""
    seen = interest(under)
    usual, other = ("left", "bottom"), ("left", "top")
    if frame.shape == "wide":
        other = ("right", "bottom")
        if chip and chip.meets(place(card, frame, usual), frame.px(frame.sizes.gap)):
            usual, other = other, usual
    if chip and chip.meets(place(card, frame, other), frame.px(frame.sizes.gap)):
        return usual

    def covered(sides: tuple[str, str]) -> float:
        box = place(card, frame, sides)
        across, down = seen.shape[1] / frame.width, seen.shape[0] / frame.height
        part = seen[
            int(box.top * down) : max(int(box.bottom * down), int(box.top * down) + 1),
            int(box.left * across) : max(int(box.right * across), int(box.left * across) + 1),
        ]
        return float(part.sum())

    return other if covered(other) < _BETTER * covered(usual) else usual


def _draw(
    onto: Image.Image, under: Image.Image, lines: list[Line], face: Typeface
) -> tuple[PlacedText, ...]:
    """Write the texts on the panels, measuring each against what is really behind it."""
    written: list[PlacedText] = []
    for line in lines:
        setting = line.setting
        font = face.font(setting.points, setting.weight)
        spots: list[tuple[float, int, str]] = []
        boxes: list[tuple[float, float, float, float]] = []
        rightwards = reads_rightwards(" ".join(setting.lines))
        for number, text in enumerate(setting.lines):
            width = font.getlength(text)
            left = float(line.left if rightwards else line.right - width)
            baseline = round(line.baseline + number * setting.leading)
            spots.append((left, baseline, text))
            ink = font.getbbox(text, anchor="ls")
            boxes.append((left + ink[0], baseline + ink[1], left + ink[2], baseline + ink[3]))
        box = _around(boxes, onto.size)
        # A little more than the box, so that what is close beside a glyph is measured too.
        region = _around([(box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4)], onto.size)
        glyphs = Image.new("L", (region.width, region.height), 0)
        pen = ImageDraw.Draw(glyphs)
        for left, baseline, text in spots:
            pen.text((left - region.left, baseline - region.top), text, 255, font, anchor="ls")
        panel = onto.crop(region)
        behind = under.crop(region).convert("RGB")
        behind.paste(panel, (0, 0), panel)
        contrast = worst(line.colour, behind, glyphs)
        if contrast < LEAST:
            raise PictureRefused(
                f"text {setting.lines[0]!r} has a contrast of {contrast:.2f} to what is behind "
                f"it; the limit is {LEAST}: change the brand's colours"
            )
        panel.paste((*line.colour, 255), (0, 0), glyphs)
        onto.paste(panel, region)
        colour = "#{:02X}{:02X}{:02X}".format(*line.colour)
        written.append(PlacedText("\n".join(setting.lines), box, colour, setting.points, contrast))
    return tuple(written)


def _around(boxes: list[tuple[float, float, float, float]], size: tuple[int, int]) -> Box:
    """The whole pixels that hold all of them, inside the picture."""
    return Box(
        max(0, math.floor(min(box[0] for box in boxes))),
        max(0, math.floor(min(box[1] for box in boxes))),
        min(size[0], math.ceil(max(box[2] for box in boxes))),
        min(size[1], math.ceil(max(box[3] for box in boxes))),
    )
