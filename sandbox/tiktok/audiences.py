"""Custom audiences from files of hashes, and lookalikes of them."""

import hashlib
import re

from sandbox.tiktok.request import Call, TikTokError, invalid, missing, public, stamp
from sandbox.tiktok.store import JsonObject

_LEAST = 1000
_NAME_LIMIT = 128
_HASH = re.compile(r"[0-9a-f]{64}")
_KINDS = ("EMAIL_SHA256", "PHONE_SHA256", "FIRST_SHA256", "IDFA_SHA256", "GAID_SHA256")


def upload(call: Call) -> JsonObject:
    """A file of hashes, one a line; where it lies."""
    values = call.values
    values.need("file_signature", "calculate_type")
    values.choice("calculate_type", _KINDS)
    content = call.files.get("file")
    if not content:
        raise missing("file")
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != values.text("file_signature"):
        raise TikTokError(40900, "The signature is not that of the file.")
    hashes = content.decode().split()
    if any(not _HASH.fullmatch(one) for one in hashes):
        raise TikTokError(40062, "PII is not hashed.")
    path = f"{call.advertiser_id}/{call.store.new_id()}"
    call.store.put("hashes", {"id": path, "advertiser_id": call.advertiser_id, "_hashes": hashes})
    return {"file_path": path}


def create(call: Call) -> JsonObject:
    """An audience from files."""
    values = call.values
    values.need("custom_audience_name", "file_paths", "calculate_type")
    people = _people(call)
    if len(people) < _LEAST:
        raise invalid("file_paths", len(people), f"at least {_LEAST} matches are needed")
    return _put(call, {"audience_type": "Customer File", "_people": sorted(people)})


def update(call: Call) -> JsonObject:
    """Add, remove or replace people."""
    values = call.values
    values.need("custom_audience_id", "file_paths")
    action = values.choice("action", ("APPEND", "REMOVE", "REPLACE"), "REPLACE")
    row = _audience(call, values.text("custom_audience_id"))
    people, held = _people(call), set(row["_people"])
    after = {"APPEND": held | people, "REMOVE": held - people, "REPLACE": people}[action]
    if len(after) < _LEAST:
        raise invalid("file_paths", len(after), f"at least {_LEAST} matches must remain")
    call.store.put("audience", {**row, "_people": sorted(after), "cover_num": len(after)})
    return {}


def listed(call: Call) -> JsonObject:
    """The account's audiences."""
    rows = [public(row) for row in call.store.every("audience", call.advertiser_id)]
    return call.page(rows, most=100)


def lookalike(call: Call) -> JsonObject:
    """People like an audience's."""
    values = call.values
    values.need("custom_audience_name", "lookalike_spec")
    spec = values.part("lookalike_spec")
    spec.need("source_audience_id", "mobile_os", "placements", "location_ids", "audience_size")
    spec.choice("audience_size", ("NARROW", "BALANCED", "BROAD"))
    _audience(call, spec.text("source_audience_id"))
    return _put(call, {"audience_type": "Lookalike", "_people": [], "lookalike_spec": spec.raw})


def _people(call: Call) -> set[str]:
    people: set[str] = set()
    for path in call.values.words("file_paths"):
        row = call.store.get("hashes", path)
        if row is None or row["advertiser_id"] != call.advertiser_id:
            raise TikTokError(40905, f"The file {path} does not exist.")
        people |= set(row["_hashes"])
    return people


def _audience(call: Call, audience_id: str) -> JsonObject:
    row = call.store.get("audience", audience_id)
    if row is None or row["advertiser_id"] != call.advertiser_id:
        raise invalid("custom_audience_id", audience_id, "it does not exist")
    return row


def _put(call: Call, more: JsonObject) -> JsonObject:
    audience_id = call.store.new_id()
    row: JsonObject = {
        "id": audience_id,
        "audience_id": audience_id,
        "advertiser_id": call.advertiser_id,
        "name": call.values.named("custom_audience_name", _NAME_LIMIT),
        "is_valid": True,
        "create_time": stamp(call.now),
        "cover_num": len(more["_people"]),
        **more,
    }
    call.store.put("audience", row)
    return {"custom_audience_id": audience_id}
