"""What generators are asked for: noted before, priced, capped per campaign, never forgotten.

Generators take no idempotency keys: an order whose answer was lost may have been carried out and
billed. It keeps its place in the budget, and the next try takes another.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.briefs import CreativeCost, Ordered
from models.contract.creative import Visual
from models.contract.money import Money
from models.database import Database
from models.tables import CreativeOrderRow

_MOST_LOST = 2
"""After so many lost answers a thing is not ordered again."""
_TOLD = {"lost": " (its answer was lost)", "refused": " (refused, and billed)"}


class BudgetUsedUp(Exception):
    """The campaign's creative budget has no room for it; one clear sentence."""


class CreativeOrders:
    """Orders of generators and what they cost.

    Args:
        cap: Most that the creatives of one campaign may cost, all orders together.
    """

    def __init__(self, database: Database, cap: Money) -> None:
        self._database = database
        self._cap = cap

    async def begin(
        self, team_id: UUID, campaign_id: UUID, key: str, generator: str, price: Money | None
    ) -> Ordered | None:
        """What is known of the order, or None when it shall be placed now and is noted.

        A price that nobody told counts as nothing and is shown as unknown.

        Raises:
            BudgetUsedUp: the campaign's creative budget has no room, or too many answers were lost.
        """
        async with self._database.team(team_id) as session:
            # One order at a time and campaign: two could not both be the last that fits.
            await session.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
                {"name": f"creative-orders/{campaign_id}"},
            )
            rows = await _orders(session, campaign_id)
            mine = [row for row in rows if row.key == key and row.status != "refused"]
            for row in mine:
                if row.status in ("ordered", "made"):
                    return _told(row)
                row.status = "lost"
            if len(mine) > _MOST_LOST:
                raise BudgetUsedUp(
                    f"{generator} was asked {len(mine)} times for {key} and no answer arrived; "
                    "it is not asked again, for each time may be billed"
                )
            used = sum(row.price_micros for row in rows)
            wanted = price.micros if price else 0
            if used + wanted > self._cap.micros:
                raise BudgetUsedUp(
                    f"the creative budget of {self._cap} a campaign has "
                    f"{Money(micros=max(self._cap.micros - used, 0), currency=self._cap.currency)} "
                    f"left, and {key} by {generator} costs {price}; raise "
                    "ADFLIGHT_CREATIVE_BUDGET, or give pictures of your own"
                )
            attempts = [row.attempt for row in rows if row.key == key]
            session.add(
                CreativeOrderRow(
                    team_id=team_id,
                    campaign_id=campaign_id,
                    key=key,
                    attempt=max(attempts, default=0) + 1,
                    generator=generator,
                    price_micros=wanted,
                    currency=self._cap.currency,
                )
            )
        return None

    async def placed(self, team_id: UUID, campaign_id: UUID, ordered: Ordered) -> None:
        """The generator took it, and says what to collect or gave it at once."""
        async with self._database.team(team_id) as session:
            row = await _last(session, campaign_id, ordered.key)
            row.ticket = ordered.model_dump(mode="json", exclude={"made"})
            row.status = "ordered"
            if ordered.price is not None:
                row.charged_micros = ordered.price.micros
                row.price_micros = max(row.price_micros, ordered.price.micros)
            if ordered.made is not None:
                row.status, row.result = "made", ordered.made.model_dump(mode="json")

    async def made(self, team_id: UUID, campaign_id: UUID, key: str, visual: Visual) -> None:
        """It was collected and is in the library."""
        async with self._database.team(team_id) as session:
            row = await _last(session, campaign_id, key)
            row.status, row.result = "made", visual.model_dump(mode="json")

    async def refused(
        self, team_id: UUID, campaign_id: UUID, key: str, cost: Money | None = None
    ) -> None:
        """The generator certainly did not take it; nothing is billed but ``cost``."""
        async with self._database.team(team_id) as session:
            row = await _last(session, campaign_id, key)
            row.status, row.price_micros = "refused", cost.micros if cost else 0

    async def costs(self, team_id: UUID, campaign_id: UUID) -> tuple[CreativeCost, ...]:
        """Everything that was ordered for a campaign and may be billed, oldest first."""
        async with self._database.team(team_id) as session:
            rows = await _orders(session, campaign_id)
        return tuple(
            CreativeCost(
                what=row.key + _TOLD.get(row.status, ""),
                generator=row.generator,
                amount=Money(micros=row.price_micros, currency=row.currency)
                if row.price_micros
                else None,
            )
            for row in rows
            if row.status != "refused" or row.price_micros
        )


async def _orders(session: AsyncSession, campaign_id: UUID) -> Sequence[CreativeOrderRow]:
    asked = (
        select(CreativeOrderRow)
        .where(col(CreativeOrderRow.campaign_id) == campaign_id)
        .order_by(col(CreativeOrderRow.created_at), col(CreativeOrderRow.attempt))
    )
    return (await session.scalars(asked)).all()


async def _last(session: AsyncSession, campaign_id: UUID, key: str) -> CreativeOrderRow:
    newest = select(func.max(CreativeOrderRow.attempt)).where(
        col(CreativeOrderRow.campaign_id) == campaign_id, col(CreativeOrderRow.key) == key
    )
    return (
        await session.scalars(
            select(CreativeOrderRow).where(
                col(CreativeOrderRow.campaign_id) == campaign_id,
                col(CreativeOrderRow.key) == key,
                col(CreativeOrderRow.attempt) == newest.scalar_subquery(),
            )
        )
    ).one()


def _told(row: CreativeOrderRow) -> Ordered:
    made = Visual.model_validate(row.result) if row.status == "made" else None
    return Ordered.model_validate({**row.ticket, "made": made})
