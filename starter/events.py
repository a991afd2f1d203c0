"""The way in for events: signed CloudEvents over HTTP start promotions.

Beside them, signed batches of first-hand clicks and conversions.

``event_routes`` answers only after ``accept`` has durably taken the event (a Temporal start
with an id derived from the content), so that an event that was answered is never lost, and one
that was not answered can be sent again without starting anything twice.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from models.contract.base import Frozen
from models.contract.content import ContentEvent
from starter.cloud_events import EventRefused, parse_event
from starter.signature import Unsigned, sign, verify, webhook

__all__ = [
    "Accepted",
    "EventRefused",
    "Unavailable",
    "Unsigned",
    "event_routes",
    "parse_event",
    "sign",
]

_REMEMBERED = 10_000


class Accepted(Frozen):
    """A promotion that runs now. ``duplicate``: it already ran before this event."""

    promotion_id: str
    duplicate: bool


class Unavailable(Exception):
    """A part we need does not answer. ``part`` names it, ``way_out`` says how to start it."""

    def __init__(self, part: str, way_out: str) -> None:
        super().__init__(f"{part} does not answer; {way_out}")
        self.part = part
        self.way_out = way_out


class _TooLarge(Exception):
    """The body is over the limit."""


_FAULTS = (_TooLarge, Unsigned, EventRefused, Unavailable)


class _Answered:
    """Messages answered by this process: webhook id to digest of the body and the answer.

    A short cut only. What is forgotten or was answered by another process reaches ``accept``,
    which knows a repeated event by itself.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[bytes, Accepted]] = OrderedDict()

    def find(self, message_id: str, body: bytes) -> Accepted | None:
        known = self._answers.get(message_id)
        if known is None:
            return None
        if known[0] != hashlib.sha256(body).digest():
            # To call it a duplicate would silently lose the second event.
            raise EventRefused(
                "webhook-id", "webhook-id was used for another event; give each event its own"
            )
        return Accepted(promotion_id=known[1].promotion_id, duplicate=True)

    def keep(self, message_id: str, body: bytes, answer: Accepted) -> None:
        self._answers[message_id] = (hashlib.sha256(body).digest(), answer)
        while len(self._answers) > _REMEMBERED:
            self._answers.popitem(last=False)


def event_routes(
    *,
    secret: str,
    accept: Callable[[ContentEvent], Awaitable[Accepted]],
    take: Callable[[bytes], Awaitable[Frozen]] | None = None,
    max_bytes: int = 256_000,
) -> APIRouter:
    """Routes ``POST /events``, ``POST /conversions`` (when ``take`` is given), ``GET /healthz``.

    Answers of ``POST /events``: 202 ``{"promotion": id, "duplicate": bool}``; otherwise
    ``{"error": {"field", "message"}}`` with 400 for a faulty event, 401 unsigned, wrongly signed
    or stale, 413 too large, 415 no CloudEvent, 422 unknown type, 503 a part is down (send again).
    Answers of ``POST /conversions``: 202 with what ``take`` answered, else as above.

    Args:
        secret: ``whsec_`` and base64 of 24 to 64 bytes.
        accept: Takes the event durably, or raises ``Unavailable`` or ``EventRefused``. Called
            concurrently; it must know a repeated event.
        take: Takes the body of a batch of clicks and conversions, under the same rules.
        max_bytes: Largest body.

    Raises:
        ValueError: the secret has another form.
    """
    hook = webhook(secret)
    answered = _Answered()
    router = APIRouter()

    async def post_event(request: Request) -> JSONResponse:
        headers = _lower(request)
        try:
            body = await _body(request, max_bytes, "the event", "shorten its text")
            message_id = verify(hook, headers, body)
            answer = answered.find(message_id, body)
            if answer is None:
                answer = await accept(parse_event(headers, body))
                answered.keep(message_id, body, answer)
        except _FAULTS as fault:
            return _refusal(fault)
        return JSONResponse(
            {"promotion": answer.promotion_id, "duplicate": answer.duplicate}, status_code=202
        )

    async def post_conversions(request: Request) -> JSONResponse:
        assert take is not None
        try:
            body = await _body(request, max_bytes, "the batch", "send several requests")
            verify(hook, _lower(request), body)
            taken = await take(body)
        except _FAULTS as fault:
            return _refusal(fault)
        return JSONResponse(taken.model_dump(mode="json"), status_code=202)

    async def health() -> dict[str, str]:
        return {"status": "ok"}

    router.add_api_route("/events", post_event, methods=["POST"], status_code=202)
    if take is not None:
        router.add_api_route("/conversions", post_conversions, methods=["POST"], status_code=202)
    router.add_api_route("/healthz", health, methods=["GET"])
    return router


def _lower(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


async def _body(request: Request, max_bytes: int, what: str, way_out: str) -> bytes:
    too_large = _TooLarge(f"{what} is over {max_bytes:,} bytes; {way_out}")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)


def _refusal(fault: Exception) -> JSONResponse:
    match fault:
        case _TooLarge():
            return _error(413, "body", str(fault))
        case Unsigned():
            return _error(401, fault.field, fault.message)
        case EventRefused():
            return _error(fault.status, fault.field, fault.message)
        case Unavailable():
            return _error(503, fault.part, str(fault), {"retry-after": "30"})
        case _:
            raise fault


def _error(
    status: int, field: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        {"error": {"field": field, "message": message}}, status_code=status, headers=headers
    )
