"""The Monte-Carlo twin: many trials of a campaign's flight, a market drawn for each.

The same policies decide as in the product (``trial_decisions``), the same safety rules guard
(``trial_guard``), on a numpy market (``market.fleet``) instead of workflows, database and networks.
What it leaves out is told in ``starter.rehearsal.trial_report.HOW``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from market.fleet import Bools, Floats, Ints
from models.contract.campaign import MediaPlan
from models.contract.exchange import Rates
from models.contract.limits import SANDBOX_LIMITS, SpendLimits
from models.contract.safety import Rule
from models.contract.vocabulary import Platform
from starter.rehearsal.scenarios import Scenario, orders
from starter.rehearsal.trial_flight import Outcomes, Progress, fly
from starter.rehearsal.trial_state import Trials

LABEL: Final = "simulated market, Monte-Carlo twin, parameters drawn per trial"
_USED = 0.99
"""Share of a lifetime budget that counts as all of it: pacers stop within a click or two."""
_USED_UP = "lifetime amount used"


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


# -- what it comes to -----------------------------------------------------------------------------


def summary(flown: Trials, outcomes: Outcomes, seed: int, days: int) -> TrialForecast:
    """Spreads and shares of trials that were flown."""
    setting, plan = flown.setting, flown.setting.plan
    many = len(flown.seeds)
    used = _lifetime_used(flown, outcomes)
    why = [_USED_UP if one == Rule.LIFETIME_USED.value else one for one in flown.ended]
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
        ended_early=sum(one not in (None, _USED_UP) for one in why) / many,
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


def _lifetime_used(flown: Trials, outcomes: Outcomes) -> Bools:
    """Where the lifetime budget was used up, or the guard completed the campaign for it."""
    lifetime = flown.setting.plan.lifetime_budget
    if lifetime is None:
        return np.zeros_like(flown.alive)
    completed = np.array([one == Rule.LIFETIME_USED.value for one in flown.ended], dtype=np.bool_)
    return completed | (outcomes.spend >= _USED * lifetime.micros)


def _counted(counts: dict[str, Ints]) -> tuple[Counted, ...]:
    def share(values: Floats | Bools) -> float:
        return round(float(values.mean()), 4)

    return tuple(
        Counted(what, share(counts[what].astype(np.float64)), share(counts[what] > 0))
        for what in sorted(counts)
    )
