"""A stand-in for AppLovin's Campaign Management API v1 (``/manage/v1``) and its reports.

It speaks AppLovin's wire protocol with its traps: a raw key without ``Bearer``, ``account_id`` on
every call, a new campaign's status ignored, errors in headers with an empty body, bare arrays
whose end is an empty page, and an account shut out for 24 hours after 100 errors in five minutes.
The library's associations with creative sets and everything of WEB accounts are not played.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.applovin import assets, campaigns, creative_sets, reports
from sandbox.applovin.delivery import market_lines
from sandbox.applovin.limits import Limits
from sandbox.applovin.request import AlError, Call, bad, parse_object
from sandbox.applovin.store import (
    ACCOUNT_ID,
    MANAGEMENT_KEY,
    NETWORK,
    REPORT_KEY,
    JsonObject,
    Store,
    open_account,
)
from sandbox.multipart import Part, parse_parts
from sandbox.world import World

_Endpoint = Callable[[Request], Awaitable[Response]]
_Operation = Callable[[Call], Any]
_BLOCKED, _TOO_FAST = 100007, 100006
_READS: dict[str, _Operation] = {
    "campaign/list": campaigns.listed,
    "creative_set/list": creative_sets.listed,
    "creative_set/list_by_campaign_id": creative_sets.listed_by_campaign,
    "asset/list": assets.listed,
}
_WRITES: dict[str, _Operation] = {
    "campaign/create": campaigns.create,
    "campaign/update": campaigns.update,
    "creative_set/create": creative_sets.create,
    "creative_set/update": creative_sets.update,
    "creative_set/clone": creative_sets.clone,
    "creative_set/add-to-campaigns": creative_sets.add_to_campaigns,
    "creative_set/remove-from-campaigns": creative_sets.remove_from_campaigns,
    "creative_set/remove-from-all-campaigns": creative_sets.remove_from_all_campaigns,
    "asset/upload": assets.upload,
}


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    base = "/manage/v1"
    routes = [
        *(Route(f"{base}/{path}", desk.management(run), methods=["GET"])
          for path, run in _READS.items()),
        *(Route(f"{base}/{path}", desk.management(run, changes=True), methods=["POST"])
          for path, run in _WRITES.items()),
        Route(f"{base}/asset/upload_result", desk.management(desk.upload_result), methods=["GET"]),
        Route("/report", desk.reporting(reports.report), methods=["GET"]),
        Route("/accountInfo", desk.reporting(reports.account_info), methods=["GET"]),
    ]  # fmt: skip
    return Starlette(routes=routes)


class _Desk:
    """Takes calls in: key, limits, faults; then the operation; then the answer's form."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = Store(world)
        self._limits = Limits()
        world.limit(self._limits.renew)

    def management(self, run: _Operation, *, changes: bool = False) -> _Endpoint:
        async def serve(request: Request) -> Response:
            content = await request.body()
            try:
                self._within_limits()
                self._admit(request, request.headers.get("authorization", "") == MANAGEMENT_KEY)
                call = self._call(request, content)
                if changes:
                    self._world.settle()
                answer = _numbered(run(call)) if call.account["_number_ids"] else run(call)
            except AlError as error:
                self._limits.failed()
                return _refusal(error)
            # Associations are answered without a body.
            return _traced(JSONResponse(answer) if answer != {} else Response())

        return serve

    def reporting(self, run: Callable[[Call], Response]) -> _Endpoint:
        async def serve(request: Request) -> Response:
            try:
                self._admit(request, request.query_params.get("api_key") == REPORT_KEY)
                return _traced(run(self._call(request, b"")))
            except AlError as error:
                return _refusal(error)

        return serve

    def upload_result(self, call: Call) -> JsonObject:
        shown, failures = assets.result(call)
        if failures:
            self._limits.failed(failures)
        return shown

    def _within_limits(self) -> None:
        if self._limits.blocked:
            message = "Too many errors; the account is blocked for 24 hours"
            raise AlError(429, _BLOCKED, message)
        if not self._limits.admit():
            raise AlError(429, _TOO_FAST, "Too many requests")

    def _admit(self, request: Request, key_fits: bool) -> None:
        if not key_fits or self._world.fault(NETWORK, "expired_token"):
            raise AlError(401, 100401, "The API key is not valid")
        if self._world.fault(NETWORK, "server_error"):
            raise AlError(503, 100503, "Service unavailable")
        if self._world.fault(NETWORK, "rate_limited"):
            # A real one lasts ten minutes and says nothing; a played one is over at once.
            raise AlError(429, _TOO_FAST, "Too many requests", headers={"retry-after": "0"})
        management = request.url.path.rpartition("/manage/")[1]
        if management and request.query_params.get("account_id") != ACCOUNT_ID:
            raise AlError(403, 100403, "account_id is missing or not yours")

    def _call(self, request: Request, content: bytes) -> Call:
        body: JsonObject = {}
        files: list[Part] = []
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            try:
                files = parse_parts(kind, content)
            except ValueError as error:
                raise bad(str(error)) from None
        else:
            body = parse_object(content)
        return Call(
            store=self._store,
            now=self._world.now(),
            query=request.query_params,
            body=body,
            files=files,
            account=self._store.get("account", ACCOUNT_ID) or {},
        )


def _numbered(answer: Any) -> Any:
    """The answer with ids as numbers, as some say AppLovin writes them."""

    def number(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: number(one, str(key)) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if isinstance(value, list):
            return [number(one, name) for one in value]  # pyright: ignore[reportUnknownVariableType]
        return int(value) if name in ("id", "campaign_id") and value else value

    return number(json.loads(json.dumps(answer)))


def _refusal(error: AlError) -> Response:
    return _traced(Response(status_code=error.status, headers=error.headers))


def _traced(response: Response) -> Response:
    response.headers["X-TRACE-ID"] = uuid4().hex
    return response
