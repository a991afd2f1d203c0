"""What is known of one campaign when its next move is decided: days, ads, budgets, readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from activities.creative_figures import newest_ad_days
from activities.readings import newest_days
from models.contract.figures import CampaignFigures, FiguresQuery
from models.contract.money import Money
from models.tables import BudgetAdjustment, Campaign, CreativeSnapshot, Snapshot

_NEIGHBOURS = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Day:
    """One account day as last reported. ``start`` is its local midnight; money in micros."""

    day: date
    start: datetime
    spend: int
    impressions: int
    clicks: int
    conversions: int
    revenue: int | None
    reach: int
    reach_so_far: int = 0

    @property
    def end(self) -> datetime:
        """The next local midnight."""
        return at_midnight(self.day + timedelta(days=1), self.start.tzinfo)


@dataclass(frozen=True, slots=True)
class AdDay:
    """One ad on one account day, by variant."""

    variant: str
    day: Day


@dataclass(frozen=True, slots=True)
class CampaignHistory:
    """A campaign's past, oldest first. Everything is as of ``read_at`` (campaign time).

    ``readings`` are today's: instants and spend so far. ``budgets`` are instants and the daily
    budget set then. ``others`` are ad days of the account's other campaigns.
    """

    days: tuple[Day, ...]
    readings: tuple[tuple[datetime, int], ...]
    budgets: tuple[tuple[datetime, int], ...]
    ads: tuple[AdDay, ...]
    others: tuple[Day, ...]
    read_at: datetime | None

    @property
    def spend(self) -> int:
        """Micros since launch."""
        return sum(one.spend for one in self.days)

    def today(self, query: FiguresQuery) -> Day | None:
        """The row of the account's present day; None is not the same as zero."""
        wanted = query.now.astimezone(ZoneInfo(query.timezone)).date()
        return next((one for one in self.days if one.day == wanted), None)

    def trailing(self, query: FiguresQuery, days: int) -> tuple[Day, ...]:
        """The last days, today included."""
        first = query.now.astimezone(ZoneInfo(query.timezone)).date() - timedelta(days=days - 1)
        return tuple(one for one in self.days if one.day >= first)

    def mean_budget(self, day: Day) -> int | None:
        """The time-weighted mean of the daily budgets that were live on a whole day."""
        before = [micros for at, micros in self.budgets if at <= day.start]
        within = [(at, micros) for at, micros in self.budgets if day.start < at < day.end]
        if not before:
            return None
        edges = [(day.start, before[-1]), *within, (day.end, 0)]
        weighted = sum(
            micros * (following - at).total_seconds()
            for (at, micros), (following, _) in pairwise(edges)
        )
        return round(weighted / (day.end - day.start).total_seconds())


async def history(
    session: AsyncSession, query: FiguresQuery, ad_variants: dict[str, str] | None = None
) -> CampaignHistory:
    """Everything a decision on a campaign looks at.

    Args:
        session: The team's.
        query: Which campaign, its account's zone, and the present (campaign time).
        ad_variants: Variant by the network's ad id, to read figures of single ads as well.
    """
    zone = ZoneInfo(query.timezone)
    days = await newest_days(session, query.campaign_id)
    today = query.now.astimezone(zone).date()
    return CampaignHistory(
        days=tuple(_day(row, zone) for row in days),
        readings=await _readings(session, query, today),
        budgets=await _budgets(session, query.campaign_id),
        ads=tuple(
            AdDay(ad_variants[row.platform_ad_id], _day(row, zone))
            for row in (await newest_ad_days(session, query.campaign_id) if ad_variants else ())
            if ad_variants and row.platform_ad_id in ad_variants
        ),
        others=await _others(session, query, zone) if ad_variants else (),
        read_at=await session.scalar(
            select(Campaign.figures_as_of).where(col(Campaign.id) == query.campaign_id)
        ),
    )


async def _readings(
    session: AsyncSession, query: FiguresQuery, today: date
) -> tuple[tuple[datetime, int], ...]:
    rows = await session.execute(
        select(Snapshot.as_of, Snapshot.spend_micros)
        .where(
            col(Snapshot.campaign_id) == query.campaign_id,
            col(Snapshot.day) == today,
            col(Snapshot.as_of) <= query.now,
        )
        .order_by(col(Snapshot.as_of))
    )
    return tuple((at, spend) for at, spend in rows.all())


async def _budgets(session: AsyncSession, campaign_id: UUID) -> tuple[tuple[datetime, int], ...]:
    rows = await session.execute(
        select(BudgetAdjustment.at, BudgetAdjustment.new_micros)
        .where(col(BudgetAdjustment.campaign_id) == campaign_id)
        .order_by(col(BudgetAdjustment.at), col(BudgetAdjustment.id))
    )
    return tuple((at, micros) for at, micros in rows.all())


async def _others(session: AsyncSession, query: FiguresQuery, zone: ZoneInfo) -> tuple[Day, ...]:
    """Ad days of the account's other campaigns, for what its creatives usually do."""
    account = (
        select(Campaign.account_id).where(col(Campaign.id) == query.campaign_id).scalar_subquery()
    )
    rows = await session.scalars(
        select(CreativeSnapshot)
        .where(
            col(CreativeSnapshot.account_id) == account,
            col(CreativeSnapshot.campaign_id) != query.campaign_id,
            col(CreativeSnapshot.day) >= (query.now - _NEIGHBOURS).date(),
        )
        .ext(distinct_on(col(CreativeSnapshot.platform_ad_id), col(CreativeSnapshot.day)))
        .order_by(
            col(CreativeSnapshot.platform_ad_id),
            col(CreativeSnapshot.day),
            col(CreativeSnapshot.as_of).desc(),
        )
        .limit(5_000)
    )
    return tuple(_day(row, zone) for row in rows)


def _day(row: Snapshot | CreativeSnapshot, zone: ZoneInfo) -> Day:
    return Day(
        day=row.day,
        start=at_midnight(row.day, zone),
        spend=row.spend_micros,
        impressions=row.impressions,
        clicks=row.clicks,
        conversions=row.conversions,
        revenue=row.revenue_micros,
        reach=row.reach,
        reach_so_far=row.reach_so_far if isinstance(row, CreativeSnapshot) else 0,
    )


def at_midnight(day: date, zone: object) -> datetime:
    """The start of an account day."""
    assert isinstance(zone, ZoneInfo)
    return datetime.combine(day, time(), zone)


def summed(days: Sequence[Day]) -> Day | None:
    """Several days as one; reach is the highest. None of none."""
    if not days:
        return None
    revenues = [one.revenue for one in days if one.revenue is not None]
    return Day(
        day=days[0].day,
        start=days[0].start,
        spend=sum(one.spend for one in days),
        impressions=sum(one.impressions for one in days),
        clicks=sum(one.clicks for one in days),
        conversions=sum(one.conversions for one in days),
        revenue=sum(revenues) if revenues else None,
        reach=max(one.reach for one in days),
    )


def figures_of(known: CampaignHistory, query: FiguresQuery) -> CampaignFigures:
    """A campaign's newest figures in sum; their age is that of the last reading."""
    whole, today = summed(known.days), known.today(query)
    return CampaignFigures(
        spend_total=Money(micros=known.spend, currency=query.currency),
        spend_today=(None if today is None else Money(micros=today.spend, currency=query.currency)),
        impressions=whole.impressions if whole else 0,
        clicks=whole.clicks if whole else 0,
        conversions=whole.conversions if whole else 0,
        reach=whole.reach if whole else 0,
        as_of=known.read_at,
    )
