"""Calls that were denied: the connection they were made with is looked at soon."""

import asyncio
from time import monotonic
from uuid import UUID

import structlog
from sqlmodel import col, select
from temporalio.client import Client

from models.contract.account import AdAccount
from models.contract.connection import connection_id, connection_workflow_id
from models.database import Database
from models.tables import Account
from platforms.errors import AccessDenied, NetworkError

_log = structlog.get_logger("activities.denials")
_PATIENCE = 5.0
_QUIET = 30.0
"""Real seconds in which an account's connection is told of once, however many calls fail."""


class Denials:
    """Tells a connection's workflow beside the call, never in its way."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client
        self._told: dict[UUID, float] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def note(self, account: AdAccount, error: NetworkError) -> None:
        """Have a denial told; returns at once. Other failures say nothing of a credential."""
        if not isinstance(error, AccessDenied):
            return
        if monotonic() - self._told.get(account.id, float("-inf")) < _QUIET:
            return
        self._told[account.id] = monotonic()
        task = asyncio.get_running_loop().create_task(self._tell(account))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, account: AdAccount) -> None:
        query = select(Account.credentials_ref).where(col(Account.id) == account.id)
        try:
            async with asyncio.timeout(_PATIENCE):
                async with self._database.team(account.team_id) as session:
                    number = connection_id(await session.scalar(query) or "")
                if number is not None:
                    handle = self._client.get_workflow_handle(connection_workflow_id(number))
                    await handle.signal("denied")
        except Exception as problem:
            # The daily check finds it, too.
            _log.warning("connection not told of a denial", problem=type(problem).__name__)
