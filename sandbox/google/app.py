"""A stand-in for the Google Ads API over REST.

It speaks Google's wire protocol with its traps: campaigns are ENABLED by default, names are
unique, a mutate is atomic unless partial failure is asked for (then failed operations leave empty
results), int64 are strings, a stream is an array of chunks even for an error, every operation
counts against the day, and the developer token is ignored.
"""

import json
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.google import library
from sandbox.google.allowance import DailyOperations
from sandbox.google.billing import must_be_open
from sandbox.google.delivery import market_lines
from sandbox.google.failures import (
    Failure,
    JsonObject,
    Refusals,
    UnknownName,
    camel,
    need,
    refusal,
    unreadable,
)
from sandbox.google.gaql import parse
from sandbox.google.mutate import count, mutate, mutate_many
from sandbox.google.store import MANAGER_ID, NETWORK, Draft, open_account
from sandbox.google.tables import answer
from sandbox.grants import granted
from sandbox.world import World

VERSIONS = ("v23", "v24", "v25", "v26")
PAGE = 10_000
CHUNK = 500
"""Rows in one chunk of a stream; Google's own size is not published."""
_RETRY = "1s"


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk = _Desk(world)
    customer = "/{version}/customers/{customer}"
    routes = [
        Route("/{version}/customers:listAccessibleCustomers", desk.accessible),
        Route(customer + "/googleAds:{verb}", desk.google_ads, methods=["POST"]),
        Route(customer + "/offlineUserDataJobs:create", desk.new_job, methods=["POST"]),
        Route(customer + "/offlineUserDataJobs/{job}:{verb}", desk.job, methods=["POST"]),
        Route(customer + "/{collection}:mutate", desk.mutate, methods=["POST"]),
    ]
    return Starlette(routes=routes)


class _Desk:
    """Takes calls in: token, faults, account, allowance; then the operation; then the answer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._allowance = DailyOperations()
        world.limit(self._allowance.renew)

    async def accessible(self, request: Request) -> Response:
        """The customers a login sees directly."""
        try:
            self._admit(request)
        except Failure as failure:
            return refusal([failure], _request_id(), stream=False)
        rows = self._world.every(NETWORK, "account")
        return JSONResponse({"resourceNames": [row["resourceName"] for row in rows]})

    async def google_ads(self, request: Request) -> Response:
        """Queries, and mutates of several kinds."""
        verb = request.path_params["verb"]
        body = await request.body()
        match verb:
            case "search":
                return self._serve(request, body, _search, changes=False)
            case "searchStream":
                return self._serve(request, body, _stream, changes=False, stream=True)
            case "mutate":
                return self._serve(request, body, mutate_many, changes=True)
            case _:
                return unreadable("Method not found.", _request_id(), stream=False, status=404)

    async def mutate(self, request: Request) -> Response:
        """Mutates of one kind."""
        collection = request.path_params["collection"]
        body = await request.body()
        return self._serve(
            request, body, lambda draft, asked: mutate(draft, collection, asked), changes=True
        )

    async def new_job(self, request: Request) -> Response:
        """An upload of people."""
        return self._serve(request, await request.body(), library.create_job, changes=True)

    async def job(self, request: Request) -> Response:
        """More people for an upload, or its run."""
        job, verb = request.path_params["job"], request.path_params["verb"]
        body = await request.body()
        steps: dict[str, Callable[[Draft, JsonObject], JsonObject]] = {
            "addOperations": lambda draft, asked: library.add_to_job(draft, job, asked),
            "run": lambda draft, _: library.run_job(draft, job),
        }
        step = steps.get(verb)
        if step is None:
            return unreadable("Method not found.", _request_id(), stream=False, status=404)
        return self._serve(request, body, step, changes=True)

    def _serve(
        self,
        request: Request,
        body: bytes,
        run: Callable[[Draft, JsonObject], Any],
        *,
        changes: bool,
        stream: bool = False,
    ) -> Response:
        request_id = _request_id()
        try:
            self._admit(request)
            asked = _body(body)
            draft = self._draft(request)
            self._allowance.take(count(asked) if changes else 1)
            if changes:
                self._world.settle()
            content = run(draft, asked)
            draft.commit()
        except Failure as failure:
            return refusal([failure], request_id, stream=stream)
        except Refusals as refusals:
            return refusal(refusals.failures, request_id, stream=stream)
        except UnknownName as unknown:
            return unreadable(unknown.text, request_id, stream=stream)
        except ValueError:
            return unreadable("Invalid JSON payload received.", request_id, stream=stream)
        return JSONResponse(content, headers={"request-id": request_id})

    def _admit(self, request: Request) -> None:
        if request.path_params["version"] not in VERSIONS:
            raise Failure("requestError", "UNSUPPORTED_VERSION", "The version is not served.")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and granted(self._world, NETWORK, token) is not None
        if not known:
            raise Failure("authenticationError", "OAUTH_TOKEN_INVALID",
                          "The OAuth token in the header is not valid.", status=401)  # fmt: skip
        if self._world.fault(NETWORK, "expired_token"):
            raise Failure("authenticationError", "OAUTH_TOKEN_EXPIRED",
                          "The OAuth token in the header has expired.", status=401)  # fmt: skip
        if self._world.fault(NETWORK, "server_error"):
            raise Failure("internalError", "TRANSIENT_ERROR", "Try again later.", status=503)
        if self._world.fault(NETWORK, "rate_limited"):
            raise Failure(
                "quotaError",
                "RESOURCE_TEMPORARILY_EXHAUSTED",
                "Too many requests. Retry in 1 seconds.",
                status=429,
                details={
                    "quotaErrorDetails": {
                        "rateScope": "DEVELOPER",
                        "rateName": "Number of operations for basic access",
                        "retryDelay": _RETRY,
                    }
                },
            )

    def _draft(self, request: Request) -> Draft:
        customer_id = request.path_params["customer"]
        account = self._world.get(NETWORK, "account", customer_id)
        through = request.headers.get("login-customer-id", customer_id)
        if account is None or through not in (MANAGER_ID, customer_id):
            raise Failure(
                "authorizationError",
                "USER_PERMISSION_DENIED",
                "User doesn't have permission to access customer. Note: If you're accessing a "
                "client customer, the manager's customer id must be set in the "
                "'login-customer-id' header.",
                status=403,
            )
        must_be_open(account)
        return Draft(self._world, customer_id)


def _search(draft: Draft, asked: JsonObject) -> JsonObject:
    """One page of a query. Pages have a fixed size."""
    _only(asked, {"query", "pageToken", "pageSize", "validateOnly", "searchSettings"})
    if "pageSize" in asked:
        raise Failure("requestError", "PAGE_SIZE_NOT_SUPPORTED", "Setting the page size is not "
                      "supported.", "page_size")  # fmt: skip
    query = parse(need(asked, "query", ""))
    rows = answer(draft, query)
    token = str(asked.get("pageToken") or "0")
    if not token.isdigit():
        raise Failure("requestError", "INVALID_PAGE_TOKEN", "The page token is invalid.",
                      "page_token")  # fmt: skip
    start = int(token)
    found: JsonObject = {"results": rows[start : start + PAGE], "fieldMask": _mask(query.fields)}
    if start + PAGE < len(rows):
        found["nextPageToken"] = str(start + PAGE)
    return found


def _stream(draft: Draft, asked: JsonObject) -> list[JsonObject]:
    """All of a query, in chunks; the last of an empty one has no results at all."""
    _only(asked, {"query", "summaryRowSetting"})
    query = parse(need(asked, "query", ""))
    rows = answer(draft, query)
    told = {"fieldMask": _mask(query.fields), "requestId": _request_id()}
    if not rows:
        return [told]
    return [
        {"results": rows[start : start + CHUNK], **told} for start in range(0, len(rows), CHUNK)
    ]


def _mask(fields: tuple[str, ...]) -> str:
    parts = [field.split(".") for field in fields]
    return ",".join(".".join(camel(word) for word in part) for part in parts)


def _only(asked: JsonObject, known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise UnknownName(name, "")


def _body(content: bytes) -> JsonObject:
    asked: Any = json.loads(content or b"{}")
    if not isinstance(asked, dict):
        raise ValueError("no object")
    return cast(JsonObject, asked)


def _request_id() -> str:
    return uuid4().hex[:22]
