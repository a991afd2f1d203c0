"""Ad accounts: which is the default, what may be spent from it, and its first real money."""

from typing import Annotated, Any
from uuid import uuid4

import typer
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from activities.account_tests import AccountTester
from activities.connections import secret_source
from activities.default_account import DefaultRefused, make_default
from activities.first_launch import FirstLaunch, NotConfirmed, ReadBack
from activities.limit_changes import LimitChanged, LimitOrder, LimitRefused, change_limit
from models.contract.vocabulary import Platform
from models.tables import Account
from platforms.registry import Networks
from starter.cli.accounts import accounts
from starter.cli.administration import said
from starter.cli.flags import By, DryRun, Json, NoInput, Yes
from starter.cli.limits import find_account
from starter.cli.messages import money
from starter.cli.output import (
    BLOCKED,
    CREDENTIALS,
    FAILED,
    USAGE,
    confirm,
    emit,
    fail,
    screen,
    table,
)
from starter.cli.session import Session, run

_Account = Annotated[str, typer.Argument(help="Account id, name or the network's id.")]


def register(app: typer.Typer) -> None:
    """Add the commands under `adflight accounts`."""
    accounts.command()(add)
    accounts.command()(default)
    accounts.command()(limit)
    accounts.command("confirm")(confirm_account)


def add(
    network: Annotated[str, typer.Argument(help="Network, for example meta.")],
    external_id: Annotated[str, typer.Argument(help="The network's id of the ad account.")],
    credentials: Annotated[
        str, typer.Option(help="Where its secrets are: env:META_SHOP, file:/run/secrets/meta …")
    ],
    name: str = "",
    currency: str = "USD",
    timezone: str = "UTC",
    sandbox: Annotated[bool, typer.Option("--sandbox", help="It is the sandbox's.")] = False,
    as_json: Json = False,
) -> None:
    """Add an ad account whose credentials the operator keeps. (Log in instead: `connect`.)"""
    try:
        platform = Platform.parse(network)
    except ValueError as error:
        fail(f"{error}.", USAGE)

    async def work() -> None:
        session = Session()
        external = external_id.removeprefix("act_")
        row = Account(
            id=uuid4(),
            team_id=session.team_id,
            platform=platform.value,
            account_name=(name or f"{platform.value} {external}")[:100],
            platform_account_id=external,
            currency=currency.upper(),
            timezone=timezone,
            credentials_ref=credentials,
            sandbox=sandbox,
        )
        try:
            async with session.database.team(session.team_id) as database:
                others = await database.scalar(
                    select(Account.id)
                    .where(
                        col(Account.platform) == platform.value, col(Account.is_default).is_(True)
                    )
                    .limit(1)
                )
                row.is_default = others is None
                database.add(row)
        except IntegrityError:
            fail(f"The team has the account {external} on {platform.value} already.", USAGE)
        await session.aclose()
        said(
            as_json,
            {"id": str(row.id), "name": row.account_name, "default": row.is_default},
            f"Added {row.account_name} ({row.id}); see whether it can be used with `adflight "
            f"accounts test {str(row.id)[:8]}`.",
        )

    run(work())


def default(account: _Account, by: By = "operator", as_json: Json = False) -> None:
    """Make an account its network's default: what is meant where none is named."""

    async def work() -> None:
        session = Session()
        found = await find_account(session, account)
        try:
            row = await make_default(
                session.database, session.team_id, found.id, by=by, at=session.now()
            )
        except DefaultRefused as refused:
            fail(f"Refused: {refused}.", BLOCKED)
        await session.aclose()
        told = f"{row.account_name} is the default on {row.platform} now."
        said(as_json, {"id": str(row.id), "platform": row.platform, "default": True}, told)

    run(work())


def limit(
    account: _Account,
    reason: Annotated[str, typer.Option(help="Why; kept with the change.")],
    daily: Annotated[str, typer.Option(help="A day, for example 25; none lifts it.")] = "",
    monthly: Annotated[str, typer.Option(help="A calendar month.")] = "",
    by: By = "operator",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Set an account's own limits, in its currency (also: `adflight limits set … --account`)."""
    wanted = {name: value for name, value in (("daily", daily), ("monthly", monthly)) if value}
    if not wanted:
        fail("Nothing to set: give --daily, --monthly or both.", USAGE)

    async def work() -> list[LimitChanged]:
        session = Session()
        found = await find_account(session, account)
        orders = [
            LimitOrder(
                team_id=session.team_id,
                name=name,
                value=value,
                reason=reason,
                by=by,
                at=session.now(),
                account=found.id,
            )
            for name, value in wanted.items()
        ]
        try:
            # Both or neither: the second must not fail after the first was made.
            done = [await change_limit(session.database, one, dry_run=True) for one in orders]
            if not dry_run:
                done = [await change_limit(session.database, one) for one in orders]
        except LimitRefused as refused:
            fail(f"Refused: {refused}.", BLOCKED)
        await session.aclose()
        return done

    done = run(work())
    if as_json:
        emit({"dry_run": dry_run, "changes": [one.model_dump(mode="json") for one in done]})
        return
    for one in done:
        verb = "Would change" if dry_run else "Changed"
        screen.print(f"{verb} {one.name} from {one.old} to {one.new}.", markup=False)


def confirm_account(
    account: _Account,
    daily_cap: Annotated[
        str, typer.Option(help="Most a day at first; the network's smallest budget if left out.")
    ] = "",
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Agree that real money is spent from an account, and how much a day at first.

    The network is asked everything first and what it shows is what you confirm. The cap binds all
    campaigns of the account together until a day after the first was switched on.
    """

    async def work() -> None:
        session = Session()
        found = await find_account(session, account)
        cap = money(daily_cap, found.currency, "--daily-cap") if daily_cap else None
        secrets = secret_source(session.settings, session.database)
        networks = Networks(session.settings, session.now, secrets=secrets)
        tester = AccountTester(session.database, networks, secrets, session.settings)
        desk = FirstLaunch(session.database, networks, tester, session.settings)
        try:
            seen = await desk.read_back(found, cap)
            if not as_json:
                _show(seen)
            if not dry_run:
                confirm(
                    f"Spend real money from {seen.account.name} ({seen.account.external_id}): at "
                    f"first at most {seen.cap} a day?",
                    yes=yes,
                    no_input=no_input,
                )
                await desk.confirm(seen, by=by, now=session.now())
        except NotConfirmed as refused:
            fail(f"Not confirmed: {refused}.", CREDENTIALS if refused.credentials else FAILED)
        finally:
            await networks.aclose()
            await session.aclose()
        told = "Would be confirmed." if dry_run else f"Confirmed by {by}."
        said(as_json, _document(seen, confirmed=not dry_run), told)

    run(work())


def _show(seen: ReadBack) -> None:
    table(
        f"{seen.account.name} ({seen.account.platform.value} {seen.account.external_id})",
        ("check", "result", "found"),
        ((one.check, one.result, one.found) for one in seen.trials),
        "",
    )
    screen.print(
        f"At first at most {seen.cap} a day; the network may make {seen.worst_day} of it on one "
        f"day. {_validated(seen)}",
        markup=False,
    )


def _validated(seen: ReadBack) -> str:
    if seen.validated is None:
        return "It offers no check of a campaign without making one."
    return "It has checked such a campaign without making it."


def _document(seen: ReadBack, *, confirmed: bool) -> dict[str, Any]:
    return {
        "account": str(seen.account.id),
        "name": seen.account.name,
        "platform": seen.account.platform.value,
        "external_id": seen.account.external_id,
        "daily_cap": str(seen.cap.amount),
        "worst_day": str(seen.worst_day.amount),
        "currency": seen.cap.currency,
        "validated": seen.validated,
        "checks": [one.model_dump(mode="json") for one in seen.trials],
        "confirmed": confirmed,
    }
