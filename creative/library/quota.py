"""What a team may store: people's uploads end at its quota, what campaigns need never does."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import ByteSize
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from creative.library.rows import locked
from creative.uploads import UploadRefused, told_name
from models.tables import Asset


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes of a team's files as they were given, retired ones too; thumbnails and the copies that
    links show come on top. ``made``: what of ``used`` is Adflight's own making. ``quota`` None: no
    limit."""

    used: int
    made: int
    quota: int | None

    def __str__(self) -> str:
        made = f" ({told(self.made)} of it ads that Adflight made)" if self.made else ""
        return f"{told(self.used)} of {told(self.quota or 0)}{made}"


def told(size: int) -> str:
    """A size for people: in powers of 1024, as quotas are set."""
    return ByteSize(size).human_readable(separator=" ")


async def stored(session: AsyncSession, quota: int | None) -> Stored:
    """What the session's team has stored."""
    used, made = (
        await session.execute(
            select(
                func.coalesce(func.sum(Asset.bytes), 0),
                func.coalesce(func.sum(Asset.bytes).filter(col(Asset.trusted)), 0),
            )
        )
    ).one()
    return Stored(int(used), int(made), quota)


async def hold(
    session: AsyncSession, team_id: UUID, sha256: str, size: int, quota: int | None, name: str
) -> None:
    """See that a file fits the team's quota, and that nobody else takes its room before this
    transaction ends. Bytes that the team has already take no room.

    Raises:
        UploadRefused: it does not fit.
    """
    if quota is None:
        return
    # The last lock of its transaction: whoever waits for it holds up nobody who has it.
    await locked(session, f"assets of {team_id}")
    if await session.scalar(select(Asset.id).where(col(Asset.sha256) == sha256)) is not None:
        return
    present = await stored(session, quota)
    if present.used + size > quota:
        raise UploadRefused(
            f"{told_name(name)} has {size:,} bytes and the team's quota leaves "
            f"{max(quota - present.used, 0):,}: {present} are used; delete what no ad needs with "
            "`adflight assets delete`, or raise ADFLIGHT_ASSET_QUOTA"
        )
