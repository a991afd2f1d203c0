"""Whether an account's credentials may be used to raise anything."""

import asyncio
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.outcomes import ACCESS_DENIED
from models.contract.account import AdAccount
from models.database import Database
from models.tables import Account

_REMEMBERED = 2.0
"""Real seconds for which an answer serves: a launch asks a dozen times in a row."""
_PATIENCE = 6.0


class AccountAccess:
    """Asked before anything that can raise spend; pausing and lowering never come here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[float, str | None]] = {}

    async def check(self, account: AdAccount) -> None:
        """Return when the account's credentials are on.

        Raises:
            ApplicationError: they were switched off (final), or the database does not say (to
                be tried again).
        """
        asked, refusal = self._known.get(account.id, (float("-inf"), None))
        if monotonic() - asked > _REMEMBERED:
            refusal = await self._ask(account)
            self._known[account.id] = (monotonic(), refusal)
        if refusal is not None:
            raise ApplicationError(refusal, type=ACCESS_DENIED, non_retryable=True)

    async def _ask(self, account: AdAccount) -> str | None:
        query = select(Account.credentials_off_at, Account.credentials_off_by).where(
            col(Account.id) == account.id
        )
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                self._database.team(account.team_id) as session,
            ):
                row = (await session.execute(query)).one_or_none()
        except (OperationalError, DBAPIError, TimeoutError, OSError):
            raise ApplicationError(
                f"whether the credentials of account {account.name!r} are on is not known: the "
                "database does not answer; nothing is raised meanwhile",
                type="Transient",
            ) from None
        if row is None or row[0] is None:
            return None
        return (
            f"the credentials of account {account.name!r} were switched off by {row[1]} at "
            f"{row[0]:%Y-%m-%d %H:%M}; recover the account with `adflight recover "
            f"account:{account.id} --by NAME --reason TEXT` first"
        )
