"""What is promoted: an article, product, game or job, and the events that announce it."""

import hashlib
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, JsonValue

from models.contract.base import Frozen
from models.contract.urls import canonical, content_id, tracked_link

__all__ = [
    "Article",
    "ContentEvent",
    "ContentType",
    "EventType",
    "FeedItem",
    "FeedState",
    "canonical",
    "content_id",
    "promise_fingerprint",
    "tracked_link",
]

_PROMISE_CHARACTERS = 2_000


class ContentType(StrEnum):
    """What a page offers."""

    ARTICLE = "article"
    PRODUCT = "product"
    GAME = "game"
    GENERAL = "general"
    JOB = "job"


class EventType(StrEnum):
    """What can happen to content. Values are the names used in records."""

    POST_PUBLISHED = "post_published"
    PRODUCT_ACTIVATED = "product_activated"
    POST_CHANGED = "post_changed"
    POST_UNPUBLISHED = "post_unpublished"

    @property
    def wire_name(self) -> str:
        """The CloudEvents type: ``post.published``."""
        return self.value.replace("_", ".")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a CloudEvents type, with or without a reverse-DNS prefix.

        Raises:
            ValueError: the type is none of ours; the message lists them.
        """
        for member in cls:
            if text == member.wire_name or text.endswith("." + member.wire_name):
                return member
        known = ", ".join(member.wire_name for member in cls)
        raise ValueError(f"type {text[:80]!r} is unknown; use one of: {known}")


def promise_fingerprint(title: str, description: str, text: str) -> str:
    """SHA-256 of what a page promises its readers, so that a changed promise is noticed.

    Title, description and the first 2,000 characters of the text, each in Unicode NFC with
    runs of white space as one blank: a page laid out anew keeps its fingerprint.
    """
    title, description, text = (
        " ".join(unicodedata.normalize("NFC", part).split()) for part in (title, description, text)
    )
    promise = "\n".join((title, description, text[:_PROMISE_CHARACTERS]))
    return hashlib.sha256(promise.encode()).hexdigest()


class Article(Frozen):
    """A page as it is judged and advertised.

    ``url`` is where ads lead, ``canonical_url`` its one spelling for identity. ``image_url`` is
    https and the first of ``images``; ``price`` is as the page writes it ("19.90 EUR").
    ``published_at`` is aware. ``fingerprint`` is ``promise_fingerprint`` of the content.
    """

    url: str
    canonical_url: str
    title: str
    description: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    images: tuple[str, ...] = ()
    price: str = ""
    author: str | None = None
    published_at: datetime | None = None
    language: str | None = None
    content_type: ContentType = ContentType.ARTICLE
    fingerprint: str


class ContentEvent(Frozen):
    """A verified inbound event in our terms.

    ``id`` and ``source`` are the sender's and together unique (CloudEvents 1.0). ``time`` is
    aware: the sender's, or the time of arrival. ``data`` is what the sender gave about the
    content: always ``url``, perhaps ``title``, ``description``, ``text``, ``tags``, ``team``.
    """

    id: str
    source: str
    type: EventType
    subject_url: str
    content_type: ContentType = ContentType.ARTICLE
    time: datetime
    data: dict[str, JsonValue] = {}

    @property
    def team(self) -> str | None:
        """The team the sender named, if any."""
        team = self.data.get("team")
        return team if isinstance(team, str) else None


class FeedItem(Frozen):
    """One entry of a feed. ``url`` is absolute https; ``published_at`` is aware or unknown."""

    id: str
    url: str
    title: str = ""
    published_at: datetime | None = None
    summary: str = ""


class FeedState(Frozen):
    """What is remembered of a feed between two readings.

    ``seen`` holds short hashes of item ids, oldest first, at most 2,000, so that the state
    stays under 50 kB in a workflow's history. ``started`` is False before the first reading.
    """

    started: bool = False
    etag: str | None = None
    last_modified: str | None = None
    seen: tuple[str, ...] = Field(default=(), max_length=2_000)
