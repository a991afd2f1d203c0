"""Who is on call during a chaos: stops are pressed, looked into, lifted, and campaigns resumed.

Networks as bad as those of a chaos make the safety rules stop an account, as they should. Somebody
lifts the stop and resumes, so that the pressure stays up.
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import Resume
from models.contract.guard import GuardView, Lift, StopOrder, StopReport, guard_id
from models.contract.vocabulary import CampaignStatus, StopLevel
from models.database import Database
from models.tables import Account, StandingStop
from starter.chaos.people import AWAY, BY, STOPPED, People
from starter.chaos.standing import refused_by_limit, view_of
from starter.chaos.throwaway import ThrowawayStack
from starter.recovery import recover

_LOOK = 2.0
_AGAIN = 6.0
_PATIENCE = 60.0
_EVERY = 0.3
_UNDONE = 10.0


class OnCall:
    """One person, who does one thing at a time. ``lifted`` counts stops."""

    def __init__(
        self, ground: ThrowawayStack, client: Client, database: Database, people: People
    ) -> None:
        self._ground = ground
        self._client = client
        self._database = database
        self._people = people
        self._resumed: dict[UUID, float] = {}
        self._busy = asyncio.Lock()
        self.lifted = 0

    async def run(self) -> None:
        """Look after stops for as long as the chaos lasts."""
        while True:
            async with self._busy:
                with contextlib.suppress(*AWAY):
                    await self._look()
            await asyncio.sleep(_LOOK)

    async def stop_account(self, network: str) -> tuple[float | None, list[str]]:
        """Stop an account softly, wait until its guard reports, lift the stop.

        Returns:
            Real seconds until nothing of the account was on by the network's own truth (None: the
            guard did not report, or nothing was ever on), and what was still on.
        """
        async with self._busy:
            account = await self._account(network)
            pressed = datetime.now(UTC)
            order = StopOrder(
                by=BY,
                level=StopLevel.SOFT,
                reason="chaos: the account is stopped",
                scope=f"account:{account.id}",
                pressed_at=pressed,
                incident=f"stop/account:{account.id}/{pressed:%Y%m%dT%H%M%S.%f}",
            )
            guard = self._client.get_workflow_handle(guard_id(account))
            try:
                await guard.signal("stop", order)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None, []  # nothing was ever switched on there
                raise
            report = await self._report(order, account)
            if report is None:
                return None, [f"the stop of the {network} account was not confirmed"]
            # An activation that was under way when the guard paused is undone by its campaign.
            deadline = asyncio.get_running_loop().time() + _UNDONE
            while on := await self._still_on(network):
                if asyncio.get_running_loop().time() > deadline:
                    break
                await asyncio.sleep(_EVERY)
            flat = datetime.now(UTC)
            problems = [f"{network} campaign {one} is on after the account's stop" for one in on]
            problems += [f"{one} is unconfirmed by the guard" for one in report.unconfirmed]
            await self._lift()
            return (flat - pressed).total_seconds(), problems

    async def _look(self) -> None:
        async with self._database.team(self._ground.settings.team_id) as session:
            standing = (
                await session.scalars(
                    select(StandingStop.id).where(col(StandingStop.lifted_at).is_(None))
                )
            ).all()
        if standing:
            await self._lift()
        for campaign, row in (await self._people.rows()).items():
            stopped = row.status == CampaignStatus.PAUSED.value and STOPPED in (
                row.pause_reason or ""
            )
            if stopped and campaign in self._people.campaigns:
                await self._resume(campaign)

    async def _lift(self) -> None:
        """Every stop, with a name and a reason."""
        settings = self._ground.settings
        lift = Lift(by=BY, reason="chaos: looked into, the networks are known", scope="all")
        now = settings.clock.campaign_time(datetime.now(UTC))
        done = await recover(self._database, self._client, settings.team_id, lift, now=now)
        self.lifted += done.stops

    async def _resume(self, campaign: UUID) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._resumed.get(campaign, -_AGAIN) < _AGAIN:
            return
        view, _ = await view_of(self._client, campaign)
        if view is None or refused_by_limit(view) is not None:
            return
        self._resumed[campaign] = now
        await self._people.signal(campaign, "resume", Resume(by=BY, reason="chaos: after a stop"))

    async def _account(self, network: str) -> AdAccount:
        async with self._database.team(self._ground.settings.team_id) as session:
            row = await session.scalar(select(Account).where(col(Account.platform) == network))
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

    async def _still_on(self, network: str) -> list[str]:
        lines: list[dict[str, Any]] = (await self._ground.read("/truth"))["lines"]
        return sorted(
            str(line["campaign_id"])
            for line in lines
            if line["network"] == network and line["active"]
        )
