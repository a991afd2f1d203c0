"""A stand-in for the X Ads API (versions 12 and 11), media upload and post deletion.

It speaks X's wire protocol with its traps: OAuth 1.0a signatures are checked, objects are
ACTIVE by default and deleted softly, batches are all-or-nothing, metrics are arrays with null,
ads are reviewed for ten campaign minutes, and rate limits hold in real time.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.grants import granted
from sandbox.world import World
from sandbox.x.batches import BatchError
from sandbox.x.delivery import market_lines
from sandbox.x.limits import Limit, RateLimits
from sandbox.x.multipart import parse_multipart
from sandbox.x.operations import OPERATIONS, Operation
from sandbox.x.request import Call, Values, XError, parse_json
from sandbox.x.signature import Signatures, sent_url
from sandbox.x.stats import job_file
from sandbox.x.store import NETWORK, JsonObject, Store, open_account

_VERSIONS = ("11", "12")
_FAULT_WAIT = 1
"""Real seconds an injected 429 or 503 asks the client to wait."""


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    routes = [
        Route(path, desk.endpoint(methods), methods=["GET", "POST", "PUT", "DELETE"])
        for path, methods in by_path.items()
    ]
    routes.append(Route("/{version}/stats-files/{id}.json.gz", desk.file))
    return Starlette(routes=routes)


class _Desk:
    """Takes calls in: signature, faults, rate limit, parameters; then the operation; then the
    envelope."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._signatures = Signatures(self._secret_of)
        self._limits = RateLimits()
        world.limit(self._limits.renew)

    def endpoint(self, methods: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            body = await request.body()
            operation = methods.get(request.method)
            if operation is None:
                error = XError(405, "METHOD_NOT_ALLOWED", f"{request.method} is not allowed here")
                return _refusal(error, {})
            return self._serve(request, body, operation)

        return serve

    async def file(self, request: Request) -> Response:
        """A finished analytics job; X serves these without a signature."""
        try:
            content = job_file(self._call(request, b"", Values({}), None, {}))
        except XError as error:
            return _refusal(error, {})
        return Response(content, media_type="application/gzip")

    def _serve(self, request: Request, body: bytes, operation: Operation) -> Response:
        headers = {"x-current-api-version": "12"}
        params: JsonObject = {}
        parsed: Any = None
        try:
            self._admit(request, body)
            headers |= self._within_limits(request, operation)
            params, parsed, files = _parameters(request, body)
            values = Values(params)
            call = self._call(request, body, values, parsed, files)
            self._check_scope(request, call)
            if operation.changes:
                self._world.settle()
            answer = operation.run(call)
            call.store.commit()
        except XError as error:
            return _refusal(error, params, headers)
        except BatchError as error:
            content = {"errors": [], "operation_errors": error.errors, "request": parsed}
            return JSONResponse(content, 400, headers)
        if answer.status == 204:
            return Response(status_code=204, headers=headers)
        shown = parsed if parsed is not None else {"params": params}
        content = {"request": shown, "data": answer.data, **answer.more}
        return JSONResponse(content, answer.status, headers)

    def _secret_of(self, token: str) -> str | None:
        found = granted(self._world, NETWORK, token)
        return None if found is None else str(found["secret"])

    def _admit(self, request: Request, body: bytes) -> None:
        fault = self._signatures.fault(request, body)
        if fault is None and self._world.fault(NETWORK, "expired_token"):
            fault = "The token was revoked"
        if fault is not None:
            message = f"This request is not properly authenticated ({fault})"
            raise XError(401, "UNAUTHORIZED_ACCESS", message)

    def _within_limits(self, request: Request, operation: Operation) -> dict[str, str]:
        if self._world.fault(NETWORK, "server_error"):
            raise XError(503, "OVER_CAPACITY", "Service is over capacity, try again later")
        limit = operation.limit
        if limit is Limit.ACCOUNT_READ and request.query_params.get("with_total_count") == "true":
            limit = Limit.TOTAL_COUNT
        account_id = str(request.path_params.get("account_id", ""))
        allowed, headers = self._limits.take(limit, account_id, request.scope["path"])
        if self._world.fault(NETWORK, "rate_limited"):
            raise _RateError(self._limits.soon(headers, _FAULT_WAIT))
        if not allowed:
            raise _RateError(headers)
        return headers

    def _call(
        self,
        request: Request,
        body: bytes,
        values: Values,
        parsed: Any,
        files: dict[str, bytes],
    ) -> Call:
        version = str(request.path_params.get("version", "12"))
        root = sent_url(request).split(f"/{version}/", 1)[0]
        return Call(
            store=Store(self._world),
            now=self._world.now(),
            values=values,
            path=request.path_params,
            base_url=f"{root}/{version}",
            body=parsed,
            files=files,
        )

    def _check_scope(self, request: Request, call: Call) -> None:
        version = request.path_params.get("version", "12")
        if version not in _VERSIONS:
            raise XError(404, "ROUTE_NOT_FOUND", f"API version {version} is not served")
        account_id = request.path_params.get("account_id")
        if account_id is not None and call.store.get("account", account_id) is None:
            message = f"Account {account_id} was not found or cannot be used"
            raise XError(403, "ACCOUNT_NOT_FOUND", message, "account_id")


class _RateError(XError):
    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, "TOO_MANY_REQUESTS", "Too many requests, wait until the reset")
        self.headers = headers


def _parameters(request: Request, body: bytes) -> tuple[JsonObject, Any, dict[str, bytes]]:
    """Query and form values together, the JSON body if there is one, and uploaded files."""
    params: JsonObject = dict(parse_qsl(request.url.query, keep_blank_values=True))
    kind = request.headers.get("content-type", "")
    parsed: Any = None
    files: dict[str, bytes] = {}
    if kind.startswith("application/x-www-form-urlencoded"):
        params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        fields, files = parse_multipart(kind, body)
        params |= fields
    elif kind.startswith("application/json") and body:
        parsed = parse_json(body)
    return params, parsed, files


def _refusal(error: XError, params: JsonObject, headers: dict[str, str] | None = None) -> Response:
    headers = dict(headers or {})
    if isinstance(error, _RateError):
        headers |= error.headers
    if error.status == 503:
        headers["retry-after"] = str(_FAULT_WAIT)
    content = {"errors": [error.entry], "request": {"params": params}}
    return JSONResponse(content, error.status, headers)
