"""Live campaigns on a throwaway stack: on its networks, in PostgreSQL and in Temporal.

Rows, commitments and workflows are those of campaigns that were launched a day ago.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, update
from temporalio.client import Client
from temporalio.service import RPCError

from activities.records import CampaignRecord, RecordActivities
from bench.live_campaigns import LiveAccount, LiveCampaign, beginning
from bench.live_objects import LiveObjects
from models.contract import queues
from models.contract.campaign import Cadence, CampaignInput
from models.contract.guard import GuardInput, Watched, guard_id
from models.tables import Campaign, Commitment
from workflows import search


class Seeding(LiveObjects):
    """Fills one stack."""

    async def write_down(self, accounts: Sequence[LiveAccount]) -> None:
        """Rows and commitments, as a launch would have left them."""
        records = RecordActivities(self._database)
        every = [made for live in accounts for made in live.campaigns]

        async def record(made: LiveCampaign) -> None:
            assert made.start.state is not None
            await records.record_campaign(
                CampaignRecord(
                    start=made.start.model_copy(update={"state": None}),
                    state=made.start.state,
                    workflow_id=made.workflow_id,
                )
            )

        await self._all("campaigns in PostgreSQL", [record(made) for made in every])
        async with self._database.team(self._settings.team_id) as session:
            # Written a while ago: what changed a moment ago is left alone by an inspection.
            await session.execute(
                update(Campaign).values(updated_at=datetime.now(UTC) - timedelta(hours=1))
            )
            await session.execute(
                insert(Commitment), [self._commitment(made.start) for made in every]
            )

    @staticmethod
    def _commitment(start: CampaignInput) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "id": uuid4(),
            "team_id": start.team_id,
            "account_id": start.account.id,
            "campaign_id": start.campaign_id,
            "platform": start.account.platform.value,
            "key": f"{start.campaign_id}/launch/1",
            "daily_micros": start.plan.daily_budget.micros,
            "currency": start.plan.daily_budget.currency,
            "over_delivery": start.over_delivery,
            "balanced": start.balanced,
            "until": None,
            "state": "confirmed",
            "created_at": now,
            "updated_at": now,
        }

    async def start_campaigns(
        self,
        client: Client,
        accounts: Sequence[LiveAccount],
        *,
        over: timedelta = timedelta(0),
    ) -> None:
        """Every campaign's workflow, in its active state, and listed as such.

        Their cadences begin evenly spread over ``over`` (campaign time), as those of campaigns
        that were launched at different hours.
        """
        every = [made for live in accounts for made in live.campaigns]

        async def begin(place: int, made: LiveCampaign) -> None:
            since = self._now() - over * (place / len(every))
            await client.start_workflow(  # pyright: ignore[reportUnknownMemberType]
                "campaign",
                beginning(made.start, since),
                id=made.workflow_id,
                task_queue=queues.MANAGEMENT,
                search_attributes=search.of_campaign(made.start),
            )

        await self._all("campaign workflows", [begin(*one) for one in enumerate(every)])
        live = f"WorkflowType = 'campaign' AND {search.STATUS.name} = 'active'"
        await self._listed(client, f"{live} AND ExecutionStatus = 'Running'", len(every))

    async def start_guards(
        self, client: Client, accounts: Sequence[LiveAccount], cadence: Cadence | None = None
    ) -> None:
        """A guard an account, that watches all its campaigns already, at its own cadence."""
        for live in accounts:
            start = live.campaigns[0].start
            watched = tuple(
                Watched(
                    campaign_id=made.start.campaign_id,
                    workflow_id=made.workflow_id,
                    network_id=made.network_id,
                    author=made.start.author,
                )
                for made in live.campaigns
            )
            await client.start_workflow(  # pyright: ignore[reportUnknownMemberType]
                "account-guard",
                GuardInput(
                    account=live.account,
                    clock=start.clock,
                    cadence=cadence or start.cadence,
                    watched=watched,
                ),
                id=guard_id(live.account),
                task_queue=queues.GUARD,
            )
        guards = "WorkflowType = 'account-guard' AND ExecutionStatus = 'Running'"
        team = f"{search.TEAM.name} = '{self._settings.team_id}'"
        await self._listed(client, f"{guards} AND {team}", len(accounts))

    async def _listed(self, client: Client, query: str, wanted: int) -> None:
        deadline = asyncio.get_running_loop().time() + 240
        while True:
            try:
                count = (await client.count_workflows(query)).count
            except RPCError:
                count = 0
            self._told("listed by Temporal", count, wanted)
            if count >= wanted:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{count} of {wanted} after 240 s: {query}")
            await asyncio.sleep(0.25)
