"""Campaigns that are not for revenue, judged by what they are for: CPM, CPC, CTR or CPA.

Performance is the target over the cost (for CTR: the rate over the target), so 1 is on target
and more is better; the steps are those of the relative ROAS rules. Nothing here pauses: without
revenue there is no loss to stop, and safety has stop rules of its own.
"""

from dataclasses import dataclass

from policy.estimate import finite
from policy.roas_posterior import MIN_MATURITY, gamma_cdf

SCATTER = 0.01
"""Squared relative scatter of click and view rates between weeks, beyond counting: 10 %."""
CONVERSION_SCATTER = 0.04
"""The same of conversion rates: 20 %."""


@dataclass(frozen=True, slots=True)
class GoalFigures:
    """Totals of one window. Money in micros; None is missing, which is not zero.

    ``maturity`` is the spend-weighted share (0..1) of conversions that has arrived. Targets are
    micros (``cpm`` per thousand impressions), ``ctr`` a share of impressions.
    """

    spend: float | None
    impressions: float | None = None
    clicks: float | None = None
    conversions: float | None = None
    maturity: float | None = 1.0
    target_cpm: float | None = None
    target_cpc: float | None = None
    target_ctr: float | None = None
    target_cpa: float | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """Times the target (1 is on target), from ``count`` events; ``words`` for the reason.

    The true performance is gamma distributed around it with ``shape``.
    """

    metric: str
    value: float
    shape: float
    words: str

    def below(self, threshold: float) -> float:
        """Probability that the performance is below ``threshold``."""
        if self.value <= 0:
            return 1.0
        return gamma_cdf(self.shape, threshold * self.shape / self.value)

    def above(self, threshold: float) -> float:
        """Probability that the performance is above ``threshold``."""
        return 1.0 - self.below(threshold)


METRICS = {
    "awareness": ("cpm",),
    "engagement": ("ctr", "cpc"),
    "traffic": ("cpc", "ctr"),
    "leads": ("cpa",),
    "signups": ("cpa",),
    "app_installs": ("cpa",),
    "applications": ("cpa",),
}
"""What each objective that is not for revenue is judged by, the first with a target counting."""


def performance(objective: str, figures: GoalFigures) -> Performance | None:
    """How the campaign does against its own kind of target; None without target or figures."""
    for metric in METRICS.get(objective, ()):
        found = _judge(metric, figures)
        if found is not None:
            return found
    return None


def _judge(metric: str, figures: GoalFigures) -> Performance | None:
    spend = finite(figures.spend)
    if spend is None or spend <= 0:
        return None
    if metric == "ctr":
        return _clicks_per_view(figures)
    events, target, scatter, size = {
        "cpm": (figures.impressions, figures.target_cpm, SCATTER, 1000.0),
        "cpc": (figures.clicks, figures.target_cpc, SCATTER, 1.0),
        "cpa": (figures.conversions, figures.target_cpa, CONVERSION_SCATTER, 1.0),
    }[metric]
    count, wanted, share = finite(events), finite(target), finite(figures.maturity)
    if count is None or wanted is None or count < 0 or wanted <= 0:
        return None
    if metric == "cpa":
        if share is None or not MIN_MATURITY <= share <= 1:
            return None
        spend *= share
    mean = (count + 0.5) / size * wanted / spend
    cost = "none yet" if count == 0 else f"{spend * size / count / 1e6:.2f}"
    words = f"{metric.upper()} {cost} against a target of {wanted / 1e6:.2f}"
    return Performance(metric, mean, _shape(count, scatter), words)


def _clicks_per_view(figures: GoalFigures) -> Performance | None:
    clicks, views = finite(figures.clicks), finite(figures.impressions)
    target = finite(figures.target_ctr)
    if clicks is None or views is None or target is None:
        return None
    if not 0 <= clicks <= views or views <= 0 or not 0 < target <= 1:
        return None
    words = f"CTR {clicks / views:.2%} against a target of {target:.2%}"
    return Performance("ctr", (clicks + 0.5) / views / target, _shape(clicks, SCATTER), words)


def _shape(count: float, scatter: float) -> float:
    return 1 / (1 / (count + 0.5) + scatter)
