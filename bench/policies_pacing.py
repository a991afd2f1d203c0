"""Pacing measured: clicks bought within budget against the clairvoyant, and how close to plan.

Each seed is a two-week flight in a market of its own (``policies_pacing_market``). The policy,
the textbook PID on a uniform plan and the budget left alone see the same market, the same late
figures and the same edit quota.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.policies_bidding import BidResult
from bench.policies_bidding import measure as measure_bids
from bench.policies_estimate import Estimate, estimate
from bench.policies_pacing_market import SLOTS, PacingMarket, draw
from policy import pacing, traffic
from policy.pacing_day import DayDelivery, SpendReading

TARGET = 0.97
"""Of the clairvoyant's value."""
DAYS = 14
_START = datetime(2026, 3, 2, tzinfo=UTC)
_SLOT = timedelta(minutes=15)
_CYCLE = 2
"""Slots between two looks of a controller."""
_QUOTA = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What a controller sees: reported spend today and in all, and its own doings."""

    slot: int
    live: int
    today: int
    total: int
    edits: tuple[int, ...]
    readings: tuple[SpendReading, ...]
    days: tuple[DayDelivery, ...]

    @property
    def edits_left(self) -> int:
        """Edits the network allows in the rolling hour."""
        return _QUOTA - sum(one > self.slot - 4 for one in self.edits)


Controller = Callable[[Figures], int]
"""From figures to the daily budget to set, micros."""


@dataclass(frozen=True, slots=True)
class Flight:
    """How one flight went. ``value``: clicks within the budgets over the clairvoyant's;
    ``rms``: root mean square of cumulated spend against the plan by true traffic, in daily budgets;
    ``day_error``: mean absolute of a day's spend against an even part of what was left; ``over``:
    worst day over agreed; ``edits``: per day."""

    value: float
    rms: float
    day_error: float
    over: float
    spent: float
    edits: float


@dataclass(frozen=True, slots=True)
class PacingResult:
    """Value over the clairvoyant's and pacing errors, by controller, and bids (``bids``)."""

    target: float
    seeds: int
    value: dict[str, Estimate]
    rms: dict[str, Estimate]
    day_error: dict[str, Estimate]
    worst_day_over: dict[str, Estimate]
    spent: dict[str, Estimate]
    edits_per_day: dict[str, Estimate]
    bids: BidResult


def measure(seeds: Iterable[int] = range(40), days: int = DAYS) -> PacingResult:
    """Run every controller through every seed's flight, and the bids through theirs."""
    flights: dict[str, list[Flight]] = {}
    for seed in seeds:
        market = draw(seed, days)
        best = market.optimum()
        for name, make in CONTROLLERS.items():
            flights.setdefault(name, []).append(fly(market, make(market), best))
        flights.setdefault("uniform pacing", []).append(_uniform(market, best))
    count = len(next(iter(flights.values())))

    def told(field: str) -> dict[str, Estimate]:
        return {n: estimate(getattr(one, field) for one in f) for n, f in flights.items()}

    return PacingResult(
        TARGET, count, told("value"), told("rms"), told("day_error"), told("over"),
        told("spent"), told("edits"), measure_bids(),
    )  # fmt: skip


def fly(market: PacingMarket, controller: Controller, best: float) -> Flight:
    """One flight under one controller."""
    slots = market.days * SLOTS
    spend, clicks, budgets = np.zeros(slots), np.zeros(slots), np.zeros(slots)
    live = min(market.agreed, market.lifetime // market.days)
    edits: list[int] = []
    readings: list[SpendReading] = []
    history: list[DayDelivery] = []
    for slot in range(slots):
        day, at = divmod(slot, SLOTS)
        today = slice(day * SLOTS, slot)
        if at == 0 and day:
            past = slice((day - 1) * SLOTS, day * SLOTS)
            history.append(DayDelivery(int(budgets[past].mean()), int(spend[past].sum())))
            readings = []
        if slot % _CYCLE == 0 and at:
            seen = max(0, slot - int(market.lag[slot]))
            reported = int(spend[day * SLOTS : max(seen, day * SLOTS)].sum())
            reported = max([reported, *(one.spent for one in readings)])
            figures = Figures(
                slot, live, reported, int(spend[:seen].sum()), tuple(edits),
                tuple(readings), tuple(history[-7:]),
            )  # fmt: skip
            wanted = controller(figures)
            readings.append(SpendReading(_START + slot * _SLOT, reported))
            if wanted != live and figures.edits_left > 0:
                live = min(max(wanted, market.minimum), market.agreed)
                edits.append(slot)
        budgets[slot] = live
        spend[slot], clicks[slot] = market.buy(slot, _wanted(market, slot, live, spend[today]))
    return _score(market, spend, clicks, len(edits), best)


def _wanted(market: PacingMarket, slot: int, live: int, today: np.ndarray) -> float:
    """The network's own pacer, as in ``market.delivery``: the day's target by its idea of
    traffic, catching up at most 1.6-fold, never beyond its over-delivery cap."""
    day, at = divmod(slot, SLOTS)
    target = live * min(float(market.target[day]), market.cap)
    share = float(market.belief[at])
    remaining = max(float(market.belief[at:].sum()), 1e-9)
    left = max(0.0, target - float(today.sum()))
    return target * share * min(left / (target * remaining), 1.6)


def _uniform(market: PacingMarket, best: float) -> Flight:
    """The same amount in every slot of the flight, exactly as far as the market gives it."""
    slots = market.days * SLOTS
    bought = [market.buy(slot, market.lifetime / slots) for slot in range(slots)]
    spend, clicks = np.array(bought).T
    return _score(market, spend, clicks, 0, best)


def _score(
    market: PacingMarket, spend: np.ndarray, clicks: np.ndarray, edits: int, best: float
) -> Flight:
    by_day = spend.reshape(market.days, SLOTS).sum(1)
    # What a day or the flight spent beyond its budget buys nothing: clicks count pro rata.
    kept = np.minimum(1.0, market.agreed / np.maximum(by_day, 1.0))
    within = clicks.reshape(market.days, SLOTS).sum(1) * kept
    overrun = min(1.0, market.lifetime / max(float((by_day * kept).sum()), 1.0))
    shares = np.cumsum(market.opportunities / market.opportunities.sum())
    plan = shares * market.lifetime
    left = np.maximum(market.lifetime - np.concatenate([[0.0], np.cumsum(by_day)[:-1]]), 1.0)
    due = np.minimum(left / np.arange(market.days, 0, -1), market.agreed)
    return Flight(
        value=float(within.sum()) * overrun / best,
        rms=float(np.sqrt(np.mean((np.cumsum(spend) - plan) ** 2))) * market.days / market.lifetime,
        day_error=float(np.abs(by_day - due).mean()) / market.lifetime * market.days,
        over=float((by_day / market.agreed - 1).max()),
        spent=float(spend.sum()) / market.lifetime,
        edits=edits / market.days,
    )


def _alone(market: PacingMarket) -> Controller:
    """The even daily budget, never touched."""
    return lambda figures: figures.live


def _textbook(market: PacingMarket) -> Controller:
    """PID on a uniform plan of the day, figures taken as they come, one budget edit a look."""
    even = market.lifetime / market.days
    state = {"integral": 0.0, "error": 0.0}

    def control(figures: Figures) -> int:
        at = figures.slot % SLOTS
        if at == _CYCLE:
            state["integral"], state["error"] = 0.0, 0.0
        error = at / SLOTS - figures.today / even
        state["integral"] += error * 0.5
        change = 0.3 * error + 0.1 * state["integral"] + 0.1 * (error - state["error"]) / 0.5
        state["error"] = error
        return int(figures.live * (1 + min(max(change, -0.25), 0.25))) // 10_000 * 10_000

    return control


def _policy(market: PacingMarket) -> Controller:
    curve = traffic.learn(market.history, first_weekday=0)

    def control(figures: Figures) -> int:
        now = _START + figures.slot * _SLOT
        answer = pacing.decide(
            pacing.PacingInputs(
                now=now,
                timezone="UTC",
                currency="USD",
                agreed=market.agreed,
                live=figures.live,
                minimum=market.minimum,
                spent_today=figures.today,
                as_of=now,
                delivering_since=_START,
                edits_left=figures.edits_left,
                spent_total=figures.total,
                readings=figures.readings,
                lifetime_budget=market.lifetime,
                ends_at=_START + timedelta(days=market.days),
                curve=curve,
                recent_days=figures.days,
                last_change_at=_START + figures.edits[-1] * _SLOT if figures.edits else None,
            )
        )
        return answer.budget

    return control


CONTROLLERS: dict[str, Callable[[PacingMarket], Controller]] = {
    "policy": _policy,
    "uniform-plan PID": _textbook,
    "budget left alone": _alone,
}
