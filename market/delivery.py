"""What one line delivers in a piece of time: the network's own pacer, auctions, responses.

A slot is drawn once, as if the line were active throughout it, from the state at the slot's
start; a piece then takes the events that fall inside it. So the way a slot is cut into pieces
(how often someone looks) changes nothing, and spend stops at the instant a line stops.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from market import response, traffic
from market.auction import Competition, Purchase, buy
from market.conditions import ORDINARY, Conditions
from market.noise import gauss, stream, uniform

_MEDIAN_CPM: Final = 10_500_000.0
_VIEWS_PER_PERSON: Final = 12.0
_REFERENCE_BID: Final = 1.6
_HIGHEST_BID: Final = 5.0
_CATCH_UP: Final = 1.6
_WEEKS_WORTH: Final = 7
LEARNING_CONVERSIONS: Final = 50
"""Conversions within seven days that end a network's learning phase."""


@dataclass(frozen=True, slots=True)
class LineTerms:
    """A line as it is now. Money in micros; ``bid`` is the most paid per click (None:
    automatic); ``over_delivery`` is the multiple of the daily budget a day may reach."""

    network: str
    line: str
    ads: tuple[str, ...]
    daily_budget: int
    bid: int | None = None
    over_delivery: float = 1.0
    audience: int = 2_000_000
    conditions: Conditions = ORDINARY


@dataclass(frozen=True, slots=True)
class SoFar:
    """What the line did until the slot began (``room``: until this very piece).

    ``spent_today`` and ``spent_this_week`` are micros; the week's counts from its Sunday or
    the last change of budget. ``impressions`` are lifetime, by ad in the order of the terms.
    ``conversions_in_week`` decides whether the network still learns. ``room`` is the most
    this piece may spend (campaign cap, total budget, the day's hard cap), None if unlimited.
    """

    spent_today: int
    spent_this_week: int
    impressions: tuple[int, ...]
    conversions_in_week: int = 0
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion: seconds from the slot's start to its click, seconds from the click to
    the conversion, revenue in micros."""

    clicked: float
    delay: float
    revenue: int


@dataclass(frozen=True, slots=True)
class AdFigures:
    """What one ad did in the piece."""

    ad: str
    impressions: int
    clicks: int
    spend: int
    conversions: tuple[Conversion, ...]


def day_target(seed: int, terms: LineTerms, day: str) -> float:
    """What the network's pacer aims to spend on an account day, in micros.

    Around the daily budget (lognormal, sd 8 %); one day in ten is a day with more good
    opportunities and goes further towards the cap. Never above ``over_delivery`` times.
    """
    extra = terms.over_delivery - 1.0
    # Rich days and hard lower bounds pull the mean up; this brings it back to the budget.
    factor = (1.0 - 0.05 * extra) * math.exp(
        0.08 * gauss(seed, "target", terms.network, terms.line, day)
    )
    if uniform(seed, "rich day", terms.network, terms.line, day) < 0.1:
        rich = uniform(seed, "rich by", terms.network, terms.line, day)
        factor += rich * extra
    return terms.daily_budget * min(max(factor, 0.85), terms.over_delivery)


def slot_start(moment: datetime) -> datetime:
    """The start of the 15-minute slot that ``moment`` lies in."""
    over = timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment - over


def deliver(
    seed: int, terms: LineTerms, so_far: SoFar, start: datetime, end: datetime
) -> list[AdFigures]:
    """Figures of the piece ``start..end`` (aware, in the account's zone).

    The piece lies in one slot, or covers several slots of one account day from a slot's
    start, which are then drawn as one.
    """
    slot = slot_start(start)
    length = max(traffic.SLOT, end - slot)
    if not terms.ads or terms.daily_budget <= 0 or end <= start:
        return []
    whole = _slot(seed, terms, so_far, slot, length)
    low, high = (start - slot) / length, (end - slot) / length
    pieces = [_cut(ad, whole.cpm, low, high, length) for ad in whole.ads]
    spend = sum(piece.spend for piece in pieces)
    if so_far.room is not None and spend > so_far.room:
        return [_shrink(piece, max(0, so_far.room) / spend) for piece in pieces]
    return pieces


@dataclass(frozen=True, slots=True)
class _AdSlot:
    """One ad's whole slot: impressions, when (0..1) each click falls, what follows it."""

    ad: str
    impressions: int
    phase: float
    clicks: tuple[float, ...]
    follow: tuple[tuple[float, int] | None, ...]


@dataclass(frozen=True, slots=True)
class _Slot:
    cpm: float
    ads: tuple[_AdSlot, ...]


@lru_cache(maxsize=4096)
def _draw(
    seed: int,
    network: str,
    line: str,
    ads: tuple[tuple[str, float, float, float], ...],
    slot: int,
    expected: float,
) -> tuple[_AdSlot, ...]:
    """The slot's events, for (ad id, share of impressions, CTR, CVR) of each ad."""
    total = int(stream(seed, "impressions", network, line, slot).poisson(expected))
    drawn: list[_AdSlot] = []
    left, weight = total, 1.0
    for ad, share, ctr, cvr in ads:
        rng = stream(seed, "ad", network, ad, slot)
        part = 1.0 if share >= weight else share / weight
        shown = int(rng.binomial(left, part)) if left else 0
        left, weight = left - shown, max(1e-12, weight - share)
        count = int(rng.binomial(shown, min(1.0, ctr))) if shown else 0
        phase = float(rng.random())
        # A click belongs to an impression, so no piece shows clicks before impressions.
        marks = np.floor((np.arange(count) + rng.random(count)) * shown / max(1, count))
        clicks = tuple(float(each) for each in (marks + phase) / max(1, shown))
        revenue = response.traits(seed, network, ad).revenue
        chance, which, how_long = rng.random(count), rng.random(count), rng.random(count)
        value = np.exp(0.5 * rng.standard_normal(count) - 0.125) * revenue
        follow = tuple(
            (response.conversion_delay(float(which[i]), float(how_long[i])), int(value[i]))
            if chance[i] < cvr
            else None
            for i in range(count)
        )
        drawn.append(_AdSlot(ad, shown, phase, clicks, follow))
    return tuple(drawn)


def _slot(seed: int, terms: LineTerms, so_far: SoFar, slot: datetime, length: timedelta) -> _Slot:
    day = slot.date()
    seconds = traffic.seconds_of_day(slot)
    before = traffic.passed(seconds)
    share = traffic.passed(seconds + length.total_seconds()) - before
    number = int(slot.timestamp()) // 900
    noise = traffic.hourly_noise(seed, terms.network, number // 4)
    views = [response.frequency(terms.audience, shown) for shown in so_far.impressions]
    natures = [response.traits(seed, terms.network, ad) for ad in terms.ads]
    natures[0] = replace(natures[0], wear=natures[0].wear * terms.conditions.wear)
    rates = [response.click_rate(a, v) for a, v in zip(natures, views, strict=True)]
    shares = _rotation(rates)
    learning = so_far.conversions_in_week < LEARNING_CONVERSIONS
    purchase = _purchase(
        seed,
        terms,
        wanted=_wanted(seed, terms, so_far, day.isoformat(), before, share) * noise,
        # The audience is used up: nobody is shown the same ads without end.
        opportunities=terms.audience
        * _VIEWS_PER_PERSON
        * share
        * traffic.weekday_factor(day)
        * noise,
        number=number,
        crowd=share / (length.total_seconds() / 86_400.0),
        rate=sum(s * r for s, r in zip(shares, rates, strict=True)),
    )
    # The learning phase costs results (assumption: CVR 15 % lower and noisier by day).
    skill = 1.0
    if learning:
        skill = 0.85 * math.exp(0.2 * gauss(seed, "learning", terms.network, terms.line, day))
    ads = tuple(
        (ad, s, r, min(1.0, a.cvr * skill))
        for ad, s, r, a in zip(terms.ads, shares, rates, natures, strict=True)
    )
    drawn = _draw(seed, terms.network, terms.line, ads, number, purchase.impressions)
    return _Slot(purchase.cpm, drawn)


def _wanted(
    seed: int, terms: LineTerms, so_far: SoFar, day: str, before: float, share: float
) -> float:
    """Micros the network's pacer wants to spend in the slot: the day's target by traffic,
    catching up at most 1.6-fold, never beyond the day's cap or seven budgets a week."""
    pace = terms.conditions.pace
    target = pace * day_target(seed, terms, day)
    left = min(
        target - so_far.spent_today,
        pace * _WEEKS_WORTH * terms.daily_budget - so_far.spent_this_week,
    )
    remaining = max(1.0 - before, share, 1e-9)
    return target * share * min(max(left / (target * remaining), 0.0), _CATCH_UP)


def _purchase(
    seed: int,
    terms: LineTerms,
    *,
    wanted: float,
    opportunities: float,
    number: int,
    crowd: float,
    rate: float,
) -> Purchase:
    """Busy hours are dearer, the market drifts by hour, and audiences differ in price."""
    drift = 0.12 * gauss(seed, "price", terms.network, number // 4)
    level = 0.18 * gauss(seed, "level", terms.network, terms.line)
    ordinary = _MEDIAN_CPM * max(crowd, 0.1) ** 0.25 * math.exp(drift + level)
    competition = Competition(ordinary * terms.conditions.price)
    ceiling = competition.median * _HIGHEST_BID
    if terms.bid is not None:
        ceiling = min(ceiling, terms.bid * rate * 1000.0)
    return buy(competition, opportunities, wanted, competition.median * _REFERENCE_BID, ceiling)


def _rotation(rates: Sequence[float]) -> tuple[float, ...]:
    """How the network shares impressions among a line's ads: mostly to the better click
    rate, with a tenth kept for equal exploration."""
    weights = [rate**1.5 for rate in rates]
    whole = sum(weights) or 1.0
    return tuple(0.9 * weight / whole + 0.1 / len(rates) for weight in weights)


def _cut(ad: _AdSlot, cpm: float, low: float, high: float, length: timedelta) -> AdFigures:
    """The part of an ad's slot between the fractions ``low`` and ``high``."""

    def shown(mark: float) -> int:
        if mark >= 1.0:
            return ad.impressions
        return min(ad.impressions, max(0, math.ceil(ad.impressions * mark - ad.phase)))

    seconds = length.total_seconds()
    first, last = shown(low), shown(high)
    inside = [i for i, mark in enumerate(ad.clicks) if low <= mark < high]
    return AdFigures(
        ad=ad.ad,
        impressions=last - first,
        clicks=len(inside),
        spend=int(last * cpm / 1000.0) - int(first * cpm / 1000.0),
        conversions=tuple(
            Conversion(ad.clicks[i] * seconds, *then)
            for i in inside
            if (then := ad.follow[i]) is not None
        ),
    )


def _shrink(piece: AdFigures, factor: float) -> AdFigures:
    """The first part of a piece that a cap cut short."""
    clicks = int(piece.clicks * factor)
    return AdFigures(
        ad=piece.ad,
        impressions=int(piece.impressions * factor),
        clicks=clicks,
        spend=int(piece.spend * factor),
        conversions=piece.conversions[: int(len(piece.conversions) * factor)],
    )
