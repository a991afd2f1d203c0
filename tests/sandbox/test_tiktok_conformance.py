"""The TikTok stand-in against TikTok's own SDK, unmodified, and the traps it promises to set."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from business_api_client import ApiClient, Configuration
from business_api_client.api.account_management_api import AccountManagementApi
from business_api_client.api.ad_api import AdApi
from business_api_client.api.adgroup_api import AdgroupApi
from business_api_client.api.audience_api import AudienceApi
from business_api_client.api.campaign_creation_api import CampaignCreationApi
from business_api_client.api.file_api import FileApi
from business_api_client.api.identity_api import IdentityApi
from business_api_client.api.measurement_api import MeasurementApi
from business_api_client.api.reporting_api import ReportingApi
from business_api_client.api.tool_api import ToolApi
from business_api_client.models import (
    AdCreateBody,
    AdcreateCreatives,
    AdgroupCreateBody,
    AdgroupStatusUpdateBody,
    AdgroupUpdateBody,
    AdStatusUpdateBody,
    CampaignCreateBody,
    CampaignStatusUpdateBody,
    CampaignUpdateBody,
    FilteringAdGet,
    FilteringAdgroupGet,
    FilteringCampaignGet,
    FilteringVideoAdSearch,
)
from business_api_client.tiktok_business.tiktok_exceptions import TiktokSDKError

from models.contract.network import ObjectKind
from sandbox.grants import Grants
from sandbox.tiktok import ADVERTISER_ID, IDENTITY_ID, PIXEL_ID, TOKEN
from sandbox.tiktok.limits import BASIC, Level, RateLimits, RequestIds
from tests.platforms.planting import Tree
from tests.platforms.tiktok_bench import Watch, connected, forget_files, picture, plant, video
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

START = datetime(2026, 3, 1, 0, tzinfo=UTC)  # a Sunday, when a week of budgets begins


class Wire:
    """Raw calls."""

    def __init__(self, box: Sandbox) -> None:
        self.base = f"{box.url}/tiktok/open_api/v1.3"
        self.http = httpx.Client(headers={"Access-Token": TOKEN}, timeout=10, trust_env=False)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        query = {"advertiser_id": ADVERTISER_ID, **params}
        encoded = {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
        return self._told(self.http.get(f"{self.base}/{path}/", params=encoded))

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        whole = {"advertiser_id": ADVERTISER_ID, **body}
        return self._told(self.http.post(f"{self.base}/{path}/", json=whole))

    def upload(self, path: str, part: str, content: bytes, **fields: str) -> dict[str, Any]:
        data = {"advertiser_id": ADVERTISER_ID, "upload_type": "UPLOAD_BY_FILE", **fields}
        url = f"{self.base}/{path}/"
        return self._told(self.http.post(url, data=data, files={part: ("file.mp4", content)}))

    def campaign(self, **fields: Any) -> str:
        form = {
            "campaign_name": "Spring & Co: 100 % ü",
            "objective_type": "TRAFFIC",
            "budget_mode": "BUDGET_MODE_INFINITE",
            **fields,
        }
        answer = self.post("campaign/create", **form)
        assert answer["code"] == 0, answer
        return answer["data"]["campaign_id"]

    def group(self, campaign: str, **fields: Any) -> dict[str, Any]:
        return self.post("adgroup/create", **{**group_fields(campaign), **fields})

    @staticmethod
    def _told(response: httpx.Response) -> dict[str, Any]:
        # Whatever went wrong, HTTP says that all is well.
        assert response.status_code == 200, response.text
        return response.json()


def group_fields(campaign_id: str) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "adgroup_name": "Readers",
        "promotion_type": "WEBSITE",
        "placement_type": "PLACEMENT_TYPE_NORMAL",
        "placements": ["PLACEMENT_TIKTOK"],
        "location_ids": ["6252001"],
        "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
        "budget": 40.5,
        "schedule_type": "SCHEDULE_START_END",
        "schedule_start_time": "2026-03-01 00:00:00",
        "schedule_end_time": "2026-03-20 00:00:00",
        "optimization_goal": "CLICK",
        "billing_event": "CPC",
        "bid_type": "BID_TYPE_NO_BID",
        "pacing": "PACING_MODE_SMOOTH",
    }


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


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


@pytest.fixture
def wire(box: Sandbox) -> Wire:
    return Wire(box)


@pytest.fixture
def client(box: Sandbox) -> ApiClient:
    """TikTok's SDK, told only another host."""
    told = Configuration()
    told.host = f"{box.url}/tiktok"
    return ApiClient(told)


@pytest.fixture
def tree(box: Sandbox) -> Tree:
    """A tree made by the adapter and switched on."""

    async def make() -> Tree:
        network = connected(box.url, box.world.now)
        tree = await plant(network, box.world.now())
        for kind, one in (
            (ObjectKind.AD, tree.ad),
            (ObjectKind.AD_GROUP, tree.group),
            (ObjectKind.CAMPAIGN, tree.campaign),
        ):
            await network.switch(kind, [one.id], on=True)
        await network.aclose()
        return tree

    return asyncio.run(make())


# -- the SDK ---------------------------------------------------------------------------------


def test_the_sdk_makes_reads_and_switches_a_whole_tree(
    client: ApiClient, box: Sandbox, watch: Watch
) -> None:
    campaigns, groups, ads = CampaignCreationApi(client), AdgroupApi(client), AdApi(client)
    body = CampaignCreateBody(
        advertiser_id=ADVERTISER_ID,
        campaign_name="By the SDK",
        objective_type="TRAFFIC",
        budget_mode="BUDGET_MODE_TOTAL",
        budget=500.0,
        request_id="4611686018427387905",
        operation_status="DISABLE",
    )
    campaign_id = campaigns.campaign_create(TOKEN, body=body)["data"]["campaign_id"]
    shown = campaigns.campaign_get(
        ADVERTISER_ID, TOKEN, filtering=FilteringCampaignGet(campaign_ids=[campaign_id])
    )["data"]
    assert shown["page_info"]["total_number"] == 1
    (campaign,) = shown["list"]
    assert (campaign["budget"], campaign["operation_status"]) == (500.0, "DISABLE")
    assert campaign["secondary_status"] == "CAMPAIGN_STATUS_DISABLE"

    group_body = AdgroupCreateBody(advertiser_id=ADVERTISER_ID, **group_fields(campaign_id))
    group_id = groups.adgroup_create(TOKEN, body=group_body)["data"]["adgroup_id"]
    change = AdgroupUpdateBody(advertiser_id=ADVERTISER_ID, adgroup_id=group_id, budget=75.25)
    groups.adgroup_update(TOKEN, body=change)
    (group,) = groups.adgroup_get(
        ADVERTISER_ID, TOKEN, filtering=FilteringAdgroupGet(campaign_ids=[campaign_id])
    )["data"]["list"]
    assert (group["budget"], group["operation_status"]) == (75.25, "ENABLE")  # the default

    film, cover = video(), picture()
    files = FileApi(client)
    (sent,) = files.ad_video_upload(
        TOKEN,
        advertiser_id=ADVERTISER_ID,
        upload_type="UPLOAD_BY_FILE",
        file_name="by the sdk",
        video_file=str(film),
        video_signature=md5(film),
    )["data"]
    image = files.ad_image_upload(
        TOKEN,
        advertiser_id=ADVERTISER_ID,
        upload_type="UPLOAD_BY_FILE",
        file_name="by the sdk",
        image_file=str(cover),
        image_signature=md5(cover),
    )["data"]
    assert (sent["width"], sent["height"]) == (image["width"], image["height"]) == (1080, 1920)
    found = files.ad_video_search(
        ADVERTISER_ID, TOKEN, filtering=FilteringVideoAdSearch(video_ids=[sent["video_id"]])
    )["data"]
    assert [one["file_name"] for one in found["list"]] == ["by the sdk"]

    creative = AdcreateCreatives(
        ad_name="One",
        ad_format="SINGLE_VIDEO",
        ad_text="Read on",
        call_to_action="LEARN_MORE",
        landing_page_url="https://journal.example/",
        video_id=sent["video_id"],
        image_ids=[image["image_id"]],
        identity_type="CUSTOMIZED_USER",
        identity_id=IDENTITY_ID,
        display_name="Journal",
    )
    ad_body = AdCreateBody(advertiser_id=ADVERTISER_ID, adgroup_id=group_id, creatives=[creative])
    (ad_id,) = ads.ad_create(TOKEN, body=ad_body)["data"]["ad_ids"]
    on = CampaignStatusUpdateBody(
        advertiser_id=ADVERTISER_ID, campaign_ids=[campaign_id], operation_status="ENABLE"
    )
    told = campaigns.campaign_status_update(TOKEN, body=on)["data"]
    assert told["campaign_list"] == [{"campaign_id": campaign_id, "status": "ENABLE"}]

    def ad_status() -> str:
        found = ads.ad_get(ADVERTISER_ID, TOKEN, filtering=FilteringAdGet(ad_ids=[ad_id]))
        return found["data"]["list"][0]["secondary_status"]

    assert ad_status() == "AD_STATUS_AUDIT"
    watch.forward(box, hours=12)
    assert ad_status() == "AD_STATUS_DELIVERY_OK"
    report = ReportingApi(client).report_integrated_get(
        "BASIC",
        TOKEN,
        advertiser_id=ADVERTISER_ID,
        data_level="AUCTION_CAMPAIGN",
        dimensions=["campaign_id", "stat_time_day"],
        metrics=["spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversion", "reach"],
        start_date="2026-03-01",
        end_date="2026-03-01",
        page=1,
        page_size=1000,
    )["data"]
    (row,) = report["list"]
    assert row["dimensions"] == {"campaign_id": campaign_id, "stat_time_day": "2026-03-01 00:00:00"}
    assert 0 < float(row["metrics"]["spend"]) <= 75.25 * 1.25
    assert int(row["metrics"]["impressions"]) > int(row["metrics"]["clicks"]) > 0
    off = AdStatusUpdateBody(
        advertiser_id=ADVERTISER_ID, ad_ids=[ad_id], operation_status="DISABLE"
    )
    assert ads.ad_status_update(TOKEN, body=off)["data"]["ad_ids"] == [ad_id]
    assert ad_status() == "AD_STATUS_DISABLE"
    gone = AdgroupStatusUpdateBody(
        advertiser_id=ADVERTISER_ID,
        adgroup_ids=[group_id, "1809000000000999999"],
        operation_status="DELETE",
        allow_partial_success=True,
    )
    answer = groups.adgroup_status_update(TOKEN, body=gone)["data"]
    assert answer["adgroup_ids"] == [group_id]
    assert [one["adgroup_id"] for one in answer["error_list"]] == ["1809000000000999999"]
    assert ad_status_of_deleted(ads, ad_id) == "AD_STATUS_ADGROUP_DELETE"


def ad_status_of_deleted(ads: AdApi, ad_id: str) -> str:
    hidden = ads.ad_get(ADVERTISER_ID, TOKEN, filtering=FilteringAdGet(ad_ids=[ad_id]))
    assert hidden["data"]["list"] == []
    all_of_it = FilteringAdGet(ad_ids=[ad_id], primary_status="STATUS_ALL")
    shown = ads.ad_get(ADVERTISER_ID, TOKEN, filtering=all_of_it)["data"]["list"]
    return shown[0]["secondary_status"]


def test_the_sdk_reads_the_account_and_the_catalogues(client: ApiClient) -> None:
    (account,) = AccountManagementApi(client).advertiser_info(
        [ADVERTISER_ID], TOKEN, fields=["advertiser_id", "status", "currency", "balance"]
    )["data"]["list"]
    assert account == {
        "advertiser_id": ADVERTISER_ID, "status": "STATUS_ENABLE", "currency": "USD",
        "balance": 5000.0,
    }  # fmt: skip
    (identity,) = IdentityApi(client).identity_get(ADVERTISER_ID, TOKEN)["data"]["identity_list"]
    assert identity["identity_id"] == IDENTITY_ID
    (pixel,) = MeasurementApi(client).pixel_list(ADVERTISER_ID, TOKEN)["data"]["pixels"]
    assert pixel["pixel_id"] == PIXEL_ID
    tools = ToolApi(client)
    regions = tools.tool_region(ADVERTISER_ID, ["PLACEMENT_TIKTOK"], "TRAFFIC", TOKEN)["data"]
    assert "US" in regions["region_list"]
    assert tools.tool_interest_category(ADVERTISER_ID, TOKEN)["data"]["interest_categories"]
    audiences = AudienceApi(client).dmp_custom_audience_list(ADVERTISER_ID, TOKEN)["data"]
    assert audiences["list"] == []


def test_the_sdk_raises_on_a_failure_that_http_calls_well(client: ApiClient) -> None:
    campaigns = CampaignCreationApi(client)
    change = CampaignUpdateBody(advertiser_id=ADVERTISER_ID, campaign_id="1", budget=60.0)
    for call, words in (
        (lambda: campaigns.campaign_get(ADVERTISER_ID, "wrong"), "Error Code: 40105"),
        (lambda: campaigns.campaign_get("77", TOKEN), "Error Code: 40001"),
        (lambda: campaigns.campaign_update(TOKEN, body=change), "Error Code: 40002"),
        (
            lambda: campaigns.campaign_create(
                TOKEN,
                body=CampaignCreateBody(
                    advertiser_id=ADVERTISER_ID, campaign_name="x", objective_type="TRAFFIC"
                ),
            ),
            "Missing required field",
        ),
    ):
        with pytest.raises(TiktokSDKError, match=words):
            call()


# -- the wire ----------------------------------------------------------------------------------


def test_a_path_needs_its_slash_and_a_token_its_header(box: Sandbox) -> None:
    url = f"{box.url}/tiktok/open_api/v1.3/campaign/get"
    query = {"advertiser_id": ADVERTISER_ID}
    signed = {"Access-Token": TOKEN}
    bare = httpx.get(url, params=query, headers=signed, trust_env=False)
    assert (bare.status_code, bare.text) == (404, "404 page not found")
    for path in (url.replace("v1.3", "v1.2"), url.replace("campaign", "campagne")):
        assert httpx.get(f"{path}/", headers=signed, trust_env=False).status_code == 404
    assert httpx.post(f"{url}/", json=query, headers=signed, trust_env=False).status_code == 405
    in_query = httpx.get(f"{url}/", params={**query, "access_token": TOKEN}, trust_env=False)
    assert (in_query.status_code, in_query.json()["code"]) == (200, 40104)


def test_a_token_from_the_login_is_taken_until_it_is_withdrawn(box: Sandbox) -> None:
    grants = Grants(box.world, "tiktok", expires_in=None)
    token = grants.token(["ads"])
    url = f"{box.url}/tiktok/open_api/v1.3/campaign/get/"

    def code() -> int:
        answer = httpx.get(
            url,
            params={"advertiser_id": ADVERTISER_ID},
            headers={"Access-Token": token},
            trust_env=False,
        )
        return answer.json()["code"]

    assert code() == 0
    grants.withdraw(token)
    assert code() == 40105


def test_faults_are_told_in_the_envelope(box: Sandbox, wire: Wire) -> None:
    for kind, code in (("expired_token", 40105), ("server_error", 50000), ("rate_limited", 40100)):
        box.arm("tiktok", kind)
        assert wire.get("campaign/get")["code"] == code
        assert wire.get("campaign/get")["code"] == 0


def test_everything_runs_unless_told_otherwise(wire: Wire) -> None:
    campaign = wire.campaign()
    assert int(campaign) > 2**53
    group = wire.group(campaign)["data"]
    (shown,) = wire.get("campaign/get", filtering={"campaign_ids": [campaign]})["data"]["list"]
    assert (shown["operation_status"], group["operation_status"]) == ("ENABLE", "ENABLE")
    assert group["search_result_enabled"] is True
    assert shown["budget"] == 0.0
    assert "id" not in shown
    assert not [name for name in shown if name.startswith("_")]


def test_a_request_id_is_remembered_for_ten_seconds(wire: Wire) -> None:
    first = wire.campaign(request_id="77")
    again = wire.post(
        "campaign/create", campaign_name="Spring & Co: 100 % ü", objective_type="TRAFFIC",
        budget_mode="BUDGET_MODE_INFINITE", request_id="77",
    )  # fmt: skip
    assert (again["code"], again["data"]) == (40050, {})
    # With another one the same name is taken twice; without any it is not.
    second = wire.campaign(request_id="78")
    assert first != second
    assert wire.post(
        "campaign/create", campaign_name="Spring & Co: 100 % ü", objective_type="TRAFFIC",
        budget_mode="BUDGET_MODE_INFINITE",
    )["code"] == 40002  # fmt: skip
    # One that failed may be used again.
    assert wire.post("campaign/create", request_id="79")["code"] == 40002
    wire.campaign(request_id="79", campaign_name="Third")
    assert wire.post("campaign/create", request_id="k7", campaign_name="x")["code"] == 40002
    now = [100.0]
    seen = RequestIds(lambda: now[0])
    assert [seen.repeated("1", "p", "77"), seen.repeated("1", "p", "77")] == [False, True]
    assert not seen.repeated("2", "p", "77")
    now[0] += 10.5
    assert not seen.repeated("1", "p", "77")


def test_limits_hold_by_endpoint_and_no_header_tells(box: Sandbox, wire: Wire) -> None:
    now = [60.0 * 16_000]  # a minute begins
    limits = RateLimits(BASIC, lambda: now[0])
    assert [limits.exceeded("a") for _ in range(11)] == [""] * 10 + ["QPS"]
    assert limits.exceeded("b") == ""
    # Ten a second for a minute is just what Basic takes in one; a tighter minute shows itself.
    tight = RateLimits(Level(10, 15), lambda: now[0])
    answers = [tight.exceeded("a") for _ in range(10)]
    now[0] += 1.0
    answers += [tight.exceeded("a") for _ in range(6)]
    assert answers == [""] * 15 + ["QPM"]
    now[0] += 60.0
    assert tight.exceeded("a") == ""
    assert [limits.exceeded("a") for _ in range(11)][-1] == "QPS"
    limits.renew()
    assert limits.exceeded("a") == ""
    served = [wire.http.get(f"{wire.base}/pixel/list/", params={"advertiser_id": ADVERTISER_ID})
              for _ in range(180)]  # fmt: skip
    codes = {answer.json()["code"] for answer in served}
    assert codes <= {0, 40100}
    names = {name.lower() for answer in served for name in answer.headers}
    assert not [name for name in names if "rate" in name or "retry" in name]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"budget_mode": "BUDGET_MODE_DAY", "budget": 50.0}, "more than 50.00 USD"),
        ({"budget_mode": "BUDGET_MODE_DAY"}, "Missing required field(s): budget"),
        ({"budget_mode": "BUDGET_MODE_DAY", "budget": "60"}, "must be a number"),
        ({"campaign_name": "Spring 🚀"}, "emojis are not supported"),
        ({"campaign_name": "名" * 257}, "must not exceed 512"),
        ({"objective_type": "CLICKS"}, "must be one of REACH"),
        ({"objective_type": "APP_PROMOTION"}, "app_promotion_type"),
        ({"special_industries": ["GAMBLING"]}, "must be one of HOUSING"),
        ({"operation_status": "PAUSED"}, "must be one of ENABLE, DISABLE"),
        ({"campaign_name": None}, "Missing required field(s): campaign_name"),
    ],
)
def test_bad_campaigns_are_refused(fields: dict[str, Any], words: str, wire: Wire) -> None:
    form = {
        "campaign_name": "Spring",
        "objective_type": "TRAFFIC",
        "budget_mode": "BUDGET_MODE_INFINITE",
        **fields,
    }
    answer = wire.post("campaign/create", **form)
    assert (answer["code"], answer["data"]) == (40002, {})
    assert words in answer["message"]
    assert wire.get("campaign/get")["data"]["list"] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"budget": 20.0}, "more than 20.00 USD"),
        ({"budget": 20.015}, "two decimals"),
        ({"billing_event": "OCPM"}, "billed by CPC"),
        ({"optimization_goal": "CONVERT"}, "must be one of CLICK"),
        ({"bid_type": "BID_TYPE_CUSTOM"}, "Missing required field(s): bid_price"),
        ({"bid_type": "BID_TYPE_CUSTOM", "bid_price": 40.5}, "less than the budget"),
        ({"pacing": "PACING_MODE_FAST"}, "only PACING_MODE_SMOOTH"),
        ({"location_ids": ["1"]}, "does not exist"),
        ({"location_ids": []}, "Missing required field(s): location_ids"),
        ({"age_groups": ["AGE_21_99"]}, "does not exist"),
        ({"schedule_end_time": "2026-03-01T05:00:00Z"}, "YYYY-MM-DD HH:MM:SS"),
        ({"schedule_end_time": "2026-02-28 00:00:00"}, "too long ago|before the start"),
        ({"schedule_start_time": "2026-02-27 00:00:00"}, "too long ago"),
        ({"dayparting": "1" * 335}, "336 characters"),
        ({"promotion_type": None}, "promotion_type"),
        ({"placements": []}, "placements"),
        ({"campaign_id": "7"}, "does not exist or is not yours"),
    ],
)
def test_bad_ad_groups_are_refused(fields: dict[str, Any], words: str, wire: Wire) -> None:
    answer = wire.group(wire.campaign(), **fields)
    assert answer["code"] == 40002
    assert any(word in answer["message"] for word in words.split("|")), answer["message"]
    assert wire.get("adgroup/get")["data"]["list"] == []


def test_special_categories_forbid_narrowing_and_cannot_be_added_later(wire: Wire) -> None:
    campaign = wire.campaign(special_industries=["EMPLOYMENT"])
    for narrow in (
        {"age_groups": ["AGE_18_24"]},
        {"gender": "GENDER_MALE"},
        {"zipcode_ids": ["1"]},
    ):
        answer = wire.group(campaign, **narrow)
        assert "cannot be used with special ad categories" in answer["message"]
    assert wire.group(campaign)["code"] == 0
    plain = wire.campaign(campaign_name="Plain")
    added = wire.post("campaign/update", campaign_id=plain, special_industries=["HOUSING"])
    assert "can only be cleared" in added["message"]
    assert wire.post("campaign/update", campaign_id=campaign, special_industries=[])["code"] == 0


def test_dynamic_budgets_for_reach_are_not_for_everyone(wire: Wire) -> None:
    campaign = wire.campaign(objective_type="REACH")
    reach = {"optimization_goal": "REACH", "billing_event": "CPM", "promotion_type": None}
    assert "allowlist" in wire.group(campaign, **reach)["message"]
    assert wire.group(campaign, **reach, budget_mode="BUDGET_MODE_DAY")["code"] == 0


def test_a_group_with_one_deleted_campaign_fails_as_a_whole(wire: Wire) -> None:
    ids = [wire.campaign(campaign_name=f"C{n}") for n in range(3)]
    path = "campaign/status/update"
    assert wire.post(path, campaign_ids=ids[:1], operation_status="DELETE")["code"] == 0
    refused = wire.post(path, campaign_ids=ids, operation_status="DISABLE")
    assert (refused["code"], refused["message"]) == (
        40002,
        f"The campaign {ids[0]} has been deleted.",
    )
    listed = wire.get("campaign/get")["data"]["list"]
    assert {row["operation_status"] for row in listed} == {"ENABLE"}
    many = [str(n) for n in range(1, 22)]
    assert wire.post(path, campaign_ids=many, operation_status="DISABLE")["code"] == 40011
    assert wire.post(path, campaign_ids=ids[1:], operation_status="ARCHIVE")["code"] == 40002


def test_lists_are_filtered_fuzzily_and_paged(wire: Wire) -> None:
    ids = [wire.campaign(campaign_name=f"k{n} Spring") for n in range(12)]
    page = wire.get("campaign/get")["data"]
    assert len(page["list"]) == 10  # the default
    assert page["page_info"] == {"page": 1, "page_size": 10, "total_number": 12, "total_page": 2}
    rest = wire.get("campaign/get", page=2, page_size=7)["data"]["list"]
    assert [row["campaign_id"] for row in rest] == ids[4::-1]
    found = wire.get("campaign/get", filtering={"campaign_name": "1 sprinG"})["data"]["list"]
    assert {row["campaign_name"] for row in found} == {"k1 Spring", "k11 Spring"}
    for params, code in (
        ({"page_size": 1001}, 40002),
        ({"filtering": {"campaign_ids": ["k1"]}}, 40002),
        ({"filtering": {"campaign_ids": [str(n) for n in range(101)]}}, 40011),
        ({"filtering": {"primary_status": "STATUS_GOOD"}}, 40002),
        ({"filtering": "{broken"}, 40002),
    ):
        assert wire.get("campaign/get", **params)["code"] == code


def test_files_are_kept_by_name_and_checked_by_signature(wire: Wire) -> None:
    film, cover = video(), picture()
    path, content = "file/video/ad/upload", film.read_bytes()
    one = wire.upload(path, "video_file", content, file_name="k1 a", video_signature=md5(film))
    two = wire.upload(path, "video_file", content, file_name="k1 b", video_signature=md5(film))
    # The same file again is another video.
    assert one["data"][0]["video_id"] != two["data"][0]["video_id"]
    assert one["data"][0]["signature"] == two["data"][0]["signature"]
    for fields, code in (
        ({"file_name": "k1 a", "video_signature": md5(film)}, 40911),
        ({"file_name": "c", "video_signature": "0" * 32}, 40900),
        ({"file_name": "n" * 101, "video_signature": md5(film)}, 40002),
        ({"file_name": "d"}, 40002),
    ):
        assert wire.upload(path, "video_file", content, **fields)["code"] == code
    picture_as_film = wire.upload(
        path, "video_file", cover.read_bytes(), file_name="e", video_signature=md5(cover)
    )
    assert picture_as_film["code"] == 40908
    ids = [one["data"][0]["video_id"]]
    assert wire.post("creative/asset/delete", video_ids=ids)["code"] == 0
    assert wire.get("file/video/ad/info", video_ids=ids)["data"]["list"] == []
    assert wire.post("creative/asset/delete", video_ids=ids)["code"] == 40002


def test_an_ad_needs_a_cover_of_its_videos_shape_and_a_name_to_speak_in(
    wire: Wire, tree: Tree
) -> None:
    square = picture((1080, 1080))
    image = wire.upload(
        "file/image/ad/upload", "image_file", square.read_bytes(),
        file_name="square", image_signature=md5(square),
    )["data"]["image_id"]  # fmt: skip
    (ad,) = wire.get("ad/get")["data"]["list"]
    good = {
        name: ad[name]
        for name in (
            "ad_format", "ad_text", "call_to_action", "landing_page_url", "video_id", "image_ids",
            "identity_type", "identity_id",
        )
    }  # fmt: skip
    for changes, words in (
        ({"image_ids": [image]}, "shape differs"),
        ({"image_ids": []}, "image_ids"),
        ({"video_id": "v404"}, "does not exist"),
        ({"identity_id": "1"}, "identity does not exist"),
        ({"ad_text": "w" * 101}, "must not exceed 100"),
        ({"call_to_action": "GET_OFFER"}, "must be one of"),
        ({"landing_page_url": ""}, "landing_page_url"),
    ):
        creatives = [good, {**good, **changes}]
        answer = wire.post("ad/create", adgroup_id=tree.group.id, creatives=creatives)
        assert answer["code"] != 0
        assert words in answer["message"]
    # All of them or none.
    assert len(wire.get("ad/get")["data"]["list"]) == 1


# -- figures -----------------------------------------------------------------------------------


def report(wire: Wire, level: str, dimensions: list[str], **more: Any) -> list[dict[str, Any]]:
    answer = wire.get(
        "report/integrated/get",
        report_type="BASIC",
        data_level=level,
        dimensions=dimensions,
        metrics=["spend", "impressions", "total_complete_payment_rate"],
        **{"start_date": "2026-03-01", "end_date": "2026-03-08", "page_size": "1000", **more},
    )
    assert answer["code"] == 0, answer
    return answer["data"]["list"]


def test_reports_add_up_and_leave_deleted_campaigns_out(
    wire: Wire, tree: Tree, box: Sandbox, watch: Watch
) -> None:
    watch.forward(box, hours=10)
    wire.campaign(campaign_name="Idle")
    watch.forward(box, hours=3)
    levels = ("ADVERTISER", "CAMPAIGN", "ADGROUP", "AD")
    spends = {}
    for level in levels:
        name = f"{level.lower()}_id"
        rows = report(wire, f"AUCTION_{level}", [name, "stat_time_day"])
        # By day, what did not deliver has no row.
        assert len(rows) == 1
        spends[level] = rows[0]["metrics"]["spend"]
    assert len(set(spends.values())) == 1
    assert float(spends["AD"]) > 0
    by_id = report(wire, "AUCTION_CAMPAIGN", ["campaign_id"])
    assert [row["metrics"]["impressions"] == "0" for row in by_id].count(True) == 1
    hours = report(
        wire, "AUCTION_CAMPAIGN", ["campaign_id", "stat_time_hour"], end_date="2026-03-01"
    )
    assert len(hours) > 5
    assert sum(float(row["metrics"]["spend"]) for row in hours) == pytest.approx(
        float(spends["CAMPAIGN"]), abs=0.1
    )
    wire.post("campaign/status/update", campaign_ids=[tree.campaign.id], operation_status="DELETE")
    assert report(wire, "AUCTION_CAMPAIGN", ["campaign_id", "stat_time_day"]) == []
    every = [
        {"field_name": "campaign_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}
    ]
    (row,) = report(wire, "AUCTION_CAMPAIGN", ["campaign_id", "stat_time_day"], filtering=every)
    assert float(row["metrics"]["spend"]) > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": ["vanity"]}, "vanity is not supported"),
        ({"dimensions": ["ad_id", "stat_time_day"]}, "goes with campaign_id"),
        ({"end_date": "2026-03-31"}, "at most 30 days"),
        ({"dimensions": ["campaign_id", "stat_time_hour"]}, "at most 1 days"),
        ({"data_level": "RESERVATION_AD"}, "must be one of"),
        ({"start_date": "1 March"}, "YYYY-MM-DD"),
    ],
)
def test_bad_reports_are_refused(changes: dict[str, Any], words: str, wire: Wire) -> None:
    asked = {
        "report_type": "BASIC",
        "data_level": "AUCTION_CAMPAIGN",
        "dimensions": ["campaign_id", "stat_time_day"],
        "metrics": ["spend"],
        "start_date": "2026-03-01",
        "end_date": "2026-03-08",
        **changes,
    }
    answer = wire.get("report/integrated/get", **asked)
    assert answer["code"] == 40002
    assert words in answer["message"]


def test_a_day_may_go_beyond_its_budget_and_a_week_may_not(
    wire: Wire, tree: Tree, box: Sandbox, watch: Watch
) -> None:
    watch.forward(box, days=2)
    longer = "2026-03-20 00:00:00"
    wire.post("adgroup/update", adgroup_id=tree.group.id, schedule_end_time=longer)
    watch.forward(box, days=8)
    days = box.world.figures("tiktok", ADVERTISER_ID, "2026-03-01", "2026-03-07")
    spends = [row.spend_micros / 1_000_000 for row in days]
    assert len(spends) == 7
    assert max(spends) <= 60.0 * 1.25 + 0.01
    assert sum(spends) <= 60.0 * 7 + 0.01
    assert date.fromisoformat(days[0].day) + timedelta(days=6) == date(2026, 3, 7)
