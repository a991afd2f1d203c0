"""A team's quota: uploads end at it, together as one by one; what campaigns need does not (D27)."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlmodel import select

from creative.library import AssetLibrary, UploadRefused
from creative.storage import storage_at
from models.database import Database
from models.settings import Settings
from models.tables import Asset
from starter.team import set_up
from tests.creative.library.files import encoded, picture

FILES = [encoded("PNG", picture((200, 100 + more))) for more in range(6)]


class Shelves:
    """Libraries with other quotas over the same files, and two teams."""

    def __init__(self, database: Database, root: Path, teams: list[UUID]) -> None:
        self.database, self.root = database, root
        self.team, self.other = teams

    def library(self, quota: int | None) -> AssetLibrary:
        return AssetLibrary(self.database, storage_at("", self.root), most=quota)

    def files(self) -> int:
        """Bytes of the team's files that lie in the store, thumbnails left out."""
        there = (self.root / str(self.team)).rglob("*.png")
        return sum(one.stat().st_size for one in there)

    async def bytes(self) -> list[int]:
        async with self.database.team(self.team) as session:
            return list(await session.scalars(select(Asset.bytes)))


@pytest_asyncio.fixture(loop_scope="session")
async def shelves(settings: Settings, database: Database, tmp_path: Path) -> Shelves:
    own = [settings.model_copy(update={"team_id": uuid4()}) for _ in range(2)]
    for one in own:
        await set_up(database, one, environ={})
    return Shelves(database, tmp_path, [one.team_id for one in own])


async def test_uploads_end_at_the_quota_and_nothing_else_does(shelves: Shelves) -> None:
    first, second, third, *_ = FILES
    quota = len(first) + len(second)
    library = shelves.library(quota)
    kept = await library.add(shelves.team, first, source="admin")
    await library.add(shelves.team, second, source="admin")  # to the last byte
    with pytest.raises(UploadRefused) as refused:
        await library.add(shelves.team, third, source="admin", name="third.png")
    said = str(refused.value)
    assert said.startswith(f"'third.png' has {len(third):,} bytes and the team's quota leaves 0: ")
    assert "KiB are used; delete what no ad needs with `adflight assets delete`, or raise" in said
    assert "ADFLIGHT_ASSET_QUOTA" in said
    assert shelves.files() == quota, "nothing of it was stored"
    # The same bytes take no room, retired or not; another team has a quota of its own.
    await library.retire(shelves.team, kept.sha256, "ana")
    again = await library.add(shelves.team, first, source="admin", label="Mill")
    assert (again.id, again.retired_at, again.label) == (kept.id, None, "Mill")
    await library.add(shelves.other, third, source="admin")
    # What a campaign needs is kept, and counts.
    made = await library.add(shelves.team, third, source="drawn", trusted=True, needed=True)
    now = await library.stored(shelves.team)
    assert (now.used, now.made, now.quota) == (quota + len(third), len(third), quota)
    with pytest.raises(UploadRefused, match=r"leaves 0: .* of it ads that Adflight made\) are us"):
        await library.add(shelves.team, FILES[3], source="admin")
    # What is deleted makes room.
    for one in (made, kept):
        await library.delete(shelves.team, one.sha256, "ana")
    await library.add(shelves.team, first, source="admin")
    with pytest.raises(UploadRefused, match="the file has"):
        await library.add_from(shelves.team, "https://x.example/", _fetched, source="admin")
    assert (await library.stored(shelves.team)).used == quota
    # Without a quota there is no end.
    await shelves.library(None).add(shelves.team, third, source="admin")


async def _fetched(_: str) -> bytes:
    return FILES[4]


async def test_together_uploads_do_not_pass_it(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes' worth of libraries; each looks before any has stored, if it may."""
    libraries = [shelves.library(sum(map(len, FILES[:3])) + 10) for _ in range(2)]
    for library in libraries:
        slow = library._storage.put

        async def put(key: str, data: bytes, slow: Any = slow) -> None:
            if key.endswith(".png"):
                await asyncio.sleep(0.4)  # all of them have been looked into by then
            await slow(key, data)

        monkeypatch.setattr(library._storage, "put", put)
    done = await asyncio.gather(
        *(
            libraries[number % 2].add(shelves.team, data, source="admin")
            for number, data in enumerate(FILES)
        ),
        return_exceptions=True,
    )
    refused = [one for one in done if isinstance(one, UploadRefused)]
    added = [one for one in done if isinstance(one, Asset)]
    assert len(refused) + len(added) == len(FILES)
    assert len(added) in (2, 3)
    assert len(refused) >= 3
    assert sum(await shelves.bytes()) == shelves.files() <= libraries[0]._quota
