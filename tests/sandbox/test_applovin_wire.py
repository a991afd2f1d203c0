"""The AppLovin stand-in on the wire, and the traps it promises to set. There is no official client
to hold it against, so every statement of the fact sheet is a test here."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from sandbox.applovin import ACCOUNT_ID, MANAGEMENT_KEY, REPORT_KEY, held
from sandbox.applovin.limits import ERRORS, REQUESTS
from tests.clock import MORNING
from tests.platforms.applovin_bench import Stage, staged
from tests.platforms.contract.bench import CAMPAIGN, Tree
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]


@pytest.fixture
def stage(sandbox_factory: Callable[..., Sandbox], tmp_path: Path) -> Stage:
    return staged(sandbox_factory, tmp_path)


class Wire:
    """Raw calls."""

    def __init__(self, stage: Stage) -> None:
        self._http = httpx.Client(base_url=f"{stage.box.url}/applovin", trust_env=False)

    def call(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None = None,
        key: str = MANAGEMENT_KEY,
        account: str | None = ACCOUNT_ID,
        **content: Any,
    ) -> httpx.Response:
        query = {**({"account_id": account} if account else {}), **(params or {})}
        headers = {"Authorization": key}
        return self._http.request(
            method, f"/manage/v1/{path}", params=query, headers=headers, **content
        )

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params)
        assert answer.status_code == 200, answer.headers
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self.call("POST", path, json=body)

    def done(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.headers
        return answer.json() if answer.content else {}

    def refused(self, path: str, body: dict[str, Any]) -> str:
        answer = self.post(path, body)
        assert answer.status_code == 400, answer.text
        assert answer.content == b""
        return answer.headers["x-al-error-message"]

    def report(self, **params: Any) -> httpx.Response:
        return self._http.get("/report", params={"api_key": REPORT_KEY, **params})

    def upload(self, *files: tuple[str, bytes, str]) -> httpx.Response:
        return self.call("POST", "asset/upload", files=[("files", one) for one in files])

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def wire(stage: Stage) -> Iterator[Wire]:
    opened = Wire(stage)
    yield opened
    opened.close()


NEW: dict[str, Any] = {
    "type": "APP",
    "name": "US launch",
    "platform": "IOS",
    "package_name": "com.example.app",
    "itunes_id": "123456789",
    "start_date": "2026-12-01T00:00:00",
    "end_date": "2026-12-31T00:00:00",
    "bidding_strategy": "TARGET_GOAL_WITH_CPI_BILLING",
    "budget": {"daily_budget_for_all_countries": "5000"},
    "goal": {"goal_type": "CPI", "goal_value_for_all_countries": "1.50"},
    "targeting": [{"country_code": "US", "region_codes": ["CA"]}],
    "tracking": {
        "tracking_method": "APPSFLYER",
        "impression_url": "https://impression.example/x",
        "click_url": "https://click.example/x",
    },
}
"""The documentation's own example."""


def png(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "navy").save(file, "PNG")
    return file.getvalue()


# -- admission ----------------------------------------------------------------------------------


def test_the_key_goes_raw_into_the_header_and_the_account_into_every_query(wire: Wire) -> None:
    assert wire.get("campaign/list") == []
    for key in (f"Bearer {MANAGEMENT_KEY}", REPORT_KEY, ""):
        answer = wire.call("GET", "campaign/list", key=key)
        assert answer.status_code == 401
    for account in (None, "1"):
        assert wire.call("GET", "campaign/list", account=account).status_code == 403
    assert wire.report(api_key=MANAGEMENT_KEY).status_code == 401


def test_errors_are_in_headers_and_every_answer_has_its_trace(wire: Wire) -> None:
    answer = wire.post("campaign/create", {**NEW, "platform": "TV"})
    assert answer.status_code == 400
    assert answer.content == b""
    assert answer.headers["x-al-error-code"].isdecimal()
    assert "platform" in answer.headers["x-al-error-message"]
    traces = {answer.headers["x-trace-id"]}
    traces.add(wire.call("GET", "campaign/list").headers["x-trace-id"])
    traces.add(wire.report().headers["x-trace-id"])
    assert len(traces) == 3


# -- campaigns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [{}, {"status": "PAUSED"}])
def test_the_status_of_a_new_campaign_is_ignored(status: dict[str, str], wire: Wire) -> None:
    made = wire.done("campaign/create", {**NEW, **status})
    assert made == {"id": made["id"]}
    (row,) = wire.get("campaign/list", ids=made["id"])
    assert row["status"] == "LIVE"
    assert isinstance(row["id"], str)
    wire.done("campaign/update", {"id": made["id"], "type": "APP", "status": "PAUSED"})
    (row,) = wire.get("campaign/list", hashed_ids=row["hashed_id"])
    assert row["status"] == "PAUSED"
    assert not [name for name in row if name.startswith("_")]


def test_lists_are_bare_arrays_that_end_with_an_empty_one(wire: Wire) -> None:
    made = [wire.done("campaign/create", NEW)["id"] for _ in range(5)]
    assert [row["id"] for row in wire.get("campaign/list", page=1, size=3)] == made[:3]
    assert [row["id"] for row in wire.get("campaign/list", page=2, size=3)] == made[3:]
    assert wire.get("campaign/list", page=3, size=3) == []
    for bad in (
        {"ids": made[0], "hashed_ids": "x"}, {"size": 101}, {"page": 0}, {"ids": "x"},
        {"ids": ",".join(map(str, range(101)))},
    ):  # fmt: skip
        assert wire.call("GET", "campaign/list", bad).status_code == 400


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"type": "WEB"}, "type"), ({"id": "1"}, "id cannot be given"), ({"name": ""}, "name"),
        ({"itunes_id": None}, "itunes_id"), ({"unheard": 1}, "unheard"),
        ({"platform": "ANDROID", "package_name": None}, "package_name"),
        ({"start_date": "2026-12-01"}, "start_date"), ({"end_date": None}, "end_date"),
        ({"end_date": "2026-11-01T00:00:00"}, "after start_date"),
        ({"is_continuous_delivery": True}, "cannot be used together"),
        ({"budget": {"daily_budget_for_all_countries": 5000}}, "decimal string"),
        ({"budget": {}}, "either"),
        (
            {"budget": {
                "daily_budget_for_all_countries": "1", "country_code_to_daily_budget": {"US": "1"},
            }},
            "either",
        ),
        ({"goal": {"goal_type": "CPI", "goal_value_for_all_countries": "0"}}, "positive"),
        ({"goal": {"goal_type": "CPM"}}, "goal_type"),
        ({"goal": {"goal_type": "CPE", "goal_value_for_all_countries": "1"}}, "CPE"),
        ({"targeting": []}, "country"), ({"targeting": [{"country_code": "usa"}]}, "country_code"),
        ({"targeting": [{"country_code": "DE", "region_codes": ["BY"]}]}, "US only"),
        (
            {"targeting": [{"country_code": "US", "region_codes": ["CA"], "metro_names": ["x"]}]},
            "together",
        ),
        ({"tracking": {**NEW["tracking"], "tracking_method": "NONE"}}, "tracking_method"),
        ({"tracking": {**NEW["tracking"], "click_url": "http://x"}}, "click_url"),
    ],
)  # fmt: skip
def test_a_campaign_that_is_not_whole_is_refused(
    change: dict[str, Any], why: str, wire: Wire
) -> None:
    assert why in wire.refused("campaign/create", {**NEW, **change})
    assert wire.get("campaign/list") == []


def test_an_update_is_a_patch_and_some_things_are_fixed(wire: Wire) -> None:
    own = {"id": wire.done("campaign/create", NEW)["id"], "type": "APP"}
    before = wire.get("campaign/list")[0]
    wire.done(
        "campaign/update",
        {
            **own,
            "name": "Other",
            "budget": {"country_code_to_daily_budget": {"US": "20.00"}},
            "goal": {"goal_value_for_all_countries": "2.25"},
            "end_date": "2027-01-31T00:00:00Z",
            "targeting": [{"country_code": "US"}],
        },
    )
    (row,) = wire.get("campaign/list")
    assert row == {
        **before,
        "name": "Other",
        "budget": {"country_code_to_daily_budget": {"US": "20.00"}},
        "goal": {
            "goal_type": "CPI",
            "goal_value_for_all_countries": "2.25",
            "country_code_to_goal_value": {},
        },
        "end_date": "2027-01-31T00:00:00",
        "targeting": [{"country_code": "US"}],
    }
    # An id may also be a number.
    wire.done("campaign/update", {**own, "id": int(own["id"]), "status": "PAUSED"})
    for change in (
        {"platform": "IOS"}, {"start_date": NEW["start_date"]}, {"bidding_strategy": "x"},
        {"goal": {"goal_type": "CPI", "goal_value_for_all_countries": "1"}},
        {"status": "ARCHIVED"}, {"created_at": "x"},
    ):  # fmt: skip
        wire.refused("campaign/update", {**own, **change})
    wire.refused("campaign/update", {**own, "id": "999"})
    wire.refused("campaign/update", {"id": own["id"], "status": "LIVE"})


# -- assets and creative sets ---------------------------------------------------------------------


def settled_upload(wire: Wire, upload_id: str) -> dict[str, Any]:
    """Poll an upload to its end, as clients do."""
    for _ in range(200):
        result = wire.get("asset/upload_result", upload_id=upload_id)
        if result["upload_status"] == "FINISHED":
            return result
    raise AssertionError("the upload does not end")


MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 12


def files(wire: Wire) -> tuple[str, str]:
    """A video and an end card in the library."""
    answer = wire.upload(("v.mp4", MP4, "video/mp4"), ("i.png", png((270, 480)), "image/png"))
    details = settled_upload(wire, answer.json()["upload_id"])["details"]
    return details[0]["id"], details[1]["id"]


def test_an_upload_takes_a_moment_and_tells_of_each_file(wire: Wire) -> None:
    answer = wire.upload(
        ("film.mp4", MP4, "video/mp4"),
        ("card.png", png((1080, 1920)), "image/png"),
        ("banner.png", png((320, 50)), "image/png"),
        ("play.html", b"<html>", "text/html"),
        ("square.png", png((500, 500)), "image/png"),
        ("broken.mp4", b"no film", "video/mp4"),
        ("song.mp3", b"la", "audio/mpeg"),
    )
    pending = wire.get("asset/upload_result", **answer.json())
    assert pending["upload_status"] == "PENDING"
    assert pending["summary"] == {"total": 7, "success": 0, "failed": 0, "pending": 7}
    assert {one["file_status"] for one in pending["details"]} == {"PENDING"}
    assert wire.get("asset/list") == []
    done = settled_upload(wire, answer.json()["upload_id"])
    assert done["summary"] == {"total": 7, "success": 4, "failed": 3, "pending": 0}
    failed = {one["name"]: one["error_message"] for one in done["details"] if "id" not in one}
    assert failed.keys() == {"square.png", "broken.mp4", "song.mp3"}
    assert all(failed.values())
    listed = {row["name"]: row for row in wire.get("asset/list")}
    assert {name: row["asset_type"] for name, row in listed.items()} == {
        "film.mp4": "VID_LONG_P",
        "card.png": "IMG_INTER_P",
        "banner.png": "IMG_BANNER",
        "play.html": "HOSTED_HTML",
    }
    assert [row["name"] for row in wire.get("asset/list", resource_type="video")] == ["film.mp4"]
    assert listed["film.mp4"]["status"] == "IN_REVIEW"
    assert wire.upload(("a.png", b"", "image/png"), ("a.png", b"", "image/png")).status_code == 400
    assert wire.call("GET", "asset/list", {"resource_type": "sound"}).status_code == 400


def test_a_set_needs_what_can_be_shown_and_is_live_at_once(wire: Wire) -> None:
    video, image = files(wire)
    campaign = wire.done("campaign/create", NEW)["id"]
    body = {
        "type": "APP", "campaign_id": campaign, "name": "s", "status": "PAUSED",
        "assets": [{"id": video, "type": "VID_LONG_P"}, {"id": image, "type": "IMG_INTER_P"}],
        "languages": ["ENGLISH"], "countries": ["US"],
    }  # fmt: skip
    made = wire.done("creative_set/create", body)
    assert made["version"] in ("V1", "V2")
    (row,) = wire.get("creative_set/list", ids=made["id"])
    assert (row["status"], row["campaign_id"]) == ("LIVE", campaign)
    assert [one["status"] for one in row["assets"]] == ["IN_REVIEW", "IN_REVIEW"]
    for assets, why in (
        ([], "1 to 50"), ([{"id": video}], "a video with an end card"),
        ([{"id": image}], "a video with an end card"), ([{"id": "9"}], "does not exist"),
        ([{"id": video, "type": "IMG_BANNER"}], "not a IMG_BANNER"),
        ([{"id": image}] * 11, "at most 10"),
    ):  # fmt: skip
        assert why in wire.refused("creative_set/create", {**body, "assets": assets})
    wire.refused("creative_set/create", {**body, "campaign_id": "9"})
    changed = wire.done(
        "creative_set/update", {"id": made["id"], "type": "APP", "status": "PAUSED", "name": "t"}
    )
    assert changed["id"] == made["id"]
    (row,) = wire.get("creative_set/list")
    assert (row["status"], row["name"]) == ("PAUSED", "t")


def test_sets_hang_below_several_campaigns_and_associations_want_integers(wire: Wire) -> None:
    video, image = files(wire)
    one, two = (wire.done("campaign/create", NEW)["id"] for _ in range(2))
    body = {"type": "APP", "name": "s", "assets": [{"id": video}, {"id": image}]}
    made = wire.done("creative_set/create", body)["id"]

    def below() -> dict[str, list[str]]:
        shown = wire.get("creative_set/list_by_campaign_id", ids=f"{one},{two},999")
        assert shown["campaign_count"] == 2
        found = {key: [row["id"] for row in rows] for key, rows in shown["campaigns"].items()}
        assert shown["creative_set_count"] == sum(map(len, found.values()))
        return found

    assert below() == {one: [], two: []}
    both = {"campaign_ids": [int(one), int(two)], "creative_set_ids": [int(made)]}
    wire.refused("creative_set/add-to-campaigns", {**both, "campaign_ids": [one]})
    wire.refused("creative_set/add-to-campaigns", {**both, "campaign_ids": [1]})
    answer = wire.post("creative_set/add-to-campaigns", both)
    assert (answer.status_code, answer.content) == (200, b"")
    assert below() == {one: [made], two: [made]}
    out = {"campaign_ids": [int(one)], "creative_set_id": int(made)}
    wire.refused("creative_set/remove-from-campaigns", {**out, "creative_set_id": made})
    wire.done("creative_set/remove-from-campaigns", out)
    assert below() == {one: [], two: [made]}
    wire.refused("creative_set/remove-from-campaigns", out)
    copy = {"campaign_id": one, "creative_set_id": made, "status": "PAUSED"}
    clone = wire.done("creative_set/clone", copy)["id"]
    assert below() == {one: [clone], two: [made]}
    wire.done("creative_set/remove-from-all-campaigns", {"creative_set_ids": [int(made)]})
    assert below() == {one: [clone], two: []}


def test_a_disapproved_ad_and_reviews_in_their_time(stage: Stage, wire: Wire) -> None:
    first, second = files(wire), files(wire)
    stage.box.arm("applovin", "disapproved_ad", count=1)
    for video, image in (first, second):
        body = {"type": "APP", "name": "s", "assets": [{"id": video}, {"id": image}]}
        wire.done("creative_set/create", body)
    stage.later(minutes=9)
    assert {row["status"] for row in wire.get("asset/list")} == {"IN_REVIEW"}
    stage.later(minutes=2)
    states = {row["id"]: row["status"] for row in wire.get("asset/list")}
    assert [states[one] for one in first] == ["REJECTED"] * 2
    assert [states[one] for one in second] == ["ACTIVE"] * 2
    rejected = wire.get("asset/list", ids=first[0])[0]
    assert rejected["violation_reasons"]


# -- limits ---------------------------------------------------------------------------------------


def test_a_hundred_errors_block_the_account_whatever_it_then_asks(stage: Stage, wire: Wire) -> None:
    answer = wire.upload(("a.mp4", b"x", "video/mp4"), ("b.mp4", b"x", "video/mp4"))
    settled_upload(wire, answer.json()["upload_id"])
    settled_upload(wire, answer.json()["upload_id"])  # each file counts once
    for _ in range(ERRORS - 3):
        wire.refused("campaign/create", {})
    assert wire.get("campaign/list") == []
    wire.refused("campaign/create", {})
    blocked = wire.call("GET", "campaign/list")
    assert (blocked.status_code, blocked.headers["x-al-error-code"]) == (429, "100007")
    assert "retry-after" not in blocked.headers
    assert wire.report().status_code == 400, "reports are another house"
    stage.box.control.delete("/limits")
    assert wire.get("campaign/list") == []


def test_a_thousand_requests_a_minute_and_then_ten_minutes_of_nothing(
    stage: Stage, wire: Wire
) -> None:
    for _ in range(REQUESTS):
        assert wire.get("campaign/list") == []
    refused = wire.call("GET", "campaign/list")
    assert refused.status_code == 429
    assert refused.headers["x-al-error-code"] != "100007"
    assert "retry-after" not in refused.headers
    stage.box.control.delete("/limits")
    assert wire.get("campaign/list") == []


@pytest.mark.parametrize(
    ("kind", "status"), [("expired_token", 401), ("rate_limited", 429), ("server_error", 503)]
)
def test_faults_are_played_on_both_hosts(kind: str, status: int, stage: Stage, wire: Wire) -> None:
    stage.box.arm("applovin", kind, count=2)
    assert wire.call("GET", "campaign/list").status_code == status
    assert wire.report().status_code == status
    assert wire.get("campaign/list") == []
    assert stage.box.fired("applovin", kind) == 2


# -- delivery and reports -------------------------------------------------------------------------


async def delivering(stage: Stage) -> Tree:
    network = stage.open()
    tree = await stage.tree(network, variants=2).make()
    await tree.switch(on=True)
    await network.aclose()
    return tree


async def test_it_delivers_only_between_its_dates_with_an_approved_set(stage: Stage) -> None:
    tree = await delivering(stage)
    stage.later(minutes=9)
    assert stage.spent == 0, "in review, and not begun"
    stage.later(hours=1)
    assert (so_far := stage.spent) > 0
    for row in stage.rows("creative_set"):
        stage.change("creative_set", row["id"], status="PAUSED")
    stage.later(hours=1)
    assert stage.spent == so_far, "nothing to show"
    stage.change("creative_set", tree.ads[0].split(":")[1], status="LIVE")
    stage.later(hours=1)
    assert (so_far := stage.spent) > 0
    stage.later(hours=3)
    ended = stage.spent
    stage.later(hours=5)
    assert stage.spent == ended, "its end has passed"


async def test_spend_stays_within_what_a_day_may_cost(stage: Stage) -> None:
    tree = await delivering(stage)
    stage.change("campaign", tree.ids["campaign"], end_date="2026-03-09T00:00:00")
    stage.later(days=5)
    (row,) = stage.box.control.get("/truth").json()["campaigns"]
    assert 0 < row["busiest_day_micros"] <= 60_000_000 * 1.2


async def test_reports_are_an_advertisers_only_when_they_say_so(stage: Stage, wire: Wire) -> None:
    tree = await delivering(stage)
    stage.later(hours=5)
    ask = {"start": "2026-03-03", "end": "now", "format": "json", "columns": "day,impressions,cost"}
    assert wire.report(**ask).json() == {"code": 200, "results": [], "count": 0}
    told = wire.report(report_type="advertiser", **ask).json()
    (row,) = told["results"]
    assert told["count"] == 1
    assert row.keys() == {"day", "impressions", "cost"}
    assert all(isinstance(value, str) for value in row.values())
    by_ad = {**ask, "columns": "day,campaign_id_external,creative_set_id,cost,ctr,average_cpc"}
    rows = wire.report(report_type="advertiser", **by_ad).json()["results"]
    (campaign,) = wire.get("campaign/list")
    assert {one["campaign_id_external"] for one in rows} == {campaign["hashed_id"]}
    assert {one["creative_set_id"] for one in rows} == {ad.split(":")[1] for ad in tree.ads}
    second = wire.report(report_type="advertiser", limit=1, offset=1, **by_ad).json()
    assert second["results"] == rows[1:]
    only = {"filter_creative_set_id": rows[1]["creative_set_id"], "sort_cost": "DESC"}
    assert wire.report(report_type="advertiser", **by_ad, **only).json()["results"] == rows[1:]
    hours = wire.report(report_type="advertiser", **{**ask, "columns": "hour,impressions"}).json()
    assert len(hours["results"]) > 1
    text = wire.report(report_type="advertiser", **{**ask, "format": "csv"}).text
    assert text.splitlines()[0] == "day,impressions,cost"
    stage.change("account", ACCOUNT_ID, _bare_reports=True)
    assert wire.report(report_type="advertiser", **ask).json() == [row]


@pytest.mark.parametrize(
    "bad",
    [
        {"start": "2026-01-01", "end": "2026-02-15"}, {"start": "2026-03-03", "end": "2026-03-02"},
        {"start": "yesterday"}, {"columns": ""}, {"columns": "day,reach"}, {"limit": "x"},
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_made_is_refused(bad: dict[str, str], wire: Wire) -> None:
    fine = {
        "report_type": "advertiser", "start": "2026-03-01", "end": "2026-03-03",
        "columns": "day,cost", "format": "json",
    }  # fmt: skip
    assert wire.report(**fine).status_code == 200
    assert wire.report(**{**fine, "start": "2026-01-18"}).status_code == 200
    assert wire.report(**{**fine, **bad}).status_code == 400


async def test_switches_are_noted_with_their_keys(stage: Stage) -> None:
    tree = await delivering(stage)
    network = stage.open()
    await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    await network.remove(CAMPAIGN.AD, tree.ads[0])
    await network.aclose()
    journal = stage.box.world.journal.read("applovin")
    notes = [one["detail"] for one in journal if one["kind"] == "switched"]
    campaign = [one for one in notes if one["kind"] == "campaign"]
    assert [one["status"] for one in campaign] == ["PAUSED", "ACTIVE", "PAUSED"]
    assert campaign[-1]["keys"] == [tree.key("campaign"), tree.key("ad_group")]
    last = notes[-1]
    assert (last["status"], last["keys"]) == ("DELETED", [tree.key("ad/v1")])
    assert f"{tree.ids['campaign']}:{last['id']}" == tree.ads[0]


async def test_what_is_held_survives_a_restart_and_names_each_key_once(
    stage: Stage, sandbox_factory: Callable[..., Sandbox]
) -> None:
    tree = await delivering(stage)
    before = held(stage.box.world)
    assert sorted(one.kind for one in before) == [
        "ad", "ad", "ad_group", "campaign", "creative", "creative",
    ]  # fmt: skip
    assert len({one.key for one in before}) == len(before)
    stage.box.stop()
    stage.clock.at += timedelta(minutes=30)
    again = sandbox_factory(
        directory=stage.box.directory, networks=["applovin"], tempo=1.0, origin=MORNING,
        real=stage.clock,
    )  # fmt: skip
    assert held(again.world) == before
    assert [row["id"] for row in again.world.every("applovin", "campaign")] == [
        tree.ids["campaign"]
    ]
