"""Creative fatigue, first policy: frequency prompts a look, a fallen click rate decides.

Frequency alone is no fatigue (heavy users see more and buy more), so it only asks for fresh
creatives to be prepared; rotation needs a click rate clearly below the campaign's own start.
"""

import math
from dataclasses import dataclass
from typing import Literal

NAME = "fatigue-frequency-and-ctr"
VERSION = "1"

FREQUENCY = 3.0
CTR_FALL = 0.70
"""Rotate when the click rate is below this share of its initial value…"""
Z = 2.58
"""…and the fall is beyond chance (one-sided 0.5 %)."""
MIN_IMPRESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class FatigueInputs:
    """Counts of the first mature days and of the latest ones; ``reach`` over the whole flight."""

    impressions_first: int
    clicks_first: int
    impressions_latest: int
    clicks_latest: int
    impressions_total: int
    reach: int


@dataclass(frozen=True, slots=True)
class FatigueAnswer:
    """``prepare``: have fresh creatives ready. ``rotate``: replace what people are tired of."""

    action: Literal["hold", "prepare", "rotate"]
    reason: str
    confidence: float


def decide(inputs: FatigueInputs) -> FatigueAnswer:
    """Judge fatigue; small or senseless counts hold."""
    first, latest = inputs.impressions_first, inputs.impressions_latest
    if min(first, latest) < MIN_IMPRESSIONS:
        return FatigueAnswer("hold", f"fewer than {MIN_IMPRESSIONS} impressions to compare", 0.5)
    if (
        inputs.reach <= 0
        or not 0 < inputs.clicks_first <= first
        or not 0 <= inputs.clicks_latest <= latest
    ):
        return FatigueAnswer("hold", "no usable reach or clicks", 0.5)
    frequency = inputs.impressions_total / inputs.reach
    before, after = inputs.clicks_first / first, inputs.clicks_latest / latest
    facts = f"frequency {frequency:.1f}, click rate {after:.2%} after {before:.2%}"
    if frequency <= FREQUENCY:
        return FatigueAnswer("hold", facts, 0.7)
    pooled = (inputs.clicks_first + inputs.clicks_latest) / (first + latest)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / first + 1 / latest))
    fallen = after < CTR_FALL * before and spread > 0 and (before - after) / spread > Z
    if fallen:
        return FatigueAnswer("rotate", f"{facts}: people are tired of it", 0.8)
    return FatigueAnswer("prepare", f"{facts}: seen often, not yet tired", 0.6)
