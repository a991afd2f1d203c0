"""How many calls are left on a network, shared by all worker processes."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, maybe_instant, team


class CallAllowance(SQLModel, table=True):
    """One bucket of calls. ``level`` was left at ``at`` (real time) and refills evenly.

    ``holder``: the account whose bucket it is, or a digest of the credential where a network
    counts by app. ``closed_until``: the network said so itself.
    """

    __tablename__ = "call_allowances"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "holder", "bucket"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    holder: str = Field(max_length=80)
    bucket: str = Field(max_length=60)
    level: float
    at: datetime = instant()
    closed_until: datetime | None = maybe_instant()
