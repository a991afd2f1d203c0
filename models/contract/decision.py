"""The record of a decision: what was known, what was answered, why."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from models.contract.base import Frozen
from models.contract.money import Money
from models.contract.vocabulary import DecisionOutcome, DecisionType


class Decision(Frozen):
    """One entry of the audit trail. ``decided_by`` is a person, a policy or a model.

    ``policy`` is ``name@version`` for numeric decisions and the model id for Claude's.
    ``inputs`` suffice to replay a numeric decision, whose ``action`` holds the whole answer.
    ``budget_impact`` is per day; ``expected`` is what the decision is scored against later.
    """

    id: UUID
    team_id: UUID
    type: DecisionType
    decided_by: str
    reason: str
    at: datetime
    campaign_id: UUID | None = None
    promotion_id: str | None = None
    platform: str | None = None
    policy: str | None = None
    inputs: dict[str, JsonValue] = {}
    action: dict[str, JsonValue] = {}
    outcome: DecisionOutcome = DecisionOutcome.SUCCESS
    outcome_details: str = ""
    confidence: float | None = None
    expected_impact: str = ""
    budget_impact: Money | None = None
    expected: dict[str, JsonValue] = {}
