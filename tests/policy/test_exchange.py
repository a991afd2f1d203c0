"""Money of one currency in another: dated, exact, never in our favour (G13, CONFLICT-33)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.contract.exchange import DatedRate, Rates
from models.contract.money import Money
from policy.exchange import NoRate, exchange, total

TODAY = datetime(2026, 11, 20, tzinfo=UTC).date()
amounts = st.integers(0, 10**15)
values = st.decimals(
    Decimal("0.0001"), Decimal(30_000), places=6, allow_nan=False, allow_infinity=False
)


def rates(eur: Decimal | str = "1.08", days: int = 0, **others: Decimal) -> Rates:
    as_of = TODAY - timedelta(days=days)
    known = {"EUR": Decimal(eur), **others}
    return Rates(
        today=TODAY,
        newest={name: DatedRate(rate=rate, as_of=as_of) for name, rate in known.items()},
    )


def test_a_days_rate_converts_both_ways_and_across() -> None:
    known = rates("1.08", JPY=Decimal("0.0064"))
    assert exchange(Money.of(10, "EUR"), "USD", known) == Money.of("10.80")
    assert exchange(Money.of("10.80"), "EUR", known) == Money.of(10, "EUR")
    assert exchange(Money.of(10, "EUR"), "JPY", known) == Money.of("1687.50", "JPY")
    assert exchange(Money.of(7, "JPY"), "JPY", Rates()) == Money.of(7, "JPY")
    assert exchange(Money.of(0, "CHF"), "USD", Rates()) == Money.of(0)
    assert total({"USD": 5, "EUR": 100, "CHF": 0}, "USD", known) == 113


@given(amounts, values, values)
@example(1, Decimal(3), Decimal(7))
def test_rounding_never_makes_room(micros: int, eur: Decimal, jpy: Decimal) -> None:
    known = rates(eur, JPY=jpy)
    exact = Fraction(micros) * Fraction(eur) / Fraction(jpy)
    up = exchange(Money(micros=micros, currency="EUR"), "JPY", known).micros
    down = exchange(Money(micros=micros, currency="EUR"), "JPY", known, down=True).micros
    assert down <= exact <= up
    assert up - down <= 1


@pytest.mark.parametrize("days", [0, 1, 4])
def test_a_rate_counts_for_as_long_as_the_team_says(days: int) -> None:
    assert exchange(Money.of(1, "EUR"), "USD", rates(days=days)).micros == 1_080_000


@pytest.mark.parametrize("days", [5, 400, -1])
def test_a_stale_rate_converts_nothing_and_says_how_to_renew_it(days: int) -> None:
    with pytest.raises(NoRate) as stale:
        exchange(Money.of(1, "EUR"), "USD", rates(days=days))
    said = str(stale.value)
    assert f"{days} days old (of {TODAY - timedelta(days=days)}) and counts for 4" in said
    assert "`adflight rates set EUR 1.08`" in said
    with pytest.raises(NoRate, match="no exchange rate from CHF to USD"):
        exchange(Money.of(1, "USD"), "CHF", rates())
    younger = rates(days=days).model_copy(update={"max_age": timedelta(days=500)})
    if days > 0:
        assert exchange(Money.of(1, "EUR"), "USD", younger) == Money.of("1.08")
