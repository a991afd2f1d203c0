"""The X adapter against the sandbox: rows C3-C5, C17, C18, C26, C27."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from models.contract.money import Money
from models.contract.network import AdOrder, Bid, Delivery, ObjectKind, Targeting
from models.contract.vocabulary import CallToAction, Objective, SpecialCategory
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    PolicyRefused,
    RateLimited,
    Refused,
    Transient,
)
from platforms.network import AdNetwork
from platforms.x import CAPABILITIES, XNetwork
from platforms.x.errors import classify
from platforms.x.names import post_label
from platforms.x.post import post_length
from platforms.x.terms import OPTIMISATIONS
from tests.clock import Clock
from tests.platforms.planting import (
    AD_KEY,
    CAMPAIGN_KEY,
    CREATIVE_KEY,
    GROUP_KEY,
    REVIEW,
    Persistent,
)
from tests.platforms.x_bench import (
    CREDENTIALS,
    campaign_order,
    connected,
    creative_order,
    group_order,
    picture,
    plant,
    x_account,
)
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

KINDS = (ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP, ObjectKind.CREATIVE, ObjectKind.AD)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return picture(tmp_path)


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], watch: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("x",), origin=watch(), real=watch)


@pytest_asyncio.fixture
async def network(box: Sandbox) -> AsyncIterator[XNetwork]:
    adapter = connected(box.url, box.world.now)
    yield adapter
    await adapter.aclose()


def rows(box: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [row for row in box.world.every("x", kind) if not row.get("deleted")]


async def test_the_tree_is_created_so_that_nothing_can_deliver(
    box: Sandbox, network: XNetwork, image: Path
) -> None:
    tree = await plant(network, box.world.now(), image)

    assert not tree.campaign.switched_on
    assert not tree.group.switched_on
    assert [row["entity_status"] for row in rows(box, "campaign")] == ["PAUSED"]
    assert [row["entity_status"] for row in rows(box, "line_item")] == ["PAUSED"]
    (post,) = rows(box, "tweet")
    assert post["nullcast"] is True
    assert post["text"].endswith("https://journal.example/how?utm_content=v1")
    criteria = {
        (r["targeting_type"], r["targeting_value"]) for r in rows(box, "targeting_criterion")
    }
    assert len(criteria) == 6
    assert {kind for kind, _ in criteria} == {
        "LOCATION",
        "AGE",
        "GENDER",
        "INTEREST",
        "BROAD_KEYWORD",
    }
    assert ("BROAD_KEYWORD", "quantum knitting") in criteria
    assert ("AGE", "AGE_OVER_18") in criteria


async def test_every_object_is_found_by_its_key(
    box: Sandbox, network: XNetwork, image: Path
) -> None:
    tree = await plant(network, box.world.now(), image)
    # A longer key that begins alike must not be taken for it.
    await network.create(campaign_order(key=f"{CAMPAIGN_KEY}x"))

    assert [c.id for c in await network.find(ObjectKind.CAMPAIGN, CAMPAIGN_KEY)] == [
        tree.campaign.id
    ]
    for parent in (None, tree.campaign.id):
        found = await network.find(ObjectKind.AD_GROUP, GROUP_KEY, parent)
        assert [(g.id, g.key, g.parent_id) for g in found] == [
            (tree.group.id, GROUP_KEY, tree.campaign.id)
        ]
    assert [c.id for c in await network.find(ObjectKind.CREATIVE, CREATIVE_KEY)] == [
        tree.creative.id
    ]
    (post,) = rows(box, "tweet")
    assert post["name"].split()[:2] == [CREATIVE_KEY, AD_KEY]
    for key in (CREATIVE_KEY, AD_KEY):
        assert [a.id for a in await network.find(ObjectKind.AD, key, tree.group.id)] == [tree.ad.id]
    assert await network.find(ObjectKind.CAMPAIGN, "k9nothing") == []


async def test_twins_come_lowest_id_first(network: XNetwork) -> None:
    first = await network.create(campaign_order())
    second = await network.create(campaign_order())

    found = await network.find(ObjectKind.CAMPAIGN, CAMPAIGN_KEY)

    assert [one.id for one in found] == [first.id, second.id]


async def test_activation_is_read_back_as_the_review_goes_on(
    box: Sandbox, network: XNetwork, image: Path, watch: Clock
) -> None:
    tree = await plant(network, box.world.now(), image)

    for kind, one in ((ObjectKind.AD_GROUP, tree.group), (ObjectKind.CAMPAIGN, tree.campaign)):
        assert [r.accepted for r in await network.switch(kind, [one.id], on=True)] == [True]
    (ad,) = await network.read(ObjectKind.AD, [tree.ad.id])
    (group,) = await network.read(ObjectKind.AD_GROUP, [tree.group.id])
    (campaign,) = await network.read(ObjectKind.CAMPAIGN, [tree.campaign.id])
    assert {ad.delivery, group.delivery, campaign.delivery} == {Delivery.IN_REVIEW}
    assert campaign.switched_on
    assert group.switched_on
    assert ad.switched_on

    watch.at += REVIEW
    for kind, one in zip(KINDS, (tree.campaign, tree.group, tree.creative, tree.ad), strict=True):
        (seen,) = await network.read(kind, [one.id])
        assert (kind, seen.delivery) == (kind, Delivery.ACTIVE)
        assert seen.key == one.key

    await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=False)
    for kind, one in ((ObjectKind.CAMPAIGN, tree.campaign), (ObjectKind.AD, tree.ad)):
        (seen,) = await network.read(kind, [one.id])
        assert seen.delivery is Delivery.PAUSED


async def test_a_rejected_post_is_reported(
    box: Sandbox, network: XNetwork, image: Path, watch: Clock
) -> None:
    box.arm("x", "disapproved_ad")
    tree = await plant(network, box.world.now(), image)
    await network.switch(ObjectKind.AD_GROUP, [tree.group.id], on=True)
    await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=True)

    watch.at += REVIEW

    for kind, one in ((ObjectKind.AD, tree.ad), (ObjectKind.CAMPAIGN, tree.campaign)):
        (seen,) = await network.read(kind, [one.id])
        assert seen.delivery is Delivery.REJECTED
        assert seen.issue


async def test_an_ad_cannot_be_switched_off_and_says_what_to_do(
    box: Sandbox, network: XNetwork, image: Path
) -> None:
    tree = await plant(network, box.world.now(), image)

    (off,) = await network.switch(ObjectKind.AD, [tree.ad.id], on=False)
    on, unknown = await network.switch(ObjectKind.AD, [tree.ad.id, "zzzz"], on=True)

    assert not off.accepted
    assert "pause its ad group" in (off.error or "")
    assert on.accepted
    assert not unknown.accepted
    await network.switch(ObjectKind.AD_GROUP, [tree.group.id], on=True)
    await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=True)
    second = await network.create(
        creative_order(image, key="k8second", text="Another way to say it.")
    )
    late = AdOrder(key="k9ad", name="v2", ad_group_id=tree.group.id, creative_id=second.id)
    with pytest.raises(Refused, match="pause the ad group"):
        await network.create(late)


async def test_a_batch_with_bad_ids_pauses_the_good_ones(box: Sandbox, network: XNetwork) -> None:
    ids = [(await network.create(campaign_order(key=f"k{n}many"))).id for n in range(43)]
    await network.switch(ObjectKind.CAMPAIGN, ids, on=True)
    await network.remove(ObjectKind.CAMPAIGN, ids[3])
    asked = [*ids[:20], "zzz99", *ids[20:]]

    results = await network.switch(ObjectKind.CAMPAIGN, asked, on=False)

    assert [r.id for r in results] == asked
    refused = {r.id: r.error for r in results if not r.accepted}
    assert set(refused) == {"zzz99", ids[3]}
    assert all("NOT_FOUND" in (error or "") for error in refused.values())
    assert {row["entity_status"] for row in rows(box, "campaign")} == {"PAUSED"}


async def test_budget_moves_with_the_ceiling_above_it(
    box: Sandbox, network: XNetwork, image: Path
) -> None:
    tree = await plant(network, box.world.now(), image)
    other = await network.create(group_order(tree.campaign.id, box.world.now(), key="k5other"))

    await network.set_daily_budget(tree.group.id, Money.of("35.50"))

    (campaign,) = await network.read(ObjectKind.CAMPAIGN, [tree.campaign.id])
    (group,) = await network.read(ObjectKind.AD_GROUP, [tree.group.id])
    assert group.daily_budget == Money.of("35.50")
    assert campaign.daily_budget == Money.of("55.50")
    await network.set_daily_budget(other.id, Money.of("10.00"))
    await network.set_daily_budget(tree.group.id, Money.of("12.00"))
    (campaign,) = await network.read(ObjectKind.CAMPAIGN, [tree.campaign.id])
    assert campaign.daily_budget == Money.of("22.00")
    for bad, why in (
        (Money.of("9.99"), r"at least \$10.00"),
        (Money.of("12", "EUR"), "account's currency is USD"),
    ):
        with pytest.raises(Refused, match=why):
            await network.set_daily_budget(tree.group.id, bad)


async def test_end_time_is_the_lease(box: Sandbox, network: XNetwork, image: Path) -> None:
    tree = await plant(network, box.world.now(), image)
    end = box.world.now() + timedelta(hours=6)

    await network.set_end_time(tree.group.id, end)

    (group,) = await network.read(ObjectKind.AD_GROUP, [tree.group.id])
    assert group.end_time == end.replace(second=0, microsecond=0)
    await network.switch(ObjectKind.AD_GROUP, [tree.group.id], on=True)
    await network.set_end_time(tree.group.id, box.world.now() - timedelta(minutes=1))
    (group,) = await network.read(ObjectKind.AD_GROUP, [tree.group.id])
    assert group.delivery is Delivery.ENDED


async def test_removed_objects_are_gone_for_good(
    box: Sandbox, network: XNetwork, image: Path
) -> None:
    tree = await plant(network, box.world.now(), image)

    for kind, one in zip(KINDS, (tree.campaign, tree.group, tree.creative, tree.ad), strict=True):
        await network.remove(kind, one.id)
        await network.remove(kind, one.id)
        await network.remove(kind, "4zz")
        assert await network.find(kind, one.key) == []
        seen = await network.read(kind, [one.id, "4zz"])
        assert [s.delivery for s in seen] == ([] if kind is ObjectKind.CREATIVE else ["removed"])


async def test_figures_are_what_the_world_reports(
    box: Sandbox, network: XNetwork, image: Path, watch: Clock
) -> None:
    tree = await plant(network, box.world.now(), image)
    quiet = await network.create(campaign_order(key="k7quiet"))
    await network.set_end_time(tree.group.id, box.world.now() + timedelta(days=30))
    await network.switch(ObjectKind.AD_GROUP, [tree.group.id], on=True)
    await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=True)
    begun = box.world.now().date()
    watch.forward(days=4)
    await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=False)
    watch.forward(days=3)  # what is to be reported soon has been
    since, until = begun - timedelta(days=9), box.world.now().date()

    report = await network.account_metrics(since, until)

    known = box.world.figures("x", "18ce54d4x5t", since.isoformat(), until.isoformat())
    shown = [
        (r.campaign_id, r.day, r.impressions, r.clicks, r.conversions, r.spend.micros)
        for r in report.rows
    ]
    assert shown == [
        (k.campaign_id, k.day, k.impressions, k.clicks, k.conversions, k.spend_micros)
        for k in known
    ]
    assert len(shown) >= 4
    assert {row.campaign_id for row in report.rows} == {tree.campaign.id} != {quiet.id}
    assert all(0 < row.reach <= row.impressions for row in report.rows)
    again = await network.account_metrics(since, until)
    assert again.rows == report.rows
    revenue = sum(row.revenue.micros for row in report.rows if row.revenue)
    assert revenue == sum(figures.revenue_micros for figures in known)
    spent = sum(row.spend.micros for row in report.rows)
    assert 4 * 10_000_000 < spent <= 5 * 1.2 * 20_000_000


async def test_a_large_account_is_asked_only_for_what_was_active(
    box: Sandbox, network: XNetwork, image: Path, watch: Clock
) -> None:
    for number in range(25):
        await network.create(campaign_order(key=f"k{number}idle"))
    tree = await plant(network, box.world.now(), image)
    await network.switch(ObjectKind.AD_GROUP, [tree.group.id], on=True)
    await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=True)
    watch.forward(days=2)

    report = await network.account_metrics(
        box.world.now().date() - timedelta(days=2), watch().date()
    )

    assert {row.campaign_id for row in report.rows} == {tree.campaign.id}
    assert all(row.spend.micros > 0 for row in report.rows)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("rate_limited", RateLimited), ("server_error", Ambiguous), ("expired_token", AccessDenied)],
)
async def test_faults_of_a_write(
    box: Sandbox, network: XNetwork, fault: str, kind: type[Exception]
) -> None:
    box.arm("x", fault)

    with pytest.raises(kind) as caught:
        await network.create(campaign_order())

    assert rows(box, "campaign") == []
    assert not any(secret in str(caught.value) for secret in CREDENTIALS.values())
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after is not None
        assert 0 <= caught.value.retry_after <= 3


async def test_a_read_that_fails_is_transient(box: Sandbox, network: XNetwork) -> None:
    box.arm("x", "server_error")
    with pytest.raises(Transient) as caught:
        await network.read(ObjectKind.CAMPAIGN, ["1"])
    assert caught.value.retry_after == 1

    box.arm("x", "lost_answer", method="GET")
    with pytest.raises(Transient):
        await network.read(ObjectKind.CAMPAIGN, ["1"])
    elsewhere = connected("http://127.0.0.1:9", box.world.now)
    with pytest.raises(Transient, match="could not be made"):
        await elsewhere.create(campaign_order())


async def test_a_lost_answer_is_ambiguous_and_the_object_is_found(
    box: Sandbox, network: XNetwork
) -> None:
    box.arm("x", "lost_answer", method="POST", path="/campaigns$")

    with pytest.raises(Ambiguous):
        await network.create(campaign_order())

    found = await network.find(ObjectKind.CAMPAIGN, CAMPAIGN_KEY)
    assert len(found) == 1
    assert not found[0].switched_on


async def test_a_late_write_becomes_a_twin_that_is_found(box: Sandbox, network: XNetwork) -> None:
    box.arm("x", "late_write", method="POST", path="/campaigns$", seconds=0.5)
    with pytest.raises(Ambiguous):
        await network.create(campaign_order())
    early = await network.find(ObjectKind.CAMPAIGN, CAMPAIGN_KEY)
    again = await network.create(campaign_order())

    await asyncio.sleep(0.8)

    assert early == []
    twins = await network.find(ObjectKind.CAMPAIGN, CAMPAIGN_KEY)
    assert twins[0].id == again.id
    assert len(twins) == 2
    assert not any(twin.switched_on for twin in twins)


async def test_a_request_repeated_on_the_way_is_refused_by_its_nonce(
    box: Sandbox, network: XNetwork
) -> None:
    box.arm("x", "duplicate", method="POST")
    await network.create(campaign_order())
    assert box.fired("x", "duplicate") == 1
    assert len(rows(box, "campaign")) == 1


async def test_a_time_out_is_ambiguous(box: Sandbox) -> None:
    hasty = connected(box.url, box.world.now, timeout=0.3)
    box.arm("x", "delay", method="POST", seconds=1)

    with pytest.raises(Ambiguous, match="no answer in time"):
        await hasty.create(campaign_order())

    assert len(await hasty.find(ObjectKind.CAMPAIGN, CAMPAIGN_KEY)) == 1
    await hasty.aclose()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/line_items$"),
        ("POST", "/batch/.*/targeting_criteria$"),
        ("PUT", "/line_items/"),
        ("POST", "/media/upload$"),
        ("POST", "/media_library$"),
        ("POST", "/cards$"),
        ("POST", "/tweet$"),
        ("POST", "/promoted_tweets$"),
    ],
)
async def test_repeating_after_a_lost_answer_makes_nothing_twice(
    box: Sandbox, network: XNetwork, image: Path, method: str, path: str
) -> None:
    campaign = await network.create(campaign_order())
    now = box.world.now()
    box.arm("x", "lost_answer", method=method, path=path)
    ours = Persistent(network)
    group = await ours.create(group_order(campaign.id, now), campaign.id)
    creative = await ours.create(creative_order(image))
    ad = AdOrder(key="k6unrelated", name="v1", ad_group_id=group, creative_id=creative)
    await ours.create(ad, group)

    assert ours.lost == 1
    counts = {kind: len(rows(box, kind)) for kind in ("line_item", "tweet", "promoted_tweet")}
    assert counts == {"line_item": 1, "tweet": 1, "promoted_tweet": 1}
    assert [row["name"] for row in rows(box, "line_item")] == [f"{GROUP_KEY} Readers"]
    assert len(rows(box, "targeting_criterion")) == 6
    assert len(box.world.every("x", "card")) == 1
    assert len(rows(box, "media_library")) == 1


async def test_an_unfinished_ad_group_is_not_found(box: Sandbox, network: XNetwork) -> None:
    campaign = await network.create(campaign_order())
    box.arm("x", "server_error", method="POST", path="/batch/")

    with pytest.raises(Ambiguous):
        await network.create(group_order(campaign.id, box.world.now()))

    assert len(rows(box, "line_item")) == 1
    assert await network.find(ObjectKind.AD_GROUP, GROUP_KEY, campaign.id) == []
    assert await network.find(ObjectKind.AD_GROUP, GROUP_KEY) == []


async def test_wrong_secrets_are_access_denied_and_stay_secret(box: Sandbox) -> None:
    wrong = connected(
        box.url, box.world.now, credentials={**CREDENTIALS, "access_token_secret": "hush-hush"}
    )
    with pytest.raises(AccessDenied, match="Signature does not match") as caught:
        await wrong.create(campaign_order())
    assert "hush-hush" not in repr(caught.value)
    health = await wrong.check_account()
    assert not health.usable
    assert "connect the account again" in health.problems[0]
    with pytest.raises(AccessDenied, match="access_token"):
        connected(box.url, box.world.now, credentials={"consumer_key": "a"})


async def test_the_connection_test_names_what_is_wrong(box: Sandbox, network: XNetwork) -> None:
    health = await network.check_account()
    assert health.usable
    assert (health.currency, health.timezone) == ("USD", "UTC")

    account = x_account(funding_instrument_id="nope", as_user_id="12")
    account = account.model_copy(update={"timezone": "Europe/Paris"})
    problems = (await connected(box.url, box.world.now, account).check_account()).problems
    assert len(problems) == 3
    stranger = x_account().model_copy(update={"external_id": "none"})
    assert not (await connected(box.url, box.world.now, stranger).check_account()).usable


async def test_the_same_words_twice_are_refused_by_x(network: XNetwork, image: Path) -> None:
    await network.create(creative_order(image))
    with pytest.raises(Refused) as caught:
        await network.create(creative_order(image, key="k7other"))
    assert caught.value.code == "DUPLICATE_TWEET"


async def test_values_x_does_not_take_are_refused_by_name(
    box: Sandbox, network: XNetwork, image: Path, tmp_path: Path
) -> None:
    campaign = await network.create(campaign_order())
    order = group_order(campaign.id, box.world.now())
    targeting = order.targeting
    bad_groups = {
        "objective": {"objective": Objective.APP_INSTALLS},
        "daily_budget": {"daily_budget": Money.of("1.00")},
        "age": {"targeting": targeting.model_copy(update={"age_min": 19, "age_max": 44})},
        "location": {"targeting": targeting.model_copy(update={"locations": ("QQ",)})},
        "bid_amount": {"bid": Bid(strategy="bid_cap")},
        "end_time": {"end_time": order.start_time},
        "targeting": {"special_category": SpecialCategory.EMPLOYMENT},
        "bid_amount_local_micro": {"bid": Bid(strategy="bid_cap", amount=Money(micros=1_234_567))},
    }
    for field, change in bad_groups.items():
        with pytest.raises(Refused) as caught:
            await network.create(order.model_copy(update=change))
        assert caught.value.field == field
    with pytest.raises(Refused, match="web_event_tag"):
        await network.create(order.model_copy(update={"objective": Objective.PURCHASES}))

    creative = creative_order(image)
    copy = creative.copy_text
    square, small = picture(tmp_path, (1200, 675)), picture(tmp_path, (600, 314))
    bad_creatives = {
        "headline": {"copy_text": copy.model_copy(update={"headline": "h" * 71})},
        "primary_text": {"copy_text": copy.model_copy(update={"primary_text": "p" * 257})},
        "description": {"copy_text": copy.model_copy(update={"description": "more"})},
        "call_to_action": {
            "copy_text": copy.model_copy(update={"call_to_action": CallToAction.SHOP_NOW})
        },
        "link": {"link": "journal.example"},
    }
    for field, change in bad_creatives.items():
        with pytest.raises(Refused) as caught:
            await network.create(creative.model_copy(update=change))
        assert caught.value.field == field
    for picked in (square, small):
        with pytest.raises(Refused, match=r"1\.91:1"):
            await network.create(creative_order(picked))
    with pytest.raises(Refused, match="approved"):
        await network.create(creative.model_copy(update={"image_sha256": "0" * 64}))
    assert rows(box, "tweet") == []
    assert [row for row in rows(box, "line_item") if row["name"].startswith("k")] == []


async def test_conversions_need_and_use_the_web_event_tag(box: Sandbox) -> None:
    account = x_account(web_event_tag="o2kt4", min_daily_budget="5.00")
    network = connected(box.url, box.world.now, account)
    assert Objective.PURCHASES in network.capabilities.objectives
    assert network.capabilities.min_daily_budget["USD"] == Money.of("5.00")
    campaign = await network.create(campaign_order())

    order = group_order(campaign.id, box.world.now()).model_copy(
        update={
            "objective": Objective.PURCHASES,
            "bid": Bid(strategy="cost_cap", amount=Money.of("2.50")),
            "targeting": Targeting(age_min=25, age_max=49),
        }
    )
    await network.create(order)

    (row,) = rows(box, "line_item")
    assert (row["goal"], row["primary_web_event_tag"]) == ("WEBSITE_CONVERSIONS", "o2kt4")
    assert (row["bid_strategy"], row["bid_amount_local_micro"]) == ("TARGET", 2_500_000)
    await network.aclose()


async def test_a_cost_cap_is_paid_by_click(box: Sandbox, network: XNetwork) -> None:
    campaign = await network.create(campaign_order())
    capped = Bid(strategy="cost_cap", amount=Money.of("0.40"))

    await network.create(
        group_order(campaign.id, box.world.now()).model_copy(update={"bid": capped})
    )

    (row,) = rows(box, "line_item")
    assert (row["bid_strategy"], row["pay_by"]) == ("TARGET", "LINK_CLICK")
    assert row["bid_amount_local_micro"] == 400_000


async def test_a_name_that_is_full_takes_no_further_ad(
    box: Sandbox, network: XNetwork, image: Path
) -> None:
    tree = await plant(network, box.world.now(), image)
    ids = {"ad_group_id": tree.group.id, "creative_id": tree.creative.id}
    with pytest.raises(Refused, match="creative of its own"):
        await network.create(AdOrder(key="k" * 70, name="v", **ids))
    with pytest.raises(Refused, match="create the creative first"):
        await network.create(AdOrder(key="k1", name="v", ad_group_id="1", creative_id="2"))


@pytest.mark.parametrize(
    ("status", "body", "kind", "read_kind"),
    [
        (400, "INVALID_PARAMETER", Refused, Refused),
        (404, "CAMPAIGN_NOT_FOUND", Refused, Refused),
        (401, "UNAUTHORIZED_ACCESS", AccessDenied, AccessDenied),
        (403, "ACTION_NOT_ALLOWED", AccessDenied, AccessDenied),
        (403, "TWEET_IS_SPAM", PolicyRefused, PolicyRefused),
        (429, "TOO_MANY_REQUESTS", RateLimited, RateLimited),
        (429, "TWEET_RATE_LIMIT_EXCEEDED", RateLimited, RateLimited),
        (408, "CANCELLED_REQUEST", Ambiguous, Transient),
        (423, "LOCK_ACQUISITION_TIMEOUT", Ambiguous, Transient),
        (500, "INTERNAL_ERROR", Ambiguous, Transient),
        (503, "OVER_CAPACITY", Ambiguous, Transient),
    ],
)
def test_errors_are_classified(
    status: int, body: str, kind: type[Exception], read_kind: type[Exception]
) -> None:
    content = {"errors": [{"code": body, "message": "about top-secret", "parameter": "name"}]}
    html = httpx.Response(status, text="<html>no</html>")
    for answer in (httpx.Response(status, json=content), html):
        write = classify(answer, changes=True, secrets=("top-secret",))
        read = classify(answer, changes=False, secrets=("top-secret",))
        if answer is html and kind is PolicyRefused:
            kind = read_kind = AccessDenied
        assert (type(write), type(read)) == (kind, read_kind)
        assert "top-secret" not in str(write)
        assert write.code == (body if answer is not html else f"HTTP {status}")


def test_the_accounts_own_window_is_decisive() -> None:
    now = time.time()
    headers = {"x-rate-limit-reset": str(now + 900), "x-account-rate-limit-reset": str(now + 30)}
    error = classify(httpx.Response(429, headers=headers), changes=False)
    assert error.retry_after == pytest.approx(30, abs=2)


async def test_catalogues_are_read_once(box: Sandbox, network: XNetwork) -> None:
    campaign = await network.create(campaign_order())
    for number in range(6):  # more than X's five catalogue reads in 15 minutes
        await network.create(group_order(campaign.id, box.world.now(), key=f"k{number}group"))
    assert len(rows(box, "line_item")) == 6


def test_the_map_of_objectives_is_complete() -> None:
    assert set(OPTIMISATIONS) == set(Objective)
    assert CAPABILITIES.objectives < set(Objective)
    assert CAPABILITIES.can_pause_ad is False
    assert CAPABILITIES.batch_size == 40


def test_a_long_name_keeps_what_tells_variants_apart() -> None:
    label = post_label("k3creative", "A title of very many words indeed " * 4 + "· x v2")
    assert len(label) <= 68
    assert label.startswith("k3creative ")
    assert label.endswith("words indeed · x v2")


def test_length_is_counted_as_x_counts() -> None:
    assert post_length("hello") == 5
    assert post_length("see https://a.example/" + "x" * 90) == 27
    assert post_length("広告") == 4
    assert post_length("🎉") == 2
    assert post_length("👩‍👩‍👧‍👦 🇩🇪 👍🏽 1️⃣") == 4 * 2 + 3
    limits = CAPABILITIES.copy_limits
    assert post_length("p" * (280 - limits.link_cost) + " https://a.example/") == 280


def test_the_adapter_fulfils_the_protocol(box: Sandbox) -> None:
    adapter: AdNetwork = connected(box.url, box.world.now)
    assert adapter.capabilities == CAPABILITIES
