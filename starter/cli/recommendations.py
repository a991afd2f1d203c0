"""Recommendations: what the machine advises and leaves to a person, to accept or to dismiss."""

from typing import Annotated, Any

import typer
from sqlalchemy import String, cast
from sqlmodel import col, select

from activities.recommendations import ACCEPTED, DISMISSED, OPEN, settle
from models.contract.campaign import ChangeBudget
from models.contract.money import Money
from models.tables import Campaign, RecommendationRow
from starter.cli.flags import By, DryRun, Json, Limit, NoInput, Wait, Yes
from starter.cli.messages import send
from starter.cli.output import FAILED, USAGE, confirm, emit, fail, screen, table
from starter.cli.session import Session, run

recommendations = typer.Typer(help="What is advised, with its evidence; accept or dismiss it.")
_Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the first characters.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(recommendations, name="recommendations")


@recommendations.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="The settled ones as well.")] = False,
    limit: Limit = 30,
    as_json: Json = False,
) -> None:
    """List open recommendations with what each would change and why."""
    if context.invoked_subcommand is None:
        run(_show(everything, limit, as_json))


async def _show(everything: bool, limit: int, as_json: bool) -> None:
    session = Session()
    query = select(RecommendationRow).order_by(col(RecommendationRow.created_at).desc())
    if not everything:
        query = query.where(col(RecommendationRow.state) == OPEN)
    rows = await session.rows(query.limit(limit))
    if as_json:
        emit([row.model_dump(mode="json") for row in rows])
        return
    table(
        "Recommendations (campaign time)",
        ("id", "at", "campaign", "advice", "change", "why", "state"),
        (
            (
                str(row.id)[:8],
                f"{row.at:%m-%d %H:%M}",
                str(row.campaign_id)[:8] if row.campaign_id else None,
                row.title,
                _change(row),
                row.reason,
                row.state if row.settled_by is None else f"{row.state} by {row.settled_by}",
            )
            for row in rows
        ),
        "No recommendations. They come with evidence: `adflight decisions` shows what is judged.",
    )


def _change(row: RecommendationRow) -> str:
    change = row.change
    return f"{change.get('field')}: {change.get('from')} -> {change.get('to')}" if change else "–"


@recommendations.command()
def accept(
    name: _Id,
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    wait: Wait = 20,
) -> None:
    """Do what is advised, as a person's own wish: limits and stops still hold."""
    run(_accept(name, by, yes, no_input, dry_run, as_json, wait))


async def _accept(
    name: str, by: str, yes: bool, no_input: bool, dry_run: bool, as_json: bool, wait: float
) -> None:
    session = Session()
    row = await _open(session, name)
    if row.campaign_id is None or row.change.get("field") != "daily_budget":
        fail(
            f"{row.title!r} is nothing that a command can do: make the change yourself"
            f" ({_change(row)}), then `adflight recommendations dismiss {name}`.",
            FAILED,
        )
    async with session.database.team(session.team_id) as database:
        campaign = await database.get(Campaign, row.campaign_id)
    if campaign is None:
        fail(f"The campaign of {row.title!r} is no longer known.", FAILED)
    budget = Money.of(str(row.change["to"]), campaign.currency)
    if dry_run:
        _say(as_json, row, f"Would set {budget} a day on {campaign.name}.")
        return
    confirm(f"{row.title}: set {budget} a day?", yes=yes, no_input=no_input)
    handle = await session.handle(str(row.campaign_id))
    wish = ChangeBudget(by=by, daily_budget=budget, reason=f"recommended: {row.reason}"[:400])
    # First the effect, then the record: a refusal leaves the advice open.
    receipt = await send(session, handle, "change_budget", wish, wait)
    async with session.database.team(session.team_id) as database:
        await settle(database, row.id, ACCEPTED, by, receipt.message)
    await session.aclose()
    _say(as_json, row, receipt.message)


@recommendations.command()
def dismiss(
    name: _Id,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Decline advice; it is not given again before it would have expired."""

    async def work() -> None:
        session = Session()
        row = await _open(session, name)
        async with session.database.team(session.team_id) as database:
            await settle(database, row.id, DISMISSED, by, reason)
        await session.aclose()
        _say(as_json, row, "Dismissed.")

    run(work())


async def _open(session: Session, name: str) -> RecommendationRow:
    """An open recommendation.

    Raises:
        CommandFailed: none or several fit, or it is settled.
    """
    async with session.database.team(session.team_id) as database:
        rows = (
            await database.scalars(
                select(RecommendationRow)
                .where(
                    cast(col(RecommendationRow.id), String).startswith(
                        name.lower(), autoescape=True
                    )
                )
                .limit(5)
            )
        ).all()
    if not rows:
        fail(f"No recommendation begins with {name!r}; see `adflight recommendations`.", USAGE)
    if len(rows) > 1:
        ids = ", ".join(str(row.id)[:13] for row in rows)
        fail(f"{name!r} fits several recommendations ({ids}…); give more characters.", USAGE)
    if rows[0].state != OPEN:
        fail(f"Recommendation {name!r} is {rows[0].state} by {rows[0].settled_by}.", FAILED)
    return rows[0]


def _say(as_json: bool, row: RecommendationRow, message: str) -> None:
    document: dict[str, Any] = {"id": str(row.id), "change": row.change, "message": message}
    if as_json:
        emit(document)
    else:
        screen.print(message, markup=False)
