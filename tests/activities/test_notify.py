"""Alerts (G10, G11, O2, O3, O5-O7, O9, CONFLICT-72): who is told what, how often."""

import asyncio
import io
import logging
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.incidents import IncidentActivities, close
from activities.notify import NotifyActivities
from models.contract.incident import IncidentReport
from models.contract.money import Money
from models.contract.notice import Notice, incident_notice
from models.contract.safety import Severity
from models.database import Database
from models.settings import Settings
from models.tables import Incident, Notification
from starter.team import set_up
from tests.alert_endpoint import Endpoint, serving_alerts, with_channels
from tests.stack import PATIENCE, eventually
from workflows import timeouts
from workflows.errands import carry_out

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def endpoint() -> Generator[Endpoint]:
    with serving_alerts() as endpoint:
        yield endpoint


@pytest_asyncio.fixture(loop_scope="session")
async def team_id(settings: Settings, database: Database) -> UUID:
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    return own.team_id


class Desk:
    """A team's alerts as a test sees them: send, and look at what was recorded."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.team = settings.team_id
        self.activities = NotifyActivities(database, settings)

    def notice(self, severity: Severity, title: str = "t", **fields: Any) -> Notice:
        fields.setdefault("key", uuid4().hex)
        return Notice(team_id=self.team, title=title, severity=severity, **fields)

    async def send(self, notice: Notice) -> bool:
        return await ActivityEnvironment().run(self.activities.notify, notice)

    async def tell(self, severity: Severity, title: str = "t", **fields: Any) -> bool:
        return await self.send(self.notice(severity, title, **fields))

    async def rows(self) -> list[Notification]:
        async with self.database.team(self.team) as session:
            query = select(Notification).order_by(col(Notification.created_at))
            return list((await session.scalars(query)).all())


@pytest.fixture
def desk(endpoint: Endpoint, database: Database, settings: Settings, team_id: UUID) -> Desk:
    channels = {name: endpoint.channel(name) for name in ("email", "slack", "sms", "push")}
    return Desk(database, with_channels(settings, team_id, alert_channels=channels))


async def test_severity_says_who_is_told(
    desk: Desk, endpoint: Endpoint, settings: Settings, team_id: UUID
) -> None:
    for severity in Severity:
        await desk.tell(severity, severity.value)
    chosen = ["high", "critical"]
    assert {one: endpoint.titles(one) for one in ("email", "slack", "push", "sms")} == {
        "email": chosen, "slack": chosen, "push": chosen, "sms": ["critical"],
    }  # fmt: skip
    rows = {row.severity: row for row in await desk.rows()}
    assert {name: row.digest for name, row in rows.items()} == {
        "low": True, "medium": True, "high": False, "critical": False,
    }  # fmt: skip
    assert set(rows["critical"].delivered_to) == {"log", "email", "slack", "sms", "push"}
    assert rows["high"].delivered_at is not None
    assert rows["low"].delivered_at is None
    # A running campaign's history still says "info".
    assert Notice.model_validate({"team_id": team_id, "key": "k", "title": "t", "severity": "info"}
        ).severity is Severity.LOW  # fmt: skip

    channels = {name: endpoint.channel(name) for name in ("email", "slack", "sms")}
    choosy = with_channels(
        settings, team_id, alert_channels=channels, alert_high=("slack", "sms", "pager"),
        notify_url=endpoint.channel("old"),
    )  # fmt: skip
    picked = Desk(desk.database, choosy)
    await picked.tell(Severity.HIGH, "chosen")
    assert "chosen" in endpoint.titles("slack")
    assert not [one for one in ("email", "sms", "old") if "chosen" in endpoint.titles(one)]
    await picked.tell(Severity.CRITICAL, "all")
    assert all("all" in endpoint.titles(one) for one in ("email", "slack", "sms", "old"))


async def test_an_alert_says_what_happened_with_numbers_and_where_to_look(
    desk: Desk, endpoint: Endpoint
) -> None:
    report = IncidentReport(
        key="zero/7", team_id=desk.team, at=NOW, severity=Severity.HIGH, cause="zero_conversions",
        title="Bakery by hand", text="52 conversions were expected by now, none came",
        scope="campaign", level="emergency", numbers={"expected": 52.0, "spent": 1234.5},
        money_at_risk=Money.of("12.30"), done=("paused 1 campaign on meta",),
    )  # fmt: skip
    await desk.send(incident_notice(report))
    (told,) = endpoint.accepted["sms"]
    assert told["title"] == "EMERGENCY STOP: Bakery by hand"
    for part in (
        "52 conversions were expected", "expected: 52", "spent: 1,234.5", "$12.30",
        "paused 1 campaign", f"adflight incident {report.id}",
    ):  # fmt: skip
        assert part in told["message"], part


async def test_an_incident_alerts_once_and_again_when_it_is_worse(
    desk: Desk, endpoint: Endpoint
) -> None:
    same = [desk.notice(Severity.HIGH, f"n{n}", incident_key="cpc/1") for n in range(10)]
    await asyncio.gather(*(desk.send(one) for one in same))
    assert len(endpoint.titles("email")) == 1
    await desk.send(same[0])
    await desk.tell(Severity.MEDIUM, "calmer", incident_key="cpc/1")
    assert len(endpoint.titles("email")) == 1

    await desk.tell(Severity.CRITICAL, "worse", incident_key="cpc/1")
    await desk.tell(Severity.CRITICAL, "worse still", incident_key="cpc/1")
    await desk.tell(Severity.HIGH, "other", incident_key="cpc/2")
    assert endpoint.titles("email")[1:] == ["worse", "other"]
    assert endpoint.titles("sms") == ["worse"]
    held = [row.delivered_to.get("held") for row in await desk.rows() if row.digest]
    assert held.count("people were alerted to this incident") == 10

    await desk.tell(Severity.HIGH, "one key", key="same")
    await desk.tell(Severity.CRITICAL, "one key, worse", key="same")
    await desk.tell(Severity.CRITICAL, "one key, worse", key="same")
    assert endpoint.titles("sms") == ["worse", "one key, worse"]


async def test_an_incident_that_opens_again_alerts_again(desk: Desk, endpoint: Endpoint) -> None:
    incidents = IncidentActivities(desk.database)

    async def trouble(n: int) -> None:
        report = IncidentReport(
            key="cpc/1", team_id=desk.team, at=NOW, severity=Severity.HIGH, cause="cpc_spike",
            title=f"trouble {n}", text=f"CPC ${n}", scope="campaign",
        )  # fmt: skip
        await ActivityEnvironment().run(incidents.report, report)
        await desk.send(incident_notice(report))
        await desk.send(incident_notice(report))

    await trouble(1)
    await trouble(2)
    async with desk.database.team(desk.team) as session:
        (incident,) = await session.scalars(select(Incident))
        assert await close(session, incident.id, "ana", "bid lowered")
    await trouble(3)
    await trouble(4)
    assert endpoint.titles("slack") == ["trouble 1", "trouble 3"]


async def test_high_alerts_are_throttled_and_critical_ones_never(
    endpoint: Endpoint, database: Database, settings: Settings, team_id: UUID
) -> None:
    channels = {"slack": endpoint.channel("slack")}
    own = with_channels(settings, team_id, alert_channels=channels, alerts_per_hour=3)
    desk = Desk(database, own)
    await asyncio.gather(*(desk.tell(Severity.HIGH) for _ in range(8)))
    await asyncio.gather(*(desk.tell(Severity.CRITICAL, "c") for _ in range(4)))
    assert sorted(endpoint.titles("slack")) == ["c"] * 4 + ["t"] * 3
    held = [row.delivered_to["held"] for row in await desk.rows() if row.digest]
    assert held == ["over 3 high alerts within an hour"] * 5


# -- through Temporal ---------------------------------------------------------------------------


@workflow.defn(name="tell-in-a-test", sandboxed=False)
class Tell:
    @workflow.run
    async def run(self, notice: Notice) -> bool:
        return await carry_out(NotifyActivities.notify, notice, timeouts.NOTICE, "Tell")


@asynccontextmanager
async def telling(client: Client, desk: Desk) -> AsyncGenerator[str]:
    """A worker that delivers the desk's notices; its task queue."""
    queue = f"alerts-{uuid4()}"
    async with Worker(
        client, task_queue=queue, workflows=[Tell], activities=[desk.activities.notify]
    ):
        yield queue


async def test_a_retry_repeats_only_the_channels_that_failed(
    desk: Desk, endpoint: Endpoint, client: Client
) -> None:
    endpoint.faults = {"slack": [500, 503]}
    began = time.monotonic()
    async with telling(client, desk) as queue:
        running = await client.start_workflow(
            Tell.run,
            desk.notice(Severity.CRITICAL, "overspend", incident_key="over/1"),
            id=queue,
            task_queue=queue,
        )

        async def half_told() -> bool:
            rows = await desk.rows()
            return bool(rows) and rows[0].delivered_to.get("slack") == (
                "failed: the service answered 500"
            )

        await eventually(half_told, every=0.02)
        assert (await desk.rows())[0].delivered_at is None
        # Another notice of it does not alert while the first is still being delivered.
        assert not await desk.tell(Severity.CRITICAL, "again", incident_key="over/1")
        assert await running.result() is True
    assert (endpoint.refused["slack"], endpoint.titles("slack")) == (2, ["overspend"])
    for name in ("email", "sms", "push"):
        assert endpoint.titles(name) == ["overspend"], name
        assert endpoint.at[name] - began < 60
    assert endpoint.at["slack"] - began < 60, "delivered late"
    assert endpoint.at["slack"] - began < 6 * PATIENCE
    row = (await desk.rows())[0]
    assert row.delivered_at is not None
    assert set(row.delivered_to) == {"log", "email", "slack", "sms", "push"}
    assert not [told for told in row.delivered_to.values() if str(told).startswith("failed")]


class Absent(Database):
    """A database that does not answer for a while."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=2)
        self.failing = 2

    @asynccontextmanager
    async def team(self, team_id: UUID) -> AsyncGenerator[Any]:
        if self.failing:
            self.failing -= 1
            raise OperationalError("SELECT 1", {}, Exception("connection refused"))
        async with super().team(team_id) as session:
            yield session


async def test_a_critical_alert_does_not_wait_for_the_database(
    desk: Desk, endpoint: Endpoint, client: Client, settings: Settings
) -> None:
    absent = Absent(settings.database_url)
    channels = {name: endpoint.channel(name) for name in ("email", "sms")}
    blind = Desk(absent, with_channels(settings, desk.team, alert_channels=channels))
    with pytest.raises(ApplicationError, match="PostgreSQL"):
        await blind.tell(Severity.HIGH, "can wait")
    assert absent.failing == 1
    absent.failing = 2
    async with telling(client, blind) as queue:
        assert await client.execute_workflow(
            Tell.run, blind.notice(Severity.CRITICAL, "stop"), id=queue, task_queue=queue
        )
    assert absent.failing == 0
    assert (endpoint.titles("email"), endpoint.titles("sms")) == (["stop"], ["stop"])
    (row,) = await desk.rows()
    assert set(row.delivered_to) == {"log", "email", "sms"}
    assert row.delivered_at is not None
    await absent.close()


# -- secrets ------------------------------------------------------------------------------------


async def test_the_addresses_of_channels_are_shown_nowhere(
    endpoint: Endpoint,
    database: Database,
    settings: Settings,
    team_id: UUID,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "t0k3n-in-the-path"
    endpoint.faults = {secret: [401]}
    channels = {
        "refusing": endpoint.channel(secret),
        "gone": f"json://ana:{secret}@127.0.0.1:9/{secret}",
        "wrong": f"no-such-service://{secret}",
        "log": f"json://127.0.0.1:9/{secret}",
    }
    own = with_channels(settings, team_id, alert_channels=channels, alert_high=("nobody",))
    root, logged = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(logged), root.level
    root.addHandler(handler)  # as our own logs are set up, but with everything in them
    root.setLevel(logging.DEBUG)
    desk = Desk(database, own)
    with pytest.raises(ApplicationError) as failed:
        await desk.tell(Severity.CRITICAL)
    root.removeHandler(handler)
    root.setLevel(level)
    assert "gone" in str(failed.value)
    assert "refusing" in str(failed.value)
    (row,) = await desk.rows()
    assert row.delivered_to["refusing"] == "failed: the service answered 401"
    assert row.delivered_to["gone"] == "failed: the service cannot be reached"
    assert row.delivered_at is None
    shown = "".join(
        (logged.getvalue(), *capfd.readouterr(), repr(failed.value), str(row), repr(own), str(own))
    )
    assert "no address that apprise understands" in shown, "the faulty channel is named"
    assert "'nobody'" in shown
    assert secret not in shown
    monkeypatch.setenv("ADFLIGHT_ALERT_CHANNELS", f'{{"slack": ["{secret}"]}}')
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "alert_channels" in str(refused.value) or "ALERT_CHANNELS" in str(refused.value)
    assert secret not in str(refused.value)


async def test_a_channel_that_stays_silent_alerts_anew_after_an_hour(
    desk: Desk, endpoint: Endpoint
) -> None:
    everywhere = ("email", "slack", "sms", "push")
    endpoint.faults = {name: [500] for name in everywhere}
    with pytest.raises(ApplicationError):
        await desk.tell(Severity.CRITICAL, "unheard", incident_key="x")
    async with desk.database.team(desk.team) as session:
        row = await session.scalar(select(Notification))
        assert row is not None
        row.created_at -= timedelta(minutes=61)
    assert await desk.tell(Severity.CRITICAL, "heard", incident_key="x")
    assert endpoint.titles("sms") == ["heard"]
