"""Having connections looked after: one workflow each, started or told of a new login."""

import asyncio

from sqlmodel import select
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.attaching import Outcome
from models.contract.connection import ConnectionInput, connection_workflow_id
from models.contract.queues import MANAGEMENT
from models.database import Database
from models.settings import Settings
from models.tables import Connection
from starter.stack.teams import team_ids


async def look_after(client: Client, order: ConnectionInput, *, news: bool = True) -> None:
    """Start the workflow of a connection where none runs; with ``news`` tell it of a login.

    Raises:
        RPCError: Temporal does not answer; ``look_after_all`` makes up for it.
    """
    await client.start_workflow(
        "connection",
        order,
        id=connection_workflow_id(order.connection_id),
        task_queue=MANAGEMENT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="connected" if news else None,
        static_summary=f"Connection {order.name}"[:200],
    )


async def look_after_all(client: Client, settings: Settings) -> int:
    """See that every connection is looked after, of all teams where they may be listed, else of
    our own; how many there are."""
    teams = await asyncio.to_thread(team_ids, settings.database_url) or [settings.team_id]
    database = Database(settings.database_url, pool_size=1)
    count = 0
    try:
        for team in teams:
            async with database.team(team) as session:
                rows = list(await session.scalars(select(Connection)))
            for row in rows:
                await look_after(client, _order(row), news=False)
            count += len(rows)
    finally:
        await database.close()
    return count


def order_of(outcome: Outcome) -> ConnectionInput | None:
    """What the workflow of a new connection is started with; None where nothing was connected."""
    if outcome.connection is None or outcome.team_id is None or outcome.platform is None:
        return None
    return ConnectionInput(
        team_id=outcome.team_id,
        connection_id=outcome.connection,
        platform=outcome.platform.value,
        name=outcome.name,
    )


def _order(row: Connection) -> ConnectionInput:
    return ConnectionInput(
        team_id=row.team_id, connection_id=row.id, platform=row.platform, name=row.name
    )
