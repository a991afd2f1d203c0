"""Who must be asked before money moves, and what a proposal is cut down to before asking."""

from dataclasses import dataclass
from datetime import datetime

from models.contract.campaign import ApprovalCase, MediaPlan
from models.contract.limits import SpendLimits
from models.contract.money import Money, minor_unit_micros
from models.contract.vocabulary import Author, Autonomy
from policy.worst_case import worst_case


@dataclass(frozen=True, slots=True)
class Room:
    """What is still free today: the platform's and the team's daily limits less commitments."""

    platform_daily: Money
    team_daily: Money


@dataclass(frozen=True, slots=True)
class Clamped:
    """A plan within the limits, or None with the reason why none is possible."""

    plan: MediaPlan | None
    notes: tuple[str, ...]


def clamp(plan: MediaPlan, limits: SpendLimits, room: Room, minimum: Money) -> Clamped:
    """Cut a proposal to the campaign, platform and team limits.

    Args:
        plan: The proposal; budgets in the account's currency, which must be the limits'.
        limits: The team's limits.
        room: What other campaigns leave free today.
        minimum: The network's smallest daily budget.
    """
    currency = plan.daily_budget.currency
    if currency != limits.team_daily.currency:
        return Clamped(
            None,
            (
                f"budget currency {currency} differs from the limits' "
                f"{limits.team_daily.currency} and no exchange rate is set",
            ),
        )
    notes: list[str] = []
    daily = plan.daily_budget.micros
    for name, cap in (
        ("campaign daily limit", limits.campaign_daily),
        ("room left today on the platform", room.platform_daily),
        ("room left today for the team", room.team_daily),
    ):
        if daily > cap.micros:
            notes.append(f"daily budget cut from {_money(daily, currency)} to {cap} ({name})")
            daily = max(cap.micros, 0)
    unit = minor_unit_micros(currency)
    daily -= daily % unit
    if daily <= 0:
        return Clamped(None, (*notes, "no daily budget is left within the limits"))
    if daily < minimum.micros:
        reason = f"daily budget {_money(daily, currency)} is below the network's minimum {minimum}"
        return Clamped(None, (*notes, reason))
    lifetime = plan.lifetime_budget or limits.campaign_lifetime
    if lifetime.micros > limits.campaign_lifetime.micros:
        notes.append(
            f"lifetime budget cut from {lifetime} to {limits.campaign_lifetime} "
            "(campaign lifetime limit)"
        )
        lifetime = limits.campaign_lifetime
    return Clamped(
        plan.model_copy(
            update={
                "daily_budget": Money(micros=daily, currency=currency),
                "lifetime_budget": lifetime,
            }
        ),
        tuple(notes),
    )


def approval_case(
    plan: MediaPlan,
    limits: SpendLimits,
    *,
    author: Author,
    first_time_on_platform: bool,
    committed_daily: Money,
    over_delivery: float,
    now: datetime,
    clamped: tuple[str, ...] = (),
    confidence: float | None = None,
    reasoning: str = "",
    expected_impact: str = "",
) -> ApprovalCase:
    """Decide whether a person must agree to launching ``plan``, and say why.

    ``manual`` always asks. ``semi_auto`` asks above the approval threshold, on a platform's
    first use and when the team's daily total would rise by more than ``ask_team_daily_rise``.
    Even ``full_auto`` asks above ``always_ask_above``. What a person made is not asked again.
    """
    reasons: list[str] = []
    daily = plan.daily_budget
    if author is Author.AI:
        if limits.autonomy is Autonomy.MANUAL:
            reasons.append("autonomy is manual: every launch is approved by a person")
        if limits.autonomy is Autonomy.SEMI_AUTO:
            if daily.micros > limits.approval_threshold.micros:
                reasons.append(
                    f"daily budget {daily} is above the approval threshold "
                    f"{limits.approval_threshold}"
                )
            if first_time_on_platform:
                reasons.append("this platform has never been activated before")
            if _rise(committed_daily.micros, daily.micros) > limits.ask_team_daily_rise:
                reasons.append(
                    f"the team's daily total would rise from {committed_daily} by {daily}, more "
                    f"than {limits.ask_team_daily_rise:.0%}"
                )
        if daily.micros > limits.always_ask_above.micros:
            reasons.append(
                f"daily budget {daily} is above {limits.always_ask_above}, which always needs "
                "a person"
            )
    return ApprovalCase(
        needed=bool(reasons),
        reasons=tuple(reasons),
        clamped=clamped,
        worst_case=worst_case(
            daily,
            start=plan.start or now,
            end=plan.ends(plan.start or now),
            over_delivery=over_delivery,
            lifetime=plan.lifetime_budget,
        ),
        confidence=confidence,
        reasoning=reasoning,
        expected_impact=expected_impact,
    )


def _rise(before: int, added: int) -> float:
    """Relative rise; from nothing, any addition counts as a full rise."""
    return added / before if before > 0 else float(added > 0)


def _money(micros: int, currency: str) -> Money:
    return Money(micros=micros, currency=currency)
