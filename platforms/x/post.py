"""The text of a post and its length as X counts it."""

import re
import unicodedata

from models.contract.creative import AdCopy
from platforms.x.errors import refused

POST_LIMIT = 280
TITLE_LIMIT = 70
_LINK_LENGTH = 23
_LINK = re.compile(r"https?://\S+")
# Code points that weigh one, by X's published twitter-text configuration; all others weigh two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


def post_text(copy: AdCopy, link: str) -> str:
    """Primary text, hashtags it does not hold yet, and the link.

    The link is in the text although the card carries it too: X refuses a second post of the
    same words, and the link's own tracking makes every post different.
    """
    held = {word.lower() for word in copy.primary_text.split()}
    tags = [tag if tag.startswith("#") else f"#{tag}" for tag in copy.hashtags]
    missing = [tag for tag in tags if tag.lower() not in held]
    return " ".join([copy.primary_text.strip(), *missing, link])


def post_length(text: str) -> int:
    """Length in X's characters: links 23, wide scripts and emoji two each. A joined emoji counts
    by its parts here, so that an error is on the strict side."""
    links = _LINK.findall(text)
    rest = unicodedata.normalize("NFC", _LINK.sub("", text))
    return len(links) * _LINK_LENGTH + sum(
        1 if any(low <= ord(char) <= high for low, high in _LIGHT) else 2 for char in rest
    )


def checked_text(copy: AdCopy, link: str) -> str:
    """The post's text, once the copy is known to fit.

    Raises:
        Refused: a text is missing, too long, or has no place on X.
    """
    if not link.startswith(("https://", "http://")):
        raise refused(f"link {link!r} is no web address", field="link")
    if copy.description:
        raise refused("a website card has no description; leave it empty", field="description")
    if not copy.headline.strip():
        raise refused("a website card needs a headline", field="headline")
    if len(copy.headline) > TITLE_LIMIT:
        raise refused(
            f"headline {copy.headline!r} has {len(copy.headline)} characters; X takes "
            f"{TITLE_LIMIT}: rewrite it",
            field="headline",
        )
    text = post_text(copy, link)
    if (length := post_length(text)) > POST_LIMIT:
        raise refused(
            f"the post with hashtags and link counts {length} characters; X takes {POST_LIMIT}: "
            "rewrite the primary text or drop hashtags",
            field="primary_text",
        )
    return text
