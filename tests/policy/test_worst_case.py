"""The worst case holds against any network that keeps its own promises."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from models.contract.money import Money
from policy.authority import month_exposure
from policy.worst_case import (
    day_exposure,
    largest_budget,
    most_daily_budgets,
    worst_case,
)

DAILY = Money.of(10)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
over_deliveries = st.sampled_from((1.0, 1.2, 1.25, 1.75, 2.0))
starts = st.integers(0, 330 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
appetites = st.lists(st.floats(0, 1), min_size=1, max_size=5) | st.just([1.0])


def delivery(
    start: datetime,
    end: datetime,
    zone: timezone,
    over: float,
    appetite: list[float],
    *,
    balanced: bool = True,
) -> Iterator[tuple[datetime, float]]:
    """What a network spends hour by hour: at most ``over`` budgets an account day and, where it
    balances, seven a week from Sunday to Saturday, as greedily as ``appetite`` says."""
    weekly = 7 if balanced else math.inf
    days: dict[object, float] = {}
    weeks: dict[object, float] = {}
    at, number = start, 0
    while at < end:
        local = at.astimezone(zone)
        day = local.date()
        week = day - timedelta(days=(day.weekday() + 1) % 7)
        room = min(over - days.get(day, 0.0), weekly - weeks.get(week, 0.0))
        spent = max(room, 0.0) * appetite[number % len(appetite)]
        days[day] = days.get(day, 0.0) + spent
        weeks[week] = weeks.get(week, 0.0) + spent
        yield at, spent * DAILY.micros
        at, number = at + HOUR, number + 1


@given(starts, st.integers(1, 40 * 24), zones, over_deliveries, appetites, st.booleans())
def test_no_delivery_costs_more(
    start: datetime,
    hours: int,
    zone: timezone,
    over: float,
    appetite: list[float],
    balanced: bool,
) -> None:
    end = start + hours * HOUR
    hourly = delivery(start, end, zone, over, appetite, balanced=balanced)
    spent = sum(amount for _, amount in hourly)
    bound = worst_case(DAILY, start=start, end=end, over_delivery=over, balanced=balanced)
    assert spent <= bound.micros + 1
    assert bound.currency == "USD"


@given(st.integers(1, 30), over_deliveries, st.booleans())
def test_some_delivery_costs_as_much(days: int, over: float, balanced: bool) -> None:
    """The bound is reached: begun within a day, on the worst weekday."""
    end = timedelta(days=days)
    bound = worst_case(
        DAILY, start=NOON, end=NOON + end, over_delivery=over, balanced=balanced
    ).micros
    reached = max(
        sum(
            amount
            for _, amount in delivery(begin, begin + end, UTC, over, [1.0], balanced=balanced)
        )
        for begin in (NOON + timedelta(days=offset) for offset in range(7))
    )
    assert bound - 1 <= reached <= bound + 1


@given(
    starts, st.integers(24, 30 * 24), zones, over_deliveries, appetites, st.integers(1, 200),
    st.integers(0, 6), st.booleans(),
)  # fmt: skip
def test_a_lifetime_budget_is_overrun_by_one_lease_at_most(
    start: datetime,
    hours: int,
    zone: timezone,
    over: float,
    appetite: list[float],
    lifetime: int,
    notice: int,
    balanced: bool,
) -> None:
    """We stop the campaign within one lease of the lifetime budget being used."""
    end, limit = start + hours * HOUR, Money.of(lifetime)
    spent, stop = 0.0, None
    for at, amount in delivery(start, end, zone, over, appetite, balanced=balanced):
        if stop is not None and at >= stop:
            break
        spent += amount
        if stop is None and spent >= limit.micros:
            stop = at + notice * HOUR
    bound = worst_case(
        DAILY, start=start, end=end, over_delivery=over, balanced=balanced, lifetime=limit
    )
    assert spent <= bound.micros + 1


def test_without_an_end_a_month_is_reckoned() -> None:
    month = worst_case(DAILY, start=NOON, end=None, over_delivery=1.0, balanced=True)
    assert 304 <= month.amount <= 330


@given(starts, st.none() | st.integers(0, 60 * 24), over_deliveries, appetites, st.booleans())
def test_month_exposure_covers_what_this_month_can_still_cost(
    now: datetime, hours: int | None, over: float, appetite: list[float], balanced: bool
) -> None:
    until = None if hours is None else now + hours * HOUR
    following = (
        now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(32)
    ).replace(day=1)
    end = following if until is None else min(until, following)
    hourly = delivery(now, end, UTC, over, appetite, balanced=balanced)
    spent = sum(amount for _, amount in hourly)
    exposure = month_exposure(DAILY.micros, over, now, until, balanced=balanced)
    assert spent <= exposure + 1
    if until is not None:
        assert exposure <= month_exposure(DAILY.micros, over, now, None, balanced=balanced)


def test_exposure_does_not_reach_into_the_next_month() -> None:
    def exposure(over: float, now: datetime, until: datetime | None, balanced: bool) -> int:
        return month_exposure(10_000_000, over, now, until, balanced=balanced)

    eve = datetime(2026, 1, 31, 22, tzinfo=UTC)
    assert exposure(1.75, eve, None, True) == 17_500_000
    assert exposure(1.75, eve, eve + timedelta(days=9), True) == 17_500_000
    dawn = eve + timedelta(hours=3)
    assert exposure(1.0, dawn, None, True) == 280_000_000
    # Nothing is balanced within a week: each of February's 28 days may be over-delivered.
    assert exposure(1.2, dawn, None, False) == 336_000_000
    assert exposure(1.2, dawn, None, True) < 336_000_000
    # A commitment whose end has passed but that nobody released still counts for today.
    assert exposure(1.0, dawn, eve, True) == 10_000_000
    assert math.isclose(most_daily_budgets(2, 1.75, balanced=True), 3.5)


@given(st.integers(0, 10**12), over_deliveries, st.booleans())
def test_the_largest_budget_just_fits_its_room(room: int, over: float, balanced: bool) -> None:
    largest = largest_budget(room, over, balanced=balanced)
    assert day_exposure(largest, over, balanced=balanced) <= room
    assert day_exposure(largest + 1, over, balanced=balanced) > room
