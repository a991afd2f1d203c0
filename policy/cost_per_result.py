"""Cost per result from few, late and lumpy results: a shrunken Gamma-Poisson estimate.

Results per matured micro are Gamma(a + results, b + sum of spend x arrived share), so young
spend counts only by the share of its results that has had time to arrive, and a campaign
without results is no division by zero. Real days scatter more than Poisson (its 80 % intervals
cover 50 %), so the evidence is divided by the days' own dispersion.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

PRIOR_RESULTS = 2.0
"""Results the prior cost is worth: enough to carry a campaign over its first zero."""
DISPERSION = 1.4
"""Prior ratio of variance to mean of daily results…"""
DISPERSION_DAYS = 6.0
"""…and how many days it is worth: a ratio from a week alone scatters by half."""
_MOST = 1e18


@dataclass(frozen=True, slots=True)
class Cohort:
    """The clicks of one period (usually a day), and what came of them so far.

    Money in micros. ``arrived``: expected share (0..1) of their conversions that has arrived by
    now, from the account's delay curve. ``start`` (aware) is when the period began.
    """

    start: datetime
    spend: int
    conversions: float
    arrived: float = 1.0
    revenue: int = 0
    clicks: int = 0


@dataclass(frozen=True, slots=True)
class CostPerResult:
    """Micros per result with an interval; ``results`` were counted, ``exposure`` is the spend
    (micros) whose results have arrived."""

    cost: float
    low: float
    high: float
    results: float
    exposure: float


def usable(cohort: Cohort) -> bool:
    """Whether a cohort's numbers can be true: finite, not negative, money bounded."""
    numbers = (cohort.spend, cohort.conversions, cohort.revenue, cohort.clicks)
    return all(0 <= one < _MOST for one in numbers) and 0 < cohort.arrived <= 1


def gamma_quantile(shape: float, z: float) -> float:
    """Quantile of Gamma(shape, 1) at a standard normal ``z``, after Wilson and Hilferty (1931);
    within 1 % at shapes from 2, and never negative."""
    root = 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))
    return shape * max(root, 0.0) ** 3


def dispersion(results: Sequence[float], exposures: Sequence[float]) -> float:
    """Variance of the periods' results over their mean (>= 1), shrunk to ``DISPERSION``."""
    whole = sum(exposures)
    rate = sum(results) / whole if whole > 0 else 0.0
    expected = [rate * one for one in exposures]
    squares = [
        (seen - due) ** 2 / due
        for seen, due in zip(results, expected, strict=True)
        if due > 0.5  # below, the ratio is dominated by single events
    ]
    freedom = max(len(squares) - 1, 0)
    return max(
        1.0, (DISPERSION * DISPERSION_DAYS + sum(squares)) / (DISPERSION_DAYS + freedom)
    ) if squares else DISPERSION  # fmt: skip


def cost_per_result(
    results: Sequence[float],
    exposures: Sequence[float],
    prior_cost: float,
    *,
    level: float = 0.8,
    prior_results: float = PRIOR_RESULTS,
    value_scatter: float = 0.0,
) -> CostPerResult:
    """The cost of a result and its central interval.

    Args:
        results: Results of each period, arrived so far.
        exposures: Spend of each period times the share of its results that has arrived, micros.
        prior_cost: Micros per result to shrink to.
        level: Probability of the interval.
        prior_results: How many results the prior cost is worth.
        value_scatter: Relative scatter of a single result's value, when "result" means a unit
            of value: it widens the interval like further counting noise.

    Inputs must be finite, ``prior_cost`` and ``prior_results`` positive.
    """
    counted, exposure = sum(results), sum(exposures)
    lumpy = dispersion(results, exposures) + value_scatter**2
    z = NormalDist().inv_cdf(0.5 + level / 2)
    shape = prior_results + counted / lumpy
    rate = prior_results * prior_cost + exposure / lumpy
    most, least = gamma_quantile(shape, z), gamma_quantile(shape, -z)
    return CostPerResult(
        cost=(prior_results * prior_cost + exposure) / (prior_results + counted),
        low=rate / most,
        high=rate / least if least > 0 else math.inf,
        results=counted,
        exposure=exposure,
    )
