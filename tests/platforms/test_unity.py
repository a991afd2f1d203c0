"""The Unity adapter against the sandbox, beyond the contract: rows C17, C18, C26, C29-C31."""

import base64
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from activities.twins import settle
from models.contract.money import Money
from models.contract.network import AdGroupOrder, Bid, Delivery, ObjectKind, Targeting
from models.contract.regulated import ADULTS_ONLY
from models.contract.vocabulary import (
    AccountStatus,
    CallToAction,
    Objective,
    SpecialCategory,
)
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    RateLimited,
    Refused,
    Transient,
)
from platforms.network import AdNetwork, Ground
from platforms.quota import Rate, urgent
from platforms.unity import ADAPTER, CAPABILITIES, UnityNetwork, connect
from platforms.unity.amounts import bid_amount, bid_text, budget_text, end_day, end_of, money
from platforms.unity.errors import classify
from platforms.unity.names import campaign_keys, marks, named, with_group, with_marks
from platforms.unity.objects import STALLED, Shelf, campaign_delivery, daily_budget
from platforms.unity.pace import KEPT_FOR_STOPS, Pace
from platforms.unity.terms import (
    BIDDING,
    CALLS_TO_ACTION,
    GOALS,
    SPECIAL_CATEGORIES,
    check_aim,
    check_call_to_action,
    check_category,
    countries,
    goal,
)
from sandbox.unity.shelf import APPLE_APP, BEARER, GOOGLE_APP
from tests.clock import Clock
from tests.platforms.contract.bench import Tree, digest
from tests.platforms.contract.unity import BENCH
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD
GOOGLE_LINK = "https://play.google.com/store/apps/details?id=com.example.game"
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def box(
    request: pytest.FixtureRequest, sandbox_factory: Callable[..., Sandbox], watch: Clock
) -> Sandbox:
    if "unhurried" not in request.keywords:
        request.getfixturevalue("hurried_unity")
    return sandbox_factory(tempo=1.0, networks=("unity",), origin=watch(), real=watch)


@pytest_asyncio.fixture
async def network(box: Sandbox) -> AsyncIterator[AdNetwork]:
    adapter = BENCH.open(box)
    yield adapter
    await adapter.aclose()


@pytest.fixture
def tree(box: Sandbox, network: AdNetwork, tmp_path: Path) -> Tree:
    return Tree(BENCH, network, tmp_path, box.world.now(), variants=1)


def rows(box: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [row for row in box.world.every("unity", kind) if not row.get("_deleted")]


def clip(path: Path, size: str, seconds: float = 1.0, codec: str = "libx264") -> Path:
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i",
        f"color=size={size}:rate=5:duration={seconds}", "-c:v", codec, "-pix_fmt", "yuv420p",
        str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return path


# -- tables -----------------------------------------------------------------------------------


def test_every_objective_is_unitys_or_refused_by_name() -> None:
    assert set(GOALS) == set(Objective)
    assert CAPABILITIES.objectives == {Objective.APP_INSTALLS}
    for objective in Objective:
        if objective is Objective.APP_INSTALLS:
            assert goal(objective) == "installs"
        else:
            with pytest.raises(Refused, match=f"'{objective.value}'.*use 'app_installs'"):
                goal(objective)


def test_every_button_category_and_strategy_is_decided() -> None:
    assert set(CALLS_TO_ACTION) == set(CallToAction)
    for wanted in CallToAction:
        if wanted in CAPABILITIES.calls_to_action:
            check_call_to_action(wanted)
        else:
            with pytest.raises(Refused, match=f"'{wanted.value}'.*use 'download'"):
                check_call_to_action(wanted)
    assert set(SPECIAL_CATEGORIES) == set(SpecialCategory)
    for category in SpecialCategory:
        assert (category in CAPABILITIES.special_categories) is (category not in ADULTS_ONLY)
        if category in ADULTS_ONLY:
            with pytest.raises(Refused, match=f"'{category.value}'.*cannot aim by age"):
                check_category(category, Targeting(age_min=21))
            with pytest.raises(Refused, match="age_min 18 is too young"):
                check_category(category, Targeting())
        else:
            check_category(category, Targeting())
    assert set(BIDDING) == {"automatic", "bid_cap", "cost_cap"}


@pytest.mark.parametrize(
    ("field", "targeting"),
    [
        ("age_min", Targeting(age_min=21)),
        ("age_max", Targeting(age_max=45)),
        ("genders", Targeting(genders=("female",))),
        ("interests", Targeting(interests=("chess",))),
    ],
)
def test_unity_aims_by_country_only(field: str, targeting: Targeting) -> None:
    order = group(targeting=targeting)
    with pytest.raises(Refused, match=f"{field} .*aims by country only") as no:
        check_aim(order)
    assert no.value.field == field
    check_aim(group(targeting=Targeting(genders=("male", "female"))))
    with pytest.raises(Refused, match="dayparts"):
        check_aim(group(dayparts=(1,) * 7))


def test_countries_are_iso_codes() -> None:
    assert countries(("us", "JP", "US")) == ["US", "JP"]
    for bad in (("XX",), ("ZZ",), ("EU",), ("USA",)):
        with pytest.raises(Refused, match=f"country '{bad[0]}'"):
            countries(bad)
    with pytest.raises(Refused, match="name at least one"):
        countries(())


def group(**changes: Any) -> AdGroupOrder:
    return AdGroupOrder(
        key="k2group",
        name="Players",
        campaign_id="0" * 24,
        objective=Objective.APP_INSTALLS,
        daily_budget=Money.of("20"),
        targeting=Targeting(),
        start_time=NOON,
        end_time=NOON + timedelta(days=2),
    ).model_copy(update=changes)


# -- money, days, names -----------------------------------------------------------------------


def test_money_is_written_in_dollars_and_never_rounded_up() -> None:
    assert budget_text(Money.of("20")) == "20.00"
    assert budget_text(Money.of("1234567.89")) == "1234567.89"
    assert bid_text(Money.of("2.5")) == "2.500"
    assert bid_text(Money.of("1.234999")) == "1.234"
    assert money("12.345678") == Money(micros=12_345_678)
    assert money("0.0000005") == Money(micros=0)
    assert money("Infinity") is None
    for amount, why in (
        (Money.of("9.99"), r"at least \$10.00"),
        (Money.of("20.005"), "whole cents"),
        (Money.of("1000000000"), "whole cents up to"),
        (Money(micros=2_000_000_000, currency="JPY"), "in JPY, but Unity is paid in USD"),
    ):
        with pytest.raises(Refused, match=why):
            budget_text(amount, Money.of("10"))
    for amount in (Money.of("0.0004"), Money.of("1000")):
        with pytest.raises(Refused, match=r"\$0.001 to \$999.999"):
            bid_text(amount)


def test_a_bid_comes_from_the_order_or_the_account_and_is_asked_for_by_both_names() -> None:
    account = BENCH.account()
    assert bid_amount(Bid(strategy="bid_cap", amount=Money.of("3")), account) == "3.000"
    assert bid_amount(Bid(), account) == "2.500"
    bare = account.model_copy(update={"options": {}})
    with pytest.raises(Refused, match=r"give the campaign a bid .* account option default_bid"):
        bid_amount(Bid(), bare)
    with pytest.raises(Refused, match="'cost_cap' needs an amount"):
        bid_amount(Bid(strategy="cost_cap"), account)
    with pytest.raises(Refused, match="default_bid: amount 'lots'"):
        bid_amount(Bid(), account.model_copy(update={"options": {"default_bid": "lots"}}))


def test_an_end_goes_up_to_midnight_and_one_that_has_passed_stays_passed() -> None:
    assert end_day(NOON + timedelta(hours=1), NOON) == "2026-03-04"
    assert end_day(datetime(2026, 3, 5, tzinfo=UTC), NOON) == "2026-03-05"
    assert end_day(NOON - timedelta(minutes=1), NOON) == "2026-03-03"
    assert end_of("2026-03-04") == datetime(2026, 3, 4, tzinfo=UTC)
    eastern = datetime.fromisoformat("2026-03-04T22:30:00-05:00")
    assert end_day(eastern, NOON) == "2026-03-06"
    assert end_of(None) is None


def test_a_budget_is_read_in_each_of_its_three_forms() -> None:
    assert daily_budget({"daily": "20.5", "total": "100"}) == Money.of("20.5")
    assert daily_budget({"dailyPerCountry": {"US": "10", "GB": "5.25"}}) == Money.of("15.25")
    groups = {"dailyPerCountryGroup": [{"name": "NA", "countries": ["US"], "limit": "7.00"}]}
    assert daily_budget(groups) == Money.of("7")
    assert daily_budget({"total": "100"}) is None
    assert daily_budget(None) is None


def test_names_carry_every_key_and_give_them_back() -> None:
    name = named("k1campaign", "Spring")
    assert campaign_keys(name) == ("k1campaign", "")
    whole = with_group(name, "k2group")
    assert whole == "k1campaign k2group Spring"
    assert campaign_keys(whole) == ("k1campaign", "k2group")
    assert with_group(whole, "k9other") == "k1campaign k9other Spring"
    assert with_group("Somebody else's", "k2group") == "k2group Somebody else's"
    assert campaign_keys("kiosk sale") == ("", "")
    one, two = "a" * 24, "b" * 24
    pack = with_marks("k3pack v1 of it", {one: "k4ad", two: "k5ad"})
    assert pack == f"k3pack k4ad.{one} k5ad.{two} v1 of it"
    assert marks(pack) == {one: "k4ad", two: "k5ad"}
    assert with_marks(pack, {two: "k5ad"}) == f"k3pack k5ad.{two} v1 of it"
    assert with_marks(pack, {}) == "k3pack v1 of it"
    with pytest.raises(Refused, match="255"):
        with_marks("k3pack " + "x" * 230, {one: "k4ad"})


# -- campaigns and ad groups ------------------------------------------------------------------


async def test_a_campaign_is_made_for_its_app_with_cap_budget_and_bids(
    box: Sandbox, tree: Tree
) -> None:
    order = tree.campaign(spend_cap=Money.of("300"))
    tree.ids["campaign"] = (await tree.network.create(order)).id
    many = tree.ad_group(targeting=Targeting(locations=("US", "GB")))
    made = await tree.network.create(many)

    (row,) = rows(box, "campaign")
    assert (row["goal"], row["billingType"], row["biddingStrategy"]) == (
        "installs",
        "cpi",
        "manual",
    )
    assert row["_app"] == APPLE_APP
    assert row["enabled"] is False
    assert row["_budget"] == {"total": "300.00", "daily": "60.00"}
    assert row["_bids"] == {"US": "2.500", "GB": "2.500"}
    assert row["name"].split()[:2] == [tree.key("campaign"), tree.key("ad_group")]
    assert made.id == tree.ids["campaign"]
    assert made.daily_budget == Money.of("60")
    (read,) = await tree.network.read(AD_GROUP, [made.id])
    assert read.model_copy(update={"as_of": made.as_of}) == made

    await tree.network.set_daily_budget(made.id, Money.of("45.50"))
    (row,) = rows(box, "campaign")
    assert row["_budget"] == {"total": "300.00", "daily": "45.50"}
    await tree.network.set_bid(made.id, Money.of("1.2349"))
    (row,) = rows(box, "campaign")
    assert row["_bids"] == {"US": "1.234", "GB": "1.234"}
    (read,) = await tree.network.read(AD_GROUP, [made.id])
    assert read.bid == Money.of("1.234")


async def test_a_campaign_whose_cap_was_lost_is_not_found_and_is_completed(
    box: Sandbox, tree: Tree
) -> None:
    order = tree.campaign(spend_cap=Money.of("300"))
    box.arm("unity", "lost_answer", method="PATCH", path="/budget$")
    with pytest.raises(Ambiguous):
        await tree.network.create(order)
    assert await tree.network.find(CAMPAIGN, order.key) == []
    assert [row["name"].split()[0] for row in rows(box, "campaign")] == ["pending"]

    made = await tree.network.create(order)

    assert [row["id"] for row in rows(box, "campaign")] == [made.id]
    assert [one.id for one in await tree.network.find(CAMPAIGN, order.key)] == [made.id]


async def test_an_ad_group_that_was_not_finished_carries_no_key(box: Sandbox, tree: Tree) -> None:
    tree.ids["campaign"] = (await tree.network.create(tree.campaign())).id
    for path in ("/cpi-bids$", "/budget$"):
        box.arm("unity", "lost_answer", path=path, method="PUT" if "bids" in path else "PATCH")
        with pytest.raises(Ambiguous):
            await tree.network.create(tree.ad_group())
        assert await tree.network.find(AD_GROUP, tree.key("ad_group")) == []
    made = await tree.network.create(tree.ad_group())
    assert [one.id for one in await tree.network.find(AD_GROUP, made.key)] == [made.id]


async def test_a_new_ad_group_bids_for_its_own_countries_only(box: Sandbox, tree: Tree) -> None:
    await tree.make_groups()
    await tree.network.create(tree.ad_group(targeting=Targeting(locations=("DE",))))
    (row,) = rows(box, "campaign")
    assert list(row["_bids"]) == ["DE"]


async def test_twins_are_settled_and_their_shared_switch_holds_nothing(
    box: Sandbox, tree: Tree
) -> None:
    first = await tree.network.create(tree.campaign())
    second = await tree.network.create(tree.campaign())
    assert await tree.network.list_objects(AD_GROUP) == []
    found = await tree.network.find(CAMPAIGN, first.key)
    assert [one.id for one in found] == [first.id, second.id]
    settled = await settle(tree.network, found)
    assert (settled.adopted.id, settled.removed) == (first.id, 1)
    theirs = {**rows(box, "campaign")[0], "id": "e" * 24, "name": "somebody's own"}
    box.world.put("unity", "campaign", theirs["id"], theirs)
    listed = await tree.network.list_objects(AD_GROUP)
    assert [(one.id, one.key) for one in listed] == [(theirs["id"], "")]


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("https://journal.example/story", "no App Store or Google Play address"),
        ("https://apps.apple.com/app/id1999999999", "is not in this Unity organisation"),
    ],
)
async def test_an_app_the_organisation_does_not_have_is_refused(
    box: Sandbox, tree: Tree, link: str, why: str
) -> None:
    for order in (tree.campaign(link=link), tree.creative().model_copy(update={"link": link})):
        with pytest.raises(Refused, match=why) as no:
            await tree.network.create(order)
        assert no.value.field == "link"
    assert rows(box, "campaign") + rows(box, "creative") + rows(box, "pack") == []


async def test_of_two_apps_of_one_listing_the_account_names_one(box: Sandbox, tree: Tree) -> None:
    twin = {**(box.world.get("unity", "app", APPLE_APP) or {}), "id": "f" * 24}
    box.world.put("unity", "app", twin["id"], twin)
    with pytest.raises(Refused, match=r"2 apps .* set the account option app_id"):
        await tree.network.create(tree.campaign())
    account = BENCH.account()
    chosen = account.model_copy(update={"options": {**account.options, "app_id": twin["id"]}})
    other = BENCH.open(box, account=chosen)
    await other.create(tree.campaign())
    await other.aclose()
    assert [row["_app"] for row in rows(box, "campaign")] == [twin["id"]]


async def test_android_and_ios_are_apps_of_their_own(box: Sandbox, tree: Tree) -> None:
    await tree.make_groups()
    android = tree.creative().model_copy(update={"link": f"{GOOGLE_LINK}&utm_content=v1"})
    made = await tree.network.create(android)
    assert {row["_app"] for row in rows(box, "pack")} == {GOOGLE_APP}
    tree.ids["creative/v1"] = made.id
    with pytest.raises(Refused, match="another app than campaign"):
        await tree.network.create(tree.ad())


# -- creatives and ads ------------------------------------------------------------------------


async def test_a_creative_is_a_pack_of_video_and_end_card(box: Sandbox, tree: Tree) -> None:
    await tree.make()
    (pack,) = rows(box, "pack")
    uploads = {row["id"]: row for row in rows(box, "creative")}
    assert pack["type"] == "video"
    assert [uploads[one]["type"] for one in pack["creativeIds"]] == [
        "portraitVideo",
        "squareEndCard",
    ]
    assert {row["language"] for row in uploads.values()} == {"und"}
    assert pack["campaignIds"] == []


async def test_equal_files_are_uploaded_once_and_rejected_ones_again(
    box: Sandbox, tree: Tree
) -> None:
    box.arm("unity", "disapproved_ad")
    await tree.make_groups()
    await tree.network.create(tree.creative(1))
    await tree.network.create(tree.creative(2))
    assert len(rows(box, "creative")) == 2
    assert len(rows(box, "pack")) == 2


async def test_a_lost_upload_is_ambiguous_and_used_by_the_next_attempt(
    box: Sandbox, tree: Tree
) -> None:
    box.arm("unity", "lost_answer", method="POST", path="/creatives$")
    with pytest.raises(Ambiguous):
        await tree.network.create(tree.creative())
    assert await tree.network.find(CREATIVE, tree.key("creative/v1")) == []
    await tree.network.create(tree.creative())
    assert len(rows(box, "creative")) == 2


async def test_files_unity_does_not_take_are_refused_before_anything_is_sent(
    box: Sandbox, tree: Tree, tmp_path: Path
) -> None:
    order = tree.creative()
    square = clip(tmp_path / "square.mp4", "640x640")
    mov = clip(tmp_path / "tall.mov", "360x640")
    mpeg4 = clip(tmp_path / "old.mp4", "360x640", codec="mpeg4")
    long = clip(tmp_path / "long.mp4", "180x320", seconds=61)
    card = tmp_path / "wide.png"
    Image.new("RGB", (1200, 628)).save(card)
    bitmap = tmp_path / "card.bmp"
    Image.new("RGB", (800, 800)).save(bitmap)
    text = tmp_path / "card.png"
    text.write_text("no picture")

    def film(path: Path) -> dict[str, Any]:
        return {"video_path": str(path), "video_sha256": digest(path)}

    def still(path: Path) -> dict[str, Any]:
        return {"image_path": str(path), "image_sha256": digest(path)}

    for changes, field, why in (
        ({"video_path": None, "video_sha256": None}, "video_path", "has none; make one"),
        ({"video_sha256": "0" * 64}, "video_path", "not the one that was approved"),
        (film(square), "video_path", "640x640; Unity takes 9:16 and 16:9"),
        (film(mov), "video_path", "H.264 in MP4"),
        (film(mpeg4), "video_path", "mp4v; Unity takes H.264"),
        (film(long), "video_path", "61.0 s; Unity takes 60"),
        (film(text), "video_path", "no MP4"),
        ({"image_path": str(tmp_path / "none.png")}, "image_path", "cannot be read"),
        (still(card), "image_path", "1200x628; an end card is 800x800"),
        (still(bitmap), "image_path", "BMP is not taken"),
        (still(text), "image_path", "no format Unity takes"),
    ):
        with pytest.raises(Refused, match=why) as no:
            await tree.network.create(order.model_copy(update=changes))
        assert no.value.field == field
    with pytest.raises(Refused, match="'learn_more'"):
        await tree.network.create(tree.creative(call_to_action=CallToAction.LEARN_MORE))
    assert rows(box, "creative") == []
    landscape = clip(tmp_path / "wide.mp4", "640x360")
    await tree.network.create(order.model_copy(update=film(landscape)))
    assert "landscapeVideo" in {row["type"] for row in rows(box, "creative")}


async def test_pausing_an_ad_takes_its_pack_out_of_its_campaign_and_no_other(
    box: Sandbox, tree: Tree
) -> None:
    await tree.make()
    other = Tree(BENCH, tree.network, tree.directory, tree.now, "other", variants=1)
    await other.make_groups()
    other.ids["creative/v1"] = tree.ids["creative/v1"]
    shared = await tree.network.create(other.ad())
    mine = tree.ids["ad/v1"]
    assert shared.id.split(":")[1] == mine.split(":")[1]
    for one in (mine, shared.id):
        assert (await tree.network.switch(AD, [one], on=True))[0].accepted
    (pack,) = rows(box, "pack")
    assert pack["campaignIds"] == [tree.ids["campaign"], other.ids["campaign"]]

    again, unknown, nonsense = await tree.network.switch(
        AD, [mine, f"{'0' * 24}:{pack['id']}", "x"], on=False
    )

    assert again.accepted
    assert "is no ad of campaign" in (unknown.error or "")
    assert not nonsense.accepted
    (pack,) = rows(box, "pack")
    assert pack["campaignIds"] == [other.ids["campaign"]]
    assert (await tree.network.switch(AD, [mine], on=False))[0].accepted  # off already
    seen = {one.id: one for one in await tree.network.read(AD, [mine, shared.id])}
    assert (seen[mine].switched_on, seen[shared.id].switched_on) == (False, True)
    assert seen[mine].key == tree.key("ad/v1")
    await tree.network.remove(AD, mine)
    assert [one.id for one in await tree.network.list_objects(AD)] == [shared.id]
    assert [one.key for one in await tree.network.read(AD, [mine, shared.id])] == [shared.key]


async def test_review_is_read_back_as_it_goes_on(box: Sandbox, tree: Tree, watch: Clock) -> None:
    await tree.make()
    await tree.switch(on=True)
    seen = await tree.read()
    assert {one.delivery for one in seen.values()} == {Delivery.IN_REVIEW}
    watch.forward(minutes=31)
    seen = await tree.read()
    assert {one.delivery for one in seen.values()} == {Delivery.ACTIVE}
    await tree.network.set_end_time(tree.ids["ad_group"], box.world.now() - timedelta(days=1))
    seen = await tree.read()
    assert {one.delivery for one in seen.values()} == {Delivery.ENDED}


async def test_a_rejected_video_says_so_everywhere(box: Sandbox, tree: Tree, watch: Clock) -> None:
    box.arm("unity", "disapproved_ad")
    await tree.make()
    await tree.switch(on=True)
    watch.forward(minutes=31)
    seen = await tree.read()
    for step in ("campaign", "ad_group", "ad/v1"):
        assert seen[step].delivery is Delivery.REJECTED
        assert "moderation rejected its portraitVideo" in (seen[step].issue or "")
    (creative,) = await tree.network.read(CREATIVE, [tree.ids["creative/v1"]])
    assert creative.delivery is Delivery.REJECTED


async def test_unity_refuses_to_enable_what_is_not_complete(tree: Tree) -> None:
    await tree.make_groups()
    (result,) = await tree.network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    assert not result.accepted
    assert "at least one creative pack" in (result.error or "")


async def test_the_ad_group_has_no_switch_of_its_own(box: Sandbox, tree: Tree) -> None:
    await tree.make_groups()
    known, unknown = await tree.network.switch(AD_GROUP, [tree.ids["campaign"], "0" * 24], on=True)
    assert known.accepted
    assert not unknown.accepted
    assert rows(box, "campaign")[0]["enabled"] is False
    with pytest.raises(Refused, match="creatives are not listed"):
        await tree.network.list_objects(CREATIVE)


@pytest.mark.unhurried
async def test_a_stop_right_after_another_change_is_taken(box: Sandbox, tree: Tree) -> None:
    await tree.make()
    await tree.switch(on=True)
    group_id = tree.ids["ad_group"]
    for _ in range(2):  # each within the second in which Unity takes one change only
        await tree.network.set_end_time(group_id, tree.end)
        (result,) = await tree.network.switch(CAMPAIGN, [group_id], on=False)
        assert result.accepted, result.error
    assert rows(box, "campaign")[0]["enabled"] is False


# -- limits -----------------------------------------------------------------------------------


async def test_the_last_changes_of_a_half_hour_are_kept_for_stops() -> None:
    pace = Pace(lambda: 1000.0)
    pace.heard("PATCH", "campaign", KEPT_FOR_STOPS + 1, 600)
    async with pace.turn("PATCH", "campaign"):
        pass
    pace.heard("PATCH", "other", KEPT_FOR_STOPS, 600)
    with pytest.raises(RateLimited, match="kept for stopping it") as no:
        async with pace.turn("PATCH", "other"):
            pass
    assert no.value.retry_after == 600
    with urgent():
        async with pace.turn("PATCH", "other"):
            pass
    pace.heard("POST", "other", 0, 600)  # what is made lowers nothing; Unity itself refuses it
    async with pace.turn("POST", "other"):
        pass
    pace.heard("PATCH", "past", 0, -1)
    async with pace.turn("PATCH", "past"):
        pass


class Ledger:
    """A quota that writes down what is asked and told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.told: dict[str, tuple[float | None, float | None]] = {}

    async def take(self, bucket: str, cost: int = 1) -> None:
        assert cost == 1
        assert bucket in ADAPTER.rates
        self.taken.append(bucket)

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        self.told[bucket] = (remaining, reset_in)


async def test_allowances_are_asked_and_unitys_headers_passed_on(box: Sandbox, tree: Tree) -> None:
    ledger = Ledger()
    ground = Ground({"api": f"{box.url}/unity"}, box.world.now, quota=ledger)
    network = connect(BENCH.account(), BENCH.secrets(), ground)
    await network.create(tree.campaign())
    await network.account_metrics(tree.now.date(), tree.now.date())
    await network.aclose()
    assert ledger.taken == ["management", "create/campaigns", "management", "statistics"]
    assert ledger.told["management"][0] == 3999
    assert ledger.told["statistics"][0] == 29
    assert ledger.told["statistics"][1] == pytest.approx(1800, abs=5)
    assert ADAPTER.rates["statistics"] == Rate(30, 1800.0)


# -- figures ----------------------------------------------------------------------------------


async def test_figures_are_what_the_world_reports_by_campaign_and_ad(
    box: Sandbox, tree: Tree, watch: Clock
) -> None:
    tree.variants = 2
    await tree.make()
    nothing = await tree.network.account_metrics(tree.now.date(), tree.now.date())
    assert nothing.rows == ()
    await tree.network.set_end_time(tree.ids["ad_group"], tree.now + timedelta(days=30))
    await tree.switch(on=True)
    watch.forward(days=3)
    box.world.settle()
    since, until = tree.now.date(), box.world.now().date()
    report = await tree.network.account_metrics(since, until)
    ads = await tree.network.ad_metrics(since, until)
    truth = box.world.figures("unity", "5772680389521", since.isoformat(), until.isoformat())
    assert len(truth) >= 3
    assert [
        (r.day, r.impressions, r.clicks, r.conversions, r.spend.micros) for r in report.rows
    ] == [
        (t.day, t.impressions, t.clicks, t.conversions, t.spend_micros)
        for t in sorted(truth, key=lambda t: t.day)
    ]
    assert {row.ad_id for row in ads.rows} == set(tree.ads)
    assert {row.campaign_id for row in ads.rows} == {tree.ids["campaign"]}
    assert sum(r.impressions for r in ads.rows) == sum(r.impressions for r in report.rows)


def answering(*answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> UnityNetwork:
    """An adapter whose network answers by a script; the last answer is for all that follows."""
    script = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        one = script.pop(0) if len(script) > 1 else script[0]
        return one(request) if callable(one) else one

    ground = Ground({"api": "https://unity.example"}, lambda: NOON)
    network = connect(BENCH.account(), BENCH.secrets(), ground)
    network._wire._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return network


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("timestamp,starts,views,clicks,installs,spend\n", "lacks the column.*campaign id"),
        (
            "timestamp,campaign id,starts,views,clicks,installs,spend\n2026-03-03,c,1,1,1,1,NaN\n",
            "'NaN' for spend",
        ),
    ],
)
async def test_a_report_that_cannot_be_read_is_no_report(text: str, why: str) -> None:
    network = answering(httpx.Response(200, text=text))
    with pytest.raises(Transient, match=why):
        await network.account_metrics(NOON.date(), NOON.date())


async def test_an_empty_answer_and_a_byte_order_mark_are_read() -> None:
    head = "timestamp,campaign id,campaign name,starts,views,clicks,installs,spend"
    text = f'\ufeff{head}\n2026-03-03T00:00:00.000Z,c1,"a, b",10,8,2,1,1.2345678\n,,,,,,,\n'
    network = answering(httpx.Response(204), httpx.Response(200, text=text))
    assert (await network.account_metrics(NOON.date(), NOON.date())).rows == ()
    (row,) = (await network.account_metrics(NOON.date(), NOON.date())).rows
    assert (row.day, row.campaign_id, row.impressions, row.clicks) == ("2026-03-03", "c1", 10, 2)
    assert row.spend == Money(micros=1_234_568)


# -- errors and account -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "changes", "kind"),
    [
        (400, True, Refused),
        (401, True, AccessDenied),
        (402, True, AccessDenied),
        (403, False, AccessDenied),
        (404, True, Refused),
        (408, True, Ambiguous),
        (408, False, Transient),
        (409, True, Refused),
        (429, True, RateLimited),
        (500, True, Ambiguous),
        (503, False, Transient),
    ],
)
def test_what_an_answer_means(status: int, changes: bool, kind: type[NetworkError]) -> None:
    problem = {
        "title": "T",
        "detail": "key b3-secret refused",
        "details": [{"code": "BAD", "path": "bid.value", "message": "too low"}],
        "code": 50,
    }
    response = httpx.Response(status, json=problem, headers={"retry-after": "42"})
    error = classify(response, changes=changes, secrets=("b3-secret",))
    assert type(error) is kind
    assert "b3-secret" not in str(error)
    assert "bid.value: too low" in error.message
    if kind is Refused:
        assert error.field == "bid.value"
    if status in (429, 503):
        assert error.retry_after == 42
    bare = classify(httpx.Response(status, text="<html>"), changes=changes)
    assert type(bare) is kind


async def test_a_bearer_token_and_a_key_pair_are_both_accepted(box: Sandbox) -> None:
    pair = BENCH.secrets()["api_key"]
    assert ":" in pair
    network = BENCH.open(box, api_key=BEARER)
    assert (await network.check_account()).usable
    await network.aclose()
    wrong = BENCH.open(box, api_key="b3:nonsense")
    with pytest.raises(AccessDenied, match="credentials are invalid"):
        await wrong.check_account()
    await wrong.aclose()
    with pytest.raises(AccessDenied, match="api_key is empty"):
        connect(BENCH.account(), {}, Ground({"api": box.url}, box.world.now))
    assert base64.b64encode(pair.encode()).decode() not in repr(vars(network))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"external_id": "my-company"}, "not the numeric Organization Core ID"),
        ({"timezone": "Europe/Berlin"}, "days are in UTC, but Europe/Berlin is set"),
        ({"currency": "EUR"}, "paid in USD, but the account's currency is EUR"),
        ({"options": {"app_id": "f" * 24}}, "has no app ffff"),
        ({"options": {"default_bid": "0"}}, "must be from"),
        ({"options": {"default_bid": "much"}}, "default_bid: amount 'much'"),
    ],
)
async def test_what_is_wrong_with_an_account_is_named(
    box: Sandbox, changes: dict[str, Any], why: str
) -> None:
    network = BENCH.open(box, account=BENCH.account().model_copy(update=changes))
    health = await network.check_account()
    await network.aclose()
    assert not health.usable
    assert why in " ".join(health.problems)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (AccountStatus.SUSPENDED, "was suspended; ask unityads-support@unity3d.com"),
        (AccountStatus.DISABLED, "has no access to the API"),
        (AccountStatus.PAYMENT_DECLINED, "payment method was declined"),
        (AccountStatus.PREPAID_EXHAUSTED, "organization budget is used up"),
    ],
)
async def test_an_organisation_that_may_not_advertise_stops_and_can_be_stopped(
    box: Sandbox, tree: Tree, watch: Clock, status: AccountStatus, words: str
) -> None:
    await tree.make()
    await tree.switch(on=True)
    watch.forward(hours=1)

    def spending() -> bool:
        found = box.control.get("/truth").json()["campaigns"]
        return any(row["rate_micros_per_hour"] for row in found)

    assert spending()
    path = "/accounts/unity/5772680389521"
    box.control.post(path, json={"status": status.value}).raise_for_status()
    health = await tree.network.check_account()
    assert (health.status, health.usable, health.read) == (status, False, True)
    assert words in " ".join(health.problems)
    assert not spending()
    ids = [tree.ids["campaign"]]
    assert (await tree.network.switch(CAMPAIGN, ids, on=False))[0].accepted
    with pytest.raises(AccessDenied):
        await tree.network.switch(CAMPAIGN, ids, on=True)
    box.control.post(path, json={"status": "active"}).raise_for_status()
    assert (await tree.network.switch(CAMPAIGN, ids, on=True))[0].accepted
    assert spending()


def test_a_campaign_that_should_run_and_does_not_is_suspicious() -> None:
    pack = {"id": "p", "creativeIds": ["u"], "campaignIds": ["c"]}
    shelf = Shelf([pack], {"u": {"status": "approved", "type": "portraitVideo"}})
    row = {"id": "c", "enabled": True, "status": "paused", "cpiBids": [{"bid": "1.000"}]}
    assert campaign_delivery(row, shelf, NOON) == (Delivery.UNKNOWN, STALLED)
    for changes, delivery in (
        ({"status": "learning"}, Delivery.ACTIVE),
        ({"enabled": False}, Delivery.PAUSED),
        ({"scheduleEnd": "2026-03-03"}, Delivery.ENDED),
        ({"scheduleStart": "2026-03-04"}, Delivery.PAUSED),
        ({"budget": {"total": "50.00", "spent": "50.00"}}, Delivery.ENDED),
        ({"budget": {"total": "0", "spent": "50.00"}}, Delivery.UNKNOWN),
        ({"cpiBids": []}, Delivery.PAUSED),
        ({"id": "other"}, Delivery.PAUSED),
    ):
        assert campaign_delivery({**row, **changes}, shelf, NOON)[0] is delivery, changes


async def test_an_organisation_whose_campaigns_all_stand_still_is_out_of_money() -> None:
    campaign = {
        "id": "c" * 24, "name": "theirs", "enabled": True, "status": "paused",
        "cpiBids": [{"country": "US", "bid": "1.000"}], "budget": {"daily": "20.00"},
    }  # fmt: skip
    pack = {"id": "b" * 24, "name": "p", "creativeIds": ["u"], "campaignIds": [campaign["id"]]}
    upload = {"id": "u", "status": "approved", "type": "portraitVideo"}
    app = {"id": APPLE_APP, "storeId": "1600000001"}

    def answer(request: httpx.Request) -> httpx.Response:
        last = request.url.path.rsplit("/", 1)[1]
        lists = {
            "apps": [app], "campaigns": [campaign], "creative-packs": [pack],
            "creatives": [upload],
        }  # fmt: skip
        if last in lists:
            return httpx.Response(200, json={"total": 1, "results": lists[last]})
        return httpx.Response(200, json=campaign)

    network = answering(answer)
    health = await network.check_account()
    assert health.status is AccountStatus.PREPAID_EXHAUSTED
    assert "add funds" in health.problems[0]
    campaign["status"] = "live"
    assert (await network.check_account()).usable


async def test_pages_are_read_to_the_end() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if not request.url.path.endswith("/apps"):
            assert "limit" not in query  # campaigns come all at once, and the parameter is refused
            return httpx.Response(200, json={"total": 0, "results": []})
        asked.append((query["offset"], query["limit"]))
        start = int(query["offset"])
        page = [{"id": f"{n:024x}"} for n in range(start, min(start + 2, 5))]
        return httpx.Response(200, json={"total": 5, "offset": start, "limit": 2, "results": page})

    assert await answering(answer).list_objects(CAMPAIGN) == []
    assert asked == [("0", "1000"), ("2", "1000"), ("4", "1000")]


async def test_an_answer_that_is_no_json_leaves_a_write_in_doubt(tree: Tree) -> None:
    app = {"total": 1, "results": [{"id": APPLE_APP, "storeId": "1600000001"}]}
    found = httpx.Response(200, content=json.dumps(app))
    network = answering(found, httpx.Response(201, text="<html>"))
    with pytest.raises(Ambiguous, match="no JSON object"):
        await network.create(tree.campaign())
