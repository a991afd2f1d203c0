"""The hours of a flight as an ad account counts them: days, wall clock, share of the traffic."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from market import traffic

HOUR: Final = timedelta(hours=1)


class Calendar:
    """The hours of a flight in the account's zone.

    ``begins`` (hours,) epoch seconds; ``day`` (hours,) index into ``dates``; ``of_day`` (hours,)
    local hour; ``before`` and ``share`` (hours,) of the day's traffic.
    """

    def __init__(self, start: datetime, hours: int) -> None:
        """``start``: aware, in the account's zone."""
        first, zone = start.astimezone(UTC), start.tzinfo
        local = [(first + n * HOUR).astimezone(zone) for n in range(hours)]
        self.starts: tuple[datetime, ...] = tuple(local)
        self.dates: tuple[date, ...] = tuple(sorted({one.date() for one in local}))
        place = {one: n for n, one in enumerate(self.dates)}
        self.begins: NDArray[np.int64] = np.array(
            [int(one.timestamp()) for one in local], dtype=np.int64
        )
        self.day: NDArray[np.int64] = np.array([place[one.date()] for one in local], dtype=np.int64)
        self.of_day: NDArray[np.int64] = np.array([one.hour for one in local], dtype=np.int64)
        seconds = [traffic.seconds_of_day(one) for one in local]
        self.before: NDArray[np.float64] = np.array([traffic.passed(one) for one in seconds])
        self.share: NDArray[np.float64] = np.array([_share(one) for one in seconds])

    def __len__(self) -> int:
        return len(self.starts)


def _share(second: float) -> float:
    """Of a day's traffic, in the hour that begins at a second of the day."""
    over = max(0.0, second + 3600.0 - 86_400.0)
    return traffic.passed(second + 3600.0) - traffic.passed(second) + traffic.passed(over)
