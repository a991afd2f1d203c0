"""Google's errors: one failure with its code and place, and the answers that carry failures."""

import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

JsonObject = dict[str, Any]

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_SAID = {
    400: "Request contains an invalid argument.",
    401: "Request had invalid authentication credentials.",
    403: "The caller does not have permission",
    429: "Resource has been exhausted (e.g. check quota).",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}
_TYPE = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
_INVALID = 3
"""The gRPC code of an invalid argument, which a partial failure has."""


class Failure(Exception):
    """One reason of a refusal. ``field`` is the path below the operation, such as ``create.name``;
    ``kind`` the JSON name of the error's enum field, such as ``campaignError``."""

    def __init__(
        self,
        kind: str,
        code: str,
        message: str,
        field: str = "",
        *,
        status: int = 400,
        details: JsonObject | None = None,
        trigger: str = "",
    ) -> None:
        super().__init__(message)
        self.kind, self.code, self.message = kind, code, message
        self.field, self.status = field, status
        self.details, self.trigger = details, trigger
        self.index: int | None = None
        self.list_name = "operations"

    def entry(self) -> JsonObject:
        """As it stands in a ``GoogleAdsFailure``."""
        shown: JsonObject = {"errorCode": {self.kind: self.code}, "message": self.message}
        if self.trigger:
            shown["trigger"] = {"stringValue": self.trigger}
        path: list[JsonObject] = []
        if self.index is not None:
            path.append({"fieldName": self.list_name, "index": self.index})
        path += [{"fieldName": snake(part)} for part in self.field.split(".") if part]
        if path:
            shown["location"] = {"fieldPathElements": path}
        if self.details:
            shown["details"] = self.details
        return shown


def snake(name: str) -> str:
    """``endDateTime`` as ``end_date_time``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def camel(name: str) -> str:
    """``end_date_time`` as ``endDateTime``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


class Refusals(Exception):
    """Several failures of one request."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__(f"{len(failures)} failures")
        self.failures = list(failures)


class UnknownName(Exception):
    """A field that the message does not have: refused before anything is looked at, and without
    a ``GoogleAdsFailure``."""

    def __init__(self, name: str, place: str) -> None:
        super().__init__(name)
        self.text = f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}'"


def details_of(failures: Sequence[Failure], request_id: str) -> list[JsonObject]:
    """The ``details`` of an error or a partial failure."""
    errors = [failure.entry() for failure in failures]
    return [{"@type": _TYPE, "errors": errors, "requestId": request_id}]


def refusal(failures: Sequence[Failure], request_id: str, *, stream: bool) -> Response:
    """An answer that nothing was done. A stream wraps even this in an array."""
    status = failures[0].status
    error = {
        "code": status,
        "message": _SAID.get(status, "Request failed."),
        "status": _STATUS[status],
        "details": details_of(failures, request_id),
    }
    content: Any = {"error": error}
    headers = {"request-id": request_id}
    return JSONResponse([content] if stream else content, status, headers)


def unreadable(text: str, request_id: str, *, stream: bool, status: int = 400) -> Response:
    """An error of the front end, which knows nothing of Google Ads."""
    content: Any = {"error": {"code": status, "message": text, "status": _STATUS[status]}}
    return JSONResponse([content] if stream else content, status, {"request-id": request_id})


def partial(failures: Sequence[Failure], request_id: str) -> JsonObject:
    """``partialFailureError``."""
    message = failures[0].message
    if len(failures) > 1:
        message = f"Multiple errors in ‘details’. First error: {message}"
    return {
        "code": _INVALID,
        "message": message,
        "details": details_of(failures, request_id),
    }


def need(row: JsonObject, name: str, place: str = "create") -> Any:
    """A field that must be there.

    Raises:
        Failure: it is not.
    """
    value = row.get(name)
    if value in (None, "", []):
        raise Failure("fieldError", "REQUIRED", f"The required field {name} was not present.",
                      f"{place}.{name}")  # fmt: skip
    return value
