"""What a live campaign does when it is due, and how a campaign ends.

One method a duty; ``workflows.campaign`` decides when each is called.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.leases import LeaseActivities
    from activities.network import NetworkActivities
    from activities.records import RecordActivities
    from models.contract.campaign import Pause
    from models.contract.drift import DriftNote
    from models.contract.effects import LeaseRenewal, MoveEnd, TreeReading
    from models.contract.limits import CAMPAIGN_LIFETIME, SpendGrant
    from models.contract.money import Money
    from models.contract.network import ObjectKind
    from models.contract.safety import Finding, SafetyAction, Severity
    from models.contract.vocabulary import CampaignStatus, DecisionType
    from workflows import timeouts
    from workflows.agenda import in_hours
    from workflows.campaign_cycles import CampaignCycles
    from workflows.campaign_steps import MACHINE

_AD = ObjectKind.AD
_NO_RAISE = timedelta(hours=24)
"""After a safety rule lowered something, nothing automatic raises it again for a day."""


class CampaignDuties(CampaignCycles):
    """Duties and endings."""

    async def _do_duty(self, what: str) -> None:
        """Do what the agenda says is due."""
        duties = {
            "end": self._complete_by_schedule,
            "lease": self._renew_lease,
            "review": self._check_review,
            "pacing": self._optimise,
            "creatives": self._look_at_creatives,
            "dayparting": self._switch_daypart,
        }
        await duties[what]()

    async def _renew_lease(self) -> None:
        """Ask again to be allowed to spend, then move the network's end time forward."""
        until = self._lease_end(self._now())
        grant = await self._do(
            LeaseActivities.renew_lease,
            LeaseRenewal(
                request=self._spend_request(
                    self._state.plan.daily_budget,
                    f"lease/{self._stamp(self._state.lease_until)}",
                ),
                move=MoveEnd(ref=self._ref(), end_time=until),
            ),
            timeouts.NETWORK_WRITE,
            f"Renew the lease to {until:%Y-%m-%d %H:%M}",
        )
        if not grant.granted:
            await self._spend_no_more(grant, "lease not renewed")
            return
        self._change(lease_until=until)
        if not grant.confirmed:
            await self._confirm_commitment()

    async def _spend_no_more(self, grant: SpendGrant, what: str) -> None:
        """A used-up lifetime budget is the end that was agreed; any other limit is a pause."""
        if grant.limit == CAMPAIGN_LIFETIME:
            await self._complete(grant.reason)
        else:
            self._pause = Pause(by=MACHINE, reason=f"{what}: {grant.reason}")

    async def _check_review(self) -> None:
        """Has the network approved the ads?"""
        self._change(next_review=self._now() + self._campaign.cadence.review)
        reading = await self._do(
            NetworkActivities.read_tree, self._ref(), timeouts.NETWORK_READ, "Read review state"
        )
        rejection = reading.rejected()
        if rejection is not None:
            await self._quiet_network("Pause: the network rejected every ad")
            await self._end(CampaignStatus.REJECTED, DecisionType.FAIL, "network", rejection)
            self._tell("rejected", f"Rejected: {self._state.plan.name}", Severity.HIGH, rejection)
        elif reading.delivering():
            await self._enter(CampaignStatus.ACTIVE, "delivering, confirmed by read-back")

    async def _switch_daypart(self) -> None:
        """Rest outside the agreed hours and deliver inside them."""
        timezone = self._campaign.account.timezone
        if in_hours(self._state.plan.dayparting, timezone, self._now()):
            grant = await self._authorise(
                self._state.plan.daily_budget, f"daypart/{self._stamp(self._now())}"
            )
            if not grant.granted:
                await self._spend_no_more(grant, "daypart not opened")
                return
            await self._extend_lease("Extend the lease for the daypart")
            await self._switch_on("Dayparting: deliver")
            await self._confirm_commitment()
            self._change(resting=False)
        else:
            await self._quiet_network("Dayparting: rest")
            self._change(resting=True)
        await self._remember()

    # -- what the guard tells ---------------------------------------------------------------

    async def _heed(self, finding: Finding) -> None:
        """A safety rule asks for less: done at once, recorded after, not undone for a day."""
        self._finding = None
        if finding.action is SafetyAction.COMPLETE:
            await self._complete(finding.text)
            return
        live = self._state.live_budget
        assert live is not None
        match finding.action:
            case SafetyAction.REDUCE_BUDGET | SafetyAction.REDUCE_BID:
                least = self._campaign.minimum.micros if self._campaign.minimum else 0
                lower = round(live.micros * (1 - (finding.reduce_by or 0)))
                new = Money(micros=min(max(lower, least), live.micros), currency=live.currency)
                # An automatic bid has no lever of its own: less budget is what lowers the spend.
                bid = self._state.plan.bid.amount
                if finding.action is SafetyAction.REDUCE_BID and bid is not None:
                    await self._lower_bid(bid, finding.reduce_by or 0)
                else:
                    await self._set_budget(new, finding.text, MACHINE)
                self._change(no_raise_before=self._now() + _NO_RAISE)
            case SafetyAction.CHECK_CREATIVE:
                pass  # the guard has told people; there is nothing to lower
            case _:
                raise ApplicationError(
                    f"a campaign knows no way to {finding.action.value}", non_retryable=True
                )
        await self._remember(self._decision(DecisionType.SAFETY, MACHINE, finding.text))

    async def _lower_bid(self, bid: Money, by: float) -> None:
        await self._set_bid(
            Money(micros=max(round(bid.micros * (1 - by)), 10_000), currency=bid.currency)
        )

    async def _adopt_drift(self, note: DriftNote) -> None:
        """Somebody changed it on the network; what the guard did not undo is the truth now.

        The guard may have looked while a change of ours was under way: what counts is what the
        network shows now.
        """
        self._drift = None
        reason = f"changed on the network: {note.detail}"
        if note.kind in ("paused", "budget"):
            reading = await self._do(
                NetworkActivities.read_tree,
                self._ref(),
                timeouts.NETWORK_READ,
                f"Is it so? {note.detail}",
            )
            if not self._differs(note, reading):
                return
        if note.kind == "deleted":
            await self._quiet_network("Pause what is left of it")
        await self._do(
            RecordActivities.record_drift,
            note.record,
            timeouts.DATABASE,
            "Write down what was changed on the network",
        )
        if note.kind == "deleted":
            await self._fail(reason)
        elif note.kind == "budget" and note.budget is not None:
            self._change(live_budget=note.budget)
            await self._remember(self._decision(DecisionType.DRIFT, "network", reason, note.budget))
        elif note.kind == "rejected":
            self._change(next_review=self._now())
            await self._enter(CampaignStatus.PENDING_REVIEW, reason)
        else:
            self._pause = Pause(by="network", reason=reason)

    def _differs(self, note: DriftNote, reading: TreeReading) -> bool:
        """Whether the network still shows what the guard saw."""
        if note.kind == "paused":
            return any(not one.switched_on for one in reading.objects if one.kind is not _AD)
        group = next(one for one in reading.objects if one.kind is ObjectKind.AD_GROUP)
        return group.daily_budget == note.budget != self._state.live_budget

    # -- endings --------------------------------------------------------------------------

    async def _complete_by_schedule(self) -> None:
        await self._complete("the flight reached its end")

    async def _complete(self, why: str) -> None:
        await self._quiet_network(f"Complete: {why}")
        await self._end(CampaignStatus.COMPLETED, DecisionType.COMPLETE, MACHINE, why)

    async def _fail(self, why: str) -> None:
        self._change(error=why)
        await self._end(CampaignStatus.FAILED, DecisionType.FAIL, MACHINE, why)
        self._tell("failed", f"Failed: {self._state.plan.name}", Severity.HIGH, why)

    async def _end(
        self,
        status: CampaignStatus,
        decision: DecisionType,
        by: str,
        why: str,
        *,
        guard_knows: bool = False,
    ) -> None:
        """What ends can spend no more; its late figures are watched by the guard."""
        if status is CampaignStatus.REJECTED:
            self._change(error=why)
        if self._state.tree.campaign_id is not None and not guard_knows:
            await self._leave_guard()
        await self._enter(status, why, self._decision(decision, by, why), rests=True)
        self._forget_wishes()
