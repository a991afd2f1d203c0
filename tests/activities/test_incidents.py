"""Incidents (G10, H15, O9): reported once or ten times, one incident; closed by a named person."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.incidents import IncidentActivities, Reported, Resolution
from models.contract.incident import (
    FIRST_CALL,
    LAST_CONFIRMED,
    PRESSED,
    SPEND_FLAT,
    IncidentReport,
    TimelineEntry,
)
from models.contract.money import Money
from models.contract.safety import Severity
from models.database import Database
from models.settings import Settings
from models.tables import Incident
from starter.team import set_up

T = datetime(2026, 11, 25, 8, tzinfo=UTC)


def entry(seconds: float, what: str) -> TimelineEntry:
    return TimelineEntry(at=T + timedelta(seconds=seconds), what=what)


class Desk:
    def __init__(self, database: Database, team_id: UUID) -> None:
        self.database = database
        self.team = team_id
        self.activities = IncidentActivities(database)

    def report_of(self, key: str = "stop/1", **fields: Any) -> IncidentReport:
        known: dict[str, Any] = {
            "severity": Severity.HIGH, "cause": "cpc_spike", "title": "CPC tripled",
            "text": "CPC $3.10 against $1.00", "scope": "campaign",
        }  # fmt: skip
        return IncidentReport(key=key, team_id=self.team, at=T, **{**known, **fields})

    async def send(self, report: IncidentReport) -> Reported:
        return await ActivityEnvironment().run(self.activities.report, report)

    async def report(self, **fields: Any) -> Reported:
        return await self.send(self.report_of(**fields))

    async def resolve(self, incident: UUID, by: str = "ana", reason: str = "bid fixed") -> bool:
        return await ActivityEnvironment().run(
            self.activities.resolve,
            Resolution(team_id=self.team, incident_id=incident, by=by, reason=reason),
        )

    async def row(self, incident: UUID) -> Incident:
        async with self.database.team(self.team) as session:
            row = await session.get(Incident, incident)
            assert row is not None
            return row


@pytest_asyncio.fixture(loop_scope="session")
async def desk(settings: Settings, database: Database) -> Desk:
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    return Desk(database, own.team_id)


async def test_reports_of_a_key_are_one_incident_that_grows(desk: Desk) -> None:
    first = await desk.report(
        numbers={"cpc": 3.1}, timeline=(entry(0, PRESSED),), money_at_risk=Money.of(5)
    )
    assert (first.opened, first.reopened) == (True, False)
    whole = desk.report_of(
        severity=Severity.CRITICAL,
        title="CPC ran away",
        level="emergency",
        numbers={"cpc": 9.0, "baseline": 1.0},
        timeline=(entry(4, LAST_CONFIRMED), entry(0, PRESSED), entry(1.5, FIRST_CALL)),
        done=("paused 3 campaigns",),
        money_at_risk=Money.of(4),
    )
    again = await asyncio.gather(*(desk.send(whole) for _ in range(10)))
    assert {one.incident_id for one in again} == {first.incident_id, whole.id}
    assert not [one for one in again if one.opened]
    await desk.report(severity=Severity.LOW, title="calmer", timeline=(entry(9, SPEND_FLAT),))

    row = await desk.row(first.incident_id)
    assert [one["what"] for one in row.timeline] == [
        PRESSED, FIRST_CALL, LAST_CONFIRMED, SPEND_FLAT,
    ]  # fmt: skip
    assert (row.severity, row.title, row.level) == ("critical", "CPC ran away", "emergency")
    assert row.numbers == {"cpc": 9.0, "baseline": 1.0}
    assert row.done == ["paused 3 campaigns"]
    assert (row.money_at_risk_micros, row.currency) == (5_000_000, "USD")
    assert (row.state, row.opened_at) == ("open", T)


async def test_ten_first_reports_at_once_open_one_incident(desk: Desk) -> None:
    reports = [
        desk.report_of(key="burst", timeline=(entry(n, f"seen {n}"),), done=(f"deed {n}",))
        for n in range(10)
    ]
    answers = await asyncio.gather(*(desk.send(one) for one in reports))
    assert sum(one.opened for one in answers) == 1
    row = await desk.row(answers[0].incident_id)
    assert [one["what"] for one in row.timeline] == [f"seen {n}" for n in range(10)]
    assert sorted(row.done) == [f"deed {n}" for n in range(10)]


async def test_a_resolved_incident_reopens_only_for_new_trouble_and_says_so(desk: Desk) -> None:
    stop = desk.report_of(timeline=(entry(0, PRESSED), entry(2, FIRST_CALL)))
    incident = (await desk.send(stop)).incident_id
    assert await desk.resolve(incident)
    assert not await desk.resolve(incident, "bob", "me too")
    row = await desk.row(incident)
    assert (row.state, row.resolved_by, row.resolution) == ("resolved", "ana", "bid fixed")

    assert not (await desk.send(stop)).reopened, "a repeated report is no news"
    flat = stop.model_copy(update={"timeline": (entry(60, SPEND_FLAT),)})
    assert not (await desk.send(flat)).reopened, "the end of it is no trouble"
    row = await desk.row(incident)
    assert row.state == "resolved"
    assert SPEND_FLAT in [one["what"] for one in row.timeline]

    news = stop.model_copy(update={"timeline": (entry(90, "fired again"),)})
    assert (await desk.send(news)).reopened
    row = await desk.row(incident)
    assert (row.state, row.resolved_by, row.resolved_at) == ("open", None, None)
    told = [str(one["what"]) for one in row.timeline]
    assert "resolved by ana: bid fixed" in told
    assert "reopened: reported again after ana had resolved it" in told


@pytest.mark.parametrize(("by", "reason"), [("", "done"), ("ana", "  ")])
async def test_nobody_resolves_without_a_name_and_a_reason(
    desk: Desk, by: str, reason: str
) -> None:
    incident = (await desk.report()).incident_id
    with pytest.raises(ApplicationError, match="--by NAME"):
        await desk.resolve(incident, by, reason)
    assert (await desk.row(incident)).state == "open"
    with pytest.raises(ApplicationError, match="no incident has the id"):
        await desk.resolve(uuid4())
