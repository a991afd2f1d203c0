"""Fatigue needs frequency and a click rate fallen beyond chance; senseless counts hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.fatigue import CTR_FALL, FREQUENCY, MIN_IMPRESSIONS, FatigueInputs, decide

TIRED = FatigueInputs(
    impressions_first=20_000,
    clicks_first=400,
    impressions_latest=20_000,
    clicks_latest=200,
    impressions_total=90_000,
    reach=20_000,
)
counts = st.integers(-5, 3_000) | st.integers(0, 10**9)
severity = {"hold": 0, "prepare": 1, "rotate": 2}
anything = st.builds(FatigueInputs, counts, counts, counts, counts, counts, counts)


@given(anything)
def test_any_counts_get_an_answer_and_rotation_needs_evidence(inputs: FatigueInputs) -> None:
    answer = decide(inputs)
    assert answer.reason
    assert 0 < answer.confidence < 1
    if answer.action != "hold":
        assert min(inputs.impressions_first, inputs.impressions_latest) >= MIN_IMPRESSIONS
        assert inputs.impressions_total > FREQUENCY * inputs.reach > 0
    if answer.action == "rotate":
        before = inputs.clicks_first / inputs.impressions_first
        assert inputs.clicks_latest / inputs.impressions_latest < CTR_FALL * before


@given(st.integers(0, 400), st.integers(0, 400))
def test_fewer_clicks_are_never_judged_milder(one: int, other: int) -> None:
    few, many = sorted((one, other))
    worse, better = (decide(replace(TIRED, clicks_latest=clicks)) for clicks in (few, many))
    assert severity[worse.action] >= severity[better.action]


def test_both_signs_together_rotate_and_one_alone_does_not() -> None:
    assert decide(TIRED).action == "rotate"
    assert decide(replace(TIRED, clicks_latest=390)).action == "prepare"
    assert decide(replace(TIRED, reach=40_000)).action == "hold"


def test_a_fall_within_chance_does_not_rotate() -> None:
    small = replace(
        TIRED,
        impressions_first=1_000,
        clicks_first=10,
        impressions_latest=1_000,
        clicks_latest=6,
    )
    assert decide(small).action == "prepare"
    assert decide(replace(TIRED, clicks_first=200, clicks_latest=120)).action == "rotate"


@pytest.mark.parametrize(
    "senseless",
    [
        {"impressions_first": MIN_IMPRESSIONS - 1},
        {"impressions_latest": MIN_IMPRESSIONS - 1},
        {"clicks_latest": -1},
        {"clicks_latest": 20_001},
        {"clicks_first": 0},
        {"clicks_first": 20_001},
        {"reach": 0},
        {"reach": -3},
    ],
)
def test_senseless_counts_hold(senseless: dict[str, int]) -> None:
    assert decide(replace(TIRED, **senseless)).action == "hold"


def test_frequency_and_sample_boundaries() -> None:
    assert decide(replace(TIRED, impressions_total=60_000)).action == "hold"  # exactly 3.0
    assert decide(replace(TIRED, impressions_total=60_001)).action == "rotate"
    exactly = {"impressions_first": MIN_IMPRESSIONS, "impressions_latest": MIN_IMPRESSIONS}
    assert decide(replace(TIRED, **exactly, clicks_first=100, clicks_latest=10)).action == "rotate"
