"""Rules relative to a target or floor (F20, F21, F26, F28): return, saturation and CPA together."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.money import minor_unit_micros
from policy.modes import STEPS, cap
from policy.relative_roas import RelativeInputs, ReturnDay, decide
from tests.policy.recorded import amounts, counts, currencies, micros, numbers, shares, taken_again

DOLLAR = 1_000_000
BASE = RelativeInputs(
    currency="USD",
    mode="balanced",
    budget=100 * DOLLAR,
    minimum=5 * DOLLAR,
    spend=700e6,
    revenue=2_660e6,
    conversions=70.0,
    days_running=30.0,
    target_roas=2.8,
    min_roas=2.0,
    saturation=0.4,
    optimal_spend=150e6,
    predicted_cpa=10.5e6,
    hours_since_change=48.0,
)
ratios = st.none() | st.floats(0, 10) | st.just(math.nan)
cases = st.builds(
    RelativeInputs,
    currency=currencies,
    mode=st.sampled_from(tuple(STEPS)),
    budget=amounts,
    minimum=amounts,
    spend=micros,
    revenue=micros,
    conversions=counts,
    days_running=st.floats(-1, 40) | st.none(),
    target_roas=ratios,
    min_roas=ratios,
    maturity=shares,
    saturation=shares,
    optimal_spend=micros,
    predicted_cpa=micros,
    average_value=micros,
    maximum=st.none() | amounts,
    hours_since_change=st.none() | st.floats(-5, 100),
    daily=st.lists(st.builds(ReturnDay, micros, micros, shares), max_size=16).map(tuple),
)


@given(cases)
def test_every_input_has_one_bounded_answer(case: RelativeInputs) -> None:
    answer = decide(case)
    unit = minor_unit_micros(case.currency)
    assert answer.reason
    assert 0 < answer.confidence <= 1
    assert all(math.isfinite(number) for number in numbers(answer))
    assert decide(taken_again(case)) == answer
    match answer.action:
        case "maintain":
            assert answer.budget == case.budget
        case "pause":
            assert answer.budget == 0
        case "increase":
            assert case.budget < answer.budget <= case.budget * (1 + cap(case.mode))
            assert case.maximum is None or answer.budget <= case.maximum
        case "decrease" | "cap":
            assert case.budget > answer.budget >= min(case.minimum, case.budget)
            assert answer.budget >= case.budget * (1 - cap(case.mode)) - unit
    if answer.proposal is not None:
        assert answer.action in ("maintain", "increase")
        assert case.budget < answer.proposal.budget <= case.budget * 1.5


def test_scaling_needs_return_room_and_cpa_together() -> None:
    up = decide(BASE)
    assert (up.action, up.budget) == ("increase", 110 * DOLLAR)
    assert "ROAS 3.80" in up.reason
    assert "40% saturated" in up.reason
    assert "10.50 of 13.57 affordable" in up.reason
    assert decide(replace(BASE, mode="aggressive")).budget == 120 * DOLLAR
    assert decide(replace(BASE, mode="conservative")).budget == 110 * DOLLAR
    for change, why in (
        ({"revenue": 2_540e6}, "not 1.3 times"),
        ({"saturation": 0.6}, "60% saturated"),
        ({"predicted_cpa": 13.6e6}, "13.60, more than 13.57"),
        ({"predicted_cpa": None}, "no predicted CPA"),
        ({"conversions": 2.0, "average_value": 38e6}, "too few"),
        ({"hours_since_change": 12.0}, "24 h ago"),
        ({"maximum": 100 * DOLLAR}, "agreed"),
        ({"spent_total": 40e6}, "learning"),
        ({"target_roas": None, "min_roas": None}, "neither a target nor a floor"),
        ({"spend": 0.0, "spent_total": 900e6}, "no return"),
    ):
        held = decide(replace(BASE, **change))  # type: ignore[arg-type]
        assert held.action == "maintain", why
        assert why in held.reason


def test_an_unknown_saturation_allows_half_a_step_that_makes_it_known() -> None:
    answer = decide(replace(BASE, saturation=None))
    assert (answer.action, answer.budget) == ("increase", 105 * DOLLAR)
    assert "saturation not known" in answer.reason


def test_the_floor_stands_in_for_a_missing_target() -> None:
    answer = decide(replace(BASE, target_roas=None, predicted_cpa=12e6))
    assert answer.action == "increase"
    assert "against a target of 2.00" in answer.reason


def test_cutting_leading_back_and_pausing() -> None:
    low = replace(BASE, revenue=1_600e6)
    assert (decide(low).action, decide(low).budget) == ("decrease", 90 * DOLLAR)
    assert decide(replace(low, mode="aggressive")).budget == 80 * DOLLAR
    assert decide(replace(low, revenue=1_666e6)).action == "maintain"
    assert decide(replace(low, minimum=95 * DOLLAR)).budget == 95 * DOLLAR
    full = replace(BASE, saturation=0.85, optimal_spend=60e6)
    assert (decide(full).action, decide(full).budget) == ("cap", 80 * DOLLAR)
    assert decide(replace(full, optimal_spend=92.5e6)).budget == 92_500_000
    assert decide(replace(full, saturation=0.8)).action == "maintain"
    stop = decide(replace(BASE, revenue=840e6))
    assert (stop.action, stop.budget) == ("pause", 0)
    assert "below the floor of 2.00" in stop.reason
    # 1.2 from three orders is no proof; 1.7 is not far enough below the floor of 2.
    assert decide(replace(BASE, revenue=840e6, conversions=2.0)).action != "pause"
    assert decide(replace(BASE, revenue=1_190e6)).action == "decrease"
    assert decide(replace(BASE, revenue=840e6, maturity=0.4)).action == "maintain"


@pytest.mark.parametrize(
    ("roas", "days", "proposed"),
    [(2.6, 14, True), (2.6, 13, False), (1.9, 14, False), (2.01, 14, False)],
)
def test_two_good_weeks_are_a_proposal_to_a_person(roas: float, days: int, proposed: bool) -> None:
    daily = tuple(ReturnDay(100e6, 100e6 * (roas + (0.2 if n % 2 else -0.2))) for n in range(days))
    answer = decide(replace(BASE, daily=daily, maximum=100 * DOLLAR))
    assert (answer.proposal is not None) == proposed
    assert answer.budget == 100 * DOLLAR
    if answer.proposal is not None:
        assert answer.proposal.budget == 150 * DOLLAR
        assert "for a person to decide" in answer.proposal.reason
        # One bad week of the two is enough to say nothing.
        bad = tuple(ReturnDay(100e6, 150e6) for _ in range(7))
        assert decide(replace(BASE, daily=(*bad, *daily[:7]))).proposal is None
