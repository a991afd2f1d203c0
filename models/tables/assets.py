"""The asset library: pictures and videos of a team, and which campaigns use them."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import document, instant_now, maybe_instant, team


class Asset(SQLModel, table=True):
    """One file of a team, found by its content.

    ``kind`` is image or video; pixels are upright. ``source`` is an ``Origin``, ``details`` say
    more (a product's id, a page's address). ``thumbnail_sha256`` is a small JPEG of it.
    ``trusted``: made by the product itself and never looked into as a stranger's file is.
    ``retired_at``: kept for what shows it, and offered to nothing new.
    """

    __tablename__ = "ad_assets"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("team_id", "sha256"),
        Index("ad_assets_by_folder", "team_id", "folder"),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    sha256: str = Field(max_length=64)
    kind: str = Field(max_length=10)
    media_type: str = Field(max_length=50)
    ending: str = Field(max_length=10)
    width: int
    height: int
    seconds: float | None = None
    bytes: int = Field(sa_type=BigInteger, nullable=False)
    source: str = Field(max_length=20)
    details: dict[str, object] = document()
    ai_made: bool = False
    provenance: str = Field(default="", max_length=20)
    label: str = Field(default="", max_length=200)
    folder: str = Field(default="", max_length=200)
    thumbnail_sha256: str = Field(default="", max_length=64, index=True)
    trusted: bool = False
    added_by: str = Field(default="", max_length=100)
    created_at: datetime = instant_now()
    retired_at: datetime | None = maybe_instant()
    retired_by: str | None = Field(default=None, max_length=100)


class AssetUse(SQLModel, table=True):
    """A campaign shows an asset, or shows what was made of it."""

    __tablename__ = "ad_asset_uses"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "sha256", "campaign_id"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    sha256: str = Field(max_length=64)
    campaign_id: UUID = Field(index=True)
    created_at: datetime = instant_now()
