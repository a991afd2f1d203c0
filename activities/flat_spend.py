"""The last line of a stop's story: reported spend no longer rises."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.account import AdAccount
from models.contract.clock import CampaignClock
from models.contract.incident import LAST_CONFIRMED, SPEND_FLAT
from models.tables import Incident

QUIET = timedelta(hours=1)
"""Campaign time without a rise that shows spend to be flat: several reports of every network."""


async def note_flat_spend(
    session: AsyncSession, account: AdAccount, clock: CampaignClock, as_of: datetime
) -> int:
    """Complete the timelines of stops after which the account's spend stands still; how many."""
    confirmed, flat = (f"{what} ({account.name})" for what in (LAST_CONFIRMED, SPEND_FLAT))
    open_ones = await session.scalars(select(Incident).where(col(Incident.state) == "open"))
    waiting: list[tuple[Incident, datetime]] = []
    for incident in open_ones:
        told: dict[str, Any] = {str(entry["what"]): entry["at"] for entry in incident.timeline}
        if confirmed in told and flat not in told:
            stopped = clock.campaign_time(datetime.fromisoformat(told[confirmed]))
            if as_of - stopped >= QUIET:
                waiting.append((incident, stopped))
    if not waiting:
        return 0
    spend = {"account": account.id, "now": as_of, "before": as_of - QUIET}
    risen = (await session.execute(_RISEN, spend)).scalar_one()
    if risen:
        return 0
    now = datetime.now(UTC).isoformat()
    for incident, _ in waiting:
        incident.timeline = [*incident.timeline, {"at": now, "what": flat}]
    return len(waiting)


_RISEN = text(
    """
    SELECT COALESCE(SUM(after.spend_micros), 0) > COALESCE(SUM(earlier.spend_micros), 0)
    FROM (
        SELECT DISTINCT ON (campaign_id, day) campaign_id, day, spend_micros
        FROM ad_performance_snapshots WHERE account_id = :account AND as_of <= :now
        ORDER BY campaign_id, day, as_of DESC
    ) AS after
    LEFT JOIN (
        SELECT DISTINCT ON (campaign_id, day) campaign_id, day, spend_micros
        FROM ad_performance_snapshots WHERE account_id = :account AND as_of <= :before
        ORDER BY campaign_id, day, as_of DESC
    ) AS earlier USING (campaign_id, day)
    """
)
