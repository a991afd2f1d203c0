"""Creative fatigue: do the same people click less on an ad the more often they have seen it?

Frequency alone is no fatigue: heavy users see more ads and buy more, so it only asks for the test
(and for fresh creatives to be prepared). The test is within the creative,

    logit CTR_t = a + b log(frequency_t) + account trend_t,

by quasi-binomial regression, its error widened by what the days scatter beyond chance. The slope's
upper limit is that of a confidence sequence (a mixture over slopes, Robbins 1970): it holds at all
looks together, so testing every day costs nothing. A creative is rotated when its last days' click
rate is under 70 % of its own best days, and the upper limit of the slope, from the frequency of
those days to today's, says the same.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

NAME = "fatigue-within-creative-slope"
VERSION = "2"

FREQUENCY = 3.0
"""Views per person above which a creative is tested."""
CTR_FALL = 0.70
"""A click rate below this share of the creative's best days is fatigue, if proven."""
ALPHA = 0.05
"""Probability that the slope's upper limit is ever too low, over a creative's whole life."""
WINDOW_DAYS = 7
"""Days compared at each end: whole weeks, so that weekdays weigh the same."""
LEAST_WINDOW_DAYS = 3
MIN_IMPRESSIONS = 1_000
MIN_CLICKS = 30
"""Clicks in all, and half as many in the best window, for a rate to be nearly normal."""
SLOPE_EFFECT = 0.5
"""Standard deviation of slopes looked for: at -0.5 a click rate halves while the frequency
quadruples. It changes how soon fatigue is found, not the error rate."""
_USUAL_SCATTER: Final = 1.5
"""Variance of daily clicks against pure chance in an ordinary account…"""
_USUAL_SCATTER_DAYS: Final = 10.0
"""…which counts as much as so many days of the creative's own."""
_TREND_CLICKS: Final = 50.0
"""Clicks of other creatives in a day at which half of its deviation is taken as the trend."""
_MOST_DAYS: Final = 400

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FatigueInputs:
    """Closed days of one creative, oldest first; all rows equally long.

    Attributes:
        impressions: Impressions of each day.
        clicks: Clicks of each day.
        reach: Different people reached from the first day to the end of each day.
        others_impressions: The account's other creatives, per day; empty when there are none.
        others_clicks: Their clicks.
    """

    impressions: tuple[float, ...]
    clicks: tuple[float, ...]
    reach: tuple[float, ...]
    others_impressions: tuple[float, ...] = ()
    others_clicks: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class FatigueExpected:
    """If nothing is changed: click rate of the coming week (95 % interval), and what a creative as
    fresh as this one was in its best week would get."""

    rate: float
    low: float
    high: float
    fresh: float


@dataclass(frozen=True, slots=True)
class FatigueAnswer:
    """``prepare``: have fresh creatives ready. ``rotate``: replace what people are tired of.

    ``slope`` of logit CTR over log frequency with its upper 95 % limit (valid at all looks);
    ``remaining`` is the last days' click rate as a share of the best days', the account's trend
    taken out, ``remaining_at_most`` what the slope's upper limit makes of it. None: unknown.
    """

    action: Literal["hold", "prepare", "rotate"]
    reason: str
    confidence: float
    frequency: float | None = None
    slope: float | None = None
    slope_upper: float | None = None
    remaining: float | None = None
    remaining_at_most: float | None = None
    expected: FatigueExpected | None = None


@dataclass(frozen=True, slots=True)
class _Days:
    impressions: Floats
    clicks: Floats
    frequency: Floats
    trend: Floats


@dataclass(frozen=True, slots=True)
class _Slope:
    b: float
    variance: float
    upper: float
    scatter: float


@dataclass(frozen=True, slots=True)
class _Fall:
    """Click rates of the latest and the best window, trend taken out, the relative error of the
    former, and the mean log frequency of the latter (None: no window had clicks enough)."""

    latest: float
    best: float
    error: float
    log_frequency: float | None


def decide(inputs: FatigueInputs) -> FatigueAnswer:
    """Judge fatigue; small or senseless counts hold."""
    days = _days(inputs)
    if isinstance(days, str):
        return FatigueAnswer("hold", days, 0.5)
    frequency = float(days.frequency[-1])
    clicks = float(days.clicks.sum())
    facts = f"frequency {frequency:.1f}"
    if frequency <= FREQUENCY:
        text = f"{facts}, not above {FREQUENCY:.1f}: no sign of fatigue"
        return FatigueAnswer("hold", text, 0.7, frequency)
    window = min(WINDOW_DAYS, len(days.clicks) // 2)
    if window < LEAST_WINDOW_DAYS or clicks < MIN_CLICKS:
        text = f"{facts}; {clicks:.0f} clicks in {len(days.clicks)} days are too few for the test"
        return FatigueAnswer("prepare", text, 0.5, frequency)
    slope = _slope(days)
    fall = _fall(days, window, slope.scatter)
    if fall.log_frequency is None:
        text = f"{facts}; no {window} days with {MIN_CLICKS / 2:.0f} clicks to compare with"
        return FatigueAnswer("prepare", text, 0.5, frequency)
    remaining = fall.latest / fall.best
    more = max(math.log(frequency) - fall.log_frequency, 0.0)
    at_most = math.exp(min(slope.upper * more, 10.0))
    facts += (
        f", click rate {remaining:.0%} of its best {window} days; by its slope of {slope.b:+.2f} "
        f"(upper 95 % limit {slope.upper:+.2f}) at most {at_most:.0%}"
    )
    tired = slope.upper < 0 and max(remaining, at_most) < CTR_FALL
    if tired:
        reason = f"{facts}: people are tired of it"
    elif slope.upper >= 0:
        reason = f"{facts}: seen often, but nothing shows that people click less for it"
    else:
        reason = f"{facts}: seen often, a fall below {CTR_FALL:.0%} is not proven"
    spread = min(1.96 * fall.error, 10.0)
    return FatigueAnswer(
        action="rotate" if tired else "prepare",
        reason=reason,
        confidence=0.95 if tired else 0.6,
        frequency=round(frequency, 6),
        slope=round(slope.b, 9),
        slope_upper=round(slope.upper, 9),
        remaining=round(remaining, 9),
        remaining_at_most=round(at_most, 9),
        expected=FatigueExpected(
            rate=round(fall.latest, 9),
            low=round(fall.latest * math.exp(-spread), 9),
            high=round(min(1.0, fall.latest * math.exp(spread)), 9),
            fresh=round(fall.best, 9),
        ),
    )


def _days(inputs: FatigueInputs) -> _Days | str:
    """The days that delivered, or why nothing can be said."""
    many = len(inputs.impressions)
    if not many or len(inputs.clicks) != many or len(inputs.reach) != many:
        return "no complete days of figures"
    if many > _MOST_DAYS:
        return f"more than {_MOST_DAYS} days of figures"
    i, c, r = (
        np.array(row, np.float64) for row in (inputs.impressions, inputs.clicks, inputs.reach)
    )
    if not all(np.all(np.isfinite(row) & (row >= 0) & (row <= 1e12)) for row in (i, c, r)):
        return "figures make no sense (negative or not a number)"
    if c.sum() > i.sum():
        return "more clicks than impressions"
    # A click just after midnight may belong to a view before it.
    c = np.minimum(c, i)
    if float(i.sum()) < MIN_IMPRESSIONS:
        return f"fewer than {MIN_IMPRESSIONS:,} impressions to compare"
    # People once reached stay reached: a count restated downwards keeps its highest.
    r = np.maximum.accumulate(r)
    seen = np.cumsum(i)
    delivered = (i > 0) & (r > 0)
    if not np.any(delivered):
        return "reach is not known"
    frequency = np.maximum(seen[delivered] / r[delivered], 1.0)
    # Reach may be corrected after the last impression.
    frequency[-1] = max(seen[-1] / r[-1], 1.0)
    return _Days(i[delivered], c[delivered], frequency, _trend(inputs, many)[delivered])


def _trend(inputs: FatigueInputs, many: int) -> Floats:
    """Log of the account's click rate of each day against its mean, shrunken where clicks are few;
    zeros without usable figures of other creatives."""
    nothing = np.zeros(many)
    if len(inputs.others_impressions) != many or len(inputs.others_clicks) != many:
        return nothing
    i = np.array(inputs.others_impressions, np.float64)
    c = np.array(inputs.others_clicks, np.float64)
    if not np.all(np.isfinite(i) & np.isfinite(c) & (c >= 0) & (c <= i) & (i <= 1e12)):
        return nothing
    if c.sum() <= 0:
        return nothing
    usual = float(c.sum() / i.sum())
    return np.log((c + _TREND_CLICKS) / (i * usual + _TREND_CLICKS))


def _slope(days: _Days) -> _Slope:
    """Quasi-binomial regression by iteratively reweighted least squares, the slope's upper limit
    from an always-valid interval (mixture over slopes with sd SLOPE_EFFECT)."""
    n, c = days.impressions, days.clicks
    x = np.log(days.frequency)
    x = x - float((n * x).sum() / n.sum())
    total = float(c.sum())
    shown = float((n * np.exp(days.trend)).sum())
    a = math.log((total + 0.5) / max(shown - total, 0.5))
    b = 0.0
    # A weak pull to zero keeps a slope that nothing determines (one frequency only) finite.
    pull = 1.0 / (4.0 * SLOPE_EFFECT) ** 2
    ibb, p = pull, c / n
    for _ in range(25):
        p = 1.0 / (1.0 + np.exp(-np.clip(a + b * x + days.trend, -30.0, 30.0)))
        w = n * p * (1.0 - p)
        iaa, iab, ibb = float(w.sum()), float((w * x).sum()), float((w * x * x).sum()) + pull
        ga, gb = float((c - n * p).sum()), float((x * (c - n * p)).sum()) - pull * b
        det = iaa * ibb - iab * iab
        da, db = (ibb * ga - iab * gb) / det, (iaa * gb - iab * ga) / det
        a += min(max(da, -1.0), 1.0)
        b += min(max(db, -1.0), 1.0)
        if abs(da) + abs(db) < 1e-10:
            break
    w = np.maximum(n * p * (1.0 - p), 1e-9)
    chi = float(((c - n * p) ** 2 / w).sum())
    free = max(len(c) - 2, 0)
    scatter = (_USUAL_SCATTER * _USUAL_SCATTER_DAYS + chi) / (_USUAL_SCATTER_DAYS + free)
    scatter = max(scatter, 1.0)
    wx = float((w * x).sum()) / float(w.sum())
    variance = scatter / (float((w * (x - wx) ** 2).sum()) + pull)
    t = SLOPE_EFFECT**2
    half = math.sqrt(
        variance * (variance + t) / t * (2 * math.log(0.5 / ALPHA) + math.log1p(t / variance))
    )
    return _Slope(b, variance, b + half, scatter)


def _fall(days: _Days, window: int, scatter: float) -> _Fall:
    """The latest window against the best earlier one that does not overlap it."""
    expected = days.impressions * np.exp(days.trend)

    def sums(values: Floats) -> Floats:
        total = np.concatenate(([0.0], np.cumsum(values)))
        return total[window:] - total[:-window]

    clicks, shown = sums(days.clicks), sums(expected)
    latest = float(clicks[-1] / shown[-1])
    earlier = slice(0, len(clicks) - window)
    usable = clicks[earlier] >= MIN_CLICKS / 2
    error = math.sqrt(scatter / (float(clicks[-1]) + 1.0))
    if not np.any(usable):
        return _Fall(latest, latest, error, None)
    rates = np.where(usable, clicks[earlier] / shown[earlier], -1.0)
    top = int(np.argmax(rates))
    frequency = float(np.log(days.frequency[top : top + window]).mean())
    return _Fall(latest, float(rates[top]), error, frequency)
