"""Assets added, found, read, linked to, retired and deleted."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from creative import uploads
from creative.library import quota, uses
from creative.library.links import Shown, SignedLinks
from creative.library.rows import (
    AssetInUse,
    AssetUnknown,
    alone,
    check,
    found,
    values,
)
from creative.library.rows import asset as asset_of
from creative.library.sharing import THUMBNAIL, Sharing, path_of
from creative.storage import AssetStorage, key_of
from creative.uploads import Inspected
from models.contract.vocabulary import DecisionType
from models.database import Database
from models.tables import Asset, AssetUse, DecisionRow
from models.tables.columns import now_utc


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of the file: ``kept`` says why it still lies in the store, if it does."""

    sha256: str
    kept: str = ""


class AssetLibrary:
    """Collaborators: the database, the store of files, and how links to our server are signed.
    ``most``: bytes that a team may store; None is no limit.

    Files are kept as given, under the team's own prefix. What adverts show is always the product's
    own encoding of them; what a link shows is a copy without metadata.
    """

    def __init__(
        self,
        database: Database,
        storage: AssetStorage,
        links: SignedLinks | None = None,
        wall: Callable[[], datetime] = now_utc,
        most: int | None = None,
    ) -> None:
        self._quota = most
        self._database = database
        self._storage = storage
        self._wall = wall
        self.sharing = Sharing(storage, links, wall)

    async def add(
        self,
        team_id: UUID,
        data: bytes,
        *,
        source: str,
        ai_made: bool = False,
        provenance: str = "",
        label: str = "",
        folder: str = "",
        added_by: str = "",
        trusted: bool = False,
        needed: bool = False,
        seen: Inspected | None = None,
        name: str = "",
        details: Mapping[str, object] | None = None,
    ) -> Asset:
        """Keep a file; the one that is there already where the team has the same bytes.

        A person's second upload of the same bytes brings a retired asset back, with the new label
        and folder where given.

        Args:
            team_id: Whose it is.
            data: The whole file.
            source: An ``Origin``.
            ai_made: Whether a model made it.
            provenance: What its content credentials say, read back.
            label: Words to find it by.
            folder: Such as ``/game``; nothing is the top.
            added_by: Who.
            trusted: The product's own output: it is not looked into by a process of its own.
            needed: A campaign's own making needs it: the quota refuses it nothing, for no launch
                fails on that.
            seen: What the product measured of its own output already, with a preview.
            name: What its sender calls it; the ending must fit the content.
            details: More about where it comes from.

        Raises:
            UploadRefused: the file is not taken, or is over the team's quota.
            AssetRefused: source, label or folder cannot be used.
            StorageFailed: the store does not keep it.
        """
        check(source, label, folder)
        if seen is None or not trusted:
            look = uploads.measured if trusted else uploads.inspect
            seen = await asyncio.to_thread(look, data, name=name)
        sha256 = await asyncio.to_thread(_digest, data)
        small = hashlib.sha256(seen.preview).hexdigest() if seen.preview else ""
        async with self._database.team(team_id) as session:
            for digest in sorted({sha256, small} - {""}):
                await alone(session, team_id, digest)
            if not needed:
                await quota.hold(session, team_id, sha256, len(data), self._quota, name)
            # The files come first: a row always names what is there.
            await self._storage.put(key_of(team_id, sha256, seen.ending), data)
            if small:
                await self._storage.put(key_of(team_id, small, THUMBNAIL), seen.preview)
            row = values(team_id, sha256, small, seen) | {
                "source": source,
                "details": dict(details or {}),
                "ai_made": ai_made,
                "provenance": provenance,
                "label": label,
                "folder": folder,
                "trusted": trusted,
                "added_by": added_by[:100],
            }
            await session.execute(insert(Asset).values(**row).on_conflict_do_nothing())
            asset = await asset_of(session, sha256)
            if not trusted:
                asset.retired_at = asset.retired_by = None
                asset.label, asset.folder = label or asset.label, folder or asset.folder
            return asset

    async def add_from(
        self,
        team_id: UUID,
        url: str,
        fetch: Callable[[str], Awaitable[bytes]],
        *,
        source: str,
        label: str = "",
        folder: str = "",
        added_by: str = "",
    ) -> Asset:
        """Fetch a picture or video and keep it, as ``add``. ``fetch`` must refuse private addresses
        and bodies without a limit itself (``activities.web.WebReader``); what the site calls the
        file counts for nothing."""
        return await self.add(
            team_id,
            await fetch(url),
            source=source,
            label=label,
            folder=folder,
            added_by=added_by,
            details={"url": url[:2_000]},
        )

    async def stored(self, team_id: UUID) -> quota.Stored:
        """What the team has stored, beside its quota."""
        async with self._database.team(team_id) as session:
            return await quota.stored(session, self._quota)

    async def one(self, team_id: UUID, sha256: str) -> Asset:
        """An asset by its digest, retired or not.

        Raises:
            AssetUnknown: the team has none.
        """
        async with self._database.team(team_id) as session:
            return await asset_of(session, sha256)

    async def named(self, team_id: UUID, beginning: str) -> Asset:
        """An asset by the first characters of its digest.

        Raises:
            AssetUnknown: none fits, or several do.
        """
        query = select(Asset).where(
            col(Asset.sha256).startswith(beginning.strip().lower(), autoescape=True)
        )
        async with self._database.team(team_id) as session:
            rows = (await session.scalars(query.limit(2))).all()
        if len(rows) != 1 or not beginning.strip():
            many = "several assets begin" if rows else "no asset begins"
            raise AssetUnknown(f"{many} with {beginning[:70]!r}; see `adflight assets list`")
        return rows[0]

    async def find(
        self,
        team_id: UUID,
        *,
        kind: str = "",
        source: str = "",
        folder: str = "",
        label: str = "",
        retired: bool = False,
        limit: int = 200,
    ) -> list[Asset]:
        """Assets, the newest first. ``folder`` finds what lies below it too; ``label`` is a part of
        one; ``retired`` finds those that are no longer offered as well."""
        query = found(kind, source, folder, label, retired=retired).limit(limit)
        async with self._database.team(team_id) as session:
            return list(await session.scalars(query))

    def path(self, asset: Asset) -> str:
        """Where its file lies, relative to the directory of assets."""
        return path_of(asset)

    async def read(self, team_id: UUID, sha256: str) -> bytes:
        """The file as given.

        Raises:
            AssetUnknown: the team has none.
            StorageFailed: the store does not give it.
        """
        return await self._storage.get(self.path(await self.one(team_id, sha256)))

    async def local(self, team_id: UUID, sha256: str) -> Path:
        """The file as given, on this machine's disk; fails as ``read``."""
        return await self._storage.local(self.path(await self.one(team_id, sha256)))

    async def link(self, team_id: UUID, sha256: str, seconds: int, shown: Shown = "file") -> str:
        """An address that shows the file, without metadata, to whoever has it, for 1 second to 7
        days.

        Raises:
            AssetUnknown: the team has none.
            AssetRefused: too long, or there is no secret to sign with.
            StorageFailed: the store fails.
        """
        return await self.sharing.link(await self.one(team_id, sha256), seconds, shown)

    async def preview(self, team_id: UUID, sha256: str) -> bytes:
        """A small JPEG of it, for lists.

        Raises:
            AssetUnknown: the team has no such asset.
            StorageFailed: the store fails.
        """
        path, _ = await self.sharing.opened(await self.one(team_id, sha256), "thumbnail")
        return await asyncio.to_thread(path.read_bytes)

    async def opened(
        self, team_id: UUID, sha256: str, shown: Shown, until: int, signature: str
    ) -> tuple[Path, str]:
        """What a link to our own server shows, on disk, and its media type.

        Raises:
            AssetRefused: the link is not ours, or its time is over.
            AssetUnknown: it was deleted since.
            StorageFailed: the store fails.
        """
        self.sharing.check(team_id, sha256, shown, until, signature)
        return await self.sharing.opened(await self.one(team_id, sha256), shown)

    async def use(self, team_id: UUID, campaign_id: UUID, digests: tuple[str, ...]) -> None:
        """Note that a campaign shows assets, or what is made of them: they are not deleted before
        it is over.

        Raises:
            AssetUnknown: the team has one of them no more.
        """
        async with self._database.team(team_id) as session:
            for digest in sorted(set(digests)):
                await alone(session, team_id, digest)
                await asset_of(session, digest)
                await session.execute(
                    insert(AssetUse)
                    .values(team_id=team_id, sha256=digest, campaign_id=campaign_id)
                    .on_conflict_do_nothing()
                )

    async def used_by(self, team_id: UUID, sha256: str) -> tuple[UUID, ...]:
        """Campaigns that are not over and show it."""
        async with self._database.team(team_id) as session:
            return await uses.campaigns(session, sha256, self._wall())

    async def retire(self, team_id: UUID, sha256: str, by: str) -> Asset:
        """Offer it to nothing new; what shows it goes on showing it.

        Raises:
            AssetUnknown: the team has none.
        """
        async with self._database.team(team_id) as session:
            await alone(session, team_id, sha256)
            asset = await asset_of(session, sha256)
            if asset.retired_at is None:
                asset.retired_at, asset.retired_by = self._wall(), by[:100]
                session.add(self._noted(asset, by, "retired"))
            return asset

    async def delete(self, team_id: UUID, sha256: str, by: str) -> Deleted:
        """Let it go for good: its record, and its file unless something else of the team names it.

        Raises:
            AssetUnknown: the team has none.
            AssetInUse: a campaign that is not over shows it; nothing is done.
            StorageFailed: the record is gone and the store kept the file.
        """
        async with self._database.team(team_id) as session:
            await alone(session, team_id, sha256)
            asset = await asset_of(session, sha256)
            showing = await uses.campaigns(session, sha256, self._wall())
            if showing:
                raise AssetInUse(
                    f"asset {sha256[:12]} is shown by {len(showing)} campaign(s) that are not over "
                    f"({', '.join(str(one) for one in showing[:5])}); end them first, or retire it",
                    showing,
                )
            if await uses.is_logo(session, sha256):
                raise AssetInUse(
                    f"asset {sha256[:12]} is the brand's logo; give the brand another one first", ()
                )
            await session.delete(asset)
            await session.execute(delete(AssetUse).where(col(AssetUse.sha256) == sha256))
            session.add(self._noted(asset, by, "deleted"))
        kept = await self._let_go(asset)
        return Deleted(sha256, kept)

    async def _let_go(self, asset: Asset) -> str:
        """Remove files that nothing names any more; why the asset's own stays, if it does."""
        team_id, kept = asset.team_id, ""
        for digest, ending in (
            (asset.sha256, asset.ending),
            (asset.thumbnail_sha256, THUMBNAIL),
        ):
            if not digest:
                continue
            async with self._database.team(team_id) as session:
                await alone(session, team_id, digest)
                named = await uses.names(session, digest)
                if named and digest == asset.sha256:
                    kept = named
                if not named:
                    await self._storage.remove(key_of(team_id, digest, ending))
        if not kept:
            await self.sharing.forget(asset)
        return kept

    def _noted(self, asset: Asset, by: str, what: str) -> DecisionRow:
        named = asset.label or asset.folder or asset.kind
        return DecisionRow(
            team_id=asset.team_id,
            decision_type=DecisionType.ADMINISTER.value,
            decided_by=by[:100],
            reasoning=f"{by} {what} asset {asset.sha256[:12]} ({named})",
            action_taken={"asset": asset.sha256, "done": what},
            at=self._wall(),
        )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
