"""People: who belongs to the team and what they may do."""

import sys
from typing import Annotated

import typer

from starter import documents
from starter import people as desk
from starter.cli.administration import change_of, role_named, said, within
from starter.cli.flags import By, Json, NoInput, Yes
from starter.cli.output import DECLINED, confirm, emit, fail, notes, table
from starter.cli.session import Session, run
from starter.passwords import generated

people = typer.Typer(help="People of the team and what they may do.")
_Name = Annotated[str, typer.Argument(help="Their name, as it is recorded.")]
_Role = Annotated[str, typer.Argument(help="viewer, approver, operator or owner.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(people, name="people")


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
    rows = await within(session, desk.everybody)
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
    wanted = role_named(role)

    async def work() -> None:
        session = Session()
        row = await within(
            session, lambda rows: desk.add(rows, change_of(session, by), name, wanted, email)
        )
        said(as_json, documents.person(row), f"{row.name} is {row.role} now.")

    run(work())


@people.command("role")
def change_role(name: _Name, role: _Role, by: By = "operator", as_json: Json = False) -> None:
    """Let somebody do more or less; they must log in again."""
    wanted = role_named(role)

    async def work() -> None:
        session = Session()
        row = await within(
            session, lambda rows: desk.change_role(rows, change_of(session, by), name, wanted)
        )
        said(as_json, documents.person(row), f"{row.name} is {row.role} now.")

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
        await within(session, lambda rows: desk.remove(rows, change_of(session, by), name))
        said(as_json, {"name": name, "removed": True}, f"{name} is no longer in the team.")

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
        await within(
            session, lambda rows: desk.set_password(rows, change_of(session, by), name, password)
        )
        shown = {"name": name, **({"password": made} if made else {})}
        said(as_json, shown, f"The password of {name} is set.")
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
