"""Shares of a total with floors and ceilings: floors first, the rest by weight, nothing lost.

Each share is ``clamp(level * weight, floor, ceiling)`` with the one level that spends the total.
Floors are reserved before anything is shared, and who cannot be funded is dropped and named,
so the sum never exceeds the total (a floor applied after sharing would).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.estimate import finite

NAME = "water-filling"
VERSION = "1"

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Claim:
    """One who wants a share. Micros.

    Attributes:
        weight: Relative claim; None (or not a number) takes the mean of the known weights,
            because missing is not zero. A zero keeps its floor and gets no more.
        floor: The least that makes sense; below it the claim is dropped.
        ceiling: The most; None without limit.
        priority: When floors exceed the total, the lowest priority is dropped first.
    """

    id: str
    weight: float | None
    floor: int = 0
    ceiling: int | None = None
    priority: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """What a claim gets, in micros. ``why`` says why it was dropped, None if it was not."""

    id: str
    amount: int
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Filling:
    """Shares in the order of the claims; ``left`` micros could not be given to anyone."""

    shares: tuple[Share, ...]
    left: int


def fill(total: int, claims: Sequence[Claim], unit: int = 1) -> Filling:
    """Share ``total`` micros in whole ``unit``s; shares and ``left`` add up to it exactly.

    A total below zero is nothing. Never raises, whatever the claims are.
    """
    total, unit = max(0, total), max(1, unit)
    bounds = [_bounds(claim, total, unit) for claim in claims]
    why = _dropped(total, claims, bounds)
    kept = [n for n in range(len(claims)) if why[n] is None]
    amounts = [0] * len(claims)
    if kept:
        weights = _weights([claims[n].weight for n in kept])
        filled = _filled(total // unit * unit, weights, [bounds[n] for n in kept], unit)
        for n, amount in zip(kept, filled, strict=True):
            amounts[n] = amount
    shares = tuple(
        Share(claim.id, amount, reason)
        for claim, amount, reason in zip(claims, amounts, why, strict=True)
    )
    return Filling(shares, total - sum(amounts))


def _bounds(claim: Claim, total: int, unit: int) -> tuple[int, int]:
    """Floor rounded up and ceiling rounded down to whole units."""
    floor = -(-max(0, claim.floor) // unit) * unit
    ceiling = total if claim.ceiling is None else min(total, max(0, claim.ceiling))
    return floor, ceiling // unit * unit


def _dropped(
    total: int, claims: Sequence[Claim], bounds: Sequence[tuple[int, int]]
) -> list[str | None]:
    why: list[str | None] = [
        None
        if floor <= ceiling
        else f"its floor of {floor / 1e6:.2f} is more than it may get ({ceiling / 1e6:.2f})"
        for floor, ceiling in bounds
    ]
    # Highest priority first; of equals the first named.
    order = sorted(
        (n for n in range(len(claims)) if why[n] is None),
        key=lambda n: (-(finite(claims[n].priority) or 0.0), n),
    )
    reserved = sum(bounds[n][0] for n in order)
    out: list[int] = []
    while reserved > total:
        out.append(order.pop())
        reserved -= bounds[out[-1]][0]
    for n in reversed(out):
        # Dropping a large floor may have made room for a small one that was dropped before it.
        if reserved + bounds[n][0] <= total:
            reserved += bounds[n][0]
        else:
            why[n] = f"its floor of {bounds[n][0] / 1e6:.2f} cannot be funded"
    return why


def _weights(weights: Sequence[float | None]) -> list[float]:
    """Relative to the largest; what is less than a millionth of a millionth of it is nothing."""
    numbers = [finite(weight) for weight in weights]
    known = [max(w, 0.0) for w in numbers if w is not None]
    largest = max(known, default=0.0)
    if largest <= 0:
        return [1.0 if w is None else 0.0 for w in numbers]
    missing = sum(w / largest for w in known) / len(known)
    parts = [missing if w is None else max(w, 0.0) / largest for w in numbers]
    return [part if part > _NOTHING else 0.0 for part in parts]


def _filled(
    total: int, weights: Sequence[float], bounds: Sequence[tuple[int, int]], unit: int
) -> list[int]:
    def at(level: float) -> list[int]:
        return [
            min(max(int(min(level * weight, ceiling)) // unit * unit, floor), ceiling)
            for weight, (floor, ceiling) in zip(weights, bounds, strict=True)
        ]

    low, high = 0.0, total / min((w for w in weights if w > 0), default=1.0) + 1.0
    if sum(at(high)) <= total:
        low = high
    else:
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if sum(at(middle)) <= total else (low, middle)
            if high - low <= 1e-15 * high:
                break
    amounts = at(low)
    # Rounding down leaves less than one unit a share; equal claims get it in their order.
    rest = total - sum(amounts)
    order = sorted(range(len(weights)), key=lambda n: (-weights[n], n))
    while rest >= unit:
        given = 0
        for n in order:
            more = min(unit, rest - given, bounds[n][1] - amounts[n])
            if weights[n] > 0 and more >= unit:
                amounts[n] += unit
                given += unit
        if not given:
            break
        rest -= given
    return amounts
