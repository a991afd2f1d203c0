"""How long a text is, as the network that shows it counts it.

Three ways are in use. *Characters*: every code point is one. *Wide*: Chinese, Japanese, Korean
and full-width characters are two (Google halves its limits for them, TikTok likewise). *Weighted*:
X's own way (``models.contract.post_length``), by which links, emoji and wide scripts weigh what
they weigh there.

What a user sees as one letter is never told apart from one that is written with a combining mark:
texts are counted in Unicode NFC.
"""

import unicodedata
from typing import Final, Literal

from models.contract.post_length import post_length
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


def length(text: str, platform: Platform | None = None) -> int:
    """Length of ``text`` on a network; without one, the strictest way there is (X's)."""
    normal = unicodedata.normalize("NFC", text)
    way = WAYS[platform] if platform is not None else "weighted"
    if way == "characters":
        return len(normal)
    if way == "wide":
        return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in normal)
    return post_length(normal)


def primary_room(limits: CopyLimits, disclaimer: str = "", platform: Platform | None = None) -> int:
    """What is left for the primary text once the link and a disclaimer have taken their share."""
    taken = length(disclaimer, platform) + 1 if disclaimer else 0
    return limits.primary_text - limits.link_cost - taken
