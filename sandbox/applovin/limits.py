"""AppLovin's two limits, in real time: requests, and errors.

Counted in memory: they police connections and are no part of the world's state.
"""

import time
from collections import deque

REQUESTS, REQUEST_WINDOW, REQUEST_PENALTY = 1000, 60.0, 600.0
ERRORS, ERROR_WINDOW, ERROR_PENALTY = 100, 300.0, 24 * 3600.0


class Limits:
    """Counts of one account; it has one."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Let everything begin anew."""
        self._requests: deque[float] = deque()
        self._errors: deque[float] = deque()
        self._too_fast_until = 0.0
        self._blocked_until = 0.0

    @property
    def blocked(self) -> bool:
        """Whether the account is shut out for its errors."""
        return time.time() < self._blocked_until

    def admit(self) -> bool:
        """Whether one more request is within the limit; one too many shuts out for a while."""
        now = time.time()
        _forget(self._requests, now - REQUEST_WINDOW)
        self._requests.append(now)
        if len(self._requests) > REQUESTS:
            self._too_fast_until = now + REQUEST_PENALTY
        return now >= self._too_fast_until

    def failed(self, count: int = 1) -> None:
        """Count errors: responses, and files that could not be taken."""
        now = time.time()
        self._errors.extend([now] * count)
        _forget(self._errors, now - ERROR_WINDOW)
        if len(self._errors) >= ERRORS and not self.blocked:
            self._blocked_until = now + ERROR_PENALTY


def _forget(times: deque[float], until: float) -> None:
    while times and times[0] <= until:
        times.popleft()
