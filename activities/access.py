"""Whether an account's credentials may be used to raise anything."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import DBAPIError, OperationalError
from temporalio.exceptions import ApplicationError

from activities.connections import refusal
from activities.outcomes import ACCESS_DENIED
from models.contract.account import AdAccount
from models.database import Database
from models.tables import Account
from models.tables.columns import now_utc

_REMEMBERED = 2.0
"""Real seconds for which an answer serves: a launch asks a dozen times in a row."""
_PATIENCE = 6.0


class AccountAccess:
    """Asked before anything that can raise spend; pausing and lowering never come here.

    ``wall`` tells real time, by which access ends.
    """

    def __init__(self, database: Database, wall: Callable[[], datetime] = now_utc) -> None:
        self._database = database
        self._wall = wall
        self._known: dict[UUID, tuple[float, str | None]] = {}

    async def check(self, account: AdAccount) -> None:
        """Return when the account's credentials are on and good.

        Raises:
            ApplicationError: they were switched off, or a person must connect the account anew
                (final); or the database does not say (to be tried again).
        """
        asked, why = self._known.get(account.id, (float("-inf"), None))
        if monotonic() - asked > _REMEMBERED:
            why = await self._ask(account)
            self._known[account.id] = (monotonic(), why)
        if why is not None:
            raise ApplicationError(why, type=ACCESS_DENIED, non_retryable=True)

    async def _ask(self, account: AdAccount) -> str | None:
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                self._database.team(account.team_id) as session,
            ):
                row = await session.get(Account, account.id)
                shut = await refusal(session, row, self._wall()) if row is not None else None
        except (OperationalError, DBAPIError, TimeoutError, OSError):
            raise ApplicationError(
                f"whether the credentials of account {account.name!r} are on is not known: the "
                "database does not answer; nothing is raised meanwhile",
                type="Transient",
            ) from None
        if row is None or row.credentials_off_at is None:
            return shut
        return (
            f"the credentials of account {account.name!r} were switched off by "
            f"{row.credentials_off_by} at {row.credentials_off_at:%Y-%m-%d %H:%M}; recover the "
            f"account with `adflight recover account:{account.id} --by NAME --reason TEXT` first"
        )
