"""A stack of the fault tests' own, whose parts may be killed, and what must hold after it."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from models.contract.campaign import Approve, CampaignView
from models.contract.effects import effect_key
from models.contract.vocabulary import CampaignStatus, DecisionType
from models.database import Database
from models.settings import Settings
from starter.chaos.network_truth import Switches, by_key, is_on, words
from starter.chaos.throwaway import bare_environment
from starter.stack.local import LocalStack, Options
from starter.team import set_up
from starter.temporal import connect
from tests.stack import ENCRYPTION_KEY, TEMPO, TeamUnderTest, eventually

ROOT = Path(__file__).parents[2]


@dataclass
class WorkerProcess:
    """``python -m worker`` as an operator runs it: a process that can be killed."""

    environment: dict[str, str]
    log: Path
    queues: str = "management,creative,analytics,guard,watch"
    kills: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; ``ready`` waits for its first poll."""
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "worker", "--queues", self.queues],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until it says so."""

        async def said() -> bool:
            assert self.process is not None
            text = self.log.read_text(errors="replace")
            assert self.process.poll() is None, f"the worker ended: {text[-2000:]}"
            return "worker ready" in text

        await eventually(said, seconds=30)

    def kill(self) -> None:
        """``kill -9``: no goodbye to anybody."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None
            self.kills += 1


@dataclass
class Rig:
    """One stack, one team, one worker process."""

    stack: LocalStack
    team: TeamUnderTest
    worker: WorkerProcess

    @property
    def client(self) -> Client:
        """Temporal."""
        return self.team.client

    async def start_worker(self) -> None:
        """Start the worker and wait for it."""
        self.worker.start()
        await self.worker.ready()

    async def restart_networks(self) -> None:
        """An outage of every ad network; what they hold, armed faults included, is kept.

        Their rate limits begin anew with them: X lets a token read its catalogue of countries
        five times in a quarter of an hour, which restarted workers would use up.
        """
        sandbox = self.stack.programs["sandbox"]
        await asyncio.to_thread(sandbox.stop)
        sandbox.start()

        async def there() -> bool:
            try:
                return (await self.team.control.get("/health")).is_success
            except httpx.TransportError:
                return False

        await eventually(there, seconds=20)

    async def propose(self) -> dict[str, WorkflowHandle[Any, Any]]:
        """A published article whose campaigns wait for approval, by platform."""
        return await self.team.proposed(await self.team.promote(await self.team.publish()))

    async def approve(self, handles: Iterable[WorkflowHandle[Any, Any]]) -> None:
        """A person agrees, by signal: it needs no living worker."""
        for handle in handles:
            await handle.signal("approve", Approve(by="ana", version=1))

    async def launched(
        self, handles: Iterable[WorkflowHandle[Any, Any]], seconds: float = 60
    ) -> list[CampaignView]:
        """Wait until every campaign is switched on."""
        there = (CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
        return [await self.until(handle, *there, seconds=seconds) for handle in handles]

    async def until(
        self, handle: WorkflowHandle[Any, Any], *wanted: CampaignStatus, seconds: float = 60
    ) -> CampaignView:
        """Wait for a status; queries of a worker that is being killed may fail meanwhile."""

        async def there() -> CampaignView | None:
            try:
                view = await asyncio.wait_for(self.team.view(handle), 5)
            except (RPCError, TimeoutError):
                return None
            lost = view.status.is_final and view.status not in wanted
            assert not lost, f"{view.platform} is {view.status.value}: {view.error}"
            return view if view.status in wanted else None

        try:
            return await eventually(there, seconds=seconds, every=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}; {await self.explain(handle)}") from None

    async def explain(self, handle: WorkflowHandle[Any, Any]) -> str:
        """Where a campaign stands, as the server and the worker's log have it."""
        raw = (await handle.describe()).raw_description
        pending = "; ".join(str(one).replace("\n", " ") for one in raw.pending_activities)
        task = str(raw.pending_workflow_task).replace("\n", " ")
        log = self.worker.log.read_text(errors="replace")[-1500:]
        return f"{handle.id}: activities [{pending}], workflow task [{task}], worker log:\n{log}"

    async def fired(self, network: str, kind: str) -> int:
        """How often a fault was played."""
        counts = (await self.team.control.get("/faults")).json()["counts"]
        return counts.get(network, {}).get(kind, {}).get("fired", 0)

    async def live_objects(self, view: CampaignView) -> dict[str, list[str]]:
        """Ids on the network that are not deleted, by key, for the keys of a campaign."""
        shelf = (await self.team.control.get(f"/objects/{view.platform}")).json()
        found = by_key(view.platform, shelf)
        return {key: [one.id for one in found[key]] for key in _keys(view) if key in found}

    async def assert_single(self, view: CampaignView) -> None:
        """One live object a key, the one the campaign knows, every effect confirmed."""
        effects = await self.team.effects(view.campaign_id)
        assert len(effects) == 2 + 2 * len(view.tree.ad_ids), [one.kind for one in effects]
        assert {effect.state for effect in effects} == {"confirmed"}
        found = await self.live_objects(view)
        for key, known in _known(view).items():
            assert found.get(key) == [known], f"{view.platform} {key}: {found.get(key)} ≠ {known}"
        await self.assert_never_two_active(view)

    async def assert_never_two_active(self, view: CampaignView) -> None:
        """The network's own journal: at no instant were two objects of a key switched on."""
        notes = (await self.team.control.get(f"/journal?network={view.platform}")).json()
        mine = [
            one for one in notes if set(_keys(view)).intersection(one["detail"].get("keys", ()))
        ]
        assert mine, "the journal knows none of the campaign's keys"
        switches = Switches()
        switches.take(mine)
        assert not switches.twice, switches.twice

    async def campaign_is_on(self, view: CampaignView) -> bool:
        """Whether any campaign under the key is switched on, as the network has it."""
        key = effect_key(view.campaign_id, "campaign")
        return any(
            is_on(row)
            for row in await self.team.objects(view.platform, "campaign")
            if key in words(view.platform, row)
        )

    async def is_active(self, handle: WorkflowHandle[Any, Any], step: str, kind: str) -> bool:
        """Whether the network's journal shows the object of a step switched on by now."""
        key = effect_key(UUID(handle.id.removeprefix("campaign-")), step)
        notes = (await self.team.control.get("/journal")).json()
        return any(
            key in note["detail"]["keys"] and note["detail"]["status"] == "ACTIVE"
            for note in notes
            if note["kind"] == "switched" and note["detail"]["kind"] == kind
        )

    async def assert_kill_recorded(self, view: CampaignView) -> None:
        """The audit trail ends with the kill."""
        decisions = await self.team.decisions(view.campaign_id)
        assert decisions[-1].decision_type == DecisionType.KILL.value

    async def switched_off(self, view: CampaignView, seconds: float = 20) -> None:
        """Wait until the network shows the campaign off."""

        async def off() -> bool:
            return not await self.campaign_is_on(view)

        await eventually(off, seconds=seconds)


async def steadily(check: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Assert that something holds at every look for a while."""
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        assert await check(), "it did not stay so"
        await asyncio.sleep(0.1)


def seeded(seed: int) -> random.Random:
    """Random instants that a failure report lets repeat."""
    return random.Random(seed)


@asynccontextmanager
async def own_stack(*, sealed: bool = True, **dynamic_config: str) -> AsyncGenerator[LocalStack]:
    """A stack that nobody else uses, so that its servers may be stopped; no workers. Histories
    to be read by people are not ``sealed``."""
    directory = _directory()
    knobs = tuple((key.replace("__", "."), value) for key, value in dynamic_config.items())
    with bare_environment():
        stack = LocalStack(
            Options(
                directory,
                tempo=TEMPO,
                seed=7,
                temporal_port=0,
                ui_port=0,
                sandbox_port=0,
                events_port=0,
                workers=False,
                environment=(("ENCRYPTION_KEY", ENCRYPTION_KEY),) if sealed else (),
                dynamic_config=knobs,
            )
        )
        await asyncio.to_thread(stack.start)
    try:
        yield stack
    finally:
        await asyncio.to_thread(stack.stop)
        shutil.rmtree(directory, ignore_errors=True)


def _directory() -> Path:
    # A short path: the database's socket lives below it, and its user must be let in.
    directory = Path(tempfile.mkdtemp(prefix="af-", dir="/tmp"))
    directory.chmod(0o755)
    return directory


@asynccontextmanager
async def rigged(stack: LocalStack) -> AsyncGenerator[Rig]:
    """A new team on a stack, with a worker that is started by the test."""
    settings = settings_of(stack).model_copy(update={"team_id": uuid4()})
    client, database = await connect(settings), Database(settings.database_url)
    worker = WorkerProcess(stack.environment, Path(f"{settings.directory}/logs/w{os.getpid()}.log"))
    try:
        await set_up(database, settings, environ={})
        url = f"{settings.sandbox_url}/control"
        async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as control:
            rig = Rig(stack, _team(settings, client, database, control), worker)
            await rig.restart_networks()
            await control.delete("/faults")
            yield rig
    finally:
        worker.kill()
        await _end_workflows(client)
        await database.close()


def settings_of(stack: LocalStack) -> Settings:
    """Settings of the stack's processes, without leaving them in our environment."""
    with bare_environment():
        return stack.settings()


def _team(
    settings: Settings, client: Client, database: Database, control: httpx.AsyncClient
) -> TeamUnderTest:
    return TeamUnderTest(settings.team_id, settings, client, database, control)


async def _end_workflows(client: Client) -> None:
    async for one in client.list_workflows("ExecutionStatus = 'Running'"):
        try:
            await client.get_workflow_handle(one.id).terminate("the test is over")
        except RPCError:
            continue  # it ended by itself


def _keys(view: CampaignView) -> list[str]:
    steps = ["campaign", "ad_group"]
    for variant in view.tree.creative_ids:
        steps += [f"creative/{variant}", f"ad/{variant}"]
    return [effect_key(view.campaign_id, step) for step in steps]


def _known(view: CampaignView) -> dict[str, str]:
    tree, campaign = view.tree, view.campaign_id
    assert tree.campaign_id is not None
    assert tree.ad_group_id is not None
    known = {"campaign": tree.campaign_id, "ad_group": tree.ad_group_id}
    known |= {f"creative/{variant}": one for variant, one in tree.creative_ids.items()}
    known |= {f"ad/{variant}": one for variant, one in tree.ad_ids.items()}
    return {effect_key(UUID(str(campaign)), step): one for step, one in known.items()}
