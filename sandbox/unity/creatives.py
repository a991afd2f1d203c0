"""Unity's uploads, creative packs and their assignments. Of a file only its measure is kept."""

import json
import struct
from io import BytesIO
from typing import Any, cast

from PIL import Image, UnidentifiedImageError

from sandbox.unity.billing import must_pay
from sandbox.unity.delivery import moderation
from sandbox.unity.request import (
    Answer,
    Call,
    conflict,
    invalid,
    name_of,
    not_found,
    page,
    public,
    whole,
)
from sandbox.unity.shelf import NETWORK, JsonObject, assigned, stamp

_LANGUAGES = ("zxx", "und", "en", "zh", "fr", "de", "ja", "ko", "es")
_MOST_VIDEO, _MOST_IMAGE = 100 * 1024 * 1024, 5 * 1024 * 1024
_SHAPES = {"portraitVideo": 9 / 16, "landscapeVideo": 16 / 9}
_VIDEOS = frozenset({*_SHAPES, "squareVideo"})
_END_CARDS = frozenset({"squareEndCard", "endCardPair"})
_PACK_TYPES = ("video", "playable", "video+playable")


def list_uploads(call: Call) -> Answer:
    """Uploads of an app; they cannot be filtered."""
    call.find("app", "app")
    rows = [_shown(call, row) for row in call.shelf.every("creative", call.path["app"])]
    return page(call, rows, 2000)


def get_upload(call: Call) -> Answer:
    return Answer(_shown(call, call.find("creative", "creative")))


def upload(call: Call) -> Answer:
    """One creative from ``creativeInfo`` (JSON) and its file part or parts."""
    must_pay(call.shelf)
    call.find("app", "app")
    info = _info(call)
    kind = _kind_of(call, info)
    rejected = call.shelf.world.fault(NETWORK, "disapproved_ad")
    row: JsonObject = {
        "id": call.shelf.new_id(),
        "name": name_of(info),
        "language": info["language"],
        "type": kind,
        "files": [],
        "createdAt": stamp(call.now),
        "_app": call.path["app"],
        "_uploaded_at": call.now.isoformat(),
        "_verdict": "rejected" if rejected else "approved",
    }
    call.shelf.put("creative", row)
    return Answer({**public(row), "status": "uploaded"}, 201)


def list_packs(call: Call) -> Answer:
    """Packs of an app; ``filter[name]`` may end in an asterisk."""
    call.find("app", "app")
    rows = call.shelf.every("pack", call.path["app"])
    wanted = dict(call.query).get("filter[name]")
    if wanted is not None:
        if wanted.endswith("*"):
            rows = [row for row in rows if row["name"].startswith(wanted[:-1])]
        else:
            rows = [row for row in rows if row["name"] == wanted]
    return page(call, [public(row) for row in rows], 700, "filter[name]")


def create_pack(call: Call) -> Answer:
    """Combine one to three uploads."""
    must_pay(call.shelf)
    call.find("app", "app")
    body = call.object("name", "creativeIds", "type", "androidStoreListing", "appleProductPageId")
    ids: Any = body.get("creativeIds")
    if not isinstance(ids, list) or not 1 <= len(cast(list[Any], ids)) <= 3:
        raise invalid("creativeIds", "must have 1 to 3 items")
    if body.get("type") not in _PACK_TYPES:
        raise invalid("type", f"must be equal to one of: {', '.join(_PACK_TYPES)}")
    kinds = [_upload_of(call, str(one))["type"] for one in cast(list[object], ids)]
    videos = [kind for kind in kinds if kind in _VIDEOS]
    cards = [kind for kind in kinds if kind in _END_CARDS]
    if body["type"] == "video" and not (
        videos and len(set(videos)) == len(videos) and len(cards) == 1
    ):
        raise invalid("creativeIds", "a video pack needs a video and one end card")
    row: JsonObject = {
        "id": call.shelf.new_id(),
        "name": name_of(body),
        "creativeIds": ids,
        "type": body["type"],
        "campaignIds": [],
        "androidStoreListing": body.get("androidStoreListing"),
        "appleProductPageId": body.get("appleProductPageId"),
        "_app": call.path["app"],
    }
    call.shelf.put("pack", row)
    return Answer(public(row), 201)


def get_pack(call: Call) -> Answer:
    return Answer(public(call.find("pack", "pack")))


def update_pack(call: Call) -> Answer:
    """Rename; the uploads of a pack cannot be changed."""
    row = call.find("pack", "pack")
    body = call.object("name", "androidStoreListing", "appleProductPageId")
    if "name" in body:
        name_of(body)
    row |= body
    call.shelf.put("pack", row)
    return Answer(public(row))


def delete_pack(call: Call) -> Answer:
    """Delete for good; one that is assigned has to be unassigned first."""
    row = call.find("pack", "pack")
    if assigned(row):
        raise conflict("The creative pack is assigned to a campaign")
    call.shelf.put("pack", {**row, "_deleted": True})
    return Answer()


def list_assigned(call: Call) -> Answer:
    """Packs of a campaign, all at once."""
    call.only()
    campaign = call.find("campaign", "campaign")
    packs = call.shelf.every("pack", call.path["app"])
    return whole([{"id": row["id"]} for row in packs if campaign["id"] in assigned(row)])


def assign(call: Call) -> Answer:
    """Add one pack to a campaign."""
    campaign = call.find("campaign", "campaign")
    body = call.object("id")
    pack = call.shelf.get("pack", str(body.get("id")))
    if pack is None or pack["_app"] != call.path["app"]:
        raise not_found("creative pack", str(body.get("id")))
    if campaign["id"] in assigned(pack):
        raise conflict("The creative pack is already assigned to the campaign")
    must_pay(call.shelf)
    pack["campaignIds"] = [*pack["campaignIds"], campaign["id"]]
    call.shelf.put("pack", pack)
    return Answer({"id": pack["id"]}, 201)


def unassign(call: Call) -> Answer:
    """Take one pack out of a campaign."""
    campaign, pack = call.find("campaign", "campaign"), call.find("pack", "pack")
    if campaign["id"] not in assigned(pack):
        raise not_found("assigned creative pack", pack["id"])
    pack["campaignIds"] = [one for one in pack["campaignIds"] if one != campaign["id"]]
    call.shelf.put("pack", pack)
    return Answer()


def _upload_of(call: Call, object_id: str) -> JsonObject:
    row = call.shelf.get("creative", object_id)
    if row is None or row["_app"] != call.path["app"]:
        raise not_found("creative", object_id)
    return row


def _shown(call: Call, row: JsonObject) -> JsonObject:
    return {**public(row), "status": moderation(row, call.now)}


def _info(call: Call) -> JsonObject:
    try:
        info: Any = json.loads(call.fields.get("creativeInfo", ""))
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise invalid("creativeInfo", "must be a JSON object")
    found = cast(JsonObject, info)
    if found.get("language") not in _LANGUAGES:
        raise invalid("creativeInfo.language", f"must be equal to one of: {', '.join(_LANGUAGES)}")
    return found


def _kind_of(call: Call, info: JsonObject) -> str:
    """The type Unity gives an upload, from what is in its files."""
    if "video" in info:
        width, height = _pixels(_file(call, info, "video", _MOST_VIDEO))
        for kind, ratio in _SHAPES.items():
            if abs(width / height - ratio) < 0.02 * ratio:
                return kind
        raise invalid("videoFile", "must be a 9:16 or 16:9 video")
    if "squareEndCard" in info:
        _check_image(_file(call, info, "squareEndCard", _MOST_IMAGE), (800, 800))
        return "squareEndCard"
    if "portraitEndCard" in info and "landscapeEndCard" in info:
        _check_image(_file(call, info, "portraitEndCard", _MOST_IMAGE), (600, 800))
        _check_image(_file(call, info, "landscapeEndCard", _MOST_IMAGE), (800, 600))
        return "endCardPair"
    raise invalid("creativeInfo", "must match exactly one schema in oneOf")


def _file(call: Call, info: JsonObject, part: str, most: int) -> bytes:
    described: Any = info[part]
    if not isinstance(described, dict) or not cast(JsonObject, described).get("fileName"):
        raise invalid(f"creativeInfo.{part}.fileName", "must be a string")
    content = call.files.get(f"{part}File")
    if not content:
        raise invalid(f"{part}File", "must be a file")
    if len(content) > most:
        raise invalid(f"{part}File", f"must NOT have more than {most} bytes")
    return content


def _check_image(content: bytes, size: tuple[int, int]) -> None:
    try:
        with Image.open(BytesIO(content)) as picture:
            kind, shown = picture.format, picture.size
    except (UnidentifiedImageError, OSError):
        raise invalid("file", "must be an image") from None
    if kind not in ("PNG", "JPEG", "GIF") or shown != size:
        raise invalid("file", f"must be a JPG, PNG or GIF of {size[0]}x{size[1]}")


def _pixels(content: bytes) -> tuple[int, int]:
    """Width and height of the first track header that has some (the end of ``tkhd``)."""
    at = content.find(b"tkhd") if content[4:8] == b"ftyp" else -1
    while at >= 4:
        (size,) = struct.unpack_from(">I", content, at - 4)
        width, height = struct.unpack_from(">II", content, at - 4 + size - 8)
        if width and height:
            return width >> 16, height >> 16
        at = content.find(b"tkhd", at + 4)
    raise invalid("videoFile", "must be an MP4 video")
