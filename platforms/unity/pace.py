"""Unity's limits by the second, and those on single resources.

They hold for an endpoint group, or for one resource and endpoint (the budget of one campaign, the
uploads to one app), which is finer than the account's allowances (``Adapter.rates``): so they are
kept here, in this process. What other processes used up Unity's own headers tell.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from models.contract.vocabulary import Platform
from platforms.errors import RateLimited
from platforms.quota import is_urgent

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

KEPT_FOR_STOPS = 10
"""Changes of each resource's half hour (100) that only what lowers spend may use."""
_SPACING = 1.05
"""Seconds between two writes of a resource: one, and something for the clocks."""
_A_SECOND = {"cpi-bids": 10}
_USUALLY_A_SECOND = 20
"""Calls of one endpoint group: apps, campaigns, creatives, packs, and bids."""
_MOST_KEPT = 2000
"""Resources remembered; the ones left alone longest are forgotten first."""


@dataclass(slots=True)
class _Resource:
    """``answered`` is when the last write was; ``left`` writes were then left until ``reset``."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered: float | None = None
    left: float | None = None
    reset: float = 0.0


class Pace:
    """When the next call may be sent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._resources: dict[tuple[Verb, str], _Resource] = {}
        self._groups: dict[str, deque[float]] = {}

    async def room(self, group: str) -> None:
        """Wait until one more call of an endpoint group fits into its second, and count it."""
        calls = self._groups.setdefault(group, deque())
        most = _A_SECOND.get(group, _USUALLY_A_SECOND)
        while True:
            now = self._clock()
            while calls and calls[0] <= now - _SPACING:
                calls.popleft()
            if len(calls) < most:
                calls.append(now)
                return
            await asyncio.sleep(calls[0] + _SPACING - now)

    def turn(self, verb: Verb, resource: str) -> "_Turn":
        """``async with`` around one write: the second after the last answer is waited out.

        Raises:
            RateLimited: what is left of the resource's half hour is kept for stops.
        """
        return _Turn(self, (verb, resource))

    def heard(self, verb: Verb, resource: str, left: float, reset_in: float) -> None:
        """What Unity says is left of a resource's half hour."""
        one = self._resources.setdefault((verb, resource), _Resource())
        one.left, one.reset = left, self._clock() + reset_in

    async def enter(self, key: tuple[Verb, str]) -> None:
        one = self._resources.setdefault(key, _Resource())
        await one.turn.acquire()
        try:
            await self._wait(key[0], one)
        except BaseException:
            one.turn.release()
            raise

    def leave(self, key: tuple[Verb, str]) -> None:
        """The answer is there: the spacing counts from now, as Unity saw it no later."""
        one = self._resources.pop(key)
        one.answered = self._clock()
        self._resources[key] = one  # at the end: the one used last
        one.turn.release()
        for old in list(self._resources)[: max(0, len(self._resources) - _MOST_KEPT)]:
            if not self._resources[old].turn.locked():
                del self._resources[old]

    async def _wait(self, verb: Verb, one: _Resource) -> None:
        now = self._clock()
        changes = verb in ("PUT", "PATCH", "DELETE")
        low = one.left is not None and one.left <= KEPT_FOR_STOPS and now < one.reset
        if low and changes and not is_urgent():
            raise RateLimited(
                Platform.UNITY,
                f"Unity takes {one.left:.0f} more changes of this object for now; they are kept "
                "for stopping it",
                retry_after=one.reset - now,
            )
        if one.answered is not None and (pause := one.answered + _SPACING - now) > 0:
            await asyncio.sleep(pause)


class _Turn:
    def __init__(self, pace: Pace, key: tuple[Verb, str]) -> None:
        self._pace = pace
        self._key = key

    async def __aenter__(self) -> None:
        await self._pace.enter(self._key)

    async def __aexit__(self, *_: object) -> None:
        self._pace.leave(self._key)
