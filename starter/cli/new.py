"""Admin-made campaigns: from YAML or flags, with a plan before anything happens."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
import yaml
from pydantic import ValidationError
from sqlmodel import col, select
from temporalio.common import WorkflowIDReusePolicy

from activities.plans import PlanActivities, PlanReview
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import CampaignInput, Dayparting, MediaPlan
from models.contract.ids import campaign_workflow_id
from models.contract.money import Money
from models.contract.network import Targeting
from models.contract.queues import MANAGEMENT
from models.contract.urls import canonical
from models.contract.vocabulary import Author, CampaignType, Objective, Platform, SpecialCategory
from models.tables import Account
from platforms.registry import capabilities, over_delivery
from starter.cli.flags import By, DryRun, Json, NoInput, Yes
from starter.cli.output import BLOCKED, USAGE, confirm, emit, fail, screen
from starter.cli.session import Session, run
from workflows import search

_FIELDS = {
    "platform", "url", "daily_budget", "lifetime_budget", "name", "objective", "hours",
    "special_category", "campaign_type", "variants", "locations", "interests", "age_min",
    "age_max", "dayparting",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("new")(new)


def new(
    file: Annotated[Path | None, typer.Argument(help="Campaign in YAML.")] = None,
    platform: str = "",
    url: Annotated[str, typer.Option(help="Where the ads lead; https.")] = "",
    daily_budget: str = "",
    lifetime_budget: str = "",
    name: str = "",
    objective: str = "",
    hours: Annotated[int, typer.Option(help="Flight in hours; 0 until stopped.")] = 0,
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a campaign yourself: no AI approval, but every limit and the compliance check."""
    given: dict[str, Any] = {
        "platform": platform,
        "url": url,
        "daily_budget": daily_budget,
        "lifetime_budget": lifetime_budget,
        "name": name,
        "objective": objective,
        "hours": hours,
    }
    wanted = {**_read(file), **{key: value for key, value in given.items() if value}}

    async def work() -> None:
        session = Session()
        if not session.settings.enabled:
            fail("Adflight is switched off; set AI_ADS_MANAGER_ENABLED=true to let it act.")
        account = await _account(session, wanted)
        plan = _plan(wanted, account.currency)
        able = capabilities(account.platform)
        most_of_a_day = over_delivery(account.platform, session.settings)
        review = await PlanActivities(session.database).review_plan(
            PlanReview(
                team_id=session.team_id,
                account=account,
                plan=plan,
                author=Author.ADMIN,
                over_delivery=most_of_a_day,
                now=session.now(),
            )
        )
        if review.problem:
            fail(f"Refused: {review.problem}.", BLOCKED)
        summary = {
            "account": account.name,
            "sandbox": account.sandbox,
            "plan": plan.model_dump(mode="json"),
            "worst_case": str(review.case.worst_case),
            "needs_approval": review.case.needed,
        }
        if dry_run:
            _show(as_json, {"dry_run": True, **summary})
            return
        confirm(
            f"Launch {plan.name!r} on {account.name}: {plan.daily_budget} a day, at worst "
            f"{review.case.worst_case}?",
            yes=yes,
            no_input=no_input,
        )
        campaign = CampaignInput(
            campaign_id=uuid4(),
            team_id=session.team_id,
            account=account,
            plan=plan,
            approval=review.case,
            author=Author.ADMIN,
            author_name=by,
            admin_override=True,
            over_delivery=most_of_a_day,
            balanced=able.balanced,
            settle=(
                able.settle
                if session.settings.settle_seconds is None
                else timedelta(seconds=session.settings.settle_seconds)
            ),
            minimum=able.min_daily_budget.get(account.currency),
            edit_quota=able.budget_edits_per_hour,
            clock=session.settings.clock,
            cadence=session.settings.cadence,
        )
        client = await session.client()
        await client.start_workflow(
            "campaign",
            campaign,
            id=campaign_workflow_id(campaign.campaign_id),
            task_queue=MANAGEMENT,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search.of_campaign(campaign),
            static_summary=plan.name[:200],
        )
        await session.aclose()
        _show(as_json, {"campaign_id": str(campaign.campaign_id), **summary})

    run(work())


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = yaml.safe_load(file.read_text())
    except OSError as error:
        fail(f"{file}: {error.strerror}.", USAGE)
    except yaml.YAMLError as error:
        fail(f"{file} is no YAML: {str(error).splitlines()[0]}.", USAGE)
    if not isinstance(content, dict):
        fail(f"{file} must be a mapping of fields such as platform, url, daily_budget.", USAGE)
    wanted: dict[str, Any] = content  # pyright: ignore[reportUnknownVariableType]
    unknown = sorted(set(wanted) - _FIELDS)
    if unknown:
        fail(f"{file}: field {unknown[0]!r} is unknown; known: {', '.join(sorted(_FIELDS))}", USAGE)
    return wanted


async def _account(session: Session, wanted: dict[str, Any]) -> AdAccount:
    try:
        platform = Platform.parse(str(wanted.get("platform", "")))
    except ValueError as error:
        fail(f"platform: {error}.", USAGE)
    async with session.database.team(session.team_id) as database:
        row = await database.scalar(
            select(Account).where(
                col(Account.platform) == platform.value,
                col(Account.status) == "active",
                col(Account.is_default).is_(True),
            )
        )
    if row is None:
        fail(f"platform {platform.value}: no active ad account; connect one first.", USAGE)
    return ad_account(row)


def _plan(wanted: dict[str, Any], currency: str) -> MediaPlan:
    for field in ("url", "daily_budget"):
        if not wanted.get(field):
            fail(f"{field} is missing; give it in the file or as an option.", USAGE)
    try:
        url = canonical(str(wanted["url"]))
        hours = int(wanted.get("hours") or 0)
        lifetime = wanted.get("lifetime_budget")
        return MediaPlan(
            name=str(wanted.get("name") or url.removeprefix("https://"))[:120],
            objective=Objective(str(wanted.get("objective") or "traffic")),
            campaign_type=CampaignType(str(wanted.get("campaign_type") or "custom")),
            special_category=SpecialCategory(str(wanted.get("special_category") or "none")),
            destination_url=url,
            daily_budget=Money.of(str(wanted["daily_budget"]), currency),
            lifetime_budget=Money.of(str(lifetime), currency) if lifetime else None,
            duration=timedelta(hours=hours) if hours else None,
            dayparting=Dayparting(hours=tuple(wanted["dayparting"]))
            if wanted.get("dayparting")
            else None,
            targeting=Targeting(
                locations=tuple(wanted.get("locations") or ("US",)),
                interests=tuple(wanted.get("interests") or ()),
                age_min=int(wanted.get("age_min") or 18),
                age_max=int(wanted.get("age_max") or 65),
            ),
            variants=int(wanted.get("variants") or 3),
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        fail(f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}.", USAGE)
    except (ValueError, TypeError) as error:
        fail(f"{error}.", USAGE)


def _show(as_json: bool, summary: dict[str, Any]) -> None:
    if as_json:
        emit(summary)
        return
    for key, value in summary.items():
        screen.print(f"  {key:<16} {value}", markup=False)
