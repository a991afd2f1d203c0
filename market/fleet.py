"""Many seeds of the market at once, an hour at a time: arrays in the place of one line.

A trial is a seed. Ads' traits, price level, day targets and learning days are those that the same
seed has in ``market.delivery``, so a trial is that seed's campaign again; hourly chance comes from
streams of its own, because drawing it by name would cost more than the rest together. The recipe
is the same; slots last an hour instead of a quarter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from market import response, traffic
from market.conditions import ORDINARY, Conditions
from market.delivery import LEARNING_CONVERSIONS, LineTerms, day_target
from market.fleet_calendar import Calendar
from market.noise import gauss, stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# What follows is as in market.delivery; tests/market/test_fleet.py holds the two together.
MEDIAN_CPM: Final = 10_500_000.0
VIEWS_PER_PERSON: Final = 12.0
REFERENCE_BID: Final = 1.6
HIGHEST_BID: Final = 5.0
CATCH_UP: Final = 1.6
WEEKS_WORTH: Final = 7
PRICE_SD: Final = 0.9

_Z: Final = np.linspace(-8.0, 3.0, 2201)
"""Bids in log deviations from the median price, wide enough for every bid down to nothing won."""
_WON: Final = np.array([NormalDist().cdf(float(z)) for z in _Z])
_PAID: Final = math.exp(PRICE_SD**2 / 2) * np.array(
    [NormalDist().cdf(float(z) - PRICE_SD) for z in _Z]
)
"""Expected price per auction entered, over the median price (``market.auction``)."""
_WEEK: Final = 168


@dataclass(frozen=True, slots=True)
class FleetTerms:
    """What does not change: the line, its ads, its people.

    ``over_delivery`` is the multiple of the daily budget a day may reach; ``unit`` is how many
    units of the account's currency the market's unit is worth.
    """

    network: str
    line: str
    ads: tuple[str, ...]
    over_delivery: float = 1.0
    audience: int = 2_000_000
    unit: float = 1.0


@dataclass(frozen=True, slots=True)
class FleetOrder:
    """How the trials stand for an hour. Money in micros.

    Attributes:
        budgets: Daily budgets (trials,); 0 is off.
        running: Which ads deliver (trials, ads).
        bids: Most paid per click (trials,), 0 for automatic.
        room: Most that may still be spent in the campaign's life (trials,), None if unlimited.
        conditions: Of this hour.
    """

    budgets: Ints
    running: Bools
    bids: Ints | None = None
    room: Ints | None = None
    conditions: Conditions = ORDINARY


@dataclass(frozen=True, slots=True)
class FleetConversions:
    """Attributed conversions, one an entry: whose, the click (epoch seconds), seconds from click
    to conversion, revenue in micros. All arrays have shape (conversions,)."""

    trial: Ints
    ad: Ints
    clicked: Floats
    delay: Floats
    revenue: Ints


@dataclass(frozen=True, slots=True)
class FleetHour:
    """What an hour delivered: arrays (trials, ads), spend in micros, and what follows clicks."""

    impressions: Ints
    clicks: Ints
    spend: Ints
    conversions: FleetConversions


class Fleet:
    """The trials' markets and what their networks' pacers know. Hours are asked for in order."""

    def __init__(self, seeds: Sequence[int], terms: FleetTerms, calendar: Calendar) -> None:
        self.terms = terms
        self.calendar = calendar
        trials, ads = len(seeds), len(terms.ads)
        natures = [[response.traits(seed, terms.network, ad) for ad in terms.ads] for seed in seeds]
        self._ctr = np.array([[one.ctr for one in row] for row in natures])
        self._wear = np.array([[one.wear for one in row] for row in natures])
        self._cvr = np.array([[one.cvr for one in row] for row in natures])
        self._revenue = terms.unit * np.array([[one.revenue for one in row] for row in natures])
        levels = [gauss(seed, "level", terms.network, terms.line) for seed in seeds]
        self._level: Floats = np.exp(0.18 * np.array(levels, dtype=np.float64))
        self._target, self._skill = _days(seeds, terms, calendar.dates)
        self._noise, self._drift = _hours(seeds, terms, len(calendar))
        self._seed = seeds[0] if seeds else 0
        self.shown: Ints = np.zeros((trials, ads), dtype=np.int64)
        self.spent_ever: Ints = np.zeros(trials, dtype=np.int64)
        self._today: Ints = np.zeros(trials, dtype=np.int64)
        self._week: Ints = np.zeros(trials, dtype=np.int64)
        self._budgets: Ints = np.zeros(trials, dtype=np.int64)
        self._converted = np.zeros((trials, len(calendar)), dtype=np.int64)
        self._recent = np.zeros(trials, dtype=np.int64)

    def deliver(self, number: int, order: FleetOrder) -> FleetHour:
        """What hour ``number`` (from 0, one after the other) delivers."""
        self._open(number, order.budgets)
        rng = stream(self._seed, "fleet hour", self.terms.network, self.terms.line, number)
        rates = self._click_rates(order.conditions)
        shares = _rotation(rates, order.running)
        expected, cpm = self._bought(number, order, (rates * shares).sum(axis=1))
        total = rng.poisson(expected)
        impressions = rng.multinomial(total, _distribution(shares)).astype(np.int64)
        impressions *= order.running
        spend = np.floor(impressions * cpm[:, None] / 1000.0).astype(np.int64)
        room = self._room(order)
        whole = spend.sum(axis=1)
        over = whole > room
        if over.any():
            # A cap ends the hour early: what came before it is kept.
            kept = np.where(over, np.maximum(room, 0) / np.maximum(whole, 1), 1.0)[:, None]
            impressions = np.floor(impressions * kept).astype(np.int64)
            spend = np.floor(spend * kept).astype(np.int64)
        clicks = rng.binomial(impressions, np.minimum(rates, 1.0))
        learning = self._recent < LEARNING_CONVERSIONS
        skill = np.where(learning, self._skill[:, self.calendar.day[number]], 1.0)
        followed = rng.binomial(clicks, np.minimum(self._cvr * skill[:, None], 1.0))
        conversions = self._conversions(rng, number, followed, measured=order.conditions.measured)
        self._note(number, impressions, spend, conversions)
        return FleetHour(impressions, clicks, spend, conversions)

    def _open(self, number: int, budgets: Ints) -> None:
        """A new day, a new week, a new budget: the pacer begins anew (see the sandbox's tally)."""
        day = self.calendar.day
        if number and day[number] != day[number - 1]:
            self._today[:] = 0
            if self.calendar.dates[int(day[number])].weekday() == 6:
                self._week[:] = 0
        self._week[budgets != self._budgets] = 0
        self._budgets = budgets.copy()
        if number >= _WEEK:
            self._recent -= self._converted[:, number - _WEEK]

    def _click_rates(self, conditions: Conditions) -> Floats:
        people = self.people(conditions)
        shown = self.shown.astype(np.float64)
        views = np.maximum(shown / np.maximum(reached(people, shown), 1e-9), 1.0)
        wear = self._wear.copy()
        wear[:, :1] *= conditions.wear
        return self._ctr * np.exp(-wear * (views - 1.0))

    def people(self, conditions: Conditions) -> int:
        """How many there are to show ads to."""
        most = conditions.audience
        return max(1, self.terms.audience if most is None else min(most, self.terms.audience))

    def _bought(self, number: int, order: FleetOrder, rate: Floats) -> tuple[Floats, Floats]:
        """Expected impressions and their CPM (micros), as ``market.auction.buy`` has them."""
        calendar, conditions = self.calendar, order.conditions
        share = float(calendar.share[number])
        day = calendar.dates[int(calendar.day[number])]
        noise = self._noise[:, number]
        wanted = self._wanted(number, order) * noise
        people = self.people(conditions) * VIEWS_PER_PERSON * share
        opportunities: Floats = people * traffic.weekday_factor(day) * noise
        crowd = max(share * 24.0, 0.1) ** 0.25
        price = MEDIAN_CPM * self.terms.unit * crowd * conditions.price
        median = price * self._level * np.exp(0.12 * self._drift[:, number])
        ceiling = np.full(len(rate), math.log(HIGHEST_BID) / PRICE_SD)
        if order.bids is not None:
            bid = np.where(order.bids > 0, order.bids * rate * 1000.0, np.inf)
            with np.errstate(divide="ignore"):
                ceiling = np.minimum(ceiling, np.log(bid / median) / PRICE_SD)
        need = np.asarray(wanted * 1000.0 / np.maximum(opportunities, 1e-9) / median, np.float64)
        z = np.maximum(np.interp(need, _PAID, _Z), math.log(REFERENCE_BID) / PRICE_SD)
        z = np.clip(np.minimum(z, ceiling), _Z[0], _Z[-1])
        won, paid = np.interp(z, _Z, _WON), np.interp(z, _Z, _PAID)
        # Bids that win one auction in a billion buy nothing (``market.auction``).
        wins = won > 1e-9
        cpm = np.where(wins, median * paid / np.where(wins, won, 1.0), 0.0)
        most = np.where(wins, opportunities * won, 0.0)
        return np.minimum(wanted * 1000.0 / np.where(wins, cpm, 1.0), most), cpm

    def _wanted(self, number: int, order: FleetOrder) -> Floats:
        """Micros each pacer wants to spend in the hour (``market.delivery``)."""
        calendar, pace = self.calendar, order.conditions.pace
        share = float(calendar.share[number])
        target = pace * order.budgets * self._target[:, calendar.day[number]]
        week = order.budgets.astype(np.float64) * (pace * WEEKS_WORTH) - self._week
        left = np.minimum(target - self._today, week)
        remaining = max(1.0 - float(calendar.before[number]), share, 1e-9)
        pull = left / np.maximum(target * remaining, 1e-9)
        wanted = target * share * np.clip(pull, 0.0, CATCH_UP)
        return np.where(order.running.any(axis=1), wanted, 0.0)

    def _room(self, order: FleetOrder) -> Ints:
        """Most the hour may cost: the day's cap, and what is left for ever."""
        over = self.terms.over_delivery * order.conditions.pace
        today = np.rint(order.budgets * over).astype(np.int64) - self._today
        return today if order.room is None else np.minimum(today, order.room)

    def _conversions(
        self, rng: np.random.Generator, number: int, followed: Ints, *, measured: bool
    ) -> FleetConversions:
        whose = np.repeat(np.arange(followed.size), followed.ravel())
        count = whose.size
        which, how_long = rng.random(count), rng.random(count)
        clicked = self.calendar.begins[number] + 3600.0 * rng.random(count)
        size = np.exp(0.5 * rng.standard_normal(count) - 0.125)
        delay = _delays(which, how_long)
        revenue = (self._revenue.ravel()[whose] * size).astype(np.int64)
        kept = (delay < response.ATTRIBUTION.total_seconds()) & measured
        ads = followed.shape[1]
        return FleetConversions(
            trial=(whose // ads)[kept],
            ad=(whose % ads)[kept],
            clicked=clicked[kept],
            delay=delay[kept],
            revenue=revenue[kept],
        )

    def _note(
        self, number: int, impressions: Ints, spend: Ints, conversions: FleetConversions
    ) -> None:
        whole = spend.sum(axis=1)
        self.shown += impressions
        self._today += whole
        self._week += whole
        self.spent_ever += whole
        counts = np.bincount(conversions.trial, minlength=len(whole)).astype(np.int64)
        self._converted[:, number] = counts
        self._recent += counts


def reached(people: int | Ints, shown: Floats | Ints) -> Floats:
    """``market.response.reach`` of every entry of an array."""
    views = np.asarray(shown, np.float64) / people
    return np.asarray(-people * np.expm1(-views), np.float64)


def _days(seeds: Sequence[int], terms: FleetTerms, dates: Sequence[date]) -> tuple[Floats, Floats]:
    """(trials, days): what pacers make of a budget, and what learning leaves of conversions."""
    line = LineTerms(
        network=terms.network,
        line=terms.line,
        ads=terms.ads,
        daily_budget=1_000_000,
        over_delivery=terms.over_delivery,
    )
    target = [[day_target(seed, line, day.isoformat()) for day in dates] for seed in seeds]
    skill = [
        [0.85 * math.exp(0.2 * gauss(seed, "learning", terms.network, terms.line, day))
         for day in dates]
        for seed in seeds
    ]  # fmt: skip
    shape = (len(seeds), len(dates))
    return np.array(target).reshape(shape) / 1e6, np.array(skill).reshape(shape)


def _hours(seeds: Sequence[int], terms: FleetTerms, hours: int) -> tuple[Floats, Floats]:
    """(trials, hours): traffic noise as ``traffic.hourly_noise`` has it, and the price's drift."""
    weights = np.array((0.8, 0.5, 0.33))
    weights /= math.sqrt(float((weights**2).sum()))
    noise, drift = np.zeros((len(seeds), hours)), np.zeros((len(seeds), hours))
    for place, seed in enumerate(seeds):
        rng = stream(seed, "fleet", terms.network, terms.line)
        z = np.convolve(rng.standard_normal(hours + 2), weights, mode="valid")
        noise[place] = np.exp(0.15 * z - 0.15**2 / 2)
        drift[place] = rng.standard_normal(hours)
    return noise, drift


def _rotation(rates: Floats, running: Bools) -> Floats:
    """Shares of impressions (trials, ads), zero where nothing runs (``market.delivery``)."""
    weights = np.where(running, np.maximum(rates, 1e-300) ** 1.5, 0.0)
    whole, many = weights.sum(axis=1, keepdims=True), running.sum(axis=1, keepdims=True)
    even = np.asarray(running / np.maximum(many, 1), np.float64)
    return 0.9 * np.where(whole > 0, weights / np.maximum(whole, 1e-300), even) + 0.1 * even


def _distribution(shares: Floats) -> Floats:
    """Shares that sum to one in every row, as drawing asks for."""
    whole = shares.sum(axis=1, keepdims=True)
    even = np.full_like(shares, 1.0 / max(1, shares.shape[1]))
    # A hair below one, because rounding may put a sum a hair above.
    return np.where(whole > 0, shares / np.maximum(whole, 1e-300), even) * (1.0 - 1e-12)


def _delays(which: Floats, how_long: Floats) -> Floats:
    """Seconds from click to conversion (``response.conversion_delay``)."""
    mean = np.where(which < 0.35, 20 * 60.0, np.where(which < 0.5, 8 * 3600.0, 5 * 86_400.0))
    return -mean * np.log1p(-how_long)
