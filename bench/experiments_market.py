"""Simulated creatives for the experiment benchmarks; their parameters are drawn, never told."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from market.noise import stream
from market.response import ATTRIBUTION, arrived_share
from market.traffic import HALF_HOUR_SHARES

Floats = NDArray[np.float64]

HOURS: Final = 14 * 24
_HOURLY: Final = np.array(HALF_HOUR_SHARES).reshape(24, 2).sum(axis=1)


def hourly_clicks(per_day: float, hours: int = HOURS) -> Floats:
    """Expected clicks of each hour from midnight, by the day's traffic curve."""
    return per_day * np.tile(_HOURLY, -(-hours // 24))[:hours]


def delay_shares(buckets: int, hours: float = 1.0, scale: float = 1.0) -> Floats:
    """(buckets,) share of a bucket's attributed conversions that comes k buckets after its clicks.

    Clicks fall anywhere in their bucket of so many hours; ``scale`` stretches all delays.
    """
    window = ATTRIBUTION.total_seconds()
    whole = arrived_share(window / scale)
    inside = (np.arange(32) + 0.5) / 32
    ages = (np.arange(buckets)[:, None] + inside) * hours * 3600.0
    by_end = [
        [arrived_share(min(age, window) / scale) / whole for age in row] for row in ages.tolist()
    ]
    return np.diff(np.array(by_end).mean(axis=1), prepend=0.0)


@dataclass(frozen=True, slots=True)
class Wearing:
    """One creative's closed days: what the network reports, and the truth behind it.

    ``true_rate`` is the click rate of each day without the day's noise and the account's trend;
    ``crossed`` the first day on which it is below 70 % of its best so far, None if never.
    """

    impressions: tuple[float, ...]
    clicks: tuple[float, ...]
    conversions: tuple[float, ...]
    reach: tuple[float, ...]
    others_impressions: tuple[float, ...]
    others_clicks: tuple[float, ...]
    true_rate: Floats
    wears: bool
    crossed: int | None


def wearing(seed: int, number: int, days: int, fall: float = 0.70) -> Wearing:
    """A creative's flight of ``days`` days before an audience of light and heavy users.

    Half of the creatives wear out: the click rate falls by the drawn share with every further
    view of a person. Heavy users are shown more, click and convert more by nature, and get a
    growing share of the impressions in half of the flights, so that conversions rise with exposure.
    The account's click rate drifts, has weekdays and scatters by day; other creatives show it.
    """
    rng = stream(seed, "wearing", number)
    wears = bool(rng.random() < 0.5)
    wear = 0.12 * math.exp(0.5 * float(rng.standard_normal())) if wears else 0.0
    base = 0.01 * math.exp(0.4 * float(rng.standard_normal()))
    daily = math.exp(rng.uniform(math.log(3_000.0), math.log(60_000.0)))
    people = daily * days / float(rng.uniform(3.0, 9.0))
    # Three classes: their size, how often they are online, how willing they are by nature.
    size: Floats = people * np.array([0.6, 0.3, 0.1])
    online = np.array([0.5, 1.0, 4.0]) * np.exp(0.2 * rng.normal(size=3))
    willing = np.array([0.85, 1.0, float(rng.uniform(1.0, 2.0))])
    buying = 0.02 * np.array([0.6, 1.0, float(rng.uniform(2.0, 6.0))])
    shift = float(rng.uniform(0.0, 1.0)) * float(rng.random() < 0.5)
    steps = 0.04 * np.asarray(rng.standard_normal(days), np.float64)
    drift: Floats = np.cumsum(steps) * float(rng.uniform(0.0, 1.5)) - float(
        rng.uniform(-0.1, 0.4)
    ) * (np.arange(days) / days)
    week = 0.08 * np.asarray(rng.standard_normal(7), np.float64)
    account: Floats = np.exp(drift + week[np.arange(days) % 7])
    scatter, memory = float(rng.uniform(0.02, 0.10)), float(rng.uniform(0.0, 0.7))
    own: Floats = np.zeros(days)
    for day in range(days):
        own[day] = memory * own[max(day - 1, 0)] + scatter * rng.normal()
    own = np.exp(own)
    views = np.zeros(3)
    shown_row, clicked, converted, reached = (np.zeros(days) for _ in range(4))
    truth = np.zeros(days)
    for day in range(days):
        weight = size * online * np.array([1.0, 1.0, 1.0 + shift * 2.0 * day / days])
        shown = daily * float(np.exp(0.1 * rng.normal())) * weight / weight.sum()
        before, views = views, views + shown / size
        tired = np.exp(-wear * np.maximum((before + views) / 2 - 1.0, 0.0))
        rate = base * willing * tired
        truth[day] = float((shown * rate).sum() / shown.sum())
        impressions = np.asarray(rng.poisson(shown), np.int64)
        chance = np.minimum(rate * account[day] * own[day], 0.5)
        clicks = np.asarray(rng.binomial(impressions, chance), np.int64)
        shown_row[day], clicked[day] = np.sum(impressions), np.sum(clicks)
        converted[day] = np.sum(rng.binomial(clicks, np.minimum(buying, 0.9)))
        reached[day] = np.round((size * -np.expm1(-views)).sum())
    others = rng.poisson(daily * float(rng.uniform(1.0, 5.0)), days)
    seen = rng.binomial(
        others, np.minimum(0.01 * account * np.exp(0.05 * rng.normal(size=days)), 0.5)
    )
    below = np.flatnonzero(truth < fall * np.maximum.accumulate(truth))
    return Wearing(
        impressions=_row(shown_row),
        clicks=_row(clicked),
        conversions=_row(converted),
        reach=_row(reached),
        others_impressions=_row(others),
        others_clicks=_row(seen),
        true_rate=truth,
        wears=wears,
        crossed=int(below[0]) if below.size else None,
    )


def _row(values: NDArray[np.float64] | NDArray[np.int64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
