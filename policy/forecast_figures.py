"""Forecast figures that agree with each other: every ratio is derived from the same numbers."""

from dataclasses import dataclass
from statistics import NormalDist

from policy.cost_per_result import gamma_quantile

LEVEL = 0.8
"""Probability of a forecast's interval."""
ORDER_SCATTER = 0.7
"""Relative scatter of one order's value (lognormal orders of sd .5 to .8)."""
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True, slots=True)
class Interval:
    """An expected figure with its 80 % interval. ``high`` None: endless (a cost per nothing)."""

    expected: float
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Money in micros. ``roas`` = revenue / spend, ``roi`` = (revenue - spend) / spend, ``cpa`` =
    spend / conversions, all of the same expected numbers; None where undefined."""

    spend: Interval
    impressions: Interval
    clicks: Interval
    conversions: Interval
    revenue: Interval
    cpa: Interval | None
    roas: Interval | None
    roi: Interval | None


def derived(
    spend: Interval,
    impressions: Interval,
    clicks: Interval,
    conversions: Interval,
    revenue: Interval,
) -> Figures:
    """All figures, the ratios from these very numbers.

    The ends of a ratio are taken at the expected spend: conversions and revenue already follow
    the uncertain spend, so dividing by its ends as well would count that scatter twice.
    """
    cost = spend.expected
    cpa = roas = roi = None
    if conversions.expected > 0:
        assert conversions.high is not None
        cpa = Interval(
            cost / conversions.expected,
            cost / conversions.high if conversions.high > 0 else cost,
            cost / conversions.low if conversions.low > 0 else None,
        )
    if cost > 0:
        high = revenue.high if revenue.high is not None else revenue.expected
        roas = Interval(revenue.expected / cost, revenue.low / cost, high / cost)
        roi = Interval(
            (revenue.expected - cost) / cost, (revenue.low - cost) / cost, (high - cost) / cost
        )
    return Figures(spend, impressions, clicks, conversions, revenue, cpa, roas, roi)


def revenue_of(orders: float, value: float, mean: float, phi: float) -> Interval:
    """Revenue of expected ``orders`` at ``value`` micros each.

    Args:
        orders: Expected number of orders; below a billionth there is no revenue.
        value: Micros an order is expected to bring.
        mean: Mean of a Gamma for the revenue rate (orders times value, where not skewed).
        phi: Its squared relative scatter; to it comes the chance of the orders themselves, whose
            number and values scatter: a compound Poisson's (1 + cv^2) / n.
    """
    if orders < 1e-9 or value <= 0:
        return Interval(0.0, 0.0, 0.0)
    shape = 1 / (phi + (1 + ORDER_SCATTER**2) / orders)
    low, high = (mean * gamma_quantile(shape, z) / shape for z in (-_Z, _Z))
    return Interval(orders * value, low, high)
