"""The log of effects asked of networks: one row a key, however often it was asked."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from models.contract.effects import CreateObject, TreeRef
from models.database import Database
from models.tables import Effect


class EffectLog:
    """Remembers what was asked before it is asked, so that a second worker knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, ask: CreateObject) -> int:
        """Note an attempt before it is made; the number of attempts including this one."""
        async with self._database.team(ask.account.team_id) as session:
            statement = (
                insert(Effect)
                .values(
                    key=ask.order.key,
                    team_id=ask.account.team_id,
                    campaign_id=ask.campaign_id,
                    platform=ask.account.platform.value,
                    kind=ask.order.kind.value,
                    state="asked",
                    attempts=1,
                    twins_removed=0,
                    note="",
                    asked_at=datetime.now(UTC),
                )
                .on_conflict_do_update(
                    index_elements=["key"], set_={"attempts": col(Effect.attempts) + 1}
                )
                .returning(col(Effect.attempts))
            )
            return (await session.execute(statement)).scalar_one()

    async def settle(self, ask: CreateObject, external_id: str) -> None:
        """Note which object the key now stands for."""
        async with self._database.team(ask.account.team_id) as session:
            await session.execute(
                update(Effect)
                .where(col(Effect.key) == ask.order.key)
                .values(state="confirmed", external_id=external_id, settled_at=datetime.now(UTC))
            )

    async def any_repeated(self, ref: TreeRef) -> bool:
        """Whether any key of the campaign was asked more than once."""
        async with self._database.team(ref.account.team_id) as session:
            most = await session.execute(
                select(func.max(col(Effect.attempts))).where(
                    col(Effect.campaign_id) == ref.campaign_id
                )
            )
            return (most.scalar_one_or_none() or 0) > 1

    async def removed_twins(self, team_id: UUID, key: str, count: int) -> None:
        """Count twins that were deleted in favour of the adopted object."""
        async with self._database.team(team_id) as session:
            await session.execute(
                update(Effect)
                .where(col(Effect.key) == key)
                .values(twins_removed=col(Effect.twins_removed) + count)
            )
