"""Pricing a plan again after a person changed it, or made it."""

from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.teams import exchange_rates, team_limits
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.campaign import ApprovalCase, MediaPlan
from models.contract.exchange import Rates
from models.contract.limits import SpendLimits
from models.contract.money import Money
from models.contract.vocabulary import Author, Platform
from models.database import Database
from models.tables.columns import now_utc
from platforms.network import Capabilities
from platforms.registry import capabilities
from policy.approval import approval_case
from policy.exchange import NoRate, exchange


class PlanReview(Frozen):
    """A plan to price and check; ``case`` is the present one, whose reasoning is kept."""

    team_id: UUID
    account: AdAccount
    plan: MediaPlan
    author: Author
    over_delivery: float
    now: datetime
    case: ApprovalCase | None = None


class PlanReviewed(Frozen):
    """The new case, or the problem in one sentence."""

    case: ApprovalCase
    problem: str | None = None


class AdSwap(Frozen):
    """One ad in the place of another, on a network where both exist."""

    platform: Platform
    variant: str


class PlanActivities:
    """Collaborator: the database, for the team's limits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def review_plan(self, review: PlanReview) -> PlanReviewed:
        """Price a plan and name the first limit or minimum it breaks."""
        async with self._database.team(review.team_id) as session:
            limits = await team_limits(session, review.team_id)
            rates = await exchange_rates(session, review.team_id, limits, now_utc().date())
        plan, account = review.plan, review.account
        able = capabilities(account.platform)
        case = approval_case(
            plan,
            limits,
            author=review.author,
            first_time_on_platform=False,
            committed_daily=limits.team_daily.model_copy(update={"micros": 0}),
            over_delivery=review.over_delivery,
            balanced=able.balanced,
            rates=rates,
            now=review.now,
            confidence=review.case.confidence if review.case else None,
            reasoning=review.case.reasoning if review.case else "",
            expected_impact=review.case.expected_impact if review.case else "",
        )
        try:
            problem = _problem(review, able, limits, rates)
        except NoRate as unknown:
            problem = str(unknown)
        return PlanReviewed(case=case, problem=problem)

    @activity.defn
    async def review_ad_swap(self, swap: AdSwap) -> str | None:
        """Why the network cannot run one ad in the place of another, or None."""
        able = capabilities(swap.platform)
        if able.can_pause_ad:
            return None
        return (
            f"{able.label} cannot switch single ads, so nothing can take the place of "
            f"{swap.variant}; end this campaign and begin another"
        )


def _problem(
    review: PlanReview, able: Capabilities, limits: SpendLimits, rates: Rates
) -> str | None:
    """The first limit or minimum a plan breaks, in one sentence.

    Raises:
        NoRate: the plan's currency cannot be compared with the limits'.
    """
    plan, account = review.plan, review.account
    minimum = able.min_daily_budget.get(account.currency)
    daily, lifetime = plan.daily_budget, plan.lifetime_budget
    if daily.currency != account.currency:
        return f"daily budget is in {daily.currency}, the account is in {account.currency}"
    if minimum is not None and daily.micros < minimum.micros:
        return f"daily budget {daily} is below {able.label}'s minimum {minimum}"
    if _above(daily, limits.campaign_daily, rates):
        return f"daily budget {daily} is above the campaign limit {limits.campaign_daily}"
    if lifetime is not None and _above(lifetime, limits.campaign_lifetime, rates):
        return f"lifetime budget {lifetime} is above the campaign limit {limits.campaign_lifetime}"
    if plan.end is not None and plan.end <= max(plan.start or review.now, review.now):
        return f"end {plan.end:%Y-%m-%d %H:%M} is over before the campaign could start"
    if able.ads_at_once is not None and plan.variants > able.ads_at_once:
        return (
            f"{plan.variants} creatives are too many: {able.label} shows {able.ads_at_once} ad(s) "
            "of an ad group at a time; ask for as many"
        )
    if plan.objective not in able.objectives:
        return f"objective {plan.objective.value} is not offered on {able.label}"
    return None


def _above(amount: Money, cap: Money, rates: Rates) -> bool:
    return exchange(amount, cap.currency, rates).micros > cap.micros
