"""Nothing is stretched, and the subject stays in the picture (D25, D29, BUG-57)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from creative.pictures import contain, cover
from creative.specs import PLACEMENTS
from tests.creative.pictures.scenes import BLUE, RED, extent, face_scene, near

SKIN = (226, 172, 138)
SIZES = sorted({one.image.size for one in PLACEMENTS if one.image and one.name != "banner"})


def is_whole_and_round(image: Image.Image, radius: float) -> bool:
    left, top, width, height = extent(near(image, SKIN))
    inside = left > 0 and top > 0
    inside = inside and left + width < image.width and top + height < image.height
    return (
        inside
        and abs(width - height) <= max(3, 0.015 * width)
        and width == pytest.approx(2 * radius, rel=0.04)
    )


@settings(max_examples=12)
@given(
    st.sampled_from(SIZES),
    st.sampled_from([(1600, 900), (900, 1600), (1200, 1200)]),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_face_off_centre_stays_whole_and_round(
    size: tuple[int, int], source: tuple[int, int], across: float, down: float
) -> None:
    radius = 120
    # Up to a little from the edge: a crop cannot show more than the picture has.
    centre = tuple(
        round(radius + 40 + share * (side - 2 * radius - 80))
        for share, side in zip((across, down), source, strict=True)
    )
    image = face_scene(source, centre, radius)  # type: ignore[arg-type]
    fitted = cover(image, size)
    assert fitted.size == size
    scale = max(size[0] / source[0], size[1] / source[1])
    assert is_whole_and_round(fitted, radius * scale), (source, centre, size)


@pytest.mark.parametrize("at", [0.15, 0.5, 0.85])
@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920)])
def test_a_colourful_thing_is_a_subject_too(at: float, size: tuple[int, int]) -> None:
    image = Image.new("RGB", (1600, 800), (205, 205, 200))
    x = round(at * 1600)
    pen = ImageDraw.Draw(image)
    for ring, colour in ((110, (190, 20, 60)), (70, (250, 210, 40)), (30, (190, 20, 60))):
        pen.ellipse((x - ring, 400 - ring, x + ring, 400 + ring), fill=colour)
    left, _, width, height = extent(near(cover(image, size), (190, 20, 60)))
    assert 0 < left < left + width < size[0]
    assert width == pytest.approx(height, rel=0.02)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 90), st.integers(1, 90))
@settings(max_examples=30)
def test_any_size_goes_into_any_other(
    width: int, height: int, to_width: int, to_height: int
) -> None:
    for mode in ("RGB", "RGBA"):
        image = Image.new(mode, (width, height), RED)
        fitted = cover(image, (to_width, to_height))
        assert (fitted.size, fitted.mode) == ((to_width, to_height), mode)
        assert near(fitted, RED, 2).all()
        assert contain(image, (to_width, to_height), "#0000FF").size == (to_width, to_height)


def test_a_picture_of_the_same_shape_is_not_cropped() -> None:
    image = Image.new("RGB", (200, 100), RED)
    image.paste(BLUE, (0, 0, 8, 100))
    fitted = cover(image, (100, 50))
    assert near(fitted, BLUE, 4)[:, :3].all()
    assert near(fitted, RED, 4)[:, 6:].all()


def test_contain_shows_the_whole_on_its_colour() -> None:
    image = Image.new("RGB", (200, 100), RED)
    page = contain(image, (100, 100), "#00FF00")
    assert extent(near(page, RED, 2)) == (0, 25, 100, 50)
    assert near(page, (0, 255, 0), 0)[:24].all()
    half = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    half.paste((255, 0, 0, 255), (0, 0, 50, 100))
    page = contain(half, (100, 100), (0, 0, 255))
    assert near(page, BLUE, 0)[:, 52:].all()
    assert page.mode == "RGB"


def test_the_same_picture_is_cropped_the_same_way() -> None:
    image = face_scene((900, 500), (700, 200), 80)
    first, second = (np.asarray(cover(image, (300, 300))) for _ in range(2))
    assert (first == second).all()
