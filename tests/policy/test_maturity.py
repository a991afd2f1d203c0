"""Young clicks count by the share of their conversions that should have arrived."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from market.response import arrived_share
from policy.maturity import (
    DAY,
    PRIOR_CONVERSIONS,
    USUAL,
    DelayCurve,
    arrived,
    arrived_over,
    effective_clicks,
    fit,
    mature_age,
)

FAST = DelayCurve((0.9, 0.1), (1_800.0, 36_000.0), 7 * DAY)
numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1e6, 1e7)
curves = st.builds(
    DelayCurve,
    st.lists(numbers, max_size=4).map(tuple),
    st.lists(numbers, max_size=4).map(tuple),
    numbers,
)


def test_the_usual_curve_is_the_markets_cut_off_at_the_attribution_window() -> None:
    ages = np.array([0.0, 1_200.0, 3_600.0, DAY, 3 * DAY, 6.9 * DAY])
    expected = [arrived_share(age) / arrived_share(7 * DAY) for age in ages.tolist()]
    assert arrived(ages) == pytest.approx(expected, abs=1e-12)
    assert arrived([7 * DAY, 30 * DAY, np.inf]).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("curve", [USUAL, FAST])
def test_a_buckets_share_is_the_mean_over_the_ages_in_it(curve: DelayCurve) -> None:
    inside = (np.arange(100_000) + 0.5) / 100_000
    for middle, width in ((1_800.0, 3_600.0), (DAY / 2, DAY), (7 * DAY, DAY), (4_000.0, 60.0)):
        mean = arrived(middle + width * (inside - 0.5), curve).mean()
        assert float(arrived_over(middle, width, curve)) == pytest.approx(mean, abs=1e-6)
    assert float(arrived_over(1e15, 3_600.0, curve)) == 1.0


def test_a_day_that_still_runs_counts_by_the_hours_that_have_passed() -> None:
    for hours in (0.5, 3.0, 23.0):
        passed = hours * 3_600.0
        running = float(arrived_over(passed - DAY / 2, DAY))
        assert running == pytest.approx(float(arrived_over(passed / 2, passed)), abs=1e-12)
    assert float(arrived_over(-DAY / 2, DAY)) == 0.0
    assert float(arrived_over(-5 * DAY, DAY)) == 0.0


def test_half_matured_clicks_count_half() -> None:
    half = mature_age(0.5)
    assert effective_clicks([100, 100, 100], [half, 8 * DAY, 0]) == pytest.approx([50, 100, 0])
    assert effective_clicks([np.nan, -5, 7], [9 * DAY] * 3).tolist() == [0, 0, 7]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_mature_age_is_where_that_share_has_arrived(share: float) -> None:
    assert float(arrived(mature_age(share))) == pytest.approx(share, abs=1e-9)
    assert mature_age(share, FAST) < mature_age(share)


@settings(max_examples=60, deadline=None)
@given(curves, st.lists(numbers, min_size=1, max_size=8), numbers)
def test_any_ages_and_any_curve_give_shares_that_rise(
    curve: DelayCurve, ages: list[float], width: float
) -> None:
    ordered = sorted(age for age in ages if not np.isnan(age))
    for shares in (arrived(ordered, curve), arrived_over(ordered, width, curve)):
        assert np.all((shares >= 0) & (shares <= 1))
        assert np.all(np.diff(shares) >= -1e-9)
    assert np.all(np.isfinite(arrived(ages, curve)))
    assert 0 <= mature_age(width, curve) <= 1e9
    fitted = fit(ages, ages[::-1], curve)
    again = TypeAdapter(DelayCurve).validate_json(TypeAdapter(DelayCurve).dump_json(USUAL))
    assert again == USUAL
    assert np.all(np.isfinite(arrived(ordered, fitted)))


EDGES = np.array([1, 4, 12, 24, 48, 72, 120, 168]) * 3_600.0


def test_a_few_conversions_change_little_and_many_are_believed() -> None:
    truth = arrived(EDGES, FAST)

    def error(conversions: float) -> float:
        return float(np.abs(arrived(EDGES, fit(EDGES, conversions * truth)) - truth).max())

    unknown = float(np.abs(arrived(EDGES) - truth).max())
    assert error(1) > 0.9 * unknown
    assert error(PRIOR_CONVERSIONS) == pytest.approx(unknown / 2, rel=0.3)
    assert error(20_000) < 0.02
    assert fit(EDGES, 0 * truth) == USUAL


def test_cohorts_too_young_for_late_conversions_do_not_make_the_curve_faster() -> None:
    slow = DelayCurve((0.2, 0.8), (3_600.0, 3 * DAY), 7 * DAY)
    cohort = 3_000 * arrived(EDGES, slow)
    triangle = np.array([np.where(np.arange(8) < seen, cohort, np.nan) for seen in (8, 6, 5, 4, 3)])
    fitted = arrived(EDGES, fit(EDGES, triangle))
    assert np.abs(fitted - arrived(EDGES, slow)).max() < 0.03
    pooled = np.nansum(triangle, axis=0)
    naive = pooled / pooled.max()
    assert np.abs(naive - arrived(EDGES, slow)).max() > 0.1


def test_a_count_restated_downwards_is_kept_at_its_highest() -> None:
    rising = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 70.0]
    restated = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 65.0]
    assert fit(EDGES, restated) == fit(EDGES, rising)
