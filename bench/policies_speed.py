"""How fast the experiment policies decide: exact probabilities of being best against draws.

Processor seconds of one core throughout, so that other work on the machine changes little.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.experiments_market import wearing
from market.noise import stream
from policy import allocation, fatigue, maturity, winner
from policy.best_arm import probability_best
from policy.maturity import arrived_over
from policy.variants import Experiment, Variant

Floats = NDArray[np.float64]
T = TypeVar("T")

ARMS: Final = 8
TARGET: Final = 1_000.0
"""Campaigns of eight creatives per core-second; 10,000 is aimed at."""
ACCURACY: Final = 1e-4
KINDS: Final = ("alike", "usual", "unequal", "extreme", "nested", "rare", "hardly anything")
_DRAWS: Final = 100_000
_MABWISER_DRAWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rival:
    """Another way to the same figure: campaigns per core-second with so many draws, its largest
    error on them, and how many times faster quadrature is."""

    name: str
    draws: int
    per_second: float
    error: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Speed:
    """Campaigns x 8 per core-second: the mix of all posteriors, each kind alone (the slowest
    counts), and the largest error against a grid a thousand times finer."""

    target: float
    met: bool
    per_second: float
    slowest_kind: str
    slowest_per_second: float
    error: float
    accuracy: float
    sum_error: float
    rivals: tuple[Rival, ...]


def posteriors(kind: str, campaigns: int, seed: int = 0) -> tuple[Floats, Floats]:
    """(campaigns, 8) Beta parameters, in the ways posteriors can be awkward."""
    rng = stream(seed, "posteriors", kind)
    shape = (campaigns, ARMS)
    scatter: Floats = rng.standard_normal(shape)
    even = np.full(shape, 1.0)
    nested = 10.0 ** np.arange(ARMS) * even
    trials, rates = {
        "alike": lambda: (2_000 * even, 0.02 * np.exp(0.1 * scatter)),
        "usual": lambda: (
            10 ** rng.uniform(2, 4.5, (campaigns, 1)) * np.exp(0.5 * rng.standard_normal(shape)),
            0.02 * np.exp(0.3 * scatter),
        ),
        "unequal": lambda: (10 ** rng.uniform(0, 6, shape), 0.02 * np.exp(0.2 * scatter)),
        "extreme": lambda: (10 ** rng.uniform(-1, 7, shape), 10 ** rng.uniform(-4, -0.05, shape)),
        "nested": lambda: (nested, 0.01 * even),
        "rare": lambda: (1e6 * even, 1e-4 * np.exp(0.05 * scatter)),
        "hardly anything": lambda: (
            10 ** rng.uniform(-2, 2, shape),
            10 ** rng.uniform(-3, -0.01, shape),
        ),
    }[kind]()
    return trials * rates + 0.05, trials * (1 - rates) + 0.05


def fine_probability_best(alpha: Floats, beta: Floats) -> Floats:
    """P(best) of one campaign (arms,) by trapezoids on some 100,000 points in log-odds; shares
    nothing with the policy but the question."""
    mode, scale = np.log(alpha / beta), np.sqrt(1 / alpha + 1 / beta)
    low = max(float((mode - 9 * scale - 25 / alpha).max()), -700.0)
    high = min(float((mode + 9 * scale + 25 / beta).max()), 700.0)
    points = [np.linspace(low, high, 60_001)]
    for middle, spread in zip(mode.tolist(), scale.tolist(), strict=True):
        if middle + 9 * spread > low:
            near = max(low, middle - 9 * spread), min(high, middle + 9 * spread)
            points.append(np.linspace(*near, 6_001))
    y = np.unique(np.concatenate(points))
    log_rate = -np.logaddexp(0.0, -y)
    density: list[Floats] = []
    reached: list[Floats] = []
    for a, b in zip(alpha.tolist(), beta.tolist(), strict=True):
        constant = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        f = np.exp((a + b) * log_rate - b * y + constant)
        piece = np.diff(y) * (f[1:] + f[:-1]) / 2
        above = np.concatenate([np.cumsum(piece[::-1])[::-1], [0.0]])
        density.append(f)
        reached.append(1.0 - above)
    found: list[float] = []
    for k, f in enumerate(density):
        others = [one for j, one in enumerate(reached) if j != k]
        found.append(float(np.trapezoid(f * np.prod(others, axis=0), y)))
    return np.array(found)


def probability_best_speed(campaigns: int = 2_000, checked: int = 4, seed: int = 0) -> Speed:
    """Quadrature against numpy draws and mabwiser, with the accuracy each reaches.

    Target: at least 1,000 campaigns x 8 per core-second within 1e-4 of the fine grid.
    """
    kinds = {kind: posteriors(kind, campaigns, seed) for kind in KINDS}
    speeds: dict[str, float] = {}
    error = sum_error = 0.0
    for kind, (alpha, beta) in kinds.items():
        seconds, found = _timed(lambda a=alpha, b=beta: probability_best(a, b))
        speeds[kind] = campaigns / seconds
        sum_error = max(sum_error, float(np.abs(found.sum(axis=1) - 1).max()))
        for k in range(checked):
            fine = fine_probability_best(alpha[k], beta[k])
            error = max(error, float(np.abs(found[k] - fine).max()))
    every = [np.concatenate([kinds[kind][side] for kind in KINDS]) for side in (0, 1)]
    seconds, _ = _timed(lambda: probability_best(*every))
    overall = len(every[0]) / seconds
    slowest = min(speeds, key=speeds.__getitem__)
    usual = kinds["usual"]
    rivals = tuple(
        Rival(name, draws, rate, wrong, overall / rate)
        for name, draws, rate, wrong in (_numpy_draws(*usual, seed), _mabwiser(*usual, seed))
    )
    return Speed(
        target=TARGET,
        met=speeds[slowest] >= TARGET and error <= ACCURACY,
        per_second=overall,
        slowest_kind=slowest,
        slowest_per_second=speeds[slowest],
        error=error,
        accuracy=ACCURACY,
        sum_error=sum_error,
        rivals=rivals,
    )


def decide_microseconds() -> Mapping[str, float]:
    """Processor microseconds of one decision on a usual case, by policy.

    Five creatives over 14 days in hourly buckets, or 40 days of one creative.
    """
    test = _experiment()
    worn = wearing(0, 0, 40)
    tired = fatigue.FatigueInputs(
        worn.impressions, worn.clicks, worn.reach, worn.others_impressions, worn.others_clicks
    )
    ages = np.arange(1, 169) * 3_600.0
    cohorts = 500 * np.tile(maturity.arrived(ages), (7, 1))
    cases: dict[str, Callable[[], object]] = {
        allocation.NAME: lambda: allocation.decide(allocation.AllocationInputs(test)),
        winner.NAME: lambda: winner.decide(winner.WinnerInputs(test)),
        fatigue.NAME: lambda: fatigue.decide(tired),
        maturity.NAME: lambda: maturity.fit(ages, cohorts),
    }
    return {name: _timed(case, rounds=10)[0] * 1e6 for name, case in cases.items()}


def _experiment() -> Experiment:
    rng = stream(0, "speed")
    hours = 14 * 24
    ages = 3_600.0 * (np.arange(hours)[::-1] + 0.5)
    ripe = arrived_over(ages, 3_600.0)
    variants: list[Variant] = []
    for k, rate in enumerate((0.02, 0.022, 0.025, 0.018, 0.03)):
        shown = rng.poisson(800, hours)
        clicked = rng.binomial(shown, 0.02)
        bought = rng.binomial(clicked, rate * ripe)
        rows = [tuple(map(float, row)) for row in (shown, clicked, bought)]
        variants.append(Variant(f"creative {k}", rows[0], rows[1], rows[2]))
    return Experiment("conversions_per_click", tuple(ages.tolist()), 3_600.0, tuple(variants))


def _numpy_draws(alpha: Floats, beta: Floats, seed: int) -> tuple[str, int, float, float]:
    campaigns = 4
    rng = np.random.default_rng(seed)

    def draw() -> Floats:
        return np.array(
            [
                np.bincount(
                    rng.beta(alpha[k], beta[k], (_DRAWS, ARMS)).argmax(axis=1), minlength=ARMS
                )
                / _DRAWS
                for k in range(campaigns)
            ]
        )

    seconds, found = _timed(draw, rounds=1)
    exact = probability_best(alpha[:campaigns], beta[:campaigns])
    return "numpy draws", _DRAWS, campaigns / seconds, float(np.abs(found - exact).max())


def _mabwiser(alpha: Floats, beta: Floats, seed: int) -> tuple[str, int, float, float]:
    """Its Thompson sampler, fitted to the same counts (its own prior is Beta(1, 1)); only the
    draws are timed."""
    from mabwiser.mab import MAB, LearningPolicy  # pyright: ignore

    arms = np.arange(ARMS)
    won = np.rint(alpha[0]).astype(np.int64)
    lost = np.rint(beta[0]).astype(np.int64)
    learner: Any = MAB(arms.tolist(), LearningPolicy.ThompsonSampling(), seed=seed)
    learner.fit(
        np.concatenate([np.repeat(arms, won), np.repeat(arms, lost)]),
        np.concatenate([np.ones(int(won.sum())), np.zeros(int(lost.sum()))]),
    )

    def draw() -> Floats:
        picks = [int(learner.predict()) for _ in range(_MABWISER_DRAWS)]
        return np.bincount(picks, minlength=ARMS) / _MABWISER_DRAWS

    seconds, found = _timed(draw, rounds=1)
    exact = probability_best(won + 1.0, lost + 1.0)
    return "mabwiser", _MABWISER_DRAWS, 1.0 / seconds, float(np.abs(found - exact).max())


def _timed(work: Callable[[], T], rounds: int = 3) -> tuple[float, T]:
    """Processor seconds of the fastest of some rounds, and what was made."""
    best, made = math.inf, work()
    for _ in range(rounds):
        started = time.process_time()
        made = work()
        best = min(best, time.process_time() - started)
    return best, made
