"""Which creative gets which share of a fixed budget: its probability of being the best one.

Thompson sampling allocates in proportion to P(best); here that is computed by quadrature instead
of drawn, once a reporting interval, so the same figures give the same shares. Young clicks count
by their maturity, old evidence fades, and every creative keeps a floor. Networks that rotate the
ads of a group by themselves leave one lever, pausing and activating single ads: ``rest`` and
``wake`` say which.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policy.best_arm import probability_best
from policy.variants import (
    ENOUGH_DAYS,
    ENOUGH_IMPRESSIONS,
    USUAL_RATE,
    Counted,
    Experiment,
    by_day,
    counted,
    interval,
    prior,
    scatter,
    unsound,
)

NAME = "allocation-probability-best"
VERSION = "1"

EXPLORE = 0.05
"""Share of the budget that is always split equally."""
HALF_LIFE_DAYS = 14.0
"""Age at which evidence counts half: audiences and competition change within weeks."""
REST_BELOW = 0.05
"""Probability of being best below which a creative rests…"""
WAKE_ABOVE = 0.15
"""…and above which a resting one comes back; apart, so that none flickers."""
MATURE = 0.6
"""Share of the conversions due from a creative's clicks that must have arrived before it rests:
more than a day's clicks have at its end (0.56 by the usual delays), less than three days' have."""
_DIGITS = 6
"""Shares and probabilities are stated to so many digits, beyond which processors may differ."""

__all__ = ["AllocationAnswer", "AllocationInputs", "VariantShare", "decide", "probability_best"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AllocationInputs:
    """A test as it is now; ``half_life_days`` of its evidence (7 to 14 is usual)."""

    experiment: Experiment
    half_life_days: float = HALF_LIFE_DAYS


@dataclass(frozen=True, slots=True)
class VariantShare:
    """One creative: its share of the budget (0 while it rests), its probability of being the best,
    and its rate with 95 % interval from the posterior Beta(alpha, beta)."""

    id: str
    share: float
    probability_best: float
    rate: float
    low: float
    high: float
    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class Expected:
    """Successes per trial expected under these shares (95 % interval), and under equal ones."""

    rate: float
    low: float
    high: float
    equal_split: float


@dataclass(frozen=True, slots=True)
class AllocationAnswer:
    """``explore``: equal shares, too early to tell. ``allocate``: by P(best). ``hold``: change
    nothing. Shares sum to 1 over the creatives that run; ``rest`` and ``wake`` are ids."""

    action: Literal["hold", "explore", "allocate"]
    shares: tuple[VariantShare, ...]
    rest: tuple[str, ...]
    wake: tuple[str, ...]
    reason: str
    confidence: float
    expected: Expected | None = None


def decide(inputs: AllocationInputs) -> AllocationAnswer:
    """Shares of a fixed budget. Figures that make no sense hold; the total is never raised."""
    experiment = inputs.experiment
    problem = unsound(experiment)
    if problem is not None:
        return AllocationAnswer("hold", (), (), (), f"{problem}; nothing is changed", 0.5)
    sums = counted(experiment, inputs.half_life_days)
    # Days that scatter beyond chance tell as much as fewer successes of as many fewer trials.
    widened = float(scatter(*by_day(experiment)))
    successes, trials = sums.successes / widened, sums.trials / widened
    alpha0, beta0 = prior(successes, trials, experiment.history, USUAL_RATE[experiment.metric])
    alpha, beta = alpha0 + successes, beta0 + trials - successes
    chances = np.round(probability_best(alpha, beta), _DIGITS)
    leader = int(np.argmax(chances))
    resting = np.array([one.resting for one in experiment.variants])
    early = sums.impressions < ENOUGH_IMPRESSIONS
    wake = resting & (chances > WAKE_ABOVE)
    if resting[leader] or np.all(resting):
        wake[leader] = True
    rest = _to_rest(chances, sums, resting, leader)
    running = (~resting | wake) & ~rest
    shares = _shares(np.where(running, chances, 0.0), running, early)
    ids = [one.id for one in experiment.variants]
    answer = tuple(
        VariantShare(
            id=ids[k],
            share=float(shares[k]),
            probability_best=float(chances[k]),
            rate=float(alpha[k] / (alpha[k] + beta[k])),
            low=interval(float(alpha[k]), float(beta[k]))[0],
            high=interval(float(alpha[k]), float(beta[k]))[1],
            alpha=float(alpha[k]),
            beta=float(beta[k]),
        )
        for k in range(len(ids))
    )
    waiting = int((early & running).sum())
    exploring = waiting == int(running.sum()) and waiting > 1
    return AllocationAnswer(
        action="explore" if exploring else "allocate",
        shares=answer,
        rest=tuple(ids[k] for k in np.flatnonzero(rest)),
        wake=tuple(ids[k] for k in np.flatnonzero(wake)),
        reason=_reason(answer, leader, exploring, waiting, rest, wake),
        confidence=0.5 if exploring else float(chances[leader]),
        expected=_expected(shares, alpha, beta),
    )


def _to_rest(
    chances: Floats, sums: Counted, resting: NDArray[np.bool_], leader: int
) -> NDArray[np.bool_]:
    """Creatives with next to no chance, seen long enough, as is the one that beats them."""
    judged = (
        (sums.impressions >= ENOUGH_IMPRESSIONS)
        & (sums.days >= ENOUGH_DAYS)
        & (sums.mature >= MATURE)
    )
    rest = judged & judged[leader] & (chances < REST_BELOW) & ~resting
    rest[leader] = False
    return rest


def _shares(chances: Floats, running: NDArray[np.bool_], early: NDArray[np.bool_]) -> Floats:
    """Equal shares for those not seen enough; the rest by P(best), with the floor."""
    many = int(running.sum())
    shares = np.where(running, 1.0 / many, 0.0)
    known = running & ~early
    total = float(chances[known].sum())
    if np.any(known) and total > 0:
        part = int(known.sum()) / many
        by_chance = (1.0 - EXPLORE) * chances / total + EXPLORE / int(known.sum())
        shares = np.where(known, part * by_chance, shares)
    shares = np.round(shares.astype(np.float64), _DIGITS)
    top = int(np.argmax(shares))
    shares[top] = 0.0
    shares[top] = round(1.0 - float(shares.sum()), _DIGITS)
    return shares


def _expected(shares: Floats, alpha: Floats, beta: Floats) -> Expected:
    total = alpha + beta
    mean = alpha / total
    sd = float(np.sqrt((shares**2 * mean * (1.0 - mean) / (total + 1.0)).sum()))
    rate = float((shares * mean).sum())
    return Expected(
        rate=rate,
        low=max(0.0, rate - 1.96 * sd),
        high=min(1.0, rate + 1.96 * sd),
        equal_split=float(mean.mean()),
    )


def _reason(
    shares: tuple[VariantShare, ...],
    leader: int,
    exploring: bool,
    waiting: int,
    rest: NDArray[np.bool_],
    wake: NDArray[np.bool_],
) -> str:
    if len(shares) == 1:
        return f"{shares[0].id} is the only creative and gets the whole budget"
    if exploring:
        return f"equal shares until each creative has {ENOUGH_IMPRESSIONS:,} impressions"
    best = shares[leader]
    words = (
        f"{best.id} is the best with probability {best.probability_best:.0%} "
        f"(rate {best.rate:.2%}, 95 % interval {best.low:.2%} to {best.high:.2%}) "
        f"and gets {best.share:.0%}"
    )
    for flags, verb in ((rest, "rests"), (wake, "comes back")):
        for k in np.flatnonzero(flags):
            one = shares[int(k)]
            words += f"; {one.id} {verb}, best with probability {one.probability_best:.1%}"
    if waiting:
        words += f"; {waiting} still below {ENOUGH_IMPRESSIONS:,} impressions keep equal shares"
    return words
