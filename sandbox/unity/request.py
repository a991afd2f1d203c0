"""What a call to Unity carries, how its values are read, and Unity's answers and errors."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from babel import Locale

from sandbox.unity.shelf import JsonObject, Shelf

_ERRORS = "https://services.docs.unity.com/docs/errors/#"
_INVALID, _NOT_FOUND, _CONFLICT = 53, 54, 57
"""Codes of ordinary refusals; only 50 and 63 to 65 are known of Unity (the rest unsure)."""
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
_COUNTRIES = (
    frozenset(
        code
        for code in cast(dict[str, str], Locale("en").territories)
        if len(code) == 2 and code.isalpha()
    )
    - _NO_COUNTRY
)
_BUDGET = re.compile(r"\d{1,9}(\.\d{1,2})?")
_BID = re.compile(r"\d{1,3}(\.\d{1,3})?")
_NAME_LIMIT = 255


class UnityError(Exception):
    """A problem of Unity's: HTTP status, code, and the fields it is about."""

    def __init__(
        self,
        status: int,
        code: int,
        title: str,
        detail: str,
        details: Sequence[JsonObject] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.body: JsonObject = {
            "title": title,
            "detail": detail,
            "details": list(details),
            "code": code,
            "type": f"{_ERRORS}{code}",
            "status": status,
        }


def invalid(path: str, message: str) -> UnityError:
    """400 for a field of the request."""
    entry = {"code": "INVALID", "path": path, "message": message}
    return UnityError(400, _INVALID, "Bad Request", "Request validation failed", [entry])


def not_found(what: str, object_id: str) -> UnityError:
    """404 for an object."""
    return UnityError(404, _NOT_FOUND, "Not Found", f"{what} {object_id} was not found")


def conflict(message: str) -> UnityError:
    """409."""
    return UnityError(409, _CONFLICT, "Conflict", message)


@dataclass(slots=True)
class Call:
    """One admitted call."""

    shelf: Shelf
    now: datetime
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: Any = None
    fields: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def only(self, *names: str) -> dict[str, str]:
        """The query, of which Unity takes these parameters and no others."""
        for name, _ in self.query:
            if name not in names:
                raise invalid(name, f"query parameter {name} is not allowed")
        return dict(self.query)

    def object(self, *names: str) -> JsonObject:
        """The body, of which Unity takes these fields and no others."""
        if not isinstance(self.body, dict):
            raise invalid("body", "must be an object")
        body = cast(JsonObject, self.body)
        for name in body:
            if name not in names:
                raise invalid(name, "must NOT have additional properties")
        return body

    def list(self) -> list[JsonObject]:
        """The body as a list of objects."""
        if not isinstance(self.body, list) or not all(
            isinstance(row, dict) for row in cast(list[Any], self.body)
        ):
            raise invalid("body", "must be an array of objects")
        return cast(list[JsonObject], self.body)

    def find(self, kind: str, name: str) -> JsonObject:
        """The object of the path's ``name``, in the path's app.

        Raises:
            UnityError: there is none.
        """
        object_id = self.path[name]
        row = self.shelf.get(kind, object_id)
        app = self.path.get("app")
        if row is None or (kind != "app" and row.get("_app") != app):
            raise not_found(kind, object_id)
        return row


@dataclass(slots=True)
class Answer:
    """What is sent back; no data is a 204."""

    data: Any = None
    status: int = 200


def page(call: Call, rows: list[JsonObject], most: int, *filters: str) -> Answer:
    """A list with offset and limit."""
    query = call.only("offset", "limit", *filters)
    offset, limit = _count(query, "offset", 0), _count(query, "limit", 10)
    if not 1 <= limit <= most:
        raise invalid("limit", f"must be from 1 to {most}")
    shown = rows[offset : offset + limit]
    return Answer({"total": len(rows), "offset": offset, "limit": limit, "results": shown})


def whole(rows: list[JsonObject]) -> Answer:
    """A list that comes all at once, without offset and limit."""
    return Answer({"total": len(rows), "results": rows})


def public(row: JsonObject) -> JsonObject:
    """A stored object without the sandbox's own notes, which begin with an underscore."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def name_of(body: JsonObject) -> str:
    """A name of at most 255 characters."""
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= _NAME_LIMIT:
        raise invalid("name", f"must be a string of 1 to {_NAME_LIMIT} characters")
    return name


def day_of(body: JsonObject, name: str) -> str | None:
    """A date, or null."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)).isoformat() if len(str(value)) == 10 else _bad(name)
    except ValueError:
        return _bad(name)


def budget_of(value: object, path: str) -> str:
    """An amount of dollars: a string with at most two decimals."""
    if not isinstance(value, str) or not _BUDGET.fullmatch(value):
        raise invalid(path, r"must match pattern ^\d{1,9}(\.\d{1,2})?$")
    return value


def bid_of(value: object, path: str) -> str:
    """A bid in dollars: a string with at most three decimals."""
    if not isinstance(value, str) or not _BID.fullmatch(value):
        raise invalid(path, r"must match pattern ^\d{1,3}(\.\d{1,3})?$")
    return value


def country_of(value: object, path: str) -> str:
    """An ISO 3166 code."""
    if value not in _COUNTRIES:
        raise invalid(path, "must be a country code")
    return str(value)


def parse_json(content: bytes) -> Any:
    """A JSON body.

    Raises:
        UnityError: it is none.
    """
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise invalid("body", "must be JSON") from None


def _count(query: dict[str, str], name: str, usual: int) -> int:
    text = query.get(name, str(usual))
    if not text.isdigit():
        raise invalid(name, "must be a whole number")
    return int(text)


def _bad(name: str) -> str:
    raise invalid(name, 'must match format "date"')
