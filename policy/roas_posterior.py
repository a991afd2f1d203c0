"""What is known of a return on ad spend from few conversions: a gamma posterior.

Conversions are Poisson around a rate with Jeffreys' prior; order values scatter, which widens
the return as if each order were ``1 / (1 + ORDER_SCATTER)`` of one (compound Poisson, matched by
its first two moments). Spend counts by the share of its conversions that has arrived, so credit
that is still to come is not held against a campaign.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from policy.estimate import INTERVAL, Estimate, finite

ORDER_SCATTER = 0.5
"""Squared coefficient of variation of order values: the middle of shops' usual 0.2 to 1."""
PRIOR_CONVERSIONS = 0.5
"""Jeffreys' prior of a Poisson rate."""
MIN_MATURITY = 0.2
"""Below this share arrived, dividing by it would rest on the delay curve alone."""


@dataclass(frozen=True, slots=True)
class RoasPosterior:
    """Gamma distribution of value per unit of spend: ``shape`` and ``mean``.

    ``observed`` is value over matured spend, without any prior. ``count`` conversions alone,
    without the prior's half, carry what is said in favour of a campaign (the exact lower limit
    of a Poisson rate), so that one order never proves a good return.
    """

    shape: float
    mean: float
    observed: float
    count: float

    def below(self, threshold: float) -> float:
        """Probability that the return is below ``threshold``."""
        return _cdf(self.shape, self.mean, threshold)

    def above(self, threshold: float) -> float:
        """Probability that the return is above ``threshold``, on the cautious side."""
        if self.count <= 0:
            return 0.0
        part = self.count / (self.count + PRIOR_CONVERSIONS)
        return 1.0 - _cdf(self.shape * part, self.mean * part, threshold)

    def interval(self, probability: float = INTERVAL) -> Estimate:
        """The observed return with its interval, each end on its own cautious side."""
        tail = (1 - probability) / 2
        low = self._where(lambda at: self.above(at) > 1 - tail)
        high = self._where(lambda at: self.below(at) < 1 - tail)
        return Estimate(self.observed, min(low, self.observed), max(high, self.observed))

    def _where(self, before: Callable[[float], bool]) -> float:
        """The return up to which ``before`` holds, by bisection."""
        low, high = 0.0, self.mean * (10 + 40 / self.shape)
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if before(middle) else (low, middle)
        return (low + high) / 2


def _cdf(shape: float, mean: float, threshold: float) -> float:
    if threshold <= 0:
        return 0.0
    return 1.0 if mean <= 0 else gamma_cdf(shape, threshold * shape / mean)


def posterior(
    spend: float | None,
    value: float | None,
    conversions: float | None,
    maturity: float | None = 1.0,
    average_value: float | None = None,
) -> RoasPosterior | None:
    """The return's posterior, or None where the figures cannot carry one.

    Args:
        spend: Micros in the window.
        value: Micros of value reported for it so far.
        conversions: Reported for it so far.
        maturity: Spend-weighted share (0..1) of its conversions expected to have arrived.
        average_value: Micros a conversion is usually worth; counts as one order. Without it and
            without a conversion nothing is known of what an order would bring.
    """
    spent, worth, count = finite(spend), finite(value), finite(conversions)
    share, usual = finite(maturity), finite(average_value)
    if spent is None or worth is None or count is None or share is None:
        return None
    if spent <= 0 or worth < 0 or count < 0 or not MIN_MATURITY <= share <= 1:
        return None
    if usual is not None and usual > 0:
        order = (worth + usual) / (count + 1)
    elif count > 0:
        order = worth / count
    else:
        return None
    matured = spent * share
    mean = (count + PRIOR_CONVERSIONS) * order / matured
    shape = (count + PRIOR_CONVERSIONS) / (1 + ORDER_SCATTER)
    if not math.isfinite(mean) or not math.isfinite(shape):
        return None
    return RoasPosterior(shape, mean, worth / matured, count)


def gamma_cdf(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function P(shape, x), to about 1e-10.

    Series below the mean, Lentz's continued fraction above it (Numerical Recipes 6.2); for
    very large shapes Wilson and Hilferty's cube root, whose error is then below 1e-6.
    """
    if x <= 0:
        return 0.0
    if shape > 1e5:
        z = ((x / shape) ** (1 / 3) - (1 - 1 / (9 * shape))) * 3 * math.sqrt(shape)
        return 0.5 * math.erfc(-z / math.sqrt(2))
    if x > shape + 1 and x - shape > 60 * math.sqrt(shape) + 700:
        return 1.0
    front = math.exp(-x + shape * math.log(x) - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while abs(term) > abs(total) * 1e-14:
            step += 1
            term *= x / step
            total += term
        return min(1.0, front * total)
    tiny = 1e-300
    b = x + 1 - shape
    c, d = 1 / tiny, 1 / b
    fraction = d
    for n in range(1, 20_000):
        a = -n * (n - shape)
        b += 2
        d = a * d + b
        c = b + a / c
        d = 1 / (d if abs(d) > tiny else tiny)
        c = c if abs(c) > tiny else tiny
        fraction *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return max(0.0, 1 - front * fraction)
