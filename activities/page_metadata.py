"""What an HTML page says about itself: title, Open Graph, Twitter cards, JSON-LD.

Vocabularies: ogp.me, schema.org. Where they disagree, Open Graph wins: it is what the publisher
wrote for being shared.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import lxml.html

from models.contract.content import ContentType

_MAX_JSON_LD_NODES = 500
_MAX_TAGS = 20
_MAX_IMAGES = 8

# schema.org types we understand, and what kind of content they are.
_KINDS = {
    "Article": ContentType.ARTICLE,
    "NewsArticle": ContentType.ARTICLE,
    "BlogPosting": ContentType.ARTICLE,
    "Report": ContentType.ARTICLE,
    "TechArticle": ContentType.ARTICLE,
    "Product": ContentType.PRODUCT,
    "ProductGroup": ContentType.PRODUCT,
    "VideoGame": ContentType.GAME,
    "JobPosting": ContentType.JOB,
}
_OPEN_GRAPH_KINDS = {
    "article": ContentType.ARTICLE,
    "product": ContentType.PRODUCT,
    "product.item": ContentType.PRODUCT,
    "og:product": ContentType.PRODUCT,
    "game": ContentType.GAME,
}
_lxml = cast("Any", lxml.html)


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """A page's own words about itself, cleaned; empty where it says nothing.

    ``links`` are its claims to be found elsewhere (canonical link, then ``og:url``), as written;
    ``images`` all pictures it names, the one for sharing first; ``price`` what it costs, in the
    page's own figure with its currency ("19.90 EUR").
    ``body`` is the text that JSON-LD carries. ``content_type`` is None when nothing says.
    """

    title: str
    description: str
    body: str
    links: tuple[str, ...]
    images: tuple[str, ...]
    price: str
    author: str
    published_at: datetime | None
    language: str
    tags: tuple[str, ...]
    content_type: ContentType | None


def html_tree(markup: str) -> Any:
    """The element tree of a page, from markup in any state; None when nothing is left of it.

    No entity is expanded and nothing is loaded: libxml2's HTML parser has neither.
    """
    parser = _lxml.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return _lxml.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (_lxml.etree.ParserError, _lxml.etree.XMLSyntaxError, ValueError):
        return None


def read_metadata(tree: Any) -> PageMetadata:
    """Collect what ``tree`` (of ``html_tree``) says about itself."""
    meta = _meta(tree)
    linked = _linked_data(tree)

    def first(*names: str) -> str:
        return next((meta[name][0] for name in names if name in meta), "")

    title = first("og:title", "twitter:title") or _word(linked, "headline", "title", "name")
    description = first("og:description", "twitter:description") or _word(linked, "description")
    kind = _KINDS.get(str(linked.get("@type")))
    return PageMetadata(
        title=clean(title or _text(tree, "//title") or _text(tree, "//h1")),
        description=clean(plain(description or first("description"))),
        body=clean(plain(_word(linked, "articleBody", "text")), lines=True)
        or (clean(plain(_word(linked, "description"))) if kind is ContentType.JOB else ""),
        links=tuple(
            link
            for link in (*_attributes(tree, "//link[@rel='canonical']/@href"), first("og:url"))
            if link
        ),
        images=_images(meta, linked),
        price=_price(meta, linked),
        author=clean(_word(linked, "author") or _name(first("author", "article:author"))),
        published_at=moment(
            _word(linked, "datePublished", "datePosted") or first("article:published_time", "date")
        ),
        language=_language(
            next(iter(_attributes(tree, "/html/@lang")), "")
            or _word(linked, "inLanguage")
            or first("og:locale")
        ),
        tags=_tags(meta, linked),
        content_type=kind or _OPEN_GRAPH_KINDS.get(first("og:type").lower()),
    )


def clean(text: str, *, lines: bool = False) -> str:
    """``text`` without control and direction-changing characters, white space folded.

    Those characters let a page show an operator something else than it says. ``lines`` keeps
    line breaks.
    """
    text = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]", "", text)
    text = re.sub(r"[^\S\n]+" if lines else r"\s+", " ", text)
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", "", text)
    return re.sub(r" ?\n[\n ]*", "\n", text).strip()


def plain(text: str) -> str:
    """``text`` without markup, which feeds and job postings carry in their descriptions."""
    if "<" not in text and "&" not in text:
        return text
    tree = html_tree(f"<div>{text}</div>")
    return "" if tree is None else " ".join(tree.itertext())


def moment(text: str) -> datetime | None:
    """An ISO 8601 date or instant, aware (UTC where it names no zone); None if unreadable."""
    try:
        read = datetime.fromisoformat(text.strip())
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except ValueError:
        return None


def _meta(tree: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = str(element.get("property") or element.get("name") or "").strip().lower()
        content = str(element.get("content") or "").strip()
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _attributes(tree: Any, path: str) -> list[str]:
    return [str(value).strip() for value in tree.xpath(path)]


def _text(tree: Any, path: str) -> str:
    return next((text for node in tree.xpath(path) if (text := node.text_content().strip())), "")


def _linked_data(tree: Any) -> dict[str, Any]:
    """The first node of the page's JSON-LD whose type we understand."""
    for script in tree.xpath("//script[@type='application/ld+json']"):
        try:
            document = json.loads(script.text_content())
        except (ValueError, RecursionError):
            continue
        for node in _nodes(document):
            kinds = node.get("@type")
            names = cast("list[object]", kinds) if isinstance(kinds, list) else [kinds]
            known = next((str(name) for name in names if name in _KINDS), None)
            if known is not None:
                return {**node, "@type": known}
    return {}


def _nodes(document: object) -> Iterator[dict[str, Any]]:
    """All typed objects of a JSON-LD document, outermost first; a bounded number."""
    waiting: list[object] = [document]
    for _ in range(_MAX_JSON_LD_NODES):
        if not waiting:
            return
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting.extend(cast("list[object]", thing)[:_MAX_JSON_LD_NODES])
        elif isinstance(thing, dict):
            node = cast("dict[str, Any]", thing)
            yield node
            waiting.extend(node[name] for name in ("@graph", "mainEntity") if name in node)


def _word(node: dict[str, Any], *names: str) -> str:
    """The first of the properties that has a text: its own, its name or its address."""
    for name in names:
        value: object = node.get(name)
        if isinstance(value, list) and value:
            value = cast("list[object]", value)[0]
        if isinstance(value, dict):
            inner = cast("dict[str, object]", value)
            value = inner.get("name") or inner.get("url") or inner.get("contentUrl")
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _images(meta: dict[str, list[str]], linked: dict[str, Any]) -> tuple[str, ...]:
    names = ("og:image:secure_url", "og:image", "twitter:image", "twitter:image:src")
    found = [link for name in names for link in meta.get(name, [])]
    for name in ("image", "thumbnailUrl"):
        given: object = linked.get(name)
        every = cast("list[object]", given) if isinstance(given, list) else [given]
        found += [_word({name: one}, name) for one in every[:_MAX_IMAGES]]
    return tuple(dict.fromkeys(link for link in found if link))[:_MAX_IMAGES]


def _price(meta: dict[str, list[str]], linked: dict[str, Any]) -> str:
    """Amount and currency, where the page names both and nothing but one price."""
    offers: object = linked.get("offers")
    if isinstance(offers, list):
        every = cast("list[object]", offers)
        offers = every[0] if len(every) == 1 else None
    offer = cast("dict[str, Any]", offers) if isinstance(offers, dict) else {}
    amount = offer.get("price") or next(iter(meta.get("product:price:amount", [])), "")
    currency = offer.get("priceCurrency") or next(iter(meta.get("product:price:currency", [])), "")
    written, code = str(amount).strip(), str(currency).strip().upper()
    sound = re.fullmatch(r"\d{1,9}([.,]\d{1,2})?", written) and re.fullmatch(r"[A-Z]{3}", code)
    return f"{written} {code}" if sound else ""


def _name(text: str) -> str:
    return "" if "://" in text else text


def _language(text: str) -> str:
    text = text.strip().replace("_", "-")
    return text if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text) else ""


def _tags(meta: dict[str, list[str]], linked: dict[str, Any]) -> tuple[str, ...]:
    words = list(meta.get("article:tag", []))
    keywords: object = linked.get("keywords")
    if isinstance(keywords, list):
        words += [word for word in cast("list[object]", keywords) if isinstance(word, str)]
    elif isinstance(keywords, str):
        words += keywords.split(",")
    for line in meta.get("keywords", []):
        words += line.split(",")
    cleaned = (clean(word)[:100] for word in words)
    return tuple(dict.fromkeys(word for word in cleaned if word))[:_MAX_TAGS]
