"""How long a text is on each network, and for the strictest of them (D8, D33, BUG-66)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.counting import WAYS, length, primary_room
from models.contract.creative import AdCopy
from models.contract.vocabulary import Platform
from platforms.errors import Refused
from platforms.network import CopyLimits
from platforms.registry import capabilities
from platforms.tiktok.text import width
from platforms.x.post import POST_LIMIT, checked_text

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("", 0),
        ("plain words", 11),
        ("café", 4),
        ("cafe\u0301", 4),
        ("“quotes” – and ’s…", 19),
        ("Ελληνικά Привет שלום", 20),
        ("港の網", 6),
        ("한국어", 6),
        ("ไทย", 3),
        ("😀", 2),
        ("👍🏽", 2),
        ("👩\u200d💻", 2),
        (FAMILY, 2),
        ("🇯🇵", 2),
        ("🇯🇵🇫🇷", 4),
        ("1\ufe0f\u20e3", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        (f"a{FAMILY}b", 4),
        ("see https://journal.example/" + "y" * 80 + " now", 4 + 23 + 4),
    ],
)
def test_x_weighs_links_emoji_and_wide_characters(text: str, counted: int) -> None:
    assert length(text, Platform.X) == counted
    assert length(text) == counted, "without a network, the strictest way"


@pytest.mark.parametrize(
    ("platform", "text", "counted"),
    [
        (Platform.META, "港の網", 3),
        (Platform.META, FAMILY, 7),
        (Platform.TELEGRAM, "港の網", 3),
        (Platform.SNAPCHAT, "한국어", 3),
        (Platform.GOOGLE, "港の網", 6),
        (Platform.GOOGLE, "café", 4),
        (Platform.GOOGLE, "ＷＩＤＥ", 8),
        (Platform.TIKTOK, "港の網", 6),
        (Platform.META, "cafe\u0301", 4),
        (Platform.META, "https://journal.example/", 24),
    ],
)
def test_each_network_counts_in_its_own_way(platform: Platform, text: str, counted: int) -> None:
    assert length(text, platform) == counted


def test_every_network_has_a_way() -> None:
    assert set(WAYS) == set(Platform)


@given(st.text(max_size=60).filter(lambda text: "http" not in text.lower()))
def test_what_is_counted_is_what_tiktoks_adapter_counts(text: str) -> None:
    assert length(text, Platform.TIKTOK) == width(text)


@pytest.mark.parametrize("one", [FAMILY, "👍🏽", "🇩🇪", "広", "a"])
def test_xs_adapter_takes_as_many_as_are_counted_and_no_more(one: str) -> None:
    room = primary_room(capabilities(Platform.X).copy_limits) // length(one, Platform.X)
    copy = AdCopy(angle="benefit", headline="Nets", primary_text=one * room)
    link = "https://journal.example/" + "x" * 60
    assert length(checked_text(copy, link), Platform.X) == POST_LIMIT
    with pytest.raises(Refused, match=f"counts {POST_LIMIT + length(one, Platform.X)} characters"):
        checked_text(copy.model_copy(update={"primary_text": one * (room + 1)}), link)


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(Platform))
def test_joining_never_hides_length(one: str, other: str, platform: Platform) -> None:
    assert length(f"{one} {other}", platform) >= max(length(one, platform), length(other, platform))


def test_a_link_and_a_disclaimer_take_their_share() -> None:
    assert primary_room(capabilities(Platform.X).copy_limits) == 256
    assert primary_room(CopyLimits(125, 40, 30)) == 125
    assert primary_room(CopyLimits(125, 40, 30), "Capital at risk.", Platform.META) == 108
