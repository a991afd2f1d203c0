"""A curve with its interval, inside what was observed; "not identified" is an answer (F22)."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.curve import REACH, inside, level_at, marginal_at, value_at
from policy.saturation import SaturationInputs, SpendDay, decide, fit
from tests.policy.recorded import currencies, micros, numbers, shares, taken_again

TOP, HALF = 600e6, 80e6


def history(
    low: float = 30e6, high: float = 120e6, days: int = 40, noise: float = 0.15, seed: int = 1
) -> tuple[SpendDay, ...]:
    rng = np.random.default_rng(seed)
    spends = rng.uniform(low, high, days)
    values = TOP * spends / (HALF + spends) * rng.lognormal(-(noise**2) / 2, noise, days)
    return tuple(SpendDay(float(s), float(v)) for s, v in zip(spends, values, strict=True))


BASE = SaturationInputs("USD", history(), 70e6, 2.0, 40e6)
days = st.lists(st.builds(SpendDay, micros, micros, shares, st.none()), max_size=40).map(tuple)
inputs = st.builds(
    SaturationInputs,
    currency=currencies,
    days=days,
    spend=micros,
    target_roas=st.floats(0, 10) | st.none() | st.just(math.nan),
    average_value=micros,
    slope=st.floats(0.1, 1.5),
    carry_over=st.none() | st.floats(0, 1),
)


@settings(deadline=None, max_examples=150)
@given(inputs)
def test_every_history_has_a_defined_answer_that_can_be_taken_again(case: SaturationInputs) -> None:
    answer = decide(case)
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    assert all(math.isfinite(number) for number in numbers(answer))
    assert decide(taken_again(case)) == answer
    if not answer.identified:
        assert answer.level is None
        assert answer.optimal_spend is None
        return
    assert answer.curve is not None
    assert answer.level is not None
    assert 0 <= answer.level.low <= answer.level.value <= answer.level.high <= 1
    assert answer.marginal is not None
    assert answer.marginal.low >= 0
    if answer.optimal_spend is not None:
        assert answer.optimal_spend <= answer.curve.high * REACH + 1


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_curve_is_found_where_the_spend_shows_it(seed: int) -> None:
    answer = decide(replace(BASE, days=history(noise=0.05, days=60, seed=seed)))
    assert answer.identified
    assert answer.level is not None
    assert answer.marginal is not None
    assert answer.optimal is not None
    assert answer.level.value == pytest.approx(70 / 150, abs=0.08)
    assert answer.marginal.value == pytest.approx(TOP * HALF / 150e6**2, rel=0.15)
    assert answer.optimal.value == pytest.approx(math.sqrt(TOP * HALF / 2) - HALF, rel=0.15)
    assert answer.optimal_spend is not None
    assert answer.optimal_spend % 10_000 == 0
    assert answer.max_affordable_cpa == 20_000_000


def test_more_spend_returns_less_at_the_margin_and_more_in_all() -> None:
    curve = fit(BASE.days)
    assert curve is not None
    spends = np.linspace(curve.low / 1.4, curve.high * 1.4, 25)
    read = [(value_at(curve, x), marginal_at(curve, x), level_at(curve, x)) for x in spends]
    values, marginals, levels = zip(*read, strict=True)
    for rising in (values, levels):
        means = [one.value for one in rising if one is not None]
        assert means == sorted(means)
        assert len(means) == 25
    falling = [one.value for one in marginals if one is not None]
    assert falling == sorted(falling, reverse=True)


def test_nothing_is_said_beyond_the_observed_range() -> None:
    curve = fit(BASE.days)
    assert curve is not None
    for spend in (curve.high * REACH * 1.001, curve.low / REACH * 0.999, 0.0, -5.0, math.inf):
        assert not inside(curve, spend)
        assert value_at(curve, spend) is None
    far = decide(replace(BASE, spend=curve.high * 2))
    assert not far.identified
    assert "too far" in far.reason
    edge = decide(replace(BASE, target_roas=0.01))
    assert edge.at_edge
    assert edge.optimal_spend is not None
    assert edge.optimal_spend == pytest.approx(curve.high * REACH, rel=1e-3)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ((), "fewer than 7"),
        (history(days=6), "fewer than 7"),
        (tuple(replace(one, value=None) for one in history()), "fewer than 7"),
        (tuple(replace(one, maturity=0.3) for one in history()), "fewer than 7"),
        (history(70e6, 90e6), "only ranged"),
        (history(50e6, 100e6, 8, 0.8), "may be anything"),
    ],
)
def test_what_cannot_be_seen_is_not_identified(days: tuple[SpendDay, ...], why: str) -> None:
    answer = decide(replace(BASE, days=days))
    assert not answer.identified
    assert why in answer.reason
    assert answer.max_affordable_cpa == 20_000_000


def test_young_days_are_completed_and_one_slip_does_not_bend_the_curve() -> None:
    whole = decide(BASE)
    young = tuple(
        replace(one, value=(one.value or 0) * 0.6, maturity=0.6) if n % 2 else one
        for n, one in enumerate(BASE.days)
    )
    completed = decide(replace(BASE, days=young))
    slip = (*BASE.days[:-1], replace(BASE.days[-1], value=(BASE.days[-1].value or 0) * 100))
    robust = decide(replace(BASE, days=slip))
    for other in (completed, robust):
        assert other.level is not None
        assert whole.level is not None
        assert whole.expected is not None
        assert other.expected is not None
        assert other.level.value == pytest.approx(whole.level.value, abs=0.08)
        assert other.expected.value == pytest.approx(whole.expected.value, rel=0.08)


def test_numbered_days_are_ordered_and_a_restated_day_counts_once() -> None:
    numbered = tuple(replace(one, day=n) for n, one in enumerate(BASE.days))
    assert fit(numbered) == fit(BASE.days)
    # A figure told too high at first, restated lower: the later word counts, in any order.
    wrong = replace(numbered[3], value=(numbered[3].value or 0) * 3)
    assert fit((wrong, *reversed(numbered))) == fit(numbered)


def test_carried_over_effects_are_taken_for_what_they_are() -> None:
    rng = np.random.default_rng(5)
    spends = np.repeat(rng.uniform(20e6, 150e6, 12), 5)
    state = float(spends[:7].mean())
    values: list[float] = []
    for spend in spends:
        state = 0.6 * state + 0.4 * float(spend)
        values.append(TOP * state / (HALF + state) * float(rng.lognormal(0, 0.03)))
    days = tuple(SpendDay(float(s), v) for s, v in zip(spends, values, strict=True))
    told, found = fit(days, carry_over=0.6), fit(days, carry_over=None)
    blind = fit(days)
    assert told is not None
    assert found is not None
    assert blind is not None
    truth = 1 / (1 + HALF / told.usual)
    assert told.level.value == pytest.approx(truth, abs=0.05)
    assert abs(found.level.value - truth) < abs(blind.level.value - truth)
