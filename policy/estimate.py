"""A figure with its interval, and the few quantiles that intervals here are made of."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INTERVAL = 0.80
"""Two-sided probability of the intervals that optimisation acts on."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """``value`` and its interval ``low..high``, all in the unit the field's owner states."""

    value: float
    low: float
    high: float


def finite(number: float | None) -> float | None:
    """A number that can be computed with; NaN and infinity are missing, which is not zero."""
    return None if number is None or not math.isfinite(number) else float(number)


def weighted(values: Floats, weights: Floats, probability: float = INTERVAL) -> Estimate:
    """Mean and central interval of a distribution on points.

    Args:
        values: (n,) points.
        weights: (n,) their probabilities, summing to 1.
        probability: Of the interval.
    """
    order = np.argsort(values, kind="stable")
    points, mass = values[order], weights[order]
    middle = np.cumsum(mass) - mass / 2
    tail = (1 - probability) / 2
    low, high = (float(np.interp(at, middle, points)) for at in (tail, 1 - tail))
    mean = float((values * weights).sum())
    return Estimate(mean, min(low, mean), max(high, mean))


def t_quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t by its expansion around the normal.

    Within 1 % for four or more degrees of freedom (Abramowitz & Stegun 26.7.5).
    """
    z = NormalDist().inv_cdf(probability)
    n = max(freedom, 1.0)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
