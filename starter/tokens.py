"""API tokens: ``adf_`` + the team + 256 random bits. Shown once, kept as a hash.

The team stands in the token, because row-level security shows no team's rows before a team is
named; naming another team's finds nothing there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID, uuid4

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.roles import Role, known_role, lesser
from models.tables import ApiToken, Person
from starter.people import Change, PeopleRefused, record

MARK = "adf"
_SHOWN = 6
_USED_AGAIN = timedelta(minutes=1)
"""Real time within which a use is not written down again."""


@dataclass(frozen=True, slots=True)
class Found:
    """Whose secret it is and what it may do at this moment."""

    person: Person
    role: Role
    label: str = ""


def new_secret(team_id: UUID) -> str:
    """The team's id and 256 random bits, joined by a dot."""
    return f"{team_id.hex}.{token_urlsafe(32)}"


def team_of(secret: str) -> UUID | None:
    """The team that a secret names; None where it is none of ours."""
    named, dot, rest = secret.partition(".")
    try:
        return UUID(hex=named) if dot and rest and len(named) == 32 else None
    except ValueError:
        return None


def digest(secret: str) -> str:
    """What is kept of a secret. It is random: a fast hash gives nothing away."""
    return sha256(secret.encode()).hexdigest()


def unmarked(token: str) -> str:
    """The secret in a token; empty where it is no token of ours."""
    mark, _, secret = token.partition("_")
    return secret if mark == MARK else ""


async def create(
    session: AsyncSession,
    change: Change,
    person: Person,
    name: str,
    role: Role,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token of a person: its record, and the token itself for this one time.

    Raises:
        PeopleRefused: it would do more than its person, or has no name.
    """
    may_do = known_role(person.role)
    if may_do is None or role.rank > may_do.rank:
        raise PeopleRefused(
            f"a token of {person.name!r} can be no {role.value}: {person.name} is "
            f"{person.role}; choose a role up to that"
        )
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise PeopleRefused("a token has a name of 1 to 100 characters that says what uses it")
    secret = new_secret(change.team_id)
    row = ApiToken(
        id=uuid4(),
        team_id=change.team_id,
        person_id=person.id,
        name=name.strip(),
        role=role.value,
        # Of its 43 random characters: too few to help a guess, enough to tell two apart.
        prefix=f"{MARK}_…{secret.partition('.')[2][:_SHOWN]}…",
        secret_hash=digest(secret),
        made_by=change.by,
        expires_at=expires_at,
    )
    session.add(row)
    record(
        session,
        change,
        f"made the token {row.name!r} of {person.name} ({role.value})",
        {"token": str(row.id), "person": person.name, "role": role.value},
    )
    await session.flush()
    return row, f"{MARK}_{secret}"


async def every(session: AsyncSession) -> list[tuple[ApiToken, Person]]:
    """The team's tokens that are not revoked, newest first, and whose they are."""
    rows = await session.execute(
        select(ApiToken, Person)
        .join(Person, col(Person.id) == col(ApiToken.person_id))
        .where(col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.created_at).desc())
    )
    return [(row[0], row[1]) for row in rows]


async def revoke(session: AsyncSession, change: Change, token: ApiToken, now: datetime) -> None:
    """Let nobody in by a token any more."""
    token.revoked_at = now
    record(session, change, f"revoked the token {token.name!r}", {"token": str(token.id)})
    await session.flush()


async def holder(session: AsyncSession, secret: str, now: datetime) -> Found | None:
    """Whose token it is; None for one that is unknown, revoked or over. Notes that it was used.

    ``now`` is real time.
    """
    row = (
        await session.execute(
            select(ApiToken, Person)
            .join(Person, col(Person.id) == col(ApiToken.person_id))
            .where(col(ApiToken.secret_hash) == digest(secret), col(ApiToken.revoked_at).is_(None))
        )
    ).one_or_none()
    if row is None:
        return None
    token, person = row[0], row[1]
    given, may_do = known_role(token.role), known_role(person.role)
    if given is None or may_do is None or (token.expires_at and token.expires_at <= now):
        return None
    await session.execute(
        update(ApiToken)
        .where(
            col(ApiToken.id) == token.id,
            or_(
                col(ApiToken.last_used_at).is_(None),
                col(ApiToken.last_used_at) < now - _USED_AGAIN,
            ),
        )
        .values(last_used_at=now)
    )
    return Found(person, lesser(given, may_do), token.name)
