"""What the guards saw and did: incidents, drift, failing calls, first-hand conversions."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
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


class Incident(SQLModel, table=True):
    """A stop or a safety rule that fired; open until a named person resolves it."""

    __tablename__ = "incidents"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "key"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    key: str = Field(max_length=200)
    severity: str = Field(max_length=20)
    cause: str = Field(max_length=100)
    title: str
    text: str = ""
    scope: str = Field(max_length=100)
    level: str | None = Field(default=None, max_length=20)
    platform: str | None = Field(default=None, max_length=20)
    account_id: UUID | None = Field(default=None, index=True)
    campaign_id: UUID | None = Field(default=None, index=True)
    numbers: dict[str, object] = document()
    timeline: list[dict[str, object]] = documents()
    done: list[str] = documents()
    money_at_risk_micros: int | None = maybe_micros()
    currency: str = Field(default="USD", max_length=3)
    state: str = Field(default="open", max_length=20, index=True)
    opened_at: datetime = instant()
    resolved_at: datetime | None = maybe_instant()
    resolved_by: str | None = Field(default=None, max_length=100)
    resolution: str = ""
    recorded_at: datetime = instant_now()


class FirstHandEvent(SQLModel, table=True):
    """A click or conversion our own site saw, once per team and event id."""

    __tablename__ = "first_hand_events"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("team_id", "event_id"),
        Index("first_hand_by_campaign", "campaign_id", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    team_id: UUID = team()
    event_id: str = Field(max_length=255)
    kind: str = Field(max_length=20)
    campaign_id: UUID
    at: datetime = instant()
    value_micros: int | None = maybe_micros()
    currency: str | None = Field(default=None, max_length=3)
    received_at: datetime = instant_now()


class Drift(SQLModel, table=True):
    """Something on the network that is not as we left it, and what we did about it."""

    __tablename__ = "network_drifts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "key"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    key: str = Field(max_length=200)
    account_id: UUID = Field(index=True)
    campaign_id: UUID | None = Field(default=None, index=True)
    object_kind: str = Field(max_length=20)
    object_id: str = Field(max_length=255)
    field: str = Field(max_length=50)
    expected: str = ""
    found: str = ""
    action: str = Field(max_length=20)
    note: str = ""
    at: datetime = instant()
    recorded_at: datetime = instant_now()


class ApiFailure(SQLModel, table=True):
    """A call to a network that failed after it was sent, for the error-burst rule."""

    __tablename__ = "api_failures"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("api_failures_by_account", "account_id", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    team_id: UUID = team()
    account_id: UUID
    platform: str = Field(max_length=20)
    kind: str = Field(max_length=50)
    message: str = ""
    at: datetime = instant()
