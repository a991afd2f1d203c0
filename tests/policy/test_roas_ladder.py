"""The ladder of F12 with F13's guard, on evidence and by objective (BUG-15, BUG-35, Q12)."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.money import minor_unit_micros
from models.contract.vocabulary import Objective
from policy.cost_goal import GoalFigures
from policy.modes import RAISE_MOST
from policy.roas_ladder import LadderInputs, decide
from policy.roas_posterior import gamma_cdf, posterior
from tests.policy.recorded import amounts, counts, currencies, micros, numbers, shares, taken_again

DOLLAR = 1_000_000
Q12 = LadderInputs(
    "USD", "purchases", 50 * DOLLAR, 5 * DOLLAR, 100.0 * DOLLAR, 350.0 * DOLLAR, 10.0, 5.0
)
RICH = replace(Q12, spend=1000e6, revenue=3500e6, conversions=100.0, days_running=30.0)

optional = st.none() | micros
goals = st.builds(GoalFigures, micros, counts, counts, counts, shares, optional, optional, shares)
cases = st.builds(
    LadderInputs,
    currency=currencies,
    objective=st.sampled_from([*(one.value for one in Objective), "unheard of"]),
    budget=amounts,
    minimum=amounts,
    spend=micros,
    revenue=micros,
    conversions=counts,
    days_running=st.floats(-1, 40) | st.none(),
    maturity=shares,
    average_value=optional,
    maximum=st.none() | amounts,
    spent_total=optional,
    hours_since_change=st.none() | st.floats(-5, 100),
    goals=st.none() | goals,
)


@given(cases)
def test_every_input_has_one_bounded_answer(case: LadderInputs) -> None:
    answer = decide(case)
    assert answer.reason
    assert 0 < answer.confidence <= 0.9
    assert all(math.isfinite(number) for number in numbers(answer))
    assert decide(taken_again(case)) == answer
    match answer.action:
        case "maintain":
            assert answer.budget == case.budget
        case "pause":
            assert answer.budget == 0
            assert case.objective not in ("awareness", "traffic", "engagement")
        case "increase":
            assert case.budget < answer.budget <= case.budget * 1.2
            assert answer.budget - case.budget <= RAISE_MOST
            assert case.maximum is None or answer.budget <= case.maximum
            assert answer.budget % minor_unit_micros(case.currency) == 0
        case "decrease":
            assert case.budget > answer.budget >= min(case.minimum, case.budget)
            assert answer.budget >= case.budget * 0.8 - minor_unit_micros(case.currency)


def test_the_reference_answers() -> None:
    up = decide(Q12)
    assert (up.action, up.budget) == ("increase", 60 * DOLLAR)
    assert up.confidence > 0.8
    down = decide(replace(Q12, revenue=30.0 * DOLLAR, conversions=1.0))
    assert (down.action, down.budget) == ("pause", 0)
    assert down.confidence == 0.85


@pytest.mark.parametrize(
    ("roas", "action", "dollars", "confidence"),
    [
        (3.0, "increase", 60, 0.90),
        (2.99, "increase", 55, 0.75),
        (2.0, "increase", 55, 0.75),
        (1.99, "maintain", 50, 0.70),
        (1.0, "maintain", 50, 0.70),
        (0.99, "decrease", 40, 0.70),
        (0.5, "decrease", 40, 0.70),
        (0.49, "pause", 0, 0.85),
    ],
)
def test_each_rung_where_the_data_is_plenty(
    roas: float, action: str, dollars: int, confidence: float
) -> None:
    answer = decide(replace(RICH, revenue=roas * 1000e6))
    assert (answer.action, answer.budget) == (action, dollars * DOLLAR)
    assert answer.confidence == confidence


def test_luck_moves_nothing() -> None:
    # The same returns from a single order: neither scaled nor paused.
    for roas, count in ((3.5, 1), (2.2, 1), (0.45, 1)):
        few = replace(Q12, spend=200e6, revenue=roas * 200e6, conversions=float(count))
        assert decide(few).action in ("maintain", "decrease")
    assert decide(replace(Q12, revenue=350e6, conversions=1.0)).action == "maintain"
    # No order at all: without knowing an order's worth nothing can be said; knowing it, it can.
    none = replace(Q12, revenue=0.0, conversions=0.0)
    assert decide(none).action == "maintain"
    assert decide(replace(none, average_value=400e6)).action == "maintain"
    assert decide(replace(none, average_value=40e6)).action == "pause"


def test_credit_still_to_come_is_not_held_against_a_campaign() -> None:
    young = replace(RICH, revenue=450e6, conversions=40.0)
    assert decide(young).action == "pause"
    assert decide(replace(young, maturity=0.4)).action == "maintain"
    assert decide(replace(young, maturity=0.1)).action == "maintain"


@pytest.mark.parametrize("change", [{"spend": 49.99e6}, {"days_running": 2.9}])
def test_while_learning_nothing_is_changed(change: dict[str, float]) -> None:
    for revenue in (0.0, 1e6, 900e6):
        answer = decide(replace(Q12, revenue=revenue, **change))
        assert (answer.action, answer.confidence) == ("maintain", 0.5)
        assert "learning" in answer.reason
    assert decide(replace(Q12, spend=20e6, revenue=70e6, spent_total=80e6)).action == "increase"


def test_the_cool_down_the_caps_and_the_floor_hold() -> None:
    assert decide(replace(Q12, hours_since_change=23.9)).action == "maintain"
    assert decide(replace(Q12, hours_since_change=24.0)).action == "increase"
    assert decide(replace(Q12, hours_since_change=math.nan)).action == "maintain"
    big = replace(RICH, budget=2_000 * DOLLAR)
    assert decide(big).budget == 2_100 * DOLLAR
    assert decide(replace(RICH, maximum=51 * DOLLAR)).budget == 51 * DOLLAR
    poor = replace(RICH, revenue=700e6)
    assert decide(replace(poor, minimum=45 * DOLLAR)).budget == 45 * DOLLAR
    assert decide(replace(poor, minimum=60 * DOLLAR)).action == "maintain"
    yen = replace(
        RICH, currency="JPY", budget=501 * DOLLAR, learning_spend=500, raise_most=10_000 * DOLLAR
    )
    assert decide(yen).budget == 601 * DOLLAR


def test_campaigns_that_are_not_for_revenue_are_judged_by_their_own_cost() -> None:
    traffic = replace(
        Q12, objective="traffic", revenue=None, conversions=None, spend=500e6, budget=100 * DOLLAR
    )
    assert "ROAS does not apply" in decide(traffic).reason

    def clicks(count: float) -> LadderInputs:
        figures = GoalFigures(500e6, 60_000.0, count, target_cpc=0.5e6)
        return replace(traffic, goals=figures)

    assert decide(clicks(2_000.0)).budget == 110 * DOLLAR
    assert decide(clicks(1_000.0)).action == "maintain"
    assert decide(clicks(600.0)).budget == 90 * DOLLAR
    assert decide(clicks(0.0)).action == "decrease"
    assert "CPC 0.25 against a target of 0.50" in decide(clicks(2_000.0)).reason
    views = GoalFigures(500e6, 100_000.0, target_cpm=10e6)
    seen = decide(replace(traffic, objective="awareness", goals=views))
    assert (seen.action, seen.budget) == ("increase", 110 * DOLLAR)
    assert "CPM 5.00 against a target of 10.00" in seen.reason
    rate = GoalFigures(500e6, 100_000.0, 500.0, target_ctr=0.01)
    assert decide(replace(traffic, objective="engagement", goals=rate)).action == "decrease"
    lead = GoalFigures(500e6, conversions=50.0, target_cpa=20e6)
    assert decide(replace(traffic, objective="leads", goals=lead)).action == "increase"
    # Two leads at five dollars are luck.
    few = GoalFigures(10e6, conversions=2.0, target_cpa=8e6)
    assert decide(replace(traffic, objective="leads", goals=few)).action == "maintain"


def test_the_posterior_is_a_gamma_distribution() -> None:
    rng = np.random.default_rng(3)
    for shape in (0.33, 1.0, 7.0, 250.0):
        draws = rng.gamma(shape, 1.0, 200_000)
        for x in np.quantile(draws, [0.02, 0.3, 0.7, 0.98]):
            assert gamma_cdf(shape, float(x)) == pytest.approx(
                float((draws <= x).mean()), abs=0.005
            )
    assert gamma_cdf(1.0, 2.0) == pytest.approx(1 - math.exp(-2), abs=1e-12)
    assert gamma_cdf(2e5, 2e5) == pytest.approx(0.5, abs=1e-3)
    found = posterior(100e6, 350e6, 10.0)
    assert found is not None
    spread = found.interval(0.8)
    assert found.above(spread.low) == pytest.approx(0.9, abs=1e-6)
    assert found.below(spread.high) == pytest.approx(0.9, abs=1e-6)
    # Nothing speaks for a return that not one order has shown.
    none = posterior(100e6, 0.0, 0.0, average_value=50e6)
    assert none is not None
    assert none.above(0.001) == 0.0
