"""Budget pacing: follow the traffic-share plan with one bounded step, or hold.

The lever is the network's daily budget, between the network's minimum and what a person agreed
to; bids are left alone. After LinkedIn's budget pacing (KDD'14): plan spend by forecast traffic.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from models.contract.money import minor_unit_micros
from policy.learning import CONFIDENCE, learning
from policy.traffic import cumulative_share

NAME = "pacing-traffic-share"
VERSION = "1"

DEAD_BAND = 0.15
"""Relative error that is left alone: below it, noise of one reporting interval."""
STEP = 0.10
"""Largest relative change of one cycle."""
STALE_AFTER = timedelta(hours=3)
"""Older figures are not acted on; networks report within three hours."""
ENOUGH_PLAN = 0.10
"""Share of the day's plan that must have passed before it can be judged."""


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
        spent_total: Reported spend since launch, for the learning guard.
        hours: Dayparting hours, None for all.
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


@dataclass(frozen=True, slots=True)
class PacingAnswer:
    """``budget`` is the daily budget to set, equal to ``live`` when holding."""

    action: Literal["hold", "lower", "raise"]
    budget: int
    reason: str
    confidence: float


def decide(inputs: PacingInputs) -> PacingAnswer:
    """One pacing move. Bad, missing or stale figures always hold; nothing raises above agreed."""
    hold = _reason_to_hold(inputs)
    if hold is not None:
        return PacingAnswer("hold", inputs.live, hold, 0.5)
    assert inputs.as_of is not None
    assert inputs.spent_today is not None
    planned = _planned(inputs, inputs.as_of)
    error = inputs.spent_today / planned - 1
    facts = f"spent {error:+.0%} against the traffic plan"
    if error > DEAD_BAND:
        target = max(inputs.minimum, _down_to_unit(inputs.live * (1 - STEP), inputs.currency))
        if target >= inputs.live:
            return PacingAnswer("hold", inputs.live, f"{facts}; already at the minimum", 0.7)
        return PacingAnswer("lower", target, f"{facts}; one step down", 0.8)
    if error < -DEAD_BAND and inputs.live < inputs.agreed:
        phase = learning(inputs.spent_total, inputs.delivering_since, inputs.now)
        if phase.active:
            return PacingAnswer(
                "hold", inputs.live, f"{facts}; not raised while {phase.reason}", CONFIDENCE
            )
        if inputs.edits_left is not None and inputs.edits_left <= 1:
            return PacingAnswer(
                "hold", inputs.live, f"{facts}; the last edit of the hour is kept for lowering", 0.7
            )
        target = min(inputs.agreed, _down_to_unit(inputs.live * (1 + STEP), inputs.currency))
        if target > inputs.live and target >= inputs.minimum:
            return PacingAnswer("raise", target, f"{facts}; one step back up", 0.7)
    return PacingAnswer("hold", inputs.live, f"{facts}; nothing to correct", 0.8)


def _reason_to_hold(inputs: PacingInputs) -> str | None:
    if inputs.spent_today is None or inputs.as_of is None:
        return "no figures yet"
    if inputs.as_of > inputs.now:
        return "figures are dated in the future"
    if inputs.now - inputs.as_of > STALE_AFTER:
        return f"figures are {(inputs.now - inputs.as_of).total_seconds() / 3600:.1f} h old"
    if _local_day(inputs, inputs.as_of) != _local_day(inputs, inputs.now):
        return "figures are from another day of the account"
    if inputs.spent_today < 0 or inputs.agreed <= 0 or inputs.live <= 0:
        return "figures make no sense (negative spend or no budget)"
    if inputs.delivering_since >= inputs.as_of:
        return "figures are from before delivery began"
    if _planned(inputs, inputs.as_of) < ENOUGH_PLAN * inputs.agreed:
        return "too little of the day has passed to judge"
    return None


def _planned(inputs: PacingInputs, at: datetime) -> float:
    """Micros that should have been spent between the start of today's delivery and ``at``."""
    zone = ZoneInfo(inputs.timezone)
    local = at.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    since = max(midnight, inputs.delivering_since.astimezone(zone))
    share = cumulative_share(local, inputs.hours) - (
        0.0 if since == midnight else cumulative_share(since, inputs.hours)
    )
    return inputs.agreed * max(share, 0.0)


def _local_day(inputs: PacingInputs, at: datetime) -> date:
    return at.astimezone(ZoneInfo(inputs.timezone)).date()


def _down_to_unit(micros: float, currency: str) -> int:
    unit = minor_unit_micros(currency)
    return int(micros) // unit * unit
