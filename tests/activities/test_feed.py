"""Feeds: what is new in them, and what strangers put into them."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.feed import MAX_ITEMS, MAX_SEEN, FeedRefused, fresh, parse_feed
from models.contract.content import FeedItem, FeedState

BASE = "https://shop.example/feed.xml"

RSS = """<?xml version="1.0" encoding="iso-8859-1"?>
<rss version="2.0"><channel><title>Shop</title><link>https://shop.example/</link>
<item><title>Café &amp; tea</title><link>/cafe</link><guid isPermaLink="false">42</guid>
<pubDate>Mon, 05 Jan 2026 10:00:00 +0100</pubDate>
<description>&lt;p&gt;Hot &lt;b&gt;and&lt;/b&gt;&nbsp;strong&lt;/p&gt;</description></item>
<item><title>Bad</title><link>javascript:alert(1)</link><guid isPermaLink="false">43</guid></item>
<item><title>Plain</title><link>http://shop.example/plain</link></item>
<item><title>No link</title></item>
<item><title>Permalink</title><guid>https://shop.example/perma</guid></item>
<item><title>Again</title><link>/cafe</link><guid isPermaLink="false">42</guid></item>
</channel></rss>""".encode("iso-8859-1")

ATOM = """<?xml version="1.0" encoding="utf-16"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://shop.example/blog/">
<entry><id>tag:shop.example,2026:1</id><link rel="alternate" href="tea"/>
<title type="html">Tea &amp;amp; &amp;lt;b&amp;gt;water</title>
<published>2026-01-02T03:04:05+02:00</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Boil it</p></div></content>
</entry></feed>""".encode("utf-16")

JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Shop",
        "items": [
            {
                "id": 7,
                "url": "/tea",
                "title": "Tea",
                "content_html": "<p>Boil &amp; pour</p>",
                "date_published": "2026-01-02T03:04:05Z",
            },
            {"id": "8", "url": "ftp://shop.example/x"},
            "no item",
        ],
    }
).encode()


def test_rss() -> None:
    feed = parse_feed(RSS, "application/rss+xml", base_url=BASE)
    assert feed.items == [
        FeedItem(
            id="42",
            url="https://shop.example/cafe",
            title="Café & tea",
            published_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
            summary="Hot and strong",
        ),
        FeedItem(
            id="https://shop.example/perma", url="https://shop.example/perma", title="Permalink"
        ),
    ]
    assert [identity for identity, _ in feed.refused] == [
        "43",
        "http://shop.example/plain",
        "(no id)",
    ]
    assert all("https" in reason for _, reason in feed.refused)


def test_atom_with_base_and_utf_16() -> None:
    feed = parse_feed(ATOM, "application/atom+xml", base_url=BASE)
    (item,) = feed.items
    assert item.url == "https://shop.example/blog/tea"
    assert item.title == "Tea & <b>water"
    assert item.published_at == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert item.summary == "Boil it"


def test_json_feed() -> None:
    feed = parse_feed(JSON_FEED, "application/feed+json", base_url=BASE)
    (item,) = feed.items
    assert (item.id, item.url, item.title) == ("7", "https://shop.example/tea", "Tea")
    assert item.summary == "Boil & pour"
    assert [identity for identity, _ in feed.refused] == ["8", "(no id)"]
    assert parse_feed(JSON_FEED, "", base_url=BASE).items == feed.items


def test_rss_1_and_empty_feed() -> None:
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/"><item rdf:about="https://a.example/r"><title>t</title>
      <link>https://a.example/r</link></item></rdf:RDF>"""
    assert [item.url for item in parse_feed(rdf, "").items] == ["https://a.example/r"]
    empty = b'<rss version="2.0"><channel><title>t</title></channel></rss>'
    assert parse_feed(empty, "text/xml").items == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/rss+xml"),
        (b"just words", "text/plain"),
        (b"<html><body><p>Hello</p></body></html>", "text/html"),
        (b"<!DOCTYPE html><html><head><title>Login</title></head></html>", "application/rss+xml"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/xml"),
        (b'{"items": []}', "application/json"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "application/feed+json"),
        (b"{broken", "application/feed+json"),
        (b"[" * 100_000, "application/json"),
        (b"[]", ""),
        (b"\x00\x01\x02\xff", "application/octet-stream"),
        (b"<" * 1_000_000, "text/xml"),
        (b"<rss version='2.0'><channel><item><title>" + b"<a " * 500_000, "text/xml"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_sentence(body: bytes, content_type: str) -> None:
    with pytest.raises(FeedRefused) as caught:
        parse_feed(body, content_type, base_url=BASE)
    assert "\n" not in str(caught.value)


BOMB = (
    """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">"""
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]><rss version='2.0'><channel><item><title>&lol9;</title>"
    "<link>https://a.example/</link></item></channel></rss>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bomb(encoding: str) -> None:
    with pytest.raises(FeedRefused, match="entities"):
        parse_feed(BOMB.encode(encoding), "text/xml")


def test_external_entity_is_not_read() -> None:
    body = b"""<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/passwd">]>
      <rss version="2.0"><channel><item><title>&file;</title></item></channel></rss>"""
    with pytest.raises(FeedRefused, match="entities"):
        parse_feed(body, "text/xml")
    hidden = b"<!-- <rss -->" + body
    feed = parse_feed(hidden.replace(b"<title>", b"<link>https://a.example/</link><title>"), "")
    assert "root:" not in repr(feed)


def test_article_about_entities_is_no_bomb() -> None:
    body = b"""<rss version="2.0"><channel><item><link>https://a.example/</link>
      <title><![CDATA[What <!ENTITY means &eacute;]]></title></item></channel></rss>"""
    assert len(parse_feed(body, "text/xml").items) == 1


def test_broken_off_feed_gives_what_it_holds() -> None:
    cut = RSS[: RSS.index(b"<item><title>Bad")]
    assert [item.id for item in parse_feed(cut, "", base_url=BASE).items] == ["42"]


def test_endless_feed_is_cut() -> None:
    item = "<item><link>https://a.example/{n}</link><title>t</title></item>"
    body = "<rss version='2.0'><channel>{}</channel></rss>".format(
        "".join(item.format(n=n) for n in range(20_000))
    )
    assert len(parse_feed(body.encode(), "text/xml").items) == MAX_ITEMS


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["", "<rss><channel><item>", "<feed>", "{"]))
def test_any_bytes_give_a_feed_or_a_refusal(body: bytes, start: str) -> None:
    with contextlib.suppress(FeedRefused):
        parse_feed(start.encode() + body, "", base_url=BASE)


# -- what is new -------------------------------------------------------------------------------


def item(n: int, *, dated: bool = True) -> FeedItem:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n)
    return FeedItem(id=f"i{n}", url=f"https://a.example/{n}", published_at=at if dated else None)


def test_first_run_promotes_nothing_and_later_runs_only_what_is_new() -> None:
    new, state = fresh([item(3), item(2), item(1)], FeedState())
    assert new == []
    assert state.started
    new, state = fresh([item(5), item(4), item(3), item(2)], state, etag='"b"')
    assert [entry.id for entry in new] == ["i4", "i5"], "oldest first"
    assert state.etag == '"b"'
    new, state = fresh([item(5), item(4), item(3), item(2), item(1)], state)
    assert new == [], "an item that comes back is not new"


def test_first_run_of_an_empty_feed_counts() -> None:
    _, state = fresh([], FeedState())
    new, _ = fresh([item(1)], state)
    assert [entry.id for entry in new] == ["i1"]


def test_first_run_may_promote_the_newest() -> None:
    new, state = fresh([item(1), item(3), item(2)], FeedState(), first_run_promotes=2)
    assert [entry.id for entry in new] == ["i2", "i3"]
    assert fresh([item(1), item(3), item(2)], state)[0] == []
    assert len(fresh([item(1)], FeedState(), first_run_promotes=9)[0]) == 1


def test_undated_items_come_in_reverse_feed_order() -> None:
    _, state = fresh([], FeedState())
    undated = [item(n, dated=False) for n in (3, 2, 1)]
    assert [entry.id for entry in fresh(undated, state)[0]] == ["i1", "i2", "i3"]


def test_state_is_bounded_and_never_forgets_what_is_still_there() -> None:
    state = FeedState()
    always = [item(100_000 + n) for n in range(500)]
    for start in range(0, 5_000, 400):
        new, state = fresh([*always, *(item(n) for n in range(start, start + 400))], state)
        assert len(new) == (0 if start == 0 else 400)
        assert len(state.seen) <= MAX_SEEN
    assert len(state.model_dump_json()) < 50_000
    assert fresh(always, state)[0] == []
