"""Listing a whole account, lowering bids, and the network's own last stop, on every network."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    Bid,
    CampaignOrder,
    Delivery,
    NetworkObject,
    ObjectKind,
    Targeting,
)
from models.contract.vocabulary import Objective, Platform
from platforms import meta
from platforms.errors import Refused
from platforms.network import AdNetwork, Ground
from platforms.registry import capabilities
from platforms.x import wire as x_wire
from sandbox.meta import APP_SECRET, TOKEN
from tests.clock import Clock
from tests.platforms.x_bench import connected, creative_order, picture
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, AD_GROUP, AD = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP, ObjectKind.AD
USD = Money.of
META_ACCOUNT = AdAccount(
    id=UUID(int=1),
    team_id=UUID(int=2),
    platform=Platform.META,
    name="Journal",
    external_id="1001",
    options={"page_id": "7001", "pixel_id": "8001"},
)


@dataclass
class Stage:
    """One network with its stand-in and a clock that can be set forward."""

    platform: str
    box: Sandbox
    network: AdNetwork
    watch: Clock

    async def tree(self, image: Path, cap: Money | None = None, **group: object) -> NetworkObject:
        """A campaign with an ad group and an ad; its ad group."""
        campaign = await self.network.create(self.campaign("k1campaign", spend_cap=cap))
        made = await self.network.create(self.group(campaign.id, **group))
        creative = await self.network.create(creative_order(image))
        await self.network.create(
            AdOrder(key="k4advert", name="v1", ad_group_id=made.id, creative_id=creative.id)
        )
        return made

    def campaign(self, key: str, **changes: object) -> CampaignOrder:
        return CampaignOrder.model_validate(
            {
                "key": key,
                "name": "Spring",
                "objective": Objective.TRAFFIC,
                "daily_budget": USD(20),
                **changes,
            }
        )

    def group(self, campaign_id: str, **changes: object) -> AdGroupOrder:
        now = self.box.world.now()
        return AdGroupOrder.model_validate(
            {
                "key": "k2group",
                "name": "Readers",
                "campaign_id": campaign_id,
                "objective": Objective.TRAFFIC,
                "daily_budget": USD(20),
                "targeting": Targeting(),
                "start_time": now - timedelta(hours=1),
                "end_time": now + timedelta(days=60),
                **changes,
            }
        )

    async def switch_on(self, group: NetworkObject) -> None:
        assert group.parent_id is not None
        if self.network.capabilities.can_pause_ad:
            (ad,) = await self.network.find(AD, "k4advert", group.id)
            await self.network.switch(AD, [ad.id], on=True)
        await self.network.switch(AD_GROUP, [group.id], on=True)
        await self.network.switch(CAMPAIGN, [group.parent_id], on=True)

    def spent(self, campaign_id: str | None) -> int:
        """What a campaign has truly cost, micros."""
        truth = self.box.control.get("/truth").json()
        rows = truth["campaigns"] if isinstance(truth, dict) else truth
        return sum(row["spend_micros"] for row in rows if row["campaign_id"] == campaign_id)


@pytest_asyncio.fixture(params=["meta", "x"])
async def stage(
    request: pytest.FixtureRequest, sandbox_factory: Callable[..., Sandbox]
) -> AsyncIterator[Stage]:
    watch = Clock()
    box = sandbox_factory(tempo=1.0, networks=(request.param,), origin=watch(), real=watch)
    if request.param == "x":
        network: AdNetwork = connected(box.url, box.world.now)
    else:
        network = meta.connect(
            META_ACCOUNT,
            {"access_token": TOKEN, "app_id": "1", "app_secret": APP_SECRET},
            Ground({"api": f"{box.url}/meta"}, box.world.now),
        )
    yield Stage(request.param, box, network, watch)
    await network.aclose()


@pytest.fixture
def image(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    size = (1200, 628) if "x" in request.node.name.rsplit("[", 1)[-1] else (1080, 1080)
    return picture(tmp_path, size)


async def test_an_account_is_listed_whole_and_without_what_is_removed(
    stage: Stage, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three pages of campaigns, one of them removed, one made by somebody else."""
    monkeypatch.setattr("platforms.meta.adapter._PAGE", 5)
    monkeypatch.setitem(x_wire._PAGES, "campaigns", 5)
    network = stage.network
    group = await stage.tree(image)
    made = {group.parent_id: "k1campaign"}
    for number in range(10):
        key = f"k{number}many"
        made[(await network.create(stage.campaign(key))).id] = key
    gone = next(one for one, key in made.items() if key == "k7many")
    assert gone is not None
    await network.remove(CAMPAIGN, gone)
    await stage.switch_on(group)

    campaigns = {one.id: one for one in await network.list_objects(CAMPAIGN)}
    assert {one.id: one.key for one in campaigns.values()} == {
        key: value for key, value in made.items() if key != gone
    }
    assert [one.id for one in campaigns.values() if one.switched_on] == [group.parent_id]
    (seen,) = await network.list_objects(AD_GROUP)
    (read,) = await network.read(AD_GROUP, [group.id])
    assert seen == read.model_copy(update={"as_of": seen.as_of})
    assert (seen.key, seen.parent_id, seen.daily_budget) == ("k2group", group.parent_id, USD(20))
    assert seen.end_time is not None
    assert seen.automatic == ()
    (ad,) = await network.list_objects(AD)
    assert ad.parent_id == group.id
    assert ad.delivery is Delivery.IN_REVIEW
    with pytest.raises(Refused, match="not listed"):
        await network.list_objects(ObjectKind.CREATIVE)


async def test_what_the_network_widens_by_itself_is_seen(stage: Stage, image: Path) -> None:
    group = await stage.tree(image)
    kind = "adset" if stage.platform == "meta" else "line_item"
    row = stage.box.world.get(stage.platform, kind, group.id)
    assert row is not None
    if stage.platform == "meta":
        row["targeting"]["targeting_automation"] = {"advantage_audience": 1}
    else:
        row["audience_expansion"] = "BROAD"
    stage.box.world.put(stage.platform, kind, group.id, row)

    (seen,) = await stage.network.list_objects(AD_GROUP)

    assert [word.split()[0] for word in seen.automatic] in (["advantage"], ["audience"])


async def test_a_bid_is_lowered_where_there_is_one(stage: Stage, image: Path) -> None:
    bid = Bid(strategy="bid_cap", amount=USD("1.50"))
    group = await stage.tree(image, bid=bid)
    plain = await stage.network.create(stage.group(group.parent_id or "", key="k5plain"))

    await stage.network.set_bid(group.id, USD("1.057"))

    (read,) = await stage.network.read(AD_GROUP, [group.id])
    assert read.bid == USD("1.05"), "rounded down: a bid may cost less, never more"
    assert (await stage.network.read(AD_GROUP, [plain.id]))[0].bid is None
    for group_id, amount, why in (
        (plain.id, USD(1), "no amount to set"),
        (group.id, USD(1, "EUR"), "convert it first"),
        (group.id, USD("0.004"), "more than zero"),
    ):
        with pytest.raises(Refused, match=why):
            await stage.network.set_bid(group_id, amount)
    assert (await stage.network.read(AD_GROUP, [group.id]))[0].bid == USD("1.05")


async def test_spend_ends_at_the_networks_own_cap(stage: Stage, image: Path) -> None:
    """Forty days at $20 would cost $800; the cap on the network ends it at $110."""
    assert stage.network.capabilities.spend_cap
    group = await stage.tree(image, cap=USD("110.005"))
    await stage.switch_on(group)

    for _ in range(40):
        stage.watch.forward(days=1)
        stage.box.world.settle()

    spent = stage.spent(group.parent_id)
    assert 109_000_000 < spent <= 110_005_000


async def test_a_cap_that_the_network_cannot_carry_is_left_out(stage: Stage, image: Path) -> None:
    small = await stage.network.create(stage.campaign("k8small", spend_cap=USD(15)))
    kind, field = "campaign", {"meta": "spend_cap", "x": "total_budget_amount_local_micro"}
    row = stage.box.world.get(stage.platform, kind, small.id)
    assert row is not None
    if stage.platform == "meta":  # nothing below $100
        assert row.get(field["meta"]) is None
        return
    # X takes any, but no day above the whole: neither at the start nor when the budget moves.
    assert row[field["x"]] == 15_000_000
    group = await stage.network.create(stage.group(small.id))
    await stage.network.set_daily_budget(group.id, USD(30))
    (read,) = await stage.network.read(AD_GROUP, [group.id])
    (campaign,) = await stage.network.read(CAMPAIGN, [small.id])
    assert (read.daily_budget, campaign.daily_budget) == (USD(30), USD(15))


@pytest.mark.parametrize("platform", [Platform.META, Platform.X])
def test_what_limits_spend_without_us_is_named(platform: Platform) -> None:
    """Either an end time that the network holds to the minute, or a fallback in words."""
    able = capabilities(platform)
    assert bool(able.lease_fallback) != (able.end_time_granularity <= timedelta(hours=1))
    assert able.spend_cap
    assert all(one.micros > 0 for one in able.spend_cap_minimum.values())
