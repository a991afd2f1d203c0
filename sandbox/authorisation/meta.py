"""Meta's login dialog and what Graph says of tokens, accounts, pages and pixels."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.authorisation.web import back, bearer, form, page_error
from sandbox.grants import Grant, Grants
from sandbox.meta.app import APP_SECRET, TOKEN
from sandbox.meta.shelf import NETWORK, MetaShelf
from sandbox.world import World

APP_ID = "sandbox-app"
USER = "10001"
_SHORT, _LONG = 3_600.0, 5_184_000.0


def routes(world: World) -> list[BaseRoute]:
    """``dialog/oauth``, ``oauth/access_token``, ``debug_token`` and the edges of ``me``."""
    desk = _Desk(world)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("GET", "/{version}/dialog/oauth", desk.dialog),
        ("GET", "/{version}/oauth/access_token", desk.token),
        ("POST", "/{version}/oauth/access_token", desk.token),
        ("GET", "/{version}/debug_token", desk.debug),
        ("GET", "/{version}/me", desk.me),
        ("GET", "/{version}/me/adaccounts", desk.accounts),
        ("GET", "/{version}/me/accounts", desk.pages),
        ("DELETE", "/{version}/me/permissions", desk.withdraw),
        ("GET", "/{version}/{account}/adspixels", desk.pixels),
    ]
    return [Route(path, endpoint, methods=[verb]) for verb, path, endpoint in table]


class _Desk:
    def __init__(self, world: World) -> None:
        self._world = world
        self._shelf = MetaShelf(world)
        self._grants = Grants(world, NETWORK, expires_in=_LONG)
        self._grants.open_for(TOKEN, ["ads_management", "ads_read", "pages_read_engagement"])

    async def dialog(self, request: Request) -> Response:
        query = dict(request.query_params)
        address = query.get("redirect_uri", "")
        if query.get("client_id") != APP_ID or not address:
            return page_error("unknown app or no redirect_uri")
        state = {"state": query["state"]} if "state" in query else {}
        if self._grants.declines():
            said = {"error": "access_denied", "error_reason": "user_denied"}
            said["error_description"] = "Permissions error"
            return back(address, {**said, **state})
        asked = [one for one in query.get("scope", "").split(",") if one]
        code = self._grants.code([*asked, "public_profile"], redirect_uri=address)
        return back(address, {"code": code, **state})

    async def token(self, request: Request) -> Response:
        told = await form(request)
        if told.get("client_id") != APP_ID or told.get("client_secret") != APP_SECRET:
            return _error("Error validating client secret.", 1)
        if self._grants.fails("server_error"):
            return _error("An unexpected error has occurred.", 2, status=500)
        if told.get("grant_type") == "fb_exchange_token":
            known = self._grants.known(told.get("fb_exchange_token", ""))
            if known is None or self._grants.fails("expired_token"):
                return _error("Error validating access token: Session has expired.", 190, 463)
            return self._given(known["scopes"], self._grants.expires_in)
        found, why = self._grants.redeem(
            told.get("code", ""), redirect_uri=told.get("redirect_uri", "")
        )
        if found is None:
            text = {
                "used": ("This authorization code has been used.", 36009),
                "expired": ("This authorization code has expired.", 36007),
                "redirect_uri": ("Error validating verification code.", 36008),
            }.get(why, ("Invalid verification code format.", None))
            return _error(text[0], 100, text[1])
        return self._given(found["scopes"], min(_SHORT, self._grants.expires_in or _SHORT))

    def _given(self, scopes: list[str], seconds: float | None) -> Response:
        told: Grant = {"access_token": self._grants.token(scopes), "token_type": "bearer"}
        if seconds is not None:
            told["expires_in"] = int(seconds)
        return JSONResponse(told)

    async def debug(self, request: Request) -> Response:
        if (refusal := self._refused(request)) is not None:
            return refusal
        known = self._grants.known(request.query_params.get("input_token", ""))
        if known is None:
            error = {"code": 190, "message": "The session is invalid.", "subcode": 463}
            return JSONResponse({"data": {"is_valid": False, "error": error, "scopes": []}})
        data = {
            "app_id": APP_ID,
            "type": "USER",
            "is_valid": True,
            "expires_at": int(known["until"] or 0),
            "scopes": known["scopes"],
            "user_id": USER,
        }
        return JSONResponse({"data": data})

    async def me(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse({"id": USER, "name": "Sandbox person"})

    async def accounts(self, request: Request) -> Response:
        return self._listed(request, self._world.every(NETWORK, "account"))

    async def pages(self, request: Request) -> Response:
        return self._listed(request, self._shelf.every("page"))

    async def pixels(self, request: Request) -> Response:
        return self._listed(request, self._shelf.every("pixel"))

    async def withdraw(self, request: Request) -> Response:
        refusal = self._refused(request)
        if refusal is None:
            self._grants.withdraw(bearer(request))
        return refusal or JSONResponse({"success": True})

    def _listed(self, request: Request, rows: list[dict[str, Any]]) -> Response:
        if (refusal := self._refused(request)) is not None:
            return refusal
        fields = [one for one in request.query_params.get("fields", "id").split(",") if one]
        shown = [{name: row[name] for name in ("id", *fields) if name in row} for row in rows]
        return JSONResponse({"data": shown, "paging": {"cursors": {"after": "end"}}})

    def _refused(self, request: Request) -> Response | None:
        """A refusal unless the token is live and the proof fits it."""
        token = bearer(request)
        if self._grants.known(token) is None:
            return _error("Error validating access token: Session has expired.", 190, 463, 400)
        proof = hmac.new(APP_SECRET.encode(), token.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(request.query_params.get("appsecret_proof", proof), proof):
            return _error("Invalid appsecret_proof provided in the API argument", 100)
        return None


def _error(message: str, code: int, subcode: int | None = None, status: int = 400) -> Response:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    error["fbtrace_id"] = "sandbox"
    return JSONResponse({"error": error}, status)
