"""The stack under test: real PostgreSQL, real Temporal server, sandbox networks over HTTP.

One per test session (and per xdist worker). Each test has a team of its own, so that limits,
approvals and campaigns of one test never meet those of another.
"""

import asyncio
import shutil
import tempfile
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlmodel import col, select
from temporalio.client import Client, WorkflowHandle

from activities.starts import start_promotion
from models.contract.campaign import Cadence, CampaignView
from models.contract.ids import campaign_workflow_id, promotion_id
from models.contract.limits import SpendLimits
from models.contract.promotion import PromotionInput
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from models.settings import Settings
from models.tables import Campaign, DecisionRow, Effect, Team
from platforms.registry import ADAPTERS
from starter.stack.local import LocalStack, Options
from starter.team import set_up
from starter.temporal import connect
from tests.secret_scan import PLANTED, Found, scan
from worker import Collaborators, build

PATIENCE = 2.5
"""How much slower than a quiet machine a loaded one may be; waiting costs only what fails."""

ENCRYPTION_KEY = b64encode(bytes(range(32))).decode()
"""What the tests' secrets are sealed with."""

TEMPO = 1200.0
"""Twenty campaign minutes per real second."""

QUICK = Cadence(restatement=timedelta(minutes=10))
"""The real cadences, but a campaign is archived soon after it completed."""

TEXT = " ".join(
    f"Sentence number {number} tells how the harbour town mends its nets and why it matters."
    for number in range(1, 16)
)


def page(url: str, title: str = "How a harbour town mends its nets", text: str = TEXT) -> str:
    """An article page."""
    return (
        f'<!doctype html><html><head><title>{title}</title><link rel="canonical" href="{url}">'
        f'<meta name="description" content="A short visit to the net lofts."></head>'
        f"<body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )


@dataclass
class TeamUnderTest:
    """One team on the shared stack, with what a test needs to tell and check a story."""

    id: UUID
    settings: Settings
    client: Client
    database: Database
    control: httpx.AsyncClient
    cadence: Cadence = field(default=QUICK)

    async def publish(self, name: str = "", **fields: str) -> str:
        """Publish an article page on the sandbox's site; its URL."""
        url = f"https://journal.example/{self.id.hex[:8]}/{name or uuid4().hex[:8]}"
        answer = await self.control.post("/pages", json={"url": url, "html": page(url, **fields)})
        answer.raise_for_status()
        return url

    async def unpublish(self, url: str) -> None:
        """Take a page off the sandbox's site."""
        (await self.control.delete("/pages", params={"url": url})).raise_for_status()

    async def promote(self, url: str) -> str:
        """Start a promotion; its id."""
        started = await start_promotion(
            self.client,
            PromotionInput(
                promotion_id=promotion_id(self.id, url),
                team_id=self.id,
                url=url,
                clock=self.settings.clock,
                cadence=self.cadence,
            ),
        )
        return started.promotion_id

    async def campaigns(self, promotion: str | None = None) -> list[Campaign]:
        """Campaign rows, by platform."""
        query = select(Campaign).order_by(col(Campaign.platform))
        if promotion:
            query = query.where(col(Campaign.promotion_id) == promotion)
        async with self.database.team(self.id) as session:
            return list((await session.scalars(query)).all())

    async def proposed(self, promotion: str) -> dict[str, WorkflowHandle[Any, Any]]:
        """Workflow handles by platform, once every campaign waits for approval."""
        result = await self.client.get_workflow_handle(promotion).result()
        handles = {}
        for campaign_id in result["campaigns"]:
            handle = self.handle(campaign_id)
            await self.until(handle, CampaignStatus.PENDING_APPROVAL)
            view = await self.view(handle)
            handles[view.platform] = handle
        return handles

    def handle(self, campaign_id: UUID | str) -> WorkflowHandle[Any, Any]:
        """The workflow of a campaign."""
        return self.client.get_workflow_handle(campaign_workflow_id(UUID(str(campaign_id))))

    async def view(self, handle: WorkflowHandle[Any, Any]) -> CampaignView:
        """A campaign as its workflow sees it."""
        return await handle.query("campaign", result_type=CampaignView)

    async def until(
        self, handle: WorkflowHandle[Any, Any], *wanted: CampaignStatus, seconds: float = 30
    ) -> CampaignView:
        """Wait until a campaign is in one of the states; fail with its story if it is not."""

        async def there() -> CampaignView | None:
            view = await self.view(handle)
            return view if view.status in wanted else None

        try:
            return await eventually(there, seconds=seconds)
        except AssertionError:
            view = await self.view(handle)
            story = " → ".join(f"{visit.status.value} ({visit.why})" for visit in view.visits)
            raise AssertionError(
                f"never {[one.value for one in wanted]}: {story}; error: {view.error}"
            ) from None

    async def decisions(self, campaign_id: UUID) -> list[DecisionRow]:
        """The audit trail of a campaign, oldest first."""
        async with self.database.team(self.id) as session:
            rows = await session.scalars(
                select(DecisionRow)
                .where(col(DecisionRow.campaign_id) == campaign_id)
                .order_by(col(DecisionRow.recorded_at))
            )
            return list(rows.all())

    async def effects(self, campaign_id: UUID) -> list[Effect]:
        """Effects asked of the network for a campaign."""
        async with self.database.team(self.id) as session:
            rows = await session.scalars(
                select(Effect).where(col(Effect.campaign_id) == campaign_id)
            )
            return list(rows.all())

    async def limits(self, limits: SpendLimits) -> None:
        """Set the team's limits."""
        async with self.database.team(self.id) as session:
            team = await session.get(Team, self.id)
            assert team is not None
            team.limits = limits.model_dump(mode="json")

    async def objects(self, network: str, kind: str) -> list[dict[str, Any]]:
        """What the sandbox network holds of one kind, whoever made it."""
        return (await self.control.get(f"/objects/{network}/{kind}")).json()

    async def arm(self, network: str, kind: str, **filters: object) -> None:
        """Arm a fault in the sandbox."""
        answer = await self.control.post(
            "/faults", json={"network": network, "kind": kind, **filters}
        )
        answer.raise_for_status()


async def eventually(
    check: Callable[[], Awaitable[Any]], *, seconds: float = 20, every: float = 0.1
) -> Any:
    """Poll until the check returns something true; fail after ``seconds`` of a quiet machine."""
    deadline = asyncio.get_running_loop().time() + seconds * PATIENCE
    while True:
        value = await check()
        if value:
            return value
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE} s")
        await asyncio.sleep(every)


@pytest.fixture(scope="session")
def stack() -> Generator[LocalStack]:
    """PostgreSQL, Temporal and the sandbox; no workers."""
    # A short path: the database's socket lives below it.
    directory = Path(tempfile.mkdtemp(prefix="af-", dir="/tmp"))
    directory.chmod(0o755)
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
            environment=(("ENCRYPTION_KEY", ENCRYPTION_KEY),),
        )
    )
    stack.start()
    yield stack
    try:
        found = asyncio.run(_scanned(stack, directory))
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)
    leaks = [leak for leak in dict.fromkeys(found.leaks) if PLANTED not in leak]
    assert not leaks, "\n".join(leaks)


async def _scanned(stack: LocalStack, directory: Path) -> Found:
    """No test may have left a secret anywhere."""
    settings = stack.settings()
    return await scan(await connect(settings), settings, directory)


@pytest.fixture(scope="session")
def settings(stack: LocalStack) -> Settings:
    """Settings of the stack's processes. An account that counts as a real one reaches the
    stand-ins all the same: nothing real is touched, whatever a test says of it."""
    known = stack.settings()
    hosts = {
        f"{platform.value}.{name}": f"{known.sandbox_url}{host.sandbox}"
        for platform, adapter in ADAPTERS.items()
        for name, host in adapter.hosts.items()
    }
    return known.model_copy(update={"network_hosts": hosts})


@asynccontextmanager
async def serving(settings: Settings, client: Client, *names: str) -> AsyncGenerator[None]:
    """Workers of the named queues, inside this process."""
    collaborators = Collaborators(settings, client)
    workers = [build(client, f"adflight-{name}", collaborators) for name in names]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            await worker.shutdown()
        await asyncio.gather(*tasks, return_exceptions=True)
        await collaborators.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(settings: Settings) -> Client:
    """Temporal."""
    return await connect(settings)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workers(settings: Settings, client: Client) -> AsyncGenerator[None]:
    """All workers."""
    async with serving(settings, client, "management", "creative", "analytics", "guard", "watch"):
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(settings: Settings) -> AsyncGenerator[Database]:
    """The application's connection."""
    database = Database(settings.database_url)
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bare_team(
    settings: Settings, client: Client, database: Database
) -> AsyncGenerator[TeamUnderTest]:
    """A new team with sandbox accounts; no worker runs unless the test starts one."""
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    async with httpx.AsyncClient(
        base_url=f"{settings.sandbox_url}/control",
        timeout=20,
        # The server closes idle connections after five seconds: one must not be met closing.
        limits=httpx.Limits(keepalive_expiry=2.0),
    ) as control:
        yield TeamUnderTest(own.team_id, own, client, database, control)


@pytest_asyncio.fixture(loop_scope="session")
async def team(bare_team: TeamUnderTest, workers: None) -> TeamUnderTest:
    """A new team with sandbox accounts, on a stack with workers."""
    return bare_team
