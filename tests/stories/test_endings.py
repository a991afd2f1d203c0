"""Launches that end badly leave nothing behind that could spend, and say why."""

import asyncio
import re
from functools import partial

from models.contract.campaign import Approve, CampaignView
from models.contract.money import Money
from models.contract.vocabulary import Author, CampaignStatus
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    admin_campaign,
    approvals,
    approve,
    ask,
    commitments,
    fired,
    is_on,
    limits,
    notices,
    proposed,
    refusal,
)


async def given_back(team: TeamUnderTest, view: CampaignView) -> bool:
    """Nothing is promised any more; it is written down a moment after the state is seen."""
    return await commitments(team, view) == []


async def test_when_the_network_rejects_every_ad_the_campaign_is_rejected(
    team: TeamUnderTest,
) -> None:
    handles = await proposed(team)
    for platform in handles:
        await team.arm(platform, "disapproved_ad", count=3)
    await approve(team, *handles.values())
    for platform, handle in handles.items():
        view = await team.until(handle, CampaignStatus.REJECTED)
        assert await fired(team, platform, "disapproved_ad") == 3
        assert view.error
        assert not re.search(r"[{}\[\]]|None|error_code", view.error), view.error
        assert not await is_on(team, view)
        await eventually(partial(given_back, team, view))
        decision = (await team.decisions(view.campaign_id))[-1]
        assert (decision.decided_by, decision.reasoning) == ("network", view.error)

        async def told(campaign: object = view) -> bool:
            return len(await notices(team, campaign, "rejected")) == 1  # type: ignore[arg-type]

        await eventually(told)
        assert (await asyncio.wait_for(handle.result(), 15))["status"] == "rejected"


async def test_a_launch_that_cannot_be_finished_is_undone(team: TeamUnderTest) -> None:
    handles = await proposed(team)
    paths = {"meta": "/ads$", "x": "line_items"}
    for platform, path in paths.items():
        await team.arm(platform, "expired_token", method="POST", path=path, count=20)
    await approve(team, *handles.values())
    for platform, handle in handles.items():
        view = await team.until(handle, CampaignStatus.FAILED)
        assert await fired(team, platform, "expired_token") >= 1
        assert view.error
        assert view.error.startswith(f"{platform}: "), view.error
        await eventually(partial(given_back, team, view))
        assert view.tree.campaign_id is None
        kind = "campaign"
        made = [one for one in await team.effects(view.campaign_id) if one.kind == kind]
        (row,) = [
            one for one in await team.objects(platform, kind) if one["id"] == made[0].external_id
        ]
        assert row.get("deleted") or row.get("status") == "DELETED", "removed again"

        async def told(campaign: object = view) -> bool:
            return len(await notices(team, campaign, "failed")) == 1  # type: ignore[arg-type]

        await eventually(told)
        assert (await asyncio.wait_for(handle.result(), 15))["status"] == "failed"


async def test_what_a_person_made_is_not_asked_about_but_obeys_the_limits(
    team: TeamUnderTest,
) -> None:
    await team.limits(limits(team_daily=Money.of(40)))
    first = await admin_campaign(team, "meta", name="First")
    view = await team.until(first, CampaignStatus.ACTIVE)
    (row,) = [one for one in await team.campaigns() if one.id == view.campaign_id]
    assert (row.created_by, row.created_by_name, row.ai_confidence) == (Author.ADMIN, "ana", None)
    assert row.approved_by == "ana"

    second = await admin_campaign(team, "x", name="Second")
    blocked = await team.until(second, CampaignStatus.PENDING_APPROVAL)
    statuses = [visit.status.value for visit in blocked.visits]
    assert statuses == ["draft", "scheduled", "launching", "pending_approval"]
    # X may spend 1.2 budgets on a day and makes up for it on no other: that is what counts.
    limit = "team daily limit is $40.00 and this would make it $55.00"
    assert limit in blocked.approval.reasons[0]
    assert await team.effects(blocked.campaign_id) == []

    async def listed() -> bool:
        return [one.status for one in await approvals(team, blocked)] == ["pending"]

    await eventually(listed)
    assert blocked.version == 2
    assert "version 2 is the proposal" in await refusal(
        ask(second, "approve", Approve(by="ana", version=1))
    )
    await team.limits(limits(team_daily=Money.of(60)))
    await approve(team, second)
    await team.until(second, CampaignStatus.ACTIVE)
