"""Fatigue needs frequency, a falling slope and a proven fall; frequency alone only prepares."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from policy.fatigue import (
    CTR_FALL,
    FREQUENCY,
    MIN_IMPRESSIONS,
    FatigueAnswer,
    FatigueInputs,
    decide,
)


def flight(
    wear: float,
    *,
    days: int = 30,
    daily: float = 20_000.0,
    people: float = 80_000.0,
    trend: tuple[float, ...] = (),
    others: bool = True,
    rate: float = 0.02,
) -> FatigueInputs:
    """A creative without scatter whose click rate falls by ``wear`` with every further view."""
    shown = daily * np.arange(1, days + 1)
    reach = people * -np.expm1(-shown / people)
    views = shown / reach
    account = np.array(trend) if trend else np.ones(days)
    clicks = daily * rate * np.exp(-wear * (views - 1)) * account
    return FatigueInputs(
        impressions=(daily,) * days,
        clicks=tuple(np.round(clicks).tolist()),
        reach=tuple(np.round(reach).tolist()),
        others_impressions=(3 * daily,) * days if others else (),
        others_clicks=tuple(np.round(3 * daily * 0.01 * account).tolist()) if others else (),
    )


def test_people_tired_of_it_rotate_and_the_answer_says_by_how_much() -> None:
    answer = decide(flight(0.15))
    assert answer.action == "rotate"
    assert answer.slope_upper is not None
    assert answer.slope_upper < 0
    assert answer.remaining is not None
    assert answer.remaining < CTR_FALL
    assert answer.expected is not None
    assert answer.expected.low < answer.expected.rate < answer.expected.high < 0.02
    assert answer.expected.fresh > answer.expected.rate
    assert "tired" in answer.reason
    assert f"{answer.frequency:.1f}" in answer.reason


def test_frequency_alone_prepares_and_low_frequency_asks_for_nothing() -> None:
    assert decide(flight(0.0)).action == "prepare"
    assert decide(flight(0.15, people=1e7)).action == "hold"
    mild = decide(flight(0.02))
    assert mild.action == "prepare"
    assert mild.slope is not None
    assert mild.slope < 0


def test_rising_clicks_of_heavy_users_are_no_fatigue() -> None:
    answer = decide(flight(-0.10))
    assert answer.action == "prepare"
    assert answer.slope is not None
    assert answer.slope > 0
    assert "nothing shows" in answer.reason


def test_a_fall_of_the_whole_account_is_not_this_creatives_fatigue() -> None:
    falling = tuple(np.linspace(1.0, 0.4, 30).tolist())
    assert decide(flight(0.0, trend=falling)).action == "prepare"
    assert decide(flight(0.0, trend=falling, others=False)).action == "rotate"
    assert decide(flight(0.15, trend=falling)).action == "rotate"


def test_a_rising_account_does_not_hide_fatigue() -> None:
    rising = tuple(np.linspace(0.5, 1.3, 30).tolist())
    assert decide(flight(0.15, trend=rising, others=False)).action == "prepare"
    assert decide(flight(0.15, trend=rising)).action == "rotate"


def test_the_same_fall_on_few_clicks_or_on_wild_days_is_not_proven() -> None:
    few = flight(0.15, daily=150, people=600, rate=0.01)
    assert decide(few).action == "prepare"
    calm = flight(0.09)
    assert decide(calm).action == "rotate"
    swing = np.where(np.arange(30) % 2, 0.35, 1.65)
    wild = replace(calm, clicks=tuple(np.round(np.array(calm.clicks) * swing).tolist()))
    assert decide(wild).action == "prepare"


def test_looking_every_day_rarely_rotates_what_does_not_wear_out() -> None:
    rng = np.random.default_rng(3)
    rotated = 0
    for _ in range(60):
        calm = flight(0.0, daily=4_000, people=12_000)
        noisy = np.exp(0.1 * rng.standard_normal(30)) * np.array(calm.clicks)
        clicks = tuple(rng.poisson(noisy).astype(float).tolist())
        rotated += any(
            decide(FatigueInputs(calm.impressions[:day], clicks[:day], calm.reach[:day])).action
            == "rotate"
            for day in range(6, 31)
        )
    assert rotated <= 3


def test_fewer_clicks_at_the_end_are_never_judged_milder() -> None:
    severity = {"hold": 0, "prepare": 1, "rotate": 2}
    judged = [severity[decide(flight(wear)).action] for wear in (0.0, 0.05, 0.1, 0.2, 0.4)]
    assert judged == sorted(judged)
    assert judged[0] < judged[-1]


TIRED = flight(0.15)


def test_a_restated_reach_keeps_its_highest() -> None:
    shrunk = replace(TIRED, reach=(*TIRED.reach[:-1], TIRED.reach[-1] / 2))
    highest = replace(TIRED, reach=(*TIRED.reach[:-1], TIRED.reach[-2]))
    assert decide(shrunk) == decide(highest)


@pytest.mark.parametrize(
    "senseless",
    [
        {"impressions": (), "clicks": (), "reach": ()},
        {"reach": TIRED.reach[1:]},
        {"clicks": (math.nan, *TIRED.clicks[1:])},
        {"clicks": (-1.0, *TIRED.clicks[1:])},
        {"impressions": (math.inf, *TIRED.impressions[1:])},
        {"clicks": (30_000.0,) * 30},
        {"reach": (0.0,) * 30},
        {"impressions": (20.0,) * 30, "clicks": (1.0,) * 30},
        {"impressions": (0.0,) * 30, "clicks": (0.0,) * 30},
    ],
)
def test_senseless_or_small_counts_hold(senseless: dict[str, tuple[float, ...]]) -> None:
    assert decide(replace(TIRED, **senseless)).action == "hold"


def test_a_click_after_midnight_on_a_view_before_it_is_no_nonsense() -> None:
    night = replace(
        TIRED,
        impressions=(*TIRED.impressions, 0.0),
        clicks=(*TIRED.clicks, 1.0),
        reach=(*TIRED.reach, TIRED.reach[-1]),
        others_impressions=(),
        others_clicks=(),
    )
    assert decide(night).action == "rotate"


@pytest.mark.parametrize("others", [(math.nan,) * 30, (0.0,) * 30, (-4.0,) * 30, (5.0,) * 7])
def test_unusable_figures_of_other_creatives_are_left_out(others: tuple[float, ...]) -> None:
    without = replace(TIRED, others_impressions=(), others_clicks=())
    assert decide(replace(TIRED, others_clicks=others)) == decide(without)


def test_a_creative_nobody_clicks_or_just_begun_is_not_judged_by_chance() -> None:
    assert decide(replace(TIRED, clicks=(0.0,) * 30)).action == "prepare"
    begun = FatigueInputs((9_000.0,) * 4, (90.0, 80.0, 20.0, 1.0), (5_000.0,) * 4)
    assert decide(begun).action == "prepare"


counts = st.integers(0, 10**6).map(float) | st.floats(allow_nan=True, allow_infinity=True)
rows = st.lists(counts, max_size=12).map(tuple)


@st.composite
def believable(draw: st.DrawFn) -> FatigueInputs:
    """Days that could be real, with reach that may be restated."""
    days = draw(st.integers(1, 25))
    shown = draw(st.lists(st.integers(0, 50_000), min_size=days, max_size=days))
    clicked = [draw(st.integers(0, many)) for many in shown]
    reach = draw(st.lists(st.integers(0, 50_000), min_size=days, max_size=days))
    others = draw(st.lists(st.integers(0, 10**6), min_size=days, max_size=days))
    others_clicked = [draw(st.integers(0, many)) for many in others]
    rows = (shown, clicked, reach, others, others_clicked)
    return FatigueInputs(*(tuple(map(float, row)) for row in rows))


@settings(max_examples=80, deadline=None)
@given(believable() | st.builds(FatigueInputs, rows, rows, rows, rows, rows))
def test_any_days_get_a_defined_answer_that_replays(inputs: FatigueInputs) -> None:
    answer = decide(inputs)
    recorded = json.dumps(to_jsonable_python(asdict(inputs)))
    assert decide(TypeAdapter(FatigueInputs).validate_json(recorded)) == answer
    stored = TypeAdapter(FatigueAnswer).dump_json(answer)
    assert TypeAdapter(FatigueAnswer).validate_json(stored) == answer
    assert answer.reason
    assert 0 < answer.confidence < 1
    if answer.action != "hold":
        assert sum(inputs.impressions) >= MIN_IMPRESSIONS
        assert sum(inputs.impressions) > FREQUENCY * max(inputs.reach)
    if answer.action == "rotate":
        assert answer.remaining is not None
        assert answer.remaining < CTR_FALL
        assert len(inputs.clicks) >= 6
