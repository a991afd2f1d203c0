"""The authorisation servers speak their networks' form, as an independent client sees it (N6)."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth1Client, AsyncOAuth2Client

from sandbox.x.store import ACCOUNT_ID
from tests.sandbox_server import Sandbox

BACK = "https://adflight.example/connect/callback"
GOOGLE = {"client_id": "sandbox-google-client", "client_secret": "sandbox-google-client-secret"}
SNAP = {"client_id": "sandbox-snapchat-client", "client_secret": "sandbox-snapchat-client-secret"}
TIKTOK = {"app_id": "sandbox-tiktok-app", "secret": "sandbox-tiktok-app-secret"}
META = {"client_id": "sandbox-app", "client_secret": "sandbox-app-secret"}


@pytest.fixture
def server(sandbox_factory: Callable[..., Sandbox]) -> Sandbox:
    return sandbox_factory(networks=("meta", "x"))


@pytest.fixture
def web(server: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=f"{server.url}/login", trust_env=False, timeout=10)


def told_back(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(BACK)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def sent_to(web: httpx.Client, address: str) -> str:
    return web.get(address).headers["location"]


def setting(server: Sandbox, network: str, **value: Any) -> None:
    server.world.put("login", "setting", network, value)


# -- OAuth 2.0 by the book ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "app", "page", "token", "scope"),
    [
        ("google", GOOGLE, "/google/o/oauth2/v2/auth", "/google/token", "adwords"),
        ("snapchat", SNAP, "/snapchat/login/oauth2/authorize",
         "/snapchat/login/oauth2/access_token", "snapchat-marketing-api"),
    ],
)  # fmt: skip
async def test_authlib_walks_through(
    name: str, app: dict[str, str], page: str, token: str, scope: str, server: Sandbox,
    web: httpx.Client,
) -> None:  # fmt: skip
    base = f"{server.url}/login"
    verifier = generate_token(48)
    async with AsyncOAuth2Client(
        **app, scope=scope, redirect_uri=BACK, code_challenge_method="S256", trust_env=False,
        token_endpoint_auth_method="client_secret_post",
    ) as client:  # fmt: skip
        address, state = client.create_authorization_url(f"{base}{page}", code_verifier=verifier)
        location = sent_to(web, address)
        given = await client.fetch_token(
            f"{base}{token}", authorization_response=location, state=state, code_verifier=verifier
        )
        assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 3600, scope)
        again = await client.refresh_token(f"{base}{token}", refresh_token=given["refresh_token"])
        assert again["access_token"] != given["access_token"]
        rotated = again.get("refresh_token") not in (None, given["refresh_token"])
        assert rotated == (name == "snapchat")


def authorise(web: httpx.Client, path: str, app: dict[str, str], **more: str) -> dict[str, str]:
    query = {"response_type": "code", "redirect_uri": BACK, "state": "s", "scope": "a b", **more}
    return told_back(web.get(path, params={**query, "client_id": app["client_id"]}))


def redeem(web: httpx.Client, code: str, **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **GOOGLE}
    return web.post("/google/token", data={**form, **more})


def test_a_code_is_good_once_for_whom_it_was_given(server: Sandbox, web: httpx.Client) -> None:
    page = "/google/o/oauth2/v2/auth"
    told = authorise(web, page, GOOGLE)
    assert told["state"] == "s"
    assert redeem(web, told["code"]).status_code == 200
    used = redeem(web, told["code"])
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")
    elsewhere = redeem(web, authorise(web, page, GOOGLE)["code"], redirect_uri=f"{BACK}/other")
    assert elsewhere.json()["error"] == "invalid_grant"
    stranger = redeem(web, authorise(web, page, GOOGLE)["code"], client_secret="guess")
    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client")
    challenged = authorise(web, page, GOOGLE, code_challenge="x" * 43, code_challenge_method="S256")
    assert redeem(web, challenged["code"], code_verifier="y" * 43).status_code == 400
    plain = authorise(web, page, GOOGLE, code_challenge="x", code_challenge_method="plain")
    assert plain["error"] == "invalid_request"
    setting(server, "google", code_seconds=-1)
    assert redeem(web, authorise(web, page, GOOGLE)["code"]).status_code == 400
    assert web.get(page, params={"client_id": "nobody", "redirect_uri": BACK}).status_code == 400


def test_a_rotated_refresh_token_is_dead(web: httpx.Client) -> None:
    path = "/snapchat/login/oauth2/access_token"
    code = authorise(web, "/snapchat/login/oauth2/authorize", SNAP)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **SNAP}
    first = web.post(path, data=form).json()["refresh_token"]

    def refresh(token: str) -> httpx.Response:
        return web.post(path, data={"grant_type": "refresh_token", "refresh_token": token, **SNAP})

    second = refresh(first).json()["refresh_token"]
    assert refresh(first).json()["error"] == "invalid_grant"
    assert refresh(second).status_code == 200


def test_access_ends_in_real_time_whatever_the_tempo(
    server: Sandbox, web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(server, "snapchat", expires_in=30)
    code = authorise(web, "/snapchat/login/oauth2/authorize", SNAP)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **SNAP}
    given = web.post("/snapchat/login/oauth2/access_token", data=form).json()
    assert given["expires_in"] == 30
    header = {"Authorization": f"Bearer {given['access_token']}"}
    assert web.get("/snapchat/v1/me", headers=header).json()["request_status"] == "SUCCESS"
    later = time.time() + 31
    monkeypatch.setattr("sandbox.grants.time.time", lambda: later)
    ended = web.get("/snapchat/v1/me", headers=header)
    assert ended.status_code == 401
    assert 'error="invalid_token"' in ended.headers["www-authenticate"]


# -- in a network's own form --------------------------------------------------------------------


def test_tiktok_answers_200_whatever_happens(server: Sandbox, web: httpx.Client) -> None:
    query = {"app_id": TIKTOK["app_id"], "state": "s", "redirect_uri": BACK}
    code = told_back(web.get("/tiktok/portal/auth", params=query))["auth_code"]
    path = "/tiktok/open_api/v1.3/oauth2/access_token/"
    assert web.post(path.rstrip("/"), json={}).status_code in (307, 404)
    given = web.post(path, json={**TIKTOK, "auth_code": code}).json()
    assert (given["code"], given["data"]["scope"]) == (0, [4, 200])
    used = web.post(path, json={**TIKTOK, "auth_code": code})
    assert (used.status_code, used.json()["code"]) == (200, 40110)
    listing = "/tiktok/open_api/v1.3/oauth2/advertiser/get/"
    token = {"Access-Token": given["data"]["access_token"]}
    assert web.get(listing, params=TIKTOK, headers=token).json()["code"] == 0
    assert web.get(listing, params=TIKTOK).json()["code"] == 40104
    revoke = "/tiktok/open_api/v1.3/oauth2/revoke_token/"
    assert (
        web.post(revoke, json={**TIKTOK, "access_token": token["Access-Token"]}).json()["code"] == 0
    )
    assert web.get(listing, params=TIKTOK, headers=token).json()["code"] == 40105


def meta_token(web: httpx.Client, **more: str) -> str:
    query = {"client_id": "sandbox-app", "redirect_uri": BACK, "state": "s", "scope": "ads_read"}
    code = told_back(web.get("/meta/v26.0/dialog/oauth", params={**query, **more}))["code"]
    form = {**META, "redirect_uri": BACK, "code": code}
    given = web.get("/meta/v26.0/oauth/access_token", params=form)
    assert given.status_code == 200, given.text
    used = web.get("/meta/v26.0/oauth/access_token", params=form).json()["error"]
    assert (used["code"], used["error_subcode"]) == (100, 36009)
    return given.json()["access_token"]


def test_a_token_of_metas_login_works_on_its_graph(server: Sandbox, web: httpx.Client) -> None:
    short = meta_token(web)
    exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short, **META}
    long = web.get("/meta/v26.0/oauth/access_token", params=exchange).json()
    assert long["expires_in"] == 5_184_000
    header = {"Authorization": f"Bearer {long['access_token']}"}
    graph = f"{server.url}/meta/v26.0/act_1001"
    assert httpx.get(graph, headers=header, trust_env=False).status_code == 200
    query = {"input_token": long["access_token"]}
    data = web.get("/meta/v26.0/debug_token", params=query, headers=header).json()["data"]
    assert (data["is_valid"], data["scopes"]) == (True, ["ads_read", "public_profile"])
    assert web.delete("/meta/v26.0/me/permissions", headers=header).json() == {"success": True}
    gone = httpx.get(graph, headers=header, trust_env=False)
    assert gone.json()["error"]["code"] == 190
    assert web.get("/meta/v26.0/me/adaccounts", headers=header).json()["error"]["code"] == 190
    assert (
        httpx.get(graph, headers={"Authorization": "Bearer made-up"}, trust_env=False).json()[
            "error"
        ]["code"]
        == 190
    )


def test_a_person_may_decline(server: Sandbox, web: httpx.Client) -> None:
    server.arm("login", "refusal", path="/meta/")
    query = {"client_id": "sandbox-app", "redirect_uri": BACK, "state": "s"}
    told = told_back(web.get("/meta/v26.0/dialog/oauth", params=query))
    assert (told["error"], told["state"]) == ("access_denied", "s")
    assert "code" in told_back(web.get("/meta/v26.0/dialog/oauth", params=query))


async def test_three_legs_of_x(server: Sandbox, web: httpx.Client) -> None:
    base = f"{server.url}/login/x/oauth"
    app = {"client_id": "sandbox-x-consumer", "client_secret": "sandbox-x-consumer-secret"}
    async with AsyncOAuth1Client(**app, redirect_uri=f"{BACK}?state=s", trust_env=False) as client:
        asked = await client.fetch_request_token(f"{base}/request_token")
        assert asked["oauth_callback_confirmed"] == "true"
        page = client.create_authorization_url(f"{base}/authorize")
        location = sent_to(web, page)
        assert parse_qs(urlsplit(location).query)["state"] == ["s"]
        client.parse_authorization_response(location)
        given = await client.fetch_access_token(f"{base}/access_token")
    async with AsyncOAuth1Client(
        **app, token=given["oauth_token"], token_secret=given["oauth_token_secret"],
        trust_env=False,
    ) as signed:  # fmt: skip
        rows = (await signed.get(f"{server.url}/x/12/accounts")).json()["data"]
        assert [row["id"] for row in rows] == [ACCOUNT_ID]
        await signed.post(f"{server.url}/login/x/1.1/oauth/invalidate_token")
        assert (await signed.get(f"{server.url}/x/12/accounts")).status_code == 401
    async with AsyncOAuth1Client(
        **{**app, "client_secret": "guess"}, redirect_uri=BACK, trust_env=False
    ) as stranger:
        answer = await stranger.post(f"{base}/request_token")
        assert answer.status_code == 401
    async with AsyncOAuth1Client(
        **app, token=asked["oauth_token"], token_secret=asked["oauth_token_secret"],
        trust_env=False,
    ) as late:  # fmt: skip
        again = await late.post(f"{base}/access_token")
        assert again.status_code == 401, "a request token is good once"
