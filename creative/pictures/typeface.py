"""Type: which characters a font has, and fonts of a size and weight.

Inter (SIL Open Font License) is the default: the free typeface nearest to Neue Haas Grotesk, with
Latin, Greek and Cyrillic in every weight. Other scripts need a font of the brand's own.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import cast

import fontpkg
from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont, features

from creative.pictures.refusal import PictureRefused

REGULAR, SEMIBOLD, BOLD = 450, 600, 720
"""Weights on the usual scale of 100 to 900; a font that is not variable has its own only."""

_EMOJI = ((0x1F000, 0x1FAFF), (0x2190, 0x21FF), (0x2300, 0x2BFF), (0x3030, 0x303D),
          (0x3297, 0x3299), (0xE0020, 0xE007F))  # fmt: skip
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u200b\u200c\u200e\u200f\u2060\ufeff")
_LEFTWARDS = ("R", "AL")


class Typeface:
    """One font file. Fonts are made anew for each typeface, because FreeType's faces must not be
    used by two threads at once.

    Raises:
        PictureRefused: the file is no font that can be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(fontpkg.path("Inter"))
        self._fonts: dict[tuple[float, int], ImageFont.FreeTypeFont] = {}
        self._known = _characters(self._path)

    def font(self, points: float, weight: int = REGULAR) -> ImageFont.FreeTypeFont:
        """The typeface at a size in pixels of the picture."""
        key = (points, weight)
        if key not in self._fonts:
            font = ImageFont.truetype(str(self._path), points, layout_engine=_engine())
            try:
                axes = font.get_variation_axes()
            except (OSError, NotImplementedError):
                axes = []  # not variable
            if axes:
                wanted = {"wght": float(weight), "Weight": float(weight), "Optical size": points}
                font.set_variation_by_axes([_on_axis(axis, wanted) for axis in axes])
            self._fonts[key] = font
        return self._fonts[key]

    def drawable(self, text: str, field: str) -> str:
        """``text`` as it is drawn: composed (NFC), one line, and without emoji, which belong to
        the ad's texts, where the network shows them in its own colours.

        Raises:
            PictureRefused: characters that the font lacks, or nothing but emoji.
        """
        composed = " ".join(unicodedata.normalize("NFC", text).split("\n"))
        kept = "".join(one for one in composed if not self._is_emoji(one)).strip(" \t\r\n")
        missing = [one for one in dict.fromkeys(kept) if not self._has(one)]
        if missing:
            named = ", ".join(f"{one!r} (U+{ord(one):04X})" for one in missing[:5])
            raise PictureRefused(
                f"{field} {text[:60]!r} has characters that the font {self._path.name} lacks: "
                f"{named}; rewrite it, or give the brand a font that has them"
            )
        if not kept and text.strip():
            raise PictureRefused(f"{field} {text[:60]!r} has no text to draw besides emoji")
        return kept

    def _has(self, character: str) -> bool:
        return ord(character) in self._known or character in _INVISIBLE or character.isspace()

    def _is_emoji(self, character: str) -> bool:
        if character in _JOINERS:
            return ord(character) not in self._known or character != "\u200d"
        if ord(character) in self._known:
            return False
        return any(low <= ord(character) <= high for low, high in _EMOJI)


def reads_rightwards(text: str) -> bool:
    """False for Hebrew and Arabic: the first letter with a direction decides, as in the Unicode
    bidirectional algorithm (rules P2 and P3)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in (*_LEFTWARDS, "L"):
            return direction == "L"
    return True


def _engine() -> ImageFont.Layout:
    """Raqm shapes Arabic and combining marks; without it, only the simple scripts come out."""
    return ImageFont.Layout.RAQM if features.check_feature("raqm") else ImageFont.Layout.BASIC


def _on_axis(axis: Mapping[str, object], wanted: dict[str, float]) -> float:
    name = cast(bytes, axis["name"]).decode("utf-8", "replace")
    low, high = cast(float, axis["minimum"]), cast(float, axis["maximum"])
    return min(max(wanted.get(name, cast(float, axis["default"])), low), high)


@lru_cache(maxsize=16)
def _characters(path: Path) -> frozenset[int]:
    try:
        with TTFont(path, lazy=True, fontNumber=0) as font:
            return frozenset(font.getBestCmap() or {})
    except (OSError, TTLibError, KeyError, ValueError, AssertionError):
        raise PictureRefused(f"font {path.name!r} cannot be read; give a TTF or OTF file") from None
