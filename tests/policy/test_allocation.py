"""Shares follow the probability of being best, with floors, and rest nothing too early."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from bench.policies_speed import KINDS, fine_probability_best, posteriors
from policy.allocation import (
    EXPLORE,
    REST_BELOW,
    WAKE_ABOVE,
    AllocationAnswer,
    AllocationInputs,
    decide,
    probability_best,
)
from policy.best_arm import best
from policy.variants import ENOUGH_IMPRESSIONS, Past, prior
from tests.policy.experiments import any_experiment, steady


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_agree_with_a_much_finer_grid(kind: str) -> None:
    alpha, beta = posteriors(kind, 6, seed=1_000)
    found = probability_best(alpha, beta)
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-6
    fine = np.array([fine_probability_best(a, b) for a, b in zip(alpha, beta, strict=True)])
    assert np.abs(fine.sum(axis=1) - 1).max() < 1e-5
    assert np.abs(found - fine).max() < 2e-5


def test_probabilities_agree_with_draws_and_with_what_is_known_exactly() -> None:
    alpha, beta = np.array([12.0, 9.0, 3.0]), np.array([400.0, 350.0, 90.0])
    draws = np.random.default_rng(1).beta(alpha, beta, (400_000, 3))
    drawn = np.bincount(draws.argmax(axis=1), minlength=3) / len(draws)
    found = best(alpha, beta)
    assert found.probability == pytest.approx(drawn, abs=4e-3)
    assert float(found.highest) == pytest.approx(draws.max(axis=1).mean(), rel=2e-3)
    assert probability_best([3.0] * 5, [200.0] * 5) == pytest.approx([0.2] * 5, abs=1e-9)
    assert probability_best([1.0, 2.0], [1.0, 1.0]) == pytest.approx([1 / 3, 2 / 3], abs=1e-5)
    assert probability_best([[7.0]], [[9.0]]).tolist() == [[1.0]]


def test_campaigns_do_not_change_each_other_and_senseless_ones_are_equal() -> None:
    alpha, beta = posteriors("unequal", 600)
    alone = np.array([probability_best(alpha[k], beta[k]) for k in (0, 300, 599)])
    assert probability_best(alpha, beta)[[0, 300, 599]] == pytest.approx(alone, abs=1e-12)
    alpha[3, 2], beta[5, 1], alpha[7, 0] = np.nan, -1.0, np.inf
    assert np.all(probability_best(alpha, beta)[[3, 5, 7]] == 1 / 8)


def test_the_prior_knows_rates_of_one_percent() -> None:
    counted = np.array([20.0, 22.0, 18.0]), np.array([2_000.0, 2_000.0, 2_000.0])
    alpha, beta = prior(*counted, (), 0.02)
    assert alpha / (alpha + beta) == pytest.approx(0.01, rel=0.1)
    assert alpha > 8, "creatives this alike say that the next is like them"
    nothing = prior(np.zeros(2), np.zeros(2), (), 0.02)
    assert nothing[0] / sum(nothing) == pytest.approx(0.02, rel=0.01)
    unlike = prior(np.array([5.0, 80.0, 20.0, 150.0]), np.full(4, 2_000.0), (), 0.02)
    assert unlike[0] < alpha / 2
    past = prior(np.zeros(2), np.zeros(2), (Past(300, 10_000), Past(280, 10_000)), 0.02)
    assert past[0] / sum(past) == pytest.approx(0.029, rel=0.1)


def shares(answer: AllocationAnswer) -> list[float]:
    return [one.share for one in answer.shares]


def test_equal_shares_until_there_are_impressions_then_the_better_gets_more() -> None:
    early = decide(AllocationInputs(steady(0.02, 0.05, 0.01, days=4, clicks=2)))
    assert early.action == "explore"
    assert shares(early) == pytest.approx([1 / 3] * 3, abs=1e-5)
    assert not early.rest
    later = decide(AllocationInputs(steady(0.02, 0.05, 0.01)))
    assert later.action == "allocate"
    assert shares(later)[1] > 0.9
    assert later.rest == ("creative 0", "creative 2")
    assert later.expected is not None
    assert later.expected.low < 0.05 < later.expected.high
    assert later.expected.rate > later.expected.equal_split
    assert "creative 1 is the best" in later.reason
    close = decide(AllocationInputs(steady(0.02, 0.021, 0.02)))
    assert not close.rest
    assert min(shares(close)) > EXPLORE / 3


def test_a_newcomer_gets_an_equal_share_beside_a_proven_leader() -> None:
    test = steady(0.02, 0.05, 0.05)
    new = replace(
        test.variants[2],
        impressions=(0.0,) * 9 + (500.0,),
        clicks=(0.0,) * 9 + (5.0,),
        conversions=(0.0,) * 10,
    )
    answer = decide(AllocationInputs(replace(test, variants=(*test.variants[:2], new))))
    assert shares(answer)[2] == pytest.approx(1 / 2, abs=0.2)
    assert "creative 2" not in answer.rest


def test_nothing_rests_in_its_first_days_nor_on_clicks_too_young_to_have_converted() -> None:
    two_days = decide(AllocationInputs(steady(0.02, 0.08, days=2, clicks=2_000)))
    assert two_days.shares[0].probability_best < 1e-3
    assert not two_days.rest
    test = steady(0.02, 0.08, days=10)
    young = replace(
        test.variants[0],
        impressions=(1_100.0,) + (0.0,) * 8 + (1e6,),
        clicks=(0.0,) * 9 + (2e4,),
        conversions=(0.0,) * 10,
    )
    slow = replace(test, variants=(young, test.variants[1]))
    assert decide(AllocationInputs(slow)).shares[0].probability_best < REST_BELOW
    assert not decide(AllocationInputs(slow)).rest


def test_a_resting_creative_comes_back_when_the_others_turn_out_worse() -> None:
    still = decide(AllocationInputs(steady(0.02, 0.05, resting=(0,))))
    assert not still.wake
    assert shares(still) == [0.0, 1.0]
    assert not still.rest
    back = decide(AllocationInputs(steady(0.03, 0.03, 0.01, resting=(0,))))
    assert back.wake == ("creative 0",)
    assert back.shares[0].probability_best > WAKE_ABOVE
    assert shares(back)[0] > 0.3
    none_left = decide(AllocationInputs(steady(0.02, 0.05, 0.03, resting=(0, 1, 2))))
    assert none_left.wake == ("creative 1",)


def test_old_evidence_fades() -> None:
    test = steady(0.04, 0.02, days=40)
    turned = tuple(
        replace(one, conversions=one.conversions[:20] + other.conversions[20:])
        for one, other in zip(test.variants, reversed(test.variants), strict=True)
    )
    turned_test = replace(test, variants=turned)
    assert decide(AllocationInputs(turned_test, 7.0)).shares[1].probability_best > 0.95
    remembered = decide(AllocationInputs(turned_test, 1e9))
    assert 0.2 < remembered.shares[1].probability_best < 0.8


@pytest.mark.parametrize("hours", [0.0, 3.0, 12.0, 24.0])
def test_a_day_that_has_just_begun_is_no_reason_to_hold(hours: float) -> None:
    """Days of the account, the last of which runs: its middle lies ahead in the morning."""
    test = steady(0.02, 0.05)
    now = replace(test, ages=tuple(age + (hours - 24.0) * 3_600.0 for age in test.ages))
    answer = decide(AllocationInputs(now))
    assert answer.action == "allocate"
    assert shares(answer)[1] > 0.9
    tomorrow = replace(test, ages=tuple(age - 1.1 * 86_400.0 for age in test.ages))
    assert decide(AllocationInputs(tomorrow)).action == "hold"


def test_where_nothing_converts_clicks_decide() -> None:
    test = steady(0.010, 0.012, metric="clicks_per_impression")
    blind = replace(
        test, variants=tuple(replace(one, conversions=(0.0,) * 10) for one in test.variants)
    )
    assert shares(decide(AllocationInputs(blind)))[1] > 0.9


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"variants": ()}, "no creatives"),
        ({"ages": ()}, "no figures"),
        ({"ages": (-50_000.0,) + (1.0,) * 9}, "future"),
        ({"width": 0.0}, "interval"),
    ],
)
def test_senseless_figures_hold_and_say_why(broken: dict[str, object], why: str) -> None:
    answer = decide(AllocationInputs(replace(steady(0.02, 0.05), **broken)))  # pyright: ignore
    assert answer.action == "hold"
    assert why in answer.reason
    assert not answer.shares
    assert not answer.rest


def test_a_click_after_midnight_on_a_view_before_it_is_no_nonsense() -> None:
    test = steady(0.02, 0.05)
    late = replace(test.variants[0], impressions=(0.0, *test.variants[0].impressions[1:]))
    assert decide(AllocationInputs(replace(test, variants=(late, test.variants[1])))).shares
    none = replace(late, impressions=(0.0,) * 10)
    held = decide(AllocationInputs(replace(test, variants=(none, test.variants[1]))))
    assert "more clicks than impressions" in held.reason


@pytest.mark.parametrize("count", [float("nan"), float("inf"), -1.0])
def test_one_senseless_count_holds(count: float) -> None:
    test = steady(0.02, 0.05)
    bad = replace(test.variants[1], clicks=(count,) + (5.0,) * 9)
    answer = decide(AllocationInputs(replace(test, variants=(test.variants[0], bad))))
    assert answer.action == "hold"
    assert "creative 1" in answer.reason


@settings(max_examples=60, deadline=None)
@given(any_experiment, st.floats(allow_nan=True, allow_infinity=True))
def test_any_figures_get_a_defined_answer_that_replays(
    experiment: object, half_life: float
) -> None:
    inputs = AllocationInputs(experiment, half_life)  # pyright: ignore
    answer = decide(inputs)
    recorded = json.dumps(to_jsonable_python(asdict(inputs)))
    assert decide(TypeAdapter(AllocationInputs).validate_json(recorded)) == answer
    stored = TypeAdapter(AllocationAnswer).dump_json(answer)
    assert TypeAdapter(AllocationAnswer).validate_json(stored) == answer
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    if answer.action == "hold":
        assert (answer.shares, answer.rest, answer.wake) == ((), (), ())
        return
    assert sum(shares(answer)) == pytest.approx(1, abs=2e-6)
    assert min(shares(answer)) >= 0
    running = {one.id for one in answer.shares if one.share > 0}
    assert running
    assert not running & set(answer.rest)
    variants = {one.id: one for one in inputs.experiment.variants}
    assert all(variants[one].resting for one in answer.wake)
    for one in answer.rest:
        assert not variants[one].resting
        assert sum(variants[one].impressions) >= ENOUGH_IMPRESSIONS
    for one in answer.shares:
        assert 0 <= one.low <= one.rate <= one.high <= 1
