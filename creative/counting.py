"""How long a text is, as the network counts it."""

import unicodedata

from platforms.network import CopyLimits

_NARROW = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""What counts once by X's published twitter-text configuration."""


def length(text: str) -> int:
    """Characters with wide ones and emoji counted twice, the strictest network's way (X)."""
    normal = unicodedata.normalize("NFC", text)
    return sum(2 if _is_wide(character) else 1 for character in normal)


def primary_room(limits: CopyLimits) -> int:
    """Characters left for the primary text once the link has taken its share."""
    return limits.primary_text - limits.link_cost


def _is_wide(character: str) -> bool:
    return not any(low <= ord(character) <= high for low, high in _NARROW)
