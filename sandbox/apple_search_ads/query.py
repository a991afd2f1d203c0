"""Apple's queries: filters by documented fields and operators, sorting, pages."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from sandbox.apple_search_ads.request import Answer, AppleError, Call, given, invalid
from sandbox.apple_search_ads.store import AD, AD_GROUP, CAMPAIGN, CREATIVE, KEYWORD, JsonObject

_USUAL, _MOST = 20, 1000
_ONE, _EITHER = ("EQUALS",), ("EQUALS", "IN")
_TIMES = ("LESS_THAN", "GREATER_THAN")
_COMMON = {"id": _EITHER, "status": _EITHER, "deleted": _ONE}

FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    CAMPAIGN: {
        **_COMMON,
        "name": ("EQUALS", "IN", "LIKE", "STARTS_WITH", "ENDS_WITH"),
        "systemStatus": _EITHER,
        "systemStatusReasons": ("CONTAINS_ANY", "CONTAINS_ALL"),
        "promotedObjectType": ("EQUALS", "NOT_EQUALS", "IN", "NOT_IN"),
        "promotedObjectId": ("EQUALS", "NOT_EQUALS", "IN", "NOT_IN"),
        "startTime": _TIMES,
        "endTime": _TIMES,
        "deleted": _EITHER,
    },
    AD_GROUP: {
        **_COMMON,
        "campaignId": _ONE,
        "name": ("EQUALS", "STARTS_WITH"),
        "startTime": _TIMES,
        "endTime": _TIMES,
    },
    # An ad cannot be asked for by name.
    AD: {**_COMMON, "campaignId": _ONE, "adGroupId": _ONE, "creativeId": _ONE},
    CREATIVE: {
        "id": _EITHER,
        "name": ("EQUALS", "STARTS_WITH"),
        "creativeType": _EITHER,
        "systemStatus": _EITHER,
        "deleted": _ONE,
    },
    KEYWORD: {
        **_COMMON,
        "adGroupId": _EITHER,
        "campaignId": _ONE,
        "text": ("EQUALS", "STARTS_WITH"),
        "matchType": _EITHER,
    },
}
"""Fields and operators by kind, as Apple's pages list them."""


def _words(value: object) -> list[str]:
    listed = cast(list[Any], value) if isinstance(value, list) else [value]
    return [_word(one) for one in listed]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: object) -> list[str]:
    return _words(value) if value is not None else []


_TESTS: Mapping[str, Callable[[list[str], list[str]], bool]] = {
    "EQUALS": lambda shown, asked: shown == asked[:1],
    "NOT_EQUALS": lambda shown, asked: shown != asked[:1],
    "IN": lambda shown, asked: bool(set(shown) & set(asked)),
    "NOT_IN": lambda shown, asked: not set(shown) & set(asked),
    "STARTS_WITH": lambda shown, asked: shown[0].startswith(asked[0]) if shown else False,
    "ENDS_WITH": lambda shown, asked: shown[0].endswith(asked[0]) if shown else False,
    "LIKE": lambda shown, asked: asked[0].strip("%") in shown[0] if shown else False,
    "CONTAINS_ANY": lambda shown, asked: bool(set(shown) & set(asked)),
    "CONTAINS_ALL": lambda shown, asked: set(asked) <= set(shown),
    "LESS_THAN": lambda shown, asked: shown[0] < asked[0] if shown else False,
    "GREATER_THAN": lambda shown, asked: shown[0] > asked[0] if shown else False,
}


def query(call: Call, kind: str, rows: list[JsonObject]) -> Answer:
    """One page of the rows that pass every filter; deleted ones only where a filter says so.

    Raises:
        AppleError: a field or operator that Apple does not filter by.
    """
    filters = [given(one) for one in _objects(call.body, "filters")]
    named = [str(one.get("field")) for one in filters]
    if kind == KEYWORD and not {"id", "adGroupId", "campaignId"} & set(named):
        raise invalid("filters", "Either adGroupId or campaignId is required.", "MISSING_FILTER")
    if "deleted" not in named:
        rows = [row for row in rows if not row["deleted"]]
    for one in filters:
        rows = _narrowed(kind, rows, one)
    for order in reversed(_objects(call.body, "sorting") or [{"field": "id", "order": "ASC"}]):
        field = str(order.get("field"))
        down = order.get("order") == "DESC"
        rows = sorted(rows, key=lambda row: _key(row.get(field)), reverse=down)
    return page(call, rows)


def page(call: Call, rows: list[JsonObject]) -> Answer:
    """The asked page; the total only when it is asked for."""
    asked = given(cast(JsonObject, call.body.get("pagination") or {}))
    offset, size = int(asked.get("offset", 0)), int(asked.get("pageSize", _USUAL))
    if offset < 0 or not 1 <= size <= _MOST:
        raise invalid("pageSize", f"pageSize is 1 to {_MOST}.")
    told: JsonObject = {"offset": offset, "pageSize": size}
    if asked.get("fetchTotalCount"):
        told["totalCount"] = len(rows)
    return Answer(rows[offset : offset + size], told)


def _narrowed(kind: str, rows: list[JsonObject], one: JsonObject) -> list[JsonObject]:
    field, operator = str(one.get("field")), str(one.get("operator"))
    allowed = FIELDS[kind].get(field)
    if allowed is None:
        raise AppleError(
            400, "INVALID_ARGUMENT", f"Field '{field}' cannot be filtered.", "INVALID_FIELD"
        )
    if operator not in allowed:
        raise AppleError(
            400,
            "INVALID_ARGUMENT",
            f"Operator '{operator}' is not supported for '{field}'.",
            "INVALID_OPERATOR",
        )
    asked, test = _words(one.get("value")), _TESTS[operator]
    if one.get("ignoreCase"):
        asked = [word.lower() for word in asked]
        return [row for row in rows if test([w.lower() for w in _shown(row.get(field))], asked)]
    return [row for row in rows if test(_shown(row.get(field)), asked)]


def _objects(body: JsonObject, field: str) -> list[JsonObject]:
    return cast(list[JsonObject], body.get(field) or [])


def _key(value: object) -> tuple[int, float, str]:
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))
