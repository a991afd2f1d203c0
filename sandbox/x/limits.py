"""X's rate limits, in real time, with its headers.

Windows are counted in memory: they police connections and are no part of the world's state.
"""

import time
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class _Window:
    calls: int
    seconds: int
    by_account: bool = False
    by_path: bool = False


class Limit(Enum):
    """Classes of calls."""

    WRITE = _Window(450, 60)
    ANALYTICS = _Window(250, 900)
    CORE_READ = _Window(10_000, 900, by_account=True)
    ACCOUNT_READ = _Window(2000, 900, by_account=True)
    TARGETING_READ = _Window(400, 900)
    GLOBAL_READ = _Window(5, 900, by_path=True)
    TOTAL_COUNT = _Window(200, 900)


class RateLimits:
    """Counts calls per window; a window begins with its first call."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, ...], tuple[float, int]] = {}

    def take(self, limit: Limit, account_id: str, path: str) -> tuple[bool, dict[str, str]]:
        """Whether the call is within its limit, and the headers that say what is left."""
        window = limit.value
        scope = account_id if window.by_account else path if window.by_path else ""
        key = (limit.name, scope)
        now = time.time()
        began, used = self._windows.get(key, (now, 0))
        if now >= began + window.seconds:
            began, used = now, 0
        allowed = used < window.calls
        used += allowed
        self._windows[key] = (began, used)
        prefix = "x-account-rate-limit" if window.by_account else "x-rate-limit"
        return allowed, {
            f"{prefix}-limit": str(window.calls),
            f"{prefix}-remaining": str(window.calls - used),
            f"{prefix}-reset": str(int(began + window.seconds) + 1),
        }

    def renew(self) -> None:
        """Let every window begin anew."""
        self._windows.clear()

    @staticmethod
    def soon(headers: dict[str, str], seconds: int) -> dict[str, str]:
        """The headers of a window that is used up and resets in a moment."""
        reset = str(int(time.time()) + seconds)
        left = {"remaining": "0", "reset": reset}
        return {name: left.get(name.rsplit("-", 1)[1], value) for name, value in headers.items()}
