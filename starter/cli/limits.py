"""Limits: what may be spent, what is promised of it, and changing one with a reason."""

from typing import Annotated

import typer
from sqlalchemy import String, cast
from sqlmodel import col, or_, select
from temporalio.exceptions import ApplicationError

from activities.limit_changes import LimitChanged, LimitOrder, LimitRefused, change_limit
from activities.limit_overview import LimitsOverview, limits_overview
from models.contract.money import Money
from models.tables import Account, LimitChange
from starter.cli.flags import By, DryRun, Json
from starter.cli.output import BLOCKED, USAGE, emit, fail, screen, table
from starter.cli.session import Session, run

limits = typer.Typer(help="Show and change spend limits.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(limits, name="limits")


@limits.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show every limit, what is committed and spent of it, and the room that is left."""
    if context.invoked_subcommand is None:
        run(_show(as_json))


async def _show(as_json: bool) -> None:
    session = Session()
    try:
        seen = await limits_overview(session.database, session.team_id, session.now())
    except ApplicationError as error:
        fail(f"{error.message}.", BLOCKED)
    await session.aclose()
    if as_json:
        emit(seen)
        return
    table(
        "Room left (committed: what live campaigns may still cost)",
        ("scope", "per", "limit", "committed", "spent", "room"),
        (
            (one.scope, one.period, one.limit or "none", one.committed, one.spent, one.room)
            for one in seen.rooms
        ),
        "No accounts yet.",
    )
    table(
        "Limits (set with `adflight limits set NAME VALUE --reason TEXT`)",
        ("name", "value"),
        [
            *((name, _told(value)) for name, value in seen.limits),
            ("hard ceiling a month", f"{seen.ceiling} (a constant; nothing sets it)"),
        ],
        "",
    )
    if seen.problem:
        screen.print(f"Nothing can be raised: {seen.problem}.", markup=False)
    _above(seen)


@limits.command("set")
def set_limit(
    name: Annotated[str, typer.Argument(help="Limit, as `adflight limits` lists it.")],
    value: Annotated[str, typer.Argument(help="For example 30, 50%, 4 (days), yes, none.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the change.")],
    account: Annotated[
        str, typer.Option(help="Only this account (id or name): daily or monthly.")
    ] = "",
    by: By = "operator",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change a limit. What runs above a lowered one keeps its lease, but gets no new one."""

    async def work() -> None:
        session = Session()
        chosen = await find_account(session, account) if account else None
        order = LimitOrder(
            team_id=session.team_id,
            name=name.replace("-", "_"),
            value=value,
            reason=reason,
            by=by,
            at=session.now(),
            account=chosen.id if chosen is not None else None,
        )
        try:
            changed = await change_limit(session.database, order, dry_run=dry_run)
        except LimitRefused as refused:
            fail(f"Refused: {refused}.", BLOCKED)
        await session.aclose()
        if as_json:
            emit({"dry_run": dry_run, **changed.model_dump(mode="json")})
            return
        verb = "Would change" if dry_run else "Changed"
        screen.print(
            f"{verb} {changed.name} ({changed.scope}) from {changed.old} to {changed.new}.",
            markup=False,
        )
        _above(changed)

    run(work())


@limits.command()
def history(
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="How many, newest first.", min=1)
    ] = 30,
    as_json: Json = False,
) -> None:
    """List changes of limits and exchange rates: from, to, why, by whom."""
    run(_history(limit, as_json))


async def _history(limit: int, as_json: bool) -> None:
    session = Session()
    async with session.database.team(session.team_id) as database:
        rows = (
            await database.scalars(
                select(LimitChange).order_by(col(LimitChange.at).desc()).limit(limit)
            )
        ).all()
    await session.aclose()
    if as_json:
        emit([row.model_dump(mode="json") for row in rows])
        return
    table(
        "Changes of limits",
        ("at", "scope", "limit", "from", "to", "by", "why"),
        (
            (f"{row.at:%Y-%m-%d %H:%M}", row.scope, row.name, row.old, row.new, row.by, row.reason)
            for row in rows
        ),
        "No limit was ever changed.",
    )


async def find_account(session: Session, wanted: str) -> Account:
    """An account by name, by its network's id, or by the first characters of its own.

    Raises:
        CommandFailed: none or several fit.
    """
    found = await maybe_account(session, wanted)
    if found is None:
        fail(f"No account fits {wanted!r}; see `adflight accounts`.", USAGE)
    return found


async def maybe_account(session: Session, wanted: str) -> Account | None:
    """``find_account``, or None where none fits.

    Raises:
        CommandFailed: several fit.
    """
    async with session.database.team(session.team_id) as database:
        rows = (
            await database.scalars(
                select(Account).where(
                    or_(
                        cast(col(Account.id), String).startswith(
                            wanted.removeprefix("account:").lower(), autoescape=True
                        ),
                        col(Account.account_name) == wanted,
                        col(Account.platform_account_id) == wanted.removeprefix("act_"),
                    )
                )
            )
        ).all()
    if len(rows) > 1:
        names = ", ".join(row.account_name for row in rows)
        fail(f"{wanted!r} fits several accounts ({names}); give more of the id.", USAGE)
    return rows[0] if rows else None


def _above(seen: LimitsOverview | LimitChanged) -> None:
    for one in seen.above:
        screen.print(
            f"Above a limit, its lease will not be renewed: {one.name} "
            f"({str(one.campaign_id)[:8]}): {one.reason}.",
            markup=False,
        )


def _told(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, Money) else "none" if value is None else str(value)
