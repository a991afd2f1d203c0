"""Where the question can be spared: figures inside the policies' own thresholds, where a budget
rule can only answer maintain. tests/starter/test_trials.py holds them to the rules.

Figures are (5, trials, days) as reported, today last; ``arrived`` (days,) is the share of each
day's conversions that has come.
"""

from dataclasses import dataclass

import numpy as np

from activities.campaign_history import CampaignHistory
from activities.policy_inputs import (
    WINDOW,
    ladder_inputs,
    relative_inputs,
    saturation_inputs,
)
from market.fleet import Bools, Floats, Ints
from market.fleet_reporting import CONVERSIONS, REVENUE, SPEND
from models.contract.campaign import MediaPlan
from models.contract.figures import OptimisationCase
from policy import relative_roas, roas_ladder, saturation
from policy.cost_goal import METRICS
from policy.roas_posterior import posterior
from policy.saturation import SaturationAnswer

_CAREFUL = 1e-3
"""Room for rounding when a threshold is compared with outside the policy."""
_NEXT_TO_NOTHING = 1.0
"""Micros for a conversion: no raise is held back for its cost."""
_NO_CURVE = SaturationAnswer(identified=False, reason="not asked", confidence=0.0)


@dataclass(frozen=True, slots=True)
class Screen:
    """(trials,) each: where a rule may lower or pause, where it may raise, and where it may cap
    if a saturation curve says so. Nowhere else does it move anything."""

    low: Bools
    high: Bools
    curved: Bools


def relative_to(plan: MediaPlan) -> float | None:
    """The return that the rules relative to it aim at; None where the ladder judges."""
    return plan.optimisation.target_roas or plan.guardrails.min_roas


def screen(plan: MediaPlan, days: Ints, arrived: Floats, *, converts: bool) -> Screen:
    """Screen every trial of a plan."""
    target = relative_to(plan)
    if target is None:
        return _ladder(plan, days, arrived, converts=converts)
    floor = plan.guardrails.min_roas or 0.0
    observed = _observed(days, arrived, usual=True)
    low = max(relative_roas.REDUCE_BELOW * target, relative_roas.PAUSE_BELOW * floor)
    whole = days[SPEND, :, :-1].astype(np.float64)[:, -saturation.MAX_DAYS :]
    least = np.where(whole > 0, whole, np.inf).min(axis=1, initial=np.inf)
    varied = whole.max(axis=1, initial=0.0) >= saturation.SPEND_RATIO * least
    return Screen(
        observed < low * (1 + _CAREFUL),
        observed > relative_roas.SCALE_ABOVE * target * (1 - _CAREFUL),
        np.isfinite(observed) & varied & (whole.shape[1] >= saturation.MIN_DAYS),
    )


def _ladder(plan: MediaPlan, days: Ints, arrived: Floats, *, converts: bool) -> Screen:
    """Without revenue by a cost, where one is aimed at; else by the return, where one counts."""
    never = np.zeros(days.shape[1], dtype=np.bool_)
    earned = days[REVENUE, :, -WINDOW:].sum(axis=1) > 0
    by_cost = plan.objective.value in METRICS and plan.guardrails.target_cpa is not None
    if not converts:
        return Screen(~earned, ~earned, never) if by_cost else Screen(never, never, never)
    observed = _observed(days, arrived, usual=False)
    judged = ~earned & by_cost
    return Screen(
        (observed < roas_ladder.ACCEPTABLE * (1 + _CAREFUL)) | judged,
        (observed > roas_ladder.GOOD * (1 - _CAREFUL)) | judged,
        never,
    )


def _observed(days: Ints, arrived: Floats, *, usual: bool) -> Floats:
    """(trials,) the trailing week's return as the rules see it, NaN where they see none.

    ``usual``: with what a conversion of the campaign has been worth so far.
    """
    week = days[:, :, -WINDOW:].astype(np.float64)
    spend, matured = week[SPEND].sum(axis=1), (week[SPEND] * arrived[-WINDOW:]).sum(axis=1)
    revenue, orders = week[REVENUE].sum(axis=1), week[CONVERSIONS].sum(axis=1)
    ever, value = days[CONVERSIONS].sum(axis=1), days[REVENUE].sum(axis=1)
    observed = np.full(days.shape[1], np.nan)
    for trial in np.flatnonzero(spend > 0).tolist():
        worth = float(value[trial] / ever[trial]) if ever[trial] and value[trial] else None
        found = posterior(
            float(spend[trial]),
            float(revenue[trial]),
            float(orders[trial]),
            float(matured[trial] / spend[trial]),
            worth if usual else None,
        )
        if found is not None:
            observed[trial] = found.observed
    return observed


def rule_moves(case: OptimisationCase, known: CampaignHistory) -> bool:
    """Whether the budget rule alone might not maintain. Curve and forecast are not asked: what
    lowers or pauses comes before both, and all they can do to a raise is to prevent it."""
    if relative_to(case.plan) is None:
        return roas_ladder.decide(ladder_inputs(case, known)).action != "maintain"
    inputs = relative_inputs(case, known, _NO_CURVE, _NEXT_TO_NOTHING)
    return relative_roas.decide(inputs).action != "maintain"


def saturated(case: OptimisationCase, known: CampaignHistory) -> bool:
    """Whether a curve can be read and says that less would bring as much."""
    curve = saturation.decide(saturation_inputs(case, known))
    return curve.level is not None and curve.level.value > relative_roas.SATURATED_ABOVE
