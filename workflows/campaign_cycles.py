"""The cycles of optimisation: decide, record, then carry out at most one move a lever."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.creative_tests import CreativeTestActivities
    from activities.optimisation import OptimisationActivities
    from models.contract.figures import CreativesCase, Decided, OptimisationCase
    from models.contract.money import Money
    from models.contract.optimisation import Lever, Move
    from models.contract.safety import Severity
    from models.contract.vocabulary import DecisionOutcome
    from workflows import timeouts
    from workflows.campaign_ad_changes import CampaignAdChanges
    from workflows.campaign_steps import LIVE
    from workflows.errands import failure_text


class CampaignCycles(CampaignAdChanges):
    """Spend and ads, each at its own cadence, or when a person asks."""

    async def _optimise(self) -> None:
        """Pacing, bid and budget: decided and recorded together, then carried out."""
        now = self._now()
        cadence, due = self._campaign.cadence, self._state.next_budget
        rules = due is None or now >= due or self._optimise_now is not None
        self._change(next_pacing=now + cadence.pacing)
        if rules:
            self._change(next_budget=now + cadence.budget)
        live, since = self._state.live_budget, self._state.activated_at
        assert live is not None
        assert since is not None
        edits = [at for at in self._state.recent_edits if now - at < timedelta(hours=1)]
        decided = await self._do(
            OptimisationActivities.decide_spend,
            OptimisationCase(
                query=self._figures_query(),
                cycle=workflow.uuid4(),
                platform=self._campaign.account.platform.value,
                author=self._campaign.author,
                plan=self._state.plan,
                live=live,
                minimum=self._campaign.minimum or Money(micros=0, currency=live.currency),
                delivering_since=since,
                ends_at=self._state.ends_at,
                edits_this_hour=len(edits),
                edit_quota=self._campaign.edit_quota,
                admin_override=self._campaign.admin_override,
                no_raise_before=self._state.no_raise_before,
                moves=self._state.moves,
                rules=rules,
                out_of_bounds=self._state.out_of_bounds,
            ),
            timeouts.FIGURES,
            "Decide pacing, bid and budget" if rules else "Decide pacing",
        )
        self._change(out_of_bounds=decided.out_of_bounds)
        await self._carry_out(decided)

    async def _decide_now(self) -> None:
        """A person wants to know now."""
        try:
            await self._optimise()
            if self._state.status in LIVE and self._pause is None:
                await self._look_at_creatives()
        except ActivityError as error:
            self._refuse(f"optimise: {failure_text(error)}")
        self._optimise_now = None

    async def _look_at_creatives(self) -> None:
        """Which ads get the budget, is one proven better, are people tired of one?"""
        self._change(next_fatigue=self._now() + self._campaign.cadence.fatigue)
        decided = await self._do(
            CreativeTestActivities.decide_creatives,
            CreativesCase(
                query=self._figures_query(),
                cycle=workflow.uuid4(),
                platform=self._campaign.account.platform.value,
                plan=self._state.plan,
                ads={
                    variant: ad_id
                    for variant, ad_id in self._state.tree.ad_ids.items()
                    if variant not in self._state.replaced
                },
                resting=self._state.resting_ads,
                own=tuple(one.id for one in self._state.creatives if one.author == "admin"),
                admin_override=self._campaign.admin_override,
                moves=self._state.moves,
            ),
            timeouts.FIGURES,
            "Decide on the ads",
        )
        await self._carry_out(decided)
        if self._state.status in LIVE and self._pause is None:
            await self._freshen(decided.tired)

    async def _carry_out(self, decided: Decided) -> None:
        if decided.figures is not None:
            figures = decided.figures
            self._change(spend=figures.spend_total, figures_as_of=figures.as_of)
        for text in decided.news:
            self._tell("advice", f"For {self._state.plan.name}", Severity.LOW, text)
        for move in decided.moves:
            if self._state.status in LIVE:
                await self._attempt(move)

    async def _attempt(self, move: Move) -> None:
        """What cannot be lowered goes to the caller, who pauses at once; anything else can wait."""
        lowers = self._lowers(move)
        try:
            await self._make(move)
        except ActivityError as error:
            if lowers:
                raise
            await self._settle(move, DecisionOutcome.FAILURE, failure_text(error))

    def _lowers(self, move: Move) -> bool:
        """Whether it is to spend less: from the live budget, the agreed one, or the bid."""
        live, plan = self._state.live_budget, self._state.plan
        before = live if move.lever is Lever.THROTTLE else plan.daily_budget
        pairs = ((move.budget, before), (move.bid, plan.bid.amount))
        return any(
            after is not None and was is not None and after.micros < was.micros
            for after, was in pairs
        )
