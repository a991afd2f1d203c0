"""Safety rules on prices and rates: clicks and conversions that became dear, click rates that fell.

Only campaigns whose objective is a conversion are judged on conversions. Whatever is judged is
matured: compared with what should have arrived by now, not with what the money will bring in the
end. Counts decide by evidence (``policy.evidence``).
"""

import numpy as np

from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy.account_view import HOURS
from policy.evidence import shape_of, shortfall
from policy.safety_picture import Picture, ratio, units

_SHORT = (6, 12, 24)
_LONG = (24, 72)
_BASE = HOURS - 24
"""Columns of the week that the newest day is compared with."""


def results_findings(seen: Picture) -> list[Finding]:
    """Everything that counted clicks, conversions and revenue say."""
    return [
        *_cpc_spike(seen),
        *_cpa_spike(seen),
        *_cpa_above_limit(seen),
        *_roas_below_floor(seen),
        *_ctr_collapse(seen),
    ]


# -- prices -----------------------------------------------------------------------------------


def _cpc_spike(seen: Picture) -> list[Finding]:
    """Far fewer clicks for the money than in the week before."""
    view, limits = seen.view, seen.limits
    base_spend, base_clicks = view.spend[:, :_BASE].sum(axis=1), view.clicks[:, :_BASE].sum(axis=1)
    usual = ratio(base_spend, base_clicks)
    priced = (base_clicks >= limits.history) & (usual > 0)
    fired = np.zeros_like(view.on)
    now = np.zeros_like(usual)
    for hours in _SHORT:
        spend, clicks = view.spend[:, -hours:].sum(axis=1), view.clicks[:, -hours:].sum(axis=1)
        expected = np.where(priced, spend, 0.0) / np.where(priced, usual, 1.0)
        evidence = shortfall(clicks, expected, shape_of(base_clicks, limits.click_scatter))
        hit = (
            priced
            & (expected >= limits.least_expected)
            & (clicks * limits.spike < expected)
            & (evidence >= limits.cut_evidence)
            & ~fired
        )
        now = np.where(hit, spend / np.maximum(clicks, 1.0), now)
        fired |= hit

    def say(row: int) -> tuple[str, dict[str, float]]:
        times = now[row] / usual[row]
        return (
            f"a click costs {seen.money(now[row])}, {times:.1f} times the "
            f"{seen.money(usual[row])} of the week before (bid war, click filter or a bug "
            f"suspected); bid lowered by {limits.bid_cut:.0%}",
            {"cpc": units(now[row]), "usual_cpc": units(usual[row]), "times_usual": float(times)},
        )

    return seen.findings(
        fired,
        Rule.CPC_SPIKE,
        Severity.HIGH,
        SafetyAction.REDUCE_BID,
        say,
        reduce_by=np.full(len(now), limits.bid_cut),
    )


def _cpa_spike(seen: Picture) -> list[Finding]:
    """Conversions of the last day or days cost several times the average before them."""
    view, limits = seen.view, seen.limits
    fired = np.zeros_like(view.on)
    now, usual = np.zeros(len(view.on)), np.ones(len(view.on))
    for hours in _LONG:
        past, recent = slice(0, HOURS - hours), slice(HOURS - hours, HOURS)
        before = seen.converted[:, past].sum(axis=1)
        average = ratio(seen.money_due[:, past].sum(axis=1), before)
        known = view.converts & (before >= limits.history) & (average > 0)
        money, count = seen.money_due[:, recent].sum(axis=1), seen.converted[:, recent].sum(axis=1)
        expected = np.where(known, money, 0.0) / np.where(known, average, 1.0)
        evidence = shortfall(count, expected, shape_of(before, limits.conversion_scatter))
        hit = (
            known
            & (count >= 1)
            & (expected >= limits.least_expected)
            & (count * limits.spike < expected)
            & (evidence >= limits.stop_evidence)
            & ~fired
        )
        now = np.where(hit, money / np.maximum(count, 1.0), now)
        usual = np.where(hit, average, usual)
        fired |= hit

    def say(row: int) -> tuple[str, dict[str, float]]:
        times = now[row] / usual[row]
        return (
            f"a conversion costs {seen.money(now[row])}, {times:.1f} times the "
            f"{seen.money(usual[row])} of the days before (a changed landing page, a partial "
            "tracking failure or fraud suspected)",
            {"cpa": units(now[row]), "usual_cpa": units(usual[row]), "times_usual": float(times)},
        )

    return seen.findings(fired, Rule.CPA_SPIKE, Severity.HIGH, SafetyAction.PAUSE_CAMPAIGN, say)


def _cpa_above_limit(seen: Picture) -> list[Finding]:
    """Conversions cost more than the plan's limit with its margin, beyond chance."""
    view, limits = seen.view, seen.limits
    limited = view.converts & (view.max_cpa > 0)
    most = np.where(limited, view.max_cpa, 1.0) * limits.above_limit
    fired = np.zeros_like(view.on)
    now = np.zeros(len(view.on))
    for hours in (72, HOURS):
        money = seen.money_due[:, -hours:].sum(axis=1)
        count = seen.converted[:, -hours:].sum(axis=1)
        expected = np.where(limited, money, 0.0) / most
        hit = (
            limited
            & (count >= 1)
            & (expected >= limits.least_expected)
            & (shortfall(count, expected, limits.exact_shape) >= limits.cut_evidence)
            & ~fired
        )
        now = np.where(hit, money / np.maximum(count, 1.0), now)
        fired |= hit

    def say(row: int) -> tuple[str, dict[str, float]]:
        times = now[row] / view.max_cpa[row]
        return (
            f"a conversion costs {seen.money(now[row])}, {times:.1f} times the most agreed, "
            f"{seen.money(view.max_cpa[row])}; bid lowered by {limits.bid_cut:.0%}",
            {"cpa": units(now[row]), "max_cpa": units(view.max_cpa[row]), "times": float(times)},
        )

    return seen.findings(
        fired,
        Rule.CPA_ABOVE_LIMIT,
        Severity.HIGH,
        SafetyAction.REDUCE_BID,
        say,
        reduce_by=np.full(len(now), limits.bid_cut),
    )


def _roas_below_floor(seen: Picture) -> list[Finding]:
    """Revenue of matured spend lies below the plan's floor with its margin, beyond chance."""
    view, limits = seen.view, seen.limits
    earned, bought = view.revenue.sum(axis=1), view.conversions.sum(axis=1)
    floored = view.converts & (view.min_roas > 0) & (bought >= limits.history) & (earned > 0)
    value = np.where(floored, earned, 1.0) / np.where(floored, bought, 1.0)
    least = np.where(floored, view.min_roas, 0.0) * limits.below_floor
    fired = np.zeros_like(view.on)
    now = np.zeros(len(view.on))
    for hours in (72, HOURS):
        money, revenue = (
            seen.money_due[:, -hours:].sum(axis=1),
            view.revenue[:, -hours:].sum(axis=1),
        )
        expected = least * money / value
        # A conversion's value scatters too, which makes every one of them tell less.
        evidence = shortfall(revenue / value, expected, limits.exact_shape)
        evidence = evidence / (1.0 + limits.revenue_scatter)
        hit = (
            floored
            & (revenue > 0)
            & (money > 0)
            & (expected >= limits.least_expected)
            & (evidence >= limits.stop_evidence)
            & ~fired
        )
        now = np.where(hit, ratio(revenue, money), now)
        fired |= hit

    def say(row: int) -> tuple[str, dict[str, float]]:
        return (
            f"return on matured spend is {now[row]:.2f}, below {limits.below_floor:g} times the "
            f"floor {view.min_roas[row]:.2f}",
            {"roas": float(now[row]), "min_roas": float(view.min_roas[row])},
        )

    return seen.findings(
        fired,
        Rule.ROAS_BELOW_FLOOR,
        Severity.CRITICAL,
        SafetyAction.PAUSE_CAMPAIGN,
        say,
    )


# -- click rate -------------------------------------------------------------------------------


def _ctr_collapse(seen: Picture) -> list[Finding]:
    """The click rate is less than half of that of the same hours the day before."""
    view, limits = seen.view, seen.limits
    fired = np.zeros_like(view.on)
    rate, usual = np.zeros(len(view.on)), np.ones(len(view.on))
    for hours in _SHORT:
        recent, before = slice(HOURS - hours, HOURS), slice(HOURS - hours - 24, HOURS - 24)
        shown, then = (
            view.impressions[:, recent].sum(axis=1),
            view.impressions[:, before].sum(axis=1),
        )
        clicks, earlier = view.clicks[:, recent].sum(axis=1), view.clicks[:, before].sum(axis=1)
        enough = (shown >= limits.least_impressions) & (then >= limits.least_impressions)
        ctr = ratio(earlier, np.where(enough, then, np.inf))
        expected = np.where(enough, shown, 0.0) * ctr
        evidence = shortfall(clicks, expected, shape_of(earlier, limits.click_scatter))
        hit = (
            enough
            & (clicks < limits.ctr_fall * expected)
            & (evidence >= limits.cut_evidence)
            & ~fired
        )
        rate = np.where(hit, ratio(clicks, shown), rate)
        usual = np.where(hit, ctr, usual)
        fired |= hit

    def say(row: int) -> tuple[str, dict[str, float]]:
        return (
            f"click rate {rate[row]:.2%}, after {usual[row]:.2%} in the same hours the day before "
            "(worn-out or broken creative, or a changed placement, suspected)",
            {"ctr": float(rate[row]), "ctr_before": float(usual[row])},
        )

    return seen.findings(
        fired, Rule.CTR_COLLAPSE, Severity.MEDIUM, SafetyAction.CHECK_CREATIVE, say
    )
