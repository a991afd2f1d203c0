"""If we die, spend stops: the network itself ends what nobody renews."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from models.contract.vocabulary import CampaignStatus
from models.settings import Settings
from tests.stack import TeamUnderTest, eventually, serving
from tests.stories import invariants
from tests.stories.conftest import clear_away
from tests.stories.scenes import (
    BRISK,
    admin_campaign,
    end_on_network,
    is_on,
    now,
    truth,
)
from workflows.search import ALL_KEYS

QUEUES = ("management", "creative", "analytics", "guard", "watch")


@pytest_asyncio.fixture(loop_scope="session")
async def lonely(bare_team: TeamUnderTest) -> AsyncGenerator[TeamUnderTest]:
    """A team in a Temporal namespace of its own, so that its workers can be stopped alone."""
    namespace = f"lease-{uuid4().hex[:8]}"
    service = bare_team.client.workflow_service
    await service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace,
            workflow_execution_retention_period=Duration(seconds=86_400),
        )
    )

    async def known() -> bool:
        try:
            await bare_team.client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=namespace,
                    search_attributes={
                        key.name: IndexedValueType.ValueType(key.indexed_value_type)
                        for key in ALL_KEYS
                    },
                )
            )
        except RPCError:
            return False
        return True

    await eventually(known)
    bare_team.client = Client(
        **{**bare_team.client.config(), "namespace": namespace}  # type: ignore[arg-type]
    )
    yield bare_team


async def test_without_workers_the_lease_runs_out_and_the_spend_goes_flat(
    lonely: TeamUnderTest, settings: Settings
) -> None:
    team = lonely
    team.cadence = BRISK.model_copy(update={"lease": timedelta(hours=2)})
    async with serving(settings, team.client, *QUEUES):
        handles = [await admin_campaign(team, platform) for platform in ("meta", "x")]
        views = [await team.until(handle, CampaignStatus.ACTIVE) for handle in handles]
        first = [await end_on_network(team, view) for view in views]

        async def renewed() -> bool:
            ends = [await end_on_network(team, view) for view in views]
            return all(end > before for end, before in zip(ends, first, strict=True))

        await eventually(renewed, seconds=10)
    ends = [await end_on_network(team, view) for view in views]
    assert max(ends) <= now(team) + timedelta(hours=2)

    async def ran_out() -> bool:
        return now(team) > max(ends)

    await eventually(ran_out, seconds=10)
    flat = [await truth(team, view) for view in views]
    assert [one["rate_micros_per_hour"] for one in flat] == [0, 0]
    assert all(one["spend_micros"] > 0 for one in flat)
    later = now(team) + timedelta(hours=1)

    async def an_hour_later() -> bool:
        return now(team) > later

    await eventually(an_hour_later, seconds=10)
    assert [(await truth(team, view))["spend_micros"] for view in views] == [
        one["spend_micros"] for one in flat
    ]
    assert all([await is_on(team, view) for view in views]), "nobody switched it off"

    # A controller that comes back renews the lease and goes on.
    async with serving(settings, team.client, *QUEUES):

        async def spends_again() -> bool:
            return all([(await truth(team, view))["rate_micros_per_hour"] for view in views])

        await eventually(spends_again, seconds=15)
        for handle in handles:
            assert (await team.view(handle)).status is CampaignStatus.ACTIVE
        await invariants.hold(team)
        await clear_away(team)
    await invariants.hold(team)
