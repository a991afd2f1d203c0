"""Stopping a scope: every guard and campaign in it, found through Temporal, not the database."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from models.contract.campaign import CampaignView, Kill
from models.contract.guard import StopOrder
from models.contract.vocabulary import FREEZE, StopLevel
from models.tables import StandingStop
from starter.cli.output import PARTLY, PENDING, confirm, emit, notes, screen
from starter.cli.session import Session
from workflows import search


@dataclass(slots=True)
class _Target:
    workflow_id: str
    status: str = "pending"


async def stop_scope(
    session: Session,
    scope: str,
    order: Kill,
    *,
    yes: bool,
    no_input: bool,
    dry_run: bool,
    as_json: bool,
    wait: float,
) -> int:
    """Stop every campaign of a scope; the exit code."""
    client = await session.client()
    guards = [
        one.id async for one in client.list_workflows(_query("account-guard", session, "all"))
        if scope == "all" or _guards(one.id, scope)
    ]  # fmt: skip
    targets = [
        _Target(one.id)
        async for one in client.list_workflows(_query("campaign", session, scope))
        if one.status is WorkflowExecutionStatus.RUNNING
    ]
    if dry_run:
        _report(as_json, scope, order, targets, "would be stopped")
        return 0
    confirm(
        f"Stop {len(targets)} campaign(s) in {scope!r} ({order.level.value})?",
        yes=yes,
        no_input=no_input,
    )
    stop = StopOrder(by=order.by, level=order.level, reason=order.reason)
    await asyncio.gather(
        *(client.get_workflow_handle(one).signal("stop", stop) for one in guards),
        *(client.get_workflow_handle(one.workflow_id).signal("kill", order) for one in targets),
        return_exceptions=True,
    )
    await _remember(session, scope, order)
    deadline = asyncio.get_running_loop().time() + wait
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.gather(*(_look(client, one, order) for one in targets))
        if all(one.status != "pending" for one in targets):
            break
        await asyncio.sleep(0.3)
    await session.aclose()
    _report(as_json, scope, order, targets, "stopped")
    pending = sum(one.status == "pending" for one in targets)
    return 0 if not pending else PENDING if pending == len(targets) else PARTLY


async def _look(client: Any, target: _Target, order: Kill) -> None:
    if target.status != "pending":
        return
    try:
        view: CampaignView = await client.get_workflow_handle(target.workflow_id).query(
            "campaign", result_type=CampaignView
        )
    except RPCError:
        return
    resting = order.level is StopLevel.SOFT and view.status.value not in (
        "active",
        "pending_review",
        "launching",
    )
    if view.status.is_final or resting:
        target.status = view.status.value


async def _remember(session: Session, scope: str, order: Kill) -> None:
    """The stop stands in PostgreSQL too; that it cannot be written must not delay it."""
    try:
        async with session.database.team(session.team_id) as database:
            database.add(
                StandingStop(
                    team_id=session.team_id,
                    scope=scope,
                    level=order.level.value,
                    by=order.by,
                    reason=order.reason,
                    since=datetime.now(UTC),
                )
            )
    except Exception as error:
        notes.print(f"The stop is not yet recorded in the database: {type(error).__name__}")


async def freeze(session: Session, by: str, reason: str) -> None:
    """Let the AI decide nothing more until `adflight resume all`."""
    async with session.database.team(session.team_id) as database:
        database.add(
            StandingStop(
                team_id=session.team_id,
                scope="all",
                level=FREEZE,
                by=by,
                reason=reason,
                since=datetime.now(UTC),
            )
        )
    await session.aclose()


async def lift(session: Session, scope: str, by: str) -> int:
    """Lift the standing stops over a scope; how many there were."""
    async with session.database.team(session.team_id) as database:
        done = await database.execute(
            update(StandingStop)
            .where(col(StandingStop.scope) == scope, col(StandingStop.lifted_at).is_(None))
            .values(lifted_at=datetime.now(UTC), lifted_by=by)
            .returning(col(StandingStop.id))
        )
        count = len(done.all())
    client = await session.client()
    async for one in client.list_workflows(_query("account-guard", session, "all")):
        if scope == "all" or _guards(one.id, scope):
            await client.get_workflow_handle(one.id).signal("lift", by)
    await session.aclose()
    return count


def _query(kind: str, session: Session, scope: str) -> str:
    query = f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running'"
    if kind == "campaign":
        query += f" AND {search.TEAM.name} = '{session.team_id}'"
        if scope.startswith("account:"):
            query += f" AND {search.ACCOUNT.name} = '{scope.removeprefix('account:')}'"
        elif scope != "all":
            query += f" AND {search.PLATFORM.name} = '{scope}'"
    return query


def _guards(workflow_id: str, scope: str) -> bool:
    return workflow_id.startswith(f"guard-{scope}-") or (
        scope.startswith("account:") and workflow_id.endswith(scope.removeprefix("account:"))
    )


def _report(as_json: bool, scope: str, order: Kill, targets: list[_Target], verb: str) -> None:
    campaigns = [{"workflow_id": one.workflow_id, "status": one.status} for one in targets]
    if as_json:
        emit({"scope": scope, "level": order.level.value, "campaigns": campaigns})
        return
    screen.print(f"{len(targets)} campaign(s) in {scope!r} {verb} ({order.level.value}).")
    for one in targets:
        screen.print(f"  {one.workflow_id}  {one.status}", markup=False)
