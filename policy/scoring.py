"""Was a decision right? Figures before and after it, against what it expected.

The effect is the log-ratio of the metric's rate after to before, less that of campaigns which
were left alone where there are any. Its error comes from the days themselves (quasi-Poisson:
overdispersed, and wider when neighbouring days resemble each other), plus the drift that adjacent
weeks of an untouched campaign show anyway. Thin data is inconclusive.

Figures picked for being extreme fall back by themselves (regression to the mean): ``before``
should not be the very window that triggered the decision, or the controls should be picked alike.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from policy.estimate import Estimate, finite, t_quantile

NAME = "decision-score"
VERSION = "1"

PROBABILITY = 0.95
MIN_DAYS = 5
"""Usable days on each side; fewer do not show their own scatter."""
MIN_EVENTS = 15.0
"""Conversions (clicks for click metrics) on each side."""
MIN_MATURITY = 0.7
DRIFT = 0.05
"""Standard deviation of the log-rate between adjacent weeks of an untouched campaign, beyond
what single days show. Chosen on generated markets so that untouched campaigns are called improved
or worse at most once in twenty."""

Metric = Literal["roas", "cpa", "cvr", "cpc", "ctr", "value", "conversions", "clicks"]
_RATES: dict[str, tuple[str, str]] = {
    "roas": ("value", "spend"),
    "cpa": ("conversions", "spend"),
    "cvr": ("conversions", "clicks"),
    "cpc": ("clicks", "spend"),
    "ctr": ("clicks", "impressions"),
    "value": ("value", "days"),
    "conversions": ("conversions", "days"),
    "clicks": ("clicks", "days"),
}
_LATE = frozenset({"conversions", "value"})
"""What arrives later than it was paid for."""


@dataclass(frozen=True, slots=True)
class ScoredDay:
    """One day's figures; money in micros, None is missing (which is not zero).

    ``maturity`` is the share (0..1) of the day's conversions that has arrived.
    """

    spend: float | None
    impressions: float | None = None
    clicks: float | None = None
    conversions: float | None = None
    value: float | None = None
    maturity: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Expected:
    """The decision's own expectation: relative change of ``metric`` (-0.08: CPA falls by 8 %).

    ``low..high`` is its 80 % interval. What is missing or makes no sense is not compared.
    """

    change: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ScoringInputs:
    """One executed decision.

    Attributes:
        metric: What it was meant to move. CPA and CPC are better when lower.
        before, after: Days on each side, ideally whole weeks of the same length.
        expected: What it promised; None if it promised nothing.
        control_before, control_after: Sums per day of comparable campaigns left alone.
    """

    metric: Metric
    before: tuple[ScoredDay, ...]
    after: tuple[ScoredDay, ...]
    expected: Expected | None = None
    control_before: tuple[ScoredDay, ...] = ()
    control_after: tuple[ScoredDay, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoringAnswer:
    """``effect``: relative change of the metric with its 95 % interval, None on thin data.

    ``as_expected``: whether that interval and the expected one overlap; ``surprise``: how many
    standard deviations the effect was above (+) or below (-) its expectation.
    """

    verdict: Literal["improved", "worse", "inconclusive"]
    reason: str
    confidence: float
    effect: Estimate | None = None
    as_expected: bool | None = None
    surprise: float | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """Log-ratio of a rate, its variance and degrees of freedom."""

    log_ratio: float
    variance: float
    freedom: float


def decide(inputs: ScoringInputs) -> ScoringAnswer:
    """Score one decision. Thin or senseless data is inconclusive."""
    found = _change(inputs.metric, inputs.before, inputs.after)
    if isinstance(found, str):
        return ScoringAnswer("inconclusive", found, 0.0)
    words = ""
    if inputs.control_before or inputs.control_after:
        control = _change(inputs.metric, inputs.control_before, inputs.control_after)
        if isinstance(control, _Change):
            words = f", campaigns left alone {math.expm1(control.log_ratio):+.1%} taken off"
            found = _Change(
                found.log_ratio - control.log_ratio,
                found.variance + control.variance,
                min(found.freedom, control.freedom),
            )
    deviation = math.sqrt(found.variance + DRIFT**2)
    half = t_quantile((1 + PROBABILITY) / 2, found.freedom) * deviation
    # CPA and CPC are counted the other way round, events per money, so that zero events can be.
    turned = -1.0 if inputs.metric in ("cpa", "cpc") else 1.0
    middle, low, high = (found.log_ratio + step for step in (0.0, -half, half))
    better = "improved" if low > 0 else "worse" if high < 0 else "inconclusive"
    ends = sorted((turned * low, turned * high))
    effect = Estimate(*(math.expm1(min(one, 50.0)) for one in (turned * middle, *ends)))
    as_expected, surprise = _against(inputs.expected, effect, turned * middle, deviation)
    promised = (
        ""
        if inputs.expected is None or as_expected is None or inputs.expected.change is None
        else f", expected {inputs.expected.change:+.1%}"
    )
    reason = (
        f"{inputs.metric.upper()} {effect.value:+.1%} ({effect.low:+.1%} to {effect.high:+.1%})"
        f"{promised}{words}: {better}"
    )
    confidence = 1 - math.erfc(abs(found.log_ratio) / deviation / math.sqrt(2))
    return ScoringAnswer(better, reason, round(confidence, 3), effect, as_expected, surprise)


def _against(
    expected: Expected | None, effect: Estimate, log_ratio: float, deviation: float
) -> tuple[bool | None, float | None]:
    if expected is None:
        return None, None
    numbers = [finite(one) for one in (expected.change, expected.low, expected.high)]
    if any(one is None or one <= -1 for one in numbers):
        return None, None
    change, low, high = (math.log1p(one) for one in numbers if one is not None)
    if not low <= change <= high:
        return None, None
    overlap = math.expm1(low) <= effect.high and effect.low <= math.expm1(high)
    spread = math.hypot(deviation, (high - low) / (2 * 1.2816))  # expectations are 80 %
    return overlap, round((log_ratio - change) / spread, 3)


def _change(
    metric: str, before: tuple[ScoredDay, ...], after: tuple[ScoredDay, ...]
) -> _Change | str:
    numerator, denominator = _RATES[metric]
    sides: list[tuple[list[float], list[float]]] = []
    for side, days in (("before", before), ("after", after)):
        usable = [one for one in (_day(day, numerator, denominator) for day in days) if one]
        if len(usable) < MIN_DAYS:
            return f"only {len(usable)} usable days {side}, {MIN_DAYS} are needed"
        count = sum(_events(day, numerator) for day in days)
        if count < MIN_EVENTS:
            return f"only {count:g} events {side}, {MIN_EVENTS:g} are needed"
        sides.append(([one[0] for one in usable], [one[1] for one in usable]))
    rates = [sum(events) / sum(sizes) for events, sizes in sides]
    if min(rates) <= 0 or not all(math.isfinite(rate) for rate in rates):
        return "no rate can be computed"
    variance = 0.0
    freedom = 0.0
    for (events, sizes), rate in zip(sides, rates, strict=True):
        variance += _relative_variance(events, sizes, rate, counts=numerator != "value")
        freedom += len(events) - 1
    if not math.isfinite(variance):
        return "the days differ beyond measure"
    return _Change(math.log(rates[1] / rates[0]), variance, freedom)


def _day(day: ScoredDay, numerator: str, denominator: str) -> tuple[float, float] | None:
    """Events and matured size of a usable day: less than one micro, impression or click is none."""
    events = finite(getattr(day, numerator))
    size = 1.0 if denominator == "days" else finite(getattr(day, denominator))
    share = finite(day.maturity) if numerator in _LATE else 1.0
    if events is None or size is None or share is None:
        return None
    if not 0 <= events < 1e18 or not 1 <= size < 1e18 or not MIN_MATURITY <= share <= 1:
        return None
    return events, size * share


def _events(day: ScoredDay, numerator: str) -> float:
    """What was counted: for money the conversions behind it, where known."""
    name = "conversions" if numerator == "value" else numerator
    count = finite(getattr(day, name))
    return count if count is not None and 0 <= count < 1e18 else 0.0


def _relative_variance(
    events: list[float], sizes: list[float], rate: float, *, counts: bool
) -> float:
    """Variance of the log-rate of one side from the scatter of its days.

    Pearson's dispersion of events around ``rate * size``; counts scatter at least as Poisson.
    Neighbouring days that resemble each other carry less than independent ones.
    """
    residual = [(e - rate * s) / math.sqrt(rate * s) for e, s in zip(events, sizes, strict=True)]
    dispersion = sum(one**2 for one in residual) / (len(residual) - 1)
    if counts:
        dispersion = max(dispersion, 1.0)
    squares = sum(one**2 for one in residual)
    pairs = sum(a * b for a, b in pairwise(residual))
    alike = min(max(pairs / squares, 0.0), 0.6) if squares > 0 else 0.0
    return dispersion / (rate * sum(sizes)) * (1 + alike) / (1 - alike)
