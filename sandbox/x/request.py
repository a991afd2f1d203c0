"""What a call to the X Ads API carries, how its values are read, and X's answers and errors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sandbox.x.store import JsonObject, Store

DEFAULT_COUNT = 200
MOST_COUNT = 1000
MICRO = "_local_micro"


class XError(Exception):
    """An error of X's: HTTP status, code, and the parameter it is about."""

    def __init__(self, status: int, code: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.entry: JsonObject = {"code": code, "message": message}
        if parameter is not None:
            self.entry["parameter"] = parameter
            self.entry["details"] = message


def invalid(parameter: str, value: object, why: str) -> XError:
    """400 INVALID_PARAMETER."""
    message = f'Expected {why}, got "{value}" for {parameter}'
    return XError(400, "INVALID_PARAMETER", message, parameter)


def missing(parameter: str) -> XError:
    """400 MISSING_PARAMETER."""
    return XError(400, "MISSING_PARAMETER", f"Missing required parameter {parameter}", parameter)


def not_found(entity: str, object_id: str) -> XError:
    """404 for an entity such as CAMPAIGN."""
    message = f"{entity.replace('_', ' ').capitalize()} {object_id} was not found"
    return XError(404, f"{entity}_NOT_FOUND", message)


class Values:
    """Parameters of one call or one batched operation; X's types, read strictly."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def text(self, name: str) -> str | None:
        value = self.raw.get(name)
        return None if value is None else str(value)

    def need(self, name: str) -> str:
        value = self.text(name)
        if value is None or value == "":
            raise missing(name)
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise invalid(name, value, f"one of {', '.join(allowed)}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.raw.get(name)
        if value is None:
            return default
        text = str(value).lower()
        if text not in ("true", "false"):
            raise invalid(name, value, "boolean")
        return text == "true"

    def whole(self, name: str) -> int | None:
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        try:
            return int(str(value))
        except ValueError:
            raise invalid(name, value, "integer") from None

    def micros(self, name: str, *, denomination: int = 1) -> int | None:
        """A positive amount; bids must be a multiple of the currency's denomination."""
        amount = self.whole(name)
        if amount is None:
            return None
        if amount <= 0:
            raise invalid(name, amount, "a positive amount")
        if amount % denomination:
            raise XError(
                400,
                "INVALID_DENOMINATION",
                f"{name} must be a multiple of {denomination}, got {amount}",
                name,
            )
        return amount

    def words(self, name: str) -> list[str]:
        """A list: comma-separated text, repeated, or a JSON array."""
        value = self.raw.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, list):
            return [str(part) for part in cast(list[Any], value)]
        return [part.strip() for part in str(value).split(",") if part.strip()]

    def moment(self, name: str, zone: ZoneInfo | None = None) -> datetime | None:
        """An ISO 8601 time; a date alone is midnight of ``zone``."""
        value = self.text(name)
        if not value:
            return None
        try:
            if len(value) == 10:
                day = date.fromisoformat(value)
                return datetime(day.year, day.month, day.day, tzinfo=zone or UTC)
            found = datetime.fromisoformat(value)
        except ValueError:
            raise invalid(name, value, "an ISO 8601 time such as 2026-11-21T00:00:00Z") from None
        return found if found.tzinfo else found.replace(tzinfo=zone or UTC)


@dataclass(slots=True)
class Call:
    """One verified call: its values, path ids, and the store it works on."""

    store: Store
    now: datetime
    values: Values
    path: Mapping[str, str]
    base_url: str
    body: Any = None
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def account_id(self) -> str:
        return self.path["account_id"]


@dataclass(slots=True)
class Answer:
    """What goes into the envelope."""

    data: Any
    status: int = 200
    more: JsonObject = field(default_factory=dict[str, Any])


def stamp(moment: datetime) -> str:
    """X's spelling of a time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page(
    call: Call,
    rows: list[JsonObject],
    id_field: str = "id",
    *,
    usual: int = DEFAULT_COUNT,
    most: int = MOST_COUNT,
) -> Answer:
    """One page of a list, with ``sort_by``, ``count``, ``cursor`` and ``with_total_count``."""
    values = call.values
    count = values.whole("count")
    count = usual if count is None else count
    if not 1 <= count <= most:
        raise invalid("count", count, f"a number from 1 to {most}")
    if (order := values.text("sort_by")) is not None:
        name, _, direction = order.partition("-")
        if name not in ("created_at", "updated_at", "name") or direction not in ("", "asc", "desc"):
            raise invalid("sort_by", order, "created_at, updated_at or name with -asc or -desc")
        rows = sorted(rows, key=lambda r: str(r.get(name)), reverse=direction == "desc")
    cursor = values.text("cursor")
    total = values.flag("with_total_count")
    if cursor is not None and total:
        raise XError(400, "EXCLUSIVE_PARAMETERS", "cursor and with_total_count exclude each other")
    start = 0
    if cursor is not None:
        position = {f"c-{row[id_field]}": index for index, row in enumerate(rows)}
        if cursor not in position:
            raise invalid("cursor", cursor, "the next_cursor of an earlier page")
        start = position[cursor]
    shown = rows[start : start + count]
    rest = rows[start + count : start + count + 1]
    more: JsonObject = {"next_cursor": f"c-{rest[0][id_field]}" if rest else None}
    if total:
        more["total_count"] = len(rows)
    return Answer([public(row) for row in shown], more=more)


def public(row: JsonObject) -> JsonObject:
    """A stored object without the sandbox's own notes, which begin with an underscore."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def parse_json(content: bytes) -> Any:
    """A JSON body.

    Raises:
        XError: it is none.
    """
    try:
        return json.loads(content)
    except ValueError:
        raise XError(400, "INVALID", "The request body is not valid JSON") from None
