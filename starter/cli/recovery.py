"""Recovering a scope that was stopped: a named person says why, then it may be raised again."""

from typing import Annotated

import typer

from models.contract.guard import Lift
from starter.cli import stops
from starter.cli.flags import Json, NoInput, Yes
from starter.cli.output import USAGE, confirm, emit, fail, screen
from starter.cli.session import Session, run
from starter.recovery import ScopeUnknown
from starter.recovery import recover as recover_scope


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recover")(recover)


def recover(
    scope: Annotated[str, typer.Argument(help="team, a platform, account:ID, or all.")],
    by: Annotated[str, typer.Option("--by", help="Your name.", envvar="ADFLIGHT_PERSON")] = "",
    reason: Annotated[str, typer.Option(help="What was found and mended.")] = "",
    yes: Yes = False,
    no_input: NoInput = False,
    as_json: Json = False,
) -> None:
    """Lift the stops over a scope, so that it may be raised again; nothing resumes by itself.

    Credentials that a hard stop disabled are enabled again and its incident is resolved.
    """
    if not by.strip() or not reason.strip():
        fail("A recovery needs a named person and a reason: give --by NAME --reason TEXT.", USAGE)
    if not stops.is_scope(scope):
        fail(
            f"scope {scope!r} is unknown; use one of: {', '.join(stops.SCOPES)}, account:ID. "
            "One campaign is resumed with `adflight resume`.",
            USAGE,
        )
    lift = Lift(by=by.strip(), reason=reason.strip(), scope=scope)

    async def work() -> None:
        session = Session()
        confirm(f"Lift the stops over {scope!r}?", yes=yes, no_input=no_input)
        client = await session.client()
        try:
            done = await recover_scope(
                session.database, client, session.team_id, lift, now=session.now()
            )
        except ScopeUnknown as unknown:
            fail(str(unknown), USAGE)
        finally:
            await session.aclose()
        if as_json:
            emit({"scope": scope, "lifted": done.stops, "guards": done.guards, "by": lift.by})
            return
        screen.print(
            f"{done.stops} stop(s) over {scope!r} lifted by {lift.by}: {lift.reason}. Campaigns "
            "rest until somebody resumes them.",
            markup=False,
        )

    run(work())
