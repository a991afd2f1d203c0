"""X's chunked media upload (INIT, APPEND, FINALIZE, STATUS) and the account's media library.

Of a file only its size is kept: nothing here ever shows it.
"""

from sandbox.x.request import Answer, Call, XError, invalid, not_found, page, public, stamp
from sandbox.x.store import JsonObject

_MOST_BYTES = 5_000_000
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/bmp", "image/webp", "image/gif")
_PREFIX = {"tweet_image": "3", "amplify_video": "13"}
_EXPIRES = 86_400


def upload(call: Call) -> Answer:
    """One command of an upload."""
    command = call.values.need("command")
    if command == "INIT":
        return _init(call)
    if command == "APPEND":
        return _append(call)
    if command == "FINALIZE":
        return _finalize(call)
    raise invalid("command", command, "INIT, APPEND or FINALIZE")


def status(call: Call) -> Answer:
    """How far an upload is; images are ready at once."""
    return Answer(_shown(_medium(call)))


def add(call: Call) -> Answer:
    """Put an uploaded medium into the account's library."""
    values = call.values
    media_key = values.need("media_key")
    values.need("media_category")
    category = values.choice(
        "media_category", ["AMPLIFY_VIDEO", "TWEET_GIF", "TWEET_IMAGE", "TWEET_VIDEO"]
    )
    media_id = media_key.partition("_")[2]
    medium = call.store.get("medium", media_id)
    if medium is None or not medium["complete"] or medium["media_key"] != media_key:
        raise not_found("MEDIA", media_key)
    row = {
        "account_id": call.account_id,
        "media_key": media_key,
        "media_category": category,
        "media_type": "IMAGE" if category == "TWEET_IMAGE" else "VIDEO",
        "media_status": "TRANSCODE_COMPLETED",
        "media_url": f"https://media.example/{media_id}",
        "aspect_ratio": "191:100",
        "name": values.text("name"),
        "file_name": values.text("file_name"),
        "title": values.text("title"),
        "description": values.text("description"),
        "duration": None,
        "poster_media_key": None,
        "poster_media_url": None,
        "tweeted": False,
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
        "deleted": False,
    }
    call.store.put("media_library", media_key, row)
    return Answer(public(row))


def listed(call: Call) -> Answer:
    """The library, by type and by whole terms of its texts."""
    rows = call.store.every("media_library", "media_key")
    rows = [row for row in rows if row["account_id"] == call.account_id and not row["deleted"]]
    if kind := call.values.text("media_type"):
        rows = [row for row in rows if row["media_type"] == kind]
    if terms := (call.values.text("q") or "").lower().split():
        rows = [row for row in rows if set(terms) <= _terms(row)]
    return page(call, rows, "media_key", usual=20, most=50)


def _terms(row: JsonObject) -> set[str]:
    texts = (row[field] for field in ("name", "title", "file_name", "description"))
    return {term for text in texts for term in str(text or "").lower().split()}


def in_library(call: Call, media_key: str) -> JsonObject:
    """A library entry.

    Raises:
        XError: there is none.
    """
    row = call.store.get("media_library", media_key)
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("MEDIA", media_key)
    return row


def _init(call: Call) -> Answer:
    values = call.values
    total = values.whole("total_bytes") or 0
    if not 0 < total <= _MOST_BYTES:
        raise invalid("total_bytes", total, f"1 to {_MOST_BYTES}")
    media_type = values.need("media_type")
    category = values.need("media_category")
    if category not in _PREFIX:
        raise invalid("media_category", category, " or ".join(_PREFIX))
    if category == "tweet_image" and media_type not in _IMAGE_TYPES:
        raise invalid("media_type", media_type, "an image type")
    media_id = str(call.store.new_number())
    row: JsonObject = {
        "id": media_id,
        "media_key": f"{_PREFIX[category]}_{media_id}",
        "total_bytes": total,
        "segments": {},
        "complete": False,
    }
    call.store.put("medium", media_id, row)
    return Answer(_shown(row), status=202)


def _append(call: Call) -> Answer:
    row = _medium(call)
    index = call.values.whole("segment_index")
    chunk = call.files.get("media")
    if index is None or not 0 <= index <= 999:
        raise invalid("segment_index", index, "0 to 999")
    if not chunk:
        raise XError(400, "MISSING_PARAMETER", "Missing required parameter media", "media")
    row["segments"][str(index)] = len(chunk)
    call.store.put("medium", row["id"], row)
    return Answer(None, status=204)


def _finalize(call: Call) -> Answer:
    row = _medium(call)
    held = sum(row["segments"].values())
    if held != row["total_bytes"]:
        raise XError(400, "INVALID", f"Got {held} bytes, {row['total_bytes']} were announced")
    row["complete"] = True
    call.store.put("medium", row["id"], row)
    return Answer({**_shown(row), "size": held})


def _medium(call: Call) -> JsonObject:
    media_id = call.values.need("media_id")
    row = call.store.get("medium", media_id)
    if row is None:
        raise not_found("MEDIA", media_id)
    return row


def _shown(row: JsonObject) -> JsonObject:
    return {"id": row["id"], "media_key": row["media_key"], "expires_after_secs": _EXPIRES}
