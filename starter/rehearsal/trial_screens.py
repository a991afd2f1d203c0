"""Where the question can be spared: figures so far inside the policies' own thresholds that rules
relative to a return can only answer maintain. tests/starter/test_trials.py holds them together.
"""

import numpy as np

from activities.campaign_history import CampaignHistory
from activities.policy_inputs import WINDOW, saturation_inputs
from market.fleet import Bools, Floats, Ints
from market.fleet_reporting import CONVERSIONS, REVENUE, SPEND
from models.contract.figures import OptimisationCase
from policy import relative_roas, saturation
from policy.roas_posterior import posterior

_CAREFUL = 1.001
"""Room for rounding when a threshold is compared with outside the policy."""


def may_leave_target(
    days: Ints, arrived: Floats, *, target: float, floor: float, may_raise: bool
) -> tuple[Bools, Bools]:
    """Where ``relative_roas`` may answer anything but maintain (trials,), by its own formulas and
    thresholds on the careful side; and where it may cap, if a saturation curve says so.

    Args:
        days: (5, trials, days) reported figures of all days, today last.
        arrived: (days,) share of each day's conversions that has arrived.
        target: Revenue per spend aimed at.
        floor: Revenue per spend below which a campaign is paused, 0 without.
        may_raise: Whether a raise could be granted to the machine at all.
    """
    week = days[:, :, -WINDOW:].astype(np.float64)
    spend, matured = week[SPEND].sum(axis=1), (week[SPEND] * arrived[-WINDOW:]).sum(axis=1)
    revenue, orders = week[REVENUE].sum(axis=1), week[CONVERSIONS].sum(axis=1)
    ever, value = days[CONVERSIONS].sum(axis=1), days[REVENUE].sum(axis=1)
    low = max(relative_roas.REDUCE_BELOW * target, relative_roas.PAUSE_BELOW * floor)
    high = relative_roas.SCALE_ABOVE * target if may_raise else np.inf
    outside = np.zeros(days.shape[1], dtype=np.bool_)
    known = np.zeros_like(outside)
    for trial in np.flatnonzero(spend > 0).tolist():
        worth = float(value[trial] / ever[trial]) if ever[trial] and value[trial] else None
        found = posterior(
            float(spend[trial]),
            float(revenue[trial]),
            float(orders[trial]),
            float(matured[trial] / spend[trial]),
            worth,
        )
        known[trial] = found is not None
        outside[trial] = found is not None and not low * _CAREFUL <= found.observed <= high
    whole = days[SPEND, :, :-1].astype(np.float64)[:, -saturation.MAX_DAYS :]
    least = np.where(whole > 0, whole, np.inf).min(axis=1, initial=np.inf)
    curved = known & (whole.max(axis=1, initial=0.0) >= saturation.SPEND_RATIO * least)
    return outside, curved & (days.shape[2] > saturation.MIN_DAYS)


def saturated(case: OptimisationCase, known: CampaignHistory) -> bool:
    """Whether a curve can be read and says that less would bring as much."""
    curve = saturation.decide(saturation_inputs(case, known))
    return curve.level is not None and curve.level.value > relative_roas.SATURATED_ABOVE
