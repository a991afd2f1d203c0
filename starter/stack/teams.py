"""Every team of a database: what only its owner may list."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import create_engine, text
from sqlmodel import col, select

from models.contract.vocabulary import RECONCILE
from models.database import Database, driver_url
from models.tables import StandingStop

_NOBODY = "restore"


def team_ids(url: str) -> list[UUID]:
    """All teams, as the connection's own user sees them (row security may hide others)."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT id FROM teams ORDER BY id")).scalars())
    finally:
        engine.dispose()


def hold_all_raises(url: str) -> None:
    """Let nothing be raised for any team until its networks were reconciled."""
    asyncio.run(_hold(url, team_ids(url)))


async def _hold(url: str, teams: list[UUID]) -> None:
    database = Database(url, pool_size=1)
    standing = select(StandingStop).where(
        col(StandingStop.level) == RECONCILE, col(StandingStop.lifted_at).is_(None)
    )
    try:
        for team_id in teams:
            async with database.team(team_id) as session:
                if await session.scalar(standing) is not None:
                    continue
                session.add(
                    StandingStop(
                        team_id=team_id,
                        scope="all",
                        level=RECONCILE,
                        by=_NOBODY,
                        reason="restored from a backup: run `adflight reconcile` first",
                        since=datetime.now(UTC),
                    )
                )
    finally:
        await database.close()
