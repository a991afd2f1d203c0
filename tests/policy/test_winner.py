"""A winner is proven at any number of looks, against every rival, or it is not named."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from policy.maturity import DAY
from policy.variants import ENOUGH_DAYS, ENOUGH_IMPRESSIONS, Experiment, scatter
from policy.winner import (
    ALPHA,
    EFFECT,
    ENOUGH_SUCCESSES,
    WinnerAnswer,
    WinnerInputs,
    chi_square_p,
    decide,
    log_evidence,
)
from tests.policy.experiments import any_experiment, steady


def test_the_evidence_is_the_mixture_over_all_effects_it_looks_for() -> None:
    """The closed form against the integral it stands for."""
    s, n = np.array([40.0, 60.0]), np.array([2_000.0, 2_000.0])
    d = math.log(60 / 1_940) - math.log(40 / 1_960)
    v = 1 / 60 + 1 / 1_940 + 1 / 40 + 1 / 1_960
    effect = np.linspace(-4, 4, 80_001)
    prior = np.exp(-(effect**2) / (2 * EFFECT**2)) / (EFFECT * math.sqrt(2 * math.pi))
    likelihood = np.exp((d * d - (d - effect) ** 2) / (2 * v))
    integral = math.log(np.trapezoid(prior * likelihood, effect))
    evidence, rival = log_evidence(s, n)
    assert evidence[1] == pytest.approx(integral, abs=1e-6)
    assert evidence[0] == -np.inf
    assert rival[1] == 0


def test_equals_are_almost_never_told_apart_however_often_one_looks() -> None:
    """600 tests, 200 looks each: with a fixed-sample p-value a third would have a winner."""
    rng = np.random.default_rng(11)
    clicks = np.cumsum(rng.poisson(60, (600, 200, 2)), axis=1).astype(float)
    won = np.cumsum(rng.poisson(60 * 0.02, (600, 200, 2)), axis=1).astype(float)
    judged = won.min(axis=2) >= ENOUGH_SUCCESSES
    evidence, _ = log_evidence(won, clicks)
    proven = np.asarray((evidence.max(axis=2) >= math.log(1 / ALPHA)) & judged, np.bool_)
    assert proven.max(axis=1).mean() <= ALPHA
    s = np.maximum(won, 0.5)
    apart = np.abs(np.log(s / (clicks - won)) @ np.array([1.0, -1.0]))
    z = apart / np.sqrt((1 / s + 1 / (clicks - won)).sum(axis=2))
    assert np.asarray((z > 1.96) & judged, np.bool_).max(axis=1).mean() > 0.2


def test_a_clear_winner_is_named_with_its_lift_and_its_proof() -> None:
    answer = decide(WinnerInputs(steady(0.02, 0.035, 0.02, clicks=800)))
    assert answer.verdict == "winner"
    assert answer.winner == answer.leader == "creative 1"
    assert answer.always_valid_p <= ALPHA
    assert answer.expected is not None
    assert 0 < answer.expected.low < answer.expected.lift < answer.expected.high
    assert answer.expected.lift == pytest.approx(0.035 / 0.965 / (0.02 / 0.98) - 1, abs=0.01)
    assert "creative 1 beats every rival" in answer.reason
    assert answer.variants[1].probability_best > 0.99
    assert sum(one.probability_best for one in answer.variants) == pytest.approx(1, abs=1e-5)


def test_days_that_scatter_each_creative_on_its_own_weaken_the_proof() -> None:
    """A day that is good for all tells no creative apart; a creative's own wild days do not
    prove it."""
    rng = np.random.default_rng(5)
    clicks = np.full((200, 14, 2), 1_000.0)

    def mean_scatter(days: NDArray[np.float64]) -> float:
        return float(scatter(rng.poisson(0.02 * days * clicks), clicks).mean())

    shared = np.exp(0.5 * rng.standard_normal((200, 14, 1)))
    own = np.exp(0.5 * rng.standard_normal((200, 14, 2)))
    assert 1.0 <= mean_scatter(np.ones((200, 14, 2))) < 1.3
    assert 1.0 <= mean_scatter(shared) < 1.3
    assert mean_scatter(own) > 3
    assert float(scatter([[0.0, 0.0]], [[0.0, 5.0]])) == 1.0
    test = steady(0.02, 0.03, clicks=1_000)
    first, second = test.variants
    swing = np.where(np.arange(10) % 2, 0.1, 1.9)
    wild = replace(second, conversions=tuple((swing * second.conversions).tolist()))
    assert decide(WinnerInputs(test)).verdict == "winner"
    assert decide(WinnerInputs(replace(test, variants=(first, wild)))).winner is None


def test_two_good_ones_beat_the_third_but_not_each_other() -> None:
    answer = decide(WinnerInputs(steady(0.02, 0.035, 0.034, clicks=800)))
    assert answer.winner is None
    assert answer.expected is not None
    assert answer.expected.over == "creative 2"
    assert answer.expected.low < 0 < answer.expected.high


def test_more_rivals_need_more_proof() -> None:
    pair = decide(WinnerInputs(steady(0.02, 0.03, clicks=400)))
    many = decide(WinnerInputs(steady(0.02, 0.03, 0.02, 0.02, 0.02, clicks=400)))
    assert many.always_valid_p == pytest.approx(min(1, 4 * pair.always_valid_p), rel=1e-6)


def test_equals_that_were_seen_enough_are_good_enough_and_have_no_winner() -> None:
    answer = decide(WinnerInputs(steady(0.03, 0.03, clicks=20_000, days=20)))
    assert answer.verdict == "good enough"
    assert answer.winner is None
    assert "gives up only" in answer.reason
    assert decide(WinnerInputs(steady(0.03, 0.03, clicks=100))).verdict == "undecided"


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (steady(0.002, 0.9, clicks=2.4, days=4), "960 of 1,000 impressions"),
        (steady(0.02, 0.2, clicks=5_000, days=2), "2.0 of 3 days"),
        (steady(0.0005, 0.2, clicks=3_000), "successes"),
        (replace(steady(0.02, 0.2), variants=steady(0.02).variants), "no test"),
        (replace(steady(0.02, 0.2), ages=(math.nan,) * 10), "dated"),
        (replace(steady(0.02, 0.2), ages=()), "no figures"),
    ],
)
def test_the_floors_come_before_any_proof(test: Experiment, why: str) -> None:
    answer = decide(WinnerInputs(test))
    assert answer.verdict == "undecided"
    assert answer.winner is None
    assert why in answer.reason


def test_conversions_still_to_come_are_no_defeat() -> None:
    """A creative whose clicks are all of today has few conversions and is not beaten for it."""
    test = steady(0.03, 0.03, clicks=1_000)
    ages = np.array(test.ages)
    assert ages[-1] == DAY / 2
    late = test.variants[1]
    today = replace(
        late,
        impressions=(2_000.0,) * 9 + (1e6,),
        clicks=(0.0,) * 9 + (1e4,),
        conversions=(0.0,) * 9 + (10 * late.conversions[-1],),
    )
    figures = replace(test, variants=(test.variants[0], today))
    answer = decide(WinnerInputs(figures))
    assert answer.verdict != "winner"
    assert answer.variants[1].rate == pytest.approx(0.03, rel=0.05)
    blind = chi_square_p([sum(v.conversions) for v in figures.variants], [1e4, 1e4])
    assert blind is not None
    assert blind < 0.01


def test_chi_square_agrees_with_tables() -> None:
    assert chi_square_p([30, 50], [1_000, 1_000]) == pytest.approx(0.0226, abs=2e-4)
    for arms, critical in ((2, 3.841), (3, 5.991), (4, 7.815), (6, 11.070), (9, 15.507)):
        n, p = 1e6, 0.5
        move = math.sqrt(critical * n * p * (1 - p) / 2)
        counts = np.full(arms, n * p)
        counts[0] += move
        counts[1] -= move
        assert chi_square_p(counts, np.full(arms, n)) == pytest.approx(0.05, abs=1e-4)
    assert chi_square_p([0, 0], [10, 10]) is None
    assert chi_square_p([1, 2], [0, 10]) is None


@settings(max_examples=60, deadline=None)
@given(any_experiment, st.sampled_from([ALPHA, 0.01]) | st.floats(allow_nan=True))
def test_any_figures_get_a_defined_answer_that_replays(
    experiment: Experiment, alpha: float
) -> None:
    inputs = WinnerInputs(experiment, alpha)
    answer = decide(inputs)
    recorded = json.dumps(to_jsonable_python(asdict(inputs)))
    assert decide(TypeAdapter(WinnerInputs).validate_json(recorded)) == answer
    stored = TypeAdapter(WinnerAnswer).dump_json(answer)
    assert TypeAdapter(WinnerAnswer).validate_json(stored) == answer
    assert answer.reason
    assert 0 <= answer.confidence < 1
    assert (answer.winner is not None) == (answer.verdict == "winner")
    if answer.winner is None:
        return
    sums = {one.id: one for one in answer.variants}
    assert len(sums) > 1
    assert answer.always_valid_p <= alpha
    assert max(experiment.ages) + experiment.width / 2 >= ENOUGH_DAYS * DAY
    for one in experiment.variants:
        assert sum(one.impressions) >= ENOUGH_IMPRESSIONS
        assert sums[one.id].successes >= ENOUGH_SUCCESSES
