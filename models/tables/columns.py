"""Column shapes shared by the tables: aware instants, money and JSON documents."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


def now_utc() -> datetime:
    """The wall clock, for ``created_at`` columns only."""
    return datetime.now(UTC)


def instant(*, index: bool = False) -> Any:
    """A required aware timestamp."""
    return Field(sa_type=DateTime(timezone=True), nullable=False, index=index)  # pyright: ignore[reportArgumentType, reportCallIssue]


def instant_now() -> Any:
    """An aware timestamp that defaults to now."""
    return Field(default_factory=now_utc, sa_type=DateTime(timezone=True), nullable=False)  # pyright: ignore[reportArgumentType, reportCallIssue]


def maybe_instant() -> Any:
    """An optional aware timestamp."""
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=True)  # pyright: ignore[reportArgumentType, reportCallIssue]


def micros() -> Any:
    """A required amount in millionths of the row's currency."""
    return Field(sa_type=BigInteger, nullable=False)


def maybe_micros() -> Any:
    """An optional amount in millionths of the row's currency."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def document() -> Any:
    """A JSON object, empty by default."""
    return Field(default_factory=dict, sa_type=JSONB, nullable=False)


def documents() -> Any:
    """A JSON array, empty by default."""
    return Field(default_factory=list, sa_type=JSONB, nullable=False)


def team() -> Any:
    """The owning team; row-level security compares it with the session's team."""
    return Field(foreign_key="teams.id", nullable=False, index=True)
