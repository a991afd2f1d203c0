"""A team's campaigns together: what is done once a day and once a week."""

from typing import Literal
from uuid import UUID

from models.contract.base import Frozen
from models.contract.clock import CampaignClock
from models.contract.money import Money


class PortfolioOrder(Frozen):
    """Look after a team's portfolio: ``daily`` or ``weekly``."""

    team_id: UUID
    run: Literal["daily", "weekly"]
    clock: CampaignClock = CampaignClock()


class BudgetMove(Frozen):
    """Another agreed daily budget for one campaign."""

    campaign_id: UUID
    workflow_id: str
    before: Money
    after: Money
    reason: str
    decision_id: UUID


class Reallocated(Frozen):
    """Money to be moved between campaigns: lowerings first, then raises out of what they free.

    The raises never exceed the lowerings.
    """

    lowered: tuple[BudgetMove, ...] = ()
    raised: tuple[BudgetMove, ...] = ()


class FreedAsked(Frozen):
    """Which of these lowerings have been carried out and read back?"""

    team_id: UUID
    moves: tuple[BudgetMove, ...]


class Freed(Frozen):
    """Micros a day given back by currency, and how many lowerings are still open."""

    micros: dict[str, int]
    open: int


class PortfolioDone(Frozen):
    """What one run did."""

    scored: int = 0
    recommended: int = 0
    expired: int = 0
    lowered: int = 0
    raised: int = 0
