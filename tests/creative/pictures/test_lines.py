"""Lines as a typographer breaks them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.pictures.lines import break_lines, pieces

WORDS = st.lists(st.text("abcdeh", min_size=1, max_size=9), min_size=1, max_size=10)


def width(text: str) -> float:
    return float(len(text))


@settings(max_examples=60)
@given(WORDS, st.integers(1, 5))
def test_no_word_is_lost_or_moved(words: list[str], count: int) -> None:
    broken = break_lines(" ".join(words), count, width)
    if len(words) < count:
        assert broken is None
        return
    assert broken is not None
    assert len(broken.lines) == count
    assert " ".join(broken.lines) == " ".join(words)
    assert broken.widest == max(map(width, broken.lines))


@settings(max_examples=40)
@given(st.lists(st.text("abcdeh", min_size=4, max_size=7), min_size=8, max_size=12))
def test_lines_are_even(words: list[str]) -> None:
    broken = break_lines(" ".join(words), 2, width)
    assert broken is not None
    # One word more or less is all that two even lines may differ by.
    assert abs(width(broken.lines[0]) - width(broken.lines[1])) <= 2 * 8


@pytest.mark.parametrize(
    ("text", "count", "lines"),
    [
        ("Why forty lofts still stand", 2, ("Why forty lofts", "still stand")),
        # Even lines, not a full first one and a lonely last word.
        ("Nets for every harbour in town now", 2, ("Nets for every", "harbour in town now")),
        ("Mended within 3 days by people", 2, ("Mended within", "3 days by people")),
        ("A state-of-the-art workshop", 2, ("A state-of-the-", "art workshop")),
        ("Save\u00a050\u00a0% on nets", 2, ("Save\u00a050\u00a0%", "on nets")),
        ("漁網を三日で直します。", 2, ("漁網を三日", "で直します。")),
        ("漁網を直す。今すぐ", 3, ("漁網を", "直す。", "今すぐ")),
        ("  two \n words ", 1, ("two words",)),
    ],
)
def test_headlines(text: str, count: int, lines: tuple[str, ...]) -> None:
    broken = break_lines(text, count, width)
    assert broken is not None
    assert broken.lines == lines


def test_a_number_is_not_parted_from_what_it_counts() -> None:
    broken = break_lines("Now only 1200 nets remain there", 2, width)
    assert broken is not None
    assert not broken.lines[0].endswith("1200")


def test_nothing_has_no_lines() -> None:
    assert pieces("  ") == ()
    assert break_lines("", 1, width) is None
