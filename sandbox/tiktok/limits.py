"""TikTok's rate limits, in real time and without a header that says so.

They are counted in memory: they police connections and are no part of the world's state. The
sandbox's app has the highest level, so that tests need not wait; the product keeps to the lowest.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """Calls of one endpoint, a second and a minute."""

    per_second: int
    per_minute: int


BASIC = Level(10, 600)
ULTIMATE = Level(50, 3000)
AD_CREATE = Level(25, 750)
"""Basic is 5 and 150; five times that, as for the others."""


class RateLimits:
    """Counts calls in the running second and minute."""

    def __init__(self, level: Level = ULTIMATE, clock: Callable[[], float] = time.time) -> None:
        self._level = level
        self._clock = clock
        self._counts: dict[tuple[str, str, int], int] = {}

    def exceeded(self, path: str) -> str:
        """Count a call; the name of the limit it breaks, or nothing."""
        level = AD_CREATE if path == "ad/create" and self._level is ULTIMATE else self._level
        now = self._clock()
        windows = {
            "QPS": (path, "second", int(now)),
            "QPM": (path, "minute", int(now // 60)),
        }
        most = {"QPS": level.per_second, "QPM": level.per_minute}
        # Windows that are over would pile up otherwise.
        self._counts = {key: n for key, n in self._counts.items() if _runs(key, now)}
        for name, key in windows.items():
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] > most[name]:
                return name
        return ""

    def renew(self) -> None:
        """Let every window begin anew."""
        self._counts.clear()


def _runs(key: tuple[str, str, int], now: float) -> bool:
    _, unit, number = key
    return number == (int(now) if unit == "second" else int(now // 60))


class RequestIds:
    """The ``request_id`` of recent create calls: for ten real seconds a second call with the same
    one makes nothing; after that it is forgotten."""

    SECONDS = 10.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str, str], float] = {}

    def repeated(self, advertiser_id: str, path: str, request_id: str) -> bool:
        """Whether this one was used a moment ago; it counts as used from now on."""
        now = self._clock()
        self._seen = {key: at for key, at in self._seen.items() if now - at < self.SECONDS}
        key = (advertiser_id, path, request_id)
        if key in self._seen:
            return True
        self._seen[key] = now
        return False

    def forget(self, advertiser_id: str, path: str, request_id: str) -> None:
        """The call failed, so it may be made again."""
        self._seen.pop((advertiser_id, path, request_id), None)
