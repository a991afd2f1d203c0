"""How people and programs come in: API tokens, sessions, and attempts to log in.

Secrets of 256 random bits are kept as their SHA-256: nobody guesses those, so that a slow hash
would only cost every request. Passwords, which people choose, are kept with scrypt.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, instant_now, maybe_instant, team


class ApiToken(SQLModel, table=True):
    """A token of a person, for programs. ``prefix`` are its first characters, to recognise it by.

    ``role`` is the most it may do; never more than its person may at that moment.
    """

    __tablename__ = "api_tokens"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    person_id: UUID = Field(
        sa_column_args=[ForeignKey("people.id", ondelete="CASCADE")], nullable=False, index=True
    )
    name: str = Field(max_length=100)
    role: str = Field(max_length=20)
    prefix: str = Field(max_length=60)
    secret_hash: str = Field(max_length=64, unique=True)
    made_by: str = Field(max_length=100)
    created_at: datetime = instant_now()
    expires_at: datetime | None = maybe_instant()
    last_used_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()


class LoginSession(SQLModel, table=True):
    """Somebody who logged in, until ``expires_at`` (real time) or until the row is gone."""

    __tablename__ = "login_sessions"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    person_id: UUID = Field(
        sa_column_args=[ForeignKey("people.id", ondelete="CASCADE")], nullable=False, index=True
    )
    secret_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = instant_now()
    expires_at: datetime = instant()


class LoginAttempt(SQLModel, table=True):
    """Attempts to log in as one person, or from one address, since an instant.

    ``subject`` is a digest: what strangers type as a name may be their password.
    """

    __tablename__ = "login_attempts"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("team_id", "subject"),)
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    subject: str = Field(max_length=64)
    number: int = 0
    since: datetime = instant()
