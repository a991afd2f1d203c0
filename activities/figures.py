"""Decisions on a campaign's newest figures: taken, recorded, and only then carried out."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter
from pydantic_core import to_jsonable_python
from sqlmodel import col, select
from temporalio import activity

from activities.readings import newest_days
from activities.records import RecordActivities
from activities.teams import frozen
from models.contract.decision import Decision
from models.contract.figures import (
    CampaignFigures,
    FatigueCase,
    FatigueVerdict,
    FiguresQuery,
    PacingCase,
    PacingMove,
)
from models.contract.money import Money
from models.contract.vocabulary import DecisionOutcome, DecisionType
from models.database import Database
from models.tables import Campaign, Snapshot
from policy import fatigue, pacing


class FiguresActivities:
    """Decisions are recorded before their effects."""

    def __init__(self, database: Database, records: RecordActivities) -> None:
        self._database = database
        self._records = records

    @activity.defn
    async def campaign_figures(self, query: FiguresQuery) -> CampaignFigures:
        """A campaign's newest figures."""
        async with self._database.team(query.team_id) as session:
            days = await newest_days(session, query.campaign_id)
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
            figures=figures,
        )

    async def _frozen(self, team_id: UUID) -> str | None:
        async with self._database.team(team_id) as session:
            return await frozen(session)

    @activity.defn
    async def decide_fatigue(self, case: FatigueCase) -> FatigueVerdict:
        """Judge and record creative fatigue."""
        async with self._database.team(case.query.team_id) as session:
            days = await newest_days(session, case.query.campaign_id)
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


_INPUTS = TypeAdapter[dict[str, JsonValue]](dict[str, JsonValue])


def _document(inputs: pacing.PacingInputs | fatigue.FatigueInputs) -> dict[str, JsonValue]:
    """Inputs as plain JSON; a recorded decision can be taken again from it."""
    return _INPUTS.validate_python(to_jsonable_python(asdict(inputs)))
