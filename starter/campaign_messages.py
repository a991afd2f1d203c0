"""Telling a campaign what a person wants: an update for its answer, else a signal that is kept.

The command line and the REST API say it through here alike.
"""

import asyncio
from datetime import timedelta
from typing import Any, cast

from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from models.contract.base import Frozen
from models.contract.campaign import CampaignView, Kill, Receipt
from models.contract.vocabulary import StopLevel

_BLOCKED_BY = (
    "limit",
    " stands; lift it",
    "was reconciled",
    "cannot be spent from",
    "switched off",
)
"""Words of the spend authority's refusals: what they name has to be changed by a person."""
_LOOK = timedelta(seconds=3)

Handle = WorkflowHandle[Any, Any]


class MessageRefused(Exception):
    """The campaign refused it, and why. ``blocked``: a limit or a stop is in the way."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.blocked = any(words in why for words in _BLOCKED_BY)


class NotRunning(Exception):
    """The campaign's workflow is over, or never was."""


class Kept(Exception):
    """No worker answered in time; the message is kept as a signal. ``name`` is the message's."""

    def __init__(self, name: str, wait: float) -> None:
        super().__init__(f"No worker answered within {wait:.0f} s; the {name} is kept as a signal")
        self.name = name


async def send(handle: Handle, name: str, message: Frozen, wait: float) -> Receipt:
    """Send an update for its answer; when no worker answers in ``wait`` real seconds, leave a
    signal instead.

    Raises:
        MessageRefused: the campaign would not.
        NotRunning: there is no campaign to tell.
        Kept: nobody answered in time.
        RPCError: Temporal did not take it.
    """
    try:
        return await cast("Any", handle).execute_update(
            name, message, result_type=Receipt, rpc_timeout=timedelta(seconds=max(wait, 1))
        )
    except WorkflowUpdateFailedError as refusal:
        raise MessageRefused(getattr(refusal.cause, "message", str(refusal.cause))) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        await handle.signal(name, message)
        raise Kept(name, wait) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotRunning from None
        raise


async def kill(handle: Handle, order: Kill, wait: float) -> CampaignView | None:
    """Signal a kill, which is kept whatever happens, and wait for the stop to be confirmed.

    None: no worker has confirmed it within ``wait`` real seconds.

    Raises:
        NotRunning: there is no campaign to tell.
        RPCError: Temporal did not take it.
    """
    try:
        await handle.signal("kill", order)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotRunning from None
        raise
    soft = order.level is StopLevel.SOFT
    deadline = asyncio.get_running_loop().time() + wait
    while asyncio.get_running_loop().time() < deadline:
        seen = await view(handle)
        if seen is not None and (seen.status.is_final or (soft and seen.pause is not None)):
            return seen
        await asyncio.sleep(0.2)
    return None


async def view(handle: Handle, patience: timedelta = _LOOK) -> CampaignView | None:
    """How the campaign's workflow sees it; None when no worker answers.

    Raises:
        NotRunning: there is no such workflow.
    """
    try:
        return await handle.query("campaign", result_type=CampaignView, rpc_timeout=patience)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NotRunning from None
        return None
