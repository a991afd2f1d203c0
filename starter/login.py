"""Sessions: a person and a password become a cookie for twelve hours.

Attempts are counted before they are tried, by person and by address, in the database: so that
many at once, or by several processes, are no more than so many.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import case, delete, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.roles import known_role
from models.database import Database
from models.tables import LoginAttempt, LoginSession, Person, Team
from starter.passwords import fits
from starter.people import maybe_person
from starter.tokens import Found, digest, new_secret

LASTS = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
MOST_AS_A_PERSON, MOST_FROM_AN_ADDRESS = 10, 50
_MOMENT = timedelta(seconds=1)


class LoginRefused(Exception):
    """Not logged in. It says nothing about whether there is such a person or team."""


class TooManyAttempts(Exception):
    """Come again after ``wait``."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"{wait} to wait")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: who it is, the secret for the cookie, and until when (real time)."""

    found: Found
    secret: str
    expires_at: datetime


async def log_in(
    database: Database, team_id: UUID, name: str, password: str, address: str, now: datetime
) -> LoggedIn:
    """Check a password and begin a session. ``now`` is real time.

    Raises:
        LoginRefused: the person, the password or the team is wrong.
        TooManyAttempts: as this person, or from this address.
    """
    subjects = {_subject("person", name): MOST_AS_A_PERSON}
    subjects[_subject("address", address)] = MOST_FROM_AN_ADDRESS
    async with database.team(team_id) as session:
        known = await session.get(Team, team_id) is not None
        waits = [
            await _count(session, team_id, subject, most, now)
            for subject, most in sorted(subjects.items())
            if known
        ]
        row = await maybe_person(session, name) if known else None
    if any(waits):
        raise TooManyAttempts(max(waits))
    # In no transaction: it takes its time.
    if not await fits(password, row.password_hash if row is not None else None) or row is None:
        raise LoginRefused
    async with database.team(team_id) as session:
        person = await session.get(Person, row.id)
        role = known_role(person.role) if person is not None else None
        if person is None or role is None or person.password_hash != row.password_hash:
            raise LoginRefused
        await session.execute(
            delete(LoginAttempt).where(
                or_(
                    col(LoginAttempt.subject) == _subject("person", name),
                    col(LoginAttempt.since) <= now - WINDOW,  # what strangers left behind
                )
            )
        )
        await session.execute(delete(LoginSession).where(col(LoginSession.expires_at) <= now))
        secret = new_secret(team_id)
        begun = LoginSession(
            id=uuid4(),
            team_id=team_id,
            person_id=person.id,
            secret_hash=digest(secret),
            expires_at=now + LASTS,
        )
        session.add(begun)
    return LoggedIn(Found(person, role), secret, begun.expires_at)


async def visitor(session: AsyncSession, secret: str, now: datetime) -> Found | None:
    """Whose session it is; None for one that is unknown or over. ``now`` is real time."""
    row = (
        await session.execute(
            select(LoginSession, Person)
            .join(Person, col(Person.id) == col(LoginSession.person_id))
            .where(
                col(LoginSession.secret_hash) == digest(secret),
                col(LoginSession.expires_at) > now,
            )
        )
    ).one_or_none()
    role = known_role(row[1].role) if row is not None else None
    return Found(row[1], role) if row is not None and role is not None else None


async def log_out(session: AsyncSession, secret: str) -> None:
    """End one session."""
    await session.execute(
        delete(LoginSession).where(col(LoginSession.secret_hash) == digest(secret))
    )


async def _count(
    session: AsyncSession, team_id: UUID, subject: str, most: int, now: datetime
) -> timedelta:
    """Count one attempt; how long to wait, nothing while there were not too many."""
    new = insert(LoginAttempt).values(
        id=uuid4(), team_id=team_id, subject=subject, number=1, since=now
    )
    over = col(LoginAttempt.since) <= now - WINDOW
    row = (
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["team_id", "subject"],
                set_={
                    "number": case((over, 1), else_=col(LoginAttempt.number) + 1),
                    "since": case((over, now), else_=col(LoginAttempt.since)),
                },
            ).returning(col(LoginAttempt.number), col(LoginAttempt.since))
        )
    ).one()
    return max(row[1] + WINDOW - now, _MOMENT) if row[0] > most else timedelta(0)


def _subject(kind: str, value: str) -> str:
    return sha256(f"{kind}/{value}".encode()).hexdigest()
