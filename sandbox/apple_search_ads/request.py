"""What a call to the Apple Ads API carries, how its values are read, and Apple's errors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from sandbox.apple_search_ads.store import JsonObject, Store, read_stamp


class AppleError(Exception):
    """An error of Apple's: HTTP status, code, and one detail."""

    def __init__(
        self, status: int, code: str, message: str, detail: str = "", field: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        details: list[JsonObject] = []
        if detail:
            info = {"info": {"field": field}} if field else {}
            details = [{"code": detail, "message": message, **info}]
            message = "Validation errors found" if code == "VALIDATION_ERROR" else message
        self.error: JsonObject = {"code": code, "message": message, "details": details}


def invalid(field: str, message: str, detail: str = "INVALID_FIELD_VALUE") -> AppleError:
    """400 about one field."""
    return AppleError(400, "VALIDATION_ERROR", message, detail, field)


def missing(field: str) -> AppleError:
    """400 about a field that is not there."""
    return invalid(field, f"The field '{field}' is required.", "MISSING_REQUIRED_FIELD")


def not_found(kind: str, object_id: object) -> AppleError:
    """404 for a kind such as campaign."""
    word = kind.upper()
    message = f"{kind.replace('_', ' ').capitalize()} with id '{object_id}' not found."
    return AppleError(404, "NOT_FOUND", message, f"{word}_NOT_FOUND")


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted call."""

    store: Store
    now: datetime
    body: JsonObject
    path: Mapping[str, str]
    account: JsonObject

    @property
    def object_id(self) -> str:
        return self.path["id"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes into the envelope."""

    result: Any
    pagination: JsonObject | None = None


def parse_body(content: bytes) -> JsonObject:
    """A JSON object; nothing at all is an empty one.

    Raises:
        AppleError: it is something else.
    """
    if not content:
        return {}
    try:
        body: Any = json.loads(content)
    except ValueError:
        raise AppleError(400, "BAD_REQUEST", "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise AppleError(400, "BAD_REQUEST", "The request body must be a JSON object.")
    return cast(JsonObject, body)


def given(body: JsonObject) -> JsonObject:
    """The fields that are set: Apple's own client sends ``null`` for those that are not."""
    return {name: value for name, value in body.items() if value is not None}


def choice(field: str, value: object, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise invalid(field, f"'{value}' is no value of {field}: {', '.join(allowed)}.")
    return str(value)


def need(body: JsonObject, *fields: str) -> None:
    """Every one of the fields must be set."""
    for field in fields:
        if body.get(field) in (None, ""):
            raise missing(field)


def name_of(body: JsonObject, limit: int = 200) -> str:
    """A name of 1 to 200 characters."""
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise missing("name")
    if len(name) > limit:
        raise invalid("name", f"Name exceeds {limit} characters.", "NAME_TOO_LONG")
    return name


def money_of(field: str, value: object, currency: str) -> JsonObject:
    """``{"amount","currency"}``: a positive decimal string of at most two digits."""
    shown = cast(JsonObject, value) if isinstance(value, dict) else {}
    amount = shown.get("amount")
    if not isinstance(amount, str):
        raise invalid(field, f"{field}.amount must be a decimal string.", "INVALID_MONEY")
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise invalid(field, f"'{amount}' is no amount.", "INVALID_MONEY") from None
    if not number.is_finite() or number <= 0:
        raise invalid(field, f"{field} must be more than zero.", "INVALID_MONEY")
    if shown.get("currency") != currency:
        told = f"{field} must be in {currency}, the currency of the ad account."
        raise invalid(field, told, "CURRENCY_MISMATCH")
    cents = number.quantize(Decimal("0.01"))
    if cents != number:
        raise invalid(field, f"{field} takes at most two decimal digits.", "INVALID_MONEY")
    if currency == "JPY" and number != int(number):
        raise invalid(field, "JPY has no decimal digits.", "INVALID_MONEY")
    return {"amount": str(int(number)) if currency == "JPY" else str(cents), "currency": currency}


def micros(money: JsonObject) -> int:
    """A stored amount in micros."""
    return int(Decimal(str(money["amount"])).scaleb(6))


def moment(field: str, value: object) -> datetime:
    """An instant as Apple takes it."""
    try:
        return read_stamp(str(value))
    except ValueError:
        why = f"'{value}' is no time such as 2026-06-07T00:00:00.000."
        raise invalid(field, why) from None


def number_of(field: str, value: object) -> int:
    """An id: an integer (the client's strings are integers in paths only)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(field, f"{field} must be an integer.", "INVALID_TYPE")
    return value


def public(row: JsonObject) -> JsonObject:
    """A row without what is the stand-in's own."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
