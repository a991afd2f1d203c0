"""Addresses and promises of content (J4, D13, BUG-34)."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.content import (
    EventType,
    canonical,
    content_id,
    promise_fingerprint,
    tracked_link,
)
from models.contract.urls import same_site
from models.contract.vocabulary import Platform

labels = st.from_regex(r"[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,5})?", fullmatch=True)
hosts = st.lists(labels, min_size=2, max_size=4).map(".".join)
segments = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/?#\\%&=+"),
    max_size=8,
)
paths = st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(parts))
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
names = words.filter(lambda name: not name.lower().startswith(("utm_", "mc_", "ref")))
queries = st.lists(st.tuples(names, words), max_size=5)


def joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


@given(hosts, paths, queries)
def test_canonical_is_stable(host: str, path: str, query: list[tuple[str, str]]) -> None:
    once = canonical(f"https://{host}{path}?{joined(query)}")
    assert canonical(once) == once
    parts = urlsplit(once)
    assert (parts.scheme, parts.hostname, parts.fragment) == ("https", host, "")
    assert once.isascii()
    assert "/../" not in parts.path
    assert parts.path == "/" or not parts.path.endswith("/")


@given(hosts, paths, queries, st.randoms())
def test_spellings_of_one_address(
    host: str, path: str, query: list[tuple[str, str]], random: object
) -> None:
    plain = canonical(f"https://{host}{path}?{joined(query)}")
    noisy = [*query, ("utm_source", "x"), ("fbclid", "1"), ("MC_cid", "2"), ("gclid", "3")]
    noisy.append(("ref", "friend"))
    random.shuffle(noisy)  # type: ignore[attr-defined]
    assert canonical(f" https://{host.upper()}.:443{path}/?{joined(noisy)}#part ") == plain
    assert content_id("t", plain) == content_id("t", f"https://{host}{path}?{joined(noisy)}")


@given(st.text(max_size=40))
def test_any_text_gives_an_address_or_one_sentence(text: str) -> None:
    for url in (text, "https://" + text, "https://shop.example/" + text):
        try:
            answer = canonical(url)
        except ValueError as error:
            answer = f"{type(error).__name__}: {error}"
        assert answer.startswith(("https://", "ValueError: url "))
        assert "\n" not in answer


@given(hosts, paths, queries)
def test_tracked_link_keeps_page_and_identity(
    host: str, path: str, query: list[tuple[str, str]]
) -> None:
    url = f"https://{host}{path}?{joined(query)}"
    link = tracked_link(
        url, platform=Platform.TIKTOK, campaign_id="c 1", creative_id="v1", ref="X&Y"
    )
    assert canonical(link) == canonical(url)
    fields = parse_qsl(urlsplit(link).query)
    assert fields[-5:] == [
        ("utm_source", "tiktok"),
        ("utm_medium", "paid"),
        ("utm_campaign", "c 1"),
        ("utm_content", "v1"),
        ("ref", "X&Y"),
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Shop.Example", "https://shop.example/"),
        ("https://shop.example/a/./b/../c/", "https://shop.example/a/c"),
        ("https://shop.example/../../a", "https://shop.example/a"),
        ("https://shop.example/%7Euser/%2f", "https://shop.example/~user/%2F"),
        ("https://shop.example/100%", "https://shop.example/100%25"),
        ("https://shop.example/tee%20und%20mehr", "https://shop.example/tee%20und%20mehr"),
        ("https://Straße.example/ä", "https://xn--strae-oqa.example/%C3%A4"),
        ("https://shop.example:8443/a", "https://shop.example:8443/a"),
        ("https://shop.example/?b=1&a=2&a=1", "https://shop.example/?a=1&a=2&b=1"),
        ("https://shop.example/?reference=1", "https://shop.example/?reference=1"),
        ("https://shop.example/?a", "https://shop.example/?a="),
    ],
)
def test_canonical_examples(url: str, expected: str) -> None:
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "//shop.example/",
        "http://shop.example/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://a.0x7f/",
        "https://１２７.0.0.1/",
        "https://[::1]/",
        "https://[::1/",
        "https://me:secret@shop.example/",
        "https://shop..example/",
        "https://-shop.example/",
        "https://shop.example:99999/",
        "https://shop.example:port/",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a b",
        "https://shop.example/a\nb",
        "https://shop.example/" + "a" * 2_048,
        "https://shop.example/?" + "a=1&" * 201,
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_refused_addresses_name_field_value_and_way_out(url: str) -> None:
    with pytest.raises(ValueError, match=r"^url '.*'.*; .*") as caught:
        canonical(url)
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^url"):
        tracked_link(url, platform=Platform.X, campaign_id="c", creative_id="v", ref="r")


def test_tracked_link_replaces_its_own_names_and_keeps_the_fragment() -> None:
    link = tracked_link(
        "https://shop.example?utm_source=mail&size=L&flag#reviews",
        platform=Platform.META,
        campaign_id="c1",
        creative_id="v2",
        ref="R1",
    )
    assert link == (
        "https://shop.example/?size=L&flag&utm_source=meta&utm_medium=paid"
        "&utm_campaign=c1&utm_content=v2&ref=R1#reviews"
    )


def test_content_id_is_per_team() -> None:
    one, other = content_id("t1", "https://a.example/"), content_id("t2", "https://a.example/")
    assert one != other
    assert len(one) == 16
    int(one, 16)


def test_fingerprint_sees_the_promise_only() -> None:
    plain = promise_fingerprint("Tea", "Best tea", "Boil water. " * 500)
    assert plain == promise_fingerprint(" Tea\n", "Best  tea", "Boil\twater. " * 500 + "Cookies.")
    assert plain != promise_fingerprint("Tea", "Best tea, half price", "Boil water. " * 500)
    assert promise_fingerprint("a", "b", "") != promise_fingerprint("", "a", "b")
    assert promise_fingerprint("Caf\u00e9", "", "") == promise_fingerprint("Cafe\u0301", "", "")


def test_event_types_know_their_wire_names() -> None:
    for member in EventType:
        assert EventType.parse(member.wire_name) is member
    with pytest.raises(ValueError, match=r"post\.published"):
        EventType.parse("other")


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("a.example", "a.example", True),
        ("www.a.example", "blog.a.example", True),
        ("a.example", "b.example", False),
        ("nota.example", "a.example", False),
        ("a.example", "example", False),
    ],
)
def test_same_site(one: str, other: str, related: bool) -> None:
    assert same_site(one, other) is related
    assert same_site(other, one) is related
