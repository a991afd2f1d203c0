"""Files as networks take them, backdrops, and the sheet that shows all (D16, D28, D29)."""

import colorsys
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from creative.pictures import PictureRefused, backdrop, contact_sheet, encode
from creative.pictures.export import PROVENANCE_ROOM
from creative.specs import PLACEMENTS, ImageSpec, measure_image, of, problems
from models.contract.vocabulary import Platform
from tests.creative.pictures.scenes import BLUE, RED, extent, ground, near, saved

SPEC = of(Platform.META)[0].image
assert SPEC


@pytest.mark.parametrize("placement", [one for one in PLACEMENTS if one.image],
                         ids=lambda one: one.label)  # fmt: skip
def test_every_output_meets_its_placement(placement) -> None:  # type: ignore[no-untyped-def]
    data, kind = encode(backdrop(placement.label, placement.image.size), placement.image)
    measured = measure_image(data)
    assert measured.format == kind == placement.image.formats[0]
    assert (measured.width, measured.height) == placement.image.size
    assert problems(placement, measured) == []


def test_jpeg_begins_at_quality_85_and_keeps_colour_whole() -> None:
    data, kind = encode(ground("stripes", (64, 64)), SPEC)
    best = BytesIO()
    ground("stripes", (64, 64)).save(best, "JPEG", quality=85, optimize=True, progressive=True,
                                     subsampling=0)  # fmt: skip
    assert (data, kind) == (best.getvalue(), "JPEG")


def test_quality_is_lowered_only_as_far_as_needed() -> None:
    noise = ground("noise", (600, 600))
    whole, _ = encode(noise, SPEC)
    tight = replace(SPEC, formats=("JPEG",), max_bytes=round(len(whole) * 0.8) + PROVENANCE_ROOM)
    data, kind = encode(noise, tight)
    assert kind == "JPEG"
    assert len(data) <= tight.max_bytes - PROVENANCE_ROOM < len(whole)
    roomy = replace(tight, max_bytes=len(whole) + PROVENANCE_ROOM)
    assert encode(noise, roomy)[0] == whole


def test_a_png_that_is_too_large_becomes_a_jpeg() -> None:
    noise = ground("noise", (300, 300))
    graphic = replace(SPEC, formats=("PNG", "JPEG"), max_bytes=230_000)
    assert encode(ground("white", (300, 300)), graphic)[1] == "PNG"
    assert encode(noise, graphic)[1] == "JPEG"


def test_what_cannot_be_made_small_enough_is_refused_with_both_figures() -> None:
    spec = replace(SPEC, max_bytes=20_000)
    with pytest.raises(
        PictureRefused, match=r"[\d,]+ bytes at the lowest quality; the limit is 15,000"
    ):
        encode(ground("noise", (400, 400)), spec)


def test_jpeg_shows_white_where_nothing_is() -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    data, _ = encode(image, ImageSpec((40, 40), (1, 1), ("JPEG",), 10**6, ""))
    assert near(Image.open(BytesIO(data)), (255, 255, 255), 2).all()
    data, _ = encode(image, ImageSpec((40, 40), (1, 1), ("PNG",), 10**6, ""))
    assert Image.open(BytesIO(data)).mode == "RGBA"


@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920), (1200, 628), (640, 100), (8, 8)])
def test_backdrops_are_of_their_size_and_come_out_alike(size: tuple[int, int]) -> None:
    first = backdrop("one", size)
    assert (first.size, first.mode) == (size, "RGB")
    assert first.tobytes() == backdrop("one", size).tobytes()
    assert first.tobytes() != backdrop("two", size).tobytes()


def test_backdrops_are_calm_and_not_flat() -> None:
    for number in range(6):
        pixels = np.asarray(backdrop(f"calm {number}", (540, 540)), np.float64)
        steps = np.abs(np.diff(pixels, axis=1)).max(-1)
        assert np.percentile(steps, 99) < 16
        assert pixels.std() > 10


@pytest.mark.parametrize("colour", [(200, 60, 40), (30, 90, 180), (60, 140, 70)])
def test_a_backdrop_takes_the_articles_colours(colour: tuple[int, int, int]) -> None:
    source = Image.blend(Image.new("RGB", (400, 300), colour), ground("noise", (400, 300)), 0.08)
    hue = colorsys.rgb_to_hsv(*colour)[0]
    for seed in ("a", "b", "c"):
        mean = np.asarray(backdrop(seed, (300, 300), source)).reshape(-1, 3).mean(0) / 255
        away = abs(colorsys.rgb_to_hsv(*mean)[0] - hue)
        assert min(away, 1 - away) < 0.06


@pytest.mark.parametrize(
    "source",
    [Image.new("RGB", (1, 1)), Image.new("RGBA", (9, 9), (0, 0, 0, 0)), Image.new("RGB", (50, 3))],
)
def test_a_backdrop_is_drawn_from_any_picture(source: Image.Image) -> None:
    assert backdrop("any", (120, 80), source).size == (120, 80)


def test_the_sheet_shows_all_pictures_unstretched() -> None:
    cells = [
        (saved(Image.new("RGB", (1080, 1920), RED), "JPEG"), "tiktok in feed · 1080x1920"),
        (saved(Image.new("RGB", (640, 100), BLUE)), "banner · 640x100"),
        *[(saved(Image.new("RGB", (1200, 628), (0, 160, 0))), f"card {n}") for n in range(6)],
    ]
    data = contact_sheet(cells, title="Nets 🎉 漁")
    sheet = Image.open(BytesIO(data))
    assert sheet.format == "PNG"
    _, _, width, height = extent(near(sheet, RED, 6))
    assert width / height == pytest.approx(1080 / 1920, rel=0.03)
    _, _, width, height = extent(near(sheet, BLUE, 6))
    assert width / height == pytest.approx(6.4, rel=0.03)
    area = near(sheet, (0, 160, 0), 6).sum() / (380 * 380 * 1200 / 628)
    assert area == pytest.approx(6, rel=0.02)


def test_a_picture_that_cannot_be_opened_does_not_spoil_the_sheet() -> None:
    data = contact_sheet([(b"no picture", "lost"), (saved(Image.new("RGB", (9, 9), RED)), "there")],
                         title="Two")  # fmt: skip
    assert near(Image.open(BytesIO(data)), RED, 6).sum() > 100_000
    with pytest.raises(ValueError, match="at least one picture"):
        contact_sheet([], title="None")
