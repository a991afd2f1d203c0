"""A stand-in for Snapchat's Ads API v1 and its authorisation server.

It speaks the wire protocol with its traps: status 200 with failed items, at most 30 entities a
request, PUT of whole entities that resets what is left out, JSON Patch with its codes, ten calls
a second without a header saying so, and access tokens of one hour.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.authorisation.web import bearer
from sandbox.snapchat import catalogue, entities, media, segments, stats
from sandbox.snapchat.accounts import account, funding_sources, me, organizations, pixel
from sandbox.snapchat.delivery import market_lines
from sandbox.snapchat.limits import RateLimits
from sandbox.snapchat.patches import MEDIA_TYPE
from sandbox.snapchat.request import INVALID, Call, SnapError
from sandbox.snapchat.store import NETWORK, JsonObject, Store, open_account
from sandbox.snapchat.tokens import Tokens
from sandbox.world import World

_Run = Callable[[Call], JsonObject]
_Body = Literal["none", "json", "patch", "form"]
_BODIES: Mapping[str, _Body] = {"POST": "json", "PUT": "json", "PATCH": "patch"}
_ACCOUNT = "/v1/adaccounts/{account_id}"
_READS = {stats.report, entities.campaigns_by_ids}

# Longer paths first: the first that fits is taken.
_OPERATIONS: tuple[tuple[str, dict[str, _Run]], ...] = (
    ("/v1/me", {"GET": me}),
    ("/v1/me/organizations", {"GET": organizations}),
    ("/v1/organizations/{id}/fundingsources", {"GET": funding_sources}),
    ("/v1/pixels/{id}", {"GET": pixel}),
    ("/v1/targeting/geo/country", {"GET": catalogue.countries}),
    ("/v1/targeting/v1/interests/scls", {"GET": catalogue.interests}),
    ("/v1/segments/{id}/users", {"POST": segments.add_people}),
    ("/v1/media/{id}/upload", {"POST": media.upload}),
    ("/v1/media/{id}", {"GET": media.read}),
    (f"{_ACCOUNT}/media", {"GET": media.listed, "POST": media.create}),
    (f"{_ACCOUNT}/segments", {"GET": segments.listed, "POST": segments.create}),
    (f"{_ACCOUNT}/get_campaigns_by_ids", {"POST": entities.campaigns_by_ids}),
)
_LEVELS = ("adaccounts", "campaigns", "adsquads", "ads")
_PLURALS = ("campaigns", "adsquads", "creatives", "ads")


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    routes = [desk.route(path, methods, {}) for path, methods in _OPERATIONS]
    for level in _LEVELS:
        path = f"/v1/{level}/{{id}}/stats"
        routes.append(desk.route(path, {"GET": stats.report}, {"level": level}))
    for above, plural in (("campaigns", "adsquads"), ("adsquads", "ads")):
        whole: dict[str, _Run] = {
            "GET": entities.listed,
            "POST": entities.create,
            "PUT": entities.replace,
        }
        fixed = {"above": above, "plural": plural}
        routes.append(desk.route(f"/v1/{above}/{{parent_id}}/{plural}", whole, fixed))
    for plural in _PLURALS:
        whole = {
            "GET": entities.listed,
            "POST": entities.create,
            "PUT": entities.replace,
        }
        one: dict[str, _Run] = {
            "GET": entities.read,
            "PATCH": entities.patch,
            "DELETE": entities.delete,
        }
        routes.append(desk.route(f"{_ACCOUNT}/{plural}", whole, {"plural": plural}))
        routes.append(desk.route(f"/v1/{plural}/{{id}}", one, {"plural": plural}))
    routes.append(desk.route("/v1/adaccounts/{account_id}", {"GET": account}, {}))
    routes.append(Route("/login/oauth2/access_token", desk.tokens.exchange, methods=["POST"]))
    return Starlette(routes=routes)


class _Desk:
    """Takes calls in: token, faults, rate limit, body; then the operation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._limits = RateLimits()
        self.tokens = Tokens(world)
        world.limit(self._limits.renew)

    def route(self, path: str, methods: dict[str, _Run], fixed: dict[str, str]) -> Route:
        """One path with what it can do, and the parts of the path that are spelt out."""

        async def serve(request: Request) -> Response:
            body = await request.body()
            run = methods.get(request.method)
            try:
                if run is None:
                    raise SnapError(405, "E1000", f"{request.method} is not allowed here")
                return self._serve(request, body, run, fixed)
            except SnapError as error:
                return _refusal(error, self._request_id())

        return Route(path, serve, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])

    def _serve(
        self,
        request: Request,
        body: bytes,
        run: Callable[[Call], JsonObject],
        fixed: dict[str, str],
    ) -> Response:
        refused = self._unadmitted(request)
        if refused is not None:
            return refused
        call = Call(
            store=Store(self._world),
            now=self._world.now(),
            path={**request.path_params, **fixed},
            query=dict(request.query_params),
            url_path=str(request.url.path).removeprefix(str(request.scope.get("root_path", ""))),
            request_id=self._request_id(),
        )
        _take_body(call, request, body)
        if request.method != "GET" and run not in _READS:
            self._world.settle()
        return JSONResponse(run(call))

    def _unadmitted(self, request: Request) -> Response | None:
        token = bearer(request)
        if self._world.fault(NETWORK, "expired_token"):
            self.tokens.expire(token)
        fault = self.tokens.fault(token)
        if fault is not None:
            said = f'Bearer error="invalid_token", error_description="{fault}"'
            return Response(status_code=401, headers={"WWW-Authenticate": said})
        if self._world.fault(NETWORK, "server_error"):
            return Response("upstream connect error", 503)
        if self._world.fault(NETWORK, "rate_limited") or not self._limits.take(token):
            return Response("Too many requests", 429)
        return None

    def _request_id(self) -> str:
        return f"5afe{self._world.next_number('snapchat.request'):016x}"


def _take_body(call: Call, request: Request, body: bytes) -> None:
    """
    Raises:
        SnapError: the body is not of the type its method takes.
    """
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        call.query = {**call.query, "content-type": kind}
        call.body = body
        return
    wanted = _BODIES.get(request.method)
    if wanted is None:
        return
    media_type = MEDIA_TYPE if wanted == "patch" else "application/json"
    if kind.partition(";")[0].strip() != media_type:
        raise SnapError(415, INVALID, f"content type {kind!r} is not {media_type}")
    try:
        found: Any = json.loads(body)
    except ValueError:
        code = "E1165" if wanted == "patch" else INVALID
        raise SnapError(400, code, "the body is not valid JSON") from None
    call.body = found


def _refusal(error: SnapError, request_id: str) -> Response:
    content = {
        "request_status": "ERROR",
        "request_id": request_id,
        "debug_message": error.message,
        "display_message": error.message,
        "error_code": error.code,
    }
    return JSONResponse(content, error.status)
