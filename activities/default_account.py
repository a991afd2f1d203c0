"""Choosing which of a network's accounts is meant where none is named."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from models.contract.vocabulary import AccountStatus, DecisionType
from models.database import Database
from models.tables import Account, DecisionRow


class DefaultRefused(Exception):
    """It cannot be the default; the message is one sentence."""


async def make_default(
    database: Database, team_id: UUID, account_id: UUID, *, by: str, at: datetime
) -> Account:
    """Make an account its network's default, and the one before no longer so, in one transaction.

    ``at`` is campaign time, for the audit trail.

    Raises:
        DefaultRefused: the team has no such account, or it is disabled.
    """
    async with database.team(team_id) as session:
        chosen = await session.get(Account, account_id)
        if chosen is None:
            raise DefaultRefused(f"account {account_id} does not exist; see `adflight accounts`")
        if chosen.status == AccountStatus.DISABLED.value:
            raise DefaultRefused(
                f"account {chosen.account_name!r} is disabled and nothing could be launched on it; "
                "choose another"
            )
        # All accounts of the network in one order: two who choose at once wait for each other.
        rows = await session.scalars(
            select(Account)
            .where(col(Account.platform) == chosen.platform)
            .order_by(col(Account.id))
            .with_for_update()
        )
        before = [row.account_name for row in rows if row.is_default and row.id != account_id]
        await session.execute(
            update(Account)
            .where(col(Account.platform) == chosen.platform, col(Account.id) != account_id)
            .values(is_default=False)
        )
        chosen.is_default = True
        session.add(
            DecisionRow(
                team_id=team_id,
                decision_type=DecisionType.ADMINISTER.value,
                decided_by=by,
                platform=chosen.platform,
                input_context={"default_before": before},
                reasoning=f"{by} made {chosen.account_name} the default on {chosen.platform}",
                action_taken={"account": str(account_id), "default": True},
                at=at,
            )
        )
    return chosen
