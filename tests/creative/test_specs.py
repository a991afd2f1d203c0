"""The table of placements (D16, D31, D33, C51), and what breaks it (D41, BUG-59)."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from creative.specs import (
    PLACEMENTS,
    ImageSpec,
    Measured,
    Placement,
    VideoSpec,
    measure_image,
    of,
    problems,
    too_small,
)
from models.contract.vocabulary import Platform
from platforms.registry import capabilities


def named(platform: Platform, name: str) -> Placement:
    return next(one for one in of(platform) if one.name == name)


def test_every_platform_has_placements_with_names_for_files() -> None:
    for platform in Platform:
        names = [one.name for one in of(platform)]
        assert names
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


@pytest.mark.parametrize("platform", Platform)
def test_the_first_placement_is_what_the_adapter_uploads(platform: Platform) -> None:
    able, first = capabilities(platform), of(platform)[0]
    assert first.image is not None
    assert first.image.size == able.image_size
    assert (first.video.size if first.video else None) == able.video_size


@pytest.mark.parametrize("placement", PLACEMENTS, ids=lambda one: one.label)
def test_every_entry_is_whole(placement: Placement) -> None:
    assert placement.image or placement.video
    assert placement.source
    assert date(2026, 1, 1) <= placement.verified_on <= date.today()  # noqa: DTZ011
    assert all(0 <= margin < 0.5 for margin in placement.safe)
    assert placement.safe.top + placement.safe.bottom < 0.6
    for spec in (placement.image, placement.video):
        if spec is None:
            continue
        assert all(least <= made for least, made in zip(spec.minimum, spec.size, strict=True))
        shape, least_shape = (one[0] / one[1] for one in (spec.size, spec.minimum))
        assert least_shape == pytest.approx(shape, rel=0.01)
        assert spec.max_bytes >= 3_000_000
    if placement.image:
        assert set(placement.image.formats) == {"PNG", "JPEG"}
        assert placement.image.recommended.endswith(".")
    if placement.video:
        shortest, longest = placement.video.hard_seconds
        low, high = placement.video.recommended_seconds
        assert shortest <= low <= high <= longest
        # H.264 with yuv420p knows even sizes only.
        assert all(side % 2 == 0 for side in placement.video.size)


def test_recommended_and_hard_limits_are_different_things() -> None:
    video = named(Platform.TIKTOK, "in_feed").video
    assert video
    assert (video.recommended_seconds, video.hard_seconds) == ((9, 15), (5, 60))
    assert named(Platform.UNITY, "rewarded").video != named(Platform.APPLOVIN, "interstitial").video


def test_landscape_sizes_are_named_by_their_true_shape() -> None:
    card, post = named(Platform.X, "website_card").image, named(Platform.X, "post").image
    assert card
    assert post
    assert (card.size, post.size) == ((1200, 628), (1200, 675))
    assert card.size[0] / card.size[1] == pytest.approx(1.91, abs=0.01)
    assert post.size[0] / post.size[1] == pytest.approx(16 / 9, abs=0.001)
    telegram = of(Platform.TELEGRAM)[0].image
    assert telegram
    assert telegram.size == (1280, 720)


def test_tiktok_alone_refuses_videos_without_provenance() -> None:
    needing = {one.platform for one in PLACEMENTS if one.video and one.video.provenance}
    assert needing == {Platform.TIKTOK}


def as_made(spec: ImageSpec | VideoSpec) -> Measured:
    width, height = spec.size
    if isinstance(spec, VideoSpec):
        return Measured(width, height, 1000, "MP4", spec.hard_seconds[0], True)
    return Measured(width, height, 1000, spec.formats[0])


SPECS = [(one, spec) for one in PLACEMENTS for spec in (one.image, one.video) if spec]


@given(st.sampled_from(SPECS))
def test_what_we_make_fits_and_each_limit_is_held_by_name(
    case: tuple[Placement, ImageSpec | VideoSpec],
) -> None:
    placement, spec = case
    made = as_made(spec)
    assert problems(placement, made) == []
    assert problems(placement, replace(made, bytes=spec.max_bytes)) == []
    assert problems(placement, replace(made, width=spec.minimum[0], height=spec.minimum[1])) == []
    width, height = spec.minimum
    broken = {
        f"{spec.max_bytes + 1:,} bytes; the limit is {spec.max_bytes:,}": replace(
            made, bytes=spec.max_bytes + 1
        ),
        f"the minimum is {width}x{height}": replace(made, width=width - 2, height=height - 2),
        "has another shape": replace(made, width=made.width * 2),
    }
    if isinstance(spec, VideoSpec):
        shortest, longest = spec.hard_seconds
        limit = f"the limit is {shortest:g} to {longest:g} s"
        broken |= {
            f"lasts {longest + 1:.2f} s; {limit}": replace(made, seconds=longest + 1),
            f"lasts {shortest - 0.1:.2f} s; {limit}": replace(made, seconds=shortest - 0.1),
            f"its length is unknown; {limit}": replace(made, seconds=None),
        }
    else:
        broken["format WEBP is not taken; use"] = replace(made, format="WEBP")
    kind = "video" if isinstance(spec, VideoSpec) else "image"
    for told, measured in broken.items():
        found = problems(placement, measured)
        assert any(told in one for one in found), (told, found)
        assert all(one.startswith(f"{placement.label} {kind}: ") for one in found)


def test_what_a_placement_does_not_show_is_said() -> None:
    feed = of(Platform.META)[0]
    assert problems(feed, Measured(1080, 1080, 10, "MP4", 6.0)) == [
        "meta feed: shows no video; it was given one (MP4)"
    ]
    video = named(Platform.X, "post_video")
    assert problems(video, Measured(1280, 720, 10, "PNG")) == [
        "x post video: shows no image; it was given one (PNG)"
    ]


def test_several_faults_are_all_told() -> None:
    found = problems(of(Platform.META)[0], Measured(100, 50, 40_000_000, "GIF"))
    assert len(found) == 4
    assert "meta feed image: 100x50 pixels are too few; the minimum is 600x600" in found


@pytest.mark.parametrize(
    ("width", "height", "told"),
    [
        (600, 600, None),
        (4000, 600, None),
        (599, 4000, "599x4000 pixels leave 599x599 once cropped; the minimum is 600x600"),
        (10, 10, "10x10 pixels leave 10x10 once cropped; the minimum is 600x600"),
    ],
)
def test_a_source_is_judged_by_what_cropping_leaves(
    width: int, height: int, told: str | None
) -> None:
    found = too_small(of(Platform.META)[0], Measured(width, height, 10, "PNG"))
    assert found == ([f"meta feed image: {told}"] if told else [])
    assert too_small(of(Platform.META)[0], Measured(1, 1, 10, "MP4", 3.0)) == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_images_are_measured_by_their_content(kind: str) -> None:
    out = BytesIO()
    Image.new("RGB", (64, 32)).save(out, kind)
    data = out.getvalue()
    assert measure_image(data) == Measured(64, 32, len(data), kind)


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_image_is_not_measured(data: bytes) -> None:
    with pytest.raises(ValueError, match="no image"):
        measure_image(data)
