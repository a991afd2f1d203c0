"""The Snapchat stand-in by its wire alone: there is no official client to try it with."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox import snapchat as stand_in
from sandbox.snapchat import limits as stand_in_limits
from sandbox.snapchat.delivery import OVER_DELIVERY, REVIEW
from tests.clock import MORNING, Clock
from tests.platforms.snapchat_bench import Raw
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

Json = dict[str, Any]
PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], clock: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("snapchat",), origin=MORNING, real=clock)


@pytest.fixture
def raw(box: Sandbox) -> Raw:
    return Raw(box)


def campaign(name: str = "k7f3a9 Jobs", **more: object) -> Json:
    return {
        "name": name,
        "ad_account_id": stand_in.ACCOUNT_ID,
        "status": "PAUSED",
        "start_time": "2026-03-01T00:00:00.000Z",
        **more,
    }


def squad(campaign_id: str, **more: object) -> Json:
    body = {
        "name": "k8f3a9 Squad",
        "campaign_id": campaign_id,
        "status": "PAUSED",
        "type": "SNAP_ADS",
        "placement_v2": {"config": "AUTOMATIC"},
        "billing_event": "IMPRESSION",
        "optimization_goal": "SWIPES",
        "bid_strategy": "AUTO_BID",
        "daily_budget_micro": 20_000_000,
        "targeting": {"geos": [{"country_code": "us"}], "demographics": [{"min_age": "18"}]},
        **more,
    }
    return {name: value for name, value in body.items() if value is not None}


def creative(media_id: str, **more: object) -> Json:
    return {
        "name": "k9f3a9 Creative",
        "ad_account_id": stand_in.ACCOUNT_ID,
        "type": "WEB_VIEW",
        "headline": "Read it",
        "brand_name": "Journal",
        "call_to_action": "MORE",
        "top_snap_media_id": media_id,
        "profile_properties": {"profile_id": stand_in.PROFILE_ID},
        "web_view_properties": {"url": "https://journal.example"},
        **more,
    }


def made(raw: Raw, path: str, plural: str, body: Json) -> Json:
    answer = raw.call("POST", path, {plural: [body]})
    assert answer.status_code == 200, answer.text
    (entry,) = answer.json()[plural]
    assert entry["sub_request_status"] == "SUCCESS", entry
    return entry[plural.removesuffix("s") if plural != "media" else "media"]


def made_campaign(raw: Raw, **more: object) -> Json:
    return made(raw, raw.account("campaigns"), "campaigns", campaign(**more))


def ready_image(raw: Raw) -> str:
    body = {"name": "image", "type": "IMAGE", "ad_account_id": stand_in.ACCOUNT_ID}
    media_id = made(raw, raw.account("media"), "media", body)["id"]
    files = {"file": ("a.png", PNG, "image/png")}
    answer = raw.call("POST", f"media/{media_id}/upload", files=files)
    assert answer.json()["result"]["media_status"] == "READY"
    return str(media_id)


def planted(raw: Raw, status: str = "ACTIVE") -> tuple[str, str, str]:
    """Campaign, ad squad and ad."""
    top = made_campaign(raw, status=status)["id"]
    path = f"campaigns/{top}/adsquads"
    middle = made(raw, path, "adsquads", squad(top, status=status))["id"]
    shown = made(raw, raw.account("creatives"), "creatives", creative(ready_image(raw)))["id"]
    ad = {"ad_squad_id": middle, "creative_id": shown, "name": "kaf3a9 Ad", "status": status}
    path = f"adsquads/{middle}/ads"
    leaf = made(raw, path, "ads", {**ad, "type": "REMOTE_WEBPAGE"})["id"]
    return str(top), str(middle), str(leaf)


def refused(raw: Raw, path: str, plural: str, body: Json) -> str:
    """Why one item was not taken, inside a 200."""
    answer = raw.call("POST", path, {plural: [body]})
    assert answer.status_code == 200, answer.text
    (entry,) = answer.json()[plural]
    assert entry["sub_request_status"] == "ERROR"
    return str(entry["sub_request_error_reason"])


# -- tokens -----------------------------------------------------------------------------------


def test_access_tokens_last_an_hour_and_are_asked_for_by_form(box: Sandbox, raw: Raw) -> None:
    assert raw.granted["token_type"] == "Bearer"
    assert raw.granted["expires_in"] == 3600
    assert raw.granted["scope"] == "snapchat-marketing-api"
    form = {
        "grant_type": "refresh_token",
        "client_id": stand_in.CLIENT_ID,
        "client_secret": stand_in.CLIENT_SECRET,
        "refresh_token": "another",
    }
    answer = raw.http.post("/login/oauth2/access_token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    answer = raw.http.post("/login/oauth2/access_token", data={**form, "client_secret": "x"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    token = raw.granted["access_token"]
    kept = box.world.get("login", "token", token)
    assert kept is not None
    box.world.put("login", "token", token, {**kept, "until": 1.0})
    gone = raw.call("GET", "me")
    assert gone.status_code == 401
    assert gone.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="The access token expired"'
    )
    assert raw.call("GET", "me", headers={"Authorization": ""}).status_code == 401


def test_a_token_of_the_login_page_is_good_here(box: Sandbox, raw: Raw) -> None:
    page = f"{box.url}/login/snapchat/login/oauth2/authorize"
    back = "http://127.0.0.1/back"
    asked = {
        "response_type": "code",
        "client_id": stand_in.CLIENT_ID,
        "redirect_uri": back,
        "scope": "snapchat-marketing-api",
        "state": "s",
    }
    sent = raw.http.get(page, params=asked, follow_redirects=False)
    form = {
        "grant_type": "authorization_code",
        "code": sent.next_request.url.params["code"] if sent.next_request else "",
        "client_id": stand_in.CLIENT_ID,
        "client_secret": stand_in.CLIENT_SECRET,
        "redirect_uri": back,
    }
    granted = raw.http.post("/login/oauth2/access_token", data=form).json()
    header = {"Authorization": f"Bearer {granted['access_token']}"}
    answer = raw.call("GET", "me/organizations?with_ad_accounts=true", headers=header)
    (entry,) = answer.json()["organizations"]
    assert [one["id"] for one in entry["organization"]["ad_accounts"]] == [stand_in.ACCOUNT_ID]


# -- envelopes --------------------------------------------------------------------------------


def test_a_campaign_looks_as_documented(raw: Raw) -> None:
    answer = raw.call("POST", raw.account("campaigns"), {"campaigns": [campaign()]})
    told = answer.json()
    assert (told["request_status"], bool(told["request_id"])) == ("SUCCESS", True)
    row = told["campaigns"][0]["campaign"]
    assert row == {
        **campaign(),
        "id": row["id"],
        "buy_model": "AUCTION",
        "delivery_status": ["INVALID_NOT_ACTIVE"],
        "created_at": "2026-03-03T09:00:00.000Z",
        "updated_at": "2026-03-03T09:00:00.000Z",
        "deleted": False,
    }


def test_a_success_may_hold_failures(raw: Raw) -> None:
    bodies = [campaign("one"), campaign("two", status="RUNNING"), campaign("three")]
    answer = raw.call("POST", raw.account("campaigns"), {"campaigns": bodies})
    told = answer.json()
    assert (answer.status_code, told["request_status"]) == (200, "SUCCESS")
    states = [entry["sub_request_status"] for entry in told["campaigns"]]
    assert states == ["SUCCESS", "ERROR", "SUCCESS"]
    reason = told["campaigns"][1]["sub_request_error_reason"]
    assert reason.startswith("Error code: E2025, message: status 'RUNNING' is not valid")
    assert len(raw.call("GET", raw.account("campaigns")).json()["campaigns"]) == 2
    answer = raw.call("POST", raw.account("campaigns"), {"campaigns": [campaign(status="X")]})
    assert (answer.status_code, answer.json()["request_status"]) == (200, "ERROR")


@pytest.mark.parametrize(
    ("path", "plural", "most"),
    [("campaigns", "campaigns", 30), ("creatives", "creatives", 10), ("segments", "segments", 15)],
)
def test_a_request_has_its_size(raw: Raw, path: str, plural: str, most: int) -> None:
    answer = raw.call("POST", raw.account(path), {plural: [campaign()] * (most + 1)})
    assert answer.status_code == 400
    told = answer.json()
    assert told["request_status"] == "ERROR"
    assert told["error_code"] == "E2025"
    assert f"at most {most} {plural}" in told["debug_message"]
    assert raw.call("GET", raw.account("campaigns")).json()["campaigns"] == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 376}, "at most 375"),
        ({"start_time": None}, "start_time"),
        ({"start_time": "2026-03-01T00:00:00"}, "with its offset"),
        ({"end_time": "2026-02-01T00:00:00Z"}, "after start_time"),
        ({"daily_budget_micro": 19_999_999}, "at least 20000000"),
        ({"lifetime_spend_cap_micro": 20.5}, "whole number"),
        ({"objective_v2_properties": {"objective_v2_type": "WEB_CONVERSION"}}, "one of AWARENESS"),
        ({"ad_account_id": "other"}, "E2023"),
    ],
)
def test_campaigns_are_checked(raw: Raw, changes: Json, says: str) -> None:
    assert says in refused(raw, raw.account("campaigns"), "campaigns", campaign() | changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"daily_budget_micro": 4_999_999}, "at least 5000000"),
        ({"daily_budget_micro": None}, "either a daily or a lifetime budget"),
        ({"daily_budget_micro": None, "lifetime_budget_micro": 50_000_000}, "end_time"),
        ({"bid_strategy": "TARGET_COST"}, "a bid with TARGET_COST"),
        ({"optimization_goal": "PIXEL_PURCHASE"}, "a pixel of the account"),
        ({"ad_scheduling_config": {"x": 1}}, "lifetime budget with a schedule"),
        ({"placement_v2": {}}, "AUTOMATIC or CUSTOM"),
        ({"targeting": {"geos": []}}, "at least one country"),
        ({"targeting": {"geos": [{"country_code": "US"}]}}, "a country of the list"),
        (
            {"targeting": {"geos": [{"country_code": "us"}, {"country_code": "ca"}]}},
            "exactly one with several countries",
        ),
        (
            {"targeting": {"geos": [{"country_code": "us"}], "demographics": [{"max_age": 60}]}},
            "ages from 13 to 55",
        ),
        ({"status": "ACTIVE", "billing_event": "SWIPE"}, "one of IMPRESSION"),
    ],
)
def test_ad_squads_are_checked(raw: Raw, changes: Json, says: str) -> None:
    top = made_campaign(raw)["id"]
    assert says in refused(raw, f"campaigns/{top}/adsquads", "adsquads", squad(top, **changes))


def test_ad_squads_widen_by_themselves_unless_told_not_to(raw: Raw) -> None:
    top = made_campaign(raw)["id"]
    row = made(raw, f"campaigns/{top}/adsquads", "adsquads", squad(top))
    assert row["targeting"]["enable_targeting_expansion"] is True
    assert row["targeting"]["auto_expansion_options"]["interest_expansion_option"] == {
        "enabled": True
    }


def test_creatives_need_ready_media_and_a_profile(raw: Raw) -> None:
    media_id = ready_image(raw)
    body = {"name": "later", "type": "IMAGE", "ad_account_id": stand_in.ACCOUNT_ID}
    waiting = made(raw, raw.account("media"), "media", body)
    assert waiting["media_status"] == "PENDING_UPLOAD"
    path = raw.account("creatives")
    for changes, says in (
        ({"headline": "h" * 35}, "at most 34"),
        ({"brand_name": "b" * 33}, "at most 32"),
        ({"call_to_action": "DOWNLOAD"}, "one of APPLY_NOW"),
        ({"profile_properties": {"profile_id": "x"}}, "a public profile"),
        ({"top_snap_media_id": waiting["id"]}, "it is PENDING_UPLOAD"),
        ({"web_view_properties": {"url": "journal"}}, "a web address"),
        ({"type": "APP_INSTALL", "call_to_action": "DOWNLOAD"}, "app_install_properties"),
    ):
        reason = refused(raw, path, "creatives", creative(media_id) | changes)
        assert says in reason, (changes, reason)
    text = {"file": ("a.png", b"no picture", "image/png")}
    answer = raw.call("POST", f"media/{waiting['id']}/upload", files=text)
    assert answer.json()["result"]["media_status"] == "ERROR"
    shown = made(raw, path, "creatives", creative(media_id))
    assert shown["packaging_status"] == "SUCCESS"
    assert raw.call("DELETE", f"creatives/{shown['id']}").status_code == 405


def test_ads_go_with_their_creatives_type(raw: Raw) -> None:
    _, middle, leaf = planted(raw, "PAUSED")
    row = raw.call("GET", f"ads/{leaf}").json()["ads"][0]["ad"]
    assert row["review_status"] == "PENDING"
    body = {
        "name": "n",
        "ad_squad_id": middle,
        "creative_id": row["creative_id"],
        "status": "PAUSED",
        "type": "SNAP_AD",
    }
    assert "goes with WEB_VIEW" in refused(raw, f"adsquads/{middle}/ads", "ads", body)
    body |= {"type": "REMOTE_WEBPAGE", "creative_id": "nobody"}
    assert "a creative of the account" in refused(raw, f"adsquads/{middle}/ads", "ads", body)


# -- writing back -----------------------------------------------------------------------------


def test_put_takes_whole_entities_and_resets_what_is_left_out(raw: Raw) -> None:
    row = made_campaign(raw, lifetime_spend_cap_micro=50_000_000)
    path = raw.account("campaigns")
    whole = {**row, "status": "ACTIVE"}
    answer = raw.call("PUT", path, {"campaigns": [whole]})
    assert answer.json()["campaigns"][0]["campaign"]["lifetime_spend_cap_micro"] == 50_000_000
    short = {name: whole[name] for name in ("id", "name", "status", "start_time", "buy_model")}
    shown = raw.call("PUT", path, {"campaigns": [short]}).json()["campaigns"][0]["campaign"]
    assert "lifetime_spend_cap_micro" not in shown
    assert shown["status"] == "ACTIVE"
    assert shown["created_at"] == row["created_at"]


def test_put_fails_item_by_item(raw: Raw) -> None:
    row = made_campaign(raw)
    bodies = [
        {**row, "id": "nobody"},
        {**row, "buy_model": "RESERVED"},
        {"id": row["id"], "status": "ACTIVE"},
        {**row, "name": "renamed"},
    ]
    told = raw.call("PUT", raw.account("campaigns"), {"campaigns": bodies}).json()
    reasons = [one.get("sub_request_error_reason", "")[:17] for one in told["campaigns"]]
    assert reasons == ["Error code: E3003", "Error code: E2023", "Error code: E2023", ""]
    assert (
        raw.call("GET", f"campaigns/{row['id']}").json()["campaigns"][0]["campaign"]["name"]
        == "renamed"
    )


def test_put_below_another_parent_finds_nothing(raw: Raw) -> None:
    first, second = made_campaign(raw)["id"], made_campaign(raw)["id"]
    row = made(raw, f"campaigns/{first}/adsquads", "adsquads", squad(first))
    answer = raw.call("PUT", f"campaigns/{second}/adsquads", {"adsquads": [row]})
    assert "E3003" in answer.json()["adsquads"][0]["sub_request_error_reason"]
    assert raw.call("PUT", raw.account("adsquads"), {"adsquads": [row]}).status_code == 405


@pytest.mark.parametrize(
    ("ops", "status", "code"),
    [
        ([{"op": "replace", "path": "/status", "value": "ACTIVE"}], 200, ""),
        (
            [
                {"op": "test", "path": "/status", "value": "PAUSED"},
                {"op": "replace", "path": "/name", "value": "new"},
            ],
            200,
            "",
        ),
        ([{"op": "add", "path": "/end_time", "value": "2026-05-01T00:00:00Z"}], 200, ""),
        ([{"op": "test", "path": "/status", "value": "ACTIVE"}], 400, "E1166"),
        ([{"op": "replace", "path": "/nothing", "value": 1}], 400, "E1166"),
        ([{"op": "remove", "path": "/end_time"}], 400, "E1166"),
        ([{"op": "replace", "path": "/id", "value": "x"}], 400, "E2023"),
        ([{"op": "replace", "path": "/ad_account_id", "value": "x"}], 400, "E2023"),
        ([{"op": "replace", "path": "/status", "value": "RUNNING"}], 400, "E2025"),
        ([{"op": "move", "path": "/status", "value": 1}], 400, "E1165"),
        ([{"op": "replace", "path": "/delivery_status/0", "value": 1}], 400, "E1165"),
        ([{"op": "replace", "path": "/status"}], 400, "E1165"),
        ([], 400, "E1165"),
        ({"status": "ACTIVE"}, 400, "E1165"),
    ],
)
def test_patches_have_their_codes(raw: Raw, ops: object, status: int, code: str) -> None:
    row = made_campaign(raw)
    answer = raw.patch(f"campaigns/{row['id']}", ops)
    assert answer.status_code == status, answer.text
    assert answer.json().get("error_code", "") == code
    now = raw.call("GET", f"campaigns/{row['id']}").json()["campaigns"][0]["campaign"]
    assert (now["status"], now["name"]) == (row["status"], row["name"]) or status == 200


def test_a_patch_has_its_media_type(raw: Raw) -> None:
    row = made_campaign(raw)
    ops = [{"op": "replace", "path": "/status", "value": "ACTIVE"}]
    assert raw.call("PATCH", f"campaigns/{row['id']}", ops).status_code == 415
    assert raw.patch("campaigns/nobody", ops).status_code == 404


def test_deleted_is_gone_from_lists_and_shown_as_such_by_itself(raw: Raw) -> None:
    top, middle, _ = planted(raw)
    answer = raw.call("DELETE", f"campaigns/{top}")
    assert answer.json()["campaigns"] == []
    assert answer.json()["request_status"] == "SUCCESS"
    assert raw.call("GET", raw.account("campaigns")).json()["campaigns"] == []
    shown = raw.call("GET", f"campaigns/{top}").json()["campaigns"][0]["campaign"]
    assert shown["deleted"] is True
    again = raw.call("DELETE", f"campaigns/{top}")
    assert (again.status_code, again.json()["error_code"]) == (404, "E3003")
    below = raw.call("GET", f"adsquads/{middle}").json()["adsquads"][0]["adsquad"]
    assert below["delivery_status"] == ["INVALID_EFFECTIVE_DELETED"]
    assert raw.call("GET", f"campaigns/{top}/adsquads").status_code == 404


def test_lists_come_in_pages_whose_links_name_the_real_host(box: Sandbox, raw: Raw) -> None:
    for start in range(0, 60, 30):
        bodies = [campaign(f"n{start + n}") for n in range(30)]
        assert raw.call("POST", raw.account("campaigns"), {"campaigns": bodies}).is_success
    first = raw.call("GET", raw.account("campaigns") + "?limit=50").json()
    assert len(first["campaigns"]) == 50
    link = first["paging"]["next_link"]
    host = f"https://adsapi.snapchat.com/v1/{raw.account('campaigns')}?"
    assert link.startswith(host)
    second = raw.call("GET", raw.account("campaigns") + "?" + link.partition("?")[2]).json()
    assert len(second["campaigns"]) == 10
    assert "next_link" not in second["paging"]
    for limit in ("49", "1001", "many"):
        assert raw.call("GET", raw.account("campaigns") + f"?limit={limit}").status_code == 400
    ids = [{"id": entry["campaign"]["id"]} for entry in first["campaigns"]]
    path = raw.account("get_campaigns_by_ids")
    some = raw.call("POST", path, {"entity_ids": [*ids[:29], {"id": "nobody"}]})
    assert len(some.json()["campaigns"]) == 29
    assert raw.call("POST", path, {"entity_ids": ids[:31]}).status_code == 400


def test_a_login_sees_its_own_accounts_only(raw: Raw) -> None:
    answer = raw.call("GET", "adaccounts/another")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "E4001")
    (entry,) = raw.call("GET", f"adaccounts/{stand_in.ACCOUNT_ID}").json()["adaccounts"]
    assert entry["adaccount"]["currency"] == "USD"
    assert not any(name.startswith("_") for name in entry["adaccount"])


# -- limits -----------------------------------------------------------------------------------


def test_too_many_calls_are_refused_without_a_hint(
    box: Sandbox, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_in_limits, "_BY_TOKEN", 12)
    answers = [raw.call("GET", "me") for _ in range(13)]
    assert [one.status_code for one in answers] == [200] * 12 + [429]
    assert not [name for name in answers[-1].headers if "rate" in name or name == "retry-after"]
    other = Raw(box)
    assert other.call("GET", "me").status_code == 200, "each token by itself"
    monkeypatch.setattr(stand_in_limits, "_BY_APP", 13)
    assert Raw(box).call("GET", "me").status_code == 429, "and the app for all"
    box.control.delete("/limits")
    assert raw.call("GET", "me").status_code == 200


def test_calls_are_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(stand_in_limits.time, "monotonic", lambda: now[0])
    limits = stand_in_limits.RateLimits()
    assert all(limits.take("a") for _ in range(100))
    assert not limits.take("a")
    now[0] = 10.0
    assert limits.take("a")


# -- delivery and figures ---------------------------------------------------------------------


def rate(box: Sandbox) -> int:
    rows = box.control.get("/truth").json()["campaigns"]
    return sum(row["rate_micros_per_hour"] for row in rows)


def status_of(raw: Raw, plural: str, object_id: str) -> list[str]:
    entry = raw.call("GET", f"{plural}/{object_id}").json()[plural][0]
    return entry[plural.removesuffix("s")]["delivery_status"]


def test_nothing_is_spent_before_review_after_pause_or_behind_the_end(
    box: Sandbox, raw: Raw, clock: Clock
) -> None:
    top, middle, leaf = planted(raw)
    assert status_of(raw, "campaigns", top) == ["NO_VALID_AD_SQUAD"]
    assert status_of(raw, "adsquads", middle) == ["INVALID_AD_SQUAD_HAS_NO_ACTIVE_ADS"]
    assert status_of(raw, "ads", leaf) == ["PENDING"]
    assert rate(box) == 0
    clock.at += REVIEW
    for plural, one in (("campaigns", top), ("adsquads", middle), ("ads", leaf)):
        assert status_of(raw, plural, one) == ["VALID"]
    assert rate(box) > 0
    off = [{"op": "replace", "path": "/status", "value": "PAUSED"}]
    on = [{"op": "replace", "path": "/status", "value": "ACTIVE"}]
    for plural, one in (("campaigns", top), ("adsquads", middle), ("ads", leaf)):
        assert raw.patch(f"{plural}/{one}", off).is_success
        assert rate(box) == 0
        assert raw.patch(f"{plural}/{one}", on).is_success
        assert rate(box) > 0
    ends = [{"op": "add", "path": "/end_time", "value": "2026-03-03T12:00:00Z"}]
    assert raw.patch(f"adsquads/{middle}", ends).is_success
    clock.forward(hours=3)
    assert rate(box) == 0
    assert status_of(raw, "adsquads", middle) == ["INVALID_END_TIME"]
    notes = box.control.get("/journal?network=snapchat").json()
    switched = [note["detail"] for note in notes if note["kind"] == "switched"]
    assert switched[-2:] == [
        {"kind": "ad", "id": leaf, "status": "PAUSED", "keys": ["kaf3a9"]},
        {"kind": "ad", "id": leaf, "status": "ACTIVE", "keys": ["kaf3a9"]},
    ]
    held = box.control.get("/held/snapchat").json()
    assert {(row["kind"], row["key"], row["on"]) for row in held} == {
        ("campaign", "k7f3a9", True),
        ("ad_group", "k8f3a9", True),
        ("creative", "k9f3a9", False),
        ("ad", "kaf3a9", True),
    }


def test_a_disapproved_ad_is_rejected_after_its_review(
    box: Sandbox, raw: Raw, clock: Clock
) -> None:
    box.arm("snapchat", "disapproved_ad")
    _, _, leaf = planted(raw)
    clock.at += REVIEW
    row = raw.call("GET", f"ads/{leaf}").json()["ads"][0]["ad"]
    assert row["review_status"] == "REJECTED"
    assert row["review_status_reasons"]
    assert rate(box) == 0


def stats(raw: Raw, path: str, **params: str) -> Json:
    answer = raw.call("GET", f"{path}/stats", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


DAYS = {
    "granularity": "DAY",
    "start_time": "2026-03-03T00:00:00.000+00:00",
    "end_time": "2026-03-08T00:00:00.000+00:00",
}


def test_figures_by_day_by_hour_and_in_all(box: Sandbox, raw: Raw, clock: Clock) -> None:
    top, middle, leaf = planted(raw)
    clock.forward(days=6)
    account = f"adaccounts/{stand_in.ACCOUNT_ID}"
    fields = "impressions,swipes,spend,uniques,conversion_purchases"
    told = stats(raw, account, **DAYS, breakdown="campaign", fields=fields)
    assert told["request_status"] == "success"
    (entry,) = told["timeseries_stats"]
    series = entry["timeseries_stat"]
    assert (series["type"], series["granularity"]) == ("AD_ACCOUNT", "DAY")
    (one,) = series["breakdown_stats"]["campaign"]
    assert (one["id"], one["type"]) == (top, "CAMPAIGN")
    assert [bucket["start_time"][:10] for bucket in one["timeseries"]] == [
        f"2026-03-0{day}" for day in range(3, 8)
    ]
    spend = [bucket["stats"]["spend"] for bucket in one["timeseries"]]
    known = box.world.figures("snapchat", stand_in.ACCOUNT_ID, "2026-03-03", "2026-03-07")
    assert spend == [row.spend_micros for row in known]
    assert 0 < max(spend) <= 20_000_000 * OVER_DELIVERY
    total = {**DAYS, "granularity": "TOTAL"}
    for path in (account, f"campaigns/{top}", f"adsquads/{middle}", f"ads/{leaf}"):
        (whole,) = stats(raw, path, **total, fields="spend")["total_stats"]
        assert whole["total_stat"]["stats"] == {"spend": sum(spend)}, path
    hours = {**DAYS, "granularity": "HOUR", "end_time": "2026-03-05T00:00:00.000+00:00"}
    (whole,) = stats(raw, f"campaigns/{top}", **hours, fields="spend")["timeseries_stats"]
    buckets = whole["timeseries_stat"]["timeseries"]
    assert len(buckets) == 48
    assert sum(bucket["stats"]["spend"] for bucket in buckets) == sum(spend[:2])
    for breakdown, object_id in (("adsquad", middle), ("ad", leaf)):
        told = stats(raw, account, **total, breakdown=breakdown, fields="spend")
        broken = told["total_stats"][0]["total_stat"]["breakdown_stats"][breakdown]
        assert [(row["id"], row["stats"]["spend"]) for row in broken] == [(object_id, sum(spend))]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fields": "impressions"}, "spend only"),
        ({"granularity": "WEEK"}, "granularity 'WEEK'"),
        ({"breakdown": "country"}, "breakdown 'country'"),
        ({"start_time": "2026-03-03T01:00:00Z"}, "no midnight"),
        ({"start_time": "2026-03-03T00:30:00Z"}, "not on the hour"),
        ({"start_time": "yesterday"}, "no ISO 8601 time"),
        ({"end_time": "2026-03-03T00:00:00Z"}, "at most 31 days"),
        ({"end_time": "2026-04-04T00:00:00Z"}, "at most 31 days"),
        (
            {"granularity": "HOUR", "breakdown": "campaign", "fields": "uniques"},
            "not available by the hour",
        ),
        ({"swipe_up_attribution_window": "2_DAY"}, "2_DAY"),
        ({"view_attribution_window": "2_DAY"}, "2_DAY"),
    ],
)
def test_reports_are_checked(raw: Raw, changes: dict[str, str], says: str) -> None:
    path = f"adaccounts/{stand_in.ACCOUNT_ID}/stats"
    answer = raw.call("GET", path, params={**DAYS, **changes})
    assert answer.status_code == 400, answer.text
    assert says in answer.json()["debug_message"]
    assert raw.call("GET", "campaigns/nobody/stats", params=DAYS).status_code == 404


def test_breakdowns_come_in_pages(
    box: Sandbox, raw: Raw, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.snapchat.stats._PER_PAGE", 1)
    ids = {planted(raw)[0], planted(raw)[0]}
    clock.forward(days=2)
    params = {**DAYS, "breakdown": "campaign"}
    first = stats(raw, f"adaccounts/{stand_in.ACCOUNT_ID}", **params)
    link = first["paging"]["next_link"]
    second = raw.call(
        "GET", f"adaccounts/{stand_in.ACCOUNT_ID}/stats?" + link.partition("?")[2]
    ).json()
    seen = [
        row["id"]
        for told in (first, second)
        for row in told["timeseries_stats"][0]["timeseries_stat"]["breakdown_stats"]["campaign"]
    ]
    assert (len(seen), set(seen)) == (2, ids)
    assert second["paging"] == {}


# -- segments and the rest --------------------------------------------------------------------


def test_segments_count_each_person_once(raw: Raw) -> None:
    body = {
        "name": "Readers",
        "ad_account_id": stand_in.ACCOUNT_ID,
        "source_type": "FIRST_PARTY",
        "retention_in_days": 180,
    }
    row = made(raw, raw.account("segments"), "segments", body)
    assert row["targetable_status"] == "NOT_READY"
    people = [[f"{n:064x}"] for n in range(1000)]
    path = f"segments/{row['id']}/users"
    for some in (people[:600], people[300:]):
        users = {"schema": ["EMAIL_SHA256"], "data": some}
        answer = raw.call("POST", path, {"users": [users]})
        entry = answer.json()["users"][0]
        assert entry["user"]["number_uploaded_users"] == len(some)
    (entry,) = raw.call("GET", raw.account("segments")).json()["segments"]
    assert entry["segment"]["approximate_number_users"] == 1000
    assert entry["segment"]["targetable_status"] == "READY"
    for users in (
        {"schema": ["EMAIL"], "data": people[:1]},
        {"schema": ["EMAIL_SHA256"], "data": [["ada@lovelace.example"]]},
        {"schema": ["EMAIL_SHA256"], "data": []},
    ):
        assert raw.call("POST", path, {"users": [users]}).status_code == 400
    like = {**body, "source_type": "LOOKALIKE", "creation_spec": {"seed_segment_id": row["id"]}}
    assert "countries" in refused(raw, raw.account("segments"), "segments", like)


def test_catalogues_come_wrapped_by_dimension(raw: Raw) -> None:
    rows = raw.call("GET", "targeting/geo/country").json()["targeting_dimensions"]
    assert {"id": "us", "name": "United States"} in [row["country"] for row in rows]
    answer = raw.call("GET", "targeting/v1/interests/scls?country_code=us").json()
    assert answer["targeting_dimensions"][0]["scls"]["id"] == "SLC_1"


def test_state_survives_a_restart(
    box: Sandbox, raw: Raw, clock: Clock, sandbox_factory: Callable[..., Sandbox]
) -> None:
    top, _, _ = planted(raw)
    directory: Path = box.directory
    box.stop()
    again = sandbox_factory(
        directory, tempo=1.0, networks=("snapchat",), origin=MORNING, real=clock
    )
    token = raw.granted["access_token"]
    other = Raw(again)
    header = {"Authorization": f"Bearer {token}"}
    answer = other.call("GET", raw.account("campaigns"), headers=header)
    assert [entry["campaign"]["id"] for entry in answer.json()["campaigns"]] == [top]
    clock.at += REVIEW + timedelta(minutes=1)
    assert rate(again) > 0


@pytest.mark.parametrize(("method", "path"), [("POST", "me"), ("GET", "media/nobody")])
def test_what_is_not_there_is_an_error_in_the_envelope(raw: Raw, method: str, path: str) -> None:
    answer = raw.call(method, path)
    assert answer.status_code in (404, 405)
    assert answer.json()["request_status"] == "ERROR"
