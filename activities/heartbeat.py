"""Heartbeats while an activity waits on the network, so that a dead worker is noticed soon."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

EVERY_SECONDS = 2.0


@asynccontextmanager
async def heartbeating() -> AsyncGenerator[None]:
    """Beat every two seconds until the block ends."""

    async def beat() -> None:
        # The first beat is due after a while: most calls are over by then, and each is paid for.
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            activity.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
