"""One piece of content, evaluated once: read it, claim it, ask Claude, start campaigns or skip."""

from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.evaluation import EvaluationActivities
    from activities.outcomes import CLAUDE_REFUSED
    from activities.promotions import (
        Claim,
        ClaimAnswer,
        ContextQuestion,
        PromotionActivities,
        PromotionClose,
    )
    from activities.records import RecordActivities
    from models.contract.account import AdAccount
    from models.contract.campaign import CampaignInput
    from models.contract.content import Article
    from models.contract.decision import Decision
    from models.contract.ids import campaign_uuid, campaign_workflow_id
    from models.contract.promotion import (
        Evaluation,
        EvaluationQuestion,
        PromotionContext,
        PromotionInput,
        PromotionResult,
        ProposedCampaign,
    )
    from models.contract.vocabulary import DecisionOutcome, DecisionType
    from workflows import search, timeouts
    from workflows.campaign import CampaignWorkflow
    from workflows.errands import carry_out, failure_text, failure_type


@workflow.defn(name="promotion")
class PromotionWorkflow:
    """The life of one promotion."""

    @workflow.init
    def __init__(self, promotion: PromotionInput) -> None:
        """Note the input."""
        self._promotion = promotion

    @workflow.run
    async def run(self, promotion: PromotionInput) -> PromotionResult:
        """Evaluate and start; every way out leaves its reason in the records."""
        try:
            article: Article = await carry_out(
                PromotionActivities.gather_article,
                promotion,
                timeouts.WEB,
                f"Read {promotion.url}"[:200],
            )
        except ActivityError as error:
            return await self._skip(failure_text(error), None)
        claim: ClaimAnswer = await carry_out(
            PromotionActivities.claim,
            Claim(promotion=promotion, article=article),
            timeouts.DATABASE,
            "Claim the article: one promotion per canonical URL",
        )
        if claim.owner != promotion.promotion_id or claim.closed:
            return PromotionResult(
                promotion_id=promotion.promotion_id,
                outcome="duplicate",
                reasoning=f"already promoted as {claim.owner}",
            )
        if not claim.enabled:
            return await self._skip(
                "Adflight is switched off; set AI_ADS_MANAGER_ENABLED=true to let it act", article
            )
        if claim.barred is not None:
            return await self._skip(claim.barred, article)
        context: PromotionContext = await carry_out(
            PromotionActivities.gather_context,
            ContextQuestion(
                team_id=promotion.team_id,
                now=promotion.clock.campaign_time(workflow.now()),
                url=article.canonical_url,
            ),
            timeouts.DATABASE,
            "Gather accounts, running campaigns, budget left and results",
        )
        if not context.offers:
            return await self._skip("no active ad account with a supported network", article)
        try:
            evaluation: Evaluation = await carry_out(
                EvaluationActivities.evaluate,
                EvaluationQuestion(team_id=promotion.team_id, article=article, context=context),
                timeouts.CLAUDE,
                "Ask Claude: promote, where, with what budget?",
            )
        except ActivityError as error:
            if failure_type(error) != CLAUDE_REFUSED:
                raise
            return await self._skip(failure_text(error), article)
        await self._record_evaluation(evaluation, context, article)
        if not evaluation.promote:
            return await self._skip(evaluation.reasoning, article, recorded=True)
        campaigns = tuple(
            [await self._start(proposal, article) for proposal in evaluation.proposals]
        )
        await self._close("promoting", evaluation.reasoning)
        return PromotionResult(
            promotion_id=promotion.promotion_id,
            outcome="promoted",
            reasoning=evaluation.reasoning,
            campaigns=campaigns,
        )

    async def _start(self, proposal: ProposedCampaign, article: Article) -> UUID:
        promotion, account = self._promotion, proposal.account
        campaign = CampaignInput(
            campaign_id=campaign_uuid(promotion.promotion_id, account),
            team_id=promotion.team_id,
            account=account,
            plan=proposal.plan,
            approval=proposal.approval,
            promotion_id=promotion.promotion_id,
            article=article,
            over_delivery=proposal.over_delivery,
            balanced=proposal.balanced,
            settle=proposal.settle,
            minimum=proposal.minimum,
            edit_quota=proposal.edit_quota,
            clock=promotion.clock,
            cadence=promotion.cadence,
        )
        await self._record(
            DecisionType.CREATE_CAMPAIGN,
            proposal.approval.reasoning,
            account=account,
            campaign=campaign,
        )
        try:
            await workflow.start_child_workflow(
                CampaignWorkflow.run,
                campaign,
                id=campaign_workflow_id(campaign.campaign_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=search.of_campaign(campaign),
                static_summary=campaign.plan.name[:200],
                static_details=f"Promotes {article.canonical_url}",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("campaign %s runs already", campaign.campaign_id)
        return campaign.campaign_id

    async def _record_evaluation(
        self, evaluation: Evaluation, context: PromotionContext, article: Article
    ) -> None:
        decision = Decision(
            id=workflow.uuid4(),
            team_id=self._promotion.team_id,
            type=DecisionType.EVALUATE,
            decided_by=evaluation.model,
            policy=evaluation.model,
            reason=evaluation.reasoning,
            at=context.now,
            promotion_id=self._promotion.promotion_id,
            inputs={
                "article": article.model_dump(mode="json", exclude={"text"}),
                "context": context.model_dump(mode="json"),
                "tokens": [evaluation.input_tokens, evaluation.output_tokens],
            },
            action={
                "promote": evaluation.promote,
                "proposals": [one.model_dump(mode="json") for one in evaluation.proposals],
                "refused": list(evaluation.refused),
            },
        )
        await carry_out(
            RecordActivities.record_decision,
            decision,
            timeouts.DATABASE,
            "Record the evaluation before acting on it",
        )

    async def _record(
        self,
        kind: DecisionType,
        reason: str,
        *,
        account: AdAccount | None = None,
        campaign: CampaignInput | None = None,
    ) -> None:
        await carry_out(
            RecordActivities.record_decision,
            Decision(
                id=workflow.uuid4(),
                team_id=self._promotion.team_id,
                type=kind,
                decided_by="adflight",
                reason=reason,
                at=self._promotion.clock.campaign_time(workflow.now()),
                promotion_id=self._promotion.promotion_id,
                campaign_id=campaign.campaign_id if campaign else None,
                platform=account.platform.value if account else None,
                outcome=(
                    DecisionOutcome.PENDING_APPROVAL
                    if campaign and campaign.approval.needed
                    else DecisionOutcome.SUCCESS
                ),
                confidence=campaign.approval.confidence if campaign else None,
                expected_impact=campaign.approval.expected_impact if campaign else "",
                budget_impact=campaign.plan.daily_budget if campaign else None,
            ),
            timeouts.DATABASE,
            f"Record the decision: {kind.value}",
        )

    async def _skip(
        self, reason: str, article: Article | None, *, recorded: bool = False
    ) -> PromotionResult:
        if not recorded:
            await self._record(DecisionType.SKIP, reason)
        if article is not None:
            await self._close("skipped", reason)
        return PromotionResult(
            promotion_id=self._promotion.promotion_id, outcome="skipped", reasoning=reason
        )

    async def _close(self, status: str, reasoning: str) -> None:
        await carry_out(
            PromotionActivities.close_promotion,
            PromotionClose(
                team_id=self._promotion.team_id,
                promotion_id=self._promotion.promotion_id,
                status=status,
                reasoning=reasoning,
            ),
            timeouts.DATABASE,
            f"Promotion {status}",
        )
