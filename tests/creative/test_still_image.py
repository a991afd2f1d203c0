"""The still image: of its size, of its words, and readable."""

import io
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creative.still_image import render
from models.contract.vocabulary import Platform
from platforms.registry import capabilities

HEADLINE = "How a harbour town mends its nets"
SITE = "journal.example"
SIZES = sorted({capabilities(one).image_size for one in (Platform.META, Platform.X)})


@lru_cache
def pixels(headline: str, site: str, size: tuple[int, int], seed: str) -> np.ndarray:
    image = Image.open(io.BytesIO(render(headline, site, size, seed)))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image)


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance, WCAG 2.1."""
    channel = colours / 255.0
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("size", [*SIZES, (600, 600), (1080, 1920)])
def test_it_is_exactly_of_the_networks_size_and_the_same_bytes_each_time(
    size: tuple[int, int],
) -> None:
    data = render(HEADLINE, SITE, size, "one")
    assert Image.open(io.BytesIO(data)).size == size
    assert render(HEADLINE, SITE, size, "one") == data
    assert render(HEADLINE, SITE, size, "two") != data
    assert render("Nets", SITE, size, "one") != data
    assert len(data) < 5_000_000


@settings(max_examples=15, deadline=None)
@given(st.text("0123456789abcdef", min_size=1, max_size=8), st.sampled_from(SIZES))
def test_words_stand_out_from_their_panel(seed: str, size: tuple[int, int]) -> None:
    """Contrast of at least 4.5 to 1 between the lettering and any ground under it."""
    worded, blank = pixels(HEADLINE, SITE, size, seed), pixels("", "", size, seed)
    rows = np.flatnonzero((worded != blank).any(axis=(1, 2)))
    # The panel grows with the headline; below its top edge every pixel is panel or lettering.
    light = luminance(worded[rows.min() :])
    for lettering in (light[: len(light) // 2], light[-round(size[1] * 0.1) :]):
        assert (lettering >= _LETTERS).any()
    ground = light[~near(light >= _LETTERS / 2)]
    assert ground.size > light.size / 4
    assert (_LETTERS + 0.05) / (ground.max() + 0.05) >= 4.5


_LETTERS = 0.8  # both the headline's white and the site's light grey are above it


def near(mask: np.ndarray, by: int = 3) -> np.ndarray:
    """The mask and what lies around it: the blended edges of letters."""
    return np.logical_or.reduce(
        [
            np.roll(mask, (down, right), (0, 1))
            for down in range(-by, by + 1)
            for right in range(-by, by + 1)
        ]
    )


@pytest.mark.parametrize("size", SIZES)
def test_the_words_keep_a_margin_on_every_side(size: tuple[int, int]) -> None:
    seed = "margin"
    long = "Seventy years of nets, salt and patience in one small harbour town by the sea"
    letters = luminance(pixels(long, SITE, size, seed)) >= 0.8
    columns = np.flatnonzero(letters.any(axis=0))
    rows = np.flatnonzero(letters.any(axis=1))
    margin = round(min(size) * 0.08)
    assert columns.min() >= margin - 2
    assert columns.max() <= size[0] - margin + 2
    assert rows.max() < size[1] - 4


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=14))
@settings(max_examples=20, deadline=None)
def test_a_headline_is_set_whole_or_refused(words: list[str]) -> None:
    headline = " ".join(words)
    try:
        data = render(headline, SITE, (300, 300), "fit")
    except ValueError as refused:
        told = str(refused)
    else:
        told = ""
        assert Image.open(io.BytesIO(data)).size == (300, 300)
    assert not told or (headline in told and len(headline) > 60)


def test_what_cannot_fit_is_refused_not_cut() -> None:
    for headline in ("Donaudampfschifffahrt" * 12, "word " * 400):
        with pytest.raises(ValueError, match=r"does not fit an image \d+ pixels wide"):
            render(headline, SITE, SIZES[0], "x")
