"""A team's campaigns together: the day's opening, scores, advice, and the weekly reallocation."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from sqlmodel import col, select
from temporalio import activity

from activities.advice import advice
from activities.campaign_history import history
from activities.heartbeat import heartbeating
from activities.portfolio_inputs import Member, channel
from activities.readings import restate_budgets
from activities.recommendations import Advice, expire, put
from activities.records import RecordActivities
from activities.scoring import score_decisions, score_forecasts
from activities.teams import frozen, team_limits
from models.contract.decision import Decision
from models.contract.figures import FiguresQuery
from models.contract.money import Money
from models.contract.portfolio import (
    BudgetMove,
    Freed,
    FreedAsked,
    PortfolioDone,
    PortfolioOrder,
    Reallocated,
)
from models.contract.vocabulary import (
    Autonomy,
    CampaignStatus,
    DecisionOutcome,
    DecisionType,
)
from models.database import Database
from models.tables import Account, Campaign, Commitment, DecisionRow
from policy import reallocation
from policy.catalogue import plain
from policy.reallocation import Allocation, ReallocationInputs

_MONDAY = date(2024, 1, 1)
_WEEK = 7
_GOOD_FOR = timedelta(days=7)


class PortfolioActivities:
    """Collaborators: the database, and the log of decisions."""

    def __init__(self, database: Database, records: RecordActivities) -> None:
        self._database = database
        self._records = records

    @activity.defn
    async def begin_day(self, order: PortfolioOrder) -> PortfolioDone:
        """Restate the budget periods, score what is mature, let old advice expire."""
        now = order.clock.campaign_time(datetime.now(UTC))
        async with heartbeating():
            async with self._database.team(order.team_id) as session:
                await restate_budgets(session, now.date())
                expired = await expire(session, now)
            scored = await score_decisions(self._database, order.team_id, now)
            scored += await score_forecasts(self._database, order.team_id, now)
            recommended = await self._recommend(order.team_id, now)
        return PortfolioDone(scored=scored, expired=expired, recommended=recommended)

    async def _recommend(self, team_id: UUID, now: datetime) -> int:
        """Advice on every active campaign, beside those that came before it."""
        members = [one for group in (await self._groups(team_id, now)).values() for one in group]
        found = [
            each for one in members for each in advice(one, [m for m in members if m is not one])
        ]
        async with self._database.team(team_id) as session:
            for each in found:
                await put(session, each)
        return len(found)

    @activity.defn
    async def reallocate(self, order: PortfolioOrder) -> Reallocated:
        """Decide and record, currency by currency; where people decide, advise only."""
        now = order.clock.campaign_time(datetime.now(UTC))
        lowered: list[BudgetMove] = []
        raised: list[BudgetMove] = []
        async with heartbeating():
            groups = await self._groups(order.team_id, now)
            for currency, group in sorted(groups.items()):
                moves = await self._decide(order.team_id, now, currency, group)
                lowered += [one for one in moves if one.after.micros < one.before.micros]
                raised += [one for one in moves if one.after.micros > one.before.micros]
        return Reallocated(lowered=tuple(lowered), raised=tuple(raised))

    @activity.defn
    async def freed(self, asked: FreedAsked) -> Freed:
        """What campaigns have given back: their commitment is at or below the new budget."""
        ids = [one.campaign_id for one in asked.moves]
        async with self._database.team(asked.team_id) as session:
            rows = await session.scalars(
                select(Commitment).where(
                    col(Commitment.campaign_id).in_(ids),
                    col(Commitment.state).in_(("reserved", "confirmed")),
                )
            )
            promised = {row.campaign_id: row.daily_micros for row in rows}
        micros: dict[str, int] = defaultdict(int)
        open_ = 0
        for one in asked.moves:
            if promised.get(one.campaign_id, 0) <= one.after.micros:
                micros[one.after.currency] += one.before.micros - one.after.micros
            else:
                open_ += 1
        return Freed(micros=dict(micros), open=open_)

    async def _groups(self, team_id: UUID, now: datetime) -> dict[str, list[Member]]:
        """Active campaigns by currency, with what is known of each."""
        groups: dict[str, list[Member]] = defaultdict(list)
        async with self._database.team(team_id) as session:
            zones = {row.id: row.timezone for row in await session.scalars(select(Account))}
            rows = await session.scalars(
                select(Campaign)
                .where(col(Campaign.status) == CampaignStatus.ACTIVE.value)
                .order_by(col(Campaign.id))
            )
            for row in rows.all():
                query = FiguresQuery(
                    team_id=team_id,
                    campaign_id=row.id,
                    timezone=zones[row.account_id],
                    currency=row.currency,
                    now=now,
                )
                groups[row.currency].append(Member(row, await history(session, query), query))
        return groups

    async def _decide(
        self,
        team_id: UUID,
        now: datetime,
        currency: str,
        group: Sequence[Member],
    ) -> list[BudgetMove]:
        week = (now.date() - _MONDAY).days // _WEEK
        decision_id = uuid5(team_id, f"reallocation/{currency}/{week}")
        inputs = ReallocationInputs(
            currency=currency,
            channels=tuple(channel(one) for one in group),
            week=week,
            days_since_last=await self._days_since(team_id, currency, now),
        )
        answer = reallocation.decide(inputs)
        campaigns = {str(one.row.id): one.row for one in group}
        moved = [one for one in answer.allocations if one.proposed != one.budget]
        held = await self._held(team_id)
        whole = plain(answer)
        await self._records.record_decision(
            Decision(
                id=decision_id,
                team_id=team_id,
                type=DecisionType.REALLOCATE if moved else DecisionType.HOLD,
                decided_by="policy",
                policy=f"{reallocation.NAME}@{reallocation.VERSION}",
                reason=answer.reason,
                at=now,
                inputs=plain(inputs),
                action={"action": answer.action, "answer": whole, "currency": currency},
                outcome=(
                    DecisionOutcome.DECIDED if moved and held is None else DecisionOutcome.HELD
                ),
                outcome_details=held or "",
                confidence=answer.confidence,
            )
        )
        moves = [_move(one, campaigns[one.id], currency, decision_id) for one in moved]
        if held is not None:
            await self._advise(team_id, moves, now, held)
            return []
        return moves

    async def _held(self, team_id: UUID) -> str | None:
        """Why the machine may not move money by itself."""
        async with self._database.team(team_id) as session:
            limits = await team_limits(session, team_id)
            suspended = await frozen(session)
        if suspended is not None:
            return suspended
        if limits.autonomy is Autonomy.MANUAL:
            return "the team's autonomy is manual: a person moves money"
        return None

    async def _advise(
        self, team_id: UUID, moves: Sequence[BudgetMove], now: datetime, why: str
    ) -> None:
        async with self._database.team(team_id) as session:
            for one in moves:
                await put(session, advice_of(team_id, one, now, why))

    async def _days_since(self, team_id: UUID, currency: str, now: datetime) -> float | None:
        async with self._database.team(team_id) as session:
            last = await session.scalar(
                select(DecisionRow.at)
                .where(
                    col(DecisionRow.decision_type) == DecisionType.REALLOCATE.value,
                    col(DecisionRow.action_taken)["currency"].astext == currency,
                    col(DecisionRow.executed_at).is_not(None),
                )
                .order_by(col(DecisionRow.at).desc())
                .limit(1)
            )
        return None if last is None else (now - last).total_seconds() / 86_400


def _move(one: Allocation, row: Campaign, currency: str, decision_id: UUID) -> BudgetMove:
    return BudgetMove(
        campaign_id=row.id,
        workflow_id=row.workflow_id,
        before=Money(micros=one.budget, currency=currency),
        after=Money(micros=one.proposed, currency=currency),
        reason=one.reason,
        decision_id=decision_id,
    )


def advice_of(team_id: UUID, move: BudgetMove, now: datetime, why: str) -> Advice:
    """A move between campaigns as advice to a person; good until the next reallocation."""
    raising = move.after.micros > move.before.micros
    return Advice(
        team_id=team_id,
        campaign_id=move.campaign_id,
        key=f"{move.campaign_id}/reallocate",
        kind="reallocate",
        title=f"{'Raise' if raising else 'Lower'} from {move.before} to {move.after} a day",
        reason=f"{move.reason}. Not done by itself: {why}",
        change={
            "field": "daily_budget",
            "from": str(move.before.amount),
            "to": str(move.after.amount),
        },
        at=now,
        expires_at=now + _GOOD_FOR,
    )
