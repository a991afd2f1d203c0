"""A stand-in for the Telegram Ads API (``/ads``) and the Bot API (``/bots``).

It speaks the wire protocol with its traps: refusals are codes on HTTP 200, money is numbers
rounded to the currency's precision, ads are the only level and each is prepaid, a date of an ad's
own overrides its switch and pausing clears it, edits send a funded ad to review for ten campaign
minutes, an ad that ran must rest ten minutes before it is deleted, and a repeated idempotency key
is answered with what was answered before, for a day.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.telegram.bot import BotDesk
from sandbox.telegram.delivery import market_lines
from sandbox.telegram.methods import ACROSS, KEYED, READS, WRITES
from sandbox.telegram.request import AdsError, Call
from sandbox.telegram.store import ACCOUNT_ID, NETWORK, TOKEN, JsonObject, Store, open_account
from sandbox.world import World
from sandbox.x.multipart import parse_multipart
from sandbox.x.request import XError

_REMEMBERED = timedelta(hours=24)
_LONGEST_KEY = 128
_FAULT_WAIT = 1


def build(world: World) -> Starlette:
    """The stand-in over a world, as an ASGI application to be mounted anywhere."""
    open_account(world)
    world.observe(NETWORK, lambda: market_lines(world))
    desk, bots = _Desk(world), BotDesk(world)
    return Starlette(
        routes=[
            Route("/ads/{method}", desk.endpoint, methods=["GET", "POST"]),
            Route("/bots/{bot}/{method}", bots.endpoint, methods=["GET", "POST"]),
        ]
    )


class _Desk:
    """Takes calls in: token, faults, parameters, repeats; then the method; then the envelope."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def endpoint(self, request: Request) -> Response:
        body = await request.body()
        name = str(request.path_params["method"])
        if self._world.fault(NETWORK, "server_error"):
            # A gateway answers before Telegram's own envelope is made.
            return Response("<html>502 Bad Gateway</html>", 502, media_type="text/html")
        try:
            self._admit(request)
            method = READS.get(name) or WRITES.get(name)
            if method is None:
                raise AdsError("METHOD_INVALID", 404)
            values, files = parameters(request, body)
            account = values.pop("account_id", ACCOUNT_ID)
            if account != ACCOUNT_ID and name not in ACROSS:
                raise AdsError("ACCOUNT_ID_INVALID")
            if name in WRITES:
                self._world.settle()
            call = Call(Store(self._world), values, files)
            key = request.headers.get("idempotency-key")
            if key is None or name not in KEYED:
                return _answer(method(call))
            return self._once(name, key, call)
        except AdsError as error:
            return JSONResponse({"ok": False, "error": error.code}, error.status)

    def _admit(self, request: Request) -> None:
        sent = request.headers.get("authorization", "")
        if not sent.startswith("Bearer "):
            raise AdsError("ACCESS_TOKEN_REQUIRED")
        if sent.removeprefix("Bearer ") != TOKEN or self._world.fault(NETWORK, "expired_token"):
            raise AdsError("ACCESS_TOKEN_INVALID")
        if self._world.fault(NETWORK, "rate_limited"):
            raise AdsError(f"FLOOD_WAIT_{_FAULT_WAIT}")

    def _once(self, name: str, key: str, call: Call) -> Response:
        """What was asked before under a key is answered as before; refusals are not kept."""
        if not 0 < len(key) <= _LONGEST_KEY:
            raise AdsError("IDEMPOTENCY_KEY_INVALID")
        store, place = call.store, f"{name}/{key}"
        content = json.dumps(call.values, sort_keys=True).encode()
        digest = hashlib.sha256(content).hexdigest()
        known = store.get("answered", place)
        if known is not None and store.now - datetime.fromisoformat(known["at"]) < _REMEMBERED:
            if known["digest"] != digest:
                raise AdsError("IDEMPOTENT_PARAM_MISMATCH")
            return _answer(known["result"], {"Idempotent-Replayed": "true"})
        result = WRITES[name](call)
        at = store.now.isoformat()
        store.put("answered", place, {"at": at, "digest": digest, "result": result})
        return _answer(result)


def parameters(request: Request, body: bytes) -> tuple[JsonObject, dict[str, bytes]]:
    """Query, form, multipart and JSON values together, and uploaded files."""
    values: JsonObject = dict(parse_qsl(request.url.query, keep_blank_values=True))
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return values | dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    if kind.startswith("multipart/form-data"):
        try:
            fields, files = parse_multipart(kind, body)
        except XError:
            raise AdsError("REQUEST_INVALID", 400) from None
        return values | fields, files
    if body:
        try:
            sent: Any = json.loads(body)
        except ValueError:
            raise AdsError("REQUEST_INVALID", 400) from None
        if not isinstance(sent, dict):
            raise AdsError("REQUEST_INVALID", 400)
        values |= cast(JsonObject, sent)
    return values, {}


def _answer(result: Any, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"ok": True, "result": result}, headers=headers)
