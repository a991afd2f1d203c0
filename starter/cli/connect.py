"""Connecting ad accounts through their networks' login pages, and testing what is connected."""

import asyncio
import os
from typing import Annotated, Any
from uuid import UUID

import typer
from temporalio.service import RPCError

from activities.account_tests import AccountTester, AccountTrial, failed
from activities.attaching import ConnectRefused, Outcome
from activities.connecting import CONNECTED, EXCHANGING, PENDING, Begun, Connecting, ConnectOrder
from activities.connections import secret_source
from activities.teams import ad_account
from models.contract.account import kept_options
from models.contract.vocabulary import Platform
from models.tables import Account, ConnectAttempt
from platforms.authorisation import app_credentials
from platforms.errors import NetworkError
from platforms.registry import Networks
from starter.cli.accounts import accounts
from starter.cli.flags import By, Json, NoInput
from starter.cli.limits import find_account, maybe_account
from starter.cli.output import CREDENTIALS, FAILED, OK, USAGE, emit, fail, screen, table
from starter.cli.output import PENDING as STILL_PENDING
from starter.cli.session import Session, run
from starter.connections import look_after, order_of
from starter.temporal import TemporalUnreachable
from starter.temporal import connect as to_temporal

_LOOK = 0.5
_MARKS = {"ok": "ok", "warning": "warning", "failed": "FAILED", "unknown": "–"}


def register(app: typer.Typer) -> None:
    """Add the commands under `adflight accounts`."""
    for command in (connect, connected, use):
        accounts.command()(command)
    accounts.command("set")(set_options)
    accounts.command("test")(try_account)


def connect(
    network: Annotated[str, typer.Argument(help="Network, for example meta.")],
    account: Annotated[
        str, typer.Option(help="Only this ad account: ours (id, name) or the network's id.")
    ] = "",
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Log in to the sandbox, not to the real network.")
    ] = False,
    by: By = "operator",
    no_input: NoInput = False,
    as_json: Json = False,
) -> None:
    """Log in at a network and keep what it grants, sealed. Prints the address to open.

    Waits until you were there; with --no-input it ends at once, and `adflight accounts connected
    ID` says what became of it.
    """
    try:
        platform = Platform.parse(network)
    except ValueError as error:
        fail(f"{error}.", USAGE)
    raise typer.Exit(run(_connect(platform, account, sandbox, by, no_input, as_json)))


async def _connect(
    platform: Platform, account: str, sandbox: bool, by: str, no_input: bool, as_json: bool
) -> int:
    session = Session()
    ours = await _ours(session, platform, account)
    order = ConnectOrder(
        team_id=session.team_id,
        platform=platform,
        person=by,
        wanted=str(ours.id) if ours else account,
        sandbox=ours.sandbox if ours else sandbox or _only_sandbox(session, platform),
    )
    try:
        begun = await Connecting(session.database, session.settings).begin(order)
    except ConnectRefused as refused:
        fail(f"Not begun: {refused}.", CREDENTIALS)
    if no_input:
        await session.aclose()
        emit({"connect_id": str(begun.attempt), "address": begun.address,
              "expires_at": begun.expires_at})  # fmt: skip
        return OK
    # The address is for the person alone: on the screen, never in a log.
    screen.print(f"Open this address and log in (until {begun.expires_at:%H:%M} UTC):\n")
    screen.print(begun.address, markup=False, soft_wrap=True)
    row = await _awaited(session, begun)
    await session.aclose()
    return _told(row, as_json)


async def _ours(session: Session, platform: Platform, wanted: str) -> Account | None:
    """The account of ours that is meant; None where the network's id of a new one is."""
    if not wanted:
        return None
    found = await maybe_account(session, wanted)
    if found is not None and found.platform != platform.value:
        fail(f"Account {found.account_name!r} is on {found.platform}, not on {platform.value}.",
             USAGE)  # fmt: skip
    return found


def _only_sandbox(session: Session, platform: Platform) -> bool:
    """Whether there is a sandbox to log in to and no app of ours on the real network."""
    try:
        app_credentials(platform, sandbox=False, environ=os.environ)
    except NetworkError:
        return bool(session.settings.sandbox_url)
    return False


async def _awaited(session: Session, begun: Begun) -> ConnectAttempt | None:
    while True:
        row = await _attempt(session, begun.attempt)
        if row is None or row.outcome not in (PENDING, EXCHANGING):
            return row
        if session.settings.real_now() > begun.expires_at and row.outcome == PENDING:
            return row
        await asyncio.sleep(_LOOK)


def connected(
    connect_id: Annotated[str, typer.Argument(help="As `accounts connect --no-input` gave it.")],
    as_json: Json = False,
) -> None:
    """Say what became of a login: exit 0 connected, 6 still open, 4 not connected."""

    async def work() -> int:
        session = Session()
        try:
            row = await _attempt(session, UUID(connect_id))
        except ValueError:
            row = None
        await session.aclose()
        return _told(row, as_json)

    raise typer.Exit(run(work()))


async def _attempt(session: Session, attempt: UUID) -> ConnectAttempt | None:
    async with session.database.team(session.team_id) as database:
        return await database.get(ConnectAttempt, attempt)


def _told(row: ConnectAttempt | None, as_json: bool) -> int:
    if row is None:
        fail("There is no such login; see `adflight accounts connect --help`.", USAGE)
    pending = row.outcome == PENDING
    told = row.told or ("nobody has logged in yet" if pending else row.outcome)
    if as_json:
        emit({"outcome": row.outcome, "told": told, "platform": row.platform,
              "connection": str(row.connection_id) if row.connection_id else None,
              "reaches": row.found})  # fmt: skip
    else:
        screen.print(f"{told[:1].upper()}{told[1:]}", markup=False)
    if row.outcome == CONNECTED:
        return OK
    return STILL_PENDING if pending else CREDENTIALS


def use(
    connection: Annotated[str, typer.Argument(help="Connection id.")],
    external_id: Annotated[str, typer.Argument(help="The network's id of the ad account.")],
    as_json: Json = False,
) -> None:
    """Take one more of the ad accounts that a login reaches."""

    async def work() -> Outcome:
        session = Session()
        try:
            outcome = await Connecting(session.database, session.settings).use(
                session.team_id, UUID(connection), external_id
            )
        except ValueError:
            fail(f"{connection!r} is no connection id; see `adflight accounts --json`.", USAGE)
        except ConnectRefused as refused:
            fail(f"Not attached: {refused}.", CREDENTIALS)
        if (order := order_of(outcome)) is not None:
            try:
                await look_after(await to_temporal(session.settings), order)
            except (TemporalUnreachable, RPCError) as error:
                screen.print(f"It is not looked after yet: {error}.", markup=False)
        await session.aclose()
        return outcome

    outcome = run(work())
    if as_json:
        emit({"told": outcome.told, "accounts": [str(one) for one in outcome.attached]})
    else:
        screen.print(outcome.told, markup=False)


def set_options(
    account: Annotated[str, typer.Argument(help="Account id, name or the network's id.")],
    options: Annotated[list[str], typer.Argument(help="NAME=VALUE, for example page_id=7001.")],
) -> None:
    """Set what goes beside the account's id, never a secret.

    What its network needs, and permitted_categories: the regulated categories that the network
    permits it in writing, by commas, or none.
    """
    pairs = {name: value for name, _, value in (one.partition("=") for one in options)}
    for name, value in pairs.items():
        if not name.replace("_", "").isalnum() or not value or _secretive(name):
            fail(f"{name!r} is no option that can be set so; give NAME=VALUE, and secrets with "
                 "`adflight accounts connect`.", USAGE)  # fmt: skip

    try:
        pairs = kept_options(pairs)
    except ValueError as refused:
        fail(f"{refused}.", USAGE)

    async def work() -> Account:
        session = Session()
        found = await find_account(session, account)
        async with session.database.team(session.team_id) as database:
            row = await database.get(Account, found.id, with_for_update=True)
            assert row is not None
            row.options = {**row.options, **pairs}
        await session.aclose()
        return row

    row = run(work())
    told = ", ".join(f"{name} {value}" for name, value in pairs.items())
    screen.print(f"{row.account_name}: {told}.", markup=False)


def _secretive(name: str) -> bool:
    return any(word in name.lower() for word in ("token", "secret", "password", "private"))


def try_account(
    account: Annotated[str, typer.Argument(help="Account id, name or the network's id.")],
    as_json: Json = False,
) -> None:
    """Check an account: token, scopes, expiry, status, currency, time zone, page, pixel.

    Exit 4 when the credentials are at fault, 1 when something else is.
    """
    raise typer.Exit(run(_test(account, as_json)))


async def _test(account: str, as_json: bool) -> int:
    session = Session()
    row = await find_account(session, account)
    secrets = secret_source(session.settings, session.database)
    networks = Networks(session.settings, session.now, secrets=secrets)
    tester = AccountTester(session.database, networks, secrets, session.settings)
    trials = await tester.test(ad_account(row))
    await networks.aclose()
    await session.aclose()
    if as_json:
        emit({"account": str(row.id), "name": row.account_name, "platform": row.platform,
              "ok": not failed(trials), "checks": [_document(one) for one in trials]})  # fmt: skip
    else:
        table(
            f"{row.account_name} ({row.platform})",
            ("check", "result", "found", "what to do"),
            ((one.check, _MARKS[one.result], one.found, one.mend or None) for one in trials),
            "Nothing to check.",
        )
    return {"": OK, "credentials": CREDENTIALS, "account": FAILED}[failed(trials)]


def _document(one: AccountTrial) -> dict[str, Any]:
    return one.model_dump(mode="json")
