"""When a network reports what happened, and how it corrects itself.

Figures are computed every 15 minutes and appear some minutes later. Conversions count for the
day of their click, so recent days are restated upwards as they arrive. Some networks estimate
spend first and correct it downwards (invalid traffic credited back).
"""

from dataclasses import dataclass
from typing import Final

from market.noise import uniform

TICK: Final = 900
"""Seconds between two computations of a network's reports."""


@dataclass(frozen=True, slots=True)
class ReportingRules:
    """Delay after the tick in seconds (shortest, longest); spend is over-estimated by up to
    ``overestimate`` (a fraction) until ``final_after`` seconds later."""

    shortest: int
    longest: int
    overestimate: float = 0.0
    final_after: int = 0


_RULES: Final = {
    # Apple reports hours of the running day; how late is not published (unsure).
    "apple_search_ads": ReportingRules(shortest=900, longest=5400),
    # AppLovin reports hours of the running day; how late is not published (unsure).
    "applovin": ReportingRules(shortest=1800, longest=5400),
    # Google says about three hours for clicks and cost (general knowledge).
    "google": ReportingRules(shortest=1800, longest=10_800),
    "meta": ReportingRules(shortest=300, longest=1500),
    # Snapchat computes its figures about every quarter of an hour.
    "snapchat": ReportingRules(shortest=60, longest=900),
    # TikTok names none; minutes to a few hours are told (unsure).
    "tiktok": ReportingRules(shortest=600, longest=7200),
    # Telegram's stats come in steps of five minutes; how late is not published (unsure).
    "telegram": ReportingRules(shortest=300, longest=900),
    # Unity says "within hours"; how many is not published (unsure).
    "unity": ReportingRules(shortest=1800, longest=5400),
    "x": ReportingRules(shortest=60, longest=600, overestimate=0.03, final_after=86_400),
}
_DEFAULT: Final = ReportingRules(shortest=300, longest=1800)


def rules(network: str) -> ReportingRules:
    """The network's way of reporting."""
    return _RULES.get(network, _DEFAULT)


def reported_at(seed: int, network: str, second: float) -> int:
    """When something that happened at ``second`` (epoch) first shows in reports.

    ``ceil(t / tick) * tick`` plus a lag that is the same for all objects of one tick.
    """
    tick = int(-(-second // TICK)) * TICK
    rule = rules(network)
    lag = uniform(seed, "lag", network, tick // TICK)
    return tick + round(rule.shortest + lag * (rule.longest - rule.shortest))


def first_estimate(seed: int, network: str, line: str, slot: int) -> float:
    """Factor (at least 1) on the spend first reported for a slot, until it is final."""
    most = rules(network).overestimate
    return 1.0 + most * uniform(seed, "estimate", network, line, slot) if most else 1.0
