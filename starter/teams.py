"""Several teams in one installation: each with its own people, accounts, limits and guards."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models.contract.limits import SANDBOX_LIMITS, STARTER_LIMITS
from models.database import Database, driver_url
from models.settings import DEFAULT_TEAM, Settings
from models.tables import Account, Person, Team
from starter.people import PeopleRefused
from starter.team import add_accounts, found_team, live_platforms, sandbox_rows

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class TeamSeen:
    """One team with how many people and ad accounts it has."""

    id: UUID
    name: str
    currency: str
    people: int
    accounts: int


def id_of(name: str) -> UUID:
    """The id of the team of a name: one follows from the other, because nobody may look a name up
    before a team is named. What is an id already stays it."""
    name = name.strip()
    if name.casefold() in ("", "default"):
        return DEFAULT_TEAM
    try:
        return UUID(name)
    except ValueError:
        return uuid5(DEFAULT_TEAM, f"team/{name.casefold()}")


def every_team(url: str) -> list[TeamSeen]:
    """All teams of the database, as the connection's own user sees them: the schema's owner sees
    all, others none."""
    engine = create_engine(driver_url(url))
    query = text(
        "SELECT id, name, reporting_currency, "
        "(SELECT count(*) FROM people WHERE team_id = teams.id), "
        "(SELECT count(*) FROM ad_platform_accounts WHERE team_id = teams.id) "
        "FROM teams ORDER BY created_at, name"
    )
    try:
        with engine.connect() as connection:
            return [TeamSeen(*row) for row in connection.execute(query)]
    finally:
        engine.dispose()


async def own_team(database: Database, team_id: UUID) -> list[TeamSeen]:
    """The one team that the application's role sees; none where there is none of that id."""
    async with database.team(team_id) as session:
        row = await session.get(Team, team_id)
        people = len((await session.scalars(select(Person.id))).all())
        accounts = len((await session.scalars(select(Account.id))).all())
    if row is None:
        return []
    return [TeamSeen(row.id, row.name, row.reporting_currency, people, accounts)]


async def add_team(database: Database, settings: Settings, name: str, owner: str) -> UUID:
    """A new team with its first owner; its id. Repeating it changes nothing.

    Where no real credential is set it gets the sandbox's accounts. Where one is, it starts with
    none and careful limits: the operator's accounts belong to the team they were set up for.

    Raises:
        PeopleRefused: the name is no name, or another team's.
    """
    name, owner = name.strip(), owner.strip()
    if not 1 <= len(name) <= _LONGEST or not name.isprintable() or _is_id(name):
        raise PeopleRefused(f"a team has a name of 1 to {_LONGEST} characters, and no id as a name")
    if not 1 <= len(owner) <= _LONGEST or not owner.isprintable():
        raise PeopleRefused(f"an owner has a name of 1 to {_LONGEST} characters")
    live, team = bool(live_platforms()), id_of(name)
    limits = STARTER_LIMITS if live else SANDBOX_LIMITS
    try:
        async with database.team(team) as session:
            known = await session.get(Team, team)
            await found_team(session, team, name, owner, limits)
            if known is None and not live and settings.sandbox_url:
                await add_accounts(session, team, sandbox_rows())
    except IntegrityError:
        raise PeopleRefused(f"another team is named {name!r}; choose another name") from None
    return team


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
