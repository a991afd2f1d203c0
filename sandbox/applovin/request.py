"""What a call to AppLovin carries, how its values are read, and AppLovin's errors."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sandbox.applovin.store import JsonObject, Store
from sandbox.multipart import Part

MOST_IDS = 100
_DECIMAL = re.compile(r"(0|[1-9]\d*)(\.\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?")


class AlError(Exception):
    """An error of AppLovin's: what is wrong goes into headers, and the body stays empty."""

    def __init__(
        self, status: int, code: int, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {
            "x-al-error-code": str(code),
            "x-al-error-message": message,
            **(headers or {}),
        }


def bad(message: str) -> AlError:
    """400 for a value. AppLovin does not list its codes (unsure)."""
    return AlError(400, 100001, message)


@dataclass(slots=True)
class Call:
    """One admitted call."""

    store: Store
    now: datetime
    query: Mapping[str, str]
    body: JsonObject
    files: Sequence[Part]
    account: JsonObject

    def page(self, rows: list[JsonObject], *, hashed_too: bool = True) -> list[JsonObject]:
        """One page of a list, narrowed by ids."""
        ids, hashes = self.ids("ids"), self.ids("hashed_ids") if hashed_too else []
        if ids and hashes:
            raise bad("ids and hashed_ids cannot be used together")
        if ids:
            rows = [row for row in rows if row["id"] in ids]
        if hashes:
            rows = [row for row in rows if row["hashed_id"] in hashes]
        page, size = self.paging()
        return rows[(page - 1) * size : page * size]

    def paging(self) -> tuple[int, int]:
        page, size = self.whole("page", 1), self.whole("size", 100)
        if page < 1 or not 1 <= size <= 100:
            raise bad("page must be at least 1, and size between 1 and 100")
        return page, size

    def ids(self, name: str) -> list[str]:
        found = [one for one in self.query.get(name, "").split(",") if one]
        if len(found) > MOST_IDS:
            raise bad(f"{name} takes at most {MOST_IDS} ids")
        if name == "ids" and not all(one.isdecimal() for one in found):
            raise bad("ids must be numbers")
        return found

    def whole(self, name: str, usual: int) -> int:
        text = self.query.get(name)
        if text is None:
            return usual
        if not text.isdecimal():
            raise bad(f"{name} must be a number")
        return int(text)

    # -- the body --------------------------------------------------------------------------

    def require_app(self) -> None:
        if self.body.get("type") != "APP":
            raise bad("type must be APP for this account")

    def only(self, *names: str) -> None:
        """No other fields are there."""
        unknown = sorted(set(self.body) - set(names))
        if unknown:
            raise bad(f"field {unknown[0]} cannot be set here")

    def own_id(self) -> str:
        """``id``, as a string or a number."""
        return read_id(self.body.get("id"), "id")

    def text(self, name: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or not value.strip():
            raise bad(f"{name} is required")
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        value = self.body.get(name)
        if value not in allowed:
            raise bad(f"{name} must be one of {', '.join(allowed)}")
        return str(value)

    def numbers(self, name: str, most: int) -> list[str]:
        """A list of ids as integers: the association endpoints take no strings."""
        value = self.body.get(name)
        listed = cast(list[Any], value) if isinstance(value, list) else []
        if not 1 <= len(listed) <= most or not all(type(one) is int for one in listed):
            raise bad(f"{name} must be 1 to {most} integers")
        return [str(one) for one in listed]


def read_id(value: Any, name: str) -> str:
    """An id, as a string or a number."""
    text = str(value) if isinstance(value, (str, int)) else ""
    if not text.isdecimal():
        raise bad(f"{name} must be a number")
    return text


def amount(value: Any, name: str) -> str:
    """A positive decimal string."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or Decimal(value) <= 0:
        raise bad(f"{name} must be a positive decimal string")
    return value


def moment(value: Any, name: str) -> str:
    """A time; what is stored has no zone."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise bad(f"{name} must be a time such as 2026-12-01T00:00:00")
    return value.removesuffix("Z")


def parse_object(content: bytes) -> JsonObject:
    """A JSON object, or nothing at all."""
    try:
        body: Any = json.loads(content or b"{}")
    except ValueError:
        raise bad("the body is not JSON") from None
    if not isinstance(body, dict):
        raise bad("the body must be an object")
    return cast(JsonObject, body)


def public(row: JsonObject) -> JsonObject:
    """A stored object without the sandbox's own notes, which begin with an underscore."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
