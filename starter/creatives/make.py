"""Making creatives for an article on several networks at once, by the workflow campaigns use."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError

from models.contract.briefs import CreativeBrief, CreativeSet
from models.contract.campaign import MediaPlan, Offer
from models.contract.content import Article, ContentType
from models.contract.creative import GivenCreative
from models.contract.money import Money
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import CampaignType, Objective, Platform
from platforms.registry import capabilities
from workflows.creative import CreativeWorkflow
from workflows.errands import failure_text

_TYPES = {
    ContentType.PRODUCT: CampaignType.SHOP,
    ContentType.GAME: CampaignType.GAME,
    ContentType.JOB: CampaignType.JOB,
}
_NO_BUDGET = Money.of("1")  # nothing is launched: a plan has one, creatives do not look at it


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made. ``given`` are a person's own."""

    article: Article
    platforms: tuple[Platform, ...]
    variants: int
    offer: Offer | None = None
    given: tuple[GivenCreative, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What was made for one network, or why nothing was."""

    platform: Platform
    result: CreativeSet | None
    problem: str = ""


async def make(
    client: Client, team_id: UUID, wish: Wish, done: Callable[[Made], None]
) -> list[Made]:
    """Make them all, side by side; ``done`` hears of each network as it is finished."""
    run_id = uuid4()

    async def one(platform: Platform) -> Made:
        brief = CreativeBrief(
            team_id=team_id,
            # Each network's orders have a creative budget of their own, as its campaign would.
            campaign_id=uuid4(),
            platform=platform,
            plan=plan(wish, platform),
            article=wish.article,
            given=wish.given,
            placements="all",
        )
        try:
            result = await client.execute_workflow(
                CreativeWorkflow.run,
                brief,
                id=f"creatives-{run_id}-{platform.value}",
                task_queue=MANAGEMENT,
                static_summary=f"Creatives for {wish.article.title[:100]} on {platform.value}",
            )
        except WorkflowFailureError as failure:
            made = Made(platform, None, failure_text(failure.cause))  # type: ignore[arg-type]
        else:
            problem = "" if result.creatives else "; ".join(result.dropped) or "nothing was made"
            made = Made(platform, result, problem)
        done(made)
        return made

    return await asyncio.gather(*(one(platform) for platform in wish.platforms))


def plan(wish: Wish, platform: Platform) -> MediaPlan:
    """The part of a plan that creatives follow."""
    article = wish.article
    return MediaPlan(
        name=article.title[:120],
        objective=_objective(article.content_type, platform),
        campaign_type=_TYPES.get(article.content_type, CampaignType.ARTICLE),
        destination_url=article.canonical_url,
        daily_budget=_NO_BUDGET,
        variants=wish.variants,
        offer=wish.offer,
    )


def _objective(kind: ContentType, platform: Platform) -> Objective:
    """What content of this kind is usually promoted for, as far as the network goes."""
    wanted: Sequence[Objective] = {
        ContentType.PRODUCT: (Objective.PURCHASES, Objective.TRAFFIC),
        ContentType.JOB: (Objective.APPLICATIONS, Objective.TRAFFIC),
    }.get(kind, (Objective.TRAFFIC,))
    able = capabilities(platform).objectives
    return next((one for one in wanted if one in able), min(able))
