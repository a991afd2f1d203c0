"""Budget rules relative to a campaign's own target ROAS (or, without one, its floor).

Window: the trailing seven days, spend counted by the share of its conversions that has arrived.
Scaling up needs the return, the saturation *and* the predicted CPA on its side; cutting and
pausing need the posterior. The last word on every step is the mode's cap.
"""

import math
from dataclasses import dataclass
from typing import Literal

from policy.estimate import Estimate, finite
from policy.learning import CONFIDENCE, LEARNING_SPEND, LEARNING_TIME
from policy.modes import COOL_DOWN, RAISE_MOST, Mode, capped, down_to_unit
from policy.roas_posterior import RoasPosterior, posterior

NAME = "roas-relative"
VERSION = "1"

SCALE_ABOVE = 1.3
REDUCE_BELOW = 0.85
PAUSE_BELOW = 0.8
"""Times the target (for the pause: times the floor)."""
ROOM_BELOW = 0.6
SATURATED_ABOVE = 0.8
"""Saturation levels under which scaling pays, and over which spend is led back to its optimum."""
STEP, AGGRESSIVE_STEP = 0.10, 0.20
UNKNOWN_STEP = 0.05
"""Step where the saturation is not identified: small, yet it widens the range of spend, without
which a curve never is."""
EVIDENCE = 0.80
PAUSE_EVIDENCE = 0.85
RAISE_CONVERSIONS = 5.0
"""Posterior probabilities that a move and a pause need, and conversions that a raise needs."""
SCALE_PLAN_ROAS, SCALE_PLAN_DAYS, SCALE_PLAN_STEP = 2.0, 14, 0.50
"""The scale plan; beyond what may happen without a person, so always a proposal to one."""
_SENSELESS = 1e18


@dataclass(frozen=True, slots=True)
class ReturnDay:
    """One day: micros of spend and value, and the share (0..1) of conversions arrived."""

    spend: float | None
    revenue: float | None
    maturity: float | None = 1.0


@dataclass(frozen=True, slots=True)
class RelativeInputs:
    """One campaign's trailing seven days. Money in micros of one currency; None is missing.

    Attributes:
        target_roas: Wanted value per spend; without it ``min_roas`` takes its place.
        min_roas: The floor below which the campaign is not worth running.
        saturation: Level (0..1) at the present spend; None when not identified.
        optimal_spend: Daily micros whose last unit still returns the target.
        predicted_cpa: Micros a conversion will cost after scaling (the second point of the
            predicted trajectory). Without it nothing is scaled.
        average_value: Micros a conversion is worth; None takes the window's own.
        daily: The last 14 or more days, oldest first, for the scale plan; may be empty.
        hours_since_change: Since the budget was last changed; None if never.
    """

    currency: str
    mode: Mode
    budget: int
    minimum: int
    spend: float | None
    revenue: float | None
    conversions: float | None
    days_running: float | None
    target_roas: float | None
    min_roas: float | None = None
    maturity: float | None = 1.0
    saturation: float | None = None
    optimal_spend: float | None = None
    predicted_cpa: float | None = None
    average_value: float | None = None
    maximum: int | None = None
    spent_total: float | None = None
    hours_since_change: float | None = None
    daily: tuple[ReturnDay, ...] = ()
    learning_spend: int = LEARNING_SPEND
    raise_most: int = RAISE_MOST


@dataclass(frozen=True, slots=True)
class ScalePlan:
    """A raise for a person to decide; it may pass ``maximum``, which that person agreed to."""

    budget: int
    reason: str


@dataclass(frozen=True, slots=True)
class RelativeAnswer:
    """``budget`` is the daily budget to set: 0 for a pause, the present one for maintain.

    ``expected`` is the return on the next week's spend, 80 %. ``proposal`` stands beside any
    action except a pause or a decrease.
    """

    action: Literal["increase", "decrease", "cap", "maintain", "pause"]
    budget: int
    reason: str
    confidence: float
    expected: Estimate | None = None
    proposal: ScalePlan | None = None


def decide(inputs: RelativeInputs) -> RelativeAnswer:
    """One step, or maintain. Senseless figures maintain; nothing passes ``maximum``."""
    guard = _guard(inputs)
    if guard is not None:
        return RelativeAnswer("maintain", inputs.budget, guard, CONFIDENCE)
    target = _target(inputs)
    if target is None:
        return _keep(inputs, "neither a target nor a floor for the return is set", 0.5)
    found = posterior(
        inputs.spend, inputs.revenue, inputs.conversions, inputs.maturity, inputs.average_value
    )
    if found is None:
        return _keep(inputs, "no return can be computed from these figures", 0.5)
    return (
        _pause(inputs, found)
        or _resting(inputs, found)
        or _reduce(inputs, found, target)
        or _cap(inputs, found)
        or _scale(inputs, found, target)
    )


def _guard(inputs: RelativeInputs) -> str | None:
    spend, days = finite(inputs.spend), finite(inputs.days_running)
    total = finite(inputs.spent_total)
    total = spend if total is None else total
    if inputs.budget <= 0:
        return "no budget to change"
    if spend is None or total is None or days is None or spend < 0 or days < 0:
        return "spend or age is missing or makes no sense"
    if total < inputs.learning_spend or days < LEARNING_TIME.total_seconds() / 86_400:
        return f"learning: {total / 1e6:.2f} spent in {days:.1f} days"
    return None


def _target(inputs: RelativeInputs) -> float | None:
    for one in (finite(inputs.target_roas), finite(inputs.min_roas)):
        if one is not None and one > 0:
            return one
    return None


def _facts(found: RoasPosterior, target: float | None = None) -> str:
    spread = found.interval()
    goal = "" if target is None else f" against a target of {target:.2f}"
    return f"ROAS {found.observed:.2f} ({spread.low:.2f} to {spread.high:.2f}) over 7 days{goal}"


def _pause(inputs: RelativeInputs, found: RoasPosterior) -> RelativeAnswer | None:
    floor = finite(inputs.min_roas)
    if floor is None or floor <= 0 or found.observed >= PAUSE_BELOW * floor:
        return None
    sure = found.below(floor)
    if sure < PAUSE_EVIDENCE:
        return None
    reason = f"{_facts(found)}, {sure:.0%} sure to be below the floor of {floor:.2f}"
    return RelativeAnswer("pause", 0, reason, round(sure, 2), found.interval())


def _resting(inputs: RelativeInputs, found: RoasPosterior) -> RelativeAnswer | None:
    since = finite(inputs.hours_since_change)
    rest = COOL_DOWN["budget"].total_seconds() / 3600
    if inputs.hours_since_change is None or (since is not None and since >= rest):
        return None
    why = f"{_facts(found)}; the budget was changed less than {rest:.0f} h ago"
    return _keep(inputs, why, 0.6, found)


def _reduce(inputs: RelativeInputs, found: RoasPosterior, target: float) -> RelativeAnswer | None:
    if found.observed >= REDUCE_BELOW * target:
        return None
    facts = _facts(found, target)
    if found.below(target) < EVIDENCE:
        return _keep(inputs, f"{facts}; too few conversions to cut on", 0.5, found)
    return _lowered(inputs, found, "decrease", inputs.budget * (1 - _step(inputs)), facts)


def _cap(inputs: RelativeInputs, found: RoasPosterior) -> RelativeAnswer | None:
    level, optimum = finite(inputs.saturation), finite(inputs.optimal_spend)
    if level is None or optimum is None or level <= SATURATED_ABOVE or optimum <= 0:
        return None
    if inputs.budget <= optimum:
        return None
    facts = f"{level:.0%} saturated and above the optimum of {optimum / 1e6:.2f} a day"
    return _lowered(inputs, found, "cap", optimum, facts)


def _lowered(
    inputs: RelativeInputs,
    found: RoasPosterior,
    action: Literal["decrease", "cap"],
    proposed: float,
    facts: str,
) -> RelativeAnswer:
    lowered = capped(inputs.budget, proposed, inputs.mode, inputs.currency)
    # The floor is the network's; a budget already below it is not raised by a cut.
    budget = min(inputs.budget, max(lowered, inputs.minimum))
    if budget >= inputs.budget:
        return _keep(inputs, f"{facts}; already at the network's minimum", 0.6, found)
    change = 1 - budget / inputs.budget
    return RelativeAnswer(action, budget, f"{facts}: down {change:.0%}", 0.75, found.interval())


def _scale(inputs: RelativeInputs, found: RoasPosterior, target: float) -> RelativeAnswer:
    facts = _facts(found, target)
    if found.observed <= SCALE_ABOVE * target:
        return _keep(inputs, f"{facts}: not {SCALE_ABOVE:g} times it", 0.7, found)
    if found.count < RAISE_CONVERSIONS or found.above(target) < EVIDENCE:
        return _keep(inputs, f"{facts}; too few conversions to scale on", 0.5, found)
    level, cpa = finite(inputs.saturation), finite(inputs.predicted_cpa)
    if level is not None and not 0 <= level < ROOM_BELOW:
        return _keep(inputs, f"{facts}, but {level:.0%} saturated", 0.7, found)
    affordable = _affordable(inputs, target)
    if cpa is None or cpa <= 0 or affordable is None:
        return _keep(inputs, f"{facts}, but no predicted CPA to rely on", 0.5, found)
    if cpa >= affordable:
        why = f"{facts}, but the next conversions would cost {cpa / 1e6:.2f}, more than "
        return _keep(inputs, f"{why}{affordable / 1e6:.2f} affordable", 0.7, found)
    step = UNKNOWN_STEP if level is None else _step(inputs)
    most = inputs.budget + max(0, inputs.raise_most)
    proposed = min(inputs.budget * (1 + step), most)
    if inputs.maximum is not None:
        proposed = min(proposed, inputs.maximum)
    budget = capped(inputs.budget, proposed, inputs.mode, inputs.currency)
    if budget <= inputs.budget or budget < inputs.minimum:
        return _keep(inputs, f"{facts}, but already at what was agreed", 0.7, found)
    room = "saturation not known" if level is None else f"{level:.0%} saturated"
    reason = (
        f"{facts}, {room}, CPA {cpa / 1e6:.2f} of {affordable / 1e6:.2f} affordable: "
        f"up {budget / inputs.budget - 1:.0%}"
    )
    confidence = 0.6 if level is None else round(min(0.9, found.above(target)), 2)
    return RelativeAnswer("increase", budget, reason, confidence, found.interval(), _plan(inputs))


def _step(inputs: RelativeInputs) -> float:
    return AGGRESSIVE_STEP if inputs.mode == "aggressive" else STEP


def _affordable(inputs: RelativeInputs, target: float) -> float | None:
    worth = finite(inputs.average_value)
    if worth is None:
        revenue, count = finite(inputs.revenue), finite(inputs.conversions)
        if revenue is None or count is None or count <= 0:
            return None
        worth = revenue / count
    return worth / target if worth > 0 else None


def _keep(
    inputs: RelativeInputs, reason: str, confidence: float, found: RoasPosterior | None = None
) -> RelativeAnswer:
    expected = None if found is None else found.interval()
    return RelativeAnswer(
        "maintain",
        inputs.budget,
        reason,
        confidence,
        expected,
        None if found is None else _plan(inputs),
    )


def _plan(inputs: RelativeInputs) -> ScalePlan | None:
    """The scale plan: above the threshold on every trailing week of two, and the days agree."""
    days = inputs.daily[-SCALE_PLAN_DAYS:]
    if len(days) < SCALE_PLAN_DAYS or inputs.budget <= 0:
        return None
    spends: list[float] = []
    values: list[float] = []
    for day in days:
        spend, value, share = finite(day.spend), finite(day.revenue), finite(day.maturity)
        if spend is None or value is None or share is None:
            return None
        if not 0 < spend < _SENSELESS or not 0 <= value < _SENSELESS or not 0 < share <= 1:
            return None
        spends.append(spend * share)
        values.append(value)
    weeks = [sum(values[n : n + 7]) / sum(spends[n : n + 7]) for n in range(SCALE_PLAN_DAYS - 6)]
    roas = sum(values) / sum(spends)
    # Day-to-day scatter of the return around its mean, as the error of that mean.
    scatter = sum((v - roas * s) ** 2 for v, s in zip(values, spends, strict=True))
    error = math.sqrt(scatter * len(days) / (len(days) - 1)) / sum(spends)
    if min(weeks) <= SCALE_PLAN_ROAS or roas - 0.84 * error <= SCALE_PLAN_ROAS:
        return None
    budget = down_to_unit(inputs.budget * (1 + SCALE_PLAN_STEP), inputs.currency)
    if budget <= inputs.budget:
        return None
    return ScalePlan(
        budget,
        f"ROAS {roas:.2f} over two weeks and never below {min(weeks):.2f} in any of them: a raise "
        f"by {budget / inputs.budget - 1:.0%} is proposed for a person to decide",
    )
