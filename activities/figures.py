"""Figures: read for a whole account at once, append, and decide on the newest."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter
from pydantic_core import to_jsonable_python
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from activities.records import RecordActivities
from activities.teams import frozen
from models.contract.decision import Decision
from models.contract.figures import (
    AccountFigures,
    AccountReading,
    CampaignFigures,
    FatigueCase,
    FatigueVerdict,
    FiguresQuery,
    PacingCase,
    PacingMove,
)
from models.contract.money import Money
from models.contract.network import MetricsRow
from models.contract.vocabulary import DecisionOutcome, DecisionType
from models.database import Database
from models.tables import Budget, Campaign, Snapshot
from platforms.registry import Networks
from policy import fatigue, pacing


class FiguresActivities:
    """Readings are appended with their ``as_of``; decisions are recorded before effects."""

    def __init__(self, database: Database, networks: Networks, records: RecordActivities) -> None:
        self._database = database
        self._networks = networks
        self._records = records

    @activity.defn
    async def read_account(self, reading: AccountReading) -> AccountFigures:
        """Read every campaign of an account in one call and append what is new."""
        account = reading.account
        async with heartbeating(), network_errors():
            network = self._networks.of(account)
            today = _campaign_now(reading).astimezone(ZoneInfo(account.timezone)).date()
            report = await network.account_metrics(
                today - timedelta(days=reading.since_days - 1), today
            )
        ours = [row for row in report.rows if row.campaign_id in reading.campaigns]
        async with self._database.team(account.team_id) as session:
            appended = 0
            for row in ours:
                campaign_id = reading.campaigns[row.campaign_id]
                appended += await _append(session, reading, campaign_id, row, report.as_of)
            # No row means no delivery: that, too, was read just now.
            for campaign_id in set(reading.campaigns.values()):
                await _restate_totals(session, campaign_id, today, report.as_of)
            await _restate_budgets(session, account.team_id, today)
        return AccountFigures(
            as_of=report.as_of,
            campaigns=len({row.campaign_id for row in ours}),
            appended=appended,
            spend=Money(micros=sum(row.spend.micros for row in ours), currency=account.currency),
        )

    @activity.defn
    async def campaign_figures(self, query: FiguresQuery) -> CampaignFigures:
        """A campaign's newest figures."""
        async with self._database.team(query.team_id) as session:
            days = await _newest_days(session, query.campaign_id)
            read_at = await session.scalar(
                select(Campaign.figures_as_of).where(col(Campaign.id) == query.campaign_id)
            )
        return _summary(days, query, read_at)

    @activity.defn
    async def decide_pacing(self, case: PacingCase) -> PacingMove:
        """Take and record one pacing decision; the workflow then carries it out."""
        figures = await self.campaign_figures(case.query)
        inputs = pacing.PacingInputs(
            now=case.query.now,
            timezone=case.query.timezone,
            currency=case.query.currency,
            agreed=case.agreed.micros,
            live=case.live.micros,
            minimum=case.minimum.micros,
            spent_today=figures.spend_today.micros if figures.spend_today else None,
            as_of=figures.as_of,
            delivering_since=case.delivering_since,
            spent_total=figures.spend_total.micros,
            edits_left=(
                None if case.edit_quota is None else case.edit_quota - case.edits_this_hour
            ),
            hours=case.hours,
        )
        answer = pacing.decide(inputs)
        frozen = await self._frozen(case.query.team_id)
        if frozen is not None and answer.action == "raise":
            answer = pacing.PacingAnswer("hold", inputs.live, f"{answer.reason}; {frozen}", 1.0)
        if case.admin_override and answer.action != "hold":
            answer = pacing.PacingAnswer(
                "hold", inputs.live, f"{answer.reason}; left alone (admin override)", 1.0
            )
        budget = Money(micros=answer.budget, currency=case.query.currency)
        await self._records.record_decision(
            Decision(
                id=case.decision_id,
                team_id=case.query.team_id,
                type=(DecisionType.HOLD if answer.action == "hold" else DecisionType.ADJUST_BUDGET),
                decided_by="policy",
                policy=f"{pacing.NAME}@{pacing.VERSION}",
                reason=answer.reason,
                at=case.query.now,
                campaign_id=case.query.campaign_id,
                platform=case.platform,
                inputs=_document(inputs),
                action={"action": answer.action, "daily_budget_micros": answer.budget},
                outcome=(
                    DecisionOutcome.HELD if answer.action == "hold" else DecisionOutcome.SUCCESS
                ),
                confidence=answer.confidence,
                budget_impact=Money(
                    micros=answer.budget - case.live.micros, currency=case.query.currency
                ),
            )
        )
        return PacingMove(
            action=answer.action,
            budget=budget,
            reason=answer.reason,
            decision_id=case.decision_id,
        )

    async def _frozen(self, team_id: UUID) -> str | None:
        async with self._database.team(team_id) as session:
            return await frozen(session)

    @activity.defn
    async def decide_fatigue(self, case: FatigueCase) -> FatigueVerdict:
        """Judge and record creative fatigue."""
        async with self._database.team(case.query.team_id) as session:
            days = await _newest_days(session, case.query.campaign_id)
        first, latest = days[:2], days[2:][-2:]
        inputs = fatigue.FatigueInputs(
            impressions_first=sum(day.impressions for day in first),
            clicks_first=sum(day.clicks for day in first),
            impressions_latest=sum(day.impressions for day in latest),
            clicks_latest=sum(day.clicks for day in latest),
            impressions_total=sum(day.impressions for day in days),
            reach=max((day.reach for day in days), default=0),
        )
        answer = fatigue.decide(inputs)
        await self._records.record_decision(
            Decision(
                id=case.decision_id,
                team_id=case.query.team_id,
                type=DecisionType.HOLD if answer.action == "hold" else DecisionType.FATIGUE,
                decided_by="policy",
                policy=f"{fatigue.NAME}@{fatigue.VERSION}",
                reason=answer.reason,
                at=case.query.now,
                campaign_id=case.query.campaign_id,
                platform=case.platform,
                inputs=_document(inputs),
                action={"action": answer.action},
                outcome=(
                    DecisionOutcome.HELD if answer.action == "hold" else DecisionOutcome.SUCCESS
                ),
                confidence=answer.confidence,
            )
        )
        return FatigueVerdict(
            action=answer.action, reason=answer.reason, decision_id=case.decision_id
        )


async def _append(
    session: AsyncSession,
    reading: AccountReading,
    campaign_id: UUID,
    row: MetricsRow,
    as_of: datetime,
) -> int:
    """Append a campaign-day unless it says what the last reading said."""
    day = date.fromisoformat(row.day)
    last = await session.scalar(
        select(Snapshot)
        .where(col(Snapshot.campaign_id) == campaign_id, col(Snapshot.day) == day)
        .order_by(col(Snapshot.as_of).desc())
        .limit(1)
    )
    revenue = row.revenue.micros if row.revenue else None
    values = {
        "impressions": row.impressions,
        "clicks": row.clicks,
        "conversions": row.conversions,
        "reach": row.reach,
        "spend_micros": row.spend.micros,
        "revenue_micros": revenue,
    }
    if last is not None and all(getattr(last, key) == value for key, value in values.items()):
        return 0
    done = await session.execute(
        insert(Snapshot)
        .values(
            team_id=reading.account.team_id,
            account_id=reading.account.id,
            campaign_id=campaign_id,
            platform_campaign_id=row.campaign_id,
            day=day,
            as_of=as_of,
            currency=row.spend.currency,
            **values,
        )
        .on_conflict_do_nothing(index_elements=["campaign_id", "day", "as_of"])
        .returning(col(Snapshot.id))
    )
    return len(done.all())


async def _newest_days(session: AsyncSession, campaign_id: UUID) -> Sequence[Snapshot]:
    """The newest reading of each day, oldest day first."""
    rows = await session.scalars(
        select(Snapshot)
        .where(col(Snapshot.campaign_id) == campaign_id)
        .ext(distinct_on(col(Snapshot.day)))
        .order_by(col(Snapshot.day), col(Snapshot.as_of).desc())
    )
    return rows.all()


def _summary(
    days: Sequence[Snapshot], query: FiguresQuery, read_at: datetime | None
) -> CampaignFigures:
    """The sum of the days. Their age is that of the last reading, which may have changed none."""
    today = query.now.astimezone(ZoneInfo(query.timezone)).date()
    spend_today = next((day.spend_micros for day in days if day.day == today), None)
    return CampaignFigures(
        spend_total=Money(micros=sum(day.spend_micros for day in days), currency=query.currency),
        spend_today=(
            None if spend_today is None else Money(micros=spend_today, currency=query.currency)
        ),
        impressions=sum(day.impressions for day in days),
        clicks=sum(day.clicks for day in days),
        conversions=sum(day.conversions for day in days),
        reach=max((day.reach for day in days), default=0),
        as_of=read_at,
    )


async def _restate_totals(
    session: AsyncSession, campaign_id: UUID, today: date, as_of: datetime
) -> None:
    days = await _newest_days(session, campaign_id)
    month = today.replace(day=1)
    await session.execute(
        update(Campaign)
        .where(col(Campaign.id) == campaign_id)
        .values(
            spend_micros=sum(day.spend_micros for day in days),
            month_spend_micros=sum(day.spend_micros for day in days if day.day >= month),
            month_start=month,
            figures_as_of=as_of,
        )
    )


async def _restate_budgets(session: AsyncSession, team_id: UUID, today: date) -> None:
    """Keep the spent column of the period rows equal to what the networks report."""
    newest = (
        select(Snapshot)
        .ext(distinct_on(col(Snapshot.campaign_id), col(Snapshot.day)))
        .order_by(col(Snapshot.campaign_id), col(Snapshot.day), col(Snapshot.as_of).desc())
        .where(col(Snapshot.day) >= today.replace(day=1))
        .subquery()
    )
    budgets = await session.scalars(
        select(Budget).where(col(Budget.period_end) >= today).with_for_update(skip_locked=True)
    )
    for budget in budgets:
        spent = (
            select(func.coalesce(func.sum(newest.c.spend_micros), 0))
            .join(Campaign, col(Campaign.id) == newest.c.campaign_id)
            .where(newest.c.day >= budget.period_start, newest.c.day <= budget.period_end)
        )
        if budget.platform is not None:
            spent = spent.where(col(Campaign.platform) == budget.platform)
        if budget.account_id is not None:
            spent = spent.where(col(Campaign.account_id) == budget.account_id)
        budget.spent_micros = int(await session.scalar(spent) or 0)
        over = budget.spent_micros >= budget.allocated_micros
        budget.status = "exhausted" if over else "active"


def _campaign_now(reading: AccountReading) -> datetime:
    return reading.clock.campaign_time(datetime.now(UTC))


_INPUTS = TypeAdapter[dict[str, JsonValue]](dict[str, JsonValue])


def _document(inputs: pacing.PacingInputs | fatigue.FatigueInputs) -> dict[str, JsonValue]:
    """Inputs as plain JSON; a recorded decision can be taken again from it."""
    return _INPUTS.validate_python(to_jsonable_python(asdict(inputs)))
