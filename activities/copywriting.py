"""Copy by Claude, and its compliance: rules, then a second reading."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.brands import Brands
from activities.claude import Claude, ToolCall
from activities.evaluation import fenced
from activities.heartbeat import heartbeating
from activities.outcomes import CLAUDE_REFUSED
from activities.winners import winners
from creative import angles, compliance, copywriting, review
from creative.compliance import Standards
from models.contract.briefs import (
    ComplianceOutcome,
    ComplianceReport,
    CopiesToReview,
    CopySet,
    CopyToCheck,
    CreativeBrief,
)
from models.contract.vocabulary import SpecialCategory
from models.database import Database
from platforms.registry import capabilities
from policy import regulated_category

_ARTICLE_TEXT = 12_000


class CopyActivities:
    """Collaborators: Claude, brands, and the database of what won before."""

    def __init__(self, claude: Claude, database: Database, brands: Brands) -> None:
        self._claude = claude
        self._database = database
        self._brands = brands

    @activity.defn
    async def write_copy(self, brief: CreativeBrief) -> CopySet:
        """Distinct copy variants within the network's limits, facts from the article only."""
        able, plan, article = capabilities(brief.platform), brief.plan, brief.article
        limits = able.copy_limits
        actions = tuple(sorted(one.value for one in able.calls_to_action))
        standards = await self._standards(brief.team_id, brief.permitted)
        brand = standards.brand
        async with self._database.team(brief.team_id) as session:
            won = await winners(session, brief.platform.value, plan.objective.value)
        shown = [one.angle for one in brief.running]
        wanted = angles.choose(plan.variants, plan.objective, won, shown)
        assignment = copywriting.Assignment(
            platform=brief.platform,
            limits=limits,
            actions=actions,
            angles=wanted,
            source=brief.source,
            standards=standards,
            category=plan.special_category,
            running=brief.running,
            offer=plan.offer.text if plan.offer else "",
        )
        told = copywriting.brief(
            limits,
            platform=brief.platform.value,
            objective=plan.objective.value,
            variants=plan.variants,
            actions=actions,
            angles=wanted,
            brand=brand,
            category=plan.special_category,
            offer=plan.offer,
            won=won,
            running=brief.running,
            competitors=standards.competitors,
        )
        content = {
            "url": article.canonical_url,
            "title": article.title,
            "description": article.description,
            "text": article.text[:_ARTICLE_TEXT],
            "tags": list(article.tags),
            "price": article.price,
        }

        def check(calls: Sequence[ToolCall]) -> dict[str, str]:
            if len(calls) != 1 or calls[0].name != "write_copy":
                return {"": "Call write_copy exactly once."}
            problem = copywriting.problems(calls[0].input, limits, actions, assignment)
            return {calls[0].id: problem} if problem else {}

        async with heartbeating():
            answer = await self._claude.ask(
                brief.team_id,
                purpose="copy",
                system=copywriting.SYSTEM,
                question=f"<brief>{fenced(told)}</brief>\n<article>{fenced(content)}</article>",
                tools=copywriting.TOOLS,
                check=check,
            )
        if not answer.calls:
            raise _unusable("Claude called no tool")
        try:
            return copywriting.settle(answer.calls[0].input, assignment, answer.model)
        except ValueError as problem:
            raise _unusable(str(problem)) from None

    @activity.defn
    async def check_copy(self, case: CopyToCheck) -> ComplianceReport:
        """The rules' verdict on one copy. What reads as regulated and is not declared so is left
        to a person."""
        standards = await self._standards(case.team_id, case.permitted)
        limits = capabilities(case.platform).copy_limits
        report = compliance.check(case, limits, standards)
        words = case.copy_text
        seen = regulated_category.decide(words.headline, words.primary_text, words.hashtags)
        rejected = report.outcome is ComplianceOutcome.REJECTED
        if rejected or not seen.found or case.special_category != SpecialCategory.NONE.value:
            return report
        doubt = f"not declared as {seen.category.value}, but {seen.reason}"
        return ComplianceReport(
            outcome=ComplianceOutcome.NEEDS_PERSON, reasons=(*report.reasons, doubt)
        )

    @activity.defn
    async def review_copies(self, asked: CopiesToReview) -> tuple[ComplianceReport, ...]:
        """Claude's verdict on every copy, in order; what it does not judge needs a person."""
        copies = asked.copies
        category = SpecialCategory(copies[0].special_category)
        told = review.brief(asked.platform, category, await self._standards(asked.team_id))

        def check(calls: Sequence[ToolCall]) -> dict[str, str]:
            if len(calls) != 1 or calls[0].name != "review_copy":
                return {"": "Call review_copy exactly once."}
            problem = review.problems(calls[0].input, copies)
            return {calls[0].id: problem} if problem else {}

        source = copies[0].source[:_ARTICLE_TEXT]
        async with heartbeating():
            answer = await self._claude.ask(
                asked.team_id,
                purpose="compliance",
                system=review.SYSTEM,
                question=(
                    f"<brief>{fenced(told)}</brief>\n"
                    f"<copy>{fenced(review.material(copies))}</copy>\n"
                    f"<article>{fenced({'text': source})}</article>"
                ),
                tools=review.TOOLS,
                check=check,
            )
        if len(answer.calls) != 1:
            return review.unreviewed(copies, "the answer held no single review")
        return review.verdicts(answer.calls[0].input, copies)

    async def _standards(
        self, team_id: UUID | None, permitted: Sequence[SpecialCategory] | None = None
    ) -> Standards:
        """What binds the team's texts on an account to which the network permits categories."""
        leave = None if permitted is None else frozenset(permitted)
        if team_id is None:
            return replace(compliance.STRICT, permitted=leave)
        brand = await self._brands.of(team_id)
        return Standards(brand=brand, competitors=brand.competitors, permitted=leave)


def _unusable(why: str) -> ApplicationError:
    return ApplicationError(
        f"no usable copy after a rewrite: {why}", type=CLAUDE_REFUSED, non_retryable=True
    )
