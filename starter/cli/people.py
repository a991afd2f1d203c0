"""People, teams and API tokens: who may do what, and what lets programs in."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from sqlalchemy import String, cast
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio.service import RPCError

from models.contract.roles import Role
from models.tables import ApiToken
from models.tables.columns import now_utc
from starter import documents, tokens
from starter import people as desk
from starter.cli.flags import By, Json, NoInput, Yes
from starter.cli.output import DECLINED, USAGE, ago, confirm, emit, fail, notes, screen, table
from starter.cli.session import Session, run
from starter.passwords import PasswordRefused, generated
from starter.people import Change, PeopleRefused
from starter.schedules import set_up_schedules
from starter.teams import TeamSeen, add_team, every_team, own_team
from starter.temporal import TemporalUnreachable, connect

T = TypeVar("T")
people = typer.Typer(help="People of the team and what they may do.")
teams = typer.Typer(help="Teams of this installation.")
token = typer.Typer(help="API tokens for programs.")
_Name = Annotated[str, typer.Argument(help="Their name, as it is recorded.")]
_Role = Annotated[str, typer.Argument(help="viewer, approver, operator or owner.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(people, name="people")
    app.add_typer(teams, name="teams")
    app.add_typer(token, name="tokens")


# -- people ---------------------------------------------------------------------------------------


@people.callback(invoke_without_command=True)
def show_people(context: typer.Context, as_json: Json = False) -> None:
    """List the team's people."""
    if context.invoked_subcommand is None:
        run(_people(as_json))


@people.command("list")
def list_people(as_json: Json = False) -> None:
    """List the team's people (what `adflight people` alone does)."""
    run(_people(as_json))


async def _people(as_json: bool) -> None:
    session = Session()
    rows = await _within(session, desk.everybody)
    if as_json:
        emit([documents.person(row) for row in rows])
        return
    table(
        "People",
        ("name", "role", "logs in", "e-mail", "since"),
        (
            (row.name, row.role, "yes" if row.password_hash else "no", row.email,
             f"{row.created_at:%Y-%m-%d}")
            for row in rows
        ),
        "Nobody yet; run `adflight up`.",
    )  # fmt: skip


@people.command("add")
def add_person(
    name: _Name,
    role: Annotated[str, typer.Option(help="viewer, approver, operator or owner.")] = "viewer",
    email: str = "",
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Add somebody to the team."""
    wanted = _role(role)

    async def work() -> None:
        session = Session()
        row = await _within(
            session, lambda rows: desk.add(rows, _change(session, by), name, wanted, email)
        )
        _said(as_json, documents.person(row), f"{row.name} is {row.role} now.")

    run(work())


@people.command("role")
def change_role(name: _Name, role: _Role, by: By = "operator", as_json: Json = False) -> None:
    """Let somebody do more or less; they must log in again."""
    wanted = _role(role)

    async def work() -> None:
        session = Session()
        row = await _within(
            session, lambda rows: desk.change_role(rows, _change(session, by), name, wanted)
        )
        _said(as_json, documents.person(row), f"{row.name} is {row.role} now.")

    run(work())


@people.command("remove")
def remove_person(
    name: _Name,
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    as_json: Json = False,
) -> None:
    """Remove somebody with their sessions and tokens; what they did stays recorded."""
    confirm(f"Remove {name!r} and every token of theirs?", yes=yes, no_input=no_input)

    async def work() -> None:
        session = Session()
        await _within(session, lambda rows: desk.remove(rows, _change(session, by), name))
        _said(as_json, {"name": name, "removed": True}, f"{name} is no longer in the team.")

    run(work())


@people.command("password")
def set_password(
    name: _Name,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make one and show it once.")
    ] = False,
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Set somebody's password: asked for, read from a pipe, or made. Their sessions end."""
    made = generated() if generate else ""
    password = made or _asked_password(name)

    async def work() -> None:
        session = Session()
        await _within(
            session, lambda rows: desk.set_password(rows, _change(session, by), name, password)
        )
        shown = {"name": name, **({"password": made} if made else {})}
        _said(as_json, shown, f"The password of {name} is set.")
        if made and not as_json:
            typer.echo(made)
            notes.print("It is shown this once.")

    run(work())


def _asked_password(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = typer.prompt(f"Password of {name}", hide_input=True, err=True)
    if first != typer.prompt("Again", hide_input=True, err=True):
        fail("The two differ; nothing was changed.", DECLINED)
    return str(first)


# -- teams ----------------------------------------------------------------------------------------


@teams.callback(invoke_without_command=True)
def show_teams(context: typer.Context, as_json: Json = False) -> None:
    """List teams."""
    if context.invoked_subcommand is None:
        run(_teams(as_json))


@teams.command("list")
def list_teams(as_json: Json = False) -> None:
    """List teams: all of them where DATABASE_URL is the schema owner's, else the own one."""
    run(_teams(as_json))


async def _teams(as_json: bool) -> None:
    session = Session()
    rows = await own_team(session.database, session.team_id)
    rows = await asyncio.to_thread(every_team, session.settings.database_url) or rows
    await session.aclose()
    if as_json:
        emit([_team(row, session.team_id) for row in rows])
        return
    table(
        "Teams (act for one with ADFLIGHT_TEAM_ID)",
        ("", "name", "id", "currency", "people", "accounts"),
        (
            ("*" if row.id == session.team_id else "", row.name, row.id, row.currency, row.people,
             row.accounts)
            for row in rows
        ),
        "No teams yet; run `adflight up`.",
    )  # fmt: skip


@teams.command("add")
def new_team(
    name: Annotated[str, typer.Argument(help="Unique in this installation.")],
    owner: Annotated[str, typer.Option(help="Its first owner; you, if left out.")] = "",
    as_json: Json = False,
) -> None:
    """Make a team with its first owner, limits, schedules and (on the sandbox) accounts."""

    async def work() -> None:
        session = Session()
        settings = session.settings
        try:
            team = await add_team(session.database, settings, name, owner or settings.person)
        except PeopleRefused as refused:
            fail(f"Refused: {refused}.", USAGE)
        await session.aclose()
        later = ""
        try:
            client = await connect(settings)
            await set_up_schedules(client, settings.model_copy(update={"team_id": team}))
        except (TemporalUnreachable, RPCError):
            later = (
                " Temporal does not answer: its digest and portfolio are scheduled when you "
                "repeat this."
            )
        _said(
            as_json,
            {"id": str(team), "name": name.strip(), "scheduled": not later},
            f"Team {name.strip()!r} is ready; act for it with ADFLIGHT_TEAM_ID={team}.{later}",
        )

    run(work())


def _team(row: TeamSeen, own: UUID) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "reporting_currency": row.currency,
        "people": row.people,
        "accounts": row.accounts,
        "own": row.id == own,
    }


# -- tokens ---------------------------------------------------------------------------------------


@token.callback(invoke_without_command=True)
def show_tokens(context: typer.Context, as_json: Json = False) -> None:
    """List API tokens."""
    if context.invoked_subcommand is None:
        run(_tokens(as_json))


@token.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List API tokens: whose, what they may do, when last used."""
    run(_tokens(as_json))


async def _tokens(as_json: bool) -> None:
    session = Session()
    rows = await _within(session, tokens.every)
    if as_json:
        emit([documents.token(*pair) for pair in rows])
        return
    now = now_utc()
    table(
        "API tokens",
        ("id", "name", "begins", "of", "role", "used", "until"),
        (
            (
                str(row.id)[:8],
                row.name,
                row.prefix,
                owner.name,
                row.role,
                ago(row.last_used_at, now),
                _until(row),
            )
            for row, owner in rows
        ),
        "No tokens. Make one with `adflight tokens create NAME`.",
    )


@token.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What will use it, for example `reporting`.")],
    role: Annotated[str, typer.Option(help="The most it may do.")] = "viewer",
    person: Annotated[str, typer.Option("--for", help="Whose it is; yours, if left out.")] = "",
    days: Annotated[int, typer.Option(help="Days it is good for; 0 until revoked.", min=0)] = 0,
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Make an API token and show it this once. It may never do more than its person may."""
    wanted = _role(role)

    async def work() -> None:
        session = Session()
        change = _change(session, by)
        until = now_utc() + timedelta(days=days) if days else None

        async def make(rows: AsyncSession) -> tuple[dict[str, Any], str]:
            owner = await desk.person(rows, person or session.settings.person)
            row, secret = await tokens.create(rows, change, owner, name, wanted, until)
            return documents.token(row, owner), secret

        made, secret = await _within(session, make)
        if as_json:
            emit({**made, "token": secret})
            return
        typer.echo(secret)
        notes.print("It is shown this once. Send it as `Authorization: Bearer TOKEN`.")

    run(work())


@token.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the first characters.")],
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Let nobody in by a token any more."""

    async def work() -> None:
        session = Session()

        async def end(rows: AsyncSession) -> ApiToken:
            found = await rows.scalars(
                select(ApiToken)
                .where(
                    cast(col(ApiToken.id), String).startswith(name.lower(), autoescape=True),
                    col(ApiToken.revoked_at).is_(None),
                )
                .limit(2)
            )
            fitting = found.all()
            if len(fitting) != 1:
                many = "several tokens" if fitting else "no token"
                raise PeopleRefused(f"{many} begin with {name!r}; see `adflight tokens list`")
            await tokens.revoke(rows, _change(session, by), fitting[0], now_utc())
            return fitting[0]

        row = await _within(session, end)
        _said(as_json, {"id": str(row.id), "revoked": True}, f"{row.name} is revoked.")

    run(work())


def _until(row: ApiToken) -> str | None:
    if row.expires_at is None:
        return None
    over = " (over)" if row.expires_at <= now_utc() else ""
    return f"{row.expires_at:%Y-%m-%d %H:%M}{over}"


# -- all of them ----------------------------------------------------------------------------------


async def _within(session: Session, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
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


def _change(session: Session, by: str) -> Change:
    return Change(session.team_id, by, session.now())


def _role(text: str) -> Role:
    try:
        return Role.parse(text)
    except ValueError as error:
        fail(f"{error}.", USAGE)


def _said(as_json: bool, document: dict[str, Any], sentence: str) -> None:
    if as_json:
        emit(document)
    else:
        screen.print(sentence, markup=False)
