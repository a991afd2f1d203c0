"""Why it did everything: decisions, what became of them, and taking them again."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlmodel import col, select

from activities.replay import PolicyReplay, UnknownPolicy, money_text, replay
from models.contract.money import Money
from models.tables import DecisionRow
from starter.cli.flags import Json, Limit
from starter.cli.output import FAILED, USAGE, emit, fail, screen, table
from starter.cli.session import Session, run

decisions = typer.Typer(help="List decisions, and take them again.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(decisions, name="decisions")


@decisions.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    campaign: Annotated[str, typer.Option(help="Only this campaign.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only this type.")] = "",
    limit: Limit = 30,
    as_json: Json = False,
) -> None:
    """List decisions with who took them, why, and what became of them."""
    if context.invoked_subcommand is None:
        run(_show(campaign, kind, limit, as_json))


async def _show(campaign: str, kind: str, limit: int, as_json: bool) -> None:
    session = Session()
    query = select(DecisionRow).order_by(col(DecisionRow.recorded_at).desc()).limit(limit)
    if campaign:
        query = query.where(col(DecisionRow.campaign_id) == (await session.campaign(campaign)).id)
    if kind:
        query = query.where(col(DecisionRow.decision_type) == kind)
    rows = await session.rows(query)
    if as_json:
        emit([row.model_dump(mode="json") for row in rows])
        return
    table(
        "Decisions (campaign time)",
        ("at", "decision", "by", "campaign", "policy", "why", "a day", "score"),
        (
            (
                f"{row.at:%m-%d %H:%M}",
                f"{row.decision_type} ({row.outcome})",
                row.decided_by,
                str(row.campaign_id)[:8] if row.campaign_id else None,
                row.policy,
                row.reasoning,
                None
                if row.budget_impact_micros is None
                else Money(micros=row.budget_impact_micros),
                row.score,
            )
            for row in rows
        ),
        "No decisions yet.",
    )


@decisions.command("replay")
def take_again(
    policy: Annotated[
        str,
        typer.Option(
            help="A candidate: NAME, or NAME:CONSTANT=VALUE,… with other constants than today's."
        ),
    ] = "",
    since: Annotated[
        datetime | None, typer.Option(help="Oldest decision, campaign time, UTC.")
    ] = None,
    campaign: Annotated[str, typer.Option(help="Only this campaign.")] = "",
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="How many differences to show.", min=1)
    ] = 20,
    as_json: Json = False,
) -> None:
    """Take recorded decisions again: the same policy must answer the same to the last micro.

    Exits with 1 when it does not. A candidate may differ: what would have changed is shown.
    """
    name, changes = _candidate(policy)
    raise typer.Exit(run(_take_again(name, changes, since, campaign, limit, as_json)))


def _candidate(text: str) -> tuple[str | None, dict[str, str]]:
    name, _, constants = text.partition(":")
    changes: dict[str, str] = {}
    for part in filter(None, constants.split(",")):
        key, given, value = part.partition("=")
        if not given:
            fail(f"--policy {text!r}: {part!r} is no CONSTANT=VALUE.", USAGE)
        changes[key.strip()] = value.strip()
    return name.strip() or None, changes


async def _take_again(
    name: str | None,
    changes: dict[str, str],
    since: datetime | None,
    campaign: str,
    limit: int,
    as_json: bool,
) -> int:
    session = Session()
    try:
        found = await replay(
            session.database,
            session.team_id,
            since=since.astimezone() if since else None,
            campaign_id=(await session.campaign(campaign)).id if campaign else None,
            candidate=name,
            changes=changes,
        )
    except UnknownPolicy as error:
        fail(f"--policy: {error}.", USAGE)
    finally:
        await session.aclose()
    same = all(one.identical == one.taken for one in found)
    if as_json:
        emit(_document(found, changes))
    else:
        _print(found, limit, changes=changes)
    return 0 if same or changes else FAILED


def _document(found: list[PolicyReplay], changes: dict[str, str]) -> dict[str, Any]:
    taken, identical = sum(one.taken for one in found), sum(one.identical for one in found)
    return {
        "taken": taken,
        "identical": identical,
        "identical_share": identical / taken if taken else None,
        "unreadable": sum(one.unreadable for one in found),
        "changes": changes,
        "policies": [asdict(one) | {"money_micros": one.money} for one in found],
    }


def _print(found: list[PolicyReplay], limit: int, *, changes: dict[str, str]) -> None:
    table(
        "Taken again" + (f" with {changes}" if changes else ""),
        ("policy", "taken", "identical", "not readable", "difference of spend"),
        (
            (one.policy, one.taken, one.identical, one.unreadable, money_text(one.money))
            for one in found
        ),
        "No numeric decisions are recorded yet.",
    )
    shown = [(one.policy, each) for one in found for each in one.differences][:limit]
    for label, each in shown:
        changed = {
            key: (each.recorded.get(key), value)
            for key, value in each.again.items()
            if each.recorded.get(key) != value
        }
        screen.print(f"{each.at:%m-%d %H:%M} {label} {str(each.campaign_id)[:8]}", markup=False)
        for key, (before, after) in changed.items():
            screen.print(f"    {key}: {before} -> {after}", markup=False)
