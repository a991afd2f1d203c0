"""Stopping a scope: its guards and campaigns, found through Temporal, not the database."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError

from models.contract.campaign import CampaignView, Kill
from models.contract.guard import StopOrder, StopReport
from models.contract.vocabulary import FREEZE, Platform, StopLevel
from models.tables import StandingStop
from starter.cli.output import PARTLY, PENDING, USAGE, confirm, emit, fail, notes, screen
from starter.cli.session import Session
from workflows import search

SCOPES = ("all", "team", *(platform.value for platform in Platform))
"""What can be stopped beside one campaign and ``account:ID``."""
_LIVE = ("active", "pending_review")
_FEW = 50
"""As many campaigns are asked one by one how they are."""


def is_scope(name: str) -> bool:
    """Whether a target names more than one campaign."""
    return name in SCOPES or name.startswith("account:")


@dataclass(slots=True)
class _Guard:
    """One account's guard and, once it has stopped, its report."""

    workflow_id: str
    report: StopReport | None = None


@dataclass(slots=True)
class _Target:
    workflow_id: str
    live: bool
    status: str = "pending"


@dataclass(slots=True)
class _Reach:
    """Everything a stop of a scope concerns."""

    scope: str
    guards: list[_Guard]
    campaigns: list[_Target]

    @property
    def pending(self) -> int:
        """How many campaigns are not known to be off."""
        return sum(one.status == "pending" for one in self.campaigns)

    @property
    def confirmed(self) -> bool:
        """Whether every guard has reported and every campaign has heard of it."""
        return not self.pending and all(one.report is not None for one in self.guards)


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
    """Stop every campaign of a scope; the exit code.

    Guards are told first: they pause on the network in batches and tell their campaigns after.
    What no guard knows yet, because it was never switched on, is told directly.
    """
    client = await session.client()
    reach = await _reach(client, session, scope)
    if dry_run:
        _report(as_json, reach, order, "would be stopped", None)
        await session.aclose()
        return 0
    confirm(
        f"Stop {len(reach.campaigns)} campaign(s) in {scope!r} ({order.level.value})?",
        yes=yes,
        no_input=no_input,
    )
    pressed = datetime.now(UTC)
    stop = StopOrder(
        by=order.by,
        level=order.level,
        reason=order.reason,
        scope=reach.scope,
        pressed_at=pressed,
        incident=f"stop/{reach.scope}/{pressed:%Y%m%dT%H%M%S.%f}",
    )
    await _send(client, [(one.workflow_id, "stop", stop) for one in reach.guards])
    await _send(
        client,
        [(one.workflow_id, "kill", order) for one in reach.campaigns if not one.live],
    )
    await _remember(session, stop)
    deadline = asyncio.get_running_loop().time() + wait
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.gather(*(_hear(client, one, stop) for one in reach.guards))
        if all(one.report is not None for one in reach.guards):
            _trust(reach)
        asked = [one for one in reach.campaigns if not one.live or len(reach.campaigns) <= _FEW]
        await asyncio.gather(*(_look(client, one, order.level) for one in asked))
        if reach.confirmed:
            break
        await asyncio.sleep(0.3)
    await session.aclose()
    _report(as_json, reach, order, "stopped", stop)
    if reach.confirmed:
        return 0
    return PENDING if reach.pending == len(reach.campaigns) else PARTLY


async def _reach(client: Client, session: Session, scope: str) -> _Reach:
    """Guards and running campaigns of a scope; an account may be named by either of its ids."""
    team = "" if scope == "all" else f" AND {search.TEAM.name} = '{session.team_id}'"
    if scope in {platform.value for platform in Platform}:
        team += f" AND {search.PLATFORM.name} = '{scope}'"
    account = scope.removeprefix("account:") if scope.startswith("account:") else None
    guards = [
        one
        async for one in client.list_workflows(_running("account-guard") + team)
        if account is None or one.id.endswith(account) or _account(one) == account
    ]
    if account is not None:
        if not guards:
            fail(f"No guard watches account {account!r}; see `adflight accounts`.", USAGE)
        team += f" AND {search.ACCOUNT.name} = '{_account(guards[0])}'"
        scope = f"account:{_account_id(guards[0].id)}"
    campaigns = [
        _Target(one.id, live=one.typed_search_attributes.get(search.STATUS) in _LIVE)
        async for one in client.list_workflows(_running("campaign") + team)
        if one.status is WorkflowExecutionStatus.RUNNING
    ]
    return _Reach(scope, [_Guard(one.id) for one in guards], campaigns)


def _running(kind: str) -> str:
    return f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running'"


def _account(guard: WorkflowExecution) -> str:
    return guard.typed_search_attributes.get(search.ACCOUNT) or ""


def _account_id(guard: str) -> UUID:
    """``guard-<platform>-<account id>``: the id has four hyphens of its own."""
    return UUID(guard[-36:])


async def _send(client: Client, messages: list[tuple[str, str, Any]]) -> None:
    """Signal many workflows; one that just ended is no failure."""
    turns = asyncio.Semaphore(50)

    async def send(workflow_id: str, signal: str, message: Any) -> None:
        async with turns:
            await client.get_workflow_handle(workflow_id).signal(signal, message)

    await asyncio.gather(*(send(*one) for one in messages), return_exceptions=True)


async def _hear(client: Client, guard: _Guard, stop: StopOrder) -> None:
    if guard.report is not None:
        return
    try:
        reports: tuple[StopReport, ...] = await client.get_workflow_handle(guard.workflow_id).query(
            "stops", result_type=tuple[StopReport, ...]
        )
    except RPCError:
        return
    guard.report = next((one for one in reports if one.order == stop), None)


def _trust(reach: _Reach) -> None:
    """Guards have read back that all is off; asking many campaigns as well would only be slow."""
    for target in reach.campaigns:
        if target.live and target.status == "pending" and len(reach.campaigns) > _FEW:
            target.status = "off, confirmed by its guard"


async def _look(client: Client, target: _Target, level: StopLevel) -> None:
    if target.status != "pending":
        return
    try:
        view: CampaignView = await client.get_workflow_handle(target.workflow_id).query(
            "campaign", result_type=CampaignView
        )
    except RPCError:
        return
    resting = level is StopLevel.SOFT and view.status.value not in (*_LIVE, "launching")
    if view.status.is_final or resting:
        target.status = view.status.value
    elif level is StopLevel.SOFT and view.pause is None and not view.by_ai:
        target.status = "left as it is"  # a soft stop concerns only what the AI made


async def _remember(session: Session, stop: StopOrder) -> None:
    """The stop stands in PostgreSQL too; that it cannot be written must not delay it.

    Guards write the same row: whoever comes first.
    """
    try:
        async with session.database.team(session.team_id) as database:
            await database.execute(
                insert(StandingStop)
                .values(
                    id=uuid5(session.team_id, str(stop.incident)),
                    team_id=session.team_id,
                    scope=stop.scope,
                    level=stop.level.value,
                    by=stop.by,
                    reason=stop.reason,
                    since=datetime.now(UTC),
                    lift_reason="",
                    incident_key=stop.incident,
                )
                .on_conflict_do_nothing(index_elements=["id"])
            )
    except Exception as error:
        notes.print(f"The stop is not yet recorded in the database: {type(error).__name__}")


async def freeze(session: Session, by: str, reason: str) -> None:
    """Let the AI decide nothing more until `adflight recover team`."""
    async with session.database.team(session.team_id) as database:
        database.add(
            StandingStop(
                team_id=session.team_id,
                scope="team",
                level=FREEZE,
                by=by,
                reason=reason,
                since=datetime.now(UTC),
            )
        )
    await session.aclose()


def _report(as_json: bool, reach: _Reach, order: Kill, verb: str, stop: StopOrder | None) -> None:
    campaigns = [{"workflow_id": one.workflow_id, "status": one.status} for one in reach.campaigns]
    accounts = [_told(one, stop) for one in reach.guards]
    if as_json:
        emit(
            {
                "scope": reach.scope,
                "level": order.level.value,
                "incident": stop.incident if stop else None,
                "accounts": accounts,
                "campaigns": campaigns,
            }
        )
        return
    screen.print(
        f"{len(campaigns)} campaign(s) in {reach.scope!r} {verb} ({order.level.value}).",
        markup=False,
    )
    for one in accounts:
        seconds = one["seconds_to_confirmed"]
        state = "not yet confirmed" if seconds is None else f"confirmed after {seconds} s"
        screen.print(f"  {one['guard']}  {one['paused']} paused, {state}", markup=False)
    for one in campaigns:
        screen.print(f"  {one['workflow_id']}  {one['status']}", markup=False)


def _told(guard: _Guard, stop: StopOrder | None) -> dict[str, Any]:
    report = guard.report
    confirmed = report.confirmed_at if report else None
    seconds = None
    if confirmed is not None and stop is not None and stop.pressed_at is not None:
        seconds = round((confirmed - stop.pressed_at).total_seconds(), 2)
    return {
        "guard": guard.workflow_id,
        "paused": len(report.paused) if report else 0,
        "seconds_to_confirmed": seconds,
    }
