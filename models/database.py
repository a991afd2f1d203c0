"""Connections to PostgreSQL, one team at a time."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

APP_ROLE = "adflight_app"
"""The least-privilege role every query runs as; it owns nothing and cannot bypass row security."""


def driver_url(url: str) -> URL:
    """``DATABASE_URL`` with the psycopg driver, whatever scheme spelling was given."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


class Database:
    """A pool whose sessions see the rows of exactly one team."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self._engine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=True,
            connect_args={"options": f"-c role={APP_ROLE}", "connect_timeout": 5},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def team(self, team_id: UUID) -> AsyncGenerator[AsyncSession]:
        """One transaction that reads and writes only the team's rows; commits at the end."""
        async with self._sessions() as session, session.begin():
            await session.execute(
                text("SELECT set_config('adflight.team_id', :team, true)"), {"team": str(team_id)}
            )
            yield session

    async def ping(self) -> None:
        """Raise if the database does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
