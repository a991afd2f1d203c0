"""The brand over a picture: legible, inside the safe area, never cut (D15, D19, D38, D39)."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from creative.pictures import PictureRefused, PlacedText, cover, dress, encode, layer
from creative.pictures.backdrop import backdrop
from creative.pictures.shapes import Box
from creative.specs import PLACEMENTS, Placement, of
from models.contract.brand import Brand, Overlay
from models.contract.vocabulary import Platform
from platforms.registry import capabilities
from tests.creative.pictures.scenes import extent, ground, hebrew_font, near

FULL = Overlay(
    headline="Fresh nets for every harbour",
    action="Learn more",
    badge="−20% today",
    site="readsomething.org",
)
SHORT = FULL.model_copy(update={"headline": "Fresh nets"})
BRAND = Brand()
MAGENTA = (220, 0, 200)
SIZED = [(one, spec.size) for one in PLACEMENTS if (spec := one.image or one.video)]
COLOUR = st.sampled_from(
    ["#111827", "#FFFFFF", "#CAFC00", "#777777", "#6B7280", "#FF0000", "#004488", "#000000"]
)


def named(platform: Platform, name: str) -> Placement:
    return next(one for one in of(platform) if one.name == name)


def level(pixels: np.ndarray) -> np.ndarray:
    """Relative luminance, reckoned anew from WCAG's text."""
    share = pixels / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast_around(image: Image.Image, text: PlacedText) -> float:
    """Lowest contrast of the text's colour to the frame of pixels close around its box."""
    left, top, right, bottom = text.box
    pixels = np.asarray(image)
    frame = np.concatenate(
        [
            pixels[max(top - 3, 0) : max(top - 1, 1), left:right].reshape(-1, 3),
            pixels[bottom + 1 : bottom + 3, left:right].reshape(-1, 3),
            pixels[top:bottom, max(left - 3, 0) : max(left - 1, 1)].reshape(-1, 3),
        ]
    )
    own = level(np.array([int(text.colour[at : at + 2], 16) for at in (1, 3, 5)], np.float64))
    others = level(frame)
    return float(((np.maximum(own, others) + 0.05) / (np.minimum(own, others) + 0.05)).min())


@settings(max_examples=10)
@given(
    st.sampled_from(SIZED),
    st.sampled_from(["white", "black", "grey", "noise", "stripes"]),
    COLOUR, COLOUR, COLOUR,
)  # fmt: skip
def test_every_text_can_be_read_over_every_picture(
    case: tuple[Placement, tuple[int, int]], kind: str, dark: str, light: str, accent: str
) -> None:
    placement, size = case
    brand = Brand(dark=dark, light=light, accent=accent)
    under = ground(kind, size)
    dressed = dress(under, FULL, brand, placement)
    assert dressed.image.size == size
    assert dressed.image.mode == "RGB"
    for text in dressed.texts:
        assert text.contrast >= 4.5
        assert contrast_around(dressed.image, text) >= 4.5, text
    # The same layer over a video's other frames.
    made = layer(FULL, brand, placement, under)
    for other in ("white", "black"):
        moving = ground(other, size)
        moving.paste(made.image, (0, 0), made.image)
        assert all(contrast_around(moving, text) >= 4.5 for text in made.texts)


CORNERS = [
    # One placement for each safe area and shape: nothing else of it is drawn by.
    (one, size, corner)
    for corner in ("top_left", "bottom_right")
    for one, size in {(one.safe, size): (one, size) for one, size in SIZED}.values()
]


@pytest.mark.parametrize(("placement", "size", "corner"), CORNERS,
                         ids=lambda one: getattr(one, "label", ""))  # fmt: skip
def test_texts_keep_the_safe_area_and_their_distance(
    placement: Placement, size: tuple[int, int], corner: str
) -> None:
    brand = Brand(logo_corner=corner)  # type: ignore[arg-type]
    logo = Image.new("RGBA", (400, 100), (*MAGENTA, 255))
    dressed = dress(ground("grey", size), FULL, brand, placement, logo=logo)
    width, height = size
    safe = placement.safe
    allowed = Box(
        round(safe.left * width), round(safe.top * height),
        round((1 - safe.right) * width), round((1 - safe.bottom) * height),
    )  # fmt: skip
    boxes = [text.box for text in dressed.texts]
    logo_left, logo_top, logo_wide, logo_high = extent(near(dressed.image, MAGENTA))
    boxes.append(Box(logo_left, logo_top, logo_left + logo_wide, logo_top + logo_high))
    assert logo_wide == pytest.approx(4 * logo_high, abs=4)
    for number, box in enumerate(boxes):
        assert box.within(allowed)
        assert not any(box.meets(other) for other in boxes[:number])
    texts = [" ".join(text.text.split("\n")) for text in dressed.texts]
    if placement.name == "banner":
        assert FULL.headline in texts
    else:
        assert sorted(texts) == sorted([FULL.headline, FULL.action, FULL.badge, FULL.site])


LONG = "Twelve hundred nets a year leave the old lofts, and every one is still knotted by hand"


@pytest.mark.parametrize("platform", Platform)
def test_a_headline_as_long_as_the_network_takes_fits_its_picture(platform: Platform) -> None:
    """Of average words; the longest headlines are 90 characters (Google's long headline aside)."""
    placement = of(platform)[0]
    assert placement.image
    limit = capabilities(platform).copy_limits.headline
    headline = LONG[:limit].rsplit(" ", 1)[0]
    overlay = FULL.model_copy(update={"headline": headline})
    dressed = dress(ground("grey", placement.image.size), overlay, BRAND, placement)
    words = {" ".join(text.text.split("\n")): text for text in dressed.texts}
    assert words[headline].points >= 0.03 * placement.image.size[0]


def test_a_headline_that_cannot_fit_is_refused_by_name() -> None:
    placement = named(Platform.APPLOVIN, "banner")
    overlay = FULL.model_copy(update={"headline": LONG})
    with pytest.raises(PictureRefused) as refused:
        dress(ground("grey", (640, 100)), overlay, BRAND, placement)
    assert str(refused.value) == (
        f"headline {LONG!r} ({len(LONG)} characters) does not fit applovin banner at 640x100 in "
        "type of 22 pixels, the smallest that is legible there: shorten it"
    )


@pytest.mark.parametrize("field", ["headline", "action", "badge", "site"])
def test_any_text_that_cannot_fit_is_refused_by_name(field: str) -> None:
    overlay = FULL.model_copy(update={field: "Donau" + "dampfschifffahrt" * 8})
    with pytest.raises(PictureRefused, match=rf"^{field} 'Donau.*does not fit meta feed at 1080"):
        dress(ground("grey", (1080, 1080)), overlay, BRAND, of(Platform.META)[0])


def test_empty_parts_are_left_out() -> None:
    dressed = dress(ground("grey", (1080, 1080)), Overlay(headline="Nets"), BRAND,
                    of(Platform.META)[0])  # fmt: skip
    assert [text.text for text in dressed.texts] == ["Nets"]
    for nothing in ("", "  "):
        with pytest.raises(PictureRefused, match="headline is empty"):
            dress(ground("grey", (1080, 1080)), Overlay(headline=nothing), BRAND,
                  of(Platform.META)[0])  # fmt: skip


def test_characters_the_font_lacks_are_named_and_not_drawn_as_boxes() -> None:
    overlay = FULL.model_copy(update={"headline": "漁網 שלום"})
    with pytest.raises(PictureRefused, match=r"headline .* lacks: '漁' \(U\+6F01\), '網' .*'ש'"):
        dress(ground("grey", (1080, 1080)), overlay, BRAND, of(Platform.META)[0])


@pytest.mark.parametrize(
    "headline",
    ["Älskar nät på Öland", "Φρέσκα δίχτυα", "Свежие сети", "Lưới đánh cá", "Re\u0301seau e\u0323"],
)
def test_latin_greek_and_cyrillic_are_drawn(headline: str) -> None:
    overlay = Overlay(headline=headline)
    dressed = dress(ground("grey", (1080, 1080)), overlay, BRAND, of(Platform.META)[0])
    assert dressed.texts[0].points > 36


def test_emoji_are_left_out() -> None:
    overlay = FULL.model_copy(update={"headline": "Fresh nets 🎉👩‍👩‍👧 today ❤️"})
    dressed = dress(ground("grey", (1080, 1080)), overlay, BRAND, of(Platform.META)[0])
    drawn = " ".join(dressed.texts[1].text.split())
    assert drawn.startswith("Fresh nets")
    assert not set("🎉👩\u200d\ufe0f") & set(drawn)
    with pytest.raises(PictureRefused, match="no text to draw besides emoji"):
        dress(ground("grey", (1080, 1080)), Overlay(headline="🎉🎉"), BRAND, of(Platform.META)[0])


def test_hebrew_is_set_from_the_right_in_the_brands_own_font(tmp_path: Path) -> None:
    font = hebrew_font(tmp_path / "hebrew.ttf")
    overlay = Overlay(headline="שלום רב", action="אבג")
    dressed = dress(ground("grey", (1080, 1080)), overlay, BRAND, of(Platform.META)[0], font=font)
    headline, action = dressed.texts
    assert 1080 - headline.box.right < headline.box.left
    assert headline.box.right > 960
    assert action.box.left > 540
    # The first letter (the tallest: tav is last in the alphabet, shin next to it) is on the right.
    strip = np.asarray(dressed.image.crop(headline.box).convert("L")) < 90
    heights = strip.sum(0)
    assert heights[-20:].max() > heights[:20].max()
    with pytest.raises(PictureRefused, match=r"font 'no\.ttf' cannot be read"):
        dress(ground("grey", (1080, 1080)), overlay, BRAND, of(Platform.META)[0],
              font=tmp_path / "no.ttf")  # fmt: skip


@pytest.mark.parametrize("shape", [(300, 300), (900, 120), (80, 400), (40, 20)])
@pytest.mark.parametrize("corner", ["top_left", "bottom_right"])
def test_a_logo_keeps_its_proportions(shape: tuple[int, int], corner: str) -> None:
    logo = Image.new("RGBA", (shape[0] + 60, shape[1] + 60), (0, 0, 0, 0))
    ImageDraw.Draw(logo).rectangle((30, 30, 29 + shape[0], 29 + shape[1]), fill=(*MAGENTA, 255))
    brand = Brand(logo_corner=corner)  # type: ignore[arg-type]
    dressed = dress(ground("white", (1080, 1080)), SHORT, brand, of(Platform.META)[0], logo=logo)
    left, top, width, height = extent(near(dressed.image, MAGENTA, 60))
    assert width / height == pytest.approx(shape[0] / shape[1], rel=0.06)
    assert max(width, height) >= 40
    if corner == "top_left":
        assert left < 200
        assert top < 200
    else:
        assert left + width > 880
        assert top + height > 880


@pytest.mark.parametrize("colour", [(255, 255, 255), (17, 24, 39)])
@pytest.mark.parametrize("kind", ["white", "black"])
def test_a_logo_is_seen_on_any_picture(colour: tuple[int, int, int], kind: str) -> None:
    logo = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
    ImageDraw.Draw(logo).ellipse((0, 0, 299, 99), fill=(*colour, 255))
    for placement in (of(Platform.META)[0], of(Platform.X)[0]):
        assert placement.image
        size = placement.image.size
        plain = dress(ground(kind, size), SHORT, BRAND, placement).image
        marked = dress(ground(kind, size), SHORT, BRAND, placement, logo=logo).image
        corner = marked.crop((0, 0, size[0] // 3, size[1] // 4))
        assert corner.tobytes() != plain.crop((0, 0, size[0] // 3, size[1] // 4)).tobytes()
        levels = level(np.asarray(corner, np.float64))
        own = level(np.array(colour, np.float64))
        assert (np.abs(levels - own) < 0.02).any()
        ratio = (np.maximum(levels, own) + 0.05) / (np.minimum(levels, own) + 0.05)
        assert (ratio >= 3).any()


def test_the_card_leaves_the_subject_alone() -> None:
    for placement, left in ((of(Platform.X)[0], True), (of(Platform.X)[0], False)):
        picture = ground("white", (1200, 628))
        x = 250 if left else 950
        pen = ImageDraw.Draw(picture)
        for ring in range(150, 0, -25):
            pen.ellipse((x - ring, 314 - ring, x + ring, 314 + ring),
                        fill=(226, 172, 138) if ring % 50 else (150, 40, 40))  # fmt: skip
        dressed = dress(picture, FULL, BRAND, placement)
        headline = next(one for one in dressed.texts if "nets" in one.text)
        assert (headline.box.left > 500) is left


def test_what_is_transparent_shows_the_brands_light_colour() -> None:
    product = Image.new("RGBA", (1080, 1080), (0, 0, 0, 0))
    brand = Brand(light="#FFEECC")
    dressed = dress(product, SHORT, brand, of(Platform.META)[0])
    assert dressed.image.getpixel((540, 200)) == (255, 238, 204)


def test_the_same_words_give_the_same_picture() -> None:
    under = backdrop("a", (1200, 628))
    first, second = (dress(under, FULL, BRAND, of(Platform.X)[0]).image.tobytes() for _ in range(2))
    assert first == second


def test_a_whole_picture_takes_less_than_half_a_second() -> None:
    placement = of(Platform.TIKTOK)[0]
    assert placement.image
    photo = ground("noise", (1600, 1200))
    taken: list[float] = []
    for number in range(2):
        began = time.process_time()
        under = backdrop(f"speed {number}", placement.image.size)
        cover(photo, placement.image.size)
        encode(dress(under, FULL, BRAND, placement).image, placement.image)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.5
