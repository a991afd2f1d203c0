"""A network that neither refuses a stop nor carries it out: people are called (G11, S9)."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from temporalio import activity, workflow
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from activities.notify import Notice
    from models.contract.account import AdAccount
    from models.contract.guard import BatchPause, BatchPaused, GuardInput, Watched
    from models.contract.queues import GUARD, MANAGEMENT, WATCH
    from models.contract.safety import Severity
    from models.contract.vocabulary import Author, Platform
    from tests.stack import TeamUnderTest, eventually
    from workflows.guard_steps import GuardSteps

LOCKED = "the ad account is locked"


@workflow.defn(name="stopping")
class Stopping:
    """The guard's stop alone."""

    @workflow.run
    async def run(self, guard: GuardInput) -> BatchPaused:
        steps = GuardSteps(guard)
        return await steps._pause_until_confirmed(guard.watched, "STOP")  # pyright: ignore[reportPrivateUsage]


class Network:
    """Shows everything as on for some rounds; counts what it was asked and what people heard."""

    def __init__(self, stubborn: int) -> None:
        self.stubborn = stubborn
        self.asked = list[int]()
        self.heard = list[Notice]()

    @activity.defn(name="pause_batch")
    async def pause(self, ask: BatchPause) -> BatchPaused:
        self.asked.append(len(ask.network_ids))
        if len(self.asked) == 1:  # a part goes off: no reason to call anybody
            off, *on = ask.network_ids
            return BatchPaused(paused=(off,), unconfirmed=tuple(on), refused=LOCKED)
        if len(self.asked) <= 1 + self.stubborn:
            return BatchPaused(paused=(), unconfirmed=ask.network_ids, refused=LOCKED)
        return BatchPaused(paused=ask.network_ids, unconfirmed=(), confirmed_at=datetime.now(UTC))

    @activity.defn(name="notify")
    async def notify(self, notice: Notice) -> None:
        self.heard.append(notice)


async def stopped(team: TeamUnderTest, network: Network) -> BatchPaused:
    """Stop three campaigns in a namespace where nobody else answers."""
    namespace = f"stop-{uuid4().hex[:8]}"
    await team.client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace, workflow_execution_retention_period=Duration(seconds=86_400)
        )
    )
    client = Client(
        team.client.service_client, namespace=namespace, data_converter=team.client.data_converter
    )
    account = AdAccount(
        id=uuid4(), team_id=team.id, platform=Platform.META, name="Meta 1", external_id="1"
    )
    watched = tuple(
        Watched(campaign_id=uuid4(), workflow_id=f"c{n}", network_id=str(n), author=Author.AI)
        for n in range(3)
    )
    workflows = Worker(client, task_queue=MANAGEMENT, workflows=[Stopping])
    calls = Worker(client, task_queue=GUARD, activities=[network.pause])
    alerts = Worker(client, task_queue=WATCH, activities=[network.notify])
    async with workflows, calls, alerts:

        async def begun() -> object:
            try:
                return await client.start_workflow(
                    "stopping",
                    GuardInput(account=account, watched=watched),
                    id=f"stopping-{uuid4()}",
                    task_queue=MANAGEMENT,
                    result_type=BatchPaused,
                )
            except RPCError:  # a new namespace is known everywhere a moment later
                return None

        handle = await eventually(begun)
        return await asyncio.wait_for(handle.result(), 60)


async def test_what_stays_on_calls_a_person_and_is_asked_for_ever_more_slowly(
    bare_team: TeamUnderTest,
) -> None:
    network = Network(stubborn=2)
    began = asyncio.get_running_loop().time()
    done = await stopped(bare_team, network)
    assert set(done.paused) == {"0", "1", "2"}
    assert network.asked == [3, 2, 2, 2]
    (told,) = network.heard
    assert told.severity is Severity.CRITICAL
    assert told.title == "NOT STOPPED on Meta 1: a person must act"
    assert told.body == f"2 campaign(s) may still spend. {LOCKED}"
    assert asyncio.get_running_loop().time() - began > 5, "a network that will not is not hurried"


async def test_a_late_answer_calls_nobody(bare_team: TeamUnderTest) -> None:
    network = Network(stubborn=1)
    done = await stopped(bare_team, network)
    assert set(done.paused) == {"0", "1", "2"}
    assert network.heard == []
