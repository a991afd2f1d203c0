"""The learning guard: while a network still learns, optimisation keeps its hands off.

It blocks optimisation moves upwards; safety and lowering are never blocked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

LEARNING_SPEND = 50_000_000
"""Micros that must be spent before a campaign can be judged…"""
LEARNING_TIME = timedelta(days=3)
"""…and how long it must have run."""
CONFIDENCE = 0.5
"""What a decision taken while learning is worth."""


@dataclass(frozen=True, slots=True)
class Learning:
    """Whether a campaign is still learning, and in words how far it is."""

    active: bool
    reason: str


def learning(spent: int, running_since: datetime, now: datetime) -> Learning:
    """Judge the learning phase.

    Args:
        spent: Reported spend since launch in micros of the account's currency.
        running_since: When delivery began (aware).
        now: The present (aware, same clock).
    """
    age = max(now - running_since, timedelta(0))
    active = spent < LEARNING_SPEND or age < LEARNING_TIME
    return Learning(
        active,
        f"learning: {spent / 1_000_000:.2f} of {LEARNING_SPEND / 1_000_000:.0f} spent, "
        f"day {age / timedelta(days=1):.1f} of {LEARNING_TIME / timedelta(days=1):.0f}",
    )
