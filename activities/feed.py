"""Reading RSS, Atom and JSON feeds, and telling what is new in them. Pure: no I/O."""

import calendar
import hashlib
import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urljoin

import feedparser
import lxml.html

from activities.page import decoded
from activities.page_metadata import clean, moment, plain
from models.contract.content import FeedItem, FeedState
from models.contract.urls import canonical, without_secrets

MAX_ITEMS = 1_000
"""Items read of one feed, in its own order; real feeds list the newest first."""

MAX_SEEN = 2_000

_MAX_SUMMARY = 1_000
_MAX_ELEMENTS = 100_000  # a second of parsing
_DECLARED = re.compile(r"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_NAMED_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)[A-Za-z][A-Za-z0-9]{1,31};")
_ROOT_TAG = re.compile(r"<(?:rss|feed|rdf)\b", re.IGNORECASE)
_ROOTS = frozenset({"rss", "feed", "rdf"})
_etree = cast("Any", lxml.html).etree
_feedparser = cast("Any", feedparser)


class FeedRefused(Exception):
    """The body is no feed; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """The items in the feed's order, and those that cannot be used: (id, reason)."""

    items: list[FeedItem]
    refused: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    link: str
    title: str
    published_at: datetime | None
    summary: str


def parse_feed(body: bytes, content_type: str, *, base_url: str = "") -> ParsedFeed:
    """Read RSS (0.9 to 2.0), Atom 1.0 or JSON Feed (1.0, 1.1).

    One bad item does not stop the others. Ids repeated in the feed count once. Relative links
    are resolved against ``xml:base``, then ``base_url``, the feed's own address.

    Raises:
        FeedRefused: the body is no feed, breaks off before its first item, or declares
            entities.
    """
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_json = "json" in content_type.lower() or start.startswith((b"{", b"["))
    entries = _json_entries(body) if is_json else _xml_entries(body, content_type, base_url)
    items: list[FeedItem] = []
    refused: list[tuple[str, str]] = []
    known: set[str] = set()
    for entry in entries:
        identity = entry.id or entry.link
        if identity in known or len(known) == MAX_ITEMS:
            continue
        known.add(identity)
        try:
            link = urljoin(base_url, entry.link.strip()) if entry.link.strip() else ""
            canonical(link)
        except ValueError as error:
            shown = without_secrets(identity) if identity else "(no id)"
            refused.append((shown, str(error)))
            continue
        items.append(
            FeedItem(
                id=identity,
                url=link,
                title=clean(plain(entry.title))[:300],
                published_at=entry.published_at,
                summary=clean(plain(entry.summary))[:_MAX_SUMMARY],
            )
        )
    return ParsedFeed(items, refused)


def fresh(
    items: Sequence[FeedItem],
    state: FeedState,
    *,
    first_run_promotes: int = 0,
    etag: str | None = None,
    last_modified: str | None = None,
) -> tuple[list[FeedItem], FeedState]:
    """The items not seen before, oldest first, and the state to keep.

    A first run promotes nothing unless told: a feed added today lists articles of last year.
    With ``first_run_promotes`` it gives that many of the newest. The state never forgets an
    item that is still in the feed, so that a long feed does not come round again. ``etag`` and
    ``last_modified`` are what the site sent with this reading, kept for the next one.
    """
    marks = {_mark(item.id): item for item in items}
    before = set(state.seen)
    new = _oldest_first([item for mark, item in marks.items() if mark not in before])
    if not state.started:
        new = new[len(new) - first_run_promotes :] if first_run_promotes > 0 else []
    gone = [mark for mark in state.seen if mark not in marks]
    still = list(marks)[:MAX_SEEN]
    kept = gone[max(0, len(gone) + len(still) - MAX_SEEN) :] + still
    return new, FeedState(
        started=True, etag=etag, last_modified=last_modified, seen=tuple(kept[-MAX_SEEN:])
    )


def _mark(item_id: str) -> str:
    return hashlib.sha256(item_id.encode("utf-8", "replace")).hexdigest()[:16]


def _oldest_first(items: list[FeedItem]) -> list[FeedItem]:
    """By date; undated ones after, in the reverse of the feed's order (newest first)."""
    turned = items[::-1]
    return sorted(
        turned,
        key=lambda item: (
            item.published_at is None,
            item.published_at or datetime.max.replace(tzinfo=UTC),
        ),
    )


def _xml_entries(body: bytes, content_type: str, base_url: str) -> Iterator[_Entry]:
    markup = _markup(body, content_type)
    if "<!ENTITY" in _ROOT_TAG.split(markup, maxsplit=1)[0].upper():
        raise FeedRefused("the feed declares XML entities, which can expand without end; drop them")
    root = _xml_root(markup)
    if root is None:
        raise FeedRefused("the body is no feed, for it is not XML; give an RSS, Atom or JSON Feed")
    name = str(_etree.QName(root).localname).lower()
    if name not in _ROOTS:
        raise FeedRefused(
            f"the body is no feed, for its root is <{name[:40]}>; give an RSS, Atom or JSON Feed"
        )
    for surplus in list(root.iter("{*}item", "{*}entry"))[MAX_ITEMS:]:
        surplus.getparent().remove(surplus)
    if sum(1 for _ in root.iter()) > _MAX_ELEMENTS:
        raise FeedRefused(f"the feed has over {_MAX_ELEMENTS:,} elements; publish a shorter one")
    # Written anew, the markup is well-formed: feedparser's lenient parser is not needed. A
    # stream and not bytes, because feedparser takes bytes for a file name first. Its HTML
    # cleaning takes quadratic time on hostile text; only plain text is kept here anyway.
    read = _feedparser.parse(
        io.BytesIO(_etree.tostring(root, encoding="utf-8")),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": base_url,
        },
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not read.get("version") or (read.get("bozo") and not read.entries):
        raise FeedRefused("the feed has no readable items; repair it at its source")
    for entry in read.entries:
        when = entry.get("published_parsed") or entry.get("updated_parsed")
        yield _Entry(
            id=str(entry.get("id") or "").strip(),
            link=str(entry.get("link") or ""),
            title=str(entry.get("title") or ""),
            published_at=_instant(when),
            summary=str(entry.get("summary") or ""),
        )


def _xml_root(markup: str) -> Any:
    """The root element of markup in any state, entities left alone; None if it is not XML."""
    parser = _etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return _etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except (_etree.XMLSyntaxError, ValueError):
        return None


def _markup(body: bytes, content_type: str) -> str:
    """``body`` as text without XML declaration, whose encoding would no longer be true."""
    declared = _DECLARED.match(body[:200].decode("ascii", "replace"))
    if declared and "charset" not in content_type.lower():
        content_type = f"{content_type}; charset={declared[1]}"
    text = decoded(body, content_type).replace("\x00", "").lstrip("\ufeff \t\r\n")
    text = text.partition("?>")[2] if text.startswith("<?xml") else text
    # Feeds use HTML's named entities; to an XML parser they are undefined and spoil the rest.
    return _NAMED_ENTITY.sub(lambda found: html.escape(html.unescape(found[0])), text)


def _instant(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _json_entries(body: bytes) -> Iterator[_Entry]:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        raise FeedRefused("the body is no valid JSON; give an RSS, Atom or JSON Feed") from None
    fields = cast("dict[str, object]", feed) if isinstance(feed, dict) else {}
    version, listed = str(fields.get("version", "")), fields.get("items")
    if "jsonfeed.org/version/1" not in version or not isinstance(listed, list):
        raise FeedRefused(
            "the body is JSON but no JSON Feed: version and items are needed;"
            " give version https://jsonfeed.org/version/1.1"
        )
    for thing in cast("list[object]", listed):
        item = cast("dict[str, object]", thing) if isinstance(thing, dict) else {}

        def text(*names: str, source: dict[str, object] = item) -> str:
            values = (source.get(name) for name in names)
            return next((str(value) for value in values if isinstance(value, str | int)), "")

        yield _Entry(
            id=text("id"),
            link=text("url", "external_url"),
            title=text("title"),
            published_at=moment(text("date_published", "date_modified")),
            summary=text("summary", "content_text", "content_html"),
        )
