"""Hours and weekdays are left out only where chance cannot explain them, and never too many."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from policy.dayparting import (
    HOURS_KEPT,
    MIN_DAYS,
    WEEKDAYS_KEPT,
    DaypartingInputs,
    decide,
    effects,
)

Table = tuple[tuple[float, ...], ...]
FLAT = tuple((1e6,) * 24 for _ in range(7))


def campaign(
    seed: int,
    *,
    results: float = 800.0,
    hours: dict[int, float] | None = None,
    weekdays: dict[int, float] | None = None,
    scatter: float = 0.0,
) -> DaypartingInputs:
    """Four weeks of about ``results`` in all at a cost of 10 each, dearer by the factor given in
    some hours and weekdays; counts with 1.3 times Poisson's variance."""
    rng = np.random.default_rng(seed)
    spend = rng.lognormal(0, 0.3, (7, 24)) * results * 10e6 / 168
    rate = np.full((7, 24), 1 / 10e6) * rng.lognormal(0, scatter, (1, 24))
    for hour, factor in (hours or {}).items():
        rate[:, hour] /= factor
    for day, factor in (weekdays or {}).items():
        rate[day] /= factor
    counts = rng.negative_binomial(spend * rate / 0.3, 1 / 1.3)
    return DaypartingInputs(_table(spend), _table(counts), days=28)


def _table(array: np.ndarray) -> Table:
    return tuple(tuple(float(one) for one in row) for row in array)


cells = st.floats() | st.floats(0, 1e8) | st.integers(0, 40).map(float)
tables = st.lists(st.lists(cells, min_size=24, max_size=24).map(tuple), min_size=6, max_size=7).map(
    tuple
)
seeds = st.integers(0, 10**6)
anything = st.builds(
    DaypartingInputs,
    tables,
    tables,
    st.integers(-1, 60),
    st.none() | st.floats(),
    st.none() | st.lists(st.integers(-1, 25)).map(tuple),
    st.none() | st.lists(st.integers(-1, 8)).map(tuple),
    st.floats(),
)


@st.composite
def lopsided(draw: st.DrawFn) -> DaypartingInputs:
    dear = dict.fromkeys(draw(st.sets(st.integers(0, 23))), 8.0)
    case = campaign(draw(seeds), hours=dear, scatter=0.3)
    return replace(case, max_cost=draw(st.sampled_from([None, 5e6, 15e6])))


@settings(max_examples=50)  # tables of 336 numbers take long to draw
@given(lopsided() | anything)
def test_any_figures_get_an_answer_that_keeps_enough_open(case: DaypartingInputs) -> None:
    answer = decide(case)
    hours = range(24) if case.hours is None else [h for h in range(24) if h in case.hours]
    days = range(7) if case.weekdays is None else [d for d in range(7) if d in case.weekdays]
    assert answer.reason
    assert set(answer.hours) <= set(hours)
    assert len(answer.hours) >= min(len(hours), HOURS_KEPT)
    assert len(answer.weekdays) >= min(len(days), WEEKDAYS_KEPT)
    assert set(answer.hours) | {one.index for one in answer.hours_left_out} == set(hours)
    if answer.action == "hold":
        assert (answer.hours, answer.weekdays) == (tuple(hours), tuple(days))
    else:
        assert answer.hours_left_out or answer.weekdays_left_out
        assert answer.cost is not None
        assert all(one.low > answer.cost for one in answer.hours_left_out)
    record = json.loads(json.dumps(to_jsonable_python(asdict(case))))
    assert decide(TypeAdapter(DaypartingInputs).validate_python(record)) == answer


def test_a_campaign_whose_hours_are_alike_is_left_alone() -> None:
    wrong = sum(decide(campaign(seed)).action != "hold" for seed in range(200))
    # Hours that truly differ by a fifth are not worth leaving out at 1.5 times the mean either.
    wrong += sum(decide(campaign(seed, scatter=0.2)).action != "hold" for seed in range(200))
    assert wrong <= 4


def test_hours_and_weekdays_that_are_surely_dearer_are_named() -> None:
    found, missed, blamed = 0, 0, 0
    for seed in range(40):
        night = campaign(
            seed, results=2_500, hours=dict.fromkeys((1, 2, 3), 4.0), weekdays={6: 3.0}
        )
        answer = decide(night)
        out = {one.index for one in answer.hours_left_out}
        found += len(out & {1, 2, 3})
        missed += 3 - len(out & {1, 2, 3})
        blamed += len(out - {1, 2, 3}) + len({one.index for one in answer.weekdays_left_out} - {6})
        assert answer.cost is not None
        assert answer.expected_cost is not None
        if out:
            assert answer.expected_cost < answer.cost
    assert found / (found + missed) > 0.85
    assert blamed <= 1


def test_what_is_affordable_is_kept_open_however_dear() -> None:
    night = campaign(1, results=2_500, hours=dict.fromkeys((1, 2, 3), 4.0))
    assert decide(night).action == "restrict"
    assert "surely dearer" in decide(night).reason
    assert decide(replace(night, max_cost=100e6)).action == "hold"
    strict = decide(replace(night, max_cost=14e6))
    assert {one.index for one in strict.hours_left_out} == {1, 2, 3}


def test_the_dearest_go_first_when_too_many_would() -> None:
    # Open for ten hours, four of them ruinous: only two may go.
    case = campaign(2, results=4_000, hours={8: 5.0, 9: 6.0, 10: 12.0, 11: 10.0})
    answer = decide(replace(case, hours=tuple(range(4, 14))))
    assert {one.index for one in answer.hours_left_out} == {10, 11}
    assert len(answer.hours) == HOURS_KEPT


def test_a_weekdays_hours_are_not_blamed_for_the_weekday() -> None:
    """All night spend on the bad day: the day is dear, the night is not."""
    rng = np.random.default_rng(5)
    spend = np.full((7, 24), 60e6)
    spend[:6, :4], spend[6, :4] = 1e6, 400e6
    rate = np.full((7, 24), 1e-7)
    rate[6] /= 4
    counts = rng.poisson(spend * rate)
    hours, days = effects(_table(spend), _table(counts), 1.0)
    cost = 1 / float(counts.sum() / spend.sum())
    assert max(one.low for one in hours[:4]) < cost * 1.1
    assert days[6].low > cost
    assert days[6].cost > 2 * days[0].cost


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"days": MIN_DAYS - 1}, "days of figures"),
        ({"results": tuple((0.2,) * 24 for _ in range(7))}, "are needed"),
        ({"spend": tuple((0.0,) * 24 for _ in range(7))}, "nothing was spent"),
        ({"spend": FLAT[:6]}, "seven weekdays"),
        ({"spend": (*FLAT[:6], (float("nan"),) * 24)}, "no sense"),
        ({"results": (*FLAT[:6], (-1.0,) * 24)}, "no sense"),
        ({"max_cost": 0.0}, "no sense"),
        ({"dispersion": float("inf")}, "no sense"),
    ],
)
def test_thin_and_senseless_figures_hold(changed: dict[str, object], why: str) -> None:
    tempting = campaign(1, results=2_500, hours=dict.fromkeys((1, 2, 3), 4.0))
    assert decide(tempting).action == "restrict"
    answer = decide(replace(tempting, **changed))  # type: ignore[arg-type]
    assert answer.action == "hold"
    assert why in answer.reason
