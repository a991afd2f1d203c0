"""A decision against its own expectation: improved, worse, or honestly inconclusive."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.scoring import Expected, Metric, ScoredDay, ScoringInputs, decide
from tests.policy.recorded import counts, micros, numbers, shares, taken_again

METRICS: tuple[Metric, ...] = (
    "roas", "cpa", "cvr", "cpc", "ctr", "value", "conversions", "clicks"
)  # fmt: skip
days = st.lists(
    st.builds(ScoredDay, micros, counts, counts, counts, micros, shares), max_size=9
).map(tuple)
cases = st.builds(
    ScoringInputs,
    metric=st.sampled_from(METRICS),
    before=days,
    after=days,
    expected=st.none() | st.builds(Expected, *[st.floats(-1, 1) | st.just(math.nan)] * 3),
    control_before=days,
    control_after=days,
)


def week(
    rate: float, seed: int, count: int = 14, maturity: float = 1.0, noise: float = 0.05
) -> tuple[ScoredDay, ...]:
    """Days at 100 of spend with about ``rate`` conversions worth 40 each."""
    rng = np.random.default_rng(seed)
    out: list[ScoredDay] = []
    for _ in range(count):
        spend = 100e6 * float(rng.lognormal(0, 0.05))
        found = float(rng.poisson(rate * maturity * spend / 100e6 * rng.lognormal(0, noise)))
        out.append(ScoredDay(spend, 20_000.0, 200.0, found, found * 40e6, maturity))
    return tuple(out)


SAME = ScoringInputs("cpa", week(40, 1), week(40, 2))
BETTER = replace(SAME, after=week(60, 2))
WORSE = replace(SAME, after=week(26, 2))


@settings(max_examples=80)
@given(cases)
def test_whatever_the_figures_the_verdict_and_its_interval_agree(case: ScoringInputs) -> None:
    answer = decide(case)
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    assert all(math.isfinite(number) for number in numbers(answer))
    assert decide(taken_again(case)) == answer
    if answer.effect is None:
        assert answer.verdict == "inconclusive"
        return
    assert answer.effect.low <= answer.effect.value <= answer.effect.high
    lower_is_better = case.metric in ("cpa", "cpc")
    up, down = answer.effect.low > 0, answer.effect.high < 0
    improved, worse = (down, up) if lower_is_better else (up, down)
    if answer.verdict == "improved":
        assert improved
    if answer.verdict == "worse":
        assert worse
    # Before and after exchanged, so is the verdict.
    turned = replace(
        case,
        before=case.after,
        after=case.before,
        control_before=case.control_after,
        control_after=case.control_before,
    )
    back = decide(turned)
    opposite = {"improved": "worse", "worse": "improved", "inconclusive": "inconclusive"}
    assert back.verdict == opposite[answer.verdict]


def test_a_real_change_is_seen_in_the_metrics_own_direction() -> None:
    better, worse, same = decide(BETTER), decide(WORSE), decide(SAME)
    assert (better.verdict, worse.verdict, same.verdict) == ("improved", "worse", "inconclusive")
    assert better.effect is not None
    assert better.effect.value == pytest.approx(40 / 60 - 1, abs=0.08)
    assert better.effect.low < -1 / 3 < better.effect.high
    roas = decide(replace(BETTER, metric="roas"))
    assert roas.verdict == "improved"
    assert roas.effect is not None
    assert roas.effect.value == pytest.approx(0.5, abs=0.15)
    assert decide(replace(BETTER, metric="ctr")).verdict == "inconclusive"
    assert better.confidence > 0.95 > same.confidence


def test_the_decisions_own_expectation_is_held_against_it() -> None:
    met = decide(replace(BETTER, expected=Expected(-0.33, -0.40, -0.25)))
    assert met.as_expected
    assert met.surprise is not None
    assert abs(met.surprise) < 2
    missed = decide(replace(SAME, expected=Expected(-0.4, -0.45, -0.35)))
    assert missed.verdict == "inconclusive"
    assert missed.as_expected is False
    assert missed.surprise is not None
    assert missed.surprise > 2
    assert "expected -40.0%" in missed.reason
    odd = decide(replace(BETTER, expected=Expected(0.1, 0.2, 0.3)))
    assert (odd.verdict, odd.as_expected, odd.surprise) == ("improved", None, None)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (replace(BETTER, after=week(60, 2, 4)), "only 4 usable days after"),
        (replace(BETTER, before=week(0.4, 1)), "events before"),
        (replace(BETTER, after=week(60, 2, maturity=0.5)), "only 0 usable days after"),
        (replace(BETTER, before=()), "only 0 usable days before"),
        (replace(BETTER, after=tuple(replace(d, spend=0.0) for d in BETTER.after)), "usable days"),
        (replace(BETTER, metric="roas", before=tuple(replace(d, conversions=None)
                                                     for d in BETTER.before)), "only 0 events"),
    ],
)  # fmt: skip
def test_thin_data_is_inconclusive(case: ScoringInputs, why: str) -> None:
    answer = decide(case)
    assert (answer.verdict, answer.confidence) == ("inconclusive", 0.0)
    assert why in answer.reason


def test_what_moved_every_campaign_is_not_the_decisions_doing() -> None:
    market = replace(BETTER, control_before=week(80, 5), control_after=week(120, 6))
    answer = decide(market)
    assert answer.verdict == "inconclusive"
    assert "left alone" in answer.reason
    # Thin controls do not decide anything.
    assert decide(replace(BETTER, control_before=week(80, 5, 2))).verdict == "improved"


def test_credit_to_come_is_expected_and_unsteady_days_prove_less() -> None:
    young = replace(SAME, after=week(40, 2, maturity=0.75))
    assert decide(young).verdict == "inconclusive"
    calm = decide(replace(SAME, after=week(52, 2)))
    wild = decide(replace(SAME, before=week(40, 1, noise=0.8), after=week(52, 2, noise=0.8)))
    assert calm.effect is not None
    assert wild.effect is not None
    assert wild.effect.high - wild.effect.low > 1.5 * (calm.effect.high - calm.effect.low)
