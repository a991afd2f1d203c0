"""The ROAS ladder: absolute rungs for campaigns that have no target of their own.

Window: the trailing seven days, with spend counted by the share of its conversions that has
arrived. A rung alone moves nothing: the posterior must leave the next threshold on the other
side, so three lucky orders scale nothing and one unlucky day pauses nothing. Objectives that are
not for revenue are judged by their own cost instead (``policy.cost_goal``), and never paused.
"""

from dataclasses import dataclass
from typing import Literal

from policy.cost_goal import METRICS, GoalFigures, Performance, performance
from policy.estimate import Estimate, finite
from policy.learning import CONFIDENCE, LEARNING_SPEND, LEARNING_TIME
from policy.modes import COOL_DOWN, RAISE_MOST, capped, down_to_unit
from policy.roas_posterior import RoasPosterior, posterior

NAME = "roas-ladder"
VERSION = "1"

EXCELLENT, GOOD, ACCEPTABLE, POOR = 3.0, 2.0, 1.0, 0.5
RAISE_EXCELLENT, RAISE_GOOD, CUT = 0.20, 0.10, 0.20
CONFIDENCES = {"excellent": 0.90, "good": 0.75, "acceptable": 0.70, "poor": 0.70, "pause": 0.85}
EVIDENCE = 0.80
"""Posterior probability that the return is on the move's side of the next threshold."""
PAUSE_EVIDENCE = 0.85
"""The same for a pause; one order of 30 for 100 spent just reaches it (0.89)."""
RAISE_CONVERSIONS = 5.0
"""Conversions below which nothing is raised, whatever they brought."""
COST_BETTER, COST_WORSE, COST_STEP = 1.3, 0.85, 0.10
"""Times the target at which a campaign without revenue is raised or cut, and by how much."""


@dataclass(frozen=True, slots=True)
class LadderInputs:
    """One campaign's trailing seven days. Money in micros of one currency; None is missing.

    Attributes:
        objective: A value of the trade's objectives ("purchases", "traffic", …).
        budget: Daily budget now (a lifetime budget as its effective daily amount).
        minimum: The network's smallest daily budget.
        maximum: The most a person agreed to; None without limit.
        spend, revenue, conversions: Of the window, as reported so far.
        days_running: Since delivery began.
        maturity: Spend-weighted share (0..1) of the window's conversions that has arrived.
        average_value: What a conversion is usually worth, for campaigns with few of them.
        spent_total: Since launch; None takes the window's, for the learning guard.
        hours_since_change: Since the budget was last changed; None if never.
        goals: Figures and targets for objectives that are not for revenue.
        learning_spend, raise_most: The constants, in the campaign's currency.
    """

    currency: str
    objective: str
    budget: int
    minimum: int
    spend: float | None
    revenue: float | None
    conversions: float | None
    days_running: float | None
    maturity: float | None = 1.0
    average_value: float | None = None
    maximum: int | None = None
    spent_total: float | None = None
    hours_since_change: float | None = None
    goals: GoalFigures | None = None
    learning_spend: int = LEARNING_SPEND
    raise_most: int = RAISE_MOST


@dataclass(frozen=True, slots=True)
class LadderAnswer:
    """``budget`` is the daily budget to set: 0 for a pause, the present one for maintain.

    ``expected`` is the return on the next week's spend with its 80 % interval, assuming that
    so small a change leaves the rate as it is; None where there is no revenue to speak of.
    """

    action: Literal["increase", "decrease", "maintain", "pause"]
    budget: int
    reason: str
    confidence: float
    expected: Estimate | None = None


def decide(inputs: LadderInputs) -> LadderAnswer:
    """One step on the ladder, or maintain. Senseless figures maintain; nothing passes maximum."""
    guard = _guard(inputs)
    if guard is not None:
        return LadderAnswer("maintain", inputs.budget, guard, CONFIDENCE)
    if inputs.objective in METRICS and not (finite(inputs.revenue) or 0) > 0:
        goals = inputs.goals or GoalFigures(inputs.spend)
        return _by_cost(inputs, performance(inputs.objective, goals))
    if inputs.objective not in {"purchases", "catalog_sales", *_MAY_EARN}:
        return _keep(inputs, f"no revenue rule for the objective {inputs.objective!r}", 0.5)
    found = posterior(
        inputs.spend, inputs.revenue, inputs.conversions, inputs.maturity, inputs.average_value
    )
    if found is None:
        return _keep(inputs, "no return can be computed from these figures", 0.5)
    return _by_return(inputs, found)


_MAY_EARN = ("leads", "signups", "app_installs", "applications")


def _guard(inputs: LadderInputs) -> str | None:
    spend, days = finite(inputs.spend), finite(inputs.days_running)
    total = finite(inputs.spent_total)
    total = spend if total is None else total
    if inputs.budget <= 0:
        return "no budget to change"
    if spend is None or total is None or days is None or spend < 0 or days < 0:
        return "spend or age is missing or makes no sense"
    needed = LEARNING_TIME.total_seconds() / 86_400
    if total < inputs.learning_spend or days < needed:
        return (
            f"learning: {total / 1e6:.2f} of {inputs.learning_spend / 1e6:.2f} spent, "
            f"day {days:.1f} of {needed:.0f}"
        )
    return None


def _by_return(inputs: LadderInputs, found: RoasPosterior) -> LadderAnswer:
    roas = found.observed
    count = finite(inputs.conversions) or 0.0
    expected = found.interval()
    facts = (
        f"ROAS {roas:.2f} over 7 days from {count:g} conversions "
        f"(80 %: {expected.low:.2f} to {expected.high:.2f})"
    )
    if roas < POOR and found.below(ACCEPTABLE) >= PAUSE_EVIDENCE:
        return LadderAnswer(
            "pause",
            0,
            f"{facts}, below {POOR:g} and {found.below(ACCEPTABLE):.0%} sure to lose money",
            CONFIDENCES["pause"],
            expected,
        )
    if roas < ACCEPTABLE:
        if found.below(GOOD) < EVIDENCE:
            return _keep(inputs, f"{facts}; too few conversions to cut on", 0.5, expected)
        return _cut(inputs, CUT, f"{facts}, below {ACCEPTABLE:g}", expected)
    if roas < GOOD:
        return _keep(inputs, f"{facts}, acceptable", CONFIDENCES["acceptable"], expected)
    if count < RAISE_CONVERSIONS:
        return _keep(inputs, f"{facts}; too few conversions to scale on", 0.5, expected)
    if roas >= EXCELLENT and found.above(GOOD) >= EVIDENCE:
        return _raise(inputs, RAISE_EXCELLENT, CONFIDENCES["excellent"], facts, expected)
    if found.above(ACCEPTABLE) >= EVIDENCE:
        return _raise(inputs, RAISE_GOOD, CONFIDENCES["good"], facts, expected)
    return _keep(inputs, f"{facts}; too few conversions to scale on", 0.5, expected)


def _by_cost(inputs: LadderInputs, found: Performance | None) -> LadderAnswer:
    if found is None:
        return _keep(
            inputs, f"no target or figures to judge {inputs.objective} by; ROAS does not apply", 0.5
        )
    if found.value < COST_WORSE and found.below(1.0) >= EVIDENCE:
        return _cut(inputs, COST_STEP, found.words, None)
    if found.value > COST_BETTER and found.above(1.0) >= EVIDENCE:
        return _raise(inputs, COST_STEP, CONFIDENCES["good"], found.words, None)
    return _keep(inputs, f"{found.words}; near the target or not yet clear", 0.6)


def _keep(
    inputs: LadderInputs, reason: str, confidence: float, expected: Estimate | None = None
) -> LadderAnswer:
    return LadderAnswer("maintain", inputs.budget, reason, confidence, expected)


def _resting(inputs: LadderInputs) -> str | None:
    since = finite(inputs.hours_since_change)
    rest = COOL_DOWN["budget"].total_seconds() / 3600
    if inputs.hours_since_change is None or (since is not None and since >= rest):
        return None
    return f"the budget was changed less than {rest:.0f} h ago"


def _cut(inputs: LadderInputs, share: float, facts: str, expected: Estimate | None) -> LadderAnswer:
    resting = _resting(inputs)
    if resting is not None:
        return _keep(inputs, f"{facts}; {resting}", 0.6, expected)
    # The floor is the network's; a budget already below it is not raised by a cut.
    lowered = capped(inputs.budget, inputs.budget * (1 - share), "aggressive", inputs.currency)
    budget = min(inputs.budget, max(lowered, inputs.minimum))
    if budget >= inputs.budget:
        return _keep(inputs, f"{facts}; already at the network's minimum", 0.6, expected)
    return LadderAnswer(
        "decrease", budget, f"{facts}: cut by {share:.0%}", CONFIDENCES["poor"], expected
    )


def _raise(
    inputs: LadderInputs, share: float, confidence: float, facts: str, expected: Estimate | None
) -> LadderAnswer:
    resting = _resting(inputs)
    if resting is not None:
        return _keep(inputs, f"{facts}; {resting}", 0.6, expected)
    most = inputs.budget + max(0, inputs.raise_most)
    target = min(inputs.budget * (1 + share), most)
    if inputs.maximum is not None:
        target = min(target, inputs.maximum)
    budget = down_to_unit(target, inputs.currency) if target > inputs.budget else inputs.budget
    if budget <= inputs.budget or budget < inputs.minimum:
        return _keep(inputs, f"{facts}; already at what was agreed", 0.7, expected)
    words = f"{facts}: raised by {budget / inputs.budget - 1:.0%}"
    return LadderAnswer("increase", budget, words, confidence, expected)
