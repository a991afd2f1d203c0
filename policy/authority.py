"""The rules of the spend authority: may this campaign be allowed this daily budget?

Pure; ``activities.spend`` runs it inside one transaction under row locks.
"""

import math
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.contract.limits import SpendLimits, SpendRequest
from models.contract.money import Money


@dataclass(frozen=True, slots=True)
class Exposure:
    """Micros already promised or spent in one scope, without the asking campaign.

    Attributes:
        daily: Sum of the daily budgets of live commitments.
        month_spent: Reported spend of the calendar month, the asking campaign's included.
        month_committed: What live commitments can still spend this month at worst.
    """

    daily: int = 0
    month_spent: int = 0
    month_committed: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Granted, or the limit that stands in the way with both numbers."""

    granted: bool
    reason: str
    limit: str | None = None


def month_exposure(daily: int, over_delivery: float, now: datetime, until: datetime | None) -> int:
    """Most a daily budget can still spend in ``now``'s calendar month (micros).

    Whole days to the earlier of ``until`` and the month's end, plus one day's over-delivery.
    """
    month_end = now.replace(
        day=monthrange(now.year, now.month)[1], hour=23, minute=59, second=59, microsecond=0
    )
    end = month_end if until is None else min(until, month_end)
    days = max(1, math.ceil((end - now) / timedelta(days=1)))
    return math.ceil(daily * (days + over_delivery - 1))


def authorise(
    request: SpendRequest,
    limits: SpendLimits,
    *,
    campaign_spent: int,
    account: Exposure,
    platform: Exposure,
    team: Exposure,
) -> Verdict:
    """Check campaign, account, platform, team day and month limits and the hard ceiling."""
    currency = limits.team_daily.currency
    if request.daily.currency != currency:
        return Verdict(
            False,
            f"daily budget is in {request.daily.currency} but limits are in {currency}: no dated "
            "exchange rate is set, so nothing may be raised",
            "exchange rate",
        )
    asked = request.daily.micros
    month = month_exposure(asked, request.over_delivery, request.now, request.until)
    lifetime = limits.campaign_lifetime.micros
    if request.lifetime is not None:
        lifetime = min(lifetime, request.lifetime.micros)
    checks: list[tuple[str, int, int]] = [
        ("campaign daily limit", asked, limits.campaign_daily.micros),
        ("platform daily limit", platform.daily + asked, limits.platform_daily.micros),
        ("team daily limit", team.daily + asked, limits.team_daily.micros),
        (
            "platform monthly limit",
            platform.month_spent + platform.month_committed + month,
            limits.platform_monthly.micros,
        ),
        (
            "team monthly limit",
            team.month_spent + team.month_committed + month,
            limits.team_monthly.micros,
        ),
        (
            "hard monthly ceiling",
            team.month_spent + team.month_committed + month,
            limits.hard_ceiling_monthly.micros,
        ),
    ]
    if limits.account_daily is not None:
        checks.append(("account daily limit", account.daily + asked, limits.account_daily.micros))
    if limits.account_monthly is not None:
        checks.append(
            (
                "account monthly limit",
                account.month_spent + account.month_committed + month,
                limits.account_monthly.micros,
            )
        )
    if campaign_spent >= lifetime:
        return Verdict(
            False,
            f"campaign lifetime limit {_show(lifetime, currency)} is used up "
            f"({_show(campaign_spent, currency)} spent)",
            "campaign lifetime limit",
        )
    for name, total, cap in checks:
        if total > cap:
            return Verdict(
                False,
                f"{name} is {_show(cap, currency)} and this would make it "
                f"{_show(total, currency)}; lower the budget or free room",
                name,
            )
    return Verdict(True, f"{request.daily} a day fits every limit")


def _show(micros: int, currency: str) -> str:
    return str(Money(micros=micros, currency=currency))
