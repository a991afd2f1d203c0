"""What PostgreSQL remembers of campaigns: their state, decisions and questions to people."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities.spend import give_back
from models.contract.base import Frozen
from models.contract.campaign import CampaignInput, CampaignState
from models.contract.creative import Creative
from models.contract.decision import Decision
from models.contract.drift import DriftRecord
from models.contract.money import Money
from models.contract.vocabulary import DecisionOutcome
from models.database import Database
from models.tables import Approval, BudgetAdjustment, Campaign, CreativeRow, DecisionRow, Drift
from models.tables.columns import now_utc


class CampaignRecord(Frozen):
    """A campaign's state to remember. ``start`` is its input without state.

    ``decision`` is what led there, ``rests`` that it can spend no more.
    """

    start: CampaignInput
    state: CampaignState
    workflow_id: str
    decision: Decision | None = None
    rests: bool = False


class Question(Frozen):
    """A question to a person about one version of a plan."""

    team_id: UUID
    campaign_id: UUID
    version: int
    reasons: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]
    worst_case: Money
    if_unanswered: str
    asked_at: datetime
    expires_at: datetime


class Answer(Frozen):
    """What became of a question: approved, declined, expired or superseded."""

    team_id: UUID
    campaign_id: UUID
    version: int
    status: str
    by: str
    at: datetime
    note: str = ""


class BudgetChange(Frozen):
    """A budget that was changed on the network and read back."""

    team_id: UUID
    campaign_id: UUID
    old: Money | None
    new: Money
    reason: str
    by: str
    at: datetime
    id: UUID
    decision_id: UUID | None = None


class Outcome(Frozen):
    """What became of a decision (campaign time): success only when its effect was read back."""

    team_id: UUID
    decision_id: UUID
    at: datetime
    outcome: DecisionOutcome = DecisionOutcome.SUCCESS
    details: str = ""


class RecordActivities:
    """Every write may be repeated: the last state wins, decisions are kept by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def record_campaign(self, record: CampaignRecord) -> None:
        """Remember a campaign's state and creatives, and what led there: all or nothing.

        One that rests gives back the room that was reserved for it.
        """
        start, state = record.start, record.state
        plan = state.plan
        values: dict[str, object] = {
            "team_id": start.team_id,
            "promotion_id": start.promotion_id,
            "account_id": start.account.id,
            "platform": start.account.platform.value,
            "workflow_id": record.workflow_id,
            "platform_campaign_id": state.tree.campaign_id,
            "name": plan.name,
            "status": state.status.value,
            "objective": plan.objective.value,
            "campaign_type": plan.campaign_type.value,
            "destination_url": plan.destination_url,
            "page_fingerprint": _promise(start, state),
            "currency": plan.daily_budget.currency,
            "daily_budget_micros": plan.daily_budget.micros,
            "lifetime_budget_micros": _micros(plan.lifetime_budget),
            "live_budget_micros": _micros(state.live_budget),
            "version": state.version,
            "plan": plan.model_dump(mode="json"),
            "tree": state.tree.model_dump(mode="json"),
            "visits": [visit.model_dump(mode="json") for visit in state.visits],
            "created_by": start.author.value,
            "created_by_name": start.author_name,
            "approved_by": state.approved_by,
            "ai_confidence": state.approval.confidence,
            "admin_override": start.admin_override,
            "scheduled_start": plan.start,
            "scheduled_end": plan.end,
            "pause_reason": state.pause.reason if state.pause else None,
            "error_message": state.error,
            "updated_at": now_utc(),
        }
        async with self._database.team(start.team_id) as session:
            await session.execute(
                insert(Campaign)
                .values(
                    id=start.campaign_id,
                    spend_micros=0,
                    month_spend_micros=0,
                    created_at=now_utc(),
                    **values,
                )
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )
            for creative in state.creatives:
                row = _creative_values(start, state, creative)
                await session.execute(
                    insert(CreativeRow)
                    .values(created_at=now_utc(), **row)
                    .on_conflict_do_update(
                        index_elements=["campaign_id", "variant"],
                        set_={key: row[key] for key in row if key != "id"},
                    )
                )
            if record.rests:
                await give_back(session, start.campaign_id)
            if record.decision is not None:
                await _keep_decisions(session, [record.decision])

    @activity.defn
    async def record_decision(self, decision: Decision) -> None:
        """Write a decision, before it is acted on; a second write of its id changes nothing."""
        async with self._database.team(decision.team_id) as session:
            await _keep_decisions(session, [decision])

    async def record_decisions(self, decisions: Sequence[Decision]) -> None:
        """Write several decisions of one team, all or none."""
        if not decisions:
            return
        async with self._database.team(decisions[0].team_id) as session:
            await _keep_decisions(session, decisions)

    @activity.defn
    async def record_drift(self, drift: DriftRecord) -> None:
        """Write down what differed on a network; one row per object, field and value found."""
        async with self._database.team(drift.team_id) as session:
            await session.execute(
                insert(Drift)
                .values(
                    id=uuid5(drift.team_id, f"drift/{drift.key}"),
                    recorded_at=now_utc(),
                    **drift.model_dump(),
                )
                .on_conflict_do_nothing()
            )

    @activity.defn
    async def ask_person(self, question: Question) -> None:
        """Put a question on the list of approvals; older versions of it are superseded."""
        async with self._database.team(question.team_id) as session:
            await session.execute(
                update(Approval)
                .where(
                    col(Approval.campaign_id) == question.campaign_id,
                    col(Approval.version) < question.version,
                    col(Approval.status) == "pending",
                )
                .values(status="superseded")
            )
            await session.execute(
                insert(Approval)
                .values(
                    id=_question_id(question),
                    team_id=question.team_id,
                    campaign_id=question.campaign_id,
                    version=question.version,
                    status="pending",
                    reasons=list(question.reasons),
                    before=question.before,
                    after=question.after,
                    worst_case_micros=question.worst_case.micros,
                    currency=question.worst_case.currency,
                    if_unanswered=question.if_unanswered,
                    asked_at=question.asked_at,
                    expires_at=question.expires_at,
                    note="",
                )
                .on_conflict_do_nothing(index_elements=["campaign_id", "version"])
            )

    @activity.defn
    async def close_question(self, answer: Answer) -> None:
        """Take a question off the list with its outcome."""
        async with self._database.team(answer.team_id) as session:
            await session.execute(
                update(Approval)
                .where(
                    col(Approval.campaign_id) == answer.campaign_id,
                    col(Approval.version) == answer.version,
                    col(Approval.status) == "pending",
                )
                .values(
                    status=answer.status,
                    decided_by=answer.by,
                    decided_at=answer.at,
                    note=answer.note,
                )
            )

    @activity.defn
    async def record_budget(self, change: BudgetChange) -> None:
        """Remember a budget change: from, to, why, by whom."""
        async with self._database.team(change.team_id) as session:
            await session.execute(
                insert(BudgetAdjustment)
                .values(
                    id=change.id,
                    team_id=change.team_id,
                    campaign_id=change.campaign_id,
                    old_micros=_micros(change.old),
                    new_micros=change.new.micros,
                    currency=change.new.currency,
                    reason=change.reason,
                    decided_by=change.by,
                    at=change.at,
                )
                .on_conflict_do_nothing(index_elements=["id"])
            )
            if change.decision_id is not None:
                done = Outcome(team_id=change.team_id, decision_id=change.decision_id, at=change.at)
                await _note_outcome(session, done)

    @activity.defn
    async def record_outcome(self, outcome: Outcome) -> None:
        """A decision was carried out (from here on it can be scored), or why it was not."""
        async with self._database.team(outcome.team_id) as session:
            await _note_outcome(session, outcome)


async def _note_outcome(session: AsyncSession, outcome: Outcome) -> None:
    """A decision for several campaigns is carried out when the first one has been."""
    values: dict[str, object] = {"outcome": outcome.outcome.value}
    if outcome.outcome is DecisionOutcome.SUCCESS:
        values["executed_at"] = outcome.at
    else:
        values["outcome_details"] = outcome.details
    await session.execute(
        update(DecisionRow)
        .where(col(DecisionRow.id) == outcome.decision_id, col(DecisionRow.executed_at).is_(None))
        .values(**values)
    )


async def _keep_decisions(session: AsyncSession, decisions: Sequence[Decision]) -> None:
    """One statement, however many."""
    if not decisions:
        return
    await session.execute(
        insert(DecisionRow).on_conflict_do_nothing(index_elements=["id"]),
        [_decision_values(one) for one in decisions],
    )


def _decision_values(decision: Decision) -> dict[str, object]:
    return {
        "id": decision.id,
        "team_id": decision.team_id,
        "decision_type": decision.type.value,
        "decided_by": decision.decided_by,
        "campaign_id": decision.campaign_id,
        "promotion_id": decision.promotion_id,
        "platform": decision.platform,
        "policy": decision.policy,
        "input_context": decision.inputs,
        "reasoning": decision.reason,
        "action_taken": decision.action,
        "outcome": decision.outcome.value,
        "outcome_details": decision.outcome_details,
        "confidence": decision.confidence,
        "expected_impact": decision.expected_impact,
        "budget_impact_micros": _micros(decision.budget_impact),
        "expected": decision.expected,
        "score_details": {},
        "at": decision.at,
        "recorded_at": now_utc(),
    }


def _promise(start: CampaignInput, state: CampaignState) -> str:
    """What the page may say: the promise it was approved with, and one accepted since."""
    first = start.article.fingerprint if start.article else ""
    return " ".join(one for one in (first, state.seen_fingerprint) if one)


def _micros(money: Money | None) -> int | None:
    return money.micros if money is not None else None


def _question_id(question: Question) -> UUID:
    return uuid5(question.campaign_id, f"approval/{question.version}")


def _ad_status(state: CampaignState, variant: str) -> str:
    if variant in state.replaced:
        return "replaced"
    if variant not in state.tree.ad_ids:
        return "draft"
    return "resting" if variant in state.resting_ads else "active"


def _creative_values(
    start: CampaignInput, state: CampaignState, creative: Creative
) -> dict[str, object]:
    words = creative.copy_text
    return {
        "id": uuid5(start.campaign_id, f"creative/{creative.id}"),
        "team_id": start.team_id,
        "campaign_id": start.campaign_id,
        "variant": creative.id,
        "type": "video" if creative.video else "image",
        "source": creative.author,
        "status": _ad_status(state, creative.id),
        "angle": words.angle,
        "headline": words.headline,
        "primary_text": words.primary_text,
        "description": words.description,
        "call_to_action": words.call_to_action.value,
        "image_sha256": creative.image.sha256,
        "image_path": creative.image.path,
        "video_sha256": creative.video.sha256 if creative.video else "",
        "platform_creative_id": state.tree.creative_ids.get(creative.id),
        "platform_ad_id": state.tree.ad_ids.get(creative.id),
    }
