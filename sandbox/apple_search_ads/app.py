"""A stand-in for the Apple Ads Platform API v1 and for Apple's login.

It speaks Apple's wire format with its traps: the ``X-AP-Context`` header, nulls for what is not
set, times in UTC that do not say so, objects that are ENABLED unless told otherwise, soft deletion,
names taken once per campaign, one enabled ad per ad group, queries by documented fields only,
reports that want campaigns named and no granularity for a single day, rate limit headers on every
answer.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.apple_search_ads import account as apple_account
from sandbox.apple_search_ads import ad_groups as apple_ad_groups
from sandbox.apple_search_ads import ads as apple_ads
from sandbox.apple_search_ads import campaigns as apple_campaigns
from sandbox.apple_search_ads.delivery import market_lines
from sandbox.apple_search_ads.limits import RateLimit
from sandbox.apple_search_ads.login import grant, token_fault
from sandbox.apple_search_ads.query import query
from sandbox.apple_search_ads.reports import report
from sandbox.apple_search_ads.request import (
    Answer,
    AppleError,
    Call,
    not_found,
    parse_body,
    public,
)
from sandbox.apple_search_ads.status import Forest
from sandbox.apple_search_ads.store import (
    AD,
    AD_GROUP,
    CAMPAIGN,
    CREATIVE,
    KEYWORD,
    NETWORK,
    JsonObject,
    Store,
    open_account,
)
from sandbox.world import World

_FAULT_WAIT = 1
"""Real seconds an injected 429 or 503 asks the client to wait."""

_Run = Callable[[Call], Answer]
_Change = Callable[[Call], JsonObject]


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    routes = [Route("/auth/oauth2/token", desk.token, methods=["POST"])]
    by_path: dict[str, dict[str, tuple[_Run, bool, bool]]] = {}
    for method, path, run, changes, scoped in _operations():
        by_path.setdefault(path, {})[method] = run, changes, scoped
    routes += [
        Route(f"/v1{path}", desk.endpoint(methods), methods=["GET", "POST", "PUT", "DELETE"])
        for path, methods in by_path.items()
    ]
    return Starlette(routes=routes)


def _operations() -> list[tuple[str, str, _Run, bool, bool]]:
    """Method, path, operation, whether it changes anything, whether it wants an ad account."""
    found: list[tuple[str, str, _Run, bool, bool]] = [
        ("GET", "/me", _plain(apple_account.me), False, False),
        ("GET", "/acls", _plain(apple_account.acls), False, False),
        ("GET", "/orgs/{id}", _plain(apple_account.organisation), False, False),
        ("GET", "/ad-accounts/{id}", _plain(apple_account.ad_account), False, True),
        ("GET", "/apps/{id}", _plain(apple_account.app), False, True),
        ("POST", "/keywords/bulk-create", apple_ad_groups.create_keywords, True, True),
    ]
    for which in ("campaigns", "adgroups", "ads"):
        found.append(("POST", f"/reports/apps/{which}/query", _reporting(which), False, True))
    changes: list[tuple[str, str, _Change | None, _Change | None, _Change]] = [
        (
            "campaigns",
            CAMPAIGN,
            apple_campaigns.create,
            apple_campaigns.update,
            apple_campaigns.delete,
        ),
        (
            "adgroups",
            AD_GROUP,
            apple_ad_groups.create,
            apple_ad_groups.update,
            apple_ad_groups.delete,
        ),
        (
            "keywords",
            KEYWORD,
            apple_ad_groups.create_keyword,
            None,
            apple_ad_groups.delete_keyword,
        ),
        (
            "creatives",
            CREATIVE,
            apple_ads.create_creative,
            apple_ads.update_creative,
            apple_ads.delete_creative,
        ),
        ("ads", AD, apple_ads.create, apple_ads.update, apple_ads.delete),
    ]
    for path, kind, create, update, delete in changes:
        found.append(("POST", f"/{path}/query", _querying(kind), False, True))
        found.append(("GET", f"/{path}/{{id}}", _reading(kind), False, True))
        if create is not None:
            found.append(("POST", f"/{path}", _showing(kind, create), True, True))
        if update is not None:
            found.append(("PUT", f"/{path}/{{id}}", _showing(kind, update), True, True))
        found.append(("DELETE", f"/{path}/{{id}}", _showing(kind, delete), True, True))
    return found


def _plain(read: _Change) -> _Run:
    return lambda call: Answer(read(call))


def _reporting(which: str) -> _Run:
    return lambda call: report(call, which)


def _querying(kind: str) -> _Run:
    def run(call: Call) -> Answer:
        forest = Forest(call.store, call.now)
        answer = query(call, kind, [forest.shown(kind, row) for row in call.store.every(kind)])
        return Answer([public(row) for row in answer.result], answer.pagination)

    return run


def _reading(kind: str) -> _Run:
    def run(call: Call) -> Answer:
        row = call.store.get(kind, call.object_id)
        if row is None or row["deleted"]:
            raise not_found(kind, call.object_id)
        return Answer(public(Forest(call.store, call.now).shown(kind, row)))

    return run


def _showing(kind: str, change: _Change) -> _Run:
    def run(call: Call) -> Answer:
        row = change(call)
        return Answer(public(Forest(call.store, call.now).shown(kind, row)))

    return run


class _Desk:
    """Takes calls in: rate limit, faults, token, context; then the operation; then the envelope."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._limit = RateLimit()
        world.limit(self._limit.renew)

    async def token(self, request: Request) -> Response:
        """The login; it stands on another host and keeps no rate limit here."""
        status, body = grant(self._world, await request.body())
        return JSONResponse(body, status)

    def endpoint(
        self, methods: dict[str, tuple[_Run, bool, bool]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            content = await request.body()
            allowed, headers = self._limit.take()
            if not allowed or self._world.fault(NETWORK, "rate_limited"):
                told = AppleError(429, "rate_limit_exceeded", "Too many requests in a short time.")
                wait = _FAULT_WAIT if allowed else None
                return _refusal(told, self._limit.refused(headers, wait))
            try:
                answer = self._serve(request, content, methods)
            except AppleError as error:
                return _refusal(error, headers)
            body: JsonObject = {"result": answer.result}
            if answer.pagination is not None:
                body["pagination"] = answer.pagination
            return JSONResponse(body, 200, headers)

        return serve

    def _serve(
        self, request: Request, content: bytes, methods: dict[str, tuple[_Run, bool, bool]]
    ) -> Answer:
        fault = token_fault(self._world, request.headers.get("authorization", ""))
        if fault is not None:
            raise AppleError(401, "UNAUTHORIZED", fault)
        if self._world.fault(NETWORK, "server_error"):
            raise AppleError(500, "INTERNAL_SERVER_ERROR", "An unexpected error occurred.")
        if request.method not in methods:
            raise AppleError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed here.")
        run, changes, scoped = methods[request.method]
        store = Store(self._world)
        account = _context(store, request.headers.get("x-ap-context", "")) if scoped else {}
        if changes:
            self._world.settle()
        body = parse_body(content)
        answer = run(Call(store, self._world.now(), body, request.path_params, account))
        store.commit()
        return answer


def _context(store: Store, header: str) -> JsonObject:
    """The ad account named by ``X-AP-Context: adAccountId=<id>;`` (an organisation's id, as the
    older API had it, is none)."""
    name, _, value = header.strip().rstrip(";").partition("=")
    if name != "adAccountId" or not value.isdigit():
        told = "X-AP-Context must name the ad account: adAccountId=<id>;"
        raise AppleError(400, "BAD_REQUEST", told, "INVALID_CONTEXT")
    account = store.get("account", value)
    if account is None:
        raise AppleError(403, "FORBIDDEN", f"Ad account {value} cannot be used by this caller.")
    return account


def _refusal(error: AppleError, headers: dict[str, str]) -> Response:
    # A server that fails says when to come back; Apple documents it for 429 only (unsure).
    later = {"Retry-After": str(_FAULT_WAIT)} if error.status == 500 else {}
    return JSONResponse({"error": error.error}, error.status, {**headers, **later})
