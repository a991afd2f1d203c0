"""Safety rules on the whole account: failing calls, old figures, limits of the scopes around."""

import numpy as np

from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy.account_view import Bools
from policy.safety_picture import Picture, ratio, units


def account_findings(seen: Picture) -> list[Finding]:
    """What concerns every campaign at once; nothing while none is on."""
    if not seen.view.on.any():
        return []
    return [*_api_errors(seen), *_stale(seen), *_platform_limit(seen), *_team_limit(seen)]


def _api_errors(seen: Picture) -> list[Finding]:
    """Many calls failed and the account cannot be read: control may be lost next."""
    view = seen.view
    if view.api_failures <= seen.limits.errors_an_hour or not view.reading_failed:
        return []
    return [
        Finding(
            rule=Rule.API_ERRORS,
            severity=Severity.HIGH,
            action=SafetyAction.SOFT_STOP_ACCOUNT,
            text=f"{view.api_failures} calls to {view.platform_name} failed within the hour, more "
            f"than {seen.limits.errors_an_hour}, and the figures cannot be read: stopped while "
            "stopping still works (outage or revoked access suspected)",
            numbers={"failures": float(view.api_failures)},
        )
    ]


def _stale(seen: Picture) -> list[Finding]:
    """Nobody has seen for hours what is being spent. Never read counts since switched on."""
    view, limits = seen.view, seen.limits
    age = seen.age if np.isfinite(seen.age) else float(view.hours_on[view.on].max())
    if age <= limits.stale_hours:
        return []
    blind = age > limits.blind_hours
    least = limits.blind_hours if blind else limits.stale_hours
    return [
        Finding(
            rule=Rule.FIGURES_STALE,
            severity=Severity.CRITICAL if blind else Severity.HIGH,
            action=SafetyAction.SOFT_STOP_ACCOUNT if blind else SafetyAction.NOTIFY,
            text=f"figures of the {view.platform_name} account are {age:.1f} hours old, more than "
            f"{least:g}, while {int(view.on.sum())} campaigns are on"
            + (": stopped, because nobody sees what they spend" if blind else ""),
            numbers={"age_hours": age, "campaigns_on": float(view.on.sum())},
        )
    ]


def _platform_limit(seen: Picture) -> list[Finding]:
    """The platform's daily limit: pause the campaigns of this account with the lowest return.

    At the limit times its tolerance all are paused. Between limit and tolerance, as few as bring
    the platform's projected day under it: the rest of each campaign's day is what the traffic plan
    still holds, and no more than its cap.
    """
    view, scope = seen.view, seen.view.platform
    if scope is None or scope.spent_today <= 0 or scope.spent_today < scope.daily_limit:
        return []
    ceiling = scope.daily_limit * max(scope.tolerance, 1.0)
    passed = min(max(view.day_share, 0.0), 1.0)
    room = np.where(np.isfinite(view.day_cap), view.day_cap, np.inf) - view.spent_today
    rest = np.where(view.on, np.clip(view.daily_budget * (1 - passed), 0.0, np.maximum(room, 0)), 0)
    paused: Bools = np.zeros_like(view.on)
    projected = scope.spent_today + float(rest.sum())
    for row in _lowest_return_first(seen):
        if scope.spent_today < ceiling and projected < ceiling:
            break
        if view.on[row]:
            paused[row] = True
            projected -= float(rest[row])
    count = int(paused.sum())

    def say(row: int) -> tuple[str, dict[str, float]]:
        return (
            f"{view.platform_name} spent {scope.spent_today / max(scope.daily_limit, 1e-9):.0%} of "
            f"its daily limit; paused as one of {count} with the lowest return",
            {
                "platform_spent_today": units(scope.spent_today),
                "platform_daily_limit": units(scope.daily_limit),
                "tolerance": scope.tolerance,
            },
        )

    return seen.findings(
        paused, Rule.PLATFORM_LIMIT, Severity.HIGH, SafetyAction.PAUSE_CAMPAIGN, say
    )


def _lowest_return_first(seen: Picture) -> list[int]:
    """Rows by revenue, then conversions, then clicks for the money of the week."""
    view = seen.view
    spend = view.spend.sum(axis=1)
    keys = [
        np.where(spend > 0, ratio(each.sum(axis=1), spend), 0.0)
        for each in (view.clicks, seen.converted, view.revenue)
    ]
    names = np.array([str(one) for one in view.campaigns])
    return np.lexsort([names, *keys]).tolist()


def _team_limit(seen: Picture) -> list[Finding]:
    """The team's daily limit with its tolerance; at twice the limit everything stops at once."""
    scope = seen.view.team
    if scope is None or scope.spent_today <= 0:
        return []
    numbers = {
        "team_spent_today": units(scope.spent_today),
        "team_daily_limit": units(scope.daily_limit),
        "tolerance": scope.tolerance,
    }
    used = f"the team spent {units(scope.spent_today):,.2f} today, "
    limit = f"its daily limit {units(scope.daily_limit):,.2f}"
    found: list[Finding] = []
    if scope.spent_today >= 2 * scope.daily_limit:
        found.append(
            Finding(
                rule=Rule.TEAM_LIMIT_DOUBLED,
                severity=Severity.CRITICAL,
                action=SafetyAction.EMERGENCY_STOP_TEAM,
                text=f"{used}twice {limit} or more: everything stops (bug or fraud suspected)",
                numbers=numbers,
            )
        )
    if scope.spent_today >= scope.daily_limit * max(scope.tolerance, 1.0):
        found.append(
            Finding(
                rule=Rule.TEAM_LIMIT,
                severity=Severity.CRITICAL,
                action=SafetyAction.SOFT_STOP_TEAM,
                text=f"{used}which reaches {limit} with its tolerance of "
                f"{max(scope.tolerance, 1.0):g} times",
                numbers=numbers,
            )
        )
    return found
