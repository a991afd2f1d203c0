"""The guard's own activities: to be there, to pause in batches, to shut and open an account."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid5

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from activities.teams import ad_account
from models.contract.guard import (
    BatchPause,
    BatchPaused,
    CredentialsOff,
    SpreadStop,
    StandingOrder,
    WatchAnswer,
    WatchRequest,
    guard_id,
)
from models.contract.network import Delivery, NetworkObject, ObjectKind
from models.database import Database
from models.tables import Account, StandingStop
from models.tables.columns import now_utc
from platforms.quota import urgent
from platforms.registry import Networks

_READS = 20
_BETWEEN_READS = 0.5


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class GuardActivities:
    """Collaborators: the networks, the database, Temporal to start and reach guards, the clock."""

    def __init__(
        self,
        networks: Networks,
        database: Database,
        client: Client,
        queue: str,
        workflow: str,
        real_now: Callable[[], datetime] = _wall_clock,
    ) -> None:
        self._networks = networks
        self._database = database
        self._client = client
        self._queue = queue
        self._workflow = workflow
        self._real_now = real_now

    @activity.defn
    async def watch(self, request: WatchRequest) -> WatchAnswer:
        """Put a campaign under its account's guard and hear whether a stop stands.

        The guard is started when there is none. No guard that answers, no launch.
        """
        account, info = request.guard.account, activity.info()
        return await self._client.execute_update_with_start_workflow(  # pyright: ignore[reportUnknownMemberType]
            "watch",
            request.entry,
            # A repeated attempt asks under the same id, so the guard hears it once.
            id=f"{info.workflow_run_id}/{info.activity_id}",
            result_type=WatchAnswer,
            start_workflow_operation=WithStartWorkflowOperation(
                self._workflow,
                request.guard,
                id=guard_id(account),
                task_queue=self._queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Guard of {account.name}",
            ),
        )

    @activity.defn
    async def pause_batch(self, ask: BatchPause) -> BatchPaused:
        """Pause in the network's batch endpoints, then read back until all show off.

        Needs neither database nor Claude. With ``look_first`` only what shows on is paused.
        """
        network = await self._networks.of(ask.account)
        pending = list(ask.network_ids)
        paused: list[str] = []
        began = self._real_now()
        refused: str | None = None
        with urgent():
            async with heartbeating(), network_errors():
                if ask.look_first:
                    read = await network.read(ObjectKind.CAMPAIGN, pending)
                    pending = [one.id for one in read if not _is_off(one)]
                    if not pending:
                        return BatchPaused(paused=(), unconfirmed=())
                for _ in range(_READS):
                    answers = await network.switch(ObjectKind.CAMPAIGN, pending, on=False)
                    refused = next((one.error for one in answers if not one.accepted), None)
                    read = {one.id: one for one in await network.read(ObjectKind.CAMPAIGN, pending)}
                    paused += [one for one in pending if _is_off(read.get(one))]
                    pending = [one for one in pending if not _is_off(read.get(one))]
                    if not pending:
                        break
                    await asyncio.sleep(_BETWEEN_READS)
        return BatchPaused(
            paused=tuple(paused),
            unconfirmed=tuple(pending),
            first_call_at=began,
            confirmed_at=None if pending else self._real_now(),
            refused=refused if pending else None,
        )

    @activity.defn
    async def record_standing(self, standing: StandingOrder) -> None:
        """Remember in the database, too, that a stop stands; a second write changes nothing."""
        order, account = standing.order, standing.account
        async with self._database.team(account.team_id) as session:
            await session.execute(
                insert(StandingStop)
                .values(
                    id=uuid5(account.team_id, order.incident or f"{order.scope}/{standing.since}"),
                    team_id=account.team_id,
                    scope=order.scope,
                    level=order.level.value,
                    by=order.by,
                    reason=order.reason,
                    since=standing.since,
                    lift_reason="",
                    incident_key=order.incident,
                )
                .on_conflict_do_nothing(index_elements=["id"])
            )

    @activity.defn
    async def credentials_off(self, ask: CredentialsOff) -> None:
        """Let nobody write with the account's credentials until a person recovers it."""
        async with self._database.team(ask.account.team_id) as session:
            await session.execute(
                update(Account)
                .where(col(Account.id) == ask.account.id, col(Account.credentials_off_at).is_(None))
                .values(credentials_off_at=now_utc(), credentials_off_by=ask.by)
            )

    @activity.defn
    async def spread_stop(self, ask: SpreadStop) -> int:
        """Tell the other guards of the team to stop as well; how many there are."""
        async with self._database.team(ask.team_id) as session:
            accounts = [ad_account(row) for row in await session.scalars(select(Account))]
        told = 0
        for account in accounts:
            guard = guard_id(account)
            if guard == activity.info().workflow_id:
                continue
            try:
                await self._client.get_workflow_handle(guard).signal("stop", ask.order)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            else:
                told += 1
        return told


def _is_off(read: NetworkObject | None) -> bool:
    return read is None or not read.switched_on or read.delivery is Delivery.REMOVED
