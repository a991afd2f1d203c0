"""The Meta adapter against its stand-in: the contract every network fulfils."""

import asyncio
import hashlib
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount as SdkAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adcreativelinkdatacalltoaction import (
    AdCreativeLinkDataCallToAction,
)
from facebook_business.adobjects.adpromotedobject import AdPromotedObject
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.campaign import Campaign
from PIL import Image

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    Bid,
    CampaignOrder,
    CreativeOrder,
    Delivery,
    NetworkObject,
    ObjectKind,
    Targeting,
)
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    PolicyRefused,
    RateLimited,
    Refused,
    Transient,
)
from platforms.meta import MetaNetwork, connect
from platforms.meta import errors as meta_errors
from platforms.meta import insights as meta_insights
from platforms.meta import maps as meta_maps
from platforms.meta import money as meta_money
from platforms.meta import objects as meta_objects
from platforms.meta import params as meta_params
from platforms.network import AdNetwork, Ground
from sandbox.meta import APP_SECRET, TOKEN
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

ACCOUNT = AdAccount(
    id=UUID(int=1),
    team_id=UUID(int=2),
    platform=Platform.META,
    name="Journal",
    external_id="1001",
    options={"page_id": "7001", "pixel_id": "8001"},
)
CREDENTIALS = {"access_token": TOKEN, "app_id": "1", "app_secret": APP_SECRET}
CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD
USD = Money.of


NOWHERE = Ground({"api": "http://127.0.0.1:1"}, lambda: datetime.now(UTC))


class Clocked:
    """A sandbox and the adapter on it."""

    def __init__(self, sandbox: Sandbox, account: AdAccount = ACCOUNT, **how: Any) -> None:
        self.sandbox = sandbox
        self.network = connect(
            account,
            {**CREDENTIALS, **how.pop("credentials", {})},
            Ground({"api": f"{sandbox.url}/meta"}, sandbox.world.now, **how),
        )


@pytest.fixture
def make(sandbox_factory: Callable[..., Sandbox]) -> Iterator[Callable[..., Clocked]]:
    def build(tempo: float = 1.0, **how: Any) -> Clocked:
        return Clocked(sandbox_factory(networks=("meta",), tempo=tempo), **how)

    return build


@pytest.fixture
def sandbox_meta(make: Callable[..., Clocked]) -> Sandbox:
    return make().sandbox


@pytest.fixture
def meta(sandbox_meta: Sandbox) -> MetaNetwork:
    return Clocked(sandbox_meta).network


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "still.png"
    content = io.BytesIO()
    Image.new("RGB", (1080, 1080), "teal").save(content, "PNG")
    path.write_bytes(content.getvalue())
    return path


def campaign_order(key: str = "k1", **changes: Any) -> CampaignOrder:
    return CampaignOrder(
        **{
            "key": key,
            "name": "Spring",
            "objective": Objective.TRAFFIC,
            "daily_budget": USD("20"),
            **changes,
        }
    )


def ad_group_order(campaign_id: str, key: str = "k1-g", **changes: Any) -> AdGroupOrder:
    now = datetime.now(UTC)
    return AdGroupOrder(
        **{
            "key": key,
            "name": "Readers",
            "campaign_id": campaign_id,
            "objective": Objective.TRAFFIC,
            "daily_budget": USD("20"),
            "targeting": Targeting(),
            "start_time": now,
            "end_time": now + timedelta(days=7),
            **changes,
        }
    )


def creative_order(image: Path, key: str = "k1-c", **changes: Any) -> CreativeOrder:
    return CreativeOrder(
        **{
            "key": key,
            "name": "v1",
            "copy_text": AdCopy(
                angle="news",
                primary_text="Spring is here",
                headline="Read it",
                hashtags=("spring",),
            ),
            "link": "https://journal.example/spring",
            "image_path": str(image),
            "image_sha256": hashlib.sha256(image.read_bytes()).hexdigest(),
            **changes,
        }
    )


async def tree(meta: AdNetwork, image: Path, **ad_group: Any) -> dict[ObjectKind, NetworkObject]:
    objective = ad_group.get("objective", Objective.TRAFFIC)
    campaign = await meta.create(campaign_order(objective=objective))
    group = await meta.create(ad_group_order(campaign.id, **ad_group))
    creative = await meta.create(creative_order(image))
    ad = await meta.create(
        AdOrder(key="k1-a", name="Ad", ad_group_id=group.id, creative_id=creative.id)
    )
    return {CAMPAIGN: campaign, AD_GROUP: group, CREATIVE: creative, AD: ad}


async def until(sandbox: Sandbox, moment: datetime) -> None:
    """Sleep to a moment of campaign time."""
    wait = (moment - sandbox.world.now()) / sandbox.world.settings.tempo
    await asyncio.sleep(wait.total_seconds())


async def one(meta: AdNetwork, node: NetworkObject) -> NetworkObject:
    (seen,) = await meta.read(node.kind, [node.id])
    return seen


# -- the tree ------------------------------------------------------------------------------


async def test_a_whole_tree_is_created_paused_and_found_again(
    meta: MetaNetwork, image: Path
) -> None:
    made = await tree(meta, image)
    for kind, node in made.items():
        seen = await one(meta, node)
        assert seen.id == node.id
        assert seen.key == node.key
        assert seen.name == f"{node.key} {node.name.removeprefix(node.key).strip()}"
        assert seen.parent_id == node.parent_id
        found = await meta.find(kind, node.key, node.parent_id)
        assert found == [seen.model_copy(update={"as_of": found[0].as_of})]
        if kind is not CREATIVE:
            assert not seen.switched_on
            assert seen.delivery is not Delivery.ACTIVE
    group = await one(meta, made[AD_GROUP])
    assert group.daily_budget == USD("20")
    assert group.end_time == made[AD_GROUP].end_time.replace(microsecond=0)  # type: ignore[union-attr]
    assert await meta.find(AD, "k1-a", "999") == []
    assert await meta.find(CAMPAIGN, "unheard of") == []


async def test_children_are_activated_first_and_read_back(
    make: Callable[..., Clocked], image: Path
) -> None:
    clocked = make(tempo=3000.0)
    meta, world = clocked.network, clocked.sandbox.world
    made = await tree(meta, image, end_time=world.now() + timedelta(days=300))
    for kind in (AD, AD_GROUP, CAMPAIGN):
        assert (await one(meta, made[CAMPAIGN])).delivery is Delivery.PAUSED
        (result,) = await meta.switch(kind, [made[kind].id], on=True)
        assert (result.accepted, result.error) == (True, None)
        assert (await one(meta, made[kind])).switched_on
    ad = await one(meta, made[AD])
    while ad.delivery is Delivery.IN_REVIEW:
        await asyncio.sleep(0.02)
        ad = await one(meta, made[AD])
    assert ad.delivery is Delivery.ACTIVE
    await meta.switch(CAMPAIGN, [made[CAMPAIGN].id], on=False)
    paused = await one(meta, made[AD])
    assert (paused.switched_on, paused.delivery) == (True, Delivery.PAUSED)


async def test_a_disapproved_ad_says_why(make: Callable[..., Clocked], image: Path) -> None:
    clocked = make(tempo=3000.0)
    clocked.sandbox.arm("meta", "disapproved_ad")
    made = await tree(clocked.network, image)
    seen = await one(clocked.network, made[AD])
    while seen.delivery is Delivery.IN_REVIEW:
        await asyncio.sleep(0.02)
        seen = await one(clocked.network, made[AD])
    assert seen.delivery is Delivery.REJECTED
    assert seen.issue is not None
    assert "advertising policies" in seen.issue


async def test_budget_and_end_time_are_set_not_added(meta: MetaNetwork, image: Path) -> None:
    group = (await tree(meta, image))[AD_GROUP]
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    for _ in range(2):
        await meta.set_daily_budget(group.id, USD("33.33"))
        await meta.set_end_time(group.id, later)
    seen = await one(meta, group)
    assert (seen.daily_budget, seen.end_time) == (USD("33.33"), later)


async def test_an_ended_flight_is_not_called_active(
    make: Callable[..., Clocked], image: Path
) -> None:
    clocked = make(tempo=3000.0)
    now = clocked.sandbox.world.now()
    made = await tree(clocked.network, image, start_time=now, end_time=now + timedelta(minutes=30))
    for kind in (AD_GROUP, CAMPAIGN):
        await clocked.network.switch(kind, [made[kind].id], on=True)
    await until(clocked.sandbox, now + timedelta(minutes=31))
    assert (await one(clocked.network, made[AD_GROUP])).delivery is Delivery.ENDED


async def test_removing_twice_is_no_error(meta: MetaNetwork) -> None:
    campaign = await meta.create(campaign_order())
    await meta.remove(CAMPAIGN, campaign.id)
    await meta.remove(CAMPAIGN, campaign.id)
    await meta.remove(CAMPAIGN, "424242")
    assert (await one(meta, campaign)).delivery is Delivery.REMOVED
    assert await meta.find(CAMPAIGN, "k1") == []
    assert [seen.id for seen in await meta.read(CAMPAIGN, ["424242", campaign.id])] == [campaign.id]


async def test_a_batch_goes_on_after_a_bad_id(meta: MetaNetwork) -> None:
    ids = [(await meta.create(campaign_order(f"k{number}"))).id for number in range(3)]
    results = await meta.switch(CAMPAIGN, [ids[0], "424242", *ids[1:]], on=True)
    assert [result.accepted for result in results] == [True, False, True, True]
    assert "424242" in (results[1].error or "")
    assert all(seen.switched_on for seen in await meta.read(CAMPAIGN, ids))


async def test_more_than_fifty_are_switched_and_read(meta: MetaNetwork) -> None:
    ids = [(await meta.create(campaign_order())).id for _ in range(2)]
    many = ids * 30
    assert [result.id for result in await meta.switch(CAMPAIGN, many, on=True)] == many
    assert len(await meta.read(CAMPAIGN, many)) == 60
    assert await meta.switch(CAMPAIGN, [], on=True) == []
    assert [item.id for item in await meta.find(CAMPAIGN, "k1")] == sorted(ids, key=int)


# -- figures -------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", [Objective.TRAFFIC, Objective.APPLICATIONS])
async def test_metrics_come_by_campaign_and_day(
    make: Callable[..., Clocked], image: Path, objective: Objective
) -> None:
    clocked = make(tempo=2_000_000.0)
    meta, world = clocked.network, clocked.sandbox.world
    began = world.now()
    made = await tree(meta, image, objective=objective, end_time=began + timedelta(days=3000))
    await meta.create(campaign_order("quiet"))
    for kind in (AD, AD_GROUP, CAMPAIGN):
        await meta.switch(kind, [made[kind].id], on=True)
    await until(clocked.sandbox, world.now() + timedelta(days=8))
    await meta.switch(CAMPAIGN, [made[CAMPAIGN].id], on=False)
    await until(clocked.sandbox, world.now() + timedelta(days=30))
    # A fresh connection has to learn by itself which event the campaign is bought for.
    fresh = Clocked(clocked.sandbox).network
    report = await fresh.account_metrics(began.date(), world.now().date())
    assert report.as_of <= world.now()
    assert {row.campaign_id for row in report.rows} == {made[CAMPAIGN].id}
    assert len({row.day for row in report.rows}) == len(report.rows) >= 6
    reported = world.figures(
        "meta", "1001", began.date().isoformat(), world.now().date().isoformat()
    )
    assert sum(row.impressions for row in report.rows) == sum(f.impressions for f in reported)
    assert sum(row.conversions for row in report.rows) == sum(f.conversions for f in reported) > 0
    for row in report.rows:
        spent = sum(f.spend_micros for f in reported if f.day == row.day)
        assert abs(row.spend.micros - spent) <= 5_000
        assert row.reach <= row.impressions


def test_rows_are_read_without_floats_and_without_adding_overlaps() -> None:
    row = {
        "campaign_id": "1",
        "objective": "OUTCOME_SALES",
        "account_currency": "EUR",
        "spend": "12.34",
        "impressions": "4567",
        "actions": [
            {"action_type": "offsite_conversion.fb_pixel_purchase", "value": "3"},
            {"action_type": "purchase", "value": "4"},
            {"action_type": "link_click", "value": "80"},
        ],
        "action_values": [{"action_type": "purchase", "value": "99.90"}],
        "date_start": "2026-11-20",
    }
    read = meta_insights.metrics_row(row, "USD")
    assert (read.spend, read.conversions, read.clicks) == (USD("12.34", "EUR"), 4, 0)
    assert read.revenue == USD("99.90", "EUR")
    bare = meta_insights.metrics_row({"campaign_id": "1", "date_start": "2026-11-20"}, "USD")
    assert (bare.spend, bare.revenue, bare.reach) == (USD("0"), None, 0)


def test_a_visit_without_a_pixel_is_a_click() -> None:
    row = {
        "campaign_id": "1",
        "objective": "OUTCOME_TRAFFIC",
        "actions": [{"action_type": "link_click", "value": "80"}],
        "date_start": "2026-11-20",
    }
    assert meta_insights.metrics_row(row, "USD", pixel=False).conversions == 80
    # With a pixel, a day whose arrivals were left out had none; clicks do not stand in.
    assert meta_insights.metrics_row(row, "USD").conversions == 0


async def test_no_delivery_is_no_row(meta: MetaNetwork) -> None:
    await meta.create(campaign_order())
    today = datetime.now(UTC).date()
    assert (await meta.account_metrics(today - timedelta(days=3), today)).rows == ()


# -- refusals of ours ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"daily_budget": USD("10.001")}, "daily_budget"),
        ({"daily_budget": USD("10", "EUR")}, "daily_budget"),
        ({"daily_budget": USD("0")}, "daily_budget"),
        ({"bid": Bid(strategy="cost_cap")}, "bid.amount"),
        ({"bid": Bid(strategy="bid_cap", amount=USD("0.005"))}, "bid.amount"),
        ({"bid": Bid(amount=USD("1"))}, "bid.amount"),
        ({"targeting": Targeting(locations=())}, "targeting.locations"),
        ({"targeting": Targeting(age_min=40, age_max=20)}, "targeting.age_min"),
        ({"targeting": Targeting(interests=("Unknown art", "Golf"))}, "targeting.interests"),
        ({"objective": Objective.APP_INSTALLS}, "application_id"),
        ({"end_time": datetime(2027, 1, 1)}, "end_time"),  # noqa: DTZ001
        (
            {
                "special_category": SpecialCategory.EMPLOYMENT,
                "targeting": Targeting(age_min=25),
            },
            "targeting",
        ),
        (
            {
                "special_category": SpecialCategory.HOUSING,
                "targeting": Targeting(genders=("male",)),
            },
            "targeting",
        ),
        (
            {
                "special_category": SpecialCategory.CREDIT,
                "targeting": Targeting(interests=("Golf",)),
            },
            "targeting",
        ),
    ],
)
async def test_unsupported_values_are_refused_by_name(
    meta: MetaNetwork, changes: dict[str, Any], field: str
) -> None:
    campaign = await meta.create(campaign_order())
    with pytest.raises(Refused) as caught:
        await meta.create(ad_group_order(campaign.id, **changes))
    assert caught.value.field == field
    assert await meta.find(AD_GROUP, "k1-g") == []


async def test_creatives_are_refused_by_name(
    sandbox_meta: Sandbox, meta: MetaNetwork, image: Path
) -> None:
    words = AdCopy(angle="a", primary_text="x" * 126, headline="h")
    cases = [
        (creative_order(image, copy_text=words), "primary_text"),
        (creative_order(image, image_sha256="0" * 64), "image_path"),
        (creative_order(image, image_path="/nowhere/still.png"), "image_path"),
    ]
    for order, field in cases:
        with pytest.raises(Refused) as caught:
            await meta.create(order)
        assert caught.value.field == field
    homeless = Clocked(sandbox_meta, ACCOUNT.model_copy(update={"options": {}})).network
    with pytest.raises(Refused, match="page_id") as caught:
        await homeless.create(creative_order(image))
    assert caught.value.field == "page_id"


async def test_special_categories_are_declared_and_held_to(
    sandbox_meta: Sandbox, meta: MetaNetwork
) -> None:
    order = campaign_order(
        objective=Objective.APPLICATIONS,
        special_category=SpecialCategory.EMPLOYMENT,
        countries=("US", "CA"),
    )
    campaign = await meta.create(order)
    stored = sandbox_meta.world.get("meta", "campaign", campaign.id) or {}
    assert stored["special_ad_categories"] == ["EMPLOYMENT"]
    assert stored["special_ad_category_country"] == ["US", "CA"]
    assert stored["objective"] == "OUTCOME_LEADS"
    open_to_all = {"special_category": SpecialCategory.EMPLOYMENT}
    group = await meta.create(
        ad_group_order(campaign.id, objective=Objective.APPLICATIONS, **open_to_all)
    )
    stored = sandbox_meta.world.get("meta", "adset", group.id) or {}
    assert stored["promoted_object"]["custom_event_type"] == "SUBMIT_APPLICATION"
    assert stored["targeting"]["targeting_automation"] == {"advantage_audience": 0}
    # Meta itself holds the narrow audience against a caller that forgot the category.
    with pytest.raises(Refused) as caught:
        await meta.create(
            ad_group_order(
                campaign.id,
                objective=Objective.APPLICATIONS,
                targeting=Targeting(genders=("female",)),
            )
        )
    assert (caught.value.code, caught.value.field) == ("100/1870194", "targeting")


async def test_targeting_and_bids_arrive_as_asked(sandbox_meta: Sandbox, meta: MetaNetwork) -> None:
    campaign = await meta.create(campaign_order())
    group = await meta.create(
        ad_group_order(
            campaign.id,
            targeting=Targeting(
                locations=("US", "CA"),
                age_min=21,
                age_max=40,
                genders=("female",),
                interests=("Golf", "6003139266461"),
            ),
            bid=Bid(strategy="cost_cap", amount=USD("1.25")),
        )
    )
    stored = sandbox_meta.world.get("meta", "adset", group.id) or {}
    assert (stored["bid_strategy"], stored["bid_amount"]) == ("COST_CAP", 125)
    targeting = stored["targeting"]
    assert targeting["geo_locations"] == {"countries": ["US", "CA"]}
    assert (targeting["age_min"], targeting["age_max"], targeting["genders"]) == (21, 40, [2])
    (interests,) = targeting["flexible_spec"]
    assert interests["interests"][0]["name"] == "Golf"
    assert interests["interests"][1] == {"id": "6003139266461"}


def test_minor_units_are_exact_or_refused() -> None:
    assert meta_money.minor_units(USD("12.34"), "USD", "daily_budget") == 1234
    assert meta_money.minor_units(USD(500, "JPY"), "JPY", "daily_budget") == 500
    # A hundred times the budget, were it counted in fillér.
    assert meta_money.minor_units(USD(900, "HUF"), "HUF", "daily_budget") == 900
    assert meta_money.from_minor_units("1234", "USD") == USD("12.34")
    with pytest.raises(Refused, match=r"smallest unit, \$0.01") as caught:
        meta_money.minor_units(USD("12.345"), "USD", "daily_budget")
    assert caught.value.field == "daily_budget"


# -- trouble -------------------------------------------------------------------------------


async def test_every_armed_fault_has_its_kind(sandbox_meta: Sandbox, meta: MetaNetwork) -> None:
    campaign = await meta.create(campaign_order())
    today = datetime.now(UTC).date()

    async def read() -> Any:
        return await meta.account_metrics(today, today)

    async def write() -> Any:
        return await meta.create(ad_group_order(campaign.id))

    adsets = {"path": "/adsets$", "method": "POST"}
    cases: list[tuple[str, dict[str, str], Callable[[], Any], type[NetworkError]]] = [
        ("rate_limited", {}, read, RateLimited),
        ("rate_limited", adsets, write, RateLimited),
        ("server_error", {}, read, Transient),
        ("server_error", adsets, write, Ambiguous),
        ("expired_token", {}, read, AccessDenied),
        ("expired_token", adsets, write, AccessDenied),
        ("lost_answer", {}, read, Transient),
    ]
    for kind, filters, call, expected in cases:
        sandbox_meta.arm("meta", kind, **filters)
        with pytest.raises(expected) as caught:
            await call()
        assert type(caught.value) is expected
        if expected is RateLimited:
            assert caught.value.retry_after == 2.0
            assert meta.usage == 100.0
    assert await meta.find(AD_GROUP, "k1-g") == []
    await meta.check_account()
    assert 0 < meta.usage < 75


@pytest.mark.parametrize("kind", [CAMPAIGN, AD_GROUP, CREATIVE, AD])
async def test_a_lost_answer_is_ambiguous_and_what_was_made_is_found(
    sandbox_meta: Sandbox, meta: MetaNetwork, image: Path, kind: ObjectKind
) -> None:
    made = await tree(meta, image)
    orders = {
        CAMPAIGN: campaign_order("late"),
        AD_GROUP: ad_group_order(made[CAMPAIGN].id, "late"),
        CREATIVE: creative_order(image, "late"),
        AD: AdOrder(
            key="late",
            name="Ad",
            ad_group_id=made[AD_GROUP].id,
            creative_id=made[CREATIVE].id,
        ),
    }
    edge = {CAMPAIGN: "campaigns", AD_GROUP: "adsets", CREATIVE: "adcreatives", AD: "ads"}[kind]
    sandbox_meta.arm("meta", "lost_answer", method="POST", path=f"/{edge}$")
    with pytest.raises(Ambiguous):
        await meta.create(orders[kind])
    (adopted,) = await meta.find(kind, "late")
    assert adopted.key == "late"
    twin = await meta.create(orders[kind])
    found = await meta.find(kind, "late")
    assert [item.id for item in found] == [adopted.id, twin.id]
    await meta.remove(kind, twin.id)
    assert [item.id for item in await meta.find(kind, "late")] == [adopted.id]


@pytest.mark.parametrize("path", ["/adlabels$", "/adimages$"])
async def test_a_lost_answer_before_the_order_is_no_ambiguity(
    sandbox_meta: Sandbox, meta: MetaNetwork, image: Path, path: str
) -> None:
    sandbox_meta.arm("meta", "lost_answer", method="POST", path=path)
    with pytest.raises(Transient):
        await meta.create(creative_order(image))
    assert await meta.find(CREATIVE, "k1-c") == []
    made = await meta.create(creative_order(image))
    assert [item.id for item in await meta.find(CREATIVE, "k1-c")] == [made.id]
    assert len(sandbox_meta.world.every("meta", "adlabel")) == 1
    assert len(sandbox_meta.world.every("meta", "adimage")) == 1


async def test_twin_labels_do_not_hide_objects(sandbox_meta: Sandbox, meta: MetaNetwork) -> None:
    sandbox_meta.arm("meta", "duplicate", method="POST", path="/adlabels$")
    campaign = await meta.create(campaign_order())
    assert len(sandbox_meta.world.every("meta", "adlabel")) == 2
    assert [item.id for item in await meta.find(CAMPAIGN, "k1")] == [campaign.id]


async def test_a_slow_answer_is_ambiguous(sandbox_meta: Sandbox) -> None:
    hasty = Clocked(sandbox_meta, timeout=0.2).network
    sandbox_meta.arm("meta", "delay", seconds=0.6, method="POST", path="/campaigns$")
    with pytest.raises(Ambiguous):
        await hasty.create(campaign_order())
    assert len(await hasty.find(CAMPAIGN, "k1")) == 1


async def test_nobody_listening_is_transient_even_for_a_write() -> None:
    meta = connect(ACCOUNT, CREDENTIALS, NOWHERE)
    with pytest.raises(Transient, match="nothing was sent"):
        await meta.set_daily_budget("1", USD("5"))


async def test_a_lost_batch_is_told_per_object_or_raised(
    sandbox_meta: Sandbox, meta: MetaNetwork
) -> None:
    campaign = await meta.create(campaign_order())
    batch = {"method": "POST", "path": r"/v26\.0/$"}
    sandbox_meta.arm("meta", "lost_answer", **batch)
    with pytest.raises(Ambiguous):
        await meta.switch(CAMPAIGN, [campaign.id], on=True)
    sandbox_meta.arm("meta", "lost_answer", **batch)
    results = await meta.switch(CAMPAIGN, [campaign.id] * 51, on=True)
    assert [result.accepted for result in results] == [False] * 50 + [True]
    sandbox_meta.arm("meta", "rate_limited", **batch)
    with pytest.raises(RateLimited):
        await meta.switch(CAMPAIGN, [campaign.id] * 51, on=False)


async def test_the_fifth_budget_edit_of_an_hour_is_rate_limited(
    meta: MetaNetwork, image: Path
) -> None:
    group = (await tree(meta, image))[AD_GROUP]
    for dollars in (21, 22, 23, 24):
        await meta.set_daily_budget(group.id, USD(dollars))
    with pytest.raises(RateLimited) as caught:
        await meta.set_daily_budget(group.id, USD(25))
    assert caught.value.code == "613/1487632"


async def test_a_budget_below_the_minimum_is_refused_by_meta(meta: MetaNetwork) -> None:
    campaign = await meta.create(campaign_order())
    with pytest.raises(Refused) as caught:
        await meta.create(ad_group_order(campaign.id, daily_budget=USD("0.99")))
    assert (caught.value.code, caught.value.field) == ("100/1885272", "daily_budget")
    assert "1.00 USD" in caught.value.message


# -- the account ---------------------------------------------------------------------------


async def test_a_good_account_is_usable_and_tells_its_minimum(meta: MetaNetwork) -> None:
    health = await meta.check_account()
    assert (health.usable, health.currency, health.timezone, health.problems) == (
        True,
        "USD",
        "UTC",
        (),
    )
    assert meta.capabilities.min_daily_budget["USD"] == USD("1.00")


async def test_account_problems_say_the_way_out(sandbox_meta: Sandbox) -> None:
    async def problems(credentials: dict[str, str] | None = None, **changes: Any) -> str:
        version = changes.pop("version", "v26.0")
        account = ACCOUNT.model_copy(update=changes)
        found = Clocked(sandbox_meta, account, credentials=credentials or {}, version=version)
        health = await found.network.check_account()
        return f"{health.usable} {' '.join(health.problems)}"

    assert "False" in await problems(external_id="act_9")
    assert "check the id" in await problems(external_id="act_9")
    assert "renew the token" in await problems({"access_token": "old"})
    assert "correct the recorded currency" in await problems(currency="EUR")
    assert "correct the recorded time zone" in await problems(timezone="Europe/Berlin")
    assert "False The page_id 5 cannot be read" in await problems(
        options={"page_id": "5", "pixel_id": "8001"}
    )
    assert "True No pixel_id" in await problems(options={"page_id": "7001"})
    assert "True Graph v25.0 is older" in await problems(version="v25.0")
    assert "deprecated version" in await problems(version="v23.0")


def test_connecting_needs_a_token_and_a_version() -> None:
    with pytest.raises(AccessDenied, match="access_token"):
        connect(ACCOUNT, {}, NOWHERE)
    with pytest.raises(Refused) as caught:
        connect(ACCOUNT, CREDENTIALS, replace(NOWHERE, version="26"))
    assert caught.value.field == "api_version"


# -- secrets -------------------------------------------------------------------------------


async def test_no_secret_reaches_errors_or_logs(
    sandbox_meta: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # Another network's official client sets this one's level for the whole process.
    caplog.set_level(logging.DEBUG, logger="urllib3")
    secret = "EAAB-very-secret"
    meta = Clocked(
        sandbox_meta, credentials={"access_token": secret, "app_secret": "also-secret"}
    ).network
    texts: list[str] = [repr(meta), repr(vars(meta)["_connection"])]
    dead = connect(
        ACCOUNT,
        {"access_token": secret, "app_secret": "also-secret"},
        NOWHERE,
    )
    for network in (meta, dead):
        for call in (network.create(campaign_order()), network.find(CAMPAIGN, "k")):
            with pytest.raises(NetworkError) as caught:
                await call
            error = caught.value
            texts += ["".join(traceback.format_exception(error)), repr(error)]
            assert error.__cause__ is None
            assert error.__context__ is None
    seen = "\n".join([*texts, caplog.text])
    assert "/meta/v26.0/act_1001/adlabels" in caplog.text
    assert secret not in seen
    assert "also-secret" not in seen
    assert "http" not in "".join(text.splitlines()[-1] for text in texts[2:])


def test_texts_are_scrubbed() -> None:
    text = "see https://graph.example/?access_token=abc and access_token=abc or shh"
    clean = meta_errors.scrubbed(text, ("shh",))
    assert clean == "see (link removed) and access_token=*** or ***"


# -- answers Meta gives on bad days --------------------------------------------------------


class Scripted(requests.adapters.BaseAdapter):
    """Answers in place of the network."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.bodies: list[str] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        status, text = self.answers.pop(0)
        self.bodies.append(str(request.body))
        response = requests.Response()
        response.status_code, response.raw = status, io.BytesIO(text.encode())
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass


def scripted(*answers: tuple[int, str]) -> tuple[MetaNetwork, Scripted]:
    meta = connect(ACCOUNT, CREDENTIALS, NOWHERE)
    adapter = Scripted(*answers)
    vars(meta)["_connection"].api._session.requests.mount("http://", adapter)
    return meta, adapter


async def test_a_null_entry_is_asked_once_more() -> None:
    ok = {"code": 200, "headers": [], "body": '{"success":true}'}
    meta, adapter = scripted((200, json.dumps([ok, None])), (200, json.dumps([ok])))
    results = await meta.switch(CAMPAIGN, ["1", "2"], on=False)
    assert [result.accepted for result in results] == [True, True]
    assert len(adapter.bodies) == 2

    meta, _ = scripted((200, json.dumps([ok, None])), (200, "[null]"))
    results = await meta.switch(CAMPAIGN, ["1", "2"], on=False)
    assert [(result.accepted, result.error) for result in results] == [
        (True, None),
        (False, "Meta gave no answer to this operation, twice"),
    ]


async def test_an_error_page_is_not_taken_for_success() -> None:
    page = (502, "<html>Bad gateway</html>")
    meta, _ = scripted(page, page, (200, "<html>"))
    with pytest.raises(Ambiguous):
        await meta.set_daily_budget("1", USD("5"))
    with pytest.raises(Transient):
        await meta.find(CAMPAIGN, "k1")
    with pytest.raises(Ambiguous):
        await meta.set_end_time("1", datetime.now(UTC))


@pytest.mark.parametrize(
    ("error", "status", "kind", "write_kind"),
    [
        ({"code": 1}, 500, Transient, Ambiguous),
        ({"code": 1, "error_subcode": 99}, 400, Refused, Refused),
        ({"code": 2, "is_transient": True}, 500, Transient, Ambiguous),
        ({"code": 4}, 400, RateLimited, RateLimited),
        ({"code": 17, "error_subcode": 2446079}, 400, RateLimited, RateLimited),
        ({"code": 80004}, 400, RateLimited, RateLimited),
        ({"code": 368}, 400, RateLimited, RateLimited),
        ({"code": 190, "error_subcode": 463}, 401, AccessDenied, AccessDenied),
        ({"code": 200, "error_subcode": 1870034}, 403, AccessDenied, AccessDenied),
        ({"code": 100, "error_subcode": 1885272}, 400, Refused, Refused),
        ({"code": 2635}, 400, Refused, Refused),
        ({"code": 100, "error_subcode": 2490427}, 400, PolicyRefused, PolicyRefused),
        ({"code": -2, "error_subcode": 2490547}, 400, Transient, Ambiguous),
        ({"code": 960}, 400, Transient, Ambiguous),
        ({"code": 100}, 503, Transient, Ambiguous),
        ({}, 400, Refused, Refused),
    ],
)
def test_errors_are_classified(
    error: dict[str, Any], status: int, kind: type[NetworkError], write_kind: type[NetworkError]
) -> None:
    for write, expected in ((False, kind), (True, write_kind)):
        made = meta_errors.from_error(error, status=status, write=write, retry_after=None)
        assert type(made) is expected


async def test_a_wait_in_minutes_becomes_seconds() -> None:
    meta, _ = scripted()
    use = {"call_count": 91, "estimated_time_to_regain_access": 3}
    header = json.dumps({"1001": [use]})
    wait = vars(meta)["_connection"]._note_usage([("X-Business-Use-Case-Usage", header)])
    assert (wait, meta.usage) == (180.0, 91.0)


# -- Meta's own words ----------------------------------------------------------------------


def words(enum: type) -> set[str]:
    return {str(value) for name, value in vars(enum).items() if not name.startswith("_")}


def test_maps_use_words_the_sdk_knows() -> None:
    assert set(meta_maps.GOALS) == set(Objective)
    assert set(meta_maps.CALLS_TO_ACTION) == set(CallToAction)
    assert set(meta_maps.SPECIAL_CATEGORIES) == set(SpecialCategory)
    objectives = {goal.objective for goal in meta_maps.GOALS.values()}
    assert objectives <= words(Campaign.Objective)
    assert all(objective.startswith("OUTCOME_") for objective in objectives)
    goals = {goal.optimization_goal for goal in meta_maps.GOALS.values()}
    assert goals <= words(AdSet.OptimizationGoal)
    events = {goal.event for goal in meta_maps.GOALS.values() if goal.event}
    assert events <= words(AdPromotedObject.CustomEventType)
    assert set(meta_maps.CALLS_TO_ACTION.values()) <= words(AdCreative.CallToActionType)
    assert set(meta_maps.CALLS_TO_ACTION.values()) <= words(AdCreativeLinkDataCallToAction.Type)
    categories = {word for some in meta_maps.SPECIAL_CATEGORIES.values() for word in some}
    assert categories <= words(Campaign.SpecialAdCategories)
    assert set(meta_maps.BID_STRATEGIES.values()) <= words(AdSet.BidStrategy)
    for node in (Campaign, AdSet, Ad):
        unexplained = words(node.EffectiveStatus) - set(meta_maps.DELIVERY)
        assert unexplained <= {"WITH_ISSUES", "PENDING_BILLING_INFO"}


def test_fields_exist_in_the_sdk() -> None:
    nodes: dict[ObjectKind, Any] = {
        CAMPAIGN: Campaign,
        AD_GROUP: AdSet,
        CREATIVE: AdCreative,
        AD: Ad,
    }
    for kind, node in nodes.items():
        assert set(meta_objects.FIELDS[kind]) <= words(node.Field)
    assert set(meta_insights.FIELDS) <= words(AdsInsights.Field)
    assert {"min_daily_budget", "timezone_name", "account_status"} <= words(SdkAccount.Field)


def test_a_conversion_campaign_names_pixel_and_event() -> None:
    promoted = meta_params.promoted_object(Objective.PURCHASES, {"pixel_id": "8001"})
    assert promoted == {"pixel_id": "8001", "custom_event_type": "PURCHASE"}
    with pytest.raises(Refused) as caught:
        meta_params.promoted_object(Objective.LEADS, {})
    assert caught.value.field == "pixel_id"


def test_capabilities_state_their_units() -> None:
    able = meta_maps.CAPABILITIES
    assert (able.batch_size, able.over_delivery, able.budget_edits_per_hour) == (50, 1.75, 4)
    assert able.end_time_granularity == timedelta(minutes=1)
    assert able.objectives == frozenset(Objective)
