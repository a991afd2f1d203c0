"""The text of a post, and whether it fits."""

from models.contract.creative import AdCopy
from models.contract.post_length import post_length
from platforms.x.errors import refused

POST_LIMIT = 280
TITLE_LIMIT = 70


def post_text(copy: AdCopy, link: str) -> str:
    """Primary text, hashtags it does not hold yet, and the link.

    The link is in the text although the card carries it too: X refuses a second post of the
    same words, and the link's own tracking makes every post different.
    """
    held = {word.lower() for word in copy.primary_text.split()}
    tags = [tag if tag.startswith("#") else f"#{tag}" for tag in copy.hashtags]
    missing = [tag for tag in tags if tag.lower() not in held]
    return " ".join([copy.primary_text.strip(), *missing, link])


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
