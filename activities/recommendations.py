"""Recommendations: what the machine advises and leaves to a person."""

from datetime import datetime
from uuid import UUID, uuid5

from pydantic import JsonValue
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from models.contract.base import Frozen
from models.contract.vocabulary import DecisionOutcome
from models.database import Database
from models.tables import DecisionRow, RecommendationRow
from models.tables.columns import now_utc

OPEN, ACCEPTED, DISMISSED, EXPIRED = "open", "accepted", "dismissed", "expired"


class Advice(Frozen):
    """One recommendation. The same ``key`` again renews an open one; ``change`` is field, from, to.

    ``decision_id``: the decision that could not be carried out without a person.
    """

    team_id: UUID
    campaign_id: UUID | None
    key: str
    kind: str
    title: str
    reason: str
    change: dict[str, JsonValue] = {}
    evidence: dict[str, JsonValue] = {}
    expected: dict[str, JsonValue] = {}
    confidence: float | None = None
    decision_id: UUID | None = None
    at: datetime
    expires_at: datetime


class RecommendationActivities:
    """Writes recommendations down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def advise(self, advice: Advice) -> None:
        """Put a recommendation on the list, or renew it."""
        async with self._database.team(advice.team_id) as session:
            await put(session, advice)


async def put(session: AsyncSession, advice: Advice) -> None:
    """Write a recommendation; what a person has settled within its time is not asked again."""
    values: dict[str, object] = advice.model_dump(
        mode="python", exclude={"team_id", "key", "decision_id"}
    )
    fresh = values | {"state": OPEN, "settled_by": None, "settled_at": None, "note": ""}
    await session.execute(
        insert(RecommendationRow)
        .values(
            id=uuid5(advice.team_id, f"recommendation/{advice.key}"),
            team_id=advice.team_id,
            key=advice.key,
            created_at=now_utc(),
            **fresh,
        )
        .on_conflict_do_update(
            index_elements=["team_id", "key"],
            set_=fresh,
            where=(col(RecommendationRow.state) == OPEN)
            | (col(RecommendationRow.expires_at) <= advice.at),
        )
    )
    if advice.decision_id is not None:
        await session.execute(
            update(DecisionRow)
            .where(col(DecisionRow.id) == advice.decision_id)
            .values(outcome=DecisionOutcome.PENDING_APPROVAL.value, outcome_details=advice.reason)
        )


async def settle(
    session: AsyncSession, recommendation_id: UUID, state: str, by: str, note: str
) -> bool:
    """Close an open recommendation; False when it was closed before."""
    done = await session.execute(
        update(RecommendationRow)
        .where(col(RecommendationRow.id) == recommendation_id, col(RecommendationRow.state) == OPEN)
        .values(state=state, settled_by=by, settled_at=now_utc(), note=note)
        .returning(col(RecommendationRow.id))
    )
    return done.first() is not None


async def expire(session: AsyncSession, now: datetime) -> int:
    """Close what nobody answered in time; how many."""
    done = await session.execute(
        update(RecommendationRow)
        .where(col(RecommendationRow.state) == OPEN, col(RecommendationRow.expires_at) <= now)
        .values(state=EXPIRED, settled_at=now_utc(), settled_by="adflight")
        .returning(col(RecommendationRow.id))
    )
    return len(done.all())
