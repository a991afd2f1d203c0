"""When two ads say the same to a reader: by their texts, by their headlines."""

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final

from creative.facts import flat
from models.contract.creative import AdCopy
from models.contract.post_length import emoji_in

ALIKE: Final = 0.8
"""Share of common wording from which two texts say the same to a reader."""
_AROUND: Final = " .,:;!?·*-\"'“”„«»¡¿。、"
"""What ends or frames a headline without being a word of it, as ``flat`` spells it."""


def alike(one: AdCopy, other: AdCopy) -> bool:
    """Whether two copies say the same to a reader: by words in common, or in the same order."""
    first, second = flat(one.primary_text), flat(other.primary_text)
    if not first or not second:
        return same_headline(one, other)
    if SequenceMatcher(None, first, second, autojunk=False).ratio() >= 0.9:
        return True
    words, others = set(re.findall(r"\w+", first)), set(re.findall(r"\w+", second))
    together = words | others
    return bool(together) and len(words & others) / len(together) >= ALIKE


def same_headline(one: AdCopy, other: AdCopy) -> bool:
    """Whether a reader takes two headlines for one: they differ in case, spaces, emoji or what
    stands around the words, if at all. Ads without a headline share none."""
    bare = _bare(one.headline)
    return bool(bare) and bare == _bare(other.headline)


def _bare(headline: str) -> str:
    headline = unicodedata.normalize("NFC", headline)
    for emoji in emoji_in(headline):
        headline = headline.replace(emoji, " ")
    return flat(headline).strip(_AROUND)
