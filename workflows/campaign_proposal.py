"""How a campaign comes to be agreed: ads are made, a person is asked, the answer is followed."""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.forecasts import ForecastActivities, ForecastCase
    from activities.plans import PlanActivities, PlanReview, PlanReviewed
    from activities.records import Question, RecordActivities
    from models.contract.briefs import CreativeBrief
    from models.contract.campaign import ApprovalCase, ChangeAd, MediaPlan, Modify
    from models.contract.safety import Severity
    from models.contract.vocabulary import Author, CampaignStatus, DecisionType
    from workflows import timeouts
    from workflows.campaign_duties import CampaignDuties
    from workflows.campaign_steps import MACHINE
    from workflows.errands import failure_text


class CampaignProposal(CampaignDuties):
    """Draft and pending approval. The story is in ``workflows.campaign``."""

    async def _make_creatives(self) -> None:
        """Write the ads; what compliance doubts goes to a person, the forbidden is dropped."""
        if not self._state.visits:
            await self._enter(CampaignStatus.DRAFT, f"proposed by {self._campaign.author_name}")
        try:
            left_out = await self._fill_in_creatives()
        except (ActivityError, ChildWorkflowError) as error:
            await self._fail(f"no creatives: {failure_text(error)}")
            return
        if not self._state.creatives:
            await self._fail(f"no creatives: {'; '.join(left_out) or 'nothing could be made'}")
            return
        await self._forecast()
        if self._state.approval.needed:
            await self._enter(CampaignStatus.PENDING_APPROVAL, "a person must agree")
        else:
            by = self._campaign.author_name if self._campaign.author is Author.ADMIN else MACHINE
            self._change(approved_by=by)
            agreed = self._decision(
                DecisionType.APPROVE, by, "within the rules: no further approval needed"
            )
            await self._enter(CampaignStatus.SCHEDULED, f"approved by {by}", agreed)

    async def _forecast(self) -> None:
        """What it should bring; without an answer the campaign is proposed all the same."""
        try:
            told = await self._do(
                ForecastActivities.forecast,
                ForecastCase(
                    query=self._figures_query(),
                    cycle=workflow.uuid4(),
                    account_id=self._campaign.account.id,
                    platform=self._campaign.account.platform.value,
                    plan=self._state.plan,
                ),
                timeouts.FIGURES,
                "Forecast what it should bring",
            )
        except ActivityError as error:
            workflow.logger.warning("no forecast: %s", failure_text(error))
            return
        self._change(forecast=told)

    async def _fill_in_creatives(self) -> tuple[str, ...]:
        """Have them made, if none were given; what was left out, with reasons."""
        if self._state.creatives:
            return ()
        made = await self._order_creatives(
            CreativeBrief(
                team_id=self._campaign.team_id,
                campaign_id=self._campaign.campaign_id,
                platform=self._campaign.account.platform,
                plan=self._state.plan,
                article=await self._article(),
                given=self._campaign.given,
                permitted=self._campaign.account.permitted,
            ),
            f"creative-{self._campaign.campaign_id}",
            f"Creatives for {self._state.plan.name}",
        )
        case = self._state.approval
        if made.needs_person:
            case = case.model_copy(
                update={"needed": True, "reasons": case.reasons + made.needs_person}
            )
        self._change(creatives=made.creatives, approval=case)
        return made.dropped

    async def _await_answer(self) -> None:
        """Ask a person, remind them, and take silence for a no."""
        state, cadence = self._state, self._campaign.cadence
        if state.asked_at is None:
            self._change(asked_at=self._now(), reminded_at=self._now())
            await self._ask_person()
            return
        expiry = state.asked_at + cadence.approval_expiry
        remind = (state.reminded_at or state.asked_at) + cadence.approval_reminder
        await self._wait_for_message(min(expiry, remind), "approval: remind or expire")
        if self._approve is not None:
            answer = self._approve
            self._change(approved_by=answer.by)
            await self._close_question("approved", answer.by, answer.note)
            agreed = self._decision(DecisionType.APPROVE, answer.by, answer.note or "approved")
            await self._enter(CampaignStatus.SCHEDULED, f"approved by {answer.by}", agreed)
            self._approve = None
        elif self._reject is not None:
            refusal = self._reject
            await self._close_question("declined", refusal.by, refusal.reason)
            await self._end(
                CampaignStatus.DECLINED,
                DecisionType.REJECT,
                refusal.by,
                f"declined by {refusal.by}" + (f": {refusal.reason}" if refusal.reason else ""),
            )
        elif self._modify is not None:
            await self._apply_modification(self._modify)
        elif self._ad_change is not None:
            await self._propose_with(self._ad_change)
        elif self._news is not None:
            news, self._news = self._news, None
            await self._ask_again((f"the promoted page was {news.what}: {news.detail}",))
        elif self._now() >= expiry:
            await self._close_question("expired", MACHINE, "nobody answered")
            await self._end(
                CampaignStatus.EXPIRED,
                DecisionType.EXPIRE,
                MACHINE,
                "nobody answered in time; nothing was spent",
            )
        elif self._now() >= remind:
            self._change(reminded_at=self._now())
            self._tell("reminder", "Still waiting for approval", Severity.HIGH)

    async def _ask_person(self) -> None:
        state, plan = self._state, self._state.plan
        assert state.asked_at is not None
        expires = state.asked_at + self._campaign.cadence.approval_expiry
        await self._do(
            RecordActivities.ask_person,
            Question(
                team_id=self._campaign.team_id,
                campaign_id=self._campaign.campaign_id,
                version=state.version,
                reasons=state.approval.reasons,
                before={"daily budget": "none", "campaign": "does not exist"},
                after={
                    "daily budget": str(plan.daily_budget),
                    "lifetime budget": str(plan.lifetime_budget or "none"),
                    "flight": plan.flight,
                    "platform": self._campaign.account.platform.value,
                    "objective": plan.objective.value,
                    "destination": plan.destination_url,
                    "forecast": state.forecast or "none",
                    "ads": " | ".join(one.copy_text.headline for one in state.creatives),
                },
                worst_case=state.approval.worst_case,
                if_unanswered="the proposal expires and nothing is spent",
                asked_at=state.asked_at,
                expires_at=expires,
            ),
            timeouts.DATABASE,
            "Put the proposal on the list of approvals",
        )
        self._tell(
            "approval",
            f"Approval needed: {plan.name}",
            Severity.HIGH,
            f"{plan.daily_budget} a day, at worst {state.approval.worst_case}. "
            f"Forecast: {state.forecast or 'none'}. " + "; ".join(state.approval.reasons),
        )

    async def _apply_modification(self, wish: Modify) -> None:
        """A changed proposal is a new version: priced again and asked again."""
        changed = wish.model_dump(exclude={"by", "version"}, exclude_none=True, exclude_unset=True)
        fields: dict[str, Any] = {name: getattr(wish, name) for name in changed}
        if "end" in fields:
            fields["duration"] = None
        plan = self._state.plan.model_copy(update=fields)
        review = await self._review(plan)
        if review.problem:
            self._refuse(f"modification by {wish.by}: {review.problem}")
            self._modify = None
            return
        await self._decide(DecisionType.MODIFY, wish.by, f"changed {', '.join(changed)}")
        self._change(plan=plan)
        await self._forecast()
        await self._ask_again((f"modified by {wish.by}",), review.case)
        if self._modify is wish:
            self._modify = None

    async def _propose_with(self, wish: ChangeAd) -> None:
        """A corrected ad makes a new version, whoever agreed to the old one."""
        case = await self._correct_ad(wish)
        self._ad_change = None
        if case is not None:
            await self._ask_again((f"{wish.variant} changed by {wish.by}",), case)

    async def _review(self, plan: MediaPlan) -> PlanReviewed:
        return await self._do(
            PlanActivities.review_plan,
            PlanReview(
                team_id=self._campaign.team_id,
                account=self._campaign.account,
                plan=plan,
                author=self._campaign.author,
                over_delivery=self._campaign.over_delivery,
                now=self._now(),
                case=self._state.approval,
            ),
            timeouts.DATABASE,
            "Price the changed plan",
        )

    async def _ask_again(self, reasons: tuple[str, ...], case: ApprovalCase | None = None) -> None:
        """Open a new version of the question; an answer to the old one is stale from here."""
        case = case or self._state.approval
        kept = tuple(reason for reason in case.reasons if reason not in reasons)
        self._change(
            version=self._state.version + 1,
            approval=case.model_copy(update={"needed": True, "reasons": (*reasons, *kept)}),
            approved_by=None,
            asked_at=None,
        )
        if self._approve is not None:
            answer, self._approve = self._approve, None
            self._refuse(
                f"approval by {answer.by}: version {answer.version} was seen, version "
                f"{self._state.version} is the proposal now; look again"
            )
        await self._enter(CampaignStatus.PENDING_APPROVAL, f"asked again: {reasons[0]}")
