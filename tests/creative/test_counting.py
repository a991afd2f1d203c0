"""How long a text is for the strictest network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.counting import length, primary_room
from models.contract.vocabulary import Platform
from platforms.network import CopyLimits
from platforms.registry import capabilities
from platforms.x.post import post_length


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
        ("👍🏽", 4),
        ("👩‍💻", 5),
        ("🇯🇵", 4),
    ],
)
def test_wide_characters_and_emoji_count_twice(text: str, counted: int) -> None:
    assert length(text) == counted


@given(st.text(max_size=60).filter(lambda text: "http" not in text.lower()))
def test_our_count_is_xs_count(text: str) -> None:
    assert length(text) == post_length(text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_joining_never_hides_length(one: str, other: str) -> None:
    assert length(f"{one} {other}") >= max(length(one), length(other)) + 1


def test_a_link_takes_its_share() -> None:
    assert primary_room(capabilities(Platform.X).copy_limits) == 256
    assert primary_room(CopyLimits(125, 40, 30)) == 125
