"""A person's own ad in the place of another: in a proposal, or while the campaign runs."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.network import NetworkActivities
    from activities.plans import AdSwap, PlanActivities
    from activities.records import RecordActivities
    from models.contract.briefs import CreativeBrief, CreativeSet
    from models.contract.campaign import ApprovalCase, ChangeAd, Pause
    from models.contract.creative import Creative
    from models.contract.effects import SwitchAds
    from models.contract.optimisation import Lever, Move
    from models.contract.vocabulary import DecisionOutcome, DecisionType
    from workflows import timeouts
    from workflows.campaign_creatives import CampaignCreatives
    from workflows.campaign_steps import LIVE, MACHINE
    from workflows.errands import Interrupted, failure_text


class CampaignAdChanges(CampaignCreatives):
    """Nothing made by a person is changed afterwards by anybody but a person."""

    async def _swap_ad(self, wish: ChangeAd) -> None:
        """A person's ad in the place of one that exists on the network.

        It is created off; then, through the authority, the old one goes off and it comes on. What
        cannot be finished leaves the old one as it was.
        """
        old = self._creative(wish.variant)
        number = self._next_number()
        name = f"v{number}"
        try:
            problem = await self._do(
                PlanActivities.review_ad_swap,
                AdSwap(platform=self._campaign.account.platform, variant=old.id),
                timeouts.DATABASE,
                f"Can anything take the place of {old.id}?",
            )
            made = None if problem else await self._make_own(wish, old, number)
            if made is not None:
                doubts = () if wish.despite_doubts else made.needs_person
                if made.creatives and not doubts:
                    problem = await self._run_in_place(old, made.creatives[0], wish)
                else:
                    problem = "; ".join(doubts) or _why_none(made)
        except Interrupted:
            self._give_up(name, wish, "it was stopped meanwhile; say it again when it runs")
            self._ad_change = None
            raise
        except (ActivityError, ChildWorkflowError) as error:
            problem = failure_text(error)
        if problem:
            self._give_up(name, wish, problem)
            await self._remember()
        self._ad_change = None

    async def _correct_ad(self, wish: ChangeAd) -> ApprovalCase | None:
        """A person's ad in the place of one that is only proposed.

        Returns:
            The case for the changed proposal, which is to be asked again; None: it was refused.
        """
        old = self._creative(wish.variant)
        try:
            made = await self._make_own(wish, old, int(old.id.removeprefix("v")))
        except (ActivityError, ChildWorkflowError) as error:
            self._refuse(_refusal(wish, failure_text(error)))
            return None
        if not made.creatives:
            self._refuse(_refusal(wish, _why_none(made)))
            return None
        await self._decide(DecisionType.MODIFY, wish.by, _told(old, made.creatives[0], wish))
        self._change(
            creatives=tuple(
                made.creatives[0] if one.id == old.id else one for one in self._state.creatives
            )
        )
        # What was doubted in the old one is doubted no more.
        case, doubts = self._state.approval, f"creative {old.id}: "
        kept = tuple(one for one in case.reasons if not one.startswith(doubts))
        return case.model_copy(update={"reasons": (*kept, *made.needs_person)})

    async def _make_own(self, wish: ChangeAd, old: Creative, number: int) -> CreativeSet:
        plan, campaign_id = self._state.plan, self._campaign.campaign_id
        return await self._order_creatives(
            CreativeBrief(
                team_id=self._campaign.team_id,
                campaign_id=campaign_id,
                platform=self._campaign.account.platform,
                plan=plan.model_copy(update={"variants": 1}),
                article=await self._article(),
                given=(wish.ad,),
                first_number=number,
                permitted=self._campaign.account.permitted,
                in_place_of=old,
            ),
            f"creative-{campaign_id}-in-place-of-{old.id}",
            f"{wish.by}'s own in the place of {old.id}",
        )

    async def _run_in_place(self, old: Creative, own: Creative, wish: ChangeAd) -> str | None:
        """Create it, then change over; returns why it was not done, if so."""
        decision = self._decision(DecisionType.MODIFY, wish.by, _told(old, own, wish))
        await self._do(
            RecordActivities.record_decision,
            decision.model_copy(update={"outcome": DecisionOutcome.DECIDED}),
            timeouts.DATABASE,
            f"Record the decision: {own.id} in the place of {old.id}",
        )
        self._change(
            creatives=(*self._state.creatives, own),
            resting_ads=(*self._state.resting_ads, own.id),
        )
        move = Move(
            lever=Lever.CREATIVE,
            action="swap_creative",
            reason=decision.reason,
            decision_id=decision.id,
            off=(old.id,),
            on=(own.id,),
        )
        try:
            await self._create_ad(own)
            if self._state.status in LIVE:
                await self._switch_ads(move)
            else:
                await self._change_over_at_rest(move)
        except ActivityError as error:
            why = failure_text(error)
            await self._settle(move, DecisionOutcome.FAILURE, why)
            also = await self._quiet_ad(own.id)
            return "; ".join((why, *(f"{one} reads as off, too" for one in also)))
        if own.id in self._state.resting_ads:
            return "the spend authority said no; `adflight decisions` has the reason"
        self._change(replaced=(*self._state.replaced, old.id))
        await self._remember()
        return None

    async def _change_over_at_rest(self, move: Move) -> None:
        """Paused: the old one goes off, the new one comes on with the rest when it resumes."""
        await self._do(
            NetworkActivities.switch_ads,
            SwitchAds(ref=self._ref(), off=move.off),
            timeouts.NETWORK_WRITE,
            f"Ads: {len(move.off)} off, for good",
        )
        kept = tuple(one for one in self._state.resting_ads if one not in (*move.on, *move.off))
        self._change(resting_ads=(*kept, *move.off))
        # Success is what a read-back shows, and it is not on yet.
        why = f"{', '.join(move.on)} comes on when the campaign resumes"
        await self._settle(move, DecisionOutcome.HELD, why)

    async def _quiet_ad(self, variant: str) -> tuple[str, ...]:
        """A switch that failed may have landed in part: off it goes, or the whole campaign rests.

        Returns:
            Variants that we took for on and that read as off.
        """
        if variant not in self._state.tree.ad_ids:
            return ()
        try:
            reading = await self._do(
                NetworkActivities.switch_ads,
                SwitchAds(ref=self._ref(), off=(variant,)),
                timeouts.NETWORK_WRITE,
                f"Make sure that {variant} is off",
            )
        except ActivityError as error:
            reason = f"{variant} may be on and cannot be switched off: {failure_text(error)}"
            self._pause = Pause(by=MACHINE, reason=reason)
            return ()
        off = {one.id for one in reading.objects if not one.switched_on}
        resting = self._state.resting_ads
        also = tuple(
            name
            for name, ad_id in self._state.tree.ad_ids.items()
            if ad_id in off and name not in resting
        )
        self._change(resting_ads=(*resting, *also))
        return also

    def _give_up(self, name: str, wish: ChangeAd, why: str) -> None:
        """What was begun never runs, and its name is not used again."""
        self._refuse(_refusal(wish, why))
        if any(one.id == name for one in self._state.creatives):
            self._change(replaced=(*self._state.replaced, name))

    def _creative(self, variant: str) -> Creative:
        return next(one for one in self._state.creatives if one.id == variant)


def _told(old: Creative, own: Creative, wish: ChangeAd) -> str:
    """What became of which ad, in a sentence."""
    given = [name for name in type(wish.ad).model_fields if getattr(wish.ad, name)]
    what = f"{', '.join(given).replace('_', ' ')} by {wish.by}"
    whose = f"{old.id} corrected" if own.id == old.id else f"{own.id} in the place of {old.id}"
    doubts = ", despite doubts" if wish.despite_doubts else ""
    return f"{whose}: {what}{doubts}" + (f": {wish.reason}" if wish.reason else "")


def _why_none(made: CreativeSet) -> str:
    return "; ".join(made.dropped) or "nothing could be made of it"


def _refusal(wish: ChangeAd, why: str) -> str:
    return f"change of {wish.variant} by {wish.by}: {why}"
