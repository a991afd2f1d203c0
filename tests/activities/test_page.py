"""Pages: what they say about themselves, and what hostile ones try."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.article_file import article_from_file
from activities.page import PageRefused, decoded, read_article
from activities.web import Fetched
from models.contract.content import ContentType, promise_fingerprint

URL = "https://www.shop.example/blog/tea?utm_source=mail"
TEXT = (
    "Good tea begins with fresh water, brought just to the boil and poured over loose leaves. "
    "Wait three minutes, no longer, and stir once. Serve it in a warm cup with nothing else. "
)


def fetched(body: str | bytes, content_type: str = "text/html; charset=utf-8") -> Fetched:
    raw = body if isinstance(body, bytes) else body.encode()
    return Fetched(200, URL, URL, content_type, raw)


def page(head: str = "<title>Tea</title>", text: str = TEXT, attributes: str = "") -> str:
    paragraphs = f"<p>{text}</p>" * 2 if text else ""
    return (
        f"<!doctype html><html{attributes}><head>{head}</head><body>"
        f"<nav><a href='/'>Home</a></nav><article>{paragraphs}</article>"
        "<script>var x = 'not text';</script><footer>Imprint</footer></body></html>"
    )


def linked(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(fields)}</script>'


def test_open_graph_and_json_ld() -> None:
    head = """<title>Tea | Shop</title>
      <link rel="canonical" href="http://shop.example/blog/tea">
      <meta property="og:title" content="How to brew tea">
      <meta property="og:description" content="Three minutes &amp; no more">
      <meta property="og:image" content="/tea.jpg">
      <meta property="article:tag" content="tea"><meta name="keywords" content="tea, Water ,">
      <meta name="twitter:title" content="Other title">"""
    head += linked(
        **{
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "WebSite", "name": "Shop"},
                {
                    "@type": ["BlogPosting"],
                    "headline": "LD title",
                    "author": [{"@type": "Person", "name": "Ann Lee"}],
                    "datePublished": "2026-01-05T10:00:00+01:00",
                },
            ],
        }
    )
    article = read_article(fetched(page(head, attributes=' lang="en-GB"')))
    assert article.url == URL
    assert article.canonical_url == "https://shop.example/blog/tea"
    assert article.title == "How to brew tea"
    assert article.description == "Three minutes & no more"
    assert article.image_url == "https://www.shop.example/tea.jpg"
    assert article.tags == ("tea", "Water")
    assert article.author == "Ann Lee"
    assert article.published_at == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert article.language == "en-GB"
    assert article.content_type is ContentType.ARTICLE
    assert "fresh water" in article.text
    assert "not text" not in article.text
    assert article.fingerprint == promise_fingerprint(
        article.title, article.description, article.text
    )


def test_twitter_card_and_bare_title() -> None:
    card = '<meta name="twitter:title" content="Card">'
    card += '<meta name="twitter:image" content="//c.example/i">'
    article = read_article(fetched(page(card)))
    assert (article.title, article.image_url) == ("Card", "https://c.example/i")
    bare = read_article(fetched(page("<title> Just\n a  title </title>")))
    assert (bare.title, bare.canonical_url) == ("Just a title", "https://www.shop.example/blog/tea")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("NewsArticle", ContentType.ARTICLE),
        ("Product", ContentType.PRODUCT),
        ("VideoGame", ContentType.GAME),
        ("JobPosting", ContentType.JOB),
        ("Recipe", ContentType.ARTICLE),
    ],
)
def test_content_type_is_inferred_and_the_caller_wins(kind: str, expected: ContentType) -> None:
    body = page("<title>Tea</title>" + linked(**{"@type": kind, "name": "Tea"}))
    assert read_article(fetched(body)).content_type is expected
    asked = read_article(fetched(body), content_type=ContentType.GENERAL)
    assert asked.content_type is ContentType.GENERAL


def test_product_and_job_take_their_text_from_what_they_say() -> None:
    product = linked(**{"@type": "Product", "name": "Pot", "description": TEXT})
    assert "fresh water" in read_article(fetched(page(product, text=""))).text
    job = linked(**{"@type": "JobPosting", "title": "Cook", "description": f"<p>{TEXT}</p>"})
    article = read_article(fetched(page(job, text="")))
    assert (article.title, article.text[:8]) == ("Cook", "Good tea")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/",
        "https://notshop.example/",
        "https://example/",
        "javascript:alert(1)",
        "https://127.0.0.1/",
        "http://[bad/",
        "",
    ],
)
def test_canonical_link_to_another_site_is_ignored(link: str) -> None:
    body = page(f'<title>Tea</title><link rel="canonical" href="{link}">')
    assert read_article(fetched(body)).canonical_url == "https://www.shop.example/blog/tea"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("<!-- nothing -->", "empty|no title"),
        (page(head=""), "no title"),
        (page(text=""), "1 of at least 20 words"),
        (page(text="Only five words of text"), "too little text"),
        (
            "<html><head><title>App</title></head><body><div id=root></div></body></html>",
            "too little",
        ),
    ],
)
def test_empty_article_is_refused_in_one_sentence(body: str, problem: str) -> None:
    with pytest.raises(PageRefused, match=problem) as caught:
        read_article(fetched(body))
    assert "\n" not in str(caught.value)
    assert "utm_source" not in str(caught.value)


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "video/mp4", "text/css"])
def test_other_media_are_refused(kind: str) -> None:
    with pytest.raises(PageRefused, match="and no page"):
        read_article(fetched(b"%PDF-1.7", kind))


def test_chinese_counts_without_blanks() -> None:
    text = (
        "好茶始于新鲜的水,刚刚煮沸,浇在散叶上。等三分钟,不要更久,搅拌一次,用温暖的杯子端上来,什么也不加。"
        * 4
    )
    article = read_article(fetched(page("<title>茶</title>", text=text)))
    assert article.title == "茶"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>Café</title>".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ('<meta charset="windows-1252"><title>Café</title>'.encode("cp1252"), "text/html"),
        ('<meta charset="utf-16"><title>Café</title>'.encode(), "text/html"),
        ('<?xml version="1.0"?><title>Café</title>'.encode("utf-16"), "text/html"),
        ("\ufeff<title>Café</title>".encode(), "text/html; charset=latin-1"),
        ("<title>Café</title>".encode(), "text/html"),
        ("<title>Café</title>".encode(), "text/html; charset=hex"),
        ("<title>Café</title>".encode(), "text/html; charset=utf-7"),
        ("<title>Café</title>".encode(), "text/html; charset=no-such"),
    ],
)
def test_charsets(body: bytes, content_type: str) -> None:
    assert "<title>Café</title>" in decoded(body, content_type)


def test_invisible_characters_are_removed() -> None:
    head = "<title>Free\u202e\u200b tea\x07</title>"
    assert read_article(fetched(page(head))).title == "Free tea"


def test_no_entity_and_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("very secret words")
    body = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]><html><head><title>T &x;</title>'
        f"</head><body><article><p>&x; {TEXT}</p></article></body></html>"
    )
    for kind in ("text/html", "application/xhtml+xml"):
        assert "very secret" not in repr(read_article(fetched(body, kind)))


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 50_000 + TEXT,
        "<b><i>" * 50_000 + TEXT,
        "<" * 1_000_000,
        "<p " + "a=b " * 300_000 + ">",
        "<p>word</p>" * 400_000,
        "<a href=x>l</a> " * 200_000,
        "<title>T</title>" + linked(a=1).replace('{"a": 1}', "[" * 200_000),
        "<title>T</title>" + linked(**{"@graph": [{"@graph": [{}] * 1_000}] * 1_000}),
        "<title>" + "T" * 3_000_000,
        "\x00" * 1_000_000,
    ],
    ids=range(10),
)
def test_hostile_pages_end_soon(body: str) -> None:
    began = time.monotonic()
    with pytest.raises(PageRefused):
        read_article(fetched(body))
    assert time.monotonic() - began < 10


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "application/json"]))
def test_any_bytes_are_refused_politely(body: bytes, content_type: str) -> None:
    for start in (
        b"",
        b"<html><head><title>T</title><body>",
        b'<script type="application/ld+json">',
    ):
        with pytest.raises(PageRefused):
            read_article(fetched(start + body, content_type))


def test_long_pages_are_cut_and_fingerprinted_as_kept() -> None:
    article = read_article(fetched(page(f"<title>{'T' * 999}</title>", text=TEXT * 2_000)))
    assert len(article.title) == 300
    assert len(article.text) == 40_000


def test_json_document() -> None:
    document = {"url": "https://other.example/", "title": "Tea", "text": TEXT, "tags": ["a", " "]}
    article = read_article(fetched(json.dumps(document), "application/json"))
    assert (article.url, article.title, article.tags) == (URL, "Tea", ("a",))
    for broken in ("{", "[]", '{"title": 5}', '{"title": "T"}', '{"text": "x"}'):
        with pytest.raises(PageRefused):
            read_article(fetched(broken, "application/json"))


def test_http_page_is_refused() -> None:
    url = "http://shop.example/"
    with pytest.raises(PageRefused, match="not https"):
        read_article(Fetched(200, url, url, "text/html", page().encode()))


# -- files -------------------------------------------------------------------------------------


def write(directory: Path, name: str, content: str) -> Path:
    path = directory / name
    path.write_text(content)
    return path


def test_markdown_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "tea.md",
        "---\nurl: https://shop.example/tea\ntitle: Brew tea\ntags: [tea, water]\n"
        "published_at: 2026-01-05\ncontent_type: article\n---\n"
        f"# Tea\n\n![cup](cup.jpg)\n\n**{TEXT}** See [the shop](https://shop.example).\n",
    )
    article = article_from_file(path)
    assert (article.url, article.title) == ("https://shop.example/tea", "Brew tea")
    assert article.tags == ("tea", "water")
    assert article.published_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert article.text.startswith("Tea\nGood tea")
    assert article.text.endswith("See the shop.")


def test_html_and_json_files(tmp_path: Path) -> None:
    head = '<title>Tea</title><link rel="canonical" href="https://shop.example/tea">'
    article = article_from_file(write(tmp_path, "tea.html", page(head)))
    assert (article.url, article.title) == ("https://shop.example/tea", "Tea")
    fields = {"url": "https://shop.example/tea", "title": "Tea", "text": TEXT}
    same = article_from_file(write(tmp_path, "tea.json", json.dumps(fields)))
    assert same.canonical_url == article.canonical_url


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.html", page(), "no public address"),
        ("b.html", page('<title>T</title><link rel="canonical" href="/tea">'), "not https"),
        ("c.json", json.dumps({"title": "T", "text": TEXT}), "'url'"),
        ("d.json", json.dumps({"url": "http://a.example/", "title": "T", "text": TEXT}), "https"),
        ("e.md", TEXT, "front matter"),
        ("f.md", "---\ntitle: T\n---\n" + TEXT, "'url'"),
        ("g.md", "---\n: [\n---\n" + TEXT, "YAML"),
        ("h.md", "---\njust words\n---\n" + TEXT, "no fields"),
        ("i.md", "---\nurl: https://a.example/\ntitle: T\n---\nshort", "at least 20"),
        ("j.md", "---\na: &a [x]\n" + "b: *a\n" * 5_000 + "---\n" + TEXT, "front matter"),
        ("k.pdf", "%PDF", "use .html"),
        ("l.md", "---\nurl: !!python/object:os.system x\n---\n", "YAML"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: str, problem: str) -> None:
    with pytest.raises(PageRefused, match=problem):
        article_from_file(write(tmp_path, name, content))


def test_missing_and_large_files(tmp_path: Path) -> None:
    with pytest.raises(PageRefused, match="cannot be read"):
        article_from_file(tmp_path / "none.md")
    with pytest.raises(PageRefused, match="cannot be read"):
        article_from_file(tmp_path)
    with pytest.raises(PageRefused, match="larger than"):
        article_from_file(write(tmp_path, "big.md", "x" * 5_000_001))


def test_a_products_photos_and_price_are_read() -> None:
    head = linked(
        **{
            "@type": "Product",
            "name": "Oak stool",
            "image": ["https://shop.example/1.jpg", {"url": "/2.jpg"}, "javascript:alert(1)"],
            "offers": {"@type": "Offer", "price": 89.5, "priceCurrency": "eur"},
        }
    )
    article = read_article(fetched(page(head)))
    assert article.images == ("https://shop.example/1.jpg", "https://www.shop.example/2.jpg")
    assert (article.image_url, article.price) == (article.images[0], "89.5 EUR")


@pytest.mark.parametrize(
    "offers",
    [
        [{"price": "9", "priceCurrency": "EUR"}, {"price": "19", "priceCurrency": "EUR"}],
        {"price": "from 9", "priceCurrency": "EUR"},
        {"price": "9"},
        "free",
    ],
)
def test_a_price_that_is_not_one_price_is_none(offers: object) -> None:
    head = linked(**{"@type": "Product", "name": "Stool", "offers": offers})
    assert read_article(fetched(page(head))).price == ""
