"""Everything the managed loop can do, and one policy's proposal to do it.

The list is exhaustive: each action has its lever, severity and direction, and an action that is
not on it cannot even be proposed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from policy.modes import Lever


class Action(StrEnum):
    """Everything the managed loop can do. A new value needs a line in ``_KINDS``."""

    PAUSE_CAMPAIGN = "pause_campaign"
    EMERGENCY_PAUSE = "emergency_pause"
    REDUCE_BID = "reduce_bid"
    ADJUST_BID = "adjust_bid"
    INCREASE_BUDGET = "increase_budget"
    REDUCE_BUDGET = "reduce_budget"
    CAP_BUDGET = "cap_budget"
    PAUSE_CREATIVE = "pause_creative"
    INCREASE_CREATIVE_BUDGET = "increase_creative_budget"
    ROTATE_CREATIVE = "rotate_creative"


Severity = Literal["low", "medium", "high", "critical"]
RANK: Final = {"low": 0, "medium": 1, "high": 2, "critical": 3}
"""Severities in their order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an action is: its lever, severity, direction (0: by its change) and if it is safety."""

    lever: Lever
    severity: Severity
    direction: int
    safety: bool = False


_KINDS: Final = {
    Action.PAUSE_CAMPAIGN: Kind("status", "critical", -1),
    Action.EMERGENCY_PAUSE: Kind("status", "critical", -1, safety=True),
    Action.REDUCE_BID: Kind("bid", "high", -1, safety=True),
    Action.ADJUST_BID: Kind("bid", "medium", 0),
    Action.INCREASE_BUDGET: Kind("budget", "medium", 1),
    Action.REDUCE_BUDGET: Kind("budget", "medium", -1),
    Action.CAP_BUDGET: Kind("budget", "medium", -1),
    Action.PAUSE_CREATIVE: Kind("creative", "low", -1),
    Action.INCREASE_CREATIVE_BUDGET: Kind("creative", "low", 1),
    Action.ROTATE_CREATIVE: Kind("creative", "low", -1),
}
if set(_KINDS) != set(Action):
    raise RuntimeError(f"without lever and severity: {set(Action) - set(_KINDS)}")


class UnknownAction(ValueError):
    """A proposal names an action that nobody could carry out."""


def kind(action: str) -> Kind:
    """Lever, severity and direction of an action.

    Raises:
        UnknownAction: there is no such action.
    """
    try:
        return _KINDS[Action(action)]
    except ValueError:
        known = ", ".join(Action)
        raise UnknownAction(f"action {action!r} is unknown; use one of: {known}") from None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One policy's wish.

    Attributes:
        action: A value of ``Action``.
        source: ``name@version`` of the policy.
        reason: Its own sentence.
        current: The lever's value now, micros (None for pauses and creatives without budget).
        proposed: The value wanted, micros.
        subject: The creative meant, None for the campaign.
        safety: Comes from a safety rule, whatever the action.

    Raises:
        UnknownAction: when made with an action that does not exist.
    """

    action: str
    source: str
    reason: str = ""
    current: int | None = None
    proposed: int | None = None
    subject: str | None = None
    safety: bool = False

    def __post_init__(self) -> None:
        kind(self.action)

    @property
    def change(self) -> float | None:
        """Relative change, None where there is no amount."""
        if self.current is None or self.proposed is None or self.current <= 0:
            return None
        return self.proposed / self.current - 1

    @property
    def direction(self) -> int:
        """-1 lowers, 1 raises, 0 neither (a bid adjusted to what it is)."""
        fixed = kind(self.action).direction
        change = self.change
        return fixed or (0 if change is None else (change > 0) - (change < 0))

    @property
    def protects(self) -> bool:
        """A lowering for safety: limits made for optimisation do not hold for it."""
        return (self.safety or kind(self.action).safety) and self.direction < 0
