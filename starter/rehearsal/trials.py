"""The Monte-Carlo twin: many trials of a campaign's flight, a market drawn for each.

The same policies decide as in the product (``trial_decisions``), the same safety rules guard
(``trial_guard``), on a numpy market (``market.fleet``) instead of workflows, database and networks.
What it leaves out is told in ``starter.rehearsal.trial_report.HOW``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

from market.conditions import ORDINARY, Conditions
from market.fleet import HOUR, Bools, FleetHour, FleetOrder, Floats, Ints
from models.contract.campaign import MediaPlan
from models.contract.exchange import Rates
from models.contract.limits import SANDBOX_LIMITS, SpendLimits
from models.contract.safety import Rule
from models.contract.vocabulary import Platform
from starter.rehearsal.scenarios import SandboxOrder, Scenario, orders
from starter.rehearsal.trial_decisions import ADS_EVERY, BUDGET_EVERY, PACING_EVERY, Decisions
from starter.rehearsal.trial_guard import LOOK_EVERY, Guard
from starter.rehearsal.trial_histories import Histories
from starter.rehearsal.trial_state import Setting, Trials

LABEL: Final = "simulated market, Monte-Carlo twin, parameters drawn per trial"
LONGEST: Final = 90
"""Days."""
_SEEDS_APART = 1_000_003
"""Trials of one seed never meet those of another."""
_READ_EVERY = timedelta(hours=2)
_USED = 0.99
"""Share of a lifetime budget that counts as all of it: pacers stop within a click or two."""
_DISAPPROVED = "disapproved by the network"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Spread:
    """Of all trials a tenth lies below ``p10``, half below ``p50``, a tenth above ``p90``."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something happened: its mean number a trial, and in which share of the trials."""

    what: str
    mean: float
    share: float


@dataclass(frozen=True, slots=True)
class TrialForecast:
    """What the trials came to. Money in micros of ``currency``; late conversions are included.

    Attributes:
        planned: The daily budget times the days of the flight within the horizon, at most the
            lifetime budget.
        cpa: Spread over the trials that have a conversion; None where none has.
        roas: Spread over the trials that spent; None where none did.
        daily_spend: Spread of each account day in ``dates``.
        without_conversions: Share of the trials that spent and brought none.
        rules: Safety rules that fired. ``endings``: why trials ended before the flight did.
        ended_early: Share that something ended before its time (lifetime budgets not counted).
        lifetime_used: Share that used its lifetime budget up; None without one.
        decisions: What was moved, and what was left to a person.
    """

    label: str
    platform: str
    currency: str
    seed: int
    trials: int
    start: datetime
    days: int
    planned: int
    spend: Spread
    impressions: Spread
    clicks: Spread
    conversions: Spread
    revenue: Spread
    cpa: Spread | None
    roas: Spread | None
    dates: tuple[date, ...]
    daily_spend: tuple[Spread, ...]
    without_conversions: float
    rules: tuple[Counted, ...]
    endings: tuple[Counted, ...]
    ended_early: float
    lifetime_used: float | None
    decisions: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of each trial: arrays (trials,), ``daily`` (trials, days). Money in micros."""

    spend: Ints
    impressions: Ints
    clicks: Ints
    conversions: Ints
    revenue: Ints
    daily: Ints


def forecast(
    plan: MediaPlan,
    platform: Platform,
    start: datetime,
    *,
    days: int = 30,
    trials: int = 60,
    seed: int = 1,
    timezone: str = "UTC",
    limits: SpendLimits = SANDBOX_LIMITS,
    rates: Rates | None = None,
    scenarios: Sequence[Scenario] = (),
    progress: Progress | None = None,
) -> TrialForecast:
    """What a campaign may come to in a simulated market.

    Args:
        plan: What is to be agreed to.
        platform: The network, with its over-delivery, minimum and quota.
        start: When it begins (aware); a later start in the plan counts.
        days: Horizon; the flight may end sooner.
        trials: How many markets are drawn.
        seed: The same gives the same forecast to the byte.
        timezone: The ad account's.
        limits: The team's, for raises and for the lifetime of a campaign.
        rates: Exchange rates; without the currency's the market's amounts are taken as they are.
        scenarios: What goes wrong, on this network.
        progress: Hears what is counted, how much is done, and of how much.

    Raises:
        Refused: the platform has no adapter.
        ValueError: days or trials make no sense.
    """
    flown, outcomes = fly(
        plan,
        platform,
        start,
        days=days,
        trials=trials,
        seed=seed,
        timezone=timezone,
        limits=limits,
        rates=rates,
        told=[one for each in scenarios for one in orders(each, start, (platform,))],
        progress=progress,
    )
    return summary(flown, outcomes, seed, days)


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
    """The trials after their flight, and what came of each (``forecast`` says what is what).

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
    flight = _Flight(Trials.of(setting, seeds, max(1, hours)), told)
    for number in range(hours):
        flight.hour(number)
        if progress is not None and number % 24 == 0:
            progress(f"days on {platform.value}", number // 24, -(-hours // 24))
    return flight.trials, flight.outcomes()


class _Flight:
    """The loop: what is due at the beginning of an hour, then the hour itself."""

    def __init__(self, trials: Trials, told: Sequence[SandboxOrder]) -> None:
        self.trials = trials
        self._decisions = Decisions(trials)
        self._guard = Guard(trials)
        self._told = [one for one in told if one.path == "/conditions"]
        self._reviews = [one for one in told if one.path != "/conditions"]
        self._readings: list[tuple[datetime, Ints]] = []
        start = trials.setting.start
        self._next_pacing, self._next_ads = start + PACING_EVERY, start + ADS_EVERY
        self._next_spend, self._next_look = start + PACING_EVERY, start + LOOK_EVERY
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
        delivered = trials.fleet.deliver(number, order)
        trials.reports.add(number, delivered)
        self._count(number, delivered)

    def _look(self, number: int, now: datetime) -> None:
        """Figures are read and the guard looks, as often whether it is open or not."""
        trials = self.trials
        if now >= self._next_reading:
            self._next_reading = now + _READ_EVERY
            day = int(trials.calendar.day[number])
            self._readings = [one for one in self._readings if one[0].date() == now.date()]
            self._readings.append((now, trials.reports.days[0, :, :, day].sum(axis=1)))
        if now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            self._guard.look(number)

    def _decide(self, number: int, now: datetime) -> None:
        paces, looks = now >= self._next_pacing, now >= self._next_ads
        if not (paces or looks):
            return
        known = Histories(self.trials, self._readings, number)
        if paces:
            self._next_pacing = now + PACING_EVERY
            if now >= self._next_spend:
                self._next_spend = now + BUDGET_EVERY
                self._decisions.spend(known, number)
            else:
                self._decisions.pace(known)
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


# -- what it comes to -----------------------------------------------------------------------------


def summary(flown: Trials, outcomes: Outcomes, seed: int, days: int) -> TrialForecast:
    """Spreads and shares of trials that were flown."""
    setting, plan = flown.setting, flown.setting.plan
    many = len(flown.seeds)
    used = _lifetime_used(flown, outcomes)
    why = [
        "lifetime budget used"
        if one == Rule.LIFETIME_USED.value or (one is None and used[place])
        else one
        for place, one in enumerate(flown.ended)
    ]
    dates = flown.calendar.dates
    lifetime = plan.lifetime_budget
    planned = round(plan.daily_budget.micros * len(flown.calendar) / 24)
    return TrialForecast(
        label=LABEL,
        platform=setting.platform.value,
        currency=setting.currency,
        seed=seed,
        trials=many,
        start=setting.start,
        days=days,
        planned=planned if lifetime is None else min(planned, lifetime.micros),
        **spreads(outcomes),
        dates=dates,
        daily_spend=tuple(spread(column) for column in outcomes.daily.T),
        rules=_counted(flown.fired),
        endings=tuple(
            Counted(what, share, share)
            for what in sorted({one for one in why if one is not None})
            if (share := why.count(what) / many)
        ),
        ended_early=sum(one not in (None, "lifetime budget used") for one in why) / many,
        lifetime_used=None if lifetime is None else float(used.mean()),
        decisions=_counted(flown.taken),
    )


def spreads(outcomes: Outcomes) -> dict[str, Any]:
    """The fields of a forecast that are spreads over outcomes."""
    spent, converted = outcomes.spend > 0, outcomes.conversions > 0
    cost = outcomes.spend[converted] / outcomes.conversions[converted]
    earned = outcomes.revenue[spent] / outcomes.spend[spent]
    return {
        "spend": spread(outcomes.spend),
        "impressions": spread(outcomes.impressions),
        "clicks": spread(outcomes.clicks),
        "conversions": spread(outcomes.conversions),
        "revenue": spread(outcomes.revenue),
        "cpa": spread(cost) if len(cost) else None,
        "roas": spread(earned, digits=4) if len(earned) else None,
        "without_conversions": float((spent & ~converted).mean()),
    }


def spread(values: Floats | Ints, digits: int = 0) -> Spread:
    """The three deciles of a sample, rounded to whole units (or ``digits``)."""
    low, middle, high = np.quantile(values.astype(np.float64), (0.1, 0.5, 0.9)).tolist()
    return Spread(round(low, digits), round(middle, digits), round(high, digits))


def _lifetime_used(flown: Trials, outcomes: Outcomes) -> Floats:
    lifetime = flown.setting.plan.lifetime_budget
    if lifetime is None:
        return np.zeros(len(flown.seeds))
    return (outcomes.spend >= _USED * lifetime.micros).astype(np.float64)


def _counted(counts: dict[str, Ints]) -> tuple[Counted, ...]:
    def share(values: Floats | Bools) -> float:
        return round(float(values.mean()), 4)

    return tuple(
        Counted(what, share(counts[what].astype(np.float64)), share(counts[what] > 0))
        for what in sorted(counts)
    )
