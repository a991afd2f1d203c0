"""Creative experiments: false winners, power, regret and fatigue, each beside the obvious rule.

Pure functions of their seeds. Policies were tuned on seeds from 1000 upwards; these report on
seeds from 0.
"""

import math
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench import policies_regret
from bench.experiments_market import wearing
from bench.policies_winners import Share, false_winners, power, share_of
from policy import fatigue

__all__ = ["false_winners", "fatigue_quality", "power", "regret"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learner:
    """Conversions lost per campaign, and as a share of an even split's (ratio of sums, with 95 %
    interval over seeds)."""

    name: str
    lost: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Regret:
    """Regret over the campaign. The Lai-Robbins figure is a bound for endless campaigns without
    delay: over two weeks it can lie above what anyone loses."""

    target: float
    met: bool
    seeds: int
    days: int
    learners: tuple[Learner, ...]
    lai_robbins: float


@dataclass(frozen=True, slots=True)
class Fatigue:
    """Rotations judged every day; right when the creative had by then lost more than 30 % of its
    best click rate (by the truth), so many days before (median, 10 % and 90 % quantiles)."""

    rule: str
    precision: Share
    recall: Share
    days_late: float | None
    days_10: float | None
    days_90: float | None


@dataclass(frozen=True, slots=True)
class FatigueQuality:
    """Our rule, the same without other creatives to compare with, and frequency > 3 alone."""

    creatives: int
    wore_out: int
    ours: Fatigue
    ours_alone: Fatigue
    frequency: Fatigue


def regret(seeds: int = 30, first: int = 0) -> Regret:
    """Five creatives over 14 days against an even split. Target: at most 60 % of its regret."""
    names = ("even split", "ours", "ours by rest and wake", "epsilon-greedy 0.1", "mabwiser")
    lost: dict[str, list[float]] = {name: [] for name in names}
    bound: list[float] = []
    for seed in range(first, first + seeds):
        truth = policies_regret.market(seed)
        splits: tuple[policies_regret.Split, ...] = (
            policies_regret.uniform,
            policies_regret.Ours(by_rest=False),
            policies_regret.Ours(by_rest=True),
            policies_regret.epsilon_greedy,
            policies_regret.MabwiserThompson(seed),
        )
        for name, split in zip(names, splits, strict=True):
            lost[name].append(policies_regret.run(seed, truth, split))
        bound.append(policies_regret.lai_robbins(truth))
    even = np.array(lost["even split"])
    learners = tuple(_learner(name, np.array(lost[name]), even) for name in names)
    return Regret(
        target=policies_regret.TARGET,
        met=max(one.high for one in learners[1:3]) <= policies_regret.TARGET,
        seeds=seeds,
        days=policies_regret.DAYS,
        learners=learners,
        lai_robbins=float(np.mean(bound)),
    )


def fatigue_quality(creatives: int = 200, days: int = 40, seed: int = 0) -> FatigueQuality:
    """Creatives that wear out and creatives that do not, judged every day of their flight."""
    crossed: list[int | None] = []
    found: dict[str, list[int | None]] = {"ours": [], "ours alone": [], "frequency > 3": []}
    for number in range(creatives):
        one = wearing(seed, number, days)
        crossed.append(one.crossed)
        seen = np.cumsum(one.impressions) / np.maximum(one.reach, 1.0)
        often = np.flatnonzero(seen > fatigue.FREQUENCY)
        start = int(often[0]) if often.size else days
        found["frequency > 3"].append(start if often.size else None)
        for name, trend in (("ours", True), ("ours alone", False)):
            rotated = None
            for day in range(start, days):
                upto = day + 1
                answer = fatigue.decide(
                    fatigue.FatigueInputs(
                        impressions=one.impressions[:upto],
                        clicks=one.clicks[:upto],
                        reach=one.reach[:upto],
                        others_impressions=one.others_impressions[:upto] if trend else (),
                        others_clicks=one.others_clicks[:upto] if trend else (),
                    )
                )
                if answer.action == "rotate":
                    rotated = day
                    break
            found[name].append(rotated)
    return FatigueQuality(
        creatives=creatives,
        wore_out=sum(day is not None for day in crossed),
        ours=_quality("ours", found["ours"], crossed),
        ours_alone=_quality("ours, without other creatives", found["ours alone"], crossed),
        frequency=_quality("frequency > 3", found["frequency > 3"], crossed),
    )


def _learner(name: str, lost: Floats, even: Floats) -> Learner:
    ratio = float(lost.sum() / even.sum())
    error = float(np.std(lost - ratio * even, ddof=1)) / math.sqrt(lost.size) / float(even.mean())
    return Learner(name, float(lost.mean()), ratio, ratio - 1.96 * error, ratio + 1.96 * error)


def _quality(rule: str, found: list[int | None], crossed: list[int | None]) -> Fatigue:
    pairs = list(zip(found, crossed, strict=True))
    # Rotated before its time is wrong, too.
    late = [at - since for at, since in pairs if at is not None and since is not None]
    late = [days for days in late if days >= 0]
    rotated = sum(at is not None for at in found)
    worn = sum(since is not None for since in crossed)
    return Fatigue(
        rule=rule,
        precision=share_of(np.arange(rotated) < len(late)),
        recall=share_of(np.arange(worn) < len(late)),
        days_late=float(median(late)) if late else None,
        days_10=float(np.quantile(late, 0.1)) if late else None,
        days_90=float(np.quantile(late, 0.9)) if late else None,
    )
