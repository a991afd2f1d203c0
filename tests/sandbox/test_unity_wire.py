"""The Unity stand-in on the wire, against the traps it promises to set (there is no official client
to try it with)."""

import base64
import csv
import json
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from sandbox.unity.limits import READS, RateLimits, headers
from sandbox.unity.shelf import APPLE_APP, BEARER, GOOGLE_APP, KEY_ID, ORGANIZATION_ID, SECRET_KEY
from tests.clock import Clock
from tests.platforms.contract.bench import _video
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

BASIC = "Basic " + base64.b64encode(f"{KEY_ID}:{SECRET_KEY}".encode()).decode()
NOBODY = "0" * 24
STATS = {"scale": "day", "metrics": "starts,clicks,installs,spend", "breakdowns": "campaign"}


class Wire:
    """Raw calls. ``renew`` lets the limits begin anew, so that no test has to wait for them."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.root = f"{box.url}/unity/advertise/v1/organizations/{ORGANIZATION_ID}"
        self.stats = f"{box.url}/unity/advertise/stats/v2/organizations/{ORGANIZATION_ID}"
        self.http = httpx.Client(headers={"Authorization": BASIC}, trust_env=False, timeout=10)

    def renew(self) -> None:
        self.box.control.delete("/limits").raise_for_status()

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        self.renew()
        return self.http.request(method, f"{self.root}/apps/{APPLE_APP}{path}", **content)

    def ok(self, method: str, path: str, status: int = 200, **content: Any) -> Any:
        answer = self.call(method, path, **content)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def bad(self, method: str, path: str, **content: Any) -> tuple[int, str]:
        """Status and first bad field of a refusal."""
        answer = self.call(method, path, **content)
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["requestId"]
        assert body["type"].endswith(f"#{body['code']}")
        return answer.status_code, (body["details"] or [{"path": ""}])[0]["path"]

    def campaign(self, **fields: Any) -> str:
        body = {"name": "Spring", "goal": "installs", **fields}
        return str(self.ok("POST", "/campaigns", 201, json=body)["id"])

    def upload(self, info: dict[str, Any], **files: bytes) -> httpx.Response:
        parts: dict[str, Any] = {"creativeInfo": (None, json.dumps(info), "application/json")}
        parts |= {name: ("file", content) for name, content in files.items()}
        return self.call("POST", "/creatives", files=parts)

    def pack(self, directory: Path, name: str = "k3pack v1") -> str:
        video = _video(directory, (360, 640)).read_bytes()
        info = {"name": "film", "language": "en", "video": {"fileName": "a.mp4"}}
        card = {"name": "card", "language": "en", "squareEndCard": {"fileName": "a.png"}}
        ids = [
            self.upload(info, videoFile=video).json()["id"],
            self.upload(card, squareEndCardFile=picture(800)).json()["id"],
        ]
        body = {"name": name, "creativeIds": ids, "type": "video"}
        return str(self.ok("POST", "/creative-packs", 201, json=body)["id"])


def picture(width: int, height: int = 800) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def watch() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], watch: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("unity",), origin=watch(), real=watch)


@pytest.fixture
def wire(box: Sandbox) -> Wire:
    return Wire(box)


# -- who may call -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["", "Basic", f"Basic {KEY_ID}:{SECRET_KEY}", f"Bearer {SECRET_KEY}", f"Token {BEARER}"],
)
def test_only_a_service_account_gets_in(wire: Wire, header: str) -> None:
    answer = wire.http.get(f"{wire.root}/apps", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, 65)
    answer = wire.http.get(f"{wire.stats}/reports/acquisitions", headers={"Authorization": header})
    assert answer.status_code == 401


def test_an_organisation_of_somebody_else_is_closed(wire: Wire) -> None:
    wire.http.headers["Authorization"] = f"Bearer {BEARER}"
    assert wire.http.get(f"{wire.root}/apps").status_code == 200
    other = wire.root.replace(ORGANIZATION_ID, "1")
    answer = wire.http.get(f"{other}/apps")
    assert (answer.status_code, answer.json()["code"]) == (403, 64)


def test_apps_are_found_by_store_and_store_id(wire: Wire) -> None:
    def ids(**params: str) -> list[str]:
        answer = wire.http.get(f"{wire.root}/apps", params=params).json()
        assert answer["total"] == len(answer["results"])
        return [row["id"] for row in answer["results"]]

    assert ids() == [APPLE_APP, GOOGLE_APP]
    assert ids(**{"filter[store]": "google"}) == [GOOGLE_APP]
    assert ids(**{"filter[store]": "google", "filter[storeId]": "1600000001"}) == []
    page = wire.http.get(f"{wire.root}/apps", params={"offset": 1, "limit": 1}).json()
    assert (page["total"], page["offset"], page["limit"]) == (2, 1, 1)
    assert [row["id"] for row in page["results"]] == [GOOGLE_APP]
    assert wire.http.get(f"{wire.root}/apps", params={"limit": 1001}).status_code == 400


# -- campaigns --------------------------------------------------------------------------------


def test_a_campaign_begins_disabled_and_cannot_be_made_otherwise(wire: Wire) -> None:
    body = {"name": "Spring", "goal": "installs"}
    assert wire.bad("POST", "/campaigns", json={**body, "enabled": True}) == (400, "enabled")
    assert wire.bad("POST", "/campaigns", json={"name": "Spring"}) == (400, "goal")
    assert wire.bad("POST", "/campaigns", json={**body, "goal": "INSTALL"}) == (400, "goal")
    assert wire.bad("POST", "/campaigns", json={**body, "name": "x" * 256}) == (400, "name")
    roas = {"name": "Spring", "goal": "roas", "biddingStrategy": "manual"}
    assert wire.bad("POST", "/campaigns", json=roas) == (400, "biddingStrategy")
    dated = {**body, "scheduleEnd": "2026-12-01T00:00:00Z"}
    assert wire.bad("POST", "/campaigns", json=dated) == (400, "scheduleEnd")
    http = {**body, "attributionClickUrl": "http://mmp.example"}
    assert wire.bad("POST", "/campaigns", json=http) == (400, "attributionClickUrl")
    assert wire.call("POST", "/campaigns", content=b"{", headers=JSON).status_code == 400
    assert wire.call("POST", "/campaigns", data=body).status_code == 415
    made = wire.ok("POST", "/campaigns", 201, json=body)
    assert (made["enabled"], made["status"], len(made["id"])) == (False, "paused", 24)
    assert "budget" not in made
    assert not any(name.startswith("_") for name in made)


JSON = {"Content-Type": "application/json"}


def test_lists_of_campaigns_come_at_once_and_take_no_pages(wire: Wire) -> None:
    ids = [wire.campaign(name=f"number {n}") for n in range(12)]
    answer = wire.ok("GET", "/campaigns")
    assert set(answer) == {"total", "results"}
    assert [row["id"] for row in answer["results"]] == ids
    assert wire.bad("GET", "/campaigns?limit=5") == (400, "limit")
    assert wire.ok("GET", "/campaigns?filter[enabled]=true")["total"] == 0
    assert wire.bad("GET", f"/campaigns/{ids[0]}/assigned-creative-packs?limit=5")[0] == 400


def test_bids_and_budget_are_shown_when_asked_for(wire: Wire) -> None:
    path = f"/campaigns/{wire.campaign()}"
    wire.ok("PUT", f"{path}/cpi-bids", json=[{"country": "US", "bid": "1.250"}])
    wire.ok("PATCH", f"{path}/budget", json={"total": "300.00", "daily": "60.00"})
    assert not {"cpiBids", "budget"} & set(wire.ok("GET", path))
    both = wire.ok("GET", f"{path}?includeFields=cpiBids&includeFields=budget")
    assert both["cpiBids"] == [{"country": "US", "bid": "1.250"}]
    budget = {"total": "300.00", "daily": "60.00", "spent": "0.00", "dailySpent": "0.00"}
    assert both["budget"] == budget
    assert wire.bad("GET", f"{path}?includeFields=bids") == (400, "includeFields")


def test_put_replaces_all_bids_and_patch_only_those_it_names(wire: Wire) -> None:
    path = f"/campaigns/{wire.campaign()}/cpi-bids"
    wire.ok("PUT", path, json=[{"country": "US", "bid": "1"}, {"country": "GB", "bid": "2.5"}])
    wire.ok("PATCH", path, json=[{"country": "DE", "bid": "3.125"}, {"country": "US", "bid": None}])
    rows = wire.ok("GET", path)["results"]
    assert rows == [{"country": "GB", "bid": "2.5"}, {"country": "DE", "bid": "3.125"}]
    wire.ok("PUT", path, json=[{"country": "JP", "bid": "9"}])
    assert wire.ok("GET", path)["results"] == [{"country": "JP", "bid": "9"}]
    for bid in (1.25, "1.2345", "1000", "-1", "", None):
        assert wire.bad("PUT", path, json=[{"country": "US", "bid": bid}]) == (400, "bid")
    assert wire.bad("PUT", path, json=[{"country": "ZZ", "bid": "1"}]) == (400, "country")
    assert wire.bad("PUT", path, json={"country": "US", "bid": "1"}) == (400, "body")
    assert wire.ok("GET", path)["results"] == [{"country": "JP", "bid": "9"}]


def test_budgets_are_strings_in_one_of_three_forms(wire: Wire) -> None:
    path = f"/campaigns/{wire.campaign()}/budget"
    for amount in (60, "60.005", "1e3", "1000000000"):
        assert wire.bad("PATCH", path, json={"daily": amount}) == (400, "daily")
    wire.ok("PATCH", path, json={"daily": "60"})
    kept = wire.ok("PATCH", path, json={"total": "500.00"})
    assert (kept["daily"], kept["total"]) == ("60", "500.00")
    both = {"daily": "60", "dailyPerCountry": {"US": "10"}}
    assert wire.bad("PATCH", path, json=both) == (400, "body")
    by_country = wire.ok("PATCH", path, json={"dailyPerCountry": {"US": "10.00"}})
    assert "daily" not in by_country
    groups = [{"name": "NA", "countries": ["US", "CA"], "limit": "50.00"}]
    by_group = wire.ok("PATCH", path, json={"dailyPerCountryGroup": groups})
    assert by_group["dailyPerCountryGroup"] == groups
    assert "dailyPerCountry" not in by_group


def test_targeting_is_changed_in_parts(wire: Wire) -> None:
    path = f"/campaigns/{wire.campaign()}/targeting"
    assert wire.ok("GET", path) == {}
    wire.ok("PATCH", path, json={"deviceTargeting": {"osMin": "15.0"}})
    answer = wire.ok("PATCH", path, json={"appTargeting": {"blockList": ["AbCdEf123456"]}})
    assert set(answer) == {"deviceTargeting", "appTargeting"}
    both = {"appTargeting": {"allowList": [], "blockList": []}}
    assert wire.bad("PATCH", path, json=both) == (400, "appTargeting")
    assert wire.bad("PATCH", path, json={"ages": [18]}) == (400, "ages")


def test_only_a_complete_campaign_is_enabled(wire: Wire, tmp_path: Path, watch: Clock) -> None:
    campaign = wire.campaign(name="k1campaign k2group Spring")
    path = f"/campaigns/{campaign}"
    pack = wire.pack(tmp_path, f"k3pack k4advert.{campaign} v1")
    steps: list[tuple[str, str, int, Any]] = [
        ("POST", "/assigned-creative-packs", 201, {"id": pack}),
        ("PATCH", "/budget", 200, {"daily": "60.00"}),
        ("PUT", "/cpi-bids", 200, [{"country": "US", "bid": "2.500"}]),
    ]
    for method, below, status, body in steps:
        assert wire.bad("PATCH", path, json={"enabled": True}) == (400, "enabled")
        wire.ok(method, path + below, status, json=body)
    assert wire.bad("PATCH", path, json={"enabled": "true"}) == (400, "enabled")
    assert wire.bad("PATCH", path, json={}) == (400, "body")
    shown = wire.ok("PATCH", path, json={"enabled": True})
    assert (shown["enabled"], shown["status"]) == (True, "paused")  # moderation is not over
    watch.forward(minutes=31)
    assert wire.ok("GET", path)["status"] == "live"
    wire.ok("PATCH", path, json={"scheduleEnd": watch().date().isoformat()})
    assert wire.ok("GET", path)["status"] == "paused"
    early = {"scheduleEnd": "2025-01-01"}
    assert wire.bad("PATCH", path, json=early) == (400, "scheduleEnd")
    assert wire.call("DELETE", path).status_code == 204
    assert wire.call("GET", path).status_code == 404
    assert wire.call("DELETE", path).status_code == 404
    notes = [
        note["detail"]
        for note in wire.box.world.journal.read("unity")
        if note["kind"] == "switched"
    ]
    assert [(n["kind"], n["status"], n["keys"]) for n in notes] == [
        ("ad", "ACTIVE", ["k4advert"]),
        ("campaign", "ACTIVE", ["k1campaign", "k2group"]),
        ("ad", "PAUSED", ["k4advert"]),
        ("campaign", "DELETED", ["k1campaign", "k2group"]),
    ]


# -- creatives --------------------------------------------------------------------------------


def test_uploads_are_looked_at_and_moderated(wire: Wire, tmp_path: Path, watch: Clock) -> None:
    film = _video(tmp_path, (640, 360)).read_bytes()
    info = {"name": "film", "language": "en", "video": {"fileName": "a.mp4"}}
    made = wire.upload(info, videoFile=film)
    assert made.status_code == 201
    assert (made.json()["type"], made.json()["status"]) == ("landscapeVideo", "uploaded")
    path = f"/creatives/{made.json()['id']}"
    for minutes, status in ((1, "processing"), (6, "pendingModeration"), (30, "approved")):
        watch.forward(minutes=minutes)
        assert wire.ok("GET", path)["status"] == status
    square = _video(tmp_path, (360, 360)).read_bytes()
    for files in ({"videoFile": square}, {"videoFile": b"no film"}, {"squareEndCardFile": film}):
        assert wire.upload(info, **files).status_code == 400
    assert wire.upload({**info, "language": "xx"}, videoFile=film).status_code == 400
    assert wire.upload({**info, "video": {}}, videoFile=film).status_code == 400
    assert wire.call("POST", "/creatives", files={"videoFile": ("a", film)}).status_code == 400
    pair = {
        "name": "pair", "language": "en", "portraitEndCard": {"fileName": "p.png"},
        "landscapeEndCard": {"fileName": "l.png"},
    }  # fmt: skip
    both = wire.upload(
        pair, portraitEndCardFile=picture(600), landscapeEndCardFile=picture(800, 600)
    )
    assert both.json()["type"] == "endCardPair"
    card = {"name": "card", "language": "en", "squareEndCard": {"fileName": "a.png"}}
    assert wire.upload(card, squareEndCardFile=picture(801)).status_code == 400
    wire.box.arm("unity", "disapproved_ad")
    rejected = wire.upload(card, squareEndCardFile=picture(800)).json()["id"]
    watch.forward(minutes=31)
    assert wire.ok("GET", f"/creatives/{rejected}")["status"] == "rejected"
    assert wire.bad("GET", "/creatives?filter[name]=card") == (400, "filter[name]")
    assert wire.ok("GET", "/creatives")["total"] == 3


def test_packs_need_an_end_card_and_are_assigned_one_by_one(wire: Wire, tmp_path: Path) -> None:
    first, second = wire.pack(tmp_path, "Launch one"), wire.pack(tmp_path, "Launch two")
    (one, two) = wire.ok("GET", f"/creative-packs/{first}")["creativeIds"]
    alone = {"name": "film only", "creativeIds": [one], "type": "video"}
    assert wire.bad("POST", "/creative-packs", json=alone) == (400, "creativeIds")
    cards = {"name": "cards", "creativeIds": [two], "type": "video"}
    assert wire.bad("POST", "/creative-packs", json=cards) == (400, "creativeIds")
    gone = {"name": "gone", "creativeIds": [NOBODY, two], "type": "video"}
    assert wire.bad("POST", "/creative-packs", json=gone)[0] == 404

    def named(pattern: str) -> list[str]:
        rows = wire.ok("GET", "/creative-packs", params={"filter[name]": pattern})["results"]
        return [row["id"] for row in rows]

    assert named("Launch*") == [first, second]
    assert named("Launch") == []
    assert named("Launch two") == [second]
    path = f"/campaigns/{wire.campaign()}/assigned-creative-packs"
    for pack in (first, second):
        assert wire.ok("POST", path, 201, json={"id": pack}) == {"id": pack}
    assert wire.bad("POST", path, json={"id": first})[0] == 409
    assert wire.bad("POST", path, json={"id": NOBODY})[0] == 404
    assert wire.ok("GET", path) == {"total": 2, "results": [{"id": first}, {"id": second}]}
    assert wire.bad("DELETE", f"/creative-packs/{first}")[0] == 409
    assert wire.call("DELETE", f"{path}/{first}").status_code == 204
    assert wire.call("DELETE", f"{path}/{first}").status_code == 404
    assert wire.ok("GET", path)["results"] == [{"id": second}]
    assert wire.call("DELETE", f"/creative-packs/{first}").status_code == 204
    renamed = wire.ok("PATCH", f"/creative-packs/{second}", json={"name": "New"})
    assert renamed["name"] == "New"
    changed = {"creativeIds": [one, two]}
    assert wire.bad("PATCH", f"/creative-packs/{second}", json=changed) == (400, "creativeIds")


# -- limits and faults ------------------------------------------------------------------------


def test_a_resource_takes_one_write_a_second_for_each_endpoint(wire: Wire) -> None:
    path = f"{wire.root}/apps/{APPLE_APP}/campaigns/{wire.campaign()}"
    other = f"{wire.root}/apps/{APPLE_APP}/campaigns/{wire.campaign()}"
    wire.renew()
    first = wire.http.patch(path, json={"name": "a"})
    assert first.status_code == 200
    assert first.headers["ratelimit-policy"] == "1;w=1, 100;w=1800"
    assert first.headers["ratelimit"] == "limit=1, remaining=0, reset=1"
    told = "limit=1, remaining=0, reset=1; limit=100, remaining=99, reset=1800"
    assert first.headers["unity-ratelimit"] == told
    second = wire.http.patch(path, json={"name": "b"})
    assert (second.status_code, second.json()["code"]) == (429, 50)
    assert second.headers["retry-after"] == "1"
    assert wire.http.patch(other, json={"name": "c"}).status_code == 200
    assert wire.http.patch(f"{path}/budget", json={"daily": "9"}).status_code == 200
    assert wire.http.get(path).json()["name"] == "a"
    wire.renew()
    assert wire.http.patch(path, json={"name": "d"}).status_code == 200


def test_a_window_begins_anew_after_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("sandbox.unity.limits.monotonic", lambda: now)
    limits = RateLimits()
    assert [limits.take(((2, 1), (3, 1800)), "x")[0] for _ in range(3)] == [True, True, False]
    now += 1
    assert [limits.take(((2, 1), (3, 1800)), "x")[0] for _ in range(2)] == [True, False]
    assert limits.take(((2, 1), (3, 1800)), "y")[0]
    _, told = limits.take(((2, 1), (3, 1800)), "x")
    assert told["retry-after"] == "1799"
    now += 1800
    assert limits.take(((2, 1), (3, 1800)), "x")[0]
    assert "retry-after" not in headers(READS, [(20, 5, 1), (4000, 3000, 900)])


def test_reads_of_a_group_are_twenty_a_second(wire: Wire) -> None:
    statuses = [wire.http.get(f"{wire.root}/apps").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert wire.http.get(f"{wire.root}/apps/{APPLE_APP}/campaigns").status_code == 200


def test_thirty_reports_in_half_an_hour(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    real, ahead = time.monotonic, [0.0]
    monkeypatch.setattr("sandbox.unity.limits.monotonic", lambda: real() + ahead[0])
    url, params = f"{wire.stats}/reports/acquisitions", {**STATS, **span()}
    statuses: list[int] = []
    for _ in range(31):
        ahead[0] += 1.1
        statuses.append(wire.http.get(url, params=params).status_code)
    assert statuses == [204] * 30 + [429]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("expired_token", 401, 65), ("rate_limited", 429, 50), ("server_error", 503, 51)],
)
def test_faults_are_played_before_anything_happens(
    wire: Wire, fault: str, status: int, code: int
) -> None:
    wire.box.arm("unity", fault)
    answer = wire.call("POST", "/campaigns", json={"name": "a", "goal": "installs"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status != 401:
        assert answer.headers["retry-after"] == "1"
    assert wire.ok("GET", "/campaigns")["total"] == 0


def test_unknown_things_are_404_and_wrong_methods_405(wire: Wire) -> None:
    for path in (f"/campaigns/{NOBODY}", f"/creatives/{NOBODY}", f"/creative-packs/{NOBODY}"):
        assert wire.bad("GET", path)[0] == 404
    other = wire.campaign()
    url = f"{wire.root}/apps/{GOOGLE_APP}/campaigns/{other}"
    assert wire.http.get(url).status_code == 404  # it belongs to the other app
    assert wire.bad("PUT", "/campaigns", json={})[0] == 405
    assert wire.http.get(f"{wire.root}/apps/{NOBODY}/campaigns").status_code == 404


# -- statistics -------------------------------------------------------------------------------


def span(start: str = "2026-01-01T00:00:00Z", end: str = "2027-01-01T00:00:00Z") -> dict[str, str]:
    return {"start": start, "end": end}


def test_statistics_are_csv_with_a_byte_order_mark_or_nothing_at_all(
    wire: Wire, tmp_path: Path, watch: Clock
) -> None:
    url = f"{wire.stats}/reports/acquisitions"

    def report(**params: str) -> httpx.Response:
        wire.renew()
        return wire.http.get(url, params={**STATS, **params})

    today = watch().date()
    days = span(f"{today}T00:00:00Z", f"{today + timedelta(days=3)}T00:00:00Z")
    nothing = report(**days)
    assert (nothing.status_code, nothing.content) == (204, b"")
    campaign = wire.campaign(name='k1campaign "Spring", sale')
    path = f"/campaigns/{campaign}"
    wire.ok("POST", f"{path}/assigned-creative-packs", 201, json={"id": wire.pack(tmp_path)})
    wire.ok("PATCH", f"{path}/budget", json={"daily": "60.00"})
    wire.ok("PUT", f"{path}/cpi-bids", json=[{"country": "US", "bid": "2.500"}])
    wire.ok("PATCH", path, json={"enabled": True})
    watch.forward(days=2)
    wire.box.world.settle()
    answer = report(**days)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    columns = ["timestamp", "campaign id", "campaign name", "starts", "clicks", "installs", "spend"]
    assert list(rows[0]) == columns
    assert {row["campaign id"] for row in rows} == {campaign}
    assert {row["campaign name"] for row in rows} == {'k1campaign "Spring", sale'}
    assert rows[0]["timestamp"] == f"{today}T00:00:00.000Z"
    assert all(0 < float(row["spend"]) <= 60 * 1.2 for row in rows[1:2])
    one_day = report(**span(days["start"], f"{today + timedelta(days=1)}T00:00:00Z"))
    assert len(one_day.text.splitlines()) == 2  # the end is exclusive
    by_pack = report(**days, breakdowns="app,campaign,creativePack").text.splitlines()[0]
    assert by_pack.endswith(
        "timestamp,app id,app name,campaign id,campaign name,creative pack id,"
        "creative pack name,starts,clicks,installs,spend"
    )
    for wrong in (
        {"start": "2026-01-01T00:00:00"},
        {"start": "yesterday"},
        {"end": days["start"]},
        {"scale": "fortnight"},
        {"metrics": "spend,fun"},
        {"breakdowns": "weather"},
        {"campaign": campaign},
    ):
        assert report(**{**days, **wrong}).status_code == 400, wrong
    spent = wire.ok("GET", f"{path}/budget")
    assert float(spent["spent"]) > float(spent["dailySpent"]) >= 0
