"""Today's spend against today's plan: what is spent by now, how fast, and where it will end.

Reported spend trails the present by its age and the network's reporting lag; what is missing is
filled in at the measured rate per unit of traffic. The rate is the spend of the last stretch of
the day, shrunk to what the live budget makes a self-pacing network spend: after a quarter of an
hour of night traffic the budget says more than the figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from policy.traffic import DEFAULT_CURVE, HOUR_SCATTER, TrafficCurve, cumulative_share, usable

STALE_AFTER = timedelta(hours=3)
"""Older figures are not acted on; networks report within three hours."""
LONGEST_LAG = 3 * 3600.0
STRETCH = 0.30
"""Share of the day's plan over which the present speed is measured: a quarter of a day by the
clock, so that it still follows a day whose traffic departs from its forecast."""
PRIOR_SHARE = 0.12
"""Share of the plan at which figures and budget are believed alike: some three hours, when hourly
scatter (15 %, neighbours alike) has fallen to how far networks miss a budget (some 10 %)."""
_DAY_SCATTER = 0.10
"""How far networks miss a daily budget by themselves (lognormal, some 8 to 10 %)."""
_CATCH_UP = 1.5
"""A network catches up at most so much faster than its budget spread over the day's traffic."""
_LONGEST_FLIGHT = 400
_PRIOR_DELIVERY_DAYS = 1.0
"""A day scatters by as much as networks differ in what they make of a budget."""


class Senseless(ValueError):
    """Figures that must not be acted on; the message says why."""


@dataclass(frozen=True, slots=True)
class SpendReading:
    """Reported spend of the account's day, micros, at an instant (aware)."""

    at: datetime
    spent: int


@dataclass(frozen=True, slots=True)
class DayDelivery:
    """A past whole day: the daily budget that was live (its mean over the day's traffic) and what
    was spent, micros."""

    budget: int
    spent: int


@dataclass(frozen=True, slots=True)
class DaySoFar:
    """The account's current day. Shares are of the whole day's traffic, money is micros.

    Attributes:
        budget: What today may spend: the agreed budget, or the flight's remainder if that is less.
        planned_share: Share of ``budget`` that traffic had for the time until now.
        left: Share of traffic from now to the end of the day or flight.
        spent_now: Spend by now, the unreported estimated.
        rate: Spend per unit of traffic share.
        projected: Spend at the end of the day if nothing is changed.
        seen: Share that figures show since the day began or the budget was last moved.
        measured: How much of the rate is measured, the rest being the live budget's word, 0..1.
        since_change: Age of today's last move, None without.
        delivery: What the network spends of a budget, from recent days.
        scatter: Log standard deviation of the rest of the day's spend.
        confidence: 0..1, by how much of the day is seen.
    """

    budget: float
    planned_share: float
    left: float
    spent_now: float
    rate: float
    projected: float
    seen: float
    measured: float
    since_change: timedelta | None
    delivery: float
    scatter: float
    confidence: float


class DayFigures(Protocol):
    """What reading a day needs (``PacingInputs`` says what each is)."""

    @property
    def now(self) -> datetime: ...
    @property
    def timezone(self) -> str: ...
    @property
    def agreed(self) -> int: ...
    @property
    def live(self) -> int: ...
    @property
    def spent_today(self) -> int | None: ...
    @property
    def as_of(self) -> datetime | None: ...
    @property
    def delivering_since(self) -> datetime: ...
    @property
    def spent_total(self) -> int: ...
    @property
    def hours(self) -> tuple[int, ...] | None: ...
    @property
    def readings(self) -> tuple[SpendReading, ...]: ...
    @property
    def reporting_lag(self) -> float: ...
    @property
    def lifetime_budget(self) -> int | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def curve(self) -> TrafficCurve | None: ...
    @property
    def recent_days(self) -> tuple[DayDelivery, ...]: ...
    @property
    def last_change_at(self) -> datetime | None: ...


def read_day(figures: DayFigures) -> DaySoFar:
    """Where the day stands.

    Raises:
        Senseless: figures are missing, stale, of another day, or contradict themselves.
    """
    as_of, spent = _usable_figures(figures)
    plan = _Plan(figures)
    known = max(plan.start, as_of - timedelta(seconds=figures.reporting_lag))
    if plan.end <= known or plan.whole <= 0:
        raise Senseless("no traffic is planned for today")
    delivery = _delivery(figures.recent_days)
    moved = figures.last_change_at
    since = plan.start if moved is None else max(plan.start, moved)
    base, counted = _stretch(figures, plan, since, known, spent)
    seen = plan.share(base, known)
    # What a network that paces itself towards the live budget would now spend per unit of share.
    to_come = max(plan.share(known, plan.midnight_after), 1e-6)
    by_budget = min(max((figures.live * delivery - spent) / to_come, 0.0), _CATCH_UP * figures.live)
    rate = (counted + PRIOR_SHARE * by_budget) / (seen + PRIOR_SHARE)
    spent_now = spent + rate * plan.share(known, figures.now)
    left = plan.share(figures.now, plan.end)
    budget = _budget(figures, plan, spent)
    changed_today = moved is not None and moved >= plan.start
    return DaySoFar(
        budget=budget,
        planned_share=plan.share(plan.start, figures.now) / plan.whole,
        left=left,
        spent_now=spent_now,
        rate=rate,
        projected=spent_now + rate * left,
        seen=seen,
        measured=seen / (seen + PRIOR_SHARE),
        since_change=figures.now - moved if moved is not None and changed_today else None,
        delivery=delivery,
        scatter=_scatter(seen, left),
        confidence=0.5 + 0.45 * seen / (seen + PRIOR_SHARE),
    )


class _Plan:
    """The account's day: local boundaries and traffic shares between instants."""

    def __init__(self, figures: DayFigures) -> None:
        zone = ZoneInfo(figures.timezone)
        own = figures.curve
        self._zone = zone
        self._hours = figures.hours
        self.curve = own if own is not None and usable(own) else DEFAULT_CURVE
        local = figures.now.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self.today: date = local.date()
        self.midnight_after = (midnight + timedelta(days=1)).replace(fold=0)
        self.start = max(midnight, figures.delivering_since.astimezone(zone))
        ends = figures.ends_at
        self.end = self.midnight_after if ends is None else min(self.midnight_after, ends)
        self.whole = self.share(self.start, self.end)

    def share(self, start: datetime, end: datetime) -> float:
        """Share of today's traffic between two instants, 0 if they are the wrong way round."""
        return max(0.0, self._until(end) - self._until(start))

    def _until(self, at: datetime) -> float:
        local = at.astimezone(self._zone)
        if local.date() != self.today:
            return 0.0 if local.date() < self.today else self._until_midnight()
        return cumulative_share(local, self._hours, self.curve)

    def _until_midnight(self) -> float:
        return 1.0 if self._hours is None or any(0 <= hour < 24 for hour in self._hours) else 0.0


def _usable_figures(figures: DayFigures) -> tuple[datetime, int]:
    if figures.agreed <= 0 or figures.live <= 0:
        raise Senseless("there is no daily budget to pace")
    if figures.spent_today is None or figures.as_of is None:
        raise Senseless("no figures yet")
    times = (figures.now, figures.as_of, figures.delivering_since, figures.ends_at,
             figures.last_change_at, *(one.at for one in figures.readings))  # fmt: skip
    if any(one is not None and (one.tzinfo is None or not 2000 < one.year < 2200) for one in times):
        raise Senseless("an instant makes no sense")
    try:
        zone = ZoneInfo(figures.timezone)
    except (KeyError, ValueError, OSError):
        raise Senseless(f"the account's time zone {figures.timezone!r} is unknown") from None
    if figures.as_of > figures.now:
        raise Senseless("figures are dated in the future")
    if figures.now - figures.as_of > STALE_AFTER:
        hours = (figures.now - figures.as_of).total_seconds() / 3600
        raise Senseless(f"figures are {hours:.1f} h old")
    if figures.as_of.astimezone(zone).date() != figures.now.astimezone(zone).date():
        raise Senseless("figures are from another day of the account")
    if figures.spent_today < 0:
        raise Senseless("figures make no sense: negative spend")
    if figures.delivering_since >= figures.as_of:
        raise Senseless("figures are from before delivery began")
    if figures.last_change_at is not None and figures.last_change_at > figures.now:
        raise Senseless("the last move is dated in the future")
    if figures.ends_at is not None and figures.ends_at <= figures.now:
        raise Senseless("the flight is over")
    if not 0.0 <= figures.reporting_lag <= LONGEST_LAG:
        raise Senseless("the reporting lag makes no sense")
    before = _today(figures, zone)
    if before and before[-1].spent > figures.spent_today:
        raise Senseless("today's spend was restated downwards; waiting for the next reading")
    return figures.as_of, figures.spent_today


def _today(figures: DayFigures, zone: ZoneInfo) -> list[SpendReading]:
    """Today's earlier readings in the order of time."""
    today = figures.now.astimezone(zone).date()
    found = [
        one
        for one in figures.readings
        if one.spent >= 0
        and figures.as_of is not None
        and one.at < figures.as_of
        and one.at.astimezone(zone).date() == today
    ]
    return sorted(found, key=lambda one: (one.at, one.spent))


def _stretch(
    figures: DayFigures, plan: _Plan, since: datetime, known: datetime, spent: int
) -> tuple[datetime, float]:
    """The last stretch of the day with one budget: its start, and what was spent in it."""
    lag = timedelta(seconds=figures.reporting_lag)
    start, before = (plan.start, 0) if since <= plan.start else (known, spent)
    for one in _today(figures, ZoneInfo(figures.timezone)):
        at = one.at - lag
        if at < since or one.spent > spent:  # more than now: since restated
            continue
        late_enough = plan.share(at, known) >= STRETCH
        if start == known or late_enough:
            start, before = at, one.spent
    return start, float(spent - before)


def _budget(figures: DayFigures, plan: _Plan, spent: int) -> float:
    """Micros today may spend: the agreed budget, or today's part of what the flight has left."""
    agreed = figures.agreed * plan.whole
    if figures.lifetime_budget is None:
        return agreed
    left = figures.lifetime_budget - max(0, figures.spent_total - spent)
    today = plan.curve.weekdays[plan.today.weekday()] * plan.whole
    coming = 0.0
    if figures.ends_at is not None:
        days = (figures.ends_at.astimezone(plan.midnight_after.tzinfo).date() - plan.today).days
        coming = sum(
            plan.curve.weekdays[(plan.today.weekday() + day) % 7]
            for day in range(1, min(days, _LONGEST_FLIGHT))
        )
        if days >= 1:
            last = figures.ends_at.astimezone(plan.midnight_after.tzinfo)
            share = cumulative_share(last, figures.hours, plan.curve)
            coming += plan.curve.weekdays[last.weekday()] * share
    return max(0.0, min(agreed, left * today / max(today + coming, 1e-9)))


def _scatter(seen: float, left: float) -> float:
    """Log standard deviation of the rest of the day: what the network makes of its budget, as
    far as the hours seen do not show it yet, and the chance of the hours to come."""
    known = 1 / _DAY_SCATTER**2 + 24 * seen / HOUR_SCATTER**2
    return math.sqrt(1 / known + HOUR_SCATTER**2 / (1 + 24 * left))


def _delivery(days: Sequence[DayDelivery]) -> float:
    """What the network spends of a budget: the recent days' ratio, shrunk to 1."""
    logs = [
        min(max(math.log(one.spent / one.budget), -0.7), 0.7)
        for one in days
        if one.budget > 0 and one.spent > 0
    ]
    return math.exp(sum(logs) / (len(logs) + _PRIOR_DELIVERY_DAYS))
