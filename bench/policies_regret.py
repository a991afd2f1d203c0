"""What learning costs: cumulative regret of creative allocation over a campaign of five creatives.

Rates, the clicks a day and the pace of conversions are drawn per seed and told to nobody. Every
reporting interval a policy sees the conversions reported so far and splits the next clicks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.experiments_market import delay_shares, hourly_clicks
from market.noise import stream
from policy import allocation
from policy.variants import Experiment, Variant

Floats = NDArray[np.float64]

ARMS: Final = 5
DAYS: Final = 14
INTERVAL: Final = 4
"""Hours between two reports, each followed by a decision."""
_SLOTS: Final = DAYS * 24 // INTERVAL
_EPSILON: Final = 0.1
TARGET: Final = 0.60


@dataclass(frozen=True, slots=True)
class Market:
    """True rates (arms,), expected clicks (slots,), delay shares (slots,), click rate."""

    rates: Floats
    clicks: Floats
    delays: Floats
    click_rate: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Reports at a slot: clicks and conversions by arm and slot of the click, (arms, slots so
    far); conversions that have not arrived are missing."""

    clicks: Floats
    conversions: Floats
    impressions: Floats


Split = Callable[[Seen], Floats]
"""Shares (arms,) of the next clicks, summing to 1."""


def market(seed: int) -> Market:
    """A campaign's truth: rates scatter by 35 % around a level between 1 % and 4 %."""
    rng = stream(seed, "regret")
    level = math.exp(rng.uniform(math.log(0.01), math.log(0.04)))
    rates = np.minimum(level * np.exp(0.35 * rng.standard_normal(ARMS)), 0.5)
    per_day = math.exp(rng.uniform(math.log(300.0), math.log(3_000.0)))
    by_slot = hourly_clicks(per_day, DAYS * 24).reshape(_SLOTS, INTERVAL).sum(axis=1)
    delays = delay_shares(_SLOTS, INTERVAL, math.exp(0.4 * float(rng.standard_normal())))
    return Market(rates, by_slot, delays, 0.01 * math.exp(0.3 * float(rng.standard_normal())))


def run(seed: int, truth: Market, split: Split) -> float:
    """Conversions lost against the best arm, in expectation over the clicks that were bought."""
    rng = stream(seed, "regret run")
    clicks = np.zeros((ARMS, _SLOTS))
    impressions = np.zeros((ARMS, _SLOTS))
    reported = np.zeros((ARMS, _SLOTS, _SLOTS))
    for slot in range(_SLOTS):
        arrived = np.minimum(reported[:, :slot, :slot].sum(axis=2), clicks[:, :slot])
        shares = split(Seen(clicks[:, :slot], arrived, impressions[:, :slot]))
        bought = rng.multinomial(int(rng.poisson(float(truth.clicks[slot]))), shares)
        clicks[:, slot] = bought
        impressions[:, slot] = bought + rng.poisson(bought / truth.click_rate)
        due = (truth.rates * bought)[:, None] * truth.delays[: _SLOTS - slot]
        reported[:, slot, slot:] = rng.poisson(due)
    lost = truth.rates.max() - truth.rates
    return float((clicks.sum(axis=1) * lost).sum())


def uniform(_: Seen) -> Floats:
    """Equal shares throughout."""
    return np.full(ARMS, 1.0 / ARMS)


def epsilon_greedy(seen: Seen) -> Floats:
    """The best rate so far, as reported, and a tenth of the clicks spread evenly."""
    rates = (seen.conversions.sum(axis=1) + 1e-9) / (seen.clicks.sum(axis=1) + 1e-6)
    if seen.conversions.sum() == 0:
        return uniform(seen)
    shares = np.full(ARMS, _EPSILON / ARMS)
    shares[int(np.argmax(rates))] += 1.0 - _EPSILON
    return shares


class MabwiserThompson:
    """mabwiser's Thompson sampling, told what has been reported; shares are those of its draws."""

    DRAWS: Final = 50

    def __init__(self, seed: int) -> None:
        from mabwiser.mab import MAB, LearningPolicy  # pyright: ignore

        self._learner: Any = MAB(list(range(ARMS)), LearningPolicy.ThompsonSampling(), seed=seed)
        self._begun = False

    def __call__(self, seen: Seen) -> Floats:
        """Refitted to the counts, since a failure of yesterday may be a conversion today."""
        won = np.rint(seen.conversions.sum(axis=1)).astype(np.int64)
        lost = np.rint(seen.clicks.sum(axis=1)).astype(np.int64) - won
        if not (won + lost).any():
            return uniform(seen)
        arms = np.arange(ARMS)
        decisions = np.concatenate([np.repeat(arms, won), np.repeat(arms, lost)])
        rewards = np.concatenate([np.ones(int(won.sum())), np.zeros(int(lost.sum()))])
        self._learner.fit(decisions, rewards)
        picks = [self._learner.predict() for _ in range(self.DRAWS)]
        return np.bincount(picks, minlength=ARMS) / self.DRAWS


class Ours:
    """Our allocation; by shares, or by its rest and wake alone under a network that rotates the
    running creatives evenly."""

    def __init__(self, *, by_rest: bool) -> None:
        self._by_rest = by_rest
        self._resting = np.zeros(ARMS, np.bool_)

    def __call__(self, seen: Seen) -> Floats:
        """One decision."""
        slots = seen.clicks.shape[1]
        if not slots:
            return uniform(seen)
        width = INTERVAL * 3600.0
        variants = tuple(
            Variant(
                id=str(arm),
                impressions=_row(seen.impressions[arm]),
                clicks=_row(seen.clicks[arm]),
                conversions=_row(seen.conversions[arm]),
                resting=bool(self._resting[arm]) and self._by_rest,
            )
            for arm in range(ARMS)
        )
        ages = tuple(width * (slots - slot - 0.5) for slot in range(slots))
        answer = allocation.decide(
            allocation.AllocationInputs(
                Experiment("conversions_per_click", ages, width, variants),
            )
        )
        if not self._by_rest:
            shares = np.array([one.share for one in answer.shares])
            return shares / shares.sum()
        for one in answer.rest:
            self._resting[int(one)] = True
        for one in answer.wake:
            self._resting[int(one)] = False
        running = ~self._resting
        return running / running.sum()


def lai_robbins(truth: Market) -> float:
    """The asymptotic lower bound: log T times the sum of gap / KL over the worse arms."""
    best = float(truth.rates.max())
    total = 0.0
    for rate in truth.rates.tolist():
        if rate < best:
            divergence = rate * math.log(rate / best) + (1 - rate) * math.log(
                (1 - rate) / (1 - best)
            )
            total += (best - rate) / divergence
    return math.log(float(truth.clicks.sum())) * total


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())
