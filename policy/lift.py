"""By how much one group's return beats another's: a shrunken ratio of two posteriors.

Most segments differ little, and the best looking of many is mostly lucky: the log-ratio is drawn
towards zero by a normal prior, and the more groups are compared the surer one must be.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from policy.estimate import INTERVAL, Estimate
from policy.roas_posterior import RoasPosterior

PRIOR = 0.3
"""Standard deviation of true log-ratios between segments: two thirds lie within 35 %."""
BETWEEN = 0.3
"""Standard deviation of the log-return between campaigns that are otherwise alike."""
DOUBT = 0.10
"""Chance of being wrong that is shared among all groups compared."""
WORTH = 1.10
"""Smallest expected ratio worth a person's time."""


@dataclass(frozen=True, slots=True)
class Lift:
    """Ratio of two returns with its 80 % interval; ``sure``: probability that it exceeds 1."""

    ratio: Estimate
    sure: float


def unknown() -> Lift:
    """What is known of a group never tried: the prior."""
    return _lift(0.0, PRIOR)


def lift(one: RoasPosterior, other: RoasPosterior, extra_variance: float = 0.0) -> Lift:
    """Ratio of ``one``'s return to ``other``'s.

    ``extra_variance`` of the log-ratio, for scatter between campaigns.
    """
    if one.mean <= 0 or other.mean <= 0:
        return unknown()
    variance = 1 / one.shape + 1 / other.shape + max(0.0, extra_variance)
    kept = PRIOR**2 / (PRIOR**2 + variance)
    return _lift(kept * math.log(one.mean / other.mean), math.sqrt(kept * variance))


def convinces(found: Lift, compared: int) -> bool:
    """Whether it may be recommended as one of ``compared`` groups."""
    return found.ratio.value >= WORTH and found.sure >= 1 - DOUBT / max(1, compared)


def _lift(mean: float, deviation: float) -> Lift:
    half = NormalDist().inv_cdf((1 + INTERVAL) / 2) * deviation
    ratio = Estimate(math.exp(mean), math.exp(mean - half), math.exp(mean + half))
    return Lift(ratio, NormalDist().cdf(mean / deviation))
