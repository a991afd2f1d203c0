"""Apple's rate limit, in real time, with the three headers of every answer.

Windows are counted in memory: they police connections and are no part of the world's state.
"""

import math
import time
from collections.abc import Callable

CALLS, SECONDS = 1000, 60
"""Apple publishes no number (unsure): one that does not hinder a busy account."""


class RateLimit:
    """Counts the calls of one caller; a window begins with its first call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began, self._used = clock(), 0

    def take(self) -> tuple[bool, dict[str, str]]:
        """Whether a call is within the limit, and the headers that say what is left."""
        now = self._clock()
        if now >= self._began + SECONDS:
            self._began, self._used = now, 0
        allowed = self._used < CALLS
        self._used += allowed
        return allowed, self._headers(CALLS - self._used, self._began + SECONDS - now)

    def refused(self, headers: dict[str, str], seconds: int | None = None) -> dict[str, str]:
        """The headers of a 429; ``seconds`` instead of what is left of the window."""
        wait = headers["RateLimit-Reset"] if seconds is None else str(seconds)
        used_up = {"RateLimit-Remaining": "0", "RateLimit-Reset": wait, "Retry-After": wait}
        return {**headers, **used_up}

    def renew(self) -> None:
        """Let the window begin anew."""
        self._began, self._used = self._clock(), 0

    @staticmethod
    def _headers(left: int, seconds: float) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(CALLS),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(max(0, math.ceil(seconds))),
        }
