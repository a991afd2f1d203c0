"""The audit trail: decisions, effects asked of networks, Claude calls, notifications."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import (
    document,
    documents,
    instant,
    instant_now,
    maybe_instant,
    maybe_micros,
    team,
)


class DecisionRow(SQLModel, table=True):
    """One decision, written before it is acted on.

    ``executed_at``: when its effect was read back. ``score`` is what became of it against what it
    ``expected``: improved, worse or inconclusive.
    """

    __tablename__ = "ai_ads_decisions"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    decision_type: str = Field(max_length=50, index=True)
    decided_by: str = Field(max_length=100)
    campaign_id: UUID | None = Field(default=None, index=True)
    promotion_id: str | None = Field(default=None, index=True)
    platform: str | None = Field(default=None, max_length=20)
    policy: str | None = Field(default=None, max_length=100)
    input_context: dict[str, object] = document()
    reasoning: str = ""
    action_taken: dict[str, object] = document()
    outcome: str = Field(default="success", max_length=20)
    outcome_details: str = ""
    confidence: float | None = None
    expected_impact: str = ""
    budget_impact_micros: int | None = maybe_micros()
    expected: dict[str, object] = document()
    executed_at: datetime | None = maybe_instant()
    score: str | None = Field(default=None, max_length=20)
    score_details: dict[str, object] = document()
    at: datetime = instant(index=True)
    recorded_at: datetime = instant_now()


class Effect(SQLModel, table=True):
    """One object asked of a network under one key, and the one object found for it.

    ``state``: asked, confirmed, or quarantined until a person picks one of ``candidates``.
    ``lost`` counts attempts whose answer was lost and after which nothing was found.
    """

    __tablename__ = "network_effects"  # pyright: ignore[reportAssignmentType]
    key: str = Field(primary_key=True, max_length=40)
    team_id: UUID = team()
    campaign_id: UUID = Field(index=True)
    platform: str = Field(max_length=20)
    kind: str = Field(max_length=20)
    state: str = Field(default="asked", max_length=20)
    external_id: str | None = Field(default=None, max_length=255)
    attempts: int = 1
    lost: int = 0
    twins_removed: int = 0
    note: str = ""
    candidates: list[dict[str, object]] = documents()
    asked_at: datetime = instant_now()
    settled_at: datetime | None = maybe_instant()
    settled_by: str | None = Field(default=None, max_length=100)


class ClaudeCall(SQLModel, table=True):
    """A request to Claude and its answer, found again by the request's hash."""

    __tablename__ = "claude_calls"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "request_hash"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    request_hash: str = Field(max_length=64)
    purpose: str = Field(max_length=50)
    model: str = Field(max_length=100)
    request: dict[str, object] = document()
    response: dict[str, object] = document()
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int | None = maybe_micros()
    created_at: datetime = instant_now()


class Notification(SQLModel, table=True):
    """A message to people, one per key however often it was asked for.

    ``delivered_to`` holds the instant of delivery by channel. What waits for the daily digest has
    ``digest`` set.
    """

    __tablename__ = "notifications"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "key"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    key: str = Field(max_length=200)
    severity: str = Field(default="low", max_length=20)
    title: str
    body: str = ""
    incident_key: str | None = Field(default=None, max_length=200)
    digest: bool = False
    delivered_to: dict[str, object] = document()
    created_at: datetime = instant_now()
    delivered_at: datetime | None = maybe_instant()
