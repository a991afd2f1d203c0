"""Footage fits its placement: nothing is stretched, cut silent, too long, too short, too large."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pytest
from PIL import Image

from creative.footage import FootageRefused, compose, probe
from creative.footage.compose import fit, frame_rate
from creative.footage.probe import Footage
from creative.specs import VideoSpec
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
    turned,
)

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)


def _looks(pixel: object, colour: tuple[int, int, int], within: int = 24) -> bool:
    return bool(np.abs(np.asarray(pixel, int) - np.array(colour)).max() <= within)


@pytest.fixture(scope="module")
def with_tone() -> bytes:
    """1.5 s of 640x360 with a tone of 440 Hz."""
    return clip(disc(WIDE), seconds=1.5, sound="sine=440:r=48000")


@pytest.mark.parametrize(
    ("shape", "size", "diameter"),
    [
        (WIDE, WIDE, 180),  # as it is
        ((480, 360), WIDE, 240),  # 4:3 fills 16:9
        ((320, 400), UPRIGHT, 256),  # 4:5 fills 9:16
        (WIDE, UPRIGHT, 101),  # 16:9 stands before a blurred copy
        ((400, 400), WIDE, 180),  # a square as well
    ],
)
def test_a_disc_stays_round(shape: tuple[int, int], size: tuple[int, int], diameter: int) -> None:
    made = compose(clip(disc(shape, "black", "yellow")), spec(size, minimum=(180, 180)))
    frame = frames(made)[5]
    assert frame.shape[1::-1] == size
    # The copy behind shows the disc as well: only the sharp picture is measured.
    sharp = fit(Footage(*shape, 1, "h264", None, 30, 1), size).size
    inside = (min(sharp[0], size[0]) - 4, min(sharp[1], size[1]) - 4)
    left, top = ((size[0] - inside[0]) // 2, (size[1] - inside[1]) // 2)
    width, height = extent(frame[top : top + inside[1], left : left + inside[0], 0] < 60)
    assert abs(width - height) <= 2
    assert abs(width - diameter) <= 4


def test_what_does_not_fill_the_frame_stands_before_a_blurred_copy_of_itself() -> None:
    halves = Image.new("RGB", WIDE, RED)
    halves.paste(BLUE, (320, 0, 640, 360))
    frame = frames(compose(clip(halves), spec(UPRIGHT)))[5]
    # In the middle the whole picture, sharp; above and below it soft and darker.
    assert _looks(frame[320, 20], RED)
    assert _looks(frame[320, 340], BLUE)
    above = frame[40].astype(int)
    assert above[20][0] > 100 > above[20][2]
    assert above[340][2] > 100 > above[340][0]
    assert above[20][0] < 220
    steps = np.abs(np.diff(above, axis=0)).max()
    assert steps < 20 < np.abs(np.diff(frame[320].astype(int), axis=0)).max()


def test_a_turned_4_to_3_video_comes_out_upright() -> None:
    # As a phone keeps it: lying frames, and a note to turn them by a quarter.
    upright = Image.new("RGB", (360, 480), GREEN)
    upright.paste(RED, (0, 0, 360, 120))
    upright.paste(BLUE, (0, 0, 60, 60))
    lying = turned(clip(upright.transpose(Image.Transpose.ROTATE_90)), -90)
    made = compose(lying, spec((360, 480)))
    with av.open(BytesIO(made)) as container:
        assert next(container.decode(video=0)).rotation == 0  # no note is left, either
    frame = frames(made)[5]
    assert frame.shape[:2] == (480, 360)
    assert _looks(frame[30, 30], BLUE, 40)
    assert _looks(frame[30, 330], RED, 40)
    assert _looks(frame[400, 180], GREEN, 40)


def test_oblong_pixels_come_out_square() -> None:
    squeezed = disc((640, 360)).resize((440, 360))
    video = clip(squeezed, extra=("-vf", "setsar=16/11,format=yuv420p"))
    frame = frames(compose(video, spec(WIDE)))[5]
    width, height = extent(frame[:, :, 0] < 100)
    assert abs(width - height) <= 3


def test_sound_is_kept_as_loud_as_it_was(with_tone: bytes) -> None:
    made = compose(with_tone, spec(WIDE))
    before, after = sound(with_tone)[4_800:60_000], sound(made)[4_800:60_000]
    assert np.sqrt((after**2).mean()) == pytest.approx(np.sqrt((before**2).mean()), rel=0.1)
    spectrum = np.abs(np.fft.rfft(after))
    assert np.argmax(spectrum) * 48_000 / len(after) == pytest.approx(440, abs=2)


def test_there_is_a_silent_track_where_there_is_no_sound_or_none_is_wanted(
    with_tone: bytes,
) -> None:
    for made in (
        compose(clip(disc(WIDE)), spec(WIDE)),
        compose(with_tone, spec(WIDE), keep_audio=False),
    ):
        assert probe(made).audio_codec == "aac"
        assert np.abs(sound(made)).max() < 1e-3


def test_too_long_footage_is_cut_and_both_streams_begin_at_nought(with_tone: bytes) -> None:
    made = compose(with_tone, spec(WIDE, hard=(0.5, 1)))
    with av.open(BytesIO(made)) as container:
        assert container.duration is not None
        assert container.duration / 1e6 <= 1
        assert probe(made).seconds == pytest.approx(1, abs=0.04)
        for stream in container.streams:
            assert (stream.start_time or 0) == 0
    assert len(sound(made)) / 48_000 == pytest.approx(1, abs=0.05)


def _two_colours(seconds: float) -> bytes:
    """Red, and blue for the second half."""
    half = seconds / 2
    return clip(
        f"color=red:s=640x360:r=30:d={half},format=yuv420p[a];"
        f"color=blue:s=640x360:r=30:d={half},format=yuv420p[b];[a][b]concat",
        seconds=seconds,
        sound=f"sine=440:d={seconds}",
    )


def test_footage_a_little_short_stands_still_on_its_last_frame() -> None:
    made = compose(_two_colours(2), spec(WIDE, hard=(3, 9)))
    shown = frames(made)
    assert len(shown) / 30 == pytest.approx(3, abs=0.04)
    assert _looks(shown[10][180, 320], (254, 0, 0))
    assert all(_looks(shown[at][180, 320], (0, 0, 254)) for at in (45, 70, 88))
    assert np.abs(sound(made)[-24_000:]).max() < 0.01


def test_footage_much_too_short_is_played_again_with_its_sound() -> None:
    made = compose(_two_colours(1), spec(WIDE, hard=(3.5, 9)))
    shown = frames(made)
    assert len(shown) / 30 == pytest.approx(3.5, abs=0.04)
    for second in range(3):
        assert _looks(shown[30 * second + 5][180, 320], (254, 0, 0))
        assert _looks(shown[30 * second + 22][180, 320], (0, 0, 254))
    heard = sound(made)
    assert all(np.abs(heard[at : at + 9_600]).max() > 0.05 for at in (60_000, 110_000, 150_000))


@pytest.mark.parametrize(("shape", "needed"), [((320, 180), "640x360"), ((100, 200), "180x360")])
def test_too_small_footage_is_refused_by_name(shape: tuple[int, int], needed: str) -> None:
    said = (
        f"{shape[0]}x{shape[1]} pixels and the placement takes 640x360 at least, for which it "
        f"would need {needed}"
    )
    with pytest.raises(FootageRefused, match=said):
        compose(clip(disc(shape), seconds=0.3), spec(WIDE, minimum=WIDE))


def test_the_file_size_is_met_or_refused() -> None:
    small = (160, 96)
    noise = clip("color=gray:s=160x96:r=30,noise=alls=60:allf=t:all_seed=1", seconds=0.6)
    best = len(compose(noise, spec(small, hard=(0.5, 9))))
    for share in (0.8, 0.15):
        limited = spec(small, hard=(0.5, 9), max_bytes=round(best * share))
        assert len(compose(noise, limited)) <= limited.max_bytes
    with pytest.raises(FootageRefused, match=r"0\.6 s of 160x96 pixels do not fit into 3,000 byt"):
        compose(noise, spec(small, hard=(0.5, 9), max_bytes=3_000))


def test_equal_input_gives_equal_bytes_also_at_the_same_time(with_tone: bytes) -> None:
    """Each works in a directory of its own, so nothing is mixed up."""
    other = clip(disc(WIDE, "blue", "green"), sound="sine=880")
    wanted = [with_tone, other, with_tone, other]
    limits = spec((320, 180), hard=(0.3, 0.6))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda one: compose(one, limits), wanted))
    assert made[0] == made[2]
    assert made[1] == made[3]
    assert made[0] != made[1]
    assert compose(with_tone, limits) == made[0]


def test_the_overlay_stands_where_it_was_drawn_in_its_own_colours() -> None:
    layer = Image.new("RGBA", WIDE, (0, 0, 0, 0))
    layer.paste((202, 252, 0, 255), (31, 21, 131, 61))
    layer.paste((17, 24, 39, 255), (500, 300, 620, 350))
    frame = frames(compose(clip(disc(WIDE)), spec(WIDE), layer=png(layer)))[8]
    assert _looks(frame[41, 80], (202, 252, 0), 6)
    assert _looks(frame[325, 560], (17, 24, 39), 6)
    assert _looks(frame[41, 20], (255, 255, 255), 6)
    with pytest.raises(FootageRefused, match="the overlay is 640x360 pixels and the video 360x640"):
        compose(clip(disc(WIDE)), spec(UPRIGHT), layer=png(layer))
    with pytest.raises(FootageRefused, match="the overlay is no PNG"):
        compose(clip(disc(WIDE)), spec(WIDE), layer=b"nothing")


def test_a_frame_of_odd_pixels_is_refused() -> None:
    with pytest.raises(FootageRefused, match="641x360 pixels cannot be made: both must be even"):
        compose(b"", spec((641, 360)))


def test_high_dynamic_range_becomes_what_ads_are_shown_in() -> None:
    """White of a phone's HLG video (75 % of the signal, ITU-R BT.2408) stays white, not grey."""
    filmed = clip(
        "color=0xBFBFBF:s=640x360:r=30,format=yuv420p10le",
        seconds=0.5,
        extra=(
            "-pix_fmt", "yuv420p10le", "-vf",
            "setparams=range=tv:color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc",
        ),
    )  # fmt: skip
    made = compose(filmed, spec(WIDE, hard=(0.2, 9)))
    assert frames(made)[3][180, 320].min() > 215
    with av.open(BytesIO(made)) as container:
        first = next(container.decode(video=0))
    assert (int(first.color_trc), int(first.colorspace)) == (1, 1)


@pytest.mark.parametrize(
    ("filmed", "made"), [(60, 30), (30, 30), (25, 25), (120, 30), (15, 30), (12, 24), (50, 25)]
)
def test_frame_rates_are_halved_or_doubled(filmed: int, made: int) -> None:
    assert frame_rate(Fraction(filmed)) == made


def test_how_footage_comes_into_a_frame() -> None:
    def of(width: int, height: int) -> Footage:
        return Footage(width, height, 1, "h264", None, 30, 1)

    assert fit(of(1920, 1080), (1280, 720)).fills
    assert fit(of(1440, 1080), (1280, 720)).fills
    assert not fit(of(1920, 1080), (1080, 1920)).fills
    assert fit(of(1920, 1080), (1080, 1920)).size == (1080, 608)


def test_what_the_limits_rule_out_is_said() -> None:
    impossible = VideoSpec(
        WIDE, WIDE, (1, 1), (1.01, 1.02), 10**6, captions=False, provenance=False
    )
    with pytest.raises(FootageRefused, match=r"no video of 30 frames a second lasts from 1\.01 to"):
        compose(clip(disc(WIDE), seconds=0.5), impossible)
