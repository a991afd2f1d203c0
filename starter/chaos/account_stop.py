"""An account is stopped when the crashes are over, recovered by a person, and resumed."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select
from temporalio.client import Client
from temporalio.service import RPCError

from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.guard import GuardView, Lift, StopOrder, StopReport, guard_id
from models.contract.vocabulary import StopLevel
from models.database import Database
from models.tables import Account
from starter.chaos.people import BY
from starter.chaos.throwaway import ThrowawayStack
from starter.recovery import Recovered, recover

_PATIENCE = 60.0
_EVERY = 0.3


class AccountStop:
    """A soft stop of one network's account: campaigns are paused and can be resumed."""

    def __init__(
        self, ground: ThrowawayStack, client: Client, database: Database, network: str
    ) -> None:
        self._ground = ground
        self._client = client
        self._database = database
        self._network = network

    async def press(self) -> tuple[float | None, list[str]]:
        """Stop, and wait for the guard's report.

        Returns:
            Real seconds until the network confirmed (None: it did not), and what was not off.
        """
        account = await self._account()
        guard = self._client.get_workflow_handle(guard_id(account))
        pressed = datetime.now(UTC)
        order = StopOrder(
            by=BY,
            level=StopLevel.SOFT,
            reason="chaos: the account is stopped",
            scope=f"account:{account.id}",
            pressed_at=pressed,
            incident=f"stop/account:{account.id}/{pressed:%Y%m%dT%H%M%S.%f}",
        )
        await guard.signal("stop", order)
        report = await self._report(order, account)
        if report is None:
            return None, [f"the stop of the {self._network} account was not confirmed"]
        on = await self._still_on()
        problems = [f"{self._network} campaign {one} is on after the account's stop" for one in on]
        problems += [f"{one} is unconfirmed by the guard" for one in report.unconfirmed]
        confirmed = report.confirmed_at or datetime.now(UTC)
        return (confirmed - pressed).total_seconds(), problems

    async def lift(self) -> Recovered:
        """A person lifts every stop, those of the safety rules included, and says why."""
        settings = self._ground.settings
        return await recover(
            self._database,
            self._client,
            settings.team_id,
            Lift(by=BY, reason="chaos: the crashes are over, the networks answer", scope="all"),
            now=settings.clock.campaign_time(datetime.now(UTC)),
        )

    async def _account(self) -> AdAccount:
        async with self._database.team(self._ground.settings.team_id) as session:
            row = await session.scalar(
                select(Account).where(col(Account.platform) == self._network)
            )
        assert row is not None
        return ad_account(row)

    async def _report(self, order: StopOrder, account: AdAccount) -> StopReport | None:
        guard = self._client.get_workflow_handle(guard_id(account))
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(RPCError):  # no worker answers yet
                view: GuardView = await guard.query("guard", result_type=GuardView)
                for report in view.reports:
                    if report.order.incident == order.incident:
                        return report
            await asyncio.sleep(_EVERY)
        return None

    async def _still_on(self) -> list[str]:
        lines: list[dict[str, Any]] = (await self._ground.read("/truth"))["lines"]
        return sorted(
            str(line["campaign_id"])
            for line in lines
            if line["network"] == self._network and line["active"]
        )
