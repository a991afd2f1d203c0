"""The log of effects asked of networks: one row a key, however often it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.effects import CreateObject, TreeRef
from models.contract.network import NetworkObject
from models.contract.vocabulary import RECONCILE
from models.database import Database
from models.tables import Campaign, Effect, StandingStop

ASKED, CONFIRMED, QUARANTINED = "asked", "confirmed", "quarantined"
REFUSED = "refused"
"""The network said no to the only attempt; another one looks first all the same."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a key: attempts (this one included), answers lost without a trace, the
    object it stands for, and who picked that when it was a person."""

    attempts: int
    lost: int = 0
    state: str = ASKED
    external_id: str | None = None
    picked_by: str | None = None
    note: str = ""


class EffectLog:
    """Remembers what was asked before it is asked, so that a second worker knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, ask: CreateObject) -> Asked:
        """Note an attempt before it is made; what is known of the key by now."""
        async with self._database.team(ask.account.team_id) as session:
            statement = (
                insert(Effect)
                .values(
                    key=ask.order.key,
                    team_id=ask.account.team_id,
                    campaign_id=ask.campaign_id,
                    platform=ask.account.platform.value,
                    kind=ask.order.kind.value,
                    state=ASKED,
                    attempts=1,
                    lost=0,
                    candidates=[],
                    twins_removed=0,
                    note="",
                    asked_at=datetime.now(UTC),
                )
                .on_conflict_do_update(
                    index_elements=["key"], set_={"attempts": col(Effect.attempts) + 1}
                )
                .returning(
                    col(Effect.attempts),
                    col(Effect.lost),
                    col(Effect.state),
                    col(Effect.external_id),
                    col(Effect.settled_by),
                    col(Effect.note),
                )
            )
            asked = Asked(*(await session.execute(statement)).one())
            if asked.attempts == 1 and await _older_than_a_restore(session, ask.campaign_id):
                # It may have been made in the time that the restore has forgotten.
                await session.execute(
                    update(Effect).where(col(Effect.key) == ask.order.key).values(attempts=2)
                )
                asked = replace(asked, attempts=2)
            return asked

    async def known(self, team_id: UUID, key: str) -> Asked | None:
        """What is known of a key, without asking for it; None when it was never asked."""
        async with self._database.team(team_id) as session:
            row = await session.get(Effect, key)
        if row is None:
            return None
        return Asked(row.attempts, row.lost, row.state, row.external_id, row.settled_by, row.note)

    async def lost(self, team_id: UUID, key: str) -> int:
        """Count an answer that was lost and after which nothing was found; how many by now."""
        async with self._database.team(team_id) as session:
            count = await session.execute(
                update(Effect)
                .where(col(Effect.key) == key)
                .values(lost=col(Effect.lost) + 1)
                .returning(col(Effect.lost))
            )
            return count.scalar_one()

    async def quarantine(
        self, team_id: UUID, key: str, note: str, candidates: Sequence[NetworkObject]
    ) -> None:
        """Leave a key to a person; nothing is asked under it until one has decided."""
        found: list[dict[str, object]] = [
            {
                "id": one.id,
                "on": one.switched_on,
                "delivery": one.delivery.value,
                "parent": one.parent_id,
                "budget": str(one.daily_budget) if one.daily_budget else None,
            }
            for one in candidates
        ]
        async with self._database.team(team_id) as session:
            await session.execute(
                update(Effect)
                .where(col(Effect.key) == key)
                .values(
                    state=QUARANTINED, note=note, candidates=found, external_id=None,
                    settled_at=None, settled_by=None,
                )
            )  # fmt: skip

    async def refused(self, ask: CreateObject, why: str) -> None:
        """Note that the network said no, unless an earlier attempt may have been heard."""
        async with self._database.team(ask.account.team_id) as session:
            await session.execute(
                update(Effect)
                .where(col(Effect.key) == ask.order.key, col(Effect.attempts) == 1)
                .values(state=REFUSED, note=f"refused at first: {why}")
            )

    async def settle(self, ask: CreateObject, external_id: str) -> None:
        """Note which object the key now stands for."""
        async with self._database.team(ask.account.team_id) as session:
            await session.execute(
                update(Effect)
                .where(col(Effect.key) == ask.order.key)
                .values(state=CONFIRMED, external_id=external_id, settled_at=datetime.now(UTC))
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


async def _older_than_a_restore(session: AsyncSession, campaign_id: UUID) -> bool:
    """Whether the database was restored from a backup since the campaign was begun."""
    restored = await session.scalar(
        select(func.count())
        .select_from(StandingStop)
        .join(Campaign, col(Campaign.created_at) < col(StandingStop.since))
        .where(col(StandingStop.level) == RECONCILE, col(Campaign.id) == campaign_id)
    )
    return bool(restored)
