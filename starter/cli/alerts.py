"""Alerts: which channels there are, what was delivered to whom, and a trial of them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast
from uuid import uuid4

import typer
from sqlmodel import col, select
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from activities.channels import HELD, LOG, Channels
from activities.notices import FAILED as FAILED_PREFIX
from activities.notices import accepted
from models.contract.notice import ChannelsAnswer, ChannelsAsked, ChannelState
from models.contract.queues import MANAGEMENT
from models.settings import Settings
from models.tables import Notification
from starter.cli.flags import Json, Limit
from starter.cli.output import FAILED, PENDING, USAGE, CommandFailed, ago, emit, fail, screen, table
from starter.cli.session import Session, run

_HOW = (
    "set ADFLIGHT_ALERT_CHANNELS to JSON of names and apprise URLs where the worker runs, for"
    ' example {"slack": "slack://…"}, and start it again'
)
_LOOK = timedelta(seconds=5)
_TRY = timedelta(seconds=60)
alerts = typer.Typer(help="Alert channels and what was delivered.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(alerts, name="alerts")


@alerts.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Show the channels (never their addresses), the last deliveries and failures."""
    if context.invoked_subcommand is None:
        run(_show(limit, as_json))


@alerts.command("test")
def trial(
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    as_json: Json = False,
) -> None:
    """Send a test to the worker's channels; exit 1 and the names when one fails."""
    run(_trial(channel, as_json))


async def _show(limit: int, as_json: bool) -> None:
    session = Session()
    query = select(Notification).order_by(col(Notification.created_at).desc()).limit(limit)
    async with session.database.team(session.team_id) as database:
        rows = (await database.scalars(query)).all()
    source = "worker"
    try:
        answer = await _ask(session, ChannelsAsked(team_id=session.team_id), _LOOK)
    except CommandFailed:
        source, answer = "this shell", _own(session.settings)
    await session.aclose()
    if as_json:
        emit(
            {
                "channels": [_channel(one) for one in answer.channels],
                "seen_by": source,
                "problems": answer.problems,
                "deliveries": [_delivery(row) for row in rows],
            }
        )
        return
    table(
        f"Alert channels of the {source}" if source == "worker" else
        "Alert channels as this shell's settings name them (no worker answers)",
        ("name", "kind", "takes"),
        (
            (one.name, one.scheme, "critical, high, digest" if one.high else "critical")
            for one in answer.channels
        ),
        f"No alert channel is set: alerts are in the log alone; {_HOW}.",
    )  # fmt: skip
    for problem in answer.problems:
        screen.print(f"!! {problem}", markup=False)
    now = datetime.now(UTC)
    table(
        "Notices",
        ("sent", "severity", "title", "delivered to", "failed", "held"),
        (
            (
                ago(row.created_at, now),
                row.severity,
                row.title,
                ", ".join(told["delivered"]) or None,
                "; ".join(f"{name}: {why}" for name, why in told["failed"].items()) or None,
                told["held"],
            )
            for row in rows
            for told in (_delivery(row),)
        ),
        "No notices yet.",
    )


async def _trial(channel: str, as_json: bool) -> None:
    session = Session()
    known = await _ask(session, ChannelsAsked(team_id=session.team_id), _LOOK)
    names = [one.name for one in known.channels]
    if channel and channel not in names:
        fail(f"No alert channel is named {channel!r}; there are: {', '.join(names) or 'none'}.",
             USAGE)  # fmt: skip
    if not names and not known.problems:
        fail(f"No alert channel is set; {_HOW}.", FAILED)
    asked = ChannelsAsked(team_id=session.team_id, only=channel or None, send=True)
    answer = await _ask(session, asked, _TRY)
    await session.aclose()
    failed = [one.name for one in answer.channels if one.outcome != "delivered"]
    if as_json:
        emit(
            {
                "ok": not failed and not answer.problems,
                "channels": [_channel(one) for one in answer.channels],
                "problems": answer.problems,
            }
        )
    else:
        for one in answer.channels:
            screen.print(f"{one.name} ({one.scheme}): {one.outcome}", markup=False)
    if failed or answer.problems:
        told = [f"not delivered to {', '.join(failed)}"] if failed else []
        fail("; ".join([*told, *answer.problems]), FAILED)


async def _ask(session: Session, asked: ChannelsAsked, patience: timedelta) -> ChannelsAnswer:
    """Ask the worker, because its environment holds the channels that count.

    Raises:
        CommandFailed: no worker answers.
    """
    client = await session.client()
    try:
        return await client.execute_workflow(
            "alert-channels",
            asked,
            id=f"alert-channels-{uuid4()}",
            task_queue=MANAGEMENT,
            execution_timeout=patience,
            result_type=ChannelsAnswer,
            static_summary="Test the alert channels" if asked.send else "List the alert channels",
        )
    except (WorkflowFailureError, RPCError):
        fail(
            f"No worker answered within {patience.total_seconds():.0f} s; start one with"
            " `adflight up`, or see `adflight doctor`.",
            PENDING,
        )


def _own(settings: Settings) -> ChannelsAnswer:
    channels = Channels(settings)
    return ChannelsAnswer(
        channels=tuple(
            ChannelState(name=name, scheme=channels.scheme(name), high=name in channels.high)
            for name in channels.names
        ),
        problems=channels.problems,
    )


def _channel(one: ChannelState) -> dict[str, Any]:
    told = one.model_dump(mode="json")
    if not one.outcome:
        del told["outcome"]
    return told


def _delivery(row: Notification) -> dict[str, Any]:
    told = cast("dict[str, str]", dict(row.delivered_to))
    held = told.pop(HELD, None)
    logged = told.pop(LOG, None)
    return {
        "key": row.key,
        "at": row.created_at.isoformat(),
        "severity": row.severity,
        "title": row.title,
        "incident_key": row.incident_key,
        "logged": logged,
        "delivered": {name: at for name, at in told.items() if accepted(at)},
        "failed": {
            name: why.removeprefix(FAILED_PREFIX) for name, why in told.items() if not accepted(why)
        },
        "held": held if row.delivered_at is None or held is None else f"{held}; told in the digest",
        "complete": row.delivered_at is not None,
    }
