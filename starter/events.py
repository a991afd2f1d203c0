"""The way in for events: signed CloudEvents over HTTP start promotions.

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
    max_bytes: int = 256_000,
) -> APIRouter:
    """Routes ``POST /events`` and ``GET /healthz``.

    Answers of ``POST /events``: 202 ``{"promotion": id, "duplicate": bool}``; otherwise
    ``{"error": {"field", "message"}}`` with 400 for a faulty event, 401 unsigned, wrongly signed
    or stale, 413 too large, 415 no CloudEvent, 422 unknown type, 503 a part is down (send again).

    Args:
        secret: ``whsec_`` and base64 of 24 to 64 bytes.
        accept: Takes the event durably, or raises ``Unavailable`` or ``EventRefused``. Called
            concurrently; it must know a repeated event.
        max_bytes: Largest body.

    Raises:
        ValueError: the secret has another form.
    """
    hook = webhook(secret)
    answered = _Answered()
    router = APIRouter()

    async def post_event(request: Request) -> JSONResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = await _body(request, max_bytes)
            message_id = verify(hook, headers, body)
            answer = answered.find(message_id, body)
            if answer is None:
                answer = await accept(parse_event(headers, body))
                answered.keep(message_id, body, answer)
        except _TooLarge:
            return _error(413, "body", f"the event is over {max_bytes:,} bytes; shorten its text")
        except Unsigned as error:
            return _error(401, error.field, error.message)
        except EventRefused as error:
            return _error(error.status, error.field, error.message)
        except Unavailable as error:
            return _error(503, error.part, str(error), {"retry-after": "30"})
        return JSONResponse(
            {"promotion": answer.promotion_id, "duplicate": answer.duplicate}, status_code=202
        )

    async def health() -> dict[str, str]:
        return {"status": "ok"}

    router.add_api_route("/events", post_event, methods=["POST"], status_code=202)
    router.add_api_route("/healthz", health, methods=["GET"])
    return router


async def _body(request: Request, max_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > max_bytes:
        raise _TooLarge
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise _TooLarge
    return bytes(body)


def _error(
    status: int, field: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        {"error": {"field": field, "message": message}}, status_code=status, headers=headers
    )
