"""Reading CloudEvents 1.0 from HTTP, structured or binary, into our own terms."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import JsonValue

from models.contract.content import ContentEvent, ContentType, EventType
from models.contract.urls import canonical

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

# Longest texts of the event itself and of its data, in characters.
_LIMITS = {"id": 200, "source": 500, "type": 200}
_DATA_LIMITS = {"title": 300, "description": 2_000, "text": 100_000, "team": 100}
_MAX_TAGS, _MAX_TAG = 50, 100
_DEFAULT_KINDS = {EventType.PRODUCT_ACTIVATED: ContentType.PRODUCT}


class EventRefused(Exception):
    """The event cannot be used. ``field`` names the part at fault; ``status`` is for HTTP."""

    def __init__(self, field: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.status = status


def parse_event(headers: Mapping[str, str], body: bytes) -> ContentEvent:
    """Read one CloudEvents 1.0 event.

    Structured when the content type is ``application/cloudevents+json``; binary when ``ce-``
    headers and a JSON body are there. An event without ``time`` gets the time of arrival.

    Raises:
        EventRefused: the first fault found; status 415 for another content type, 422 for a
            type that is not ours, else 400.
    """
    names = {name.lower(): value for name, value in headers.items()}
    media = names.get("content-type", "").partition(";")[0].strip().lower()
    if media == BATCHED:
        raise EventRefused(
            "content-type", "batched events are not taken; post one event per request", status=415
        )
    if media == STRUCTURED:
        event = _structured(body)
    elif "ce-specversion" in names or "ce-id" in names or "ce-type" in names:
        event = _binary(names, media, body)
    else:
        raise EventRefused(
            "content-type",
            f"content-type {media[:80]!r} is no CloudEvent; send {STRUCTURED},"
            " or application/json with ce- headers",
            status=415,
        )
    for field, limit in _LIMITS.items():
        value = cast("str", event.get_attributes()[field])
        if len(value) > limit or not value.isprintable():
            raise EventRefused(
                field, f"{field} must be at most {limit} printable characters; shorten it"
            )
    try:
        kind = EventType.parse(event.get_type())
    except ValueError as error:
        raise EventRefused("type", str(error), status=422) from None
    data = _data(event.get_data())
    given = data.get("content_type")
    return ContentEvent(
        id=event.get_id(),
        source=event.get_source(),
        type=kind,
        subject_url=cast("str", data["url"]),
        content_type=ContentType(given)
        if isinstance(given, str)
        else _DEFAULT_KINDS.get(kind, ContentType.ARTICLE),
        time=event.get_time() or datetime.now(UTC),
        data=data,
    )


def _structured(body: bytes) -> BaseCloudEvent:
    envelope = _json_object(body, "body")
    _present(envelope)
    if "data" not in envelope:
        raise EventRefused("data", "data is missing; give an object with the page's url")
    if not isinstance(envelope.get("time", ""), str):
        raise EventRefused("time", "time is no text; give an RFC 3339 time with its zone")
    return _validated(lambda: from_structured(HTTPMessage({}, body), JSONFormat(), CloudEvent))


def _binary(names: dict[str, str], media: str, body: bytes) -> BaseCloudEvent:
    if media != "application/json":
        raise EventRefused(
            "content-type",
            f"content-type {media[:80]!r} cannot be read; send the data as application/json",
            status=415,
        )
    _present({name[3:]: value for name, value in names.items() if name.startswith("ce-")})
    _json_object(body, "data")
    return _validated(lambda: from_binary(HTTPMessage(names, body), JSONFormat(), CloudEvent))


def _present(attributes: Mapping[str, object]) -> None:
    """The library makes up a missing id, version or time; a made-up id would repeat effects."""
    for field in ("specversion", "id", "source", "type"):
        if not attributes.get(field):
            raise EventRefused(field, f"{field} is missing; CloudEvents 1.0 requires it")
    if attributes["specversion"] != "1.0":
        raise EventRefused("specversion", "specversion is not '1.0'; send CloudEvents 1.0")


def _validated(read: Any) -> BaseCloudEvent:
    try:
        return read()
    except CloudEventValidationError as error:
        field = next(iter(error.errors), "body")
        raise EventRefused(field, f"{error.errors[field][0]}; correct it") from None
    except (ValueError, TypeError):
        # All else was read before: only the library's reading of the time remains.
        raise EventRefused(
            "time", "time cannot be read; give an RFC 3339 time such as 2026-01-31T09:00:00Z"
        ) from None


def _data(data: object) -> dict[str, JsonValue]:
    if not isinstance(data, dict):
        raise EventRefused("data", "data is no object; give an object with the page's url")
    fields = cast("dict[str, JsonValue]", data)
    url = fields.get("url")
    if not isinstance(url, str) or not url:
        raise EventRefused("data.url", "data.url is missing; give the page's https:// address")
    try:
        canonical(url)
    except ValueError as error:
        raise EventRefused("data.url", f"data.{error}") from None
    for field, limit in _DATA_LIMITS.items():
        value = fields.get(field)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            raise EventRefused(
                f"data.{field}", f"data.{field} must be a text of at most {limit:,} characters"
            )
    tags = fields.get("tags")
    if tags is not None and not (
        isinstance(tags, list)
        and len(tags) <= _MAX_TAGS
        and all(isinstance(tag, str) and len(tag) <= _MAX_TAG for tag in tags)
    ):
        raise EventRefused(
            "data.tags", f"data.tags must be a list of at most {_MAX_TAGS} texts of {_MAX_TAG}"
        )
    kind = fields.get("content_type")
    if kind is not None and kind not in list(ContentType):
        known = ", ".join(ContentType)
        raise EventRefused("data.content_type", f"data.content_type must be one of: {known}")
    return fields


def _json_object(body: bytes, field: str) -> dict[str, Any]:
    """``body`` as a JSON object of which every value can be stored and written again."""
    try:
        read = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        # Half a surrogate pair has no UTF-8, and PostgreSQL takes no U+0000.
        written = json.dumps(read, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise EventRefused(field, f"{field} is no valid JSON in UTF-8; repair it") from None
    if rb"\u0000" in written.replace(rb"\\", b""):
        raise EventRefused(field, f"{field} holds the character U+0000; remove it")
    if not isinstance(read, dict):
        raise EventRefused(field, f"{field} is no JSON object; send one event as an object")
    return cast("dict[str, Any]", read)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
