"""What a call to the Ads API carries, its envelopes, and how its errors look.

Unsure throughout: Snapchat publishes no list of its codes. E1165, E1166 and E2023 are those of
JSON Patch; E2025 stands here for a value that is not taken, E3003 for what does not exist, E4001
for an account that may not do it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sandbox.snapchat.store import JsonObject, Store

INVALID, GONE, DENIED, IMMUTABLE = "E2025", "E3003", "E4001", "E2023"
LEAST_PAGE, MOST_PAGE = 50, 1000
_LINKED_HOST = "https://adsapi.snapchat.com"
"""Links to further pages name the real host, whoever was asked."""


class SnapError(Exception):
    """A refusal of the whole request."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class ItemError(Exception):
    """A refusal of one item; the others are carried out, and the answer's status is 200."""

    def __init__(self, code: str, message: str, context: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = f"Error code: {code}, message: {message} : [{context}]"


def invalid(field: str, value: object, why: str) -> ItemError:
    """A field that is not taken."""
    return ItemError(INVALID, f"{field} {value!r} is not valid, expected {why}", field)


def gone(kind: str, object_id: str) -> SnapError:
    """404."""
    return SnapError(404, GONE, f"{kind} {object_id} could not be found")


@dataclass(slots=True)
class Call:
    """One admitted call."""

    store: Store
    now: datetime
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    url_path: str = ""
    request_id: str = ""
    token: str = ""

    @property
    def account_id(self) -> str:
        return self.path["account_id"]

    def account(self) -> JsonObject:
        """The ad account of the path.

        Raises:
            SnapError: there is none this login may see.
        """
        row = self.store.get("account", self.account_id)
        if row is None:
            raise SnapError(403, DENIED, f"no permission on ad account {self.account_id}")
        return row


def envelope(call: Call, plural: str, entries: Sequence[JsonObject], **more: Any) -> JsonObject:
    """A whole answer. It says ERROR only when nothing at all was done."""
    failed = [entry for entry in entries if entry["sub_request_status"] != "SUCCESS"]
    return {
        "request_status": "ERROR" if entries and len(failed) == len(entries) else "SUCCESS",
        "request_id": call.request_id,
        **more,
        plural: list(entries),
    }


def success(singular: str, row: JsonObject) -> JsonObject:
    """One entry of an answer."""
    return {"sub_request_status": "SUCCESS", singular: public(row)}


def failure(error: ItemError) -> JsonObject:
    """One entry that was not done."""
    return {"sub_request_status": "ERROR", "sub_request_error_reason": error.reason}


def public(row: JsonObject) -> JsonObject:
    """A stored object without the sandbox's own notes, which begin with an underscore."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def page(call: Call, rows: Sequence[JsonObject], usual: int = MOST_PAGE) -> tuple[Any, JsonObject]:
    """One page of a list, and ``paging`` for the envelope.

    Raises:
        SnapError: a limit outside 50 to 1,000, or a cursor that is none of ours.
    """
    stated = call.query.get("limit")
    limit = usual if stated is None else int(stated) if stated.isdigit() else 0
    if stated is not None and not LEAST_PAGE <= limit <= MOST_PAGE:
        raise SnapError(400, INVALID, f"limit {stated!r} is not from {LEAST_PAGE} to {MOST_PAGE}")
    start, cursor = 0, call.query.get("cursor")
    if cursor is not None:
        ids = [str(row["id"]) for row in rows]
        if cursor not in ids:
            raise SnapError(400, INVALID, "cursor is not valid")
        start = ids.index(cursor)
    rest = rows[start + limit : start + limit + 1]
    paging: JsonObject = {}
    if rest:
        kept = {name: value for name, value in call.query.items() if name != "cursor"}
        query = "&".join(f"{k}={_quoted(v)}" for k, v in {**kept, "cursor": rest[0]["id"]}.items())
        paging["next_link"] = f"{_LINKED_HOST}{call.url_path}?{query}"
    return rows[start : start + limit], paging


def entities(call: Call, plural: str, most: int) -> list[JsonObject]:
    """The bodies of a POST or PUT.

    Raises:
        SnapError: they are no list of objects under their plural name, or too many.
    """
    body = cast(JsonObject, call.body) if isinstance(call.body, dict) else {}
    listed = body.get(plural)
    rows = cast(list[Any], listed) if isinstance(listed, list) else []
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise SnapError(400, INVALID, f"the body must hold a list of objects named {plural}")
    if len(rows) > most:
        message = f"at most {most} {plural} can be sent in one request, got {len(rows)}"
        raise SnapError(400, INVALID, message)
    return cast(list[JsonObject], rows)


def text(row: JsonObject, field: str, most: int | None = None) -> str:
    """A text that must be there."""
    value = row.get(field)
    if not isinstance(value, str) or not value:
        raise invalid(field, value, "a text")
    if most is not None and len(value) > most:
        raise invalid(field, value, f"at most {most} characters")
    return value


def choice(row: JsonObject, field: str, allowed: Sequence[str]) -> str:
    """One of a list of words that must be there."""
    value = row.get(field)
    if value not in allowed:
        raise invalid(field, value, f"one of {', '.join(allowed)}")
    return str(value)


def micros(row: JsonObject, field: str, least: int) -> int | None:
    """An amount, where there is one."""
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise invalid(field, value, f"a whole number of at least {least}")
    return value


def moment(row: JsonObject, field: str, *, needed: bool = False) -> datetime | None:
    """A time, where there is one."""
    value = row.get(field)
    if value is None and not needed:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid(field, value, "an ISO 8601 time") from None
    if found.tzinfo is None:
        raise invalid(field, value, "a time with its offset")
    return found


def _quoted(value: object) -> str:
    return str(value).replace("+", "%2B").replace(":", "%3A").replace(",", "%2C")
