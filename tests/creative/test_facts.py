"""What a text states, and whether its source does (BUG-13, D35)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.facts import quantities, sentences, superlatives, unsupported

SOURCE = (
    "The town mends 1,200 nets a year; 5.5 percent are new. Entry is $25 or 20 euros. It opens on "
    "2026-05-04 for 50,000 members, 3 times as many as before. “We mend by hand,” says Ana."
)


@pytest.mark.parametrize(
    "text",
    [
        "1200 nets", "1.200 nets", "5.5% new", "5,5 Prozent neu", "25 dollars", "US$25", "€20",
        "50K members", "50 thousand members", "opens 4 May", "May 4th", "4. Mai", "el 4 de mayo",
        "4 Mayıs", "3x as many", "she says “we mend by hand”", "no figures at all",
    ],
)  # fmt: skip
def test_what_the_source_holds_is_supported(text: str) -> None:
    assert unsupported(text, SOURCE) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1201 nets", "number '1201'"),
        ("25 people", "number '25'"),
        ("25 % off", "number '25 %'"),
        ("€25", "number '€25'"),
        ("up to 1000x win", "number '1000x'"),
        ("50K+ fans and 51K friends", "number '51K'"),
        ("opens 5 May", "date '5 May'"),
        ("1,200 nets since June 4", "date 'June 4'"),
        ("she says “we mend by night”", "quotation 'we mend by night'"),
        ("40% cheaper", "number '40%'"),
    ],
)
def test_what_it_does_not_hold_is_named(text: str, told: str) -> None:
    assert any(told in one for one in unsupported(text, SOURCE))


@given(
    st.decimals(0, 10**6, places=2),
    st.sampled_from(["", "$", "€", "%", "x"]),
    st.sampled_from(["", "$", "€", "%", "x"]),
)
def test_a_quantity_is_proven_by_its_own_value_and_kind_only(
    value: Decimal, kind: str, other: str
) -> None:
    def written(unit: str) -> str:
        return f"{unit}{value}" if unit in ("$", "€") else f"{value}{unit}"

    source = f"It says {written(kind)} here."
    assert unsupported(f"Only {written(kind)}", source) == []
    assert bool(unsupported(f"Only {written(other)}", source)) is (kind != other)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,234,567.8", "1234567.8"),
        ("1.234.567,8", "1234567.8"),
        ("12,5", "12.5"),
        ("1.200", "1200"),
        ("0.5", "0.5"),
        ("２５", "25"),
    ],
)
def test_both_ways_of_writing_numbers(written: str, value: str) -> None:
    assert [one.value for one in quantities(written)] == [Decimal(value)]


@pytest.mark.parametrize(
    "text",
    ["the first loft", "the only way", "#1", "der beste Weg", "le meilleur choix", "la única red",
     "il migliore", "a melhor rede", "en iyi ağ", "het beste net", "number one"],
)  # fmt: skip
def test_superlatives_want_a_source(text: str) -> None:
    assert superlatives(f"See {text} here", "Nets.")
    assert not superlatives(f"See {text} here", f"They call it {text.upper()}.")


def test_sentences_keep_their_words() -> None:
    text = "It has 5.5 nets. “Really?” Yes!\nNew line"
    assert sentences(text) == ["It has 5.5 nets.", "“Really?”", "Yes!", "New line"]
