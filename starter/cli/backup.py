"""Copies of the local stack, the way back, and agreeing with the networks after it."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from activities.connections import secret_source
from activities.reconcile import Reconciled, Reconciliation
from platforms.registry import Networks
from starter import environment
from starter.cli.flags import By, DryRun, Json, NoInput, Yes
from starter.cli.output import PARTLY, USAGE, confirm, emit, fail, notes, screen
from starter.cli.session import Session, run
from starter.stack import backup as copies
from starter.stack import local
from starter.stack.teams import team_ids

_Directory = Annotated[
    Path | None, typer.Option("--dir", help="Where the stack keeps its data.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, restore, reconcile):
        app.command(command.__name__)(command)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to make, such as adflight.tar.gz.")],
    directory: _Directory = None,
    as_json: Json = False,
) -> None:
    """Copy the running stack into one file: database, histories, images, memory."""
    where = (directory or environment.directory()).absolute()
    state = local.running(where)
    if state is None:
        fail("No stack runs here: start one with `adflight up`; its copy is taken while it runs.")
    began = time.monotonic()
    manifest = copies.back_up(where, state["environment"], file.absolute(), _say)
    seconds, size = time.monotonic() - began, file.stat().st_size
    if as_json:
        emit({"file": str(file), "bytes": size, "seconds": round(seconds, 2), **manifest})
        return
    screen.print(f"{file}: {size / 1e6:.1f} MB in {seconds:.1f} s.", markup=False)
    screen.print(
        "It holds the secret that signs events, and is readable by you alone: keep it so. The "
        "networks' credentials are not in it."
    )


def restore(
    file: Annotated[Path, typer.Argument(help="An archive made by `adflight backup`.")],
    directory: _Directory = None,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the stack, which must be down. The old data is kept aside."""
    where = (directory or environment.directory()).absolute()
    manifest = copies.read_manifest(file)
    if dry_run:
        emit(manifest) if as_json else screen.print(
            f"Would restore the backup of {manifest['made_at']} into {where}.", markup=False
        )
        return
    confirm(
        f"Replace the stack in {where} by its state of {manifest['made_at']}?",
        yes=yes,
        no_input=no_input,
    )
    aside = copies.restore(where, file, _say)
    if as_json:
        emit({"directory": str(where), "kept": str(aside) if aside else None, **manifest})
        return
    screen.print(f"Restored the state of {manifest['made_at']}.", markup=False)
    if aside is not None:
        screen.print(f"The old data is in {aside}.", markup=False)
    screen.print("Next: `adflight up`, then `adflight reconcile`; until then nothing is raised.")


def reconcile(
    by: By = "",
    reason: Annotated[str, typer.Option(help="Kept with the decision.")] = "reconciled",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the networks agree with what we know, then allow raises again after a restore."""
    if not dry_run:
        if not by.strip():
            fail("Say who reconciles with --by: it lifts what holds every raise.", USAGE)
        confirm(
            "Pause whatever runs on the networks and is not known here, and set back what is above "
            "what we know?",
            yes=yes,
            no_input=no_input,
        )
    done = run(_reconcile(by.strip(), reason, dry_run))
    _report(done, as_json)
    if not done.confirmed:
        raise typer.Exit(PARTLY)


async def _reconcile(by: str, reason: str, dry_run: bool) -> Reconciled:
    session = Session()
    secrets = secret_source(session.settings, session.database)
    networks = Networks(session.settings, session.now, secrets=secrets)
    settings = session.settings
    client = await session.client()
    reconciliation = Reconciliation(
        session.database, networks, client, settings.clock, settings.lease
    )
    try:
        teams = team_ids(settings.database_url) or [session.team_id]
        return await reconciliation.run(teams, by, reason, dry_run=dry_run)
    finally:
        await networks.aclose()
        await session.aclose()


def _report(done: Reconciled, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "confirmed": done.confirmed,
                "dry_run": done.dry_run,
                "lifted": done.lifted,
                "accounts": [_account(one) for one in done.accounts],
            }
        )
        return
    verb = "would be set right" if done.dry_run else "set right"
    for one in done.accounts:
        screen.print(
            f"{one.account} ({one.platform}): {one.objects} object(s), {len(one.findings)} {verb}.",
            markup=False,
        )
        for text in one.findings:
            screen.print(f"  {text}", markup=False)
        for text in one.unconfirmed:
            screen.print(f"  NOT CONFIRMED: {text}", markup=False)
    if not done.confirmed:
        screen.print("Nothing is raised until all of it is confirmed; run it again.")
    elif done.lifted:
        screen.print("The networks agree with what we know: raises are allowed again.")


def _account(report: Any) -> dict[str, Any]:
    return {
        "team_id": str(report.team_id),
        "account": report.account,
        "platform": report.platform,
        "objects": report.objects,
        "findings": report.findings,
        "told": report.told,
        "unconfirmed": report.unconfirmed,
    }


def _say(part: str) -> None:
    notes.print(f"  {part}", markup=False)
