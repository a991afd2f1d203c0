"""Which angles a batch tries, and what it learns from earlier tests (D10, B27, CONFLICT-20)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.angles import MEANING, Angle, Won, at_most, choose, pattern, variation
from models.contract.vocabulary import Objective

wins = st.lists(st.sampled_from([Won(one.value) for one in Angle] + [Won("older")]), max_size=12)


def test_the_taxonomy_has_six_explained_angles() -> None:
    assert len(Angle) == 6
    assert set(MEANING) == set(Angle)


@given(st.integers(1, 8), st.sampled_from(Objective), wins)
def test_angles_of_a_batch_are_distinct_while_they_last(
    count: int, objective: Objective, won: list[Won]
) -> None:
    angles = choose(count, objective, won)
    assert len(angles) == count
    assert len(set(angles)) == min(count, 6)
    assert all(angles.count(one) <= at_most(count) for one in angles)
    assert angles == choose(count, objective, list(reversed(won))), "order of the past is no matter"


def test_what_won_most_comes_first_and_the_objective_keeps_a_place() -> None:
    won = [
        Won("urgency"),
        Won("urgency"),
        Won("question"),
        Won("social_proof"),
        Won("social_proof"),
    ]
    first = choose(3, Objective.PURCHASES, won)
    assert first == (Angle.SOCIAL_PROOF, Angle.URGENCY, Angle.BENEFIT)
    assert choose(1, Objective.TRAFFIC) == (Angle.CURIOSITY,)
    assert choose(3, Objective.PURCHASES) != choose(3, Objective.AWARENESS)


def test_fresh_ads_begin_in_another_way_than_those_that_wore_out() -> None:
    won = [Won("curiosity")]
    assert choose(1, Objective.TRAFFIC, won) == (Angle.CURIOSITY,)
    assert choose(2, Objective.TRAFFIC, won, ["curiosity", "own"]) == (
        Angle.BENEFIT,
        Angle.QUESTION,
    )
    everything = [one.value for one in Angle]
    assert choose(1, Objective.TRAFFIC, won, everything) == (Angle.CURIOSITY,)


@pytest.mark.parametrize("count", [0, 9, -1])
def test_a_batch_has_one_to_eight(count: int) -> None:
    with pytest.raises(ValueError, match=f"variants {count} must be 1 to 8"):
        choose(count, Objective.TRAFFIC)


def test_a_variation_is_named_by_angle_and_number() -> None:
    assert variation("social_proof", 2) == "social proof 2"


def test_winners_become_a_pattern() -> None:
    assert pattern([]) == {}
    found = pattern(
        [
            Won("question", "Why mend nets?", "Why mend? It pays.", "learn_more", 0.4),
            Won(
                "question", "What is a net loft for", "What is it for? For nets.", "learn_more", 0.1
            ),
            Won("benefit", "Nets that last", "They last eight years.", "shop_now", 0.9),
        ]
    )
    assert found["tests_won"] == 3
    assert found["wins_by_angle"] == {"question": 2, "benefit": 1}  # type: ignore[attr-defined]
    assert found["share_with_a_question"] == 0.67
    assert found["usual_call_to_action"] == "learn_more"
    assert found["style_examples"][0]["headline"] == "Nets that last"  # type: ignore[index]
