"""Effects that no rule can settle: see them, and decide."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from activities.connections import secret_source
from activities.quarantine import CannotDecide, Judged, QuarantineDesk, Verdict
from models.contract.campaign import Resume
from models.contract.ids import campaign_workflow_id
from platforms.errors import NetworkError
from platforms.registry import Networks
from starter.cli.flags import By, Json, NoInput, Yes
from starter.cli.output import FAILED, PARTLY, USAGE, confirm, emit, fail, screen, table
from starter.cli.session import Session, run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("quarantine")(quarantine)


def quarantine(
    key: Annotated[str, typer.Argument(help="An effect's key; without one, list them.")] = "",
    adopt: Annotated[
        str, typer.Option("--adopt", metavar="ID", help="It is this object; delete the others.")
    ] = "",
    discard: Annotated[
        bool, typer.Option("--discard", help="It is none: delete them, let it be asked again.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Then let its campaign go on.")] = False,
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    as_json: Json = False,
) -> None:
    """List quarantined effects, or decide what one of them is."""
    if not key:
        if adopt or discard or resume:
            fail("Name the key to decide about; see `adflight quarantine`.", USAGE)
        run(_list(as_json))
        return
    if bool(adopt) == discard:
        fail("Decide with either --adopt ID or --discard.", USAGE)
    if not reason.strip():
        fail("Say why with --reason: the decision is kept with it.", USAGE)
    what = f"adopt {adopt} and delete its twins" if adopt else "delete everything found under it"
    confirm(f"Key {key}: {what}?", yes=yes, no_input=no_input)
    raise typer.Exit(run(_decide(key, adopt, reason.strip(), by, resume, as_json)))


async def _list(as_json: bool) -> None:
    session = Session()
    secrets = secret_source(session.settings, session.database)
    networks = Networks(session.settings, session.now, secrets=secrets)
    waiting = await QuarantineDesk(session.database, networks, session.team_id).waiting()
    await session.aclose()
    if as_json:
        emit([{**row.model_dump(mode="json"), "campaign": name} for row, name in waiting])
        return
    table(
        "Quarantined effects",
        ("key", "what", "campaign", "why", "candidates", "asked (UTC)"),
        (
            (
                row.key,
                f"{row.platform} {row.kind}",
                f"{name} ({str(row.campaign_id)[:8]})",
                row.note,
                "\n".join(
                    f"{one['id']} ({'on' if one['on'] else 'off'}, {one['delivery']})"
                    for one in row.candidates
                )
                or "none found",
                f"{row.asked_at.astimezone(UTC):%m-%d %H:%M}",
            )
            for row, name in waiting
        ),
        "Nothing is quarantined.",
    )


async def _decide(key: str, adopt: str, reason: str, by: str, resume: bool, as_json: bool) -> int:
    session = Session()
    secrets = secret_source(session.settings, session.database)
    networks = Networks(session.settings, session.now, secrets=secrets)
    desk = QuarantineDesk(session.database, networks, session.team_id)
    verdict = Verdict(key, by, reason, session.now())
    try:
        judged = await (desk.adopt(verdict, adopt) if adopt else desk.discard(verdict))
    except CannotDecide as obstacle:
        fail(f"Refused: {obstacle}.", USAGE)
    except NetworkError as error:
        fail(f"The network did not do it ({error}); {key} stays quarantined: try again.", FAILED)
    finally:
        await networks.aclose()
    if resume:
        client = await session.client()
        handle = client.get_workflow_handle(campaign_workflow_id(judged.campaign_id))
        await handle.signal("resume", Resume(by=by, reason=reason))
    await session.aclose()
    _report(judged, resume, as_json)
    return PARTLY if judged.left else 0


def _report(judged: Judged, resume: bool, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "key": judged.key,
                "campaign_id": str(judged.campaign_id),
                "state": judged.state,
                "external_id": judged.external_id,
                "removed": judged.removed,
                "left_switched_off": judged.left,
                "already_decided": judged.already,
                "resumed": resume,
                "at": datetime.now(UTC).isoformat(),
            }
        )
        return
    what = f"stands for {judged.external_id}" if judged.external_id else "may be asked for again"
    before = " (decided before)" if judged.already else ""
    screen.print(f"Key {judged.key} {what}{before}.", markup=False)
    if judged.removed:
        screen.print(f"Deleted: {', '.join(judged.removed)}.", markup=False)
    if judged.left:
        screen.print(
            f"Could not be deleted and is switched off: {', '.join(judged.left)}; delete it on the "
            "network.",
            markup=False,
        )
    campaign = str(judged.campaign_id)[:8]
    hint = "was told to resume" if resume else f"waits: `adflight resume {campaign}`"
    screen.print(f"Campaign {campaign} {hint}.", markup=False)
