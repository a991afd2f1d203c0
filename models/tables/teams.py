"""Teams, their people and their ad accounts."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.tables.columns import document, instant_now, maybe_instant, maybe_micros, team


class Team(SQLModel, table=True):
    """A workspace: the owner of everything else. ``limits`` is a ``SpendLimits`` document."""

    __tablename__ = "teams"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(max_length=100, unique=True)
    reporting_currency: str = Field(default="USD", max_length=3)
    enabled: bool = True
    limits: dict[str, object] = document()
    promotion_rules: dict[str, object] = document()
    created_at: datetime = instant_now()


class Person(SQLModel, table=True):
    """Somebody who watches, approves, operates or owns (``models.contract.roles``).

    ``password_hash`` is for sessions; without one nobody logs in by that name.
    """

    __tablename__ = "people"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "name"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    name: str = Field(max_length=100)
    email: str | None = Field(default=None, max_length=255)
    role: str = Field(default="operator", max_length=20)
    password_hash: str | None = Field(default=None, max_length=200)
    created_at: datetime = instant_now()


class Account(SQLModel, table=True):
    """An ad account. ``credentials_ref`` says where its secrets are, and is none.

    ``confirmed_at``: when a person agreed that real money may be spent from it, at first no more
    than ``confirmed_cap_micros`` a day; a sandbox account needs no such word.
    """

    __tablename__ = "ad_platform_accounts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("team_id", "platform", "platform_account_id"),
        Index(
            "one_default_a_platform",
            "team_id",
            "platform",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    platform: str = Field(max_length=20, index=True)
    account_name: str = Field(max_length=100)
    platform_account_id: str = Field(max_length=255)
    currency: str = Field(default="USD", max_length=3)
    timezone: str = Field(default="UTC", max_length=50)
    status: str = Field(default="active", max_length=20)
    status_reason: str = ""
    status_at: datetime | None = maybe_instant()
    credentials_off_at: datetime | None = maybe_instant()
    credentials_off_by: str | None = Field(default=None, max_length=100)
    credentials_ref: str = Field(default="", max_length=100)
    sandbox: bool = False
    is_default: bool = True
    options: dict[str, str] = document()
    daily_limit_micros: int | None = maybe_micros()
    monthly_limit_micros: int | None = maybe_micros()
    first_activated_at: datetime | None = maybe_instant()
    confirmed_at: datetime | None = maybe_instant()
    confirmed_by: str | None = Field(default=None, max_length=100)
    confirmed_cap_micros: int | None = maybe_micros()
    notes: str = ""
    created_at: datetime = instant_now()
