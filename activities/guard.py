"""The guard's own activities: to be there, and to pause an account's campaigns in batches."""

import asyncio

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from models.contract.guard import BatchPause, BatchPaused, WatchRequest, guard_id
from models.contract.network import Delivery, ObjectKind
from platforms.registry import Networks

_READS = 20
_BETWEEN_READS = 0.5


class GuardActivities:
    """Collaborators: the networks, and Temporal to start a guard that is not there yet."""

    def __init__(self, networks: Networks, client: Client, queue: str, workflow: str) -> None:
        self._networks = networks
        self._client = client
        self._queue = queue
        self._workflow = workflow

    @activity.defn
    async def watch(self, request: WatchRequest) -> None:
        """Tell the account's guard about a campaign, starting the guard when there is none."""
        await self._client.start_workflow(
            self._workflow,
            request.guard,
            id=guard_id(request.guard.account),
            task_queue=self._queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="watch",
            start_signal_args=[request.entry],
            static_summary=f"Guard of {request.guard.account.name}",
        )

    @activity.defn
    async def pause_batch(self, ask: BatchPause) -> BatchPaused:
        """Pause in the network's batch endpoints, then read back until all show off.

        Needs neither database nor Claude.
        """
        network = self._networks.of(ask.account)
        pending = list(ask.network_ids)
        paused: list[str] = []
        async with heartbeating(), network_errors():
            for _ in range(_READS):
                await network.switch(ObjectKind.CAMPAIGN, pending, on=False)
                read = {one.id: one for one in await network.read(ObjectKind.CAMPAIGN, pending)}
                off = [
                    one
                    for one in pending
                    if one not in read
                    or not read[one].switched_on
                    or read[one].delivery is Delivery.REMOVED
                ]
                paused += off
                pending = [one for one in pending if one not in off]
                if not pending:
                    break
                await asyncio.sleep(_BETWEEN_READS)
        return BatchPaused(paused=tuple(paused), unconfirmed=tuple(pending))
