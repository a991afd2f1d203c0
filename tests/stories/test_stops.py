"""Stops: a kill in every state, soft stops, and the guard of an account."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.service import RPCError

from models.contract.account import AdAccount
from models.contract.campaign import Kill, Pause, Resume
from models.contract.guard import GuardView, Lift, StopOrder, StopReport, guard_id
from models.contract.vocabulary import CampaignStatus, StopLevel
from starter.recovery import recover
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    Handle,
    account,
    admin_campaign,
    approvals,
    approve,
    ask,
    fired,
    is_on,
    live,
    notices,
    now,
    only,
    proposed,
    reach,
    refusal,
    truth,
)

KILL = Kill(by="ben", reason="wrong campaign")


async def test_a_kill_ends_a_campaign_in_whatever_state_it_is(team: TeamUnderTest) -> None:
    await only(team, "meta")

    async def killed(handle: Handle, before: CampaignStatus) -> None:
        await team.until(handle, before)
        receipt = await ask(handle, "kill", KILL)
        assert receipt.status is CampaignStatus.KILLED
        assert receipt.message == "stopped, confirmed by read-back"
        result = await asyncio.wait_for(handle.result(), 15)
        assert result["status"] == "killed"
        with pytest.raises(RPCError, match="already completed"):
            await ask(handle, "resume", Resume(by="ana"))
        story = [visit["status"] for visit in result["visits"]]
        assert story[-2:] == [before.value, "killed"]
        view = await team.view(handle)
        if view.tree.campaign_id is not None:
            assert not await is_on(team, view)
            assert (await truth(team, view))["rate_micros_per_hour"] == 0

    await team.arm("claude", "delay", path="messages", seconds=2.0, count=1)
    drafting = await admin_campaign(team, "x")
    await killed(drafting, CampaignStatus.DRAFT)

    pending = (await proposed(team))["meta"]
    waiting = await team.view(pending)
    await killed(pending, CampaignStatus.PENDING_APPROVAL)
    (row,) = await approvals(team, waiting)
    assert (row.status, row.decided_by) == ("declined", "ben")

    scheduled = await admin_campaign(team, "x", start=now(team) + timedelta(days=2))
    await killed(scheduled, CampaignStatus.SCHEDULED)

    going = (await proposed(team))["meta"]
    await team.arm("meta", "delay", method="POST", path="adsets", seconds=1.5, count=1)
    await approve(team, going)

    async def in_the_middle() -> bool:
        return await fired(team, "meta", "delay") == 1

    await eventually(in_the_middle)
    await killed(going, CampaignStatus.LAUNCHING)

    active = (await live(team))["meta"]
    await killed(active, CampaignStatus.ACTIVE)
    resting = (await live(team))["meta"]
    await ask(resting, "pause", Pause(by="ana"))
    await killed(resting, CampaignStatus.PAUSED)


async def test_a_soft_stop_pauses_what_the_ai_made_and_leaves_the_rest(
    team: TeamUnderTest,
) -> None:
    soft = Kill(by="ben", reason="quiet day", level=StopLevel.SOFT)
    ours = await admin_campaign(team, "x")
    theirs = await live(team)
    await team.until(ours, CampaignStatus.ACTIVE)
    for handle in theirs.values():
        receipt = await ask(handle, "kill", soft)
        assert receipt.status is CampaignStatus.PAUSED
        view = await team.view(handle)
        assert view.pause is not None
        assert (view.pause.by, view.pause.reason) == ("ben", "soft stop: quiet day")
        assert not await is_on(team, view)
    receipt = await ask(ours, "kill", soft)
    assert "only what the AI made" in receipt.message
    left = await team.view(ours)
    assert left.status is CampaignStatus.ACTIVE
    assert await is_on(team, left)

    meta = theirs["meta"]
    await ask(meta, "resume", Resume(by="ana"))
    await team.until(meta, CampaignStatus.ACTIVE)
    await ask(theirs["x"], "kill", Kill(by="ben", level=StopLevel.EMERGENCY))
    await asyncio.wait_for(theirs["x"].result(), 15)


async def test_the_guard_stops_an_account_in_batch_and_tells_the_campaigns(
    team: TeamUnderTest,
) -> None:
    handles = await live(team)
    own = await admin_campaign(team, "meta")
    view_of_own = await team.until(own, CampaignStatus.ACTIVE)
    ai = await team.view(handles["meta"])
    meta = await account(team, "meta")
    guard = team.client.get_workflow_handle(guard_id(meta))

    quiet = StopOrder(by="ben", level=StopLevel.SOFT, reason="a look at the ads")
    report = await _stop(guard, quiet)
    assert set(report.paused) == {ai.tree.campaign_id}
    (rested,) = await reach(team, CampaignStatus.PAUSED, handles["meta"])
    assert rested.pause is not None
    assert rested.pause.by == "ben"
    assert await is_on(team, view_of_own)
    assert await is_on(team, await team.view(handles["x"])), "another account is not concerned"
    sentence = await refusal(ask(handles["meta"], "resume", Resume(by="ana")))
    assert "adflight recover account:" in sentence
    lift = Lift(by="ben", reason="they are fine", scope=f"account:{meta.id}")
    done = await recover(team.database, team.client, team.id, lift, now=now(team))
    assert (done.stops, done.guards) == (1, 1)
    await ask(handles["meta"], "resume", Resume(by="ana"))

    # A reading that hangs must not delay a stop.
    delays = await fired(team, "meta", "delay")
    await team.arm("meta", "delay", path="/insights", seconds=20, count=50)

    async def hanging() -> bool:
        return await fired(team, "meta", "delay") > delays

    await eventually(hanging)
    order = StopOrder(by="ben", reason="the card was stolen")
    began = asyncio.get_running_loop().time()
    report = await _stop(guard, order)
    assert asyncio.get_running_loop().time() - began < 12
    (await team.control.delete("/faults")).raise_for_status()
    assert set(report.paused) == {ai.tree.campaign_id, view_of_own.tree.campaign_id}
    assert report.unconfirmed == ()
    for view in (ai, view_of_own):
        assert not await is_on(team, view), "off before the campaigns know"
    for handle in (handles["meta"], own):
        result = await asyncio.wait_for(handle.result(), 15)
        assert result["status"] == "killed"
        assert "the card was stolen" in result["visits"][-1]["why"]
    told = await guard.query("guard", result_type=GuardView)
    assert told.standing is not None
    assert (told.standing.reason, told.standing.by) == (order.reason, order.by)
    assert [one.order for one in told.reports] == [quiet, order]
    assert isinstance(told.account, AdAccount)
    assert not any(one.live for one in told.watched)
    assert (await team.view(handles["x"])).status is CampaignStatus.ACTIVE
    sentence = await refusal(ask(handles["x"], "resume", Resume(by="ana")))
    assert "not paused" in sentence
    assert await notices(team, ai, "unstopped") == []


async def _stop(guard: Handle, order: StopOrder) -> StopReport:
    return await asyncio.wait_for(
        guard.execute_update("stop", order, result_type=StopReport), timeout=25
    )
