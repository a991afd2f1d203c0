"""Forecasts agree with themselves, hold the truth as often as they say, or say why not."""

import json
import math
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from policy import budget_forecast, forecast, live_forecast
from policy.forecast import Benchmark, ForecastInputs, PastCampaign
from policy.forecast_figures import Figures, Interval
from policy.live_forecast import TRAJECTORY, DayFigures, LiveForecastInputs
from policy.negative_binomial import cdf, fit_phi, interval

BENCH = Benchmark(cpm=10e6, ctr=0.01, cvr=0.02, value=40e6)
PLAN = ForecastInputs("USD", daily_budget=50_000_000, days=30, benchmark=BENCH)
DAY = DayFigures(100_000_000, 10_000, 100, 10.0, 1.0, 400_000_000)
LIVE = LiveForecastInputs("USD", days=(DAY,) * 14, days_left=10.0)


def past(
    *, cvr: float = 0.02, conversions: int = 30, cpm: float = 10e6, part: float = 1.0
) -> PastCampaign:
    clicks = int(conversions / cvr)
    impressions = clicks * 100
    spend = int(impressions * cpm / 1000)
    return PastCampaign(
        spend, impressions, clicks, conversions, conversions * 40_000_000, int(spend / part)
    )


whole = st.integers(-5, 10**16) | st.integers(0, 10**6)
real = st.floats() | st.floats(0, 1e6)
campaigns = st.builds(PastCampaign, whole, whole, whole, real, whole, whole)


@st.composite
def ordinary(draw: st.DrawFn) -> PastCampaign:
    cvr, cpm = draw(st.floats(0.001, 0.3)), draw(st.floats(1e5, 1e8))
    return past(cvr=cvr, conversions=draw(st.integers(0, 900)), cpm=cpm)


plans = st.builds(
    ForecastInputs,
    st.just("JPY"),
    whole,
    real,
    st.lists(campaigns | ordinary(), max_size=5).map(tuple),
    st.none() | st.just(BENCH) | st.builds(Benchmark, real, real, real, real),
)
days = st.builds(DayFigures, whole, whole, whole, real, st.floats() | st.floats(0.1, 1), whole)
lives = st.builds(
    LiveForecastInputs,
    st.just("USD"),
    st.lists(days | st.just(DAY), max_size=8).map(tuple),
    st.none() | whole,
    st.floats() | st.floats(0, 1),
    st.none() | real,
)


def consistent(figures: Figures) -> None:
    """Ratios are those of the figures beside them; every interval holds its expectation's side."""
    spend, revenue = figures.spend.expected, figures.revenue.expected
    parts = (figures.spend, figures.impressions, figures.clicks, figures.conversions,
             figures.revenue, figures.cpa, figures.roas, figures.roi)  # fmt: skip
    for one in parts:
        if one is not None:
            assert math.isfinite(one.expected)
            assert one.high is None or one.low <= one.high
    if figures.cpa is not None:
        assert figures.cpa.expected * figures.conversions.expected == pytest.approx(spend)
    if figures.roas is not None:
        assert figures.roi is not None
        assert figures.roas.expected * spend == pytest.approx(revenue)
        assert figures.roi.expected == pytest.approx(figures.roas.expected - 1)
        assert figures.roi.low == pytest.approx(figures.roas.low - 1)


@given(plans)
def test_any_plan_gets_consistent_figures_or_a_reason(case: ForecastInputs) -> None:
    answer = forecast.decide(case)
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    if answer.figures is not None:
        consistent(answer.figures)
        assert answer.figures.spend.expected <= case.daily_budget * case.days * 1.000001
    record = json.loads(json.dumps(to_jsonable_python(asdict(case))))
    assert forecast.decide(TypeAdapter(ForecastInputs).validate_python(record)) == answer


@given(lives)
def test_any_recent_days_get_consistent_figures_or_a_reason(case: LiveForecastInputs) -> None:
    answer = live_forecast.decide(case)
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    for figures in (answer.next_hour, answer.next_day, answer.rest_of_flight):
        if figures is not None:
            consistent(figures)
    if case.daily_budget is not None and answer.next_day is not None:
        assert answer.next_day.spend.expected <= case.daily_budget
    assert len(answer.trajectory) in (0, len(TRAJECTORY))
    record = json.loads(json.dumps(to_jsonable_python(asdict(case))))
    assert live_forecast.decide(TypeAdapter(LiveForecastInputs).validate_python(record)) == answer


@given(st.builds(budget_forecast.BudgetForecastInputs, st.just("USD"),
                 st.lists(days | st.just(DAY), max_size=8).map(tuple), whole, whole,
                 st.just(7.0) | real, real, real))  # fmt: skip
def test_any_new_budget_gets_consistent_figures_or_a_reason(
    case: budget_forecast.BudgetForecastInputs,
) -> None:
    answer = budget_forecast.decide(case)
    assert answer.reason
    for figures in (answer.at_new, answer.at_current):
        if figures is not None:
            consistent(figures)
    record = json.loads(json.dumps(to_jsonable_python(asdict(case))))
    again = TypeAdapter(budget_forecast.BudgetForecastInputs).validate_python(record)
    assert budget_forecast.decide(again) == answer


def test_an_accounts_own_history_takes_over_from_the_benchmark() -> None:
    def cpa(history: tuple[PastCampaign, ...]) -> Interval:
        figures = forecast.decide(replace(PLAN, history=history)).figures
        assert figures is not None
        assert figures.cpa is not None
        return figures.cpa

    # The benchmark's CPA is 50; the account converts twice as well: 25.
    own = [cpa((past(cvr=0.04),) * count) for count in (0, 1, 3, 12)]
    assert own[0].expected > own[1].expected > own[2].expected > own[3].expected
    assert own[3].expected == pytest.approx(25e6, rel=0.15)
    widths = [(one.high or math.inf) / one.low for one in own]
    assert widths == sorted(widths, reverse=True)
    # Campaigns of one account that differ a lot make the next one less certain.
    even = cpa((past(cvr=0.02, conversions=400),) * 6)
    uneven = cpa(tuple(past(cvr=0.02 * f, conversions=400) for f in (0.4, 2.5) * 3))
    assert (uneven.high or math.inf) / uneven.low > 1.5 * (even.high or math.inf) / even.low


def test_confidence_follows_the_evidence() -> None:
    levels = [
        forecast.decide(replace(PLAN, history=(past(conversions=n),) * count)).level
        for n, count in ((30, 0), (30, 1), (5, 3), (30, 3), (30, 8), (60, 8))
    ]
    assert levels == ["low", "low", "low", "medium", "medium", "high"]
    assert "benchmark alone" in forecast.decide(PLAN).reason


def test_how_much_of_a_budget_gets_spent_is_learned_and_never_exceeds_it() -> None:
    figures = forecast.decide(replace(PLAN, history=(past(part=0.6),) * 8)).figures
    assert figures is not None
    assert figures.spend.expected == pytest.approx(0.62 * 50e6 * 30, rel=0.06)
    full = forecast.decide(replace(PLAN, history=(past(part=1.0),) * 8)).figures
    assert full is not None
    assert full.spend.high == 50_000_000 * 30


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"benchmark": None}, "no benchmark"),
        ({"benchmark": None, "history": (PastCampaign(10**6, 100, 0, 0.0),)}, "no benchmark"),
        ({"benchmark": replace(BENCH, cpm=0.0)}, "no sense"),
        ({"benchmark": replace(BENCH, cvr=float("nan"))}, "no sense"),
        ({"daily_budget": 0}, "no budget"),
        ({"days": float("nan")}, "no budget"),
    ],
)
def test_nothing_known_nothing_said(changed: dict[str, object], why: str) -> None:
    answer = forecast.decide(replace(PLAN, **changed))  # type: ignore[arg-type]
    assert answer.figures is None
    assert answer.level == "low"
    assert why in answer.reason


def test_a_steady_campaign_goes_on_as_it_did() -> None:
    answer = live_forecast.decide(LIVE)
    hour, day, rest = answer.next_hour, answer.next_day, answer.rest_of_flight
    assert hour is not None
    assert day is not None
    assert rest is not None
    assert day.spend.expected == pytest.approx(100e6)
    assert day.conversions.expected == pytest.approx(10, rel=0.03)
    assert rest.conversions.expected == pytest.approx(100, rel=0.03)
    assert hour.conversions.expected == pytest.approx(10 / 24, rel=0.03)
    assert day.roas is not None
    assert day.roas.expected == pytest.approx(4.0, rel=0.03)
    # The longer the better known, relatively.
    relative = [((one.conversions.high or 0) - one.conversions.low) / one.conversions.expected
                for one in (hour, day, rest)]  # fmt: skip
    assert relative == sorted(relative, reverse=True)
    halved = live_forecast.decide(replace(LIVE, daily_budget=50_000_000)).next_day
    assert halved is not None
    assert halved.spend.expected == pytest.approx(50e6)
    assert halved.conversions.expected == pytest.approx(5, rel=0.03)


def test_late_conversions_are_no_fall() -> None:
    late = tuple(replace(DAY, conversions=10.0 * a, arrived=a)
                 for a in (1.0,) * 8 + (0.9, 0.8, 0.7, 0.6, 0.5, 0.4))  # fmt: skip
    answer = live_forecast.decide(replace(LIVE, days=late))
    assert answer.next_day is not None
    assert answer.next_day.conversions.expected == pytest.approx(10, rel=0.03)


def test_the_cpa_trajectory_follows_a_trend_and_calms_down() -> None:
    steady = live_forecast.decide(LIVE).trajectory
    assert [one.days_ahead for one in steady] == list(TRAJECTORY)
    assert all(one.cpa == pytest.approx(10e6, rel=0.03) for one in steady)
    falling = tuple(replace(DAY, conversions=20.0 * 0.92**day) for day in range(21))
    points = live_forecast.decide(replace(LIVE, days=falling)).trajectory
    steps = [b.cpa / a.cpa for a, b in pairwise(points[1:])]
    assert all(one > 1 for one in steps)
    assert steps == sorted(steps, reverse=True)
    widths = [(one.high or math.inf) / one.low for one in points]
    assert widths == sorted(widths)
    none = tuple(replace(DAY, conversions=0.0, revenue=0) for _ in range(5))
    assert live_forecast.decide(replace(LIVE, days=none)).trajectory == ()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"days": (DAY,) * 2}, "2 usable days"),
        ({"days": (DAY, DAY, replace(DAY, spend=-1))}, "2 usable days"),
        ({"days": (replace(DAY, spend=0),) * 9}, "nothing was spent"),
        ({"next_hour": float("nan")}, "no sense"),
        ({"days_left": -1.0}, "no sense"),
        ({"daily_budget": -1}, "no sense"),
    ],
)
def test_too_little_or_senseless_days_say_nothing(changed: dict[str, object], why: str) -> None:
    answer = live_forecast.decide(replace(LIVE, **changed))  # type: ignore[arg-type]
    assert answer.next_day is None
    assert why in answer.reason


def test_a_new_budget_follows_one_response_curve() -> None:
    case = budget_forecast.BudgetForecastInputs("USD", (DAY,) * 14, 100_000_000, 200_000_000)
    double = budget_forecast.decide(case)
    half = budget_forecast.decide(replace(case, new_budget=50_000_000))
    assert double.at_new is not None
    assert double.at_current is not None
    assert half.at_new is not None
    now, more, less = double.at_current, double.at_new, half.at_new
    assert now.roas is not None
    assert more.roas is not None
    assert less.roas is not None
    assert now.spend.expected == pytest.approx(700e6)
    assert more.spend.expected == pytest.approx(2 * now.spend.expected)
    # Twice the money keeps nine tenths of the ROAS; half of it improves it by as much.
    assert more.roas.expected == pytest.approx(0.9 * now.roas.expected)
    assert less.roas.expected == pytest.approx(now.roas.expected / 0.9)
    assert more.conversions.expected == pytest.approx(1.8 * now.conversions.expected)
    assert (double.confidence, half.confidence) == (0.5, 0.7)
    assert "extrapolation" in budget_forecast.decide(replace(case, new_budget=10**9)).reason
    # Only the last seven days are the base.
    old = (replace(DAY, conversions=90.0),) * 7
    assert budget_forecast.decide(replace(case, days=old + (DAY,) * 7)) == double
    assert budget_forecast.decide(replace(case, new_budget=0)).at_new is None


@pytest.mark.parametrize(("mean", "phi"), [(0.3, 0.5), (4.0, 0.0), (40.0, 0.1), (1_500.0, 0.02)])
def test_the_negative_binomial_is_that_of_draws(mean: float, phi: float) -> None:
    rng = np.random.default_rng(11)
    rate = mean * rng.gamma(1 / phi, phi, 200_000) if phi else np.full(200_000, mean)
    draws = rng.poisson(rate)
    for count in (0, int(mean * 0.8), int(mean * 1.3) + 1):
        assert cdf(count, mean, phi) == pytest.approx((draws <= count).mean(), abs=0.006)
    low, high = interval(mean, phi)
    assert low == pytest.approx(np.quantile(draws, 0.1), rel=0.01, abs=0.01)
    assert high == pytest.approx(np.quantile(draws, 0.9), rel=0.01, abs=0.01)
    # Where counting gives way to a closed form, nothing jumps.
    assert interval(2_001.0, 0.05)[1] == pytest.approx(interval(1_999.0, 0.05)[1], rel=0.01)


def test_dispersion_is_found_and_shrunk() -> None:
    rng = np.random.default_rng(2)
    due = [50.0] * 400
    lumpy = [float(one) for one in rng.poisson(50 * rng.gamma(10, 0.1, 400))]
    even = [float(one) for one in rng.poisson(50.0, 400)]
    assert fit_phi(lumpy, due, 0.04, 4) == pytest.approx(0.1, abs=0.02)
    assert fit_phi(even, due, 0.04, 4) < 0.01
    assert fit_phi([], [], 0.04, 4) == 0.04
