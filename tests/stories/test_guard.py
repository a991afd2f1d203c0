"""The guard of an account: rules that fire, stops that stand, drift, and who hears of it."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from models.contract.campaign import Guardrails, Resume
from models.contract.guard import GuardView, Lift, StopOrder, StopReport, guard_id
from models.contract.incident import FIRST_CALL, LAST_CONFIRMED, PRESSED
from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.vocabulary import CampaignStatus, StopLevel
from models.tables import Account, Drift, Incident, Notification, StandingStop
from platforms.registry import Networks
from starter.recovery import recover
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    BRISK,
    Handle,
    account,
    admin_campaign,
    ask,
    budget_on_network,
    is_on,
    limits,
    live,
    now,
    reach,
    refusal,
)


async def incidents(team: TeamUnderTest) -> list[Incident]:
    """Incidents of the team, oldest first."""
    async with team.database.team(team.id) as session:
        rows = await session.scalars(select(Incident).order_by(col(Incident.recorded_at)))
        return list(rows.all())


async def guard_of(team: TeamUnderTest, platform: str) -> Handle:
    """The workflow that guards the team's account on a network."""
    return team.client.get_workflow_handle(guard_id(await account(team, platform)))


def told(incident: Incident) -> list[str]:
    """The timeline in words."""
    return [str(entry["what"]) for entry in incident.timeline]


async def test_a_rule_that_fires_pauses_on_the_network_and_tells_why(team: TeamUnderTest) -> None:
    team.cadence = BRISK
    runaway = await admin_campaign(
        team,
        "meta",
        name="Runaway",
        daily_budget=Money.of(300),
        guardrails=Guardrails(max_daily_spend=Money.of(2)),
    )
    neighbour = await admin_campaign(team, "meta", name="Neighbour", daily_budget=Money.of(20))
    view = await team.until(runaway, CampaignStatus.ACTIVE, CampaignStatus.PAUSED)
    other = await team.until(neighbour, CampaignStatus.ACTIVE)
    (paused,) = await reach(team, CampaignStatus.PAUSED, runaway)
    assert paused.pause is not None
    assert paused.pause.by == "adflight guard"
    assert "$2.00" in paused.pause.reason, "the numbers that fired"
    assert not await is_on(team, view)
    assert await is_on(team, other), "only the one that overspends"

    async def opened() -> list[Incident]:
        return [one for one in await incidents(team) if one.campaign_id == view.campaign_id]

    (incident,) = await eventually(opened)
    assert (incident.severity, incident.state) == ("critical", "open")
    assert incident.cause.startswith("campaign_overspend")
    assert incident.numbers, "which figures fired it"
    assert told(incident)[0] == PRESSED
    assert [one.split(" (")[0] for one in told(incident)[1:3]] == [FIRST_CALL, LAST_CONFIRMED]

    async def alerted() -> list[Notification]:
        async with team.database.team(team.id) as session:
            rows = await session.scalars(
                select(Notification).where(col(Notification.incident_key) == incident.key)
            )
            return list(rows.all())

    assert [one.severity for one in await eventually(alerted)] == ["critical"]
    kinds = [one.decision_type for one in await team.decisions(view.campaign_id)]
    assert "safety" in kinds
    assert "pause_campaign" in kinds


async def test_twice_the_team_limit_stops_every_account_of_the_team(team: TeamUnderTest) -> None:
    team.cadence = BRISK
    both = [
        await admin_campaign(team, platform, daily_budget=Money.of(300))
        for platform in ("meta", "x")
    ]
    views = await reach(team, CampaignStatus.ACTIVE, *both)
    await team.limits(limits(team_daily=Money.of("0.20"), campaign_daily=Money.of(500)))
    results = [await asyncio.wait_for(one.result(), 60) for one in both]
    assert [one["status"] for one in results] == ["killed", "killed"]
    for view in views:
        assert not await is_on(team, view)
    for platform in ("meta", "x"):
        guard: GuardView = await (await guard_of(team, platform)).query(
            "guard", result_type=GuardView
        )
        assert guard.standing is not None
        assert (guard.standing.level, guard.standing.scope) == (StopLevel.EMERGENCY, "team")

    async def stands() -> Any:
        stop = [one for one in await incidents(team) if one.level == "emergency"]
        confirmed = {one for each in stop for one in told(each) if LAST_CONFIRMED in one}
        return stop if len(confirmed) == 2 else None

    (stop,) = await eventually(stands)
    assert stop.scope == "team", "one incident, two accounts"


async def test_a_hard_stop_takes_the_credentials_and_a_named_person_gives_them_back(
    team: TeamUnderTest,
) -> None:
    handles = await live(team)
    meta = await account(team, "meta")
    guard = await guard_of(team, "meta")
    order = StopOrder(by="ben", level=StopLevel.HARD, reason="the account was taken over")
    report: StopReport = await asyncio.wait_for(
        guard.execute_update("stop", order, result_type=StopReport), 25
    )
    assert len(report.paused) == 1
    assert report.first_call_at is not None
    assert report.confirmed_at is not None
    result = await asyncio.wait_for(handles["meta"].result(), 20)
    assert result["status"] == "killed"
    assert (await team.view(handles["x"])).status is CampaignStatus.ACTIVE

    async def off() -> bool:
        async with team.database.team(team.id) as session:
            row = await session.get(Account, meta.id)
            assert row is not None
            return row.credentials_off_by == "ben"

    await eventually(off)
    # A halted account is remembered in Temporal: the database may have lost it.
    async with team.database.team(team.id) as session:
        await session.execute(delete(StandingStop))
        row = await session.get(Account, meta.id)
        assert row is not None
        row.credentials_off_at = None
    late = await admin_campaign(team, "meta", name="Too late")
    (halted,) = await reach(team, CampaignStatus.PAUSED, late)
    assert halted.pause is not None
    assert "hard stop by ben stands" in halted.pause.reason
    assert not await is_on(team, halted)

    lift = Lift(by="ana", reason="passwords changed", scope=f"account:{meta.id}")
    await recover(team.database, team.client, team.id, lift, now=now(team))
    await ask(late, "resume", Resume(by="ana"))
    (back,) = await reach(team, CampaignStatus.ACTIVE, late)
    assert await is_on(team, back)


async def test_what_was_changed_on_the_network_is_adopted_or_undone(team: TeamUnderTest) -> None:
    # Pacing rests: what lowers the budget here is the guard alone.
    team.cadence = BRISK.model_copy(update={"pacing": timedelta(days=2)})
    handle = await admin_campaign(team, "meta", daily_budget=Money.of(40))
    view = await team.until(handle, CampaignStatus.ACTIVE)
    assert view.tree.ad_group_id is not None
    assert view.tree.campaign_id is not None
    networks = Networks(team.settings, lambda: now(team))
    network = await networks.of(await account(team, "meta"))

    async def drifts(field: str) -> list[Drift]:
        async with team.database.team(team.id) as session:
            rows = await session.scalars(
                select(Drift).where(
                    col(Drift.campaign_id) == view.campaign_id, col(Drift.field) == field
                )
            )
            return list(rows.all())

    try:
        await network.set_daily_budget(view.tree.ad_group_id, Money.of(44))

        async def set_back() -> bool:
            return (await budget_on_network(team, view)).micros <= Money.of(40).micros

        await eventually(set_back, seconds=30)
        undone = await eventually(lambda: drifts("daily_budget"))
        assert {one.action for one in undone} == {"undo"}

        await network.switch(ObjectKind.CAMPAIGN, [view.tree.campaign_id], on=False)
        (paused,) = await reach(team, CampaignStatus.PAUSED, handle)
        assert paused.pause is not None
        assert paused.pause.by == "network"
        assert {one.action for one in await drifts("status")} == {"adopt"}

        # Switched on behind our back while it rests: off again, at once.
        await network.switch(ObjectKind.CAMPAIGN, [view.tree.campaign_id], on=True)

        async def off() -> bool:
            return not await is_on(team, view)

        await eventually(off, seconds=30)
    finally:
        await networks.aclose()
    resumed = await ask(handle, "resume", Resume(by="ana"))
    assert "resumed" in resumed.message


async def test_a_soft_stop_that_is_lifted_leaves_the_rest_to_a_person(team: TeamUnderTest) -> None:
    handles = await live(team)
    guard = await guard_of(team, "x")
    await guard.signal("stop", {"by": "ana", "level": "soft", "reason": "a look at the ads"})
    (rested,) = await reach(team, CampaignStatus.PAUSED, handles["x"])
    assert not await is_on(team, rested)

    async def refused() -> str:
        return await refusal(ask(handles["x"], "resume", Resume(by="ana")))

    assert "soft stop" in await refused()
    lift = Lift(by="ana", reason="they are fine", scope="team")
    done = await recover(team.database, team.client, team.id, lift, now=now(team))
    assert done.stops == 1
    assert (await team.view(handles["x"])).status is CampaignStatus.PAUSED, "nobody resumed it"
    await ask(handles["x"], "resume", Resume(by="ana"))
    (incident,) = [one for one in await incidents(team) if one.level == "soft"]
    assert (incident.state, incident.resolved_by) == ("resolved", "ana")
