"""Winners of creative tests: how often equals get one, how often better ones do."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.experiments_market import HOURS, delay_shares, hourly_clicks
from market.noise import stream
from policy import winner
from policy.allocation import probability_best
from policy.maturity import arrived_over
from policy.variants import ENOUGH_DAYS, ENOUGH_IMPRESSIONS, USUAL_RATE, scatter

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_GROUP: Final = 100
"""Tests that share one hidden pace of conversions, so that a thousand tests stay quick."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of ``of`` cases with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class FalseWinners:
    """Tests of equal creatives in which a winner was ever declared, looked at every hour.

    ``naive``: P(best) > 95 % with the same floors as ours; ``naive_without_floors``: from the first
    hour on. ``ours_wild_days``: when each creative's rate also scatters by 20 % from day to day.
    """

    target: float
    met: bool
    looks: int
    ours: Share
    ours_five_creatives: Share
    ours_wild_days: Share
    naive: Share
    naive_without_floors: Share


@dataclass(frozen=True, slots=True)
class Power:
    """Tests with one creative better by ``lift`` in which it was declared within 14 days, the days
    that took (median), and the wrong creative declared instead."""

    lift: float
    clicks_a_day: int
    ours: Share
    days: float | None
    wrong: Share
    once_at_the_end: Share


def false_winners(tests: int = 2_000, seed: int = 0) -> FalseWinners:
    """A/A tests of 14 days with a look every hour. Target: at most 5 % ever have a winner."""
    pairs = _runs(seed, tests, arms=2, lift=0.0)
    ours = share_of(_ever(pairs.declared()))
    five = share_of(_ever(_runs(seed, tests // 4, arms=5, lift=0.0).declared()))
    wild = share_of(_ever(_runs(seed, tests // 4, arms=2, lift=0.0, noise=0.2).declared()))
    alpha = 1.0 + pairs.successes
    chance = probability_best(alpha, 1.0 / USUAL_RATE["conversions_per_click"] + pairs.failures())
    sure = chance > 0.95
    return FalseWinners(
        target=winner.ALPHA,
        met=ours.high <= winner.ALPHA and five.high <= winner.ALPHA,
        looks=HOURS,
        ours=ours,
        ours_five_creatives=five,
        ours_wild_days=wild,
        naive=share_of(_ever(sure & pairs.floors()[:, :, None])),
        naive_without_floors=share_of(_ever(sure)),
    )


def power(
    tests: int = 1_000, lift: float = 0.30, clicks_a_day: int = 1_000, seed: int = 0
) -> Power:
    """A/B tests whose second creative converts better by ``lift``, ``clicks_a_day`` for each.

    Beside it what a single look after 14 days (two-sided z test at 5 %) would have found, which is
    the most that a test without looks in between can do.
    """
    runs = _runs(seed, tests, arms=2, lift=lift, clicks_a_day=clicks_a_day)
    declared = runs.declared()
    found = _ever(declared[:, :, 1:])
    first = declared[:, :, 1].argmax(axis=1)[found]
    s, f = runs.successes[:, -1], runs.failures()[:, -1]
    z = (np.log(s[:, 1] / f[:, 1]) - np.log(s[:, 0] / f[:, 0])) / np.sqrt(
        (1.0 / s + 1.0 / f).sum(axis=1)
    )
    return Power(
        lift=lift,
        clicks_a_day=clicks_a_day,
        ours=share_of(found),
        days=float(np.median(first + 1)) / 24.0 if found.any() else None,
        wrong=share_of(_ever(declared[:, :, :1])),
        once_at_the_end=share_of(z > 1.96),
    )


@dataclass(frozen=True, slots=True)
class _Runs:
    """Reported successes and effective trials (tests, looks, arms), impressions likewise, and how
    much the days scatter beyond chance (tests, looks)."""

    successes: Floats
    trials: Floats
    impressions: Floats
    scatter: Floats

    def failures(self) -> Floats:
        return np.maximum(self.trials - self.successes, 0.5)

    def floors(self) -> Flags:
        days = np.arange(1.0, self.successes.shape[1] + 1.0) / 24.0
        seen = self.impressions.min(axis=2) >= ENOUGH_IMPRESSIONS
        won = self.successes.min(axis=2) >= winner.ENOUGH_SUCCESSES
        return np.asarray(seen & won & (days >= ENOUGH_DAYS), np.bool_)

    def declared(self) -> Flags:
        """Whether each arm is declared the winner at each look, by the rule of ``winner``."""
        evidence, _ = winner.log_evidence(self.successes, self.trials, self.scatter)
        rivals = self.successes.shape[2] - 1
        return (evidence >= math.log(rivals / winner.ALPHA)) & self.floors()[:, :, None]


def _runs(
    seed: int,
    tests: int,
    *,
    arms: int,
    lift: float,
    clicks_a_day: int | None = None,
    noise: float = 0.0,
) -> _Runs:
    """Tests on hidden rates (1 to 4 %), traffic and paces of conversion; ``noise`` is the scatter
    (in logs) of each creative's own days.

    Conversions are thinned Poisson counts, so those that arrive in different hours are independent.
    """
    groups = [
        _group(seed, start, min(_GROUP, tests - start), arms, lift, clicks_a_day, noise)
        for start in range(0, tests, _GROUP)
    ]
    successes, trials, impressions, wild = (
        np.concatenate(part) for part in zip(*groups, strict=True)
    )
    return _Runs(successes, trials, impressions, wild)


def _group(
    seed: int,
    number: int,
    tests: int,
    arms: int,
    lift: float,
    clicks_a_day: int | None,
    noise: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    rng = stream(seed, "tests", arms, number)
    shape = (tests, 1, 1)
    rate = np.exp(rng.uniform(math.log(0.01), math.log(0.04), shape))
    rate = rate * np.where(np.arange(arms) == arms - 1, 1.0 + lift, 1.0)
    many = np.exp(rng.uniform(math.log(100.0), math.log(5_000.0), shape))
    daily = many if clicks_a_day is None else np.full(shape, float(clicks_a_day))
    hourly = hourly_clicks(1.0)[:, None] * daily
    expected = np.broadcast_to(hourly, (tests, HOURS, arms))
    clicks = np.asarray(rng.poisson(expected), np.float64)
    own = np.exp(noise * rng.standard_normal((tests, HOURS // 24, 1, arms)))
    pace = math.exp(0.4 * float(rng.standard_normal()))
    later = np.arange(HOURS)[:, None] - np.arange(HOURS)[None, :]
    past = later >= 0
    delays = np.where(past, delay_shares(HOURS, 1.0, pace)[np.maximum(later, 0)], 0.0)
    ripe = np.where(past, arrived_over((later + 0.5) * 3600.0, 3600.0), 0.0)
    # Reported by each look, by the day of the click.
    days = HOURS // 24
    by_day = clicks.reshape(tests, days, 24, arms)
    due = np.einsum("tdh,ndha->ntda", delays.reshape(HOURS, days, 24), by_day * own)
    fresh = np.asarray(rng.poisson(np.maximum(due * rate[:, :, None], 0.0)), np.float64)
    ripened = np.einsum("tdh,ndha->ntda", ripe.reshape(HOURS, days, 24), by_day)
    won = np.minimum(np.cumsum(fresh, axis=1), np.maximum(ripened, 0.0))
    trials = ripened.sum(axis=2)
    successes = np.minimum(won.sum(axis=2), np.maximum(trials - 0.5, 0.0))
    impressions = np.cumsum(clicks, axis=1) * 100.0
    return successes, trials, impressions, scatter(won, ripened)


def _ever(flags: Flags) -> Flags:
    """(tests,) of (tests, looks, arms)."""
    return np.asarray(flags.reshape(len(flags), -1).max(axis=1), np.bool_)


def share_of(flags: Flags) -> Share:
    """The share of True with its interval."""
    n = int(flags.size)
    if not n:
        return Share(0.0, 0.0, 1.0, 0)
    p, z = float(flags.mean()), 1.96
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Share(p, max(0.0, middle - half), min(1.0, middle + half), n)
