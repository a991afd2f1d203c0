"""Reading a rehearsal's record from its database and from the sandbox's own truth."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col, select

from models.contract.base import Frozen
from models.contract.campaign import StateVisit
from models.contract.vocabulary import DecisionType
from models.tables import (
    BudgetAdjustment,
    Campaign,
    DecisionRow,
    Drift,
    Incident,
    Notification,
    Snapshot,
)
from starter.rehearsal.driver import Driver
from starter.rehearsal.record import (
    CampaignStory,
    DayFigures,
    DecisionTaken,
    DriftFound,
    Figures,
    Forecast,
    GuardrailFired,
    Held,
    IncidentOpened,
    Record,
)

_LEVERS = {
    DecisionType.ADJUST_BUDGET: "daily budget",
    DecisionType.ADJUST_BID: "bid",
    DecisionType.FATIGUE: "creatives",
    DecisionType.SAFETY: "safety",
    DecisionType.STOP: "safety",
    DecisionType.DRIFT: "drift",
}
_FORECAST = "forecast"
Row = TypeVar("Row", bound=SQLModel)
One = TypeVar("One", bound=Frozen)


async def read(driver: Driver) -> Record:
    """The record of a rehearsal that was driven to its end."""
    ground = driver.ground
    answer = await ground.control.get("/truth")
    answer.raise_for_status()
    truth: dict[str, dict[str, Any]] = {
        row["campaign_id"]: row for row in answer.json()["campaigns"]
    }
    async with ground.database.team(ground.settings.team_id) as session:
        campaigns = {row.id: row for row in await _all(session, Campaign)}
        adjustments = await _all(session, BudgetAdjustment)
        decisions = await _all(session, DecisionRow)
        incidents = await _all(session, Incident)
        notices = await _all(session, Notification)
        drifts = await _all(session, Drift)
        newest = await _newest(session)
    platforms: dict[UUID | None, str] = {key: row.platform for key, row in campaigns.items()}
    stories = tuple(
        _story(driver, campaigns[actor.campaign.campaign_id], newest, decisions, truth)
        for actor in driver.actors
    )
    days = _together([story.days for story in stories])
    return Record(
        currency=driver.actors[0].campaign.account.currency,
        campaigns=stories,
        days=days,
        totals=_sum(days),
        true_spent=sum(story.true_spent for story in stories),
        true_conversions=sum(story.true_conversions for story in stories),
        decisions=_decisions(decisions, adjustments, platforms),
        held=_held(decisions),
        guardrails=_guardrails(decisions, incidents, notices),
        incidents=_sorted(
            IncidentOpened(
                at=row.opened_at,
                platform=row.platform,
                severity=row.severity,
                cause=row.cause,
                title=row.title,
                text=row.text,
                done=tuple(sorted(row.done)),
            )
            for row in incidents
        ),
        drifts=_sorted(
            DriftFound(
                at=row.at,
                object_kind=row.object_kind,
                field=row.field,
                expected=row.expected,
                found=row.found,
                action=row.action,
            )
            for row in drifts
        ),
    )


async def _all(session: AsyncSession, table: type[Row]) -> list[Row]:
    return list((await session.scalars(select(table))).all())


async def _newest(session: AsyncSession) -> dict[tuple[UUID, date], Snapshot]:
    """The last reading of every campaign and day."""
    rows = await session.scalars(select(Snapshot).order_by(col(Snapshot.as_of)))
    return {(row.campaign_id, row.day): row for row in rows}


# -- figures --------------------------------------------------------------------------------------


def _story(
    driver: Driver,
    row: Campaign,
    newest: dict[tuple[UUID, date], Snapshot],
    decisions: Sequence[DecisionRow],
    truth: dict[str, dict[str, Any]],
) -> CampaignStory:
    actor = next(one for one in driver.actors if one.campaign.campaign_id == row.id)
    order, plan = driver.order, actor.campaign.plan
    ends = min(plan.end or order.end, order.end)
    days: list[DayFigures] = []
    day = order.start.date()
    while day < order.end.date():
        seen = newest.get((row.id, day))
        days.append(
            DayFigures(
                day=day,
                planned=plan.daily_budget.micros if day < ends.date() else 0,
                spent=seen.spend_micros if seen else 0,
                impressions=seen.impressions if seen else 0,
                clicks=seen.clicks if seen else 0,
                conversions=seen.conversions if seen else 0,
                revenue=(seen.revenue_micros or 0) if seen else 0,
            )
        )
        day += timedelta(days=1)
    true = truth.get(row.platform_campaign_id or "", {})
    series = _together([tuple(days)])
    forecasts = sorted(
        (one for one in decisions if one.campaign_id == row.id and _is_forecast(one)),
        key=lambda one: (one.at, one.reasoning),
    )
    early = [one for one in forecasts if one.at <= actor.begins]
    case = (actor.approved or actor.campaign).approval
    return CampaignStory(
        platform=row.platform,
        name=row.name,
        status=row.status,
        daily_budget=plan.daily_budget.micros,
        live_budget=row.live_budget_micros,
        approved_by=row.approved_by,
        problem=row.error_message or row.pause_reason,
        visits=tuple(StateVisit.model_validate(visit) for visit in row.visits),
        forecast=Forecast(
            told=case.expected_impact,
            worst_case=case.worst_case.micros,
            recorded=tuple(
                {
                    "policy": one.policy,
                    "reason": one.reasoning,
                    "answer": cast("dict[str, JsonValue]", one.action_taken),
                }
                for one in early + [last for last in forecasts[-1:] if last not in early]
            ),
            happened=_sum(series),
        ),
        true_spent=int(true.get("spend_micros", 0)),
        true_conversions=int(true.get("conversions", 0)),
        days=series,
    )


def _together(series: Sequence[Sequence[DayFigures]]) -> tuple[DayFigures, ...]:
    """Day by day over campaigns, with the ratios and the sums up to each day."""
    planned = spent = 0
    days: list[DayFigures] = []
    for same in zip(*series, strict=True):
        whole = _sum(same)
        planned, spent = planned + whole.planned, spent + whole.spent
        days.append(
            DayFigures(
                day=same[0].day,
                planned_so_far=planned,
                spent_so_far=spent,
                **whole.model_dump(),
            )
        )
    return tuple(days)


def _sum(figures: Iterable[Figures]) -> Figures:
    rows = list(figures)
    spent = sum(row.spent for row in rows)
    conversions = sum(row.conversions for row in rows)
    revenue = sum(row.revenue for row in rows)
    return Figures(
        planned=sum(row.planned for row in rows),
        spent=spent,
        impressions=sum(row.impressions for row in rows),
        clicks=sum(row.clicks for row in rows),
        conversions=conversions,
        revenue=revenue,
        cpa=round(spent / conversions) if conversions else None,
        roas=round(revenue / spent, 4) if spent else None,
    )


# -- what was decided -----------------------------------------------------------------------------


def _decisions(
    rows: Sequence[DecisionRow],
    adjustments: Sequence[BudgetAdjustment],
    platforms: dict[UUID | None, str],
) -> tuple[DecisionTaken, ...]:
    """Every decision that moved something: a budget that was changed tells from and to."""
    moved = {(one.campaign_id, one.at, one.reason): one for one in adjustments}
    taken: list[DecisionTaken] = []
    for row in rows:
        if row.decision_type == DecisionType.HOLD or _is_forecast(row):
            continue
        change = moved.pop((row.campaign_id or UUID(int=0), row.at, row.reasoning), None)
        action = row.action_taken
        taken.append(
            DecisionTaken(
                at=row.at,
                platform=row.platform or platforms.get(row.campaign_id),
                lever=_lever(row.decision_type),
                before=_money(change.old_micros) if change else _text(action.get("from")),
                after=_money(change.new_micros) if change else _text(action.get("to")),
                reason=row.reasoning,
                policy=row.policy,
                by=row.decided_by,
                confidence=row.confidence,
                expected=row.expected_impact,
                numbers=cast("dict[str, JsonValue]", row.expected),
            )
        )
    taken += [
        DecisionTaken(
            at=one.at,
            platform=platforms.get(one.campaign_id),
            lever=_LEVERS[DecisionType.ADJUST_BUDGET],
            before=_money(one.old_micros),
            after=_money(one.new_micros),
            reason=one.reason,
            policy=None,
            by=one.decided_by,
        )
        for one in moved.values()
    ]
    return _sorted(taken)


def _is_forecast(row: DecisionRow) -> bool:
    """Looking ahead moves nothing."""
    return row.decision_type == _FORECAST or (row.policy or "").startswith(_FORECAST)


def _lever(kind: str) -> str:
    known = {one.value: lever for one, lever in _LEVERS.items()}
    return known.get(kind, kind.removesuffix("_campaign").replace("_", " "))


def _held(rows: Sequence[DecisionRow]) -> tuple[Held, ...]:
    holds: dict[tuple[str, str], list[DecisionRow]] = {}
    for row in rows:
        if row.decision_type == DecisionType.HOLD and not _is_forecast(row):
            holds.setdefault((row.platform or "", row.policy or ""), []).append(row)
    return tuple(
        Held(
            platform=platform or None,
            policy=policy or None,
            times=len(same),
            last_reason=max(same, key=lambda one: (one.at, one.reasoning)).reasoning,
        )
        for (platform, policy), same in sorted(holds.items())
    )


def _guardrails(
    rows: Sequence[DecisionRow], incidents: Sequence[Incident], notices: Sequence[Notification]
) -> tuple[GuardrailFired, ...]:
    """Findings are recorded in words; the rule's name is in the incident or the alert of it."""
    names = {
        one.body: one.title.split(" on ")[0] for one in notices if one.key.startswith("guard/")
    }
    names |= {one.text: one.cause.replace("_", " ") for one in incidents}
    fired = [
        GuardrailFired(
            at=row.at,
            platform=row.platform,
            rule=names.get(row.reasoning, row.decision_type.replace("_", " ")),
            text=row.reasoning,
        )
        for row in rows
        if row.decision_type in (DecisionType.SAFETY, DecisionType.STOP)
    ]
    # A finding is recorded by the guard that has it and by the campaign that heeds it.
    return _sorted({one.model_dump_json(): one for one in fired}.values())


def _sorted(entries: Iterable[One]) -> tuple[One, ...]:
    """In order of time, then of what they say: rows come in no order of their own."""
    return tuple(sorted(entries, key=lambda one: one.model_dump_json()))


def _money(micros: int | None) -> str | None:
    return None if micros is None else f"{micros / 1_000_000:.2f}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
