"""The variants of a creative test as counts, and what is known about them before they run.

Counts come in buckets of time (hours or days) that all variants share. Young clicks count by the
share of their conversions that should have arrived; old evidence may be discounted. The prior is
empirical Bayes: what the account's own creatives do, never Beta(1, 1), which would call an
untouched creative a 50 % one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy.best_arm import log_gamma
from policy.maturity import DAY, USUAL, DelayCurve, arrived_over

Floats = NDArray[np.float64]
Metric = Literal["conversions_per_click", "clicks_per_impression"]

ENOUGH_IMPRESSIONS = 1_000
"""Impressions of each variant before it is judged…"""
ENOUGH_DAYS = 3.0
"""…and days since its first impression."""
USUAL_RATE: Final[dict[str, float]] = {
    "conversions_per_click": 0.02,
    "clicks_per_impression": 0.01,
}
"""Rates of an account that nothing is known about: medians of display advertising."""
_USUAL_STRENGTH: Final = 6.0
"""Successes the prior is worth: creatives of one account scatter by 1 / sqrt(6), some 40 %."""
_STRENGTHS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
_STRENGTH_SD: Final = 1.0
"""How sure that strength is, in its logarithm."""
_OTHER_ACCOUNTS: Final = 0.1
"""The usual rate counts as a tenth of one well-known creative of the account's own."""
_CALM_DAYS = 2.0
"""Days without scatter beyond chance that every test is taken to have had before it began."""
_MOST_VARIANTS: Final = 500
_MOST: Final = 1e12


@dataclass(frozen=True, slots=True)
class Variant:
    """Counts of one creative, one entry a bucket of ``Experiment.ages``.

    ``conversions`` belong to the bucket of their click. ``resting``: paused by an earlier decision.
    """

    id: str
    impressions: tuple[float, ...]
    clicks: tuple[float, ...]
    conversions: tuple[float, ...]
    resting: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier creative of the account: matured successes (conversions or clicks, as the metric
    says) of so many trials (clicks or impressions)."""

    successes: float
    trials: float


@dataclass(frozen=True, slots=True)
class Experiment:
    """A test as it is now.

    Attributes:
        metric: What counts as success; clicks where the objective does not convert.
        ages: Age of each bucket's middle in seconds before now; that of a bucket which still runs
            may be negative, down to half of ``width``.
        width: Length of a bucket in seconds.
        variants: Two or more creatives; one is no test, but has an answer.
        history: The account's earlier creatives, for the prior.
        curve: The account's delays from click to conversion.
    """

    metric: Metric
    ages: tuple[float, ...]
    width: float
    variants: tuple[Variant, ...]
    history: tuple[Past, ...] = ()
    curve: DelayCurve = USUAL


@dataclass(frozen=True, slots=True)
class Counted:
    """Sums per variant (variants,): successes and effective trials of the metric, the mature share
    of the trials, impressions, and days since the first impression."""

    successes: Floats
    trials: Floats
    mature: Floats
    impressions: Floats
    days: Floats


def unsound(experiment: Experiment) -> str | None:
    """Why these figures cannot be judged, in words; None when they can."""
    buckets = len(experiment.ages)
    if experiment.metric not in USUAL_RATE:
        return f"{experiment.metric} is no metric of creatives"
    if not experiment.variants:
        return "there are no creatives"
    if len(experiment.variants) > _MOST_VARIANTS:
        return f"more than {_MOST_VARIANTS} creatives"
    if len({one.id for one in experiment.variants}) < len(experiment.variants):
        return "two creatives have the same id"
    if not buckets:
        return "there are no figures yet"
    if not (math.isfinite(experiment.width) and 0 < experiment.width <= 400 * DAY):
        return "the length of the reporting interval makes no sense"
    begun = -experiment.width / 2
    if not all(math.isfinite(age) and age >= begun for age in experiment.ages):
        return "figures are dated in the future or not at all"
    for one in experiment.variants:
        if not len(one.impressions) == len(one.clicks) == len(one.conversions) == buckets:
            return f"figures of {one.id} are incomplete"
    counts = _counts(experiment)
    for k in np.flatnonzero(~((counts >= 0) & (counts <= _MOST)).all(axis=(0, 2))):
        name = experiment.variants[int(k)].id
        return f"figures of {name} make no sense (negative or not a number)"
    # Over all buckets: a click just after midnight may belong to a view before it.
    for k in np.flatnonzero(counts[1].sum(axis=1) > counts[0].sum(axis=1)):
        return f"{experiment.variants[int(k)].id} has more clicks than impressions"
    return None


def counted(experiment: Experiment, half_life_days: float | None = None) -> Counted:
    """Sums of sound figures; with a half-life, evidence of that age counts half."""
    ages = np.asarray(experiment.ages, np.float64)
    impressions, clicks, conversions = _counts(experiment)
    if experiment.metric == "conversions_per_click":
        successes = conversions
        trials, ripe = clicks, arrived_over(ages, experiment.width, experiment.curve)
    else:
        successes, trials, ripe = clicks, impressions, np.ones_like(ages)
    kept = np.ones_like(ages)
    if half_life_days is not None and 0 < half_life_days < math.inf:
        kept = 0.5 ** (np.maximum(ages, 0.0) / (DAY * max(half_life_days, 0.1)))
    effective = (trials * (kept * ripe)).sum(axis=1)
    full = (trials * kept).sum(axis=1)
    first = np.where(impressions > 0, ages + experiment.width / 2, 0.0).max(axis=1)
    # A click may convert twice, and a view without a click may; a rate stays at most 1.
    return Counted(
        successes=np.minimum((successes * kept).sum(axis=1), effective),
        trials=effective,
        mature=np.where(full > 0, effective / np.where(full > 0, full, 1.0), 0.0),
        impressions=impressions.sum(axis=1),
        days=first / DAY,
    )


def by_day(experiment: Experiment) -> tuple[Floats, Floats]:
    """(days, variants) successes and effective trials of sound figures, by day before now."""
    _, clicks, conversions = counts = _counts(experiment)
    ages = np.asarray(experiment.ages, np.float64)
    successes, trials = clicks, counts[0]
    if experiment.metric == "conversions_per_click":
        ripe = arrived_over(ages, experiment.width, experiment.curve)
        successes, trials = conversions, clicks * ripe
    begun = np.minimum(ages + experiment.width / 2, 1e15) / DAY
    _, day = np.unique(np.ceil(begun - 1e-9), return_inverse=True)
    sums = np.zeros((2, int(day.max()) + 1, len(experiment.variants)))
    np.add.at(sums[0], day, successes.T)
    np.add.at(sums[1], day, trials.T)
    return np.minimum(sums[0], sums[1]), sums[1]


def scatter(successes: ArrayLike, trials: ArrayLike) -> Floats:
    """(...,) variance of daily successes over that of pure chance, at least 1.

    Pearson's chi-square of creatives by days over its degrees of freedom: what a day does to all
    creatives alike is no scatter, as it does not tell them apart.

    Args:
        successes: (..., days, arms).
        trials: The same shape, effective trials; a day without any says nothing.
    """
    s, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    every = np.maximum(n.sum(axis=-2, keepdims=True), 1e-12)
    rate = s.sum(axis=-2, keepdims=True) / every
    usual = n * rate
    due = usual.sum(axis=-1, keepdims=True)
    expected = usual * s.sum(axis=-1, keepdims=True) / np.where(due > 0, due, 1.0)
    seen = expected > 0
    paired = seen & (seen.sum(axis=-1, keepdims=True) > 1)
    miss = np.where(paired, (s - expected) ** 2 / np.where(paired, expected, 1.0), 0.0)
    cells = paired.sum(axis=(-2, -1))
    days = paired.any(axis=-1).sum(axis=-1)
    free = np.maximum(cells - days - paired.any(axis=-2).sum(axis=-1) + 1, 0)
    total = miss.sum(axis=(-2, -1))
    return np.maximum((_CALM_DAYS + total) / (_CALM_DAYS + free), 1.0)


def _counts(experiment: Experiment) -> Floats:
    """(3, variants, buckets): impressions, clicks, conversions."""
    every = experiment.variants
    rows = [[v.impressions for v in every], [v.clicks for v in every]]
    return np.array([*rows, [v.conversions for v in every]], np.float64)


def prior(
    successes: Floats, trials: Floats, history: Sequence[Past], usual_rate: float
) -> tuple[float, float]:
    """Beta prior (alpha, beta) of a creative, from the others and the account's earlier ones.

    The mean weighs creatives by what each can say about the next one (random effects), so that
    the one which got most of the traffic does not speak for all. The strength is the posterior
    mean of log alpha over a grid under the beta-binomial marginal likelihood, so it stays within
    1 to 128 successes whatever the data.
    """
    past = [one for one in history if 0 <= one.successes <= one.trials < 1e12 and one.trials > 0]
    s = np.concatenate([successes, np.array([one.successes for one in past])])
    n = np.concatenate([trials, np.array([one.trials for one in past])])
    s, n = s[n > 0], n[n > 0]
    pooled = (float(s.sum()) + 0.5) / (float(n.sum()) + 0.5 / usual_rate)
    well_known = _USUAL_STRENGTH / pooled
    weight = n / (1.0 + n / well_known)
    own = float((weight * s / n).sum()) + _OTHER_ACCOUNTS * well_known * usual_rate
    mean = own / (float(weight.sum()) + _OTHER_ACCOUNTS * well_known)
    mean = min(max(mean, 1e-6), 0.9)
    strengths = np.array(_STRENGTHS)[:, None]
    a, b = strengths, strengths * (1.0 - mean) / mean
    fit = log_gamma(a + s) - log_gamma(a) + log_gamma(b + n - s) - log_gamma(b)
    fit += log_gamma(a + b) - log_gamma(a + b + n)
    logs = np.log(strengths[:, 0])
    evidence = fit.sum(axis=1) - 0.5 * ((logs - math.log(_USUAL_STRENGTH)) / _STRENGTH_SD) ** 2
    share = np.exp(evidence - evidence.max())
    strength = math.exp(float((share * logs).sum() / share.sum()))
    return strength, strength * (1.0 - mean) / mean


def interval(alpha: float, beta: float, z: float = 1.96) -> tuple[float, float]:
    """Interval of a Beta(alpha, beta) rate, normal in log-odds (95 % by default)."""
    middle, spread = math.log(alpha / beta), z * math.sqrt(1.0 / alpha + 1.0 / beta)
    return _rate(middle - spread), _rate(middle + spread)


def _rate(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -700.0 else 0.0
