"""A campaign or platform among a team's others, and whether its budget has the room to move.

Money moves on matured evidence only; what is missing is not zero, and a person's allocation is
left alone.
"""

from dataclasses import dataclass
from typing import Literal

from policy.curve import Curve, bounds
from policy.estimate import finite
from policy.saturation import MIN_DAYS, SpendDay, fit, in_order

Level = Literal["platform", "campaign"]

TRUST_REGION = 0.20
"""Largest relative change of one budget in one move: below what restarts a network's learning."""
HISTORY_DAYS = 120
"""Days a curve is fitted to: weekly moves of a fifth take a season to show a range of spend."""
MATURE = 0.90
"""Share of a day's conversions that must have arrived for it to be judged."""
MIN_SPEND = 50_000_000
"""Matured micros a channel must have spent before its budget moves (US dollars)…"""
MIN_CONVERSIONS = 15.0
"""…and what these must have brought."""
PLATFORM_FLOOR = 5_000_000
CAMPAIGN_FLOOR = 10_000_000
"""Smallest daily micros (US dollars) where the caller names no minimum."""
UNDERSPENT = 0.80
"""A channel that spends less than this share of its budget has no use for more."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A campaign or a platform. Money in micros of one currency.

    Attributes:
        budget: Daily budget now.
        minimum: The least it can run on; None takes the level's floor.
        maximum: The most a person agreed to; None without limit.
        days: History, oldest first; see SpendDay.
        conversions: Matured conversions over ``days``; None is missing, which is not zero.
        fixed: A person's own allocation; left alone.
        frozen: Learning, under ``admin_override`` or the like; left alone.
        priority: Who goes last when minimums cannot all be paid.
    """

    id: str
    budget: int
    days: tuple[SpendDay, ...]
    conversions: float | None
    minimum: int | None = None
    maximum: int | None = None
    active: bool = True
    fixed: bool = False
    frozen: bool = False
    priority: float = 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """A channel that may move: its curve and the daily micros it may get."""

    channel: Channel
    curve: Curve
    low: int
    high: int


def room(channel: Channel, level: Level, min_spend: int) -> Room | str:
    """The channel's room to move, or in words why it has none.

    ``min_spend`` are matured micros, MIN_SPEND in the team's currency.
    """
    floor = minimum(channel, level)
    left_alone = _left_alone(channel, floor)
    if left_alone is not None:
        return left_alone
    days = tuple(
        one
        for one in in_order(channel.days)[-HISTORY_DAYS:]
        if (share := finite(one.maturity)) is not None and MATURE <= share <= 1
    )
    spent = sum(spend for one in days if (spend := finite(one.spend)) is not None and spend > 0)
    count = finite(channel.conversions)
    if spent < max(0, min_spend):
        return f"only {spent / 1e6:.2f} of matured spend"
    if count is None or count < MIN_CONVERSIONS:
        return f"{'no' if count is None else f'only {count:g}'} matured conversions known"
    if sum(value for one in days if (value := finite(one.value)) is not None and value > 0) <= 0:
        return f"{count:g} conversions without value: tracking is in doubt"
    curve = fit(days, most=HISTORY_DAYS)
    if curve is None:
        return f"fewer than {MIN_DAYS} matured days with spend and value"
    low = max(floor, -int(-channel.budget * (1 - TRUST_REGION) // 1))
    high = int(channel.budget * (1 + TRUST_REGION))
    recent = [spend for one in days[-7:] if (spend := finite(one.spend)) is not None]
    if not recent or sum(recent) / len(recent) < UNDERSPENT * channel.budget:
        high = channel.budget
    if channel.maximum is not None:
        high = min(high, channel.maximum)
    high = max(channel.budget, min(high, int(bounds(curve)[1])))
    return Room(channel, curve, min(low, channel.budget), high)


def minimum(channel: Channel, level: Level) -> int:
    """The least daily micros the channel can run on."""
    if channel.minimum is not None:
        return max(0, channel.minimum)
    return PLATFORM_FLOOR if level == "platform" else CAMPAIGN_FLOOR


def _left_alone(channel: Channel, floor: int) -> str | None:
    if not channel.active:
        return "not active"
    if channel.fixed:
        return "set by a person"
    if channel.frozen:
        return "not to be changed now"
    if channel.budget <= 0:
        return "has no budget"
    if channel.budget < floor:
        return f"below the minimum of {floor / 1e6:.2f}: hold or pool it by hand"
    if channel.maximum is not None and channel.budget > channel.maximum:
        return f"above the {channel.maximum / 1e6:.2f} a person agreed to: not ours to move"
    return None
