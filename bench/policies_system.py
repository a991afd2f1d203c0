"""The whole system against a plan left alone, on the same markets: paired, trial by trial.

Every trial draws its own market; it is flown twice on it, once with all policies and once with
none (``Optimisation(enabled=False)``), both under the same safety rules. So the difference of a
pair is the policies' alone.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads only get in the way

import numpy as np

from bench.policies_estimate import Estimate, estimate
from models.contract.campaign import MediaPlan
from models.contract.limits import SANDBOX_LIMITS
from models.contract.money import Money
from models.contract.optimisation import Optimisation
from models.contract.vocabulary import Autonomy, Objective, Platform
from starter.rehearsal.trial_flight import Outcomes, fly

_START = datetime(2026, 1, 5, tzinfo=UTC)
_LIMITS = SANDBOX_LIMITS.model_copy(
    update={"autonomy": Autonomy.FULL_AUTO, "ask_first_activation": False}
)
_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class SystemResult:
    """With policies against without, 95 % intervals. ``roas``: difference of revenue per spend over
    all campaigns together; ``value``: of revenue less spend, in units a campaign; ``spend``: ratio
    of the spends."""

    pairs: int
    days: int
    roas: Estimate
    roas_ours: float
    roas_static: float
    value: Estimate
    spend: float


def measure(pairs: int = 60, days: int = 30, seed: int = 0) -> SystemResult:
    """Fly every market twice.

    Args:
        pairs: Markets.
        days: Length of each flight.
        seed: Of the first market.
    """
    plan = MediaPlan(
        name="system",
        destination_url="https://journal.example/",
        objective=Objective.PURCHASES,
        daily_budget=Money.of(60),
        variants=4,
    )
    static = plan.model_copy(update={"optimisation": Optimisation(enabled=False)})
    ours, left = (_flown(one, pairs, days, seed) for one in (plan, static))
    return SystemResult(
        pairs=pairs,
        days=days,
        roas=_pooled(ours, left),
        roas_ours=float(ours.revenue.sum() / ours.spend.sum()),
        roas_static=float(left.revenue.sum() / left.spend.sum()),
        value=estimate(((ours.revenue - ours.spend - left.revenue + left.spend) / 1e6).tolist()),
        spend=float(ours.spend.sum() / left.spend.sum()),
    )


def _pooled(ours: Outcomes, left: Outcomes) -> Estimate:
    """Difference of the portfolios' returns; the interval by resampling whole pairs."""
    rng = np.random.default_rng(0)
    many = len(ours.spend)
    picks = rng.integers(0, many, (_RESAMPLES, many))

    def returned(flown: Outcomes, which: np.ndarray) -> np.ndarray:
        return flown.revenue[which].sum(axis=-1) / flown.spend[which].sum(axis=-1)

    found = returned(ours, picks) - returned(left, picks)
    whole = np.arange(many)
    low, high = np.quantile(found, (0.025, 0.975))
    return Estimate(float(returned(ours, whole) - returned(left, whole)), float(low), float(high))


def _flown(plan: MediaPlan, pairs: int, days: int, seed: int) -> Outcomes:
    _, outcomes = fly(
        plan, Platform.META, _START, days=days, trials=pairs, seed=seed, limits=_LIMITS
    )
    return outcomes


if __name__ == "__main__":
    print(measure())
