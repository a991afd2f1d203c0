"""Pricing a plan again after a person changed it, or made it."""

from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.teams import team_limits
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.campaign import ApprovalCase, MediaPlan
from models.contract.vocabulary import Author
from models.database import Database
from platforms.registry import capabilities
from policy.approval import approval_case


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


class PlanActivities:
    """Collaborator: the database, for the team's limits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def review_plan(self, review: PlanReview) -> PlanReviewed:
        """Price a plan and name the first limit or minimum it breaks."""
        async with self._database.team(review.team_id) as session:
            limits = await team_limits(session, review.team_id)
        plan, account = review.plan, review.account
        able = capabilities(account.platform)
        case = approval_case(
            plan,
            limits,
            author=review.author,
            first_time_on_platform=False,
            committed_daily=limits.team_daily.model_copy(update={"micros": 0}),
            over_delivery=review.over_delivery,
            now=review.now,
            confidence=review.case.confidence if review.case else None,
            reasoning=review.case.reasoning if review.case else "",
            expected_impact=review.case.expected_impact if review.case else "",
        )
        minimum = able.min_daily_budget.get(account.currency)
        daily = plan.daily_budget
        problem = None
        if daily.currency != account.currency:
            problem = f"daily budget is in {daily.currency}, the account is in {account.currency}"
        elif minimum is not None and daily.micros < minimum.micros:
            problem = f"daily budget {daily} is below {able.label}'s minimum {minimum}"
        elif daily.micros > limits.campaign_daily.micros:
            problem = f"daily budget {daily} is above the campaign limit {limits.campaign_daily}"
        elif (
            plan.lifetime_budget is not None
            and plan.lifetime_budget.micros > limits.campaign_lifetime.micros
        ):
            problem = (
                f"lifetime budget {plan.lifetime_budget} is above the campaign limit "
                f"{limits.campaign_lifetime}"
            )
        elif plan.end is not None and plan.end <= max(plan.start or review.now, review.now):
            problem = f"end {plan.end:%Y-%m-%d %H:%M} is over before the campaign could start"
        elif plan.objective not in able.objectives:
            problem = f"objective {plan.objective.value} is not offered on {able.label}"
        return PlanReviewed(case=case, problem=problem)
