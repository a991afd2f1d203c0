"""A still becomes a video that a network takes: size, length, a track, an even movement."""

import os
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from creative.footage import FootageRefused, from_still, probe, thumbnail
from creative.pictures.opening import open_picture
from creative.placement import VideoSpec
from creative.specs import PLACEMENTS, Measured, problems
from tests.creative.footage.scenes import (
    UPRIGHT,
    WIDE,
    clip,
    disc,
    extent,
    frames,
    png,
    sound,
    spec,
)


@pytest.mark.parametrize("shape", [(540, 960), (1000, 1000), (1600, 900), (300, 900)])
def test_a_still_of_any_shape_fills_the_frame_unstretched(shape: tuple[int, int]) -> None:
    made = from_still(png(disc(shape)), spec(), seconds=2)
    footage = probe(made)
    assert (footage.width, footage.height) == UPRIGHT
    assert footage.seconds == pytest.approx(2)
    assert (footage.video_codec, footage.audio_codec) == ("h264", "aac")
    assert np.abs(sound(made)).max() == 0
    frame = frames(made)[0]
    width, height = extent(frame[:, :, 0] < 128)
    if width < UPRIGHT[0]:  # a circle stays one, wherever it is not cut
        assert abs(width - height) <= 3


@pytest.mark.parametrize(("size", "axis"), [((360, 960), 0), ((960, 360), 1)])
def test_it_moves_by_a_whole_pixel_from_frame_to_frame(size: tuple[int, int], axis: int) -> None:
    chance = np.random.default_rng(3)
    coarse = Image.fromarray(chance.integers(0, 255, (30, 30, 3), dtype=np.uint8))
    shown = frames(from_still(png(coarse.resize((1000, 1000))), spec(size, hard=(1, 9)), seconds=1))
    assert len(shown) == 24
    first, later = (np.moveaxis(shown[at], axis, 0).astype(int) for at in (0, 20))
    # Twenty frames later, the picture stands exactly twenty pixels further, and as sharp.
    errors = {by: np.abs(first[by:] - later[: len(later) - by]).mean() for by in range(16, 25)}
    assert min(errors, key=errors.__getitem__) == 20
    assert errors[20] < 4 < errors[18]
    assert later.std() == pytest.approx(first.std(), rel=0.02)
    # Half way, it stands half way: it does not jump.
    half = np.moveaxis(shown[9], axis, 0).astype(int)
    assert np.abs(first[9:] - half[:-9]).mean() < 4


def test_a_long_one_has_several_shots_without_a_jump() -> None:
    chance = np.random.default_rng(3)
    coarse = Image.fromarray(chance.integers(0, 255, (12, 12, 3), dtype=np.uint8))
    made = from_still(png(coarse.resize((600, 600))), spec((180, 320), hard=(1, 30)), seconds=18)
    shown = [one.astype(np.int16) for one in frames(made)]
    assert len(shown) / 24 == pytest.approx(18)
    steps = [float(np.abs(one - two).mean()) for one, two in pairwise(shown)]
    assert max(steps) < 15
    # Two dissolves: the frames well before, between and after them differ.
    parts = [shown[at] for at in (100, 230, 400)]
    assert all(np.abs(parts[n] - parts[n + 1]).mean() > 15 for n in range(2))


def test_equal_input_gives_equal_bytes() -> None:
    still = png(disc((500, 500)))
    assert from_still(still, spec(), seconds=1) == from_still(still, spec(), seconds=1)


@pytest.mark.parametrize(
    ("seconds", "hard", "made"), [(6, (1, 2), 2), (1, (2.5, 9), 2.5), (90, (1, 3), 3)]
)
def test_the_length_is_brought_within_the_hard_limits(
    seconds: float, hard: tuple[float, float], made: float
) -> None:
    video = from_still(png(disc((64, 64))), spec((180, 320), hard=hard), seconds=seconds)
    assert probe(video).seconds == pytest.approx(made)


def test_captions_make_it_longer_where_they_take_longer_to_read() -> None:
    words = ["Everyone who rides to work gets a fair price for the old one", "Try it for 30 days"]
    made = from_still(png(disc((64, 64))), spec(recommended=(2, 9)), captions=words, seconds=2)
    assert probe(made).seconds == pytest.approx(5.3, abs=0.3)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(FootageRefused, match="no picture in a known format"):
        from_still(b"not a picture", spec())


def _asked_for() -> list[tuple[str, VideoSpec]]:
    """One placement for each size that is made: the others differ in limits only."""
    found: dict[tuple[int, int], tuple[str, VideoSpec]] = {}
    for one in PLACEMENTS:
        if one.video is not None:
            found.setdefault(one.video.size, (one.label, one.video))
    return list(found.values())


@pytest.mark.parametrize(("label", "asked"), _asked_for())
def test_every_size_that_networks_ask_for_is_made_as_asked(label: str, asked: VideoSpec) -> None:
    placement = next(one for one in PLACEMENTS if one.label == label)
    made = from_still(png(disc((800, 800), "teal", "orange")), asked, seconds=1)
    footage = probe(made)
    measured = Measured(
        footage.width, footage.height, footage.bytes, "MP4", footage.seconds, audio=True
    )
    assert problems(placement, measured) == []


def test_a_second_of_full_size_takes_little_work() -> None:
    """Of the processor, by a detailed picture; the clock of a busy machine proves nothing."""
    chance = np.random.default_rng(3)
    coarse = Image.fromarray(chance.integers(0, 255, (96, 54, 3), dtype=np.uint8))
    still = png(coarse.resize((1080, 1920), Image.Resampling.BICUBIC))
    before = os.times()
    made = from_still(still, spec((1080, 1920)), seconds=1)
    after = os.times()
    work = sum(after[:4]) - sum(before[:4])
    assert probe(made).seconds == 1
    assert work < 2


@pytest.mark.parametrize(("at", "colour"), [(0, "red"), (0.4, "red"), (0.6, "blue"), (1, "blue")])
def test_the_thumbnail_is_the_frame_at_its_place(at: float, colour: str) -> None:
    video = clip(
        "color=red:s=640x360:r=30:d=1,format=yuv420p[a];"
        "color=blue:s=640x360:r=30:d=1,format=yuv420p[b];[a][b]concat",
        seconds=2,
    )
    picture = open_picture(thumbnail(video, at=at))
    assert picture.size == WIDE
    red, _, blue = picture.getpixel((320, 180))  # type: ignore[misc]
    assert (red > 200) == (colour == "red")
    assert (blue > 200) == (colour == "blue")


def test_a_thumbnail_outside_of_the_video_is_refused() -> None:
    with pytest.raises(FootageRefused, match=r"at is 1\.5; it must be from 0"):
        thumbnail(b"", at=1.5)
