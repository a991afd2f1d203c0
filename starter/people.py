"""The people of a team: who they are and what they may do. A team always has an owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.roles import Role, known_role
from models.contract.vocabulary import DecisionType
from models.tables import DecisionRow, LoginSession, Person
from starter.passwords import hashed

_LONGEST = 60


class PeopleRefused(Exception):
    """It is not done; the message is one sentence that says the way out."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something about people, and when (campaign time, for the audit trail)."""

    team_id: UUID
    by: str
    at: datetime


async def everybody(session: AsyncSession) -> list[Person]:
    """The team's people, by name."""
    return list(await session.scalars(select(Person).order_by(col(Person.name))))


async def maybe_person(session: AsyncSession, name: str) -> Person | None:
    """A person by name."""
    return await session.scalar(select(Person).where(col(Person.name) == name))


async def person(session: AsyncSession, name: str) -> Person:
    """A person by name.

    Raises:
        PeopleRefused: the team has nobody of that name.
    """
    found = await maybe_person(session, name)
    if found is None:
        raise PeopleRefused(f"{name!r} is not a person of this team; see `adflight people list`")
    return found


async def role_of(session: AsyncSession, name: str) -> Role | None:
    """What somebody is in the team; None for somebody unknown."""
    found = await session.scalar(select(Person.role).where(col(Person.name) == name))
    return known_role(found) if found is not None else None


async def add(
    session: AsyncSession, change: Change, name: str, role: Role, email: str = ""
) -> Person:
    """Add somebody.

    Raises:
        PeopleRefused: the name is taken or no name.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise PeopleRefused(f"a name has 1 to {_LONGEST} characters that can be seen")
    if await maybe_person(session, name) is not None:
        raise PeopleRefused(
            f"{name!r} is a person of this team already; change what they may do with `adflight "
            f"people role {name} {role.value}`"
        )
    row = Person(team_id=change.team_id, name=name, role=role.value, email=email or None)
    session.add(row)
    record(session, change, f"added {name} as {role.value}", {"person": name, "role": role.value})
    await session.flush()
    return row


async def change_role(session: AsyncSession, change: Change, name: str, role: Role) -> Person:
    """Let somebody do more or less. Their sessions end: they log in anew as who they are now.

    Raises:
        PeopleRefused: nobody has that name, or it is the last owner's.
    """
    await _keep_an_owner(session, name, unless=role)
    row = await person(session, name)
    before, row.role = row.role, role.value
    await end_sessions(session, row.id)
    what = {"person": name, "role": role.value, "before": before}
    record(session, change, f"made {name} {role.value}, who was {before}", what)
    return row


async def remove(session: AsyncSession, change: Change, name: str) -> None:
    """Remove somebody with their tokens and sessions; what they did stays recorded.

    Raises:
        PeopleRefused: nobody has that name, or it is the last owner's.
    """
    await _keep_an_owner(session, name)
    row = await person(session, name)
    await session.delete(row)
    record(session, change, f"removed {name}", {"person": name, "before": row.role})
    await session.flush()


async def set_password(session: AsyncSession, change: Change, name: str, password: str) -> None:
    """Set somebody's password. Their sessions end.

    Raises:
        PeopleRefused: nobody has that name.
        PasswordRefused: it is too short or too long.
    """
    row = await person(session, name)
    row.password_hash = hashed(password)
    await end_sessions(session, row.id)
    record(session, change, f"set the password of {name}", {"person": name})


async def end_sessions(session: AsyncSession, person_id: UUID) -> None:
    """Log somebody out wherever they are."""
    await session.execute(delete(LoginSession).where(col(LoginSession.person_id) == person_id))


async def _keep_an_owner(session: AsyncSession, name: str, unless: Role | None = None) -> None:
    """Under locks, so that two owners cannot remove each other at once.

    Raises:
        PeopleRefused: the team would be left without an owner.
    """
    owners = await session.scalars(
        select(Person)
        .where(col(Person.role) == Role.OWNER.value)
        .order_by(col(Person.id))
        .with_for_update()
    )
    if unless is not Role.OWNER and [one.name for one in owners] == [name]:
        raise PeopleRefused(
            f"{name!r} is the last owner of this team; make somebody else an owner first with "
            "`adflight people role NAME owner`"
        )


def record(session: AsyncSession, change: Change, told: str, what: Mapping[str, object]) -> None:
    """Write into the audit trail what was changed about who may do what."""
    session.add(
        DecisionRow(
            team_id=change.team_id,
            decision_type=DecisionType.ADMINISTER.value,
            decided_by=change.by,
            reasoning=f"{change.by} {told}",
            action_taken=dict(what),
            at=change.at,
        )
    )
