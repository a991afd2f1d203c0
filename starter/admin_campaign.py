"""A campaign that a person makes: priced, checked against limits, and started."""

from datetime import datetime, timedelta
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy

from activities.plans import PlanActivities, PlanReview
from models.contract.account import AdAccount
from models.contract.campaign import CampaignInput, MediaPlan
from models.contract.ids import campaign_workflow_id
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import Author
from models.database import Database
from models.settings import Settings
from platforms.registry import capabilities, over_delivery
from workflows import search


class CampaignBlocked(Exception):
    """A limit or a minimum is in the way; the message names it."""


async def propose(
    database: Database,
    settings: Settings,
    account: AdAccount,
    plan: MediaPlan,
    *,
    by: str,
    now: datetime,
    optimised: bool,
) -> CampaignInput:
    """The campaign, priced and checked. ``optimised``: the machine may move what the plan allows.

    Raises:
        CampaignBlocked: it breaks a limit or a minimum.
    """
    able = capabilities(account.platform)
    most_of_a_day = over_delivery(account.platform, settings)
    review = await PlanActivities(database).review_plan(
        PlanReview(
            team_id=settings.team_id,
            account=account,
            plan=plan,
            author=Author.ADMIN,
            over_delivery=most_of_a_day,
            now=now,
        )
    )
    if review.problem:
        raise CampaignBlocked(review.problem)
    return CampaignInput(
        campaign_id=uuid4(),
        team_id=settings.team_id,
        account=account,
        plan=plan,
        approval=review.case,
        author=Author.ADMIN,
        author_name=by,
        # A person runs what a person made, unless they said what the machine may do.
        admin_override=not optimised,
        over_delivery=most_of_a_day,
        balanced=able.balanced,
        settle=(
            able.settle
            if settings.settle_seconds is None
            else timedelta(seconds=settings.settle_seconds)
        ),
        minimum=able.min_daily_budget.get(account.currency),
        edit_quota=able.budget_edits_per_hour,
        clock=settings.clock,
        cadence=settings.cadence,
    )


async def start(client: Client, campaign: CampaignInput) -> WorkflowHandle[object, object]:
    """Begin its life; the workflow's handle."""
    return await client.start_workflow(
        "campaign",
        campaign,
        id=campaign_workflow_id(campaign.campaign_id),
        task_queue=MANAGEMENT,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=search.of_campaign(campaign),
        static_summary=campaign.plan.name[:200],
    )
