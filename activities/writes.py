"""Writing to a network from an activity that may be cancelled, or may have been tried before."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity

from activities.outcomes import not_confirmed
from models.contract.network import ObjectKind
from platforms.network import AdNetwork

T = TypeVar("T")


async def seen_through(write: Coroutine[Any, Any, T]) -> T:
    """Await a write to its answer, even when the activity is cancelled meanwhile.

    A stop waits for this activity's end and then trusts its own read-back, so nothing may be
    on its way to the network any more.
    """
    sent = asyncio.create_task(write)
    try:
        return await asyncio.shield(sent)
    except asyncio.CancelledError:
        await asyncio.gather(sent, return_exceptions=True)
        raise


async def wait_out_earlier_attempts(settle: timedelta) -> None:
    """What an earlier attempt sent without seeing the answer lands before this one begins.

    Then nothing is in flight once this attempt has its answers, and no late write can undo a
    later pause or a lower budget.
    """
    if activity.info().attempt > 1:
        await asyncio.sleep(settle.total_seconds())


async def switch_all(network: AdNetwork, kind: ObjectKind, ids: list[str], *, on: bool) -> None:
    """Switch every one of ``ids``.

    Raises:
        ApplicationError: one was not accepted (to be tried again).
    """
    for result in await seen_through(network.switch(kind, ids, on=on)):
        if not result.accepted:
            raise not_confirmed(f"{kind.value} {result.id} was not switched: {result.error}")
