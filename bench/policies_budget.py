"""How good the budget policies are: reallocation, saturation curves, decision scores.

    python -m bench.policies_budget

Each figure stands beside its target and what an obvious rule does on the very same markets, whose
parameters no policy knows. Deterministic for its seeds; one process; no network.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.policies_budget_market import FLOOR, Response, Team, response, team
from policy import reallocation as moving
from policy import saturation as curves
from policy import scoring as scores
from policy.curve import marginal_at, value_at

Floats = NDArray[np.float64]
_MICROS = 1e6


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: its mean over the seeds with a 95 % interval, its target, what stands beside.

    ``target`` is a pair of bounds (None: open); ``beside`` other rules' figures by name.
    """

    name: str
    value: float
    low: float
    high: float
    seeds: int
    target: tuple[float | None, float | None] = (None, None)
    beside: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def met(self) -> bool:
        """Whether the mean lies within the target."""
        low, high = self.target
        return (low is None or self.value >= low) and (high is None or self.value <= high)


def _mean(
    name: str,
    values: list[float],
    target: tuple[float | None, float | None] = (None, None),
    beside: dict[str, float] | None = None,
) -> Measured:
    array = np.array(values)
    half = 1.96 * float(array.std(ddof=1)) / math.sqrt(len(array)) if len(array) > 1 else math.inf
    middle = float(array.mean())
    return Measured(name, middle, middle - half, middle + half, len(array), target, beside or {})


# -- reallocation -------------------------------------------------------------------------------

_SMALL = "policy, teams a third as large"
Rule = Callable[[Team, Floats, int], Floats]


def reallocation(
    seeds: Iterable[int] = range(60), weeks: int = 12, last: int = 4
) -> tuple[Measured, ...]:
    """Value relative to the clairvoyant optimum: in the last weeks, and over all of them.

    Beside them the other rules on the same markets, and the policy for teams a third as large,
    whose curves stay uncertain for longer because they have fewer conversions to learn from.
    """
    rules: dict[str, Rule] = {
        "policy": _policy(moving.EXPLORATION),
        "policy without exploration": _policy(0.0),
        "equal split": lambda _, budgets, __: budgets,
        "20 % from worst to best ROAS": _worst_to_best,
    }
    ends: dict[str, list[float]] = {name: [] for name in rules}
    wholes: dict[str, list[float]] = {name: [] for name in rules}
    for seed in seeds:
        for name, rule in rules.items():
            by_week = _play(seed, rule, weeks)
            ends[name].append(sum(by_week[-last:]) / last)
            wholes[name].append(sum(by_week) / weeks)
        by_week = _play(seed, rules["policy"], weeks, per_channel=150.0)
        ends.setdefault(_SMALL, []).append(sum(by_week[-last:]) / last)
        wholes.setdefault(_SMALL, []).append(sum(by_week) / weeks)
    found: list[Measured] = []
    for title, table, target in (
        (f"reallocation, last {last} of {weeks} weeks", ends, 0.98),
        (f"reallocation, all {weeks} weeks from an equal split", wholes, None),
    ):
        beside = {name: float(np.mean(table[name])) for name in table if name != "policy"}
        found.append(_mean(title, table["policy"], (target, None), beside))
    return tuple(found)


def _play(seed: int, rule: Rule, weeks: int, per_channel: float = 500.0) -> list[float]:
    """Expected value over the optimum's by week; two weeks of an equal split come before."""
    market, total = team(seed, per_channel)
    n = len(market.responses)
    budgets = np.full(n, math.floor(total / n * 100) / 100)
    total = float(budgets.sum())
    best = market.worth(market.optimum(total))
    market.live(budgets, 14)
    values: list[float] = []
    for week in range(weeks):
        budgets = rule(market, budgets, week)
        assert budgets.sum() <= total + 1e-6
        values.append(market.worth(budgets) / best)
        market.live(budgets, 7)
    return values


def _policy(exploration: float) -> Rule:
    def rule(market: Team, budgets: Floats, week: int) -> Floats:
        spends, counts, values, share = market.seen()
        matured = share >= 0.9
        channels = tuple(
            moving.Channel(
                f"channel {n}",
                round(float(budgets[n]) * _MICROS),
                tuple(
                    curves.SpendDay(
                        float(spends[d, n]) * _MICROS, float(values[d, n]) * _MICROS,
                        float(share[d]), d,
                    )
                    for d in range(len(spends))
                ),
                float(counts[matured, n].sum()),
                round(FLOOR * _MICROS),
            )
            for n in range(len(budgets))
        )  # fmt: skip
        answer = moving.decide(
            moving.ReallocationInputs("USD", channels, week, exploration=exploration)
        )
        return np.array([one.proposed / _MICROS for one in answer.allocations])

    return rule


def _worst_to_best(market: Team, budgets: Floats, _: int) -> Floats:
    """The obvious rule: a fifth of the worst average ROAS's budget to the best's, weekly."""
    spends, _counts, values, share = market.seen()
    roas = values[-7:].sum(axis=0) / (spends[-7:] * share[-7:, None]).sum(axis=0)
    worst, best = int(roas.argmin()), int(roas.argmax())
    moved = min(0.2 * budgets[worst], budgets[worst] - FLOOR)
    out = budgets.copy()
    out[worst] -= moved
    out[best] += moved
    return out


# -- saturation ---------------------------------------------------------------------------------


def saturation(seeds: Iterable[int] = range(300)) -> tuple[Measured, ...]:
    """Error of the curve inside the observed range, coverage of its 80 % intervals.

    Beside the error: the same points by a straight line through the origin (average ROAS). The
    responses are of several families, most of which the policy's curve is not.
    """
    errors: list[float] = []
    lines: list[float] = []
    value_hits: list[float] = []
    marginal_hits: list[float] = []
    refused_narrow: list[float] = []
    answered_wide: list[float] = []
    for seed in seeds:
        rng = np.random.default_rng((seed, 43))
        truth = response(rng, 100.0)
        days = int(rng.integers(21, 61))
        spread = float(rng.uniform(2.0, 6.0))
        answer = curves.decide(_history(rng, truth, days, spread))
        narrow = curves.decide(_history(rng, truth, days, 1.3))
        refused_narrow.append(float(not narrow.identified))
        answered_wide.append(float(answer.identified))
        if answer.curve is None or not answer.identified:
            continue
        points = np.geomspace(answer.curve.low, answer.curve.high, 7)
        roas = float(truth.value(np.array([100.0]))[0]) / 100.0
        by_point: list[tuple[float, float, float, float]] = []
        for at in points:
            value, marginal = value_at(answer.curve, at), marginal_at(answer.curve, at)
            assert value is not None
            assert marginal is not None
            true = float(truth.value(np.array([at / _MICROS]))[0]) * _MICROS
            slope = truth.marginal(at / _MICROS)
            by_point.append(
                (
                    abs(value.value / true - 1),
                    abs(roas * at / true - 1),
                    float(value.low <= true <= value.high),
                    float(marginal.low <= slope <= marginal.high),
                )
            )
        # Points of one curve are alike: the seed is the unit of the interval.
        means = np.array(by_point).mean(axis=0)
        for table, mean in zip((errors, lines, value_hits, marginal_hits), means, strict=True):
            table.append(float(mean))
    return (
        _mean("saturation: relative error of value inside the range", errors, (None, 0.10),
              {"average ROAS": float(np.mean(lines))}),
        _mean("saturation: coverage of 80 % intervals of value", value_hits, (0.72, 0.88)),
        _mean("saturation: coverage of 80 % intervals of marginal return", marginal_hits,
              (0.72, 0.88)),
        _mean("saturation: narrow ranges refused", refused_narrow, (0.95, None)),
        _mean("saturation: wide ranges answered", answered_wide),
    )  # fmt: skip


def _history(
    rng: np.random.Generator, truth: Response, days: int, spread: float
) -> curves.SaturationInputs:
    """Days with budgets that wandered over ``spread`` times, with noise, AR demand, counts."""
    levels = np.repeat(rng.uniform(-0.5, 0.5, days // 3 + 1), 3)[:days]
    spends = 100.0 * spread**levels
    demand, noise = 0.0, float(rng.uniform(0.1, 0.3))
    order = math.exp(rng.normal(math.log(30), 0.4))
    values: list[float] = []
    for spend in spends:
        demand = 0.6 * demand + float(rng.normal(0, 0.06))
        mean = float(truth.value(np.array([spend]))[0]) * math.exp(
            demand + float(rng.normal(-(noise**2) / 2, noise))
        )
        values.append(float(rng.poisson(mean / order)) * order)
    return curves.SaturationInputs(
        "USD",
        tuple(
            curves.SpendDay(float(spend) * _MICROS, value * _MICROS)
            for spend, value in zip(spends, values, strict=True)
        ),
        target_roas=2.0,
    )


# -- scoring ------------------------------------------------------------------------------------


def scoring(seeds: Iterable[int] = range(1500)) -> tuple[Measured, ...]:
    """Untouched campaigns called improved or worse; campaigns really improved by 25 % found.

    Beside both: a Poisson test of the two weeks' conversions per spend.
    """
    called: list[float] = []
    naive_called: list[float] = []
    found: list[float] = []
    naive_found: list[float] = []
    covered: list[float] = []
    for seed in seeds:
        rng = np.random.default_rng((seed, 47))
        for effect, hits, naive in ((0.0, called, naive_called), (0.25, found, naive_found)):
            before, after = _weeks(rng, effect)
            answer = scores.decide(scores.ScoringInputs("roas", before, after))
            right = ("improved",) if effect else ("improved", "worse")
            hits.append(float(answer.verdict in right))
            z = _poisson_z(before, after)
            naive.append(float(z > 1.96 if effect else abs(z) > 1.96))
            if answer.effect is not None:
                covered.append(float(answer.effect.low <= effect <= answer.effect.high))
    return (
        _mean("scoring: A/A decisions called improved or worse", called, (None, 0.05),
              {"Poisson test": float(np.mean(naive_called))}),
        _mean("scoring: improvements by 25 % found", found, (None, None),
              {"Poisson test": float(np.mean(naive_found))}),
        _mean("scoring: coverage of 95 % intervals", covered, (0.93, None)),
    )  # fmt: skip


def _weeks(
    rng: np.random.Generator, effect: float
) -> tuple[tuple[scores.ScoredDay, ...], tuple[scores.ScoredDay, ...]]:
    """One or two whole weeks on each side of a decision."""
    days = 7 * int(rng.integers(1, 3))
    per_day = math.exp(rng.normal(math.log(12), 0.7))
    noise, demand = float(rng.uniform(0.1, 0.3)), float(rng.normal(0, 0.07))
    order = math.exp(rng.normal(math.log(35), 0.4))
    spend = 100.0 * math.exp(rng.normal(0, 0.5))
    sides: list[tuple[scores.ScoredDay, ...]] = []
    for side in range(2):
        rows: list[scores.ScoredDay] = []
        for day in range(days):
            demand = 0.7 * demand + float(rng.normal(0, 0.05))
            weekday = (1.01, 1.03, 1.04, 1.03, 1.00, 0.93, 0.96)[day % 7]
            paid = spend * math.exp(float(rng.normal(0, 0.08)))
            lifted = 1 + effect if side else 1.0
            mean = per_day * paid / spend * lifted * weekday
            mean *= math.exp(demand + float(rng.normal(-(noise**2) / 2, noise)))
            share = 1.0 if side == 0 else float(np.clip(0.75 + 0.25 * (days - day) / 7, 0, 1))
            count = int(rng.poisson(mean * share))
            value = float(np.exp(rng.normal(0, 0.6, count)).sum()) * order
            rows.append(
                scores.ScoredDay(paid * _MICROS, None, None, float(count), value * _MICROS, share)
            )
        sides.append(tuple(rows))
    return sides[0], sides[1]


def _poisson_z(before: tuple[scores.ScoredDay, ...], after: tuple[scores.ScoredDay, ...]) -> float:
    counts = [sum(day.conversions or 0.0 for day in side) for side in (before, after)]
    sizes = [
        sum((day.spend or 0.0) * (day.maturity or 0.0) for day in side) for side in (before, after)
    ]
    if min(counts) <= 0:
        return 0.0
    ratio = math.log(counts[1] / sizes[1] / (counts[0] / sizes[0]))
    return ratio / math.sqrt(1 / counts[0] + 1 / counts[1])


def measure() -> tuple[Measured, ...]:
    """Everything, on the seeds that are reported."""
    return (*reallocation(), *saturation(), *scoring())


if __name__ == "__main__":
    from rich.console import Console

    for one in measure():
        aside = ", ".join(f"{name} {value:.3f}" for name, value in one.beside.items())
        Console().print(
            f"{one.name}: {one.value:.4f} ({one.low:.4f} to {one.high:.4f}), {one.seeds} seeds, "
            f"target {one.target} {'met' if one.met else 'MISSED'}"
            + (f"; {aside}" if aside else "")
        )
