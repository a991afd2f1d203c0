"""What the machine may change by itself once a campaign is live, and what it changed."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from models.contract.base import Frozen
from models.contract.money import Money


class Lever(StrEnum):
    """What can be moved. One move per lever and cycle.

    ``budget`` is the agreed daily budget, ``throttle`` the live one below it, which pacing moves.
    """

    BUDGET = "budget"
    THROTTLE = "throttle"
    BID = "bid"
    CREATIVE = "creative"
    STATUS = "status"


class Optimisation(Frozen):
    """What may be optimised, how boldly, and towards what; safety is never switched off.

    ``mode`` bounds a single change (10, 20 or 30 %). Targets beside these are the plan's
    guardrails: what a conversion should cost, what it may cost, the least revenue per spend.
    """

    mode: Literal["conservative", "balanced", "aggressive"] = "balanced"
    enabled: bool = True
    bids: bool = True
    budgets: bool = True
    scale_up: bool = True
    pause_losing: bool = True
    creatives: bool = True
    target_roas: float | None = Field(default=None, gt=0)
    max_bid: Money | None = None


class Move(Frozen):
    """One decided and recorded change, to be carried out and read back.

    ``budget`` is the daily budget to set, agreed or live as the lever says. ``off`` and ``on`` are
    variants whose ads rest or come back. ``expected`` is what it is to bring, in a sentence.
    """

    lever: Lever
    action: str
    reason: str
    decision_id: UUID
    budget: Money | None = None
    bid: Money | None = None
    off: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    expected: str = ""


class Tired(Frozen):
    """An ad that people are tired of. ``rotate``: fresh ones are to run now, not only be ready."""

    variant: str
    rotate: bool
    reason: str
    decision_id: UUID


class MoveMade(Frozen):
    """A change that was made: how much (relative, signed), by how many micros a day it raised the
    budget, and when (campaign time)."""

    lever: Lever
    at: datetime
    change: float | None = None
    raised_by: int = 0
