"""`adflight incidents`, `incident`, `alerts`: what an operator sees and does."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.incidents import IncidentActivities
from activities.notify import NotifyActivities
from models.contract.incident import (
    FIRST_CALL,
    LAST_CONFIRMED,
    PRESSED,
    SPEND_FLAT,
    IncidentReport,
    TimelineEntry,
)
from models.contract.money import Money
from models.contract.queues import MANAGEMENT
from models.contract.safety import Severity
from models.database import Database
from models.settings import Settings
from starter.cli.app import run_command
from starter.team import set_up
from starter.temporal import TemporalUnreachable, connect
from tests.alert_endpoint import Endpoint, serving_alerts, with_channels
from tests.stack import eventually
from workflows.digest import AlertChannelsWorkflow

T = datetime(2026, 11, 25, 8, tzinfo=UTC)


class Operator:
    """Runs commands for one team inside this process."""

    def __init__(self, team_id: UUID, capsys: pytest.CaptureFixture[str]) -> None:
        self.team = team_id
        self._capsys = capsys

    async def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = await asyncio.to_thread(run_command, list(arguments))
        said = self._capsys.readouterr()
        return code, said.out, " ".join(said.err.split())

    async def json(self, *arguments: str) -> Any:
        code, out, err = await self(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest_asyncio.fixture(loop_scope="session")
async def operator(
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Operator:
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    monkeypatch.setenv("ADFLIGHT_TEAM_ID", str(own.team_id))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ADFLIGHT_PERSON", raising=False)
    return Operator(own.team_id, capsys)


async def test_an_incident_is_read_and_resolved(operator: Operator, database: Database) -> None:
    reports = IncidentActivities(database)
    campaign = uuid4()
    stop = IncidentReport(
        key="stop/all", team_id=operator.team, at=T, severity=Severity.CRITICAL, cause="ana",
        title="Everything was stopped", text="pressed by ana: card stolen", scope="all",
        level="emergency", numbers={"campaigns": 12, "spend_per_hour": 41.5},
        timeline=tuple(
            TimelineEntry(at=T + timedelta(seconds=seconds), what=what)
            for seconds, what in ((0, PRESSED), (0.25, FIRST_CALL), (3.5, LAST_CONFIRMED),
                                  (45, SPEND_FLAT))
        ),
        money_at_risk=Money.of("1.20"), done=("paused 12 campaigns on 2 networks",),
    )  # fmt: skip
    rule = IncidentReport(
        key="cpc", team_id=operator.team, at=T, severity=Severity.HIGH, cause="cpc_spike",
        title="CPC tripled", text="", scope="campaign", campaign_id=campaign,
    )  # fmt: skip
    for report in (stop, rule):
        await ActivityEnvironment().run(reports.report, report)

    listed = await operator.json("incidents")
    assert [one["title"] for one in listed] == ["CPC tripled", "Everything was stopped"]
    shown = await operator.json("incident", str(stop.id)[:8])
    assert shown["seconds"] == {"to_first_call": 0.25, "to_last_confirmed": 3.5, "to_flat": 45.0}
    assert shown["money_at_risk_micros"] == 1_200_000
    assert any("adflight recover all" in step for step in shown["next"])
    _, out, _ = await operator("incident", "stop/all")
    for part in (
        "Everything was stopped", "emergency stop", "pressed by ana: card stolen",
        "campaigns 12, spend_per_hour 41.5", "Money at risk: $1.20", "+0.25 s", "+3.50 s",
        "+45.00 s", "paused 12 campaigns on 2 networks", "--resolve --by NAME --reason TEXT",
    ):  # fmt: skip
        assert part in out, (part, out)
    assert f"adflight show {campaign}" in (await operator("incident", "cpc"))[1]

    for missing in (("--by", "ana"), ("--reason", "found it"), ("--by", " ", "--reason", "x")):
        code, out, err = await operator("incident", "cpc", "--resolve", *missing)
        assert (code, out) == (2, "")
        assert "give both --by NAME and --reason TEXT" in err
    assert (await operator("incident", "cpc", "--reason", "x"))[0] == 2
    resolved = ("incident", "cpc", "--resolve", "--by", "ana", "--reason", "bid was a typo")
    assert "resolved by ana: bid was a typo" in (await operator(*resolved))[1]
    code, _, err = await operator(*resolved)
    assert code == 1
    assert "was resolved by ana already: bid was a typo" in err

    assert [one["key"] for one in await operator.json("incidents")] == ["stop/all"]
    everything = await operator.json("incidents", "--all")
    assert {one["key"]: one["resolved_by"] for one in everything} == {
        "stop/all": None, "cpc": "ana",
    }  # fmt: skip
    code, _, err = await operator("incident", "ffffffff-no")
    assert (code, "No incident begins with" in err) == (2, True)


async def test_without_incidents_and_without_channels_it_says_so(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No open incidents." in (await operator("incidents"))[1]
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    shown = await operator.json("alerts")
    assert (shown["channels"], shown["seen_by"], shown["deliveries"]) == ([], "this shell", [])
    _, out, _ = await operator("alerts")
    assert "ADFLIGHT_ALERT_CHANNELS" in out
    code, _, err = await operator("alerts", "test")
    assert code == 1
    assert "Temporal does not answer" in err


# -- with a worker whose environment holds the channels -------------------------------------------


@pytest.fixture
def endpoint() -> Generator[Endpoint]:
    with serving_alerts() as endpoint:
        yield endpoint


@pytest_asyncio.fixture(loop_scope="session")
async def worker(
    operator: Operator,
    endpoint: Endpoint,
    client: Client,
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[None]:
    """Serves the usual task queue in a namespace of its own: no other worker answers there."""
    namespace = f"alerts-{operator.team.hex[:8]}"
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace, workflow_execution_retention_period=Duration(seconds=86_400)
        )
    )
    monkeypatch.setenv("TEMPORAL_NAMESPACE", namespace)
    channels = {name: endpoint.channel(name) for name in ("slack", "t0k3n")}
    notify = NotifyActivities(
        database, with_channels(settings, operator.team, alert_channels=channels)
    )

    async def there() -> object:
        try:
            return await connect(settings)
        except TemporalUnreachable:
            return None

    async with Worker(
        await eventually(there),
        task_queue=MANAGEMENT,
        workflows=[AlertChannelsWorkflow],
        activities=[notify.alert_channels],
    ):
        yield


@pytest.mark.usefixtures("worker")
async def test_the_workers_channels_are_listed_and_tried(
    operator: Operator, endpoint: Endpoint
) -> None:
    shown = await operator.json("alerts")
    assert shown["seen_by"] == "worker"
    assert shown["channels"] == [
        {"name": name, "scheme": "json", "high": True} for name in ("slack", "t0k3n")
    ]
    tried = await operator.json("alerts", "test", "--channel", "slack")
    assert tried == {
        "ok": True, "problems": [],
        "channels": [{"name": "slack", "scheme": "json", "high": True, "outcome": "delivered"}],
    }  # fmt: skip
    assert endpoint.titles("slack") == ["Adflight: test of the alert channels"]
    assert not endpoint.accepted["t0k3n"]

    endpoint.faults = {"slack": [403]}
    code, out, err = await operator("alerts", "test")
    assert code == 1
    assert "slack (json): failed: the service answered 403" in out
    assert "not delivered to slack" in err
    assert len(endpoint.accepted["t0k3n"]) == 1
    code, _, err = await operator("alerts", "test", "--channel", "pager")
    assert code == 2
    assert "there are: slack, t0k3n" in err

    deliveries = (await operator.json("alerts"))["deliveries"]
    assert [list(one["failed"].items()) for one in deliveries] == [
        [("slack", "the service answered 403")], [],
    ]  # fmt: skip
    assert set(deliveries[1]["delivered"]) == {"slack"}
    code, out, _ = await operator("alerts")
    assert code == 0
    assert "slack: the service answered 403" in " ".join(out.split())
    assert endpoint.url.removeprefix("http://") not in out
