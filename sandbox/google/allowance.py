"""The operations a Cloud project may use in a day (basic access), in real time.

Counted in memory: it polices connections and is no part of the world's state.
"""

import time

from sandbox.google.failures import Failure

DAILY = 15_000
_DAY = 86_400.0


class DailyOperations:
    """Counts operations; the day begins with the first."""

    def __init__(self) -> None:
        self._began = 0.0
        self.used = 0

    def take(self, operations: int) -> None:
        """Use some.

        Raises:
            Failure: the day's are used up.
        """
        now = time.monotonic()
        if self.used == 0 or now >= self._began + _DAY:
            self._began, self.used = now, 0
        if self.used + operations > DAILY:
            raise Failure(
                "quotaError",
                "RESOURCE_EXHAUSTED",
                "Too many requests: the project's daily operations are used up.",
                status=429,
            )
        self.used += operations

    def renew(self) -> None:
        """Let the day begin anew."""
        self.used = 0
