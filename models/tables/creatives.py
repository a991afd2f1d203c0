"""Teams' brands, and what creatives cost."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import document, instant_now, maybe_micros, micros, team


class BrandRow(SQLModel, table=True):
    """A team's brand: a document of ``models.contract.brand.Brand``. The newest version counts;
    the others say what ads followed before."""

    __tablename__ = "brands"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "version"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    version: int
    brand: dict[str, object] = document()
    changed_by: str = Field(max_length=100)
    changed_at: datetime = instant_now()


class CreativeOrderRow(SQLModel, table=True):
    """One picture or clip ordered from a generator, noted before it is asked for.

    ``status``: ``asking`` (its answer may be lost), ``ordered`` (``ticket`` says what to collect),
    ``made`` (``result``), ``lost`` (asked again under another ``attempt``; it may be billed) or
    ``refused``. ``price_micros`` counts against the campaign's creative budget (0 once a refusal
    costs nothing); ``charged_micros`` is what the generator said it took, where it says so.
    """

    __tablename__ = "creative_orders"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "campaign_id", "key", "attempt"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    campaign_id: UUID = Field(index=True)
    key: str = Field(max_length=60)
    attempt: int = 1
    generator: str = Field(max_length=60)
    status: str = Field(default="asking", max_length=10)
    price_micros: int = micros()
    charged_micros: int | None = maybe_micros()
    currency: str = Field(default="USD", max_length=3)
    ticket: dict[str, object] = document()
    result: dict[str, object] = document()
    created_at: datetime = instant_now()
