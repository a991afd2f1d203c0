"""Where assets lie: a directory, or a bucket of any store that speaks S3.

Both keep a file under the same key, ``<team>/<first two of the digest>/<digest>.<ending>``, and
nothing in them is public. A bucket's files are fetched once into the directory when a path on disk
is needed, under the same key: what names a file by its path works the same with either.
"""

import asyncio
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

LONGEST_LINK = 7 * 24 * 3600
"""Seconds: S3 signs for no longer."""
_KEY = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f]{64}(?:\.shared)?\.[a-z0-9]{2,5}")


class StorageFailed(Exception):
    """The store does not do what it should: one sentence, without any secret."""


class StorageUnavailable(StorageFailed):
    """The store cannot be reached or answers with an error; try again later."""


class AssetLost(StorageFailed):
    """A file that should be there is not."""


def key_of(team_id: UUID, sha256: str, ending: str) -> str:
    """Where a file of a team lies.

    Raises:
        ValueError: the digest or the ending is none.
    """
    key = f"{team_id}/{sha256[:2]}/{sha256}.{ending}"
    if not _KEY.fullmatch(key):
        raise ValueError(f"{sha256[:70]!r} with the ending {ending[:20]!r} names no asset")
    return key


class AssetStorage(Protocol):
    """Files by key. Every method raises ``StorageFailed`` where the store fails."""

    async def put(self, key: str, data: bytes) -> None:
        """Keep a file; the same key always has the same content."""
        ...

    async def get(self, key: str) -> bytes:
        """A file; ``AssetLost`` where there is none."""
        ...

    async def has(self, key: str) -> bool:
        """Whether a file is there."""
        ...

    async def local(self, key: str) -> Path:
        """A file as a path on this machine's disk; ``AssetLost`` where there is none."""
        ...

    async def remove(self, key: str) -> None:
        """Let a file go; none is no error."""
        ...

    async def link(self, key: str, seconds: int) -> str | None:
        """An address that gives the file to whoever has it, for some time; None: the store has no
        addresses of its own."""
        ...


class DiskStorage:
    """A directory. Files appear whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, data: bytes) -> None:
        """Keep a file."""
        await asyncio.to_thread(_write, self._path(key), data)

    async def get(self, key: str) -> bytes:
        """A file."""
        return await asyncio.to_thread((await self.local(key)).read_bytes)

    async def has(self, key: str) -> bool:
        """Whether a file is there."""
        return await asyncio.to_thread(self._path(key).is_file)

    async def local(self, key: str) -> Path:
        """A file where it lies."""
        if not await self.has(key):
            raise AssetLost(_lost(key))
        return self._path(key)

    async def remove(self, key: str) -> None:
        """Let a file go."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def link(self, key: str, seconds: int) -> str | None:
        """None: our own server hands files out."""
        return None

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key[:120]!r} is no key of an asset")
        return self._root / key


class BucketStorage:
    """A bucket of a store that speaks S3, and a directory with what was needed of it on disk."""

    def __init__(self, store: S3Store, cache: DiskStorage) -> None:
        self._store = store
        self._cache = cache

    async def put(self, key: str, data: bytes) -> None:
        """Keep a file, in the bucket first."""
        _check_key(key)
        try:
            # In one piece: a file is there whole or not at all, in every store that speaks S3.
            await obstore.put_async(self._store, key, data, use_multipart=False)
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None
        await self._cache.put(key, data)

    async def get(self, key: str) -> bytes:
        """A file, from this machine's disk where it was needed before."""
        _check_key(key)
        if await self._cache.has(key):
            return await self._cache.get(key)
        try:
            answer = await obstore.get_async(self._store, key)
            data = bytes(await answer.bytes_async())
        except FileNotFoundError:
            raise AssetLost(_lost(key)) from None
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None
        await self._cache.put(key, data)
        return data

    async def has(self, key: str) -> bool:
        """Whether the bucket has a file."""
        _check_key(key)
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None
        return True

    async def local(self, key: str) -> Path:
        """A file on this machine's disk, fetched if need be."""
        if not await self._cache.has(key):
            await self.get(key)
        return await self._cache.local(key)

    async def remove(self, key: str) -> None:
        """Let a file go, here and in the bucket."""
        await self._cache.remove(key)
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None

    async def link(self, key: str, seconds: int) -> str | None:
        """A pre-signed address."""
        _check_key(key)
        try:
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None


def storage_at(address: str, directory: Path) -> AssetStorage:
    """The store of a deployment.

    Args:
        address: ``s3://bucket/prefix``, or nothing for ``directory`` itself. Endpoint, region and
            credentials are those of the environment, by the names that AWS gives them
            (``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, …).
        directory: Where files lie, or are kept at hand.

    Raises:
        StorageFailed: the address is none.
    """
    disk = DiskStorage(directory)
    if not address:
        return disk
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or parts.query or "@" in parts.netloc:
        # Not shown: people put keys into addresses.
        raise StorageFailed(
            "ADFLIGHT_ASSET_STORE is no store's address; use s3://bucket/prefix, or unset it to "
            "keep assets on disk"
        )
    # Plain http is for a store on this machine or network: the endpoint's own scheme says so.
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    try:
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            # One request a file: not every store that speaks S3 knows the other way.
            disable_bulk_delete=True,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": "60s"},
            retry_config={
                "max_retries": 3,
                "retry_timeout": timedelta(seconds=30),
                "backoff": {
                    "base": 2,
                    "init_backoff": timedelta(milliseconds=200),
                    "max_backoff": timedelta(seconds=5),
                },
            },
        )
    except (BaseError, ValueError, OSError) as error:
        raise _unavailable(error) from None
    return BucketStorage(store, disk)


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key[:120]!r} is no key of an asset")


def _write(path: Path, data: bytes) -> None:
    """Write beside, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _lost(key: str) -> str:
    return f"asset {key.rpartition('/')[2]} is not in the store; upload it again"


def _unavailable(error: BaseException) -> StorageUnavailable:
    """What went wrong, by its kind alone: the store's own words may hold addresses and keys."""
    return StorageUnavailable(
        f"the asset store does not answer as it should ({type(error).__name__}); check "
        "ADFLIGHT_ASSET_STORE and the AWS_… variables, or try again later"
    )
