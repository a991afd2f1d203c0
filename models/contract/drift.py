"""What was found on the network other than we left it, and what a campaign is told of it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from models.contract.base import Frozen
from models.contract.money import Money


class DriftRecord(Frozen):
    """One difference, as it is kept. ``key`` makes two of them one; ``at`` is campaign time."""

    team_id: UUID
    account_id: UUID
    campaign_id: UUID | None
    key: str
    object_kind: str
    object_id: str
    field: str
    expected: str
    found: str
    action: str
    note: str
    at: datetime


class DriftNote(Frozen):
    """One change to be adopted by its campaign, which keeps ``record`` once it has seen it too.

    ``budget`` is the daily budget found, where that is what changed.
    """

    campaign_id: UUID
    kind: Literal["paused", "deleted", "budget", "rejected"]
    detail: str
    record: DriftRecord
    budget: Money | None = None
