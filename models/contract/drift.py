"""What a campaign is told when the network shows it other than we left it."""

from typing import Literal
from uuid import UUID

from models.contract.base import Frozen
from models.contract.money import Money


class DriftNote(Frozen):
    """One adopted change of one campaign; what was undone at once need not be told.

    ``budget`` is the daily budget found, where that is what changed.
    """

    campaign_id: UUID
    kind: Literal["paused", "deleted", "budget", "rejected"]
    detail: str
    budget: Money | None = None
