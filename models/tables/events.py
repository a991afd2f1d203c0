"""What comes in: verified events and watched feeds."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import document, instant_now, maybe_instant, team


class InboundEvent(SQLModel, table=True):
    """A verified event, once per source and id; pending until its workflow has started."""

    __tablename__ = "inbound_events"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "source", "event_id"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    source: str
    event_id: str = Field(max_length=255)
    type: str = Field(max_length=100)
    url: str
    payload: dict[str, object] = document()
    promotion_id: str | None = Field(default=None, max_length=100)
    status: str = Field(default="pending", max_length=20)
    received_at: datetime = instant_now()
    dispatched_at: datetime | None = maybe_instant()


class Feed(SQLModel, table=True):
    """A feed that is watched; ``state`` remembers validators and what was seen."""

    __tablename__ = "feeds"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "url"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    url: str
    state: dict[str, object] = document()
    last_polled_at: datetime | None = maybe_instant()
    error: str | None = None
    created_at: datetime = instant_now()
