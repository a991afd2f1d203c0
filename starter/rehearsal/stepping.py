"""Stepping time: the virtual clock of Temporal's test server, the worker's, and the sandbox's.

All three are moved to the same instant. Temporal's server skips time only while nothing is under
way: a sleep of some seconds ends at once when all is quiet and lasts as long as work does. That
is how the driver waits for what an instant sets off, however long a chain it is.
"""

from datetime import UTC, datetime, timedelta

import httpx
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client
from temporalio.service import TestService

from models.contract.clock import CampaignClock
from models.stepped_clock import SteppedClock

GRAIN = timedelta(minutes=5)
"""Campaign instants are whole multiples of this: longer than any instant's work lasts, so that
the milliseconds spent on it show nowhere; shorter than the market's slot of 15 minutes."""

_BEYOND = timedelta(milliseconds=5)
"""Timers fire a tick after their instant; the server is stepped just past that."""

_QUIET = timedelta(seconds=10)
"""One wait for quiet. Signals and child workflows start a moment after what sends them, when the
server already holds nothing: so it is waited twice, and both still lie within the grain."""


class SteppedTime:
    """One rehearsal's time. ``campaign`` is the instant everything stands at."""

    def __init__(
        self, client: Client, clock: CampaignClock, held: SteppedClock, control: httpx.AsyncClient
    ) -> None:
        self._test = client.test_service
        self._clock = clock
        self._held = held
        self._control = control
        self.campaign: datetime | None = None

    async def step(self, instant: datetime) -> None:
        """Move to a campaign instant (a multiple of the grain) and let all it sets off happen.

        Raises:
            httpx.HTTPError: the sandbox is gone.
            RPCError: Temporal is gone.
        """
        answer = await self._control.post("/clock", json={"now": instant.isoformat()})
        answer.raise_for_status()
        real = self._clock.real_time(instant)
        self._held.step(real)
        self.campaign = instant
        left = real + _BEYOND - await server_time(self._test)
        if left > timedelta(0):
            await self._skip(left)
        await self.settle()

    async def settle(self) -> None:
        """Return when nothing is under way any more."""
        for _ in range(2):
            await self._skip(_QUIET)

    async def _skip(self, span: timedelta) -> None:
        duration = Duration()
        duration.FromTimedelta(span)
        await self._test.unlock_time_skipping_with_sleep(SleepRequest(duration=duration))


async def server_time(test_service: TestService) -> datetime:
    """What time it is on the test server (aware)."""
    answer = await test_service.get_current_time(Empty())
    return answer.time.ToDatetime(tzinfo=UTC)
