"""What the commands about people, teams, tokens and accounts have in common."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from models.contract.roles import Role
from starter.cli.output import USAGE, emit, fail, screen
from starter.cli.session import Session
from starter.passwords import PasswordRefused
from starter.people import Change, PeopleRefused

T = TypeVar("T")


async def within(session: Session, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """One transaction of the team, the last thing a command needs of the database.

    Raises:
        CommandFailed: it is refused.
    """
    try:
        async with session.database.team(session.team_id) as rows:
            return await work(rows)
    except (PeopleRefused, PasswordRefused) as refused:
        fail(f"Refused: {refused}.", USAGE)
    finally:
        await session.aclose()


def change_of(session: Session, by: str) -> Change:
    """Who changes something, and when."""
    return Change(session.team_id, by, session.now())


def role_named(text: str) -> Role:
    """A role as it was typed.

    Raises:
        CommandFailed: it is none.
    """
    try:
        return Role.parse(text)
    except ValueError as error:
        fail(f"{error}.", USAGE)


def said(as_json: bool, document: dict[str, Any], sentence: str) -> None:
    """Say what was done, for a person or for a program."""
    if as_json:
        emit(document)
    else:
        screen.print(sentence, markup=False)
