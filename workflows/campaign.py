"""The life of a campaign.

draft → pending_approval → scheduled → launching → pending_review → active ⇄ paused → completed
→ archived; or declined, expired, rejected, failed, killed.

Read ``run`` and ``_next_chapter`` first: each state has one method that lives it. Messages only
note what somebody wants; the chapters act on it, one at a time, and what is most urgent first:
a kill, then a pause, then everything else. All instants are campaign time.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.figures import FiguresActivities
    from activities.network import NetworkActivities
    from activities.outcomes import POLICY_REFUSED, QUARANTINED
    from models.contract.campaign import (
        CampaignInput,
        CampaignResult,
        ChangeBudget,
        Kill,
        NetworkTree,
        Pause,
        PauseNote,
        Resume,
    )
    from models.contract.effects import TreeReading, VerifyTree
    from models.contract.safety import Severity
    from models.contract.vocabulary import Author, CampaignStatus, DecisionType, StopLevel
    from workflows import orders, timeouts
    from workflows.agenda import due_together, in_hours, next_due
    from workflows.campaign_proposal import CampaignProposal
    from workflows.campaign_steps import LIVE, MACHINE
    from workflows.errands import Interrupted, carry_out, failure_text, failure_type


@workflow.defn(name="campaign")
class CampaignWorkflow(CampaignProposal):
    """One campaign on one ad account."""

    @workflow.init
    def __init__(self, campaign: CampaignInput) -> None:
        """Take up the state of an earlier run, or begin a draft."""
        super().__init__(campaign)

    # -- the story --------------------------------------------------------------------------

    @workflow.run
    async def run(self, campaign: CampaignInput) -> CampaignResult:
        """Live one chapter after the other until the campaign is history."""
        self._show()
        while not self._is_over():
            try:
                await self._next_chapter()
            except Interrupted:
                continue  # the urgent message is looked at first
            if workflow.info().is_continue_as_new_suggested() and self._may_turn_the_page():
                workflow.continue_as_new(campaign.model_copy(update={"state": self._carried()}))
        await workflow.wait_condition(
            lambda: workflow.all_handlers_finished() and not self._notices
        )
        return CampaignResult(
            campaign_id=campaign.campaign_id,
            status=self._state.status,
            spend=self._state.spend,
            visits=self._state.visits,
        )

    async def _next_chapter(self) -> None:
        self._forget_outdated()
        status = self._state.status
        if status is CampaignStatus.COMPLETED:
            await self._await_final_figures()
        elif self._kill is not None:
            await self._stop(self._kill)
        elif self._pause is not None:
            await self._come_to_rest(self._pause)
        elif status is CampaignStatus.DRAFT:
            await self._make_creatives()
        elif status is CampaignStatus.PENDING_APPROVAL:
            await self._await_answer()
        elif status is CampaignStatus.SCHEDULED:
            await self._await_start()
        elif status is CampaignStatus.LAUNCHING:
            await self._launch()
        elif status in LIVE:
            await self._look_after()
        elif status is CampaignStatus.PAUSED:
            await self._rest()

    def _is_over(self) -> bool:
        status = self._state.status
        return status.is_final and status is not CampaignStatus.COMPLETED

    def _may_turn_the_page(self) -> bool:
        """A new run starts with the state alone: no wish, caller or notice may be left behind."""
        return (
            self._is_quiet()
            and workflow.all_handlers_finished()
            and not self._notices
            and not self._errands.unfinished
        )

    # -- scheduled -------------------------------------------------------------------------

    async def _await_start(self) -> None:
        """Wait for the agreed start."""
        if self._ad_change is not None:
            await self._propose_with(self._ad_change)
            return
        start = self._state.plan.start
        if start is not None and self._now() < start:
            if self._news is not None:
                news, self._news = self._news, None
                await self._ask_again((f"the promoted page was {news.what}: {news.detail}",))
                return
            await self._wait_for_message(start, "scheduled start")
            return
        await self._enter(CampaignStatus.LAUNCHING, "launching on the network")

    # -- launch -----------------------------------------------------------------------------

    async def _launch(self) -> None:
        """Create everything so that nothing can deliver, verify it, then switch it on."""
        if self._state.activated_at is None:
            now = self._now()
            ends = self._state.plan.ends(now)
            if ends is not None and ends <= now:
                await self._fail(f"the flight ended {ends:%Y-%m-%d %H:%M}, before it was launched")
                return
            self._change(
                activated_at=now, ends_at=ends, agreed_budget=self._state.plan.daily_budget
            )
        plan = self._state.plan
        grant = await self._authorise(plan.daily_budget, f"launch/{self._state.version}")
        if not grant.granted:
            self._change(activated_at=None)
            await self._ask_again((f"blocked by a limit: {grant.reason}",))
            return
        await self._decide(
            DecisionType.LAUNCH, self._state.approved_by or MACHINE, grant.reason, plan.daily_budget
        )
        try:
            await self._create_tree()
            # Paused half-way, its budget may have been changed before it was resumed.
            await self._set_budget(
                plan.daily_budget, "as agreed", self._state.approved_by or MACHINE
            )
            await self._do(
                NetworkActivities.verify_tree,
                VerifyTree(ref=self._ref(), daily_budget=plan.daily_budget),
                timeouts.NETWORK_WRITE,
                "Verify: complete, paused, single, budget as agreed",
            )
            await self._extend_lease("Set the first lease")
            await self._place_under_guard()
            reading = await self._begin_delivery("Activate ads, then ad group, then campaign")
        except ActivityError as error:
            await self._undo_launch(error)
            return
        await self._confirm_spend(plan.daily_budget, "launched")
        self._set_cadences()
        await self._enter(
            CampaignStatus.PENDING_REVIEW,
            "switched on; the network reviews the ads" if reading else "rests until its hours",
        )
        if reading is not None and reading.delivering():
            await self._enter(CampaignStatus.ACTIVE, "delivering, confirmed by read-back")

    async def _begin_delivery(self, summary: str) -> TreeReading | None:
        """Switch on; outside the agreed hours leave that to the next daypart (None)."""
        timezone = self._campaign.account.timezone
        resting = not in_hours(self._state.plan.dayparting, timezone, self._now())
        reading = None if resting else await self._switch_on(summary)
        self._change(resting=resting)
        return reading

    async def _create_tree(self) -> None:
        if self._state.tree.campaign_id is None:
            made = await self._create(orders.campaign_order(self._campaign, self._state))
            self._grow(campaign_id=made.id)
        if self._state.tree.ad_group_id is None:
            start = self._now()
            end = self._lease_end(start)
            made = await self._create(
                orders.ad_group_order(self._campaign, self._state, start=start, end=end)
            )
            self._grow(ad_group_id=made.id)
            self._change(lease_until=end, live_budget=self._state.plan.daily_budget)
        for creative in self._state.creatives:
            await self._create_ad(creative)

    async def _undo_launch(self, error: ActivityError) -> None:
        """A launch that cannot be finished leaves nothing behind that could spend."""
        if failure_type(error) == QUARANTINED:
            # Only a person can tell which object is ours: nothing is deleted, nothing repeated.
            self._pause = Pause(by=MACHINE, reason=failure_text(error))
            return
        await self._quiet_network("Pause what exists")
        try:
            await carry_out(
                NetworkActivities.remove_tree,
                self._ref(),
                timeouts.NETWORK_WRITE,
                "Remove the partial launch",
            )
        except ActivityError as left:
            # Paused and confirmed, so it costs nothing; a person can clean up.
            workflow.logger.warning("partial launch not removed: %s", failure_text(left))
        self._change(tree=NetworkTree(), live_budget=None, lease_until=None, activated_at=None)
        if failure_type(error) == POLICY_REFUSED:
            await self._end(
                CampaignStatus.REJECTED, DecisionType.FAIL, MACHINE, failure_text(error)
            )
        else:
            await self._fail(failure_text(error))

    # -- live -------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        """Do the next thing that is due, or what somebody asked for."""
        if self._budget is not None:
            await self._heed_budget()
            return
        if self._news is not None:
            news, self._news = self._news, None
            self._change(seen_fingerprint=news.fingerprint or self._state.seen_fingerprint)
            self._pause = Pause(by=MACHINE, reason=f"the page was {news.what}: {news.detail}")
            return
        if self._finding is not None:
            await self._heed(self._finding)
            return
        if self._drift is not None:
            await self._adopt_drift(self._drift)
            return
        if self._ad_change is not None:
            await self._swap_ad(self._ad_change)
            return
        if self._optimise_now is not None:
            await self._decide_now()
            return
        lease, timezone = self._campaign.cadence.lease, self._campaign.account.timezone
        self._due = next_due(self._state, lease=lease, timezone=timezone, now=self._now())
        self._show()
        await self._wait_for_message(self._due.at, f"next: {self._due.what}")
        for due in due_together(self._state, lease=lease, timezone=timezone, now=self._now()):
            if self._state.status not in LIVE or self._is_urgent():
                return
            try:
                await self._do_duty(due.what)
            except ActivityError as error:
                reason = f"{due.what} is not possible: {failure_text(error)}"
                self._pause = Pause(by=MACHINE, reason=reason)

    # -- pause, resume, kill, end -----------------------------------------------------------

    async def _come_to_rest(self, wish: Pause) -> None:
        """Pause on the network first, remember after."""
        self._heeded = wish
        returning, self._resume = self._resume, None
        if returning is not None:
            self._refuse(f"resume by {returning.by}: paused again by {wish.by}: {wish.reason}")
        if self._state.status in (*LIVE, CampaignStatus.LAUNCHING) or returning is not None:
            await self._quiet_network(f"Pause: {wish.reason}", wish.confirmed_off)
            note = PauseNote(
                by=wish.by,
                reason=wish.reason,
                since=self._now(),
                by_machine=wish.by == MACHINE,
            )
            self._change(pause=note)
            await self._enter(
                CampaignStatus.PAUSED,
                f"paused by {wish.by}: {wish.reason}",
                self._decision(DecisionType.PAUSE, wish.by, wish.reason),
                rests=True,
            )
            await self._settle(wish)
            if note.by_machine:
                self._tell("paused", f"Paused: {self._state.plan.name}", Severity.HIGH, wish.reason)
        self._pause = self._heeded = None

    async def _rest(self) -> None:
        """Paused: wait for a person, or for the flight's end."""
        if self._budget is not None:
            await self._plan_budget(self._budget)
            return
        self._news = None  # already resting
        if self._ad_change is not None:
            await self._swap_ad(self._ad_change)
            return
        if self._resume is not None:
            await self._come_back(self._resume)
            return
        ends = self._state.ends_at
        if ends is not None and self._now() >= ends:
            await self._complete("the flight ended while paused")
            return
        await self._wait_for_message(ends, "flight end while paused")

    async def _plan_budget(self, wish: ChangeBudget) -> None:
        """A daily budget for when it resumes; the authority is asked again then."""
        new = wish.daily_budget
        plan = self._state.plan.model_copy(update={"daily_budget": new})
        review = await self._review(plan)
        if review.problem and new.micros > self._state.plan.daily_budget.micros:
            self._refuse(f"budget {new} by {wish.by}: {review.problem}")
        elif not wish.agreed and new.micros > self._state.plan.daily_budget.micros:
            self._refuse(f"budget {new} by {wish.by}: a paused campaign is raised by people alone")
        else:
            self._change(plan=plan)
            if wish.agreed:
                self._change(agreed_budget=new)
            await self._remember(
                self._decision(DecisionType.ADJUST_BUDGET, wish.by, "for when it resumes", new)
            )
        self._forget_budget(wish)

    async def _come_back(self, wish: Resume) -> None:
        """Resume, if the limits still allow it."""
        if self._state.next_pacing is None:  # paused before it was ever switched on
            resumed = self._decision(DecisionType.RESUME, wish.by, wish.reason)
            self._change(pause=None)
            await self._enter(CampaignStatus.LAUNCHING, f"resumed by {wish.by}", resumed)
        else:
            await self._deliver_again(wish)
        self._resume = None

    async def _deliver_again(self, wish: Resume) -> None:
        budget = self._state.plan.daily_budget
        grant = await self._authorise(budget, f"resume/{self._stamp(self._now())}")
        if not grant.granted:
            self._refuse(f"resume by {wish.by}: {grant.reason}")
            return
        await self._decide(DecisionType.RESUME, wish.by, wish.reason, budget)
        try:
            # A write that a stop cut short may have landed after all: set it again.
            await self._set_budget(budget, "resume at the agreed budget", wish.by, again=True)
            await self._extend_lease("Extend the lease to resume")
            await self._place_under_guard()
            reading = await self._begin_delivery("Resume: activate")
        except ActivityError as error:
            await self._quiet_network("Pause: resuming failed")
            await self._release_spend()
            self._refuse(f"resume by {wish.by}: {failure_text(error)}")
            return
        self._change(pause=None)
        self._set_cadences()
        await self._confirm_spend(budget, "resumed")
        delivering = reading is not None and reading.delivering()
        await self._enter(
            CampaignStatus.ACTIVE if delivering else CampaignStatus.PENDING_REVIEW,
            f"resumed by {wish.by}, "
            + ("confirmed by read-back" if reading else "rests until its hours"),
        )

    async def _stop(self, order: Kill) -> None:
        """Kill: the network first, then everything else. Soft only pauses what the AI made."""
        self._heeded = order
        if order.level is StopLevel.SOFT:
            if self._campaign.author is Author.AI:
                self._pause = Pause(
                    by=order.by,
                    reason=f"soft stop: {order.reason}",
                    confirmed_off=order.confirmed_off,
                )
            self._kill = self._heeded = None
            return
        await self._quiet_network(
            f"KILL ({order.level.value}): {order.reason}", order.confirmed_off
        )
        if self._state.status is CampaignStatus.PENDING_APPROVAL:
            await self._close_question("declined", order.by, f"killed: {order.reason}")
        await self._end(
            CampaignStatus.KILLED,
            DecisionType.KILL,
            order.by,
            order.reason,
            guard_knows=order.confirmed_off is not None,
        )

    async def _await_final_figures(self) -> None:
        """Networks restate figures for weeks; then the campaign is history."""
        completed = self._state.visits[-1].at
        final = completed + self._campaign.cadence.restatement
        if self._now() < final:
            await self._wait_for_message(final, "figures are final")
            return
        figures = await self._do(
            FiguresActivities.campaign_figures,
            self._figures_query(),
            timeouts.FIGURES,
            "Read the final figures",
        )
        self._change(spend=figures.spend_total, figures_as_of=figures.as_of)
        await self._enter(CampaignStatus.ARCHIVED, f"final spend {figures.spend_total}")
