"""How far and how often a lever may be moved: modes, daily caps and cool-downs, named once."""

import math
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal

from models.contract.money import minor_unit_micros

NAME = "modes"
VERSION = "1"

Mode = Literal["conservative", "balanced", "aggressive"]
Lever = Literal["bid", "budget", "creative", "status"]

STEPS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"conservative": (0.05, 0.10), "balanced": (0.10, 0.20), "aggressive": (0.20, 0.30)}
)
"""Smallest and largest relative change of one normal move. The largest is the cap applied last,
after every other multiplier; safety moves may exceed it, downwards only."""

DAILY_CAP: Final[Mapping[str, float]] = MappingProxyType(
    {"bid": 0.30, "budget": 0.20, "creative": 0.30, "status": 1.0}
)
"""Largest relative change of a lever in 24 hours, in each direction. For budgets it is what may
happen without a person; bids and creatives get one full aggressive move."""

RAISE_MOST: Final = 100_000_000
"""Micros a daily budget may be raised by in 24 hours without a person, in US dollars; for
another currency the caller passes its own amount."""

COOL_DOWN: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "bid": timedelta(hours=24),
        "budget": timedelta(hours=24),
        "creative": timedelta(hours=24),
        "status": timedelta(hours=24),
    }
)
"""Rest of a lever after a move. A day, because an earlier answer would judge hours that the
previous move did not shape yet, and networks restart learning on frequent edits."""


def cap(mode: str) -> float:
    """Largest relative change of one normal move; an unknown mode is treated as the gentlest."""
    return STEPS.get(mode, STEPS["conservative"])[1]


def capped(current: int, proposed: float, mode: str, currency: str) -> int:
    """The last word on one move: ``proposed``, no further from ``current`` than the mode allows.

    Micros, rounded down to the currency's minor unit (a lowering may go under the cap by less
    than one unit). What makes no sense leaves ``current`` as it is.
    """
    if current <= 0 or not math.isfinite(proposed) or proposed < 0:
        return current
    most = cap(mode)
    bounded = min(max(proposed, current * (1 - most)), current * (1 + most))
    if bounded == current:
        return current
    rounded = down_to_unit(bounded, currency)
    # Rounding may take all of a small raise; it must not turn it into a lowering.
    return current if bounded > current > rounded else rounded


def down_to_unit(micros: float, currency: str) -> int:
    """Whole minor units of ``currency`` in ``micros``, as micros."""
    unit = minor_unit_micros(currency)
    return int(micros) // unit * unit
