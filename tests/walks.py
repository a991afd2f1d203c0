"""Walking to a network's login page and back, as a person's browser does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlmodel import col, select

from activities.connecting import Begun, Connecting, ConnectOrder
from activities.connections import opened
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, ConnectAttempt, Connection
from starter.server import create_app


@dataclass
class Walker:
    """A person of a team, with a browser, the callback route and the team's rows."""

    settings: Settings
    database: Database
    web: httpx.AsyncClient
    server: httpx.AsyncClient

    @property
    def team(self) -> UUID:
        return self.settings.team_id

    async def begin(self, platform: str, wanted: str = "", person: str = "ana") -> Begun:
        """``adflight accounts connect``."""
        return await Connecting(self.database, self.settings).begin(
            ConnectOrder(self.team, Platform(platform), person, wanted, sandbox=True)
        )

    async def log_in(self, address: str) -> str:
        """Open the login page; where it sends the browser back to."""
        answer = await self.web.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def come_back(self, location: str) -> httpx.Response:
        """Follow the redirect to the callback route."""
        parts = urlsplit(location)
        return await self.server.get(f"{parts.path}?{parts.query}")

    async def walk(self, platform: str, wanted: str = "") -> httpx.Response:
        """The whole way."""
        begun = await self.begin(platform, wanted)
        return await self.come_back(await self.log_in(begun.address))

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.team(self.team) as session:
            return list((await session.scalars(select(table).where(*where))).all())

    async def attempt(self, number: UUID) -> ConnectAttempt:
        (row,) = await self.rows(ConnectAttempt, col(ConnectAttempt.id) == number)
        return row

    async def connection(self, platform: str) -> Connection:
        (row,) = await self.rows(Connection, col(Connection.platform) == platform)
        return row

    async def account(self, platform: str) -> Account:
        (row,) = await self.rows(Account, col(Account.platform) == platform)
        return row

    async def secrets(self, platform: str) -> dict[str, str]:
        return opened(await self.connection(platform), self.settings.keyring)


@asynccontextmanager
async def walking(settings: Settings, database: Database) -> AsyncGenerator[Walker]:
    """A walker of the settings' team."""
    app = create_app(settings)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=20) as web,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://adflight.example"
        ) as server,
    ):
        yield Walker(settings, database, web, server)
