"""``/accounts``: how they stand, a test of one, its limits and which one is the default."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, select

from activities.account_tests import AccountTester, failed
from activities.connections import secret_source
from activities.default_account import DefaultRefused, make_default
from activities.limit_changes import LimitOrder, LimitRefused, change_limit
from activities.teams import ad_account
from models.contract.connection import connection_id
from models.contract.roles import Right
from models.database import Database
from models.settings import Settings
from models.tables import Account, Connection
from platforms.registry import Networks
from starter import documents
from starter.api.answers import ApiRefused, answer
from starter.api.door import Caller, Door


class AccountChange(BaseModel):
    """What is left out stays. Limits in the account's currency, as decimals; null lifts one."""

    model_config = ConfigDict(extra="forbid")

    default: bool | None = None
    daily_limit: str | None = Field(default=None, max_length=30)
    monthly_limit: str | None = Field(default=None, max_length=30)
    reason: str = Field(default="", max_length=1_000)


class AccountDesk:
    """The team's accounts as a caller reaches them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def listed(self, caller: Caller) -> list[dict[str, Any]]:
        """Every account with its connection."""
        async with self._database.team(caller.team_id) as session:
            rows = await session.scalars(
                select(Account).order_by(col(Account.platform), col(Account.account_name))
            )
            known = {row.id: row for row in await session.scalars(select(Connection))}
            return [documents.account(row, _joined(row, known)) for row in rows]

    async def one(self, caller: Caller, account_id: UUID) -> dict[str, Any]:
        """One account with its connection.

        Raises:
            ApiRefused: 404, the team has none of that id.
        """
        for found in await self.listed(caller):
            if found["id"] == str(account_id):
                return found
        raise ApiRefused(404, "there is no such account; see GET /accounts")

    async def test(self, caller: Caller, account_id: UUID) -> dict[str, Any]:
        """Every check of an account by name, asked of its network now."""
        async with self._database.team(caller.team_id) as session:
            row = await session.get(Account, account_id)
        if row is None:
            raise ApiRefused(404, "there is no such account; see GET /accounts")
        secrets = secret_source(self._settings, self._database)
        networks = Networks(self._settings, self._settings.campaign_now, secrets=secrets)
        tester = AccountTester(self._database, networks, secrets, self._settings)
        try:
            trials = await tester.test(ad_account(row))
        finally:
            await networks.aclose()
        return {
            "account": str(row.id),
            "name": row.account_name,
            "platform": row.platform,
            "ok": not failed(trials),
            "checks": [one.model_dump(mode="json") for one in trials],
        }

    async def change(
        self, caller: Caller, account_id: UUID, change: AccountChange
    ) -> dict[str, Any]:
        """Set what is given: all of it, or nothing where a part cannot be.

        Raises:
            ApiRefused: 404 no such account; 409 it cannot be set so.
        """
        await self.one(caller, account_id)
        if change.default is False:
            raise ApiRefused(409, "a default is not unset; make another account the default")
        orders = self._orders(caller, account_id, change)
        try:
            for dry_run in (True, False):
                for order in orders:
                    await change_limit(self._database, order, dry_run=dry_run)
            if change.default:
                await make_default(
                    self._database,
                    caller.team_id,
                    account_id,
                    by=caller.by,
                    at=self._settings.campaign_now(),
                )
        except (LimitRefused, DefaultRefused) as refused:
            raise ApiRefused(409, f"refused: {refused}") from None
        return await self.one(caller, account_id)

    def _orders(
        self, caller: Caller, account_id: UUID, change: AccountChange
    ) -> Sequence[LimitOrder]:
        wanted = {"daily": change.daily_limit, "monthly": change.monthly_limit}
        return [
            LimitOrder(
                team_id=caller.team_id,
                name=name,
                value="none" if value is None else value,
                reason=change.reason,
                by=caller.by,
                at=self._settings.campaign_now(),
                account=account_id,
            )
            for name, value in wanted.items()
            if f"{name}_limit" in change.model_fields_set
        ]


def account_routes(door: Door, desk: AccountDesk) -> APIRouter:
    """Routes under ``/accounts``."""
    router = APIRouter(tags=["accounts"])
    may_see, may_operate = (Depends(door.needs(one)) for one in (Right.SEE, Right.OPERATE))

    @router.get("/accounts")
    async def listed(caller: Annotated[Caller, may_see]) -> Response:
        """Ad accounts: health as remembered, limits, default, connection."""
        return answer(await desk.listed(caller))

    @router.post("/accounts/{account_id}/test")
    async def test(caller: Annotated[Caller, may_operate], account_id: UUID) -> Response:
        """Check an account with its network, every check by name."""
        return answer(await desk.test(caller, account_id))

    @router.patch("/accounts/{account_id}")
    async def change(
        caller: Annotated[Caller, may_operate], account_id: UUID, order: AccountChange
    ) -> Response:
        """Make it its network's default, or set its own limits (with a reason)."""
        return answer(await desk.change(caller, account_id, order))

    return router


def _joined(row: Account, known: dict[UUID, Connection]) -> Connection | None:
    number = connection_id(row.credentials_ref)
    return known.get(number) if number is not None else None
