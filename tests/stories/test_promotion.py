"""From a published article to proposals, or to a skip with its reason."""

import asyncio
import json
from uuid import uuid4

from sqlmodel import col, select

from activities.feeds import FeedPoll, FeedPolled
from models.contract.campaign import Receipt, Reject
from models.contract.promotion import PromotionResult
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import CampaignStatus, DecisionType
from models.tables import ClaudeCall, DecisionRow, Feed, InboundEvent, Promotion, Team
from tests.stack import TEXT, TeamUnderTest, page
from tests.stories.scenes import approve, ask, event_door, fired, is_on, proposed, reach

PLANNER = "rule-based sandbox planner"


async def test_an_approved_campaign_goes_live_with_one_object_per_effect(
    team: TeamUnderTest,
) -> None:
    handles = await proposed(team)
    assert set(handles) == {"meta", "x"}
    await approve(team, *handles.values())
    for view in await reach(team, CampaignStatus.ACTIVE, *handles.values()):
        effects = await team.effects(view.campaign_id)
        assert len(effects) == 2 + 2 * len(view.tree.ad_ids)
        assert {effect.state for effect in effects} == {"confirmed"}
        assert await is_on(team, view)


async def test_a_declined_proposal_closes_and_touches_no_network(team: TeamUnderTest) -> None:
    handles = await proposed(team)
    await handles["meta"].signal("reject", Reject(by="ana", reason="not now"))
    answer: Receipt = await ask(handles["x"], "reject", Reject(by="ben", reason="nor here"))
    assert answer.status is CampaignStatus.DECLINED
    for platform, handle in handles.items():
        result = await asyncio.wait_for(handle.result(), 15)
        assert result["status"] == "declined", platform
        assert await team.effects(result["campaign_id"]) == []


async def test_what_is_thin_barred_or_switched_off_is_skipped_with_its_reason(
    team: TeamUnderTest,
) -> None:
    short = await team.publish(title="A short note", text=" ".join(TEXT.split()[:40]))
    skipped = await _outcome(team, await team.promote(short))
    assert skipped.outcome == "skipped"
    assert "under 60 words" in skipped.reasoning
    row = await _promotion(team, skipped.promotion_id)
    assert (row.status, row.reasoning) == ("skipped", skipped.reasoning)

    async with event_door(team) as post:
        await _rules(team, promotion_rules={"only_tags": ["sailing"]})
        nets = await _outcome(team, (await post(tags=["nets"]))["promotion"])
        assert nets.reasoning == "the team promotes only articles tagged sailing"
        await _rules(team, promotion_rules={"never_tags": ["Politics"]})
        politics = await _outcome(team, (await post(tags=["politics"]))["promotion"])
        assert politics.reasoning == "the team never promotes articles tagged politics"
        await _rules(team, promotion_rules={}, enabled=False)
        off = await _outcome(team, (await post())["promotion"])
        assert "switched off" in off.reasoning
        await _rules(team, enabled=True)

    gone = await _outcome(team, await team.promote("https://journal.example/never-published"))
    assert gone.outcome == "skipped"
    assert "404" in gone.reasoning
    for one in (nets, politics, off, gone):
        (decision,) = await _promotion_decisions(team, one.promotion_id)
        assert decision.decision_type == DecisionType.SKIP
        assert decision.reasoning == one.reasoning
    assert await team.campaigns() == []


async def test_an_answer_that_stays_wrong_or_is_refused_becomes_a_skip(
    team: TeamUnderTest,
) -> None:
    await team.arm("claude", "invalid_answer", count=2)
    wrong = await _outcome(team, await team.promote(await team.publish()))
    assert wrong.outcome == "skipped"
    assert "stayed invalid after a repair" in wrong.reasoning
    await team.arm("claude", "refusal", count=1)
    refused = await _outcome(team, await team.promote(await team.publish()))
    assert refused.outcome == "skipped"
    assert "refusal" in refused.reasoning
    assert await team.campaigns() == []
    assert await fired(team, "claude", "invalid_answer") == 2


async def test_a_wrong_answer_is_repaired_and_all_is_recorded_before_it_is_done(
    team: TeamUnderTest,
) -> None:
    await team.arm("claude", "overloaded", count=1)
    await team.arm("claude", "invalid_answer", count=1)
    promotion = await team.promote(await team.publish())
    promoted = await _outcome(team, promotion)
    assert promoted.outcome == "promoted", promoted.reasoning
    await asyncio.gather(
        *(
            team.until(team.handle(one), CampaignStatus.PENDING_APPROVAL)
            for one in promoted.campaigns
        )
    )
    assert await fired(team, "claude", "overloaded") == 1
    assert await fired(team, "claude", "invalid_answer") == 1

    async with team.database.team(team.id) as session:
        calls = list(
            await session.scalars(select(ClaudeCall).where(col(ClaudeCall.purpose) == "evaluate"))
        )
    assert len(calls) == 2, "the question and its repair"
    assert {call.model for call in calls} == {PLANNER}
    question = min(calls, key=lambda call: len(call.request["messages"]))  # type: ignore[arg-type]
    assert "harbour town" in json.dumps(question.request["messages"])

    evaluated, *created = await _promotion_decisions(team, promotion)
    assert evaluated.decision_type == DecisionType.EVALUATE
    assert evaluated.policy == PLANNER
    assert evaluated.input_context["tokens"] == [
        sum(call.input_tokens for call in calls),
        sum(call.output_tokens for call in calls),
    ]
    assert all(tokens > 0 for tokens in evaluated.input_context["tokens"])  # type: ignore[union-attr]
    rows = {one.id: one for one in await team.campaigns(promotion)}
    assert len(rows) == 2
    created = [one for one in created if one.decision_type == DecisionType.CREATE_CAMPAIGN]
    for decision in created:
        assert decision.campaign_id is not None
        assert decision.confidence == 0.6
        assert evaluated.recorded_at < decision.recorded_at
        assert decision.recorded_at < rows.pop(decision.campaign_id).created_at
    assert not rows, "a campaign whose creation was not decided"


async def test_ten_events_at_once_and_every_spelling_of_an_address_are_one_promotion(
    team: TeamUnderTest,
) -> None:
    url = await team.publish()
    async with event_door(team) as post:
        answers = await asyncio.gather(*(post(url=f"{url}?utm_source=n{n}") for n in range(10)))
        assert len({answer["promotion"] for answer in answers}) == 1
        assert [answer["duplicate"] for answer in answers].count(False) == 1
        again = await post(url=url, event_id="twice")
        assert again == {"promotion": answers[0]["promotion"], "duplicate": True}
        assert await post(url=url, event_id="twice") == again
    promotion = answers[0]["promotion"]
    assert await team.promote(f"{url}?utm_medium=mail") == promotion

    # Another address whose page names the first as its canonical one.
    mirror = f"{url}-amp"
    body = {"url": mirror, "html": page(url)}
    (await team.control.post("/pages", json=body)).raise_for_status()
    mirrored = await _outcome(team, await team.promote(mirror))
    assert mirrored.promotion_id != promotion
    assert mirrored.outcome == "duplicate"
    assert promotion in mirrored.reasoning

    promoted = await _outcome(team, promotion)
    assert promoted.outcome == "promoted"
    await asyncio.gather(
        *(
            team.until(team.handle(one), CampaignStatus.PENDING_APPROVAL)
            for one in promoted.campaigns
        )
    )
    assert len(await team.campaigns()) == 2
    async with team.database.team(team.id) as session:
        assert len((await session.scalars(select(Promotion))).all()) == 1
        events = (await session.scalars(select(InboundEvent))).all()
    assert len(events) == 11
    assert {event.status for event in events} == {"dispatched"}


async def test_a_watched_feed_promotes_what_is_new_and_only_once(team: TeamUnderTest) -> None:
    feed = f"https://journal.example/{team.id.hex[:8]}/feed.xml"
    old = await team.publish("old", title="What was there before")
    await _publish_feed(team, feed, old)
    async with team.database.team(team.id) as session:
        row = Feed(team_id=team.id, url=feed)
        session.add(row)
        poll = FeedPoll(team_id=team.id, feed_id=row.id)

    assert await _poll(team, poll) == FeedPolled()
    new = await team.publish("new")
    await _publish_feed(team, feed, old, new)
    found = await _poll(team, poll)
    assert len(found.started) == 1
    assert await _poll(team, poll) == FeedPolled(), "nothing new"
    async with event_door(team) as post:
        posted = await post(url=f"{new}?utm_source=feed")
    assert posted == {"promotion": found.started[0], "duplicate": True}
    assert (await _outcome(team, found.started[0])).outcome == "promoted"
    handles = await team.proposed(found.started[0])
    assert set(handles) == {"meta", "x"}
    async with team.database.team(team.id) as session:
        promotions = (await session.scalars(select(Promotion))).all()
    assert [one.source for one in promotions] == [feed]


# -- feeds --------------------------------------------------------------------------------------


async def _poll(team: TeamUnderTest, poll: FeedPoll) -> FeedPolled:
    return await asyncio.wait_for(
        team.client.execute_workflow(
            "feed", poll, id=f"feed-{uuid4()}", task_queue=MANAGEMENT, result_type=FeedPolled
        ),
        20,
    )


async def _publish_feed(team: TeamUnderTest, feed: str, *links: str) -> None:
    items = "".join(f"<item><title>{one}</title><link>{one}</link></item>" for one in links)
    body = f'<rss version="2.0"><channel><title>Journal</title>{items}</channel></rss>'
    (await team.control.post("/pages", json={"url": feed, "html": body})).raise_for_status()


# -- records ------------------------------------------------------------------------------------


async def _outcome(team: TeamUnderTest, promotion: str) -> PromotionResult:
    handle = team.client.get_workflow_handle(promotion, result_type=PromotionResult)
    return await asyncio.wait_for(handle.result(), 20)


async def _promotion(team: TeamUnderTest, promotion: str) -> Promotion:
    async with team.database.team(team.id) as session:
        row = await session.get(Promotion, promotion)
    assert row is not None
    return row


async def _promotion_decisions(team: TeamUnderTest, promotion: str) -> list[DecisionRow]:
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(DecisionRow)
            .where(col(DecisionRow.promotion_id) == promotion)
            .order_by(col(DecisionRow.recorded_at))
        )
        return list(rows.all())


async def _rules(team: TeamUnderTest, **changes: object) -> None:
    async with team.database.team(team.id) as session:
        row = await session.get(Team, team.id)
        assert row is not None
        for name, value in changes.items():
            setattr(row, name, value)
