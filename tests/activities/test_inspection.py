"""The guard's inspection: what changed behind our back is undone where it raises, else told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.inspection import Inspection, InspectionActivities, InspectionReport
from activities.records import RecordActivities
from models.contract.campaign import NetworkTree
from models.contract.network import Delivery
from models.contract.vocabulary import CampaignStatus
from models.tables import Drift
from platforms.errors import RateLimited
from tests.activities.network_bench import AD_GROUP, CAMPAIGN, USD, Ground, grounds
from tests.stack import TeamUnderTest


@pytest_asyncio.fixture(params=["meta", "x"], loop_scope="session")
async def ground(request: pytest.FixtureRequest, bare_team: TeamUnderTest) -> AsyncIterator[Ground]:
    async with grounds(bare_team, request.param) as ground:
        yield ground


async def inspect(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, lease: timedelta | None = None
) -> InspectionReport:
    monkeypatch.setattr("activities.inspection._SECOND_LOOK", 0.05)
    activities = InspectionActivities(ground.team.database, ground.networks)
    order = Inspection(account=ground.account, clock=ground.team.settings.clock, lease=lease)
    return await ActivityEnvironment().run(activities.inspect, order)


async def drifts(ground: Ground) -> dict[str, Drift]:
    async with ground.team.database.team(ground.team.id) as session:
        rows = (await session.scalars(select(Drift))).all()
    return {row.field: row for row in rows}


async def test_what_was_raised_is_set_back_and_what_was_lowered_is_told(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = await ground.live()
    group = tree.ad_group_id
    assert group is not None
    assert await inspect(ground, monkeypatch) == InspectionReport()

    await ground.network.set_daily_budget(group, USD(60))
    raised = await inspect(ground, monkeypatch)

    assert (raised.drifts, raised.found, raised.unconfirmed) == ((), 1, ())
    assert (await ground.seen(AD_GROUP, group)).daily_budget == USD(20)
    row = (await drifts(ground))["daily_budget"]
    assert (row.action, row.expected, row.found) == ("undo", "$20.00", "$60.00")
    assert row.campaign_id == ground.campaign_id

    await ground.network.set_daily_budget(group, USD(12))
    (note,) = (await inspect(ground, monkeypatch)).drifts
    assert (note.kind, note.budget, note.campaign_id) == ("budget", USD(12), ground.campaign_id)
    assert (await ground.seen(AD_GROUP, group)).daily_budget == USD(12)

    end = ground.now() + timedelta(days=300)
    await ground.network.set_end_time(group, end)
    lease = timedelta(days=60)
    await inspect(ground, monkeypatch, lease)
    seen: datetime | None = (await ground.seen(AD_GROUP, group)).end_time
    assert seen is not None
    assert seen <= ground.now() + lease
    listed = await asyncio.to_thread(ground.told, "drift")
    kept = {(one["field"], one["action"]) for one in listed}
    assert kept == {("daily_budget", "undo"), ("end_time", "undo")}
    # What is adopted is kept by the campaign, once it has seen it too.
    await RecordActivities(ground.team.database).record_drift(note.record)
    listed = await asyncio.to_thread(ground.told, "drift")
    assert kept < {(one["field"], one["action"]) for one in listed}


async def test_what_is_off_by_our_will_is_paused_again_and_others_pauses_are_told(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = await ground.live()
    campaign = tree.campaign_id
    assert campaign is not None
    await ground.network.switch(CAMPAIGN, [campaign], on=False)
    (note,) = (await inspect(ground, monkeypatch)).drifts
    assert note.kind == "paused"
    assert await drifts(ground) == {}, "it may be a pause of its own: the campaign will tell"
    other = Ground(ground.team, ground.account, ground.networks, ground.failures, ground.network)
    killed = await other.network.create(other.campaign())
    await other.row(
        status=CampaignStatus.KILLED.value,
        tree=NetworkTree(campaign_id=killed.id).model_dump(mode="json"),
    )
    await other.network.switch(CAMPAIGN, [killed.id], on=True)

    report = await inspect(ground, monkeypatch)

    assert [one.kind for one in report.drifts] == ["paused"], "only the live one is told"
    assert not (await ground.seen(CAMPAIGN, killed.id)).switched_on
    assert report.unconfirmed == ()
    await other.network.remove(CAMPAIGN, killed.id)


async def test_changes_of_ours_that_are_under_way_are_left_alone(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A raise that is granted and not yet recorded; a campaign that is being launched; one that
    comes back after a pause: its spend is committed before it is switched on."""
    tree = await ground.live()
    group, campaign = tree.ad_group_id, tree.campaign_id
    assert group is not None
    assert campaign is not None
    await ground.row(status=CampaignStatus.PAUSED.value)  # its commitment still stands
    assert (await inspect(ground, monkeypatch)).found == 0
    assert (await ground.seen(CAMPAIGN, campaign)).switched_on
    await ground.row(status=CampaignStatus.LAUNCHING.value)
    await ground.network.set_daily_budget(group, USD(70))
    assert (await inspect(ground, monkeypatch)).found == 0
    assert (await ground.seen(AD_GROUP, group)).daily_budget == USD(70)


async def test_twins_and_leftovers_under_our_key_never_run(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twin of a live campaign that somebody switched on is paused; others' objects are not."""
    tree = await ground.live()
    twin = await ground.network.create(ground.campaign())
    foreign = await ground.network.create(ground.campaign(key="k9foreign"))
    await ground.network.switch(CAMPAIGN, [twin.id, foreign.id], on=True)

    report = await inspect(ground, monkeypatch)

    assert (report.found, report.unconfirmed) == (1, ())
    shown = [(await ground.seen(CAMPAIGN, one)).switched_on for one in
             (tree.campaign_id, twin.id, foreign.id)]  # fmt: skip
    assert shown == [True, False, True]
    await ground.network.remove(CAMPAIGN, foreign.id)


async def test_a_deleted_campaign_is_told(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = await ground.live()
    assert tree.campaign_id is not None
    await ground.network.remove(CAMPAIGN, tree.campaign_id)
    (note,) = (await inspect(ground, monkeypatch)).drifts
    assert (note.kind, note.campaign_id) == ("deleted", ground.campaign_id)
    (seen,) = await ground.network.read(CAMPAIGN, [tree.campaign_id])
    assert seen.delivery is Delivery.REMOVED


async def test_what_cannot_be_set_back_is_paused(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for another budget edit on the network: then the campaign pauses, and is told."""
    tree = await ground.live()
    assert tree.ad_group_id is not None
    await ground.network.set_daily_budget(tree.ad_group_id, USD(60))

    async def no_room(*_: object) -> None:
        raise RateLimited(ground.account.platform, "four edits an hour")

    monkeypatch.setattr(ground.network, "set_daily_budget", no_room)
    report = await inspect(ground, monkeypatch)

    (note,) = report.drifts
    assert note.kind == "paused"
    assert "four edits an hour" in note.detail
    assert not (await ground.seen(CAMPAIGN, tree.campaign_id)).switched_on
