"""Who must be asked before money moves, and what a proposal is cut down to before asking."""

from dataclasses import dataclass
from datetime import datetime

from models.contract.campaign import ApprovalCase, MediaPlan
from models.contract.exchange import Rates
from models.contract.limits import SpendLimits
from models.contract.money import Money, minor_unit_micros
from models.contract.vocabulary import Author, Autonomy
from policy.authority import rise
from policy.exchange import NoRate, exchange
from policy.worst_case import day_exposure, largest_budget, worst_case


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


def clamp(
    plan: MediaPlan,
    limits: SpendLimits,
    room: Room,
    minimum: Money,
    *,
    over_delivery: float = 1.0,
    balanced: bool = True,
    rates: Rates | None = None,
) -> Clamped:
    """Cut a proposal to the campaign, platform and team limits.

    Args:
        plan: The proposal; budgets in the account's currency.
        limits: The team's limits, in whose currency ``room`` is as well.
        room: What other campaigns leave free today, in money that a day may cost.
        minimum: The network's smallest daily budget.
        over_delivery: Times the daily budget that the network may spend on a day.
        balanced: It makes up for that within the week, so the budget itself must fit the room.
        rates: Where the account's currency is not that of the limits.
    """
    try:
        return _clamped(plan, limits, room, minimum, over_delivery, balanced, rates or Rates())
    except NoRate as unknown:
        return Clamped(None, (str(unknown),))


def _clamped(
    plan: MediaPlan,
    limits: SpendLimits,
    room: Room,
    minimum: Money,
    over_delivery: float,
    balanced: bool,
    rates: Rates,
) -> Clamped:
    currency = plan.daily_budget.currency

    def here(cap: Money) -> Money:
        return exchange(cap, currency, rates, down=True)

    def budget(left: Money) -> int:
        return largest_budget(here(left).micros, over_delivery, balanced=balanced)

    most = "" if balanced or over_delivery <= 1 else f"; a day may cost {over_delivery:g} budgets"
    notes: list[str] = []
    daily = plan.daily_budget.micros
    for name, cap in (
        ("campaign daily limit", here(limits.campaign_daily).micros),
        (f"room left today on the platform{most}", budget(room.platform_daily)),
        (f"room left today for the team{most}", budget(room.team_daily)),
    ):
        if daily > cap:
            was, now = _money(daily, currency), _money(cap, currency)
            notes.append(f"daily budget cut from {was} to {now} ({name})")
            daily = max(cap, 0)
    unit = minor_unit_micros(currency)
    daily -= daily % unit
    if daily <= 0:
        return Clamped(None, (*notes, "no daily budget is left within the limits"))
    if daily < minimum.micros:
        reason = f"daily budget {_money(daily, currency)} is below the network's minimum {minimum}"
        return Clamped(None, (*notes, reason))
    longest = here(limits.campaign_lifetime)
    lifetime = plan.lifetime_budget or longest
    if lifetime.micros > longest.micros:
        notes.append(f"lifetime budget cut from {lifetime} to {longest} (campaign lifetime limit)")
        lifetime = longest
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
    balanced: bool = True,
    rates: Rates | None = None,
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
    ``committed_daily`` is what the team's commitments count against a day (``day_exposure``).
    """
    reasons: list[str] = []
    daily = plan.daily_budget
    if author is Author.AI:
        counted = day_exposure(daily.micros, over_delivery, balanced=balanced)
        try:
            reasons += _reasons(
                daily,
                _money(counted, daily.currency),
                limits,
                rates or Rates(),
                first_time_on_platform=first_time_on_platform,
                committed_daily=committed_daily,
            )
        except NoRate as unknown:
            reasons.append(str(unknown))
    return ApprovalCase(
        needed=bool(reasons),
        reasons=tuple(reasons),
        clamped=clamped,
        worst_case=worst_case(
            daily,
            start=plan.start or now,
            end=plan.ends(plan.start or now),
            over_delivery=over_delivery,
            balanced=balanced,
            lifetime=plan.lifetime_budget,
        ),
        confidence=confidence,
        reasoning=reasoning,
        expected_impact=expected_impact,
    )


def _reasons(
    daily: Money,
    counted: Money,
    limits: SpendLimits,
    rates: Rates,
    *,
    first_time_on_platform: bool,
    committed_daily: Money,
) -> list[str]:
    """Why a person must agree. ``counted`` is what the budget counts against a day."""
    reasons: list[str] = []
    if limits.autonomy is Autonomy.MANUAL:
        reasons.append("autonomy is manual: every launch is approved by a person")
    if limits.autonomy is Autonomy.SEMI_AUTO:
        if _above(daily, limits.approval_threshold, rates):
            reasons.append(
                f"daily budget {daily} is above the approval threshold {limits.approval_threshold}"
            )
        if first_time_on_platform and limits.ask_first_activation:
            reasons.append("this platform has never been activated before")
        added = exchange(counted, committed_daily.currency, rates)
        if rise(committed_daily.micros, added.micros) > limits.ask_team_daily_rise:
            reasons.append(
                f"the team's daily total would rise from {committed_daily} by {added}, more "
                f"than {limits.ask_team_daily_rise:.0%}"
            )
    if _above(daily, limits.always_ask_above, rates):
        reasons.append(
            f"daily budget {daily} is above {limits.always_ask_above}, which always needs a person"
        )
    return reasons


def _above(amount: Money, threshold: Money, rates: Rates) -> bool:
    return exchange(amount, threshold.currency, rates).micros > threshold.micros


def _money(micros: int, currency: str) -> Money:
    return Money(micros=micros, currency=currency)
