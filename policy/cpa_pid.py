"""The PID bid controller on CPA, as a named alternative to ``bidding``, without its known faults.

    u = -Kp e + I + D,  e = CPA / target - 1,  bid <- bid * exp(mode * u)

The error is normalised once, by the target, and bounded; the integral stays within what the
output has left (no wind-up) and stands still when no new conversions arrived or the bid cannot
follow; the derivative acts on the low-passed measurement, never on the first one; steps closer
than ``MIN_DT`` hold. Time is in days: with hours, one day at +10 % would already saturate.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from policy import bidding
from policy.bidding import BidInputs
from policy.modes import Mode

NAME = "cpa-pid"
VERSION = "1"

KP, KI, KD = 0.30, 0.10, 0.20
OUTPUT = 0.25
"""Bound of the controller's output, before the mode."""
DERIVATIVE = 0.10
"""Bound of the derivative's part: noise of a day must not decide."""
ACT = 0.05
"""Output that is worth a change."""
MODES: dict[Mode, float] = {"conservative": 0.5, "balanced": 1.0, "aggressive": 1.5}
MIN_DT = timedelta(hours=1)
SMOOTHING = timedelta(days=2)
"""Time constant of the low-pass on the measurement."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PidState:
    """Carried from step to step: integral part of the output, smoothed CPA over target, when the
    last step was (aware), and the conversions it had seen."""

    integral: float = 0.0
    smoothed: float | None = None
    updated_at: datetime | None = None
    conversions: float = 0.0


@dataclass(frozen=True, slots=True)
class PidInputs:
    """The bid's situation and the controller's state."""

    bid: BidInputs
    state: PidState = PidState()


@dataclass(frozen=True, slots=True)
class PidAnswer:
    """``bid`` is the bid to set, equal to the live one when holding; ``state`` for next time."""

    action: Literal["hold", "lower", "raise"]
    bid: int
    reason: str
    confidence: float
    state: PidState
    output: float = 0.0


def decide(inputs: PidInputs) -> PidAnswer:
    """One step. A clock that stands or goes back, and senseless figures, hold bid and state; a
    senseless state is begun anew."""
    case, state = inputs.bid, inputs.state
    why = _senseless_state(state)
    if why is not None:
        return PidAnswer("hold", case.bid, why, 0.5, PidState())
    why = bidding.senseless_because(case)
    if why is not None:
        return PidAnswer("hold", case.bid, why, 0.5, state)
    if case.min_bid <= case.max_bid < case.bid:
        why = "the live bid is above its limit"
        return PidAnswer("lower", case.max_bid, why, 1.0, state)
    elapsed = case.now - state.updated_at if state.updated_at is not None else None
    if elapsed is not None and elapsed < MIN_DT:
        return PidAnswer("hold", case.bid, "too soon after the last step", 0.5, state)
    evidence = bidding.weigh(case)
    measured = evidence.likely.cost / evidence.target
    conversions = sum(one.conversions for one in case.cohorts)
    proportional = -KP * min(max(measured - 1, -1.0), 1.0)
    smoothed, derivative, days = measured, 0.0, 0.0
    if state.smoothed is not None and elapsed is not None:
        days = elapsed / _DAY
        smoothed = state.smoothed - math.expm1(-elapsed / SMOOTHING) * (measured - state.smoothed)
        derivative = -KD * (smoothed - state.smoothed) / days
    derivative = min(max(derivative, -DERIVATIVE), DERIVATIVE)
    integral = _integral(inputs, proportional, min(days, 1.0), conversions)
    output = min(max(proportional + integral + derivative, -OUTPUT), OUTPUT)
    after = PidState(integral, smoothed, case.now, conversions)
    facts = (
        f"{bidding.in_words(case, evidence)}; P {proportional:+.2f}, I {integral:+.2f}, "
        f"D {derivative:+.2f}"
    )
    if abs(output) <= ACT:
        return PidAnswer("hold", case.bid, f"{facts}: too small to act", 0.6, after, output)
    wanted = case.bid * math.exp(MODES.get(case.mode, 0.5) * output)
    bid = bidding.limited(case, wanted, certain=True)
    held = bidding.why_not(case, bid)
    if held is not None:
        # The bid does not follow, so the integral must not go on.
        frozen = PidState(_bounded(state.integral), smoothed, case.now, conversions)
        return PidAnswer("hold", case.bid, f"{facts}; {held[0]}", held[1], frozen, output)
    lower = bid < case.bid
    return PidAnswer(
        "lower" if lower else "raise",
        bid,
        f"{facts}; bid {'down' if lower else 'up'} {abs(bid / case.bid - 1):.0%}",
        0.7,
        after,
        output,
    )


def _senseless_state(state: PidState) -> str | None:
    finite = math.isfinite(state.integral) and math.isfinite(state.conversions)
    if not finite or (state.smoothed is not None and not 0 <= state.smoothed < 1e9):
        return "the controller's state makes no sense"
    if state.updated_at is not None and state.updated_at.tzinfo is None:
        return "an instant makes no sense"
    return None


def _integral(inputs: PidInputs, proportional: float, days: float, conversions: float) -> float:
    """The integral after the step, within what the output has left beside P (anti-windup)."""
    before = _bounded(inputs.state.integral)
    if conversions <= inputs.state.conversions or inputs.bid.budget_limited:
        return before
    grown = before + KI / KP * proportional * days
    return min(max(grown, min(-OUTPUT - proportional, 0.0)), max(OUTPUT - proportional, 0.0))


def _bounded(part: float) -> float:
    return min(max(part, -OUTPUT), OUTPUT)
