"""Who plays in a rehearsal: one campaign on each platform of the file, and the promoted page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import uuid5

from sqlmodel import col, select
from temporalio.client import WorkflowHandle

from activities.plans import PlanActivities, PlanReview
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import CampaignInput, CampaignView, MediaPlan
from models.contract.content import Article
from models.contract.vocabulary import Author, Platform
from models.tables import Account
from platforms.registry import capabilities, over_delivery
from starter.campaign_file import CampaignFileRefused
from starter.rehearsal.ground import Ground
from starter.rehearsal.order import BEFORE, RehearsalOrder
from starter.rehearsal.stepping import GRAIN

_APART = GRAIN


@dataclass(slots=True)
class Actor:
    """A campaign on the stage. ``looks`` is when its account's guard looks next."""

    campaign: CampaignInput
    begins: datetime
    looks: datetime
    due: datetime
    handle: WorkflowHandle[Any, Any] | None = None
    approved: CampaignView | None = None
    ask_at: datetime | None = None


async def actor(ground: Ground, order: RehearsalOrder, number: int) -> Actor:
    """The campaign of one of the order's platforms, five minutes after the one before it.

    Raises:
        CampaignFileRefused: the platform cannot be rehearsed on, or the plan is refused.
    """
    platform = order.file.platforms[number]
    begins = order.start + number * _APART
    account = await _account(ground, platform)
    plan = order.file.plan(platform, account.currency)
    ends = order.start + (plan.duration or timedelta(days=order.days))
    plan = plan.model_copy(update={"start": None, "duration": None, "end": ends})
    return Actor(
        campaign=await _input(ground, order, account, plan, begins),
        begins=begins,
        looks=begins + order.cadence.watch - BEFORE,
        due=begins,
    )


async def _account(ground: Ground, platform: Platform) -> AdAccount:
    async with ground.database.team(ground.settings.team_id) as session:
        row = await session.scalar(
            select(Account).where(
                col(Account.platform) == platform.value, col(Account.is_default).is_(True)
            )
        )
    if row is None:
        raise CampaignFileRefused(
            f"platforms: {platform.value} has no sandbox network to rehearse on"
        )
    return ad_account(row)


async def _input(
    ground: Ground, order: RehearsalOrder, account: AdAccount, plan: MediaPlan, now: datetime
) -> CampaignInput:
    """As a proposal of the machine: so every policy acts, and a person is asked."""
    settings, able = ground.settings, capabilities(account.platform)
    most = over_delivery(account.platform, settings)
    review = await PlanActivities(ground.database).review_plan(
        PlanReview(
            team_id=settings.team_id,
            account=account,
            plan=plan,
            author=Author.AI,
            over_delivery=most,
            now=now,
        )
    )
    if review.problem:
        raise CampaignFileRefused(f"{account.platform.value}: {review.problem}")
    name = f"rehearsal/{order.seed}/{account.platform.value}/{plan.name}"
    return CampaignInput(
        campaign_id=uuid5(settings.team_id, name),
        team_id=settings.team_id,
        account=account,
        plan=plan,
        approval=review.case,
        over_delivery=most,
        balanced=able.balanced,
        settle=timedelta(0),
        minimum=able.min_daily_budget.get(account.currency),
        edit_quota=able.budget_edits_per_hour,
        clock=settings.clock,
        cadence=order.cadence,
    )


def page(article: Article) -> str:
    """The article as a web page, for whoever visits it."""
    title, description = escape(article.title), escape(article.description)
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in article.text.split("\n") if one.strip())
    tags = "".join(f'<meta property="article:tag" content="{escape(one)}">' for one in article.tags)
    return (
        f'<!doctype html><html lang="{escape(article.language or "en")}"><head>'
        f'<meta charset="utf-8"><title>{title}</title>'
        f'<link rel="canonical" href="{escape(article.url)}">'
        f'<meta name="description" content="{description}">'
        f'<meta property="og:type" content="article">{tags}</head>'
        f"<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )
