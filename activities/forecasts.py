"""The forecast that a person sees before agreeing; scored once the campaign's figures are final."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.decision_log import DecisionLog
from activities.records import RecordActivities
from models.contract.base import Frozen
from models.contract.campaign import MediaPlan
from models.contract.figures import FiguresQuery
from models.contract.money import Money
from models.contract.vocabulary import CampaignStatus, DecisionType
from models.database import Database
from models.settings import Settings
from models.tables import Campaign, Snapshot
from policy import forecast
from policy.forecast import Benchmark, ForecastAnswer, ForecastInputs, PastCampaign
from policy.forecast_figures import Interval

_MOST_PAST = 50
_OPEN_END = 30.0
"""Days that a campaign without an end is forecast for."""
_OVER = tuple(
    one.value for one in (CampaignStatus.COMPLETED, CampaignStatus.ARCHIVED, CampaignStatus.KILLED)
)


class ForecastCase(Frozen):
    """A plan that is about to be agreed to, by a person or by the rules."""

    query: FiguresQuery
    cycle: UUID
    account_id: UUID
    platform: str
    plan: MediaPlan


class ForecastActivities:
    """Collaborators: the database, the log of decisions, and what is usual elsewhere."""

    def __init__(self, database: Database, records: RecordActivities, settings: Settings) -> None:
        self._database = database
        self._records = records
        self._settings = settings

    @activity.defn
    async def forecast(self, case: ForecastCase) -> str:
        """Forecast, record, and say it in a sentence with its 80 % intervals."""
        async with self._database.team(case.query.team_id) as session:
            past = await _past(session, case)
        inputs = ForecastInputs(
            currency=case.query.currency,
            daily_budget=case.plan.daily_budget.micros,
            days=_days(case),
            history=tuple(past),
            benchmark=self._benchmark(case.query.currency),
        )
        answer = forecast.decide(inputs)
        log = DecisionLog(case.query, case.cycle, case.platform)
        log.note(forecast, inputs, answer, DecisionType.FORECAST, moved=True)
        await self._records.record_decisions(log.decisions)
        return sentence(answer, case.query.currency, past=len(past))

    def _benchmark(self, currency: str) -> Benchmark | None:
        """What is usual; known in one currency only, so that nothing is converted in silence."""
        usual = self._settings.benchmark
        if usual is None or usual.currency != currency:
            return None
        return Benchmark(cpm=usual.cpm * 1e6, ctr=usual.ctr, cvr=usual.cvr, value=usual.value * 1e6)


async def _past(session: AsyncSession, case: ForecastCase) -> list[PastCampaign]:
    """The account's finished campaigns of the same objective, oldest first."""
    newest = (
        select(Snapshot)
        .ext(distinct_on(col(Snapshot.campaign_id), col(Snapshot.day)))
        .order_by(col(Snapshot.campaign_id), col(Snapshot.day), col(Snapshot.as_of).desc())
        .subquery()
    )
    rows = await session.execute(
        columns(
            func.sum(newest.c.spend_micros),
            func.sum(newest.c.impressions),
            func.sum(newest.c.clicks),
            func.sum(newest.c.conversions),
            func.sum(newest.c.revenue_micros),
        )
        .select_from(newest)
        .join(Campaign, col(Campaign.id) == newest.c.campaign_id)
        .where(
            col(Campaign.account_id) == case.account_id,
            col(Campaign.objective) == case.plan.objective.value,
            col(Campaign.status).in_(_OVER),
        )
        .group_by(newest.c.campaign_id, col(Campaign.created_at))
        .order_by(col(Campaign.created_at).desc())
        .limit(_MOST_PAST)
    )
    return [
        PastCampaign(
            spend=int(spend),
            impressions=int(shown),
            clicks=int(clicks),
            conversions=float(conversions),
            revenue=int(revenue or 0),
        )
        for spend, shown, clicks, conversions, revenue in reversed(rows.all())
    ]


def _days(case: ForecastCase) -> float:
    plan, now = case.plan, case.query.now
    start = max(plan.start, now) if plan.start else now
    ends = plan.ends(start)
    days = _OPEN_END if ends is None else max((ends - start) / timedelta(days=1), 0.0)
    if plan.lifetime_budget is not None:
        days = min(days, plan.lifetime_budget.micros / plan.daily_budget.micros)
    return days


def sentence(answer: ForecastAnswer, currency: str, *, past: int) -> str:
    """The forecast as a person reads it."""
    figures = answer.figures
    if figures is None:
        return f"No forecast: {answer.reason}."
    parts: Sequence[str] = (
        f"{_count(figures.clicks)} clicks",
        f"{_count(figures.conversions)} conversions",
        f"spend {_money(figures.spend, currency)}",
    )
    basis = f"{past} finished campaign(s) of this account" if past else "usual rates, not your own"
    return f"{', '.join(parts)} (80 % intervals; confidence {answer.level}, from {basis})"


def _count(one: Interval) -> str:
    high = "any number" if one.high is None else f"{one.high:,.0f}"
    return f"{one.expected:,.0f} ({one.low:,.0f} to {high})"


def _money(one: Interval, currency: str) -> str:
    def told(micros: float) -> str:
        return Money(micros=round(micros), currency=currency).rounded()

    return f"{told(one.expected)} ({told(one.low)} to {told(one.high or one.expected)})"
