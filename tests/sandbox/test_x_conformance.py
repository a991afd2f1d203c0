"""The X stand-in against X's own SDK, unmodified, and against the traps it promises to set."""

import asyncio
import gzip
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from requests_oauthlib import OAuth1Session
from twitter_ads.account import Account
from twitter_ads.campaign import Campaign, FundingInstrument, LineItem
from twitter_ads.client import Client
from twitter_ads.creative import PromotedTweet
from twitter_ads.enum import GRANULARITY, METRIC_GROUP
from twitter_ads.error import BadRequest, NotAuthorized, RateLimit
from twitter_ads.http import Request as SdkRequest

from models.contract.network import ObjectKind
from sandbox.x.limits import Limit, RateLimits
from sandbox.x.signature import CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET
from sandbox.x.store import ACCOUNT_ID, FUNDING_INSTRUMENT_ID, USER_ID
from tests.clock import Clock
from tests.platforms.planting import Tree
from tests.platforms.x_bench import connected, picture, plant
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

SECRETS = (CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET)


class Wire:
    """Raw signed calls, by another OAuth library than the adapter's."""

    def __init__(self, box: Sandbox) -> None:
        self.base = f"{box.url}/x"
        key, secret, token, token_secret = SECRETS
        self.session = OAuth1Session(
            key,
            client_secret=secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
        )

    def call(self, method: str, path: str, **content: Any) -> Any:
        url = f"{self.base}/12/accounts/{ACCOUNT_ID}/{path}"
        if path.startswith("/"):
            url = f"{self.base}{path}"
        return self.session.request(method, url, timeout=10, **content)

    def campaign(self, **fields: Any) -> dict[str, Any]:
        form = {
            "funding_instrument_id": FUNDING_INSTRUMENT_ID,
            "name": "Spring & Co: 100 % ~ü",
            "daily_budget_amount_local_micro": 20_000_000,
            **fields,
        }
        answer = self.call("POST", "campaigns", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def code(self, method: str, path: str, **content: Any) -> tuple[int, str]:
        answer = self.call(method, path, **content)
        return answer.status_code, answer.json()["errors"][0]["code"]


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], watch: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("x",), origin=watch(), real=watch)


@pytest.fixture
def wire(box: Sandbox) -> Wire:
    return Wire(box)


@pytest.fixture
def tree(box: Sandbox, tmp_path: Path) -> Tree:
    """A tree made by the adapter and switched on."""

    async def make() -> Tree:
        network = connected(box.url, box.world.now)
        tree = await plant(network, box.world.now(), picture(tmp_path))
        await network.switch(ObjectKind.AD_GROUP, [tree.group.id], on=True)
        await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=True)
        await network.aclose()
        return tree

    return asyncio.run(make())


@pytest.fixture
def account(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Account:
    """X's SDK, told only another host."""
    monkeypatch.setattr(SdkRequest, "_DEFAULT_DOMAIN", f"{box.url}/x")
    return Client(*SECRETS).accounts(ACCOUNT_ID)


# -- the SDK ---------------------------------------------------------------------------------


def test_the_sdk_reads_accounts_and_funding(account: Account) -> None:
    assert account.name == "Sandbox X account"
    assert account.timezone == "UTC"
    assert [one.id for one in account.client.accounts()] == [ACCOUNT_ID]
    (instrument,) = account.funding_instruments()
    assert instrument.id == FUNDING_INSTRUMENT_ID
    assert FundingInstrument.load(account, instrument.id).currency == "USD"
    assert [user.user_id for user in account.promotable_users()] == [USER_ID]
    assert account.features()


def test_the_sdk_reads_the_tree(account: Account, tree: Tree) -> None:
    (campaign,) = account.campaigns()
    assert (campaign.id, campaign.entity_status) == (tree.campaign.id, "ACTIVE")
    assert campaign.daily_budget_amount_local_micro == 20_000_000
    assert account.campaigns(tree.campaign.id).name == tree.campaign.name
    (line,) = account.line_items(campaign_ids=tree.campaign.id)
    assert (line.id, line.objective, line.placements) == (
        tree.group.id,
        "WEBSITE_CLICKS",
        ["ALL_ON_TWITTER"],
    )
    assert line.end_time.endswith("Z")
    assert len(list(line.targeting_criteria())) == 6
    (ad,) = account.promoted_tweets()
    assert (ad.id, ad.tweet_id, ad.approval_status) == (
        tree.ad.id,
        tree.creative.id,
        "UNDER_REVIEW",
    )
    assert account.promoted_tweets(tree.ad.id).line_item_id == tree.group.id


def test_the_sdk_pages_with_cursors(account: Account, wire: Wire) -> None:
    made = [wire.campaign(name=f"campaign {n}")["id"] for n in range(7)]

    cursor = account.campaigns(count=3, with_total_count="true")

    assert cursor.count == 7
    assert [one.id for one in account.campaigns(count=3)] == made


def test_the_sdk_reads_stats(account: Account, tree: Tree, watch: Clock) -> None:
    start = watch().replace(hour=0, minute=0, second=0, microsecond=0)
    watch.forward(days=3)
    span = {"start_time": start, "end_time": start + timedelta(days=3)}
    groups = [METRIC_GROUP.ENGAGEMENT, METRIC_GROUP.BILLING, METRIC_GROUP.WEB_CONVERSION]

    daily = Campaign.all_stats(
        account, [tree.campaign.id], groups, granularity=GRANULARITY.DAY, **span
    )
    hourly = LineItem.all_stats(account, [tree.group.id], groups, **span)
    by_ad = PromotedTweet.all_stats(
        account, [tree.ad.id], groups, granularity=GRANULARITY.TOTAL, **span
    )

    metrics = daily[0]["id_data"][0]["metrics"]
    assert len(metrics["impressions"]) == 3
    assert metrics["follows"] is None
    assert metrics["conversion_purchases"].keys() >= {"post_view", "post_engagement"}
    assert metrics["clicks"] >= metrics["url_clicks"]
    spend = sum(metrics["billed_charge_local_micro"])
    assert spend > 20_000_000
    by_hour = hourly[0]["id_data"][0]["metrics"]
    assert len(by_hour["impressions"]) == 72
    for other in (by_hour, by_ad[0]["id_data"][0]["metrics"]):
        assert sum(other["billed_charge_local_micro"]) == pytest.approx(spend, rel=0.02)
    active = Campaign.active_entities(account, **span)
    assert [row["entity_id"] for row in active] == [tree.campaign.id]


def test_the_sdk_runs_a_stats_job(account: Account, tree: Tree, watch: Clock) -> None:
    start = watch().replace(minute=0, second=0, microsecond=0)
    watch.forward(days=2)
    job = Campaign.queue_async_stats_job(
        account,
        [tree.campaign.id],
        [METRIC_GROUP.BILLING],
        granularity=GRANULARITY.TOTAL,
        start_time=start,
        end_time=start + timedelta(days=2),
    )
    assert job.status == "PROCESSING"
    assert isinstance(job.id, int)
    deadline, url = time.monotonic() + 10, None
    while url is None and time.monotonic() < deadline:
        time.sleep(0.2)
        (seen,) = Campaign.async_stats_job_result(account, job_ids=[str(job.id)])
        url = seen.url
    answer = httpx.get(str(url), trust_env=False)
    assert answer.headers["content-type"] == "application/gzip"
    report = json.loads(gzip.decompress(answer.content))
    assert report["data"][0]["id"] == tree.campaign.id


def test_the_sdk_writes(account: Account, wire: Wire) -> None:
    campaign = Campaign(account)
    campaign.name = "by the SDK"
    campaign.funding_instrument_id = FUNDING_INSTRUMENT_ID
    campaign.daily_budget_amount_local_micro = 1_000_000
    campaign.save()
    assert campaign.entity_status == "ACTIVE"  # X's default, the first trap
    campaign.entity_status = "PAUSED"
    campaign.save()
    assert account.campaigns(campaign.id).entity_status == "PAUSED"
    campaign.delete()
    assert campaign.deleted is True
    assert list(account.campaigns()) == []
    assert [one.id for one in account.campaigns(with_deleted="true")] == [campaign.id]


def test_the_sdk_understands_the_errors(account: Account, box: Sandbox) -> None:
    with pytest.raises(BadRequest) as caught:
        Campaign.create(account, name="poor")
    assert caught.value.details[0]["code"] == "MISSING_PARAMETER"
    box.arm("x", "rate_limited")
    with pytest.raises(RateLimit) as limited:
        list(account.campaigns())
    assert int(limited.value.reset_at) >= int(time.time())
    wrong = Client(CONSUMER_KEY, "wrong", TOKEN, TOKEN_SECRET)
    with pytest.raises(NotAuthorized):
        wrong.accounts(ACCOUNT_ID)


# -- signatures ------------------------------------------------------------------------------


def test_signatures_are_checked(wire: Wire) -> None:
    url = f"{wire.base}/12/accounts"
    prepared = wire.session.prepare_request(
        requests.Request("GET", url, params={"q": "sand box/ä"})
    )
    header = prepared.headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header

    def ask(text: str, query: str = "q=sand+box%2F%C3%A4") -> tuple[int, str]:
        answer = httpx.get(f"{url}?{query}", headers={"Authorization": text}, trust_env=False)
        body = answer.json()
        return answer.status_code, body.get("errors", [{}])[0].get("message", "")

    assert ask("")[0] == 401
    assert "does not match" in ask(header, "q=other")[1]
    assert "does not match" in ask(header.replace('oauth_nonce="', 'oauth_nonce="1'))[1]
    stamp = header.split('oauth_timestamp="')[1].split('"')[0]
    assert "out of bounds" in ask(header.replace(stamp, str(int(stamp) - 301)))[1]
    assert "Unknown consumer" in ask(header.replace(CONSUMER_KEY, "someone"))[1]
    assert ask(header)[0] == 200
    assert "used before" in ask(header)[1]


def test_form_bodies_are_signed_and_json_is_not(wire: Wire) -> None:
    made = wire.campaign()
    assert made["name"] == "Spring & Co: 100 % ~ü"
    body = [{"operation_type": "Update", "params": {"campaign_id": made["id"], "name": "a=b&c"}}]
    answer = wire.call("POST", f"/12/batch/accounts/{ACCOUNT_ID}/campaigns", json=body)
    assert answer.json()["data"][0]["name"] == "a=b&c"


# -- traps -----------------------------------------------------------------------------------


def test_a_new_campaign_looks_as_documented(wire: Wire) -> None:
    made = wire.campaign(entity_status="PAUSED")
    assert made["effective_status"] == "UNKNOWN"
    assert made["servable"] is False
    assert made["reasons_not_servable"] == ["PAUSED_BY_ADVERTISER", "INCOMPLETE"]
    assert made["id"].isalnum()
    assert made["budget_optimization"] == "LINE_ITEM"
    assert not any(name.startswith("_") for name in made)


def test_bad_values_are_refused_by_name(wire: Wire, box: Sandbox) -> None:
    campaign = wire.campaign()
    money = "daily_budget_amount_local_micro"
    good = {"funding_instrument_id": FUNDING_INSTRUMENT_ID, "name": "n", money: 5_000_000}
    for change, code in (
        ({"name": ""}, "MISSING_PARAMETER"),
        ({"name": "n" * 256}, "INVALID_PARAMETER"),
        ({money: "12.5"}, "INVALID_PARAMETER"),
        ({"total_budget_amount_local_micro": 4_000_000}, "INVALID_PARAMETER"),
        ({"funding_instrument_id": "other"}, "INVALID_FUNDING_INSTRUMENT"),
        ({"entity_status": "ON"}, "INVALID_PARAMETER"),
    ):
        assert wire.code("POST", "campaigns", data={**good, **change}) == (400, code)
    line = {
        "campaign_id": campaign["id"],
        "objective": "REACH",
        "product_type": "PROMOTED_TWEETS",
        "placements": "ALL_ON_TWITTER",
        "start_time": "2026-11-21T00:00:00Z",
        "end_time": "2026-11-28T00:00:00Z",
    }
    for change, code in (
        ({"end_time": ""}, "MISSING_PARAMETER"),
        ({"end_time": "2026-11-20T00:00:00Z"}, "INVALID_PARAMETER"),
        ({"bid_strategy": "TARGET"}, "MISSING_PARAMETER"),
        ({"bid_strategy": "MAX", "bid_amount_local_micro": 10_000}, "INVALID_PARAMETER"),
        ({"bid_amount_local_micro": 1_234}, "INVALID_DENOMINATION"),
        ({"goal": "LINK_CLICKS"}, "INVALID_PARAMETER"),
        ({"placements": "BILLBOARD"}, "INVALID_PARAMETER"),
    ):
        assert wire.code("POST", "line_items", data={**line, **change}) == (400, code)
    assert wire.call("POST", "line_items", data=line).json()["data"]["entity_status"] == "ACTIVE"
    clicks = {**line, "objective": "WEBSITE_CLICKS"}
    assert wire.code("POST", "line_items", data=clicks) == (400, "INVALID_PARAMETER")
    assert wire.code("PUT", "campaigns/zz", data={"name": "n"}) == (404, "CAMPAIGN_NOT_FOUND")
    assert wire.code("GET", "/12/accounts/none/campaigns") == (403, "ACCOUNT_NOT_FOUND")


def test_two_hundred_campaigns_are_all(wire: Wire, box: Sandbox) -> None:
    stored = box.world.get("x", "account", ACCOUNT_ID)
    assert stored is not None
    assert stored["_campaign_limit"] == 200
    box.world.put("x", "account", ACCOUNT_ID, {**stored, "_campaign_limit": 2})
    first = wire.campaign(entity_status="PAUSED")
    wire.campaign()
    form = {
        "funding_instrument_id": FUNDING_INSTRUMENT_ID,
        "name": "one too many",
        "daily_budget_amount_local_micro": 1_000_000,
    }
    assert wire.code("POST", "campaigns", data=form) == (400, "TOO_MANY_CAMPAIGNS")
    wire.call("DELETE", f"campaigns/{first['id']}")
    assert wire.call("POST", "campaigns", data=form).status_code == 200


def test_a_batch_is_all_or_nothing(wire: Wire) -> None:
    ids = [wire.campaign()["id"] for _ in range(2)]
    path = f"/12/batch/accounts/{ACCOUNT_ID}/campaigns"

    def pause(*some: str) -> list[dict[str, Any]]:
        params = [{"campaign_id": one, "entity_status": "PAUSED"} for one in some]
        return [{"operation_type": "Update", "params": each} for each in params]

    answer = wire.call("POST", path, json=pause(ids[0], "zz9", ids[1]))
    assert answer.status_code == 400
    shape = [[error["code"] for error in item] for item in answer.json()["operation_errors"]]
    assert shape == [[], ["CAMPAIGN_NOT_FOUND"], []]
    listed = wire.call("GET", "campaigns").json()["data"]
    assert {row["entity_status"] for row in listed} == {"ACTIVE"}
    assert wire.call("POST", path, json=pause(*ids)).status_code == 200
    assert wire.code("POST", path, json=pause(*ids) * 21) == (400, "REQUEST_TOO_COMPLEX")


def test_ads_cannot_be_changed(wire: Wire, tree: Tree) -> None:
    path = f"promoted_tweets/{tree.ad.id}"
    assert wire.code("PUT", path, data={"entity_status": "PAUSED"})[0] == 405
    assert wire.call("DELETE", path).json()["data"]["deleted"] is True
    assert wire.code("GET", path) == (404, "PROMOTED_TWEET_NOT_FOUND")
    gone = wire.call("GET", path, params={"with_deleted": "true"}).json()["data"]
    assert gone["deleted"] is True


def test_an_ad_is_made_once_and_hidden_below_a_deleted_parent(wire: Wire, tree: Tree) -> None:
    form = {"line_item_id": tree.group.id, "tweet_ids": tree.creative.id}
    duplicate = (400, "DUPLICATE_PROMOTABLE_ENTITY")
    assert wire.code("POST", "promoted_tweets", data=form) == duplicate
    assert len(wire.call("GET", "promoted_tweets").json()["data"]) == 1
    wire.call("DELETE", f"campaigns/{tree.campaign.id}")
    assert wire.call("GET", "line_items").json()["data"] == []
    assert wire.call("GET", "promoted_tweets").json()["data"] == []
    hidden = wire.call("GET", "promoted_tweets", params={"with_deleted": "true"}).json()["data"]
    assert [row["deleted"] for row in hidden] == [False]


def test_pages_have_their_sizes(wire: Wire) -> None:
    for path, most in (("campaigns", 1000), ("cards", 200), ("media_library", 50)):
        assert wire.call("GET", path, params={"count": most}).status_code == 200
        too_many = wire.code("GET", path, params={"count": most + 1})
        assert too_many == (400, "INVALID_PARAMETER")


def test_search_is_by_prefix(wire: Wire) -> None:
    for name in ("k1one Spring", "K1ONE Summer", "Spring k1one"):
        wire.campaign(name=name)
    found = wire.call("GET", "campaigns", params={"q": "k1one"}).json()["data"]
    assert [row["name"] for row in found] == ["k1one Spring", "K1ONE Summer"]


def test_stats_have_their_limits(wire: Wire, tree: Tree) -> None:
    good = {
        "entity": "CAMPAIGN",
        "entity_ids": tree.campaign.id,
        "granularity": "DAY",
        "metric_groups": "BILLING",
        "placement": "ALL_ON_TWITTER",
        "start_time": "2026-11-14T00:00:00Z",
        "end_time": "2026-11-21T00:00:00Z",
    }
    path = f"/12/stats/accounts/{ACCOUNT_ID}"
    empty = wire.call("GET", path, params=good).json()
    assert empty["time_series_length"] == 7
    assert empty["data"][0]["id_data"][0]["metrics"]["billed_charge_local_micro"] is None
    for change, code in (
        ({"end_time": "2026-11-22T00:00:00Z"}, "INVALID_TIME_WINDOW"),
        ({"start_time": "2026-11-14T01:00:00Z"}, "INVALID_PARAMETER"),
        ({"end_time": "2026-11-20T00:30:00Z"}, "INVALID_PARAMETER"),
        ({"entity_ids": ",".join("abcdefghijklmnopqrstu")}, "INVALID_PARAMETER"),
        ({"placement": ""}, "MISSING_PARAMETER"),
        ({"metric_groups": "BILLING,MOBILE_CONVERSION"}, "EXCLUSIVE_PARAMETERS"),
    ):
        assert wire.code("GET", path, params={**good, **change}) == (400, code)


def test_catalogues_are_rationed(wire: Wire) -> None:
    path = "/12/targeting_criteria/locations"
    answers = [wire.call("GET", path, params={"country_code": "US"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == list("432100")
    assert int(answers[-1].headers["x-rate-limit-reset"]) > time.time()
    assert answers[0].json()["data"][0]["name"] == "United States"
    assert wire.call("GET", "campaigns").headers["x-account-rate-limit-limit"] == "10000"


def test_windows_reset_in_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, now = RateLimits(), 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    taken = [limits.take(Limit.WRITE, ACCOUNT_ID, "/")[0] for _ in range(451)]
    assert taken.count(True) == 450
    now += 60
    assert limits.take(Limit.WRITE, ACCOUNT_ID, "/")[0]


def test_state_survives_a_restart(
    sandbox_factory: Callable[..., Sandbox], box: Sandbox, tree: Tree
) -> None:
    box.stop()
    again = Wire(sandbox_factory(directory=box.directory, tempo=1.0, networks=("x",)))
    (row,) = again.call("GET", "campaigns").json()["data"]
    assert (row["id"], row["entity_status"]) == (tree.campaign.id, "ACTIVE")
    assert again.campaign()["id"] > tree.campaign.id


def test_nothing_is_spent_before_review_after_pause_or_without_its_post(
    box: Sandbox, wire: Wire, tree: Tree, watch: Clock
) -> None:
    def rate() -> int:
        campaigns = box.control.get("/truth").json()["campaigns"]
        return sum(row["rate_micros_per_hour"] for row in campaigns)

    assert rate() == 0
    watch.forward(minutes=11)
    assert rate() > 0
    wire.call("PUT", f"campaigns/{tree.campaign.id}", data={"entity_status": "PAUSED"})
    assert rate() == 0
    wire.call("PUT", f"campaigns/{tree.campaign.id}", data={"entity_status": "ACTIVE"})
    assert rate() > 0
    wire.call("DELETE", f"/2/tweets/{tree.creative.id}")
    assert rate() == 0
    notes = box.control.get("/journal", params={"network": "x"}).json()
    switched = [note["detail"] for note in notes]
    assert [(n["kind"], n["status"]) for n in switched if n["kind"] == "campaign"] == [
        ("campaign", "ACTIVE"),
        ("campaign", "PAUSED"),
        ("campaign", "ACTIVE"),
    ]
