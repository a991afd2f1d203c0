"""How much more a campaign returns when it spends more: a saturation curve with its interval.

``r(x) = a x^s / (k^s + x^s)``, concave for s <= 1, of the (adstocked) daily spend x. The slope is
fixed, as in Meridian: from a few weeks of one campaign s and k cannot be told apart. The
coefficient is profiled out (variable projection); what remains is one number, the saturation at
the usual spend, integrated on a grid instead of searched from starting points. Its prior is
symmetric between 0 and 1 and leaves out only the ends: a straight line, and a dead one.

Nothing is said outside 1.5 times the observed range of spend: extrapolated Hill curves are wrong
by half. "Not identified" is an answer.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from policy.curve import (
    Curve,
    best_spend,
    inside,
    level_at,
    marginal_at,
    value_at,
)
from policy.estimate import Estimate, Floats, finite
from policy.modes import down_to_unit

NAME = "saturation-hill"
VERSION = "1"

SLOPE = 1.0
MIN_DAYS = 7
MAX_DAYS = 60
"""Older days describe another market."""
PRIOR = 2.0
"""Both exponents of the beta prior of the saturation level (1 is uniform)."""
MIN_MATURITY = 0.5
"""A day of which less has arrived is not used."""
SPEND_RATIO = 1.5
"""Largest observed spend over the smallest, below which no curvature can be seen."""
LEVEL_WIDTH = 0.45
"""Widest 80 % interval of the saturation level that counts as identified (the prior's is 0.6)."""

_LEVELS = 24
_TOPS = 5
_CARRY_OVERS = (0.0, 0.2, 0.4, 0.6, 0.8)
_OUTLIER = 4.0
"""Robust standard deviations; gross slips only, because counts are skewed by nature."""


@dataclass(frozen=True, slots=True)
class SpendDay:
    """One day. ``spend`` micros; ``value`` what it brought so far, in micros (or any one unit).

    ``maturity`` is the share (0..1) of the day's conversions expected to have arrived. None (or
    not a number) is missing, which is not zero. ``day`` is its number from any origin; where all
    days have one they are put in order, and of a day that is told twice the last counts.
    """

    spend: float | None
    value: float | None
    maturity: float | None = 1.0
    day: int | None = None


@dataclass(frozen=True, slots=True)
class SaturationInputs:
    """What is known, oldest day first. Money in micros of one currency.

    Attributes:
        spend: Daily spend to judge; None takes the mean of the observed days.
        target_roas: Value wanted of the last unit spent; None asks for no optimum.
        average_value: What a conversion is worth (LTV), for the affordable CPA.
        slope: s of the curve, 0 < s <= 1.
        carry_over: Share of a day's effect that is carried to the next (normalised geometric
            adstock), 0 to below 1; None estimates it with the curve.
    """

    currency: str
    days: tuple[SpendDay, ...]
    spend: float | None = None
    target_roas: float | None = None
    average_value: float | None = None
    slope: float = SLOPE
    carry_over: float | None = 0.0


@dataclass(frozen=True, slots=True)
class SaturationAnswer:
    """The curve's reading. All intervals are 80 %.

    Attributes:
        level: Saturation at the spend: 0 none, 1 nothing more to be had.
        marginal: Value per further unit of spend there.
        expected: Value of a day at that spend.
        optimal_spend: Daily micros whose last unit still returns the target; its interval is
            ``optimal``. At the edge of what may be said, ``at_edge`` is true.
        max_affordable_cpa: ``average_value / target_roas``, micros.
    """

    identified: bool
    reason: str
    confidence: float
    level: Estimate | None = None
    marginal: Estimate | None = None
    expected: Estimate | None = None
    optimal_spend: int | None = None
    optimal: Estimate | None = None
    at_edge: bool = False
    max_affordable_cpa: int | None = None
    curve: Curve | None = None


def decide(inputs: SaturationInputs) -> SaturationAnswer:
    """Fit the curve and read it at a spend; never raises, never extrapolates."""
    affordable = _affordable(inputs)
    curve = fit(inputs.days, inputs.slope, inputs.carry_over)
    if curve is None:
        return SaturationAnswer(
            False,
            f"not identified: fewer than {MIN_DAYS} usable days of spend and value",
            0.0,
            max_affordable_cpa=affordable,
        )
    asked = finite(inputs.spend)
    spend = curve.usual if asked is None else asked
    width = curve.level.high - curve.level.low
    why = _not_identified(curve, spend, width)
    if why is not None:
        return SaturationAnswer(
            False, f"not identified: {why}", 0.0, max_affordable_cpa=affordable, curve=curve
        )
    level, marginal = level_at(curve, spend), marginal_at(curve, spend)
    assert level is not None
    assert marginal is not None
    target = finite(inputs.target_roas)
    best = None if target is None or target <= 0 else best_spend(curve, target)
    facts = (
        f"at {spend / 1e6:.2f} a day {level.value:.0%} saturated "
        f"({level.low:.0%} to {level.high:.0%}); one more unit returns {marginal.value:.2f} "
        f"({marginal.low:.2f} to {marginal.high:.2f})"
    )
    if best is not None:
        facts += f"; the last unit returns {target:.2f} at {best.spend.value / 1e6:.2f} a day"
        facts += ", the edge of what was observed" if best.at_edge else ""
    return SaturationAnswer(
        True,
        facts,
        round(min(0.95, max(0.1, 1 - width)), 2),
        level,
        marginal,
        value_at(curve, spend),
        None if best is None else down_to_unit(best.spend.value, inputs.currency),
        None if best is None else best.spend,
        best is not None and best.at_edge,
        affordable,
        curve,
    )


def _affordable(inputs: SaturationInputs) -> int | None:
    worth, target = finite(inputs.average_value), finite(inputs.target_roas)
    if worth is None or target is None or worth <= 0 or target <= 0 or worth / target > 1e18:
        return None
    return down_to_unit(worth / target, inputs.currency)


def _not_identified(curve: Curve, spend: float, width: float) -> str | None:
    if curve.high < SPEND_RATIO * curve.low:
        return (
            f"daily spend only ranged from {curve.low / 1e6:.2f} to {curve.high / 1e6:.2f}; "
            f"{SPEND_RATIO:g} times is needed to see a curve"
        )
    if width > LEVEL_WIDTH:
        return (
            f"the saturation may be anything from {curve.level.low:.0%} to {curve.level.high:.0%}"
        )
    if not inside(curve, spend):
        return f"{spend / 1e6:.2f} a day is too far from what was ever spent"
    return None


def fit(
    days: tuple[SpendDay, ...],
    slope: float = SLOPE,
    carry_over: float | None = 0.0,
    most: int = MAX_DAYS,
) -> Curve | None:
    """The posterior of the curve, or None with fewer than MIN_DAYS usable days.

    Weights: a day's variance grows with its spend and shrinks with its maturity (counts);
    gross outliers are discounted, and days that resemble their neighbours count for
    less than independent ones. Only the last ``most`` days are looked at.
    """
    days = in_order(days)[-max(1, most) :]
    s = min(max(finite(slope) or SLOPE, 0.1), 1.0)
    given = finite(carry_over)
    carried = _CARRY_OVERS if given is None else (min(max(given, 0.0), 0.95),)
    spends, values, shares, usable = _arrays(days)
    if int(usable.sum()) < MIN_DAYS:
        return None
    usual = float(spends[usable].mean())
    y_usual = float((values[usable] / shares[usable]).mean())
    if not (usual > 0 and y_usual > 0 and np.isfinite(usual) and np.isfinite(y_usual)):
        return None
    # In units of the usual day, so that neither currency nor size matters.
    y = values[usable] / shares[usable] / y_usual
    stocks = [np.maximum(_adstock(spends / usual, one)[usable], 1e-6) for one in carried]
    grid = (np.arange(_LEVELS) + 0.5) / _LEVELS
    half = ((1 - grid) / grid) ** (1 / s)
    fits = [_profile(x, y, shares[usable] / np.maximum(x, 0.05), half, s) for x in stocks]
    prior = (PRIOR - 1) * (np.log(grid) + np.log1p(-grid))
    log_weight = np.concatenate([one.log_weight + prior for one in fits])
    mean = np.concatenate([one.mean for one in fits])
    deviation = np.concatenate([one.deviation for one in fits])
    weight = np.exp(log_weight - log_weight.max())
    z = np.array([NormalDist().inv_cdf((i + 0.5) / _TOPS) for i in range(_TOPS)])
    z /= float(np.sqrt((z**2).mean()))
    at_usual = np.maximum(mean[:, None] + deviation[:, None] * z, 0.0)
    halves = np.tile(half, len(carried))
    tops = at_usual * (1 + halves**s)[:, None] * y_usual
    mass = np.repeat(weight / weight.sum() / _TOPS, _TOPS)
    kept = mass > 1e-5
    observed = spends[usable]
    return Curve.of(
        s,
        usual,
        (float(observed.min()), float(observed.max())),
        np.repeat(halves, _TOPS)[kept] * usual,
        tops.reshape(-1)[kept],
        mass[kept],
    )


def in_order(days: tuple[SpendDay, ...]) -> tuple[SpendDay, ...]:
    """Days by their number, each once; as given where some have none."""
    numbered = {one.day: one for one in days if one.day is not None}
    if not all(one.day is not None for one in days):
        return days
    return tuple(numbered[number] for number in sorted(numbered))


def _arrays(days: tuple[SpendDay, ...]) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Spend, value, maturity and which days can be used; missing spend is as the day before."""
    spends: list[float] = []
    values: list[float] = []
    shares: list[float] = []
    usable: list[bool] = []
    for day in days:
        spend, value, share = finite(day.spend), finite(day.value), finite(day.maturity)
        good = spend is not None and 0 <= spend < 1e18
        spends.append(spend if good and spend is not None else (spends[-1] if spends else 0.0))
        ready = share is not None and MIN_MATURITY <= share <= 1
        told = value is not None and 0 <= value < 1e18
        values.append(value if told and value is not None else 0.0)
        shares.append(share if ready and share is not None else 1.0)
        usable.append(good and ready and told and spends[-1] > 0)
    return np.array(spends), np.array(values), np.array(shares), np.array(usable, dtype=np.bool_)


def _adstock(x: Floats, carry_over: float) -> Floats:
    """Normalised geometric adstock: a steady spend stays what it is."""
    if carry_over <= 0 or not len(x):
        return x
    out = np.empty_like(x)
    state = float(x[: min(7, len(x))].mean())
    for n, spend in enumerate(x):
        state = carry_over * state + (1 - carry_over) * float(spend)
        out[n] = state
    return out


@dataclass(frozen=True, slots=True)
class _Profile:
    """Of each half-saturation point: log likelihood, response at the usual spend, its deviation."""

    log_weight: Floats
    mean: Floats
    deviation: Floats


def _profile(x: Floats, y: Floats, weight: Floats, half: Floats, s: float) -> _Profile:
    """Weighted least squares of the coefficient at each point of the grid.

    x, y, weight: (n,) spend, value, inverse variance. half: (m,) in units of the usual spend.
    """
    powers = x**s
    shape = (1 + half**s)[:, None] * powers / (half[:, None] ** s + powers)  # 1 at the usual spend
    weight = weight / weight.mean()
    # From the median, so that a slip of a hundred times cannot hide behind its own size.
    middle = shape[len(half) // 2]
    w = _without_outliers((y - np.median(y / middle) * middle) * np.sqrt(weight), weight)
    for _ in range(2):
        residual, _, _ = _least_squares(shape, y, w)
        best = residual[int((residual**2).sum(axis=1).argmin())]
        w = _without_outliers(best * np.sqrt(weight / w), weight)
    residual, mean, information = _least_squares(shape, y, w)
    squares = (residual**2).sum(axis=1)
    share = _independent(residual[int(squares.argmin())])
    n = max(len(y) * share, 4.0)
    squares = np.maximum(squares, 1e-9 * float((w * y**2).sum()) + 1e-12)
    log_weight = -0.5 * np.log(information) - (n - 1) / 2 * np.log(squares)
    deviation = np.sqrt(squares / max(len(y) - 3, 1) / information / share)
    return _Profile(log_weight, mean, deviation)


def _without_outliers(residual: Floats, weight: Floats) -> Floats:
    """Weights under which a gross residual's square counts as ``_OUTLIER`` deviations'."""
    size = np.abs(residual)
    spread = 1.4826 * float(np.median(size)) or float(size.mean()) or 1.0
    w = weight * np.minimum(1.0, _OUTLIER * spread / np.maximum(size, 1e-12)) ** 2
    return w / w.mean()


def _least_squares(shape: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each row of ``shape`` (m, n): weighted residuals, coefficient, its information."""
    information = (w * shape**2).sum(axis=1)
    mean = (w * shape * y).sum(axis=1) / information
    return (y - mean[:, None] * shape) * np.sqrt(w), mean, information


def _independent(residual: Floats) -> float:
    """Share of the days' information that is left when neighbours resemble each other."""
    centred = residual - residual.mean()
    total = float((centred**2).sum())
    if total <= 0:
        return 1.0
    resemblance = min(max(float((centred[1:] * centred[:-1]).sum()) / total, 0.0), 0.8)
    return (1 - resemblance) / (1 + resemblance)
