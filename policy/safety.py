"""Every safety rule over all campaigns of an account at once, and what is done about findings.

``judge`` says what is wrong, ``fresh`` what is to be done now, ``cooling`` what is remembered.
Stopping and lowering are all that the rules can ask for.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy.account_view import AccountView
from policy.safety_account import account_findings
from policy.safety_picture import picture
from policy.safety_results import results_findings
from policy.safety_silence import silence_findings
from policy.safety_spend import spend_findings
from policy.safety_thresholds import DEFAULT, Thresholds

__all__ = ["COOL_DOWN", "NAME", "VERSION", "Thresholds", "cooling", "fresh", "judge"]

NAME = "safety-rules"
VERSION = "1"

_MINUTES_15, _HOUR, _DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
COOL_DOWN: dict[Rule, timedelta] = {
    # Money beyond a limit is never left alone for long: limits beat a person who resumed.
    Rule.CAMPAIGN_OVERSPEND: _MINUTES_15,
    Rule.CAMPAIGN_OVERSPEND_HARD: _MINUTES_15,
    Rule.LIFETIME_USED: _MINUTES_15,
    Rule.PLATFORM_LIMIT: _MINUTES_15,
    Rule.TEAM_LIMIT: _MINUTES_15,
    Rule.TEAM_LIMIT_DOUBLED: _MINUTES_15,
    # The burst must leave the three hours that are looked at before it can be a new one.
    Rule.RAPID_ACCELERATION: 4 * _HOUR,
    Rule.HOURLY_SPEND_ABNORMAL: 4 * _HOUR,
    # Budget edits are few, and a cut needs an hour to show in the figures.
    Rule.AHEAD_OF_PLAN: 6 * _HOUR,
    # A person who resumes has seen the cause; results need a day to tell something new.
    Rule.ZERO_CONVERSIONS: _DAY,
    Rule.TRACKING_OUTAGE: _DAY,
    Rule.CPA_SPIKE: _DAY,
    Rule.ROAS_BELOW_FLOOR: _DAY,
    # A bid cut shows within a day; a second one on the same figures would be blind.
    Rule.CPC_SPIKE: _DAY,
    Rule.CPA_ABOVE_LIMIT: _DAY,
    Rule.CTR_COLLAPSE: _DAY,
    Rule.API_ERRORS: _HOUR,
    # Short enough for the word of warning not to hide the stop nine hours later.
    Rule.FIGURES_STALE: 3 * _HOUR,
}
"""Campaign time for which the same trouble of the same campaign is not acted on again."""

_SEVERITY = {severity: rank for rank, severity in enumerate(reversed(Severity))}
_DELIVERY = (SafetyAction.EMERGENCY_PAUSE, SafetyAction.COMPLETE, SafetyAction.PAUSE_CAMPAIGN)
"""What switches a campaign off, the strongest first; completing is for good."""
_ACCOUNT = (SafetyAction.EMERGENCY_STOP_TEAM, SafetyAction.SOFT_STOP_TEAM)
_FORCE = {
    action: rank
    for rank, action in enumerate(
        (
            *_ACCOUNT,
            SafetyAction.SOFT_STOP_ACCOUNT,
            *_DELIVERY,
            SafetyAction.REDUCE_BID,
            SafetyAction.REDUCE_BUDGET,
            SafetyAction.CHECK_CREATIVE,
            SafetyAction.NOTIFY,
        )
    )
}
_RULES = {rule: rank for rank, rule in enumerate(Rule)}


def judge(view: AccountView, thresholds: Thresholds = DEFAULT) -> tuple[Finding, ...]:
    """Everything that is wrong, most severe first. Only campaigns that are on are judged.

    Pure and vectorised; the texts name the numbers that fired and the suspected cause.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        seen = picture(view, thresholds)
        found = [
            *account_findings(seen),
            *spend_findings(seen),
            *silence_findings(seen),
            *results_findings(seen),
        ]
    return tuple(sorted(found, key=_order))


def fresh(
    findings: Iterable[Finding], fired: Mapping[str, datetime], now: datetime
) -> tuple[Finding, ...]:
    """What is to be done now: without what is under its cool-down, one action a lever.

    Args:
        findings: As judged.
        fired: Until when (campaign time) each ``Finding.key`` is under its cool-down.
        now: Campaign time.

    Of several ways to switch a campaign off the strongest stays, and a campaign that is switched
    off needs no lower bid or budget. An emergency stop of the team makes every smaller action
    needless. A soft stop does not: it spares what people made, which must still be paused. What
    was swallowed is named in the text of what stayed.
    """
    found = sorted(findings, key=_order)
    ready = [one for one in found if not _cools(one, fired, now)]
    if stop := next((one for one in ready if one.action == SafetyAction.EMERGENCY_STOP_TEAM), None):
        kept = [stop, *(one for one in ready if one.action == SafetyAction.NOTIFY)]
        return tuple(_naming(kept, [one for one in ready if one not in kept]))
    off = {one.campaign_id for one in found if one.action in _DELIVERY}
    taken: dict[tuple[UUID | None, str], Finding] = {}
    swallowed: list[Finding] = []
    for one in sorted(ready, key=lambda each: (_FORCE[each.action], *_order(each))):
        lever = _lever(one)
        needless = lever in ("bid", "budget") and one.campaign_id in off
        if needless or (one.campaign_id, lever) in taken:
            swallowed.append(one)
        else:
            taken[one.campaign_id, lever] = one
    return tuple(sorted(_naming(taken.values(), swallowed), key=_order))


def cooling(
    findings: Iterable[Finding], fired: Mapping[str, datetime], now: datetime
) -> dict[str, datetime]:
    """What is under its cool-down from now on, and until when, if ``findings`` are acted on."""
    still = {key: until for key, until in fired.items() if until > now}
    return still | {one.key: now + COOL_DOWN[one.rule] for one in findings}


def _cools(finding: Finding, fired: Mapping[str, datetime], now: datetime) -> bool:
    until = fired.get(finding.key)
    return until is not None and until > now


def _lever(finding: Finding) -> str:
    """What the action moves; only one finding at a time may move it."""
    match finding.action:
        case SafetyAction.REDUCE_BID:
            return "bid"
        case SafetyAction.REDUCE_BUDGET:
            return "budget"
        case SafetyAction.NOTIFY | SafetyAction.CHECK_CREATIVE:
            return finding.rule.value
        case _:
            return "delivery"


def _naming(kept: Iterable[Finding], swallowed: Iterable[Finding]) -> list[Finding]:
    """The findings that stay; a stop names the rules it makes needless."""
    needless = list(swallowed)
    answer: list[Finding] = []
    for one in kept:
        everything = one.action == SafetyAction.EMERGENCY_STOP_TEAM
        rules = {
            other.rule.value.replace("_", " ")
            for other in needless
            if everything or other.campaign_id == one.campaign_id
        }
        if rules and _lever(one) == "delivery":
            one = one.model_copy(update={"text": f"{one.text}; also: {', '.join(sorted(rules))}"})
        answer.append(one)
    return answer


def _order(finding: Finding) -> tuple[int, int, int, str]:
    return (
        _SEVERITY[finding.severity],
        _FORCE[finding.action],
        _RULES[finding.rule],
        str(finding.campaign_id or ""),
    )
