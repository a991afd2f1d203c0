"""Bids towards a target CPA, ROAS or CPC: one bounded step when the interval excludes the target.

The cost of a result is a maturity-corrected, shrunken estimate (``cost_per_result``); the step is
multiplicative in log(target / estimate). Lowering follows from the figures; a raise is a proposal
that needs an authorisation like everything that spends more, and never passes the bid limit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from models.contract.money import minor_unit_micros
from policy.cost_per_result import Cohort, CostPerResult, cost_per_result, usable
from policy.learning import CONFIDENCE, LEARNING_TIME, learning
from policy.modes import STEPS, Mode

NAME = "bid-target-cost"
VERSION = "1"

Goal = Literal["cpa", "roas", "cpc"]

LEVEL, SURE = 0.80, 0.95
"""A move needs the first interval to exclude the target and is then bounded by the mode's smallest
step; where the second does too, by its largest."""
ETA = 1.0
"""Gain. A cost per click follows its bid by less than one to one (about half, in a second-price
market whose prices scatter as published), so a full step still undershoots."""
DEAD_BAND = 0.05
"""Relative distance from the target that is left alone."""
CARRIED = 3.0
"""Results that spend before the last bid change may count for: it was bought at another price."""
_VALUE_SCATTER = 0.7
"""Relative scatter of one order's value (lognormal orders of sd .5 to .8)."""


@dataclass(frozen=True, slots=True)
class BidInputs:
    """What is known. Money in micros of one currency, instants aware.

    Attributes:
        bid: The live bid (cost cap, target or CPC limit) on the network.
        min_bid: The network's least.
        max_bid: The most a person approved; never passed.
        goal: What ``target`` means: micros per conversion, revenue per spend, micros per click.
        target: In the goal's unit.
        cohorts: Spend and results of the trailing window by period, oldest first.
        last_change_at: When the bid was last changed; None for never.
        learning_window: Seconds that must pass between two changes.
        budget_limited: The campaign spends its whole budget: a higher bid would buy nothing more.
        no_raise_before: Raises wait until then.
    """

    now: datetime
    currency: str
    bid: int
    min_bid: int
    max_bid: int
    goal: Goal
    target: float
    cohorts: tuple[Cohort, ...]
    delivering_since: datetime
    mode: Mode = "balanced"
    last_change_at: datetime | None = None
    learning_window: float = LEARNING_TIME.total_seconds()
    budget_limited: bool = False
    no_raise_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class CostExpectation:
    """Micros per result (conversion, unit of revenue or click) now, with its 80 % interval, and
    what it should become after the move. ``results`` it rests on."""

    cost: float
    low: float
    high: float | None
    after: float
    results: float


@dataclass(frozen=True, slots=True)
class BidAnswer:
    """``bid`` is the bid to set, equal to the live one when holding. A raise is a proposal."""

    action: Literal["hold", "lower", "raise"]
    bid: int
    reason: str
    confidence: float
    expected: CostExpectation | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The estimate against the target, both as micros per result, at both levels."""

    target: float
    likely: CostPerResult
    sure: CostPerResult

    @property
    def direction(self) -> int:
        """1 where results are too dear, -1 where cheaper than the target, 0 if undecided."""
        return _outside(self.likely, self.target)

    @property
    def certain(self) -> bool:
        """Whether the 95 % interval, too, excludes the target."""
        return _outside(self.sure, self.target) == self.direction != 0


def decide(inputs: BidInputs) -> BidAnswer:
    """One bid move. Thin, young or senseless figures hold; nothing passes ``max_bid``."""
    senseless = senseless_because(inputs)
    if senseless is not None:
        return BidAnswer("hold", inputs.bid, senseless, 0.5)
    if inputs.min_bid <= inputs.max_bid < inputs.bid:
        return BidAnswer("lower", inputs.max_bid, "the live bid is above its limit", 1.0)
    evidence = weigh(inputs)
    facts = in_words(inputs, evidence)
    expected = _expectation(evidence, 1.0)
    if evidence.direction == 0:
        return BidAnswer("hold", inputs.bid, f"{facts}: not told apart", 0.5, expected)
    gap = math.log(evidence.target / evidence.likely.cost)
    if abs(gap) < DEAD_BAND or (gap < 0) != (evidence.direction > 0):
        return BidAnswer("hold", inputs.bid, f"{facts}: close enough", 0.8, expected)
    bid = limited(inputs, inputs.bid * math.exp(ETA * gap), certain=evidence.certain)
    held = why_not(inputs, bid)
    if held is not None:
        return BidAnswer("hold", inputs.bid, f"{facts}; {held[0]}", held[1], expected)
    change = bid / inputs.bid
    lower = bid < inputs.bid
    return BidAnswer(
        "lower" if lower else "raise",
        bid,
        f"{facts}; bid {'down' if lower else 'up'} {abs(change - 1):.0%}",
        0.9 if evidence.certain else 0.75,
        _expectation(evidence, change),
    )


def senseless_because(inputs: BidInputs) -> str | None:
    """Why the inputs cannot be judged, or None."""
    if inputs.bid <= 0 or inputs.max_bid <= 0 or inputs.min_bid < 0:
        return "there is no bid, or no bid limit"
    if inputs.min_bid > inputs.max_bid:
        return "the network's least bid is above the bid limit"
    if not 0 < inputs.target < 1e15:
        return "there is no usable target"
    times = [inputs.now, inputs.delivering_since, inputs.last_change_at, inputs.no_raise_before]
    times += [one.start for one in inputs.cohorts]
    if any(one is not None and one.tzinfo is None for one in times):
        return "an instant makes no sense"
    if inputs.last_change_at is not None and inputs.last_change_at > inputs.now:
        return "the last change is dated in the future"
    if any(one.start > inputs.now for one in inputs.cohorts):
        return "figures are dated in the future"
    if not all(usable(one) for one in inputs.cohorts):
        return "figures make no sense (negative, endless, or no share arrived)"
    if sum(one.spend for one in inputs.cohorts) <= 0:
        return "nothing was spent yet"
    if inputs.goal == "roas" and sum(one.revenue for one in inputs.cohorts) <= 0:
        return "no revenue to judge a return by"
    if not 0 <= inputs.learning_window < 1e9:
        return "the learning window makes no sense"
    return None


def weigh(inputs: BidInputs) -> Evidence:
    """Cost per result since the last change, shrunk to what it was before and to the target.

    For a ROAS the result is one unit of revenue at the mean order's value, so that
    revenue / spend = target means order value / CPA = target.
    """
    since = inputs.last_change_at
    new = [one for one in inputs.cohorts if since is None or one.start >= since]
    old = [one for one in inputs.cohorts if since is not None and one.start < since]
    target = inputs.target
    scatter = 0.0
    if inputs.goal == "roas":
        orders = sum(one.conversions for one in inputs.cohorts)
        revenue = sum(one.revenue for one in inputs.cohorts)
        target = revenue / max(orders, 1.0) / inputs.target
        scatter = _VALUE_SCATTER
    prior, strength = target, 2.0
    if old:
        before = cost_per_result(*_counts(old, inputs.goal), target)
        prior, strength = before.cost, min(2.0 + before.results, CARRIED)
    results, exposures = _counts(new, inputs.goal)
    likely, sure = (
        cost_per_result(
            results,
            exposures,
            prior,
            level=level,
            prior_results=strength,
            value_scatter=scatter,
        )
        for level in (LEVEL, SURE)
    )
    return Evidence(target, likely, sure)


def limited(inputs: BidInputs, wanted: float, *, certain: bool) -> int:
    """The bid that may be set: within the mode's cap, then within the bid limits, rounded down."""
    cap = STEPS.get(inputs.mode, STEPS["conservative"])[1 if certain else 0]
    inside = min(max(wanted, inputs.bid * (1 - cap)), inputs.bid * (1 + cap))
    unit = minor_unit_micros(inputs.currency)
    whole = int(inside) // unit * unit
    if inside < inputs.bid:
        # Down to the unit must not lower by more than the cap where bids are a few cents.
        whole = whole if whole >= inputs.bid * (1 - cap) else -(-int(inside) // unit) * unit
        return min(inputs.bid, max(inputs.min_bid, whole))
    return max(inputs.bid, min(inputs.max_bid, whole))


def why_not(inputs: BidInputs, bid: int) -> tuple[str, float] | None:
    """Why a change to ``bid`` waits, with the confidence of waiting, or None."""
    if bid == inputs.bid:
        return "already at its limit, or too small a change", 0.8
    if inputs.last_change_at is not None:
        age = (inputs.now - inputs.last_change_at).total_seconds()
        if age < inputs.learning_window:
            window = timedelta(seconds=inputs.learning_window)
            return f"one change in {window / timedelta(days=1):.1f} days", 0.8
    since = inputs.last_change_at
    counts = [one for one in inputs.cohorts if since is None or one.start >= since]
    if sum(one.spend for one in counts) <= 0:
        return "nothing was spent since the last change", CONFIDENCE
    if bid < inputs.bid:
        return None
    phase = learning(sum(one.spend for one in inputs.cohorts), inputs.delivering_since, inputs.now)
    if phase.active:
        return f"not raised while {phase.reason}", CONFIDENCE
    if inputs.no_raise_before is not None and inputs.now < inputs.no_raise_before:
        return f"no raise before {inputs.no_raise_before:%Y-%m-%d %H:%M %Z}", 1.0
    if inputs.budget_limited:
        return "the budget, not the bid, limits delivery", 0.8
    if sum(_counts(counts, inputs.goal)[0]) <= 0:
        return "no new results since the last change", CONFIDENCE
    return None


def in_words(inputs: BidInputs, evidence: Evidence) -> str:
    """The estimate against the target, for the reason."""
    likely = evidence.likely

    def told(cost: float) -> str:
        if inputs.goal == "roas":
            return f"{evidence.target * inputs.target / cost:.2f}" if cost > 0 else "endless"
        return f"{cost / 1_000_000:,.2f}"

    name = {"cpa": "CPA", "roas": "ROAS", "cpc": "CPC"}[inputs.goal]
    low, high = sorted((likely.low, likely.high), reverse=inputs.goal == "roas")
    unit = "" if inputs.goal == "roas" else f" {inputs.currency}"
    return (
        f"{name} {told(likely.cost)} (80 %: {told(low)} to {told(high)}) against a target of "
        f"{told(evidence.target)}{unit}, from {likely.results:.0f} results"
    )


def _counts(cohorts: Sequence[Cohort], goal: Goal) -> tuple[list[float], list[float]]:
    """Results and matured spend of each cohort; clicks need no time to arrive."""
    if goal == "cpc":
        return [float(one.clicks) for one in cohorts], [float(one.spend) for one in cohorts]
    return [one.conversions for one in cohorts], [one.spend * one.arrived for one in cohorts]


def _outside(cost: CostPerResult, target: float) -> int:
    return 1 if cost.low > target else -1 if cost.high < target else 0


def _expectation(evidence: Evidence, change: float) -> CostExpectation:
    likely = evidence.likely
    # Half a log step of the bid reaches the price paid (see ETA).
    after = likely.cost * math.sqrt(change)
    high = likely.high if math.isfinite(likely.high) else None
    return CostExpectation(likely.cost, likely.low, high, after, likely.results)
