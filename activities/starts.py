"""Starting promotions: by an id derived from the content, so that a repeat starts nothing."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from models.contract.base import Frozen
from models.contract.promotion import PromotionInput
from models.contract.queues import MANAGEMENT


class Started(Frozen):
    """The promotion of a piece of content; ``duplicate`` when it was there before."""

    promotion_id: str
    duplicate: bool


async def start_promotion(client: Client, promotion: PromotionInput) -> Started:
    """Start a promotion unless one with its id runs or has come to an answer.

    One that failed (no credential for Claude, say) may be started again by sending the event
    again. Beyond the namespace's retention the claim in PostgreSQL keeps it unique.
    """
    try:
        await client.start_workflow(
            "promotion",
            promotion,
            id=promotion.promotion_id,
            task_queue=MANAGEMENT,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"Promotion of {promotion.url}"[:200],
        )
    except WorkflowAlreadyStartedError:
        return Started(promotion_id=promotion.promotion_id, duplicate=True)
    return Started(promotion_id=promotion.promotion_id, duplicate=False)
