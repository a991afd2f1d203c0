"""Counts that scatter more than Poisson: var = mu + phi mu^2, fitted, predicted, in intervals.

A negative binomial is a Poisson whose rate is Gamma with squared relative scatter ``phi``. What is
not known of the mean itself (a price, a spend to come) is scatter of the rate like any other, and
simply adds to ``phi``. Everything is in closed form or bisected: no draws, the same answer always.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from policy.cost_per_result import gamma_quantile

_LEAST_PHI = 1e-6
_MANY = 2_000.0
"""Expected counts from which a Gamma, whose quantile has a closed form, is as good."""
_NEVER = 1e-9
_TINY = 1e-300


def cdf(count: float, mean: float, phi: float) -> float:
    """P(N <= count) of a negative binomial with the given mean (> 0) and dispersion.

    The regularised incomplete beta function I_p(r, count + 1), r = 1 / phi, p = r / (r + mean).
    ``phi`` below 1e-6 counts as 1e-6: Poisson.
    """
    if count < 0:
        return 0.0
    a, b = 1.0 / max(phi, _LEAST_PHI), math.floor(count) + 1.0
    p, q = a / (a + mean), mean / (a + mean)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(p) + b * math.log(max(q, _TINY))
    )  # fmt: skip
    # The continued fraction converges on one side of the mean; beyond it, take the mirror image.
    if p < (a + 1) / (a + b + 2):
        return min(max(front * _fraction(a, b, p) / a, 0.0), 1.0)
    return min(max(1 - front * _fraction(b, a, q) / b, 0.0), 1.0)


def _fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function (Numerical Recipes 6.4, after Lentz)."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 2_000):
        even = m * (b - m) * x / ((a - 1 + 2 * m) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        h *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1 + 2 * m))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        h *= d * c
        if abs(d * c - 1) < 1e-10:
            break
    return h


def _away(value: float) -> float:
    """Keep a denominator from zero."""
    return value if abs(value) > _TINY else _TINY


def matched(median: float, log_variance: float) -> tuple[float, float]:
    """(mean, phi) of the Gamma rate whose log has the mean ``log(median)`` and that variance.

    From the expansions of trigamma and digamma, 1/k + 1/2k^2 and log k - 1/2k - 1/12k^2. Matching
    the moments of the rate itself instead would give a wide lognormal far too long a lower tail.
    """
    v = max(log_variance, _LEAST_PHI)
    k = (1 + math.sqrt(1 + 2 * v)) / (2 * v)
    return median * math.exp(1 / (2 * k) + 1 / (12 * k**2)), 1 / k


def interval(mean: float, phi: float, level: float = 0.8) -> tuple[float, float]:
    """Central interval of a count: where its distribution function first reaches the tails.

    Args:
        mean: Expected count, >= 0 and finite.
        phi: Squared relative scatter of its rate, the uncertainty of the mean included.
        level: Probability of the interval.
    """
    if mean <= _NEVER:
        return 0.0, 0.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    return _quantile(-z, mean, phi), _quantile(z, mean, phi)


def _quantile(z: float, mean: float, phi: float) -> float:
    """The smallest count whose distribution function reaches that of a normal ``z``."""
    shape = 1 / (phi + 1 / mean)
    near = mean * gamma_quantile(shape, z) / shape
    if mean > _MANY:
        return near
    tail = NormalDist().cdf(z)
    # The Gamma's quantile is a good first guess; walk out from it until it is bracketed.
    step = max(1.0, 0.05 * near)
    low, high = math.floor(near) - step, math.floor(near) + step
    while low >= 0 and cdf(low, mean, phi) >= tail:
        low, high, step = low - 2 * step, low, 2 * step
    while cdf(high, mean, phi) < tail:
        low, high, step = high, high + 2 * step, 2 * step
    low, high = max(math.floor(low), -1), math.ceil(high)
    while high - low > 1:
        middle = (low + high) // 2
        if cdf(middle, mean, phi) >= tail:
            high = middle
        else:
            low = middle
    return float(high)


def fit_phi(
    counts: Sequence[float], expected: Sequence[float], prior: float, prior_periods: float
) -> float:
    """Dispersion of periods around what was expected of them, by moments, shrunk to ``prior``.

    E[(n - mu)^2 - mu] = phi mu^2, so phi is the sum of the first over the sum of the second;
    the prior counts like ``prior_periods`` typical periods. Never below zero.
    """
    pairs = [(n, mu) for n, mu in zip(counts, expected, strict=True) if mu > 0]
    if not pairs:
        return prior
    weight = sum(mu**2 for _, mu in pairs)
    typical = weight / len(pairs) * prior_periods
    # One degree of freedom went into the level that ``expected`` was taken from.
    used = len(pairs) / max(len(pairs) - 1, 1)
    excess = sum(used * (n - mu) ** 2 - mu for n, mu in pairs)
    return max(0.0, (excess + prior * typical) / (weight + typical))
