"""The Apple Ads stand-in against Apple's own client, and against the traps it promises to set.

Apple's client needs Python 3.12: where it cannot be imported, ``ADFLIGHT_APPLE_PYTHON`` may name an
interpreter that has it.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.contract.money import Money
from models.contract.network import Bid, ObjectKind, Targeting
from platforms.apple_search_ads.terms import INVOICE
from sandbox.apple_search_ads.limits import CALLS, SECONDS, RateLimit
from tests.clock import Clock
from tests.platforms.apple_bench import (
    ACCOUNT,
    NETWORK,
    SECRETS,
    Sent,
    apple_account,
    campaign_order,
    connected,
    creative_order,
    group_order,
    plant,
    recorded,
)
from tests.platforms.planting import Tree
from tests.sandbox import apple_client
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

_ELSEWHERE = os.environ.get("ADFLIGHT_APPLE_PYTHON", "")
_HERE = find_spec("apple_ads_platform") is not None


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], watch: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=(NETWORK,), origin=watch(), real=watch)


class Api:
    """Raw calls with a token of the login."""

    def __init__(self, box: Sandbox) -> None:
        self.base = f"{box.url}/{NETWORK}"
        self.http = httpx.Client(trust_env=False, timeout=10)
        self.now = box.world.now
        network = connected(box.url, box.world.now)
        self.secret = network._wire._login.client_secret()  # pyright: ignore[reportPrivateUsage]
        asyncio.run(network.aclose())
        answer = self.grant()
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]

    def grant(self, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "scope": "searchadsorg",
            "client_id": SECRETS["client_id"],
            "client_secret": self.secret,
            **changes,
        }
        return self.http.post(f"{self.base}/auth/oauth2/token", data=form)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {
            "Authorization": f"Bearer {self.token}",
            "X-AP-Context": f"adAccountId={ACCOUNT};",
            **headers,
        }
        return self.http.request(method, f"{self.base}/v1/{path}", json=body, headers=sent)

    def result(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        answer = self.call(method, path, body, **headers)
        error = answer.json()["error"]
        return answer.status_code, (error["details"] or [error])[0]["code"]

    def campaign(self, **changes: Any) -> dict[str, Any]:
        now = self.now().strftime("%Y-%m-%dT%H:%M:%S.000")
        body = {
            "adAccountId": int(ACCOUNT),
            "name": "by hand",
            "billingEvent": "TAPS",
            "promotedObjectType": "APPSTORE_APP",
            "promotedObjectId": "1600000001",
            "startTime": now,
            "endTime": now.replace("20", "21", 1),
            "dailyBudget": {"value": {"amount": "50", "currency": "USD"}},
            "targeting": {
                "countryOrRegion": {"include": ["US"]},
                "supplyPlacement": {"include": ["APPSTORE_SEARCH_RESULTS"]},
            },
            "bidStrategy": {"bidStrategyType": "MANUAL_CPT", "bidStrategyGoal": "TAP"},
        }
        return {**body, **changes}


@pytest.fixture
def api(box: Sandbox) -> Api:
    return Api(box)


@pytest.fixture
def tree(box: Sandbox) -> Tree:
    async def make() -> Tree:
        network = connected(box.url, box.world.now)
        tree = await plant(network, box.world.now())
        for kind, one in ((ObjectKind.AD, tree.ad), (ObjectKind.AD_GROUP, tree.group)):
            await network.switch(kind, [one.id], on=True)
        await network.switch(ObjectKind.CAMPAIGN, [tree.campaign.id], on=True)
        await network.aclose()
        return tree

    return asyncio.run(make())


async def _everything_we_send(box: Sandbox) -> Sent:
    """One of every call the adapter has."""
    named = dict.fromkeys(INVOICE, "ours")
    network = connected(box.url, box.world.now, apple_account(**named))
    sent = recorded(network)
    now = box.world.now()
    tree = await plant(network, now)
    page = "?ppid=76659d7a-d146-43d3-b6b8-b7a12f74bf6b"
    await network.create(creative_order(key="k7page", link=creative_order().link + page))
    other = await network.create(campaign_order(key="k8other"))
    await network.create(
        group_order(
            other.id,
            now,
            key="k9dayparts",
            daily_budget=Money.of("33.30"),
            start_time=now + timedelta(hours=1),
            targeting=Targeting(locations=("DE",)),
            bid=Bid(strategy="bid_cap", amount=Money.of("1.10")),
            dayparts=(255,) * 7,
        )
    )
    for kind, one in ((ObjectKind.AD, tree.ad), (ObjectKind.CAMPAIGN, tree.campaign)):
        await network.switch(kind, [one.id], on=True)
        await network.read(kind, [one.id, "1"])
        await network.find(kind, one.key)
        await network.list_objects(kind)
    await network.read(ObjectKind.CREATIVE, [tree.creative.id])
    await network.find(ObjectKind.CREATIVE, tree.creative.key)
    await network.set_daily_budget(tree.group.id, Money.of("40.00"))
    await network.set_bid(tree.group.id, Money.of("1.50"))
    await network.set_end_time(tree.group.id, now + timedelta(days=500))
    today = now.date()
    await network.account_metrics(today - timedelta(days=6), today)
    await network.account_metrics(today, today)
    await network.ad_metrics(today - timedelta(days=6), today)
    await network.aclose()
    return sent


# -- Apple's client ----------------------------------------------------------------------------


def test_apples_own_client_works_and_reads_all_we_send(box: Sandbox) -> None:
    if not (_HERE or _ELSEWHERE):
        pytest.skip(
            f"apple-ads-platform needs Python 3.12, this is {sys.version_info.major}."
            f"{sys.version_info.minor}; name an interpreter that has it in ADFLIGHT_APPLE_PYTHON"
        )
    sent = asyncio.run(_everything_we_send(box))
    url, secrets = f"{box.url}/{NETWORK}", dict(SECRETS)
    if _HERE:
        seen = apple_client.judge(url, secrets, sent.bodies)
    else:
        script = Path(apple_client.__file__)
        done = subprocess.run(
            [_ELSEWHERE, str(script)],
            input=json.dumps({"url": url, "secrets": secrets, "bodies": sent.bodies}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        seen = json.loads(done.stdout)
    assert len([one for one in seen if not one.startswith("our ")]) >= 26
    assert {one for one in seen if one.startswith("our ")} >= {
        "our POST campaigns",
        "our PUT campaigns",
        "our POST adgroups",
        "our PUT adgroups",
        "our POST keywords/bulk-create",
        "our POST creatives",
        "our POST ads",
        "our PUT ads",
        "our POST reports/apps/campaigns/query",
        "our POST reports/apps/ads/query",
    }


# -- login -------------------------------------------------------------------------------------


def test_the_login_takes_only_what_apple_takes(api: Api) -> None:
    good = api.grant().json()
    assert (good["expires_in"], good["token_type"]) == (3600, "Bearer")
    for change, error in (
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "SEARCHADS.other"}, "invalid_client"),
        ({"client_secret": api.secret[:-4] + "AAAA"}, "invalid_client"),
        ({"client_secret": "no.jwt"}, "invalid_client"),
        ({"scope": "all"}, "invalid_scope"),
    ):
        answer = api.grant(**change)
        assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_tokens_and_context_are_checked(api: Api) -> None:
    assert api.code("GET", "acls", Authorization="Bearer other") == (401, "UNAUTHORIZED")
    assert api.code("GET", "acls", Authorization="") == (401, "UNAUTHORIZED")
    for wrong, status, code in (
        ("", 400, "INVALID_CONTEXT"),
        ("orgId=27154130", 400, "INVALID_CONTEXT"),
        ("adAccountId=1;", 403, "FORBIDDEN"),
    ):
        told = api.code("POST", "campaigns/query", {}, **{"X-AP-Context": wrong})
        assert told == (status, code), wrong
    bare = api.call("POST", "campaigns/query", {}, **{"X-AP-Context": f"adAccountId={ACCOUNT}"})
    assert bare.status_code == 200, "the semicolon may be left out"


# -- traps -------------------------------------------------------------------------------------


def test_everything_is_enabled_unless_told_otherwise(api: Api) -> None:
    campaign = api.result("POST", "campaigns", api.campaign())
    assert campaign["status"] == "ENABLED"
    assert campaign["dailyBudget"]["value"] == {"amount": "50.00", "currency": "USD"}
    assert campaign["systemStatusReasons"] == ["AD_GROUPS_MISSING"]
    group = {"name": "g", "campaignId": campaign["id"], "pricingModel": "CPT"}
    made = api.result("POST", "adgroups", group)
    assert (made["status"], made["displayStatus"]) == ("ENABLED", "ON_HOLD")
    assert set(made["systemStatusReasons"]) == {"KEYWORDS_MISSING", "ADS_NOT_RUNNING"}
    ad = {"adGroupId": made["id"], "creativeId": 1, "name": "a"}
    assert api.code("POST", "ads", ad) == (400, "MISSING_REQUIRED_FIELD")


def test_bad_values_are_refused_by_name(api: Api) -> None:
    def money(**changes: str) -> dict[str, Any]:
        return {"value": {"amount": "50.00", "currency": "USD", **changes}}

    for change, code in (
        ({"name": None}, "MISSING_REQUIRED_FIELD"),
        ({"name": "n" * 201}, "NAME_TOO_LONG"),
        ({"bidStrategy": None}, "MISSING_REQUIRED_FIELD"),
        ({"endTime": None}, "MISSING_REQUIRED_FIELD"),
        ({"endTime": "2020-01-01T00:00:00.000"}, "INVALID_SCHEDULE"),
        ({"dailyBudget": money(amount="50.001")}, "INVALID_MONEY"),
        ({"dailyBudget": money(amount="-1")}, "INVALID_MONEY"),
        ({"dailyBudget": money(currency="EUR")}, "CURRENCY_MISMATCH"),
        ({"promotedObjectId": "1"}, "APP_NOT_FOUND"),
        ({"billingEvent": "IMPRESSIONS"}, "INVALID_FIELD_VALUE"),
        (
            {"bidStrategy": {"bidStrategyType": "MANUAL_CPT", "bidStrategyGoal": "INSTALL"}},
            "BID_STRATEGY_GOAL_MISMATCH",
        ),
        (
            {
                "targeting": {
                    "countryOrRegion": {"include": ["QQ"]},
                    "supplyPlacement": {"include": ["APPSTORE_SEARCH_RESULTS"]},
                }
            },
            "COUNTRIES_OR_REGIONS_NOT_ELIGIBLE",
        ),
    ):
        assert api.code("POST", "campaigns", api.campaign(**change)) == (400, code), change
    assert api.result("POST", "campaigns/query", {}) == []


def test_null_is_unset_and_a_change_is_partial(api: Api, tree: Tree) -> None:
    path = f"campaigns/{tree.campaign.id}"
    before = api.result("GET", path)
    after = api.result("PUT", path, {"name": "another", "status": None, "dailyBudget": None})
    assert after["name"] == "another"
    for field in ("status", "dailyBudget", "targeting", "endTime"):
        assert after[field] == before[field]
    countries = {"targeting": {"countryOrRegion": {"include": ["CA"]}}}
    assert api.result("PUT", path, countries)["targeting"] == {
        **before["targeting"],
        "countryOrRegion": {"include": ["CA"]},
    }


def test_queries_filter_by_what_apple_documents(api: Api, tree: Tree) -> None:
    def ask(kind: str, field: str, operator: str, value: Any) -> httpx.Response:
        one = {"field": field, "operator": operator, "value": value}
        return api.call("POST", f"{kind}/query", {"filters": [one]})

    for kind, field, operator, value in (
        ("ads", "name", "STARTS_WITH", "k4"),
        ("adgroups", "campaignId", "IN", [tree.campaign.id]),
        ("campaigns", "dailyBudget", "EQUALS", "1"),
        ("creatives", "name", "LIKE", "v"),
    ):
        assert ask(kind, field, operator, value).status_code == 400, (kind, field)
    no_scope = ask("keywords", "text", "EQUALS", "chess")
    assert no_scope.json()["error"]["details"][0]["code"] == "MISSING_FILTER"
    found = ask("campaigns", "name", "STARTS_WITH", "k1camp").json()
    assert [row["id"] for row in found["result"]] == [int(tree.campaign.id)]
    assert "totalCount" not in found["pagination"]
    assert found["pagination"]["pageSize"] == 20
    assert (
        api.call("POST", "campaigns/query", {"pagination": {"pageSize": 1001}}).status_code == 400
    )


def test_bulk_is_all_or_nothing_unless_asked(api: Api, tree: Tree) -> None:
    def items(*texts: str) -> list[dict[str, Any]]:
        return [
            {"correlationId": n, "data": {"adGroupId": int(tree.group.id), "text": text}}
            for n, text in enumerate(texts)
        ]

    def texts() -> list[str]:
        group = {"field": "adGroupId", "operator": "EQUALS", "value": int(tree.group.id)}
        rows = api.result("POST", "keywords/query", {"filters": [group]})
        return [row["text"] for row in rows]

    body = {"items": items("new", "chess")}
    assert api.code("POST", "keywords/bulk-create", body) == (400, "DUPLICATE_KEYWORD")
    assert texts() == ["chess", "puzzle games"]
    results = api.result("POST", "keywords/bulk-create", {"allowPartialSuccess": True, **body})
    assert [one["success"] for one in results] == [True, False]
    assert texts() == ["chess", "puzzle games", "new"]


def test_deletion_is_soft_and_cascades(api: Api, tree: Tree) -> None:
    api.result("DELETE", f"campaigns/{tree.campaign.id}")
    for kind, one in (("campaigns", tree.campaign), ("adgroups", tree.group), ("ads", tree.ad)):
        assert api.result("POST", f"{kind}/query", {}) == []
        assert api.code("GET", f"{kind}/{one.id}")[0] == 404
        deleted = {"field": "deleted", "operator": "EQUALS", "value": True}
        (row,) = api.result("POST", f"{kind}/query", {"filters": [deleted]})
        assert (row["id"], row["displayStatus"]) == (int(one.id), "DELETED")


def test_reports_have_their_rules(api: Api, tree: Tree, watch: Clock) -> None:
    watch.forward(days=2)
    today = api.now().date()

    def ask(**changes: Any) -> httpx.Response:
        span = {"start": str(today - timedelta(days=3)), "end": str(today), "timeZone": "ORTZ"}
        body = {
            "timeRange": {**span, "granularity": "DAILY"},
            "filters": [
                {"field": "campaignId", "operator": "IN", "value": [str(tree.campaign.id)]}
            ],
            **changes,
        }
        return api.call("POST", "reports/apps/campaigns/query", body)

    good = ask(options={"includeRows": ["GRAND_TOTAL"]}).json()["result"]
    (row,) = good["rows"]
    days = [piece["date"] for piece in row["granularMetrics"]]
    assert days == sorted(days)
    assert len(days) >= 2
    assert (
        sum(p["impressions"] for p in row["granularMetrics"]) == row["totalMetrics"]["impressions"]
    )
    assert good["summary"]["grandTotal"]["taps"] == row["totalMetrics"]["taps"]
    few = ask(fields=["taps"]).json()["result"]["rows"][0]["totalMetrics"]
    assert set(few) == {"taps"}

    def span(start: int, end: int, granularity: str | None) -> dict[str, Any]:
        found = {
            "start": str(today - timedelta(days=start)),
            "end": str(today - timedelta(days=end)),
        }
        return {"timeRange": {**found, "granularity": granularity}}

    for change, code in (
        ({"filters": []}, "MISSING_FILTER"),
        (span(0, 0, "DAILY"), "INVALID_TIME_RANGE"),
        (span(90, 0, "DAILY"), "INVALID_TIME_RANGE"),
        (span(7, 0, "HOURLY"), "INVALID_TIME_RANGE"),
        (span(60, 13, "WEEKLY"), "INVALID_TIME_RANGE"),
        (span(120, 80, "MONTHLY"), "INVALID_TIME_RANGE"),
        (span(0, 1, None), "INVALID_TIME_RANGE"),
        ({"pagination": {"pageSize": 5001}}, "INVALID_FIELD_VALUE"),
    ):
        answer = ask(**change)
        assert answer.status_code == 400, change
        assert answer.json()["error"]["details"][0]["code"] == code, change
    single = ask(**span(0, 0, None)).json()["result"]["rows"][0]
    assert "granularMetrics" not in single
    hourly = ask(**span(1, 1, "HOURLY")).json()["result"]["rows"][0]["granularMetrics"]
    assert len(hourly) > 12
    assert hourly[0]["date"].startswith(f"{today - timedelta(days=1)} ")
    by_ad = {"timeRange": span(1, 0, "HOURLY")["timeRange"]}
    body = {
        **by_ad,
        "filters": [{"field": "campaignId", "operator": "EQUALS", "value": tree.campaign.id}],
    }
    assert api.call("POST", "reports/apps/ads/query", body).status_code == 400


def test_every_answer_says_what_is_left(api: Api) -> None:
    answers = [
        api.call("GET", "acls"),
        api.call("GET", "campaigns/1"),
        api.call("GET", "acls", Authorization="Bearer no"),
    ]
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
    assert left == [left[0], left[0] - 1, left[0] - 2]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {str(CALLS)}
    assert [answer.status_code for answer in answers] == [200, 404, 401]


def test_the_window_resets_in_real_time() -> None:
    now = 1000.0
    limit = RateLimit(lambda: now)
    taken = [limit.take()[0] for _ in range(CALLS + 1)]
    assert taken.count(True) == CALLS
    assert not taken[-1]
    allowed, headers = limit.take()
    assert not allowed
    assert limit.refused(headers)["Retry-After"] == str(SECONDS)
    now += SECONDS
    assert limit.take()[0]
    limit.renew()
    assert limit.take()[1]["RateLimit-Remaining"] == str(CALLS - 1)


def test_state_survives_a_restart(
    sandbox_factory: Callable[..., Sandbox], box: Sandbox, tree: Tree
) -> None:
    box.stop()
    again = Api(sandbox_factory(directory=box.directory, tempo=1.0, networks=(NETWORK,)))
    (row,) = again.result("POST", "campaigns/query", {})
    assert (str(row["id"]), row["status"]) == (tree.campaign.id, "ENABLED")
    assert again.result("POST", "campaigns", again.campaign())["id"] > row["id"]


def test_nothing_is_spent_before_review_after_pause_or_without_its_creative(
    box: Sandbox, api: Api, tree: Tree, watch: Clock
) -> None:
    def rate() -> int:
        campaigns = box.control.get("/truth").json()["campaigns"]
        return sum(row["rate_micros_per_hour"] for row in campaigns)

    path = f"campaigns/{tree.campaign.id}"
    assert rate() == 0
    watch.forward(minutes=11)
    assert rate() > 0
    api.result("PUT", path, {"status": "PAUSED"})
    assert rate() == 0
    api.result("PUT", path, {"status": "ENABLED"})
    assert rate() > 0
    api.result("DELETE", f"creatives/{tree.creative.id}")
    assert rate() == 0
    notes = box.control.get("/journal", params={"network": NETWORK}).json()
    switched = [note["detail"] for note in notes if note["kind"] == "switched"]
    assert [(n["status"], n["keys"]) for n in switched if n["kind"] == "campaign"] == [
        ("ACTIVE", ["k1campaign"]),
        ("PAUSED", ["k1campaign"]),
        ("ACTIVE", ["k1campaign"]),
    ]


def test_tokens_end_in_real_time(box: Sandbox, api: Api) -> None:
    held = box.world.get(NETWORK, "token", api.token)
    assert held is not None
    assert 3500 < held["until"] - time.time() <= 3600
    box.world.put(NETWORK, "token", api.token, {**held, "until": time.time() - 1})
    assert api.code("GET", "acls") == (401, "UNAUTHORIZED")
