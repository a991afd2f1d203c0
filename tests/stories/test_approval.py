"""A person agrees, declines, changes the proposal, or never answers."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.service import RPCError

from models.contract.campaign import Approve, Cadence, Modify, Reject
from models.contract.money import Money
from models.contract.vocabulary import Autonomy, CampaignStatus
from tests.stack import TEXT, TeamUnderTest, eventually
from tests.stories.scenes import (
    approvals,
    approve,
    ask,
    budget_on_network,
    commitments,
    event_door,
    limits,
    notices,
    now,
    only,
    proposed,
    reach,
    refusal,
)


async def test_an_approval_counts_for_the_version_that_was_seen_and_only_once(
    team: TeamUnderTest,
) -> None:
    await only(team, "meta")
    handle = (await proposed(team))["meta"]
    first = await team.view(handle)
    assert first.version == 1

    def change(version: int, **fields: object) -> Modify:
        return Modify.model_validate({"by": "ben", "version": version, **fields})

    low = await refusal(ask(handle, "modify", change(1, daily_budget=Money.of("0.50"))))
    assert "$0.50 is below Meta Ads's minimum $1.00" in low
    high = await refusal(ask(handle, "modify", change(1, daily_budget=Money.of(501))))
    assert "$501.00 is above the campaign limit $500.00" in high
    past = await refusal(ask(handle, "modify", change(1, end=now(team) - timedelta(days=1))))
    assert "over before the campaign could start" in past
    assert (await team.view(handle)).version == 1, "a refused change opens no new version"

    receipt = await ask(handle, "modify", change(1, daily_budget=Money.of(10)))
    assert receipt.status is CampaignStatus.PENDING_APPROVAL
    second = await team.view(handle)
    assert second.version == 2
    assert second.plan.daily_budget == Money.of(10)
    assert second.approval.worst_case.micros < first.approval.worst_case.micros
    assert second.approval.reasons[0] == "modified by ben"

    stale = await refusal(ask(handle, "approve", Approve(by="ana", version=1)))
    assert "version 1 was seen, version 2 is the proposal now" in stale
    await handle.signal("approve", Approve(by="ana", version=1))

    async def kept() -> bool:
        return stale in (await team.view(handle)).refused_messages

    await eventually(kept)

    # Approved in the same breath as it is modified: what was approved is not what it became.
    await handle.signal("modify", change(2, daily_budget=Money.of(12)))
    await handle.signal("approve", Approve(by="ana", version=2))

    async def asked_again() -> bool:
        return (await team.view(handle)).version == 3

    await eventually(asked_again)
    third = await team.view(handle)
    assert third.status is CampaignStatus.PENDING_APPROVAL
    assert "being modified by ben" in third.refused_messages[-1]

    assert "approved by ana" in (await ask(handle, "approve", Approve(by="ana", version=3))).message
    twice = await refusal(ask(handle, "approve", Approve(by="ben", version=3)))
    assert "nothing waits for approval" in twice
    assert "approved by ana" in twice
    live = await team.until(handle, CampaignStatus.ACTIVE)
    assert await budget_on_network(team, live) == Money.of(12)
    assert [one.daily_micros for one in await commitments(team, live)] == [12_000_000]

    rows = await approvals(team, live)
    assert [(row.version, row.status, row.decided_by) for row in rows] == [
        (1, "superseded", None),
        (2, "superseded", None),
        (3, "approved", "ana"),
    ]
    assert rows[2].worst_case_micros == third.approval.worst_case.micros
    assert rows[2].after["daily budget"] == "$12.00"
    told = await notices(team, live, "approval")
    assert len(told) == 3, "one notice a question"
    assert all(one.delivered_at is not None for one in told)


async def test_silence_is_reminded_of_and_then_taken_for_a_no(team: TeamUnderTest) -> None:
    await only(team, "x")
    team.cadence = Cadence(
        approval_reminder=timedelta(minutes=40), approval_expiry=timedelta(minutes=110)
    )
    handle = (await proposed(team))["x"]
    view = await team.until(handle, CampaignStatus.EXPIRED)
    assert (await asyncio.wait_for(handle.result(), 10))["status"] == "expired"
    assert len(await notices(team, view, "reminder")) in (1, 2)
    (row,) = await approvals(team, view)
    assert row.status == "expired"
    assert row.expires_at - row.asked_at == timedelta(minutes=110)
    assert await team.effects(view.campaign_id) == []
    with pytest.raises(RPCError, match="already completed"):
        await ask(handle, "approve", Approve(by="ana", version=1))


async def test_news_of_the_page_opens_the_question_again(team: TeamUnderTest) -> None:
    await only(team, "meta")
    url = await team.publish()
    handle = (await team.proposed(await team.promote(url)))["meta"]
    async with event_door(team) as post:
        await post(url=url, kind="post.changed")

    async def reopened() -> bool:
        return [one.status for one in await approvals(team, await team.view(handle))] == [
            "superseded",
            "pending",
        ]

    await eventually(reopened)
    view = await team.view(handle)
    assert view.version == 2
    assert view.approval.reasons[0] == "the promoted page was changed: the publisher says so"
    stale = await refusal(ask(handle, "approve", Approve(by="ana", version=1)))
    assert "version 1 was seen, version 2 is the proposal now" in stale


async def test_autonomy_decides_who_is_asked(team: TeamUnderTest) -> None:
    await only(team, "meta")
    semi = {"autonomy": Autonomy.SEMI_AUTO, "ask_team_daily_rise": 10.0}
    await team.limits(limits(**semi))
    first = (await proposed(team))["meta"]
    view = await team.view(first)
    assert view.approval.reasons == ("this platform has never been activated before",)
    await approve(team, first)
    await team.until(first, CampaignStatus.ACTIVE)

    async def launched_alone() -> None:
        result = await team.client.get_workflow_handle(
            await team.promote(await team.publish())
        ).result()
        handle = team.handle(result["campaigns"][0])
        alone = await team.until(handle, CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
        assert not alone.approval.needed
        by = {one.decision_type: one.decided_by for one in await team.decisions(alone.campaign_id)}
        assert by["approve"] == by["launch"] == "adflight"
        assert await approvals(team, alone) == []

    async def asked(reason: str, **article: object) -> None:
        async with event_door(team) as post:
            answer = await post(**article)
        handle = (await team.proposed(answer["promotion"]))["meta"]
        view = await team.view(handle)
        assert any(reason in one for one in view.approval.reasons), view.approval.reasons
        await handle.signal("reject", Reject(by="ana"))

    await launched_alone()
    await team.limits(limits(**semi, approval_threshold=Money.of(24)))
    await asked("$25.00 is above the approval threshold $24.00")
    await team.limits(limits(autonomy=Autonomy.SEMI_AUTO))
    await asked("total would rise from $50.00 by $25.00, more than 30%")
    await team.limits(limits(autonomy=Autonomy.FULL_AUTO, always_ask_above=Money.of(24)))
    await asked("$25.00 is above $24.00, which always needs a person")
    await team.limits(limits(autonomy=Autonomy.FULL_AUTO))
    await launched_alone()
    # What compliance doubts goes to a person even then.
    bitcoin = TEXT.replace("harbour town", "bitcoin town")
    await asked("a topic networks restrict: 'bitcoin'", text=bitcoin)
    await reach(team, CampaignStatus.ACTIVE, first)
