"""Reading an article from a fetched page."""

import codecs
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import trafilatura
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator
from trafilatura.utils import detect_encoding

from activities.page_metadata import clean, html_tree, moment, read_metadata
from activities.web import Fetched
from models.contract.content import Article, ContentType, promise_fingerprint
from models.contract.urls import canonical, same_site, without_secrets

MIN_WORDS = 20
"""An article of fewer words gives nothing to judge and nothing to promise."""

_MAX_TITLE = 300
_MAX_DESCRIPTION = 2_000
_MAX_TEXT = 40_000  # an article travels through workflow histories
_MAX_TREE_ELEMENTS = 60_000  # a few seconds of extraction
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
# Written CJK, Thai, Lao, Khmer and Burmese has no blanks between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class PageRefused(Exception):
    """The page holds no article we can promote; the message is one sentence that says why."""


class _Document(BaseModel):
    """An article written as JSON or front matter instead of as a page."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    url: str
    title: str = Field(min_length=1)
    description: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    images: tuple[str, ...] = ()
    price: str = Field(default="", max_length=40)
    author: str | None = None
    published_at: AwareDatetime | None = None
    language: str | None = None
    content_type: ContentType = ContentType.ARTICLE

    @field_validator("published_at", mode="before")
    @classmethod
    def _aware(cls, value: object) -> object:
        # YAML reads dates by itself, and people write them without a zone.
        return moment(str(value)) or value if value else None


def read_article(fetched: Fetched, *, content_type: ContentType | None = None) -> Article:
    """The article on a fetched page: HTML, or a JSON document with the fields of ``Article``.

    Takes up to a few seconds of processor time on a hostile page: call it from a thread.

    Args:
        fetched: A page with status 200.
        content_type: What it is; by default what the page says of itself, else an article.

    Raises:
        PageRefused: no page, no title, or fewer than ``MIN_WORDS`` words.
    """
    media = fetched.content_type.partition(";")[0].strip().lower()
    if media == "application/json" or (media.startswith("application/") and "+json" in media):
        return read_document(fetched.body, fetched.final_url, content_type)
    if media not in ("", "text/html", "application/xhtml+xml", "text/plain"):
        raise PageRefused(
            f"{_shown(fetched.final_url)} is {media[:60]!r} and no page; give an HTML address"
        )
    return read_html(
        decoded(fetched.body, fetched.content_type), fetched.final_url, content_type=content_type
    )


def read_html(markup: str, url: str | None, *, content_type: ContentType | None = None) -> Article:
    """The article in ``markup``, found at ``url``; None reads the address from the page.

    Raises:
        PageRefused: as ``read_article``, or no https address.
    """
    tree = html_tree(markup.replace("\x00", ""))
    if tree is None:
        raise PageRefused(f"{_shown(url)} is empty; publish the article, or give its text")
    said = read_metadata(tree)
    if url is None:
        if not said.links:
            raise PageRefused(
                "the file names no public address;"
                ' add <link rel="canonical" href="https://…"> to its head'
            )
        url = said.links[0]
    kind = content_type or said.content_type or ContentType.ARTICLE
    text = _main_text(tree, url)
    if _words(text) < MIN_WORDS:
        # Built by scripts, or a shop's pictures and buttons: what it says of itself is left.
        from_shop = said.description if kind in (ContentType.PRODUCT, ContentType.GAME) else ""
        text = said.body or from_shop or text
    return _article(
        url=url,
        identity=_identity(url, said.links),
        title=said.title,
        description=said.description,
        text=text,
        tags=said.tags,
        **_pictures(url, said.images),
        price=said.price,
        author=said.author or None,
        published_at=said.published_at,
        language=said.language or None,
        content_type=kind,
    )


def read_document(
    body: bytes | str, url: str | None, content_type: ContentType | None = None
) -> Article:
    """The article in a JSON document with the fields of ``Article``; ``url`` wins over its own.

    Raises:
        PageRefused: no JSON object, a field of the wrong kind, or as ``read_article``.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise PageRefused(f"{_shown(url)} is no valid JSON; repair it") from None
    if not isinstance(fields, dict):
        raise PageRefused(f"{_shown(url)} is no JSON object; give url, title and text in one")
    given: dict[str, Any] = dict(fields)  # pyright: ignore[reportUnknownArgumentType]
    return from_fields(given if url is None else {**given, "url": url}, content_type)


def from_fields(fields: dict[str, Any], content_type: ContentType | None = None) -> Article:
    """The article given by its fields: ``url`` and ``title``, and ``text`` or ``description``.

    Raises:
        PageRefused: a field is missing or of the wrong kind, or as ``read_article``.
    """
    try:
        given = _Document.model_validate(fields)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in fault["loc"])
        raise PageRefused(f"field {field!r} of the article: {fault['msg']}; correct it") from None
    text = clean(given.text, lines=True)
    kind = content_type or given.content_type
    return _article(
        url=given.url,
        identity=_identity(given.url, ()),
        title=clean(given.title),
        description=clean(given.description),
        text=text or clean(given.description),
        tags=tuple(tag for tag in map(clean, given.tags) if tag)[:20],
        **_pictures(given.url, (given.image_url or "", *given.images)),
        price=clean(given.price),
        author=clean(given.author or "") or None,
        published_at=given.published_at,
        language=given.language,
        content_type=kind,
    )


def decoded(body: bytes, content_type: str) -> str:
    """``body`` as text: byte order mark, header, the page's own word, then a guess.

    The order of the HTML standard, section 13.2.3. Bytes that do not fit are replaced.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    names = [match[1] for match in [_CHARSET.search(content_type)] if match]
    declared = _CHARSET.findall(body[:4_096].decode("ascii", "replace"))[:1]
    # A declaration that could be read as ASCII cannot be in UTF-16, whatever it says.
    names += ["utf-8" if name.lower().startswith("utf-16") else name for name in declared]
    for name in names:
        try:
            if codecs.lookup(name).name not in ("utf-7", "idna", "punycode"):
                # Browsers read Latin-1 as Windows-1252, and pages rely on it.
                return body.decode("cp1252" if "8859-1" in name else name, "replace")
        except (LookupError, ValueError):
            continue  # an unknown name, or one of Python's codecs that are no charset
    guesses = detect_encoding(body)
    return body.decode(guesses[0] if guesses else "cp1252", "replace")


def _main_text(tree: Any, url: str) -> str:
    if sum(1 for _ in tree.iter()) > _MAX_TREE_ELEMENTS:
        raise PageRefused(
            f"{_shown(url)} has over {_MAX_TREE_ELEMENTS:,} elements;"
            " give a page of one article, or its text"
        )
    text = trafilatura.extract(tree, include_comments=False, include_tables=False)
    return clean(text or "", lines=True)


def _article(*, url: str, identity: str, title: str, text: str, **rest: Any) -> Article:
    if not title:
        raise PageRefused(f"{_shown(url)} has no title; give the page one")
    if _words(text) < MIN_WORDS:
        raise PageRefused(
            f"{_shown(url)} has too little text ({_words(text)} of at least {MIN_WORDS} words);"
            " publish the text, or give it in the event"
        )
    title, text = title[:_MAX_TITLE], text[:_MAX_TEXT]
    description = str(rest.pop("description"))[:_MAX_DESCRIPTION]
    return Article(
        url=url,
        canonical_url=identity,
        title=title,
        description=description,
        text=text,
        fingerprint=promise_fingerprint(title, description, text),
        **rest,
    )


def _identity(url: str, links: tuple[str, ...]) -> str:
    """The address a page is known by: its own claim, believed only within its own site."""
    try:
        own = canonical(url)
    except ValueError as error:
        raise PageRefused(str(error)) from None
    for link in links:
        try:
            # Many sites moved to https and left http in their templates.
            claim = canonical(re.sub(r"^http:", "https:", urljoin(url, link)))
        except ValueError:
            continue
        if same_site(urlsplit(claim).hostname or "", urlsplit(own).hostname or ""):
            return claim
    return own


def _pictures(url: str, links: Sequence[str]) -> dict[str, Any]:
    """The page's pictures with their public addresses; the first is the one it is shared with."""
    found: list[str] = []
    for link in links:
        try:
            full = urljoin(url, link.strip()) if link.strip() else ""
            canonical(full)
        except ValueError:
            continue
        found.append(full)
    return {"image_url": found[0] if found else None, "images": tuple(dict.fromkeys(found))}


def _words(text: str) -> int:
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + unspaced // 2


def _shown(url: str | None) -> str:
    return "the file" if url is None else f"url {without_secrets(url)!r}"
