"""A campaign's creatives: made before it is proposed, and fresh ones when people are tired."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ChildWorkflowHandle

with workflow.unsafe.imports_passed_through():
    from activities.promotions import PromotionActivities
    from models.contract.briefs import ComplianceOutcome, CreativeBrief, CreativeSet
    from models.contract.content import Article
    from models.contract.creative import Creative
    from models.contract.optimisation import Lever, Move, Tired
    from models.contract.promotion import PromotionInput
    from models.contract.safety import Severity
    from models.contract.vocabulary import DecisionOutcome, DecisionType
    from workflows import orders, timeouts
    from workflows.campaign_levers import CampaignLevers
    from workflows.campaign_steps import MACHINE
    from workflows.creative import CreativeWorkflow
    from workflows.errands import Interrupted, failure_text

_MOST_CREATIVES = 16
"""A campaign that wore out so many needs a person's idea, not more of the same."""
_FRESH_AT_ONCE = 2
_A_MOMENT = timedelta(seconds=1)


class CampaignCreatives(CampaignLevers):
    """Ordering creatives, and running fresh ones beside the tired."""

    async def _article(self) -> Article:
        """What is promoted: as it was judged, else as its page says now."""
        return self._campaign.article or await self._do(
            PromotionActivities.gather_article,
            PromotionInput(
                promotion_id="",
                team_id=self._campaign.team_id,
                url=self._state.plan.destination_url,
            ),
            timeouts.WEB,
            "Read the landing page",
        )

    async def _order_creatives(self, brief: CreativeBrief, name: str, summary: str) -> CreativeSet:
        """Have creatives made by a child, giving way to a stop. A lower budget waits for no model:
        it is set meanwhile.

        Raises:
            Interrupted: a stop came in; the child is given up.
            ChildWorkflowError: nothing could be made at all.
        """
        child = await self._start_creatives(brief, name, summary)
        while not child.done():
            await workflow.wait_condition(
                lambda: child.done() or self._is_urgent() or self._is_lowered()
            )
            if child.done():
                break
            if self._is_urgent():
                child.cancel()
                raise Interrupted
            await self._heed_budget()
        made = await child
        by = made.model or MACHINE
        verdicts = "; ".join(
            ": ".join((one.variant, one.report.outcome.value, *one.report.reasons))
            for one in made.verdicts
        )
        await self._decide(DecisionType.COMPLIANCE, by, verdicts or "nothing to judge")
        await self._decide(DecisionType.GENERATE_CREATIVE, by, _told(made))
        return made

    async def _start_creatives(
        self, brief: CreativeBrief, name: str, summary: str
    ) -> ChildWorkflowHandle[CreativeWorkflow, CreativeSet]:
        """Start the child; one of the same name that was given up ends first."""
        while True:
            try:
                return await workflow.start_child_workflow(
                    CreativeWorkflow.run, brief, id=name, static_summary=summary
                )
            except WorkflowAlreadyStartedError:
                await workflow.sleep(_A_MOMENT, summary="the creatives given up are still ending")
                if self._is_urgent():
                    raise Interrupted from None

    # -- fresh ones -------------------------------------------------------------------------

    async def _freshen(self, tired: tuple[Tired, ...]) -> None:
        """Have fresh creatives ready, and run them once people are tired enough.

        They join the test within the agreed budget; which ads rest is the test's to decide. An ad
        gets fresh company once: it stays tired, and the fresh get company of their own in time. A
        failure leaves everything as it is: the next look tries again.
        """
        if not tired:
            return
        fresh_wanted = tuple(one for one in tired if one.variant not in self._state.freshened)
        try:
            if fresh_wanted and not self._state.prepared:
                await self._prepare(fresh_wanted)
            ready, rotating = self._state.prepared, [one for one in tired if one.rotate]
            if ready and rotating:
                await self._run_fresh(rotating[0])
        except (ActivityError, ChildWorkflowError) as error:
            why = failure_text(error)
            self._advise(f"fresh creatives for {tired[0].variant} failed: {why}")
            await self._settle_all(tired, DecisionOutcome.FAILURE, why)
            return
        shown = self._state.tree.ad_ids
        waiting = [one.id for one in ready if rotating and one.id in self._state.resting_ads]
        if not ready:
            before = "fresh ones were made for it before"
            held = "no fresh creative passed" if fresh_wanted else before
        elif waiting:
            await self._remember()
            held = f"{', '.join(waiting)} made, and not switched on: the spend authority said no"
        else:
            names = ", ".join(one.id for one in ready)
            done = "on beside it" if all(one.id in shown for one in ready) else "ready"
            await self._settle_all(tired, DecisionOutcome.SUCCESS, f"fresh ones {done}: {names}")
            return
        await self._settle_all(tired, DecisionOutcome.HELD, held)

    async def _prepare(self, tired: tuple[Tired, ...]) -> None:
        made = len(self._state.creatives)
        wanted = min(len(tired), _FRESH_AT_ONCE, _MOST_CREATIVES - made)
        if wanted < 1:
            self._freshened(tired)
            self._advise(f"{made} creatives are worn out; a new idea is needed")
            return
        plan, campaign_id = self._state.plan, self._campaign.campaign_id
        first = self._next_number()
        result = await self._order_creatives(
            CreativeBrief(
                team_id=self._campaign.team_id,
                campaign_id=campaign_id,
                platform=self._campaign.account.platform,
                plan=plan.model_copy(update={"variants": wanted}),
                article=await self._article(),
                running=tuple(one.copy_text for one in self._state.creatives),
                first_number=first,
                permitted=self._campaign.account.permitted,
            ),
            f"creative-{campaign_id}-from-{first}",
            f"Fresh creatives for {plan.name}",
        )
        passed = {
            one.variant for one in result.verdicts if one.report.outcome is ComplianceOutcome.PASS
        }
        self._change(prepared=tuple(one for one in result.creatives if one.id in passed))
        self._freshened(tired[:wanted])
        if result.needs_person or not self._state.prepared:
            # Nobody agreed to what rules or Claude doubt: it is not run.
            why = "; ".join((*result.needs_person, *result.dropped)) or "nothing could be made"
            self._advise(f"fresh creatives were made and not run: {why}")

    def _next_number(self) -> int:
        """Some may have been dropped or be unlaunched, and a name is never given twice."""
        named = (*self._state.creatives, *self._state.prepared)
        return 1 + max((int(one.id.removeprefix("v")) for one in named), default=0)

    def _freshened(self, tired: tuple[Tired, ...]) -> None:
        self._change(freshened=(*self._state.freshened, *(one.variant for one in tired)))

    async def _run_fresh(self, tired: Tired) -> None:
        """Create them off, then switch them on through the authority."""
        fresh = self._state.prepared
        for creative in fresh:
            await self._create_ad(creative)
        names = tuple(one.id for one in fresh)
        self._change(
            creatives=(*self._state.creatives, *fresh),
            prepared=(),
            resting_ads=(*self._state.resting_ads, *names),
        )
        await self._switch_ads(
            Move(
                lever=Lever.CREATIVE,
                action="rotate_creative",
                reason=f"fresh beside {tired.variant}: {tired.reason}",
                decision_id=tired.decision_id,
                on=names,
            )
        )

    async def _create_ad(self, creative: Creative) -> None:
        """A creative and its ad, off; what exists already is found."""
        tree = self._state.tree
        if creative.id not in tree.creative_ids:
            made = await self._create(orders.creative_order(self._campaign, self._state, creative))
            self._grow(creative_ids={**tree.creative_ids, creative.id: made.id})
        tree = self._state.tree
        if creative.id not in tree.ad_ids:
            made = await self._create(orders.ad_order(self._campaign, self._state, creative))
            self._grow(ad_ids={**tree.ad_ids, creative.id: made.id})

    async def _settle_all(
        self, tired: tuple[Tired, ...], outcome: DecisionOutcome, details: str
    ) -> None:
        for one in tired:
            await self._settle(one, outcome, details)

    def _advise(self, text: str) -> None:
        self._tell("advice", f"For {self._state.plan.name}", Severity.LOW, text)


def _told(made: CreativeSet) -> str:
    """What was made, of what, at what cost, and what was not."""
    ads = [f"{one.id} {one.copy_text.angle}, {one.image.source}" for one in made.creatives]
    costs = [f"{one.what} {one.amount or 'at an unknown price'}" for one in made.costs]
    left = [f"left out: {one}" for one in (*made.dropped, *made.notes)]
    return "; ".join((*ads, *costs, *left)) or "nothing"
