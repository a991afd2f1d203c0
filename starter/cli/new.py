"""Admin-made campaigns: from YAML or flags, with a plan before anything happens."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import col, select

from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import CampaignInput
from models.contract.vocabulary import AccountStatus, CampaignType, Platform
from models.tables import Account
from starter.admin_campaign import CampaignBlocked, propose, start
from starter.assets import asset_library
from starter.campaign_file import CampaignFile, CampaignFileRefused, check, read
from starter.cli.flags import By, DryRun, Json, NoInput, Yes
from starter.cli.limits import find_account
from starter.cli.output import BLOCKED, USAGE, confirm, emit, fail, screen
from starter.cli.session import Session, run
from starter.own_ads import AdRefused, keep_ads, read_ads

_NOTHING: dict[str, Any] = {"campaign_type": CampaignType.CUSTOM.value}
"""What is made by options alone."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("new")(new)


def new(
    file: Annotated[Path | None, typer.Argument(help="Campaign in YAML.")] = None,
    platform: str = "",
    account: Annotated[
        str, typer.Option(help="One of several accounts: id, name or the network's id.")
    ] = "",
    url: Annotated[str, typer.Option(help="Where the ads lead; https.")] = "",
    daily_budget: str = "",
    lifetime_budget: str = "",
    name: str = "",
    objective: str = "",
    hours: Annotated[int, typer.Option(help="Flight in hours; 0 as the file says.")] = 0,
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a campaign yourself: no AI approval, but every limit and the compliance check.

    A file may name several platforms; options replace what it says. Try it before:
    `adflight rehearse FILE`.
    """
    given: dict[str, Any] = {
        "platforms": platform,
        "account": account,
        "url": url,
        "daily_budget": daily_budget,
        "lifetime_budget": lifetime_budget,
        "name": name,
        "objective": objective,
        "flight": {"hours": hours} if hours else None,
    }
    changes = {key: value for key, value in given.items() if value}
    try:
        wanted = check({**_NOTHING, **changes}) if file is None else read(file, changes)
    except CampaignFileRefused as refused:
        fail(f"{refused}.", USAGE)

    async def work() -> None:
        session = Session()
        if not session.settings.enabled:
            fail("Adflight is switched off; set AI_ADS_MANAGER_ENABLED=true to let it act.")
        proposed = [await _propose(session, wanted, one, by) for one in wanted.platforms]
        try:
            own = await read_ads(wanted.ads)
        except AdRefused as refused:
            fail(f"{refused}.", USAGE)
        told = [_summary(one) for one in proposed]
        if not dry_run:
            confirm(
                "; ".join(
                    f"Launch {one.plan.name!r} on {one.account.name}: {one.plan.daily_budget} a "
                    f"day, at worst {one.approval.worst_case}"
                    for one in proposed
                )
                + "?",
                yes=yes,
                no_input=no_input,
            )
            client = await session.client()
            try:
                given = await keep_ads(
                    asset_library(session.settings, session.database), session.team_id, own, by
                )
            except AdRefused as refused:
                fail(f"{refused}.", USAGE)
            for one in proposed:
                await start(client, one.model_copy(update={"given": given}))
        await session.aclose()
        for summary in told:
            summary["dry_run"] = dry_run
        _show(as_json, told)

    run(work())


async def _propose(
    session: Session, wanted: CampaignFile, platform: Platform, by: str
) -> CampaignInput:
    """The campaign on one platform, priced and checked.

    Raises:
        CommandFailed: a limit or minimum is in the way, or there is no account.
    """
    account = await _account(session, platform, wanted.account_on(platform))
    try:
        plan = wanted.plan(platform, account.currency)
    except CampaignFileRefused as refused:
        fail(f"{refused}.", USAGE)
    try:
        return await propose(
            session.database,
            session.settings,
            account,
            plan,
            by=by,
            now=session.now(),
            optimised=wanted.optimisation is not None,
        )
    except CampaignBlocked as blocked:
        fail(f"Refused: {blocked}.", BLOCKED)


def _summary(campaign: CampaignInput) -> dict[str, Any]:
    return {
        "campaign_id": str(campaign.campaign_id),
        "account": campaign.account.name,
        "sandbox": campaign.account.sandbox,
        "plan": campaign.plan.model_dump(mode="json"),
        "worst_case": str(campaign.approval.worst_case),
        "needs_approval": campaign.approval.needed,
        "optimised_by_machine": not campaign.admin_override,
    }


async def _account(session: Session, platform: Platform, named: str | None) -> AdAccount:
    """The named account, or the platform's default.

    Raises:
        CommandFailed: there is none, or nothing can be launched on it.
    """
    if named is not None:
        row = await find_account(session, named)
        if row.platform != platform.value:
            fail(f"account {row.account_name!r} is on {row.platform}, not on {platform.value}.",
                 USAGE)  # fmt: skip
        if row.status != AccountStatus.ACTIVE.value:
            fail(f"account {row.account_name!r} is {row.status}; choose another, or see `adflight "
                 "accounts --check`.", BLOCKED)  # fmt: skip
        return ad_account(row)
    async with session.database.team(session.team_id) as database:
        row = await database.scalar(
            select(Account).where(
                col(Account.platform) == platform.value,
                col(Account.status) == AccountStatus.ACTIVE.value,
                col(Account.is_default).is_(True),
            )
        )
    if row is None:
        fail(
            f"platform {platform.value}: no active default ad account; connect one, choose one "
            "with --account, or make one the default with `adflight accounts default ID`.",
            USAGE,
        )
    return ad_account(row)


def _show(as_json: bool, told: list[dict[str, Any]]) -> None:
    """One document a campaign; a single campaign is no list."""
    if as_json:
        emit(told[0] if len(told) == 1 else told)
        return
    for summary in told:
        for key, value in summary.items():
            screen.print(f"  {key:<16} {value}", markup=False)
