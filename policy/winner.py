"""The winner of a creative test, by a test that stays valid however often one looks.

Looking every hour at P(best) > 95 % calls a winner in most tests between equals. The mixture
sequential probability ratio test does not: with D the difference of two log-odds, V its variance
and effects spread normally with standard deviation t, the evidence

    L = log(V / (V + t^2)) / 2 + t^2 D^2 / (2 V (V + t^2))

exceeds log(1 / alpha) at any look with probability at most alpha between equals (Robbins 1970;
Johari, Koomen, Pekelis & Walsh 2017). A winner must show log((K - 1) / alpha) against each of its
K - 1 rivals. V is widened by what creatives scatter from day to day beyond chance, each on its own:
such days would otherwise pass for proof. "Undecided" is an answer, and so is "good enough":
whichever runs, little is lost.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy.best_arm import best
from policy.variants import (
    ENOUGH_DAYS,
    ENOUGH_IMPRESSIONS,
    USUAL_RATE,
    Experiment,
    by_day,
    counted,
    prior,
    scatter,
    unsound,
)

NAME = "winner-msprt-log-odds"
VERSION = "1"

ALPHA = 0.05
"""Probability of ever declaring a winner between equals."""
EFFECT = 0.3
"""Standard deviation of log-odds differences looked for: creatives of one account scatter by about
30 %. It changes how soon a winner is found, never the error rate."""
ENOUGH_SUCCESSES = 15
"""Conversions (or clicks) of each variant; fewer, and log-odds are not nearly normal."""
GOOD_ENOUGH = 0.02
"""Expected loss, as a share of the leader's rate, at which going on testing is worth little."""
_DIGITS = 6

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WinnerInputs:
    """A test as it is now; ``alpha`` is the error allowed over its whole life."""

    experiment: Experiment
    alpha: float = ALPHA


@dataclass(frozen=True, slots=True)
class VariantReport:
    """One creative: matured successes and trials, its rate, its probability of being the best (a
    report figure, no stop rule) and the rate given up if it is kept although another is better."""

    id: str
    successes: float
    trials: float
    rate: float
    probability_best: float
    expected_loss: float


@dataclass(frozen=True, slots=True)
class Lift:
    """Odds of the winner (or leader) over its closest rival, less 1: estimate and always-valid
    interval at the test's alpha. None where it has no bound yet."""

    over: str
    lift: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WinnerAnswer:
    """``winner`` is an id in the verdict "winner" only; ``leader`` leads, proven or not.

    ``always_valid_p`` belongs to the leader against its closest rival, all rivals allowed for.
    ``chi_square_p`` is for reports: it is not valid for a test that is looked at more than once.
    """

    verdict: Literal["winner", "good enough", "undecided"]
    winner: str | None
    leader: str | None
    variants: tuple[VariantReport, ...]
    always_valid_p: float
    chi_square_p: float | None
    expected: Lift | None
    reason: str
    confidence: float


def log_evidence(
    successes: ArrayLike,
    trials: ArrayLike,
    widened: ArrayLike = 1.0,
    effect: float = EFFECT,
) -> tuple[Floats, NDArray[np.int64]]:
    """Evidence that each arm beats all others: (..., arms) log likelihood ratios against its
    closest rival, -inf where it does not lead that rival, and that rival's index.

    Args:
        successes: (..., arms); arms without any have no evidence.
        trials: The same shape, effective trials.
        widened: (...,) factor on the variance, from ``variants.scatter``.
        effect: Standard deviation of the log-odds differences looked for.
    """
    s = np.asarray(successes, np.float64)
    f = np.asarray(trials, np.float64) - s
    usable = (s > 0) & (f > 0)
    s, f = np.where(usable, s, 1.0), np.where(usable, f, 1.0)
    factor = np.asarray(widened, np.float64)[..., None]
    odds, variance = np.log(s / f), factor * (1.0 / s + 1.0 / f)
    d = odds[..., :, None] - odds[..., None, :]
    v = variance[..., :, None] + variance[..., None, :]
    t = effect * effect
    ratio = 0.5 * np.log(v / (v + t)) + t * d * d / (2.0 * v * (v + t))
    both = usable[..., :, None] & usable[..., None, :]
    ratio = np.where(both & (d > 0), ratio, -np.inf)
    itself = np.eye(s.shape[-1], dtype=np.bool_)
    ratio = np.where(itself, np.inf, ratio)
    return ratio.min(axis=-1), ratio.argmin(axis=-1)


def decide(inputs: WinnerInputs) -> WinnerAnswer:
    """Name a winner, or say that there is none yet. Figures that make no sense are undecided."""
    experiment = inputs.experiment
    problem = unsound(experiment)
    if problem is None and len(experiment.variants) < 2:
        problem = "one creative is no test"
    if problem is None and not 1e-6 <= inputs.alpha <= 0.5:
        problem = "the allowed error makes no sense"
    if problem is not None:
        return WinnerAnswer("undecided", None, None, (), 1.0, None, None, problem, 0.5)
    sums = counted(experiment)
    ids = [one.id for one in experiment.variants]
    widened = float(scatter(*by_day(experiment)))
    # Days that scatter beyond chance tell as much as fewer successes of as many fewer trials.
    s, n = sums.successes / widened, sums.trials / widened
    alpha0, beta0 = prior(s, n, experiment.history, USUAL_RATE[experiment.metric])
    alpha, beta = alpha0 + s, beta0 + n - s
    chances = best(alpha, beta)
    rates = alpha / (alpha + beta)
    losses = np.maximum(float(chances.highest) - rates, 0.0)
    reports = tuple(
        VariantReport(
            id=ids[k],
            successes=float(sums.successes[k]),
            trials=float(sums.trials[k]),
            rate=float(rates[k]),
            probability_best=round(float(chances.probability[k]), _DIGITS),
            expected_loss=round(float(losses[k]), 9),
        )
        for k in range(len(ids))
    )
    evidence, closest = log_evidence(sums.successes, sums.trials, widened)
    leader = int(np.argmax(np.where(np.isfinite(evidence), evidence, -1e300) + 1e-12 * rates))
    if not np.isfinite(evidence[leader]):
        leader = int(np.argmax(rates))
    rivals = len(ids) - 1
    p = min(1.0, rivals * math.exp(-min(max(float(evidence[leader]), 0.0), 700.0)))
    lift = _lift(
        ids, leader, int(closest[leader]), sums.successes, sums.trials, widened, inputs.alpha
    )
    missing = _missing(
        float(sums.impressions.min()), float(sums.days.min()), float(sums.successes.min())
    )
    verdict: Literal["winner", "good enough", "undecided"] = "undecided"
    lead = reports[leader]
    facts = (
        f"{lead.id} leads with {lead.rate:.2%} and probability {lead.probability_best:.0%} "
        f"of being the best"
    )
    if missing is not None:
        reason = f"undecided: {missing}; {facts}"
    elif p <= inputs.alpha:
        verdict = "winner"
        reason = (
            f"{lead.id} beats every rival at any number of looks (p {p:.4f}, allowed "
            f"{inputs.alpha:.2f}): {facts}"
        )
    elif lead.expected_loss <= GOOD_ENOUGH * lead.rate:
        verdict = "good enough"
        reason = (
            f"no winner (p {p:.2f}), but keeping {lead.id} gives up only "
            f"{lead.expected_loss / lead.rate:.1%} of its rate; {facts}"
        )
    else:
        reason = f"undecided: p {p:.2f}, allowed {inputs.alpha:.2f}; {facts}"
    return WinnerAnswer(
        verdict=verdict,
        winner=lead.id if verdict == "winner" else None,
        leader=lead.id,
        variants=reports,
        always_valid_p=round(p, 9),
        chi_square_p=chi_square_p(sums.successes, sums.trials),
        expected=lift,
        reason=reason,
        confidence=round(min(max(1.0 - p, 0.5), 0.999), _DIGITS),
    )


def chi_square_p(successes: ArrayLike, trials: ArrayLike) -> float | None:
    """p-value of equal rates by Pearson's chi-square on (arms,) counts, None where undefined."""
    s = np.asarray(successes, np.float64)
    n = np.asarray(trials, np.float64)
    arms = n.size
    if arms < 2 or not np.all(n > 0) or not 0 < s.sum() < n.sum():
        return None
    pooled = float(s.sum() / n.sum())
    statistic = float(((s - n * pooled) ** 2 / (n * pooled * (1.0 - pooled))).sum())
    return _chi_square_tail(statistic, arms - 1)


def _chi_square_tail(x: float, degrees: int) -> float:
    """Upper tail for whole degrees of freedom (Abramowitz & Stegun 26.4.4, 26.4.5)."""
    half = x / 2.0
    if half > 700.0:
        return 0.0
    if degrees % 2:
        total = math.erfc(math.sqrt(half))
        term = math.exp(-half) * math.sqrt(half) / (math.sqrt(math.pi) / 2.0)
        for k in range(1, (degrees + 1) // 2):
            total += term
            term *= half / (k + 0.5)
        return min(1.0, total)
    total = term = math.exp(-half)
    for k in range(1, degrees // 2):
        term *= half / k
        total += term
    return min(1.0, total)


def _lift(
    ids: list[str],
    leader: int,
    rival: int,
    successes: Floats,
    trials: Floats,
    widened: float,
    alpha: float,
) -> Lift | None:
    """The always-valid interval: all differences that the test would not reject."""
    if leader == rival:
        return None
    pair = [leader, rival]
    s, f = successes[pair], trials[pair] - successes[pair]
    if not (np.all(s > 0) and np.all(f > 0)):
        return None
    d = float(math.log(s[0] / f[0]) - math.log(s[1] / f[1]))
    v = widened * float((1.0 / s + 1.0 / f).sum())
    t = EFFECT * EFFECT
    needed = math.log((len(ids) - 1) / alpha) + 0.5 * math.log((v + t) / v)
    half = math.sqrt(2.0 * v * (v + t) / t * needed)
    return Lift(ids[rival], *(math.expm1(min(x, 50.0)) for x in (d, d - half, d + half)))


def _missing(impressions: float, days: float, successes: float) -> str | None:
    if impressions < ENOUGH_IMPRESSIONS:
        return f"a creative has {impressions:,.0f} of {ENOUGH_IMPRESSIONS:,} impressions"
    if days < ENOUGH_DAYS:
        return f"a creative has run {days:.1f} of {ENOUGH_DAYS:.0f} days"
    if successes < ENOUGH_SUCCESSES:
        return f"a creative has {successes:.0f} of {ENOUGH_SUCCESSES} successes"
    return None
