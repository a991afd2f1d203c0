"""The day's traffic share grows from nothing to all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.traffic import HOURLY_WEIGHTS, cumulative_share

MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)
moments = st.integers(0, 24 * 3600 * 10**6 - 1).map(
    lambda us: MIDNIGHT + timedelta(microseconds=us)
)
hours = st.none() | st.sets(st.integers(0, 23))


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


def test_the_curve_is_the_published_one() -> None:
    mean = sum(HOURLY_WEIGHTS) / 24
    assert max(HOURLY_WEIGHTS) / mean == pytest.approx(1.83, abs=0.05)
    assert min(HOURLY_WEIGHTS) / mean == pytest.approx(0.17, abs=0.03)
    assert cumulative_share(MIDNIGHT.replace(hour=6)) / 0.25 == pytest.approx(0.38, abs=0.03)
    assert cumulative_share(MIDNIGHT.replace(hour=12)) / 0.5 == pytest.approx(0.90, abs=0.05)


def test_no_hours_no_traffic() -> None:
    assert cumulative_share(MIDNIGHT.replace(hour=12), ()) == 0.0
