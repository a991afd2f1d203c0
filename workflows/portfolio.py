"""A team's portfolio: decisions are scored and advice is given daily, money is moved weekly.

Temporal Schedules start it. Money only moves between campaigns: what one gives is what another
may get, and only once the network has confirmed that it was given.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.portfolio import PortfolioActivities
    from models.contract.campaign import ChangeBudget
    from models.contract.portfolio import (
        BudgetMove,
        Freed,
        FreedAsked,
        PortfolioDone,
        PortfolioOrder,
    )
    from workflows import timeouts
    from workflows.errands import carry_out

PORTFOLIO = "adflight portfolio"
_LOOK_AGAIN = timedelta(seconds=10)
_LOOKS = 60


@workflow.defn(name="portfolio")
class PortfolioWorkflow:
    """One run; the schedule starts the next."""

    @workflow.run
    async def run(self, order: PortfolioOrder) -> PortfolioDone:
        """Daily: new budget periods, scores, advice. Weekly: reallocate."""
        if order.run == "weekly":
            return await self._reallocate(order)
        return await carry_out(
            PortfolioActivities.begin_day,
            order,
            timeouts.PORTFOLIO,
            "Open the day, score decisions, renew advice",
        )

    async def _reallocate(self, order: PortfolioOrder) -> PortfolioDone:
        """Lower first; raise out of what was given back, best use first."""
        plan = await carry_out(
            PortfolioActivities.reallocate,
            order,
            timeouts.PORTFOLIO,
            "Decide where the next unit of money brings most",
        )
        for move in plan.lowered:
            await _tell(move)
        free = await self._freed(order, plan.lowered)
        raised = 0
        for move in plan.raised:
            more = move.after.micros - move.before.micros
            if free.get(move.after.currency, 0) >= more and await _tell(move):
                free[move.after.currency] -= more
                raised += 1
        return PortfolioDone(lowered=len(plan.lowered), raised=raised)

    async def _freed(
        self, order: PortfolioOrder, lowered: tuple[BudgetMove, ...]
    ) -> dict[str, int]:
        """Wait for the lowerings, for some minutes; what is not given back by then is not moved."""
        freed = Freed(micros={}, open=len(lowered))
        for look in range(_LOOKS):
            if look and freed.open:
                await workflow.sleep(_LOOK_AGAIN, summary="budgets are being lowered")
            if not freed.open:
                break
            freed = await carry_out(
                PortfolioActivities.freed,
                FreedAsked(team_id=order.team_id, moves=lowered),
                timeouts.PORTFOLIO,
                "What has been given back?",
            )
        return dict(freed.micros)


async def _tell(move: BudgetMove) -> bool:
    """Ask a campaign for another budget; one that is over is left out."""
    try:
        await workflow.get_external_workflow_handle(move.workflow_id).signal(
            "change_budget",
            ChangeBudget(
                by=PORTFOLIO,
                daily_budget=move.after,
                reason=move.reason,
                agreed=False,
                decision_id=move.decision_id,
            ),
        )
    except FailureError as error:
        workflow.logger.info("campaign %s is over: %s", move.workflow_id, error)
        return False
    return True
