"""The daily digest (H12, O8): what waited, told once, by a real schedule."""

from collections.abc import AsyncGenerator, Generator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlmodel import col, select
from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.digest import DigestActivities
from activities.incidents import IncidentActivities, Resolution
from activities.notify import NotifyActivities
from models.contract.incident import IncidentReport
from models.contract.notice import Notice
from models.contract.safety import Severity
from models.database import Database
from models.settings import Settings
from models.tables import Account, Notification, Snapshot
from starter.schedules import digest_id, set_up_schedules
from starter.team import set_up
from tests.alert_endpoint import Endpoint, serving_alerts, with_channels
from tests.stack import eventually
from workflows.digest import DigestWorkflow


class Morning:
    """A team with a digest schedule and a worker of its own."""

    def __init__(
        self, client: Client, database: Database, settings: Settings, endpoint: Endpoint
    ) -> None:
        self.client = client
        self.database = database
        self.settings = settings
        self.endpoint = endpoint
        self.team = settings.team_id
        self.notify = NotifyActivities(database, settings)
        self.incidents = IncidentActivities(database)
        self.queue = f"digest-{self.team}"
        self.schedule = client.get_schedule_handle(digest_id(self.team))

    async def tell(self, severity: Severity, title: str, body: str = "") -> None:
        notice = Notice(
            team_id=self.team, key=uuid4().hex, title=title, body=body, severity=severity
        )
        await ActivityEnvironment().run(self.notify.notify, notice)

    async def run(self) -> dict[str, object]:
        """Trigger the schedule; what its workflow answered."""
        before = (await self.schedule.describe()).info.num_actions
        await self.schedule.trigger()

        async def started() -> object:
            info = (await self.schedule.describe()).info
            return info.num_actions > before and not info.running_actions and info.recent_actions

        actions = await eventually(started)
        action = actions[-1].action
        handle = self.client.get_workflow_handle(
            action.workflow_id, run_id=action.first_execution_run_id
        )
        return await handle.result()

    async def spend(self, platform: str, micros: int, day: date, as_of: datetime) -> None:
        async with self.database.team(self.team) as session:
            account = await session.scalar(select(Account).where(col(Account.platform) == platform))
            assert account is not None
            session.add(
                Snapshot(
                    team_id=self.team, account_id=account.id, campaign_id=uuid4(),
                    platform_campaign_id="1", day=day, as_of=as_of, spend_micros=micros,
                )
            )  # fmt: skip

    def told(self, channel: str = "slack") -> list[str]:
        return [f"{one['title']}\n{one['message']}" for one in self.endpoint.accepted[channel]]


@pytest.fixture
def endpoint() -> Generator[Endpoint]:
    with serving_alerts() as endpoint:
        yield endpoint


@pytest_asyncio.fixture(loop_scope="session")
async def morning(
    settings: Settings, client: Client, database: Database, endpoint: Endpoint
) -> AsyncGenerator[Morning]:
    channels = {name: endpoint.channel(name) for name in ("slack", "sms")}
    own = with_channels(settings, uuid4(), alert_channels=channels, alerts_per_hour=2)
    own = own.model_copy(update={"tempo": 1.0})  # yesterday stays yesterday while we look
    await set_up(database, own, environ={})
    one = Morning(client, database, own, endpoint)
    digest = DigestActivities(database, own)
    await set_up_schedules(client, own, one.queue)
    async with Worker(
        client,
        task_queue=one.queue,
        workflows=[DigestWorkflow],
        activities=[one.notify.notify, digest.compose_digest, digest.mark_told],
    ):
        yield one
    await one.schedule.delete()


async def test_what_waited_is_told_once_over_the_chosen_channels(morning: Morning) -> None:
    assert await morning.run() == {"sent": False, "told": 0}
    assert not morning.told()

    await morning.tell(Severity.LOW, "Fresh creatives wanted", "CTR fell by half")
    await morning.tell(Severity.MEDIUM, "Ahead of plan")
    for n in range(3):
        await morning.tell(Severity.HIGH, f"alert {n}")
    assert len(morning.endpoint.accepted.pop("slack")) == 2
    report = IncidentReport(
        key="i", team_id=morning.team, at=datetime.now(UTC), severity=Severity.HIGH, cause="c",
        title="t", text="x", scope="campaign",
    )  # fmt: skip
    opened = await ActivityEnvironment().run(morning.incidents.report, report)
    now = morning.settings.clock.campaign_time(datetime.now(UTC))
    yesterday = (now - timedelta(days=1)).date()
    read = now - timedelta(hours=3)
    await morning.spend("meta", 7_000_000, yesterday, read)
    await morning.spend("meta", 5_500_000, yesterday, read - timedelta(hours=1))
    await morning.spend("x", 9_000_000, yesterday - timedelta(days=1), read)

    assert await morning.run() == {"sent": True, "told": 3}
    (told,) = morning.told()
    assert not morning.told("sms")
    for part in (
        "3 notices, 1 open incident", "Open incidents: 1", "Alerts held back or repeated: 1",
        "low: Fresh creatives wanted – CTR fell by half", "medium: Ahead of plan",
        "high: alert 2", "Spend yesterday: meta $12.50 (figures ",
    ):  # fmt: skip
        assert part in told, (part, told)
    assert "alert 1" not in told, "what was told already"
    assert "; x" not in told, "the day before yesterday"

    resolution = Resolution(
        team_id=morning.team, incident_id=opened.incident_id, by="ana", reason="r"
    )
    await ActivityEnvironment().run(morning.incidents.resolve, resolution)
    assert await morning.run() == {"sent": True, "told": 0}
    assert morning.told()[1].splitlines()[:2] == [
        "Adflight digest: 0 notices, 0 open incidents", "Open incidents: 0",
    ], "no notice is told twice"  # fmt: skip


async def test_what_reached_nobody_waits_for_the_next_digest(morning: Morning) -> None:
    morning.endpoint.faults = {"slack": [500], "sms": [500]}
    with pytest.raises(Exception, match="not delivered"):
        await morning.tell(Severity.CRITICAL, "unheard")
    async with morning.database.team(morning.team) as session:
        row = await session.scalar(select(Notification))
        assert row is not None
        row.created_at -= timedelta(minutes=61)
    morning.endpoint.faults = {"slack": [500, 500]}
    assert await morning.run() == {"sent": True, "told": 1}
    (told,) = morning.told()
    assert "critical: unheard" in told


async def test_the_schedule_is_kept_and_brought_up_to_date(morning: Morning) -> None:
    async def hours() -> list[int]:
        described = await morning.schedule.describe()
        action = described.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert (action.workflow, action.id) == ("digest", digest_id(morning.team))
        assert described.schedule.policy.overlap.name == "SKIP"
        return [
            hour.start for calendar in described.schedule.spec.calendars for hour in calendar.hour
        ]

    assert await hours() == [8]
    await morning.schedule.pause(note="on holiday")
    await set_up_schedules(morning.client, morning.settings, morning.queue)
    assert await hours() == [8]
    later = morning.settings.model_copy(update={"digest_hour": 17})
    await set_up_schedules(morning.client, later, morning.queue)
    assert await hours() == [17]
    state = (await morning.schedule.describe()).schedule.state
    assert (state.paused, state.note) == (True, "on holiday")
    next_times = (await morning.schedule.describe()).info.next_action_times
    assert {(at.hour, at.minute) for at in next_times} == {(17, 0)}
