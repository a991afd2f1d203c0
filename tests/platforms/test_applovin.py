"""The AppLovin adapter against its stand-in: rows C1, C17, C32 (as the fact sheet corrects it)."""

import asyncio
import logging
import subprocess
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from models.contract.money import Money
from models.contract.network import Bid, Delivery, ObjectKind, Targeting
from models.contract.vocabulary import CallToAction, Objective, SpecialCategory
from platforms.applovin import AppLovinNetwork
from platforms.applovin.names import CampaignName, read_campaign_name
from platforms.applovin.terms import CALLS_TO_ACTION, GOALS, decimal_text, money
from platforms.errors import AccessDenied, Ambiguous, NetworkError, Refused, Transient
from platforms.network import AdNetwork
from tests.clock import MORNING
from tests.platforms.applovin_bench import Stage, staged
from tests.platforms.contract.bench import AD, AD_GROUP, CAMPAIGN, CREATIVE, Tree, digest
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]
_APPLE = "https://apps.apple.com/us/app/journal/id1234567890"


@pytest.fixture
def stage(sandbox_factory: Callable[..., Sandbox], tmp_path: Path) -> Stage:
    return staged(sandbox_factory, tmp_path)


@pytest_asyncio.fixture
async def network(stage: Stage) -> AsyncGenerator[AppLovinNetwork]:
    opened = stage.open()
    yield opened
    await opened.aclose()


@pytest_asyncio.fixture
async def tree(stage: Stage, network: AppLovinNetwork) -> Tree:
    return await stage.tree(network).make()


# -- making -----------------------------------------------------------------------------------


async def test_a_campaign_is_made_paused_and_read_back(
    stage: Stage, network: AppLovinNetwork
) -> None:
    order = stage.tree(network).campaign()
    made = await network.create(order)
    assert stage.sent == [
        ("GET", "/campaign/list"),
        ("POST", "/campaign/create"),
        ("POST", "/campaign/update"),
        ("GET", "/campaign/list"),
    ]
    assert (made.switched_on, made.delivery) == (False, Delivery.PAUSED)
    row = stage.row("campaign")
    assert row["status"] == "PAUSED"
    assert row["name"] == f"{order.key} - Spring story"
    assert (row["platform"], row["package_name"]) == ("ANDROID", "example.journal")
    assert row["budget"]["daily_budget_for_all_countries"] == "60.00"
    assert row["goal"] == {
        "goal_type": "CPI",
        "goal_value_for_all_countries": "4.00",
        "country_code_to_goal_value": {},
    }
    assert row["bidding_strategy"] == "TARGET_GOAL_WITH_CPI_BILLING"
    assert row["targeting"] == [{"country_code": "US"}]
    assert row["tracking"]["tracking_method"] == "APPSFLYER"
    # It begins after it was paused, and without an ad group it ends by itself.
    assert row["start_date"] == "2026-03-03T09:10:00"
    assert row["end_date"] == "2026-03-04T09:10:00"
    assert not row["is_continuous_delivery"]


async def test_dying_before_the_pause_leaves_nothing_that_can_deliver(
    stage: Stage, network: AppLovinNetwork
) -> None:
    order = stage.tree(network).campaign()
    stage.box.arm("applovin", "server_error", path="campaign/update", count=1)
    with pytest.raises(Ambiguous, match="was made, but not paused"):
        await network.create(order)
    assert await network.find(CAMPAIGN, order.key) == [], "it is not whole"
    left = stage.row("campaign")
    assert (left["status"], left["name"]) == ("LIVE", f"pending {order.key} - Spring story")
    assert stage.rows("creative_set") == []
    # Whoever looks at the whole account sees it all the same.
    (listed,) = await network.list_objects(CAMPAIGN)
    assert (listed.key, listed.switched_on) == ("", True)
    stage.later(days=2)
    assert stage.spent == 0
    (ended,) = await network.read(CAMPAIGN, [left["id"]])
    assert ended.delivery is Delivery.ENDED


async def test_the_next_attempt_completes_what_an_earlier_one_began(
    stage: Stage, network: AppLovinNetwork
) -> None:
    order = stage.tree(network).campaign()
    for fault, path in (
        ("lost_answer", "campaign/create"),
        ("server_error", "campaign/update"),
        ("lost_answer", "campaign/list"),
    ):
        stage.box.arm("applovin", fault, path=path, count=1)
        with pytest.raises((Ambiguous, Transient)):
            await network.create(order)
        stage.box.control.delete("/faults")
    stage.clock.at += timedelta(hours=30)  # long after what was begun would have ended
    dearer = order.model_copy(update={"daily_budget": Money.of("75.00")})
    made = await network.create(dearer)
    row = stage.row("campaign")
    assert (row["id"], row["status"]) == (made.id, "PAUSED")
    assert made.daily_budget == Money.of("75.00")
    assert row["end_date"] == "2026-03-05T15:10:00"
    # What was begun for another app is of no use.
    other = order.model_copy(update={"key": "kother22222"})
    stage.box.arm("applovin", "server_error", path="campaign/update", count=1)
    with pytest.raises(Ambiguous):
        await network.create(other)
    elsewhere = await network.create(other.model_copy(update={"link": _APPLE}))
    assert elsewhere.id != made.id
    assert len(stage.rows("campaign")) == 3


async def test_a_campaign_that_stays_live_is_not_called_done(
    stage: Stage, network: AppLovinNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ignored(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("platforms.applovin.campaigns.update", ignored)
    with pytest.raises(Ambiguous, match="it is shown as LIVE"):
        await network.create(stage.tree(network).campaign())


async def test_an_app_of_the_app_store_is_named_by_its_number(
    stage: Stage, network: AppLovinNetwork
) -> None:
    await network.create(stage.tree(network).campaign(link=_APPLE))
    row = stage.row("campaign")
    assert (row["platform"], row["itunes_id"]) == ("IOS", "1234567890")
    assert row["package_name"] == "example.sandbox.app"


async def test_an_ad_group_lives_in_its_campaign(stage: Stage, network: AppLovinNetwork) -> None:
    tree = await stage.tree(network).make_groups()
    row = stage.row("campaign")
    assert row["name"] == f"{tree.key('campaign')} {tree.key('ad_group')} Spring story"
    assert row["end_date"] == "2026-03-03T15:00:00"
    assert tree.ids["ad_group"] == tree.ids["campaign"]
    # Once more under the same key changes nothing; another one finds no room.
    again = await network.create(tree.ad_group())
    assert again.id == tree.ids["ad_group"]
    with pytest.raises(Refused, match=r"has ad group .* already"):
        await network.create(tree.ad_group(key="kzzzzzzzzzz"))
    assert stage.row("campaign")["name"] == row["name"]


async def test_an_ad_group_is_refused_where_its_campaign_cannot_carry_it(
    stage: Stage, network: AppLovinNetwork
) -> None:
    tree = stage.tree(network)
    tree.ids["campaign"] = (await network.create(tree.campaign())).id
    before = stage.row("campaign")
    other = "https://play.google.com/store/apps/details?id=example.other"
    for changes, why in (
        ({"link": other}, "promotes another app"),
        ({"link": _APPLE}, "promotes another app"),
        ({"start_time": MORNING + timedelta(hours=2)}, "create both when the flight begins"),
        ({"end_time": MORNING + timedelta(minutes=5)}, "is not after the campaign's start"),
        ({"campaign_id": "999"}, "knows no campaign 999"),
        ({"campaign_id": "x"}, "knows no campaign x"),
    ):
        with pytest.raises(Refused, match=why):
            await network.create(tree.ad_group(**changes))
    assert stage.row("campaign") == before
    # A campaign made hours ago begins when it is switched on: nothing is wrong with that.
    stage.later(hours=3)
    await network.create(tree.ad_group(start_time=stage.box.world.now()))
    stage.change("campaign", tree.ids["campaign"], name="somebody's own")
    with pytest.raises(Refused, match="was not made here"):
        await network.create(tree.ad_group())
    assert network._wire.errors.spent == 0, "nothing was sent that AppLovin would refuse"


async def test_an_ad_is_a_creative_set_that_is_paused_before_it_is_done(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    row = stage.row("creative_set")
    assert row["status"] == "PAUSED"
    assert row["name"].split()[0] == tree.key("ad/v1")
    assert row["countries"] == ["US"]
    video, image = (stage.box.world.get("applovin", "asset", one) for one in row["_assets"])
    assert video is not None
    assert image is not None
    assert (video["asset_type"], image["asset_type"]) == ("VID_LONG_P", "IMG_INTER_P")
    assert [one["name"].split("_")[0] for one in (video, image)] == [tree.key("creative/v1")] * 2
    assert tree.ids["ad/v1"] == f"{tree.ids['campaign']}:{row['id']}"
    assert stage.writes[-3:] == [
        "/creative_set/create",
        "/creative_set/update",
        "/creative_set/add-to-campaigns",
    ]


async def test_an_ad_below_a_live_campaign_waits_to_be_switched_on(
    stage: Stage, network: AppLovinNetwork
) -> None:
    tree = await stage.tree(network).make()
    await tree.switch(on=True)
    stage.later(minutes=30)
    tree.ids["creative/v2"] = (await network.create(tree.creative(2))).id
    ad = await network.create(tree.ad(2))
    assert not ad.switched_on
    stage.later(hours=2)
    (line,) = stage.box.control.get("/truth").json()["lines"]
    assert line["ads"] == [tree.ids["ad/v1"].split(":")[1]]


async def test_an_ad_needs_its_campaign_and_its_creative(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    for creative in ("nonsense", "1-2"):
        with pytest.raises(Refused, match=f"knows no creative {creative}"):
            await network.create(tree.ad().model_copy(update={"creative_id": creative}))
    with pytest.raises(Refused, match="knows no campaign 5"):
        await network.create(tree.ad().model_copy(update={"ad_group_id": "5"}))
    await network.remove(CAMPAIGN, tree.ids["campaign"])
    with pytest.raises(Refused, match="is removed"):
        await network.create(tree.ad())
    assert len(stage.rows("creative_set")) == 1
    assert network._wire.errors.spent == 0


@pytest.mark.parametrize(
    "path", ["creative_set/create", "creative_set/update", "add-to-campaigns", "by_campaign_id"]
)
async def test_an_ad_of_a_lost_answer_hangs_nowhere_or_is_whole_and_is_used_again(
    path: str, stage: Stage, network: AppLovinNetwork
) -> None:
    tree = await stage.tree(network).make_groups()
    tree.ids["creative/v1"] = (await network.create(tree.creative())).id
    await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    stage.box.arm("applovin", "lost_answer", path=path, count=1)
    with pytest.raises((Ambiguous, Transient)):
        await network.create(tree.ad())
    for parent in (tree.ids["ad_group"], None):
        for found in await network.find(AD, tree.key("ad/v1"), parent):
            assert not found.switched_on
    stage.later(hours=1)
    assert stage.spent == 0
    made = await network.create(tree.ad())
    (found,) = await network.find(AD, tree.key("ad/v1"), tree.ids["ad_group"])
    assert (found.id, found.switched_on) == (made.id, False)
    assert len(stage.rows("creative_set")) == 1


async def test_a_set_that_stays_live_is_never_attached(
    stage: Stage, network: AppLovinNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = await stage.tree(network).make_groups()
    tree.ids["creative/v1"] = (await network.create(tree.creative())).id

    async def ignored(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("platforms.applovin.ads.set_status", ignored)
    with pytest.raises(Ambiguous, match="it is not shown as paused"):
        await network.create(tree.ad())
    assert stage.row("creative_set")["_campaigns"] == []


async def test_files_of_a_lost_upload_are_used_again(
    stage: Stage, network: AppLovinNetwork
) -> None:
    order = stage.tree(network).creative()
    stage.box.arm("applovin", "lost_answer", path="asset/upload$", count=1)
    with pytest.raises(Ambiguous):
        await network.create(order)
    await asyncio.sleep(0.2)  # as long as the library takes
    (found,) = await network.find(CREATIVE, order.key)
    made = await network.create(order)
    assert made.id == found.id
    assert len(stage.rows("asset")) == 2
    assert stage.writes == ["/asset/upload"]


async def test_a_half_uploaded_creative_is_completed(
    stage: Stage, network: AppLovinNetwork
) -> None:
    order = stage.tree(network).creative()
    made = await network.create(order)
    video, image = made.id.split("-")
    stage.box.world.shelf.drop("applovin", "asset", image)
    assert await network.find(CREATIVE, order.key) == []
    assert await network.read(CREATIVE, [made.id]) == []
    whole = await network.create(order)
    assert whole.id.split("-")[0] == video
    assert [one.id for one in await network.find(CREATIVE, order.key)] == [whole.id]


async def test_a_file_that_cannot_be_taken_is_refused_and_counted(
    stage: Stage, network: AppLovinNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An end card that our own check knows and AppLovin then takes for none.
    monkeypatch.setattr("platforms.applovin.library._END_CARDS", {(500, 500)})
    tree = stage.tree(network)
    square = _picture(stage.directory, (500, 500))
    order = tree.creative().model_copy(update=square)
    with pytest.raises(Refused, match="Images of 500x500 are not supported"):
        await network.create(order)
    assert network._wire.errors.spent == 1


# -- what is refused before anything is sent ---------------------------------------------------


def _picture(directory: Path, size: tuple[int, int], kind: str = "PNG") -> dict[str, str]:
    path = directory / f"{size[0]}x{size[1]}.{kind.lower()}"
    Image.new("RGB", size, "navy").save(path, kind)
    return {"image_path": str(path), "image_sha256": digest(path)}


def _film(directory: Path, size: str, seconds: int, name: str = "film.mp4") -> dict[str, str]:
    path = directory / name
    source = f"testsrc=size={size}:rate=1:duration={seconds}"
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return {"video_path": str(path), "video_sha256": digest(path)}


async def test_a_video_or_end_card_that_does_not_fit_is_refused_by_name(
    stage: Stage, network: AppLovinNetwork
) -> None:
    order, where = stage.tree(network).creative(), stage.directory
    (where / "text.mp4").write_text("no video")
    cases: list[tuple[dict[str, object], str]] = [
        ({"video_path": None}, "this creative has none"),
        ({"video_path": str(where / "gone.mp4")}, "video cannot be read"),
        ({"video_sha256": "0" * 64}, "video is not the one that was approved"),
        ({"image_sha256": "0" * 64}, "image is not the one that was approved"),
        ({**_film(where, "480x270", 2)}, "video is 480x270; AppLovin needs 9:16"),
        ({**_film(where, "180x320", 2, "small.mp4")}, "video is 180x320"),
        ({**_film(where, "270x480", 61, "long.mp4")}, "lasts 61.0 s; AppLovin takes 60 s"),
        ({**_picture(where, (1200, 628))}, "image is 1200x628; AppLovin needs 9:16"),
        ({**_picture(where, (270, 480), "BMP")}, "image format BMP"),
        (
            {"video_path": str(where / "text.mp4"), "video_sha256": digest(where / "text.mp4")},
            "the video cannot be used",
        ),
        ({"key": "k_1"}, "must be letters and digits"),
    ]
    for changes, why in cases:
        with pytest.raises(Refused, match=why):
            await network.create(order.model_copy(update=changes))
    for action in set(CallToAction) - {CallToAction.DOWNLOAD}:
        with pytest.raises(Refused, match="AppLovin writes its own install button"):
            await network.create(stage.tree(network).creative(call_to_action=action))
    assert stage.writes == []
    assert network._wire.errors.spent == 0


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"objective": Objective.TRAFFIC}, "objective", "use 'app_installs'"),
        ({"special_category": SpecialCategory.GAMBLING}, "special_category", "gambling"),
        ({"countries": ("US", "ZZ")}, "locations", "country 'ZZ' is unknown"),
        ({"countries": ("EU",)}, "locations", "country 'EU' is unknown"),
        ({"countries": ()}, "locations", "at least one country"),
        ({"link": "https://journal.example/story"}, "link", "AppLovin promotes apps"),
        ({"link": ""}, "link", "App Store"),
        ({"daily_budget": Money.of("9.99")}, "daily_budget", r"at least \$10\.00"),
        ({"daily_budget": Money.of("20.001")}, "daily_budget", "finer than a cent"),
        ({"daily_budget": Money.of("2000", "JPY")}, "currency", "is in JPY"),
        ({"name": "long " * 60}, "name", "shorten it"),
        ({"key": "no key"}, "key", "is none of ours"),
        ({"key": "other"}, "key", "is none of ours"),
    ],
)
async def test_a_campaign_appLovin_would_not_take_is_never_sent(  # noqa: N802
    changes: dict[str, object], field: str, why: str, stage: Stage, network: AppLovinNetwork
) -> None:
    with pytest.raises(Refused, match=why) as no:
        await network.create(stage.tree(network).campaign(**changes))
    assert no.value.field == field
    assert stage.sent == []


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"objective": Objective.LEADS}, "objective", "app_installs"),
        ({"targeting": Targeting(age_min=21)}, "age_min", "age_min 21 cannot be aimed at"),
        ({"targeting": Targeting(age_max=40)}, "age_max", "countries only"),
        ({"targeting": Targeting(genders=("female",))}, "genders", "genders female"),
        ({"targeting": Targeting(interests=("chess",))}, "interests", "interests chess"),
        ({"targeting": Targeting(locations=("XX",))}, "locations", "country 'XX'"),
        ({"dayparts": (1,) * 7}, "dayparts", "chosen hours"),
        ({"special_category": SpecialCategory.HOUSING}, "special_category", "housing"),
        (
            {
                "special_category": SpecialCategory.CREDIT,
                "targeting": Targeting(genders=("male",)),
            },
            "targeting",
            "genders is forbidden for credit ads",
        ),
        (
            {"special_category": SpecialCategory.GAMBLING},
            "targeting",
            "age_min 18 is too young for gambling",
        ),
        ({"bid": Bid(amount=Money.of("2"))}, "bid_amount", "takes no amount"),
        (
            {"bid": Bid(strategy="bid_cap", amount=Money.of("0.009"))},
            "bid_amount",
            "too small",
        ),
        (
            {"bid": Bid(strategy="cost_cap", amount=Money.of("2", "EUR"))},
            "currency",
            "bid_amount is in EUR",
        ),
        ({"daily_budget": Money.of("0.01")}, "daily_budget", "too small"),
    ],
)
async def test_an_ad_group_applovin_would_not_take_is_never_sent(
    changes: dict[str, object], field: str, why: str, stage: Stage, network: AppLovinNetwork
) -> None:
    with pytest.raises(Refused, match=why) as no:
        await network.create(stage.tree(network).ad_group(**changes))
    assert no.value.field == field
    assert stage.sent == []


def test_every_word_of_the_trade_has_its_place_in_the_tables() -> None:
    assert set(GOALS) == set(Objective)
    assert set(CALLS_TO_ACTION) == set(CallToAction)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("tracking_method", "", "the account options tracking_method are missing"),
        ("tracking_method", "PIGEON", "tracking_method 'PIGEON' is unknown; use one of: ADJUST"),
        ("click_url", "http://plain.example", "account option click_url is no https address"),
        ("impression_url", "https://a b", "account option impression_url is no https address"),
        ("default_bid", "much", "account option default_bid"),
        ("default_bid", "0", "it must be an amount such as 2.50"),
    ],
)
async def test_what_the_account_lacks_is_named_by_its_test_and_before_a_launch(
    option: str, value: str, why: str, stage: Stage
) -> None:
    network = stage.open(stage.account(**{option: value}))
    health = await network.check_account()
    assert not health.usable
    assert why.lower() in " ".join(health.problems).lower()
    sent = len(stage.sent)
    with pytest.raises(Refused, match=why):
        await network.create(stage.tree(network).campaign())
    assert len(stage.sent) == sent
    await network.aclose()


async def test_without_any_bid_both_ways_to_one_are_named(stage: Stage) -> None:
    network = stage.open(stage.account(default_bid=""))
    tree = stage.tree(network)
    tree.ids["campaign"] = (await network.create(tree.campaign())).id
    for bid in (Bid(), Bid(strategy="bid_cap")):
        with pytest.raises(Refused, match=r"strategy 'bid_cap'.*account option default_bid"):
            await network.create(tree.ad_group(bid=bid))
    bid = Bid(strategy="cost_cap", amount=Money.of("3.456"))
    group = await network.create(tree.ad_group(bid=bid))
    assert group.bid == Money.of("3.45")
    assert stage.row("campaign")["goal"]["goal_value_for_all_countries"] == "3.45"
    await network.aclose()


def test_an_account_that_cannot_be_opened_says_what_is_missing(stage: Stage) -> None:
    with pytest.raises(AccessDenied, match="lacks report_key"):
        stage.open(report_key="")
    with pytest.raises(Refused, match="account id 'abc' is no number"):
        stage.open(stage.account().model_copy(update={"external_id": "abc"}))
    with pytest.raises(Refused, match="min_daily_budget"):
        stage.open(stage.account(min_daily_budget="some"))
    own = stage.open(stage.account(min_daily_budget="50"))
    assert own.capabilities.min_daily_budget == {"USD": Money.of("50")}
    proof: AdNetwork = own
    assert proof.capabilities.needs_bid


# -- looking and changing ---------------------------------------------------------------------


async def test_what_is_removed_is_paused_renamed_and_gone(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    await tree.switch(on=True)
    campaign, ad = tree.ids["campaign"], tree.ids["ad/v1"]
    await network.remove(AD, ad)
    assert stage.row("creative_set")["_campaigns"] == []
    (gone,) = await network.read(AD, [ad])
    assert (gone.delivery, gone.switched_on) == (Delivery.REMOVED, False)
    await network.remove(AD, ad)
    await network.remove(AD, "nonsense")

    await network.remove(CAMPAIGN, campaign)
    row = stage.row("campaign")
    assert (row["status"], row["name"][:12]) == ("PAUSED", "[removed] k7")
    sent = len(stage.writes)
    await network.remove(CAMPAIGN, campaign)
    await network.remove(CAMPAIGN, "1")
    assert len(stage.writes) == sent
    for kind in (CAMPAIGN, AD_GROUP):
        (read,) = await network.read(kind, [campaign])
        assert read.delivery is Delivery.REMOVED
        assert await network.list_objects(kind) == []
        assert await network.find(kind, read.key) == []
    (result,) = await network.switch(CAMPAIGN, [campaign], on=True)
    assert not result.accepted
    # Somebody who switches it on in the dashboard brings it back before our eyes.
    stage.change("campaign", campaign, status="LIVE")
    (listed,) = await network.list_objects(CAMPAIGN)
    assert listed.switched_on


async def test_others_campaigns_are_shown_as_they_are(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    row = stage.row("campaign")
    other = {
        **row, "id": "8000001", "hashed_id": "other", "name": "Summer - sale", "status": "LIVE",
        "budget": {"country_code_to_daily_budget": {"US": "30.00", "DE": "12.5"}},
        "goal": {"goal_type": "AD_ROAS", "goal_value_for_all_countries": "1.0"},
        "end_date": None, "is_continuous_delivery": True, "is_composite_banner_enabled": True,
    }  # fmt: skip
    stage.box.world.put("applovin", "campaign", "8000001", other)
    campaigns = {one.id: one for one in await network.list_objects(CAMPAIGN)}
    groups = {one.id: one for one in await network.list_objects(AD_GROUP)}
    assert campaigns.keys() == groups.keys() == {tree.ids["campaign"], "8000001"}
    theirs = groups["8000001"]
    assert (theirs.key, theirs.daily_budget, theirs.bid) == ("", Money.of("42.50"), None)
    assert (theirs.end_time, theirs.automatic) == (None, ("composite banners",))
    assert campaigns["8000001"].issue == f"it starts at {row['start_date']} UTC"
    stage.later(hours=1)
    (theirs,) = await network.read(CAMPAIGN, ["8000001"])
    assert theirs.issue == "none of its ads is switched on"
    with pytest.raises(Refused, match="aims at AD_ROAS"):
        await network.set_bid("8000001", Money.of("1"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("kabcdefghij kbcdefghijk A name", CampaignName("kabcdefghij", "kbcdefghijk", "A name")),
        ("kabcdefghij - A name", CampaignName("kabcdefghij", "", "A name")),
        ("kabcdefghij -", CampaignName("kabcdefghij", "", "")),
        ("kabcdefghij name", CampaignName("", "", "kabcdefghij name")),
        ("kabcdefghij", CampaignName("", "", "kabcdefghij")),
        ("", CampaignName("", "", "")),
        ("[removed] kabcdefghij - x", CampaignName("kabcdefghij", "", "x", removed=True)),
    ],
)
def test_keys_are_read_from_names_exactly(text: str, read: CampaignName) -> None:
    assert read_campaign_name(text) == read


async def test_lists_are_read_to_their_empty_page(stage: Stage, network: AppLovinNetwork) -> None:
    tree = await stage.tree(network).make()
    row, asset = stage.row("campaign"), stage.rows("asset")[0]
    ad = stage.row("creative_set")
    for number in range(250):
        one = str(9_000_000 + number)
        stage.box.world.put("applovin", "campaign", one, {**row, "id": one, "name": f"c {number}"})
        stage.box.world.put("applovin", "asset", one, {**asset, "id": one, "name": f"a {number}"})
        stage.box.world.put("applovin", "creative_set", one, {**ad, "id": one, "name": "s"})
    assert len(await network.list_objects(CAMPAIGN)) == 251
    assert len(await network.list_objects(AD)) == 251
    assert len(await network.read(CAMPAIGN, [str(9_000_000 + n) for n in range(250)])) == 250
    (found,) = await network.find(CREATIVE, tree.key("creative/v1"))
    assert found.id == tree.ids["creative/v1"]
    (found,) = await network.find(AD, tree.key("ad/v1"), tree.ids["ad_group"])
    assert found.id == tree.ids["ad/v1"]
    with pytest.raises(Refused, match="creatives are not listed"):
        await network.list_objects(CREATIVE)


async def test_ids_may_be_strings_or_numbers(stage: Stage, network: AppLovinNetwork) -> None:
    stage.change("account", "412345", _number_ids=True)
    tree = await stage.tree(network).make()
    await tree.switch(on=True)
    seen = await tree.read()
    assert all(one.switched_on for one in seen.values())
    assert (seen["ad/v1"].id, seen["ad/v1"].parent_id) == (tree.ids["ad/v1"], tree.ids["ad_group"])
    await network.remove(AD, tree.ids["ad/v1"])
    assert stage.row("creative_set")["_campaigns"] == []


async def test_unknown_ids_are_told_without_asking_applovin_for_them(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    campaign = tree.ids["campaign"]
    results = await network.switch(CAMPAIGN, ["77", campaign, "x", campaign], on=True)
    assert [one.accepted for one in results] == [False, True, False, True]
    ads = await network.switch(AD, ["1:2", tree.ids["ad/v1"], "2"], on=False)
    assert [one.accepted for one in ads] == [False, True, False]
    (group,) = await network.switch(AD_GROUP, [campaign], on=False)
    assert group.accepted
    (read,) = await network.read(AD_GROUP, [campaign])
    assert read.switched_on, "an ad group has no switch of its own"
    pair = await network.switch(CREATIVE, [tree.ids["creative/v1"], "1-2"], on=False)
    assert [one.accepted for one in pair] == [True, False]
    for kind in ObjectKind:
        assert await network.read(kind, ["x", "1:", "-"]) == []
    assert network._wire.errors.spent == 0


async def test_when_no_switch_went_through_the_reason_is_raised(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    other = await stage.tree(network, "other").make()
    ids = [tree.ids["campaign"], other.ids["campaign"]]
    stage.box.arm("applovin", "server_error", path="campaign/update", count=1)
    results = await network.switch(CAMPAIGN, ids, on=True)
    assert sorted(one.accepted for one in results) == [False, True]
    assert all(one.error for one in results if not one.accepted)
    stage.box.arm("applovin", "server_error", path="campaign/update", count=2)
    with pytest.raises(Ambiguous):
        await network.switch(CAMPAIGN, ids, on=False)


async def test_rejections_come_with_applovins_reasons(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    await tree.switch(on=True)
    (campaign,) = await network.read(CAMPAIGN, [tree.ids["campaign"]])
    assert campaign.delivery is Delivery.PAUSED
    assert campaign.issue == "it starts at 2026-03-03T09:10:00 UTC"
    stage.later(minutes=10)
    video, image = tree.ids["creative/v1"].split("-")
    for verdict, ad_state, whole in (
        ("ACTIVE", Delivery.ACTIVE, Delivery.ACTIVE),
        ("SOMETHING_NEW", Delivery.UNKNOWN, Delivery.UNKNOWN),
        ("REJECTED", Delivery.REJECTED, Delivery.REJECTED),
    ):
        stage.change("asset", image, _verdict=verdict)
        (ad,) = await network.read(AD, tree.ads)
        (campaign,) = await network.read(CAMPAIGN, [tree.ids["campaign"]])
        assert (ad.delivery, campaign.delivery) == (ad_state, whole)
    assert ad.issue is not None
    assert "MISLEADING_CONTENT" in ad.issue
    assert campaign.issue == "all its ads were rejected"
    (creative,) = await network.read(CREATIVE, [tree.ids["creative/v1"]])
    assert creative.delivery is Delivery.REJECTED
    assert creative.issue is not None
    assert "MISLEADING_CONTENT" in creative.issue
    assert video


async def test_budget_bid_and_end_are_set_and_bad_ones_never_sent(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    group = tree.ids["ad_group"]
    await network.set_daily_budget(group, Money.of("70.5"))
    await network.set_bid(group, Money.of("1.239"))
    await network.set_end_time(group, datetime(2026, 3, 4, 10, 30, 59, tzinfo=UTC))
    row = stage.row("campaign")
    assert row["budget"]["daily_budget_for_all_countries"] == "70.50"
    assert row["goal"]["goal_value_for_all_countries"] == "1.23"
    assert row["end_date"] == "2026-03-04T10:30:00"
    (read,) = await network.read(AD_GROUP, [group])
    assert (read.daily_budget, read.bid) == (Money.of("70.5"), Money.of("1.23"))
    assert read.end_time == datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
    before = len(stage.writes)
    for call, why in (
        (network.set_daily_budget(group, Money.of("70.505")), "finer than a cent"),
        (network.set_daily_budget("5", Money.of("70")), "knows no campaign 5"),
        (network.set_bid(group, Money.of("0.001")), "too small"),
        (network.set_bid(group, Money.of("100", "JPY")), "is in JPY"),
        (network.set_end_time(group, MORNING), "not after the campaign's start"),
    ):
        with pytest.raises(Refused, match=why):
            await call
    assert len(stage.writes) == before
    # A campaign without an end gets one.
    stage.change("campaign", group, end_date=None, is_continuous_delivery=True)
    await network.set_end_time(group, MORNING + timedelta(days=1))
    row = stage.row("campaign")
    assert (row["end_date"], row["is_continuous_delivery"]) == ("2026-03-04T09:00:00", False)


@pytest.mark.parametrize(
    ("value", "micros"),
    [("5000", 5_000_000_000), (5000, 5_000_000_000), ("0.13", 130_000), (12.5, 12_500_000),
     ("", None), (None, None), ("n/a", None)],
)  # fmt: skip
def test_amounts_are_read_as_strings_or_numbers(value: object, micros: int | None) -> None:
    read = money(value)
    assert (read.micros if read else None) == micros


def test_amounts_are_written_as_decimals() -> None:
    assert decimal_text(Money.of("1234567.89")) == "1234567.89"
    assert decimal_text(Money.of("10")) == "10.00"


# -- figures ----------------------------------------------------------------------------------


async def test_figures_name_campaigns_and_ads_by_our_ids(
    stage: Stage, network: AppLovinNetwork
) -> None:
    first = await stage.tree(network, "one", variants=2).make()
    second = await stage.tree(network, "two").make()
    for tree in (first, second):
        await tree.switch(on=True)
    stage.later(hours=5)
    today = MORNING.date()
    report = await network.account_metrics(today, today)
    assert {row.campaign_id for row in report.rows} == {
        first.ids["campaign"],
        second.ids["campaign"],
    }
    ads = await network.ad_metrics(today, today)
    assert {row.ad_id for row in ads.rows} == {*first.ads, *second.ads}
    for row in report.rows:
        mine = [ad for ad in ads.rows if ad.campaign_id == row.campaign_id]
        assert sum(ad.impressions for ad in mine) == row.impressions > 0
        assert sum(ad.clicks for ad in mine) == row.clicks
        assert abs(sum(ad.spend.micros for ad in mine) - row.spend.micros) <= 20_000
        assert row.revenue is None
    # The ids do not change, so they are looked up once.
    stage.sent.clear()
    again = await network.account_metrics(today, today)
    assert again.rows == report.rows
    assert not [path for _, path in stage.sent if "campaign" in path]
    stage.change("account", "412345", _bare_reports=True)
    assert (await network.account_metrics(today, today)).rows == report.rows
    assert (await network.ad_metrics(today, today)).rows == ads.rows


async def test_long_periods_are_asked_for_in_stretches_and_pages(
    stage: Stage, network: AppLovinNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = await stage.tree(network).make()
    await network.set_end_time(tree.ids["ad_group"], MORNING + timedelta(days=60))
    await tree.switch(on=True)
    stage.later(days=50)
    monkeypatch.setattr("platforms.applovin.wire.REPORT_PAGE", 7)
    first = MORNING.date() - timedelta(days=20)
    report = await network.account_metrics(first, stage.clock.at.date())
    days = [row.day for row in report.rows]
    assert len(days) == len(set(days)) >= 50
    assert days == sorted(days)
    total = sum(row.spend.micros for row in report.rows)
    assert abs(total - stage.spent) < stage.spent // 20


async def test_the_report_key_is_in_no_log_and_no_error(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    network = stage.open()
    await network.account_metrics(MORNING.date(), MORNING.date())
    assert "/report?" in caplog.text, "httpx writes the address"
    assert "sandbox-applovin-report-key" not in caplog.text
    await network.aclose()
    wrong = stage.open(report_key="a-wrong-report-key")
    with pytest.raises(AccessDenied) as denied:
        await wrong.account_metrics(MORNING.date(), MORNING.date())
    health = await wrong.check_account()
    assert not health.usable
    assert "it is another key than the one for campaigns" in " ".join(health.problems)
    told = [str(denied.value), repr(denied.value), repr(denied.value.__cause__), caplog.text]
    assert "a-wrong-report-key" not in "".join(told)
    await wrong.aclose()


# -- the account ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["suspended", "disabled", "payment_declined", "prepaid_exhausted"]
)
async def test_an_account_that_cannot_spend_is_named_and_can_be_paused(
    status: str, stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    await tree.switch(on=True)
    stage.later(hours=3)
    before = stage.spent
    assert before > 0
    path = "/accounts/applovin/412345"
    stage.box.control.post(path, json={"status": status}).raise_for_status()
    health = await network.check_account()
    assert (health.usable, health.status.value, health.read) == (False, status, True)
    assert "AppLovin does not let the account spend" in health.problems[0]
    stage.later(hours=2)
    assert stage.spent == before
    (off,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert off.accepted
    with pytest.raises(AccessDenied):
        await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    stage.box.control.post(path, json={"status": "active"}).raise_for_status()
    assert (await network.check_account()).usable


async def test_a_bad_management_key_is_denied_outright(stage: Stage) -> None:
    network = stage.open(management_key="wrong")
    with pytest.raises(AccessDenied):
        await network.check_account()
    await network.aclose()


async def test_another_time_zone_or_currency_is_a_problem_with_its_way_out(stage: Stage) -> None:
    other = {"timezone": "Europe/Berlin", "currency": "EUR"}
    network = stage.open(stage.account().model_copy(update=other))
    health = await network.check_account()
    said = " ".join(health.problems)
    assert "days are in UTC, but Europe/Berlin is set for the account; set UTC." in said
    assert "currency is USD, but EUR is set for the account; set USD." in said
    await network.aclose()


async def test_a_lost_read_is_no_doubt_and_a_lost_write_is(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    group = tree.ids["ad_group"]
    kinds: list[type[NetworkError]] = []
    for method in ("GET", "POST"):
        stage.box.arm("applovin", "lost_answer", method=method, count=1)
        with pytest.raises(NetworkError) as lost:
            await network.set_daily_budget(group, Money.of("61"))
        kinds.append(type(lost.value))
    assert [one.__name__ for one in kinds] == ["Transient", "Ambiguous"]
    (read,) = await network.read(AD_GROUP, [group])
    assert read.daily_budget == Money.of("61")
