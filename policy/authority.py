"""The rules of the spend authority: may this campaign be allowed this daily budget?

Pure; ``activities.spend`` runs it inside one transaction under row locks.
"""

import math
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

from models.contract.limits import CAMPAIGN_LIFETIME, SpendLimits, SpendRequest
from models.contract.money import Money
from policy.worst_case import most_daily_budgets


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

    @property
    def month(self) -> int:
        """What the calendar month can come to."""
        return self.month_spent + self.month_committed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Granted, or the limit that stands in the way with both numbers."""

    granted: bool
    reason: str
    limit: str | None = None


def month_exposure(daily: int, over_delivery: float, now: datetime, until: datetime | None) -> int:
    """Most a daily budget can still spend in ``now``'s calendar month (micros).

    Every day (UTC) from today to the earlier of ``until`` and the month's end, with the
    over-delivery the network allows itself on that many days.
    """
    today = now.astimezone(UTC).date()
    last = today.replace(day=monthrange(today.year, today.month)[1])
    if until is not None:
        last = max(today, min(last, until.astimezone(UTC).date()))
    return math.ceil(daily * most_daily_budgets((last - today).days + 1, over_delivery))


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
    currency, asked = request.daily.currency, request.daily.micros
    if asked <= 0:
        return Verdict(False, f"daily budget {request.daily} must be above zero", "daily budget")
    month = month_exposure(asked, request.over_delivery, request.now, request.until)
    checks: list[tuple[str, int, Money | None]] = [
        ("campaign daily limit", asked, limits.campaign_daily),
        ("platform daily limit", platform.daily + asked, limits.platform_daily),
        ("team daily limit", team.daily + asked, limits.team_daily),
        ("account daily limit", account.daily + asked, limits.account_daily),
        ("platform monthly limit", platform.month + month, limits.platform_monthly),
        ("team monthly limit", team.month + month, limits.team_monthly),
        ("hard monthly ceiling", team.month + month, limits.hard_ceiling_monthly),
        ("account monthly limit", account.month + month, limits.account_monthly),
    ]
    caps = [limits.campaign_lifetime, *(cap for _, _, cap in checks if cap is not None)]
    if request.lifetime is not None:
        caps.append(request.lifetime)
    foreign = next((cap.currency for cap in caps if cap.currency != currency), None)
    if foreign is not None:
        return Verdict(
            False,
            f"daily budget is in {currency} but a limit is in {foreign}: no dated exchange rate "
            "is set, so nothing may be raised",
            "exchange rate",
        )
    lifetime = limits.campaign_lifetime.micros
    if request.lifetime is not None:
        lifetime = min(lifetime, request.lifetime.micros)
    if campaign_spent >= lifetime:
        return Verdict(
            False,
            f"campaign lifetime limit {_show(lifetime, currency)} is used up "
            f"({_show(campaign_spent, currency)} spent)",
            CAMPAIGN_LIFETIME,
        )
    for name, total, cap in checks:
        if cap is not None and total > cap.micros:
            return Verdict(
                False,
                f"{name} is {cap} and this would make it "
                f"{_show(total, currency)}; lower the budget or free room",
                name,
            )
    return Verdict(True, f"{request.daily} a day fits every limit")


def _show(micros: int, currency: str) -> str:
    return str(Money(micros=micros, currency=currency))
