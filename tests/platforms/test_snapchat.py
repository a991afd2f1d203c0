"""The Snapchat adapter against the sandbox: rows C1, C15, C19, C25."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from models.contract.money import Money
from models.contract.network import Bid, Delivery, ObjectKind, Targeting
from models.contract.regulated import open_targeting
from models.contract.vocabulary import AccountStatus, CallToAction, Objective, SpecialCategory
from platforms.errors import AccessDenied, Ambiguous, RateLimited, Refused, Transient
from platforms.network import AdNetwork
from platforms.quota import urgent
from platforms.snapchat import CAPABILITIES, SnapchatNetwork, trees, wire
from platforms.snapchat.errors import classify, items
from platforms.snapchat.objects import ad_squad_view, ad_view, campaign_view
from platforms.snapchat.switch import FRESH
from platforms.snapchat.terms import CALLS_TO_ACTION, GOALS, STRATEGIES
from sandbox import snapchat as stand_in
from sandbox.snapchat import catalogue as stand_in_catalogue
from sandbox.snapchat import stats as stand_in_stats
from tests.clock import MORNING, Clock
from tests.platforms.contract.bench import AD, AD_GROUP, CAMPAIGN, CREATIVE, _video, digest
from tests.platforms.snapchat_bench import Stage
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

KINDS = (CAMPAIGN, AD_GROUP, CREATIVE, AD)
_SHELF = {CAMPAIGN: "campaign", AD_GROUP: "adsquad", AD: "ad"}


@pytest_asyncio.fixture
async def stage(sandbox_factory: Callable[..., Sandbox], tmp_path: Path) -> AsyncIterator[Stage]:
    clock = Clock()
    box = sandbox_factory(tempo=1.0, networks=("snapchat",), origin=MORNING, real=clock)
    found = Stage(box, clock, tmp_path)
    yield found
    await found.network.aclose()


async def many(stage: Stage, count: int) -> list[str]:
    """Campaigns that are on; their ids."""
    ids: list[str] = []
    on = {"status": "ACTIVE", "updated_at": "2026-03-03T08:00:00.000Z"}
    for number in range(count):
        tree = stage.tree(f"many{number}")
        ids.append((await stage.network.create(tree.campaign())).id)
        row = stage.row("campaign", ids[-1])
        stage.box.world.put("snapchat", "campaign", ids[-1], {**row, **on})
    stage.box.control.delete("/limits")
    return ids


# -- making -----------------------------------------------------------------------------------


async def test_what_is_sent_is_paused_whole_and_widens_nothing(stage: Stage) -> None:
    tree = stage.tree()
    order = tree.campaign(spend_cap=Money.of("100.00"))
    made = await stage.network.create(order)
    tree.ids["campaign"] = made.id
    women = Targeting(
        locations=("US", "GB"), age_min=21, age_max=34, genders=("female",), interests=("Foodies",)
    )
    group = await stage.network.create(tree.ad_group(targeting=women))

    (campaign,), (squad,) = stage.rows("campaign"), stage.rows("adsquad")
    assert (campaign["status"], squad["status"]) == ("PAUSED", "PAUSED")
    assert campaign["name"] == f"{order.key} Spring story"
    assert campaign["objective_v2_properties"] == {"objective_v2_type": "TRAFFIC"}
    assert campaign["lifetime_spend_cap_micro"] == 100_000_000
    assert "daily_budget_micro" not in campaign
    assert squad["daily_budget_micro"] == 60_000_000
    assert (squad["optimization_goal"], squad["billing_event"]) == ("SWIPES", "IMPRESSION")
    assert squad["bid_strategy"] == "AUTO_BID"
    assert "bid_micro" not in squad
    off = {"enabled": False}
    assert squad["targeting"] == {
        "geos": [
            {"country_code": "us", "operation": "INCLUDE"},
            {"country_code": "uk", "operation": "INCLUDE"},
        ],
        "demographics": [{"min_age": 21, "max_age": 34, "gender": "FEMALE", "languages": ["en"]}],
        "interests": [{"category_id": ["SLC_11"], "operation": "INCLUDE"}],
        "regulated_content": False,
        "enable_targeting_expansion": False,
        "auto_expansion_options": {
            "interest_expansion_option": off,
            "custom_audience_expansion_option": off,
        },
    }
    (seen,) = await stage.network.read(AD_GROUP, [group.id])
    assert seen.automatic == ()


async def test_what_snapchat_widens_by_itself_is_told(stage: Stage) -> None:
    tree = await stage.tree().make_groups()
    squad = stage.row("adsquad", tree.ids["ad_group"])
    squad["targeting"]["auto_expansion_options"]["interest_expansion_option"] = {"enabled": True}
    stage.box.world.put("snapchat", "adsquad", squad["id"], squad)
    (seen,) = await stage.network.read(AD_GROUP, [squad["id"]])
    assert seen.automatic == ("interest expansion on",)


async def test_a_creative_carries_brand_profile_button_and_link(stage: Stage) -> None:
    tree = await stage.tree().make()
    (creative,), (ad,) = stage.rows("creative"), stage.rows("ad")
    assert creative["type"] == "WEB_VIEW"
    assert creative["brand_name"] == "Sandbox"
    assert creative["profile_properties"] == {"profile_id": stand_in.PROFILE_ID}
    assert creative["call_to_action"] == "MORE"
    assert creative["web_view_properties"] == {"url": "https://journal.example/a-story"}
    assert stage.row("media", creative["top_snap_media_id"])["media_status"] == "READY"
    assert ad["type"] == "REMOTE_WEBPAGE"
    assert ad["creative_id"] == tree.ids["creative/v1"]


async def test_an_app_is_promoted_by_its_store_page(stage: Stage) -> None:
    tree = stage.tree()
    changes = {"objective": Objective.APP_INSTALLS}
    link = "https://apps.apple.com/us/app/adflight/id1234567890"
    tree.ids["campaign"] = (await stage.network.create(tree.campaign(**changes))).id
    group = tree.ad_group(link=link, **changes)
    tree.ids["ad_group"] = (await stage.network.create(group)).id
    order = tree.creative(call_to_action=CallToAction.DOWNLOAD).model_copy(update={"link": link})
    tree.ids["creative/v1"] = (await stage.network.create(order)).id
    await stage.network.create(tree.ad())
    (creative,), (ad,) = stage.rows("creative"), stage.rows("ad")
    assert creative["app_install_properties"]["ios_app_id"] == "1234567890"
    assert (creative["call_to_action"], ad["type"]) == ("DOWNLOAD", "APP_INSTALL")
    with pytest.raises(Refused, match="is no App Store or Google Play page"):
        await stage.network.create(tree.ad_group(key="kother12", **changes))
    bare = stage.connected(app_icon_media_id=None)
    with pytest.raises(Refused, match="app_icon_media_id is missing"):
        await bare.create(order)
    await bare.aclose()


async def test_a_video_is_taken_where_one_is_given(stage: Stage) -> None:
    path = _video(stage.directory, (1080, 1920))
    order = stage.tree().creative()
    video = order.model_copy(update={"video_path": str(path), "video_sha256": digest(path)})
    await stage.network.create(video)
    (creative,) = stage.rows("creative")
    assert stage.row("media", creative["top_snap_media_id"])["type"] == "VIDEO"
    small = _video(stage.directory, (540, 960))
    with pytest.raises(Refused, match=r"540x960; Snapchat shows 1080x1920"):
        await stage.network.create(
            order.model_copy(update={"video_path": str(small), "video_sha256": digest(small)})
        )
    text = stage.directory / "no.mp4"
    text.write_text("no video at all")
    with pytest.raises(Refused, match="video cannot be used"):
        await stage.network.create(
            order.model_copy(update={"video_path": str(text), "video_sha256": digest(text)})
        )
    with pytest.raises(Refused, match="this creative has none"):
        await stage.network.create(video.model_copy(update={"video_sha256": None}))


# -- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targeting": Targeting(locations=("AQ",))}, "country 'AQ' cannot be targeted"),
        ({"targeting": Targeting(age_max=60)}, "age range 18-60 .* end it at 54"),
        ({"targeting": Targeting(age_min=60)}, "age_min 60 is not offered on Snapchat; use 55"),
        ({"targeting": Targeting(interests=("knitting",))}, "interest 'knitting' is no lifestyle"),
        ({"dayparts": (1,) * 7}, "leave dayparts out"),
        ({"bid": Bid(strategy="bid_cap")}, "'bid_cap' needs an amount"),
        ({"bid": Bid(amount=Money.of("1"))}, "takes no amount"),
        (
            {"bid": Bid(strategy="cost_cap", amount=Money.of("1", "EUR"))},
            "account's currency is USD; convert it first",
        ),
        (
            {
                "objective": Objective.AWARENESS,
                "bid": Bid(strategy="bid_cap", amount=Money.of("1")),
            },
            "a bid is for a thousand impressions",
        ),
        ({"daily_budget": Money.of("4.99")}, r"daily_budget \$4.99 .* at least \$5.00"),
        ({"end_time": MORNING - timedelta(days=1)}, "is not after the start"),
        ({"name": "x" * 376}, "at most 375"),
        ({"key": "k two"}, "must be one word"),
        (
            {
                "special_category": SpecialCategory.GAMBLING,
                "targeting": Targeting(age_min=18),
            },
            "age_min 18 is too young for gambling",
        ),
    ],
)
async def test_ad_group_values_are_refused_by_name(
    stage: Stage, changes: dict[str, Any], says: str
) -> None:
    tree = stage.tree()
    tree.ids["campaign"] = (await stage.network.create(tree.campaign())).id
    with pytest.raises(Refused, match=says):
        await stage.network.create(tree.ad_group(**changes))
    assert stage.rows("adsquad") == []


async def test_several_countries_need_one_language(stage: Stage) -> None:
    bare = stage.connected(language=None)
    tree = stage.tree(network=bare)
    tree.ids["campaign"] = (await bare.create(tree.campaign())).id
    both = Targeting(locations=("US", "CA"))
    with pytest.raises(Refused, match="set the account option language"):
        await bare.create(tree.ad_group(targeting=both))
    await bare.create(tree.ad_group())
    assert "languages" not in stage.rows("adsquad")[0]["targeting"]["demographics"][0]
    await bare.aclose()


async def test_a_list_of_countries_that_cannot_be_read_stops_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_in_catalogue, "COUNTRIES", {})
    tree = stage.tree()
    tree.ids["campaign"] = (await stage.network.create(tree.campaign())).id
    made = await stage.network.create(tree.ad_group())
    geos = stage.row("adsquad", made.id)["targeting"]["geos"]
    assert [geo["country_code"] for geo in geos] == ["us"]
    with pytest.raises(Refused, match="country 'ZZ' cannot be targeted"):
        await stage.network.create(
            tree.ad_group(key="kelsewhere1", targeting=Targeting(locations=("ZZ",)))
        )


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("copy_text", {"headline": "h" * 35}, "35 characters; Snapchat takes 1 to 34"),
        ("copy_text", {"headline": ""}, "0 characters; Snapchat takes 1 to 34"),
        (
            "copy_text",
            {"call_to_action": CallToAction.CONTACT_US},
            "'contact_us' is not offered on Snapchat for a web site; use one of: apply_now",
        ),
        (
            "copy_text",
            {"call_to_action": CallToAction.DOWNLOAD},
            "'download' is not offered on Snapchat for a web site",
        ),
        ("link", "ftp://journal.example", "is no web address"),
        ("image_sha256", "0" * 64, "its hash differs"),
        ("image_path", "/nowhere.png", "the image cannot be read"),
    ],
)
async def test_creative_values_are_refused_by_name_before_anything_is_uploaded(
    stage: Stage, field: str, value: Any, says: str
) -> None:
    order = stage.tree().creative()
    if field == "copy_text":
        value = order.copy_text.model_copy(update=value)
    with pytest.raises(Refused, match=says):
        await stage.network.create(order.model_copy(update={field: value}))
    assert [row["id"] for row in stage.rows("media")] == [stage.network_icon()]
    assert stage.rows("creative") == []


@pytest.mark.parametrize(
    ("size", "form", "says"),
    [
        ((1080, 1080), "PNG", "1080x1080; Snapchat shows 1080x1920"),
        ((540, 960), "PNG", "540x960; Snapchat shows 1080x1920"),
        ((1080, 1920), "GIF", "format GIF is not taken"),
    ],
)
async def test_pictures_are_looked_at_before_they_are_sent(
    stage: Stage, size: tuple[int, int], form: str, says: str
) -> None:
    path = stage.directory / f"odd.{form.lower()}"
    Image.new("RGB", size, "navy").save(path, form)
    order = stage.tree().creative()
    odd = order.model_copy(update={"image_path": str(path), "image_sha256": digest(path)})
    with pytest.raises(Refused, match=says):
        await stage.network.create(odd)
    path.write_bytes(b"\0" * 5_000_001)
    with pytest.raises(Refused, match="5,000,001 bytes; Snapchat takes 5,000,000"):
        await stage.network.create(odd.model_copy(update={"image_sha256": digest(path)}))


@pytest.mark.parametrize("option", ["brand_name", "profile_id"])
async def test_options_that_creatives_need_are_named(stage: Stage, option: str) -> None:
    bare = stage.connected(**{option: None})
    with pytest.raises(Refused, match=f"account option {option} is missing"):
        await bare.create(stage.tree().creative())
    health = await bare.check_account()
    assert not health.usable
    assert any(option in problem for problem in health.problems)
    await bare.aclose()


@pytest.mark.parametrize("category", sorted(set(SpecialCategory) - {SpecialCategory.NONE}))
async def test_a_special_category_is_declared(stage: Stage, category: SpecialCategory) -> None:
    assert category in CAPABILITIES.special_categories
    tree = stage.tree()
    made = await stage.network.create(tree.campaign(special_category=category))
    tree.ids["campaign"] = made.id
    aimed = open_targeting(category, Targeting())
    await stage.network.create(tree.ad_group(special_category=category, targeting=aimed))
    (squad,) = stage.rows("adsquad")
    assert squad["targeting"]["regulated_content"] is True


# -- terms ------------------------------------------------------------------------------------


def test_the_tables_are_complete() -> None:
    assert set(GOALS) == set(Objective)
    assert set(CALLS_TO_ACTION) == set(CallToAction)
    assert set(STRATEGIES) == {"automatic", "bid_cap", "cost_cap"}
    assert {o for o, goal in GOALS.items() if goal is None} == {Objective.CATALOG_SALES}
    assert {c for c, word in CALLS_TO_ACTION.items() if word is None} == {CallToAction.CONTACT_US}


@pytest.mark.parametrize(
    ("objective", "kind", "goal"),
    [
        (Objective.AWARENESS, "AWARENESS_AND_ENGAGEMENT", "IMPRESSIONS"),
        (Objective.TRAFFIC, "TRAFFIC", "SWIPES"),
        (Objective.ENGAGEMENT, "AWARENESS_AND_ENGAGEMENT", "SWIPES"),
        (Objective.LEADS, "LEADS", "PIXEL_SIGNUP"),
        (Objective.SIGNUPS, "LEADS", "PIXEL_SIGNUP"),
        (Objective.APPLICATIONS, "LEADS", "PIXEL_SIGNUP"),
        (Objective.PURCHASES, "SALES", "PIXEL_PURCHASE"),
    ],
)
async def test_every_objective_is_bought_as_documented(
    stage: Stage, objective: Objective, kind: str, goal: str
) -> None:
    tree = stage.tree()
    made = await stage.network.create(tree.campaign(objective=objective))
    tree.ids["campaign"] = made.id
    await stage.network.create(tree.ad_group(objective=objective))
    (campaign,), (squad,) = stage.rows("campaign"), stage.rows("adsquad")
    assert campaign["objective_v2_properties"]["objective_v2_type"] == kind
    assert squad["optimization_goal"] == goal
    pixel = goal.startswith("PIXEL")
    assert squad.get("pixel_id") == (stand_in.PIXEL_ID if pixel else None)
    bare = stage.connected(pixel_id=None)
    if pixel:
        assert objective not in bare.capabilities.objectives
        assert objective in stage.network.capabilities.objectives
        with pytest.raises(Refused, match="set the account option pixel_id"):
            await bare.create(tree.campaign(objective=objective))
    else:
        assert objective in bare.capabilities.objectives
    await bare.aclose()


async def test_bids_are_sent_read_and_changed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = stage.tree()
    tree.ids["campaign"] = (await stage.network.create(tree.campaign())).id
    for number, (strategy, word) in enumerate(
        (("bid_cap", "LOWEST_COST_WITH_MAX_BID"), ("cost_cap", "TARGET_COST"))
    ):
        bid = Bid(strategy=strategy, amount=Money.of("1.50"))  # type: ignore[arg-type]
        made = await stage.network.create(tree.ad_group(key=f"kbids{number}", bid=bid))
        row = stage.row("adsquad", made.id)
        assert (row["bid_strategy"], row["bid_micro"]) == (word, 1_500_000)
        assert made.bid == Money.of("1.50")
        await stage.network.set_bid(made.id, Money.of("1.20"))
        (seen,) = await stage.network.read(AD_GROUP, [made.id])
        assert seen.bid == Money.of("1.20")
    # Somebody changes the strategy between our look and our write.
    seen_before = stage.row("adsquad", made.id)
    other = {**seen_before, "bid_strategy": "LOWEST_COST_WITH_MAX_BID"}
    stage.box.world.put("snapchat", "adsquad", made.id, other)

    async def stale(*_: object) -> list[dict[str, Any]]:
        return [seen_before]

    with monkeypatch.context() as patch:
        patch.setattr(trees.Trees, "by_ids", stale)
        with pytest.raises(Refused, match="its bid strategy was changed meanwhile"):
            await stage.network.set_bid(made.id, Money.of("0.90"))
    assert stage.row("adsquad", made.id)["bid_micro"] == 1_200_000
    auto = await stage.network.create(tree.ad_group())
    assert auto.bid is None
    with pytest.raises(Refused, match="AUTO_BID has no amount to set"):
        await stage.network.set_bid(auto.id, Money.of("1"))
    with pytest.raises(Refused, match="account's currency is USD"):
        await stage.network.set_bid(made.id, Money.of("1", "EUR"))


async def test_an_account_without_minor_units_and_a_minimum_of_its_own(stage: Stage) -> None:
    yen = stage.connected(stage.yen_account(), min_daily_budget="700")
    assert yen.capabilities.min_daily_budget["JPY"] == Money.of(700, "JPY")
    tree = stage.tree(network=yen)
    order = tree.campaign(daily_budget=Money.of(1500, "JPY"))
    tree.ids["campaign"] = (await yen.create(order)).id
    made = await yen.create(tree.ad_group(daily_budget=Money.of(1500, "JPY")))
    assert stage.row("adsquad", made.id)["daily_budget_micro"] == 1_500_000_000
    assert made.daily_budget == Money.of(1500, "JPY")
    with pytest.raises(Refused, match="at least ¥700"):
        await yen.set_daily_budget(made.id, Money.of(699, "JPY"))
    await yen.aclose()
    with pytest.raises(Refused, match="min_daily_budget: amount 'a lot' is not a number"):
        stage.connected(min_daily_budget="a lot")


async def test_a_cap_below_snapchats_least_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused, match=r"spend_cap \$19.99 .* at least \$20.00"):
        await stage.network.create(stage.tree().campaign(spend_cap=Money.of("19.99")))


# -- looking ----------------------------------------------------------------------------------


async def test_names_are_compared_exactly_and_all_pages_are_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PAGE", 50)
    ids = await many(stage, 60)
    order = stage.tree("many59").campaign()
    assert [one.id for one in await stage.network.find(CAMPAIGN, order.key)] == [ids[59]]
    assert await stage.network.find(CAMPAIGN, order.key[:-1]) == []
    assert {one.id for one in await stage.network.list_objects(CAMPAIGN)} == set(ids)
    again = await stage.network.create(order)
    twins = await stage.network.find(CAMPAIGN, order.key)
    assert [one.id for one in twins] == [ids[59], again.id], "oldest first"


async def test_many_are_read_in_order_with_those_that_are_gone(stage: Stage) -> None:
    ids = await many(stage, 40)
    await stage.network.remove(CAMPAIGN, ids[3])
    nobody = "ffffffff-0000-4000-8000-000000000000"
    with stage.counted() as calls:
        seen = await stage.network.read(CAMPAIGN, [*ids, nobody])
    assert [one.id for one in seen] == ids
    assert [one.id for one in seen if one.delivery is Delivery.REMOVED] == [ids[3]]
    # Two reads of 30, one for the unknown; all are on without ad squads: one list of those.
    assert calls == [4]


async def test_a_creative_is_given_up_by_its_name(stage: Stage) -> None:
    tree = await stage.tree().make()
    creative = tree.ids["creative/v1"]
    await stage.network.remove(CREATIVE, creative)
    await stage.network.remove(CREATIVE, creative)
    await stage.network.remove(CREATIVE, "ffffffff-0000-4000-8000-000000000000")
    (seen,) = await stage.network.read(CREATIVE, [creative])
    assert (seen.delivery, seen.switched_on, seen.key) == (Delivery.REMOVED, False, "")
    assert await stage.network.find(CREATIVE, tree.key("creative/v1")) == []
    assert stage.row("creative", creative)["name"].startswith("removed k")
    with pytest.raises(Refused, match="not listed"):
        await stage.network.list_objects(CREATIVE)
    (off,) = await stage.network.switch(CREATIVE, [creative], on=False)
    assert "no switch" in (off.error or "")


async def test_delivery_is_what_snapchat_computes(stage: Stage) -> None:
    tree = await stage.tree().make()
    await tree.switch(on=True)
    assert {one.delivery for one in (await tree.read()).values()} == {Delivery.IN_REVIEW}
    stage.clock.forward(minutes=16)
    assert {one.delivery for one in (await tree.read()).values()} == {Delivery.ACTIVE}
    stage.box.control.post("/reviews", json={"network": "snapchat"}).raise_for_status()
    seen = await tree.read()
    assert {one.delivery for one in seen.values()} == {Delivery.REJECTED}
    assert "advertising policies" in (seen["ad/v1"].issue or "")
    assert seen["campaign"].issue == seen["ad/v1"].issue
    await stage.network.switch(AD, tree.ads, on=False)
    seen = await tree.read()
    assert seen["ad/v1"].delivery is Delivery.REJECTED, "told even while it is off"
    assert seen["ad_group"].delivery is Delivery.REJECTED
    await stage.network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    seen = await tree.read()
    assert (seen["campaign"].delivery, seen["ad_group"].delivery) == (Delivery.PAUSED,) * 2
    assert "paused" in (seen["ad_group"].issue or "")


@pytest.mark.parametrize(
    ("reasons", "delivery"),
    [
        (["VALID"], Delivery.ACTIVE),
        (["LEARNING_PHASE"], Delivery.ACTIVE),
        (["INVALID_OVER_BUDGET_AD_SQUAD_DAILY_SPEND"], Delivery.ACTIVE),
        (["VALID", "NOT_DELIVERING_AD_CONTAINS_INVALID_AUDIENCE"], Delivery.UNKNOWN),
        (["VALID", "SOME_NEW_WORD"], Delivery.UNKNOWN),
        (["PENDING"], Delivery.IN_REVIEW),
        (["INVALID_EFFECTIVE_END_TIME"], Delivery.ENDED),
        (["INVALID_NOT_EFFECTIVE_ACTIVE"], Delivery.PAUSED),
        (["INVALID_AD_SQUAD_HAS_NO_ACTIVE_ADS"], Delivery.UNKNOWN),
        ([], Delivery.UNKNOWN),
    ],
)
def test_an_unknown_reason_is_no_delivery(reasons: list[str], delivery: Delivery) -> None:
    row = {"id": "1", "name": "n", "campaign_id": "2", "status": "ACTIVE", "ad_squad_id": "3"}
    row = {**row, "delivery_status": reasons}
    assert ad_squad_view(row, (), "USD", MORNING).delivery is delivery
    assert campaign_view(row, (), "USD", MORNING).delivery is delivery
    approved = {**row, "review_status": "APPROVED"}
    assert ad_view(approved, MORNING).delivery is delivery
    assert ad_view({**row, "review_status": "PENDING"}, MORNING).delivery is Delivery.IN_REVIEW


# -- switching --------------------------------------------------------------------------------


async def test_many_are_paused_by_writing_back_whole_copies_that_are_fresh(stage: Stage) -> None:
    ids = await many(stage, 35)
    await stage.network.list_objects(CAMPAIGN)
    before = stage.row("campaign", ids[7])

    with stage.counted() as calls:
        results = await stage.network.switch(CAMPAIGN, ids, on=False)

    assert calls == [2], "30 to a request, and no reading"
    assert [(one.id, one.accepted) for one in results] == [(one, True) for one in ids]
    assert {row["status"] for row in stage.rows("campaign")} == {"PAUSED"}
    after = stage.row("campaign", ids[7])
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"status", "updated_at"}, "nothing else was reset"


async def test_an_old_copy_is_read_again_unless_it_is_urgent(stage: Stage) -> None:
    ids = await many(stage, 35)
    await stage.network.list_objects(CAMPAIGN)
    raw = stage.raw()
    edit = [{"op": "replace", "path": "/name", "value": "renamed by somebody"}]
    assert raw.patch(f"campaigns/{ids[0]}", edit).status_code == 200
    stage.clock.forward(seconds=FRESH.total_seconds() + 1)

    with stage.counted() as calls:
        await stage.network.switch(CAMPAIGN, ids, on=False)

    assert calls == [4], "two reads and two writes"
    assert stage.row("campaign", ids[0])["name"] == "renamed by somebody"
    assert {row["status"] for row in stage.rows("campaign")} == {"PAUSED"}

    stage.clock.forward(seconds=FRESH.total_seconds() + 1)
    with urgent(), stage.counted() as calls:
        results = await stage.network.switch(CAMPAIGN, ids, on=False)
    assert calls == [2], "only the writes"
    assert all(one.accepted for one in results)
    never_seen = stage.connected()
    with urgent(), stage.counted() as calls:
        assert all(one.accepted for one in await never_seen.switch(CAMPAIGN, ids, on=False))
    assert calls == [4]
    await never_seen.aclose()


async def test_a_copy_that_was_changed_later_is_kept(stage: Stage) -> None:
    (one,) = await many(stage, 1)
    copies = stage.network._trees.copies  # pyright: ignore[reportPrivateUsage]
    now = stage.row("campaign", one)
    copies.keep([{**now, "name": "newer", "updated_at": "2026-03-03T10:00:00.000Z"}])
    copies.keep([{**now, "name": "older", "updated_at": "2026-03-03T09:30:00.000Z"}])
    held = copies.get(one)
    assert held is not None
    assert held["name"] == "newer"


async def test_a_handful_is_patched_and_undoes_nobodys_edit(stage: Stage) -> None:
    ids = await many(stage, 3)
    await stage.network.list_objects(CAMPAIGN)
    edit = [{"op": "replace", "path": "/name", "value": "renamed by somebody"}]
    assert stage.raw().patch(f"campaigns/{ids[0]}", edit).status_code == 200
    with stage.counted() as calls:
        results = await stage.network.switch(CAMPAIGN, ids, on=False)
    assert calls == [3]
    assert all(one.accepted for one in results)
    assert stage.row("campaign", ids[0])["name"] == "renamed by somebody"


async def test_one_that_is_gone_is_named_and_the_others_are_paused(stage: Stage) -> None:
    ids = await many(stage, 32)
    await stage.network.list_objects(CAMPAIGN)
    assert stage.raw().call("DELETE", f"campaigns/{ids[4]}").status_code == 200
    nobody = "ffffffff-0000-4000-8000-000000000000"
    asked = [*ids[:10], nobody, *ids[10:], ids[0]]
    results = await stage.network.switch(CAMPAIGN, asked, on=False)
    assert [one.id for one in results] == asked
    refused = {one.id: one.error for one in results if not one.accepted}
    assert set(refused) == {ids[4], nobody}
    assert all(refused.values())
    assert {row["status"] for row in stage.rows("campaign")} == {"PAUSED"}


async def test_ad_squads_and_ads_are_written_back_below_their_parents(stage: Stage) -> None:
    squads: list[str] = []
    ads: list[str] = []
    shared = await stage.network.create(stage.tree().creative())
    for number in range(2):
        tree = stage.tree(f"parent{number}")
        tree.ids["campaign"] = (await stage.network.create(tree.campaign())).id
        tree.ids["creative/v1"] = shared.id
        for squad in range(4):
            order = tree.ad_group(key=f"ksquad{number}{squad}")
            tree.ids["ad_group"] = (await stage.network.create(order)).id
            squads.append(tree.ids["ad_group"])
        ads.append((await stage.network.create(tree.ad())).id)
        order = tree.ad().model_copy(update={"key": f"kagain{number}"})
        ads += [(await stage.network.create(order)).id for _ in range(3)]
        stage.box.control.delete("/limits")
    assert all(one.accepted for one in await stage.network.switch(AD_GROUP, squads, on=True))
    assert all(one.accepted for one in await stage.network.switch(AD, ads, on=True))
    for kind, ids in ((AD_GROUP, squads), (AD, ads)):
        await stage.network.list_objects(kind)
        with stage.counted() as calls:
            results = await stage.network.switch(kind, ids, on=False)
        assert all(one.accepted for one in results)
        assert calls == [2], "one for each parent"
        assert {row["status"] for row in stage.rows(_SHELF[kind])} == {"PAUSED"}


async def test_switching_on_what_is_on_is_accepted_and_what_is_gone_is_not(stage: Stage) -> None:
    (one,) = await many(stage, 1)
    (on,) = await stage.network.switch(CAMPAIGN, [one], on=True)
    assert on.accepted
    await stage.network.remove(CAMPAIGN, one)
    (gone,) = await stage.network.switch(CAMPAIGN, [one], on=True)
    assert not gone.accepted


async def test_only_when_nothing_went_through_is_the_trouble_raised(stage: Stage) -> None:
    ids = await many(stage, 35)
    await stage.network.list_objects(CAMPAIGN)
    stage.box.arm("snapchat", "server_error", method="PUT", count=2)
    with pytest.raises(Ambiguous):
        await stage.network.switch(CAMPAIGN, ids, on=False)
    stage.box.arm("snapchat", "lost_answer", method="PUT")
    results = await stage.network.switch(CAMPAIGN, ids, on=False)
    assert [one.accepted for one in results] == [False] * 30 + [True] * 5
    assert "may have happened" in (results[0].error or "")
    stage.box.arm("snapchat", "rate_limited", method="PUT")
    with stage.counted() as calls, pytest.raises(RateLimited):
        await stage.network.switch(CAMPAIGN, ids, on=False)
    assert calls == [1], "more calls would prolong the block"


async def test_changes_touch_one_field_only(stage: Stage) -> None:
    tree = await stage.tree().make_groups()
    group = tree.ids["ad_group"]
    before = stage.row("adsquad", group)
    stage.clock.forward(seconds=1)
    await stage.network.set_daily_budget(group, Money.of("33.00"))
    await stage.network.set_end_time(group, MORNING + timedelta(days=2, seconds=1.7))
    after = stage.row("adsquad", group)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"daily_budget_micro", "end_time", "updated_at"}
    assert after["end_time"] == "2026-03-05T09:00:01.000Z"
    whole = {**after, "lifetime_budget_micro": 90_000_000}
    del whole["daily_budget_micro"]
    stage.box.world.put("snapchat", "adsquad", group, whole)
    with pytest.raises(Refused, match="it has no daily budget of its own"):
        await stage.network.set_daily_budget(group, Money.of("33.00"))
    with pytest.raises(Refused):
        await stage.network.set_daily_budget("ffffffff-0000-4000-8000-0", Money.of("33.00"))


# -- tokens and trouble -----------------------------------------------------------------------


async def test_a_token_that_ended_is_renewed_and_nothing_is_done_twice(stage: Stage) -> None:
    await stage.network.list_objects(CAMPAIGN)
    stage.box.arm("snapchat", "expired_token", method="POST", path="/campaigns$")
    await stage.network.create(stage.tree().campaign())
    assert len(stage.rows("campaign")) == 1
    assert stage.box.fired("snapchat", "expired_token") == 1


async def test_a_given_token_is_used_first_and_then_renewed(stage: Stage) -> None:
    given = stage.raw().granted["access_token"]
    network = stage.connected(secrets={"access_token": given, "refresh_token": "of no use"})
    assert await network.list_objects(CAMPAIGN) == []
    stage.box.arm("snapchat", "expired_token")
    with pytest.raises(AccessDenied, match="connect the account again"):
        await network.list_objects(CAMPAIGN)
    await network.aclose()


async def test_a_replaced_refresh_token_is_kept_and_used(stage: Stage) -> None:
    stage.box.world.put("login", "setting", "snapchat", {"rotates": True})
    await stage.network.list_objects(CAMPAIGN)
    first = stage.kept["refresh_token"]
    assert first != stand_in.REFRESH_TOKEN
    stage.clock.forward(hours=1)
    await stage.network.list_objects(CAMPAIGN)
    assert stage.kept["refresh_token"] != first


async def test_no_secret_is_shown(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "an-utterly-wrong-secret"
    for name in ("client_id", "client_secret", "refresh_token"):
        network = stage.connected(secrets={name: wrong})
        with pytest.raises(AccessDenied) as denied:
            await network.check_account()
        assert wrong not in f"{denied.value!r} {denied.value} {denied.value.__cause__!r}"
        await network.aclose()
        with pytest.raises(AccessDenied, match=f"lacks {name}"):
            stage.connected(secrets={name: ""})
    tree = await stage.tree().make()
    assert tree.ids
    said = caplog.text
    for secret in (wrong, stand_in.CLIENT_SECRET, stand_in.REFRESH_TOKEN, "snapchat-token-"):
        assert secret not in said


async def test_trouble_is_told_by_its_kind(stage: Stage) -> None:
    stage.box.arm("snapchat", "rate_limited")
    with pytest.raises(RateLimited) as limited:
        await stage.network.create(stage.tree().campaign())
    assert limited.value.retry_after
    stage.box.arm("snapchat", "server_error")
    with pytest.raises(Ambiguous):
        await stage.network.create(stage.tree().campaign())
    stage.box.arm("snapchat", "server_error")
    with pytest.raises(Transient):
        await stage.network.list_objects(CAMPAIGN)
    # By POST, but it reads.
    ids = await many(stage, 6)
    stage.box.arm("snapchat", "lost_answer", method="POST", path="get_campaigns_by_ids")
    with pytest.raises(Transient):
        await stage.network.read(CAMPAIGN, ids)
    hasty = stage.connected(timeout=0.3)
    await hasty.list_objects(CAMPAIGN)
    stage.box.arm("snapchat", "delay", method="POST", seconds=1)
    with pytest.raises(Ambiguous, match="no answer in time"):
        await hasty.create(stage.tree("late").campaign())
    assert len(await hasty.find(CAMPAIGN, stage.tree("late").campaign().key)) == 1
    await hasty.aclose()
    assert len(stage.rows("campaign")) == 7


async def test_a_late_write_becomes_a_twin_that_is_found(stage: Stage) -> None:
    order = stage.tree().campaign()
    await stage.network.list_objects(CAMPAIGN)
    stage.box.arm("snapchat", "late_write", method="POST", path="/campaigns$", seconds=0.3)
    with pytest.raises(Ambiguous):
        await stage.network.create(order)
    assert await stage.network.find(CAMPAIGN, order.key) == []
    await stage.network.create(order)
    for _ in range(50):
        twins = await stage.network.find(CAMPAIGN, order.key)
        if len(twins) == 2:
            break
        await asyncio.sleep(0.1)
    assert len(twins) == 2
    assert not any(one.switched_on for one in twins)


@pytest.mark.parametrize("path", ["/media$", "/upload$"])
async def test_an_upload_whose_answer_was_lost_is_made_again(stage: Stage, path: str) -> None:
    tree = stage.tree()
    await stage.network.list_objects(CAMPAIGN)
    stage.box.arm("snapchat", "lost_answer", method="POST", path=path)
    with pytest.raises(Transient):
        await stage.network.create(tree.creative())
    assert stage.rows("creative") == []
    await stage.network.create(tree.creative())
    assert len(stage.rows("creative")) == 1


async def test_an_item_that_was_refused_inside_a_success_is_a_refusal(stage: Stage) -> None:
    tree = await stage.tree().make_groups()
    tree.ids["creative/v1"] = (await stage.network.create(tree.creative())).id
    squad = {**stage.row("campaign", tree.ids["campaign"]), "deleted": True}
    stage.box.world.put("snapchat", "campaign", squad["id"], squad)
    with pytest.raises(Refused) as gone:
        await stage.network.create(tree.ad_group(key="klater12"))
    assert gone.value.code == "E3003"
    with pytest.raises(Refused, match="knows no creative"):
        await stage.network.create(tree.ad().model_copy(update={"creative_id": "f" * 8}))


@pytest.mark.parametrize(
    ("status", "body", "changes", "kind", "code"),
    [
        (429, "", True, RateLimited, "HTTP 429"),
        (500, "<html>", True, Ambiguous, "HTTP 500"),
        (504, "", False, Transient, "HTTP 504"),
        (408, "", True, Ambiguous, "HTTP 408"),
        (401, "", True, AccessDenied, "HTTP 401"),
        (403, '{"error_code":"E4001","debug_message":"no"}', True, AccessDenied, "E4001"),
        (400, '{"error_code":"E2025","display_message":"bad"}', True, Refused, "E2025"),
        (404, "", True, Refused, "HTTP 404"),
        (
            400,
            '{"campaigns":[{"sub_request_error_reason":"Error code: E2023, message: m : [c]"}]}',
            True,
            Refused,
            "HTTP 400",
        ),
    ],
)
def test_errors_are_classified(
    status: int, body: str, changes: bool, kind: type[Exception], code: str
) -> None:
    error = classify(httpx.Response(status, text=body), changes=changes)
    assert type(error) is kind
    assert error.code == code


def test_items_are_read_with_their_reasons() -> None:
    body = {
        "campaigns": [
            {"sub_request_status": "success", "campaign": {"id": "1"}},
            {
                "sub_request_status": "ERROR",
                "sub_request_error_reason": "Error code: E2023, message: not so : [name]",
            },
            {"sub_request_status": "ERROR", "sub_request_error_reason": "in other words"},
        ]
    }
    good, coded, plain = items(body, "campaigns", "campaign")
    assert good.taken() == {"id": "1"}
    assert (coded.code, coded.reason) == ("E2023", "not so : [name]")
    with pytest.raises(Refused, match="in other words"):
        plain.taken()


# -- figures ----------------------------------------------------------------------------------


async def delivered(stage: Stage, objective: Objective, stem: str, days: float) -> str:
    tree = stage.tree(stem)
    changes = {"objective": objective}
    tree.ids["campaign"] = (await stage.network.create(tree.campaign(**changes))).id
    end = stage.box.world.now() + timedelta(days=90)
    order = tree.ad_group(end_time=end, **changes)
    tree.ids["ad_group"] = (await stage.network.create(order)).id
    tree.ids["creative/v1"] = (await stage.network.create(tree.creative())).id
    tree.ids["ad/v1"] = (await stage.network.create(tree.ad())).id
    await tree.switch(on=True)
    stage.clock.forward(days=days)
    await tree.switch(on=False)
    stage.box.control.delete("/limits")
    return tree.ids["campaign"]


async def test_figures_are_what_the_world_reports(stage: Stage) -> None:
    first = await delivered(stage, Objective.PURCHASES, "sells", 5)
    second = await delivered(stage, Objective.LEADS, "leads", 5)
    quiet = await stage.network.create(stage.tree("quiet").campaign())
    stage.clock.forward(days=3)
    since, until = MORNING.date() - timedelta(days=40), stage.box.world.now().date()

    with stage.counted() as calls:
        report = await stage.network.account_metrics(since, until)

    assert calls == [3], "two reports of at most 30 days, and the campaigns"
    known = stage.box.world.figures(
        "snapchat", stand_in.ACCOUNT_ID, since.isoformat(), until.isoformat()
    )
    shown = [
        (r.campaign_id, r.day, r.impressions, r.clicks, r.conversions, r.spend.micros)
        for r in report.rows
    ]
    assert shown == [
        (k.campaign_id, k.day, k.impressions, k.clicks, k.conversions, k.spend_micros)
        for k in known
    ]
    assert len(shown) >= 10
    assert {row.campaign_id for row in report.rows} == {first, second} != {quiet.id}
    assert all(0 < row.reach <= row.impressions for row in report.rows)
    assert sum(row.conversions for row in report.rows if row.campaign_id == second) > 0
    revenue = {row.campaign_id for row in report.rows if row.revenue}
    assert revenue == {first}, "a sign-up has no value on Snapchat"
    by_ad = await stage.network.ad_metrics(since, until)
    assert [
        (r.campaign_id, r.day, r.impressions, r.clicks, r.conversions, r.spend.micros)
        for r in by_ad.rows
    ] == shown, "one ad each"


async def test_reading_figures_keeps_the_copies_for_a_stop_fresh(stage: Stage) -> None:
    ids = await many(stage, 31)
    stage.clock.forward(minutes=10)
    today = stage.box.world.now().date()
    await stage.network.account_metrics(today, today)
    with stage.counted() as calls:
        results = await stage.network.switch(CAMPAIGN, ids, on=False)
    assert calls == [2]
    assert all(one.accepted for one in results)


async def test_spend_is_read_even_where_reach_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivered(stage, Objective.TRAFFIC, "one", 2)
    stage.clock.forward(days=1)
    until = stage.box.world.now().date()
    fields = stand_in_stats._fields  # pyright: ignore[reportPrivateUsage]

    def without_reach(call: Any, *rest: Any) -> list[str]:
        if "uniques" in call.query["fields"]:
            raise stand_in_stats.SnapError(400, "E2025", "uniques are not available here")
        return fields(call, *rest)

    monkeypatch.setattr(stand_in_stats, "_fields", without_reach)
    report = await stage.network.account_metrics(MORNING.date(), until)
    assert sum(row.spend.micros for row in report.rows) > 0
    assert {row.reach for row in report.rows} == {0}
    with stage.counted() as calls:
        await stage.network.account_metrics(MORNING.date(), until)
    assert calls == [1], "not asked for again"


async def test_days_are_the_accounts_also_where_clocks_change(stage: Stage) -> None:
    account = stage.row("account", stand_in.ACCOUNT_ID)
    stage.box.world.put("snapchat", "account", stand_in.ACCOUNT_ID, {
        **account, "timezone": "America/New_York",
    })  # fmt: skip
    local = stage.connected(stage.account().model_copy(update={"timezone": "America/New_York"}))
    await delivered(stage, Objective.TRAFFIC, "one", 8)  # clocks change on 8 March
    stage.clock.forward(days=1)
    since, until = MORNING.date(), stage.box.world.now().date()
    report = await local.account_metrics(since, until)
    known = stage.box.world.figures(
        "snapchat", stand_in.ACCOUNT_ID, since.isoformat(), until.isoformat()
    )
    assert [(r.day, r.spend.micros) for r in report.rows] == [
        (k.day, k.spend_micros) for k in known
    ]
    assert len(known) >= 8
    await local.aclose()


# -- account and audiences --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("played", "words"),
    [
        ("suspended", "The ad account is PAUSED"),
        ("disabled", "The ad account is DISABLED"),
        ("payment_declined", "cannot pay (CREDIT_CARD EXPIRED)"),
        ("prepaid_exhausted", "used up (LINE_OF_CREDIT SPENT); add funds"),
    ],
)
async def test_an_account_that_cannot_be_spent_from_says_so_and_delivers_nothing(
    stage: Stage, played: str, words: str
) -> None:
    tree = await stage.tree().make()
    await tree.switch(on=True)
    stage.clock.forward(hours=1)

    def spending() -> bool:
        rows = stage.box.control.get("/truth").json()["campaigns"]
        return any(row["rate_micros_per_hour"] for row in rows)

    assert spending()
    path = f"/accounts/snapchat/{stand_in.ACCOUNT_ID}"
    stage.box.control.post(path, json={"status": played}).raise_for_status()
    health = await stage.network.check_account()
    assert (health.usable, health.status, health.read) == (False, AccountStatus(played), True)
    assert words in " ".join(health.problems)
    assert not spending()
    await tree.switch(on=False)  # stopping always works
    (on,) = await stage.network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    assert not on.accepted
    assert "cannot deliver" in (on.error or "")
    order = {"status": "active", "balance_micros": 12_340_000}
    stage.box.control.post(path, json=order).raise_for_status()
    funded = await stage.network.check_account()
    assert (funded.usable, funded.balance) == (True, Money.of("12.34"))


async def test_the_connection_test_names_what_is_wrong(stage: Stage) -> None:
    good = await stage.network.check_account()
    assert (good.usable, good.currency, good.timezone) == (True, "USD", "UTC")
    base = stage.account()
    wrong = base.model_copy(update={"currency": "EUR", "timezone": "Europe/Berlin"})
    odd = stage.connected(wrong, pixel_id="f" * 8)
    told = " ".join((await odd.check_account()).problems)
    for word in ("spends USD, but EUR is set", "days are in UTC", "Pixel ffffffff cannot be read"):
        assert word in told
    await odd.aclose()
    other = stage.connected(base.model_copy(update={"external_id": "f" * 8}))
    with pytest.raises(AccessDenied, match="no permission on ad account"):
        await other.check_account()
    await other.aclose()
    row = stage.row("account", stand_in.ACCOUNT_ID)
    for change, words in (
        ({"test": True}, "never serves ads"),
        ({"funding_source_ids": []}, "no funding source"),
        ({"status": "SOMETHING_NEW"}, "is SOMETHING_NEW"),
    ):
        stage.box.world.put("snapchat", "account", row["id"], {**row, **change})
        told = await stage.network.check_account()
        assert not told.usable
        assert told.status is not AccountStatus.ACTIVE
        assert words in " ".join(told.problems)


async def test_audiences_are_made_once_filled_and_copied(stage: Stage) -> None:
    network = stage.network
    people = [f"{number:064x}" for number in range(12_000)]
    audience = await network.create_audience("Readers", "kaudience1")
    assert await network.create_audience("Readers", "kaudience1") == audience
    with stage.counted() as calls:
        await network.add_people(audience, people)
    assert calls == [2]
    await network.add_people(audience, people[:5])
    (row,) = [one for one in stage.rows("segment") if one["id"] == audience]
    assert len(row["_people"]) == 12_000
    assert row["name"] == "kaudience1 Readers"
    for bad in ("ada@lovelace.example", "F" * 64, "a" * 63):
        with pytest.raises(Refused, match="1 of 2 entries are no SHA-256"):
            await network.add_people(audience, [people[0], bad])
    for percent, kind in ((1, "SIMILARITY"), (5, "BALANCE"), (20, "REACH")):
        made = await network.lookalike(audience, "us", percent)
        assert await network.lookalike(audience, "US", percent) == made
        spec = stage.row("segment", made)["creation_spec"]
        assert spec == {"seed_segment_id": audience, "countries": ["US"], "type": kind}
    with pytest.raises(Refused, match="use 1 to 20"):
        await network.lookalike(audience, "US", 21)
    with pytest.raises(Refused, match="seed_segment_id"):
        await network.lookalike("404", "US", 5)


def test_the_adapter_fulfils_the_protocol(stage: Stage) -> None:
    network: AdNetwork = stage.network
    assert isinstance(network, SnapchatNetwork)
    assert trees.FRESH == FRESH
    assert set(ObjectKind) == set(KINDS)
