"""How long a text is by twitter-text's rules, configuration version 3, by which X counts.

A link is 23 whatever its length, an emoji is two however many code points it is joined from, and
what stands outside four ranges of light characters is two. Here, because the adapter for X and
those who write for it must count alike.
"""

import unicodedata
from typing import Final

import regex

LINK_LENGTH: Final = 23
"""What X makes of every link."""

_LIGHT: Final = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_LINK: Final = regex.compile(r"https?://\S+")
# What people see as one emoji: a flag, a keycap, or a picture with its modifiers and joined parts.
_EMOJI: Final = regex.compile(
    r"\p{Regional_Indicator}{2}"
    r"|[0-9#*]\ufe0f?\u20e3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}(?=\ufe0f|\p{Emoji_Modifier}))"
    r"\ufe0f?\p{Emoji_Modifier}?[\U000e0020-\U000e007f]*"
    r"(?:\u200d\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)*"
)


def post_length(text: str) -> int:
    """Length of ``text`` in X's characters, once it is in Unicode NFC."""
    bare, links = _LINK.subn("", unicodedata.normalize("NFC", text))
    plain, emoji = _EMOJI.subn("", bare)
    weight = sum(1 if any(low <= ord(one) <= high for low, high in _LIGHT) else 2 for one in plain)
    return links * LINK_LENGTH + 2 * emoji + weight


def emoji_in(text: str) -> list[str]:
    """The emoji of a text, each with all it is joined from."""
    return [match.group(0) for match in _EMOJI.finditer(unicodedata.normalize("NFC", text))]
