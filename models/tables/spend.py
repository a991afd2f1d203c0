"""Budgets, commitments, limits, exchange rates, figures and standing stops."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import Index, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, instant_now, maybe_instant, maybe_micros, micros, team


class Budget(SQLModel, table=True):
    """What a scope may spend in a period, and what it has spent.

    Scope: platform and account null is the whole team; account null is a platform. Amounts are
    in the team's reporting currency.
    """

    __tablename__ = "ad_budgets"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint(
            "team_id",
            "platform",
            "account_id",
            "period_type",
            "period_start",
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    platform: str | None = Field(default=None, max_length=20)
    account_id: UUID | None = None
    period_type: str = Field(max_length=20)
    period_start: date
    period_end: date
    currency: str = Field(default="USD", max_length=3)
    allocated_micros: int = micros()
    spent_micros: int = micros()
    status: str = Field(default="active", max_length=20)


class BudgetAdjustment(SQLModel, table=True):
    """A change of a campaign's budget: from, to, why, by whom."""

    __tablename__ = "ad_budget_adjustments"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    campaign_id: UUID = Field(index=True)
    old_micros: int | None = maybe_micros()
    new_micros: int = micros()
    currency: str = Field(default="USD", max_length=3)
    reason: str = ""
    decided_by: str = Field(max_length=100)
    at: datetime = instant()


class Commitment(SQLModel, table=True):
    """Spend that is promised: reserved before the network call, confirmed by read-back."""

    __tablename__ = "spend_commitments"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "one_live_commitment",
            "campaign_id",
            unique=True,
            postgresql_where=text("state IN ('reserved', 'confirmed')"),
        ),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    account_id: UUID
    campaign_id: UUID = Field(index=True)
    platform: str = Field(max_length=20)
    key: str = Field(max_length=200, index=True)
    daily_micros: int = micros()
    currency: str = Field(default="USD", max_length=3)
    over_delivery: float = 1.0
    balanced: bool = True  # over-delivery of one day is made up for within the week
    until: datetime | None = maybe_instant()
    state: str = Field(default="reserved", max_length=20, index=True)
    created_at: datetime = instant_now()
    updated_at: datetime = instant_now()


class Snapshot(SQLModel, table=True):
    """A cumulative reading of one campaign-day. Restated by appending, never overwritten."""

    __tablename__ = "ad_performance_snapshots"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("campaign_id", "day", "as_of"),
        Index("snapshots_by_time", "as_of", postgresql_using="brin"),
    )
    id: int | None = Field(default=None, primary_key=True)
    team_id: UUID = team()
    account_id: UUID = Field(index=True)
    campaign_id: UUID
    platform_campaign_id: str = Field(max_length=255)
    day: date
    as_of: datetime = instant()
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    reach: int = 0
    spend_micros: int = micros()
    revenue_micros: int | None = maybe_micros()
    currency: str = Field(default="USD", max_length=3)


class CreativeSnapshot(SQLModel, table=True):
    """A cumulative reading of one ad on one day, that is, of what its creative did. Restated by
    appending, never overwritten. ``reach`` 0: unknown where its network has none by ad (X), as
    ``reach_so_far``: different people since the ad began, known on the day of the reading alone."""

    __tablename__ = "ad_creative_snapshots"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("campaign_id", "platform_ad_id", "day", "as_of"),
        Index("creative_snapshots_by_time", "as_of", postgresql_using="brin"),
    )
    id: int | None = Field(default=None, primary_key=True)
    team_id: UUID = team()
    account_id: UUID = Field(index=True)
    campaign_id: UUID
    platform_ad_id: str = Field(max_length=255)
    day: date
    as_of: datetime = instant()
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    reach: int = 0
    reach_so_far: int = 0
    spend_micros: int = micros()
    revenue_micros: int | None = maybe_micros()
    currency: str = Field(default="USD", max_length=3)


class StandingStop(SQLModel, table=True):
    """A stop that stands until a named person lifts it. Scope: ``all``, a platform, an account."""

    __tablename__ = "ad_stops"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    scope: str = Field(max_length=100)
    level: str = Field(max_length=20)
    by: str = Field(max_length=100)
    reason: str = ""
    since: datetime = instant()
    lifted_at: datetime | None = maybe_instant()
    lifted_by: str | None = None
    lift_reason: str = ""
    incident_key: str | None = Field(default=None, max_length=200)


class ExchangeRate(SQLModel, table=True):
    """Units of the team's reporting currency for one unit of another, on a day."""

    __tablename__ = "exchange_rates"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "currency", "as_of"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    currency: str = Field(max_length=3)
    rate: Decimal = Field(sa_type=Numeric(24, 12), nullable=False)  # pyright: ignore[reportArgumentType]
    as_of: date
    source: str = Field(max_length=100)
    recorded_by: str = Field(max_length=100)
    recorded_at: datetime = instant_now()


class LimitChange(SQLModel, table=True):
    """A change of a limit: from, to, why, by whom. Scope: ``team`` or ``account:ID``."""

    __tablename__ = "limit_changes"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    scope: str = Field(max_length=100)
    name: str = Field(max_length=50)
    old: str = ""
    new: str = ""
    reason: str = ""
    by: str = Field(max_length=100)
    at: datetime = instant_now()
