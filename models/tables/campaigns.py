"""Promotions, their campaigns, the creatives and the approvals."""

from datetime import date, datetime
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
    micros,
    team,
)


class Promotion(SQLModel, table=True):
    """One piece of content, promoted at most once per team."""

    __tablename__ = "promotions"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "canonical_url"),)
    id: str = Field(primary_key=True, max_length=100)
    team_id: UUID = team()
    canonical_url: str
    title: str = ""
    content_type: str = Field(default="article", max_length=30)
    source: str = ""
    status: str = Field(default="evaluating", max_length=30)
    reasoning: str = ""
    fingerprint: str = ""
    created_at: datetime = instant_now()
    closed_at: datetime | None = maybe_instant()


class Campaign(SQLModel, table=True):
    """A campaign as last reported by its workflow, which is the authority on its state."""

    __tablename__ = "ad_campaigns"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    promotion_id: str | None = Field(default=None, index=True, max_length=100)
    account_id: UUID = Field(foreign_key="ad_platform_accounts.id")
    platform: str = Field(max_length=20, index=True)
    workflow_id: str = Field(max_length=255)
    platform_campaign_id: str | None = Field(default=None, max_length=255)
    name: str = Field(max_length=255)
    status: str = Field(default="draft", max_length=30, index=True)
    objective: str = Field(max_length=50)
    campaign_type: str = Field(max_length=30)
    destination_url: str
    page_fingerprint: str = ""
    currency: str = Field(default="USD", max_length=3)
    daily_budget_micros: int = micros()
    lifetime_budget_micros: int | None = maybe_micros()
    live_budget_micros: int | None = maybe_micros()
    spend_micros: int = micros()
    month_spend_micros: int = micros()
    month_start: date | None = None
    figures_as_of: datetime | None = maybe_instant()
    version: int = 1
    plan: dict[str, object] = document()
    tree: dict[str, object] = document()
    visits: list[dict[str, object]] = documents()
    created_by: str = Field(default="ai", max_length=20)
    created_by_name: str = ""
    approved_by: str | None = None
    ai_confidence: float | None = None
    admin_override: bool = False
    scheduled_start: datetime | None = maybe_instant()
    scheduled_end: datetime | None = maybe_instant()
    pause_reason: str | None = None
    error_message: str | None = None
    created_at: datetime = instant_now()
    updated_at: datetime = instant_now()


class CreativeRow(SQLModel, table=True):
    """One variant of a campaign's ads."""

    __tablename__ = "ad_creatives"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("campaign_id", "variant"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    campaign_id: UUID = Field(index=True)
    variant: str = Field(max_length=20)
    type: str = Field(default="image", max_length=20)
    source: str = Field(default="ai", max_length=20)
    status: str = Field(default="draft", max_length=20)
    angle: str = ""
    headline: str = Field(max_length=500)
    primary_text: str = ""
    description: str = ""
    call_to_action: str = Field(default="learn_more", max_length=100)
    image_sha256: str = ""
    image_path: str = ""
    video_sha256: str = ""
    platform_creative_id: str | None = Field(default=None, max_length=255)
    platform_ad_id: str | None = Field(default=None, max_length=255)
    created_at: datetime = instant_now()


class Approval(SQLModel, table=True):
    """A question to a person: what changes, what it can cost, what silence means."""

    __tablename__ = "ad_approvals"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("campaign_id", "version"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    campaign_id: UUID = Field(index=True)
    version: int
    status: str = Field(default="pending", max_length=20, index=True)
    reasons: list[str] = documents()
    before: dict[str, object] = document()
    after: dict[str, object] = document()
    worst_case_micros: int = micros()
    currency: str = Field(default="USD", max_length=3)
    if_unanswered: str = ""
    asked_at: datetime = instant()
    expires_at: datetime = instant()
    decided_by: str | None = None
    decided_at: datetime | None = maybe_instant()
    note: str = ""
