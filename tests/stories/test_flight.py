"""A live campaign: its start, its hours, its end; what a person does to it; its landing page."""

import asyncio
from datetime import datetime, timedelta

from sqlmodel import col, select, update

from models.contract.campaign import ChangeBudget, Dayparting, Pause, Resume
from models.contract.money import Money
from models.contract.vocabulary import CampaignStatus
from models.tables import BudgetAdjustment, StandingStop
from tests.stack import QUICK, TeamUnderTest, eventually
from tests.stories.scenes import (
    BRISK,
    Handle,
    admin_campaign,
    approvals,
    ask,
    budget_on_network,
    commitments,
    end_on_network,
    event_door,
    fired,
    is_on,
    limits,
    live,
    now,
    publish,
    reach,
    refusal,
    site_path,
    switched_when,
    take_down,
    truth,
)


async def test_a_flight_from_its_start_under_a_moving_lease_to_the_archive(
    team: TeamUnderTest,
) -> None:
    team.cadence = BRISK.model_copy(update={"lease": timedelta(hours=1)})
    begin = now(team) + timedelta(minutes=50)
    end = begin + timedelta(hours=4)
    by_date = await admin_campaign(team, "meta", start=begin, end=end)
    by_budget = await admin_campaign(
        team, "x", daily_budget=Money.of(100), lifetime_budget=Money.of(3)
    )
    waiting = await team.until(by_date, CampaignStatus.SCHEDULED)
    assert not waiting.approval.needed
    assert await approvals(team, waiting) == []

    view = await team.until(by_date, CampaignStatus.ACTIVE)
    statuses = [visit.status.value for visit in view.visits]
    assert statuses[:5] == ["draft", "scheduled", "launching", "pending_review", "active"]
    assert view.visits[2].at >= begin
    leases: list[datetime] = []

    async def over() -> bool:
        leases.append(await end_on_network(team, view))
        return (await team.view(by_date)).status is CampaignStatus.COMPLETED

    await eventually(over, seconds=25)
    assert leases == sorted(leases), "a lease only moves forward"
    assert len(set(leases)) >= 3
    assert max(leases) <= end, "never past the flight"

    (archived,) = await reach(team, CampaignStatus.ARCHIVED, by_date)
    completed = next(one for one in archived.visits if one.status is CampaignStatus.COMPLETED)
    assert completed.at >= end
    assert completed.why == "the flight reached its end"
    assert not await is_on(team, archived)
    spent = await team.until(by_budget, CampaignStatus.COMPLETED, CampaignStatus.ARCHIVED)
    why = next(one.why for one in spent.visits if one.status is CampaignStatus.COMPLETED)
    assert "lifetime amount $3.00 is used" in why
    assert not await is_on(team, spent)
    result = await asyncio.wait_for(by_budget.result(), 15)
    assert result["status"] == "archived"


async def test_it_delivers_in_its_hours_and_rests_outside_them(team: TeamUnderTest) -> None:
    team.cadence = BRISK
    hour = (now(team).hour + 2) % 24
    handle = await admin_campaign(
        team, "x", daily_budget=Money.of(400), dayparting=Dayparting(hours=(hour,))
    )
    view = await team.until(handle, CampaignStatus.PENDING_REVIEW)

    async def switched(on: bool) -> None:
        async def seen() -> bool:
            return await is_on(team, view) is on

        await eventually(seen, seconds=12)

    assert not await is_on(team, view)
    assert (await truth(team, view))["impressions"] == 0
    await switched(True)
    (view,) = await reach(team, CampaignStatus.ACTIVE, handle)
    await switched(False)
    delivered = await truth(team, view)
    assert delivered["impressions"] > 0
    assert delivered["rate_micros_per_hour"] == 0
    assert (await team.view(handle)).status is CampaignStatus.ACTIVE, "resting is not paused"
    switches = [(status, at.hour) for status, at in await switched_when(team, view)]
    assert switches == [("ACTIVE", hour), ("PAUSED", (hour + 1) % 24)]


async def test_a_person_pauses_resumes_and_sets_budgets_within_the_limits(
    team: TeamUnderTest,
) -> None:
    team.cadence = QUICK.model_copy(update={"pacing": timedelta(days=2)})
    handles = await live(team)
    both = list(handles.values())

    async def each(name: str, message: object) -> None:
        await asyncio.gather(*(ask(one, name, message) for one in both))

    async def each_refused(name: str, message: object, *words: str) -> None:
        for sentence in await asyncio.gather(*(refusal(ask(one, name, message)) for one in both)):
            assert all(word in sentence for word in words), sentence

    async def network_shows(*, on: bool, budget: int) -> None:
        for handle in both:
            view = await team.view(handle)
            assert await is_on(team, view) is on
            assert await budget_on_network(team, view) == Money.of(budget)
            held = [one.daily_micros for one in await commitments(team, view)]
            assert held == ([budget * 1_000_000] if on else [])
            if not on:
                assert (await truth(team, view))["rate_micros_per_hour"] == 0

    def budget(amount: str, currency: str = "USD") -> ChangeBudget:
        return ChangeBudget(by="ana", daily_budget=Money.of(amount, currency))

    await each("pause", Pause(by="ana", reason="lunch"))
    await network_shows(on=False, budget=25)
    await each_refused("pause", Pause(by="ana"), "cannot pause: the campaign is paused")

    await team.limits(limits(campaign_daily=Money.of(20)))
    limit = "campaign daily limit is $20.00 and this would make it $25.00"
    await each_refused("resume", Resume(by="ana"), limit)
    await network_shows(on=False, budget=25)
    await each_refused("change_budget", budget("30"), "$30.00 is above the campaign limit $20.00")
    receipt = await ask(both[0], "change_budget", budget("18"))
    assert receipt.message == "daily budget will be $18.00 when it resumes"
    await ask(both[1], "change_budget", budget("18"))
    await each("resume", Resume(by="ana"))
    await reach(team, CampaignStatus.ACTIVE, *both)
    await network_shows(on=True, budget=18)
    await each_refused("resume", Resume(by="ana"), "cannot resume: the campaign is active")

    async with team.database.team(team.id) as session:
        session.add(
            StandingStop(team_id=team.id, scope="all", level="soft", by="ben", since=now(team))
        )
    await each("change_budget", budget("15"))  # lowering asks nobody
    for handle in both:
        assert await budget_on_network(team, await team.view(handle)) == Money.of(15)
    await each_refused("change_budget", budget("16"), "a soft stop over 'all' by ben stands")
    async with team.database.team(team.id) as session:
        await session.execute(update(StandingStop).values(lifted_at=now(team), lifted_by="ben"))
    await each("change_budget", budget("19"))
    await network_shows(on=True, budget=19)
    above = "campaign daily limit is $20.00 and this would make it $21.00"
    await each_refused("change_budget", budget("21"), above)
    await each_refused("change_budget", budget("0.5"), "daily budget $0.50 is below the network's")
    await each_refused("change_budget", budget("19", "EUR"), "EUR is not the account's USD")
    await network_shows(on=True, budget=19)

    for handle in both:
        view = await team.view(handle)
        async with team.database.team(team.id) as session:
            rows = await session.scalars(
                select(BudgetAdjustment)
                .where(col(BudgetAdjustment.campaign_id) == view.campaign_id)
                .order_by(col(BudgetAdjustment.at))
            )
            changes = [(one.old_micros, one.new_micros, one.decided_by) for one in rows]
        assert changes == [
            (25_000_000, 18_000_000, "ana"),
            (18_000_000, 15_000_000, "ana"),
            (15_000_000, 19_000_000, "ana"),
        ]


async def test_a_pause_overtakes_a_resume_that_is_under_way(team: TeamUnderTest) -> None:
    handle = await admin_campaign(team, "meta")
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await ask(handle, "pause", Pause(by="ana"))
    await team.arm("meta", "delay", method="POST", seconds=1.5, count=1)
    await handle.signal("resume", Resume(by="ana"))

    async def under_way() -> bool:
        return await fired(team, "meta", "delay") == 1

    await eventually(under_way)
    await ask(handle, "pause", Pause(by="ben", reason="changed my mind"))
    resting = await team.view(handle)
    assert resting.status is CampaignStatus.PAUSED
    assert resting.refused_messages[-1] == "resume by ana: paused again by ben: changed my mind"
    assert not await is_on(team, view)


async def test_paid_clicks_never_lead_to_a_page_that_is_gone_or_promises_something_else(
    team: TeamUnderTest,
) -> None:
    team.cadence = BRISK
    url = await team.publish("page")
    promotion = await team.promote(url)
    handles = await team.proposed(promotion)
    both = list(handles.values())
    for handle in both:
        await handle.signal("approve", {"by": "ana", "version": 1})
    await reach(team, CampaignStatus.ACTIVE, *both)

    async def paused(*words: str, handles: list[Handle] = both) -> None:
        for view in await reach(team, CampaignStatus.PAUSED, *handles):
            assert view.pause is not None
            assert (view.pause.by, view.pause.by_machine) == ("adflight", True)
            assert all(word in view.pause.reason for word in words), view.pause.reason
            assert not await is_on(team, view)

    async def back(*, handles: list[Handle] = both) -> None:
        await asyncio.gather(*(ask(one, "resume", Resume(by="ana")) for one in handles))
        for view in await reach(team, CampaignStatus.ACTIVE, *handles):
            assert await is_on(team, view)

    await take_down(team, url)
    await paused("the page was unpublished", "404")
    await publish(team, url)
    await back()
    await publish(team, url, title="Now about something else")
    await paused("the page was changed: its title is 'Now about something else' now")
    await publish(team, url)
    await back()
    async with event_door(team) as post:
        await post(url=url, kind="post.changed")
        await paused("the page was changed: the publisher says so")
        await back()
        await post(url=url, kind="post.unpublished")
        await paused("the page was unpublished: the publisher says so")
    await back(handles=both[:1])
    await team.arm("site", "lost_answer", path=site_path(url), count=50)
    await paused("the page was unreachable", handles=both[:1])
