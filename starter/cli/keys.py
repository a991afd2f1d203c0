"""Encryption keys: make one, see what each holds, seal everything anew."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from models.sealing import Keyring, SealingFailed, decoded, key_id, new_key
from starter import keys as sealed_rows
from starter.cli.flags import Json
from starter.cli.output import CREDENTIALS, FAILED, OK, emit, fail, notes, screen, table
from starter.cli.session import Session, run
from starter.stack.teams import team_ids

keys = typer.Typer(help="Keys that secrets are sealed with.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command()
def new(as_json: Json = False) -> None:
    """Print a new key. It is stored nowhere: put it where your other secrets are."""
    key = new_key()
    name = key_id(decoded(key, "key"))
    if as_json:
        emit({"id": name, "key": key})
        return
    typer.echo(key)
    notes.print(
        f"This is key {name}. Set ENCRYPTION_KEY to it wherever Adflight runs; without it nothing "
        "that was sealed can be opened again.",
        markup=False,
    )


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """List the keys that are set here and how many rows each holds."""

    async def work() -> tuple[Keyring, dict[str, int], bool]:
        session = Session()
        ring = _keyring(session)
        teams, every = await _teams(session)
        held = await sealed_rows.rows_by_key(session.database, teams)
        await session.aclose()
        return ring, held, every

    ring, held, every = run(work())
    names = sorted({*ring.ids, *held})
    if as_json:
        emit({"all_teams": every,
              "keys": [{"id": name, "active": name == ring.active, "set": name in ring.ids,
                        "rows": held.get(name, 0)} for name in names]})  # fmt: skip
        return
    table(
        "Encryption keys" if every else "Encryption keys (rows of this team alone)",
        ("key", "state", "rows"),
        ((name, _state(ring, name), held.get(name, 0)) for name in names),
        "No key is set; make one with `adflight keys new` and set ENCRYPTION_KEY to it.",
    )


@keys.command()
def rotate(
    as_json: Json = False,
    one_team: Annotated[bool, typer.Option("--team", help="Only the rows of this team.")] = False,
) -> None:
    """Seal every row under the active key. May be broken off and run again at any time."""

    async def work() -> tuple[sealed_rows.Rotated, str, bool]:
        session = Session()
        ring = _keyring(session)
        if not ring.ids:
            fail("No key is set; make one with `adflight keys new`.", CREDENTIALS)
        teams, every = ([session.team_id], False) if one_team else await _teams(session)
        done = await sealed_rows.rotate(session.database, ring, teams)
        await session.aclose()
        return done, ring.active, every

    done, active, every = run(work())
    if as_json:
        emit({"active": active, "all_teams": every, "resealed": done.resealed, "left": done.left,
              "shut": done.shut})  # fmt: skip
    else:
        of = "" if every else " of this team"
        screen.print(
            f"{done.resealed} row(s){of} sealed under {active}; {done.left} were already.",
            markup=False,
        )
        for row, why in done.shut.items():
            screen.print(f"!! {row} stays shut: {why}.", markup=False)
    raise typer.Exit(FAILED if done.shut else OK)


def _keyring(session: Session) -> Keyring:
    try:
        return session.settings.keyring
    except SealingFailed as error:
        fail(f"{error}.", CREDENTIALS)


async def _teams(session: Session) -> tuple[Sequence[UUID], bool]:
    """Every team where the connection's user may list them, else our own."""
    session.database  # noqa: B018 - says so where none is configured
    found = await asyncio.to_thread(team_ids, session.settings.database_url)
    return (found, True) if found else ([session.team_id], False)


def _state(ring: Keyring, name: str) -> str:
    if name not in ring.ids:
        return "NOT SET HERE: its rows stay shut"
    return "active" if name == ring.active else "readable"
