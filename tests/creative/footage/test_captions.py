"""Captions can be read: long enough, one at a time, on a panel, where nothing else stands."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creative.footage import FootageRefused, from_still
from creative.footage.captions import SAFE, contrast, set_captions
from creative.pictures.contrast import LEAST, luminance
from creative.placement import Margins
from tests.creative.footage.scenes import UPRIGHT, WIDE, clip, frames, png, spec

_WORDS = st.lists(
    st.sampled_from(["a", "ride", "price", "for", "everyone", "tomorrow", "20", "Wien"]),
    min_size=1,
    max_size=14,
).map(" ".join)


@settings(max_examples=40)
@given(
    captions=st.lists(_WORDS, min_size=1, max_size=4),
    size=st.sampled_from([UPRIGHT, WIDE, (1080, 1080)]),
    seconds=st.floats(2, 20),
)
def test_each_is_shown_alone_long_enough_and_inside(
    captions: list[str], size: tuple[int, int], seconds: float
) -> None:
    try:
        shown = set_captions(captions, size, seconds)
    except FootageRefused as reason:
        assert f"the video lasts {seconds:.1f} s" in str(reason)  # noqa: PT017
        assert sum(map(len, captions)) / 22 > seconds or len(captions) * 1.0 > seconds - 3
        return
    assert " ".join(one.text for one in shown) == " ".join(captions)
    assert shown[0].start == 0
    assert shown[-1].end <= seconds + 1e-6
    assert all(one.end == two.start for one, two in pairwise(shown))
    for one in shown:
        assert one.end - one.start >= max(1.0, len(one.text) / 22) - 1e-6
        assert one.left >= int(size[0] * SAFE.left) - 2
        assert one.left + one.panel.width <= round(size[0] * (1 - SAFE.right)) + 2
        assert one.top >= int(size[1] * SAFE.top) - 2
        assert one.top + one.panel.height <= round(size[1] * (1 - SAFE.bottom)) + 2
        assert one.left % 2 == one.top % 2 == 0


def test_they_stand_clear_of_the_overlay() -> None:
    layer = Image.new("RGBA", (1080, 1920), (0, 0, 0, 0))
    layer.paste((0, 0, 0, 255), (60, 1150, 1000, 1560))
    (shown,) = set_captions(["Twenty percent off until Sunday"], layer.size, 5, layer=layer)
    assert 700 < shown.top < shown.top + shown.panel.height <= 1150
    layer.paste((0, 0, 0, 255), (60, 100, 1000, 1560))
    with pytest.raises(FootageRefused, match="no room in 1080x1920 pixels inside the safe area"):
        set_captions(["Twenty percent off"], layer.size, 5, layer=layer)


def test_they_stand_beside_an_overlay_that_fills_the_height() -> None:
    layer = Image.new("RGBA", (1280, 720), (0, 0, 0, 0))
    layer.paste((255, 255, 255, 255), (40, 20, 640, 700))
    (shown,) = set_captions(["Every rider gets a fair price"], layer.size, 5, layer=layer)
    assert shown.left >= 650
    assert shown.left + shown.panel.width <= 1280 * (1 - SAFE.right) + 2


def test_no_time_to_read_is_refused() -> None:
    with pytest.raises(FootageRefused, match=r"take 11\.\d s to read and the video lasts 3\.0 s"):
        set_captions(["wonderful " * 25], UPRIGHT, 3)


def test_a_letter_that_the_font_lacks_is_refused_by_name() -> None:
    with pytest.raises(FootageRefused, match=r"U\+6F22"):
        set_captions(["漢字"], UPRIGHT, 3)


def test_a_long_one_is_shown_by_two_lines() -> None:
    shown = set_captions(["one two three four five six seven eight nine ten " * 3], UPRIGHT, 30)
    assert len(shown) > 2
    assert max(one.panel.height for one in shown) < UPRIGHT[1] * 0.1


def test_the_safe_area_of_a_placement_is_kept() -> None:
    high = Margins(top=0.1, right=0.1, bottom=0.6, left=0.1)
    (shown,) = set_captions(["Short"], WIDE, 3, safe=high)
    assert shown.top + shown.panel.height <= WIDE[1] * 0.4 + 1


@pytest.mark.parametrize("behind", ["white", "black", "yellow"])
def test_the_contrast_holds_in_the_finished_video(behind: str) -> None:
    """Measured on the pixels of a decoded frame, where the caption stands."""
    still = png(Image.new("RGB", (400, 700), behind))
    asked = spec((540, 960))
    (where,) = set_captions(["Every rider wins"], asked.size, 2)
    frame = frames(from_still(still, asked, captions=["Every rider wins"], seconds=2))[6]
    rows = slice(where.top + 8, where.top + where.panel.height - 8)
    columns = slice(where.left + 12, where.left + where.panel.width - 12)
    levels = luminance(frame[rows, columns])
    text, panel = np.percentile(levels, 99.5), np.median(levels)
    assert (text + 0.05) / (panel + 0.05) >= LEAST
    assert contrast() >= LEAST


def test_each_stands_there_at_its_time_only() -> None:
    still = png(Image.new("RGB", (400, 700), "white"))
    words = ["First of all this", "Then that"]
    asked = spec((360, 640))
    shown = set_captions(words, asked.size, 4)
    made = frames(from_still(still, asked, captions=words, seconds=4))
    for one in shown:
        centre = (slice(one.top, one.top + one.panel.height),
                  slice(one.left + 2, one.left + 6))  # fmt: skip
        middle = round((one.start + one.end) / 2 * 24)
        assert made[middle][centre].mean() < 120
    # The second one is narrower: at its time, nothing of the first one is left.
    first, second = shown
    assert first.panel.width > second.panel.width
    beside = (slice(first.top + 4, first.top + 20), slice(first.left + 4, second.left - 4))
    assert made[round((second.start + second.end) / 2 * 24)][beside].mean() > 245
    assert len(made) / 24 == pytest.approx(4)


def test_words_reach_no_filter() -> None:
    """Quotes, commas, brackets and colons are drawn, not executed."""
    from creative.footage import compose, probe

    words = ["It's 50%, [a]nd: 'movie=/etc/passwd'; \\{x} %{pts}"]
    made = compose(clip("testsrc2=s=640x360"), spec(WIDE, hard=(4, 9)), captions=words)
    assert probe(made).seconds == pytest.approx(4, abs=0.05)
