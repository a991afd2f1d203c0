"""Figures of single ads: read for experiments and creative fatigue, and kept by appending."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from activities.readings import campaigns_to_read
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.clock import CampaignClock
from models.contract.network import AdMetricsReport
from models.database import Database
from models.tables import CreativeSnapshot
from platforms.registry import Networks


class CreativesReading(Frozen):
    """Read an account's ads over its last ``days`` days, today included."""

    account: AdAccount
    clock: CampaignClock
    days: int = Field(default=7, ge=1, le=28)


class CreativesRead(Frozen):
    """How many ad-days said something new, and the age of the reading (campaign time)."""

    appended: int
    as_of: datetime


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class CreativeFiguresActivities:
    """Collaborators: the database and the networks."""

    def __init__(
        self, database: Database, networks: Networks, real_now: Callable[[], datetime] = _wall_clock
    ) -> None:
        """``real_now``: what campaign time is derived from."""
        self._database = database
        self._networks = networks
        self._real_now = real_now

    @activity.defn
    async def read_creatives(self, order: CreativesReading) -> CreativesRead:
        """One reading of all ads of an account; what it says that is new is appended.

        Raises:
            ApplicationError: the network could not answer, or refused the credential.
        """
        account = order.account
        now = order.clock.campaign_time(self._real_now())
        today = now.astimezone(ZoneInfo(account.timezone)).date()
        async with heartbeating():
            async with network_errors():
                report = await (await self._networks.of(account)).ad_metrics(
                    today - timedelta(days=order.days - 1), today
                )
            async with self._database.team(account.team_id) as session:
                campaigns = await campaigns_to_read(session, account.id)
                appended = await append(session, account, report, campaigns)
        return CreativesRead(appended=appended, as_of=report.as_of)


# In the database, and not row by row here: a large account's reading has tens of thousands of
# rows, and the process that reads them must stay ready to stop campaigns.
_APPEND = text(
    """
    INSERT INTO ad_creative_snapshots (
        team_id, account_id, campaign_id, platform_ad_id, day, as_of, currency,
        impressions, clicks, conversions, reach, reach_so_far, spend_micros, revenue_micros
    )
    SELECT CAST(:team AS uuid), CAST(:account AS uuid), r.campaign_id, r.ad_id, r.day, :as_of,
           r.currency, r.impressions, r.clicks, r.conversions, r.reach,
           -- told on the day itself alone: a day that is restated keeps what it had
           COALESCE(NULLIF(r.reach_so_far, 0), last.reach_so_far, 0), r.spend, r.revenue
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        campaign_id uuid, ad_id text, day date, currency text, impressions integer,
        clicks integer, conversions integer, reach integer, reach_so_far integer, spend bigint,
        revenue bigint
    )
    LEFT JOIN LATERAL (
        SELECT s.* FROM ad_creative_snapshots AS s
        WHERE s.campaign_id = r.campaign_id AND s.platform_ad_id = r.ad_id AND s.day = r.day
        ORDER BY s.as_of DESC
        LIMIT 1
    ) AS last ON TRUE
    WHERE (r.impressions, r.clicks, r.conversions, r.reach, r.reach_so_far, r.spend, r.revenue)
        IS DISTINCT FROM (last.impressions, last.clicks, last.conversions, last.reach,
                          CASE WHEN r.reach_so_far = 0 THEN 0 ELSE last.reach_so_far END,
                          last.spend_micros, last.revenue_micros)
    ON CONFLICT (campaign_id, platform_ad_id, day, as_of) DO NOTHING
    RETURNING id
    """
)


async def append(
    session: AsyncSession,
    account: AdAccount,
    report: AdMetricsReport,
    campaigns: Mapping[str, UUID],
) -> int:
    """Append the ad-days that say something new; how many did.

    ``campaigns`` maps the network's ids to campaigns of ours; ads of others are left out.
    """
    rows = [
        {
            "campaign_id": str(campaigns[row.campaign_id]),
            "ad_id": row.ad_id,
            "day": row.day,
            "currency": row.spend.currency,
            "impressions": row.impressions,
            "clicks": row.clicks,
            "conversions": row.conversions,
            "reach": row.reach,
            "reach_so_far": row.reach_so_far,
            "spend": row.spend.micros,
            "revenue": row.revenue.micros if row.revenue else None,
        }
        for row in report.rows
        if row.campaign_id in campaigns
    ]
    if not rows:
        return 0
    done = await session.execute(
        _APPEND,
        {
            "team": str(account.team_id),
            "account": str(account.id),
            "as_of": report.as_of,
            "rows": json.dumps(rows),
        },
    )
    return len(done.all())


async def newest_ad_days(session: AsyncSession, campaign_id: UUID) -> Sequence[CreativeSnapshot]:
    """The newest reading of each ad and day of a campaign: ad by ad, oldest day first."""
    rows = await session.scalars(
        select(CreativeSnapshot)
        .where(col(CreativeSnapshot.campaign_id) == campaign_id)
        .ext(distinct_on(col(CreativeSnapshot.platform_ad_id), col(CreativeSnapshot.day)))
        .order_by(
            col(CreativeSnapshot.platform_ad_id),
            col(CreativeSnapshot.day),
            col(CreativeSnapshot.as_of).desc(),
        )
    )
    return rows.all()
