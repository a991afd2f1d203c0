"""Optimising on demand: what is decided is done on the network, read back, and survives a pause."""

from datetime import timedelta

from sqlmodel import col, select

from models.contract.campaign import ChangeBudget, Optimise, Pause, Resume
from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.vocabulary import CampaignStatus
from models.tables import CreativeSnapshot, RecommendationRow
from platforms.registry import Networks
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    account,
    admin_campaign,
    ask,
    budget_on_network,
    commitments,
    now,
    refusal,
)


async def test_a_proven_winner_runs_alone_and_still_does_after_a_pause(
    team: TeamUnderTest,
) -> None:
    team.cadence = team.cadence.model_copy(
        update={"pacing": timedelta(days=20), "fatigue": timedelta(days=20)}
    )
    handle = await admin_campaign(team, "meta", daily_budget=Money.of(40), variants=3)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    ads = view.tree.ad_ids
    assert len(ads) > 1
    best = next(iter(ads))
    meta, at = await account(team, "meta"), now(team)
    async with team.database.team(team.id) as session:
        for ago in range(1, 10):
            for variant, ad_id in ads.items():
                session.add(
                    CreativeSnapshot(
                        team_id=team.id,
                        account_id=meta.id,
                        campaign_id=view.campaign_id,
                        platform_ad_id=ad_id,
                        day=(at - timedelta(days=ago)).date(),
                        as_of=at,
                        impressions=10_000,
                        clicks=500 if variant == best else 100,
                        reach=9_500,
                        spend_micros=10_000_000,
                    )
                )
    told = await ask(handle, "optimise", Optimise(by="ana"))
    assert "decided" in told.message

    networks = Networks(team.settings, lambda: now(team))

    async def on() -> set[str]:
        network = await networks.of(meta)
        shown = await network.read(ObjectKind.AD, list(ads.values()))
        return {one.id for one in shown if one.switched_on}

    try:
        assert await on() == {ads[best]}
        rows = await team.decisions(view.campaign_id)
        (won,) = [one for one in rows if str(one.policy).startswith("winner-")]
        assert won.action_taken["answer"]["winner"] == best
        assert won.executed_at is not None

        # Asked again at once, the lever rests; a pause and a return change nothing of it.
        await ask(handle, "optimise", Optimise(by="ana"))
        await ask(handle, "pause", Pause(by="ana"))
        assert "is paused" in await refusal(ask(handle, "optimise", Optimise(by="ana")))
        await ask(handle, "resume", Resume(by="ana"))

        async def alone() -> bool:
            return await on() == {ads[best]}

        await eventually(alone)
    finally:
        await networks.aclose()


async def test_a_raise_that_nobody_agreed_to_is_left_to_a_person(team: TeamUnderTest) -> None:
    team.cadence = team.cadence.model_copy(update={"pacing": timedelta(days=20)})
    handle = await admin_campaign(team, "meta", daily_budget=Money.of(40))
    view = await team.until(handle, CampaignStatus.ACTIVE)
    wish = ChangeBudget(
        by="portfolio", daily_budget=Money.of(64), reason="earns more", agreed=False
    )
    await handle.signal("change_budget", wish)

    async def advised() -> RecommendationRow | None:
        async with team.database.team(team.id) as session:
            return await session.scalar(
                select(RecommendationRow).where(
                    col(RecommendationRow.campaign_id) == view.campaign_id
                )
            )

    row = await eventually(advised, seconds=20)
    assert (row.kind, row.state) == ("reallocate", "open")
    assert row.change == {"field": "daily_budget", "from": "$40.00", "to": "64"}
    assert await budget_on_network(team, view) == Money.of(40)
    assert (await team.view(handle)).plan.daily_budget == Money.of(40)
    assert all(one.daily_micros <= 40_000_000 for one in await commitments(team, view))
