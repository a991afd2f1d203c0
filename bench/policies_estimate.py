"""Means over seeds, and shares of trials, with their 95 % intervals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    mean: float
    low: float
    high: float


def estimate(values: Iterable[float]) -> Estimate:
    """Mean of independent values with its normal 95 % interval."""
    array = np.array(list(values))
    mean = float(array.mean())
    half = 1.96 * float(array.std(ddof=1)) / math.sqrt(len(array)) if len(array) > 1 else math.inf
    return Estimate(mean, mean - half, mean + half)


def share(hits: int, trials: int) -> Estimate:
    """Share of trials that hit with its Wilson 95 % interval."""
    z2, p = 1.96**2, hits / trials
    center = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = 1.96 * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return Estimate(p, center - half, center + half)
