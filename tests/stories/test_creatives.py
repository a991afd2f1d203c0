"""A campaign's creatives: a person's own first and unchanged, judged before anything leaves, and
fresh ones when people are tired (D1, D2, D24, D26, D33 to D35, E7, E8)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from sqlmodel import col, select
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

from creative.pictures import open_picture
from models.contract.briefs import CreativeBrief, CreativeSet
from models.contract.campaign import CampaignInput, CampaignView, MediaPlan, Optimise
from models.contract.creative import GivenCreative, Origin
from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import CampaignStatus, DecisionType, Platform
from models.tables import CreativeRow, CreativeSnapshot, DecisionRow
from platforms.registry import Networks
from starter.admin_campaign import propose, start
from starter.assets import asset_library
from tests.activities.test_rendering import difference
from tests.creative.articles import LIBRARY
from tests.creative.library.files import encoded, picture
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import Handle, account, approve, ask, fired, limits, notices, now

OWN = GivenCreative(
    headline="Nets, mended by hand",
    primary_text="A short visit to the net lofts of a harbour town.",
)
INSURED = " ".join(
    f"Sentence {number} tells what insurance for nets and boats means in the harbour town."
    for number in range(1, 16)
)


async def begun(
    team: TeamUnderTest,
    *given: GivenCreative,
    platform: str = "meta",
    page: dict[str, str] | None = None,
    **plan: Any,
) -> Handle:
    """A campaign of a person who gives ads of their own and lets the machine optimise."""
    settings = team.settings
    campaign: CampaignInput = await propose(
        team.database,
        settings,
        await account(team, platform),
        MediaPlan(
            **{
                "name": "Harbour days",
                "destination_url": await team.publish(**(page or {})),
                "daily_budget": Money.of(40),
                "variants": max(len(given), 1),
                **plan,
            }
        ),
        by="ana",
        now=now(team),
        optimised=True,
    )
    quiet = team.cadence.model_copy(
        update={"pacing": timedelta(days=20), "fatigue": timedelta(days=20)}
    )
    return await start(team.client, campaign.model_copy(update={"given": given, "cadence": quiet}))


def photo(size: tuple[int, int] = (1080, 1080), *, turned: bool = False) -> Image.Image:
    return picture(size).rotate(180 if turned else 0)


async def kept(team: TeamUnderTest, image: Image.Image) -> str:
    """A picture of a person's own, in the library."""
    library = asset_library(team.settings, team.database)
    asset = await library.add(
        team.id, encoded("PNG", image), source=Origin.ADMIN.value, added_by="ana"
    )
    return asset.sha256


async def decided(team: TeamUnderTest, view: CampaignView, kind: DecisionType) -> list[DecisionRow]:
    """Decisions of a kind, oldest first."""
    rows = await team.decisions(view.campaign_id)
    return [one for one in rows if one.decision_type == kind]


async def creatives(team: TeamUnderTest, view: CampaignView) -> list[CreativeRow]:
    """A campaign's ads as they are recorded, in order."""
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(CreativeRow)
            .where(col(CreativeRow.campaign_id) == view.campaign_id)
            .order_by(col(CreativeRow.variant))
        )
        return list(rows.all())


# -- before launch ------------------------------------------------------------------------------


async def test_a_persons_own_ads_come_first_and_are_shown_as_given(team: TeamUnderTest) -> None:
    photos = photo(), photo((1200, 1200), turned=True)
    first, second = [await kept(team, one) for one in photos]
    handle = await begun(
        team,
        OWN.model_copy(update={"image": first}),
        GivenCreative(image=second),
        variants=4,
    )
    view = await team.until(handle, CampaignStatus.ACTIVE)
    given, pictured, *others = made_ads = await creatives(team, view)
    assert [one.source for one in made_ads] == ["admin", "admin", "ai", "ai"]
    assert (given.headline, given.primary_text) == (OWN.headline, OWN.primary_text)
    library = asset_library(team.settings, team.database)
    for creative, own in zip((given, pictured), photos, strict=True):
        shown = open_picture(await library.read(team.id, creative.image_sha256))
        assert difference(shown, own.resize(shown.size)) < 4, "laid over or stretched"
        asset = await library.one(team.id, creative.image_sha256)
        assert (asset.source, asset.ai_made) == ("admin", False)
    assert pictured.primary_text not in ("", OWN.primary_text)
    assert pictured.headline
    for creative in others:
        asset = await library.one(team.id, creative.image_sha256)
        assert (asset.source, asset.provenance) == ("drawn", "valid")
    assert len({one.headline for one in made_ads}) == 4

    # The network was given just these words.
    shelf = {one["id"]: one for one in await team.objects("meta", "adcreative")}
    told = shelf[view.tree.creative_ids["v1"]]["object_story_spec"]["link_data"]
    assert (told["name"], told["message"]) == (OWN.headline, OWN.primary_text)

    # What was judged and made, of what, is on record before anything was launched.
    (judged,) = await decided(team, view, DecisionType.COMPLIANCE)
    assert judged.reasoning == "v1: pass; v2: pass; v3: pass; v4: pass"
    (made,) = await decided(team, view, DecisionType.GENERATE_CREATIVE)
    assert "v1 own, a person's own" in made.reasoning
    assert "adflight's own drawing (sandbox" in made.reasoning
    (launched,) = await decided(team, view, DecisionType.LAUNCH)
    assert judged.recorded_at < made.recorded_at < launched.recorded_at
    assert judged.decided_by == made.decided_by == "rule-based sandbox planner"


async def test_a_campaign_that_has_nothing_to_show_says_why(team: TeamUnderTest) -> None:
    handle = await begun(
        team, OWN.model_copy(update={"image": await kept(team, photo((400, 300)))})
    )
    view = await team.until(handle, CampaignStatus.FAILED)
    assert view.error
    assert view.error.startswith("no creatives: v1: meta feed image: 400x300 pixels leave 300x300")
    assert await team.effects(view.campaign_id) == []


async def test_without_a_review_a_person_must_agree(team: TeamUnderTest) -> None:
    # All words are given: the first question to Claude is the review.
    await team.arm("claude", "refusal", count=1)
    handle = await begun(team, OWN)
    view = await team.until(handle, CampaignStatus.PENDING_APPROVAL)
    assert await fired(team, "claude", "refusal") == 1
    (reason,) = [one for one in view.approval.reasons if one.startswith("creative v1: ")]
    assert "not reviewed by Claude" in reason
    assert "refusal" in reason
    assert view.approval.needed
    assert await team.effects(view.campaign_id) == []
    (judged,) = await decided(team, view, DecisionType.COMPLIANCE)
    assert judged.reasoning.startswith("v1: needs_person: not reviewed by Claude")
    await approve(team, handle)
    await team.until(handle, CampaignStatus.ACTIVE)


async def test_what_a_person_wrote_needs_no_claude(team: TeamUnderTest) -> None:
    """A picture whose words nobody wrote is left out by name, and no other ad gets it."""
    await team.arm("claude", "refusal", count=1)
    own, other = photo(), photo((1300, 1300), turned=True)
    made = await making(
        team,
        GivenCreative(image=await kept(team, other)),
        OWN.model_copy(update={"image": await kept(team, own)}),
        variants=3,
    )
    (creative,) = made.creatives
    assert (creative.id, creative.author) == ("v1", "admin")
    assert creative.copy_text.headline == OWN.headline
    library = asset_library(team.settings, team.database)
    shown = open_picture(await library.read(team.id, creative.image.sha256))
    assert difference(shown, photo().resize(shown.size)) < 4
    assert creative.image.source == "a person's own"
    asked, unwritten = made.dropped
    assert asked.startswith("2 variant(s) without copy: ")
    assert "refusal" in asked
    assert unwritten == "creative 1 of your own: no copy could be written for it"


async def test_a_stop_during_the_review_makes_nothing_more(team: TeamUnderTest) -> None:
    await team.arm("claude", "delay", count=1, seconds=20)
    handle = await starting(team, OWN)

    async def asked() -> bool:
        described = await handle.describe()
        pending = described.raw_description.pending_activities
        return any(one.activity_type.name == "review_copies" for one in pending)

    await eventually(asked)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError) as ended:
        await asyncio.wait_for(handle.result(), 20)
    assert isinstance(ended.value.cause, CancelledError)


# -- when people are tired ------------------------------------------------------------------------


async def test_what_people_are_tired_of_gets_fresh_company(team: TeamUnderTest) -> None:
    poor = OWN.model_copy(update={"image": await kept(team, photo((400, 300)))})
    handle = await begun(team, poor, OWN, variants=3)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    assert set(view.tree.ad_ids) == {"v2", "v3"}
    (made,) = await decided(team, view, DecisionType.GENERATE_CREATIVE)
    assert "left out: v1: meta feed image: 400x300 pixels leave 300x300" in made.reasoning
    before = {one.variant: one for one in await creatives(team, view)}
    # A person's own ad is far behind, the machine's was good and wears out.
    await seen_often(team, view, v2=(80, 1.0), v3=(900, 0.86))
    await ask(handle, "optimise", Optimise(by="ana"))

    after = {one.variant: one for one in await creatives(team, view)}
    assert set(after) == {"v2", "v3", "v4"}
    fresh = after["v4"]
    assert fresh.source == "ai"
    assert fresh.angle not in {one.angle for one in before.values()}
    assert fresh.primary_text not in {one.primary_text for one in before.values()}
    assert after["v2"].headline == OWN.headline
    now_there = await team.view(handle)
    on = await switched_on(team, now_there)
    assert {"v2", "v4"} <= on, "a person's own is rested by nobody, and the fresh one runs"
    assert now_there.plan.daily_budget == Money.of(40)
    assert now_there.live_budget == Money.of(40)
    effects = await team.effects(view.campaign_id)
    assert sorted(one.kind for one in effects) == sorted(
        ["campaign", "ad_group", *["creative"] * 3, *["ad"] * 3]
    )
    worn = {
        one.reasoning.partition(":")[0]: one
        for one in await decided(team, view, DecisionType.FATIGUE)
    }
    assert "people are tired of it" in worn["v3"].reasoning
    assert (worn["v3"].outcome, worn["v3"].executed_at is not None) == ("success", True)
    assert worn["v2"].outcome == "held"
    told = [one.body for one in await notices(team, view, "advice")]
    assert any("v2" in one and "nobody else replaces it" in one for one in told)

    # Asked again, it is still tired, and has its company already: nothing more is made.
    await ask(handle, "optimise", Optimise(by="ana"))
    assert set((await team.view(handle)).tree.ad_ids) == {"v2", "v3", "v4"}
    assert len(await decided(team, view, DecisionType.GENERATE_CREATIVE)) == 2
    *_, last = await decided(team, view, DecisionType.FATIGUE)
    assert last.outcome == "held"


async def test_fresh_ads_that_the_authority_refuses_stay_off(team: TeamUnderTest) -> None:
    handle = await begun(team, variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await seen_often(team, view, v1=(900, 0.86))
    await team.limits(limits(campaign_daily=Money.of(20)))
    await ask(handle, "optimise", Optimise(by="ana"))
    view = await team.view(handle)
    assert set(view.tree.ad_ids) == {"v1", "v2"}
    assert await switched_on(team, view) == {"v1"}
    (worn,) = await decided(team, view, DecisionType.FATIGUE)
    assert worn.outcome == "held"
    assert worn.outcome_details == ("v2 made, and not switched on: the spend authority said no")
    rows = {one.variant: one.status for one in await creatives(team, view)}
    assert rows == {"v1": "active", "v2": "resting"}


async def test_where_ads_cannot_be_switched_none_is_made_beside_the_tired(
    team: TeamUnderTest,
) -> None:
    """A fresh ad would run at once there, before anybody was asked."""
    handle = await begun(team, platform="x", variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await seen_often(team, view, v1=(900, 0.86))
    await ask(handle, "optimise", Optimise(by="ana"))
    assert set((await team.view(handle)).tree.ad_ids) == {"v1"}
    (worn,) = await decided(team, view, DecisionType.FATIGUE)
    assert worn.outcome == "held"

    async def told() -> bool:
        said = [one.body for one in await notices(team, view, "advice")]
        return any("x cannot switch single ads: a fresh one would run at" in one for one in said)

    await eventually(told)


async def test_fresh_ads_that_compliance_doubts_are_not_run(team: TeamUnderTest) -> None:
    page = {"title": "What insurance means for a harbour town", "text": INSURED}
    handle = await begun(team, page=page, variants=1)
    view = await team.until(handle, CampaignStatus.PENDING_APPROVAL)
    await approve(team, handle)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await seen_often(team, view, v1=(900, 0.86))
    await ask(handle, "optimise", Optimise(by="ana"))
    first, second = await decided(team, view, DecisionType.COMPLIANCE)
    assert first.reasoning.startswith("v1: needs_person: ")
    assert second.reasoning.startswith("v2: needs_person: ")
    assert "insurance" in second.reasoning
    assert [one.variant for one in await creatives(team, view)] == ["v1"]
    assert set((await team.view(handle)).tree.ad_ids) == {"v1"}
    (told,) = [one.body for one in await notices(team, view, "advice")]
    assert told.startswith("fresh creatives were made and not run: creative v2: ")
    assert len(await team.effects(view.campaign_id)) == 4


async def seen_often(team: TeamUnderTest, view: CampaignView, **ads: tuple[int, float]) -> None:
    """Two weeks in which the same people see an ad again and again: the first day's clicks, and
    what share of them is left with each day."""
    on, at = await account(team, view.platform), now(team)
    async with team.database.team(team.id) as session:
        for variant, (clicks, kept_up) in ads.items():
            for day in range(14):
                session.add(
                    CreativeSnapshot(
                        team_id=team.id,
                        account_id=on.id,
                        campaign_id=view.campaign_id,
                        platform_ad_id=view.tree.ad_ids[variant],
                        day=(at - timedelta(days=14 - day)).date(),
                        as_of=at,
                        impressions=20_000,
                        clicks=round(clicks * kept_up**day),
                        reach=15_000 if day == 0 else 300,
                        spend_micros=10_000_000,
                    )
                )


async def switched_on(team: TeamUnderTest, view: CampaignView) -> set[str]:
    """Variants whose ads the network has switched on."""
    networks = Networks(team.settings, lambda: now(team))
    try:
        network = await networks.of(await account(team, "meta"))
        shown = await network.read(ObjectKind.AD, list(view.tree.ad_ids.values()))
    finally:
        await networks.aclose()
    on = {one.id for one in shown if one.switched_on}
    return {variant for variant, ad_id in view.tree.ad_ids.items() if ad_id in on}


# -- without a campaign -------------------------------------------------------------------------


def _brief(team: TeamUnderTest, given: tuple[GivenCreative, ...], variants: int) -> CreativeBrief:
    return CreativeBrief(
        team_id=team.id,
        campaign_id=uuid4(),
        platform=Platform.META,
        plan=MediaPlan(
            name="Reading room",
            destination_url=LIBRARY.canonical_url,
            daily_budget=Money.of(25),
            variants=variants,
        ),
        article=LIBRARY,
        given=given,
    )


async def starting(team: TeamUnderTest, *given: GivenCreative, variants: int = 1) -> Handle:
    return await team.client.start_workflow(
        "creative",
        _brief(team, given, variants),
        id=f"creative-{uuid4()}",
        task_queue=MANAGEMENT,
        result_type=CreativeSet,
    )


async def making(team: TeamUnderTest, *given: GivenCreative, variants: int = 1) -> CreativeSet:
    handle = await starting(team, *given, variants=variants)
    return await asyncio.wait_for(handle.result(), 60)
