"""Ad accounts on the simulated market: what truly happened, and what the network shows when."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from activities.account_book import Entry
from market import reporting, response
from market.delivery import LineTerms, SoFar, deliver
from market.noise import uniform

DAY_SLOTS: Final = 96
OVER_DELIVERY: Final = {"meta": 1.75, "x": 1.2}
_BUDGETS: Final = (20, 50, 100, 250, 500)
_ZONES: Final = ("UTC", "America/New_York", "Asia/Tokyo")
_FIRST_DAY: Final = date(2026, 6, 1)
_SLOT: Final = timedelta(minutes=15)
_SPACE: Final = UUID("8f4d3c52-16a0-4f0e-9c56-5a0d4c1b7a11")
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Truth:
    """One campaign's flight. Slot arrays count from ``start`` (a local midnight); money in micros.

    ``converted`` has one row a conversion: slot of its click, second (epoch) at which it happened,
    revenue in micros.
    """

    entry: Entry
    network: str
    seed: int
    start: datetime
    spend: Floats
    impressions: Floats
    clicks: Floats
    converted: Floats

    def day_spend(self) -> Floats:
        """True spend of each account day."""
        return self.spend.reshape(-1, DAY_SLOTS).sum(axis=1)


def zone_of(seed: int) -> str:
    """The account's time zone."""
    return _ZONES[seed % len(_ZONES)]


def fly(seed: int, network: str, number: int, days: int, budget: int | None = None) -> Truth:
    """A healthy campaign of ``days`` account days, launched at some hour of the first.

    Half of them convert, and most of those have guardrails that they meet: the target is up to
    40 % above what their ads cost by nature. A quarter has a most for the day, set by a person.
    """

    def chance(what: str) -> float:
        return uniform(seed, what, network, number)

    name = f"{network}-{seed}-{number}"
    units = budget or _BUDGETS[int(chance("budget") * len(_BUDGETS))]
    micros, over = units * 1_000_000, OVER_DELIVERY[network]
    zone = ZoneInfo(zone_of(seed))
    start = datetime(_FIRST_DAY.year, _FIRST_DAY.month, _FIRST_DAY.day, tzinfo=zone)
    launch = int(chance("launch") * DAY_SLOTS)
    terms = LineTerms(
        network=network,
        line=name,
        ads=(f"{name}-a", f"{name}-b"),
        daily_budget=micros,
        over_delivery=over,
        audience=int(500_000 * math.exp(3 * chance("audience"))),
    )
    slots = days * DAY_SLOTS
    spend, impressions, clicks = np.zeros(slots), np.zeros(slots), np.zeros(slots)
    converted: list[tuple[float, float, float]] = []
    today = week = 0
    shown = [0, 0]
    for slot in range(launch, slots):
        at = start + slot * _SLOT
        if slot % DAY_SLOTS == 0:
            today = 0
            week = 0 if at.weekday() == 6 else week
        recent = sum(1 for clicked, _, _ in converted if clicked >= slot - 7 * DAY_SLOTS)
        so_far = SoFar(today, week, tuple(shown), recent, round(micros * over) - today)
        # Fixed offset: none of the zones changes its clocks in these months.
        pieces = deliver(seed, terms, so_far, at, at + _SLOT)
        for place, piece in enumerate(pieces):
            spend[slot] += piece.spend
            impressions[slot] += piece.impressions
            clicks[slot] += piece.clicks
            shown[place] += piece.impressions
            today, week = today + piece.spend, week + piece.spend
            converted += [
                (slot, at.timestamp() + one.clicked + one.delay, one.revenue)
                for one in piece.conversions
                if one.delay < response.ATTRIBUTION.total_seconds()
            ]
    traits = [response.traits(seed, network, ad) for ad in terms.ads]
    natural = float(spend.sum() / max(clicks.sum(), 1.0)) / (0.95 * min(one.cvr for one in traits))
    worth = min(one.revenue for one in traits)
    converts = number % 2 == 0
    guarded = converts and chance("guarded") < 0.7
    target = natural * (1.0 + 0.4 * chance("target"))
    nan = float("nan")
    entry = Entry(
        id=uuid5(_SPACE, name),
        network_id=name,
        name=name,
        converts=converts,
        live_since=(start + launch * _SLOT).astimezone(UTC),
        daily_budget=micros,
        highest_budget=micros,
        lifetime=nan,
        max_daily_spend=micros * (1.0 + 0.5 * chance("most")) if chance("capped") < 0.25 else nan,
        target_cpa=target if guarded else nan,
        max_cpa=1.25 * target if guarded else nan,
        min_roas=worth / (1.25 * target) if guarded else nan,
    )
    rows = np.array(converted, dtype=np.float64).reshape(-1, 3)
    return Truth(entry, network, seed, start, spend, impressions, clicks, rows)


def thinned(truth: Truth, since: int, *, clicks: float = 1.0, conversions: float = 1.0) -> Truth:
    """Lose that share of the clicks, and of the conversions of clicks, from slot ``since`` on."""
    fewer = truth.clicks.copy()
    rng = np.random.default_rng([truth.seed, since])
    fewer[since:] = rng.binomial(fewer[since:].astype(np.int64), clicks)
    kept = (truth.converted[:, 0] < since) | (rng.random(len(truth.converted)) < conversions)
    return replace(truth, clicks=fewer, converted=truth.converted[kept])


def multiplied(truth: Truth, since: int, *, spend: float = 1.0, volume: float = 1.0) -> Truth:
    """Multiply the money and the impressions and clicks from slot ``since`` on."""
    money, shown, clicks = (each.copy() for each in (truth.spend, truth.impressions, truth.clicks))
    money[since:] *= spend
    shown[since:] = np.round(shown[since:] * volume)
    clicks[since:] = np.round(clicks[since:] * volume)
    return replace(truth, spend=money, impressions=shown, clicks=clicks)


def unrecorded(truth: Truth, since: int) -> Truth:
    """No conversion is recorded any more, whenever its click was."""
    end = truth.start.timestamp() + since * _SLOT.total_seconds()
    return replace(truth, converted=truth.converted[truth.converted[:, 1] < end])


@dataclass(frozen=True, slots=True)
class Shown:
    """What an account's network shows, as changes ordered by the second they appear.

    ``at`` (epoch seconds), ``campaign`` and ``day`` are indices; ``more`` (k, 5) adds spend,
    impressions, clicks, conversions, revenue to that campaign-day.
    """

    at: Floats
    campaign: Ints
    day: Ints
    more: Floats


def shown(truths: tuple[Truth, ...]) -> Shown:
    """All that is ever shown: late, and on networks that estimate first, corrected later."""
    at: list[float] = []
    campaign: list[int] = []
    day: list[int] = []
    more: list[tuple[float, float, float, float, float]] = []

    def add(when: float, who: int, slot: int, *values: float) -> None:
        at.append(when)
        campaign.append(who)
        day.append(slot // DAY_SLOTS)
        more.append((values[0], values[1], values[2], values[3], values[4]))

    first = truths[0]
    rules = reporting.rules(first.network)
    begin = first.start.timestamp()
    slots = len(first.spend)
    visible = [
        reporting.reported_at(first.seed, first.network, begin + 900.0 * (slot + 1))
        for slot in range(slots)
    ]
    for who, truth in enumerate(truths):
        for slot in np.flatnonzero(truth.spend + truth.impressions).tolist():
            number = int(begin) // 900 + slot
            factor = reporting.first_estimate(
                truth.seed, truth.network, truth.entry.network_id, number
            )
            money = float(truth.spend[slot])
            estimate = float(int(money * factor))
            seen = visible[slot]
            add(seen, who, slot, estimate, truth.impressions[slot], truth.clicks[slot], 0, 0)
            if estimate != money:
                add(seen + rules.final_after, who, slot, money - estimate, 0, 0, 0, 0)
        for clicked, happened, revenue in truth.converted.tolist():
            seen = reporting.reported_at(truth.seed, truth.network, happened)
            seen = max(seen, visible[int(clicked)])
            add(seen, who, int(clicked), 0, 0, 0, 1, revenue)
    order = np.argsort(np.array(at), kind="stable")
    return Shown(
        np.array(at)[order],
        np.array(campaign, dtype=np.int64)[order],
        np.array(day, dtype=np.int64)[order],
        np.array(more, dtype=np.float64).reshape(-1, 5)[order],
    )
