"""Ad accounts: whether they can be spent from, how old that is, and their own limits."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import col, select

from activities.accounts import AccountActivities
from activities.connections import secret_source
from activities.teams import ad_account
from models.contract.connection import ConnectionStatus, connection_id
from models.contract.money import Money
from models.tables import Account, Connection
from platforms.errors import NetworkError
from platforms.registry import Networks
from starter import documents
from starter.cli.flags import Json
from starter.cli.output import FAILED, OK, ago, emit, notes, table
from starter.cli.session import Session, run

Check = Annotated[bool, typer.Option("--check", help="Ask the networks now.")]
accounts = typer.Typer(help="Ad accounts: list, connect, test.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(accounts, name="accounts")


@accounts.callback(invoke_without_command=True)
def show(context: typer.Context, check: Check = False, as_json: Json = False) -> None:
    """List ad accounts with status, reason, age, limits and how their credentials stand."""
    if context.invoked_subcommand is None:
        raise typer.Exit(run(_accounts(check, as_json)))


@accounts.command("list")
def list_accounts(check: Check = False, as_json: Json = False) -> None:
    """List ad accounts (what `adflight accounts` alone does)."""
    raise typer.Exit(run(_accounts(check, as_json)))


async def _accounts(check: bool, as_json: bool) -> int:
    session = Session()
    rows = await _rows(session)
    failures = await _check(session, rows) if check else {}
    if check:
        rows = await _rows(session)
    connections = await _connections(session)
    await session.aclose()
    now = datetime.now(UTC)
    if as_json:
        emit(
            [
                documents.account(row, _joined(row, connections), failures.get(str(row.id)))
                for row in rows
            ]
        )
    else:
        table(
            "Ad accounts",
            ("account", "id", "network's id", "status", "since", "credentials", "daily", "monthly"),
            (
                (
                    _named(row),
                    str(row.id)[:8],
                    row.platform_account_id,
                    f"{row.status}: {row.status_reason}" if row.status_reason else row.status,
                    ago(row.status_at, now) if row.status_at else None,
                    _credentials(row, _joined(row, connections)),
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


async def _connections(session: Session) -> dict[UUID, Connection]:
    async with session.database.team(session.team_id) as database:
        return {row.id: row for row in await database.scalars(select(Connection))}


def _joined(row: Account, connections: Mapping[UUID, Connection]) -> Connection | None:
    number = connection_id(row.credentials_ref)
    return connections.get(number) if number is not None else None


def _credentials(row: Account, connection: Connection | None) -> str:
    """How an account's credentials stand, in words."""
    if row.credentials_off_at is not None:
        return f"OFF since {row.credentials_off_at:%m-%d %H:%M} by {row.credentials_off_by}"
    if connection is None:
        missing = connection_id(row.credentials_ref) is not None
        return "CONNECTION IS GONE" if missing else f"on ({row.credentials_ref})"
    if connection.status == ConnectionStatus.NEEDS_REAUTH.value:
        return f"CONNECT AGAIN: {connection.status_reason}"
    ends = f", until {connection.expires_at:%m-%d %H:%M}" if connection.expires_at else ""
    return f"connected by {connection.connected_by}{ends}"


async def _check(session: Session, rows: Sequence[Account]) -> dict[str, str]:
    """Ask every network at once; a sentence for each account that could not be asked."""
    secrets = secret_source(session.settings, session.database)
    networks = Networks(session.settings, session.now, secrets=secrets)
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


def _named(row: Account) -> str:
    """A name with what sets the account apart."""
    marks = [
        "sandbox" if row.sandbox else "",
        "default" if row.is_default else "",
        "not confirmed" if _unconfirmed(row) else "",
    ]
    told = ", ".join(one for one in marks if one)
    return f"{row.account_name} ({told})" if told else row.account_name


def _unconfirmed(row: Account) -> bool:
    """Whether a person has to agree before real money is spent from it for the first time."""
    return not row.sandbox and row.first_activated_at is None and row.confirmed_at is None


def _money(micros: int | None, row: Account) -> Money | None:
    return None if micros is None else Money(micros=micros, currency=row.currency)
