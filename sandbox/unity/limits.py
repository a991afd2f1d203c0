"""Unity's rate limits, in real time, with its three headers.

Windows are counted in memory: they police connections and are no part of the world's state.
"""

from collections.abc import Sequence
from time import monotonic

_HALF_AN_HOUR = 1800
READS = ((20, 1), (4000, _HALF_AN_HOUR))
BIDS = ((10, 1), (4000, _HALF_AN_HOUR))
STATISTICS = ((1, 1), (30, _HALF_AN_HOUR))
CREATES = ((1, 1), (30, _HALF_AN_HOUR))
CHANGES = ((1, 1), (100, _HALF_AN_HOUR))
"""Calls and seconds, shortest window first."""

Policy = Sequence[tuple[int, int]]


class RateLimits:
    """Counts calls by window; a window begins with its first call."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, int], tuple[float, int]] = {}

    def take(self, policy: Policy, scope: str) -> tuple[bool, dict[str, str]]:
        """Whether a call is within every window, and the headers that say what is left."""
        now = monotonic()
        states: list[tuple[int, int, float, int]] = []
        for calls, seconds in policy:
            began, used = self._windows.get((scope, seconds), (now, 0))
            if now >= began + seconds:
                began, used = now, 0
            states.append((calls, seconds, began, used))
        allowed = all(used < calls for calls, _, _, used in states)
        shown: list[tuple[int, int, int]] = []
        for calls, seconds, began, used in states:
            used += allowed
            self._windows[scope, seconds] = (began, used)
            shown.append((calls, calls - used, max(1, round(began + seconds - now))))
        return allowed, headers(policy, shown)

    def renew(self) -> None:
        """Let every window begin anew."""
        self._windows.clear()


def headers(policy: Policy, shown: Sequence[tuple[int, int, int]]) -> dict[str, str]:
    """``RateLimit-Policy``, ``RateLimit`` (the window closest to its end) and ``Unity-RateLimit``
    (all of them), for limits, what is left, and seconds until each begins anew."""
    texts = [f"limit={limit}, remaining={left}, reset={reset}" for limit, left, reset in shown]
    closest = min(range(len(shown)), key=lambda i: shown[i][1] / shown[i][0])
    told = {
        "ratelimit-policy": ", ".join(f"{calls};w={seconds}" for calls, seconds in policy),
        "ratelimit": texts[closest],
        "unity-ratelimit": "; ".join(texts),
    }
    waits = [reset for _, left, reset in shown if left <= 0]
    return told | ({"retry-after": str(max(waits))} if waits else {})
