"""Rows of the asset library: found, locked, checked; and why something is not done."""

import re
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from creative.uploads import Inspected
from models.contract.creative import Origin
from models.tables import Asset

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"(?:/[\w .-]{1,60}){1,8}")
LONGEST_LABEL = 200


class AssetRefused(ValueError):
    """It is not done: one sentence with the way out."""


class AssetUnknown(AssetRefused):
    """The team has no such asset."""


class AssetInUse(AssetRefused):
    """An ad that is not over shows it; ``campaigns`` are theirs."""

    def __init__(self, message: str, campaigns: tuple[UUID, ...]) -> None:
        super().__init__(message)
        self.campaigns = campaigns


async def alone(session: AsyncSession, team_id: UUID, digest: str) -> None:
    """Nobody else adds, uses or deletes the same bytes until this transaction ends."""
    await locked(session, f"asset {team_id} {digest}")


async def locked(session: AsyncSession, name: str) -> None:
    """Whoever asks for the same name waits until this transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def asset(session: AsyncSession, sha256: str) -> Asset:
    """The team's asset of a digest.

    Raises:
        AssetUnknown: there is none.
    """
    found = await session.scalar(select(Asset).where(col(Asset.sha256) == sha256))
    if found is None:
        shown = sha256[:12] if _DIGEST.fullmatch(sha256) else repr(sha256[:30])
        raise AssetUnknown(f"the team has no asset {shown}; see `adflight assets list`")
    return found


def found(
    kind: str, source: str, folder: str, label: str, *, retired: bool
) -> SelectOfScalar[Asset]:
    """Assets by what is given of these, the newest first; ``folder`` with all that lies below."""
    query = select(Asset).order_by(col(Asset.created_at).desc(), col(Asset.id))
    if kind:
        query = query.where(col(Asset.kind) == kind)
    if source:
        query = query.where(col(Asset.source) == source)
    if folder := folder.rstrip("/"):
        below = col(Asset.folder).startswith(f"{folder}/", autoescape=True)
        query = query.where((col(Asset.folder) == folder) | below)
    if label:
        query = query.where(col(Asset.label).icontains(label, autoescape=True))
    return query if retired else query.where(col(Asset.retired_at).is_(None))


def values(team_id: UUID, sha256: str, small: str, seen: Inspected) -> dict[str, object]:
    """What its file says of an asset; ``small``: the digest of its thumbnail."""
    return {
        "team_id": team_id,
        "sha256": sha256,
        "kind": seen.kind,
        "media_type": seen.media_type,
        "ending": seen.ending,
        "width": seen.width,
        "height": seen.height,
        "seconds": seen.seconds,
        "bytes": len(seen.data),
        "thumbnail_sha256": small,
    }


def check(source: str, label: str, folder: str) -> None:
    """Whether an asset can be kept under these words.

    Raises:
        AssetRefused: it cannot.
    """
    known = [one.value for one in Origin]
    if source not in known:
        raise AssetRefused(f"source {source[:30]!r} is unknown; use one of: {', '.join(known)}")
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise AssetRefused(
            f"label has {len(label)} characters; use 0 to {LONGEST_LABEL}, on one line"
        )
    if folder and (not _FOLDER.fullmatch(folder) or "/." in folder):
        raise AssetRefused(
            f"folder {folder[:60]!r} must be like /game or /game/slots: letters, digits, spaces, "
            "dots and dashes"
        )
