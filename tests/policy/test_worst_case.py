"""The worst case holds against any network that keeps its own promises."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from models.contract.money import Money
from policy.authority import month_exposure
from policy.worst_case import most_daily_budgets, worst_case

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
    start: datetime, end: datetime, zone: timezone, over: float, appetite: list[float]
) -> Iterator[tuple[datetime, float]]:
    """What a network spends hour by hour: at most ``over`` budgets an account day and seven a
    week from Sunday to Saturday, as greedily as ``appetite`` says."""
    days: dict[object, float] = {}
    weeks: dict[object, float] = {}
    at, number = start, 0
    while at < end:
        local = at.astimezone(zone)
        day = local.date()
        week = day - timedelta(days=(day.weekday() + 1) % 7)
        room = min(over - days.get(day, 0.0), 7 - weeks.get(week, 0.0))
        spent = max(room, 0.0) * appetite[number % len(appetite)]
        days[day] = days.get(day, 0.0) + spent
        weeks[week] = weeks.get(week, 0.0) + spent
        yield at, spent * DAILY.micros
        at, number = at + HOUR, number + 1


@given(starts, st.integers(1, 40 * 24), zones, over_deliveries, appetites)
def test_no_delivery_costs_more(
    start: datetime, hours: int, zone: timezone, over: float, appetite: list[float]
) -> None:
    end = start + hours * HOUR
    spent = sum(amount for _, amount in delivery(start, end, zone, over, appetite))
    bound = worst_case(DAILY, start=start, end=end, over_delivery=over)
    assert spent <= bound.micros + 1
    assert bound.currency == "USD"


@given(st.integers(1, 30), over_deliveries)
def test_some_delivery_costs_as_much(days: int, over: float) -> None:
    """The bound is reached: begun within a day, on the worst weekday."""
    end = timedelta(days=days)
    bound = worst_case(DAILY, start=NOON, end=NOON + end, over_delivery=over).micros
    reached = max(
        sum(amount for _, amount in delivery(begin, begin + end, UTC, over, [1.0]))
        for begin in (NOON + timedelta(days=offset) for offset in range(7))
    )
    assert bound - 1 <= reached <= bound + 1


@given(
    starts, st.integers(24, 30 * 24), zones, over_deliveries, appetites, st.integers(1, 200),
    st.integers(0, 6),
)  # fmt: skip
def test_a_lifetime_budget_is_overrun_by_one_lease_at_most(
    start: datetime,
    hours: int,
    zone: timezone,
    over: float,
    appetite: list[float],
    lifetime: int,
    notice: int,
) -> None:
    """We stop the campaign within one lease of the lifetime budget being used."""
    end, limit = start + hours * HOUR, Money.of(lifetime)
    spent, stop = 0.0, None
    for at, amount in delivery(start, end, zone, over, appetite):
        if stop is not None and at >= stop:
            break
        spent += amount
        if stop is None and spent >= limit.micros:
            stop = at + notice * HOUR
    bound = worst_case(DAILY, start=start, end=end, over_delivery=over, lifetime=limit)
    assert spent <= bound.micros + 1


def test_without_an_end_a_month_is_reckoned() -> None:
    month = worst_case(DAILY, start=NOON, end=None, over_delivery=1.0)
    assert 304 <= month.amount <= 330


@given(starts, st.none() | st.integers(0, 60 * 24), over_deliveries, appetites)
def test_month_exposure_covers_what_this_month_can_still_cost(
    now: datetime, hours: int | None, over: float, appetite: list[float]
) -> None:
    until = None if hours is None else now + hours * HOUR
    following = (
        now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(32)
    ).replace(day=1)
    end = following if until is None else min(until, following)
    spent = sum(amount for _, amount in delivery(now, end, UTC, over, appetite))
    exposure = month_exposure(DAILY.micros, over, now, until)
    assert spent <= exposure + 1
    if until is not None:
        assert exposure <= month_exposure(DAILY.micros, over, now, None)


def test_exposure_does_not_reach_into_the_next_month() -> None:
    eve = datetime(2026, 1, 31, 22, tzinfo=UTC)
    assert month_exposure(10_000_000, 1.75, eve, None) == 17_500_000
    assert month_exposure(10_000_000, 1.75, eve, eve + timedelta(days=9)) == 17_500_000
    dawn = eve + timedelta(hours=3)
    assert month_exposure(10_000_000, 1.0, dawn, None) == 280_000_000
    # A commitment whose end has passed but that nobody released still counts for today.
    assert month_exposure(10_000_000, 1.0, dawn, eve) == 10_000_000
    assert math.isclose(most_daily_budgets(2, 1.75), 3.5)
