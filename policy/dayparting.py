"""Dayparting: which hours and weekdays to leave out, and only where the interval says so.

Results per matured spend of each hour and weekday are pooled towards the campaign's mean by
empirical Bayes: Gamma(k, k / mean) for the relative rate of a group's parts, k from how much
more the parts scatter than chance makes them. A part is left out when even the good end of its
95 % interval costs more than is affordable. Pooling is what guards against picking the worst
of 31 by chance; hours are judged at the mix of weekdays they ran on, and weekdays at their hours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from policy.cost_per_result import DISPERSION, gamma_quantile

NAME = "dayparting-partial-pooling"
VERSION = "1"

MIN_RESULTS = 60.0
"""Results before anything is judged: two for each of 24 hours, and some."""
MIN_DAYS = 14
"""Every weekday at least twice."""
LEVEL = 0.95
DEARER = 1.5
"""Without a target, a part must cost this multiple of the campaign's mean to be left out."""
HOURS_KEPT = 8
WEEKDAYS_KEPT = 3
"""Never fewer than these stay: learning and pacing need room."""
_WEAKEST, _STRONGEST = 5.0, 400.0
"""Bounds of the pooling (results' worth): parts scatter by 45 % at most, by 5 % at least."""
_PRIOR_K, _PRIOR_PARTS = 40.0, 4.0
"""Parts usually scatter by 16 % (1 / sqrt(40)); worth four parts' evidence."""
_ROUNDS = 3
_MOST = 1e18


@dataclass(frozen=True, slots=True)
class DaypartingInputs:
    """Totals of a trailing window by local weekday (Monday first) and hour: 7 rows of 24.

    ``spend`` in micros times the share of its conversions that has arrived; ``results`` are
    conversions by the hour of the *click*. ``days`` is the window's length. ``max_cost`` is the
    most a result may cost (micros), None to judge against the campaign's own mean. ``hours`` and
    ``weekdays`` are those open now; None is all. ``dispersion`` is variance over mean of results.
    """

    spend: tuple[tuple[float, ...], ...]
    results: tuple[tuple[float, ...], ...]
    days: int
    max_cost: float | None = None
    hours: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None
    dispersion: float = DISPERSION


@dataclass(frozen=True, slots=True)
class Part:
    """An hour (0..23) or weekday (0..6): cost per result in micros with its 95 % interval."""

    index: int
    cost: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DaypartingAnswer:
    """``hours`` and ``weekdays`` that should stay open (sorted); ``left_out`` ones are evident.

    ``cost`` micros per result of the whole, ``expected_cost`` when the proposal is followed.
    """

    action: Literal["hold", "restrict"]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    hours_left_out: tuple[Part, ...]
    weekdays_left_out: tuple[Part, ...]
    reason: str
    confidence: float
    cost: float | None = None
    expected_cost: float | None = None


def decide(inputs: DaypartingInputs) -> DaypartingAnswer:
    """Hours and weekdays to leave out. Thin or senseless data leaves everything as it is."""
    hours = _open(inputs.hours, 24)
    weekdays = _open(inputs.weekdays, 7)
    spent = _sum(inputs.spend)
    results = _sum(inputs.results)
    why = _reason_to_hold(inputs, spent, results)
    if why is not None:
        return DaypartingAnswer("hold", hours, weekdays, (), (), why, 0.5)
    cost = spent / results
    limit = cost * DEARER if inputs.max_cost is None else max(inputs.max_cost, cost)
    by_hour, by_day = effects(inputs.spend, inputs.results, inputs.dispersion)
    out_hours = _dear(by_hour, hours, limit, HOURS_KEPT)
    out_days = _dear(by_day, weekdays, limit, WEEKDAYS_KEPT)
    if not out_hours and not out_days:
        return DaypartingAnswer(
            "hold",
            hours,
            weekdays,
            (),
            (),
            f"no hour or weekday is surely dearer than {limit / 1e6:,.2f} "
            f"({results:.0f} results at {cost / 1e6:,.2f})",
            0.7,
            cost,
            cost,
        )
    shut = {one.index for one in out_hours}, {one.index for one in out_days}
    kept = [(d, h) for d in range(7) for h in range(24) if d not in shut[1] and h not in shut[0]]
    kept_spend = sum(inputs.spend[d][h] for d, h in kept)
    # What the pooled costs promise, not the raw cells: those were chosen for being extreme.
    expected = sum(inputs.spend[d][h] * cost / (by_hour[h].cost * by_day[d].cost) for d, h in kept)
    return DaypartingAnswer(
        "restrict",
        tuple(one for one in hours if one not in shut[0]),
        tuple(one for one in weekdays if one not in shut[1]),
        out_hours,
        out_days,
        _in_words(out_hours, out_days, limit, cost),
        0.8,
        cost,
        kept_spend / expected if expected > 0 else cost,
    )


def effects(
    spend: Sequence[Sequence[float]], results: Sequence[Sequence[float]], dispersion: float
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Pooled cost per result of each hour and of each weekday, with 95 % intervals.

    Takes 7 rows of 24 each, matured micros and results, both positive in sum. Parts without
    spend get the campaign's mean and the pool's interval.
    """
    mean = _sum(results) / _sum(spend)
    hour, day = [1.0] * 24, [1.0] * 7
    hours: tuple[Part, ...] = ()
    days: tuple[Part, ...] = ()
    for _ in range(_ROUNDS):
        due = [sum(spend[d][h] * day[d] for d in range(7)) * mean for h in range(24)]
        seen = [sum(results[d][h] for d in range(7)) for h in range(24)]
        hours = _pooled(seen, due, 1 / mean, dispersion)
        hour = [1 / mean / one.cost for one in hours]
        due = [sum(spend[d][h] * hour[h] for h in range(24)) * mean for d in range(7)]
        seen = [sum(results[d][h] for h in range(24)) for d in range(7)]
        days = _pooled(seen, due, 1 / mean, dispersion)
        day = [1 / mean / one.cost for one in days]
    return hours, days


def _pooled(
    seen: Sequence[float], due: Sequence[float], cost: float, dispersion: float
) -> tuple[Part, ...]:
    """Gamma-Poisson with a common prior of mean 1 for the relative rate (method of moments)."""
    scale = max(dispersion, 1.0)
    counts = [one / scale for one in seen]
    expected = [one / scale for one in due]
    judged = [(c, e) for c, e in zip(counts, expected, strict=True) if e > 0]
    # Var(c / e) = 1 / e + 1 / k; the mean square above what chance explains is 1 / k.
    excess = sum((c - e) ** 2 - e for c, e in judged) + _PRIOR_PARTS * _typical(judged) / _PRIOR_K
    weight = sum(e**2 for _, e in judged) + _PRIOR_PARTS * _typical(judged)
    k = min(max(weight / excess if excess > 0 else math.inf, _WEAKEST), _STRONGEST)
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    parts: list[Part] = []
    for index, (count, one) in enumerate(zip(counts, expected, strict=True)):
        shape, rate = k + count, k + one
        high, low = gamma_quantile(shape, z), gamma_quantile(shape, -z)
        parts.append(
            Part(index, cost * rate / shape, cost * rate / high, cost * rate / max(low, 1e-9))
        )
    return tuple(parts)


def _typical(judged: Sequence[tuple[float, float]]) -> float:
    """Mean square of the expected counts: what one more part would weigh."""
    return sum(e**2 for _, e in judged) / max(len(judged), 1)


def _dear(parts: Sequence[Part], open_now: Sequence[int], limit: float, keep: int) -> tuple[
    Part, ...
]:  # fmt: skip
    """The surely dear ones, dearest first until only ``keep`` would stay; in their order."""
    dear = [one for one in parts if one.index in open_now and one.low > limit]
    dear.sort(key=lambda one: (-one.low, one.index))
    room = max(0, len(open_now) - keep)
    return tuple(sorted(dear[:room], key=lambda one: one.index))


def _reason_to_hold(inputs: DaypartingInputs, spent: float, results: float) -> str | None:
    for table in (inputs.spend, inputs.results):
        if len(table) != 7 or any(len(row) != 24 for row in table):
            return "the figures are not seven weekdays of 24 hours"
        if not all(0 <= one < _MOST for row in table for one in row):
            return "figures make no sense (negative or endless)"
    if inputs.max_cost is not None and not 0 < inputs.max_cost < _MOST:
        return "the most a result may cost makes no sense"
    if not 0 < inputs.dispersion < 1e6:
        return "the dispersion makes no sense"
    if spent <= 0:
        return "nothing was spent yet"
    if inputs.days < MIN_DAYS:
        return f"{inputs.days} days of figures; {MIN_DAYS} are needed"
    if results < MIN_RESULTS:
        return f"{results:.0f} results; {MIN_RESULTS:.0f} are needed to tell hours apart"
    return None


def _open(given: tuple[int, ...] | None, size: int) -> tuple[int, ...]:
    every = range(size)
    return tuple(every) if given is None else tuple(one for one in every if one in given)


def _sum(table: Sequence[Sequence[float]]) -> float:
    return sum(sum(row) for row in table)


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _in_words(hours: Sequence[Part], days: Sequence[Part], limit: float, cost: float) -> str:
    named = [(f"{one.index:02d}:00", one) for one in hours]
    named += [(_DAYS[one.index], one) for one in days]
    told = ", ".join(f"{name} at {one.cost / 1e6:,.2f} (95 %: from {one.low / 1e6:,.2f})"
                     for name, one in named)  # fmt: skip
    return (
        f"a result costs {cost / 1e6:,.2f} on average and may cost {limit / 1e6:,.2f}; "
        f"surely dearer: {told}"
    )
