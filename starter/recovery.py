"""Lifting the stops over a scope: in the database, at the guards, and in the open incidents."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities import incidents
from activities.teams import ad_account
from models.contract.guard import Lift, guard_id
from models.contract.vocabulary import RECONCILE, DecisionType, Platform
from models.database import Database
from models.tables import Account, DecisionRow, Incident, StandingStop
from models.tables.columns import now_utc


class ScopeUnknown(Exception):
    """The scope names nothing of the team; the message says what it may name."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many stops were lifted, and how many guards heard of it."""

    stops: int
    guards: int


async def recover(
    database: Database, client: Client, team_id: UUID, lift: Lift, *, now: datetime
) -> Recovered:
    """Let a scope be raised again; nothing resumes by itself. ``now`` is campaign time.

    Credentials that a hard stop disabled are enabled and the stops' incidents are resolved.

    Raises:
        ScopeUnknown: an account that is not the team's.
    """
    stops, guards = await _in_database(database, team_id, lift, now)
    told = 0
    for guard in guards:
        try:
            await client.get_workflow_handle(guard).signal("lift", lift)
            told += 1
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise  # an account without a guard has nothing to lift; any other has
    return Recovered(stops=stops, guards=told)


async def _in_database(
    database: Database, team_id: UUID, lift: Lift, now: datetime
) -> tuple[int, list[str]]:
    async with database.team(team_id) as session:
        accounts = list(await session.scalars(select(Account)))
        concerned = [row for row in accounts if _concerns(row, lift.scope)]
        if lift.scope.startswith("account:") and not concerned:
            raise ScopeUnknown(f"{lift.scope} is no account of this team; see `adflight accounts`.")
        standing = (
            update(StandingStop)
            .where(
                col(StandingStop.lifted_at).is_(None),
                # Only a reconciliation knows when nothing contradicts the network any more.
                col(StandingStop.level) != RECONCILE,
            )
            .values(lifted_at=now_utc(), lifted_by=lift.by, lift_reason=lift.reason)
            .returning(col(StandingStop.incident_key))
        )
        if lift.scope not in ("all", "team"):
            within = _scopes_within(lift.scope, concerned)
            standing = standing.where(col(StandingStop.scope).in_(within))
        keys = list((await session.scalars(standing)).all())
        await session.execute(
            update(Account)
            .where(col(Account.id).in_([row.id for row in concerned]))
            .values(credentials_off_at=None, credentials_off_by=None)
        )
        still_open = await session.scalars(
            select(Incident.id).where(
                col(Incident.key).in_([key for key in keys if key]),
                col(Incident.state) == incidents.OPEN,
            )
        )
        for incident in still_open.all():
            await incidents.close(session, incident, lift.by, lift.reason)
        session.add(
            DecisionRow(
                id=uuid4(),
                team_id=team_id,
                decision_type=DecisionType.RECOVER.value,
                decided_by=lift.by,
                reasoning=lift.reason,
                action_taken={"scope": lift.scope, "stops": len(keys)},
                at=now,
            )
        )
        return len(keys), [guard_id(ad_account(row)) for row in concerned]


def _concerns(row: Account, scope: str) -> bool:
    if scope.startswith("account:"):
        return scope.removeprefix("account:") in (str(row.id), row.platform_account_id)
    return scope in ("all", "team", row.platform)


def _scopes_within(scope: str, accounts: list[Account]) -> list[str]:
    own = [f"account:{row.id}" for row in accounts]
    return [scope, *own] if scope in {platform.value for platform in Platform} else own
