"""Acting: approve, reject, modify, pause, resume, kill, budget."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from temporalio.client import WorkflowHandle

from models.contract.base import Frozen
from models.contract.campaign import (
    Approve,
    CampaignView,
    ChangeBudget,
    Kill,
    Modify,
    Optimise,
    Pause,
    Receipt,
    Reject,
    Resume,
)
from models.contract.money import Money
from models.contract.vocabulary import StopLevel
from starter import campaign_messages
from starter.campaign_messages import Kept, MessageRefused, NotRunning
from starter.cli import stops
from starter.cli.flags import By, DryRun, Json, NoInput, Wait, Yes
from starter.cli.output import BLOCKED, FAILED, PENDING, USAGE, confirm, emit, fail, screen
from starter.cli.session import Session, run

_Campaign = Annotated[str, typer.Argument(help="Id, or its first characters.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (approve, reject, modify, pause, resume, kill, budget, optimise, freeze):
        app.command(command.__name__)(command)


def approve(
    campaign: _Campaign,
    by: By = "operator",
    version: Annotated[int, typer.Option(help="The proposal version you saw.")] = 0,
    note: str = "",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    wait: Wait = 10,
) -> None:
    """Agree to a proposal. Without --version it is the one shown before asking."""

    async def work() -> None:
        session = Session()
        handle, view = await look(session, campaign)
        seen = version or view.version
        question = (
            f"{view.name}: {view.plan.daily_budget} a day on {view.platform}, at worst "
            f"{view.approval.worst_case} in all (version {seen})."
        )
        if dry_run:
            done(as_json, view.campaign_id, view.status.value, f"Would approve. {question}")
            return
        confirm(f"{question} Approve?", yes=yes, no_input=no_input)
        message = Approve(by=by, version=seen, note=note)
        await _send(session, handle, "approve", message, wait, as_json)

    run(work())


def reject(
    campaign: _Campaign,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = "operator",
    as_json: Json = False,
    wait: Wait = 10,
) -> None:
    """Decline a proposal; the campaign closes and nothing is spent."""
    run(_say(campaign, "reject", Reject(by=by, reason=reason), wait, as_json))


def modify(
    campaign: _Campaign,
    daily_budget: Annotated[str, typer.Option(help="A day, for example 12.50.")] = "",
    lifetime_budget: Annotated[str, typer.Option(help="In all.")] = "",
    name: str = "",
    end: Annotated[datetime | None, typer.Option(help="Campaign time, UTC.")] = None,
    by: By = "operator",
    as_json: Json = False,
    wait: Wait = 10,
) -> None:
    """Change a proposal; it becomes a new version that is asked again."""

    async def work() -> None:
        session = Session()
        handle, view = await look(session, campaign)
        currency = view.plan.daily_budget.currency
        fields: dict[str, Any] = {}
        if daily_budget:
            fields["daily_budget"] = money(daily_budget, currency, "--daily-budget")
        if lifetime_budget:
            fields["lifetime_budget"] = money(lifetime_budget, currency, "--lifetime-budget")
        if name:
            fields["name"] = name
        if end is not None:
            fields["end"] = end.astimezone()
        if not fields:
            fail("Nothing to modify: give --daily-budget, --lifetime-budget, --name, --end", USAGE)
        message = Modify(by=by, version=view.version, **fields)
        await _send(session, handle, "modify", message, wait, as_json)

    run(work())


def pause(
    campaign: _Campaign,
    reason: str = "paused by a person",
    by: By = "operator",
    as_json: Json = False,
    wait: Wait = 20,
) -> None:
    """Stop delivery; answers when the network shows it off."""
    run(_say(campaign, "pause", Pause(by=by, reason=reason), wait, as_json))


def resume(
    campaign: _Campaign,
    reason: str = "resumed by a person",
    by: By = "operator",
    as_json: Json = False,
    wait: Wait = 20,
) -> None:
    """Deliver again if the limits and no standing stop forbid it."""
    if stops.is_scope(campaign):
        fail(f"A stop over {campaign!r} is lifted with `adflight recover {campaign}`.", USAGE)
    run(_say(campaign, "resume", Resume(by=by, reason=reason), wait, as_json))


def optimise(
    campaign: _Campaign, by: By = "operator", as_json: Json = False, wait: Wait = 30
) -> None:
    """Decide on pacing, bid, budget and ads now instead of at the next cycle."""
    run(_say(campaign, "optimise", Optimise(by=by), wait, as_json))


def budget(
    campaign: _Campaign,
    amount: Annotated[str, typer.Argument(help="New daily budget, for example 15.")],
    reason: str = "",
    by: By = "operator",
    as_json: Json = False,
    wait: Wait = 20,
) -> None:
    """Set the daily budget: lowering at once, raising only within the limits."""

    async def work() -> None:
        session = Session()
        handle, view = await look(session, campaign)
        new = money(amount, view.plan.daily_budget.currency, "amount")
        message = ChangeBudget(by=by, daily_budget=new, reason=reason)
        await _send(session, handle, "change_budget", message, wait, as_json)

    run(work())


def kill(
    target: Annotated[
        str, typer.Argument(help="Campaign id; or team, a platform (meta, x), account:ID, all.")
    ],
    level: Annotated[
        StopLevel, typer.Option(help="soft pauses what the AI made.")
    ] = StopLevel.HARD,
    reason: str = "kill switch",
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    wait: Wait = 30,
) -> None:
    """Stop: the network first. Works without database or Claude; kept while no worker runs."""

    async def work() -> int:
        session = Session()
        order = Kill(by=by, reason=reason, level=level)
        if stops.is_scope(target):
            return await stops.stop_scope(
                session, target, order, yes=yes, no_input=no_input, dry_run=dry_run,
                as_json=as_json, wait=wait,
            )  # fmt: skip
        handle = await session.handle(target)
        if dry_run:
            done(as_json, handle.id, "unchanged", f"Would kill {handle.id} ({level.value})")
            return 0
        confirm(f"Kill {handle.id} for good?", yes=yes, no_input=no_input)
        try:
            view = await campaign_messages.kill(handle, order, wait)
        except NotRunning:
            fail(f"There is no running workflow {handle.id}.", USAGE)
        if view is None:
            done(as_json, handle.id, "pending",
                  "The kill is kept; no worker has confirmed it yet.")  # fmt: skip
            return PENDING
        done(as_json, handle.id, view.status.value, "Stopped, confirmed by read-back.")
        return 0

    raise typer.Exit(run(work()))


def freeze(
    reason: Annotated[str, typer.Option(help="Why.")] = "frozen by a person",
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Freeze the AI's decisions: nothing is proposed or raised; running ads go on, guarded.

    To stop the ads too, use `adflight kill team --level soft`. Lift with `adflight recover team`.
    """

    async def work() -> None:
        session = Session()
        await stops.freeze(session, by, reason)
        done(as_json, "all", "frozen", f"Decisions are frozen by {by}: {reason}")

    run(work())


async def look(session: Session, name: str) -> tuple[WorkflowHandle[Any, Any], CampaignView]:
    """A campaign's workflow and how it sees itself.

    Raises:
        CommandFailed: there is none, or nobody answers.
    """
    handle = await session.handle(name)
    try:
        view = await campaign_messages.view(handle, timedelta(seconds=10))
    except NotRunning:
        fail(f"There is no workflow {handle.id}.", USAGE)
    if view is None:
        fail("No worker answers; start one with `adflight up` or `python -m worker`.", PENDING)
    return handle, view


async def _say(campaign: str, name: str, message: Frozen, wait: float, as_json: bool) -> None:
    session = Session()
    await _send(session, await session.handle(campaign), name, message, wait, as_json)


async def _send(
    session: Session,
    handle: WorkflowHandle[Any, Any],
    name: str,
    message: Frozen,
    wait: float,
    as_json: bool,
) -> None:
    try:
        receipt = await send(session, handle, name, message, wait)
    finally:
        await session.aclose()
    done(as_json, handle.id, receipt.status.value, receipt.message)


async def send(
    session: Session, handle: WorkflowHandle[Any, Any], name: str, message: Frozen, wait: float
) -> Receipt:
    """Send an update for its answer; when no worker answers, leave a signal instead.

    Raises:
        CommandFailed: refused, or nobody answered in time.
    """
    try:
        return await campaign_messages.send(handle, name, message, wait)
    except MessageRefused as refused:
        fail(f"Refused: {refused}.", BLOCKED if refused.blocked else FAILED)
    except Kept as kept:
        fail(f"{kept}.", PENDING)
    except NotRunning:
        row = await session.campaign(handle.id)
        fail(f"Refused: cannot {name}: the campaign is {row.status}.", FAILED)


def done(as_json: bool, target: object, status: str, message: str) -> None:
    """Say what became of it."""
    if as_json:
        emit({"target": target, "status": status, "message": message})
    else:
        screen.print(f"{message} [{status}]", markup=False)


def money(text: str, currency: str, field: str) -> Money:
    """Read an amount of money from the command line.

    Raises:
        CommandFailed: it is no positive amount.
    """
    try:
        value = Money.of(text, currency)
    except ValueError as error:
        fail(f"{field}: {error}.", USAGE)
    if value.micros <= 0:
        fail(f"{field} {text!r} must be above zero.", USAGE)
    return value
