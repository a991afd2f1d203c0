"""When people are there: shares of a day's traffic by time of day, weekday and chance.

The 48 half-hour shares are drawn to the published shape of a real exchange: the busiest half
hour has 1.83 times the mean, the quietest 0.15 times; by 06:00 only 38 % of the
time-proportional share has passed and by noon 90 %. So "spend rate times 24" is a poor plan.
"""

import math
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from market.noise import gauss

SLOT: Final = timedelta(minutes=15)
"""The market's unit of time."""

_NIGHT: Final = (130, 112, 94, 78, 63, 50, 39, 31, 51, 73, 99, 129)
_MORNING: Final = (162, 195, 227, 257, 286, 313, 337, 360, 381, 363, 344, 326)
_AFTERNOON: Final = (308, 293, 279, 268, 259, 252, 246, 240, 236, 232, 229, 227)
_EVENING: Final = (226, 226, 225, 223, 221, 216, 209, 201, 190, 178, 165, 151)
_HALF_HOURS: Final = (*_NIGHT, *_MORNING, *_AFTERNOON, *_EVENING)
HALF_HOUR_SHARES: Final = tuple(part / sum(_HALF_HOURS) for part in _HALF_HOURS)
"""Share of a day's traffic in each half hour from local midnight; sums to 1."""

_PASSED: Final = (0.0, *accumulate(HALF_HOUR_SHARES))
_WEEKDAYS: Final = (1.01, 1.03, 1.04, 1.03, 1.00, 0.93, 0.96)
_HOURLY_SD: Final = 0.15


def passed(seconds: float) -> float:
    """Share of the day's traffic before ``seconds`` after local midnight, 0 to 1."""
    position = min(max(seconds / 1800.0, 0.0), 48.0)
    whole = min(int(position), 47)
    return min(1.0, _PASSED[whole] + HALF_HOUR_SHARES[whole] * (position - whole))


def seconds_of_day(local: datetime) -> float:
    """Seconds since local midnight by the wall clock of ``local``'s zone."""
    return local.hour * 3600.0 + local.minute * 60.0 + local.second + local.microsecond / 1_000_000


def weekday_factor(day: date) -> float:
    """Traffic of the weekday relative to an average day; the seven average to 1."""
    return _WEEKDAYS[day.weekday()]


def hourly_noise(seed: int, network: str, hour: int) -> float:
    """Lognormal traffic noise of one hour (hours since the epoch), mean 1, sd about 0.15.

    A moving average of three hourly draws, so that neighbouring hours resemble each other
    although each value is a function of its hour alone.
    """
    weights = (0.8, 0.5, 0.33)
    z = sum(w * gauss(seed, "traffic", network, hour - lag) for lag, w in enumerate(weights))
    z /= math.sqrt(sum(w * w for w in weights))
    return math.exp(_HOURLY_SD * z - _HOURLY_SD**2 / 2)
