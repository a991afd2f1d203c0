"""The day's traffic share grows from nothing to all; an account's own curve is learned gently."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.traffic import (
    DEFAULT_CURVE,
    HOURLY_WEIGHTS,
    TrafficCurve,
    cumulative_share,
    learn,
    usable,
)

MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)
moments = st.integers(0, 24 * 3600 * 10**6 - 1).map(
    lambda us: MIDNIGHT + timedelta(microseconds=us)
)
hours = st.none() | st.sets(st.integers(0, 23))
# An evening audience, quite unlike the default.
EVENING = tuple(0.3 + 2.4 * math.exp(-((hour - 20.5) ** 2) / 12) for hour in range(24))
WEEKEND = (0.8, 0.8, 0.8, 0.8, 1.0, 1.4, 1.4)


def history(
    days: int, *, seed: int, scale: float = 4_000.0, growth: float = 0.0
) -> list[list[float | None]]:
    """Impressions of an evening account from a Monday on: hourly scatter 15 %, days 20 %."""
    rng = np.random.default_rng(seed)
    due = np.array([scale * (1 + growth * day) * WEEKEND[day % 7] for day in range(days)])
    due *= rng.lognormal(0, 0.2, days)
    counts = rng.poisson(due[:, None] * np.array(EVENING) * rng.lognormal(0, 0.15, (days, 24)))
    return [[float(one) for one in day] for day in counts]


def distance(curve: TrafficCurve) -> float:
    """Largest difference of cumulative shares from the evening audience's."""
    truth = TrafficCurve(EVENING)
    return max(
        abs(
            cumulative_share(MIDNIGHT.replace(hour=h), None, curve)
            - cumulative_share(MIDNIGHT.replace(hour=h), None, truth)
        )
        for h in range(24)
    )


@given(moments, moments, hours)
def test_the_share_is_a_share_and_never_falls(
    one: datetime, other: datetime, within: set[int] | None
) -> None:
    early, late = sorted((one, other))
    low, high = cumulative_share(early, within), cumulative_share(late, within)
    assert 0.0 <= low <= high <= 1.0


@given(st.sets(st.integers(0, 23), min_size=1))
def test_a_day_has_all_its_traffic_in_its_hours(within: set[int]) -> None:
    assert cumulative_share(MIDNIGHT.replace(hour=min(within)), within) == 0.0
    last = MIDNIGHT.replace(hour=max(within), minute=59, second=59, microsecond=999_999)
    assert cumulative_share(last, within) == pytest.approx(1.0)
    shut = set(range(24)) - within
    for hour in shut:
        begun = cumulative_share(MIDNIGHT.replace(hour=hour), within)
        assert cumulative_share(MIDNIGHT.replace(hour=hour, minute=59), within) == begun


def test_the_default_curve_is_the_published_one() -> None:
    mean = sum(HOURLY_WEIGHTS) / 24
    assert max(HOURLY_WEIGHTS) / mean == pytest.approx(1.83, abs=0.05)
    assert min(HOURLY_WEIGHTS) / mean == pytest.approx(0.17, abs=0.03)
    assert cumulative_share(MIDNIGHT.replace(hour=6)) / 0.25 == pytest.approx(0.38, abs=0.03)
    assert cumulative_share(MIDNIGHT.replace(hour=12)) / 0.5 == pytest.approx(0.90, abs=0.05)


def test_no_hours_no_traffic() -> None:
    assert cumulative_share(MIDNIGHT.replace(hour=12), ()) == 0.0


def test_an_accounts_own_curve_replaces_the_default_by_as_much_as_there_is_of_it() -> None:
    nothing = learn([], 0)
    assert nothing.evidence == 0
    assert distance(nothing) == pytest.approx(distance(DEFAULT_CURVE))
    far = distance(DEFAULT_CURVE)
    found = [
        np.mean([distance(learn(history(days, seed=seed), 0)) for seed in range(5)])
        for days in (1, 4, 28)
    ]
    assert far > found[0] > found[1] > found[2]
    assert found[2] < 0.1 * far
    # A hundred impressions a day are no evidence.
    thin = [distance(learn(history(4, seed=seed, scale=4.0), 0)) for seed in range(5)]
    assert np.mean(thin) > 0.7 * far


def test_weekdays_are_learned_and_growth_is_not_taken_for_one() -> None:
    curve = learn(history(56, seed=1), first_weekday=0)
    assert min(curve.weekdays[5:]) > 1.15 > 1.0 > max(curve.weekdays[:4])
    # The same days, said to begin on a Thursday.
    assert learn(history(56, seed=1), 3).weekdays[3:] == pytest.approx(curve.weekdays[:4])
    growing = learn(history(56, seed=1, growth=0.05), first_weekday=0)
    assert np.allclose(growing.weekdays, curve.weekdays, atol=0.08)
    assert learn(history(6, seed=1), 0).weekdays == (1.0,) * 7


def test_missing_hours_duplicates_and_closed_hours_do_not_bend_the_curve() -> None:
    clean = history(28, seed=3)
    broken: list[list[float | None]] = [list(day) for day in clean]
    for day in range(0, 28, 3):
        broken[day][(5 * day) % 24] = None if day % 2 else 0.0
        broken[day][(7 * day + 3) % 24] = (clean[day][(7 * day + 3) % 24] or 0.0) * 10
    broken[11] = [None] * 24
    broken[12] = [1.0, 2.0]
    broken[13][4] = float("nan")
    broken[13][5] = -3.0
    assert distance(learn(broken, 0)) < 1.5 * distance(learn(clean, 0)) + 0.01
    # Hours that were always closed say nothing of their traffic: the default stands there.
    closed: list[list[float | None]] = [[0.0] * 6 + list(day[6:]) for day in clean]
    curve = learn(closed, 0)
    shape = [curve.hours[hour] / curve.hours[0] for hour in range(6)]
    assert shape == pytest.approx([HOURLY_WEIGHTS[h] / HOURLY_WEIGHTS[0] for h in range(6)])


@given(
    st.lists(
        st.lists(st.none() | st.floats() | st.floats(0, 1e6), min_size=22, max_size=25), max_size=9
    ),
    st.integers(-3, 9),
)
def test_any_history_gives_a_usable_curve(
    rows: list[list[float | None]], first_weekday: int
) -> None:
    curve = learn(rows, first_weekday)
    assert usable(curve)
    assert 0 <= curve.evidence < 1
    assert curve == learn(rows, first_weekday)


@pytest.mark.parametrize(
    "curve",
    [
        TrafficCurve(hours=()),
        TrafficCurve(hours=(0.0,) * 24),
        TrafficCurve(hours=(float("nan"),) * 24),
        TrafficCurve(hours=(-1.0, *HOURLY_WEIGHTS[1:])),
        TrafficCurve(weekdays=(1.0,) * 6),
    ],
)
def test_a_senseless_curve_is_known_as_one(curve: TrafficCurve) -> None:
    assert not usable(curve)
