"""How many errors an account may still afford, and who may spend the last of them.

AppLovin shuts an account out for 24 hours after 100 error responses in five minutes, and then
not even a pause gets through. So errors are counted here, and long before the hundredth the
circuit breaks: first for everything that is not a stop, later for stops too.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from models.contract.vocabulary import Platform
from platforms.applovin.errors import BLOCKED
from platforms.errors import NetworkError, RateLimited
from platforms.quota import is_urgent

WINDOW = timedelta(minutes=5)
LANES = 5
STOP_LANES = 5
"""Calls under way at the same time: so many may fail after the last one was let through."""
ORDINARY = 20
STOPS = 38
"""Errors in a window after which ordinary calls, and stops, are no longer sent.

An error is counted where it was met, so every process has a count of its own. Two processes speak
for an account (its worker and its guard): 2 x (38 + 10) stays below AppLovin's hundred.
"""
PROBE = timedelta(minutes=1)
"""While AppLovin shuts the account out, one stop in so long finds out whether it still does."""


class ErrorBudget:
    """The circuit breaker of one account.

    Args:
        real_now: What AppLovin's windows run by.
    """

    def __init__(self, real_now: Callable[[], datetime]) -> None:
        self._now = real_now
        self._errors: deque[datetime] = deque()
        self._shut_since: datetime | None = None
        self._shut_until: datetime | None = None
        self._next_probe: datetime | None = None

    @property
    def spent(self) -> int:
        """Errors in the last five minutes."""
        begin = self._now() - WINDOW
        while self._errors and self._errors[0] <= begin:
            self._errors.popleft()
        return len(self._errors)

    def admit(self) -> datetime:
        """Let a call through, or not; when that was.

        Stops (``platforms.quota.urgent``) pass while any of the budget is left, even while
        AppLovin shuts the account out, though then only one a minute.

        Raises:
            RateLimited: sending it would risk the account; nothing was sent.
        """
        now = self._now()
        stop = is_urgent()
        if self._shut_until is not None and now < self._shut_until:
            if not stop or (self._next_probe is not None and now < self._next_probe):
                raise _held_back(
                    "AppLovin shuts this account out",
                    (self._shut_until if not stop else self._next_probe or now) - now,
                )
            self._next_probe = now + PROBE
        most = STOPS if stop else ORDINARY
        spent = self.spent
        if spent >= most:
            raise _held_back(
                f"{spent} errors in five minutes, and at 100 AppLovin shuts the account out for a "
                "day",
                self._errors[spent - most] + WINDOW - now,
            )
        return now

    def failed(self, error: NetworkError | None = None, count: int = 1) -> None:
        """Count error responses; files that could not be taken count like them."""
        now = self._now()
        self._errors.extend([now] * count)
        if isinstance(error, RateLimited) and error.retry_after:
            until = now + timedelta(seconds=error.retry_after)
            self._shut_since, self._shut_until = now, max(until, self._shut_until or until)
            if error.code == BLOCKED:
                self._next_probe = now + PROBE

    def answered(self, admitted: datetime) -> None:
        """A call let through at ``admitted`` was served: since then nobody is shut out."""
        if self._shut_since is not None and admitted > self._shut_since:
            self._shut_since = self._shut_until = self._next_probe = None


def _held_back(why: str, wait: timedelta) -> RateLimited:
    seconds = max(1.0, wait.total_seconds())
    return RateLimited(
        Platform.APPLOVIN,
        f"not sent: {why}; try again in {round(seconds)} s",
        code="ERROR_BUDGET",
        retry_after=seconds,
    )
