"""Drawing an overlay's panels; what is to be written on them comes back as lines."""

from dataclasses import dataclass

from PIL import Image

from creative.pictures.card import ARROW, BUTTON_SIDE, SITE_GAP, Button, Card, badge_for, strip_for
from creative.pictures.contrast import Rgb
from creative.pictures.frame import Frame
from creative.pictures.logo import Logo, prepared
from creative.pictures.palette import Palette
from creative.pictures.refusal import PictureRefused
from creative.pictures.setting import Setting
from creative.pictures.shapes import Box, arrow, fill, shadow
from creative.pictures.typeface import Typeface, reads_rightwards
from creative.placement import Placement
from models.contract.brand import Overlay


@dataclass(frozen=True, slots=True)
class Line:
    """A set text and where it begins: the left and right edge it may use, its first baseline."""

    setting: Setting
    left: int
    right: int
    baseline: int
    colour: Rgb


def fill_card(
    onto: Image.Image, card: Card, box: Box, frame: Frame, colours: Palette, *, rightwards: bool
) -> list[Line]:
    """Everything on the card but its texts, which are returned."""
    gap = frame.px(frame.sizes.gap)
    left, right = box.left + card.padding, box.right - card.padding
    lines: list[Line] = []
    top = box.top + card.padding
    if card.top_logo:
        _draw_logo(onto, card.top_logo, left if rightwards else right - card.top_logo.size[0],
                   top, frame, colours)  # fmt: skip
        top += card.top_logo.size[1] + gap
    dot = frame.px(9)
    if card.site:
        line = round(card.site.capitals)
        start = left if rightwards else right - dot
        middle = top + (line - dot) // 2
        fill(onto, Box(start, middle, start + dot, middle + dot), dot // 3, colours.accent)
        indent = dot + frame.px(7)
        lines.append(
            Line(
                card.site,
                left + indent if rightwards else left,
                right if rightwards else right - indent,
                top + line,
                colours.quiet,
            )
        )
        top += line + round(gap * SITE_GAP)
    else:
        bar, thick = frame.px(34), frame.px(5)
        start = left if rightwards else right - bar
        fill(onto, Box(start, top, start + bar, top + thick), thick // 2, colours.accent)
        top += thick + round(gap * SITE_GAP)
    lines.append(Line(card.headline, left, right, top + round(card.headline.capitals), colours.ink))
    foot = box.bottom - card.padding
    if card.button:
        start = left if rightwards else right - card.button.width
        spot = Box(start, foot - card.button.height, start + card.button.width, foot)
        lines.append(_button(onto, card.button, spot, colours, rightwards=rightwards))
    if card.foot_logo:
        width, height = card.foot_logo.size
        tall = max(height, card.button.height if card.button else 0)
        _draw_logo(onto, card.foot_logo, right - width if rightwards else left,
                   foot - (tall + height) // 2, frame, colours)  # fmt: skip
    return lines


def _button(
    onto: Image.Image, button: Button, spot: Box, colours: Palette, *, rightwards: bool
) -> Line:
    fill(onto, spot, spot.height // 2, colours.button)
    points = button.label.points
    disc = round(points * ARROW)
    inset = (spot.height - disc) // 2
    start = spot.right - inset - disc if rightwards else spot.left + inset
    arrow(onto, Box(start, spot.top + inset, start + disc, spot.top + inset + disc),
          colours.accent, colours.on_accent, rightwards=rightwards)  # fmt: skip
    side = round(points * BUTTON_SIDE)
    return Line(
        button.label,
        spot.left + side if rightwards else start + disc,
        start if rightwards else spot.right - side,
        spot.top + round((spot.height + button.label.capitals) / 2),
        colours.on_button,
    )


def draw_badge(
    onto: Image.Image,
    text: str,
    frame: Frame,
    placement: Placement,
    face: Typeface,
    colours: Palette,
    card: Box,
    chip: Box | None,
) -> Line:
    """The badge in a corner of what the card leaves free."""
    free = _free(frame, card)
    side = frame.px(13)
    label = badge_for(text, frame, placement, face, free.width - 2 * side)
    assert label is not None
    width = round(label.width) + 2 * side
    height = round(label.points * 2.0)
    corners = [
        Box(left, top, left + width, top + height)
        for top in (free.top, free.bottom - height)
        for left in (free.right - width, free.left)
    ]
    gap = frame.px(6)
    spot = next(
        (one for one in corners if one.within(free) and not (chip and one.meets(chip, gap))), None
    )
    if spot is None:
        raise PictureRefused(
            f"badge {text!r} has no room beside card and logo on {placement.label} at "
            f"{frame.width}x{frame.height}: shorten it or the headline"
        )
    shadow(onto, spot, height // 2, frame.px(8), 0.25)
    fill(onto, spot, height // 2, colours.accent)
    baseline = spot.top + round((height + label.capitals) / 2)
    return Line(label, spot.left + side, spot.right - side, baseline, colours.on_accent)


def _free(frame: Frame, card: Box) -> Box:
    """The largest part of the safe area beside the card."""
    safe, gap = frame.safe, frame.px(frame.sizes.gap)
    if frame.shape == "wide":
        if card.left > safe.left:
            return Box(safe.left, safe.top, card.left - gap, safe.bottom)
        return Box(card.right + gap, safe.top, safe.right, safe.bottom)
    if card.top > safe.top:
        return Box(safe.left, safe.top, safe.right, card.top - gap)
    return Box(safe.left, card.bottom + gap, safe.right, safe.bottom)


def chip_for(mark: Logo, frame: Frame, corner: str) -> Box:
    """Where the logo stands over the picture, with its ground if it needs one."""
    pad = frame.px(8) if mark.bare else 0
    width, height = mark.size[0] + 2 * pad, mark.size[1] + 2 * pad
    safe = frame.safe
    if corner == "top_left":
        return Box(safe.left, safe.top, safe.left + width, safe.top + height)
    return Box(safe.right - width, safe.bottom - height, safe.right, safe.bottom)


def draw_chip(onto: Image.Image, mark: Logo, chip: Box, frame: Frame, colours: Palette) -> None:
    if mark.bare:
        ground = next(
            (one for one in (colours.card, colours.button) if mark.stands_out_on(one)),
            colours.card,
        )
        fill(onto, chip, frame.px(9), ground, 0.96)
    pad = (chip.width - mark.size[0]) // 2
    onto.alpha_composite(mark.image, (chip.left + pad, chip.top + pad))


def _draw_logo(
    onto: Image.Image, mark: Logo, left: int, top: int, frame: Frame, colours: Palette
) -> None:
    """On the card, on dark ground of its own where it would not be seen."""
    if not mark.stands_out_on(colours.card) and mark.stands_out_on(colours.button):
        pad = frame.px(4)
        box = Box(left - pad, top - pad, left + mark.size[0] + pad, top + mark.size[1] + pad)
        fill(onto, box, frame.px(6), colours.button)
    onto.alpha_composite(mark.image, (left, top))


def draw_strip(
    onto: Image.Image,
    words: Overlay,
    frame: Frame,
    placement: Placement,
    face: Typeface,
    colours: Palette,
    logo: Image.Image | None,
) -> list[Line]:
    card = strip_for(words, frame, placement, face)
    rightwards = reads_rightwards(words.headline)
    left = frame.width - card.width if rightwards else 0
    box = Box(left, 0, left + card.width, frame.height)
    fill(onto, box, 0, colours.card, 1.0)
    edge = frame.px(3)
    start = box.left if rightwards else box.right - edge
    fill(onto, Box(start, 0, start + edge, frame.height), 0, colours.accent)
    if logo is not None:
        free = (
            Box(0, 0, box.left, frame.height)
            if rightwards
            else Box(box.right, 0, frame.width, frame.height)
        )
        room = (free.width - frame.px(24), frame.height - frame.px(24))
        mark = prepared(logo, room)
        pad = frame.px(5) if mark.bare else 0
        at = (
            (free.left + free.right - mark.size[0]) // 2,
            (frame.height - mark.size[1]) // 2,
        )
        chip = Box(at[0] - pad, at[1] - pad, at[0] + mark.size[0] + pad, at[1] + mark.size[1] + pad)
        draw_chip(onto, mark, chip, frame, colours)
    inner_left, inner_right = box.left + card.padding, box.right - card.padding
    lines: list[Line] = []
    if card.button:
        width, height = card.button.width, card.button.height
        at = inner_right - width if rightwards else inner_left
        top = (frame.height - height) // 2
        spot = Box(at, top, at + width, top + height)
        lines.append(_button(onto, card.button, spot, colours, rightwards=rightwards))
    baseline = round((frame.height - card.headline.height) / 2 + card.headline.capitals)
    headline = Line(card.headline, inner_left, inner_right, baseline, colours.ink)
    return [headline, *lines]
