"""Money between a team's campaigns or platforms: where the next unit brings most.

Equalises *marginal* return over fitted curves, within a trust region, every minimum and every
wish of a person, with a small designed variation that keeps each curve identifiable. The total
is conserved to the micro and never grows.

The rank rule it stands in for (move 10 % from the worst to the best average ROAS when the best
has more than twice the worst, everything below half the target to its minimum) is not offered,
not even mended: average return says nothing of the next unit's, and on concave responses moving
money by it ends below an equal split (facts: 1249 against 1273, optimum 1351).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.contract.money import minor_unit_micros
from policy.channels import MIN_SPEND, Channel, Level, Room, minimum, room
from policy.curve import Curve, gain, marginal_at, mean_marginals
from policy.estimate import Estimate, finite
from policy.water_filling import Claim, Share, fill

NAME = "reallocation-marginal"
VERSION = "1"

EVERY_DAYS = 7.0
EXPLORATION = 0.05
"""Share of a budget that is varied by design, scaled down as its curve becomes known. The low end
of 5 to 10 %: on generated teams more costs what it teaches."""
EXPLORATION_MOST = 0.15
"""The most a team may set."""
WORTH_A_MOVE = 0.02
"""Relative changes below it are not worth an edit."""
_UNKNOWN = 0.6
_POINTS = 161


@dataclass(frozen=True, slots=True)
class ReallocationInputs:
    """A team's channels.

    Attributes:
        total: Daily micros for all active channels; None is what they have now. More than they
            have now is not given out.
        week: Number of the week (any origin): picks the pattern of the designed variation.
        days_since_last: Days since the last move; None if there was none.
        exploration: Share varied by design, at most EXPLORATION_MOST.
        min_spend: MIN_SPEND in the team's currency.
    """

    currency: str
    channels: tuple[Channel, ...]
    week: int
    level: Level = "campaign"
    total: int | None = None
    days_since_last: float | None = None
    exploration: float | None = EXPLORATION
    min_spend: int = MIN_SPEND


@dataclass(frozen=True, slots=True)
class Allocation:
    """One channel's part: daily micros now and proposed, marginal return there (80 %)."""

    id: str
    budget: int
    proposed: int
    marginal: Estimate | None
    reason: str


@dataclass(frozen=True, slots=True)
class ReallocationAnswer:
    """``expected``: change of the team's daily value with its 80 % interval, None when holding.

    ``lower``: the total was cut below what is allocated, so that every channel gives.
    """

    action: Literal["hold", "move", "lower"]
    allocations: tuple[Allocation, ...]
    reason: str
    confidence: float
    expected: Estimate | None = None


def decide(inputs: ReallocationInputs) -> ReallocationAnswer:
    """One weekly move of a team's budgets, or hold. The sum of the proposals never grows."""
    now = sum(max(0, one.budget) for one in inputs.channels if one.active)
    total = now if inputs.total is None else min(now, max(0, inputs.total))
    if len({one.id for one in inputs.channels}) != len(inputs.channels):
        return _hold(inputs, "two channels have the same id")
    if total < now:
        return _lower(inputs, total)
    since = finite(inputs.days_since_last)
    if since is not None and since < EVERY_DAYS:
        return _hold(inputs, f"the last move was {since:.1f} days ago, one a week is enough")
    found = {one.id: room(one, inputs.level, inputs.min_spend) for one in inputs.channels}
    free = [one for one in found.values() if isinstance(one, Room)]
    held = {name: one for name, one in found.items() if isinstance(one, str)}
    if len(free) < 2:
        return _hold(inputs, "fewer than two channels have the evidence to move money", held)
    pool = sum(one.channel.budget for one in free)
    wanted = _explored(free, _equal_marginals(free, pool), inputs)
    shares = _shared(free, wanted, pool, inputs.currency)
    largest = max(abs(shares[n] / one.channel.budget - 1) for n, one in enumerate(free))
    if largest < WORTH_A_MOVE:
        return _hold(inputs, f"no change above {WORTH_A_MOVE:.0%} is called for", held)
    return _move(inputs, free, shares, held)


def _equal_marginals(free: list[Room], pool: int) -> list[float]:
    """Daily micros with equal mean marginal return between the bounds, by bisection on it."""
    grids = [np.linspace(one.low, max(one.high, one.low + 1), _POINTS) for one in free]
    returns = [mean_marginals(one.curve, grid)[::-1] for one, grid in zip(free, grids, strict=True)]
    low, high = 0.0, max(float(one[-1]) for one in returns)
    for _ in range(60):
        price = (low + high) / 2
        spent = sum(
            float(np.interp(price, falling, grid[::-1]))
            for falling, grid in zip(returns, grids, strict=True)
        )
        low, high = (price, high) if spent > pool else (low, price)
    return [
        float(np.interp(high, falling, grid[::-1]))
        for falling, grid in zip(returns, grids, strict=True)
    ]


def _explored(free: list[Room], budgets: list[float], inputs: ReallocationInputs) -> list[float]:
    """Vary each budget up or down by a Walsh pattern over the weeks, less where more is known.

    Balanced over time and uncorrelated between channels, so that what a week has in common
    cancels; no dice needed.
    """
    asked = finite(inputs.exploration)
    most = min(max(0.0 if asked is None else asked, 0.0), EXPLORATION_MOST)
    order = 1 << len(free).bit_length()
    column = inputs.week % (order - 1) + 1
    names = sorted(one.channel.id for one in free)
    varied: list[float] = []
    for one, budget in zip(free, budgets, strict=True):
        row = names.index(one.channel.id) + 1
        sign = -1.0 if (row & column).bit_count() % 2 else 1.0
        unknown = min(1.0, ((one.curve.level.high - one.curve.level.low) / _UNKNOWN) ** 2)
        varied.append(budget * (1 + sign * most * unknown))
    return varied


def _shared(free: list[Room], wanted: list[float], pool: int, currency: str) -> list[int]:
    """Whole minor units between the bounds that add up to the pool exactly."""
    claims = [
        Claim(one.channel.id, want, one.low, one.high, one.channel.priority)
        for one, want in zip(free, wanted, strict=True)
    ]
    unit = minor_unit_micros(currency)
    filling = fill(pool, claims, unit)
    kept = [one.channel.budget for one in free]
    if any(share.why for share in filling.shares):
        return kept  # bounds that whole units cannot meet: leave all as it is
    amounts = [share.amount for share in filling.shares]
    # Parts of a unit, and what no ceiling has room for, stay with who gave most.
    if filling.left:
        giver = min(range(len(free)), key=lambda n: (amounts[n] - kept[n], n))
        if amounts[giver] + filling.left > kept[giver]:
            return kept
        amounts[giver] += filling.left
    return amounts


def _move(
    inputs: ReallocationInputs, free: list[Room], shares: list[int], held: dict[str, str]
) -> ReallocationAnswer:
    proposed = {one.channel.id: share for one, share in zip(free, shares, strict=True)}
    curves = {one.channel.id: one.curve for one in free}
    gains = [
        gain(one.curve, one.channel.budget, share) for one, share in zip(free, shares, strict=True)
    ]
    known = [one for one in gains if one is not None]
    value = sum(one.value for one in known)
    half = sum(((one.high - one.low) / 2) ** 2 for one in known) ** 0.5
    expected = Estimate(value, value - half, value + half) if len(known) == len(free) else None
    allocations = tuple(
        _allocation(one, proposed.get(one.id), curves.get(one.id), held.get(one.id))
        for one in inputs.channels
    )
    most = max(free, key=lambda one: proposed[one.channel.id] - one.channel.budget).channel
    least = min(free, key=lambda one: proposed[one.channel.id] - one.channel.budget).channel
    reason = (
        f"{most.id} gets {(proposed[most.id] - most.budget) / 1e6:+.2f} a day, {least.id} "
        f"{(proposed[least.id] - least.budget) / 1e6:+.2f}, towards equal return of the next unit"
    )
    if expected is not None:
        reason += (
            f"; expected {expected.value / 1e6:+.2f} of value a day "
            f"({expected.low / 1e6:+.2f} to {expected.high / 1e6:+.2f}), variation included"
        )
    widths = [one.curve.level.high - one.curve.level.low for one in free]
    confidence = round(min(0.9, max(0.3, 1 - sum(widths) / len(widths))), 2)
    return ReallocationAnswer("move", allocations, reason, confidence, expected)


def _allocation(
    channel: Channel, proposed: int | None, curve: Curve | None, why: str | None
) -> Allocation:
    if not channel.active:
        return Allocation(channel.id, channel.budget, 0, None, "not active")
    if proposed is None or curve is None:
        return Allocation(channel.id, channel.budget, max(0, channel.budget), None, why or "held")
    marginal = marginal_at(curve, channel.budget)
    facts = (
        "return of the next unit not known at this budget"
        if marginal is None
        else f"the next unit returns {marginal.value:.2f} ({marginal.low:.2f} to "
        f"{marginal.high:.2f})"
    )
    return Allocation(channel.id, channel.budget, proposed, marginal, facts)


def _hold(
    inputs: ReallocationInputs, reason: str, held: dict[str, str] | None = None
) -> ReallocationAnswer:
    because = held or {}
    allocations = tuple(
        _allocation(one, None, None, because.get(one.id, reason)) for one in inputs.channels
    )
    return ReallocationAnswer("hold", allocations, reason, 0.5)


def _lower(inputs: ReallocationInputs, total: int) -> ReallocationAnswer:
    """The total was cut: a person's allocations stay, the rest shares what remains."""
    active = [one for one in inputs.channels if one.active and one.budget > 0]
    fixed = sum(one.budget for one in active if one.fixed)
    claims = [
        Claim(one.id, float(one.budget), min(minimum(one, inputs.level), one.budget), one.budget,
              one.priority)
        for one in active
        if not one.fixed
    ]  # fmt: skip
    filling = fill(total - fixed, claims, minor_unit_micros(inputs.currency))
    shares = {share.id: share for share in filling.shares}
    allocations = tuple(_lowered(one, shares.get(one.id)) for one in inputs.channels)
    reason = f"the total was cut to {total / 1e6:.2f} a day; every channel gives its part"
    if fixed > total:
        reason = (
            f"a person fixed {fixed / 1e6:.2f} a day, more than the total of {total / 1e6:.2f}: "
            "all others stop, and a person has to decide the rest"
        )
    return ReallocationAnswer("lower", allocations, reason, 0.9)


def _lowered(channel: Channel, share: Share | None) -> Allocation:
    if share is not None:
        why = share.why or "its part of a smaller total"
        return Allocation(channel.id, channel.budget, share.amount, None, why)
    if not channel.active:
        return Allocation(channel.id, channel.budget, 0, None, "not active")
    kept = max(0, channel.budget)
    why = "set by a person" if channel.fixed else "has no budget"
    return Allocation(channel.id, channel.budget, kept, None, why)
