"""How near the Monte-Carlo twin is to the market it stands for, and how fast a rehearsal is.

    python -m bench.rehearsal_twin

``means`` runs the same seeds through ``market.delivery`` (one line, a quarter of an hour at a time,
as the sandbox does) and through ``market.fleet`` (all at once, by the hour): means of spend,
impressions, clicks and conversions, and their paired relative difference with a 95 % interval.
``speed`` takes the processor time of a whole rehearsal. One process, no network.
"""

import math
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from market import response
from market.delivery import LineTerms, SoFar, deliver
from market.fleet import Fleet, FleetOrder, FleetTerms
from market.fleet_calendar import Calendar
from market.traffic import SLOT
from models.contract.campaign import Guardrails, MediaPlan
from models.contract.money import Money
from models.contract.vocabulary import Platform
from starter.rehearsal.trials import forecast

START = datetime(2026, 1, 5, tzinfo=UTC)
ADS = ("a", "b", "c")
MEASURES = ("spend", "impressions", "clicks", "conversions")
OVER_DELIVERY = 1.75
TARGET = 0.03
"""Largest relative difference of the means: a tenth of what seeds scatter."""
_QUARTERS = 96
_FEW = 60
"""Trials of a forecast that a person waits for."""
_QUICK, _WHOLE = 5.0, 20.0
"""Seconds for those, and for a whole rehearsal."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """One measure: means over seeds, and the paired relative difference with its 95 % interval."""

    measure: str
    delivery: float
    twin: float
    difference: float
    low: float
    high: float
    seeds: int
    target: float = TARGET

    @property
    def met(self) -> bool:
        """Whether the twin's mean is as near as wanted."""
        return abs(self.difference) <= self.target


@dataclass(frozen=True, slots=True)
class Speed:
    """Processor and wall seconds of one rehearsal, and the target for either."""

    trials: int
    days: int
    processor: float
    wall: float
    target: float


def means(
    seeds: range = range(32), days: int = 7, budget: int = 400_000_000
) -> tuple[Nearness, ...]:
    """The twin against ``market.delivery`` on the same seeds, terms and budget."""
    true = np.array([_delivered(seed, days, budget) for seed in seeds])
    twin = _twinned(seeds, days, budget)
    return tuple(starmap(_compared, zip(MEASURES, true.T, twin.T, strict=True)))


def _compared(measure: str, true: NDArray[np.float64], twin: NDArray[np.float64]) -> Nearness:
    middle = float(true.mean())
    apart = (twin - true) / middle
    half = 1.96 * float(apart.std(ddof=1)) / math.sqrt(len(apart))
    mean = float(apart.mean())
    return Nearness(measure, middle, float(twin.mean()), mean, mean - half, mean + half, len(apart))


def _delivered(seed: int, days: int, budget: int) -> tuple[float, float, float, float]:
    """One seed's line, slot by slot."""
    terms = LineTerms("meta", "line", ADS, budget, over_delivery=OVER_DELIVERY)
    window = response.ATTRIBUTION.total_seconds()
    spend = clicks = conversions = today = week = 0
    shown = [0] * len(ADS)
    for slot in range(days * _QUARTERS):
        at = START + slot * SLOT
        if slot % _QUARTERS == 0:
            today = 0
            week = 0 if at.weekday() == 6 else week
        room = round(budget * OVER_DELIVERY) - today
        for place, piece in enumerate(
            deliver(seed, terms, SoFar(today, week, tuple(shown), conversions, room), at, at + SLOT)
        ):
            shown[place] += piece.impressions
            clicks += piece.clicks
            conversions += sum(one.delay < window for one in piece.conversions)
            spend, today, week = spend + piece.spend, today + piece.spend, week + piece.spend
    return float(spend), float(sum(shown)), float(clicks), float(conversions)


def _twinned(seeds: range, days: int, budget: int) -> NDArray[np.float64]:
    """The same seeds at once (seeds, measures)."""
    calendar = Calendar(START, 24 * days)
    fleet = Fleet(tuple(seeds), FleetTerms("meta", "line", ADS, OVER_DELIVERY), calendar)
    order = FleetOrder(
        budgets=np.full(len(seeds), budget, dtype=np.int64),
        running=np.ones((len(seeds), len(ADS)), dtype=np.bool_),
    )
    sums = np.zeros((len(seeds), len(MEASURES)))
    for number in range(len(calendar)):
        hour = fleet.deliver(number, order)
        sums[:, 0] += hour.spend.sum(axis=1)
        sums[:, 1] += hour.impressions.sum(axis=1)
        sums[:, 2] += hour.clicks.sum(axis=1)
        sums[:, 3] += np.bincount(hour.conversions.trial, minlength=len(seeds))
    return sums


def speed(trials: int = 200, days: int = 30) -> Speed:
    """A campaign like examples/article.yaml on one network."""
    plan = MediaPlan(
        name="speed",
        destination_url="https://journal.example/speed",
        daily_budget=Money.of(40),
        guardrails=Guardrails(min_roas=0.2),
    )
    wall, processor = time.perf_counter(), time.process_time()
    forecast(plan, Platform.META, START, days=days, trials=trials)
    used, passed = time.process_time() - processor, time.perf_counter() - wall
    return Speed(trials, days, used, passed, _QUICK if trials <= _FEW else _WHOLE)


def main() -> None:
    """Print every figure."""
    for one in means():
        print(asdict(one), "met" if one.met else "NOT MET")
    for trials in (60, 200):
        print(asdict(speed(trials)))


if __name__ == "__main__":
    main()
