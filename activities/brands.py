"""A team's brand, as its creatives follow it."""

from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select

from models.contract.brand import Brand
from models.database import Database
from models.tables import BrandRow


class Brands:
    """Reads and sets teams' brands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, team_id: UUID) -> Brand:
        """The team's brand; the plain default where it set none."""
        async with self._database.team(team_id) as session:
            row = await session.scalar(
                select(BrandRow).order_by(col(BrandRow.version).desc()).limit(1)
            )
        return Brand.model_validate(row.brand) if row else Brand()

    async def set(self, team_id: UUID, brand: Brand, by: str) -> int:
        """Replace the team's brand; the new version. Creatives that exist stay as they are."""
        async with self._database.team(team_id) as session:
            await session.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
                {"name": f"brand/{team_id}"},
            )
            version = (await session.scalar(select(func.max(BrandRow.version))) or 0) + 1
            document = brand.model_dump(mode="json")
            session.add(
                BrandRow(team_id=team_id, version=version, brand=document, changed_by=by[:100])
            )
        return version
