"""What a placement shows: read back it meets its limits and says honestly how it was made
(D8 to D13, D16, D26, D32, D36)."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import c2pa
import numpy as np
import pytest
from PIL import Image
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.brands import Brands
from activities.outcomes import MEDIA_REFUSED
from activities.rendering import RenderingActivities
from creative import footage, specs
from creative.library import AssetLibrary
from creative.pictures import cover, open_picture
from creative.provenance import Signer, check
from creative.storage import DiskStorage
from models.contract.brand import Brand, Overlay
from models.contract.briefs import RenderBrief
from models.contract.creative import ImageAsset, Origin, PlacedAsset, Visual
from models.contract.vocabulary import Platform
from tests.creative.library.files import clip, encoded, picture
from tests.stack import TeamUnderTest

pytestmark = pytest.mark.stack

OVERLAY = Overlay(
    headline="How a harbour town mends its nets",
    action="Learn more",
    badge="-20%",
    site="journal.example",
)
CAPTION = "The nets are mended by hand. Everybody in town helps."


class Studio:
    """The activity with a library of its own on disk."""

    def __init__(self, team: TeamUnderTest, place: Path, signer: Signer) -> None:
        self.team = team
        self.library = AssetLibrary(team.database, DiskStorage(place))
        self.brands = Brands(team.database)
        self._activities = RenderingActivities(self.library, self.brands, signer)

    async def keep(self, data: bytes, source: Origin, **more: Any) -> str:
        asset = await self.library.add(self.team.id, data, source=source.value, **more)
        return asset.sha256

    async def render(
        self, platform: Platform, placement: str, visual: Visual, **more: Any
    ) -> PlacedAsset:
        brief = RenderBrief(
            **{
                "team_id": self.team.id, "campaign_id": uuid4(), "variant": "v1",
                "platform": platform, "placement": placement, "visual": visual,
                "overlay": OVERLAY, "caption": CAPTION, **more,
            }
        )  # fmt: skip
        return await ActivityEnvironment().run(self._activities.render_placement, brief)

    async def refused(self, *arguments: Any, **more: Any) -> str:
        with pytest.raises(ApplicationError) as refused:
            await self.render(*arguments, **more)
        assert (refused.value.type, refused.value.non_retryable) == (MEDIA_REFUSED, True)
        return refused.value.message

    async def read(self, asset: ImageAsset | None) -> bytes:
        assert asset is not None
        return await self.library.read(self.team.id, asset.sha256)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.self_signed(tmp_path_factory.mktemp("identity"))


@pytest.fixture
def studio(bare_team: TeamUnderTest, tmp_path: Path, signer: Signer) -> Studio:
    return Studio(bare_team, tmp_path, signer)


def placement(platform: Platform, name: str) -> specs.Placement:
    return next(one for one in specs.of(platform) if one.name == name)


def source_type(data: bytes, media_type: str) -> str:
    """How a file says that it came about."""
    said: Any = json.loads(c2pa.Reader(media_type, BytesIO(data)).json())
    manifest = said["manifests"][said["active_manifest"]]
    (actions,) = [
        one["data"]["actions"]
        for one in manifest["assertions"]
        if one["label"].startswith("c2pa.actions")
    ]
    return actions[0]["digitalSourceType"].rpartition("/")[2]


async def test_an_image_meets_its_placement_and_says_how_it_was_made(studio: Studio) -> None:
    photo = await studio.keep(encoded("PNG", picture((1500, 1300))), Origin.PRODUCT)
    drawn = Visual()
    product = Visual(origin=Origin.PRODUCT, image=photo, made_with="product photo")
    made = Visual(
        origin=Origin.AI, image=photo, made_with="gpt-image-2.5-flare (sandbox)", ai_made=True
    )
    feed = placement(Platform.META, "feed")
    for visual, how in (
        (drawn, "algorithmicMedia"),
        (product, "composite"),
        (made, "compositeWithTrainedAlgorithmicMedia"),
    ):
        shown = await studio.render(Platform.META, "feed", visual)
        assert shown.video is None
        data = await studio.read(shown.image)
        assert shown.image is not None
        measured = specs.measure_image(data)
        assert specs.problems(feed, measured) == []
        assert (shown.image.width, shown.image.height) == (measured.width, measured.height)
        assert shown.image.bytes == len(data)
        media_type = f"image/{measured.format.lower()}"
        report = check(data, media_type)
        assert (report.state, report.ai_made) == ("valid", visual.ai_made)
        assert shown.image.provenance == "valid"
        assert source_type(data, media_type) == how
        if visual.made_with:
            assert report.made_with == visual.made_with == shown.image.source
        else:
            assert "sandbox" in report.made_with
        assert shown.image.contrast is not None
        assert shown.image.contrast >= 4.5
    kept = await studio.library.one(studio.team.id, shown.image.sha256)
    assert (kept.ai_made, kept.provenance, kept.trusted) == (True, "valid", True)


async def test_a_video_meets_its_placement_and_says_how_it_was_made(studio: Studio) -> None:
    reels = placement(Platform.META, "reels")
    shown = await studio.render(Platform.META, "reels", Visual())
    assert shown.image is not None
    assert shown.video is not None
    data = await studio.read(shown.video)
    film = footage.probe(data)
    measured = specs.Measured(
        film.width, film.height, len(data), "MP4", film.seconds, audio=film.audio_codec is not None
    )
    assert specs.problems(reels, measured) == []
    assert measured.audio is True
    report = check(data, "video/mp4")
    assert (report.state, report.ai_made) == ("valid", False)
    assert source_type(data, "video/mp4") == "algorithmicMedia"
    assert shown.video.contrast is not None
    assert shown.video.contrast >= 4.5
    assert shown.video.source.endswith("in slow motion")
    cover_seen = specs.measure_image(await studio.read(shown.image))
    assert specs.problems(reels, cover_seen) == []


async def test_a_clip_by_a_generator_makes_the_video_a_machines(studio: Studio) -> None:
    # The still is a photo: the clip of it is a model's work all the same.
    photo = await studio.keep(encoded("PNG", picture((1280, 720))), Origin.PRODUCT)
    moving = await studio.keep(clip("mp4", (640, 360), 1.0), Origin.AI, ai_made=True)
    shown = await studio.render(
        Platform.UNITY,
        "rewarded_landscape",
        Visual(origin=Origin.PRODUCT, image=photo, made_with="product photo"),
        clip=moving,
    )
    data = await studio.read(shown.video)
    assert source_type(data, "video/mp4") == "compositeWithTrainedAlgorithmicMedia"
    assert shown.video is not None
    assert shown.video.ai_made


async def test_a_persons_own_is_fitted_and_nothing_is_laid_over_it(studio: Studio) -> None:
    own = picture((1080, 1080))
    digest = await studio.keep(encoded("PNG", own), Origin.ADMIN)
    visual = Visual(origin=Origin.ADMIN, image=digest, made_with="a person's own", untouched=True)
    shown = await studio.render(Platform.META, "feed", visual)
    data = await studio.read(shown.image)
    assert difference(open_picture(data), own) < 2
    assert shown.image is not None
    assert (shown.image.contrast, shown.image.ai_made) == (None, False)
    assert check(data, "image/jpeg").state == "valid"
    # Nor on the way into a video: not even captions.
    still = await studio.keep(encoded("PNG", picture((1280, 720))), Origin.ADMIN)
    frames = list[Image.Image]()
    for caption in (CAPTION, ""):
        shown = await studio.render(
            Platform.TELEGRAM,
            "sponsored_video",
            visual.model_copy(update={"image": still}),
            caption=caption,
        )
        assert shown.video is not None
        assert shown.video.contrast is None
        frames.append(open_picture(footage.thumbnail(await studio.read(shown.video))))
    assert difference(*frames) == 0


async def test_a_persons_own_video_alone_is_shown_by_a_frame_of_it(studio: Studio) -> None:
    film = await studio.keep(clip("mp4", (640, 360), 1.0), Origin.ADMIN)
    shown = await studio.render(
        Platform.UNITY,
        "rewarded_landscape",
        Visual(origin=Origin.ADMIN, video=film, made_with="a person's own", untouched=True),
    )
    seen = footage.probe(await studio.read(shown.video))
    assert (seen.width, seen.height) == (1280, 720)
    assert seen.audio_codec is not None
    frame = open_picture(footage.thumbnail(clip("mp4", (640, 360), 1.0)))
    first = open_picture(await studio.read(shown.image))
    assert difference(first, cover(frame, (800, 600))) < 5


async def test_too_small_material_is_named_with_value_and_limit(studio: Studio) -> None:
    small = await studio.keep(encoded("PNG", picture((400, 300))), Origin.ADMIN)
    visual = Visual(origin=Origin.ADMIN, image=small, untouched=True)
    said = await studio.refused(Platform.META, "feed", visual)
    assert "meta feed image: 400x300 pixels leave 300x300" in said
    assert "the minimum is 600x600" in said
    # Where a placement shows a video alone, the still it is made of is held to the video's.
    said = await studio.refused(Platform.TELEGRAM, "sponsored_video", visual)
    assert "telegram sponsored video video: 400x300 pixels leave 400x225" in said
    assert "640x360" in said


async def test_words_that_cannot_fit_or_be_read_are_refused_by_name(studio: Studio) -> None:
    endless = Overlay(headline="Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 6)
    said = await studio.refused(Platform.APPLOVIN, "banner", Visual(), overlay=endless)
    assert "applovin banner" in said
    assert "headline" in said
    assert "Donaudampf" in said


async def test_captions_without_room_are_left_out_and_it_is_said(studio: Studio) -> None:
    endless = "Many_nets" * 20
    made = [
        await studio.render(
            Platform.TELEGRAM, "sponsored_video", Visual(), caption=text, campaign_id=studio.team.id
        )
        for text in (endless, "", CAPTION)
    ]
    (note,) = made[0].notes
    assert note.startswith("telegram sponsored video without captions: the captions find no ")
    assert "room in 1280x720 pixels inside the safe area and clear of the overlay" in note
    assert made[1].notes == made[2].notes == ()
    left_out, without, shown = [after_a_second(await studio.read(one.video)) for one in made]
    # Signatures differ from file to file, pictures do not.
    assert np.array_equal(left_out, without)
    assert not np.array_equal(without, shown)


async def test_short_footage_goes_without_captions(studio: Studio) -> None:
    film = await studio.keep(clip("mp4", (640, 360), 1.0), Origin.GAME_ASSET)
    shown = await studio.render(
        Platform.TELEGRAM, "sponsored_video", Visual(origin=Origin.GAME_ASSET, video=film),
        caption=f"{CAPTION} The lofts are open to visitors on every Saturday in winter.",
    )  # fmt: skip
    assert shown.video is not None
    assert 3 <= shown.video.seconds < 3.2
    (note,) = shown.notes
    assert "s to read and the video lasts 3.0 s" in note


async def test_only_captions_are_given_up(studio: Studio) -> None:
    said = await studio.refused(
        Platform.TELEGRAM, "sponsored_video", Visual(), caption="A caption with \u6f22."
    )
    assert "U+6F22" in said
    assert "lacks" in said


async def test_what_is_missing_is_said_and_a_brand_is_followed(studio: Studio) -> None:
    said = await studio.refused(Platform.X, "post", Visual(image="0" * 64))
    assert "0000" in said
    logo = await studio.keep(encoded("PNG", Image.new("RGB", (300, 300), "#00AA00")), Origin.ADMIN)
    plain = await studio.render(Platform.X, "post", Visual(), campaign_id=uuid4())
    await studio.brands.set(studio.team.id, Brand(logo=logo, dark="#3B0764"), "ana")
    shown = await studio.render(Platform.X, "post", Visual(), campaign_id=uuid4())
    branded = np.asarray(open_picture(await studio.read(shown.image)).convert("RGB"), int)
    without = np.asarray(open_picture(await studio.read(plain.image)).convert("RGB"), int)

    def green(pixels: np.ndarray) -> int:
        away = np.abs(pixels - np.array([0, 0xAA, 0])).max(axis=2)
        return int((away < 12).sum())

    assert green(branded) > 1_000 > green(without)


def after_a_second(video: bytes) -> np.ndarray:
    """The picture that stands there then."""
    with av.open(BytesIO(video)) as film:
        return next(one.to_ndarray(format="rgb24") for one in film.decode(video=0) if one.time >= 1)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean distance of pixels, of 255."""
    assert one.size == other.size
    both = [np.asarray(image.convert("RGB"), float) for image in (one, other)]
    return float(np.abs(both[0] - both[1]).mean())
