"""How long a text is, as the network that shows it counts it.

Three ways are in use. *Characters*: every code point is one. *Wide*: Chinese, Japanese, Korean
and full-width characters are two (Google halves its limits for them, TikTok likewise). *Weighted*:
X's twitter-text configuration, version 3: a link is 23 whatever its length, an emoji is two
however many code points it is joined from, and what stands outside four ranges of light
characters is two.

What a user sees as one letter is never told apart from one that is written with a combining mark:
texts are counted in Unicode NFC.
"""

import unicodedata
from typing import Final, Literal

import regex

from models.contract.vocabulary import Platform
from platforms.network import CopyLimits

Counting = Literal["characters", "wide", "weighted"]

WAYS: Final[dict[Platform, Counting]] = {
    Platform.META: "characters",
    Platform.X: "weighted",
    # Its reference counts Chinese, Japanese and Korean characters double.
    Platform.TIKTOK: "wide",
    Platform.TELEGRAM: "characters",
    Platform.GOOGLE: "wide",
    Platform.SNAPCHAT: "characters",
    Platform.UNITY: "characters",
    Platform.APPLOVIN: "characters",
    Platform.APPLE_SEARCH_ADS: "characters",
}
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


def length(text: str, platform: Platform | None = None) -> int:
    """Length of ``text`` on a network; without one, the strictest way there is (X's)."""
    normal = unicodedata.normalize("NFC", text)
    way = WAYS[platform] if platform is not None else "weighted"
    if way == "characters":
        return len(normal)
    if way == "wide":
        return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in normal)
    bare, links = _LINK.subn("", normal)
    plain, emoji = _EMOJI.subn("", bare)
    weight = sum(1 if any(low <= ord(one) <= high for low, high in _LIGHT) else 2 for one in plain)
    return links * LINK_LENGTH + 2 * emoji + weight


def emoji_in(text: str) -> list[str]:
    """The emoji of a text, each with all it is joined from."""
    return [match.group(0) for match in _EMOJI.finditer(unicodedata.normalize("NFC", text))]


def primary_room(limits: CopyLimits, disclaimer: str = "", platform: Platform | None = None) -> int:
    """What is left for the primary text once the link and a disclaimer have taken their share."""
    taken = length(disclaimer, platform) + 1 if disclaimer else 0
    return limits.primary_text - limits.link_cost - taken
