"""Names and texts as TikTok counts them: wide characters twice, emoji not at all."""

import unicodedata

from models.contract.creative import AdCopy
from models.contract.vocabulary import Platform
from platforms.naming import keyed
from platforms.tiktok.errors import refused

NAME_LIMIT = 512
FILE_NAME_LIMIT = 100
AD_TEXT_LIMIT = 100
DISPLAY_NAME_LIMIT = 40
_EMOJI = (
    (0x1F000, 0x1FAFF),
    (0x2600, 0x27BF),
    (0x2B00, 0x2BFF),
    (0xFE0F, 0xFE0F),
    (0x20E3, 0x20E3),
)


def width(text: str) -> int:
    """Length in TikTok's characters: Chinese, Japanese and Korean ones count twice."""
    normal = unicodedata.normalize("NFC", text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in normal)


def name_of(key: str, name: str, limit: int = NAME_LIMIT) -> str:
    """``key name``, once TikTok takes it.

    Raises:
        Refused: it is too long or holds an emoji; the key holds a space.
    """
    return checked("name", keyed(Platform.TIKTOK, key, name, limit), limit)


def ad_text(copy: AdCopy) -> str:
    """The one text of an ad: the primary text and those hashtags it does not hold yet.

    Raises:
        Refused: it is empty, too long or holds an emoji. It is never cut.
    """
    held = {word.lower() for word in copy.primary_text.split()}
    tags = [tag if tag.startswith("#") else f"#{tag}" for tag in copy.hashtags]
    missing = [tag for tag in tags if tag.lower() not in held]
    text = " ".join([copy.primary_text.strip(), *missing]).strip()
    if not text:
        raise refused("an ad needs a text; write a primary text", field="primary_text")
    return checked("primary_text", text, AD_TEXT_LIMIT)


def checked(field: str, text: str, limit: int) -> str:
    """The text itself.

    Raises:
        Refused: TikTok does not take it.
    """
    if (length := width(text)) > limit:
        raise refused(
            f"{field} {text!r} counts {length} characters; TikTok takes {limit}: shorten it",
            field=field,
        )
    emoji = next((char for char in text if _is_emoji(char)), None)
    if emoji is not None:
        raise refused(
            f"{field} {text!r} holds the emoji {emoji!r}, which TikTok does not take; leave it out",
            field=field,
        )
    return text


def _is_emoji(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in _EMOJI)
