"""Ad accounts: whether they can be spent from, how old that is, and their own limits."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlmodel import col, select

from activities.accounts import AccountActivities
from activities.teams import ad_account
from models.contract.money import Money
from models.tables import Account
from platforms.errors import NetworkError
from platforms.registry import Networks
from starter.cli.flags import Json
from starter.cli.output import FAILED, OK, ago, emit, notes, table
from starter.cli.session import Session, run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("accounts")(accounts)


def accounts(
    check: Annotated[bool, typer.Option("--check", help="Ask the networks now.")] = False,
    as_json: Json = False,
) -> None:
    """List ad accounts with status, reason, age, limits and whether credentials are on."""
    raise typer.Exit(run(_accounts(check, as_json)))


async def _accounts(check: bool, as_json: bool) -> int:
    session = Session()
    rows = await _rows(session)
    failures = await _check(session, rows) if check else {}
    if check:
        rows = await _rows(session)
    await session.aclose()
    now = datetime.now(UTC)
    if as_json:
        emit([_document(row, failures.get(str(row.id))) for row in rows])
    else:
        table(
            "Ad accounts",
            ("account", "id", "network's id", "status", "since", "credentials", "daily", "monthly"),
            (
                (
                    f"{row.account_name}{' (sandbox)' if row.sandbox else ''}",
                    str(row.id)[:8],
                    row.platform_account_id,
                    f"{row.status}: {row.status_reason}" if row.status_reason else row.status,
                    ago(row.status_at, now) if row.status_at else None,
                    f"OFF since {row.credentials_off_at:%m-%d %H:%M} by {row.credentials_off_by}"
                    if row.credentials_off_at
                    else "on",
                    _money(row.daily_limit_micros, row),
                    _money(row.monthly_limit_micros, row),
                )
                for row in rows
            ),
            "No ad accounts yet; run `adflight up`.",
        )
    for sentence in failures.values():
        notes.print(f"Not checked: {sentence}", markup=False)
    return FAILED if failures else OK


async def _rows(session: Session) -> Sequence[Account]:
    async with session.database.team(session.team_id) as database:
        return (
            await database.scalars(
                select(Account).order_by(col(Account.platform), col(Account.account_name))
            )
        ).all()


async def _check(session: Session, rows: Sequence[Account]) -> dict[str, str]:
    """Ask every network at once; a sentence for each account that could not be asked."""
    networks = Networks(session.settings, session.now)
    desk = AccountActivities(session.database, networks)
    failures: dict[str, str] = {}

    async def ask(row: Account) -> None:
        try:
            await desk.examine(ad_account(row))
        except NetworkError as error:
            failures[str(row.id)] = f"{row.account_name}: {error.message}"

    await asyncio.gather(*(ask(row) for row in rows))
    await networks.aclose()
    return failures


def _document(row: Account, failure: str | None) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.account_name,
        "platform": row.platform,
        "platform_account_id": row.platform_account_id,
        "sandbox": row.sandbox,
        "currency": row.currency,
        "timezone": row.timezone,
        "status": row.status,
        "status_reason": row.status_reason,
        "status_at": row.status_at,
        "credentials_off_at": row.credentials_off_at,
        "credentials_off_by": row.credentials_off_by,
        "daily_limit_micros": row.daily_limit_micros,
        "monthly_limit_micros": row.monthly_limit_micros,
        "first_activated_at": row.first_activated_at,
        "not_checked": failure,
    }


def _money(micros: int | None, row: Account) -> Money | None:
    return None if micros is None else Money(micros=micros, currency=row.currency)
