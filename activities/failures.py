"""Counting calls to a network that failed, for the rule that hears bursts of them."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from models.contract.account import AdAccount
from models.database import Database
from models.tables import ApiFailure
from platforms.errors import NetworkError

_log = structlog.get_logger("activities.failures")
_PATIENCE = 5.0
_MOST_WAITING = 50
_LONGEST_TEXT = 300


class FailureCounter:
    """Writes failures down beside the call, never in its way.

    Without a database the count is lost, not the call; at most ``_MOST_WAITING`` wait at once.
    """

    def __init__(self, database: Database, clock_now: Callable[[], datetime]) -> None:
        """``clock_now`` is campaign time, in which the rule's hour is counted."""
        self._database = database
        self._now = clock_now
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, account: AdAccount, error: NetworkError) -> None:
        """Have a failure written down; returns at once."""
        if len(self._writing) >= _MOST_WAITING:
            return
        row = ApiFailure(
            team_id=account.team_id,
            account_id=account.id,
            platform=account.platform.value,
            kind=type(error).__name__,
            message=str(error)[:_LONGEST_TEXT],
            at=self._now(),
        )
        task = asyncio.get_running_loop().create_task(self._write(row))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def drained(self) -> None:
        """Wait until what was noted is written or given up."""
        await asyncio.gather(*self._writing)

    async def _write(self, row: ApiFailure) -> None:
        try:
            async with asyncio.timeout(_PATIENCE), self._database.team(row.team_id) as session:
                session.add(row)
        except Exception as error:
            # Whatever is wrong with the database is no business of the call that failed.
            _log.warning("failure not counted", problem=type(error).__name__)
