"""A flight in a market the pacing policy does not know, and the best a clairvoyant could buy.

Second-price auctions in 15-minute slots: traffic by hour, weekday and chance, the highest
competing bid lognormal in every slot, its median by hour, day and chance, click rates by hour.
The network buys each slot's wanted spend at the lowest sufficient bid and paces its own day by
its own idea of traffic, misses budgets by a bias of its own and a chance of the day, goes beyond
the budget on rich days up to its over-delivery cap, and reports late.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from market import traffic

SLOTS = 96
"""Slots of a day."""
Floats = NDArray[np.float64]
_Z = np.linspace(-6.0, 5.0, 1101)


@lru_cache(maxsize=1)
def _won() -> Floats:
    """P(win) at bids ``_Z`` standard deviations above the median price."""
    normal = NormalDist().cdf
    return np.array([normal(float(z)) for z in _Z])


@lru_cache(maxsize=256)
def _paid(sd: float) -> Floats:
    """Expected price per auction entered at those bids, over the median price."""
    normal = NormalDist().cdf
    return math.exp(sd**2 / 2) * np.array([normal(float(z) - sd) for z in _Z])


@dataclass(frozen=True, slots=True)
class PacingMarket:
    """One seed's market. Arrays have shape (days * SLOTS,); money in micros.

    ``opportunities`` is auctions, ``price`` the median price of one, ``ctr`` clicks per
    impression, ``belief`` the network's idea of each slot's share of its day, ``target`` (days,)
    what the network makes of a budget, ``lag`` (slots) how far figures trail at each slot.
    """

    seed: int
    days: int
    agreed: int
    lifetime: int
    minimum: int
    opportunities: Floats
    price: Floats
    ctr: Floats
    sd: float
    belief: Floats
    target: Floats
    cap: float
    lag: NDArray[np.int64]
    history: tuple[tuple[float, ...], ...]

    def buy(self, slot: int, wanted: float) -> tuple[float, float]:
        """(spend, clicks) for ``wanted`` micros in a slot, at the lowest sufficient bid."""
        auctions, price = float(self.opportunities[slot]), float(self.price[slot])
        if wanted <= 0 or auctions <= 0:
            return 0.0, 0.0
        paid = _paid(self.sd)
        won = float(np.interp(wanted / (auctions * price), paid, _won()))
        return min(wanted, auctions * price * float(paid[-1])), auctions * won * float(
            self.ctr[slot]
        )

    def optimum(self) -> float:
        """Clicks of the clairvoyant: every auction of the flight sorted by value over price and
        bought until the budgets (each day's and the flight's) are used: one multiplier for the
        flight, a lower one on days that would pass what was agreed."""
        low, high = -30.0, 30.0
        for _ in range(60):
            middle = (low + high) / 2
            spent, _clicks = self._at(middle)
            low, high = (middle, high) if spent.sum() < self.lifetime else (low, middle)
        return float(self._at(low)[1].sum())

    def _at(self, log_multiplier: float) -> tuple[Floats, Floats]:
        """(days,) spend and clicks when every auction up to a price per click is bought, each
        day's price lowered until the day keeps within what was agreed."""
        multipliers = np.full(self.days, log_multiplier)
        low, high = np.full(self.days, -30.0), multipliers.copy()
        spend, clicks = self._bought(multipliers)
        over = spend > self.agreed
        if over.any():
            for _ in range(40):
                middle = (low + high) / 2
                more = self._bought(middle)[0] > self.agreed
                low, high = np.where(more, low, middle), np.where(more, middle, high)
            spend, clicks = self._bought(np.where(over, low, multipliers))
        return spend, clicks

    def _bought(self, multipliers: Floats) -> tuple[Floats, Floats]:
        log_bid = np.repeat(multipliers, SLOTS) + np.log(self.ctr)
        z = (log_bid - np.log(self.price)) / self.sd
        spend = self.opportunities * self.price * np.interp(z, _Z, _paid(self.sd))
        clicks = self.opportunities * self.ctr * np.interp(z, _Z, _won())
        return spend.reshape(self.days, SLOTS).sum(1), clicks.reshape(self.days, SLOTS).sum(1)


def draw(seed: int, days: int) -> PacingMarket:
    """A market and its network, all parameters drawn from ``seed``."""
    rng = np.random.default_rng((seed, 4117))
    curve = _curve(rng)
    weekday = np.exp(0.08 * rng.standard_normal(7))
    amount = np.repeat(np.exp(0.10 * rng.standard_normal(days)), SLOTS) * np.exp(
        0.15 * _slow(rng, days * SLOTS)
    )
    shape = np.tile(curve, days) * np.repeat(weekday[np.arange(days) % 7], SLOTS) * amount
    crowd = np.tile(curve * SLOTS, days)
    ctr = 0.01 * np.exp(np.tile(0.08 * _smooth(rng), days))
    sd = round(float(rng.uniform(0.7, 1.0)), 2)
    price = (
        5_000.0
        * np.maximum(crowd, 0.1) ** rng.uniform(0.0, 0.25)
        * np.exp(
            0.12 * _slow(rng, days * SLOTS) + np.repeat(0.08 * rng.standard_normal(days), SLOTS)
        )
        * (ctr / 0.01) ** 0.3
    )
    agreed = int(rng.integers(20, 300)) * 1_000_000
    # The agreed budget buys this share of a usual day's auctions.
    part = float(rng.uniform(0.15, 0.5))
    typical = 5_000.0 * float(np.interp(part, _won(), _paid(sd)))
    opportunities = shape * agreed / typical
    clock = rng.uniform(0.0, 0.4)
    idea = (1 - clock) * np.roll(curve, int(rng.integers(-4, 5))) + clock / SLOTS
    base = rng.lognormal(math.log(45.0), 0.6)
    lag = np.clip(base * np.exp(0.3 * rng.standard_normal(days * SLOTS)), 15, 180) / 15
    return PacingMarket(
        seed=seed,
        days=days,
        agreed=agreed,
        lifetime=int(agreed * days * rng.uniform(0.8, 1.0)),
        minimum=1_000_000,
        opportunities=opportunities,
        price=price,
        ctr=ctr,
        sd=sd,
        belief=idea,
        target=_targets(rng, days),
        cap=float(rng.choice([1.25, 1.5, 1.75, 2.0])),
        lag=np.ceil(lag).astype(np.int64),
        history=_history(rng, curve),
    )


def _curve(rng: np.random.Generator) -> Floats:
    """The published day, moved by up to two hours and made flatter or steeper."""
    day = np.repeat(np.array(traffic.HALF_HOUR_SHARES), 2) ** rng.uniform(0.7, 1.2)
    moved = np.roll(day, int(rng.integers(-8, 9))) * np.exp(0.10 * _smooth(rng))
    return moved / moved.sum()


def _targets(rng: np.random.Generator, days: int) -> Floats:
    """What the network makes of a budget: its bias, chance, and one rich day in ten."""
    rich = np.where(rng.random(days) < 0.1, rng.random(days) * 0.75, 0.0)
    return rng.uniform(0.92, 1.12) * np.exp(0.08 * rng.standard_normal(days)) + rich


def _history(rng: np.random.Generator, curve: Floats) -> tuple[tuple[float, ...], ...]:
    """Two weeks of the account's impressions by hour, with hours missing."""
    hours = curve.reshape(24, 4).sum(1)
    due = 20_000 * hours * np.exp(0.15 * rng.standard_normal((14, 24)))
    counts = np.asarray(rng.poisson(due), dtype=np.float64)
    counts[rng.random((14, 24)) < 0.02] = 0
    return tuple(tuple(float(one) for one in day) for day in counts)


def _smooth(rng: np.random.Generator) -> Floats:
    """A smooth curve over the day, standard deviation 1."""
    phase = np.arange(SLOTS) / SLOTS * 2 * math.pi
    waves = [
        rng.standard_normal() * np.cos((k + 1) * phase + rng.uniform(0, 6.3)) for k in range(3)
    ]
    whole = np.sum(waves, axis=0)
    return np.asarray(whole / max(float(whole.std()), 1e-9))


def _slow(rng: np.random.Generator, slots: int) -> Floats:
    """Autocorrelated noise, standard deviation 1, half gone in two and a half hours."""
    keep = 0.93
    shocks = rng.standard_normal(slots) * math.sqrt(1 - keep**2)
    noise = np.empty(slots)
    value = rng.standard_normal()
    for slot in range(slots):
        value = keep * value + shocks[slot]
        noise[slot] = value
    return noise
