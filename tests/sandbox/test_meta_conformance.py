"""The unmodified facebook-business SDK works against the Meta stand-in."""

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from PIL import Image

from sandbox.meta import APP_SECRET, TOKEN
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]


def connect(
    sandbox: Sandbox, token: str = TOKEN, secret: str | None = APP_SECRET, version: str = "v26.0"
) -> Any:
    session = FacebookSession(app_id="1", app_secret=secret, access_token=token)
    session.GRAPH = f"{sandbox.url}/meta"
    session.requests.trust_env = False
    return FacebookAdsApi(session, api_version=version)


@pytest.fixture
def meta(sandbox_factory: Callable[..., Sandbox]) -> Sandbox:
    return sandbox_factory(networks=("meta",), tempo=1.0)


@pytest.fixture
def account(meta: Sandbox) -> Any:
    return AdAccount("act_1001", api=connect(meta))


def picture(colour: str = "navy") -> str:
    content = io.BytesIO()
    Image.new("RGB", (1080, 1080), colour).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def new_campaign(account: Any, **changes: Any) -> Any:
    parameters = {
        "name": "Spring",
        "objective": "OUTCOME_TRAFFIC",
        "special_ad_categories": [],
        "is_adset_budget_sharing_enabled": False,
        "status": "PAUSED",
        **changes,
    }
    return account.create_campaign(
        params={name: value for name, value in parameters.items() if value is not None}
    )


def new_ad_set(account: Any, campaign_id: str, **changes: Any) -> Any:
    now = datetime.now(UTC)
    parameters = {
        "name": "Readers",
        "campaign_id": campaign_id,
        "daily_budget": 2000,
        "billing_event": "IMPRESSIONS",
        "optimization_goal": "LINK_CLICKS",
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
        "targeting": {"geo_locations": {"countries": ["US"]}},
        "start_time": now.isoformat(),
        "end_time": (now + timedelta(days=7)).isoformat(),
        "status": "PAUSED",
        **changes,
    }
    return account.create_ad_set(
        params={name: value for name, value in parameters.items() if value is not None}
    )


def new_creative(account: Any, **link: Any) -> Any:
    image = account.create_ad_image(params={"bytes": picture()})
    return account.create_ad_creative(
        params={
            "name": "v1",
            "object_story_spec": {
                "page_id": "7001",
                "link_data": {
                    "link": "https://journal.example/spring",
                    "message": "Spring is here",
                    "image_hash": image["hash"],
                    "call_to_action": {"type": "LEARN_MORE"},
                    **link,
                },
            },
        }
    )


def new_tree(account: Any, **campaign: Any) -> tuple[Any, Any, Any, Any]:
    campaign_node = new_campaign(account, **campaign)
    ad_set = new_ad_set(account, campaign_node["id"])
    creative = new_creative(account)
    ad = account.create_ad(
        params={
            "name": "Ad",
            "adset_id": ad_set["id"],
            "creative": {"creative_id": creative["id"]},
            "status": "PAUSED",
        }
    )
    return campaign_node, ad_set, creative, ad


def refused(call: Callable[[], Any]) -> tuple[int | None, int | None]:
    with pytest.raises(FacebookRequestError) as caught:
        call()
    error: Any = caught.value
    return error.api_error_code(), error.api_error_subcode()


# -- objects -------------------------------------------------------------------------------


def test_create_read_update_list_and_delete_of_every_level(account: Any) -> None:
    campaign, ad_set, creative, ad = new_tree(account)
    api = account.get_api()
    for node in (campaign, ad_set, creative, ad):
        assert node["id"].isdigit()
        assert len(node["id"]) == 16
    assert int(ad["id"]) > int(campaign["id"])

    seen = Campaign(campaign["id"], api=api).api_get(
        fields=["name", "objective", "status", "effective_status", "special_ad_categories"]
    )
    assert seen["objective"] == "OUTCOME_TRAFFIC"
    assert seen["effective_status"] == "PAUSED"
    seen = AdSet(ad_set["id"], api=api).api_get(fields=["daily_budget", "targeting", "end_time"])
    assert seen["daily_budget"] == "2000"
    assert seen["targeting"]["targeting_automation"]["advantage_audience"] == 1
    assert seen["end_time"].endswith("+0000")
    seen = Ad(ad["id"], api=api).api_get(fields=["effective_status", "creative{id}", "adset_id"])
    assert seen["effective_status"] == "PENDING_REVIEW"
    assert seen["creative"]["id"] == creative["id"]
    seen = AdCreative(creative["id"], api=api).api_get(fields=["name", "object_story_spec"])
    assert seen["object_story_spec"]["page_id"] == "7001"

    Campaign(campaign["id"], api=api).api_update(params={"name": "Summer", "status": "ACTIVE"})
    AdSet(ad_set["id"], api=api).api_update(params={"daily_budget": 2500})
    Ad(ad["id"], api=api).api_update(params={"status": "ACTIVE"})
    campaigns = list(account.get_campaigns(fields=["name", "status"]))
    assert [(each["name"], each["status"]) for each in campaigns] == [("Summer", "ACTIVE")]
    (listed,) = account.get_ad_sets(fields=["daily_budget", "effective_status"])
    assert (listed["daily_budget"], listed["effective_status"]) == ("2500", "PAUSED")
    assert [each["id"] for each in account.get_ads()] == [ad["id"]]
    assert [each["id"] for each in account.get_ad_creatives()] == [creative["id"]]
    assert [each["id"] for each in Campaign(campaign["id"], api=api).get_ad_sets()] == [
        ad_set["id"]
    ]
    assert [each["id"] for each in AdSet(ad_set["id"], api=api).get_ads()] == [ad["id"]]

    for kind, node in ((Ad, ad), (AdCreative, creative), (AdSet, ad_set), (Campaign, campaign)):
        kind(node["id"], api=api).api_delete()
    assert not list(account.get_campaigns())
    assert not list(account.get_ads())
    gone = Campaign(campaign["id"], api=api).api_get(fields=["status"])
    assert gone["status"] == "DELETED"
    asked = account.get_campaigns(params={"effective_status": ["DELETED"]})
    assert [each["id"] for each in asked] == [campaign["id"]]


def test_effective_status_follows_parents_and_review(
    sandbox_factory: Callable[..., Sandbox],
) -> None:
    # A minute of campaign time per 20 ms: the review of 20 minutes takes 0.4 s.
    sandbox = sandbox_factory(networks=("meta",), tempo=3000.0)
    account: Any = AdAccount("act_1001", api=connect(sandbox))
    start = sandbox.world.now()
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(days=90)).isoformat()}
    campaign = new_campaign(account)
    ad_set = new_ad_set(account, campaign["id"], **times)
    creative = new_creative(account)
    sandbox.arm("meta", "disapproved_ad")
    ads = [
        account.create_ad(
            params={
                "name": name,
                "adset_id": ad_set["id"],
                "creative": {"creative_id": creative["id"]},
                "status": "ACTIVE",
            }
        )["id"]
        for name in ("bad", "good")
    ]
    api = account.get_api()

    def effective(node: Any) -> str:
        return str(node.api_get(fields=["effective_status"])["effective_status"])

    bad, good = (Ad(each, api=api) for each in ads)
    deadline = sandbox.world.now() + timedelta(days=1)
    while effective(good) == "PENDING_REVIEW":
        assert sandbox.world.now() < deadline
    assert effective(bad) == "DISAPPROVED"
    assert bad.api_get(fields=["ad_review_feedback"])["ad_review_feedback"]
    assert effective(good) == "CAMPAIGN_PAUSED"
    Campaign(campaign["id"], api=api).api_update(params={"status": "ACTIVE"})
    assert effective(good) == "ADSET_PAUSED"
    AdSet(ad_set["id"], api=api).api_update(params={"status": "ACTIVE"})
    assert effective(good) == "ACTIVE"
    (line,) = sandbox.world.truth()["lines"]
    assert (line["active"], line["ads"]) == (True, [ads[1]])
    assert line["daily_budget_micros"] == 20_000_000
    Campaign(campaign["id"], api=api).api_delete()
    assert effective(good) == "DELETED"


def test_labels_find_what_carries_them(account: Any) -> None:
    label = account.create_ad_label(params={"name": "k1"})
    other = account.create_ad_label(params={"name": "k2"})
    one = new_campaign(account, adlabels=[{"id": label["id"]}])
    two = new_campaign(account, adlabels=[{"id": label["id"]}, {"id": other["id"]}])
    assert {each["name"] for each in account.get_ad_labels(fields=["name"])} == {"k1", "k2"}

    def found(labels: list[str], operator: str) -> list[str]:
        parameters = {"ad_label_ids": labels, "operator": operator}
        return [each["id"] for each in account.get_campaigns_by_labels(params=parameters)]

    assert found([label["id"]], "ALL") == [two["id"], one["id"]]
    assert found([label["id"], other["id"]], "ALL") == [two["id"]]
    assert found([label["id"], other["id"]], "ANY") == [two["id"], one["id"]]


def test_pages_end_when_next_is_missing(account: Any) -> None:
    ids = [new_campaign(account, name=f"c{number}")["id"] for number in range(7)]
    cursor = account.get_campaigns(params={"limit": 3})
    assert [each["id"] for each in cursor] == ids[::-1]
    assert cursor.total() == 7
    named = account.get_campaigns(
        params={"filtering": [{"field": "name", "operator": "CONTAIN", "value": "c4"}]}
    )
    assert [each["id"] for each in named] == [ids[4]]


def test_batches_answer_each_operation(account: Any) -> None:
    ids = [new_campaign(account)["id"] for _ in range(3)]
    api = account.get_api()
    batch = api.new_batch()
    good: list[Any] = []
    bad: list[Any] = []
    for each in [*ids[:2], "42", ids[2]]:
        Campaign(each, api=api).api_update(
            params={"status": "ACTIVE"}, batch=batch, success=good.append, failure=bad.append
        )
    batch.execute()
    assert [each.json() for each in good] == [{"success": True}] * 3
    assert [each.json()["error"]["error_subcode"] for each in bad] == [33]
    assert any(header["name"] == "x-ad-account-usage" for header in good[0].headers())
    reads = api.new_batch()
    statuses: list[str] = []
    for each in ids:
        Campaign(each, api=api).api_get(
            fields=["status"],
            batch=reads,
            success=lambda answer: statuses.append(answer.json()["status"]),
        )
    reads.execute()
    assert statuses == ["ACTIVE"] * 3
    too_many = [{"method": "GET", "relative_url": ids[0]}] * 51
    assert refused(lambda: api.call("POST", (), params={"batch": too_many}))[0] == 100


def test_images_are_known_by_their_content(account: Any) -> None:
    one = account.create_ad_image(params={"bytes": picture()})["hash"]
    assert account.create_ad_image(params={"bytes": picture()})["hash"] == one
    assert account.create_ad_image(params={"bytes": picture("red")})["hash"] != one
    (image,) = account.get_ad_images(fields=["hash", "width"], params={"hashes": [one]})
    assert (image["hash"], image["width"]) == (one, 1080)
    assert refused(lambda: account.create_ad_image(params={"bytes": "aGVsbG8="}))[1] == 1487411


def test_an_image_file_is_uploaded_as_multipart(account: Any, tmp_path: Any) -> None:
    path = tmp_path / "still.png"
    path.write_bytes(base64.b64decode(picture()))
    uploaded = account.create_ad_image(params={"filename": str(path)})
    assert uploaded["hash"] == account.create_ad_image(params={"bytes": picture()})["hash"]


def test_validate_only_makes_nothing(account: Any) -> None:
    new_campaign(account, execution_options=["validate_only"])
    assert not list(account.get_campaigns())
    assert refused(
        lambda: new_campaign(account, objective="CONVERSIONS", execution_options=["validate_only"])
    ) == (100, None)


# -- insights ------------------------------------------------------------------------------


def test_insights_come_as_strings_and_only_for_what_delivered(
    sandbox_factory: Callable[..., Sandbox],
) -> None:
    sandbox = sandbox_factory(networks=("meta",), tempo=400_000.0)
    account: Any = AdAccount("act_1001", api=connect(sandbox))
    api = account.get_api()
    campaign, ad_set, _, ad = new_tree(account)
    quiet = new_campaign(account, name="quiet")
    end = (sandbox.world.now() + timedelta(days=365)).isoformat()
    AdSet(ad_set["id"], api=api).api_update(params={"status": "ACTIVE", "end_time": end})
    Ad(ad["id"], api=api).api_update(params={"status": "ACTIVE"})
    Campaign(campaign["id"], api=api).api_update(params={"status": "ACTIVE"})

    def query(node: Any = account, **parameters: Any) -> list[dict[str, Any]]:
        fields = ["campaign_id", "campaign_name", "spend", "impressions", "clicks", "actions"]
        rows = node.get_insights(fields=fields, params={"date_preset": "maximum", **parameters})
        return [row.export_all_data() for row in rows]

    began = sandbox.world.now()
    while sandbox.world.now() - began < timedelta(days=3):
        query()
    total = query(level="campaign")
    assert [row["campaign_id"] for row in total] == [campaign["id"]]
    assert quiet["id"] not in json.dumps(total)
    row = total[0]
    assert row["campaign_name"] == "Spring"
    assert float(row["spend"]) > 0
    assert row["spend"] == f"{float(row['spend']):.2f}"
    assert int(row["impressions"]) > int(row["clicks"])
    assert {each["action_type"] for each in row["actions"]} >= {"link_click"}

    until = (sandbox.world.now() + timedelta(days=1)).date().isoformat()
    days = query(
        level="campaign",
        time_increment=1,
        limit=2,
        time_range={"since": began.date().isoformat(), "until": until},
        filtering=[{"field": "campaign.id", "operator": "IN", "value": [campaign["id"]]}],
    )
    assert len(days) >= 3
    assert all(day["date_start"] == day["date_stop"] for day in days)
    assert sum(int(day["impressions"]) for day in days) >= int(row["impressions"])
    assert query(level="adset")[0]["spend"]
    assert query(level="ad")[0]["spend"]
    assert "campaign_id" not in query(level="account")[0]
    assert query(Campaign(campaign["id"], api=api))[0]["campaign_id"] == campaign["id"]
    assert not query(Campaign(quiet["id"], api=api))


# -- refusals ------------------------------------------------------------------------------


def test_credentials_are_checked(meta: Sandbox) -> None:
    def read(**how: Any) -> Any:
        return AdAccount("act_1001", api=connect(meta, **how)).api_get(fields=["currency"])

    assert read()["currency"] == "USD"
    assert read(secret=None)["currency"] == "USD"
    assert refused(lambda: read(token="stolen"))[0] == 190
    assert refused(lambda: read(secret="guessed"))[0] == 190
    assert refused(lambda: read(version="v23.0"))[0] == 2635
    assert read(version="v24.0")["currency"] == "USD"
    assert refused(lambda: read(version="v27.0"))[0] == 2500


def test_what_meta_refuses_is_refused(account: Any) -> None:
    api = account.get_api()
    campaign = new_campaign(account)
    own_budget = new_campaign(account, daily_budget=5000, is_adset_budget_sharing_enabled=None)
    employment = new_campaign(
        account,
        special_ad_categories=["EMPLOYMENT"],
        special_ad_category_country=["US"],
    )
    us = {"geo_locations": {"countries": ["US"]}}
    cases: list[tuple[Callable[[], Any], tuple[int, int | None]]] = [
        (lambda: new_campaign(account, special_ad_categories=None), (100, None)),
        (lambda: new_campaign(account, special_ad_categories=["HOUSING"]), (100, None)),
        (lambda: new_campaign(account, is_adset_budget_sharing_enabled=None), (100, 4834011)),
        (lambda: new_ad_set(account, campaign["id"], daily_budget=99), (100, 1885272)),
        (lambda: new_ad_set(account, campaign["id"], daily_budget="10.5"), (100, None)),
        (lambda: new_ad_set(account, campaign["id"], daily_budget=None), (100, None)),
        (lambda: new_ad_set(account, own_budget["id"]), (100, 1885621)),
        (lambda: new_ad_set(account, campaign["id"], targeting={"age_min": 18}), (100, 1885364)),
        (
            lambda: new_ad_set(account, employment["id"], targeting={**us, "age_min": 25}),
            (100, 1870194),
        ),
        (
            lambda: new_ad_set(account, campaign["id"], optimization_goal="OFFSITE_CONVERSIONS"),
            (100, 2490408),
        ),
        (lambda: new_ad_set(account, campaign["id"], bid_strategy="COST_CAP"), (100, 1815857)),
        (lambda: new_ad_set(account, campaign["id"], end_time="2020-01-01"), (100, 1487793)),
        (lambda: new_creative(account, image_hash="nothing"), (100, 1487390)),
        (lambda: new_creative(account, link="journal"), (100, 1487891)),
        (lambda: AdAccount("act_9", api=api).get_campaigns(), (100, 33)),
        (lambda: AdAccount("act_9", api=api).api_get(), (100, 33)),
        (lambda: api.call("GET", (), params={"ids": campaign["id"]}), (100, None)),
    ]
    for call, expected in cases:
        assert refused(call) == expected
    node = Campaign(campaign["id"], api=api)
    node.api_delete()
    assert refused(lambda: node.api_update(params={"name": "again"})) == (100, 1487566)
    assert refused(lambda: new_ad_set(account, campaign["id"])) == (100, 1487056)


def test_budget_edits_have_a_quota(account: Any) -> None:
    ad_set = new_ad_set(account, new_campaign(account)["id"])
    node = AdSet(ad_set["id"], api=account.get_api())
    for cents in (2100, 2200, 2300, 2400, 2400):
        node.api_update(params={"daily_budget": cents})
    assert refused(lambda: node.api_update(params={"daily_budget": 2500})) == (613, 1487632)
    assert node.api_get(fields=["daily_budget"])["daily_budget"] == "2400"


def test_the_score_of_an_account_runs_out(meta: Sandbox, account: Any) -> None:
    batch = json.dumps([{"method": "POST", "relative_url": "42", "body": "status=PAUSED"}] * 50)
    query = {"access_token": TOKEN}
    with httpx.Client(base_url=f"{meta.url}/meta/v26.0", trust_env=False) as web:
        for _ in range(80):
            answer = web.post("/", params=query, data={"batch": batch}).json()
            if json.loads(answer[-1]["body"])["error"]["code"] == 17:
                break
        else:
            pytest.fail("the limit of 9,000 points was never reached")
        error = web.get("/act_1001/campaigns", params=query)
        assert error.status_code in (200, 400)
        names = {"x-app-usage", "x-business-use-case-usage", "x-ad-account-usage"}
        assert names | {"x-fb-ads-insights-throttle"} <= set(error.headers)
        usage = json.loads(error.headers["x-ad-account-usage"])
        assert usage["acc_id_util_pct"] > 95


def test_armed_faults_are_played(meta: Sandbox, account: Any) -> None:
    expected = {
        "rate_limited": (17, 2446079),
        "server_error": (2, None),
        "expired_token": (190, 463),
    }
    for kind, codes in expected.items():
        meta.arm("meta", kind)
        assert refused(lambda: account.get_campaigns()) == codes
        assert meta.fired("meta", kind) == 1
        assert not list(account.get_campaigns())


def test_objects_and_quota_survive_a_restart(sandbox_factory: Callable[..., Sandbox]) -> None:
    first = sandbox_factory(networks=("meta",))
    account: Any = AdAccount("act_1001", api=connect(first))
    campaign = new_campaign(account)
    first.stop()
    second = sandbox_factory(networks=("meta",), directory=first.directory)
    again: Any = AdAccount("act_1001", api=connect(second))
    assert [each["id"] for each in again.get_campaigns()] == [campaign["id"]]
    assert int(new_campaign(again)["id"]) > int(campaign["id"])


def test_a_campaign_carries_a_spend_cap_from_a_hundred_dollars(account: Any) -> None:
    """In minor units, answered as text; Meta's own largest number takes it off again."""
    with pytest.raises(FacebookRequestError, match=r"at least 100\.00 USD"):
        new_campaign(account, spend_cap=9_999)
    made = new_campaign(account, spend_cap=15_000)["id"]

    def shown() -> Any:
        return Campaign(made, api=account.get_api()).api_get(fields=["spend_cap"])

    assert shown()["spend_cap"] == "15000"
    Campaign(made, api=account.get_api()).api_update(params={"spend_cap": 922_337_203_685_478})
    assert "spend_cap" not in shown()
