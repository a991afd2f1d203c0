"""Snapchat's audience segments: customer lists, their people, and lookalikes."""

import re
from typing import Any, cast

from sandbox.snapchat.checks import NAME_LIMIT
from sandbox.snapchat.request import (
    INVALID,
    Call,
    ItemError,
    SnapError,
    choice,
    entities,
    envelope,
    failure,
    gone,
    invalid,
    page,
    success,
    text,
)
from sandbox.snapchat.store import JsonObject, stamp

_MOST = 15
_MOST_PEOPLE = 100_000
_LEAST_TARGETABLE = 1000
_SCHEMAS = ("EMAIL_SHA256", "PHONE_SHA256", "MOBILE_AD_ID_SHA256")
_KINDS = ("BALANCE", "SIMILARITY", "REACH")
_HASH = re.compile(r"[0-9a-f]{64}")


def create(call: Call) -> JsonObject:
    """Segments; each item by itself."""
    account = call.account()
    entries: list[JsonObject] = []
    for body in entities(call, "segments", _MOST):
        try:
            _check(call, body)
        except ItemError as error:
            entries.append(failure(error))
            continue
        row: JsonObject = {
            **{name: value for name, value in body.items() if not name.startswith("_")},
            "id": call.store.new_number(),
            "ad_account_id": account["id"],
            "status": "ACTIVE",
            "upload_status": "NO_UPLOAD",
            "created_at": stamp(call.now),
            "updated_at": stamp(call.now),
            "_people": [],
        }
        call.store.put("segment", row)
        entries.append(success("segment", _shown(row)))
    return envelope(call, "segments", entries)


def listed(call: Call) -> JsonObject:
    """The account's segments."""
    account = call.account()
    rows = [row for row in call.store.every("segment") if row["ad_account_id"] == account["id"]]
    shown, paging = page(call, rows)
    entries = [success("segment", _shown(row)) for row in shown]
    return envelope(call, "segments", entries, paging=paging)


def add_people(call: Call) -> JsonObject:
    """Hashed identifiers of a customer list; each counts once."""
    row = call.store.get("segment", call.path["id"])
    if row is None or row["source_type"] != "FIRST_PARTY":
        raise gone("segment", call.path["id"])
    count = 0
    for users in entities(call, "users", 1):
        schema = users.get("schema")
        if schema not in [[one] for one in _SCHEMAS]:
            raise SnapError(400, INVALID, f"schema {schema!r} is not valid")
        data = cast(list[Any], users.get("data") or [])
        if not 0 < len(data) <= _MOST_PEOPLE:
            raise SnapError(400, INVALID, f"data must hold 1 to {_MOST_PEOPLE} identifiers")
        for one in data:
            if not isinstance(one, list) or not _HASH.fullmatch(str(cast(list[Any], one)[0])):
                raise SnapError(400, INVALID, "an identifier is no SHA-256")
        row["_people"] = sorted({*row["_people"], *(str(one[0]) for one in data)})
        count = len(data)
    row |= {"upload_status": "COMPLETE", "updated_at": stamp(call.now)}
    call.store.put("segment", row)
    entry = {"sub_request_status": "SUCCESS", "user": {"number_uploaded_users": count}}
    return envelope(call, "users", [entry])


def _check(call: Call, body: JsonObject) -> None:
    text(body, "name", NAME_LIMIT)
    source = choice(body, "source_type", ("FIRST_PARTY", "LOOKALIKE"))
    days = body.get("retention_in_days")
    if not isinstance(days, int) or not 1 <= days <= 180:
        raise invalid("retention_in_days", days, "1 to 180")
    if source == "LOOKALIKE":
        spec = cast(JsonObject, body.get("creation_spec") or {})
        seed = call.store.get("segment", str(spec.get("seed_segment_id")))
        if seed is None or seed["source_type"] != "FIRST_PARTY":
            raise invalid("seed_segment_id", spec.get("seed_segment_id"), "a customer list")
        if not spec.get("countries"):
            raise invalid("countries", spec.get("countries"), "a list of countries")
        if "type" in spec:
            choice(spec, "type", _KINDS)


def _shown(row: JsonObject) -> JsonObject:
    people = len(row["_people"])
    enough = people >= _LEAST_TARGETABLE
    status = "READY" if enough else "TOO_FEW_USERS" if people else "NOT_READY"
    return {**row, "approximate_number_users": people, "targetable_status": status}
