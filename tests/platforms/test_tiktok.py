"""The TikTok adapter against the sandbox: rows C8, C10, C19, C26, C28, C34; fact sheet 3."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    Bid,
    Delivery,
    ObjectKind,
    Order,
    Targeting,
)
from models.contract.vocabulary import AccountStatus, CallToAction, Objective, SpecialCategory
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    PolicyRefused,
    RateLimited,
    Refused,
    Transient,
)
from platforms.network import Ground
from platforms.tiktok import ADAPTER, CAPABILITIES, TikTokNetwork, connect
from platforms.tiktok.errors import classify
from platforms.tiktok.money import figure, units
from platforms.tiktok.orders import identity
from platforms.tiktok.statuses import state_of
from platforms.tiktok.targeting import age_groups, dayparting
from platforms.tiktok.terms import CALLS_TO_ACTION, WAYS, capabilities_of
from platforms.tiktok.text import ad_text, width
from sandbox.tiktok import ADVERTISER_ID, IDENTITY_ID, PIXEL_ID, TOKEN
from tests.platforms.planting import AD_KEY, CAMPAIGN_KEY, CREATIVE_KEY, GROUP_KEY
from tests.platforms.tiktok_bench import (
    LINK,
    Watch,
    ad_order,
    campaign_order,
    connected,
    creative_order,
    digest,
    forget_files,
    group_order,
    picture,
    plant,
    tiktok_account,
    video,
)
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD
START = datetime(2026, 3, 3, 9, tzinfo=UTC)
PLAY_STORE = "https://play.google.com/store/apps/details?id=com.example.story"


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    yield
    forget_files()


@pytest.fixture
def watch() -> Watch:
    return Watch(START)


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], watch: Watch) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("tiktok",), origin=START, real=watch)


@pytest_asyncio.fixture
async def network(box: Sandbox) -> AsyncIterator[TikTokNetwork]:
    adapter = connected(box.url, box.world.now)
    yield adapter
    await adapter.aclose()


def rows(box: Sandbox, kind: str) -> list[dict[str, Any]]:
    return box.world.every("tiktok", kind)


def true_spend(box: Sandbox) -> int:
    return sum(row["spend_micros"] for row in box.control.get("/truth").json()["campaigns"])


async def live(network: TikTokNetwork, box: Sandbox) -> tuple[str, str, str]:
    """A tree that is switched on: the ids of campaign, ad group and ad."""
    tree = await plant(network, box.world.now())
    for kind, one in ((AD, tree.ad), (GROUP, tree.group), (CAMPAIGN, tree.campaign)):
        (result,) = await network.switch(kind, [one.id], on=True)
        assert result.accepted, result.error
    return tree.campaign.id, tree.group.id, tree.ad.id


async def made(network: TikTokNetwork, order: Order) -> str:
    return (await network.create(order)).id


def scripted(*answers: httpx.Response | Exception) -> tuple[TikTokNetwork, list[httpx.Request]]:
    """An adapter whose network answers in this order."""
    left, asked = list(answers), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        told = left.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    network = connect(
        tiktok_account(), {"access_token": TOKEN}, Ground({"api": "https://tt.test"}, lambda: START)
    )
    network._wire._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return network, asked


def told(data: object = None, code: int = 0, message: str = "OK") -> httpx.Response:
    return httpx.Response(200, json={"code": code, "message": message, "data": data or {}})


# -- creating ---------------------------------------------------------------------------------


async def test_the_tree_is_made_switched_off_in_tiktoks_own_words(
    box: Sandbox, network: TikTokNetwork
) -> None:
    tree = await plant(network, box.world.now())
    assert not any(one.switched_on for one in (tree.campaign, tree.group, tree.ad))
    (campaign,), (group,), (ad,) = rows(box, "campaign"), rows(box, "adgroup"), rows(box, "ad")
    assert {row["operation_status"] for row in (campaign, group, ad)} == {"DISABLE"}
    assert campaign["campaign_name"] == f"{CAMPAIGN_KEY} Spring"
    assert (campaign["objective_type"], campaign["budget_mode"]) == (
        "TRAFFIC", "BUDGET_MODE_INFINITE",
    )  # fmt: skip
    wanted = {
        "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
        "budget": 60.0,
        "optimization_goal": "CLICK",
        "billing_event": "CPC",
        "bid_type": "BID_TYPE_NO_BID",
        "pacing": "PACING_MODE_SMOOTH",
        "placements": ["PLACEMENT_TIKTOK"],
        "search_result_enabled": False,
        "location_ids": ["6252001", "2635167"],
        "gender": "GENDER_FEMALE",
        "interest_category_ids": ["10"],
        # A start that has passed is now; the end is the lease.
        "schedule_start_time": "2026-03-03 09:00:00",
        "schedule_end_time": "2026-03-06 09:00:00",
    }
    assert {name: group[name] for name in wanted} == wanted
    assert group["age_groups"][0] == "AGE_18_24"
    assert "AGE_13_17" not in group["age_groups"]
    (film,), (cover,) = rows(box, "video"), rows(box, "image")
    assert film["file_name"] == f"{CREATIVE_KEY} Spring v1"
    assert cover["file_name"] == f"{CREATIVE_KEY} cover"
    assert ad["video_id"] == film["video_id"] == tree.creative.id
    assert ad["image_ids"] == [cover["image_id"]]
    assert (ad["ad_text"], ad["landing_page_url"]) == ("Read how it is done.", LINK)
    assert (ad["call_to_action"], ad["aigc_disclosure_type"]) == ("LEARN_MORE", "SELF_DISCLOSURE")
    assert ad["tracking_pixel_id"] == int(PIXEL_ID)


async def test_all_is_found_by_its_exact_key(box: Sandbox, network: TikTokNetwork) -> None:
    tree = await plant(network, box.world.now())
    # A longer key that begins alike, and one in the middle of a name, must not be taken for it.
    await network.create(campaign_order(key=f"{CAMPAIGN_KEY}x"))
    await network.create(campaign_order(key="k9other", name=f"of {CAMPAIGN_KEY}"))
    for kind, key, one, parents in (
        (CAMPAIGN, CAMPAIGN_KEY, tree.campaign, (None,)),
        (GROUP, GROUP_KEY, tree.group, (None, tree.campaign.id)),
        (CREATIVE, CREATIVE_KEY, tree.creative, (None,)),
        (AD, AD_KEY, tree.ad, (None, tree.group.id)),
    ):
        for parent in parents:
            found = await network.find(kind, key, parent)
            assert [(each.id, each.key) for each in found] == [(one.id, key)]
    assert await network.find(GROUP, GROUP_KEY, "1809000000000009999") == []
    assert len(await network.list_objects(CAMPAIGN)) == 3
    with pytest.raises(Refused, match="creatives are not listed"):
        await network.list_objects(CREATIVE)


@pytest.mark.parametrize("kind", [CAMPAIGN, GROUP])
async def test_the_same_order_twice_in_a_moment_makes_one(
    kind: ObjectKind, box: Sandbox, network: TikTokNetwork
) -> None:
    """``request_id``: TikTok refuses the second, and what is there is looked up."""
    campaign = await made(network, campaign_order(key="k0parent"))
    order = campaign_order() if kind is CAMPAIGN else group_order(campaign, box.world.now())
    first = await network.create(order)
    with pytest.raises(Ambiguous) as doubt:
        await network.create(order)
    assert doubt.value.code == "40050"
    assert [one.id for one in await network.find(kind, order.key)] == [first.id]


async def test_a_request_that_is_repeated_on_its_way_makes_one(
    box: Sandbox, network: TikTokNetwork
) -> None:
    box.arm("tiktok", "duplicate", path="create", count=2)
    campaign = await network.create(campaign_order())
    group = await network.create(group_order(campaign.id, box.world.now()))
    assert [one.id for one in await network.find(CAMPAIGN, CAMPAIGN_KEY)] == [campaign.id]
    assert [one.id for one in await network.find(GROUP, GROUP_KEY)] == [group.id]
    assert box.fired("tiktok", "duplicate") == 2


async def test_twin_ads_come_lowest_id_first(box: Sandbox, network: TikTokNetwork) -> None:
    """Ads have no such key: a repeat makes another one."""
    tree = await plant(network, box.world.now())
    again = await network.create(ad_order(tree.group.id, tree.creative.id))
    found = await network.find(AD, AD_KEY, tree.group.id)
    assert [one.id for one in found] == [tree.ad.id, again.id]


async def test_a_creative_that_was_begun_is_finished_by_asking_again(
    box: Sandbox, network: TikTokNetwork
) -> None:
    box.arm("tiktok", "lost_answer", path="video/ad/upload")
    with pytest.raises(Ambiguous):
        await network.create(creative_order())
    (film,) = await network.find(CREATIVE, CREATIVE_KEY)
    assert (await network.create(creative_order())).id == film.id
    assert len(rows(box, "video")) == len(rows(box, "image")) == 1
    # Another process finds the cover in the library.
    other = connected(box.url, box.world.now)
    group = await made(other, group_order(await made(other, campaign_order()), box.world.now()))
    ad = await other.create(ad_order(group, film.id))
    assert [one.id for one in await other.find(AD, AD_KEY, group)] == [ad.id]
    await other.aclose()


async def test_an_interrupted_cover_leaves_nothing_that_counts(
    box: Sandbox, network: TikTokNetwork
) -> None:
    box.arm("tiktok", "lost_answer", path="image/ad/upload")
    with pytest.raises(Transient):
        await network.create(creative_order())
    assert await network.find(CREATIVE, CREATIVE_KEY) == []
    await network.create(creative_order())
    assert len(rows(box, "image")) == 1


async def test_a_cover_that_is_not_shown_yet_is_waited_for() -> None:
    film = {"video_id": "v1", "file_name": f"{CREATIVE_KEY} v1"}
    network, asked = scripted(told({"list": [film]}), told({"list": []}))
    with pytest.raises(Transient, match="cover image of video v1"):
        await network.create(ad_order("18", "v1"))
    assert [request.method for request in asked] == ["GET", "GET"]


# -- terms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", list(Objective))
async def test_every_objective_is_bought_in_its_own_way_or_refused_by_name(
    objective: Objective, box: Sandbox, network: TikTokNetwork
) -> None:
    way = WAYS[objective]
    link = PLAY_STORE if objective is Objective.APP_INSTALLS else LINK
    order = campaign_order(objective=objective, link=link)
    if way is None:
        with pytest.raises(Refused, match=f"'{objective.value}' is not offered on TikTok; use one"):
            await network.create(order)
        return
    campaign = await made(network, order)
    group = await made(
        network, group_order(campaign, box.world.now(), objective=objective, link=link)
    )
    creative = await made(network, creative_order())
    shown = group_order(campaign, box.world.now(), objective=objective, link=link)
    await network.create(ad_order(group, creative, ad_group=shown))
    (row,), (ad,) = rows(box, "adgroup"), rows(box, "ad")
    assert (row["optimization_goal"], row["billing_event"]) == (way.goal, way.billing)
    assert row["optimization_event"] == (way.event or None)
    assert row["pixel_id"] == (PIXEL_ID if way.event else None)
    installs = objective is Objective.APP_INSTALLS
    assert bool(row["app_id"]) == installs
    assert bool(ad["landing_page_url"]) != installs


def test_the_tables_are_whole() -> None:
    assert set(WAYS) == set(Objective)
    assert set(CALLS_TO_ACTION) == set(CallToAction)
    assert CAPABILITIES.objectives == {o for o, way in WAYS.items() if way and not way.event}
    assert capabilities_of(tiktok_account()).objectives == {o for o, way in WAYS.items() if way}
    bare = capabilities_of(tiktok_account(pixel_id="", min_daily_budget="30"))
    assert bare.objectives == CAPABILITIES.objectives
    assert bare.min_daily_budget == {"USD": Money.of("30")}


@pytest.mark.parametrize("button", list(CallToAction))
async def test_every_button_is_tiktoks_or_refused_by_name(
    button: CallToAction, box: Sandbox, network: TikTokNetwork
) -> None:
    copy = creative_order().copy_text.model_copy(update={"call_to_action": button})
    if CALLS_TO_ACTION[button] is None:
        with pytest.raises(Refused, match=f"'{button.value}' is not offered on TikTok"):
            await network.create(creative_order(copy_text=copy))
        assert rows(box, "video") == rows(box, "image") == []
        return
    tree = await plant(network, box.world.now())
    creative = creative_order(copy_text=copy)
    await network.create(ad_order(tree.group.id, tree.creative.id, key="k5", creative=creative))
    assert rows(box, "ad")[-1]["call_to_action"] == CALLS_TO_ACTION[button]


async def test_what_an_objective_needs_is_named(box: Sandbox) -> None:
    bare = connected(box.url, box.world.now, tiktok_account(pixel_id=""))
    for order, words in (
        (campaign_order(objective=Objective.LEADS), "needs the account option pixel_id"),
        (campaign_order(objective=Objective.APP_INSTALLS, link=LINK), "no app of a store"),
        (
            campaign_order(
                objective=Objective.APP_INSTALLS, link="https://apps.apple.com/us/app/x/id123456789"
            ),
            "iOS app 123456789 needs a dedicated campaign",
        ),
        (campaign_order(countries=("US", "ZZ")), "country ZZ is none"),
    ):
        with pytest.raises(Refused, match=words):
            await bare.create(order)
    campaign = await made(bare, campaign_order(objective=Objective.APP_INSTALLS, link=PLAY_STORE))
    missing = group_order(
        campaign, box.world.now(), objective=Objective.APP_INSTALLS,
        link=PLAY_STORE.replace("story", "other"),
    )  # fmt: skip
    with pytest.raises(Refused, match=r"app com\.example\.other was not added"):
        await bare.create(missing)
    nobody = connected(box.url, box.world.now, tiktok_account(identity_id=""))
    creative = await made(bare, creative_order())
    for network, order, words in (
        (nobody, ad_order("18", creative), "identity_id is missing"),
        (bare, ad_order("18", creative, creative=None), "the order has none"),
        (bare, ad_order("18", "v404"), "knows no video v404"),
        (bare, ad_order("18", creative), "adgroup 18 does not exist"),
    ):
        with pytest.raises(Refused, match=words):
            await network.create(order)
    await bare.aclose()
    await nobody.aclose()


async def test_a_spend_cap_is_the_campaigns_lifetime_budget(
    box: Sandbox, network: TikTokNetwork
) -> None:
    await network.create(campaign_order(spend_cap=Money.of("300.00")))
    await network.create(campaign_order(key="k8", spend_cap=Money.of("50.00")))
    capped, small = rows(box, "campaign")
    assert (capped["budget_mode"], capped["budget"]) == ("BUDGET_MODE_TOTAL", 300.0)
    assert small["budget_mode"] == "BUDGET_MODE_INFINITE"  # below what TikTok takes
    (seen,) = await network.read(CAMPAIGN, [capped["campaign_id"]])
    assert seen.daily_budget is None


def test_in_whose_name_an_ad_is_shown() -> None:
    assert identity(tiktok_account(identity_type="")) == {
        "identity_type": "CUSTOMIZED_USER",
        "identity_id": IDENTITY_ID,
        "display_name": "Sandbox Journal",
    }
    shared = tiktok_account(identity_type="BC_AUTH_TT", identity_authorized_bc_id="55")
    assert identity(shared) == {
        "identity_type": "BC_AUTH_TT",
        "identity_id": IDENTITY_ID,
        "identity_authorized_bc_id": "55",
    }
    with pytest.raises(Refused, match="counts 41 characters; TikTok takes 40"):
        identity(tiktok_account(display_name="n" * 41))


# -- money and bids ---------------------------------------------------------------------------


def test_money_is_exact_both_ways() -> None:
    assert json.dumps(units(Money.of("20.01"), "USD")) == "20.01"
    assert json.dumps(units(Money.of("0.29"), "USD", field="bid")) == "0.29"
    assert units(Money.of(3000, "JPY"), "JPY") == 3000.0
    for amount, currency, words in (
        (Money.of("60", "EUR"), "USD", "is in EUR, but the account's currency is USD"),
        (Money.of("20.005"), "USD", r"finer than the smallest amount, \$0\.01"),
        (Money.of("30.50", "JPY"), "JPY", "finer than the smallest amount, ¥1"),
        (Money.of("0"), "USD", "must be more than zero"),
    ):
        with pytest.raises(Refused, match=words):
            units(amount, currency)
    assert figure("12.34", "USD") == Money.of("12.34")
    assert figure("-", "USD") == figure(None, "USD") == Money.of(0)
    assert figure("0.1234567", "USD") == Money(micros=123457)


async def test_an_account_in_yen_counts_whole_yen(box: Sandbox) -> None:
    account = box.world.get("tiktok", "account", ADVERTISER_ID)
    assert account is not None
    box.world.put("tiktok", "account", ADVERTISER_ID, {**account, "currency": "JPY"})
    network = connected(box.url, box.world.now, tiktok_account(currency="JPY"))
    yen = Money.of(4000, "JPY")
    campaign = await made(network, campaign_order(daily_budget=yen))
    group = await made(network, group_order(campaign, box.world.now(), daily_budget=yen))
    assert rows(box, "adgroup")[0]["budget"] == 4000.0
    await network.set_daily_budget(group, Money.of(5001, "JPY"))
    (seen,) = await network.read(GROUP, [group])
    assert seen.daily_budget == Money.of(5001, "JPY")
    await network.aclose()


@pytest.mark.parametrize(
    ("objective", "field"),
    [
        (Objective.TRAFFIC, "bid_price"),
        (Objective.ENGAGEMENT, "bid_price"),
        (Objective.PURCHASES, "conversion_bid_price"),
    ],
)
async def test_a_cost_cap_goes_where_its_result_is_billed(
    objective: Objective, field: str, box: Sandbox, network: TikTokNetwork
) -> None:
    campaign = await made(network, campaign_order(objective=objective))
    bid = Bid(strategy="cost_cap", amount=Money.of("1.25"))
    group = await made(
        network, group_order(campaign, box.world.now(), objective=objective, bid=bid)
    )
    (row,) = rows(box, "adgroup")
    assert (row["bid_type"], row[field]) == ("BID_TYPE_CUSTOM", 1.25)
    (seen,) = await network.read(GROUP, [group])
    assert seen.bid == Money.of("1.25")
    await network.set_bid(group, Money.of("0.999999"))
    (seen,) = await network.read(GROUP, [group])
    assert seen.bid == Money.of("0.99")


async def test_bids_tiktok_does_not_have_are_refused(box: Sandbox, network: TikTokNetwork) -> None:
    tree = await plant(network, box.world.now())
    now = box.world.now()
    for bid, objective, words in (
        (
            Bid(strategy="bid_cap", amount=Money.of(1)),
            Objective.TRAFFIC,
            "'bid_cap' is not offered",
        ),
        (Bid(strategy="cost_cap", amount=Money.of(1)), Objective.AWARENESS, "use 'automatic'"),
        (Bid(strategy="cost_cap"), Objective.TRAFFIC, "needs an amount"),
        (Bid(amount=Money.of(1)), Objective.TRAFFIC, "takes no amount"),
        (Bid(strategy="cost_cap", amount=Money.of(1, "EUR")), Objective.TRAFFIC, "is in EUR"),
    ):
        with pytest.raises(Refused, match=words):
            await network.create(
                group_order(tree.campaign.id, now, key="k6", objective=objective, bid=bid)
            )
    with pytest.raises(Refused, match="bids automatically"):
        await network.set_bid(tree.group.id, Money.of(1))
    with pytest.raises(Refused, match="knows no ad group 77"):
        await network.set_bid("77", Money.of(1))


# -- who sees it, and when --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "groups"),
    [
        (18, 65, 5),
        (25, 44, 2),
        (55, 65, 1),
        (45, 54, 1),
    ],
)
def test_age_ranges_that_tiktok_has(low: int, high: int, groups: int) -> None:
    found = age_groups(Targeting(age_min=low, age_max=high))
    assert len(found) == groups
    assert found[0].startswith(f"AGE_{low}_")


@pytest.mark.parametrize(("low", "high"), [(21, 65), (18, 30), (25, 24), (18, 64)])
def test_age_ranges_that_it_has_not_are_refused(low: int, high: int) -> None:
    with pytest.raises(Refused, match=f"age range {low}-{high}"):
        age_groups(Targeting(age_min=low, age_max=high))


async def test_places_and_interests_tiktok_does_not_know_are_named(
    box: Sandbox, network: TikTokNetwork
) -> None:
    campaign = await made(network, campaign_order())
    for targeting, words in (
        (Targeting(locations=("US", "AQ", "KP")), "country AQ, KP cannot be targeted"),
        (Targeting(locations=()), "country none"),
        (Targeting(interests=("Education", "quantum knitting")), "'quantum knitting' is no"),
    ):
        with pytest.raises(Refused, match=words):
            await network.create(group_order(campaign, box.world.now(), targeting=targeting))
    by_id = Targeting(interests=("15", " games "), genders=("male", "female"))
    await network.create(group_order(campaign, box.world.now(), targeting=by_id))
    (row,) = rows(box, "adgroup")
    assert (row["interest_category_ids"], row["gender"]) == (["15"], "GENDER_UNLIMITED")


def test_hours_of_the_week_are_half_hours_from_monday() -> None:
    week = [0] * 7
    week[0], week[6] = 1, 1 << 23
    text = dayparting(week)
    assert len(text) == 336
    assert [at for at, mark in enumerate(text) if mark == "1"] == [0, 1, 334, 335]
    assert dayparting(()) == ""
    with pytest.raises(Refused, match="no hour of the week"):
        dayparting([0] * 7)
    with pytest.raises(Refused, match="3 days"):
        dayparting([1] * 3)


async def test_an_ad_group_rests_outside_its_hours(
    box: Sandbox, network: TikTokNetwork, watch: Watch
) -> None:
    _, group, _ = await live(network, box)
    (row,) = rows(box, "adgroup")
    # Tuesday 2026-03-03, 09:00: only from 12 to 13.
    hours = [0, 1 << 12, 0, 0, 0, 0, 0]
    box.world.put("tiktok", "adgroup", group, {**row, "dayparting": dayparting(hours)})
    watch.forward(box, hours=2)
    (seen,) = await network.read(GROUP, [group])
    assert (seen.delivery, seen.issue) == (Delivery.PAUSED, "it is outside its schedule")
    watch.forward(box, hours=1, minutes=30)
    (seen,) = await network.read(GROUP, [group])
    assert seen.delivery is Delivery.ACTIVE
    spent = true_spend(box)
    watch.forward(box, hours=6)
    later = true_spend(box)
    assert 0 < spent < later
    watch.forward(box, hours=6)
    assert true_spend(box) == later


@pytest.mark.parametrize("category", [c for c in SpecialCategory if c is not SpecialCategory.NONE])
async def test_a_regulated_category_is_declared_and_narrows_nobody_out(
    category: SpecialCategory, box: Sandbox, network: TikTokNetwork
) -> None:
    adults = Targeting(age_min=25, age_max=44, genders=("female",))
    if category not in CAPABILITIES.special_categories:
        with pytest.raises(Refused, match=f"{category.value} ads need TikTok's clearance"):
            await network.create(campaign_order(special_category=category))
        cleared = connected(
            box.url, box.world.now, tiktok_account(**{f"{category.value}_cleared": "true"})
        )
        assert category in cleared.capabilities.special_categories
        campaign = await made(cleared, campaign_order(special_category=category))
        order = group_order(campaign, box.world.now(), special_category=category)
        with pytest.raises(Refused, match=r"interests is forbidden|age_min 18 is too young"):
            await cleared.create(order)
        allowed = adults if category is SpecialCategory.GAMBLING else Targeting()
        await cleared.create(order.model_copy(update={"targeting": allowed}))
        ages = rows(box, "adgroup")[0]["age_groups"]
        assert ages
        assert "AGE_13_17" not in ages
        assert rows(box, "campaign")[0]["special_industries"] == []
        await cleared.aclose()
        return
    campaign = await made(network, campaign_order(special_category=category))
    assert rows(box, "campaign")[0]["special_industries"] == [category.value.upper()]
    order = group_order(campaign, box.world.now(), special_category=category)
    with pytest.raises(Refused, match=f"genders, interests is forbidden for {category.value}"):
        await network.create(order)
    await network.create(order.model_copy(update={"targeting": Targeting(locations=("US",))}))
    (row,) = rows(box, "adgroup")
    assert (row["age_groups"], row["gender"]) == ([], "GENDER_UNLIMITED")


# -- texts and files --------------------------------------------------------------------------


def test_texts_are_counted_as_tiktok_does() -> None:
    assert width("故事 story") == 10
    copy = AdCopy(
        angle="a", primary_text="Read #now", headline="h", hashtags=("now", "#Story", "#now")
    )
    assert ad_text(copy) == "Read #now #Story"
    for text, words in (
        ("word " * 30, "counts 149 characters; TikTok takes 100"),
        ("故" * 51, "counts 102 characters"),
        ("Read on 🚀", "emoji '🚀'"),
        ("  ", "needs a text"),
    ):
        with pytest.raises(Refused, match=words):
            ad_text(copy.model_copy(update={"primary_text": text, "hashtags": ()}))


async def test_names_tiktok_does_not_take_are_refused(network: TikTokNetwork) -> None:
    for name, words in (
        ("n" * 510, "at most 512"),
        ("名" * 256, "TikTok takes 512"),
        ("Spring ✨", "emoji"),
    ):
        with pytest.raises(Refused, match=words):
            await network.create(campaign_order(name=name))


async def test_files_are_looked_at_before_they_are_sent(
    box: Sandbox, network: TikTokNetwork
) -> None:
    square = picture((1080, 1080))
    small, wide = video((360, 640)), video((1000, 1920))
    bitmap = picture(kind="bmp")
    big = picture((1620, 2880))
    for changes, words in (
        ({"video_path": None}, "shows videos, and this creative has none"),
        ({"video_sha256": "0" * 64}, "the video is not the one that was approved"),
        ({"image_sha256": "0" * 64}, "the image is not the one that was approved"),
        ({"image_path": "/nowhere.png"}, "the image cannot be read"),
        ({"image_path": str(square), "image_sha256": digest(square)}, "differ in shape"),
        ({"image_path": str(bitmap), "image_sha256": digest(bitmap)}, "format BMP"),
        ({"image_path": str(big), "image_sha256": digest(big)}, "3,686,400 pixels at most"),
        ({"video_path": str(small), "video_sha256": digest(small)}, "540 pixels or more"),
        ({"video_path": str(wide), "video_sha256": digest(wide)}, "takes 9:16, 1:1, 16:9"),
        ({"video_path": str(square), "video_sha256": digest(square)}, "use an MP4"),
        ({"link": "story"}, "no web address"),
    ):
        with pytest.raises(Refused, match=words):
            await network.create(creative_order(**changes))
    assert rows(box, "video") == rows(box, "image") == []


# -- looking and changing ---------------------------------------------------------------------


async def test_delivery_is_what_tiktok_computes(
    box: Sandbox, network: TikTokNetwork, watch: Watch
) -> None:
    campaign, group, ad = await live(network, box)

    async def seen() -> list[Delivery]:
        return [
            (await network.read(kind, [one]))[0].delivery
            for kind, one in ((CAMPAIGN, campaign), (GROUP, group), (AD, ad))
        ]

    assert await seen() == [Delivery.IN_REVIEW] * 3
    watch.forward(box, minutes=11)
    assert await seen() == [Delivery.ACTIVE] * 3
    await network.switch(GROUP, [group], on=False)
    (shown,) = await network.read(AD, [ad])
    assert (shown.delivery, shown.issue) == (Delivery.PAUSED, "its ad group is paused")
    assert shown.switched_on
    await network.switch(GROUP, [group], on=True)
    watch.forward(box, days=4)
    assert await seen() == [Delivery.ENDED] * 3
    await network.remove(CAMPAIGN, campaign)
    assert await seen() == [Delivery.REMOVED] * 3
    for kind, each in ((CAMPAIGN, campaign), (GROUP, group), (AD, ad)):
        (gone,) = await network.read(kind, [each])
        assert not gone.switched_on
    assert await network.find(AD, AD_KEY) == await network.find(GROUP, GROUP_KEY) == []


async def test_a_rejected_ad_says_why(box: Sandbox, network: TikTokNetwork, watch: Watch) -> None:
    box.arm("tiktok", "disapproved_ad")
    campaign, group, ad = await live(network, box)
    watch.forward(box, minutes=11)
    (shown,) = await network.read(AD, [ad])
    assert shown.delivery is Delivery.REJECTED
    assert shown.issue
    assert "Misleading claims" in shown.issue
    for kind, one in ((GROUP, group), (CAMPAIGN, campaign)):
        (above,) = await network.read(kind, [one])
        assert above.delivery is Delivery.REJECTED


@pytest.mark.parametrize(
    ("operation", "secondary", "delivery"),
    [
        ("ENABLE", "AD_STATUS_ADGROUP_AUDIT_DENY", Delivery.REJECTED),
        ("ENABLE", "ADGROUP_STATUS_INDUSTRY_QUALIFICATION_MISSING", Delivery.REJECTED),
        ("ENABLE", "ADVERTISER_ACCOUNT_PUNISH", Delivery.PAUSED),
        ("ENABLE", "ADVERTISER_CONTRACT_PENDING", Delivery.PAUSED),
        ("ENABLE", "CAMPAIGN_STATUS_ADVERTISER_AUDIT", Delivery.IN_REVIEW),
        ("ENABLE", "AD_STATUS_DONE", Delivery.ENDED),
        ("ENABLE", "ADGROUP_STATUS_BALANCE_EXCEED", Delivery.PAUSED),
        ("ENABLE", "ADGROUP_STATUS_NEVER_HEARD_OF", Delivery.UNKNOWN),
        ("DISABLE", "", Delivery.PAUSED),
        ("ENABLE", "", Delivery.UNKNOWN),
        ("DELETE", "", Delivery.REMOVED),
    ],
)
def test_statuses_are_read(operation: str, secondary: str, delivery: Delivery) -> None:
    found, issue = state_of(operation, secondary)
    assert found is delivery
    if found is Delivery.UNKNOWN and secondary:
        assert issue == secondary


async def test_many_are_switched_twenty_to_a_call_and_one_does_not_stop_the_rest(
    box: Sandbox, network: TikTokNetwork
) -> None:
    ids = [await made(network, campaign_order(key=f"k{n:03}x")) for n in range(27)]
    await network.remove(CAMPAIGN, ids[3])
    await network.remove(CAMPAIGN, ids[25])
    before = len(box.control.get("/journal?network=tiktok").json())
    results = await network.switch(CAMPAIGN, [*ids, ids[0]], on=True)
    assert [one.id for one in results] == [*ids, ids[0]]
    wrong = [at for at, one in enumerate(results) if not one.accepted]
    assert wrong == [3, 25]
    assert all("deleted" in (results[at].error or "") for at in wrong)
    notes = box.control.get("/journal?network=tiktok").json()[before:]
    assert [n["detail"]["status"] for n in notes if n["kind"] == "switched"] == ["ACTIVE"] * 25
    seen = {one.id: one.switched_on for one in await network.read(CAMPAIGN, ids)}
    assert sum(seen.values()) == 25
    with pytest.raises(AccessDenied):
        await scripted(told(code=40105))[0].switch(CAMPAIGN, ids[:2], on=False)


async def test_a_call_that_fails_marks_its_own(network: TikTokNetwork) -> None:
    done = {"campaign_ids": ["1"], "campaign_list": [{"campaign_id": "1", "status": "DISABLE"}]}
    ids = [str(n) for n in range(1, 23)]
    silent, _ = scripted(told(done), httpx.ReadTimeout("late"))
    results = await silent.switch(CAMPAIGN, ids, on=False)
    # Of the first call only the one TikTok named went through; the second was never answered.
    assert [one.id for one in results if one.accepted] == ["1"]
    assert results[1].error == "TikTok did not confirm the change"
    assert "no answer in time" in (results[-1].error or "")


async def test_ad_groups_are_switched_in_part(box: Sandbox, network: TikTokNetwork) -> None:
    campaign = await made(network, campaign_order())
    now = box.world.now()
    ids = [await made(network, group_order(campaign, now, key=f"k{n}grp")) for n in range(3)]
    await network.remove(GROUP, ids[1])
    results = await network.switch(GROUP, ids, on=True)
    assert [one.accepted for one in results] == [True, False, True]
    assert "deleted" in (results[1].error or "")
    (off,) = await network.switch(CREATIVE, ["v1"], on=False)
    assert (off.accepted, off.error) == (False, "a video has no switch; pause its ads")


async def test_budget_and_end_are_set(box: Sandbox, network: TikTokNetwork) -> None:
    tree = await plant(network, box.world.now())
    for amount in ("25.00", "80.50", "80.50"):
        await network.set_daily_budget(tree.group.id, Money.of(amount))
        (seen,) = await network.read(GROUP, [tree.group.id])
        assert seen.daily_budget == Money.of(amount)
    with pytest.raises(Refused, match=r"at least \$20\.01"):
        await network.set_daily_budget(tree.group.id, Money.of("20.00"))
    end = START + timedelta(hours=5, seconds=42)
    await network.set_end_time(tree.group.id, end)
    (seen,) = await network.read(GROUP, [tree.group.id])
    assert seen.end_time == START + timedelta(hours=5)
    with pytest.raises(Refused, match="is not after the start"):
        await network.create(
            group_order(tree.campaign.id, START, key="k6", end_time=START - timedelta(hours=1))
        )


async def test_removing_is_repeatable_but_not_blind(box: Sandbox, network: TikTokNetwork) -> None:
    tree = await plant(network, box.world.now())
    for kind, one in ((AD, tree.ad), (CREATIVE, tree.creative), (CAMPAIGN, tree.campaign)):
        await network.remove(kind, one.id)
        await network.remove(kind, one.id)
    await network.remove(CAMPAIGN, "18")
    assert await network.read(CREATIVE, [tree.creative.id]) == []
    there = {"list": [{"campaign_id": "18", "operation_status": "DISABLE"}]}
    stubborn, _ = scripted(told(code=40002, message="cannot"), told(there))
    with pytest.raises(Refused, match="cannot"):
        await stubborn.remove(CAMPAIGN, "18")


async def test_objects_are_read_a_hundred_to_a_call() -> None:
    ids = [str(1809 + n) for n in range(150)]
    shown = [{"ad_id": one, "adgroup_id": "7", "operation_status": "DISABLE"} for one in ids]
    network, asked = scripted(told({"list": shown[:100]}), told({"list": shown[100:]}))
    # What is no id of TikTok's is left out: it would have the whole request refused.
    seen = await network.read(AD, [*ids, "v10033g5", ids[0]])
    assert [one.id for one in seen] == ids
    filters = [json.loads(request.url.params["filtering"]) for request in asked]
    assert [len(one["ad_ids"]) for one in filters] == [100, 50]
    assert {one["primary_status"] for one in filters} == {"STATUS_ALL"}


async def test_what_others_made_is_listed_with_what_runs_by_itself(
    box: Sandbox, network: TikTokNetwork
) -> None:
    tree = await plant(network, box.world.now())
    (row,) = rows(box, "adgroup")
    changed = {**row, "adgroup_name": "by hand", "search_result_enabled": True}
    box.world.put("tiktok", "adgroup", tree.group.id, changed)
    (seen,) = await network.list_objects(GROUP)
    assert (seen.key, seen.name, seen.automatic) == ("", "by hand", ("search results",))


# -- figures ----------------------------------------------------------------------------------


async def test_spend_of_a_deleted_campaign_stays(
    box: Sandbox, network: TikTokNetwork, watch: Watch
) -> None:
    campaign, _, ad = await live(network, box)
    watch.forward(box, hours=8)
    await network.remove(CAMPAIGN, campaign)
    watch.forward(box, hours=3)
    today = START.date()
    report = await network.account_metrics(today - timedelta(days=40), today)
    (row,) = report.rows
    assert (row.campaign_id, row.day) == (campaign, "2026-03-03")
    assert row.spend.micros > 0
    assert row.reach > 0
    assert row.impressions > row.clicks > 0
    (by_ad,) = (await network.ad_metrics(today, today)).rows
    assert (by_ad.campaign_id, by_ad.ad_id) == (campaign, ad)
    assert (by_ad.spend, by_ad.impressions) == (row.spend, row.impressions)


async def test_reports_are_read_page_by_page_in_months() -> None:
    def page(number: int, of: int, spend: str) -> httpx.Response:
        row = {
            "dimensions": {"campaign_id": str(number), "stat_time_day": "2026-02-01 00:00:00"},
            "metrics": {
                "spend": spend, "impressions": "10", "clicks": "-", "conversion": "3",
                "reach": "9", "total_complete_payment_rate": "40.50",
            },
        }  # fmt: skip
        info = {"page": number, "page_size": 1000, "total_number": 2, "total_page": of}
        return told({"list": [row], "page_info": info})

    network, asked = scripted(page(1, 2, "0.00"), page(2, 2, "1234567.89"), page(3, 1, "-"))
    report = await network.account_metrics(date(2026, 1, 25), date(2026, 2, 28))
    assert [row.campaign_id for row in report.rows] == ["1", "2", "3"]
    assert report.rows[1].spend == Money.of("1234567.89")
    assert (report.rows[1].clicks, report.rows[1].conversions) == (0, 3)
    assert report.rows[1].revenue == Money.of("40.50")
    queries = [dict(request.url.params) for request in asked]
    spans = [(q["start_date"], q["end_date"], q["page"]) for q in queries]
    assert spans == [
        ("2026-01-25", "2026-02-23", "1"),
        ("2026-01-25", "2026-02-23", "2"),
        ("2026-02-24", "2026-02-28", "1"),
    ]
    assert json.loads(queries[0]["filtering"])[0]["filter_value"] == '["STATUS_ALL"]'
    assert asked[0].url.path == "/open_api/v1.3/report/integrated/get/"


# -- trouble ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "changing", "reading"),
    [
        (40100, RateLimited, RateLimited),
        (40133, RateLimited, RateLimited),
        (40105, AccessDenied, AccessDenied),
        (40001, AccessDenied, AccessDenied),
        (40002, Refused, Refused),
        (40050, Ambiguous, Transient),
        (40202, Ambiguous, Transient),
        (40901, Transient, Transient),
        (40916, PolicyRefused, PolicyRefused),
        (50000, Ambiguous, Transient),
        (51010, Ambiguous, Transient),
        (60001, Transient, Transient),
    ],
)
def test_codes_say_what_to_do(
    code: int, changing: type[NetworkError], reading: type[NetworkError]
) -> None:
    for changes, kind in ((True, changing), (False, reading)):
        error = classify(code, f"it is {TOKEN}", changes=changes, secrets=(TOKEN,))
        assert type(error) is kind
        assert error.code == str(code)
        assert TOKEN not in str(error)
    minute = classify(40100, "QPM limit reached", changes=True, secrets=())
    assert (minute.retry_after, error.retry_after is None) == (300.0, code not in (40100, 40133))


@pytest.mark.parametrize(
    ("answer", "changing", "reading"),
    [
        (httpx.Response(404, text="404 page not found"), Refused, Refused),
        (httpx.Response(403), AccessDenied, AccessDenied),
        (httpx.Response(429, headers={"retry-after": "7"}), RateLimited, RateLimited),
        (httpx.Response(502, text="<html>"), Ambiguous, Transient),
        (httpx.Response(200, text="<html>"), Ambiguous, Transient),
        (httpx.Response(200, json=["no envelope"]), Ambiguous, Transient),
        (httpx.ReadTimeout("late"), Ambiguous, Transient),
        (httpx.ConnectError("no route"), Transient, Transient),
    ],
)
async def test_what_is_no_envelope_is_read_by_what_it_means(
    answer: httpx.Response | Exception, changing: type[NetworkError], reading: type[NetworkError]
) -> None:
    network, _ = scripted(answer)
    with pytest.raises(changing) as write:
        await network.create(campaign_order())
    network, _ = scripted(answer)
    with pytest.raises(reading) as look:
        await network.list_objects(CAMPAIGN)
    assert (type(write.value), type(look.value)) == (changing, reading)
    if changing is RateLimited:
        assert write.value.retry_after == 7.0
    for error in (write.value, look.value):
        assert "tt.test" not in str(error)


class Allowances:
    """Notes what is asked of an allowance and what is heard of it."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.told: list[tuple[str, float | None, float | None]] = []

    async def take(self, bucket: str, cost: int = 1) -> None:
        self.taken.append(bucket)

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        self.told.append((bucket, remaining, reset_in))


async def test_every_call_is_within_a_declared_allowance(box: Sandbox, watch: Watch) -> None:
    quota = Allowances()
    network = connected(box.url, box.world.now, quota=quota)
    await network.check_account()
    box.arm("tiktok", "disapproved_ad")
    campaign, group, ad = await live(network, box)
    watch.forward(box, hours=1)
    await network.read(AD, [ad])
    await network.set_daily_budget(group, Money.of("30"))
    await network.account_metrics(START.date(), START.date())
    await network.remove(CAMPAIGN, campaign)
    assert set(quota.taken) <= set(ADAPTER.rates)
    assert {"campaign/create", "ad/create", "ad/review_info", "file/video/ad/upload"} <= set(
        quota.taken
    )
    assert all(rate.scope == "app" for rate in ADAPTER.rates.values())
    box.arm("tiktok", "rate_limited")
    with pytest.raises(RateLimited) as limited:
        await network.list_objects(CAMPAIGN)
    assert limited.value.retry_after == 1.0
    assert quota.told == [("campaign/get", 0, 1.0)]
    await network.aclose()


def test_a_missing_token_is_named_and_none_is_shown() -> None:
    with pytest.raises(AccessDenied, match="lacks access_token"):
        connect(tiktok_account(), {}, Ground({"api": "https://tt.test"}, lambda: START))
    network, _ = scripted()
    assert TOKEN not in repr(network) + repr(vars(network)) + repr(ADAPTER)


# -- the account ------------------------------------------------------------------------------


async def test_a_sound_account_and_what_may_be_wrong_with_one(
    box: Sandbox, network: TikTokNetwork
) -> None:
    health = await network.check_account()
    assert (health.usable, health.problems) == (True, ())
    assert (health.currency, health.timezone) == ("USD", "UTC")
    assert health.balance == Money.of("5000")
    for account, words in (
        (tiktok_account(identity_id=""), "identity_id is missing"),
        (tiktok_account(identity_id="1"), "Identity 1 is none of this account"),
        (tiktok_account(pixel_id="9"), "Pixel 9 is none of this account"),
        (tiktok_account(currency="EUR"), "currency is USD, but EUR is set; set USD"),
        (tiktok_account().model_copy(update={"timezone": "Asia/Tokyo"}), "days are in UTC"),
        (
            tiktok_account().model_copy(update={"external_id": "77"}),
            "does not show account 77 to this token",
        ),
    ):
        other = connected(box.url, box.world.now, account)
        found = await other.check_account()
        assert not found.usable
        assert words in " ".join(found.problems)
        await other.aclose()
    stranger = connected(box.url, box.world.now, secrets={"access_token": "withdrawn"})
    with pytest.raises(AccessDenied, match="incorrect or has been revoked"):
        await stranger.check_account()
    await stranger.aclose()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("suspended", "is penalised and may not deliver; appeal in TikTok Ads Manager (Repeated"),
        ("disabled", "is closed; use another one"),
        ("prepaid_exhausted", "balance is used up ($0.00); add funds"),
        ("payment_declined", "balance is used up ($0.00); add funds"),
    ],
)
async def test_an_account_that_cannot_be_spent_from(
    status: str, words: str, box: Sandbox, network: TikTokNetwork, watch: Watch
) -> None:
    campaign, group, _ = await live(network, box)
    watch.forward(box, hours=1)
    path = f"/accounts/tiktok/{ADVERTISER_ID}"
    assert box.control.post(path, json={"status": status}).status_code == 200
    health = await network.check_account()
    assert (health.usable, health.read) == (False, True)
    assert words in " ".join(health.problems)
    # TikTok has one word for a failed payment and a used-up balance.
    wanted = "prepaid_exhausted" if status == "payment_declined" else status
    assert health.status is AccountStatus(wanted)
    if "declined" in status or "exhausted" in status:
        later = connected(box.url, box.world.now, tiktok_account(prepaid=""))
        found = await later.check_account()
        assert (found.status, found.balance) == (AccountStatus.PAYMENT_DECLINED, None)
        await later.aclose()
    spent = true_spend(box)
    watch.forward(box, hours=2)
    assert true_spend(box) == spent
    for kind, one in ((GROUP, group), (CAMPAIGN, campaign)):
        (result,) = await network.switch(kind, [one], on=False)
        assert result.accepted  # stopping always works
    with pytest.raises(AccessDenied):
        await network.switch(CAMPAIGN, [campaign], on=True)
    box.control.post(path, json={"status": "active", "balance_micros": 12_340_000})
    assert (await network.check_account()).balance == Money.of("12.34")


async def test_scopes_are_found_out_by_asking() -> None:
    account = {
        "advertiser_id": ADVERTISER_ID, "status": "STATUS_ENABLE", "currency": "USD",
        "timezone": "Etc/GMT", "display_timezone": "UTC", "balance": 0.5,
        "can_use_custom_identity": False,
    }  # fmt: skip
    network, asked = scripted(
        told({"list": [account]}),
        told(code=40001, message="no scope"),
        told({"list": []}),
        told({"list": []}),
        told(code=40001, message="no scope"),
        told({"list": []}),
    )
    health = await network.check_account()
    assert [p.split(" (")[0] for p in health.problems[:1]] == ["The token may not manage ads"]
    assert any("no longer lets this account use a custom identity" in p for p in health.problems)
    assert any("Pixel" in p and "cannot be read" in p for p in health.problems)
    assert health.balance == Money.of("0.50")
    assert all("access_token" not in str(request.url) for request in asked)


# -- audiences --------------------------------------------------------------------------------


def hashes(first: int, count: int) -> list[str]:
    return [f"{number:064x}" for number in range(first, first + count)]


async def test_an_audience_is_made_of_hashes_and_grows(
    box: Sandbox, network: TikTokNetwork
) -> None:
    audience = await network.create_audience("Readers", "k1people")
    assert rows(box, "audience") == []  # TikTok has none without people
    with pytest.raises(Refused, match="at least 1000 matches"):
        await network.add_people(audience, hashes(0, 10))
    await network.add_people(audience, hashes(0, 1000))
    await network.add_people(audience, hashes(900, 200))
    (row,) = rows(box, "audience")
    assert (row["name"], row["cover_num"]) == ("k1people Readers", 1100)
    for wrong in (["ada@example.org"], ["A" * 64], []):
        with pytest.raises(Refused, match="no SHA-256 in 64 small hexadecimal digits") as no:
            await network.add_people(audience, wrong)
        assert "ada" not in str(no.value)
    first = await network.lookalike(audience, "US", 2)
    assert await network.lookalike(audience, "US", 3) == first  # the same step of TikTok's three
    wide = await network.lookalike(row["audience_id"], "GB", 10)
    sizes = {r["id"]: r["lookalike_spec"]["audience_size"] for r in rows(box, "audience")[1:]}
    assert sizes == {first: "NARROW", wide: "BROAD"}
    for source, country, percent, words in (
        (audience, "US", 20, "20 % is not offered"),
        (audience, "KP", 2, "KP cannot be targeted"),
        ("k2nobody Else", "US", 2, "has no people yet"),
    ):
        with pytest.raises(Refused, match=words):
            await network.lookalike(source, country, percent)
