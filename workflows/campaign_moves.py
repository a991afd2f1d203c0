"""Optimising a live campaign: decide, then carry out at most one move a lever, and read it back.

What lowers is done at once. What raises is authorised first; a raise that nobody agreed to and
that the rules leave to a person becomes a recommendation.
"""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.creative_tests import CreativeTestActivities
    from activities.network import NetworkActivities
    from activities.optimisation import OptimisationActivities
    from activities.recommendations import Advice, RecommendationActivities
    from activities.records import Executed, RecordActivities
    from models.contract.campaign import ChangeBudget, Pause
    from models.contract.effects import SetBid, SwitchAds
    from models.contract.figures import CreativesCase, Decided, OptimisationCase
    from models.contract.money import Money
    from models.contract.optimisation import Lever, Move, MoveMade
    from models.contract.safety import Severity
    from models.contract.vocabulary import DecisionType
    from workflows import timeouts
    from workflows.campaign_messages import CampaignMessages
    from workflows.campaign_steps import LIVE, MACHINE
    from workflows.errands import failure_text

_REMEMBERED = timedelta(days=3)
"""Moves older than that limit nothing any more."""
_MOST_MOVES = 60


class CampaignMoves(CampaignMessages):
    """The cycles of optimisation, and the levers they move."""

    # -- cycles -----------------------------------------------------------------------------

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
                ads=self._state.tree.ad_ids,
                resting=self._state.resting_ads,
                admin_override=self._campaign.admin_override,
                moves=self._state.moves,
            ),
            timeouts.FIGURES,
            "Decide on the ads",
        )
        await self._carry_out(decided)

    async def _carry_out(self, decided: Decided) -> None:
        if decided.figures is not None:
            figures = decided.figures
            self._change(spend=figures.spend_total, figures_as_of=figures.as_of)
        for text in decided.news:
            self._tell("advice", f"For {self._state.plan.name}", Severity.LOW, text)
        for move in decided.moves:
            if self._state.status in LIVE:
                await self._make(move)

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
                return
        await self._set_budget(budget, move.reason, MACHINE, decision_id=move.decision_id)
        if raising:
            await self._confirm_commitment()
        self._made(Lever.THROTTLE, live, budget)

    async def _move_budget(self, move: Move, budget: Money) -> None:
        """Another agreed budget. More than a person agreed to is granted only by the rules."""
        plan = self._state.plan
        before = plan.daily_budget
        raising = budget.micros > before.micros
        if raising:
            grant = await self._authorise(
                budget, f"optimise/{self._stamp(self._now())}", agreed=False
            )
            if not grant.granted:
                await self._recommend(move, before, budget, grant.reason)
                return
        live = self._state.live_budget or before
        if raising or budget.micros < live.micros:
            await self._set_budget(budget, move.reason, MACHINE, decision_id=move.decision_id)
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
                return
        await self._set_bid(bid)
        await self._executed(move.decision_id)
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
                return
        await self._do(
            NetworkActivities.switch_ads,
            SwitchAds(ref=self._ref(), off=move.off, on=move.on),
            timeouts.NETWORK_WRITE,
            f"Ads: {len(move.off)} off, {len(move.on)} on",
        )
        kept = [one for one in self._state.resting_ads if one not in move.on]
        self._change(resting_ads=(*kept, *(one for one in move.off if one not in kept)))
        await self._executed(move.decision_id)
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

    async def _executed(self, decision_id: UUID) -> None:
        await self._do(
            RecordActivities.record_executed,
            Executed(team_id=self._campaign.team_id, decision_id=decision_id, at=self._now()),
            timeouts.DATABASE,
            "Record that it was carried out",
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

    # -- a person's own -------------------------------------------------------------------------

    async def _change_budget(self, wish: ChangeBudget) -> None:
        """A new daily budget: lowering at once, raising through the authority."""
        live, new = self._state.live_budget, wish.daily_budget
        assert live is not None
        agreed = self._state.plan.daily_budget
        plan = self._state.plan.model_copy(update={"daily_budget": new})
        why = wish.reason or "set by a person"
        raising = new.micros > agreed.micros or (wish.agreed and new.micros > live.micros)
        if raising:
            grant = await self._authorise(
                new, f"budget/{self._stamp(self._now())}", agreed=wish.agreed
            )
            if not grant.granted:
                self._refuse(f"budget {new} by {wish.by}: {grant.reason}")
                self._forget_budget(wish)
                return
            await self._decide(DecisionType.ADJUST_BUDGET, wish.by, why, new)
        if wish.agreed or new.micros < live.micros or new.micros > agreed.micros:
            await self._set_budget(new, why, wish.by, decision_id=wish.decision_id)
        self._change(plan=plan)
        if wish.agreed:
            self._change(agreed_budget=new)
        else:
            self._made(Lever.BUDGET, live, new)
        if raising:
            await self._confirm_commitment()
            await self._remember()
        else:  # lowering waits for no database: it is written down after
            await self._remember(self._decision(DecisionType.ADJUST_BUDGET, wish.by, why, new))
            await self._give_room_back(new)
        self._forget_budget(wish)

    def _forget_budget(self, wish: ChangeBudget) -> None:
        """The wish is settled; one that came in meanwhile is not."""
        if self._budget is wish:
            self._budget = None
