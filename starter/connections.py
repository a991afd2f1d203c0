"""Having connections looked after: one workflow each, started or told of a new login."""

from uuid import UUID

from sqlmodel import col, select
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.attaching import Outcome
from models.contract.connection import ConnectionInput, connection_workflow_id
from models.contract.queues import MANAGEMENT
from models.database import Database
from models.tables import Connection


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


async def look_after_all(client: Client, database: Database, team_id: UUID) -> int:
    """See that every connection of a team is looked after; how many there are."""
    async with database.team(team_id) as session:
        rows = list(await session.scalars(select(Connection).order_by(col(Connection.name))))
    for row in rows:
        await look_after(client, _order(row), news=False)
    return len(rows)


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
