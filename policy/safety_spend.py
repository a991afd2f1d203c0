"""Safety rules on spend: the ladder of overspend, sudden acceleration, abnormal hours, pace."""

import numpy as np

from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy.account_view import Bools, Floats
from policy.safety_picture import Picture, ratio, units


def spend_findings(seen: Picture) -> list[Finding]:
    """Everything the money alone says."""
    return [
        *_overspend(seen),
        *_lifetime_used(seen),
        *_acceleration(seen),
        *_abnormal_hour(seen),
        *_ahead_of_plan(seen),
    ]


def _overspend(seen: Picture) -> list[Finding]:
    """The ladder: at the day's cap the campaign is paused, beyond 1.1 times it is an emergency.

    A cap that a person set is judged on reported plus unreported spend once nine tenths are
    reported. The network's own cap (budget × over-delivery) is one at which the network stops by
    itself: there, a good day ends close to the cap every few weeks, and its last hours are
    estimates. So it takes more reported than such an error explains, or a campaign that is so far
    ahead of the traffic plan that the network evidently does not pace it; then the unreported
    counts as well. Nothing passes: what is over the cap is reported within the hour.
    """
    view, limits = seen.view, seen.limits
    cap, reported = view.day_cap, view.spent_today
    total = reported + view.unreported
    known = np.isfinite(cap) & (cap > 0)
    used = ratio(reported, np.where(known, cap, np.inf))
    by_network = cap >= view.daily_budget * max(view.over_delivery, 1.0) * 0.999
    near = used >= limits.near_cap
    unpaced = used >= min(view.day_share, 1.0) + limits.lead_on_plan
    reached = np.where(
        by_network,
        (used > 1.0 + limits.estimate_error) | (near & unpaced & (total >= cap)),
        near & (total >= cap),
    )
    hard = known & (used >= limits.hard_overspend)

    def say(row: int) -> tuple[str, dict[str, float]]:
        text = (
            f"{seen.money(reported[row])} reported and up to "
            f"{seen.money(view.unreported[row])} not yet reported today, "
            f"against at most {seen.money(cap[row])} a day"
        )
        numbers = {
            "spent_today": units(reported[row]),
            "unreported": units(view.unreported[row]),
            "day_cap": units(cap[row]),
            "of_cap": float(used[row]),
        }
        return text, numbers

    def say_hard(row: int) -> tuple[str, dict[str, float]]:
        text, numbers = say(row)
        return f"{text}; the network does not keep to its budget (bug or fraud suspected)", numbers

    critical = Severity.CRITICAL
    return [
        *seen.findings(
            hard,
            Rule.CAMPAIGN_OVERSPEND_HARD,
            critical,
            SafetyAction.EMERGENCY_PAUSE,
            say_hard,
        ),
        *seen.findings(
            known & reached, Rule.CAMPAIGN_OVERSPEND, critical, SafetyAction.PAUSE_CAMPAIGN, say
        ),
    ]


def _lifetime_used(seen: Picture) -> list[Finding]:
    """The agreed end: what is reported and what is on its way reach the lifetime amount."""
    view = seen.view
    total = view.spent_total + view.unreported
    fired = (view.lifetime > 0) & (total >= view.lifetime)

    def say(row: int) -> tuple[str, dict[str, float]]:
        return (
            f"lifetime amount {seen.money(view.lifetime[row])} is used: "
            f"{seen.money(view.spent_total[row])} reported and up to "
            f"{seen.money(view.unreported[row])} not yet reported",
            {
                "spent_total": units(view.spent_total[row]),
                "unreported": units(view.unreported[row]),
                "lifetime": units(view.lifetime[row]),
            },
        )

    return seen.findings(fired, Rule.LIFETIME_USED, Severity.MEDIUM, SafetyAction.COMPLETE, say)


def _same_hour_before(seen: Picture, back: int) -> tuple[Floats, Floats]:
    """The same hour on earlier days, for the column ``back`` from the end: mean and second
    highest (micros); 0 for days on which the campaign did not yet run."""
    spend = seen.view.spend
    days = np.arange(1, 8)
    at = spend.shape[1] - 1 - back - 24 * days
    at = at[at >= 1]
    # Reports come late and in lumps, so neighbouring hours count for one another.
    near = np.maximum(np.maximum(spend[:, at], spend[:, at - 1]), spend[:, at + 1])
    ran = np.clip(np.floor(seen.view.hours_on / 24), 1, len(at))
    mean = near.sum(axis=1) / ran
    return mean, np.sort(near, axis=1)[:, -2]


def _acceleration(seen: Picture) -> list[Finding]:
    """Half a daily budget within the hour, or far beyond the traffic plan with over-delivery.

    The rate is never multiplied by 24. After a gap in the readings the last hours come together,
    so the newest three are looked at.
    """
    view, limits = seen.view, seen.limits
    budget = view.daily_budget
    known = np.isfinite(budget) & (budget > 0)
    worst, plan_then = np.zeros_like(budget), np.ones_like(budget)
    fired = np.zeros_like(view.on)
    for back in range(3):
        hour, shown = view.spend[:, -1 - back], view.impressions[:, -1 - back]
        plan = budget * max(view.over_delivery, 1.0) * seen.traffic[-1 - back]
        _, usual = _same_hour_before(seen, back)
        half = (hour > limits.half_budget_hour * budget) & (usual < hour / 2)
        runaway = (
            (hour > limits.runaway * plan)
            & (hour >= limits.runaway_volume * budget)
            & (shown >= limits.enough_impressions)
            & (usual < hour / 2)
        )
        now = known & (half | runaway)
        plan_then = np.where(now & (hour > worst), plan, plan_then)
        worst = np.where(now, np.maximum(worst, hour), worst)
        fired |= now

    def say(row: int) -> tuple[str, dict[str, float]]:
        share, times = worst[row] / budget[row], worst[row] / max(plan_then[row], 1e-9)
        return (
            f"{seen.money(worst[row])} within an hour, {share:.0%} of the daily budget "
            f"{seen.money(budget[row])} and {times:.1f} times what its traffic plan allows "
            "(fraud, a bug or a wrong bid suspected)",
            {
                "hour_spend": units(worst[row]),
                "daily_budget": units(budget[row]),
                "share_of_budget": float(share),
                "times_plan": float(times),
            },
        )

    return seen.findings(
        fired,
        Rule.RAPID_ACCELERATION,
        Severity.CRITICAL,
        SafetyAction.EMERGENCY_PAUSE,
        say,
    )


def _abnormal_hour(seen: Picture) -> list[Finding]:
    """The last full hour (or already the running one) is beyond its own normal and beyond what
    over-delivery explains."""
    view, limits = seen.view, seen.limits
    budget = view.daily_budget
    worst, normal_then = np.zeros_like(budget), np.ones_like(budget)
    fired: Bools = np.zeros_like(view.on)
    for back in (0, 1):
        hour, shown = view.spend[:, -1 - back], view.impressions[:, -1 - back]
        mean, _ = _same_hour_before(seen, back)
        plan = budget * max(view.over_delivery, 1.0) * seen.traffic[-1 - back]
        now = (
            (view.hours_on >= 24 * limits.abnormal_days)
            & (budget > 0)
            & (mean > 0)
            & (hour > limits.abnormal * mean)
            & (hour > limits.abnormal_plan * plan)
            & (hour >= limits.runaway_volume * budget)
            & (shown >= limits.enough_impressions)
        )
        normal_then = np.where(now & (hour > worst), mean, normal_then)
        worst = np.where(now, np.maximum(worst, hour), worst)
        fired |= now

    def say(row: int) -> tuple[str, dict[str, float]]:
        times = worst[row] / max(normal_then[row], 1e-9)
        return (
            f"{seen.money(worst[row])} within an hour, {times:.1f} times the "
            f"{seen.money(normal_then[row])} of the same hour on earlier days, and more than "
            f"over-delivery explains (a bug, fraud or a changed bid suspected)",
            {
                "hour_spend": units(worst[row]),
                "normal_hour": units(normal_then[row]),
                "times_normal": float(times),
            },
        )

    return seen.findings(
        fired,
        Rule.HOURLY_SPEND_ABNORMAL,
        Severity.HIGH,
        SafetyAction.PAUSE_CAMPAIGN,
        say,
    )


def _ahead_of_plan(seen: Picture) -> list[Finding]:
    """Most of the budget is gone far before the traffic plan says so: lower the budget.

    ``reduce_by`` makes the rest of the day, over-delivery included, fit into what is left of the
    daily budget.
    """
    view, limits = seen.view, seen.limits
    budget, spent = view.daily_budget, view.spent_today
    over = max(view.over_delivery, 1.0)
    passed = min(max(view.day_share, 0.0), 1.0)
    plan = budget * over * passed
    fired = (
        (budget > 0)
        & (spent >= limits.used_early * budget)
        & (spent > limits.ahead * plan)
        & (passed < 1.0)
    )
    fits = np.maximum(budget - spent, 0.0) / (over * max(1.0 - passed, 1e-9))
    cut = np.clip(1.0 - ratio(fits, budget), limits.least_cut, limits.most_cut)

    def say(row: int) -> tuple[str, dict[str, float]]:
        used = spent[row] / budget[row]
        return (
            f"{used:.0%} of the daily budget {seen.money(budget[row])} is spent after {passed:.0%} "
            f"of the day's traffic; lowered by {cut[row]:.0%} for the rest of the day",
            {
                "spent_today": units(spent[row]),
                "daily_budget": units(budget[row]),
                "used": float(used),
                "day_share": passed,
            },
        )

    return seen.findings(
        fired,
        Rule.AHEAD_OF_PLAN,
        Severity.MEDIUM,
        SafetyAction.REDUCE_BUDGET,
        say,
        reduce_by=cut,
    )
