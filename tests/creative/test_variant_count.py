"""How many variants a budget can test (D9, CONFLICT-19)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.variant_count import CONVERSIONS, DEFAULT, FUNDED, IMPRESSIONS, MOST, decide
from models.contract.money import Money
from models.contract.vocabulary import Platform

budgets = st.integers(1, 5_000).map(lambda units: Money.of(units))
prices = st.none() | st.integers(1, 60).map(lambda units: Money.of(units))
flights = st.none() | st.integers(1, 60).map(lambda days: timedelta(days=days))
platforms = st.sampled_from(Platform)


@given(budgets, flights, platforms, prices, prices, st.none() | st.integers(1, 10))
def test_one_to_eight_with_a_reason(
    budget: Money,
    flight: timedelta | None,
    platform: Platform,
    thousand: Money | None,
    result: Money | None,
    at_once: int | None,
) -> None:
    found = decide(
        budget,
        flight,
        platform,
        cost_per_thousand=thousand,
        cost_per_result=result,
        at_once=at_once,
    )
    assert 1 <= found.count <= min(MOST, at_once or MOST)
    assert str(found.count) in found.why


@given(budgets, budgets, flights, platforms, prices, prices)
def test_more_money_never_tests_fewer(
    one: Money,
    other: Money,
    flight: timedelta | None,
    platform: Platform,
    thousand: Money | None,
    result: Money | None,
) -> None:
    less, more = sorted((one, other), key=lambda money: money.micros)
    counts = [
        decide(b, flight, platform, cost_per_thousand=thousand, cost_per_result=result).count
        for b in (less, more)
    ]
    assert counts[0] <= counts[1]


@given(budgets, st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_every_variant_gets_its_sample(budget: Money, days: int, price: int, result: int) -> None:
    found = decide(
        budget,
        timedelta(days=days),
        Platform.META,
        cost_per_thousand=Money.of(price),
        cost_per_result=Money.of(result),
    )
    spend = budget.amount * days
    assert found.count == 1 or found.count * IMPRESSIONS <= spend / price * 1000
    assert found.count <= FUNDED or found.count * CONVERSIONS <= spend / result


@pytest.mark.parametrize(
    ("daily", "days", "thousand", "result", "count", "said"),
    [
        (5, 3, 10, None, 1, "only enough for 1"),
        (10, 3, 10, None, 3, "enough for 3, not for 5"),
        (25, 3, 10, None, 5, "enough to explore 5"),
        (100, 1, 24, 1, 3, "enough for 3, not for 5"),
        (500, 30, 10, 5, 8, "15 conversions for each of 8"),
        (500, 30, 10, None, 5, "enough to explore 5"),
    ],
)
def test_cases(
    daily: int, days: int, thousand: int, result: int | None, count: int, said: str
) -> None:
    found = decide(
        Money.of(daily),
        timedelta(days=days),
        Platform.META,
        cost_per_thousand=Money.of(thousand),
        cost_per_result=None if result is None else Money.of(result),
    )
    assert found.count == count
    assert said in found.why


def test_unknown_prices_give_the_default_and_foreign_ones_are_refused() -> None:
    unknown = decide(Money.of(20, "SEK"), timedelta(days=3), Platform.META)
    assert unknown.count == DEFAULT
    assert "nothing is known about prices in SEK" in unknown.why
    with pytest.raises(ValueError, match=r"cost_per_result €5.00 must be in the budget's currency"):
        decide(Money.of(20), None, Platform.META, cost_per_result=Money.of(5, "EUR"))
    with pytest.raises(ValueError, match="must be above zero"):
        decide(Money.of(20), None, Platform.META, cost_per_thousand=Money.of(0))


def test_what_the_network_shows_at_once_bounds_it() -> None:
    found = decide(Money.of(500), timedelta(days=9), Platform.APPLE_SEARCH_ADS, at_once=1)
    assert found.count == 1
    assert "the network shows 1 at once" in found.why
