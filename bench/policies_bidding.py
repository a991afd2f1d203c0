"""Bids measured: cost per conversion against the target, conversions against the best fixed bid.

Each seed is a 60-day campaign buying clicks in second-price auctions; demand, prices, conversion
rate (drifting, scattering by day), delays and the first bid (0.4 to 2.5 times the best) are drawn.
The policies see daily cohorts as reported so far and an arrival curve that is off by up to 25 %.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bench.policies_estimate import Estimate, estimate
from policy import bidding, cpa_pid
from policy.cost_per_result import Cohort

DAYS, WINDOW = 60, 14
TARGET_SCORE = 0.90
"""Of the offline optimum, from the second half of the flight."""
_START = datetime(2026, 3, 2, tzinfo=UTC)
_DELAYS = ((0.35, 1 / 72), (0.15, 1 / 3), (0.50, 5.0))
Floats = NDArray[np.float64]
_PHI = NormalDist().cdf


@dataclass(frozen=True, slots=True)
class BidMarket:
    """One seed's market by day: clicks on offer, log median price of one (micros), conversion
    rate; and what a conversion may cost."""

    seed: int
    clicks: Floats
    log_price: Floats
    rate: Floats
    sd: float
    target: float
    first_bid: int
    belief: float

    def bought(self, day: int, bid: float) -> tuple[float, float]:
        """(clicks, spend) of a day at a bid."""
        z = (math.log(bid) - self.log_price[day]) / self.sd
        price = math.exp(self.log_price[day] + self.sd**2 / 2)
        return self.clicks[day] * _PHI(z), self.clicks[day] * price * _PHI(z - self.sd)

    def best(self, first: int) -> tuple[float, float]:
        """The fixed bid with most conversions from day ``first`` on at no more than the target
        each, and those conversions: cost per conversion rises with the bid, so by bisection."""
        low, high = -10.0, 10.0 + math.log(self.target)
        for _ in range(60):
            middle = (low + high) / 2
            spend, results = self.total(math.exp(middle), first)
            low, high = (middle, high) if spend <= self.target * results else (low, middle)
        return math.exp(low), self.total(math.exp(low), first)[1]

    def total(self, bid: float, first: int) -> tuple[float, float]:
        """(spend, expected conversions) at a fixed bid from a day on."""
        days = range(first, len(self.clicks))
        bought = [self.bought(day, bid) for day in days]
        results = sum(b[0] * self.rate[day] for b, day in zip(bought, days, strict=True))
        return sum(b[1] for b in bought), float(results)


def draw(seed: int) -> BidMarket:
    """A market, all parameters drawn from ``seed``."""
    rng = np.random.default_rng((seed, 907))
    drift = np.cumsum(0.01 * rng.standard_normal(DAYS))
    rate = 0.02 * rng.lognormal(0, 0.4) * np.exp(drift + 0.15 * rng.standard_normal(DAYS))
    level = math.log(600_000) + 0.4 * rng.standard_normal()
    market = BidMarket(
        seed=seed,
        clicks=rng.uniform(800, 8_000) * np.exp(0.15 * rng.standard_normal(DAYS)),
        log_price=level + 0.08 * rng.standard_normal(DAYS),
        rate=rate,
        sd=float(rng.uniform(0.6, 0.9)),
        target=float(math.exp(level) / rate.mean() * rng.uniform(0.5, 1.0)),
        first_bid=0,
        belief=float(rng.uniform(0.8, 1.25)),
    )
    first = market.best(0)[0] * math.exp(rng.uniform(math.log(0.4), math.log(2.5)))
    return replace(market, first_bid=max(10_000, int(first) // 10_000 * 10_000))


def arrived(days: float, slower: float = 1.0) -> float:
    """Share of a week's attributed conversions that came within ``days`` of the click."""

    def raw(age: float) -> float:
        return sum(share * -math.expm1(-age / (mean * slower)) for share, mean in _DELAYS)

    return raw(min(max(days, 0.0), 7.0)) / raw(7.0)


Bidder = Callable[[bidding.BidInputs], int]


@dataclass(frozen=True, slots=True)
class BidResult:
    """By controller, over seeds. ``score``: conversions of the second half over the best fixed
    bid's, times min(1, (target / CPA)^2) as AuctionNet (NeurIPS'24) scores; ``cost``: CPA over
    target there; ``off_target``: its mean absolute log distance; ``changes``: of the bid."""

    target: float
    seeds: int
    score: dict[str, Estimate]
    cost: dict[str, Estimate]
    off_target: dict[str, Estimate]
    changes: dict[str, Estimate]


def measure(seeds: Iterable[int] = range(30)) -> BidResult:
    """Run every controller through every seed's campaign."""
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    for seed in seeds:
        market = draw(seed)
        for name, make in CONTROLLERS.items():
            rows.setdefault(name, []).append(run(market, make()))
    count = len(next(iter(rows.values())))

    def told(index: int) -> dict[str, Estimate]:
        return {name: estimate(row[index] for row in found) for name, found in rows.items()}

    return BidResult(TARGET_SCORE, count, told(0), told(1), told(2), told(3))


def run(market: BidMarket, bidder: Bidder) -> tuple[float, float, float, float]:
    """(score, cost over target, absolute log distance, changes) of one campaign."""
    rng = np.random.default_rng((market.seed, 311))
    bid, changed, changes = market.first_bid, None, 0
    clicks, spend = np.zeros(DAYS), np.zeros(DAYS)
    arrivals = np.zeros((DAYS, DAYS + 8))
    for day in range(DAYS):
        now = _START + timedelta(days=day)
        wanted = bidder(
            bidding.BidInputs(
                now=now,
                currency="USD",
                bid=bid,
                min_bid=10_000,
                max_bid=20 * market.first_bid,
                goal="cpa",
                target=market.target,
                cohorts=_cohorts(market, day, clicks, spend, arrivals),
                delivering_since=_START,
                last_change_at=changed,
            )
        )
        if wanted != bid:
            bid, changed, changes = wanted, now, changes + 1
        clicks[day], spend[day] = market.bought(day, bid)
        results = int(rng.poisson(clicks[day] * market.rate[day], 1)[0])
        arrivals[day, day : day + 8] = rng.multinomial(
            results, [arrived(age + 0.5) - arrived(age - 0.5) for age in range(7)] + [0.0]
        ) if results else 0  # fmt: skip
    half = DAYS // 2
    results = float((clicks * market.rate)[half:].sum())
    cost = float(spend[half:].sum()) / max(results, 1e-9) / market.target
    score = results / market.best(half)[1] * min(1.0, cost**-2)
    return score, cost, abs(math.log(cost)), float(changes)


def _cohorts(
    market: BidMarket, today: int, clicks: Floats, spend: Floats, arrivals: Floats
) -> tuple[Cohort, ...]:
    return tuple(
        Cohort(
            start=_START + timedelta(days=day),
            spend=int(spend[day]),
            conversions=float(arrivals[day, :today].sum()),
            arrived=arrived(today - day - 0.5, market.belief),
            clicks=int(clicks[day]),
        )
        for day in range(max(0, today - WINDOW), today)
    )


def _static() -> Bidder:
    return lambda inputs: inputs.bid


def _policy() -> Bidder:
    return lambda inputs: bidding.decide(inputs).bid


def _safe_pid() -> Bidder:
    state = [cpa_pid.PidState()]

    def control(inputs: bidding.BidInputs) -> int:
        answer = cpa_pid.decide(cpa_pid.PidInputs(inputs, state[0]))
        state[0] = answer.state
        return answer.bid

    return control


def _textbook() -> Bidder:
    """PID as textbooks write it, each day, on the raw CPA of the last week."""
    state = {"integral": 0.0, "error": 0.0}

    def control(inputs: bidding.BidInputs) -> int:
        week: Sequence[Cohort] = inputs.cohorts[-7:]
        results = sum(one.conversions for one in week)
        if results <= 0:
            return inputs.bid
        error = sum(one.spend for one in week) / results - inputs.target
        state["integral"] += error * 24
        total = (
            -0.3 * error / inputs.target
            - 0.1 * state["integral"] / inputs.target
            - 0.2 * (error - state["error"]) / 24 / 1e6
        )
        state["error"] = error
        total = min(max(total, -0.25), 0.25)
        if abs(total) <= 0.05:
            return inputs.bid
        return max(inputs.min_bid, min(inputs.max_bid, int(inputs.bid * (1 + total))))

    return control


CONTROLLERS: dict[str, Callable[[], Bidder]] = {
    "policy": _policy,
    "cpa-pid (ours)": _safe_pid,
    "textbook PID": _textbook,
    "first bid kept": _static,
}
