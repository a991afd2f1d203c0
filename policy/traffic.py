"""The forecast of eligible traffic over a day and a week: money follows people, not the clock.

The default curve has the published shape of a display market (peak about 1.8 times the mean,
trough about 0.17; at 06:00 some 38 % of the time-proportional share, at noon some 90 %). An
account's own history replaces it by as much as there is of it (after LinkedIn, KDD'14).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

HOURLY_WEIGHTS: tuple[float, ...] = (
    0.80, 0.50, 0.32, 0.20, 0.17, 0.30, 0.75, 1.15, 1.50, 1.70, 1.83, 1.80,
    1.50, 1.30, 1.20, 1.15, 1.10, 1.10, 1.10, 1.10, 1.10, 1.05, 0.95, 0.85,
)  # fmt: skip
"""Relative traffic of each local hour; only ratios matter."""
HOUR_SCATTER = 0.15
"""Relative scatter of one hour's traffic from day to day (measured on a real exchange)."""
PRIOR_DAYS = 2.0
"""How many full days the default curve is worth: an hour of one day misses the account's own
curve by some 0.3 (scatter, and days that differ as a whole), the default misses it by some 0.2,
and (0.3 / 0.2)^2 is about 2."""
PRIOR_WEEKS = 2.0
"""How many weeks "all weekdays are alike" is worth: days scatter as much as weekdays differ."""
_PLAUSIBLE = 3.0
"""An hour further than this factor from its usual share is a duplicate or a gap in the report."""
_CERTAINLY_SOME = 10.0
"""Where at least this many were due, nothing at all is a missing report, or a closed hour."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class TrafficCurve:
    """Relative traffic of 24 local hours and of 7 weekdays (Monday first); only ratios matter.

    ``evidence`` (0..1) is how much of it is the account's own.
    """

    hours: tuple[float, ...] = HOURLY_WEIGHTS
    weekdays: tuple[float, ...] = (1.0,) * 7
    evidence: float = 0.0


DEFAULT_CURVE = TrafficCurve()


def usable(curve: TrafficCurve) -> bool:
    """Whether a curve has 24 and 7 finite weights, none negative and not all zero."""
    return all(
        len(weights) == size
        and all(math.isfinite(one) and 0.0 <= one < 1e9 for one in weights)
        and sum(weights) > 1e-9
        for weights, size in ((curve.hours, 24), (curve.weekdays, 7))
    )


def cumulative_share(
    local: datetime,
    hours: Collection[int] | None = None,
    curve: TrafficCurve = DEFAULT_CURVE,
) -> float:
    """Share of the day's eligible traffic before ``local`` (0 to 1).

    ``hours`` restricts the day to dayparting hours; None is all of them.
    """
    weights = [
        weight if hours is None or hour in hours else 0.0 for hour, weight in enumerate(curve.hours)
    ]
    total = sum(weights)
    if total <= 0:
        return 0.0
    done = sum(weights[: local.hour])
    part = (local.minute * 60 + local.second + local.microsecond / 1e6) / 3600
    return min(1.0, (done + weights[local.hour] * part) / total)


def learn(history: Sequence[Sequence[float | None]], first_weekday: int) -> TrafficCurve:
    """An account's curve from its own history, shrunk to the default by how little there is.

    Args:
        history: (days, 24) impressions or auction opportunities by local hour, oldest day first,
            consecutive days; None or NaN where nothing is known. Give hours in which the campaign
            could have delivered: a budget that ran out at noon says nothing of the afternoon.
        first_weekday: Weekday of the first row, Monday 0.

    Missing hours, closed hours, duplicate reports and senseless numbers do not bend the curve;
    a history of nothing gives the default.
    """
    rows = [_cleaned(row) for row in history]
    curve = list(HOURLY_WEIGHTS)
    worth = [_worth(row) for row in rows]
    for _ in range(_ROUNDS):
        scales = [_scale(row, curve) for row in rows]
        curve = [
            _hour(hour, [row[hour] for row in rows], scales, worth, curve[hour])
            for hour in range(24)
        ]
    scales = [_scale(row, curve) for row in rows]
    seen = sum(worth)
    mean = sum(curve) / 24
    return TrafficCurve(
        hours=tuple(one / mean for one in curve),
        weekdays=_weekdays(scales, first_weekday),
        evidence=seen / (seen + PRIOR_DAYS),
    )


def _cleaned(row: Sequence[float | None]) -> list[float | None]:
    if len(row) != 24:
        return [None] * 24
    return [one if one is not None and 0.0 <= one < 1e15 else None for one in row]


def _worth(row: Sequence[float | None]) -> float:
    """A day of few impressions is worth less: its hours scatter by counting alone."""
    counted = sum(one for one in row if one is not None)
    return counted / (counted + 24 / HOUR_SCATTER**2)


def _scale(row: Sequence[float | None], curve: Sequence[float]) -> float:
    """The day's traffic per unit of the curve; 0 without any."""
    first = _ratio(row, curve)
    kept = [None if not one and first * curve[h] > _CERTAINLY_SOME else one
            for h, one in enumerate(row)]  # fmt: skip
    return _ratio(kept, curve)


def _ratio(row: Sequence[float | None], curve: Sequence[float]) -> float:
    seen = [(one, curve[hour]) for hour, one in enumerate(row) if one is not None]
    whole = sum(weight for _, weight in seen)
    return sum(one for one, _ in seen) / whole if whole > 0 else 0.0


def _hour(
    hour: int,
    counts: Sequence[float | None],
    scales: Sequence[float],
    worth: Sequence[float],
    now: float,
) -> float:
    """The hour's weight: the days' own ratios and ``PRIOR_DAYS`` of the default."""
    ratios = [
        (count / scale, value)
        for count, scale, value in zip(counts, scales, worth, strict=True)
        if count is not None
        and scale > 0
        and not (count == 0 and scale * now > _CERTAINLY_SOME)
    ]  # fmt: skip
    if not ratios:
        return HOURLY_WEIGHTS[hour]
    middle = median(ratio for ratio, _ in ratios)
    low, high = middle / _PLAUSIBLE, max(middle, 0.05) * _PLAUSIBLE
    seen = sum(value for _, value in ratios)
    own = sum(min(max(ratio, low), high) * value for ratio, value in ratios)
    return (HOURLY_WEIGHTS[hour] * PRIOR_DAYS + own) / (PRIOR_DAYS + seen)


def _weekdays(scales: Sequence[float], first_weekday: int) -> tuple[float, ...]:
    """Each day against its own seven days, so that growth is not taken for a weekday."""
    ratios: list[list[float]] = [[] for _ in range(7)]
    for day in range(3, len(scales) - 3):
        week = scales[day - 3 : day + 4]
        if min(week) > 0:
            ratios[(first_weekday + day) % 7].append(scales[day] * 7 / sum(week))
    factors = [
        (PRIOR_WEEKS + sum(min(max(one, 1 / _PLAUSIBLE), _PLAUSIBLE) for one in seen))
        / (PRIOR_WEEKS + len(seen))
        for seen in ratios
    ]
    mean = sum(factors) / 7
    return tuple(one / mean for one in factors)
