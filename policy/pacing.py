"""Budget pacing: keep the day's end on the traffic plan with small, bounded steps, or hold.

The lever is the network's daily budget, between the network's minimum and what a person agreed
to; bids are left alone. The plan follows forecast traffic (LinkedIn, KDD'14), the step is the
multiplicative feedback of Zhang et al. (WSDM'16) on needed against measured spend per unit of
traffic:

    need = (B - S) / (1 - W),  have = dS / dW,
    budget <- budget * exp(eta * left * clip(log((need + e) / (have + e)), -1, 1)).

Networks pace their own day towards the budget, so their rate answers a change the more strongly
the less of the day is left (elasticity about 1 / left). The gain falls by the same share;
otherwise the loop rings in the evening.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from models.contract.money import minor_unit_micros
from policy.learning import CONFIDENCE, learning
from policy.pacing_day import LONGEST_LAG, DayDelivery, DaySoFar, Senseless, SpendReading, read_day
from policy.traffic import TrafficCurve

NAME = "pacing-traffic-share"
VERSION = "2"

DEAD_BAND = 0.05
"""Share of the day's budget by which the day may end off plan before it is worth a move. "80 %
of the budget before 18:00" is this much above the default plan's 75 %."""
ETA = 0.5
"""Gain: share of the gap closed by one move, from the usual .3 to .6. Of .4, .5, .6 and .9 none
but the last differs on markets of other seeds than those reported."""
STEP = 0.20
"""Largest relative change of one move; 20 to 30 % restarts a network's learning."""
MIN_CHANGE = 0.02
"""Relative change that is worth one of the network's edits."""
COOL_DOWN = timedelta(minutes=15)
"""Networks allow four budget edits an hour."""
SETTLE = 0.10
"""Share of the day's plan that figures must show since the last move before the next one. Two
hours; half of it doubled the edits and bought nothing."""
_FLOOR = 0.02
"""Share of the budget added to both rates, so that a rate near zero is no infinite ratio."""
NOISE = 0.75
"""Standard deviations of the projection that are left alone. Between .5 and 1 it buys the same
on markets of other seeds than those reported; fewer edits restart less learning."""
LATER = 2.0
"""Multiple of the network's usual reporting lag that is plausible."""
DAY_SCATTER = 0.12
"""How far a day's traffic departs from its forecast as a whole: 8 % by weekday, 10 % by chance."""
_LEAST_GAIN = 0.1
_Z80 = 1.2816


@dataclass(frozen=True, slots=True)
class PacingInputs:
    """What is known. Money in micros of one currency; instants aware, campaign time.

    Attributes:
        agreed: The approved daily budget: never exceeded.
        live: The daily budget on the network now.
        minimum: The network's smallest daily budget.
        spent_today: Reported spend of the account's current day, or None without figures.
        as_of: When that was true.
        delivering_since: Start of delivery; a day joined late is judged on its remainder.
        edits_left: Budget edits the network still allows this hour; None without quota.
        spent_total: Reported spend since launch, today's included.
        hours: Dayparting hours, None for all.
        readings: Earlier readings of today's spend, oldest first; they show the present speed.
        reporting_lag: Seconds by which the network's figures usually trail ``as_of``.
        lifetime_budget: Spend agreed for the whole flight; what earlier days left over is caught
            up as far as ``agreed`` allows. None without.
        ends_at: End of the flight, None if open.
        curve: The account's own traffic curve, None for the default.
        recent_days: Budget and spend of recent whole days, for how far the network over-delivers.
        last_change_at: When the budget was last moved.
        no_raise_before: Raises wait until then (cool-down after a stop, a person's wish).
        results_out_of_bounds: Why results forbid spending more ("CPA $31 above $25"), or None.
    """

    now: datetime
    timezone: str
    currency: str
    agreed: int
    live: int
    minimum: int
    spent_today: int | None
    as_of: datetime | None
    delivering_since: datetime
    edits_left: int | None = None
    spent_total: int = 0
    hours: tuple[int, ...] | None = None
    readings: tuple[SpendReading, ...] = ()
    reporting_lag: float = 1800.0
    lifetime_budget: int | None = None
    ends_at: datetime | None = None
    curve: TrafficCurve | None = None
    recent_days: tuple[DayDelivery, ...] = ()
    last_change_at: datetime | None = None
    no_raise_before: datetime | None = None
    results_out_of_bounds: str | None = None


@dataclass(frozen=True, slots=True)
class DayEnd:
    """Where today's spend is expected to end, micros, with its 80 % interval; ``planned`` is
    what the plan has for today."""

    planned: int
    spend: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class PacingAnswer:
    """``budget`` is the daily budget to set, equal to ``live`` when holding."""

    action: Literal["hold", "lower", "raise"]
    budget: int
    reason: str
    confidence: float
    expected: DayEnd | None = None


def decide(inputs: PacingInputs) -> PacingAnswer:
    """One pacing move. Bad, missing or stale figures hold; nothing is raised above ``agreed``."""
    if 0 < inputs.minimum <= inputs.agreed < inputs.live:
        return PacingAnswer(
            "lower", inputs.agreed, "the live budget is above what was agreed; set to that", 1.0
        )
    try:
        day = read_day(inputs)
    except Senseless as why:
        return PacingAnswer("hold", inputs.live, str(why), 0.5)
    target = _target(inputs, day)
    facts = _facts(inputs, day)
    if target > inputs.live:
        target = min(target, _target(inputs, _if_late(inputs)))
        if target <= inputs.live:
            return PacingAnswer(
                "hold",
                inputs.live,
                f"{facts}; not raised: what is missing may only be late",
                day.confidence,
                _expected(inputs, day, inputs.live),
            )
    held = _reason_to_hold(inputs, day, target)
    if held is not None:
        reason, confidence = held
        return PacingAnswer(
            "hold",
            inputs.live,
            f"{facts}; {reason}",
            day.confidence if confidence is None else confidence,
            _expected(inputs, day, inputs.live),
        )
    lower = target < inputs.live
    return PacingAnswer(
        "lower" if lower else "raise",
        target,
        f"{facts}; budget {'down' if lower else 'up'} {abs(target / inputs.live - 1):.0%}",
        day.confidence,
        _expected(inputs, day, target),
    )


def _if_late(inputs: PacingInputs) -> DaySoFar:
    """The day if figures trail by as much as is plausible: a raise must stand then, too."""
    longer = min(LATER * inputs.reporting_lag, LONGEST_LAG)
    return read_day(replace(inputs, reporting_lag=longer))


def _target(inputs: PacingInputs, day: DaySoFar) -> int:
    """The daily budget that closes ``ETA`` of the gap, within the step and the bounds."""
    if _close_enough(day):
        return inputs.live
    if day.spent_now >= day.budget:
        factor = 1 - STEP  # used up: the network stops as soon as its budget is below its spend
    else:
        floor = _FLOOR * day.budget
        need = (day.budget - day.spent_now) / max(day.left, 1e-6)
        gap = math.log((need + floor) / (day.rate + floor))
        # What rests on the live budget alone (a new day) is no feedback and needs no damping.
        gain = (1 - (1 - ETA) * day.measured) * max(day.left, _LEAST_GAIN)
        factor = min(max(math.exp(gain * min(max(gap, -1.0), 1.0)), 1 - STEP), 1 + STEP)
    unit = minor_unit_micros(inputs.currency)
    wanted = int(inputs.live * factor) // unit * unit
    if factor < 1:
        return min(inputs.live, max(inputs.minimum, wanted))
    return max(inputs.live, min(inputs.agreed, wanted))


def _close_enough(day: DaySoFar) -> bool:
    """Whether the day's end is on plan as far as can be told: within the dead band, or within
    ``NOISE`` standard deviations of what the rest of the day may bring."""
    rest = day.projected - day.spent_now
    band = max(DEAD_BAND * day.budget, NOISE * day.scatter * rest)
    if day.spent_now >= day.budget:
        band = DEAD_BAND * day.budget + day.spent_now - day.budget  # only what is still to come
    return abs(day.projected - day.budget) <= band


def _reason_to_hold(
    inputs: PacingInputs, day: DaySoFar, target: int
) -> tuple[str, float | None] | None:
    """Why nothing is moved, with a confidence of its own where it is not the day's."""
    if target == inputs.live:
        if _close_enough(day):
            if day.spent_now >= day.budget:
                return "used up, and nothing more is coming", None
            return "nothing to correct", None
        above = day.projected > day.budget
        return f"already at the {'minimum' if above else 'agreed budget'}", None
    if inputs.edits_left is not None and inputs.edits_left <= 0:
        return "the network allows no further edit this hour", 0.7
    if target > inputs.live and (held := _reason_not_to_raise(inputs, target)):
        return held
    if day.since_change is not None:
        if day.since_change < COOL_DOWN:
            return "the last move is minutes old", None
        if day.seen < SETTLE:
            return "the last move does not show in the figures yet", None
    if abs(target - inputs.live) < MIN_CHANGE * inputs.live:
        return "too small a change to be worth an edit", None
    return None


def _reason_not_to_raise(inputs: PacingInputs, target: int) -> tuple[str, float] | None:
    phase = learning(inputs.spent_total, inputs.delivering_since, inputs.now)
    if phase.active:
        return f"not raised while {phase.reason}", CONFIDENCE
    if inputs.results_out_of_bounds is not None:
        return f"not raised: {inputs.results_out_of_bounds}", 0.8
    if inputs.no_raise_before is not None and inputs.now < inputs.no_raise_before:
        return f"no raise before {inputs.no_raise_before:%Y-%m-%d %H:%M %Z}", 1.0
    if inputs.edits_left is not None and inputs.edits_left <= 1:
        return "the last edit of the hour is kept for lowering", 0.7
    if target < inputs.minimum:
        return "a raise would stay below the network's minimum", 0.7
    return None


def _facts(inputs: PacingInputs, day: DaySoFar) -> str:
    def money(micros: float) -> str:
        return f"{micros / 1_000_000:,.2f}"

    return (
        f"{money(day.spent_now)} {inputs.currency} spent ({day.spent_now / day.budget:.0%} of "
        f"today's plan where traffic says {day.planned_share:.0%}), heading for "
        f"{money(day.projected)} of {money(day.budget)}"
        if day.budget > 0
        else f"{money(day.spent_now)} {inputs.currency} spent and nothing left to spend"
    )


def _expected(inputs: PacingInputs, day: DaySoFar, target: int) -> DayEnd:
    """The day's end after the move: a network that paces itself follows the change as a whole,
    as far as the rest of the day allows. What is uncertain is the rest of the day, whose traffic
    may depart from its forecast as a whole, and the unreported, which may be twice as much."""
    rest = max(0.0, day.projected - day.spent_now)
    moved = max(0.0, rest + (target - inputs.live) * day.delivery * (1.0 if day.left > 0 else 0.0))
    reported = float(inputs.spent_today or 0)
    unreported = max(0.0, day.spent_now - reported)
    spread = _Z80 * math.hypot(moved * math.hypot(day.scatter, DAY_SCATTER), unreported)
    spend = day.spent_now + moved
    return DayEnd(
        planned=int(day.budget),
        spend=int(spend),
        low=int(max(reported, spend - spread)),
        high=int(spend + spread),
    )
