"""Burned captions for people who watch without sound: when each is shown, where, and as what."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from creative.footage.refusal import CaptionsRefused, FootageRefused
from creative.pictures.contrast import BLACK, LEAST, WHITE, over, ratio
from creative.pictures.lines import break_lines
from creative.pictures.refusal import PictureRefused
from creative.pictures.typeface import SEMIBOLD, Typeface
from creative.placement import Margins

SAFE = Margins(top=0.14, right=0.12, bottom=0.20, left=0.06)
"""Where no placement is named: the widest margins that the networks' own guides ask for."""

_COMFORT, _HURRY = 15.0, 22.0
"""Characters a second: what subtitlers plan with, and the most that grown-ups follow."""
_SHORTEST = 1.0
"""Seconds that even one word is shown."""
_LONGEST_STRETCH = 2.5
_LINES = 2
_SIZES = (0.052, 0.046, 0.040, 0.034)
"""Heights of the letters as parts of the frame's shorter side, the preferred one first."""
_WIDTHS = (1.0, 0.62, 0.46, 0.34)
"""Parts of the safe area's width that captions may take, for where the overlay stands beside."""
_CELL = 8
"""Pixels of the side of a cell, in which room is looked for."""
_GAP = 0.02
"""Distance from the overlay, as a part of the shorter side."""
_SHADOW = 40
"""Opacity (of 255) up to which a layer is taken for a soft shadow, over which one may write."""
_PANEL = (17, 24, 39)
_OPACITY = 0.88
_WANTED = 0.74
"""Where viewers look for captions: the middle of one, as a part of the frame's height."""

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption drawn: an RGBA panel, its upper left corner, and from when to when (seconds)."""

    text: str
    panel: Image.Image
    left: int
    top: int
    start: float
    end: float


def reading_seconds(captions: Sequence[str]) -> tuple[float, float]:
    """Seconds that all captions together take to be read: in comfort, and in a hurry."""
    texts = _texts(captions)
    return (
        sum(_needed(text, _COMFORT) for text in texts),
        sum(_needed(text, _HURRY) for text in texts),
    )


def set_captions(
    captions: Sequence[str],
    size: tuple[int, int],
    seconds: float,
    *,
    safe: Margins = SAFE,
    layer: Image.Image | None = None,
    font: Path | None = None,
) -> list[Caption]:
    """Draw the captions and give each its time, one after another.

    They stand inside the safe area, clear of what the layer shows, on panels of their own. A long
    caption becomes several of two lines each.

    Raises:
        CaptionsRefused: no time to read them, or no room for them.
        FootageRefused: the font lacks a character, or cannot be used.
    """
    try:
        typeface = Typeface(font)
        texts = [typeface.drawable(text, "caption") for text in _texts(captions)]
    except PictureRefused as reason:
        raise FootageRefused(str(reason)) from None
    if not texts:
        return []
    taken = _taken(size, safe, layer)
    width = round(size[0] * (1 - safe.left - safe.right))
    for part, share in product(_SIZES, _WIDTHS):
        points = max(round(part * min(size)), 12)
        face = typeface.font(points, SEMIBOLD)
        parts = [
            lines for text in texts if (lines := _two_by_two(text, face, width * share, points))
        ]
        if len(parts) < len(texts):
            continue  # a word is wider than that
        sets = [one for lines in parts for one in lines]
        panels = [_panel(lines, face, points) for lines in sets]
        widest, tallest = (max(sides) for sides in zip(*(one.size for one in panels), strict=True))
        where = _place((widest, tallest), taken)
        if where is None:
            continue
        times = _times([" ".join(lines) for lines in sets], seconds)
        return [
            Caption(
                text=" ".join(lines),
                panel=panel,
                # Even numbers, for the colours of a video have half its resolution.
                left=(where[0] + (widest - panel.width) // 2) // 2 * 2,
                top=(where[1] + (tallest - panel.height) // 2) // 2 * 2,
                start=start,
                end=end,
            )
            for lines, panel, (start, end) in zip(sets, panels, times, strict=True)
        ]
    raise CaptionsRefused(
        f"the captions find no room in {size[0]}x{size[1]} pixels inside the safe area and clear "
        "of the overlay: use shorter captions, a smaller overlay, or none"
    )


def contrast() -> float:
    """The least contrast of a caption, whatever moves behind its panel."""
    return min(ratio(WHITE, over(_PANEL, _OPACITY, behind)) for behind in (BLACK, WHITE))


def _texts(captions: Sequence[str]) -> list[str]:
    return [text for one in captions if (text := " ".join(one.split()))]


def _needed(text: str, pace: float) -> float:
    # A character of Chinese or Japanese says about as much as a short word of Latin letters.
    length = sum(3 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return max(_SHORTEST, length / pace)


def _times(texts: Sequence[str], seconds: float) -> list[tuple[float, float]]:
    comfort = [_needed(text, _COMFORT) for text in texts]
    hurry = [_needed(text, _HURRY) for text in texts]
    if sum(hurry) > seconds + 1e-6:
        raise CaptionsRefused(
            f"the captions take {sum(hurry):.1f} s to read and the video lasts {seconds:.1f} s: "
            "use fewer or shorter captions"
        )
    if sum(comfort) <= seconds:
        stretch = min(seconds / sum(comfort), _LONGEST_STRETCH)
        spans = [one * stretch for one in comfort]
    else:
        # As much of the way from hurry to comfort, for each, as the time allows.
        share = (seconds - sum(hurry)) / (sum(comfort) - sum(hurry))
        spans = [low + share * (high - low) for low, high in zip(hurry, comfort, strict=True)]
    found: list[tuple[float, float]] = []
    start = 0.0
    for span in spans:
        found.append((start, start + span))
        start += span
    return found


def _two_by_two(text: str, face: Font, width: float, points: int) -> list[tuple[str, ...]]:
    """The lines by twos; empty when a word is too wide."""
    room = width - 2 * _padding(points)[0]
    for count in range(1, len(text) + 1):
        broken = break_lines(text, count, face.getlength)
        if broken is None:
            return []
        if broken.widest <= room:
            lines = broken.lines
            return [lines[at : at + _LINES] for at in range(0, len(lines), _LINES)]
    return []


def _padding(points: int) -> tuple[int, int]:
    return round(points * 0.55), round(points * 0.35)


def _panel(lines: Sequence[str], face: Font, points: int) -> Image.Image:
    beside, above = _padding(points)
    leading = round(points * 1.25)
    widest = math.ceil(max(face.getlength(line) for line in lines))
    size = (widest + 2 * beside, leading * len(lines) + 2 * above)
    even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
    panel = Image.new("RGBA", even, (*_PANEL, 0))
    draw = ImageDraw.Draw(panel)
    box = (0, 0, even[0] - 1, even[1] - 1)
    draw.rounded_rectangle(box, round(points * 0.3), fill=(*_PANEL, round(_OPACITY * 255)))
    for number, line in enumerate(lines):
        at = (even[0] / 2, above + leading * (number + 0.5))
        draw.text(at, line, font=face, fill=(*WHITE, 255), anchor="mm")
    return panel


def _taken(size: tuple[int, int], safe: Margins, layer: Image.Image | None) -> NDArray[np.bool_]:
    """Cells of a coarse grid in which no caption may stand."""
    width, height = size
    cells = np.ones((-(-height // _CELL), -(-width // _CELL)), dtype=bool)
    cells[
        math.ceil(height * safe.top / _CELL) : math.floor(height * (1 - safe.bottom) / _CELL),
        math.ceil(width * safe.left / _CELL) : math.floor(width * (1 - safe.right) / _CELL),
    ] = False
    if layer is not None:
        shown = layer.getchannel("A").point([0] * _SHADOW + [255] * (256 - _SHADOW))
        whole = Image.new("L", (cells.shape[1] * _CELL, cells.shape[0] * _CELL))
        whole.paste(shown, (0, 0))
        # Whatever shows in a cell takes it, and its neighbours keep a distance.
        gap = max(1, round(_GAP * min(size) / _CELL))
        grid = whole.reduce(_CELL).point([0] + [255] * 255)
        cells |= np.asarray(grid.filter(ImageFilter.MaxFilter(2 * gap + 1))) > 0
    return cells


def _place(panel: tuple[int, int], taken: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Left and top of a panel of this size, as near as can be to where viewers look, and in the
    middle between what stands left and right of it."""
    rows, columns = taken.shape
    wide, high = -(-panel[0] // _CELL), -(-panel[1] // _CELL)
    if wide > columns or high > rows:
        return None
    # Sums over all rectangles of the panel's size, by a summed-area table (Crow, 1984).
    sums = np.pad(taken.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    tops, lefts = np.nonzero(inside == 0)
    if tops.size == 0:
        return None
    away = np.abs(tops + high / 2 - _WANTED * rows) + np.abs(lefts + wide / 2 - columns / 2)
    best = int(away.argmin())
    top, left = int(tops[best]), int(lefts[best])
    free: NDArray[np.bool_] = np.logical_not(taken[top : top + high].max(axis=0))
    first, after = left, left + wide
    while first > 0 and free[first - 1]:
        first -= 1
    while after < columns and free[after]:
        after += 1
    middle = min(max(columns / 2, first + wide / 2), after - wide / 2)
    if not first <= columns / 2 <= after:
        middle = (first + after) / 2
    return max(round(middle * _CELL - panel[0] / 2), first * _CELL), top * _CELL


assert contrast() >= LEAST
