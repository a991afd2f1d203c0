"""The loop of the Monte-Carlo twin: what is due at an hour's beginning, then the hour itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from market.conditions import ORDINARY, Conditions
from market.fleet import FleetHour, FleetOrder, Ints
from market.fleet_calendar import HOUR
from models.contract.campaign import MediaPlan
from models.contract.exchange import Rates
from models.contract.limits import SANDBOX_LIMITS, SpendLimits
from models.contract.vocabulary import Platform
from starter.rehearsal.scenarios import SandboxOrder
from starter.rehearsal.trial_decisions import ADS_EVERY, PACING_EVERY, RULES_EVERY, Decisions
from starter.rehearsal.trial_guard import LOOK_EVERY, Guard
from starter.rehearsal.trial_histories import Histories
from starter.rehearsal.trial_state import Setting, Trials

LONGEST: Final = 90
"""Days."""
_SEEDS_APART = 1_000_003
"""Trials of one seed never meet those of another."""
_READ_EVERY = timedelta(hours=2)
_DISAPPROVED = "disapproved by the network"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of each trial: arrays (trials,), ``daily`` (trials, days). Money in micros."""

    spend: Ints
    impressions: Ints
    clicks: Ints
    conversions: Ints
    revenue: Ints
    daily: Ints


def fly(
    plan: MediaPlan,
    platform: Platform,
    start: datetime,
    *,
    days: int,
    trials: int,
    seed: int,
    timezone: str = "UTC",
    limits: SpendLimits = SANDBOX_LIMITS,
    rates: Rates | None = None,
    told: Sequence[SandboxOrder] = (),
    progress: Progress | None = None,
) -> tuple[Trials, Outcomes]:
    """The trials after their flight, and what came of each (``trials.forecast`` says what is what).

    Raises:
        Refused: the platform has no adapter.
        ValueError: days or trials make no sense.
    """
    if not 1 <= days <= LONGEST or trials < 1:
        raise ValueError(f"{days} days and {trials} trials: 1 to {LONGEST} days, 1 trial or more")
    setting = Setting.of(plan, platform, start, timezone, limits, rates or Rates())
    ends = setting.start + timedelta(days=days)
    if setting.ends_at is not None:
        ends = min(ends, setting.ends_at)
    hours = max(0, -int((setting.start - ends) // HOUR))
    seeds = tuple(seed * _SEEDS_APART + number for number in range(trials))
    flight = Flight(Trials.of(setting, seeds, max(1, hours)), told)
    for number in range(hours):
        flight.hour(number)
        if progress is not None and number % 24 == 0:
            progress(f"days on {platform.value}", number // 24, -(-hours // 24))
    return flight.trials, flight.outcomes()


class Flight:
    """The loop: what is due at the beginning of an hour, then the hour itself."""

    def __init__(self, trials: Trials, told: Sequence[SandboxOrder]) -> None:
        self.trials = trials
        self._decisions = Decisions(trials)
        self._guard = Guard(trials)
        self._told = [one for one in told if one.path == "/conditions"]
        self._reviews = [one for one in told if one.path != "/conditions"]
        self.readings: list[tuple[datetime, Ints]] = []
        start = trials.setting.start
        self._next_pacing, self._next_ads = start + PACING_EVERY, start + ADS_EVERY
        self._next_rules, self._next_look = start + PACING_EVERY, start + LOOK_EVERY
        self._next_reading = start + _READ_EVERY
        many, days = len(trials.seeds), len(trials.calendar.dates)
        self._daily: Ints = np.zeros((many, days), dtype=np.int64)
        self._sums: Ints = np.zeros((4, many), dtype=np.int64)

    def hour(self, number: int) -> None:
        """One hour of every trial."""
        trials, plan = self.trials, self.trials.setting.plan
        now = trials.calendar.starts[number]
        hours = plan.dayparting.hours if plan.dayparting else None
        is_open = hours is None or now.hour in hours
        self._reviewed(number, now)
        if number:
            self._look(number, now)
            if is_open:  # a campaign at rest decides when it is next switched on
                self._decide(number, now)
        delivering = trials.alive & is_open
        trials.live_hours[:, number] = trials.live
        cap = trials.setting.network_cap
        order = FleetOrder(
            budgets=trials.live.copy(),
            running=delivering[:, None] & ~trials.resting,
            bids=trials.bids,
            room=None if cap is None else cap - trials.fleet.spent_ever,
            conditions=conditions(self._told, trials.setting.platform.value, now),
        )
        day = int(trials.calendar.day[number])
        trials.people[day] = max(int(trials.people[day]), trials.fleet.people(order.conditions))
        delivered = trials.fleet.deliver(number, order)
        trials.reports.add(number, delivered)
        self._count(number, delivered)

    def _look(self, number: int, now: datetime) -> None:
        """Figures are read and the guard looks, as often whether it is open or not."""
        trials = self.trials
        if now >= self._next_reading:
            self._next_reading = now + _READ_EVERY
            day = int(trials.calendar.day[number])
            self.readings = [one for one in self.readings if one[0].date() == now.date()]
            self.readings.append((now, trials.reports.days[0, :, :, day].sum(axis=1)))
        if now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            self._guard.look(number)

    def _decide(self, number: int, now: datetime) -> None:
        paces, looks = now >= self._next_pacing, now >= self._next_ads
        if not (paces or looks):
            return
        known = Histories(self.trials, self.readings, number)
        if paces:
            self._next_pacing = now + PACING_EVERY
            rules = now >= self._next_rules
            if rules:
                self._next_rules = now + RULES_EVERY
            self._decisions.spend(known, number, rules=rules)
        if looks:
            self._next_ads = now + ADS_EVERY
            self._decisions.look_at_ads(known, number)

    def _reviewed(self, number: int, now: datetime) -> None:
        """The network may disapprove every ad: the campaign has ended until a person acts."""
        platform = self.trials.setting.platform.value
        for one in [each for each in self._reviews if each.at <= now]:
            self._reviews.remove(one)
            if one.body.get("network") == platform:
                for trial in np.flatnonzero(self.trials.alive).tolist():
                    self.trials.end(trial, number, _DISAPPROVED)

    def _count(self, number: int, hour: FleetHour) -> None:
        self._daily[:, self.trials.calendar.day[number]] += hour.spend.sum(axis=1)
        self._sums[0] += hour.impressions.sum(axis=1)
        self._sums[1] += hour.clicks.sum(axis=1)
        np.add.at(self._sums[2], hour.conversions.trial, 1)
        np.add.at(self._sums[3], hour.conversions.trial, hour.conversions.revenue)

    def outcomes(self) -> Outcomes:
        """What came of it."""
        impressions, clicks, conversions, revenue = self._sums
        return Outcomes(
            self._daily.sum(axis=1), impressions, clicks, conversions, revenue, self._daily
        )


def conditions(told: Sequence[SandboxOrder], network: str, at: datetime) -> Conditions:
    """The market's conditions at an instant, as the sandbox makes them of its orders."""
    found = ORDINARY
    for one in told:
        body = one.body
        since, until = str(body["since"]), body.get("until")
        holds = datetime.fromisoformat(since) <= at and (
            until is None or at < datetime.fromisoformat(str(until))
        )
        if body["network"] != network or not holds:
            continue
        people = [n for n in (found.audience, body.get("audience")) if isinstance(n, int)]
        found = Conditions(
            price=found.price * _factor(body.get("price")),
            pace=found.pace * _factor(body.get("pace")),
            wear=found.wear * _factor(body.get("wear")),
            audience=min(people, default=None),
            measured=found.measured and body.get("measured") is not False,
        )
    return found


def _factor(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 1.0
