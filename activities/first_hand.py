"""What our own site saw: clicks and conversions of paid visitors, by hour for the guards."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from models.tables import FirstHandEvent

CLICK, CONVERSION = "click", "conversion"

_INSERT = text(
    """
    WITH written AS (
        INSERT INTO first_hand_events
            (team_id, event_id, kind, campaign_id, at, value_micros, currency, received_at)
        SELECT :team, * FROM unnest(
            CAST(:ids AS text[]), CAST(:kinds AS text[]), CAST(:campaigns AS uuid[]),
            CAST(:instants AS timestamptz[]), CAST(:micros AS bigint[]),
            CAST(:currencies AS text[])
        ), CAST(:received AS timestamptz)
        ON CONFLICT (team_id, event_id) DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM written
    """
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One click or conversion. ``at`` is campaign time."""

    event_id: str
    kind: str
    campaign_id: UUID
    at: datetime
    value_micros: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class SeenHour:
    """Clicks and conversions of one campaign in the hour from ``hour`` (campaign time, UTC)."""

    campaign_id: UUID
    hour: datetime
    clicks: int
    conversions: int


async def store(
    session: AsyncSession, team_id: UUID, events: Sequence[Seen], received: datetime
) -> int:
    """Write events down in one statement; how many were new. An id counts once per team."""
    if not events:
        return 0
    written = await session.scalar(
        _INSERT,
        {
            "team": team_id,
            "ids": [one.event_id for one in events],
            "kinds": [one.kind for one in events],
            "campaigns": [one.campaign_id for one in events],
            "instants": [one.at for one in events],
            "micros": [one.value_micros for one in events],
            "currencies": [one.currency for one in events],
            "received": received,
        },
    )
    return int(written or 0)


async def hourly(
    session: AsyncSession, campaign_ids: Collection[UUID], since: datetime
) -> list[SeenHour]:
    """Clicks and conversions by campaign and hour from ``since`` (campaign time, inclusive).

    Hours begin on the hour of UTC; an hour without events has no row. Ordered by hour.
    """
    hour = func.date_trunc("hour", col(FirstHandEvent.at), "UTC")
    kind = col(FirstHandEvent.kind)
    rows = await session.execute(
        select(
            col(FirstHandEvent.campaign_id),
            hour,
            func.count().filter(kind == CLICK),
            func.count().filter(kind == CONVERSION),
        )
        .where(col(FirstHandEvent.campaign_id).in_(campaign_ids), col(FirstHandEvent.at) >= since)
        .group_by(col(FirstHandEvent.campaign_id), hour)
        .order_by(hour)
    )
    return [SeenHour(*row) for row in rows]
