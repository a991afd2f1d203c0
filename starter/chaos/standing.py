"""Where every campaign of a chaos stands, told by its own workflow."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from models.contract.campaign import CampaignView
from models.contract.ids import campaign_workflow_id
from models.contract.vocabulary import CampaignStatus
from starter.chaos.people import BLOCKED, BY, STOPPED, People

LIVE = (CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
_UNDER_WAY = (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.LAUNCHING)
_LIMITS = re.compile(r"(daily|monthly) (limit|ceiling) is |lifetime limit .* is used up")
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """One campaign. ``state`` is its status, or ``refused_by_limit``, or ``unknown``.

    ``why`` says what holds it where it is.
    """

    campaign: UUID
    article: int
    platform: str
    state: str
    why: str
    view: CampaignView | None

    def __str__(self) -> str:
        return f"campaign {self.campaign} ({self.platform}, article {self.article})"

    @property
    def settled(self) -> bool:
        """Whether nothing more is under way, as far as its state tells."""
        return self.state not in ("unknown", "waits", *_UNDER_WAY)


async def standings(people: People, client: Client) -> list[Standing]:
    """Ask every campaign's workflow."""
    few = asyncio.Semaphore(_AT_ONCE)

    async def of(campaign: UUID, where: tuple[int, str]) -> Standing:
        async with few:
            view, problem = await view_of(client, campaign)
        state, why = _state(people, campaign, view) if view else ("unknown", problem)
        return Standing(campaign, *where, state, why, view)

    return list(await asyncio.gather(*(of(*one) for one in people.campaigns.items())))


def count(found: Iterable[Standing]) -> dict[str, int]:
    """How many campaigns are in each state."""
    return dict(sorted(Counter(one.state for one in found).items()))


async def hung(client: Client) -> list[str]:
    """Workflows whose workflow task fails, or whose activity fails again and again."""
    found: list[str] = []
    async for one in client.list_workflows("ExecutionStatus = 'Running'"):
        handle = client.get_workflow_handle(one.id, run_id=one.run_id)
        raw = (await handle.describe()).raw_description
        task, activities = raw.pending_workflow_task, raw.pending_activities
        if task.attempt > 3:
            found.append(f"{one.id}: its workflow task fails, attempt {task.attempt}")
        found += [
            f"{one.id}: {activity.activity_type.name} is at attempt {activity.attempt}: "
            f"{activity.last_failure.message or 'no answer'}"
            for activity in activities
            if activity.attempt > 5
        ]
    return found


async def view_of(client: Client, campaign: UUID) -> tuple[CampaignView | None, str]:
    """A campaign as its workflow sees it, or why that cannot be told."""
    handle = client.get_workflow_handle(campaign_workflow_id(campaign))
    try:
        return await handle.query(
            "campaign", result_type=CampaignView, rpc_timeout=timedelta(seconds=10)
        ), ""
    except (RPCError, WorkflowQueryFailedError) as error:
        return None, f"its workflow does not answer: {error}"


def refused_by_limit(view: CampaignView) -> str | None:
    """The limit that keeps a paused campaign from delivering, in the product's own words."""
    reasons = [view.pause.reason] if view.pause else []
    return next(
        (one for one in (*view.refused_messages[-1:], *reasons) if _LIMITS.search(one)), None
    )


def _state(people: People, campaign: UUID, view: CampaignView) -> tuple[str, str]:
    status = view.status
    if status is CampaignStatus.PENDING_APPROVAL:
        limit = next((one for one in view.approval.reasons if one.startswith(BLOCKED)), None)
        if limit is None or STOPPED in limit or _will_answer(people, campaign, view.version):
            return "waits", "nobody answered its proposal yet"
        return "refused_by_limit", limit
    if status is CampaignStatus.PAUSED and view.pause is not None:
        limit = refused_by_limit(view)
        if limit is not None:
            return "refused_by_limit", limit
        why = f"by {view.pause.by}: {view.pause.reason}"
        # Whoever is on call resumes what a stop paused.
        return ("waits" if STOPPED in view.pause.reason else status.value), why
    return status.value, view.error or (view.visits[-1].why if view.visits else "")


def _will_answer(people: People, campaign: UUID, version: int) -> bool:
    """Whether a person agrees to this very version but has not yet been heard."""
    where = people.campaigns[campaign]
    return where in people.plan.asked_again and version == 2 and people.approved[campaign] < 2


def is_asked_for(standing: Standing) -> bool:
    """Whether a campaign rests because somebody wanted it to."""
    pause = standing.view.pause if standing.view else None
    return pause is not None and pause.by == BY
