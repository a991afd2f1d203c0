"""Where assets lie: whole, private, under the team's own prefix, on disk or in a bucket (D27, N16,
CONFLICT-49)."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.library.links import Shown, SignedLinks
from creative.storage import (
    AssetLost,
    AssetStorage,
    DiskStorage,
    StorageFailed,
    StorageUnavailable,
    key_of,
    storage_at,
)
from tests.creative.library.s3_stand_in import ACCESS, BUCKET, SECRET, S3StandIn

TEAM = UUID(int=5)
DATA = b"a picture" * 1_000
KEY = key_of(TEAM, hashlib.sha256(DATA).hexdigest(), "png")


def files(below: Path) -> list[Path]:
    return [one for one in below.rglob("*") if one.is_file()]


@pytest.fixture(params=["disk", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AssetStorage:
    """Either store."""
    if request.param == "disk":
        return storage_at("", tmp_path)
    request.getfixturevalue("s3")
    return storage_at(f"s3://{BUCKET}/adflight", tmp_path)


async def test_a_file_is_kept_found_and_let_go(storage: AssetStorage, tmp_path: Path) -> None:
    with pytest.raises(AssetLost, match="upload it again"):
        await storage.get(KEY)
    with pytest.raises(AssetLost):
        await storage.local(KEY)
    assert not await storage.has(KEY)
    await storage.put(KEY, DATA)
    await storage.put(KEY, DATA)
    assert await storage.has(KEY)
    assert await storage.get(KEY) == DATA
    path = await storage.local(KEY)
    # Adapters name a file by its path below the directory of assets, whatever the store.
    assert path == tmp_path / KEY
    assert path.read_bytes() == DATA
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    await storage.remove(KEY)
    await storage.remove(KEY)
    assert not await storage.has(KEY)
    with pytest.raises(AssetLost):
        await storage.local(KEY)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", f"{TEAM}/../x.png", f"{KEY}/..", "", KEY.upper()]
)
async def test_no_key_leads_out(storage: AssetStorage, key: str) -> None:
    for work in (
        storage.get(key), storage.put(key, b"x"), storage.local(key), storage.has(key),
        storage.remove(key),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="is no key of an asset"):
            await work
    with pytest.raises(ValueError, match="names no asset"):
        key_of(TEAM, "../" + "0" * 61, "png")
    with pytest.raises(ValueError, match="names no asset"):
        key_of(TEAM, "0" * 64, "p/g")


async def test_a_reader_never_sees_half_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = DiskStorage(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("creative.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await storage.put(KEY, DATA)
    assert files(tmp_path) == []


async def test_a_bucket_is_private_and_its_links_end(s3: S3StandIn, tmp_path: Path) -> None:
    storage = storage_at(f"s3://{BUCKET}/adflight", tmp_path)
    await storage.put(KEY, DATA)
    assert list(s3.objects) == [f"adflight/{KEY}"]
    assert KEY.startswith(f"{TEAM}/")
    link = await storage.link(KEY, 60)
    assert link is not None
    assert SECRET not in link
    async with httpx.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.get(link)).content == DATA
        bare = link.partition("?")[0]
        assert (await anybody.get(bare)).status_code == 403
        assert (await anybody.put(link, content=b"other")).status_code == 403
        assert (await anybody.get(link.replace("png", "pmg", 1))).status_code == 403
        assert (await anybody.get(link.replace("Expires=60", "Expires=6000"))).status_code == 403
        s3.now = lambda: datetime.now(UTC) + timedelta(seconds=62)
        assert (await anybody.get(link)).status_code == 403
    assert await DiskStorage(tmp_path).link(KEY, 60) is None


async def test_another_machine_fetches_once_and_keeps_at_hand(
    s3: S3StandIn, tmp_path: Path
) -> None:
    await storage_at(f"s3://{BUCKET}", tmp_path / "one").put(KEY, DATA)
    other = storage_at(f"s3://{BUCKET}", tmp_path / "other")
    assert (await other.local(KEY)).read_bytes() == DATA
    asked = len(s3.asked)
    assert await other.get(KEY) == DATA
    assert (await other.local(KEY)).is_file()
    assert len(s3.asked) == asked


async def test_a_store_that_fails_is_one_sentence_without_secrets(
    s3: S3StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_at(f"s3://{BUCKET}", tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    stranger = storage_at(f"s3://{BUCKET}", tmp_path / "stranger")
    with pytest.raises(StorageUnavailable, match="check ADFLIGHT_ASSET_STORE"):
        await stranger.put(KEY, DATA)
    assert not s3.objects
    s3.down = True
    with pytest.raises(StorageUnavailable) as failed:
        await asyncio.wait_for(storage.put(KEY, DATA), 30)
    told = str(failed.value)
    assert "\n" not in told
    for hidden in (SECRET, ACCESS, s3.url):
        assert hidden not in told
    # What could not be kept is not at hand either.
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "address", ["s3://", "http://host/bucket", "s3://key:secret@bucket/x", "bucket", "s3://b?x=1"]
)
def test_what_is_no_address_of_a_store_is_said_without_showing_it(
    address: str, tmp_path: Path
) -> None:
    with pytest.raises(StorageFailed, match="use s3://bucket/prefix") as refused:
        storage_at(address, tmp_path)
    assert "secret" not in str(refused.value)


# -- our own links --------------------------------------------------------------------------------

LINKS = SignedLinks("https://ads.example/", "a secret of the operator")
DIGEST = "ab" * 32


def good(link: str, now: float, links: SignedLinks = LINKS, **other: Any) -> bool:
    query = httpx.URL(link).params
    told: dict[str, Any] = {
        "team_id": UUID(query["team"]), "sha256": httpx.URL(link).path.split("/")[2],
        "shown": query["shown"], "until": int(query["until"]), "signature": query["signature"],
    }  # fmt: skip
    return links.good(**{**told, **other}, now=now)


def test_a_link_is_good_for_what_it_was_made_and_until_then() -> None:
    link = LINKS.make(TEAM, DIGEST, "file", 1_000)
    assert link.startswith(f"https://ads.example/assets/{DIGEST}/file?team={TEAM}&")
    assert good(link, 999)
    assert not good(link, 1_000)
    other: Shown = "thumbnail"
    for change in (
        {"team_id": uuid4()}, {"sha256": "cd" * 32}, {"shown": other}, {"until": 10_000},
        {"signature": ""}, {"signature": "é" * 64}, {"signature": "0" * 64},
    ):  # fmt: skip
        assert not good(link, 999, **change), change
    assert not good(link, 999, SignedLinks("https://ads.example", "another secret, as long"))
    for weak in ("", "short"):
        nobody = SignedLinks("https://ads.example", weak)
        assert not nobody.possible
        assert not good(nobody.make(TEAM, DIGEST, "file", 1_000), 999, nobody)


@settings(max_examples=40)
@given(st.data())
def test_no_two_things_have_the_same_signature(data: st.DataObject) -> None:
    things = st.tuples(
        st.sampled_from([TEAM, UUID(int=6)]), st.sampled_from([DIGEST, "cd" * 32]),
        st.sampled_from(["file", "thumbnail"]), st.integers(0, 10**10),
    )  # fmt: skip
    one, other = data.draw(things), data.draw(things)
    assert (LINKS.make(*one) == LINKS.make(*other)) is (one == other)  # pyright: ignore[reportArgumentType]
