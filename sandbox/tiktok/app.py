"""A stand-in for TikTok's API for Business, Marketing API v1.3.

It speaks TikTok's wire protocol with its traps: failures are HTTP 200 with a ``code``, a path
without its trailing slash is not found, objects are ENABLE by default, money is a float, a
``request_id`` is remembered for ten real seconds, no header tells of rate limits, and reports
leave deleted objects out.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.grants import granted
from sandbox.multipart import parse_multipart
from sandbox.tiktok import (
    accounts,
    adgroups,
    ads,
    audiences,
    campaigns,
    catalogue,
    files,
    reports,
)
from sandbox.tiktok.delivery import market_lines
from sandbox.tiktok.limits import RateLimits, RequestIds
from sandbox.tiktok.request import NO_PERMISSION, Call, TikTokError, Values, invalid, missing
from sandbox.tiktok.statuses import updater
from sandbox.tiktok.store import NETWORK, TOKEN, JsonObject, Store, open_account
from sandbox.world import World

_VERSION = "v1.3"
_OK, _DUPLICATED = 0, 40050


@dataclass(frozen=True, slots=True)
class _Operation:
    """One endpoint. ``changes`` the market is settled for; ``once`` takes a request_id."""

    run: Callable[[Call], Any]
    method: str = "GET"
    changes: bool = False
    once: bool = False


def _post(run: Callable[[Call], Any], *, once: bool = False) -> _Operation:
    return _Operation(run, "POST", changes=True, once=once)


_OPERATIONS: dict[str, _Operation] = {
    "campaign/create": _post(campaigns.create, once=True),
    "campaign/update": _post(campaigns.update),
    "campaign/status/update": _post(updater("campaign")),
    "campaign/get": _Operation(campaigns.listed),
    "adgroup/create": _post(adgroups.create, once=True),
    "adgroup/update": _post(adgroups.update),
    "adgroup/status/update": _post(updater("adgroup")),
    "adgroup/get": _Operation(adgroups.listed),
    "ad/create": _post(ads.create),
    "ad/status/update": _post(updater("ad")),
    "ad/get": _Operation(ads.listed),
    "ad/review_info": _Operation(ads.reviews),
    "file/video/ad/upload": _post(files.upload_video),
    "file/video/ad/search": _Operation(files.search_videos),
    "file/video/ad/info": _Operation(files.videos_by_id),
    "file/image/ad/upload": _post(files.upload_image),
    "file/image/ad/search": _Operation(files.search_images),
    "creative/asset/delete": _post(files.delete),
    "report/integrated/get": _Operation(reports.integrated),
    "advertiser/info": _Operation(accounts.info),
    "identity/get": _Operation(accounts.identities),
    "pixel/list": _Operation(accounts.pixels),
    "app/list": _Operation(accounts.apps),
    "tool/region": _Operation(catalogue.regions),
    "tool/interest_category": _Operation(catalogue.interests),
    "dmp/custom_audience/file/upload": _post(audiences.upload),
    "dmp/custom_audience/create": _post(audiences.create),
    "dmp/custom_audience/update": _post(audiences.update),
    "dmp/custom_audience/list": _Operation(audiences.listed),
    "dmp/custom_audience/lookalike/create": _post(audiences.lookalike),
}


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    return Starlette(
        routes=[Route("/open_api/{version}/{path:path}", desk.serve, methods=["GET", "POST"])]
    )


class _Desk:
    """Takes calls in: path, token, faults, rate limit, account; then the operation; then the
    envelope."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._limits = RateLimits()
        self._request_ids = RequestIds()
        self._served = 0
        world.limit(self._limits.renew)

    async def serve(self, request: Request) -> Response:
        """One call."""
        body = await request.body()
        path = str(request.path_params["path"])
        operation = _OPERATIONS.get(path.removesuffix("/"))
        known = path.endswith("/") and request.path_params["version"] == _VERSION
        if operation is None or not known:
            return PlainTextResponse("404 page not found", 404)
        if request.method != operation.method:
            return PlainTextResponse("405 method not allowed", 405)
        try:
            data = self._answer(request, body, path.removesuffix("/"), operation)
        except TikTokError as error:
            return self._envelope(error.code, error.message, {})
        return self._envelope(_OK, "OK", data)

    def _answer(self, request: Request, body: bytes, path: str, operation: _Operation) -> Any:
        self._admit(request, path)
        raw, parts = _read(request, body)
        call = Call(Store(self._world), self._world.now(), Values(raw), parts)
        if path != "advertiser/info":
            self._check_account(call)
        key = call.values.text("request_id") if operation.once else ""
        if key:
            if not key.isdecimal() or int(key) >= 1 << 63:
                raise invalid("request_id", key, "it must be a 64-bit integer as text")
            if self._request_ids.repeated(call.advertiser_id, path, key):
                raise TikTokError(_DUPLICATED, "Duplicated requests.")
        if operation.changes:
            self._world.settle()
        try:
            return operation.run(call)
        except TikTokError:
            if key:
                self._request_ids.forget(call.advertiser_id, path, key)
            raise

    def _admit(self, request: Request, path: str) -> None:
        # A token in the query is not looked at, whatever the OpenAPI files say.
        token = request.headers.get("access-token", "")
        if not token:
            raise TikTokError(40104, "Access token is empty: set the header Access-Token.")
        known = token == TOKEN or granted(self._world, NETWORK, token) is not None
        if not known or self._world.fault(NETWORK, "expired_token"):
            raise TikTokError(40105, "Access token is incorrect or has been revoked.")
        if self._world.fault(NETWORK, "server_error"):
            raise TikTokError(50000, "System error.")
        limit = self._limits.exceeded(path)
        if limit or self._world.fault(NETWORK, "rate_limited"):
            name = limit or "QPS"
            raise TikTokError(40100, f"Requests made too frequently ({name} limit reached).")

    def _check_account(self, call: Call) -> None:
        advertiser_id = call.advertiser_id
        if not advertiser_id:
            raise missing("advertiser_id")
        if call.store.get("account", advertiser_id) is None:
            message = f"No permission to operate advertiser {advertiser_id}."
            raise TikTokError(NO_PERMISSION, message)

    def _envelope(self, code: int, message: str, data: Any) -> Response:
        self._served += 1
        content = {
            "code": code,
            "message": message,
            "request_id": f"{self._world.now():%Y%m%d%H%M%S}{self._served:018}",
            "data": data,
        }
        return JSONResponse(content)


def _read(request: Request, body: bytes) -> tuple[JsonObject, dict[str, bytes]]:
    """The values of a query, a JSON body or a form, and uploaded files.

    In a query, lists and objects are JSON text; numbers and booleans look like text.
    """
    if request.method == "GET":
        return {k: _decoded(v) for k, v in parse_qsl(request.url.query)}, {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        try:
            fields, parts = parse_multipart(kind, body)
        except ValueError as error:
            raise TikTokError(40000, str(error)) from None
        return dict(fields), parts
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        raise TikTokError(40000, "The request body is not valid JSON.") from None
    if not isinstance(found, dict):
        raise TikTokError(40000, "The request body is not a JSON object.")
    return cast(JsonObject, found), {}


def _decoded(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            raise TikTokError(40002, f"Invalid JSON in the query: {text[:80]}.") from None
    return {"true": True, "false": False, "True": True, "False": False}.get(text, text)
