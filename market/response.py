"""How people respond: click rates that wear out, conversions that take their time.

Traits belong to an ad id and a seed, so the same ad behaves the same in every run.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from market.noise import gauss

ATTRIBUTION: Final = timedelta(days=7)
"""Conversions later than this after the click are not attributed."""

_DELAYS: Final = ((0.35, 20 * 60.0), (0.15, 8 * 3600.0), (0.50, 5 * 86400.0))


@dataclass(frozen=True, slots=True)
class AdTraits:
    """Click rate per impression when fresh, wear-out per extra view, conversions per click,
    mean revenue of a conversion in micros."""

    ctr: float
    wear: float
    cvr: float
    revenue: float


@lru_cache(maxsize=8192)
def traits(seed: int, network: str, ad: str) -> AdTraits:
    """The ad's nature: medians CTR 1 %, wear-out 0.10 per view, CVR 2 %, revenue 40 units."""
    return AdTraits(
        ctr=min(0.20, 0.010 * math.exp(0.30 * gauss(seed, "ctr", network, ad))),
        wear=min(0.50, 0.10 * math.exp(0.50 * gauss(seed, "wear", network, ad))),
        cvr=min(0.50, 0.020 * math.exp(0.35 * gauss(seed, "cvr", network, ad))),
        revenue=40_000_000 * math.exp(0.15 * gauss(seed, "revenue", network, ad)),
    )


def reach(audience: int, impressions: float) -> float:
    """Different people who saw ``impressions`` spread at random over ``audience``:
    ``N (1 - exp(-impressions / N))``."""
    return audience * -math.expm1(-impressions / audience) if audience > 0 else 0.0


def frequency(audience: int, impressions: float) -> float:
    """Views per person reached, at least 1."""
    people = reach(audience, impressions)
    return max(1.0, impressions / people) if people > 0 else 1.0


def click_rate(ad: AdTraits, views: float) -> float:
    """CTR at a user frequency: ``base * exp(-wear * max(0, views - 1))``."""
    return ad.ctr * math.exp(-ad.wear * max(0.0, views - 1.0))


def conversion_delay(which: float, how_long: float) -> float:
    """Seconds from click to conversion for two uniform draws.

    Mixture of exponentials: 35 % with mean 20 minutes, 15 % with 8 hours, 50 % with 5 days.
    """
    for share, mean in _DELAYS:
        if which < share:
            return -mean * math.log1p(-how_long)
        which -= share
    return -_DELAYS[-1][1] * math.log1p(-how_long)


def arrived_share(age: float) -> float:
    """Share of conversions that have happened ``age`` seconds after the click (untruncated)."""
    return sum(share * -math.expm1(-max(0.0, age) / mean) for share, mean in _DELAYS)
