"""Figures as they are kept: appended reading by reading, never overwritten, and summed up anew."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.account import AdAccount
from models.contract.network import MetricsReport, MetricsRow
from models.contract.vocabulary import CampaignStatus
from models.tables import Budget, Campaign, Snapshot
from models.tables.columns import now_utc

_RESTATEMENT = timedelta(days=35)
_RESTATED = (CampaignStatus.COMPLETED, CampaignStatus.KILLED, CampaignStatus.REJECTED)
_UNREAD = tuple(one.value for one in CampaignStatus if one.is_final and one not in _RESTATED)
"""Archived figures are final; what was never launched has none."""
_MEASURES = ("impressions", "clicks", "conversions", "reach", "spend_micros", "revenue_micros")


async def campaigns_to_read(session: AsyncSession, account_id: UUID) -> dict[str, UUID]:
    """Campaigns whose figures may still change, by the network's id.

    Those that are live or at rest, and those that were stopped or completed: networks restate
    for weeks, until the campaign is archived.
    """
    rows = await session.execute(
        select(Campaign.platform_campaign_id, Campaign.id).where(
            col(Campaign.account_id) == account_id,
            col(Campaign.platform_campaign_id).is_not(None),
            col(Campaign.status).not_in(_UNREAD),
            col(Campaign.updated_at) > now_utc() - _RESTATEMENT,
        )
    )
    return {str(network_id): campaign for network_id, campaign in rows.all()}


async def append(
    session: AsyncSession,
    account: AdAccount,
    report: MetricsReport,
    campaigns: Mapping[str, UUID],
) -> int:
    """Append the campaign-days that say something new; how many did.

    ``campaigns`` maps the network's ids to campaigns of ours; rows of others are left out.
    """
    rows = [row for row in report.rows if row.campaign_id in campaigns]
    if not rows:
        return 0
    days = {date.fromisoformat(row.day) for row in rows}
    known = await session.scalars(
        select(Snapshot)
        .ext(distinct_on(col(Snapshot.campaign_id), col(Snapshot.day)))
        .where(
            col(Snapshot.campaign_id).in_({campaigns[row.campaign_id] for row in rows}),
            col(Snapshot.day).in_(days),
        )
        .order_by(col(Snapshot.campaign_id), col(Snapshot.day), col(Snapshot.as_of).desc())
    )
    last = {(one.campaign_id, one.day): one for one in known}
    new = [
        values
        for row in rows
        if _says_something_new(
            values := _values(account, campaigns[row.campaign_id], row, report.as_of),
            last.get((campaigns[row.campaign_id], date.fromisoformat(row.day))),
        )
    ]
    if not new:
        return 0
    done = await session.execute(
        insert(Snapshot)
        .on_conflict_do_nothing(index_elements=["campaign_id", "day", "as_of"])
        .returning(col(Snapshot.id)),
        new,
    )
    return len(done.all())


def _values(
    account: AdAccount, campaign_id: UUID, row: MetricsRow, as_of: datetime
) -> dict[str, object]:
    return {
        "team_id": account.team_id,
        "account_id": account.id,
        "campaign_id": campaign_id,
        "platform_campaign_id": row.campaign_id,
        "day": date.fromisoformat(row.day),
        "as_of": as_of,
        "currency": row.spend.currency,
        "impressions": row.impressions,
        "clicks": row.clicks,
        "conversions": row.conversions,
        "reach": row.reach,
        "spend_micros": row.spend.micros,
        "revenue_micros": row.revenue.micros if row.revenue else None,
    }


def _says_something_new(values: Mapping[str, object], last: Snapshot | None) -> bool:
    return last is None or any(getattr(last, name) != values[name] for name in _MEASURES)


async def newest_days(session: AsyncSession, campaign_id: UUID) -> Sequence[Snapshot]:
    """The newest reading of each day of a campaign, oldest day first."""
    rows = await session.scalars(
        select(Snapshot)
        .where(col(Snapshot.campaign_id) == campaign_id)
        .ext(distinct_on(col(Snapshot.day)))
        .order_by(col(Snapshot.day), col(Snapshot.as_of).desc())
    )
    return rows.all()


_RESTATE = text(
    """
    UPDATE ad_campaigns AS c
    SET spend_micros = COALESCE(s.total, 0), month_spend_micros = COALESCE(s.month, 0),
        month_start = :month, figures_as_of = :as_of
    FROM unnest(CAST(:campaigns AS uuid[])) AS read(id)
    LEFT JOIN (
        SELECT campaign_id, SUM(spend_micros) AS total,
               SUM(spend_micros) FILTER (WHERE day >= :month) AS month
        FROM (
            SELECT DISTINCT ON (campaign_id, day) campaign_id, day, spend_micros
            FROM ad_performance_snapshots
            WHERE campaign_id = ANY(CAST(:campaigns AS uuid[]))
            ORDER BY campaign_id, day, as_of DESC
        ) AS newest
        GROUP BY campaign_id
    ) AS s ON s.campaign_id = read.id
    WHERE c.id = read.id
    """
)


async def restate_totals(
    session: AsyncSession, campaigns: Sequence[UUID], today: date, as_of: datetime
) -> None:
    """Sum every campaign up anew. One without a row did not deliver: that, too, was read."""
    await session.execute(
        _RESTATE,
        {
            "campaigns": [str(one) for one in campaigns],
            "month": today.replace(day=1),
            "as_of": as_of,
        },
    )


_TOTALS = text(
    """
    SELECT c.platform, c.account_id, s.day, s.currency, SUM(s.spend_micros)
    FROM (
        SELECT DISTINCT ON (campaign_id, day) campaign_id, day, currency, spend_micros
        FROM ad_performance_snapshots
        WHERE day >= :month
        ORDER BY campaign_id, day, as_of DESC
    ) AS s
    JOIN ad_campaigns AS c ON c.id = s.campaign_id
    GROUP BY 1, 2, 3, 4
    """
)


async def restate_budgets(
    session: AsyncSession, today: date, rates: Mapping[str, Decimal] | None = None
) -> None:
    """Keep the spent column of the period rows equal to what the networks report.

    ``rates``: units of the budgets' currency for one unit of another; an unknown one counts as
    one, which only concerns the figure shown, never what is authorised.
    """
    rows = (await session.execute(_TOTALS, {"month": today.replace(day=1)})).all()
    totals = cast(Sequence[tuple[str, UUID, date, str, Decimal]], rows)
    budgets = await session.scalars(
        select(Budget).where(col(Budget.period_end) >= today).with_for_update(skip_locked=True)
    )
    for budget in budgets:
        budget.spent_micros = round(
            sum(
                spent * (rates or {}).get(currency, Decimal(1))
                for platform, account, day, currency, spent in totals
                if budget.platform in (None, platform)
                and budget.account_id in (None, account)
                and budget.period_start <= day <= budget.period_end
            )
        )
        over = budget.spent_micros >= budget.allocated_micros
        budget.status = "exhausted" if over else "active"
