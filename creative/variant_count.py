"""How many variants a budget can test: each one more thins the evidence of all.

A variant is explored once a thousand people have seen it, and judged once fifteen have converted
(facts/decisions.md: the winner's stop rule wants at least fifteen conversions each). The flight's
budget buys so many of both; dividing gives the answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from models.contract.money import Money
from models.contract.vocabulary import Platform

DEFAULT: Final = 3
FUNDED: Final = 5
"""Tried when the budget lets every one of them be seen by a thousand."""
MOST: Final = 8
IMPRESSIONS: Final = 1_000
CONVERSIONS: Final = 15

USUAL_COST_PER_THOUSAND: Final[dict[Platform, str]] = {
    # US dollars for a thousand impressions where the account has no figures of its own: orders of
    # magnitude by the trade's common reports, not promises. What an account paid itself is better.
    Platform.META: "9.00",
    Platform.X: "6.50",
    Platform.TIKTOK: "8.00",
    Platform.TELEGRAM: "3.00",
    Platform.GOOGLE: "5.00",
    Platform.SNAPCHAT: "7.00",
    Platform.UNITY: "10.00",
    Platform.APPLOVIN: "10.00",
    Platform.APPLE_SEARCH_ADS: "25.00",
}


@dataclass(frozen=True, slots=True)
class VariantCount:
    """How many, and why in one sentence."""

    count: int
    why: str


def decide(
    daily_budget: Money,
    flight: timedelta | None,
    platform: Platform,
    *,
    cost_per_thousand: Money | None = None,
    cost_per_result: Money | None = None,
    at_once: int | None = None,
) -> VariantCount:
    """How many variants a campaign should begin with, 1 to 8.

    Args:
        daily_budget: The agreed daily budget.
        flight: How long it runs; None (until stopped) counts as a week, the usual patience.
        platform: For the usual price where ``cost_per_thousand`` is None.
        cost_per_thousand: What the account pays for a thousand impressions.
        cost_per_result: What it pays for a result of the objective, if known.
        at_once: Most ads the network shows side by side in one ad group.

    Raises:
        ValueError: a cost is in another currency than the budget, or not above zero.
    """
    for name, cost in (
        ("cost_per_thousand", cost_per_thousand),
        ("cost_per_result", cost_per_result),
    ):
        if cost is not None and cost.currency != daily_budget.currency:
            raise ValueError(
                f"{name} {cost} must be in the budget's currency, {daily_budget.currency}"
            )
        if cost is not None and cost.micros <= 0:
            raise ValueError(f"{name} {cost} must be above zero")
    most = MOST if at_once is None else max(min(MOST, at_once), 1)
    found = _by_evidence(daily_budget, flight, platform, cost_per_thousand, cost_per_result)
    if found.count <= most:
        return found
    return VariantCount(most, f"the network shows {most} at once; {found.why}")


def _by_evidence(
    daily: Money,
    flight: timedelta | None,
    platform: Platform,
    thousand: Money | None,
    result: Money | None,
) -> VariantCount:
    days = (flight if flight is not None else timedelta(days=7)) / timedelta(days=1)
    spend = daily.micros * max(days, 0.0)
    price, whose = _price(daily.currency, platform, thousand)
    if price is None:
        return VariantCount(
            DEFAULT,
            f"{DEFAULT} as usual: nothing is known about prices in {daily.currency} here",
        )
    seen = int(spend / price.micros)
    judged = int(spend / result.micros / CONVERSIONS) if result is not None else 0
    told = (
        f"{daily} a day for {days:g} days buys about {spend / price.micros * 1000:,.0f} "
        f"impressions at {whose} {price} a thousand"
    )
    if judged > FUNDED and seen > FUNDED:
        count = min(judged, seen, MOST)
        return VariantCount(
            count, f"{told}, and {CONVERSIONS} conversions for each of {count} at {result}"
        )
    if seen >= FUNDED:
        return VariantCount(FUNDED, f"{told}: enough to explore {FUNDED}")
    if seen >= DEFAULT:
        return VariantCount(DEFAULT, f"{told}: enough for {DEFAULT}, not for {FUNDED}")
    count = max(seen, 1)
    return VariantCount(
        count,
        f"{told}: only enough for {count}, at {IMPRESSIONS:,} impressions each",
    )


def _price(currency: str, platform: Platform, own: Money | None) -> tuple[Money | None, str]:
    if own is not None:
        return own, "the account's own"
    usual = USUAL_COST_PER_THOUSAND.get(platform)
    if usual is None or currency != "USD":
        return None, ""
    return Money.of(usual), "the usual"
