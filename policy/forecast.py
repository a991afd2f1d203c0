"""What a campaign will bring, before it starts: figures that agree with each other, in intervals.

Rates are hierarchical: the account's campaigns scatter around a level of its own, which is shrunk
to a benchmark by how little the account has run. CPM is lognormal; clicks and conversions are
negative binomial: a Gamma rate whose squared relative scatter is fitted from the campaigns, plus
what is not known of price and spend. CPA, ROAS and ROI are derived from spend, conversions and
revenue, never forecast beside them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from policy.forecast_figures import LEVEL, ORDER_SCATTER, Figures, Interval, derived, revenue_of
from policy.negative_binomial import interval, matched

NAME = "forecast-hierarchical"
VERSION = "1"

ACCOUNT_SCATTER = {"cpm": 0.5, "ctr": 0.5, "cvr": 0.6, "value": 0.6, "spend": 0.05}
"""How far (log standard deviation) an account may lie from a benchmark of its market: published
benchmarks of one industry differ from one another by a factor of two…"""
CAMPAIGN_SCATTER = {"cpm": 0.25, "ctr": 0.30, "cvr": 0.35, "value": 0.20, "spend": 0.05}
"""…and campaigns of one account from each other, until its own history says otherwise."""
PRIOR_CAMPAIGNS = 4.0
"""How many campaigns the prior scatter is worth: a scatter from four is itself off by a third."""
MEDIUM, HIGH = (3, 30.0), (8, 300.0)
"""Past campaigns and conversions in them from which confidence is medium, high."""
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
_LEAST, _MOST = 1e-9, 1e15


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is usual: micros per 1,000 impressions, clicks per impression, conversions per click,
    micros of revenue per conversion (0: no revenue)."""

    cpm: float
    ctr: float
    cvr: float
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class PastCampaign:
    """A finished campaign of the account, matured: money in micros. ``budget`` is what it could
    have spent in all, 0 if unknown."""

    spend: int
    impressions: int
    clicks: int
    conversions: float
    revenue: int = 0
    budget: int = 0


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """A planned campaign: micros a day for ``days``; the account's own past, newest last."""

    currency: str
    daily_budget: int
    days: float
    history: tuple[PastCampaign, ...] = ()
    benchmark: Benchmark | None = None


@dataclass(frozen=True, slots=True)
class ForecastAnswer:
    """``figures`` None: nothing can be said; the reason names what is missing."""

    figures: Figures | None
    level: Literal["low", "medium", "high"]
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a new campaign's rate will lie: its log mean, the variance of that mean, and the
    variance of campaigns around it."""

    log_mean: float
    uncertainty: float
    scatter: float

    @property
    def median(self) -> float:
        """The rate that is as likely to be passed as not: what is called expected here, so that a
        forecast nothing is known about is the benchmark's, not better."""
        return math.exp(self.log_mean)

    @property
    def variance(self) -> float:
        """Of a new campaign's log rate."""
        return self.uncertainty + self.scatter


def decide(inputs: ForecastInputs) -> ForecastAnswer:
    """The forecast. Without history and benchmark, or with senseless numbers: no figures."""
    past = [one for one in inputs.history if _usable(one)]
    why = _nothing_to_say(inputs, past)
    if why is not None:
        return ForecastAnswer(None, "low", 0.1, why)
    bench = inputs.benchmark
    cpm = rate("cpm", [(1000 * one.spend / one.impressions, 0.0) for one in past], bench)
    ctr = rate("ctr", [_counted(one.clicks, one.impressions) for one in past], bench)
    clicked = [one for one in past if one.clicks > 0]
    cvr = rate("cvr", [_counted(one.conversions, one.clicks) for one in clicked], bench)
    orders = [
        (one.revenue / one.conversions, ORDER_SCATTER**2 / one.conversions)
        for one in past
        if one.revenue > 0 and one.conversions >= 1
    ]
    valued = bool(orders) or (bench is not None and bench.value > 0)
    value = rate("value", orders, bench) if valued else None
    used = rate("spend", [(one.spend / one.budget, 0.0) for one in past if one.budget > 0], None)
    figures = _figures(inputs.daily_budget * inputs.days, used, cpm, ctr, cvr, value)
    level, confidence = _confidence(past)
    return ForecastAnswer(figures, level, confidence, _in_words(inputs, figures, past, level))


def _counted(events: float, trials: float) -> tuple[float, float]:
    """A counted rate and the counting variance of its log, none of them at zero."""
    return (events + 0.5) / (trials + 1), 1 / (events + 0.5)


def rate(name: str, campaigns: Sequence[tuple[float, float]], benchmark: Benchmark | None) -> Rate:
    """A rate's level and scatter over campaigns, shrunk to a benchmark and to usual scatter.

    ``campaigns`` holds each one's rate (> 0) and the variance its log has from counting alone.
    Normal-normal on logs; moments for the scatter between campaigns.
    """
    seen = [(math.log(one), noise) for one, noise in campaigns]
    scatter = CAMPAIGN_SCATTER[name] ** 2
    center, strength = _anchor(name, benchmark)
    if not seen and strength == 0:
        return Rate(center, 0.0, scatter)
    log_mean, precision = center, strength
    for _ in range(3):
        weights = [1 / (scatter + noise) for _, noise in seen]
        precision = strength + sum(weights)
        log_mean = (strength * center + sum(w * x for w, (x, _) in zip(weights, seen, strict=True))
                    ) / precision  # fmt: skip
        # Campaigns whose counting noise hides their scatter say little about it.
        worth = [(w * scatter) ** 2 for w in weights]
        excess = sum(q * ((x - log_mean) ** 2 - noise)
                     for q, (x, noise) in zip(worth, seen, strict=True))  # fmt: skip
        prior = PRIOR_CAMPAIGNS * CAMPAIGN_SCATTER[name] ** 2
        freedom = max(sum(worth) - 1, 0.0)
        scatter = max(prior + excess, 0.25 * prior) / (PRIOR_CAMPAIGNS + freedom)
    return Rate(log_mean, 1 / precision, scatter)


def _anchor(name: str, benchmark: Benchmark | None) -> tuple[float, float]:
    """The benchmark's log rate and its precision; a rate with none is anchored nowhere, but how
    much of a budget is spent starts from nearly all."""
    if name == "spend":
        return math.log(0.97), 1 / ACCOUNT_SCATTER[name] ** 2
    usual = 0.0
    if benchmark is not None:
        usual = {"cpm": benchmark.cpm, "ctr": benchmark.ctr, "cvr": benchmark.cvr,
                 "value": benchmark.value}[name]  # fmt: skip
    if usual <= 0:
        return 0.0, 0.0
    return math.log(usual), 1 / ACCOUNT_SCATTER[name] ** 2


def _figures(
    budget: float, used: Rate, cpm: Rate, ctr: Rate, cvr: Rate, value: Rate | None
) -> Figures:
    spend = min(budget, budget * math.exp(used.log_mean))
    scatter = math.sqrt(used.variance)
    most = spend * math.exp(_Z * scatter)
    # Where the budget bounds the spend above, all that an interval leaves out lies below.
    z = _Z if most < budget else NormalDist().inv_cdf(LEVEL)
    spend_interval = Interval(spend, spend * math.exp(-z * scatter), min(budget, most))
    # Impressions per spend follow 1 / CPM, lognormal too; what is bought follows what is spent.
    variance = cpm.variance + used.variance
    impressions = 1000 * spend / cpm.median
    swing = math.exp(_Z * math.sqrt(variance))
    clicks, clicks_variance = impressions * ctr.median, variance + ctr.variance
    conversions, results_variance = clicks * cvr.median, clicks_variance + cvr.variance
    return derived(
        spend_interval,
        Interval(impressions, impressions / swing, impressions * swing),
        Interval(clicks, *interval(*matched(clicks, clicks_variance))),
        Interval(conversions, *interval(*matched(conversions, results_variance))),
        _revenue(conversions, results_variance, value),
    )


def _revenue(conversions: float, variance: float, value: Rate | None) -> Interval:
    """Revenue of an uncertain number of orders of uncertain value."""
    if value is None:
        return Interval(0.0, 0.0, 0.0)
    mean, phi = matched(conversions * value.median, variance + value.variance)
    return revenue_of(conversions, value.median, mean, phi)


def _usable(one: PastCampaign) -> bool:
    numbers = (one.spend, one.impressions, one.clicks, one.conversions, one.revenue, one.budget)
    return (
        all(0 <= number < _MOST for number in numbers)
        and one.spend > 0
        and one.clicks <= one.impressions
        and one.impressions > 0
    )


def _nothing_to_say(inputs: ForecastInputs, past: Sequence[PastCampaign]) -> str | None:
    if not 0 < inputs.daily_budget < _MOST or not _LEAST < inputs.days < 1e4:
        return "no budget or no days to forecast"
    bench = inputs.benchmark
    if bench is not None:
        if not all(0 <= one < _MOST for one in (bench.cpm, bench.ctr, bench.cvr, bench.value)):
            return "the benchmark makes no sense"
        if bench.cpm < 1 or min(bench.ctr, bench.cvr) < _LEAST or max(bench.ctr, bench.cvr) > 1:
            return "the benchmark makes no sense"
    elif sum(one.clicks for one in past) <= 0:
        return "no campaign of this account has been clicked yet and no benchmark is given"
    return None


def _confidence(
    past: Sequence[PastCampaign],
) -> tuple[Literal["low", "medium", "high"], float]:
    count, results = len(past), sum(one.conversions for one in past)
    if count >= HIGH[0] and results >= HIGH[1]:
        return "high", 0.85
    if count >= MEDIUM[0] and results >= MEDIUM[1]:
        return "medium", 0.65
    return "low", 0.4


def _in_words(
    inputs: ForecastInputs, figures: Figures, past: Sequence[PastCampaign], level: str
) -> str:
    count = figures.conversions
    cpa = figures.cpa
    cost = f" at {cpa.expected / 1e6:,.2f} {inputs.currency} each" if cpa else ""
    basis = f"{len(past)} past campaigns" if past else "a benchmark alone"
    return (
        f"{figures.spend.expected / 1e6:,.2f} {inputs.currency} in {inputs.days:g} days should "
        f"bring {count.expected:,.0f} conversions (80 %: {count.low:,.0f} to {count.high:,.0f})"
        f"{cost}, from {basis} ({level} confidence)"
    )
