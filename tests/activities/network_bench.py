"""One campaign of a team on a sandbox network, as activities meet it: no workflow runs."""

import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from sqlmodel import col, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.access import AccountAccess
from activities.effects import EffectLog
from activities.failures import FailureCounter
from activities.network import NetworkActivities
from activities.teams import ad_account
from creative.storage import DiskStorage
from models.contract.account import AdAccount
from models.contract.campaign import MediaPlan, NetworkTree
from models.contract.effects import CreateObject, TreeRef, effect_key
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    CampaignOrder,
    NetworkObject,
    ObjectKind,
    Order,
    Targeting,
)
from models.contract.vocabulary import CampaignStatus, Objective, Platform
from models.tables import Account, Campaign, Commitment, Effect
from platforms.network import AdNetwork
from platforms.registry import Networks
from starter.cli.app import run_command
from tests.stack import TeamUnderTest

SETTLE = timedelta(milliseconds=100)
USD = Money.of
CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP


@dataclass(frozen=True)
class Said:
    """What a command said and left with."""

    returncode: int
    stdout: str
    stderr: str


NOWHERE = DiskStorage(Path("/nowhere"))


@dataclass
class Ground:
    """A campaign that the database knows, and the activities that would carry it out."""

    team: TeamUnderTest
    account: AdAccount
    networks: Networks
    failures: FailureCounter
    network: AdNetwork
    campaign_id: UUID = field(default_factory=uuid4)

    @property
    def platform(self) -> str:
        return self.account.platform.value

    @property
    def activities(self) -> NetworkActivities:
        database = self.team.database
        return NetworkActivities(
            self.networks,
            EffectLog(database),
            NOWHERE,
            AccountAccess(database),
        )

    def now(self) -> datetime:
        return self.team.settings.clock.campaign_time(datetime.now(UTC))

    # -- orders -----------------------------------------------------------------------------

    def key(self, step: str) -> str:
        return effect_key(self.campaign_id, step)

    def campaign(self, **changes: Any) -> CampaignOrder:
        given = {"key": self.key("campaign"), "name": "Spring", "objective": Objective.TRAFFIC}
        return CampaignOrder.model_validate({**given, "daily_budget": USD(20), **changes})

    def group(self, campaign_id: str, **changes: Any) -> AdGroupOrder:
        given = {
            "key": self.key("ad_group"),
            "name": "Readers",
            "campaign_id": campaign_id,
            "objective": Objective.TRAFFIC,
            "daily_budget": USD(20),
            "targeting": Targeting(),
            "start_time": self.now(),
            "end_time": self.now() + timedelta(days=30),
        }
        return AdGroupOrder.model_validate({**given, **changes})

    async def create(self, order: Order) -> NetworkObject:
        """One attempt of the activity."""
        ask = CreateObject(
            account=self.account, campaign_id=self.campaign_id, order=order, settle=SETTLE
        )
        return await ActivityEnvironment().run(self.activities.create_object, ask)

    async def refused(self, order: Order) -> ApplicationError:
        """An attempt that fails; its failure."""
        try:
            made = await self.create(order)
        except ApplicationError as error:
            return error
        raise AssertionError(f"it was created: {made}")

    def ref(self, tree: NetworkTree) -> TreeRef:
        return TreeRef(account=self.account, campaign_id=self.campaign_id, tree=tree, settle=SETTLE)

    # -- what is remembered -----------------------------------------------------------------

    async def row(self, **changes: Any) -> None:
        """Write the campaign down, or change what is written."""
        async with self.team.database.team(self.team.id) as session:
            stored = await session.get(Campaign, self.campaign_id)
            if stored is None:
                stored = Campaign(
                    id=self.campaign_id, team_id=self.team.id, account_id=self.account.id,
                    platform=self.platform, workflow_id=f"campaign-{self.campaign_id}",
                    name="Spring", objective="traffic", campaign_type="article",
                    destination_url="https://journal.example/", daily_budget_micros=20_000_000,
                    spend_micros=0, month_spend_micros=0,
                    plan=PLAN.model_dump(mode="json"),
                    updated_at=datetime.now(UTC) - timedelta(minutes=5),
                )  # fmt: skip
                session.add(stored)
            for name, value in changes.items():
                setattr(stored, name, value)

    async def commit(self, daily: Money, state: str = "confirmed") -> None:
        """A standing commitment of the campaign."""
        async with self.team.database.team(self.team.id) as session:
            session.add(
                Commitment(
                    team_id=self.team.id, account_id=self.account.id,
                    campaign_id=self.campaign_id, platform=self.platform, key=uuid4().hex,
                    daily_micros=daily.micros, state=state,
                )
            )  # fmt: skip

    async def effect(self, step: str) -> Effect:
        async with self.team.database.team(self.team.id) as session:
            found = await session.get(Effect, self.key(step))
            assert found is not None
            return found

    async def live(self) -> NetworkTree:
        """A campaign with an ad group, switched on and known to be, at $20 a day."""
        budget = USD(20)
        campaign = await self.create(self.campaign())
        group = await self.create(self.group(campaign.id))
        await self.network.switch(AD_GROUP, [group.id], on=True)
        await self.network.switch(CAMPAIGN, [campaign.id], on=True)
        tree = NetworkTree(campaign_id=campaign.id, ad_group_id=group.id)
        await self.row(
            status=CampaignStatus.ACTIVE.value,
            tree=tree.model_dump(mode="json"),
            platform_campaign_id=campaign.id,
            live_budget_micros=budget.micros,
        )
        await self.commit(budget)
        return tree

    async def seen(self, kind: ObjectKind, object_id: str | None) -> NetworkObject:
        assert object_id is not None
        (one,) = await self.network.read(kind, [object_id])
        return one

    def adflight(self, *arguments: str) -> Said:
        """Run a command for this team, as ``adflight`` does but in this process."""
        out, err = io.StringIO(), io.StringIO()
        variables = {"ADFLIGHT_TEAM_ID": str(self.team.id), "COLUMNS": "200"}
        with patch.dict(os.environ, variables), redirect_stdout(out), redirect_stderr(err):
            code = run_command(list(arguments))
        return Said(code, out.getvalue(), err.getvalue())

    def told(self, *arguments: str, code: int = 0) -> Any:
        """A command with --json; its document."""
        done = self.adflight(*arguments, "--json")
        assert done.returncode == code, done
        return json.loads(done.stdout)


PLAN = MediaPlan(name="Spring", destination_url="https://journal.example/", daily_budget=USD(20))


@asynccontextmanager
async def grounds(team: TeamUnderTest, platform: str) -> AsyncIterator[Ground]:
    """A ground on one network; what it left on is switched off after it."""
    async with team.database.team(team.id) as session:
        row = await session.scalar(select(Account).where(col(Account.platform) == platform))
        assert row is not None
        account = ad_account(row)
    clock = team.settings.clock

    def now() -> datetime:
        return clock.campaign_time(datetime.now(UTC))

    failures = FailureCounter(team.database, now)
    networks = Networks(team.settings, now, on_failure=failures.note)
    ground = Ground(team, account, networks, failures, await networks.of(account))
    await ground.row(platform=Platform(platform).value)
    try:
        yield ground
    finally:
        await team.control.delete("/faults")
        for one in await ground.network.find(CAMPAIGN, ground.key("campaign")):
            await ground.network.remove(CAMPAIGN, one.id)
        await failures.drained()
        await networks.aclose()
