"""The Google Ads adapter against the sandbox: rows C14, C17, C18, C21, C37, C38, C40, C41, M2."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from models.contract.money import Money
from models.contract.network import Bid, Delivery, ObjectKind, Targeting
from models.contract.vocabulary import AccountStatus, CallToAction, Objective, SpecialCategory
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    PolicyRefused,
    RateLimited,
    Refused,
    Transient,
)
from platforms.google import GoogleNetwork, connect
from platforms.google.bidding import ad_group_bid, bid_fields, bid_of, opening_strategy
from platforms.google.errors import classify
from platforms.google.metrics import account_report
from platforms.google.names import end_text, instant, keys_of, start_text, with_group
from platforms.google.targeting import demographic_exclusions, hours
from platforms.google.terms import (
    CALLS_TO_ACTION,
    CAPABILITIES,
    OPTIMISATIONS,
    capabilities_of,
    in_micros,
)
from platforms.google.wire import OPERATIONS
from platforms.network import Ground
from sandbox.google.store import CUSTOMER_ID, new_customer
from tests.clock import MORNING, Clock
from tests.platforms.contract.bench import Tree, digest
from tests.platforms.contract.google import BENCH
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD
APP = "https://play.google.com/store/apps/details?id=example.journal"
REVIEW = timedelta(minutes=11)


class Meter:
    """An allowance that says what was used."""

    def __init__(self) -> None:
        self.used: list[int] = []
        self.told: list[tuple[float | None, float | None]] = []

    async def take(self, bucket: str, cost: int = 1) -> None:
        assert bucket == OPERATIONS
        self.used.append(cost)

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        self.told.append((remaining, reset_in))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], clock: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("google",), origin=MORNING, real=clock)


def opened(box: Sandbox, meter: Meter | None = None, **options: str) -> GoogleNetwork:
    account = BENCH.account()
    account = account.model_copy(update={"options": {**account.options, **options}})
    hosts = {"api": f"{box.url}/google", "login": f"{box.url}/login/google"}
    ground = Ground(hosts, box.world.now, timeout=10.0)
    if meter is not None:
        ground = replace(ground, quota=meter)
    return connect(account, BENCH.secrets(), ground)


@pytest_asyncio.fixture
async def network(box: Sandbox) -> AsyncIterator[GoogleNetwork]:
    adapter = opened(box)
    yield adapter
    await adapter.aclose()


@pytest.fixture
def tree(box: Sandbox, network: GoogleNetwork, tmp_path: Path) -> Tree:
    return Tree(BENCH, network, tmp_path, box.world.now())


def rows(box: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [row for row in box.world.every("google", kind) if row.get("status") != "REMOVED"]


# -- creating ---------------------------------------------------------------------------------


async def test_a_display_tree_is_one_budget_one_campaign_and_an_ad_group_for_each_ad(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    aim = Targeting(
        locations=("US", "GB"), age_min=25, age_max=54, genders=("female",), interests=("Travel",)
    )
    tree.bench = replace(BENCH, targeting=aim)
    await tree.make()

    (campaign,) = rows(box, "campaign")
    assert campaign["status"] == "PAUSED"
    assert campaign["advertisingChannelType"] == "DISPLAY"
    assert campaign["targetSpend"] == {}
    assert campaign["containsEuPoliticalAdvertising"] == "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"
    assert campaign["geoTargetTypeSetting"] == {"positiveGeoTargetType": "PRESENCE"}
    assert campaign["name"] == f"{tree.key('campaign')}+{tree.key('ad_group')} Spring story"
    (budget,) = rows(box, "campaign_budget")
    assert (budget["explicitlyShared"], budget["amountMicros"]) == (False, "60000000")
    places = {row["location"]["geoTargetConstant"] for row in rows(box, "campaign_criterion")}
    assert places == {"geoTargetConstants/2840", "geoTargetConstants/2826"}
    groups = rows(box, "ad_group")
    assert [group["status"] for group in groups] == ["PAUSED", "PAUSED"]
    assert {group["optimizedTargetingEnabled"] for group in groups} == {False}
    by_group: dict[str, list[dict[str, Any]]] = {}
    for row in rows(box, "ad_group_criterion"):
        by_group.setdefault(row["adGroup"], []).append(row)
    assert len(by_group) == 2
    for criteria in by_group.values():
        excluded = {
            row.get("ageRange", row.get("gender", {})).get("type")
            for row in criteria
            if row["negative"]
        }
        assert excluded == {
            "AGE_RANGE_18_24",
            "AGE_RANGE_55_64",
            "AGE_RANGE_65_UP",
            "AGE_RANGE_UNDETERMINED",
            "MALE",
            "UNDETERMINED",
        }
        (interest,) = [row["userInterest"] for row in criteria if not row["negative"]]
        assert interest == {"userInterestCategory": f"customers/{CUSTOMER_ID}/userInterests/80093"}
    first = rows(box, "ad_group_ad")[0]["ad"]
    shown = first["responsiveDisplayAd"]
    assert first["finalUrls"] == [BENCH.link]
    assert shown["headlines"] == [{"text": "Read it 1"}]
    assert shown["longHeadline"] == {"text": tree.creative(1).copy_text.primary_text}
    assert shown["descriptions"] == [{"text": "From the journal"}]
    assert (shown["businessName"], shown["callToActionText"]) == ("Sandbox", "Learn more")
    assert set(shown["controlSpec"].values()) == {False}
    sizes = {row["resourceName"]: row["_size"] for row in rows(box, "asset")}
    assert sizes[shown["marketingImages"][0]["asset"]] == [1200, 628]
    assert sizes[shown["squareMarketingImages"][0]["asset"]] == [1200, 1200]
    # Both creatives show the same image: it is uploaded once in each shape.
    assert len(sizes) == 2


async def test_an_app_tree_takes_its_app_from_the_link_and_leads_to_the_store(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    tree.bench = replace(
        BENCH,
        objective=Objective.APP_INSTALLS,
        link=APP,
        call_to_action=CallToAction.DOWNLOAD,
        bid=Bid(strategy="cost_cap", amount=Money.of("2.50")),
    )
    await tree.make()

    (campaign,) = rows(box, "campaign")
    assert campaign["advertisingChannelSubType"] == "APP_CAMPAIGN"
    assert campaign["appCampaignSetting"] == {
        "appId": "example.journal",
        "appStore": "GOOGLE_APP_STORE",
        "biddingStrategyGoalType": "OPTIMIZE_INSTALLS_TARGET_INSTALL_COST",
    }
    assert campaign["targetCpa"] == {"targetCpaMicros": "2500000"}
    assert "maximizeConversions" not in campaign
    assert rows(box, "ad_group_criterion") == []
    ad = rows(box, "ad_group_ad")[0]["ad"]
    assert "finalUrls" not in ad
    assert [text["text"] for text in ad["appAd"]["headlines"]] == ["Read it 1", "Sandbox"]
    (group,) = await network.read(AD_GROUP, [tree.ids["ad_group"]])
    assert group.bid == Money.of("2.50")
    await network.set_bid(group.id, Money.of("1.999999"))
    (group,) = await network.read(AD_GROUP, [group.id])
    assert group.bid == Money.of("1.99")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"link": "https://journal.example/"}, "App Store or on Google Play"),
        ({"objective": Objective.ENGAGEMENT}, "'engagement' is not offered"),
        ({"objective": Objective.CATALOG_SALES}, "'catalog_sales' is not offered"),
        ({"daily_budget": Money.of("5", "EUR")}, "currency is USD"),
        ({"daily_budget": Money.of("0.99")}, "at least $1.00"),
        ({"daily_budget": Money.of("5.001")}, "finer than $0.01"),
        ({"countries": ("US", "QQ")}, "country QQ"),
        ({"name": "x" * 250}, "at most 233"),
    ],
)
async def test_a_campaign_that_google_does_not_take_is_refused_by_name(
    box: Sandbox, network: GoogleNetwork, tree: Tree, changes: dict[str, Any], said: str
) -> None:
    base = {"objective": Objective.APP_INSTALLS, "link": APP}
    with pytest.raises(Refused) as no:
        await network.create(tree.campaign(**{**base, **changes}))
    assert said in no.value.message
    assert rows(box, "campaign") == rows(box, "campaign_budget") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targeting": Targeting(age_min=21)}, "age range 21-65"),
        ({"targeting": Targeting(age_max=40)}, "age range 18-40"),
        ({"targeting": Targeting(locations=("ZZ",))}, "country ZZ"),
        ({"targeting": Targeting(interests=("word " * 11,))}, "too long for a keyword"),
        ({"dayparts": (0,) * 7}, "dayparts"),
        ({"dayparts": (0b10101010101010101010101, *(0,) * 6)}, "takes 6 a day"),
        ({"bid": Bid(strategy="cost_cap", amount=Money.of("2"))}, "use one of: automatic, bid_cap"),
        ({"bid": Bid(strategy="bid_cap")}, "needs an amount"),
        ({"bid": Bid(amount=Money.of("2"))}, "takes no amount"),
        ({"bid": Bid(strategy="bid_cap", amount=Money.of("2", "EUR"))}, "currency is USD"),
        ({"end_time": MORNING - timedelta(days=1)}, "not after the start"),
        ({"campaign_id": "77"}, "no campaign 77"),
        (
            {"special_category": SpecialCategory.HOUSING, "targeting": Targeting(age_min=25)},
            "age_min is forbidden for housing",
        ),
        ({"special_category": SpecialCategory.GAMBLING}, "too young for gambling"),
    ],
)
async def test_an_ad_group_that_google_does_not_take_changes_nothing(
    box: Sandbox, network: GoogleNetwork, tree: Tree, changes: dict[str, Any], said: str
) -> None:
    campaign = await network.create(tree.campaign())
    tree.ids["campaign"] = campaign.id
    before = rows(box, "campaign")
    with pytest.raises(Refused) as no:
        await network.create(tree.ad_group(**changes))
    assert said in no.value.message
    assert rows(box, "campaign") == before
    assert rows(box, "campaign_criterion") == []


async def test_what_an_app_campaign_cannot_aim_by_is_refused(
    network: GoogleNetwork, tree: Tree
) -> None:
    tree.bench = replace(BENCH, objective=Objective.APP_INSTALLS, link=APP)
    tree.ids["campaign"] = (await network.create(tree.campaign())).id
    for changes, said in (
        ({"targeting": Targeting(age_min=25)}, "age_min"),
        ({"targeting": Targeting(interests=("Travel",))}, "interests"),
        ({"dayparts": (1,) * 7}, "dayparts"),
    ):
        with pytest.raises(Refused, match=f"cannot be narrowed by {said}"):
            await network.create(tree.ad_group(**changes))
    tree.ids["ad_group"] = (await network.create(tree.ad_group())).id
    tree.ids["creative/v1"] = (await network.create(tree.creative())).id
    order = tree.ad()
    with pytest.raises(Refused, match="'learn_more' is not offered in an App campaign"):
        await network.create(order)
    other = tree.ad_group(objective=Objective.TRAFFIC)
    with pytest.raises(Refused, match="needs a DISPLAY campaign"):
        await network.create(order.model_copy(update={"ad_group": other}))


async def test_the_same_orders_again_make_nothing_more(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make()
    ids = dict(tree.ids)
    kinds = ("campaign", "campaign_budget", "campaign_criterion", "ad_group", "ad_group_ad")
    before = {kind: len(rows(box, kind)) for kind in (*kinds, "label", "asset")}

    await network.create(tree.ad_group())
    for number in (1, 2):
        creative = await network.create(tree.creative(number))
        ad = await network.create(tree.ad(number))
        assert (creative.id, ad.id) == (ids[f"creative/v{number}"], ids[f"ad/v{number}"])

    assert {kind: len(rows(box, kind)) for kind in before} == before
    fresh = Tree(BENCH, network, tree.directory, tree.now, "fresh")
    first = await network.create(fresh.campaign())
    assert (await network.create(fresh.campaign())).id == first.id


async def test_a_changed_order_moves_places_and_hours(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make_groups()
    morning = 0b111 << 6
    aim = Targeting(locations=("DE",))
    await network.create(tree.ad_group(targeting=aim, dayparts=(morning,) * 5 + (0, 0)))

    criteria = rows(box, "campaign_criterion")
    assert [row["location"] for row in criteria if "location" in row] == [
        {"geoTargetConstant": "geoTargetConstants/2276"}
    ]
    schedules = [row["adSchedule"] for row in criteria if "adSchedule" in row]
    assert len(schedules) == 5
    assert (schedules[0]["dayOfWeek"], schedules[0]["startHour"], schedules[0]["endHour"]) == (
        "MONDAY",
        6,
        9,
    )


async def test_a_campaign_holds_one_ad_group_and_only_one_of_ours(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make_groups()
    with pytest.raises(Refused, match="has its ad group already"):
        await network.create(tree.ad_group(key="kanotherkey"))
    stranger = {**rows(box, "campaign")[0], "name": "Made by hand"}
    name = f"customers/{CUSTOMER_ID}/campaigns/99"
    box.world.put("google", "campaign", name, {**stranger, "resourceName": name, "id": "99"})
    with pytest.raises(Refused, match="was not made by Adflight"):
        await network.create(tree.ad_group(campaign_id="99"))
    listed = {one.id: one for one in await network.list_objects(AD_GROUP)}
    assert listed["99"].key == ""
    assert listed["99"].parent_id == "99"


async def test_the_settings_of_a_campaign_that_is_on_are_not_made_anew(
    network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make_groups()
    await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    with pytest.raises(Refused, match="is on"):
        await network.create(tree.ad_group())


async def test_a_budget_that_others_spend_from_is_left_alone(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make_groups()
    (budget,) = rows(box, "campaign_budget")
    box.world.put("google", "campaign_budget", budget["resourceName"],
                  {**budget, "explicitlyShared": True, "referenceCount": "2"})  # fmt: skip
    with pytest.raises(Refused, match="shares its budget"):
        await network.set_daily_budget(tree.ids["ad_group"], Money.of("70"))
    assert rows(box, "campaign_budget")[0]["amountMicros"] == "60000000"


@pytest.mark.parametrize(
    ("copy", "said"),
    [
        ({"headline": "x" * 31}, "headline has 31 characters; Google takes 30"),
        ({"primary_text": "x" * 91}, "primary_text has 91 characters; Google takes 90"),
        ({"description": "x" * 91}, "description has 91 characters; Google takes 90"),
        ({"headline": " "}, "headline is empty"),
        ({"call_to_action": CallToAction.GET_OFFER}, "'get_offer' is not offered"),
    ],
)
async def test_texts_and_buttons_are_refused_and_never_cut(
    box: Sandbox, network: GoogleNetwork, tree: Tree, copy: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused) as no:
        await network.create(tree.creative(**copy))
    assert said in no.value.message
    assert rows(box, "asset") == rows(box, "label") == []


async def test_images_are_checked_before_they_are_sent(
    box: Sandbox, network: GoogleNetwork, tree: Tree, tmp_path: Path
) -> None:
    order = tree.creative()

    def with_image(path: Path, sha256: str = "") -> Any:
        return order.model_copy(
            update={"image_path": str(path), "image_sha256": sha256 or digest(path)}
        )

    square = tmp_path / "square.png"
    Image.new("RGB", (600, 600)).save(square)
    small = tmp_path / "small.png"
    Image.new("RGB", (573, 300)).save(small)
    bitmap = tmp_path / "plain.bmp"
    Image.new("RGB", (1200, 628)).save(bitmap)
    text = tmp_path / "text.png"
    text.write_text("no image")
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG" + bytes(6_000_000))
    for bad, said in (
        (with_image(square), "600x600; Google needs 1.91:1"),
        (with_image(small), "573x300"),
        (with_image(bitmap), "format BMP"),
        (with_image(text), "in no format"),
        (with_image(large), "takes 5,242,880"),
        (with_image(tmp_path / "none.png", "0" * 64), "cannot be read"),
        (with_image(square, "0" * 64), "not the one that was approved"),
    ):
        with pytest.raises(Refused) as no:
            await network.create(bad)
        assert said in no.value.message
    with pytest.raises(Refused, match="no web address"):
        await network.create(order.model_copy(update={"link": "journal.example"}))
    assert rows(box, "asset") == []


async def test_an_image_somebody_uploaded_before_is_used_as_it_is(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await network.create(tree.creative(1))
    for asset in rows(box, "asset"):
        box.world.put("google", "asset", asset["resourceName"], {**asset, "name": "By hand"})
    creative = await network.create(tree.creative(2))
    assert len(rows(box, "asset")) == 2
    tree.ids["creative/v2"] = creative.id
    await tree.make_groups()
    assert (await network.create(tree.ad(2))).key == tree.key("ad/v2")


async def test_an_ad_needs_its_creative_its_aim_and_the_business_name(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make_groups()
    tree.ids["creative/v1"] = "123"
    with pytest.raises(Refused, match="no creative 123"):
        await network.create(tree.ad())
    tree.ids["creative/v1"] = (await network.create(tree.creative())).id
    for lacking in ("creative", "ad_group"):
        with pytest.raises(Refused, match=f"lacks {lacking}"):
            await network.create(tree.ad().model_copy(update={lacking: None}))
    nameless = opened(box, business_name="")
    with pytest.raises(Refused, match="business_name"):
        await nameless.create(tree.ad())
    await nameless.aclose()
    assert rows(box, "ad_group") == []


async def test_a_disapproved_ad_tells_its_topic(
    box: Sandbox, network: GoogleNetwork, tree: Tree, clock: Clock
) -> None:
    box.arm("google", "disapproved_ad")
    tree.variants = 1
    await tree.make()
    await tree.switch(on=True)
    clock.at += timedelta(minutes=5)
    (ad,) = await network.read(AD, tree.ads)
    assert ad.delivery is Delivery.IN_REVIEW
    (campaign,) = await network.read(CAMPAIGN, [tree.ids["campaign"]])
    assert (campaign.switched_on, campaign.delivery) == (True, Delivery.IN_REVIEW)
    clock.at += REVIEW
    (ad,) = await network.read(AD, tree.ads)
    assert ad.delivery is Delivery.REJECTED
    assert ad.issue == "Google disapproved the ad: MISLEADING_CONTENT"
    (group,) = await network.read(AD_GROUP, [tree.ids["ad_group"]])
    assert group.delivery is Delivery.REJECTED


# -- switching --------------------------------------------------------------------------------


async def test_many_are_switched_in_one_call_and_each_for_itself(
    box: Sandbox, network: GoogleNetwork, tmp_path: Path
) -> None:
    meter = Meter()
    network = opened(box, meter)
    ids: list[str] = []
    for number in range(4):
        each = Tree(BENCH, network, tmp_path, box.world.now(), f"many{number}")
        ids.append((await network.create(each.campaign())).id)
    await network.remove(CAMPAIGN, ids[1])
    meter.used.clear()

    results = await network.switch(CAMPAIGN, [*ids, "404", "not-an-id"], on=True)

    assert meter.used == [5]
    assert [one.accepted for one in results] == [True, False, True, True, False, False]
    assert "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE" in (results[1].error or "")
    assert "RESOURCE_NOT_FOUND" in (results[4].error or "")
    assert "no such campaign" in (results[5].error or "")
    seen = await network.read(CAMPAIGN, ids)
    assert [one.switched_on for one in seen] == [True, False, True, True]
    await network.aclose()


async def test_an_ad_of_other_makers_is_switched_without_its_neighbours(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make()
    group = rows(box, "ad_group")[0]
    ad = rows(box, "ad_group_ad")[0]
    by_hand = {**group, "name": "By hand", "status": "ENABLED"}
    box.world.put("google", "ad_group", group["resourceName"], by_hand)
    neighbour = f"{ad['resourceName']}9"
    copy = {**ad, "resourceName": neighbour, "ad": {**ad["ad"], "id": f"{ad['ad']['id']}9"}}
    box.world.put("google", "ad_group_ad", neighbour, copy)
    mine, theirs = tree.ids["ad/v1"], f"{tree.ids['ad/v1']}9"

    (result,) = await network.switch(AD, [mine], on=False)

    assert result.accepted
    shown = {one.id: one for one in await network.read(AD, [mine, theirs])}
    assert (shown[mine].switched_on, shown[theirs].switched_on) == (False, True)
    await network.remove(AD, mine)
    assert {one.id for one in await network.list_objects(AD)} == {tree.ids["ad/v2"], theirs}


async def test_all_of_a_large_account_is_listed(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await network.create(tree.campaign())
    (campaign,) = rows(box, "campaign")
    entries = [
        {
            "network": "google",
            "kind": "campaign",
            "id": f"customers/{CUSTOMER_ID}/campaigns/{number}",
            "value": {
                **campaign,
                "id": str(number),
                "resourceName": f"customers/{CUSTOMER_ID}/campaigns/{number}",
                "name": f"Campaign {number}",
            },
        }
        for number in range(1, 1_301)
    ]
    box.control.post("/objects", json=entries).raise_for_status()

    listed = await network.list_objects(CAMPAIGN)

    assert len(listed) == 1_301
    assert len({one.id for one in listed}) == 1_301
    results = await network.switch(CAMPAIGN, [one.id for one in listed], on=False)
    assert all(one.accepted for one in results)


# -- money, time, words -----------------------------------------------------------------------


def test_money_is_whole_units_of_the_accounts_currency() -> None:
    assert in_micros(Money.of("12.34"), "USD") == "12340000"
    assert in_micros(Money.of("1200", "JPY"), "JPY") == "1200000000"
    with pytest.raises(Refused, match="smallest unit of JPY"):
        in_micros(Money.of("1200.50", "JPY"), "JPY")
    with pytest.raises(Refused, match="more than zero"):
        in_micros(Money(micros=0), "USD")


def test_an_end_is_the_end_of_its_account_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    noon = datetime(2026, 10, 24, 12, tzinfo=berlin)
    assert end_text(noon, berlin) == "2026-10-24 23:59:59"
    midnight = datetime(2026, 10, 25, tzinfo=berlin)
    assert end_text(midnight, berlin) == "2026-10-24 23:59:59"
    assert instant("2026-10-24 23:59:59", berlin) == midnight.astimezone(UTC)
    # The day clocks go back is the longest wait for an end.
    ordered = datetime(2026, 10, 25, 0, 0, 1, tzinfo=berlin)
    read = instant(end_text(ordered, berlin), berlin)
    assert read is not None
    waited = read - ordered.astimezone(UTC)
    assert timedelta(hours=24) < waited <= CAPABILITIES.end_time_granularity
    assert instant(None, berlin) is None
    assert instant("2026-10-24 12:00:00", berlin) == noon.astimezone(UTC)


def test_a_start_is_named_only_when_it_is_another_day() -> None:
    now = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    assert start_text(now + timedelta(minutes=10), now, ZoneInfo("UTC")) is None
    assert start_text(now + timedelta(hours=1), now, ZoneInfo("UTC")) == "2026-03-04 00:00:00"
    assert start_text(now + timedelta(hours=1), now, ZoneInfo("Asia/Tokyo")) is None


def test_the_keys_of_a_name_are_told_apart() -> None:
    name = with_group("k2campaign Spring", "k3group")
    assert name == "k2campaign+k3group Spring"
    assert keys_of(name) == ("k2campaign", "k3group")
    assert with_group(name, "k3group") == name
    assert keys_of("Spring sale") == ("", "")
    assert keys_of("kitchen sale") == ("", "")


def test_every_objective_is_offered_or_refused_by_name() -> None:
    assert set(OPTIMISATIONS) == set(Objective)
    account = BENCH.account()
    offered = {one for one, how in OPTIMISATIONS.items() if how}
    assert capabilities_of(account).objectives == offered
    bare = account.model_copy(update={"options": {}})
    assert capabilities_of(bare).objectives == CAPABILITIES.objectives
    assert Objective.LEADS not in CAPABILITIES.objectives
    with pytest.raises(Refused, match="min_daily_budget"):
        capabilities_of(account.model_copy(update={"options": {"min_daily_budget": "much"}}))


def test_every_call_to_action_has_a_text_or_none() -> None:
    assert set(CALLS_TO_ACTION) == set(CallToAction)
    assert CAPABILITIES.calls_to_action == {one for one, text in CALLS_TO_ACTION.items() if text}
    assert CALLS_TO_ACTION[CallToAction.GET_OFFER] is None


@pytest.mark.parametrize(
    ("objective", "strategy", "amount", "sent"),
    [
        (Objective.TRAFFIC, "automatic", None, {}),
        (Objective.TRAFFIC, "bid_cap", "1.50", {"targetSpend": {"cpcBidCeilingMicros": "1500000"}}),
        (Objective.LEADS, "automatic", None, {}),
        (Objective.PURCHASES, "cost_cap", "20",
         {"maximizeConversions": {"targetCpaMicros": "20000000"}}),
        (Objective.APP_INSTALLS, "automatic", None, {}),
        (Objective.AWARENESS, "bid_cap", "4", {}),
        (Objective.LEADS, "bid_cap", "4", None),
        (Objective.APP_INSTALLS, "bid_cap", "4", None),
        (Objective.AWARENESS, "cost_cap", "4", None),
    ],
)  # fmt: skip
def test_every_bid_strategy_is_sent_or_refused(
    objective: Objective, strategy: Any, amount: str | None, sent: dict[str, Any] | None
) -> None:
    how = OPTIMISATIONS[objective]
    assert how is not None
    assert len(opening_strategy(how)) == 1
    bid = Bid(strategy=strategy, amount=Money.of(amount) if amount else None)
    if sent is None:
        with pytest.raises(Refused, match="does not go with this objective"):
            bid_fields(bid, how, BENCH.account())
        return
    fields, mask = bid_fields(bid, how, BENCH.account())
    assert fields == sent
    assert len(mask) == len(fields)


def test_awareness_bids_by_order_or_default_or_is_refused_naming_both() -> None:
    how, account = OPTIMISATIONS[Objective.AWARENESS], BENCH.account()
    assert how is not None
    assert ad_group_bid(Bid(), how, account) == {"cpmBidMicros": "6000000"}
    own = Bid(strategy="bid_cap", amount=Money.of("3"))
    assert ad_group_bid(own, how, account) == {"cpmBidMicros": "3000000"}
    bare = account.model_copy(update={"options": {}})
    with pytest.raises(Refused, match=r"bid_cap.*default_bid"):
        ad_group_bid(Bid(), how, bare)
    wrong = account.model_copy(update={"options": {"default_bid": "much"}})
    with pytest.raises(Refused, match="default_bid"):
        ad_group_bid(Bid(), how, wrong)


async def test_awareness_bids_in_every_ad_group(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    tree.bench = replace(BENCH, objective=Objective.AWARENESS)
    await tree.make_groups()
    with pytest.raises(Refused, match="no ads yet"):
        await network.set_bid(tree.ids["ad_group"], Money.of("3"))
    for number in (1, 2):
        creative = await network.create(tree.creative(number))
        tree.ids[f"creative/v{number}"] = creative.id
        await network.create(tree.ad(number))
    (group,) = await network.read(AD_GROUP, [tree.ids["ad_group"]])
    assert group.bid == Money.of("6")
    await network.set_bid(group.id, Money.of("3.005"))
    assert {row["cpmBidMicros"] for row in rows(box, "ad_group")} == {"3000000"}
    (group,) = await network.read(AD_GROUP, [group.id])
    assert group.bid == Money.of("3")


async def test_automatic_bidding_has_no_amount_to_set(network: GoogleNetwork, tree: Tree) -> None:
    await tree.make_groups()
    with pytest.raises(Refused, match="TARGET_SPEND has no amount"):
        await network.set_bid(tree.ids["ad_group"], Money.of("3"))
    assert bid_of({"biddingStrategyType": "TARGET_SPEND"}, (), "USD") is None


@pytest.mark.parametrize(
    ("low", "high", "excluded"),
    [
        (18, 65, 0),
        (18, 64, 2),
        (25, 34, 6),
        (65, 65, 6),
        (18, 24, 6),
        (45, 65, 4),
    ],
)
def test_ages_exclude_whoever_is_not_meant(low: int, high: int, excluded: int) -> None:
    found = demographic_exclusions(Targeting(age_min=low, age_max=high))
    assert len(found) == excluded
    both = Targeting(genders=("male", "female"))
    assert demographic_exclusions(both) == []


def test_hours_are_joined_into_stretches() -> None:
    night = 0b1 << 23 | 0b11
    (first, second, *rest) = hours((night, *(0,) * 6))
    assert rest == []
    assert (first["adSchedule"]["startHour"], first["adSchedule"]["endHour"]) == (0, 2)
    assert (second["adSchedule"]["startHour"], second["adSchedule"]["endHour"]) == (23, 24)
    assert hours(()) == []


async def test_interests_are_segments_when_all_are_listed_else_keywords(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    tree.bench = replace(BENCH, targeting=Targeting(interests=("travel", "quantum knitting")))
    tree.variants = 1
    await tree.make()
    assert [row["keyword"] for row in rows(box, "ad_group_criterion")] == [
        {"text": "travel", "matchType": "BROAD"},
        {"text": "quantum knitting", "matchType": "BROAD"},
    ]


async def test_regulated_categories_need_their_certificate(box: Sandbox, tree: Tree) -> None:
    bare = opened(box, certified_for="financial")
    with pytest.raises(Refused, match=r"certification.*gambling.*certified_for"):
        await bare.create(tree.campaign(special_category=SpecialCategory.GAMBLING))
    await bare.create(tree.campaign(special_category=SpecialCategory.FINANCIAL))
    await bare.aclose()


async def test_political_advertising_is_declared_as_the_account_says(
    box: Sandbox, tree: Tree
) -> None:
    party = opened(box, eu_political_advertising="yes")
    await party.create(tree.campaign())
    await party.aclose()
    (campaign,) = rows(box, "campaign")
    assert campaign["containsEuPoliticalAdvertising"] == "CONTAINS_EU_POLITICAL_ADVERTISING"
    unsure = opened(box, eu_political_advertising="perhaps")
    with pytest.raises(Refused, match="set it to yes or no"):
        await unsure.create(tree.campaign(key="k9another"))
    health = await unsure.check_account()
    assert any("perhaps" in problem for problem in health.problems)
    await unsure.aclose()


# -- figures ----------------------------------------------------------------------------------


async def test_figures_by_ad_come_to_the_campaigns(
    box: Sandbox, network: GoogleNetwork, tree: Tree, clock: Clock
) -> None:
    await tree.make()
    await tree.switch(on=True)
    clock.at += timedelta(days=2)
    first, last = MORNING.date(), box.world.now().date()

    report = await network.account_metrics(first, last)
    by_ad = await network.ad_metrics(first, last)

    assert {row.campaign_id for row in report.rows} == {tree.ids["campaign"]}
    assert {row.ad_id for row in by_ad.rows} == set(tree.ads)
    assert len(report.rows) >= 2
    spend = sum(row.spend.micros for row in report.rows)
    assert spend > 60_000_000
    assert sum(row.spend.micros for row in by_ad.rows) == pytest.approx(spend, rel=0.001)
    assert sum(row.clicks for row in by_ad.rows) == sum(row.clicks for row in report.rows)
    most = CAPABILITIES.over_delivery * 60_000_000
    assert all(row.spend.micros <= most for row in report.rows)
    assert any(row.revenue and row.conversions for row in report.rows)


async def test_fractions_keep_their_digits() -> None:
    class Told:
        async def search(self, query: str) -> list[dict[str, Any]]:
            metrics = {
                "costMicros": "12340000",
                "impressions": "4567",
                "clicks": "89",
                "conversions": Decimal("3.66"),
                "conversionsValue": Decimal("0.30000000000000004"),
            }
            return [
                {"campaign": {"id": "2"}, "segments": {"date": "2026-03-03"}, "metrics": metrics},
                {"campaign": {"id": "3"}, "segments": {"date": "2026-03-03"}, "metrics": {}},
            ]

    day = MORNING.date()
    report = await account_report(Told(), day, day, currency="USD", now=MORNING)  # type: ignore[arg-type]
    (row,) = report.rows
    assert (row.conversions, row.spend, row.revenue) == (3, Money.of("12.34"), Money.of("0.3"))
    assert row.reach == 0


# -- token, account, allowance ----------------------------------------------------------------


async def test_a_token_that_ends_is_renewed_and_nothing_is_done_twice(
    box: Sandbox, network: GoogleNetwork, tree: Tree
) -> None:
    await tree.make_groups()
    box.arm("google", "expired_token", count=1)
    (result,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    assert result.accepted
    assert box.fired("google", "expired_token") == 1
    box.arm("google", "expired_token", count=2)
    with pytest.raises(AccessDenied) as denied:
        await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert denied.value.code == "OAUTH_TOKEN_EXPIRED"


async def test_a_withdrawn_grant_is_denied_and_tells_no_secret(box: Sandbox) -> None:
    box.arm("login", "expired_token", count=1)
    network = opened(box)
    with pytest.raises(AccessDenied) as denied:
        await network.check_account()
    assert denied.value.code == "invalid_grant"
    for secret in BENCH.secrets().values():
        assert secret not in f"{denied.value!r} {denied.value} {network!r} {vars(network)!r}"
    await network.aclose()


def test_a_credential_that_lacks_a_part_says_which() -> None:
    ground = Ground({"api": "http://a", "login": "http://l"}, lambda: MORNING)
    with pytest.raises(AccessDenied, match="client_secret, refresh_token"):
        connect(BENCH.account(), {"client_id": "c"}, ground)
    odd = BENCH.account().model_copy(update={"external_id": "twelve"})
    with pytest.raises(Refused, match="ten digits"):
        connect(odd, {"access_token": "t"}, ground)


async def test_an_access_token_alone_is_used_until_it_is_refused(box: Sandbox) -> None:
    hosts = {"api": f"{box.url}/google", "login": f"{box.url}/login/google"}
    network = connect(BENCH.account(), {"access_token": "stale"}, Ground(hosts, box.world.now))
    with pytest.raises(AccessDenied, match=r"lacks client_id.*connect the account again"):
        await network.list_objects(CAMPAIGN)
    await network.aclose()


async def test_every_call_counts_its_operations(
    box: Sandbox, network: GoogleNetwork, tmp_path: Path
) -> None:
    meter = Meter()
    network = opened(box, meter)
    tree = Tree(BENCH, network, tmp_path, box.world.now(), variants=1)
    await network.create(tree.campaign())
    assert meter.used == [1, 2]  # where the country is; budget and campaign
    meter.used.clear()
    await network.account_metrics(MORNING.date(), MORNING.date())
    assert meter.used == [1]
    box.arm("google", "rate_limited", count=1)
    with pytest.raises(RateLimited) as limited:
        await network.list_objects(CAMPAIGN)
    assert limited.value.retry_after == 1.0
    assert meter.told == [(0, 1.0)]
    await network.aclose()


async def test_validation_makes_nothing(box: Sandbox, network: GoogleNetwork, tree: Tree) -> None:
    await network.validate(tree.campaign())
    assert rows(box, "campaign") == rows(box, "campaign_budget") == []
    await network.create(tree.campaign())
    with pytest.raises(Refused) as no:
        await network.validate(tree.campaign())
    assert no.value.code in ("DUPLICATE_NAME", "DUPLICATE_CAMPAIGN_NAME")


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        ("suspended", AccountStatus.SUSPENDED, "it is SUSPENDED"),
        ("disabled", AccountStatus.DISABLED, "has been deactivated"),
        ("payment_declined", AccountStatus.PAYMENT_DECLINED, "No billing setup is approved"),
        ("prepaid_exhausted", AccountStatus.PREPAID_EXHAUSTED, "used up ($0.00)"),
    ],
)
async def test_account_states_are_named_and_deliver_nothing(
    box: Sandbox,
    network: GoogleNetwork,
    tree: Tree,
    clock: Clock,
    state: str,
    status: AccountStatus,
    said: str,
) -> None:
    await tree.make()
    await tree.switch(on=True)
    box.control.post(f"/accounts/google/{CUSTOMER_ID}", json={"status": state}).raise_for_status()
    health = await network.check_account()
    assert (health.usable, health.status, health.read) == (False, status, True)
    assert any(said in problem for problem in health.problems)
    clock.at += timedelta(hours=3)
    box.world.settle()
    campaigns = box.control.get("/truth").json()["campaigns"]
    assert sum(row["spend_micros"] for row in campaigns) == 0
    if state != "disabled":
        (result,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
        assert result.accepted
        (result,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
        assert not result.accepted


async def test_a_balance_is_told_and_leaves_the_account_usable(
    box: Sandbox, network: GoogleNetwork
) -> None:
    order = {"status": "active", "balance_micros": 25_000_000}
    box.control.post(f"/accounts/google/{CUSTOMER_ID}", json=order).raise_for_status()
    health = await network.check_account()
    assert (health.usable, health.balance) == (True, Money.of("25"))


async def test_an_account_is_checked_by_name(box: Sandbox, network: GoogleNetwork) -> None:
    health = await network.check_account()
    assert (health.usable, health.currency, health.timezone) == (True, "USD", "UTC")
    for options, said in (
        ({"business_name": ""}, "business_name"),
        ({"business_name": "x" * 26}, "at most 25 characters"),
        ({"conversion_action_id": "999"}, "Conversion action 999"),
        ({"login_customer_id": "123"}, "login_customer_id"),
    ):
        other = opened(box, **options)
        health = await other.check_account()
        assert not health.usable
        assert any(said in problem for problem in health.problems), health.problems
        await other.aclose()
    abroad = new_customer(CUSTOMER_ID, "EUR", "Europe/Berlin") | {"manager": True}
    box.world.put("google", "account", CUSTOMER_ID, abroad)
    problems = " ".join((await network.check_account()).problems)
    assert "set EUR" in problems
    assert "set Europe/Berlin" in problems
    assert "manager account" in problems


# -- errors -----------------------------------------------------------------------------------


def failure(status: int, kind: str, code: str, **more: Any) -> httpx.Response:
    errors = [{"errorCode": {kind: code}, "message": "said with s3cret", **more}]
    error = {"code": status, "message": "m", "details": [{"errors": errors}]}
    return httpx.Response(status, json={"error": error})


@pytest.mark.parametrize(
    ("status", "kind", "code", "read", "write"),
    [
        (400, "campaignError", "DUPLICATE_CAMPAIGN_NAME", Refused, Refused),
        (400, "policyFindingError", "POLICY_FINDING", PolicyRefused, PolicyRefused),
        (401, "authenticationError", "OAUTH_TOKEN_REVOKED", AccessDenied, AccessDenied),
        (403, "authorizationError", "USER_PERMISSION_DENIED", AccessDenied, AccessDenied),
        (403, "notAllowlistedError", "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE", Refused, Refused),
        (429, "quotaError", "RESOURCE_EXHAUSTED", RateLimited, RateLimited),
        (429, "quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", RateLimited, RateLimited),
        (500, "internalError", "INTERNAL_ERROR", Transient, Ambiguous),
        (503, "internalError", "TRANSIENT_ERROR", Transient, Ambiguous),
        (504, "internalError", "DEADLINE_EXCEEDED", Transient, Ambiguous),
        (409, "databaseError", "CONCURRENT_MODIFICATION", Transient, Transient),
    ],
)
def test_failures_are_told_by_what_to_do_next(
    status: int, kind: str, code: str, read: type[Exception], write: type[Exception]
) -> None:
    for changes, expected in ((False, read), (True, write)):
        told = classify(failure(status, kind, code), changes=changes, secrets=("s3cret",))
        assert type(told) is expected
        assert told.code == code
        assert "s3cret" not in str(told)


def test_answers_without_a_failure_are_told_by_their_status() -> None:
    for status, changes, expected in (
        (502, True, Ambiguous),
        (502, False, Transient),
        (408, True, Ambiguous),
        (429, True, RateLimited),
        (403, False, AccessDenied),
        (404, False, Refused),
    ):
        told = classify(httpx.Response(status, text="<html>"), changes=changes)
        assert type(told) is expected, status
    streamed = httpx.Response(
        403, json=[failure(403, "authorizationError", "PROJECT_DISABLED").json()]
    )
    assert classify(streamed, changes=False).code == "PROJECT_DISABLED"
    wait = classify(failure(429, "quotaError", "RESOURCE_EXHAUSTED"), changes=False)
    assert wait.retry_after is not None
    assert wait.retry_after >= 3600
    details = {"policyFindingDetails": {"policyTopicEntries": [{"topic": "GAMBLING"}]}}
    location = {"fieldPathElements": [{"fieldName": "operations", "index": 0}, {"fieldName": "ad"}]}
    told = classify(
        failure(400, "policyFindingError", "POLICY_FINDING", details=details, location=location),
        changes=True,
    )
    assert told.message.endswith("GAMBLING")
    assert told.field == "ad"
    way_out = classify(failure(400, "campaignError", "HEC_AGREEMENT_REQUIRED"), changes=True)
    assert "acknowledge the policy" in way_out.message


# -- audiences --------------------------------------------------------------------------------


async def test_hashed_people_are_added_to_a_list_of_their_own(
    box: Sandbox, network: GoogleNetwork
) -> None:
    audience = await network.create_audience("Readers", "k5readers")
    assert await network.create_audience("Readers", "k5readers") == audience
    people = [f"{number:064x}" for number in range(3)]
    await network.add_people(audience, people)
    await network.add_people(audience, [people[0].upper()])
    await network.add_people(audience, [])
    (listed,) = rows(box, "user_list")
    assert listed["_members"] == people
    for wrong in (["someone@example.org"], ["ab" * 31]):
        with pytest.raises(Refused, match="64 hexadecimal digits"):
            await network.add_people(audience, wrong)
    with pytest.raises(Refused, match="no id"):
        await network.add_people("readers", people)
    account = new_customer(CUSTOMER_ID) | {"_customer_match": False}
    box.world.put("google", "account", CUSTOMER_ID, account)
    with pytest.raises(Refused, match="Data Manager"):
        await network.create_audience("Others", "k6others")
