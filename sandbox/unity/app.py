"""A stand-in for Unity's Advertising Management API (v1) and Statistics API (v2).

It speaks Unity's wire format with its traps: campaigns are made disabled and cannot be made
otherwise, PUT replaces a whole list of bids, amounts are strings, unknown fields and parameters
are refused, uploads pass moderation, reports are CSV with a byte order mark or a bare 204, and
each resource takes one write a second.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.multipart import parse_multipart
from sandbox.unity import campaigns, creatives, stats
from sandbox.unity.billing import must_pay
from sandbox.unity.delivery import market_lines
from sandbox.unity.limits import (
    BIDS,
    CHANGES,
    CREATES,
    READS,
    STATISTICS,
    Policy,
    RateLimits,
    headers,
)
from sandbox.unity.request import Answer, Call, UnityError, invalid, page, parse_json, public
from sandbox.unity.shelf import (
    BEARER,
    KEY_ID,
    NETWORK,
    ORGANIZATION_ID,
    SECRET_KEY,
    Shelf,
    open_organization,
)
from sandbox.world import World

_BASIC = base64.b64encode(f"{KEY_ID}:{SECRET_KEY}".encode()).decode()
_SOON = 1
"""Real seconds an injected 429 or 503 asks the client to wait."""

_Run = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class _Operation:
    run: _Run
    policy: Policy = READS


def _list_apps(call: Call) -> Answer:
    must_pay(call.shelf)
    wanted = dict(call.query)
    rows = [
        row
        for row in call.shelf.every("app")
        if wanted.get("filter[store]", row["store"]) == row["store"]
        and wanted.get("filter[storeId]", row["storeId"]) == row["storeId"]
    ]
    return page(call, [public(row) for row in rows], 1000, "filter[store]", "filter[storeId]")


def _get_app(call: Call) -> Answer:
    return Answer(public(call.find("app", "app")))


_APP = "/apps/{app}"
_CAMPAIGN = f"{_APP}/campaigns/{{campaign}}"
_PACK = f"{_APP}/creative-packs/{{pack}}"
_ASSIGNED = f"{_CAMPAIGN}/assigned-creative-packs"
_TABLE: dict[str, dict[str, _Operation]] = {
    "/apps": {"GET": _Operation(_list_apps)},
    _APP: {"GET": _Operation(_get_app)},
    f"{_APP}/creatives": {
        "GET": _Operation(creatives.list_uploads),
        "POST": _Operation(creatives.upload, CREATES),
    },
    f"{_APP}/creatives/{{creative}}": {"GET": _Operation(creatives.get_upload)},
    f"{_APP}/creative-packs": {
        "GET": _Operation(creatives.list_packs),
        "POST": _Operation(creatives.create_pack, CREATES),
    },
    _PACK: {
        "GET": _Operation(creatives.get_pack),
        "PATCH": _Operation(creatives.update_pack, CHANGES),
        "DELETE": _Operation(creatives.delete_pack, CHANGES),
    },
    f"{_APP}/campaigns": {
        "GET": _Operation(campaigns.listed),
        "POST": _Operation(campaigns.create, CREATES),
    },
    _CAMPAIGN: {
        "GET": _Operation(campaigns.get),
        "PATCH": _Operation(campaigns.update, CHANGES),
        "DELETE": _Operation(campaigns.delete, CHANGES),
    },
    f"{_CAMPAIGN}/budget": {
        "GET": _Operation(campaigns.read_budget),
        "PATCH": _Operation(campaigns.update_budget, CHANGES),
    },
    f"{_CAMPAIGN}/targeting": {
        "GET": _Operation(campaigns.read_targeting),
        "PATCH": _Operation(campaigns.update_targeting, CHANGES),
    },
    f"{_CAMPAIGN}/cpi-bids": {
        "GET": _Operation(campaigns.list_bids, BIDS),
        "PUT": _Operation(campaigns.replace_bids, CHANGES),
        "PATCH": _Operation(campaigns.change_bids, CHANGES),
    },
    _ASSIGNED: {
        "GET": _Operation(creatives.list_assigned),
        "POST": _Operation(creatives.assign, CREATES),
    },
    f"{_ASSIGNED}/{{pack}}": {"DELETE": _Operation(creatives.unassign, CHANGES)},
}


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_organization(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    root = "/advertise/v1/organizations/{organization}"
    routes = [
        Route(f"{root}{path}", desk.endpoint(path, operations), methods=methods)
        for path, operations in _TABLE.items()
    ]
    report = "/advertise/stats/v2/organizations/{organization}/reports/acquisitions"
    routes.append(Route(report, desk.report, methods=["GET"]))
    return Starlette(routes=routes)


class _Desk:
    """Takes calls in: key, faults, rate limit; then the operation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._limits = RateLimits()
        self._requests = count(1)
        world.limit(self._limits.renew)

    def endpoint(
        self, path: str, operations: dict[str, _Operation]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            body = await request.body()
            operation = operations.get(request.method)
            if operation is None:
                error = UnityError(405, 52, "Method Not Allowed", "Method not allowed")
                return self._problem(error)
            return self._serve(request, body, path, operation)

        return serve

    async def report(self, request: Request) -> Response:
        """A statistics report."""
        told: dict[str, str] = {}
        try:
            self._admit(request)
            told = self._within_limits(STATISTICS, "statistics")
            text = stats.acquisitions(self._call(request))
        except UnityError as error:
            return self._problem(error, told)
        if text is None:
            return Response(status_code=204, headers=told)
        return Response(text.encode(), media_type="text/csv", headers=told)

    def _serve(self, request: Request, body: bytes, path: str, operation: _Operation) -> Response:
        told: dict[str, str] = {}
        try:
            self._admit(request)
            told = self._within_limits(operation.policy, _scope(request, path, operation))
            call = self._call(request)
            _read_body(call, request, body)
            if request.method != "GET":
                self._world.settle()
            answer = operation.run(call)
        except UnityError as error:
            return self._problem(error, told)
        if answer.data is None:
            return Response(status_code=204, headers=told)
        return JSONResponse(answer.data, answer.status, told)

    def _admit(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        known = {"Basic": _BASIC, "Bearer": BEARER}.get(scheme)
        if known is None or key != known or self._world.fault(NETWORK, "expired_token"):
            raise UnityError(401, 65, "Unauthorized", "The service account credentials are invalid")
        if self._world.fault(NETWORK, "server_error"):
            wait = {"retry-after": str(_SOON)}
            raise UnityError(503, 51, "Service Unavailable", "Try again later", headers=wait)
        if request.path_params["organization"] != ORGANIZATION_ID:
            raise UnityError(403, 64, "Forbidden", "No access to the organization")

    def _within_limits(self, policy: Policy, scope: str) -> dict[str, str]:
        allowed, told = self._limits.take(policy, scope)
        if self._world.fault(NETWORK, "rate_limited"):
            told = headers(policy, [(calls, 0, _SOON) for calls, _ in policy])
            allowed = False
        if not allowed:
            raise UnityError(429, 50, "Too Many Requests", "Rate limit exceeded", headers=told)
        return told

    def _call(self, request: Request) -> Call:
        return Call(
            shelf=Shelf(self._world),
            now=self._world.now(),
            path=request.path_params,
            query=request.query_params.multi_items(),
        )

    def _problem(self, error: UnityError, told: dict[str, str] | None = None) -> Response:
        body = {**error.body, "requestId": f"sandbox-{next(self._requests)}"}
        answer = JSONResponse(body, error.status, {**(told or {}), **error.headers})
        answer.headers["content-type"] = "application/problem+json"
        return answer


def _scope(request: Request, path: str, operation: _Operation) -> str:
    """What a limit is counted by: reads by endpoint group, writes by resource and endpoint."""
    if operation.policy is READS or operation.policy is BIDS:
        parts = path.split("/")
        group = "creative-packs" if "creative-packs" in path else parts[min(len(parts) - 1, 3)]
        return "bids" if operation.policy is BIDS else group
    where = request.scope["path"]
    if path.startswith(_ASSIGNED):
        where = where.partition("/assigned-creative-packs")[0] + "/assigned-creative-packs"
    return f"{request.method} {where}"


def _read_body(call: Call, request: Request, body: bytes) -> None:
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        try:
            call.fields, call.files = parse_multipart(kind, body)
        except ValueError as error:
            raise invalid("body", str(error)) from None
    elif body:
        if not kind.startswith("application/json"):
            raise UnityError(415, 58, "Unsupported Media Type", "Send application/json")
        call.body = parse_json(body)
