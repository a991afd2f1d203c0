"""Teams of this installation: list them, make one."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import typer
from temporalio.service import RPCError

from starter.cli.administration import said
from starter.cli.flags import Json
from starter.cli.output import USAGE, emit, fail, table
from starter.cli.session import Session, run
from starter.people import PeopleRefused
from starter.schedules import set_up_schedules
from starter.teams import TeamSeen, add_team, every_team, own_team
from starter.temporal import TemporalUnreachable, connect

teams = typer.Typer(help="Teams of this installation.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(teams, name="teams")


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
        said(
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
