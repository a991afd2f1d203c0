"""What a campaign workflow does again and again: network steps, money, records, the UI card."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.guard import GuardActivities
    from activities.network import NetworkActivities
    from activities.notify import Notice, NotifyActivities
    from activities.records import Answer, BudgetChange, CampaignRecord, RecordActivities
    from activities.spend import CommitmentChange, LoweredCommitment, SpendAuthority
    from models.contract.campaign import CampaignInput, CampaignState, Kill, Pause, StateVisit
    from models.contract.decision import Decision
    from models.contract.effects import CreateObject, MoveEnd, SetBudget, TreeReading, TreeRef
    from models.contract.figures import FiguresQuery
    from models.contract.guard import GuardInput, Watched, WatchRequest, guard_id
    from models.contract.limits import SpendGrant, SpendRequest
    from models.contract.money import Money
    from models.contract.network import NetworkObject, Order
    from models.contract.safety import Severity
    from models.contract.vocabulary import CampaignStatus, DecisionOutcome, DecisionType
    from workflows import card, search, timeouts
    from workflows.agenda import Due
    from workflows.errands import (
        A,
        Errands,
        Interrupted,
        Method,
        R,
        carry_out,
        failure_text,
    )

LIVE = (CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
MACHINE = "adflight"
_MAX_VISITS = 60
_STOP_AGAIN = timedelta(seconds=5)
_PATIENCE = timedelta(minutes=5)  # the history must outlast a network that refuses for weeks


class CampaignSteps:
    """State, and the steps that change it. The story is in ``workflows.campaign``."""

    def __init__(self, campaign: CampaignInput) -> None:
        """Take up the state of an earlier run, or begin a draft."""
        self._campaign = campaign
        self._state = campaign.state or CampaignState(
            plan=campaign.plan, approval=campaign.approval, creatives=campaign.creatives
        )
        self._kill: Kill | None = None
        self._pause: Pause | None = None
        self._heeded: Kill | Pause | None = None
        self._due: Due | None = None
        self._columns: tuple[str, float] | None = None
        self._notices: set[asyncio.Task[None]] = set()
        self._errands = Errands(urgent=self._is_urgent)

    def _is_urgent(self) -> bool:
        """Whether a kill came in that nobody has taken up yet, or a pause while none is."""
        if self._kill is not None and self._kill is not self._heeded:
            return True
        return self._pause is not None and self._heeded is None

    async def _create(self, order: Order) -> NetworkObject:
        return await self._do(
            NetworkActivities.create_object,
            CreateObject(
                account=self._campaign.account,
                campaign_id=self._campaign.campaign_id,
                order=order,
                settle=self._campaign.settle,
            ),
            timeouts.NETWORK_WRITE,
            f"Create {order.kind.value}, paused ({order.key})",
        )

    # -- steps on the network ---------------------------------------------------------------

    async def _quiet_network(self, summary: str, confirmed_off: datetime | None = None) -> None:
        """Pause and read back; again when a write was still under way, for it may have landed.

        When the guard has paused and read back itself (since ``confirmed_off``), and we wrote
        nothing that could have come after, there is nothing left to do on the network.
        """
        if self._state.tree.campaign_id is None and self._state.activated_at is None:
            return
        written = self._state.written_at
        if (
            confirmed_off is not None
            and not self._errands.given_up
            and (written is None or written < confirmed_off)
        ):
            return
        await self._pause_until_confirmed(summary)
        if await self._errands.finish():
            await self._pause_until_confirmed(f"{summary} (again: a write was under way)")

    async def _pause_until_confirmed(self, summary: str) -> None:
        """A stop is never given up: not even when the network refuses our credential."""
        wait = _STOP_AGAIN
        while True:
            try:
                await carry_out(NetworkActivities.pause_tree, self._ref(), timeouts.STOP, summary)
            except ActivityError as error:
                self._tell(
                    "unstopped",
                    "NOT STOPPED: a person must act",
                    Severity.CRITICAL,
                    f"{self._state.plan.name}: {failure_text(error)}",
                )
                await workflow.sleep(wait, summary="ask the network again to pause")
                wait = min(wait * 2, _PATIENCE)
            else:
                return

    async def _switch_on(self, summary: str) -> TreeReading:
        return await self._do(
            NetworkActivities.activate, self._ref(), timeouts.NETWORK_WRITE, summary
        )

    async def _extend_lease(self, summary: str) -> None:
        until = self._lease_end(self._now())
        await self._do(
            NetworkActivities.move_end,
            MoveEnd(ref=self._ref(), end_time=until),
            timeouts.NETWORK_WRITE,
            f"{summary} to {until:%Y-%m-%d %H:%M}",
        )
        self._change(lease_until=until)

    async def _set_budget(
        self,
        budget: Money,
        reason: str,
        by: str,
        *,
        again: bool = False,
        decision_id: UUID | None = None,
    ) -> None:
        """Set, read back, record. ``again``: also when we believe it is set already."""
        old = self._state.live_budget
        if old == budget and not again:
            return
        await self._do(
            NetworkActivities.set_budget,
            SetBudget(ref=self._ref(), daily_budget=budget),
            timeouts.NETWORK_WRITE,
            f"Set daily budget {budget}",
        )
        edits = (*self._state.recent_edits, self._now())[-8:]
        self._change(live_budget=budget, recent_edits=edits)
        await self._do(
            RecordActivities.record_budget,
            BudgetChange(
                team_id=self._campaign.team_id,
                campaign_id=self._campaign.campaign_id,
                old=old,
                new=budget,
                reason=reason,
                by=by,
                at=self._now(),
                id=workflow.uuid4(),
                decision_id=decision_id,
            ),
            timeouts.DATABASE,
            "Record the budget change",
        )

    async def _authorise(self, daily: Money, step: str, *, agreed: bool = True) -> SpendGrant:
        """Ask to spend. ``agreed``: a person, or the rules for proposals, agreed to the amount."""
        return await self._do(
            SpendAuthority.reserve,
            self._spend_request(daily, step, agreed=agreed),
            timeouts.DATABASE,
            f"Ask the spend authority for {daily} a day",
        )

    def _spend_request(self, daily: Money, step: str, *, agreed: bool = True) -> SpendRequest:
        return SpendRequest(
            key=f"{self._campaign.campaign_id}/{step}",
            team_id=self._campaign.team_id,
            account_id=self._campaign.account.id,
            campaign_id=self._campaign.campaign_id,
            platform=self._campaign.account.platform,
            daily=daily,
            over_delivery=self._campaign.over_delivery,
            until=self._state.ends_at,
            now=self._now(),
            lifetime=self._state.plan.lifetime_budget,
            author=self._campaign.author,
            balanced=self._campaign.balanced,
            agreed=agreed,
            last_agreed=self._state.agreed_budget,
        )

    async def _confirm_spend(self, daily: Money, why: str) -> None:
        await self._confirm_commitment()
        await self._decide(DecisionType.ACTIVATE, self._state.approved_by or MACHINE, why, daily)

    async def _confirm_commitment(self) -> None:
        await self._do(
            SpendAuthority.confirm,
            CommitmentChange(
                team_id=self._campaign.team_id, campaign_id=self._campaign.campaign_id
            ),
            timeouts.DATABASE,
            "Confirm the commitment",
        )

    async def _give_room_back(self, daily: Money) -> None:
        await self._do(
            SpendAuthority.lower,
            LoweredCommitment(
                team_id=self._campaign.team_id,
                campaign_id=self._campaign.campaign_id,
                daily=daily,
            ),
            timeouts.DATABASE,
            "Give back the room that a lower budget leaves",
        )

    async def _release_spend(self) -> None:
        await carry_out(
            SpendAuthority.release,
            CommitmentChange(
                team_id=self._campaign.team_id, campaign_id=self._campaign.campaign_id
            ),
            timeouts.DATABASE,
            "Release the commitment",
        )

    async def _place_under_guard(self) -> None:
        """Before anything is switched on the account's guard knows of it, or forbids it.

        A halted account is remembered by its guard, whatever the database knows.

        Raises:
            Interrupted: a stop stands; the campaign comes to rest.
        """
        answer = await self._do(
            GuardActivities.watch,
            WatchRequest(
                guard=GuardInput(
                    account=self._campaign.account,
                    clock=self._campaign.clock,
                    cadence=self._campaign.cadence,
                ),
                entry=self._watched(live=True),
            ),
            timeouts.DATABASE,
            "Place it under the account's guard",
        )
        if answer.stop is not None:
            stop = answer.stop
            self._pause = Pause(
                by=MACHINE,
                reason=f"a {stop.level.value} stop by {stop.by} stands: {stop.reason}; lift it "
                "with `adflight recover`",
            )
            raise Interrupted

    async def _leave_guard(self) -> None:
        """Nothing can be switched on any more: only late figures matter."""
        guard = workflow.get_external_workflow_handle(guard_id(self._campaign.account))
        try:
            await guard.signal("watch", self._watched(live=False))
        except FailureError as error:
            workflow.logger.info("no guard to tell: %s", error)

    def _watched(self, *, live: bool) -> Watched:
        assert self._state.tree.campaign_id is not None
        return Watched(
            campaign_id=self._campaign.campaign_id,
            workflow_id=workflow.info().workflow_id,
            network_id=self._state.tree.campaign_id,
            author=self._campaign.author,
            live=live,
            until=None if live else self._now() + self._campaign.cadence.restatement,
        )

    # -- bookkeeping ------------------------------------------------------------------------

    async def _do(
        self, method: Method[A, R], argument: A, config: ActivityConfig, summary: str
    ) -> R:
        """Run an activity, giving way to a stop."""
        result = await self._errands.run(method, argument, config, summary)
        if config is timeouts.NETWORK_WRITE:
            self._change(written_at=workflow.now())
        return result

    def _now(self) -> datetime:
        return self._campaign.clock.campaign_time(workflow.now())

    def _change(self, **changes: Any) -> None:
        self._state = self._state.model_copy(update=changes)

    def _grow(self, **ids: Any) -> None:
        self._change(tree=self._state.tree.model_copy(update=ids))

    def _carried(self) -> CampaignState:
        return self._state.model_copy(update={"runs": self._state.runs + 1})

    def _ref(self) -> TreeRef:
        return TreeRef(
            account=self._campaign.account,
            campaign_id=self._campaign.campaign_id,
            tree=self._state.tree,
            variants=tuple(one.id for one in self._state.creatives),
            resting=self._state.resting_ads,
            settle=self._campaign.settle,
        )

    def _set_cadences(self) -> None:
        now, cadence = self._now(), self._campaign.cadence
        self._change(
            next_pacing=now + cadence.pacing,
            next_fatigue=now + cadence.fatigue,
            next_review=now + cadence.review,
        )

    def _lease_end(self, start: datetime) -> datetime:
        lease = start + self._campaign.cadence.lease
        return lease if self._state.ends_at is None else min(lease, self._state.ends_at)

    def _figures_query(self) -> FiguresQuery:
        return FiguresQuery(
            team_id=self._campaign.team_id,
            campaign_id=self._campaign.campaign_id,
            timezone=self._campaign.account.timezone,
            currency=self._campaign.account.currency,
            now=self._now(),
        )

    def _refuse(self, problem: str) -> None:
        workflow.logger.warning("message refused: %s", problem)
        self._change(refused=(*self._state.refused, problem)[-20:])

    async def _enter(
        self,
        status: CampaignStatus,
        why: str,
        decision: Decision | None = None,
        *,
        rests: bool = False,
    ) -> None:
        """Change state. ``rests``: it can spend no more, so the room it had is given back."""
        visit = StateVisit(status=status, at=self._now(), why=why)
        self._change(status=status, visits=(*self._state.visits, visit)[-_MAX_VISITS:])
        self._show()
        await self._remember(decision, rests=rests)

    async def _remember(self, decision: Decision | None = None, *, rests: bool = False) -> None:
        """Write the state down, together with the decision that led to it.

        What rests is written down whatever comes in meanwhile: its room must be given back.
        """
        run = carry_out if rests else self._do
        await run(
            RecordActivities.record_campaign,
            CampaignRecord(
                start=self._campaign.model_copy(update={"state": None}),
                state=self._state,
                workflow_id=workflow.info().workflow_id,
                decision=decision,
                rests=rests,
            ),
            timeouts.DATABASE,
            f"Remember: {self._state.status.value}",
        )

    async def _decide(
        self, kind: DecisionType, by: str, reason: str, daily: Money | None = None
    ) -> None:
        """Write a decision down before it is acted on."""
        await self._do(
            RecordActivities.record_decision,
            self._decision(kind, by, reason, daily),
            timeouts.DATABASE,
            f"Record the decision: {kind.value}",
        )

    def _decision(
        self, kind: DecisionType, by: str, reason: str, daily: Money | None = None
    ) -> Decision:
        return Decision(
            id=workflow.uuid4(),
            team_id=self._campaign.team_id,
            type=kind,
            decided_by=by,
            reason=reason,
            at=self._now(),
            campaign_id=self._campaign.campaign_id,
            promotion_id=self._campaign.promotion_id,
            platform=self._campaign.account.platform.value,
            action={"status": self._state.status.value, "version": self._state.version},
            outcome=DecisionOutcome.SUCCESS,
            budget_impact=daily,
        )

    async def _close_question(self, status: str, by: str, note: str) -> None:
        await self._do(
            RecordActivities.close_question,
            Answer(
                team_id=self._campaign.team_id,
                campaign_id=self._campaign.campaign_id,
                version=self._state.version,
                status=status,
                by=by,
                at=self._now(),
                note=note,
            ),
            timeouts.DATABASE,
            f"Close the question: {status}",
        )

    def _tell(self, topic: str, title: str, severity: Severity, body: str = "") -> None:
        """Tell people, in the background: a message never holds the campaign up."""
        notice = Notice(
            team_id=self._campaign.team_id,
            key=f"{self._campaign.campaign_id}/{topic}/{self._stamp(self._now())}",
            title=title,
            body=body,
            severity=severity,
        )
        task = asyncio.create_task(self._deliver(notice))
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def _deliver(self, notice: Notice) -> None:
        try:
            await carry_out(
                NotifyActivities.notify, notice, timeouts.NOTICE, f"Tell people: {notice.title}"
            )
        except ActivityError as error:
            workflow.logger.warning("notice not delivered: %s", failure_text(error))

    def _show(self) -> None:
        """Bring the Web UI's columns and card up to date."""
        state = self._state
        due = self._due if state.status in LIVE else None
        budget = state.live_budget or state.plan.daily_budget
        columns = (state.status.value, float(budget.amount))
        if columns != self._columns:  # each upsert is an action that is paid for
            self._columns = columns
            workflow.upsert_search_attributes(search.updates(*columns))  # pyright: ignore[reportUnknownMemberType]
        shown = f"{due.what} at {due.at:%Y-%m-%d %H:%M}" if due else "–"
        workflow.set_current_details(card.render(self._campaign, state, shown))

    @staticmethod
    def _stamp(at: datetime | None) -> str:
        return f"{at:%Y%m%dT%H%M%S}" if at is not None else "0"
