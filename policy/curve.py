"""A fitted response curve as a weighted set of Hill curves, and what can be read from it.

Every reading is a mean over the set with the interval its spread gives; outside 1.5 times the
observed range of spend there is no reading.
"""

from dataclasses import dataclass

import numpy as np

from policy.estimate import Estimate, Floats, weighted

REACH = 1.5
"""How far beyond the observed spends (times, either way) a curve is believed."""
_FINE = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """Hill curves ``top x^slope / (half^slope + x^slope)`` with their probabilities ``weight``.

    Attributes:
        usual: Mean observed daily spend, micros.
        low, high: Smallest and largest observed, micros.
        half: Spends of half saturation, micros.
        top: Values at full saturation, per day.
        level: Saturation (0..1) at the usual spend.
    """

    slope: float
    usual: float
    low: float
    high: float
    half: tuple[float, ...]
    top: tuple[float, ...]
    weight: tuple[float, ...]
    level: Estimate

    @classmethod
    def of(
        cls,
        slope: float,
        usual: float,
        observed: tuple[float, float],
        half: Floats,
        top: Floats,
        weight: Floats,
    ) -> "Curve":
        """From arrays of equal length; the weights are normalised."""
        mass = weight / weight.sum()
        level = weighted(_level(usual, half, slope), mass)
        low, high = observed
        return cls(slope, usual, low, high, _plain(half), _plain(top), _plain(mass), level)


@dataclass(frozen=True, slots=True)
class BestSpend:
    """Daily micros whose last unit returns the target; ``at_edge`` of what may be said."""

    spend: Estimate
    at_edge: bool


def bounds(curve: Curve) -> tuple[float, float]:
    """The spends between which the curve is believed."""
    return curve.low / REACH, curve.high * REACH


def inside(curve: Curve, spend: float) -> bool:
    """Whether the curve may be read at ``spend`` micros a day."""
    low, high = bounds(curve)
    return low <= spend <= high


def level_at(curve: Curve, spend: float) -> Estimate | None:
    """Saturation, 0..1."""
    half, _, mass = _arrays(curve)
    return weighted(_level(spend, half, curve.slope), mass) if inside(curve, spend) else None


def value_at(curve: Curve, spend: float) -> Estimate | None:
    """Mean value of a day at ``spend`` (the curve's uncertainty, not one day's luck)."""
    half, top, mass = _arrays(curve)
    if not inside(curve, spend):
        return None
    return weighted(top * _level(spend, half, curve.slope), mass)


def gain(curve: Curve, before: float, after: float) -> Estimate | None:
    """Difference in daily value between two spends."""
    if not (inside(curve, before) and inside(curve, after)):
        return None
    half, top, mass = _arrays(curve)
    s = curve.slope
    return weighted(top * (_level(after, half, s) - _level(before, half, s)), mass)


def marginal_at(curve: Curve, spend: float) -> Estimate | None:
    """Value per further unit of spend."""
    half, top, mass = _arrays(curve)
    if not inside(curve, spend):
        return None
    return weighted(_marginal(np.array([spend]), half, top, curve.slope)[0], mass)


def mean_marginals(curve: Curve, spends: Floats) -> Floats:
    """Mean marginal value at many spends (n,), falling in the spend. Not bounded by ``inside``."""
    half, top, mass = _arrays(curve)
    return (_marginal(spends, half, top, curve.slope) * mass).sum(axis=1)


def best_spend(curve: Curve, target: float) -> BestSpend:
    """The spend whose last unit still returns ``target``, within what may be said.

    The mean curve decides; the interval is that of the single curves' optima.
    """
    low, high = bounds(curve)
    spends = np.geomspace(low, high, _FINE)
    half, top, mass = _arrays(curve)
    each = _marginal(spends, half, top, curve.slope)
    mean = (each * mass).sum(axis=1)
    decided = _crossing(spends, mean[:, None], target)[0]
    spread = weighted(_crossing(spends, each, target), mass)
    value = float(decided)
    estimate = Estimate(value, min(spread.low, value), max(spread.high, value))
    return BestSpend(estimate, bool(mean[0] <= target or mean[-1] >= target))


def _crossing(spends: Floats, falling: Floats, target: float) -> Floats:
    """Where each column of ``falling`` (n, m) passes ``target``, linearly between the spends."""
    above = (falling > target).sum(axis=0)
    right = np.clip(above, 1, len(spends) - 1)
    y0 = np.take_along_axis(falling, (right - 1)[None, :], axis=0)[0]
    y1 = np.take_along_axis(falling, right[None, :], axis=0)[0]
    share = np.clip((y0 - target) / np.maximum(y0 - y1, 1e-300), 0.0, 1.0)
    return spends[right - 1] + share * (spends[right] - spends[right - 1])


def _plain(array: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in array)


def _arrays(curve: Curve) -> tuple[Floats, Floats, Floats]:
    return np.array(curve.half), np.array(curve.top), np.array(curve.weight)


def _level(spend: float, half: Floats, slope: float) -> Floats:
    return spend**slope / (half**slope + spend**slope)


def _marginal(spends: Floats, half: Floats, top: Floats, slope: float) -> Floats:
    """(n, m): derivative of each of m curves at each of n spends."""
    x = np.maximum(spends, 1e-9)[:, None]
    power = half**slope
    return top * slope * power * x ** (slope - 1) / (power + x**slope) ** 2
