"""The rules of the spend authority: may this campaign be allowed this daily budget?

Pure; ``activities.spend`` runs it inside one transaction under row locks.
"""

import math
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from models.contract.exchange import Rates
from models.contract.limits import CAMPAIGN_LIFETIME, NEEDS_PERSON, SpendLimits, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Autonomy
from policy.exchange import NoRate, exchange, total
from policy.worst_case import day_exposure, most_daily_budgets

Amounts = Mapping[str, int]
"""Micros by currency."""


def _nothing() -> Amounts:
    return {}


@dataclass(frozen=True, slots=True)
class Exposure:
    """Micros by currency already promised or spent in one scope, without the asking campaign.

    Attributes:
        daily: What live commitments count against a day (``day_exposure``).
        month_spent: Reported spend of the calendar month, the asking campaign's included.
        month_committed: What live commitments can still spend this month at worst.
    """

    daily: Amounts = field(default_factory=_nothing)
    month_spent: Amounts = field(default_factory=_nothing)
    month_committed: Amounts = field(default_factory=_nothing)

    @property
    def month(self) -> Amounts:
        """What the calendar month can come to."""
        return plus(self.month_spent, self.month_committed)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Granted, or the limit that stands in the way with both numbers."""

    granted: bool
    reason: str
    limit: str | None = None


def plus(one: Amounts, other: Amounts) -> Amounts:
    """Sums by currency."""
    return {currency: one.get(currency, 0) + other.get(currency, 0) for currency in {*one, *other}}


def month_exposure(
    daily: int, over_delivery: float, now: datetime, until: datetime | None, *, balanced: bool
) -> int:
    """Most a daily budget can still spend in ``now``'s calendar month (micros).

    Every day (UTC) from today to the earlier of ``until`` and the month's end, with the
    over-delivery the network allows itself on that many days.
    """
    today = now.astimezone(UTC).date()
    last = today.replace(day=monthrange(today.year, today.month)[1])
    if until is not None:
        last = max(today, min(last, until.astimezone(UTC).date()))
    days = (last - today).days + 1
    return math.ceil(daily * most_daily_budgets(days, over_delivery, balanced=balanced))


def authorise(
    request: SpendRequest,
    limits: SpendLimits,
    rates: Rates,
    *,
    campaign_spent: Money,
    account: Exposure,
    platform: Exposure,
    team: Exposure,
) -> Verdict:
    """Check campaign, account, platform, team day and month limits and the hard ceiling.

    Each limit is checked in its own currency. Limits of a day bind what a day may cost
    (``day_exposure``); the campaign's binds its budget.
    """
    if request.daily.micros <= 0:
        return Verdict(False, f"daily budget {request.daily} must be above zero", "daily budget")
    try:
        return _within(request, limits, rates, campaign_spent, account, platform, team)
    except NoRate as unknown:
        return Verdict(False, str(unknown), "exchange rate")


def _within(
    request: SpendRequest,
    limits: SpendLimits,
    rates: Rates,
    campaign_spent: Money,
    account: Exposure,
    platform: Exposure,
    team: Exposure,
) -> Verdict:
    for lifetime in (request.lifetime, limits.campaign_lifetime):
        if lifetime is None:
            continue
        spent = exchange(campaign_spent, lifetime.currency, rates)
        if spent.micros >= lifetime.micros:
            return Verdict(
                False,
                f"campaign lifetime limit {lifetime} is used up ({spent} spent)",
                CAMPAIGN_LIFETIME,
            )
    asked, currency = request.daily.micros, request.daily.currency
    over, balanced = request.over_delivery, request.balanced
    day = {currency: day_exposure(asked, over, balanced=balanced)}
    month = {currency: month_exposure(asked, over, request.now, request.until, balanced=balanced)}
    checks: tuple[tuple[str, Amounts, Money | None], ...] = (
        ("campaign daily limit", {currency: asked}, limits.campaign_daily),
        ("platform daily limit", plus(platform.daily, day), limits.platform_daily),
        ("team daily limit", plus(team.daily, day), limits.team_daily),
        ("account daily limit", plus(account.daily, day), limits.account_daily),
        ("platform monthly limit", plus(platform.month, month), limits.platform_monthly),
        ("team monthly limit", plus(team.month, month), limits.team_monthly),
        ("hard monthly ceiling", plus(team.month, month), limits.hard_ceiling_monthly),
        ("account monthly limit", plus(account.month, month), limits.account_monthly),
    )
    for name, amounts, cap in checks:
        if cap is None:
            continue
        came_to = Money(micros=total(amounts, cap.currency, rates), currency=cap.currency)
        if came_to.micros > cap.micros:
            return Verdict(
                False,
                f"{name} is {cap} and this would make it {came_to}"
                f"{_over_delivered(request)}; lower the budget or free room",
                name,
            )
    return Verdict(True, f"{request.daily} a day fits every limit")


def needs_person(
    request: SpendRequest,
    limits: SpendLimits,
    rates: Rates,
    *,
    live: Money | None,
    team: Exposure,
    first_activation: bool,
) -> Verdict | None:
    """Why nobody but a person may grant this, or None.

    Only a rise is asked about, and only one that nobody has agreed to (``request.agreed``).

    Args:
        request: The daily budget that is asked for.
        limits: The team's, with the four settings of escalation.
        rates: For settings in another currency.
        live: The campaign's present commitment; None when it has none.
        team: The team's exposure without this campaign.
        first_activation: Nothing was ever switched on in this account.
    """
    asked = request.daily
    before = live.micros if live is not None and live.currency == asked.currency else 0
    if request.agreed or asked.micros <= before:
        return None
    try:
        reason = _escalation(request, limits, rates, before, team)
    except NoRate as unknown:
        return Verdict(False, str(unknown), "exchange rate")
    if reason is None and first_activation and limits.ask_first_activation:
        reason = f"account {request.account_id} has never been activated before"
    return Verdict(False, f"{reason}: a person must agree", NEEDS_PERSON) if reason else None


def _escalation(
    request: SpendRequest, limits: SpendLimits, rates: Rates, before: int, team: Exposure
) -> str | None:
    asked, currency = request.daily, request.daily.currency
    threshold = limits.always_ask_above
    if exchange(asked, threshold.currency, rates).micros > threshold.micros:
        return f"daily budget {asked} is above {threshold}, which always needs a person"
    if limits.autonomy is Autonomy.MANUAL:
        return "the team's autonomy is manual"
    free = limits.approval_threshold
    if (
        limits.autonomy is Autonomy.SEMI_AUTO
        and exchange(asked, free.currency, rates).micros > free.micros
    ):
        return f"daily budget {asked} is above {free}, which needs a person in semi_auto"
    # Many small rises are one large one: they are counted from what was last agreed to. A
    # campaign without either does not rise, it starts: the team's rule judges that.
    last = request.last_agreed
    base = last.micros if last is not None and last.currency == currency else before
    if base and rise(base, asked.micros - base) > limits.ask_campaign_rise:
        was = Money(micros=base, currency=currency)
        return f"from {was} to {asked} is a rise of more than {limits.ask_campaign_rise:.0%}"
    over, balanced = request.over_delivery, request.balanced
    own = {currency: day_exposure(before, over, balanced=balanced)}
    new = {currency: day_exposure(asked.micros, over, balanced=balanced)}
    unit = limits.team_daily.currency
    was_in_all = total(plus(team.daily, own), unit, rates)
    in_all = total(plus(team.daily, new), unit, rates)
    if rise(was_in_all, in_all - was_in_all) > limits.ask_team_daily_rise:
        return (
            f"the team's daily total would rise from {Money(micros=was_in_all, currency=unit)} to "
            f"{Money(micros=in_all, currency=unit)}, more than {limits.ask_team_daily_rise:.0%}"
        )
    return None


def rise(before: int, added: int) -> float:
    """Relative rise; from nothing, any addition counts as a full rise."""
    return added / before if before > 0 else float(added > 0)


def _over_delivered(request: SpendRequest) -> str:
    if request.balanced or request.over_delivery <= 1:
        return ""
    name, most = request.platform.value, request.over_delivery
    return f" ({name} may spend {most:g} times a budget on a day)"
