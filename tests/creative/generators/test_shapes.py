"""The sizes ordered are sizes the services make, and near what is wanted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.generators.flux import shape_for
from creative.generators.openai_images import size_for
from creative.generators.shapes import Grid, nearest_length, nearest_ratio, on_grid

SIDES = st.integers(100, 4_000)
LIMITS = Grid(16, (64, 2_048), (100_000, 2_048 * 2_048), 3.0)


@settings(max_examples=40)
@given(SIDES, SIDES)
def test_a_size_is_on_the_grid_and_near_the_ratio(width: int, height: int) -> None:
    made = on_grid((width, height), LIMITS)
    assert not any(side % 16 for side in made)
    assert all(64 <= side <= 2_048 for side in made)
    assert 100_000 <= made[0] * made[1] <= 2_048 * 2_048
    assert max(made) <= 3 * min(made)
    aim = min(max(width / height, 1 / 3), 3)
    assert made[0] / made[1] == pytest.approx(aim, rel=0.02)


@settings(max_examples=25)
@given(st.integers(700, 1_900), st.integers(700, 1_900))
def test_openai_is_asked_for_sizes_it_takes_that_cover(width: int, height: int) -> None:
    made = size_for("gpt-image-2.5-flare", (width, height))
    assert not any(side % 16 for side in made)
    assert 655_360 <= made[0] * made[1] <= 2_560 * 1_440
    assert made[0] / made[1] == pytest.approx(width / height, rel=0.006)
    if width * height * 1.1 < 2_560 * 1_440:
        assert made[0] >= width * 0.97
        assert made[1] >= height * 0.97


@pytest.mark.parametrize(
    ("wanted", "made"),
    [((1080, 1920), (1088, 1936)), ((1080, 1080), (1088, 1088)), ((1920, 1080), (1936, 1088))],
)
def test_usual_sizes(wanted: tuple[int, int], made: tuple[int, int]) -> None:
    assert size_for("gpt-image-2.5-flare", wanted) == made
    assert shape_for("flux-2-pro", wanted) == {"width": made[0], "height": made[1]}


def test_ratios_are_named_where_sizes_are_not() -> None:
    assert shape_for("flux-3-image", (1080, 1920)) == {"aspect_ratio": "9:16"}
    assert shape_for("flux-pro-1.1-ultra", (1200, 628)) == {"aspect_ratio": "16:9"}
    assert size_for("gpt-image-1.5", (1080, 1080)) == (1024, 1024)
    assert size_for("gpt-image-1.5", (1200, 628)) == (1536, 1024)


def test_nearest_of_what_is_offered() -> None:
    assert nearest_ratio((2, 1), [(100, 100), (200, 100), (400, 200)]) == (400, 200)
    assert nearest_length(5, [8, 4, 6]) == 6
    assert nearest_length(9, [8, 4, 6]) == 8


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5)])
def test_no_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        on_grid(size, LIMITS)
