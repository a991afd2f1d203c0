"""What a running campaign will bring: the next hour, the next day, the rest of the flight.

Recent days, the younger the heavier, give results per spend (counting young spend only by the
share of its results that has arrived) and how much days scatter; counts are negative binomial
around them, and the level itself drifts the further ahead one looks. The CPA trajectory follows
a damped trend where the days show one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from policy.forecast_figures import LEVEL, ORDER_SCATTER, Figures, Interval, derived, revenue_of
from policy.negative_binomial import fit_phi, interval
from policy.traffic import HOUR_SCATTER

NAME = "forecast-live"
VERSION = "1"

HALF_LIFE = 7.0
"""Days after which a day counts half; campaigns change over one to two weeks."""
DAY_PHI = {"impressions": 0.015, "clicks": 0.025, "conversions": 0.05}
"""Usual squared relative scatter of a day's count per spend (prices by 12 %, click rates by 10 %
more, conversion rates by 15 % more)…"""
SPEND_SCATTER = 0.10
"""…and relative scatter of a day's spend around its level (networks miss a budget by 8 to 10 %);
both are worth ``PRIOR_DAYS`` of the campaign's own."""
PRIOR_DAYS = 4.0
DRIFT = {"impressions": 0.01, "clicks": 0.025, "conversions": 0.04}
"""Log standard deviation by which a level moves from one day to the next: prices little, people's
response more. A budget does not drift by itself."""
DAMPING = 0.8
"""A trend carries on, each day by this share of the day before (Gardner and McKenzie, 1985)."""
MIN_DAYS = 3
TRAJECTORY = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
"""Days ahead of the trajectory's points: the next hour, the next day, and the week."""
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
_MOST = 1e15


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A whole recent day: money in micros; conversions by day of click as counted so far, and the
    share (0..1) of them expected to have arrived."""

    spend: int
    impressions: int
    clicks: int
    conversions: float
    arrived: float = 1.0
    revenue: int = 0


@dataclass(frozen=True, slots=True)
class LiveForecastInputs:
    """Recent whole days, oldest first; what comes, in shares of a usual day's traffic.

    ``daily_budget`` is what a day may spend (None: as the recent days did); ``next_hour`` is the
    coming hour's share of a day, ``days_left`` how much of the flight remains (None: open end).
    """

    currency: str
    days: tuple[DayFigures, ...]
    daily_budget: int | None = None
    next_hour: float = 1 / 24
    days_left: float | None = None


@dataclass(frozen=True, slots=True)
class CpaPoint:
    """Cost per conversion, micros, of clicks ``days_ahead``; ``high`` None is endless."""

    days_ahead: float
    cpa: float
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class LiveForecastAnswer:
    """Figures by click time, matured. ``trajectory`` is in the order of time: the next hour, the
    next day, then one point a day; empty without conversions."""

    next_hour: Figures | None
    next_day: Figures | None
    rest_of_flight: Figures | None
    trajectory: tuple[CpaPoint, ...]
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Level:
    """A count per unit of exposure: its mean, the log variance of that mean, the dispersion of a
    day around it, and its log trend per day."""

    rate: float
    uncertainty: float
    phi: float
    trend: float
    drift: float


def decide(inputs: LiveForecastInputs) -> LiveForecastAnswer:
    """The forecast; days that make no sense are left out, and fewer than three say nothing."""
    days = [one for one in inputs.days if _usable(one)]
    why = _nothing_to_say(inputs, days)
    if why is not None:
        return LiveForecastAnswer(None, None, None, (), why, 0.1)
    spends = [float(one.spend) for one in days]
    spend = _spend(spends, inputs.daily_budget)
    shown = level("impressions", [one.impressions for one in days], spends)
    clicks = level("clicks", [one.clicks for one in days], spends)
    matured = [one.spend * one.arrived for one in days]
    results = level("conversions", [one.conversions for one in days], matured)
    seen = sum(one.conversions for one in days)
    value = _Value(
        sum(one.revenue for one in days) / seen if seen > 0 else 0.0,
        ORDER_SCATTER**2 / max(seen, 1.0),
    )

    def ahead(length: float, start: float) -> Figures:
        return _figures(spend, (shown, clicks, results), value, length, start)

    hour, day = ahead(inputs.next_hour, 0.0), ahead(1.0, 0.0)
    left = inputs.days_left
    rest = ahead(left, 0.0) if left is not None and left > 0 else None
    return LiveForecastAnswer(
        hour,
        day,
        rest,
        _trajectory(results) if seen > 0 else (),
        f"the next day should spend {day.spend.expected / 1e6:,.2f} {inputs.currency} and bring "
        f"{day.conversions.expected:,.1f} conversions (80 %: {day.conversions.low:,.0f} to "
        f"{day.conversions.high:,.0f}), from {len(days)} days with {seen:,.0f} conversions",
        0.4 + 0.5 * min(seen / (seen + 30), len(days) / (len(days) + 4)),
    )


def level(name: str, counts: Sequence[float], exposures: Sequence[float]) -> _Level:
    """A count's discounted rate per exposure, its uncertainty, dispersion and trend."""
    ages = range(len(counts) - 1, -1, -1)
    weights = [0.5 ** (age / HALF_LIFE) for age in ages]
    exposure = sum(w * x for w, x in zip(weights, exposures, strict=True))
    counted = sum(w * n for w, n in zip(weights, counts, strict=True))
    # Half an event keeps a campaign without results above zero.
    rate = (counted + 0.5) / max(exposure, 1e-9)
    phi = fit_phi(counts, [rate * x for x in exposures], DAY_PHI[name], PRIOR_DAYS)
    days = sum(weights) ** 2 / sum(w * w for w in weights)
    uncertainty = 1 / (counted + 0.5) + phi / days + DRIFT[name] ** 2 * _mean_age(weights)
    return _Level(rate, uncertainty, phi, _trend(counts, exposures, rate, phi), DRIFT[name])


def _mean_age(weights: Sequence[float]) -> float:
    """Mean age in days of the weighted past: over it the level has drifted away."""
    size = len(weights)
    return sum(w * (size - i) for i, w in enumerate(weights)) / sum(weights)


def _trend(counts: Sequence[float], exposures: Sequence[float], rate: float, phi: float) -> float:
    """Slope of log rate per day, shrunk by how far it stands out of its own error."""
    points = [
        (float(day), math.log((n + 0.5) / (rate * x + 0.5)), 1 / (1 / (rate * x + 0.5) + phi))
        for day, (n, x) in enumerate(zip(counts, exposures, strict=True))
        if x > 0
    ]
    weight = sum(w for _, _, w in points)
    if len(points) < 2 * MIN_DAYS or weight <= 0:
        return 0.0
    center = sum(w * day for day, _, w in points) / weight
    height = sum(w * y for _, y, w in points) / weight
    across = sum(w * (day - center) ** 2 for day, _, w in points)
    if across <= 0:
        return 0.0
    slope = sum(w * (day - center) * (y - height) for day, y, w in points) / across
    shrunk = slope * slope**2 / (slope**2 + 4 / across) if slope else 0.0
    return min(max(shrunk, -0.10), 0.10)


@dataclass(frozen=True, slots=True)
class _Value:
    """Micros an order brings, and the squared relative error of that."""

    each: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class _Spend:
    daily: float
    uncertainty: float
    scatter: float


def _spend(spends: Sequence[float], budget: int | None) -> _Spend:
    """A coming day's spend: the recent level, never above the budget where one is given."""
    weights = [0.5 ** (age / HALF_LIFE) for age in range(len(spends) - 1, -1, -1)]
    mean = sum(w * x for w, x in zip(weights, spends, strict=True)) / sum(weights)
    squares = sum((x / mean - 1) ** 2 for x in spends)
    scatter = (squares + PRIOR_DAYS * SPEND_SCATTER**2) / (len(spends) - 1 + PRIOR_DAYS)
    days = sum(weights) ** 2 / sum(w * w for w in weights)
    daily = mean if budget is None else min(mean, float(budget))
    return _Spend(daily, min(scatter, 1.0) / days, min(scatter, 1.0))


def _figures(
    spend: _Spend, levels: tuple[_Level, _Level, _Level], value: _Value, length: float, start: float
) -> Figures:
    """Figures of the coming ``length`` days from ``start`` days ahead."""
    pieces = max(length, 1.0)
    # Less than a day scatters like its hours; more than a day averages its days.
    within = HOUR_SCATTER**2 if length < 1 else 0.0
    spent = spend.daily * length
    scatter = math.sqrt(spend.uncertainty + spend.scatter / pieces + within)
    swing = math.exp(_Z * scatter)
    counts: list[Interval] = []
    phi = 0.0
    for one in levels:
        mean = spent * one.rate * math.exp(one.trend * _carried(start, length))
        # A walk's mean over the period has a third of its end's variance.
        drift = one.drift**2 * (start + pieces / 3)
        phi = scatter**2 + one.uncertainty + drift + one.phi / pieces
        counts.append(Interval(mean, *interval(mean, phi)))
    orders = counts[2].expected
    revenue = revenue_of(orders, value.each, orders * value.each, phi + value.uncertainty)
    return derived(
        Interval(spent, spent / swing, spent * swing), counts[0], counts[1], counts[2], revenue
    )


def _carried(start: float, length: float) -> float:
    """Days' worth of trend until the middle of the period, damped."""
    return (1 - DAMPING ** (start + length / 2)) / (1 - DAMPING)


def _trajectory(results: _Level) -> tuple[CpaPoint, ...]:
    """Expected cost per conversion ahead; the interval is that of the cost itself, not of a
    day's luck."""
    points: list[CpaPoint] = []
    for ahead in TRAJECTORY:
        carried = _carried(ahead, 1 / 24 if ahead == 0 else 1.0)
        cost = math.exp(-results.trend * carried) / results.rate
        deviation = math.sqrt(results.uncertainty + results.drift**2 * ahead)
        swing = math.exp(min(_Z * deviation, 50.0))  # beyond that it only says "anything"
        points.append(CpaPoint(ahead, cost, cost / swing, cost * swing))
    return tuple(points)


def _usable(one: DayFigures) -> bool:
    numbers = (one.spend, one.impressions, one.clicks, one.conversions, one.revenue)
    return all(0 <= number < _MOST for number in numbers) and 0 < one.arrived <= 1


def _nothing_to_say(inputs: LiveForecastInputs, days: Sequence[DayFigures]) -> str | None:
    if len(days) < MIN_DAYS:
        return f"{len(days)} usable days of figures; {MIN_DAYS} are needed"
    if sum(one.spend for one in days) <= 0:
        return "nothing was spent in these days"
    if not 0 <= inputs.next_hour <= 1:
        return "the coming hour's share of traffic makes no sense"
    if inputs.days_left is not None and not 0 <= inputs.days_left < 1e4:
        return "the days left make no sense"
    if inputs.daily_budget is not None and inputs.daily_budget < 0:
        return "the budget makes no sense"
    return None
