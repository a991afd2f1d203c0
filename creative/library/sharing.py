"""What outsiders see of an asset: a copy without metadata, by a link that ends."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from creative import uploads
from creative.library.links import Shown, SignedLinks
from creative.library.rows import AssetRefused, AssetUnknown
from creative.media.kinds import BY_MEDIA_TYPE
from creative.storage import LONGEST_LINK, AssetStorage, key_of
from models.tables import Asset

THUMBNAIL = "jpg"
"""The ending of every thumbnail."""


class Sharing:
    """Collaborators: the store of files, how links to our server are signed, real time."""

    def __init__(
        self, storage: AssetStorage, links: SignedLinks | None, wall: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._links = links
        self._wall = wall

    async def link(self, asset: Asset, seconds: int, shown: Shown) -> str:
        """An address that shows it: the store's own, or our server's.

        Raises:
            AssetRefused: too long, or there is no secret to sign with.
            StorageFailed: the store fails.
        """
        if not 1 <= seconds <= LONGEST_LINK:
            raise AssetRefused(
                f"a link of {seconds:,} s is not made; it is good for 1 s to {LONGEST_LINK:,} s "
                "(7 days)"
            )
        if await self._storage.link(path_of(asset), seconds) is not None:
            key, _ = await self._outside(asset, shown)
            direct = await self._storage.link(key, seconds)
            if direct is not None:
                return direct
        return self.own_link(asset, seconds, shown)

    def own_link(self, asset: Asset, seconds: int, shown: Shown) -> str:
        """A link to our own server, which needs neither database nor store to be made.

        Raises:
            AssetRefused: there is no secret to sign with, or no server.
        """
        if self._links is None or not self._links.possible:
            raise AssetRefused(
                "links need a secret and a server: set ADFLIGHT_LINK_SECRET (32 random characters)"
                " and ADFLIGHT_PUBLIC_URL, or start the stack with `adflight up`"
            )
        until = int(self._wall().timestamp()) + seconds
        return self._links.make(asset.team_id, asset.sha256, shown, until)

    def check(self, team_id: UUID, sha256: str, shown: Shown, until: int, signature: str) -> None:
        """Whether a link to our server is ours and good.

        Raises:
            AssetRefused: it is not.
        """
        now = self._wall().timestamp()
        links = self._links
        if links is None or not links.good(team_id, sha256, shown, until, signature, now):
            raise AssetRefused("this link is not good, or not any more; ask for a new one")

    async def opened(self, asset: Asset, shown: Shown) -> tuple[Path, str]:
        """What outsiders see, on disk, and its media type.

        Raises:
            StorageFailed: the store fails.
        """
        key, media_type = await self._outside(asset, shown)
        return await self._storage.local(key), media_type

    async def forget(self, asset: Asset) -> None:
        """Remove the copy for outsiders."""
        for kind in uploads.shared_as(BY_MEDIA_TYPE[asset.media_type]):
            await self._storage.remove(_shared_key(asset, kind.ending))

    async def _outside(self, asset: Asset, shown: Shown) -> tuple[str, str]:
        """Key and media type of what outsiders may see of an asset; made when first asked for."""
        if shown == "thumbnail":
            if not asset.thumbnail_sha256:
                raise AssetUnknown(f"asset {asset.sha256[:12]} has no thumbnail")
            return key_of(asset.team_id, asset.thumbnail_sha256, THUMBNAIL), "image/jpeg"
        if asset.trusted:
            return path_of(asset), asset.media_type
        for kind in uploads.shared_as(BY_MEDIA_TYPE[asset.media_type]):
            key = _shared_key(asset, kind.ending)
            if await self._storage.has(key):
                return key, kind.media_type
        given = await self._storage.get(path_of(asset))
        made, media_type = await asyncio.to_thread(uploads.shared, given)
        key = _shared_key(asset, BY_MEDIA_TYPE[media_type].ending)
        await self._storage.put(key, made)
        return key, media_type


def path_of(asset: Asset) -> str:
    """Where its file lies, relative to the directory of assets."""
    return key_of(asset.team_id, asset.sha256, asset.ending)


def _shared_key(asset: Asset, ending: str) -> str:
    return key_of(asset.team_id, asset.sha256, ending).replace(".", ".shared.", 1)
