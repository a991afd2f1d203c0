"""What the machine advises and may not do by itself."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import document, instant, instant_now, maybe_instant, team


class RecommendationRow(SQLModel, table=True):
    """Advice with its evidence and the exact change that accepting it makes.

    ``state``: open, accepted, dismissed or expired. ``change`` holds field, from and to.
    """

    __tablename__ = "ad_recommendations"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "key"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    campaign_id: UUID | None = Field(default=None, index=True)
    key: str = Field(max_length=200)
    kind: str = Field(max_length=40)
    title: str
    reason: str = ""
    evidence: dict[str, object] = document()
    change: dict[str, object] = document()
    expected: dict[str, object] = document()
    confidence: float | None = None
    state: str = Field(default="open", max_length=20)
    settled_by: str | None = Field(default=None, max_length=100)
    settled_at: datetime | None = maybe_instant()
    note: str = ""
    at: datetime = instant()
    expires_at: datetime = instant()
    created_at: datetime = instant_now()
