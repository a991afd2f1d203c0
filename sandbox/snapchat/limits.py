"""Snapchat's rate limits, in real time: 10 calls a second for a token, 20 for the whole app.

Over which stretch they are counted is not published; here it is ten seconds, so that a short
burst passes. A 429 says nothing of when to come back.
"""

import time
from collections import defaultdict, deque

_SECONDS = 10.0
_BY_TOKEN = 100
_BY_APP = 200


class RateLimits:
    """Calls of the last seconds. Kept in memory: they police connections."""

    def __init__(self) -> None:
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, token: str) -> bool:
        """Whether a call is within both limits; it then counts."""
        now = time.monotonic()
        mine, all_of_app = self._recent(token, now), self._recent("", now)
        if len(mine) >= _BY_TOKEN or len(all_of_app) >= _BY_APP:
            return False
        mine.append(now)
        all_of_app.append(now)
        return True

    def renew(self) -> None:
        """Let every window begin anew."""
        self._calls.clear()

    def _recent(self, name: str, now: float) -> deque[float]:
        calls = self._calls[name]
        while calls and calls[0] <= now - _SECONDS:
            calls.popleft()
        return calls
