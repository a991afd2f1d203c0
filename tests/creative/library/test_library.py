"""The asset library: kept once, found again, retired, and never deleted under a running ad (D2,
D20, D27, D34, D36, D37, P6)."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlmodel import col, select

from creative.library import (
    AssetInUse,
    AssetLibrary,
    AssetRefused,
    AssetUnknown,
    UploadRefused,
)
from creative.library.links import SignedLinks
from creative.storage import AssetLost, storage_at
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from models.settings import Settings
from models.tables import (
    Account,
    Asset,
    AssetUse,
    BrandRow,
    Campaign,
    CreativeRow,
    DecisionRow,
)
from starter.team import set_up
from tests.creative.library.files import MAKER, clip, encoded, exif, picture
from tests.creative.library.s3_stand_in import BUCKET, S3StandIn

PHOTO = encoded("JPEG", exif=exif())
DIGEST = hashlib.sha256(PHOTO).hexdigest()


class Shelf:
    """A library of its own directory, and two teams."""

    def __init__(self, database: Database, root: Path, teams: list[UUID]) -> None:
        self.database, self.root = database, root
        self.team, self.other = teams
        self.now = datetime.now(UTC)
        self.library = AssetLibrary(
            database,
            storage_at("", root),
            SignedLinks("https://ads.example", "a secret of the operator"),
            lambda: self.now,
        )

    async def add(self, data: bytes = PHOTO, **more: Any) -> Asset:
        return await self.library.add(self.team, data, **{"source": "admin", **more})

    def files(self) -> set[str]:
        return {str(one.relative_to(self.root)) for one in self.root.rglob("*") if one.is_file()}

    async def rows(self, table: Any, team: UUID | None = None) -> list[Any]:
        async with self.database.team(team or self.team) as session:
            return list(await session.scalars(select(table)))

    async def campaign(self, **values: Any) -> Campaign:
        account = next(one for one in await self.rows(Account) if one.platform == "meta")
        number = uuid4()
        row = Campaign(
            **{
                "id": number, "team_id": self.team, "account_id": account.id, "platform": "meta",
                "workflow_id": f"campaign-{number}", "name": "Nets", "objective": "traffic",
                "campaign_type": "article", "destination_url": "https://journal.example/",
                "daily_budget_micros": 1, "spend_micros": 0, "month_spend_micros": 0,
                "status": "active", **values,
            }
        )  # fmt: skip
        async with self.database.team(self.team) as session:
            session.add(row)
        return row

    async def becomes(self, campaign: Campaign, status: CampaignStatus) -> None:
        async with self.database.team(self.team) as session:
            change = update(Campaign).where(col(Campaign.id) == campaign.id)
            await session.execute(change.values(status=status.value))


@pytest_asyncio.fixture(loop_scope="session")
async def shelf(settings: Settings, database: Database, tmp_path: Path) -> Shelf:
    own = [settings.model_copy(update={"team_id": uuid4()}) for _ in range(2)]
    for one in own:
        await set_up(database, one, environ={})
    return Shelf(database, tmp_path, [one.team_id for one in own])


async def test_a_file_is_kept_once_with_a_thumbnail(shelf: Shelf) -> None:
    first = await shelf.add(label="Mill", folder="/game", added_by="ana", name="mill.jpg",
                            details={"product": "17"})  # fmt: skip
    assert (first.sha256, first.kind, first.media_type) == (DIGEST, "image", "image/jpeg")
    assert (first.width, first.height, first.bytes) == (320, 200, len(PHOTO))
    assert (first.source, first.details, first.added_by) == ("admin", {"product": "17"}, "ana")
    assert not first.trusted
    small = first.thumbnail_sha256
    assert shelf.files() == {
        f"{shelf.team}/{DIGEST[:2]}/{DIGEST}.jpg", f"{shelf.team}/{small[:2]}/{small}.jpg"
    }  # fmt: skip
    assert shelf.library.path(first) == f"{shelf.team}/{DIGEST[:2]}/{DIGEST}.jpg"
    assert await shelf.library.read(shelf.team, DIGEST) == PHOTO  # as given, EXIF and all
    assert (await shelf.library.local(shelf.team, DIGEST)).read_bytes() == PHOTO
    both = await asyncio.gather(*(shelf.add() for _ in range(3)))
    assert {one.id for one in both} == {first.id}
    assert len(await shelf.rows(Asset)) == 1
    with pytest.raises(UploadRefused, match=r"'mill\.png' is JPEG"):
        await shelf.add(name="mill.png")
    with pytest.raises(AssetRefused, match="source 'stolen' is unknown"):
        await shelf.add(source="stolen")
    for folder in ("game", "/../etc", "/a//b", "/game/", "/" + "x" * 100, "/a\nb"):
        with pytest.raises(AssetRefused, match="must be like /game"):
            await shelf.add(folder=folder)
    with pytest.raises(AssetRefused, match="label has 201 characters; use 0 to 200"):
        await shelf.add(label="x" * 201)


async def test_what_the_product_made_is_measured_without_a_process(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("looked into by a process of its own")

    monkeypatch.setattr("creative.uploads._run", never)
    made = await shelf.add(encoded("PNG"), source="drawn", trusted=True, provenance="valid")
    assert (made.trusted, made.width, made.provenance) == (True, 320, "valid")
    assert made.thumbnail_sha256
    film = await shelf.add(clip(), source="ai", ai_made=True, trusted=True)
    assert (film.kind, film.ending, film.ai_made) == ("video", "mp4", True)
    with pytest.raises(UploadRefused):
        await shelf.add(b"no picture at all, but long enough", trusted=True)


async def test_assets_are_found_by_what_is_known_of_them(shelf: Shelf) -> None:
    game = await shelf.add(folder="/game", label="Winning 100% moment", source="game_asset")
    slots = await shelf.add(encoded("PNG"), folder="/game/slots")
    await shelf.add(encoded("WEBP"), folder="/gamers", label="Winning 1000 moment")
    film = await shelf.add(clip(), source="game_asset", folder="/game")

    async def found(**filters: Any) -> list[UUID]:
        return [one.id for one in await shelf.library.find(shelf.team, **filters)]

    assert await found(folder="/game") == [film.id, slots.id, game.id]
    assert await found(folder="/game/", kind="video") == [film.id]
    assert await found(source="game_asset", kind="image") == [game.id]
    assert await found(label="100% M") == [game.id]
    assert len(await found()) == 4
    assert len(await found(limit=2)) == 2
    assert (await shelf.library.named(shelf.team, DIGEST[:9].upper())).id == game.id
    for odd in ("", "zz", "%"):
        with pytest.raises(AssetUnknown, match="see `adflight assets list`"):
            await shelf.library.named(shelf.team, odd)
    retired = await shelf.library.retire(shelf.team, DIGEST, "ana")
    assert (retired.retired_by, retired.retired_at) == ("ana", shelf.now)
    assert game.id not in await found(folder="/game")
    assert game.id in await found(folder="/game", retired=True)
    assert await shelf.library.read(shelf.team, DIGEST) == PHOTO  # for what shows it
    await shelf.add(trusted=True)
    assert game.id not in await found()  # the machine brings nothing back
    again = await shelf.add(label="New screenshot")
    assert (again.retired_at, again.label, again.folder) == (None, "New screenshot", "/game")


async def test_a_team_sees_and_touches_its_own_alone(shelf: Shelf) -> None:
    await shelf.add()
    library = shelf.library
    for work in (
        library.read(shelf.other, DIGEST), library.local(shelf.other, DIGEST),
        library.link(shelf.other, DIGEST, 60), library.retire(shelf.other, DIGEST, "x"),
        library.delete(shelf.other, DIGEST, "x"), library.use(shelf.other, uuid4(), (DIGEST,)),
    ):  # fmt: skip
        with pytest.raises(AssetUnknown):
            await work
    theirs = await library.add(shelf.other, PHOTO, source="admin")
    assert library.path(theirs).startswith(f"{shelf.other}/")
    await library.delete(shelf.other, DIGEST, "their owner")
    assert await library.read(shelf.team, DIGEST) == PHOTO
    assert not [one for one in shelf.files() if str(shelf.other) in one]


# -- deletion -------------------------------------------------------------------------------------


async def test_deleted_is_gone_and_written_down(shelf: Shelf) -> None:
    await shelf.add(label="Mill")
    await shelf.library.link(shelf.team, DIGEST, 60)
    await open_link(shelf)
    assert len(shelf.files()) == 3
    done = await shelf.library.delete(shelf.team, DIGEST, "ana")
    assert done.kept == ""
    assert shelf.files() == set()
    assert await shelf.rows(Asset) == []
    (told,) = [one for one in await shelf.rows(DecisionRow) if one.decision_type == "administer"]
    assert told.reasoning == f"ana deleted asset {DIGEST[:12]} (Mill)"
    with pytest.raises(AssetUnknown):
        await shelf.library.delete(shelf.team, DIGEST, "ana")
    with pytest.raises(AssetUnknown):
        await shelf.library.read(shelf.team, DIGEST)


def creative(campaign: Campaign, how: str) -> CreativeRow:
    shown = {"image_sha256" if how == "creative" else "video_sha256": DIGEST}
    return CreativeRow(
        team_id=campaign.team_id, campaign_id=campaign.id, variant="v1", headline="Nets", **shown
    )


@pytest.mark.parametrize("how", ["creative", "video", "noted", "plan", "tree"])
async def test_an_ad_that_is_not_over_keeps_its_asset(shelf: Shelf, how: str) -> None:
    await shelf.add()
    document = {"photos": [{"sha256": DIGEST}]}
    campaign = await shelf.campaign(**({how: document} if how in ("plan", "tree") else {}))
    if how == "noted":
        await shelf.library.use(shelf.team, campaign.id, (DIGEST, DIGEST))
        await shelf.library.use(shelf.team, campaign.id, (DIGEST,))
    if how in ("creative", "video"):
        async with shelf.database.team(shelf.team) as session:
            session.add(creative(campaign, how))
    for status in CampaignStatus:
        await shelf.becomes(campaign, status)
        if status.is_final:
            continue
        with pytest.raises(AssetInUse, match=str(campaign.id)) as refused:
            await shelf.library.delete(shelf.team, DIGEST, "ana")
        assert refused.value.campaigns == (campaign.id,)
        assert await shelf.library.used_by(shelf.team, DIGEST) == (campaign.id,)
    assert await shelf.library.read(shelf.team, DIGEST) == PHOTO
    await shelf.library.retire(shelf.team, DIGEST, "ana")  # that much is always allowed
    await shelf.becomes(campaign, CampaignStatus.COMPLETED)
    done = await shelf.library.delete(shelf.team, DIGEST, "ana")
    assert await shelf.rows(AssetUse) == []
    if how in ("creative", "video"):  # what a campaign showed can be looked up later
        assert done.kept == f"the record of what campaign {campaign.id} showed needs it"
        assert (shelf.root / str(shelf.team) / DIGEST[:2] / f"{DIGEST}.jpg").is_file()
    else:
        assert not done.kept
        assert shelf.files() == set()


async def test_the_brands_logo_stays(shelf: Shelf) -> None:
    await shelf.add()
    async with shelf.database.team(shelf.team) as session:
        session.add(BrandRow(team_id=shelf.team, version=1, brand={"logo": DIGEST}, changed_by="a"))
    with pytest.raises(AssetInUse, match="is the brand's logo; give the brand another one first"):
        await shelf.library.delete(shelf.team, DIGEST, "ana")
    assert await shelf.library.read(shelf.team, DIGEST) == PHOTO


async def test_a_use_is_believed_before_its_campaign_reports_itself(shelf: Shelf) -> None:
    await shelf.add()
    coming = uuid4()
    await shelf.library.use(shelf.team, coming, (DIGEST,))
    with pytest.raises(AssetInUse, match=str(coming)):
        await shelf.library.delete(shelf.team, DIGEST, "ana")
    shelf.now += timedelta(days=3)  # it never came
    await shelf.library.delete(shelf.team, DIGEST, "ana")


async def test_a_file_stays_while_something_else_of_the_team_names_it(shelf: Shelf) -> None:
    owner = await shelf.add()
    small = await shelf.library.sharing.opened(owner, "thumbnail")
    twin = await shelf.add(await asyncio.to_thread(small[0].read_bytes))
    assert twin.sha256 == owner.thumbnail_sha256
    done = await shelf.library.delete(shelf.team, twin.sha256, "ana")
    assert done.kept == "another asset of the team has the same content"
    assert small[0].is_file()
    await shelf.library.delete(shelf.team, owner.sha256, "ana")
    assert shelf.files() == set()


async def test_adding_and_deleting_at_once_leaves_no_record_without_its_file(shelf: Shelf) -> None:
    await shelf.add()
    for _ in range(4):
        done = await asyncio.gather(
            shelf.library.delete(shelf.team, DIGEST, "ana"), shelf.add(trusted=True),
            shelf.add(trusted=True), return_exceptions=True,
        )  # fmt: skip
        assert not [one for one in done[1:] if isinstance(one, BaseException)]
        for row in await shelf.rows(Asset):
            assert await shelf.library.read(shelf.team, row.sha256) == PHOTO
        if not await shelf.rows(Asset):
            await shelf.add(trusted=True)


async def test_a_lost_file_is_said(shelf: Shelf) -> None:
    await shelf.add()
    for one in shelf.files():
        (shelf.root / one).unlink()
    with pytest.raises(AssetLost, match="is not in the store; upload it again"):
        await shelf.library.read(shelf.team, DIGEST)
    await shelf.add()
    assert await shelf.library.read(shelf.team, DIGEST) == PHOTO


# -- links ----------------------------------------------------------------------------------------


async def open_link(shelf: Shelf, **change: Any) -> tuple[bytes, str]:
    link = httpx.URL(await shelf.library.link(shelf.team, DIGEST, 60))
    given = {
        "team_id": shelf.team, "sha256": DIGEST, "shown": link.params["shown"],
        "until": int(link.params["until"]), "signature": link.params["signature"],
    }  # fmt: skip
    path, media_type = await shelf.library.opened(**{**given, **change})
    return await asyncio.to_thread(path.read_bytes), media_type


async def test_a_link_shows_the_picture_without_its_place(shelf: Shelf) -> None:
    await shelf.add()
    assert MAKER.encode() in PHOTO
    data, media_type = await open_link(shelf)
    assert media_type == "image/jpeg"
    assert MAKER.encode() not in data
    again, _ = await open_link(shelf)
    assert again == data
    for change in ({"shown": "thumbnail"}, {"until": 10**12}, {"team_id": shelf.other}):
        with pytest.raises(AssetRefused, match="not good"):
            await open_link(shelf, **change)
    for seconds in (0, -5, 7 * 24 * 3600 + 1):
        with pytest.raises(AssetRefused, match="7 days"):
            await shelf.library.link(shelf.team, DIGEST, seconds)
    bare = AssetLibrary(shelf.database, storage_at("", shelf.root))
    with pytest.raises(AssetRefused, match="set ADFLIGHT_LINK_SECRET"):
        await bare.link(shelf.team, DIGEST, 60)


async def test_in_a_bucket_a_link_leads_to_the_copy_without_metadata(
    shelf: Shelf, s3: S3StandIn, tmp_path: Path
) -> None:
    storage = storage_at(f"s3://{BUCKET}", tmp_path / "cache")
    library = AssetLibrary(shelf.database, storage)
    row = await library.add(shelf.team, PHOTO, source="admin")
    link = await library.link(shelf.team, DIGEST, 60)
    small = await library.link(shelf.team, DIGEST, 60, "thumbnail")
    assert set(s3.objects) == {
        f"{shelf.team}/{DIGEST[:2]}/{DIGEST}.jpg", f"{shelf.team}/{DIGEST[:2]}/{DIGEST}.shared.jpg",
        f"{shelf.team}/{row.thumbnail_sha256[:2]}/{row.thumbnail_sha256}.jpg",
    }  # fmt: skip
    async with httpx.AsyncClient(trust_env=False) as anybody:
        for one in (link, small):
            answer = await anybody.get(one)
            assert answer.status_code == 200
            assert MAKER.encode() not in answer.content
    path = await library.local(shelf.team, DIGEST)
    assert await asyncio.to_thread(path.read_bytes) == PHOTO
    await library.delete(shelf.team, DIGEST, "ana")
    assert s3.objects == {}


async def test_what_the_product_made_is_shown_as_it_is(shelf: Shelf) -> None:
    """Its content credentials would break with a byte changed."""
    await shelf.add(trusted=True)
    assert (await open_link(shelf))[0] == PHOTO


async def test_a_picture_is_fetched_by_the_function_that_is_given(shelf: Shelf) -> None:
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        return encoded("PNG", picture((400, 400)))

    url = "https://shop.example/mug.jpg"  # what the site calls it counts for nothing
    row = await shelf.library.add_from(shelf.team, url, fetch, source="product")
    assert asked == [url]
    assert (row.ending, row.source, row.details) == ("png", "product", {"url": url})

    async def page(_: str) -> bytes:
        return b"<html><body>Not found</body></html>"

    with pytest.raises(UploadRefused, match="is an HTML page"):
        await shelf.library.add_from(shelf.team, url, page, source="product")
