"""Snapchat's media: made, then uploaded, then ready. Of a file only its size is kept."""

import time

from sandbox.multipart import parse_multipart
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
    page,
    success,
    text,
)
from sandbox.snapchat.store import JsonObject, stamp

_MOST = 10
_MOST_BYTES = 32_000_000
_TRANSCODING = 1.0
"""Real seconds a video is worked on."""
_STARTS = {"IMAGE": (b"\x89PNG", b"\xff\xd8\xff"), "VIDEO": ()}


def create(call: Call) -> JsonObject:
    """Announce media; they wait for their upload."""
    account = call.account()
    entries: list[JsonObject] = []
    for body in entities(call, "media", _MOST):
        try:
            text(body, "name", NAME_LIMIT)
            kind = choice(body, "type", tuple(_STARTS))
        except ItemError as error:
            entries.append(failure(error))
            continue
        row = {
            "id": call.store.new_id(),
            "name": body["name"],
            "type": kind,
            "ad_account_id": account["id"],
            "media_status": "PENDING_UPLOAD",
            "created_at": stamp(call.now),
            "updated_at": stamp(call.now),
            "deleted": False,
        }
        call.store.put("media", row)
        entries.append(success("media", row))
    return envelope(call, "media", entries)


def upload(call: Call) -> JsonObject:
    """The file of a medium, in one multipart request."""
    row = call.store.get("media", call.path["id"])
    if row is None:
        raise gone("media", call.path["id"])
    try:
        _, files = parse_multipart(call.query["content-type"], call.body)
    except ValueError:
        raise SnapError(400, INVALID, "the body is no multipart form") from None
    content = files.get("file")
    if not content or len(content) > _MOST_BYTES:
        raise SnapError(400, INVALID, f"field file must hold 1 to {_MOST_BYTES} bytes")
    image = row["type"] == "IMAGE"
    fits = content.startswith(_STARTS["IMAGE"]) if image else content[4:8] == b"ftyp"
    row |= {
        "media_status": "READY" if fits and image else "PROCESSING" if fits else "ERROR",
        "file_name": f"{len(content)} bytes",
        "_ready_at": time.time() + _TRANSCODING,
    }
    call.store.put("media", row)
    return {
        "request_status": "SUCCESS",
        "request_id": call.request_id,
        "result": {"id": row["id"], "media_status": row["media_status"]},
    }


def read(call: Call) -> JsonObject:
    """One medium, as far as it is."""
    row = call.store.get("media", call.path["id"])
    if row is None:
        raise gone("media", call.path["id"])
    if row["media_status"] == "PROCESSING" and time.time() >= row["_ready_at"]:
        row["media_status"] = "READY"
        call.store.put("media", row)
    return envelope(call, "media", [success("media", row)])


def listed(call: Call) -> JsonObject:
    """The account's media."""
    account = call.account()
    rows = [row for row in call.store.every("media") if row["ad_account_id"] == account["id"]]
    shown, paging = page(call, rows)
    return envelope(call, "media", [success("media", row) for row in shown], paging=paging)
