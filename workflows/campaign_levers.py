"""The levers of a live campaign: each is moved on the network, read back, and written down.

What lowers is done at once. What raises is authorised first; a raise that nobody agreed to and
that the rules leave to a person becomes a recommendation.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.network import NetworkActivities
    from activities.recommendations import Advice, RecommendationActivities
    from activities.records import Outcome, RecordActivities
    from models.contract.campaign import ChangeBudget, Pause
    from models.contract.effects import SetBid, SwitchAds
    from models.contract.money import Money, minor_unit_micros
    from models.contract.optimisation import Lever, Move, MoveMade, Tired
    from models.contract.safety import Severity
    from models.contract.vocabulary import DecisionOutcome, DecisionType
    from workflows import timeouts
    from workflows.campaign_messages import CampaignMessages
    from workflows.campaign_steps import LIVE, MACHINE
    from workflows.errands import failure_text

_REMEMBERED = timedelta(days=3)
"""Moves older than that limit nothing any more."""
_MOST_MOVES = 60


class CampaignLevers(CampaignMessages):
    """Throttle, agreed budget, bid, ads and status."""

    # -- levers -----------------------------------------------------------------------------

    async def _make(self, move: Move) -> None:
        """One move on the network, confirmed by read-back."""
        match move.lever:
            case Lever.STATUS:
                self._pause = Pause(by=MACHINE, reason=move.reason, decision_id=move.decision_id)
            case Lever.THROTTLE if move.budget is not None:
                await self._throttle(move, move.budget)
            case Lever.BUDGET if move.budget is not None:
                await self._move_budget(move, move.budget)
            case Lever.BID if move.bid is not None:
                await self._move_bid(move, move.bid)
            case Lever.CREATIVE:
                await self._switch_ads(move)
            case _:
                raise ValueError(f"a {move.lever.value} move without an amount: {move.action}")

    async def _throttle(self, move: Move, budget: Money) -> None:
        """The live budget below the agreed one: lowered freely, raised when authorised."""
        live = self._state.live_budget
        assert live is not None
        raising = budget.micros > live.micros
        if raising:
            agreed = self._state.plan.daily_budget
            grant = await self._authorise(agreed, f"pacing/{self._stamp(self._now())}")
            if not grant.granted:
                await self._settle(move, DecisionOutcome.HELD, grant.reason)
                return
        await self._set_budget(budget, move.reason, MACHINE, decision_id=move.decision_id)
        if raising:
            await self._confirm_commitment()
        self._made(Lever.THROTTLE, live, budget)

    async def _move_budget(self, move: Move, budget: Money) -> None:
        """Another agreed budget. More than was agreed to is granted only by the rules.

        A throttled campaign keeps its throttle: the live budget rises by the same share, and never
        jumps to what pacing had a reason to stay below.
        """
        plan = self._state.plan
        before = plan.daily_budget
        live = self._state.live_budget or before
        raising = budget.micros > before.micros
        if raising:
            grant = await self._authorise(
                budget, f"{move.action}/{self._stamp(self._now())}", agreed=False
            )
            if not grant.granted:
                await self._recommend(move, before, budget, grant.reason)
                return
            unit = minor_unit_micros(live.currency)
            risen = live.micros * budget.micros // before.micros // unit * unit
            wanted = Money(
                micros=min(max(risen, live.micros), budget.micros), currency=live.currency
            )
        else:
            wanted = min(live, budget, key=lambda one: one.micros)
        if wanted == live:
            await self._settle(move)
        else:
            await self._set_budget(wanted, move.reason, MACHINE, decision_id=move.decision_id)
        self._change(plan=plan.model_copy(update={"daily_budget": budget}))
        if raising:
            await self._confirm_commitment()
        else:
            await self._give_room_back(budget)
        self._made(Lever.BUDGET, before, budget)
        await self._remember()

    async def _move_bid(self, move: Move, bid: Money) -> None:
        """Another bid; a higher one may spend more, so the authority is asked again."""
        plan = self._state.plan
        before = plan.bid.amount
        assert before is not None
        if bid.micros > before.micros:
            grant = await self._authorise(plan.daily_budget, f"bid/{self._stamp(self._now())}")
            if not grant.granted:
                await self._settle(move, DecisionOutcome.HELD, grant.reason)
                return
        await self._set_bid(bid)
        await self._settle(move)
        if bid.micros > before.micros:
            await self._confirm_commitment()
        self._made(Lever.BID, before, bid)
        await self._remember()

    async def _set_bid(self, bid: Money) -> None:
        await self._do(
            NetworkActivities.set_bid,
            SetBid(ref=self._ref(), amount=bid),
            timeouts.NETWORK_WRITE,
            f"Set the bid {bid}",
        )
        plan = self._state.plan
        self._change(
            plan=plan.model_copy(update={"bid": plan.bid.model_copy(update={"amount": bid})})
        )

    async def _switch_ads(self, move: Move) -> None:
        """Let ads rest, and others come back; the budget stays what it is."""
        if move.on:
            grant = await self._authorise(
                self._state.plan.daily_budget, f"ads/{self._stamp(self._now())}"
            )
            if not grant.granted:
                await self._settle(move, DecisionOutcome.HELD, grant.reason)
                return
        await self._do(
            NetworkActivities.switch_ads,
            SwitchAds(ref=self._ref(), off=move.off, on=move.on),
            timeouts.NETWORK_WRITE,
            f"Ads: {len(move.off)} off, {len(move.on)} on",
        )
        kept = [one for one in self._state.resting_ads if one not in move.on]
        self._change(resting_ads=(*kept, *(one for one in move.off if one not in kept)))
        await self._settle(move)
        if move.on:
            await self._confirm_commitment()
        self._made(Lever.CREATIVE, None, None)
        await self._remember()

    # -- what is remembered of it ---------------------------------------------------------------

    def _made(self, lever: Lever, before: Money | None, after: Money | None) -> None:
        now = self._now()
        change = raised = None
        if before is not None and after is not None and before.micros > 0:
            raised = max(after.micros - before.micros, 0)
            change = after.micros / before.micros - 1
        made = MoveMade(lever=lever, at=now, change=change, raised_by=raised or 0)
        recent = [one for one in self._state.moves if now - one.at < _REMEMBERED]
        self._change(moves=(*recent, made)[-_MOST_MOVES:])

    async def _settle(
        self,
        move: Move | Pause | Tired,
        outcome: DecisionOutcome = DecisionOutcome.SUCCESS,
        details: str = "",
    ) -> None:
        """Write down what became of a decision; a person's own pause carries out none."""
        if move.decision_id is None:
            return
        await self._do(
            RecordActivities.record_outcome,
            Outcome(
                team_id=self._campaign.team_id,
                decision_id=move.decision_id,
                at=self._now(),
                outcome=outcome,
                details=details,
            ),
            timeouts.DATABASE,
            f"Record what became of it: {outcome.value}",
        )

    async def _recommend(self, move: Move, before: Money, after: Money, why: str) -> None:
        """What the machine may not do by itself, a person can."""
        now = self._now()
        await self._do(
            RecommendationActivities.advise,
            Advice(
                team_id=self._campaign.team_id,
                campaign_id=self._campaign.campaign_id,
                key=f"{self._campaign.campaign_id}/{move.action}",
                kind=move.action,
                title=f"Raise {self._state.plan.name} from {before} to {after} a day",
                reason=f"{move.reason}. Not done by itself: {why}",
                change={"field": "daily_budget", "from": str(before), "to": str(after.amount)},
                decision_id=move.decision_id,
                at=now,
                expires_at=now + timedelta(days=7),
            ),
            timeouts.DATABASE,
            "Leave the raise to a person",
        )
        self._tell(
            "recommendation",
            f"Advice for {self._state.plan.name}",
            Severity.LOW,
            f"{move.reason}. From {before} to {after} a day: {why}",
        )

    # -- what is asked from outside -------------------------------------------------------------

    async def _heed_budget(self) -> None:
        """Carry out the wish for another budget, or refuse it."""
        wish = self._budget
        assert wish is not None
        try:
            await self._change_budget(wish)
        except ActivityError as error:
            self._refuse(f"budget change: {failure_text(error)}")
            self._forget_budget(wish)

    def _is_lowered(self) -> bool:
        """Whether a lower budget is wished for than the live one."""
        wish, live = self._budget, self._state.live_budget
        if wish is None or live is None or self._state.status not in LIVE:
            return False
        return wish.daily_budget.micros < live.micros

    async def _change_budget(self, wish: ChangeBudget) -> None:
        """A new daily budget: a person's, or one that the portfolio moves between campaigns."""
        if wish.agreed:
            await self._set_agreed(wish)
        else:
            move = Move(
                lever=Lever.BUDGET,
                action="reallocate",
                reason=wish.reason,
                decision_id=wish.decision_id or workflow.uuid4(),
                budget=wish.daily_budget,
            )
            await self._move_budget(move, wish.daily_budget)
        self._forget_budget(wish)

    async def _set_agreed(self, wish: ChangeBudget) -> None:
        """A person's: lowering at once, raising through the authority."""
        live, new = self._state.live_budget, wish.daily_budget
        assert live is not None
        plan = self._state.plan.model_copy(update={"daily_budget": new})
        why = wish.reason or "set by a person"
        raising = new.micros > live.micros or new.micros > self._state.plan.daily_budget.micros
        if raising:
            grant = await self._authorise(new, f"budget/{self._stamp(self._now())}")
            if not grant.granted:
                self._refuse(f"budget {new} by {wish.by}: {grant.reason}")
                return
            await self._decide(DecisionType.ADJUST_BUDGET, wish.by, why, new)
        await self._set_budget(new, why, wish.by)
        self._change(plan=plan, agreed_budget=new)
        if raising:
            await self._confirm_commitment()
            await self._remember()
        else:  # lowering waits for no database: it is written down after
            await self._remember(self._decision(DecisionType.ADJUST_BUDGET, wish.by, why, new))
            await self._give_room_back(new)

    def _forget_budget(self, wish: ChangeBudget) -> None:
        """The wish is settled; one that came in meanwhile is not."""
        if self._budget is wish:
            self._budget = None
