"""The Apple Ads adapter against the sandbox: rows C15, C17, C27, C37, C40-C42."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from models.contract.money import Money
from models.contract.network import Bid, Delivery, ObjectKind, Targeting
from models.contract.vocabulary import AccountStatus, CallToAction, Objective, SpecialCategory
from platforms.apple_search_ads import CAPABILITIES, AppleAds
from platforms.apple_search_ads.errors import classify, embedded
from platforms.apple_search_ads.health import health
from platforms.apple_search_ads.objects import campaign_view
from platforms.apple_search_ads.targeting import slots
from platforms.apple_search_ads.terms import (
    BID_STRATEGIES,
    CALLS_TO_ACTION,
    INVOICE,
    OBJECTIVES,
    SPECIAL_CATEGORIES,
    apple_money,
    money,
)
from platforms.apple_search_ads.times import instant, stamp
from platforms.errors import AccessDenied, Ambiguous, RateLimited, Refused, Transient
from platforms.network import AdNetwork
from tests.clock import Clock
from tests.platforms.apple_bench import (
    ACCOUNT,
    LINK,
    NETWORK,
    SECRETS,
    ad_order,
    apple_account,
    campaign_order,
    connected,
    creative_order,
    group_order,
    plant,
    recorded,
)
from tests.platforms.planting import (
    AD_KEY,
    CAMPAIGN_KEY,
    CREATIVE_KEY,
    GROUP_KEY,
    REVIEW,
    Persistent,
    Tree,
)
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD
KINDS = (CAMPAIGN, AD_GROUP, CREATIVE, AD)


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], watch: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=(NETWORK,), origin=watch(), real=watch)


@pytest_asyncio.fixture
async def network(box: Sandbox) -> AsyncIterator[AppleAds]:
    adapter = connected(box.url, box.world.now)
    yield adapter
    await adapter.aclose()


def rows(box: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [row for row in box.world.every(NETWORK, kind) if not row["deleted"]]


async def go_live(network: AppleAds, tree: Tree) -> None:
    for kind, one in ((AD, tree.ad), (AD_GROUP, tree.group), (CAMPAIGN, tree.campaign)):
        assert [r.accepted for r in await network.switch(kind, [one.id], on=True)] == [True]


def shown_of(tree: Tree) -> list[tuple[ObjectKind, Any]]:
    return list(zip(KINDS, (tree.campaign, tree.group, tree.creative, tree.ad), strict=True))


# -- creating ----------------------------------------------------------------------------------


async def test_the_tree_is_created_paused_and_as_ordered(box: Sandbox, network: AppleAds) -> None:
    sent = recorded(network)
    tree = await plant(network, box.world.now())

    for kind in ("campaign", "ad_group", "ad"):
        assert [row["status"] for row in rows(box, kind)] == ["PAUSED"], kind
    assert not any(one.switched_on for kind, one in shown_of(tree) if kind is not CREATIVE)
    (campaign,) = rows(box, "campaign")
    assert campaign["promotedObjectId"] == "1600000001"
    assert campaign["dailyBudget"] == {"value": {"amount": "20.00", "currency": "USD"}}
    assert campaign["targeting"]["countryOrRegion"] == {"include": ["US", "GB"]}
    assert campaign["targeting"]["supplyPlacement"] == {"include": ["APPSTORE_SEARCH_RESULTS"]}
    (group,) = rows(box, "ad_group")
    assert group["targeting"] == {
        "minAge": {"include": ["18"]},
        "maxAge": {"include": ["44"]},
        "gender": {"include": ["F"]},
    }
    assert group["automatedKeywordsOptIn"] is False
    assert group["bidStrategy"]["bid"] == {"amount": "2.50", "currency": "USD"}
    keywords = [(row["text"], row["matchType"]) for row in rows(box, "keyword")]
    assert keywords == [("chess", "BROAD"), ("puzzle games", "BROAD")]
    (creative,) = rows(box, "creative")
    assert creative["creativeType"] == "DEFAULT_PRODUCT_PAGE"
    assert tree.group.daily_budget == Money.of("20.00")
    assert tree.group.bid == Money.of("2.50")
    assert {headers.get("x-ap-context") for headers in sent.headers} == {f"adAccountId={ACCOUNT};"}


async def test_without_interests_search_match_finds_the_searches(
    box: Sandbox, network: AppleAds
) -> None:
    campaign = await network.create(campaign_order())
    order = group_order(campaign.id, box.world.now(), targeting=Targeting(locations=("US", "GB")))
    await network.create(order)
    (group,) = rows(box, "ad_group")
    assert group["automatedKeywordsOptIn"] is True
    assert rows(box, "keyword") == []
    assert group["targeting"] == {"minAge": {"include": ["18"]}}


async def test_ages_are_left_out_where_the_account_says_so(box: Sandbox) -> None:
    network = connected(box.url, box.world.now, apple_account(any_age="yes"))
    campaign = await network.create(campaign_order())
    everyone = Targeting(locations=("US", "GB"))
    await network.create(group_order(campaign.id, box.world.now(), targeting=everyone))
    older = everyone.model_copy(update={"age_min": 30})
    await network.create(group_order(campaign.id, box.world.now(), key="k7older", targeting=older))
    assert [row["targeting"] for row in rows(box, "ad_group")] == [
        {},
        {"minAge": {"include": ["30"]}},
    ]
    await network.aclose()


async def test_a_custom_product_page_is_named_by_the_link(box: Sandbox, network: AppleAds) -> None:
    page = "76659d7a-d146-43d3-b6b8-b7a12f74bf6b"
    made = await network.create(creative_order(link=f"{LINK}?ppid={page}"))
    assert made.delivery is Delivery.IN_REVIEW
    (row,) = rows(box, "creative")
    assert row["creativeType"] == "CUSTOM_PRODUCT_PAGE"
    assert row["destination"]["parameters"] == {"adamId": "1600000001", "productPageId": page}
    with pytest.raises(Refused) as no:
        await network.create(creative_order(key="k7other", link=f"{LINK}?ppid=nothing"))
    assert no.value.code == "PRODUCT_PAGE_NOT_FOUND"


async def test_every_object_is_found_by_its_exact_key(box: Sandbox, network: AppleAds) -> None:
    tree = await plant(network, box.world.now())
    # A longer key that begins alike must not be taken for it.
    await network.create(campaign_order(key=f"{CAMPAIGN_KEY}x"))
    for kind, one in shown_of(tree):
        found = await network.find(kind, one.key)
        assert [(each.id, each.key) for each in found] == [(one.id, one.key)], kind
        assert await network.find(kind, one.key[:-1]) == []
    assert [g.id for g in await network.find(AD_GROUP, GROUP_KEY, tree.campaign.id)] == [
        tree.group.id
    ]
    assert [a.id for a in await network.find(AD, AD_KEY, tree.group.id)] == [tree.ad.id]
    assert await network.find(AD, AD_KEY, "no number") == []
    assert await network.find(AD, CREATIVE_KEY, tree.group.id) == []


async def test_twins_come_lowest_id_first(network: AppleAds) -> None:
    first = await network.create(campaign_order())
    second = await network.create(campaign_order())
    found = await network.find(CAMPAIGN, CAMPAIGN_KEY)
    assert [one.id for one in found] == [first.id, second.id]


async def test_an_ad_group_gives_its_campaign_budget_countries_and_time(
    box: Sandbox, network: AppleAds
) -> None:
    campaign = await network.create(campaign_order())
    far = box.world.now() + timedelta(days=700)
    order = group_order(
        campaign.id,
        box.world.now(),
        daily_budget=Money.of("35.50"),
        targeting=Targeting(locations=("DE",)),
        end_time=far,
    )
    group = await network.create(order)
    assert group.daily_budget == Money.of("35.50")
    (row,) = rows(box, "campaign")
    assert row["dailyBudget"]["value"]["amount"] == "35.50"
    assert row["targeting"]["countryOrRegion"] == {"include": ["DE"]}
    assert row["targeting"]["supplyPlacement"] == {"include": ["APPSTORE_SEARCH_RESULTS"]}
    assert instant(row["endTime"]) == far.replace(microsecond=0)

    # A second one shares them, and may not change them for the first.
    alike = group_order(
        campaign.id,
        box.world.now(),
        key="k7second",
        daily_budget=Money.of("35.50"),
        targeting=Targeting(locations=("DE",)),
    )
    await network.create(alike)
    for field, change in (
        ("daily_budget", {"daily_budget": Money.of("50.00")}),
        ("location", {"targeting": Targeting(locations=("US",))}),
    ):
        with pytest.raises(Refused, match="campaign of its own") as no:
            await network.create(alike.model_copy(update={"key": "k8third", **change}))
        assert no.value.field == field
    assert len(rows(box, "ad_group")) == 2


async def test_a_name_taken_by_a_lost_attempt_is_adopted(box: Sandbox, network: AppleAds) -> None:
    campaign = await network.create(campaign_order())
    order = group_order(campaign.id, box.world.now(), targeting=Targeting(locations=("US", "GB")))
    first = await network.create(order)
    again = await network.create(order)
    assert again.id == first.id
    assert len(rows(box, "ad_group")) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/campaigns$"),
        ("POST", "/adgroups$"),
        ("POST", "/keywords/bulk-create$"),
        ("PUT", "/adgroups/"),
        ("POST", "/creatives$"),
        ("POST", "/ads$"),
        ("POST", "/query$"),
        ("POST", "/auth/oauth2/token$"),
    ],
)
async def test_repeating_after_a_lost_answer_makes_nothing_twice(
    box: Sandbox, network: AppleAds, method: str, path: str
) -> None:
    box.arm(NETWORK, "lost_answer", method=method, path=path)
    now, ours = box.world.now(), Persistent(network)
    campaign = await ours.create(campaign_order())
    group = await ours.create(group_order(campaign, now), campaign)
    creative = await ours.create(creative_order())
    await ours.create(ad_order(group, creative), group)

    assert ours.lost == 1
    counts = {kind: len(rows(box, kind)) for kind in ("campaign", "ad_group", "creative", "ad")}
    assert counts == dict.fromkeys(counts, 1)
    assert [row["name"] for row in rows(box, "ad_group")] == [f"{GROUP_KEY} Players"]
    assert len(rows(box, "keyword")) == 2


async def test_an_unfinished_ad_group_is_not_found_and_is_completed(
    box: Sandbox, network: AppleAds
) -> None:
    campaign = await network.create(campaign_order())
    order = group_order(campaign.id, box.world.now())
    box.arm(NETWORK, "server_error", path="/bulk-create$")
    with pytest.raises(Ambiguous):
        await network.create(order)
    (begun,) = rows(box, "ad_group")
    assert begun["status"] == "PAUSED"
    assert await network.find(AD_GROUP, GROUP_KEY, campaign.id) == []
    assert await network.find(AD_GROUP, GROUP_KEY) == []

    later = order.model_copy(update={"end_time": order.end_time + timedelta(days=1)})
    made = await network.create(later)

    assert made.id == str(begun["id"])
    assert made.end_time == later.end_time.replace(microsecond=0)
    assert len(rows(box, "keyword")) == 2
    (held,) = [row for row in box.control.get(f"/held/{NETWORK}").json() if row["key"] == GROUP_KEY]
    assert held == {"kind": "ad_group", "key": GROUP_KEY, "id": made.id, "on": False}


async def test_a_late_write_becomes_a_twin_that_is_found(box: Sandbox, network: AppleAds) -> None:
    await network.check_account()
    box.arm(NETWORK, "late_write", method="POST", path="/campaigns$", seconds=0.5)
    with pytest.raises(Ambiguous):
        await network.create(campaign_order())
    early = await network.find(CAMPAIGN, CAMPAIGN_KEY)
    await network.create(campaign_order())
    await asyncio.sleep(0.8)
    assert early == []
    twins = await network.find(CAMPAIGN, CAMPAIGN_KEY)
    assert len(twins) == 2
    assert not any(twin.switched_on for twin in twins)


async def test_a_time_out_is_ambiguous(box: Sandbox) -> None:
    hasty = connected(box.url, box.world.now, timeout=0.4)
    await hasty.check_account()
    box.arm(NETWORK, "delay", method="POST", path="/campaigns$", seconds=1)
    with pytest.raises(Ambiguous, match="no answer in time"):
        await hasty.create(campaign_order())
    assert len(await hasty.find(CAMPAIGN, CAMPAIGN_KEY)) == 1
    await hasty.aclose()


# -- reading and switching ---------------------------------------------------------------------


async def test_activation_is_read_back_as_the_review_goes_on(
    box: Sandbox, network: AppleAds, watch: Clock
) -> None:
    tree = await plant(network, box.world.now())
    await go_live(network, tree)
    for kind, one in ((AD, tree.ad), (AD_GROUP, tree.group), (CAMPAIGN, tree.campaign)):
        (seen,) = await network.read(kind, [one.id])
        assert (seen.switched_on, seen.delivery) == (True, Delivery.IN_REVIEW), kind

    watch.at += REVIEW
    for kind, one in shown_of(tree):
        (seen,) = await network.read(kind, [one.id])
        assert (kind, seen.delivery, seen.key) == (kind, Delivery.ACTIVE, one.key)

    await network.switch(AD_GROUP, [tree.group.id], on=False)
    (ad,) = await network.read(AD, [tree.ad.id])
    assert (ad.delivery, ad.issue) == (Delivery.PAUSED, "its ad group is paused")
    (campaign,) = await network.read(CAMPAIGN, [tree.campaign.id])
    assert (campaign.delivery, campaign.switched_on) == (Delivery.PAUSED, True)
    await network.switch(AD_GROUP, [tree.group.id], on=True)
    await network.switch(CAMPAIGN, [tree.campaign.id], on=False)
    (ad,) = await network.read(AD, [tree.ad.id])
    (group,) = await network.read(AD_GROUP, [tree.group.id])
    assert (ad.delivery, group.delivery) == (Delivery.PAUSED, Delivery.PAUSED)
    assert ad.issue == group.issue == "its campaign is paused"
    assert (ad.switched_on, group.switched_on) == (True, True)


async def test_a_rejected_ad_is_reported_with_its_reason(
    box: Sandbox, network: AppleAds, watch: Clock
) -> None:
    box.arm(NETWORK, "disapproved_ad")
    tree = await plant(network, box.world.now())
    await go_live(network, tree)
    watch.at += REVIEW
    for kind, one in ((AD, tree.ad), (AD_GROUP, tree.group), (CAMPAIGN, tree.campaign)):
        (seen,) = await network.read(kind, [one.id])
        assert (seen.delivery, seen.issue) == (Delivery.REJECTED, "AD_APPROVAL_REJECTED"), kind


@pytest.mark.parametrize(
    ("reasons", "delivery"),
    [
        (["PROCESSING"], Delivery.IN_REVIEW),
        (["AD_APPROVAL_PENDING", "CREATIVE_PENDING"], Delivery.IN_REVIEW),
        (["AD_APPROVAL_PENDING", "AD_APPROVAL_REJECTED"], Delivery.REJECTED),
        (["PRODUCT_PAGE_HIDDEN"], Delivery.REJECTED),
        (["APP_NOT_ELIGIBLE", "SCHEDULE_EXPIRED"], Delivery.REJECTED),
        (["SCHEDULE_EXPIRED", "AD_GROUPS_NOT_RUNNING"], Delivery.ENDED),
        (["SCHEDULE_PENDING"], Delivery.PAUSED),
        (["MONTHLY_BUDGET_EXHAUSTED", "AD_GROUPS_NOT_RUNNING"], Delivery.PAUSED),
        (["SOMETHING_NEW"], Delivery.PAUSED),
        ([], Delivery.UNKNOWN),
    ],
)
def test_apples_reasons_are_understood(reasons: list[str], delivery: Delivery) -> None:
    row = {
        "id": 1,
        "name": "k1campaign Spring",
        "status": "ENABLED",
        "systemStatus": "NOT_RUNNING",
        "systemStatusReasons": reasons,
        "displayStatus": "ON_HOLD",
    }
    seen = campaign_view(row, datetime.now(UTC))
    assert seen.delivery is delivery
    assert set((seen.issue or "").split(", ")) == set(reasons or ["ON_HOLD"])
    limited = {**row, "systemStatus": "RUNNING", "systemStatusLimitingReasons": ["ADS_LIMITED"]}
    assert campaign_view(limited, datetime.now(UTC)).issue == "ADS_LIMITED"
    off = campaign_view({**row, "status": "PAUSED"}, datetime.now(UTC))
    assert (off.delivery, off.switched_on) == (Delivery.PAUSED, False)


async def test_a_deleted_creative_stops_its_ad(
    box: Sandbox, network: AppleAds, watch: Clock
) -> None:
    tree = await plant(network, box.world.now())
    await go_live(network, tree)
    watch.at += REVIEW
    await network.remove(CREATIVE, tree.creative.id)
    (ad,) = await network.read(AD, [tree.ad.id])
    assert (ad.delivery, ad.issue) == (Delivery.REJECTED, "CREATIVE_INVALID")
    (creative,) = await network.read(CREATIVE, [tree.creative.id])
    assert (creative.delivery, creative.switched_on) == (Delivery.REMOVED, False)


async def test_a_batch_with_bad_ids_switches_the_good_ones(box: Sandbox, network: AppleAds) -> None:
    ids = [(await network.create(campaign_order(key=f"k{n}many"))).id for n in range(12)]
    await network.switch(CAMPAIGN, ids, on=True)
    await network.remove(CAMPAIGN, ids[3])
    asked = [*ids[:5], "999", "no number", *ids[5:], ids[0]]

    results = await network.switch(CAMPAIGN, asked, on=False)

    assert [r.id for r in results] == asked
    refused = {r.id: r.error for r in results if not r.accepted}
    assert set(refused) == {"999", "no number", ids[3]}
    assert all(refused.values())
    assert {row["status"] for row in rows(box, "campaign")} == {"PAUSED"}


async def test_a_switch_that_nothing_of_went_through_is_raised(
    box: Sandbox, network: AppleAds
) -> None:
    made = await network.create(campaign_order())
    box.arm(NETWORK, "server_error", method="PUT")
    with pytest.raises(Ambiguous):
        await network.switch(CAMPAIGN, [made.id], on=True)
    (unknown,) = await network.switch(CAMPAIGN, ["999"], on=True)
    assert not unknown.accepted
    with pytest.raises(Refused, match="no switch"):
        await network.switch(CREATIVE, ["1"], on=False)


async def test_one_ad_of_an_ad_group_is_on_at_a_time(box: Sandbox, network: AppleAds) -> None:
    tree = await plant(network, box.world.now())
    second = await network.create(ad_order(tree.group.id, tree.creative.id, key="k5second"))
    both = [tree.ad.id, second.id]

    first, other = await network.switch(AD, both, on=True)

    assert (first.accepted, other.accepted) == (True, False)
    assert "already enabled" in (other.error or "")
    assert [one.switched_on for one in await network.read(AD, both)] == [True, False]
    # They can take turns.
    await network.switch(AD, [tree.ad.id], on=False)
    assert [r.accepted for r in await network.switch(AD, [second.id], on=True)] == [True]


async def test_budget_bid_and_end_are_set_and_read_back(box: Sandbox, network: AppleAds) -> None:
    tree = await plant(network, box.world.now())
    group = tree.group.id
    await network.set_daily_budget(group, Money.of("35.50"))
    await network.set_daily_budget(group, Money.of("35.50"))
    await network.set_bid(group, Money(micros=1_239_999))
    end = box.world.now() + timedelta(hours=6)
    await network.set_end_time(group, end)

    (seen,) = await network.read(AD_GROUP, [group])
    assert seen.daily_budget == Money.of("35.50")
    assert seen.bid == Money.of("1.23")
    assert seen.end_time == end.replace(microsecond=0)
    (campaign,) = await network.read(CAMPAIGN, [tree.campaign.id])
    assert campaign.daily_budget == Money.of("35.50")
    before = campaign.end_time
    assert before is not None
    far = before + timedelta(days=1)
    await network.set_end_time(group, far)
    (campaign,) = await network.read(CAMPAIGN, [tree.campaign.id])
    assert campaign.end_time == far.replace(microsecond=0), "the campaign must not end first"

    for bad, why in (
        (Money.of("9.99"), r"at least \$10.00"),
        (Money.of("12", "EUR"), "currency is USD"),
        (Money(micros=12_345_678), "finer"),
    ):
        with pytest.raises(Refused, match=why):
            await network.set_daily_budget(group, bad)
    with pytest.raises(Refused, match="knows no ad group"):
        await network.set_daily_budget("99", Money.of("12"))


async def test_the_lease_ends_delivery(box: Sandbox, network: AppleAds, watch: Clock) -> None:
    tree = await plant(network, box.world.now())
    await go_live(network, tree)
    await network.set_end_time(tree.group.id, box.world.now() + timedelta(hours=2))
    watch.forward(hours=1)
    assert box.control.get("/truth").json()["campaigns"][0]["rate_micros_per_hour"] > 0
    watch.forward(hours=2)
    for kind, one in ((AD, tree.ad), (AD_GROUP, tree.group), (CAMPAIGN, tree.campaign)):
        (seen,) = await network.read(kind, [one.id])
        assert seen.delivery is Delivery.ENDED, kind
        assert seen.switched_on
    assert box.control.get("/truth").json()["campaigns"][0]["rate_micros_per_hour"] == 0


async def test_removed_objects_are_gone_for_good(box: Sandbox, network: AppleAds) -> None:
    tree = await plant(network, box.world.now())
    for kind, one in shown_of(tree)[::-1]:
        await network.remove(kind, one.id)
        await network.remove(kind, one.id)
        await network.remove(kind, "987654")
        await network.remove(kind, "no number")
        assert await network.find(kind, one.key) == []
        (seen,) = await network.read(kind, [one.id, "987654", "no number"])
        assert (seen.delivery, seen.switched_on) == (Delivery.REMOVED, False)


async def test_a_large_account_is_listed_to_its_end(box: Sandbox, network: AppleAds) -> None:
    tree = await plant(network, box.world.now())
    (model,) = rows(box, "campaign")
    for number in range(1, 1200):
        row = {**model, "id": number, "name": f"somebody's {number}"}
        box.world.put(NETWORK, "campaign", str(number), row)
    listed = await network.list_objects(CAMPAIGN)
    assert len(listed) == len({one.id for one in listed}) == 1200
    assert [one.id for one in listed if one.key] == [tree.campaign.id]
    ids = [str(number) for number in range(1, 1200)]
    assert [one.id for one in await network.read(CAMPAIGN, ids)] == ids
    with pytest.raises(Refused, match="not listed"):
        await network.list_objects(CREATIVE)


async def test_other_peoples_strategies_are_shown_as_they_are(
    box: Sandbox, network: AppleAds
) -> None:
    tree = await plant(network, box.world.now())
    (row,) = rows(box, "ad_group")
    strategy = {"bidStrategyType": "MAX_CONVERSIONS", "bidStrategyGoal": "INSTALL"}
    box.world.put(NETWORK, "ad_group", str(row["id"]), {**row, "bidStrategy": strategy})
    (seen,) = await network.read(AD_GROUP, [tree.group.id])
    assert seen.bid is None
    assert seen.automatic == ("bidding MAX_CONVERSIONS",)
    with pytest.raises(Refused, match="no amount per tap"):
        await network.set_bid(tree.group.id, Money.of("1.00"))


# -- figures -----------------------------------------------------------------------------------


async def test_figures_are_what_the_world_reports(
    box: Sandbox, network: AppleAds, watch: Clock
) -> None:
    tree = await plant(network, box.world.now())
    quiet = await network.create(campaign_order(key="k7quiet"))
    await network.set_end_time(tree.group.id, box.world.now() + timedelta(days=30))
    await go_live(network, tree)
    begun = box.world.now().date()
    watch.forward(days=4)
    await network.switch(CAMPAIGN, [tree.campaign.id], on=False)
    await network.remove(CAMPAIGN, tree.campaign.id)  # its figures stay
    watch.forward(days=3)
    since, until = begun - timedelta(days=9), box.world.now().date()

    report = await network.account_metrics(since, until)
    by_ad = await network.ad_metrics(since, until)

    known = box.world.figures(NETWORK, ACCOUNT, since.isoformat(), until.isoformat())
    shown = [(r.campaign_id, r.day, r.impressions, r.clicks, r.conversions) for r in report.rows]
    assert shown == [(k.campaign_id, k.day, k.impressions, k.clicks, k.conversions) for k in known]
    assert len(shown) >= 4
    for row, figures in zip(report.rows, known, strict=True):
        assert abs(row.spend.micros - figures.spend_micros) <= 5_000, "to the cent"
    assert {row.campaign_id for row in report.rows} == {tree.campaign.id} != {quiet.id}
    assert [(r.ad_id, r.campaign_id, r.day, r.impressions) for r in by_ad.rows] == [
        (tree.ad.id, r.campaign_id, r.day, r.impressions) for r in report.rows
    ]
    # A single day is asked for in another way and says the same.
    day = report.rows[1]
    one = await network.account_metrics(
        datetime.fromisoformat(day.day).date(), datetime.fromisoformat(day.day).date()
    )
    assert one.rows == (day,)
    spent = sum(row.spend.micros for row in report.rows)
    assert 4 * 10_000_000 < spent <= 5 * 1.2 * 20_000_000


async def test_figures_of_an_empty_account_and_of_too_long_ago(
    box: Sandbox, network: AppleAds
) -> None:
    today = box.world.now().date()
    assert (await network.account_metrics(today - timedelta(days=89), today)).rows == ()
    with pytest.raises(Refused, match="90 days") as no:
        await network.account_metrics(today - timedelta(days=90), today)
    assert no.value.field == "since"
    await network.create(campaign_order())
    assert (await network.ad_metrics(today - timedelta(days=89), today)).rows == ()


async def test_dayparts_deliver_in_their_hours_only(
    sandbox_factory: Callable[..., Sandbox],
) -> None:
    at = datetime(2026, 3, 3, 9, tzinfo=UTC)  # a Tuesday

    def clock() -> datetime:
        return at

    box = sandbox_factory(tempo=1.0, networks=(NETWORK,), origin=at, real=clock)
    network = connected(box.url, box.world.now)
    campaign = await network.create(campaign_order())
    tuesday = tuple(1 << 14 if day == 1 else 0 for day in range(7))
    group = await network.create(group_order(campaign.id, at, dayparts=tuesday))
    (row,) = rows(box, "ad_group")
    assert row["targeting"]["daypart"] == {"include": ["62"]}  # Sunday is Apple's first day
    creative = await network.create(creative_order())
    ad = await network.create(ad_order(group.id, creative.id))
    await go_live(network, Tree(campaign, group, creative, ad))
    rates: list[int] = []
    for hour in (13, 14, 15):
        at = at.replace(hour=hour, minute=30)
        campaigns = box.control.get("/truth").json()["campaigns"]
        rates.append(sum(one["rate_micros_per_hour"] for one in campaigns))
    assert rates[0] == rates[2] == 0 < rates[1]
    await network.aclose()


# -- the account -------------------------------------------------------------------------------


async def test_the_connection_test_names_what_is_wrong(box: Sandbox, network: AppleAds) -> None:
    sound = await network.check_account()
    assert (sound.usable, sound.currency, sound.timezone) == (True, "USD", "UTC")
    stored = box.world.get(NETWORK, "account", ACCOUNT)
    assert stored is not None
    changed = {"_roles": ["API Account Read Only"], "productFeatures": [], "delegations": []}
    box.world.put(NETWORK, "account", ACCOUNT, {**stored, **changed})
    elsewhere = apple_account().model_copy(update={"timezone": "Europe/Paris", "currency": "EUR"})
    other = connected(box.url, box.world.now, elsewhere)
    told = await other.check_account()
    assert not told.usable
    for word in ("Read Only", "APPSTORE_APP_MANUAL", "content provider", "currency", "UTC"):
        assert any(word in problem for problem in told.problems), word
    assert len(told.problems) == 5
    stranger = apple_account().model_copy(update={"external_id": "27154130"})
    told = await connected(box.url, box.world.now, stranger).check_account()
    assert (told.usable, told.read) == (False, False)
    assert "not the organisation's" in told.problems[0]
    await other.aclose()


@pytest.mark.parametrize(
    ("played", "status"),
    [
        ("suspended", AccountStatus.SUSPENDED),
        ("disabled", AccountStatus.DISABLED),
        ("prepaid_exhausted", AccountStatus.PREPAID_EXHAUSTED),
        ("payment_declined", AccountStatus.PAYMENT_DECLINED),
    ],
)
async def test_a_troubled_account_is_told_and_does_not_deliver(
    box: Sandbox, network: AppleAds, watch: Clock, played: str, status: AccountStatus
) -> None:
    tree = await plant(network, box.world.now())
    await go_live(network, tree)
    watch.at += REVIEW
    answer = box.control.post(f"/accounts/{NETWORK}/{ACCOUNT}", json={"status": played})
    assert answer.status_code == 200
    told = await network.check_account()
    assert (told.usable, told.status) == (False, status)
    for kind, one in ((AD, tree.ad), (AD_GROUP, tree.group), (CAMPAIGN, tree.campaign)):
        (seen,) = await network.read(kind, [one.id])
        assert (seen.delivery, seen.switched_on) == (Delivery.PAUSED, True), kind
        assert seen.issue
    campaigns = box.control.get("/truth").json()["campaigns"]
    assert sum(one["rate_micros_per_hour"] for one in campaigns) == 0
    box.control.post(f"/accounts/{NETWORK}/{ACCOUNT}", json={"status": "active"})
    (campaign,) = await network.read(CAMPAIGN, [tree.campaign.id])
    assert campaign.delivery is Delivery.ACTIVE


async def test_an_invoiced_account_says_whom_to_bill(box: Sandbox, network: AppleAds) -> None:
    path = f"/accounts/{NETWORK}/{ACCOUNT}"
    assert box.control.post(path, json={"balance_micros": 90_000_000}).status_code == 200
    with pytest.raises(Refused) as no:
        await network.create(campaign_order())
    assert no.value.field == "invoiceDetail"
    (problem,) = (await network.check_account()).problems
    assert "invoice_client" in problem
    named = {name: f"{name} of ours" for name in INVOICE}
    billed = connected(box.url, box.world.now, apple_account(**named))
    assert (await billed.check_account()).usable
    await billed.create(campaign_order())
    (row,) = rows(box, "campaign")
    assert row["invoiceDetail"] == {INVOICE[name]: value for name, value in named.items()}
    await billed.aclose()


# -- credentials and trouble -------------------------------------------------------------------


def _new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("name", sorted(SECRETS))
async def test_a_wrong_credential_is_access_denied_and_stays_secret(
    box: Sandbox, name: str
) -> None:
    wrong = _new_key() if name == "private_key" else "hush-hush-hush"
    network = connected(box.url, box.world.now, secrets={**SECRETS, name: wrong})
    for call in (network.create(campaign_order()), network.check_account()):
        with pytest.raises(AccessDenied, match="invalid_client") as caught:
            await call
        assert wrong not in repr(caught.value)
    await network.aclose()


def test_a_credential_that_is_none_is_refused_at_once(box: Sandbox) -> None:
    for secrets, why in (
        ({"client_id": "a"}, "lacks team_id, key_id, private_key"),
        ({**SECRETS, "private_key": "-----MORNING hush-----"}, "no unencrypted P-256 key"),
        ({**SECRETS, "private_key": _another_curve()}, "no unencrypted P-256 key"),
    ):
        with pytest.raises(AccessDenied, match=why) as caught:
            connected(box.url, box.world.now, secrets=secrets)
        assert "hush" not in repr(caught.value)
    with pytest.raises(Refused, match="is no number"):
        connected(
            box.url, box.world.now, apple_account().model_copy(update={"external_id": "org-1"})
        )
    with pytest.raises(Refused, match="min_daily_budget"):
        connected(box.url, box.world.now, apple_account(min_daily_budget="much"))


def _another_curve() -> str:
    key = ec.generate_private_key(ec.SECP384R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_a_key_on_one_line_is_the_same_key(box: Sandbox) -> None:
    joined = SECRETS["private_key"].replace("\n", "\\n")
    network = connected(box.url, box.world.now, secrets={**SECRETS, "private_key": joined})
    assert (await network.check_account()).usable
    await network.aclose()


async def test_an_expired_token_is_denied_once_and_then_exchanged(
    box: Sandbox, network: AppleAds
) -> None:
    await network.check_account()
    box.arm(NETWORK, "expired_token")
    with pytest.raises(AccessDenied):
        await network.create(campaign_order())
    assert rows(box, "campaign") == []
    await network.create(campaign_order())
    assert len(box.world.every(NETWORK, "token")) == 2


async def test_tokens_are_exchanged_before_they_end(box: Sandbox) -> None:
    late = timedelta()

    def real() -> datetime:
        return datetime.now(UTC) + late

    network = connected(box.url, box.world.now)
    token = network._wire._login.token  # pyright: ignore[reportPrivateUsage]
    token._now = real  # pyright: ignore[reportPrivateUsage]
    await asyncio.gather(*(network.list_objects(CAMPAIGN) for _ in range(5)))
    assert len(box.world.every(NETWORK, "token")) == 1, "one exchange at a time"
    late = timedelta(minutes=54)
    await network.list_objects(CAMPAIGN)
    assert len(box.world.every(NETWORK, "token")) == 1
    late = timedelta(minutes=56)
    await network.list_objects(CAMPAIGN)
    assert len(box.world.every(NETWORK, "token")) == 2
    await network.aclose()


class _Heard:
    """A quota that listens."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.heard_: list[tuple[str, float | None, float | None]] = []

    async def take(self, bucket: str, cost: int = 1) -> None:
        self.taken.append(bucket)

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        self.heard_.append((bucket, remaining, reset_in))


async def test_the_allowance_is_asked_before_and_told_after_every_call(box: Sandbox) -> None:
    quota = _Heard()
    network = connected(box.url, box.world.now, quota=quota)
    sent = recorded(network)
    await plant(network, box.world.now())
    assert quota.taken == ["api"] * len(sent.calls)
    assert len(quota.heard_) == len(sent.calls)
    left = [remaining for _, remaining, _ in quota.heard_]
    assert left == sorted(left, reverse=True)
    assert all(0 < (reset or 0) <= 60 for _, _, reset in quota.heard_)
    box.arm(NETWORK, "rate_limited")
    with pytest.raises(RateLimited) as limited:
        await network.create(campaign_order(key="k7more"))
    assert limited.value.retry_after == 1
    assert quota.heard_[-1] == ("api", 0.0, 1.0)
    await network.aclose()


async def test_a_window_that_is_used_up_refuses_and_says_when(
    box: Sandbox, network: AppleAds, monkeypatch: pytest.MonkeyPatch
) -> None:
    await network.check_account()
    monkeypatch.setattr("sandbox.apple_search_ads.limits.CALLS", 3)
    with pytest.raises(RateLimited) as limited:
        await network.check_account()
    assert 0 < (limited.value.retry_after or 0) <= 60


async def test_faults_of_a_write_and_of_a_read(box: Sandbox, network: AppleAds) -> None:
    await network.check_account()
    box.arm(NETWORK, "server_error", method="POST", path="/campaigns$")
    with pytest.raises(Ambiguous):
        await network.create(campaign_order())
    assert rows(box, "campaign") == []
    box.arm(NETWORK, "server_error")
    with pytest.raises(Transient) as caught:
        await network.read(CAMPAIGN, ["1"])
    assert caught.value.retry_after == 1
    box.arm(NETWORK, "lost_answer")
    with pytest.raises(Transient):
        await network.read(CAMPAIGN, ["1"])
    elsewhere = connected("http://127.0.0.1:9", box.world.now)
    with pytest.raises(Transient):
        await elsewhere.create(campaign_order())
    await elsewhere.aclose()


@pytest.mark.parametrize(
    ("status", "code", "kind", "read_kind"),
    [
        (400, "VALIDATION_ERROR", Refused, Refused),
        (401, "UNAUTHORIZED", AccessDenied, AccessDenied),
        (403, "FORBIDDEN", AccessDenied, AccessDenied),
        (404, "NOT_FOUND", Refused, Refused),
        (408, "TIMEOUT", Ambiguous, Transient),
        (429, "rate_limit_exceeded", RateLimited, RateLimited),
        (500, "INTERNAL_SERVER_ERROR", Ambiguous, Transient),
        (503, "UNAVAILABLE", Ambiguous, Transient),
    ],
)
def test_errors_are_classified(
    status: int, code: str, kind: type[Exception], read_kind: type[Exception]
) -> None:
    detail = {"code": "WHY", "message": "about top-secret", "info": {"field": "name"}}
    shapes: list[tuple[dict[str, Any], str]] = [
        ({"error": {"code": code, "message": "top-secret", "details": []}}, code),
        ({"error": {"code": code, "message": "m", "details": [detail]}}, "WHY"),
        ({"error": {"errors": [{"code": code, "message": "top-secret"}]}}, code),
    ]
    answers = [(httpx.Response(status, json=body), told) for body, told in shapes]
    answers.append((httpx.Response(status, text="<html>no</html>"), f"HTTP {status}"))
    for answer, told in answers:
        write = classify(answer, changes=True, secrets=("top-secret",))
        read = classify(answer, changes=False, secrets=("top-secret",))
        assert (type(write), type(read)) == (kind, read_kind)
        assert write.code == told
        assert "top-secret" not in str(write)
    if kind is Refused:
        assert classify(answers[1][0], changes=True).field == "name"


def test_an_error_inside_a_success_is_one() -> None:
    good = httpx.Response(200, json={"result": {"rows": []}, "error": None})
    bad = httpx.Response(200, json={"result": None, "error": {"code": "X", "message": "no"}})
    assert embedded(good) is None
    refusal = embedded(bad)
    assert refusal is not None
    assert (refusal.code, refusal.message) == ("X", "no")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7", "RateLimit-Reset": "40"}, 7.0),
        ({"RateLimit-Reset": "40"}, 40.0),
        ({}, 2.0),
    ],
)
def test_the_exact_wait_wins(headers: dict[str, str], seconds: float) -> None:
    error = classify(httpx.Response(429, headers=headers), changes=False)
    assert error.retry_after == seconds


async def test_an_answer_without_a_result_is_no_success(box: Sandbox, network: AppleAds) -> None:
    """A write that was answered with nothing may have happened; a page of nothing ends a list."""
    empty = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    await network.check_account()
    wire = network._wire  # pyright: ignore[reportPrivateUsage]
    await wire._http.aclose()  # pyright: ignore[reportPrivateUsage]
    wire._http = httpx.AsyncClient(transport=empty)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(Ambiguous):
        await wire.put("campaigns/1", {"status": "PAUSED"})
    assert await network.list_objects(CAMPAIGN) == []
    told = await health(wire, apple_account())
    assert not told.usable


# -- bad input ---------------------------------------------------------------------------------


async def test_values_apple_does_not_take_are_refused_by_name(
    box: Sandbox, network: AppleAds
) -> None:
    bad_campaigns: dict[str, dict[str, Any]] = {
        "objective": {"objective": Objective.TRAFFIC},
        "daily_budget": {"daily_budget": Money.of("1.00")},
        "special_category": {"special_category": SpecialCategory.GAMBLING},
        "location": {"countries": ("US", "QQ")},
        "link": {"link": "https://play.google.com/store/apps/details?id=com.example"},
        "name": {"name": "n" * 200},
        "key": {"key": "two words"},
    }
    for field, change in bad_campaigns.items():
        with pytest.raises(Refused) as caught:
            await network.create(campaign_order(**change))
        assert caught.value.field == field, caught.value
    with pytest.raises(Refused, match="knows no app 99999"):
        await network.create(campaign_order(link="https://apps.apple.com/us/app/x/id99999"))
    assert rows(box, "campaign") == []

    campaign = await network.create(campaign_order())
    order = group_order(campaign.id, box.world.now())
    targeting = order.targeting
    bad_groups: list[tuple[str, dict[str, Any]]] = [
        ("objective", {"objective": Objective.LEADS}),
        ("daily_budget", {"daily_budget": Money.of("1.00")}),
        ("location", {"targeting": Targeting(locations=("QQ",))}),
        ("interests", {"targeting": targeting.model_copy(update={"interests": ("i" * 81,)})}),
        ("targeting", {"special_category": SpecialCategory.EMPLOYMENT}),
        ("bid_amount", {"bid": Bid(strategy="bid_cap")}),
        ("bid_amount", {"bid": Bid(strategy="automatic", amount=Money.of("1"))}),
        ("bid_amount", {"bid": Bid(strategy="bid_cap", amount=Money(micros=9_999))}),
        ("currency", {"bid": Bid(strategy="bid_cap", amount=Money.of("1", "EUR"))}),
        ("bid_strategy", {"bid": Bid(strategy="cost_cap", amount=Money.of("3"))}),
        ("end_time", {"end_time": box.world.now() - timedelta(minutes=1)}),
        ("dayparts", {"dayparts": (0,) * 7}),
        ("dayparts", {"dayparts": (1,)}),
        ("link", {"link": "https://apps.apple.com/us/app/x/id99999"}),
        ("campaign_id", {"campaign_id": "987"}),
        ("campaign_id", {"campaign_id": "kq"}),
        ("name", {"name": "n" * 190}),
    ]
    for field, change in bad_groups:
        with pytest.raises(Refused) as caught:
            await network.create(order.model_copy(update=change))
        assert caught.value.field == field, (change, caught.value)
    bare = connected(box.url, box.world.now, apple_account(default_bid=""))
    with pytest.raises(Refused, match=r"bid_cap.*default_bid"):
        await bare.create(order)
    await bare.aclose()
    bad_creatives: dict[str, Any] = {
        "call_to_action": creative_order(call_to_action=CallToAction.SHOP_NOW),
        "headline": creative_order(headline="h" * 31),
        "primary_text": creative_order(primary_text="p" * 171),
        "description": creative_order(description="d" * 101),
        "link": creative_order(link="https://journal.example/a"),
    }
    for field, creative in bad_creatives.items():
        with pytest.raises(Refused) as caught:
            await network.create(creative)
        assert caught.value.field == field
    with pytest.raises(Refused) as caught:
        await network.create(ad_order("987", "988"))
    assert caught.value.code == "AD_GROUP_NOT_FOUND"
    for kind in ("ad_group", "keyword", "creative", "ad"):
        assert rows(box, kind) == [], kind


async def test_a_keyword_apple_refuses_leaves_nothing_that_carries_the_key(
    box: Sandbox, network: AppleAds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.apple_search_ads.ad_groups._TEXT_LIMIT", 6)
    campaign = await network.create(campaign_order())
    with pytest.raises(Refused) as caught:
        await network.create(group_order(campaign.id, box.world.now()))
    assert caught.value.code == "KEYWORD_TOO_LONG"
    assert rows(box, "keyword") == [], "all or none"
    assert await network.find(AD_GROUP, GROUP_KEY) == []


@pytest.mark.parametrize(
    ("micros", "currency", "shown"),
    [
        (50_000_000, "USD", "50.00"),
        (12_340_000, "EUR", "12.34"),
        (1_200_000_000, "JPY", "1200"),
        (10_000, "USD", "0.01"),
    ],
)
def test_money_is_a_decimal_string(micros: int, currency: str, shown: str) -> None:
    amount = Money(micros=micros, currency=currency)
    sent = apple_money(amount, currency, "daily_budget")
    assert sent == {"amount": shown, "currency": currency}
    assert money(sent) == amount
    with pytest.raises(Refused, match="finer"):
        apple_money(Money(micros=micros + 1, currency=currency), currency, "daily_budget")
    rounded = Money(micros=micros + 1, currency=currency)
    assert apple_money(rounded, currency, "bid_amount", whole=False) == sent


def test_yen_have_no_parts() -> None:
    with pytest.raises(Refused, match="finer"):
        apple_money(Money.of("1200.50", "JPY"), "JPY", "daily_budget")
    assert money(None) is None


def test_times_are_utc_without_saying_so() -> None:
    moment = datetime(2026, 3, 3, 9, 30, 15, 999_000, tzinfo=UTC)
    assert stamp(moment) == "2026-03-03T09:30:15.000"
    assert instant("2026-03-03T09:30:15.000") == moment.replace(microsecond=0)
    assert instant("2026-03-03T09:30:15.000Z") == moment.replace(microsecond=0)
    assert instant(None) is None


def test_hours_count_from_sunday() -> None:
    assert slots(()) == []
    assert slots(((1 << 24) - 1,) * 7) == []
    assert slots((1, 0, 0, 0, 0, 0, 1 << 23)) == ["23", "24"]


def test_the_tables_are_complete() -> None:
    assert set(OBJECTIVES) == set(Objective)
    assert set(CALLS_TO_ACTION) == set(CallToAction)
    assert set(SPECIAL_CATEGORIES) == set(SpecialCategory) - {SpecialCategory.NONE}
    assert set(BID_STRATEGIES) == {"automatic", "bid_cap", "cost_cap"}
    assert CAPABILITIES.objectives == {Objective.APP_INSTALLS}
    assert CAPABILITIES.needs_bid
    assert CAPABILITIES.levels == frozenset(ObjectKind)


def test_the_adapter_is_an_ad_network(box: Sandbox) -> None:
    network: AdNetwork = connected(box.url, box.world.now, apple_account(min_daily_budget="5.00"))
    assert network.capabilities.min_daily_budget == {"USD": Money.of("5.00")}
