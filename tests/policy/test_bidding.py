"""Bids move when the evidence says so, one bounded step, never above what was approved."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from models.contract.money import minor_unit_micros
from policy import cpa_pid
from policy.bidding import BidInputs, decide
from policy.cost_per_result import Cohort, cost_per_result, gamma_quantile
from policy.cpa_pid import MIN_DT, OUTPUT, PidInputs, PidState
from policy.modes import STEPS

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
START = NOW - timedelta(days=14)


def week(
    conversions: float, *, spend: int = 100_000_000, arrived: float = 1.0, revenue: int = 0
) -> tuple[Cohort, ...]:
    """Seven days of as many conversions on 100 spent a day."""
    return tuple(
        Cohort(
            NOW - timedelta(days=day), spend, conversions, arrived, revenue, round(conversions * 50)
        )
        for day in range(7, 0, -1)
    )


BASE = BidInputs(
    now=NOW,
    currency="USD",
    bid=1_000_000,
    min_bid=100_000,
    max_bid=1_500_000,
    goal="cpa",
    target=10_000_000.0,
    cohorts=week(10),
    delivering_since=START,
)
DEAR, CHEAP = replace(BASE, cohorts=week(5)), replace(BASE, cohorts=week(20))

whole = st.integers(-5, 10**13) | st.integers(0, 300_000_000)
real = st.floats() | st.floats(0, 100) | st.integers(0, 50).map(float)
instants = st.integers(-40 * 24, 24).map(lambda hours: NOW + timedelta(hours=hours))
cohorts = st.lists(st.builds(Cohort, instants, whole, real, real, whole, whole), max_size=5)
anything = st.builds(
    BidInputs,
    now=st.just(NOW),
    currency=st.sampled_from(("USD", "JPY", "?")),
    bid=whole,
    min_bid=whole,
    max_bid=whole,
    goal=st.sampled_from(("cpa", "roas", "cpc")),
    target=st.floats() | st.floats(1e5, 1e9),
    cohorts=cohorts.map(tuple),
    delivering_since=instants,
    mode=st.sampled_from(("conservative", "balanced", "aggressive")),
    last_change_at=st.none() | instants,
    learning_window=st.floats() | st.just(0.0),
    budget_limited=st.booleans(),
    no_raise_before=st.none() | instants,
)


@st.composite
def sane(draw: st.DrawFn) -> BidInputs:
    spend, results = draw(st.integers(0, 400_000_000)), draw(st.integers(0, 40))
    return replace(
        BASE,
        bid=draw(st.integers(100_000, 3_000_000)),
        cohorts=week(results, spend=spend),
        mode=draw(st.sampled_from(tuple(STEPS))),
        max_bid=draw(st.integers(100_000, 3_000_000)),
    )


@given(anything | sane())
def test_every_move_keeps_within_the_modes_cap_and_the_bid_limits(case: BidInputs) -> None:
    answer = decide(case)
    cap, unit = STEPS[case.mode][1], minor_unit_micros(case.currency)
    assert answer.reason
    assert 0 <= answer.confidence <= 1
    match answer.action:
        case "hold":
            assert answer.bid == case.bid
        case "raise":
            assert case.bid < answer.bid <= min(case.max_bid, case.bid * (1 + cap) + 1)
            assert not case.budget_limited
        case "lower":
            assert case.min_bid <= answer.bid < case.bid
            # Never by more than the cap, but for a bid above its limit or finer than its unit.
            assert case.bid - answer.bid <= case.bid * cap + unit or answer.bid == case.max_bid
    record = json.loads(json.dumps(to_jsonable_python(asdict(case))))
    assert decide(TypeAdapter(BidInputs).validate_python(record)) == answer


@given(anything | sane(), st.builds(PidState, real, st.none() | real, st.none() | instants, real))
def test_the_pid_keeps_the_same_bounds_and_its_integral_in_its_own(
    case: BidInputs, state: PidState
) -> None:
    answer = cpa_pid.decide(PidInputs(case, state))
    if answer.action == "raise":
        assert case.bid < answer.bid <= case.max_bid
    elif answer.action == "lower":
        assert case.min_bid <= answer.bid < case.bid
    else:
        assert answer.bid == case.bid
    assert abs(answer.output) <= OUTPUT
    if answer.state is not state:
        assert abs(answer.state.integral) <= OUTPUT
    record = json.loads(json.dumps(to_jsonable_python(asdict(PidInputs(case, state)))))
    assert cpa_pid.decide(TypeAdapter(PidInputs).validate_python(record)) == answer


def test_too_dear_lowers_cheap_proposes_more_and_on_target_holds() -> None:
    dear, cheap, fair = decide(DEAR), decide(CHEAP), decide(BASE)
    assert (dear.action, dear.bid) == ("lower", 800_000)
    assert (cheap.action, cheap.bid) == ("raise", 1_200_000)
    assert fair.action == "hold"
    assert dear.expected is not None
    assert dear.expected.low < dear.expected.cost < (dear.expected.high or 0)
    assert dear.expected.low > BASE.target
    assert dear.expected.after < dear.expected.cost
    assert "CPA 19.4" in dear.reason
    assert "target of 10.00 USD" in dear.reason


@pytest.mark.parametrize(
    ("mode", "surely"), [("conservative", 0.10), ("balanced", 0.20), ("aggressive", 0.30)]
)
def test_modes_bound_the_step_by_the_strength_of_the_evidence(mode: str, surely: float) -> None:
    smaller = STEPS[mode][0]
    sure = decide(replace(DEAR, mode=mode))  # type: ignore[arg-type]
    assert sure.bid == pytest.approx(1_000_000 * (1 - surely), abs=10_000)
    likely = [
        decide(replace(BASE, mode=mode, cohorts=week(n / 4)))  # type: ignore[arg-type]
        for n in range(20, 60)
    ]
    steps = {round(1 - one.bid / 1_000_000, 2) for one in likely if one.action == "lower"}
    assert min(steps) <= smaller < max(steps) <= surely


def test_young_spend_counts_by_what_has_arrived() -> None:
    # Half the conversions are still to come: 5 seen are 10 expected, exactly on target.
    assert decide(replace(BASE, cohorts=week(5, arrived=0.5))).action == "hold"
    assert decide(replace(BASE, cohorts=week(5, arrived=1.0))).action == "lower"


def test_few_results_decide_nothing_until_the_interval_excludes_the_target() -> None:
    spends = [decide(replace(BASE, cohorts=week(0, spend=s * 1_000_000))) for s in range(1, 30)]
    actions = [one.action for one in spends]
    first = actions.index("lower")
    assert set(actions[:first]) == {"hold"}
    assert set(actions[first:]) == {"lower"}
    # Two and a half targets' worth of spend without a result may be chance, eight are not.
    assert 25 < 7 * (first + 1) < 80


def test_one_change_in_a_learning_window_and_only_on_spend_of_the_new_bid() -> None:
    changed = NOW - timedelta(days=2)
    assert "one change in 3.0 days" in decide(replace(DEAR, last_change_at=changed)).reason
    longer_ago = replace(DEAR, last_change_at=NOW - timedelta(days=4))
    assert decide(longer_ago).action == "lower"
    silent = replace(longer_ago, cohorts=longer_ago.cohorts[:3])
    assert "nothing was spent since" in decide(silent).reason
    # What came before the change is a prior, not the evidence.
    before, after = week(5)[:3], week(10)[3:]
    mixed = replace(longer_ago, cohorts=before + after, last_change_at=NOW - timedelta(days=4))
    assert decide(mixed).action == "hold"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"budget_limited": True}, "budget, not the bid"),
        ({"no_raise_before": NOW + timedelta(days=1)}, "no raise before"),
        ({"delivering_since": NOW - timedelta(days=2)}, "learning"),
        ({"bid": 1_500_000}, "limit"),
    ],
)
def test_what_forbids_a_raise_does_not_forbid_lowering(
    changed: dict[str, object], why: str
) -> None:
    held = decide(replace(CHEAP, **changed))  # type: ignore[arg-type]
    assert held.action == "hold"
    assert why in held.reason
    assert decide(replace(DEAR, **changed)).action == "lower"  # type: ignore[arg-type]


def test_return_on_ad_spend_and_cost_per_click_are_goals_too() -> None:
    # 100 spent a day; ten orders of 30: a ROAS of 3.
    roas = replace(BASE, goal="roas", target=3.0, cohorts=week(10, revenue=300_000_000))
    assert decide(roas).action == "hold"
    assert "ROAS 3.00" in decide(roas).reason
    assert decide(replace(roas, target=6.0)).action == "lower"
    assert decide(replace(roas, target=1.5)).action == "raise"
    assert "no revenue" in decide(replace(roas, cohorts=week(10))).reason
    # 500 clicks a day on 100: 0.20 a click.
    cpc = replace(BASE, goal="cpc", target=200_000.0)
    assert decide(cpc).action == "hold"
    assert decide(replace(cpc, target=150_000.0)).action == "lower"
    assert decide(replace(cpc, target=300_000.0)).action == "raise"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"bid": 0}, "no bid"),
        ({"max_bid": 0}, "no bid"),
        ({"min_bid": 2_000_000}, "above the bid limit"),
        ({"target": 0.0}, "no usable target"),
        ({"target": float("inf")}, "no usable target"),
        ({"target": float("nan")}, "no usable target"),
        ({"cohorts": ()}, "nothing was spent"),
        ({"cohorts": week(5, spend=0)}, "nothing was spent"),
        ({"cohorts": week(5, spend=-1)}, "no sense"),
        ({"cohorts": week(5, arrived=0.0)}, "no sense"),
        ({"cohorts": (Cohort(NOW, 10**8, float("nan")),)}, "no sense"),
        ({"cohorts": week(5, arrived=float("nan"))}, "no sense"),
        ({"cohorts": (Cohort(NOW + timedelta(days=1), 10**8, 1),)}, "future"),
        ({"last_change_at": NOW + timedelta(hours=1)}, "future"),
        ({"now": NOW.replace(tzinfo=None)}, "no sense"),
    ],
)
def test_senseless_figures_hold(changed: dict[str, object], why: str) -> None:
    answers = [
        decide(replace(DEAR, **changed)),  # type: ignore[arg-type]
        cpa_pid.decide(PidInputs(replace(DEAR, **changed))),  # type: ignore[arg-type]
    ]
    assert [one.action for one in answers] == ["hold", "hold"]
    assert all(why in one.reason for one in answers)


def test_a_bid_above_its_limit_comes_down_whatever_the_figures() -> None:
    high = replace(BASE, bid=2_000_000)
    assert (decide(high).action, decide(high).bid) == ("lower", 1_500_000)
    assert cpa_pid.decide(PidInputs(high)).bid == 1_500_000


def test_yen_bids_move_in_whole_yen_and_never_further_than_the_cap() -> None:
    yen = replace(DEAR, currency="JPY", bid=107_000_000, max_bid=900_000_000, min_bid=1_000_000)
    assert decide(yen).bid == 86_000_000
    tiny = replace(yen, bid=3_000_000)
    assert decide(tiny).action == "hold"  # a fifth of three yen is less than a yen


def pid_days(case: Callable[[int], BidInputs], days: int) -> list[cpa_pid.PidAnswer]:
    state = PidState()
    answers: list[cpa_pid.PidAnswer] = []
    for day in range(days):
        answer = cpa_pid.decide(PidInputs(case(day), state))
        state = answer.state
        answers.append(answer)
    return answers


def at(day: int, results: float) -> BidInputs:
    """The case ``day`` days later, with as many results a day, and ever more of them."""
    now = NOW + timedelta(days=day)
    days = tuple(
        replace(one, start=now - timedelta(days=7 - i), conversions=results + day / 100)
        for i, one in enumerate(BASE.cohorts)
    )
    return replace(BASE, now=now, cohorts=days, learning_window=0.0)


def test_the_pid_has_no_kick_no_wind_up_and_stands_still_on_the_same_clock() -> None:
    # No derivative on the first measurement, however far from the target.
    first = cpa_pid.decide(PidInputs(at(0, 5)))
    assert "D +0.00" in first.reason
    assert first.action == "lower"
    # The clock stands or goes back: bid and state are held.
    for step in (timedelta(0), -timedelta(days=1), MIN_DT / 2):
        again = cpa_pid.decide(PidInputs(replace(at(0, 5), now=NOW + step), first.state))
        assert (again.action, again.state) == ("hold", first.state)
    # Sixty dear days later the integral is bounded, and a cheap day turns the output at once.
    dear = pid_days(lambda day: at(day, 5), 60)
    assert all(one.action == "lower" for one in dear)
    state = dear[-1].state
    assert abs(state.integral) <= OUTPUT
    cheap = cpa_pid.decide(PidInputs(at(60, 40), state))
    assert cheap.output > dear[-1].output + 0.15
    # A smaller sudden move of CPA than ten cents does not saturate anything.
    calm = pid_days(lambda day: at(day, 10 if day < 5 else 9.9), 6)
    assert all(one.action == "hold" for one in calm)


def test_the_pids_integral_freezes_without_new_conversions_or_where_the_bid_cannot_follow() -> None:
    dear = at(1, 8)
    news = PidState(-0.05, 1.2, NOW, conversions=0.0)
    none = replace(news, conversions=sum(one.conversions for one in dear.cohorts))
    assert cpa_pid.decide(PidInputs(dear, news)).state.integral < -0.05
    assert cpa_pid.decide(PidInputs(dear, none)).state.integral == -0.05
    stuck = replace(dear, bid=100_000)  # already the network's least
    held = cpa_pid.decide(PidInputs(stuck, news))
    assert (held.action, held.state.integral) == ("hold", -0.05)


def test_intervals_of_a_cost_hold_the_truth_as_often_as_they_say() -> None:
    """Lumpy days (twice Poisson's variance) of a known cost, 400 of them."""
    rng = np.random.default_rng(7)
    hits = {0.8: 0, 0.95: 0}
    for _ in range(400):
        due = rng.uniform(2, 12)
        results = [float(one) for one in rng.negative_binomial(due, 0.5, 14)]
        for level in hits:
            found = cost_per_result(results, [due * 1e7] * 14, 1e7, level=level)
            hits[level] += found.low <= 1e7 <= found.high
    assert 0.74 < hits[0.8] / 400 < 0.94
    assert hits[0.95] / 400 > 0.90


@pytest.mark.parametrize("shape", [2.0, 5.0, 40.0, 1e4])
def test_gamma_quantiles_are_those_of_draws(shape: float) -> None:
    draws = np.random.default_rng(3).gamma(shape, 1.0, 400_000)
    for z, share in ((-1.2816, 0.1), (0.0, 0.5), (1.2816, 0.9), (1.96, 0.975)):
        assert gamma_quantile(shape, z) == pytest.approx(np.quantile(draws, share), rel=0.015)
