"""Safety rules on silence: no conversion of one campaign, or of all campaigns at once.

Only campaigns whose objective is a conversion are judged. A gap without conversions grows in units
of conversions that should have arrived by now, and each conversion begins a new one. So looking
every 30 seconds changes nothing, and the bound rises with the number of those beginnings only.
"""

from dataclasses import dataclass

import numpy as np

from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy.account_view import HOURS, Floats
from policy.evidence import shape_of, shortfall
from policy.safety_picture import Picture, ratio, units

_SHORT = (6, 12, 24)
_BASE = HOURS - 24
"""Columns of the week that the newest day is compared with."""


def silence_findings(seen: Picture) -> list[Finding]:
    """Everything that missing conversions say."""
    return [*_tracking_outage(seen), *_zero_conversions(seen)]


@dataclass(frozen=True, slots=True)
class _Gap:
    """Time without a conversion, by campaign: what should have come, and the evidence."""

    expected: Floats
    evidence: Floats
    before: Floats
    clicks: Floats
    spend: Floats
    normal: Floats
    """1 where clicks kept coming as usual, else 0."""


def _split(amounts: Floats, late: Floats) -> tuple[Floats, Floats]:
    """Sums of hourly amounts outside and inside the columns where ``late`` is 1 (n,)."""
    inside = np.einsum("ij,ij->i", amounts, late)
    return amounts.sum(axis=1) - inside, inside


def _gap(seen: Picture, start: Floats) -> _Gap:
    """Judge the columns from ``start`` on, in which nothing converted.

    Held against the campaign's own rate where it has one, else against its target CPA, else
    against a careful conversion rate per click.
    """
    view, limits = seen.view, seen.limits
    column = np.arange(HOURS)
    late = (column >= start[:, None]).astype(np.float64)
    before, _ = _split(seen.converted, late)
    clicks_before, clicks = _split(view.clicks, late)
    due_before, due = _split(seen.clicks_due, late)
    _, money_due = _split(seen.money_due, late)
    _, spend = _split(view.spend, late)
    ran = column >= HOURS - np.ceil(view.hours_on)[:, None]
    traffic_before, traffic = _split(ran * (seen.traffic * seen.read), late)
    known = (before >= limits.history) & (due_before > 0)
    targeted = view.target_cpa > 0
    target = np.where(targeted, view.target_cpa, 1.0)
    expected = np.where(
        known,
        before * ratio(due, np.where(known, due_before, np.inf)),
        np.where(targeted, money_due / target, due * limits.default_cvr),
    )
    shape = np.where(
        known,
        shape_of(before, limits.conversion_scatter),
        np.where(targeted, limits.plan_shape, limits.exact_shape),
    )
    usual = ratio(clicks_before * traffic, traffic_before)
    normal = ~known | (clicks >= limits.usual_traffic * usual)
    expected = np.where(view.on & view.converts, expected, 0.0)
    return _Gap(
        expected=expected,
        evidence=shortfall(np.zeros_like(expected), expected, shape),
        before=before,
        clicks=clicks,
        spend=spend,
        normal=normal.astype(np.float64),
    )


def _after_last(converted: Floats) -> Floats:
    """First column after the last with a conversion, by row; 0 where there is none."""
    newest_first = converted[:, ::-1] > 0
    back = np.where(newest_first.any(axis=1), newest_first.argmax(axis=1), HOURS)
    return (HOURS - back).astype(np.float64)


def _unseen_clicks(seen: Picture) -> Floats:
    """Clicks of the last hours that our own site should have seen and did not, by campaign.

    Judged against the share it saw in the week before, and only while it sees those of others:
    else our own intake is down, which is no reason to stop anything.
    """
    view, limits = seen.view, seen.limits
    unseen = np.zeros(len(view.campaigns))
    if not view.first_hand:
        return unseen
    visits, clicks = view.seen_clicks, view.clicks
    usual = ratio(visits[:, :_BASE].sum(axis=1), clicks[:, :_BASE].sum(axis=1))
    known = visits[:, :_BASE].sum(axis=1) >= limits.history
    for hours in _SHORT:
        came = visits[:, -hours:].sum(axis=1)
        expected = np.where(known, np.minimum(usual, 1.0) * clicks[:, -hours:].sum(axis=1), 0.0)
        gone = (
            (came < limits.still_seen * expected)
            & (shortfall(came, expected, limits.plan_shape) >= limits.stop_evidence)
            & (came.sum() - came >= limits.history)
        )
        unseen = np.where(gone & (unseen == 0), expected - came, unseen)
    return unseen


def _zero_conversions(seen: Picture) -> list[Finding]:
    """A campaign's gap without any conversion, seen by the network or by our own site; or its
    clicks do not even reach our site any more."""
    view, limits = seen.view, seen.limits
    gap = _gap(seen, _after_last(seen.converted))
    silent = (gap.normal > 0) & (gap.evidence >= limits.silence_evidence + np.log1p(gap.before))
    unseen = _unseen_clicks(seen)
    fired = view.converts & (silent | (unseen > 0))

    def say(row: int) -> tuple[str, dict[str, float]]:
        cause = "a broken landing page, a tracking failure or click fraud suspected"
        if unseen[row] > 0:
            cause = f"{unseen[row]:.0f} clicks did not reach our own site: broken landing page"
        return (
            f"no conversion from {gap.clicks[row]:.0f} clicks and {seen.money(gap.spend[row])} "
            f"where {gap.expected[row]:.1f} were due by now ({cause})",
            {
                "expected": float(gap.expected[row]),
                "evidence": float(gap.evidence[row]),
                "conversions_before": float(gap.before[row]),
                "clicks": float(gap.clicks[row]),
                "spend": units(gap.spend[row]),
                "clicks_unseen": float(unseen[row]),
            },
        )

    return seen.findings(
        fired, Rule.ZERO_CONVERSIONS, Severity.HIGH, SafetyAction.PAUSE_CAMPAIGN, say
    )


def _tracking_outage(seen: Picture) -> list[Finding]:
    """All converting campaigns of the account fell silent at once while clicks kept coming."""
    view, limits = seen.view, seen.limits
    if not (view.converts & view.on).any():
        return []
    together = np.where(view.converts[:, None], seen.converted, 0.0).sum(axis=0, keepdims=True)
    last = float(_after_last(together)[0])
    gap = _gap(seen, np.full(len(view.campaigns), last))
    judged = view.converts & view.on & (gap.normal > 0)
    evidence = float(gap.evidence[judged].sum())
    history, expected = float(gap.before[judged].sum()), float(gap.expected[judged].sum())
    several = int((gap.expected[judged] >= 1.0).sum()) >= 2
    if evidence < limits.silence_evidence + np.log1p(history):
        return []
    if not several and history < limits.outage_history:
        return []
    clicks, spend = float(gap.clicks[judged].sum()), float(gap.spend[judged].sum())
    count = int(judged.sum())

    def say(row: int) -> tuple[str, dict[str, float]]:
        return (
            f"tracking failure suspected (else fraud or a bug): the {count} converting "
            f"campaigns of the {view.platform_name} account had no conversion for "
            f"{HOURS - last:.0f} hours from {clicks:.0f} clicks and {seen.money(spend)}, where "
            f"{expected:.1f} were due by now",
            {
                "expected": expected,
                "evidence": evidence,
                "conversions_before": history,
                "clicks": clicks,
                "spend": units(spend),
                "campaigns": float(count),
                "expected_of_campaign": float(gap.expected[row]),
            },
        )

    return seen.findings(
        judged,
        Rule.TRACKING_OUTAGE,
        Severity.CRITICAL,
        SafetyAction.EMERGENCY_PAUSE,
        say,
    )
