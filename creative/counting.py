"""How long a text is, as the network counts it."""

import unicodedata

from platforms.network import CopyLimits


def length(text: str) -> int:
    """Characters with wide ones and emoji counted twice, the strictest network's way (X)."""
    normal = unicodedata.normalize("NFC", text)
    return sum(2 if _is_wide(character) else 1 for character in normal)


def primary_room(limits: CopyLimits) -> int:
    """Characters left for the primary text once the link has taken its share."""
    return limits.primary_text - limits.link_cost


def _is_wide(character: str) -> bool:
    return (ord(character) > 0x10FF and not 0x2000 <= ord(character) <= 0x200D) or (
        unicodedata.east_asian_width(character) in "WF"
    )
