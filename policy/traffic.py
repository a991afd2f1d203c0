"""The forecast of eligible traffic over a day: money follows people, not the clock.

The default curve has the published shape of a display market (peak about 1.8 times the mean,
trough about 0.17; at 06:00 some 38 % of the time-proportional share, at noon some 90 %). An
account's own history replaces it where there is one.
"""

from collections.abc import Collection
from datetime import datetime

HOURLY_WEIGHTS: tuple[float, ...] = (
    0.80, 0.50, 0.32, 0.20, 0.17, 0.30, 0.75, 1.15, 1.50, 1.70, 1.83, 1.80,
    1.50, 1.30, 1.20, 1.15, 1.10, 1.10, 1.10, 1.10, 1.10, 1.05, 0.95, 0.85,
)  # fmt: skip
"""Relative traffic of each local hour; only ratios matter."""


def cumulative_share(local: datetime, hours: Collection[int] | None = None) -> float:
    """Share of the day's eligible traffic before ``local`` (0 to 1).

    ``hours`` restricts the day to dayparting hours; None is all of them.
    """
    weights = [
        weight if hours is None or hour in hours else 0.0
        for hour, weight in enumerate(HOURLY_WEIGHTS)
    ]
    total = sum(weights)
    if total <= 0:
        return 0.0
    done = sum(weights[: local.hour])
    part = (local.minute * 60 + local.second + local.microsecond / 1e6) / 3600
    return (done + weights[local.hour] * part) / total
