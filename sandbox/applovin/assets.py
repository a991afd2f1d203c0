"""AppLovin's library of assets: uploads take a moment, reviews some minutes."""

import time
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from sandbox.applovin.request import Call, bad, public
from sandbox.applovin.store import JsonObject, read_stamp, stamp
from sandbox.multipart import Part

REVIEW = timedelta(minutes=10)
_TAKES = 0.1
"""Real seconds until a file is in the library."""
_MOST_FILES = 40
_TYPES = {
    "text/html": "html",
    "image/gif": "image",
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "video/quicktime": "video",
}
_SHAPES = {"IMG_INTER_P": (9 / 16, 270, 480), "IMG_BANNER": (32 / 5, 320, 50)}
_MOST_IMAGE = 10 * 1024 * 1024


def listed(call: Call) -> Any:
    """One page of the library."""
    kind = call.query.get("resource_type")
    if kind not in (None, *_TYPES.values()):
        raise bad("resource_type must be image, html or video")
    rows = [row for row in call.store.every("asset") if time.time() >= row["_ready"]]
    if kind is not None:
        rows = [row for row in rows if row["resource_type"] == kind]
    return [shown_asset(row, call.now) for row in call.page(rows, hashed_too=False)]


def upload(call: Call) -> JsonObject:
    """Take files in; whether they can be used, ``result`` says."""
    files = [part for part in call.files if part.name == "files" and part.filename]
    if not 1 <= len(files) <= _MOST_FILES:
        raise bad(f"files must be 1 to {_MOST_FILES} files")
    if len({part.filename for part in files}) < len(files):
        raise bad("file names must differ")
    upload_id = call.store.new_id()
    ready = time.time() + _TAKES
    details = [_take(call, part, ready) for part in files]
    row = {"id": upload_id, "_ready": ready, "_details": details, "_counted": False}
    call.store.put("upload", row)
    return {"upload_id": upload_id}


def result(call: Call) -> tuple[JsonObject, int]:
    """How an upload stands, and how many failures are new: they count as errors."""
    row = call.store.get("upload", call.query.get("upload_id", ""))
    if row is None:
        raise bad("upload_id is unknown")
    finished = time.time() >= row["_ready"]
    details: list[JsonObject] = row["_details"]
    if not finished:
        details = [{"name": one["name"], "file_status": "PENDING"} for one in details]
    states = [one["file_status"] for one in details]
    failures = states.count("FAILURE")
    new = 0 if row["_counted"] else failures
    if new:
        call.store.put("upload", {**row, "_counted": True})
    summary = {
        "total": len(states),
        "success": states.count("SUCCESS"),
        "failed": failures,
        "pending": states.count("PENDING"),
    }
    status = "FINISHED" if finished else "PENDING"
    return {"upload_status": status, "summary": summary, "details": details}, new


def shown_asset(row: JsonObject, now: datetime) -> JsonObject:
    """An asset as a moment shows it."""
    reviewed = now >= read_stamp(row["upload_time"]) + REVIEW
    status = row["_verdict"] if reviewed else "IN_REVIEW"
    reasons = ["MISLEADING_CONTENT"] if status == "REJECTED" else []
    return {**public(row), "status": status, "violation_reasons": reasons}


def _take(call: Call, part: Part, ready: float) -> JsonObject:
    kind = _TYPES.get(part.media_type)
    try:
        asset_type = _asset_type(part, kind)
    except ValueError as error:
        return {"name": part.filename, "file_status": "FAILURE", "error_message": str(error)}
    asset_id = call.store.new_id()
    url = f"https://assets.applovin.invalid/{asset_id}/{part.filename}"
    row: JsonObject = {
        "id": asset_id,
        "name": part.filename,
        "url": url,
        "asset_type": asset_type,
        "resource_type": kind,
        "upload_time": stamp(call.now),
        "_ready": ready,
        "_verdict": "ACTIVE",
    }
    call.store.put("asset", row)
    return {
        "id": asset_id,
        "name": part.filename,
        "url": url,
        "resource_type": kind,
        "file_status": "SUCCESS",
    }


def _asset_type(part: Part, kind: str | None) -> str:
    """What a file can be in a creative set.

    Raises:
        ValueError: nothing.
    """
    if kind is None:
        raise ValueError("Unsupported file type")
    if kind == "html":
        return "HOSTED_HTML"
    if kind == "video":
        if part.content[4:8] != b"ftyp":
            raise ValueError("The video cannot be read")
        return "VID_LONG_P"
    if len(part.content) > _MOST_IMAGE:
        raise ValueError("The image is too large")
    try:
        with Image.open(BytesIO(part.content)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError):
        raise ValueError("The image cannot be read") from None
    for name, (ratio, least_width, least_height) in _SHAPES.items():
        fits = abs(width / height / ratio - 1) < 0.03
        if fits and width >= least_width and height >= least_height:
            return name
    raise ValueError(f"Images of {width}x{height} are not supported")
