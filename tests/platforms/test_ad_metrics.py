"""Figures of single ads, from both networks over HTTP."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from facebook_business.adobjects.adaccount import AdAccount as GraphAccount
from facebook_business.exceptions import FacebookRequestError

from models.contract.network import AdMetricsRow, AdOrder, MetricsRow, ObjectKind
from models.contract.vocabulary import Objective
from platforms import meta
from platforms.errors import Refused
from platforms.meta import insights as meta_insights
from platforms.network import AdNetwork, Ground
from platforms.x import ad_stats as x_ad_stats
from platforms.x import stats as x_stats
from platforms.x.ad_stats import AdBook
from tests.clock import Clock
from tests.platforms import test_meta as meta_orders
from tests.platforms import x_bench
from tests.platforms.x_bench import picture
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, AD_GROUP, AD = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP, ObjectKind.AD
Figures = tuple[int, int, int, int, int]


@dataclass
class Account:
    """A sandbox account with two campaigns that delivered for nine days; ads by campaign."""

    sandbox: Sandbox
    network: AdNetwork
    ads: dict[str, list[str]]
    since: date
    until: date


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def serve(sandbox_factory: Callable[..., Sandbox], watch: Clock) -> Callable[[str], Sandbox]:
    return lambda name: sandbox_factory(tempo=1.0, networks=(name,), origin=watch(), real=watch)


async def _deliver(account: Account, groups: Sequence[str], watch: Clock) -> Account:
    """Switch everything on, children first, for nine days; then let it be reported."""
    network = account.network
    if network.capabilities.can_pause_ad:
        await network.switch(AD, [ad for ads in account.ads.values() for ad in ads], on=True)
    await network.switch(AD_GROUP, groups, on=True)
    await network.switch(CAMPAIGN, list(account.ads), on=True)
    watch.forward(days=9)
    await network.switch(CAMPAIGN, list(account.ads), on=False)
    watch.forward(days=3)
    account.until = account.sandbox.world.now().date()
    return account


@pytest_asyncio.fixture
async def on_meta(
    serve: Callable[[str], Sandbox], watch: Clock, tmp_path: Path
) -> AsyncIterator[Account]:
    box = serve("meta")
    network = meta.connect(
        meta_orders.ACCOUNT,
        meta_orders.CREDENTIALS,
        Ground({"api": f"{box.url}/meta"}, box.world.now),
    )
    image, end = picture(tmp_path, (1080, 1080)), box.world.now() + timedelta(days=30)
    account = Account(box, network, {}, box.world.now().date(), box.world.now().date())
    groups: list[str] = []
    for name, objective, ads in (("a", Objective.TRAFFIC, 3), ("b", Objective.APPLICATIONS, 1)):
        campaign = await network.create(meta_orders.campaign_order(name, objective=objective))
        group = await network.create(
            meta_orders.ad_group_order(
                campaign.id,
                f"{name}-g",
                objective=objective,
                start_time=box.world.now(),
                end_time=end,
            )
        )
        groups.append(group.id)
        for n in range(ads):
            creative = await network.create(meta_orders.creative_order(image, f"{name}-c{n}"))
            ad = await network.create(
                AdOrder(key=f"{name}-a{n}", name="v", ad_group_id=group.id, creative_id=creative.id)
            )
            account.ads.setdefault(campaign.id, []).append(ad.id)
    yield await _deliver(account, groups, watch)
    await network.aclose()


@pytest_asyncio.fixture
async def on_x(
    serve: Callable[[str], Sandbox], watch: Clock, tmp_path: Path
) -> AsyncIterator[Account]:
    box = serve("x")
    network = x_bench.connected(box.url, box.world.now)
    image, end = picture(tmp_path), box.world.now() + timedelta(days=30)
    account = Account(box, network, {}, box.world.now().date(), box.world.now().date())
    groups: list[str] = []
    for name, ads in (("1a", 3), ("2b", 1)):
        campaign = await network.create(x_bench.campaign_order(f"k{name}campaign"))
        group = await network.create(
            x_bench.group_order(campaign.id, box.world.now(), f"k{name}group")
        )
        await network.set_end_time(group.id, end)
        groups.append(group.id)
        for n in range(ads):
            creative = await network.create(
                x_bench.creative_order(image, f"k{name}creative{n}", f"Read how {name}{n} is done.")
            )
            ad = await network.create(
                AdOrder(
                    key=f"k{name}ad{n}", name="v", ad_group_id=group.id, creative_id=creative.id
                )
            )
            account.ads.setdefault(campaign.id, []).append(ad.id)
    yield await _deliver(account, groups, watch)
    await network.aclose()


@pytest.fixture(params=["on_meta", "on_x"])
def account(request: pytest.FixtureRequest) -> Account:
    return request.getfixturevalue(request.param)


def summed(rows: Sequence[AdMetricsRow] | Sequence[MetricsRow]) -> dict[tuple[str, str], Figures]:
    """Impressions, clicks, conversions, spend and revenue by campaign and day."""
    sums: dict[tuple[str, str], Figures] = {}
    for row in rows:
        before = sums.get((row.campaign_id, row.day), (0, 0, 0, 0, 0))
        revenue = row.revenue.micros if row.revenue else 0
        new = (row.impressions, row.clicks, row.conversions, row.spend.micros, revenue)
        sums[row.campaign_id, row.day] = (
            before[0] + new[0],
            before[1] + new[1],
            before[2] + new[2],
            before[3] + new[3],
            before[4] + new[4],
        )
    return sums


async def test_ads_sum_up_to_their_campaigns_days(account: Account) -> None:
    network, since, until = account.network, account.since, account.until

    by_ad = await network.ad_metrics(since, until)
    by_campaign = await network.account_metrics(since, until)

    assert by_ad.as_of <= account.sandbox.world.now()
    assert len({row.day for row in by_ad.rows}) >= 9, "more than one week of X"
    keys = [(row.ad_id, row.day) for row in by_ad.rows]
    assert len(set(keys)) == len(keys)
    of_ads = {ad: campaign for campaign, ads in account.ads.items() for ad in ads}
    assert {row.ad_id: row.campaign_id for row in by_ad.rows} == of_ads
    ads, campaigns = summed(by_ad.rows), summed(by_campaign.rows)
    assert ads.keys() == campaigns.keys()
    assert sum(figures[2] for figures in campaigns.values()) > 0
    for key, figures in campaigns.items():
        assert ads[key][:3] == figures[:3], key
        # Meta shows cents, so each ad may be half a cent off.
        for amount, whole in zip(ads[key][3:], figures[3:], strict=True):
            assert abs(amount - whole) <= 5_000 * (len(account.ads[key[0]]) + 1), key
    known = network.capabilities.platform.value == "meta"
    assert all((0 < row.reach <= row.impressions) is known for row in by_ad.rows)


async def test_x_is_asked_in_its_portions_and_for_ads_that_are_gone(
    on_x: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, until = on_x.since, on_x.until
    whole = (await on_x.network.ad_metrics(since, until)).rows
    for ads in on_x.ads.values():
        await on_x.network.remove(AD, ads[0])
    # A connection that never met these ads, and less than it could ask for at once.
    monkeypatch.setattr(x_stats, "ENTITIES_PER_CALL", 2)
    fresh = x_bench.connected(on_x.sandbox.url, on_x.sandbox.world.now)
    try:
        assert (await fresh.ad_metrics(since, until)).rows == whole
        monkeypatch.setattr(x_ad_stats, "_MOST_ADS", 3)
        first, second = [(await fresh.ad_metrics(since, until)).rows for _ in range(2)]
    finally:
        await fresh.aclose()
    assert all(len({row.ad_id for row in part}) == 3 for part in (first, second))
    assert {repr(row) for row in (*first, *second)} == {repr(row) for row in whole}


def test_every_ad_of_a_large_account_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x_ad_stats, "_MOST_ADS", 4)
    book, ads = AdBook(), [f"ad{n}" for n in range(9)]
    assert [book.turn(ads) for _ in range(3)] == [ads[:4], ads[4:8], [*ads[:3], ads[8]]]
    assert book.turn(ads[:4]) == ads[:4]
    assert book.turn([]) == []


async def test_meta_tells_how_many_people_an_ad_has_reached_so_far(on_meta: Account) -> None:
    rows = (await on_meta.network.ad_metrics(on_meta.since, on_meta.until)).rows
    last = max(one.day for one in rows)
    asked = await on_meta.network.ad_metrics(on_meta.since, date.fromisoformat(last))
    of_day = [one for one in asked.rows if one.day == last]
    assert of_day
    assert all(one.reach_so_far > one.reach > 0 for one in of_day), "over its life, not of a day"
    assert all(one.reach_so_far == 0 for one in asked.rows if one.day < last)


async def test_meta_is_asked_in_smaller_portions_when_it_finds_them_too_much(
    on_meta: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, until = on_meta.since, on_meta.until
    whole = (await on_meta.network.ad_metrics(since, until)).rows
    answer: Any = vars(GraphAccount)["get_insights"]
    asked: list[int] = []
    limit, nothing = 3, dict[str, str]()

    def heavy(self: GraphAccount, fields: list[str], params: dict[str, Any]) -> Any:
        if "time_range" not in params:
            return answer(self, fields=fields, params=params)
        first, last = (date.fromisoformat(params["time_range"][end]) for end in ("since", "until"))
        asked.append((last - first).days + 1)
        if asked[-1] > limit:
            error = {"code": 100, "error_subcode": 1487534, "message": "reduce the data"}
            raise FacebookRequestError("", nothing, 400, nothing, {"error": error})
        return answer(self, fields=fields, params=params)

    monkeypatch.setattr(GraphAccount, "get_insights", heavy)
    monkeypatch.setattr(meta_insights, "_PAGE", 4)

    some = (await on_meta.network.ad_metrics(since, until)).rows

    assert sorted(map(repr, some)) == sorted(map(repr, whole))
    days = (until - since).days + 1
    assert asked[0] == days
    assert sum(count for count in asked if count <= limit) == days, "no day twice"
    limit = 0
    with pytest.raises(Refused, match="reduce the data"):
        await on_meta.network.ad_metrics(since, since + timedelta(days=1))
    assert asked[-2:] == [2, 1], "a single day is not halved"
