"""The card of an overlay: site, headline and button, measured first and then given a place."""

from dataclasses import dataclass

from creative.pictures.frame import Frame
from creative.pictures.logo import Logo
from creative.pictures.refusal import PictureRefused
from creative.pictures.setting import Room, Setting, set_text
from creative.pictures.shapes import Box
from creative.pictures.typeface import BOLD, SEMIBOLD, Typeface
from creative.placement import Placement
from models.contract.brand import Overlay

_WIDE_SHARE = 0.54
"""Of the safe width, beside which the picture stays to be seen on a landscape picture."""
_TALL_SHARE = 0.56
"""Of the picture's height, the most a card may cover of an upright one."""
_STRIP_SHARE = 0.24
"""Of a banner's width, what stays of the picture."""
SITE_GAP = 1.3
"""Of the usual gap, what stands between the site, or the bar in its place, and the headline."""
BUTTON_HEIGHT = 2.35
BUTTON_SIDE = 1.1
ARROW = 1.5
"""Of the button's type size: its height, the space beside its label, and its arrow."""


@dataclass(frozen=True, slots=True)
class Button:
    """A label and the pixels around it."""

    label: Setting
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on the card, from top to bottom, and its size in pixels."""

    width: int
    height: int
    padding: int
    headline: Setting
    site: Setting | None
    button: Button | None
    top_logo: Logo | None
    foot_logo: Logo | None


def card_for(
    overlay: Overlay,
    frame: Frame,
    placement: Placement,
    face: Typeface,
    *,
    top_logo: Logo | None = None,
    foot_logo: Logo | None = None,
) -> Card:
    """Set the card's texts.

    Raises:
        PictureRefused: a text does not fit at a legible size.
    """
    sizes, padding = frame.sizes, frame.px(frame.sizes.padding)
    width = frame.safe.width
    if frame.shape == "wide":
        width = round(width * _WIDE_SHARE)
    inner = width - 2 * padding
    site = _one_line(overlay.site, "site", face, SEMIBOLD, frame, placement,
                     inner - frame.px(18), (sizes.site, sizes.site_least))  # fmt: skip
    beside = foot_logo.size[0] + frame.px(sizes.gap) if foot_logo else 0
    button = button_for(overlay.action, frame, placement, face, inner - beside)
    gap = frame.px(sizes.gap)
    above = (top_logo.size[1] + gap) if top_logo else 0
    above += (round(site.capitals) if site else frame.px(5)) + round(gap * SITE_GAP)
    foot = max(button.height if button else 0, foot_logo.size[1] if foot_logo else 0)
    below = foot + round(gap * 1.5) if foot else 0
    most = frame.safe.height
    if frame.shape == "upright":
        most = min(most, round(frame.height * _TALL_SHARE))
    room = Room(
        inner,
        most - 2 * padding - above - below,
        frame.unit * sizes.headline_least,
        frame.unit * sizes.headline,
        sizes.lines,
    )
    headline = set_text(overlay.headline, face, BOLD, room)
    if headline is None:
        raise too_long("headline", overlay.headline, frame, placement, sizes.headline_least)
    drop = 0 if foot else round(headline.drop * 0.5)
    height = 2 * padding + above + round(headline.height) + below + drop
    return Card(width, height, padding, headline, site, button, top_logo, foot_logo)


def strip_for(overlay: Overlay, frame: Frame, placement: Placement, face: Typeface) -> Card:
    """The card of a banner: headline and button side by side. There is no legible room for site
    and badge, which are left out; so is the button where the headline needs its room, since a
    banner is a button as a whole.

    Raises:
        PictureRefused: a text does not fit at a legible size.
    """
    sizes, padding = frame.sizes, frame.px(frame.sizes.padding)
    width = round(frame.width * (1 - _STRIP_SHARE))
    button = button_for(overlay.action, frame, placement, face, round(width * 0.45))
    for shown in (button, None):
        room = Room(
            width - 2 * padding - (shown.width + padding if shown else 0),
            frame.height - frame.px(14),
            frame.unit * sizes.headline_least,
            frame.unit * sizes.headline,
            sizes.lines,
        )
        headline = set_text(overlay.headline, face, BOLD, room)
        if headline:
            return Card(width, frame.height, padding, headline, None, shown, None, None)
    raise too_long("headline", overlay.headline, frame, placement, sizes.headline_least)


def button_for(
    action: str, frame: Frame, placement: Placement, face: Typeface, width: int
) -> Button | None:
    """The button as wide as its label needs."""
    sizes = frame.sizes
    # At the largest size its sides and arrow take this much; smaller type leaves more.
    sides = 2 * BUTTON_SIDE + ARROW + 0.3
    for points in (sizes.button, (sizes.button + sizes.button_least) / 2, sizes.button_least):
        room = width - round(points * frame.unit * sides)
        label = action and set_text(
            action, face, SEMIBOLD, Room(room, frame.height, points * frame.unit * 0.97,
                                         points * frame.unit)
        )  # fmt: skip
        if label:
            return Button(
                label,
                round(label.width + label.points * sides),
                round(label.points * BUTTON_HEIGHT),
            )
    if action:
        raise too_long("action", action, frame, placement, sizes.button_least)
    return None


def badge_for(
    badge: str, frame: Frame, placement: Placement, face: Typeface, width: int
) -> Setting | None:
    """The badge's label, on one line."""
    sizes = frame.sizes
    return _one_line(badge, "badge", face, BOLD, frame, placement, width,
                     (sizes.badge, sizes.badge_least))  # fmt: skip


def too_long(
    field: str, text: str, frame: Frame, placement: Placement, least: float
) -> PictureRefused:
    """The refusal of a text that cannot be set."""
    return PictureRefused(
        f"{field} {text!r} ({len(text)} characters) does not fit {placement.label} at "
        f"{frame.width}x{frame.height} in type of {least * frame.unit:.0f} pixels, the smallest "
        "that is legible there: shorten it"
    )


def place(card: Card, frame: Frame, corner: tuple[str, str]) -> Box:
    """The card's box, at a horizontal and a vertical side of the safe area."""
    safe = frame.safe
    left = safe.right - card.width if corner[0] == "right" else safe.left
    top = safe.top if corner[1] == "top" else safe.bottom - card.height
    return Box(left, top, left + card.width, top + card.height)


def _one_line(
    text: str,
    field: str,
    face: Typeface,
    weight: int,
    frame: Frame,
    placement: Placement,
    width: float,
    points: tuple[float, float],
) -> Setting | None:
    if not text:
        return None
    most, least = points
    room = Room(width, frame.height, least * frame.unit, most * frame.unit)
    found = set_text(text, face, weight, room)
    if found is None:
        raise too_long(field, text, frame, placement, least)
    return found
