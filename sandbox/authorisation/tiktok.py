"""TikTok's login: HTTP 200 whatever happens, ``code`` tells."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.authorisation.oauth2 import account_rows
from sandbox.authorisation.web import back, page_error
from sandbox.grants import Grants
from sandbox.tiktok.store import TOKEN
from sandbox.world import World

APP_ID, APP_SECRET = "sandbox-tiktok-app", "sandbox-tiktok-app-secret"
_DEFAULT = {
    "advertiser_id": "7000000000000000001",
    "name": "Sandbox advertiser",
    "currency": "USD",
    "timezone": "UTC",
}
_SCOPES = ["4", "200"]


def routes(world: World) -> list[BaseRoute]:
    """The portal page and ``oauth2/…``; every path of the API ends with a slash."""
    grants = Grants(world, "tiktok", expires_in=None)
    grants.open_for(TOKEN, _SCOPES)

    def advertisers() -> list[dict[str, Any]]:
        return [_DEFAULT | row for row in account_rows(world, "tiktok", _DEFAULT)]

    async def portal(request: Request) -> Response:
        query = dict(request.query_params)
        address = query.get("redirect_uri", "")
        if query.get("app_id") != APP_ID or not address:
            return page_error("unknown app or no redirect_uri")
        state = {"state": query.get("state", "")}
        if grants.declines():
            return back(address, {"error": "access_denied", **state})
        return back(address, {"auth_code": grants.code(_SCOPES), **state})

    async def token(request: Request) -> Response:
        told: dict[str, str] = await request.json()
        if (told.get("app_id"), told.get("secret")) != (APP_ID, APP_SECRET):
            return _answer(40110, "The app_id or secret is incorrect")
        if grants.fails("server_error"):
            return _answer(50000, "System error")
        found, _ = grants.redeem(told.get("auth_code", ""))
        if found is None:
            return _answer(40110, "Auth_code is used or expired")
        ids = [row["advertiser_id"] for row in advertisers()]
        given = grants.token(found["scopes"])
        scope = [int(one) for one in found["scopes"]]
        return _answer(0, "OK", {"access_token": given, "advertiser_ids": ids, "scope": scope})

    async def listed(request: Request) -> Response:
        query = request.query_params
        if (query.get("app_id"), query.get("secret")) != (APP_ID, APP_SECRET):
            return _answer(40105, "The app_id or secret is incorrect")
        if (refusal := refused(request)) is not None:
            return refusal
        rows = [{"advertiser_id": one["advertiser_id"], "advertiser_name": one["name"]}
                for one in advertisers()]  # fmt: skip
        return _answer(0, "OK", {"list": rows})

    async def info(request: Request) -> Response:
        if (refusal := refused(request)) is not None:
            return refusal
        wanted = json.loads(request.query_params.get("advertiser_ids", "[]"))
        rows = [{name: one[name] for name in _DEFAULT} for one in advertisers()
                if one["advertiser_id"] in wanted]  # fmt: skip
        return _answer(0, "OK", {"list": rows})

    async def revoke(request: Request) -> Response:
        told: dict[str, str] = await request.json()
        if not grants.withdraw(told.get("access_token", "")):
            return _answer(40105, "Access token is incorrect or has been revoked")
        return _answer(0, "OK")

    def refused(request: Request) -> Response | None:
        token = request.headers.get("access-token")
        if not token:
            return _answer(40104, "Access-Token is missing in the header")
        if grants.known(token) is None:
            return _answer(40105, "Access token is incorrect or has been revoked")
        return None

    api = "/open_api/v1.3"
    return [
        Route("/portal/auth", portal),
        Route(f"{api}/oauth2/access_token/", token, methods=["POST"]),
        Route(f"{api}/oauth2/revoke_token/", revoke, methods=["POST"]),
        Route(f"{api}/oauth2/advertiser/get/", listed),
        Route(f"{api}/advertiser/info/", info),
    ]


def _answer(code: int, message: str, data: dict[str, Any] | None = None) -> Response:
    told = {"code": code, "message": message, "request_id": "sandbox", "data": data or {}}
    return JSONResponse(told)
