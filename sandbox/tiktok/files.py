"""The asset library: videos and images, kept by name, signature and shape."""

import hashlib
import struct
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from sandbox.tiktok.request import NAME_TAKEN, Call, TikTokError, invalid, missing, public, stamp
from sandbox.tiktok.store import JsonObject

_NAME_LIMIT = 100
_FILES = 20
_MOST_FILES = 100
_VIDEO_BYTES = 500_000_000
_IMAGE_BYTES = 50_000_000
_IMAGE_PIXELS = 1440 * 2560


def upload_video(call: Call) -> list[JsonObject]:
    """A video. The same file sent again is another video; the same name is refused."""
    content, name = _file(call, "video", _VIDEO_BYTES)
    width, height = _video_size(content)
    video_id = f"v10033g50000{call.store.new_id()}"
    row = _asset(call, "video", video_id, name, content)
    row |= {"width": width, "height": height, "format": "mp4", "allow_download": True}
    call.store.put("video", row)
    return [public(row)]


def upload_image(call: Call) -> JsonObject:
    """An image."""
    content, name = _file(call, "image", _IMAGE_BYTES)
    try:
        with Image.open(BytesIO(content)) as picture:
            kind, (width, height) = picture.format or "", picture.size
    except (UnidentifiedImageError, OSError):
        raise TikTokError(40908, "The file type is not supported.") from None
    if kind not in ("PNG", "JPEG"):
        raise TikTokError(40908, "The file type is not supported.")
    if width * height > _IMAGE_PIXELS:
        raise invalid("image_file", f"{width}x{height}", "the image has too many pixels")
    image_id = f"ad-site-i18n-sg/{call.store.new_id()}"
    row = _asset(call, "image", image_id, name, content)
    row |= {"width": width, "height": height, "format": kind.lower()}
    call.store.put("image", row)
    return public(row)


def search_videos(call: Call) -> JsonObject:
    """Videos by a part of their name, or by id."""
    filtering = call.values.part("filtering")
    name, ids = filtering.text("video_name").lower(), set(filtering.words("video_ids"))
    rows = [
        public(row)
        for row in reversed(call.store.every("video", call.advertiser_id))
        if name in row["file_name"].lower() and (not ids or row["id"] in ids)
    ]
    return call.page(rows, usual=_FILES, most=_MOST_FILES)


def search_images(call: Call) -> JsonObject:
    """Images; there is no search by name."""
    filtering = call.values.part("filtering")
    ids = set(filtering.words("image_ids"))
    rows = [
        public(row)
        for row in reversed(call.store.every("image", call.advertiser_id))
        if not ids or row["id"] in ids
    ]
    return call.page(rows, usual=_FILES, most=_MOST_FILES)


def videos_by_id(call: Call) -> JsonObject:
    """Videos; those that are gone are left out."""
    call.values.need("video_ids")
    ids = call.values.words("video_ids")
    if len(ids) > 60:
        raise TikTokError(40011, "video_ids: too many ids, at most 60.")
    rows = [call.store.get("video", one) for one in ids]
    mine = [row for row in rows if row and row["advertiser_id"] == call.advertiser_id]
    return {"list": [public(row) for row in mine]}


def delete(call: Call) -> JsonObject:
    """Delete videos and images of the account."""
    videos, images = call.values.words("video_ids"), call.values.words("image_ids")
    if not (videos or images):
        raise missing("video_ids or image_ids")
    for kind, ids in (("video", videos), ("image", images)):
        for one in ids:
            row = call.store.get(kind, one)
            if row is None or row["advertiser_id"] != call.advertiser_id:
                raise invalid(f"{kind}_ids", one, "it does not exist")
    for kind, ids in (("video", videos), ("image", images)):
        for one in ids:
            # The shelf forgets nothing one by one; what belongs to nobody is not listed.
            row = call.store.get(kind, one) or {}
            call.store.put(kind, {**row, "advertiser_id": "", "file_name": ""})
    return {}


def _file(call: Call, what: str, most: int) -> tuple[bytes, str]:
    """The content and name of an upload, its signature checked."""
    values = call.values
    kind = values.choice("upload_type", ("UPLOAD_BY_FILE",), "UPLOAD_BY_FILE")
    content = call.files.get(f"{what}_file")
    if content is None:
        raise missing(f"{what}_file")
    if not content:
        raise TikTokError(40906, "The file is empty.")
    if len(content) > most:
        raise TikTokError(40907, "The file is too large.")
    values.need(f"{what}_signature")
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != values.text(f"{what}_signature"):
        raise TikTokError(40900, f"{kind}: the signature is not that of the file.")
    name = values.text("file_name") or f"{what} {call.store.new_id()}"
    if len(name) > _NAME_LIMIT:
        raise invalid("file_name", name, f"it must not exceed {_NAME_LIMIT} characters")
    rows = call.store.every(what, call.advertiser_id)
    if any(row["file_name"] == name for row in rows):
        raise TikTokError(NAME_TAKEN, f"Duplicated material name: {name}.")
    return content, name


def _asset(call: Call, what: str, asset_id: str, name: str, content: bytes) -> JsonObject:
    return {
        "id": asset_id,
        f"{what}_id": asset_id,
        "material_id": call.store.new_id(),
        "advertiser_id": call.advertiser_id,
        "file_name": name,
        "signature": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "size": len(content),
        "displayable": True,
        "create_time": stamp(call.now),
        "modify_time": stamp(call.now),
    }


def _video_size(content: bytes) -> tuple[int, int]:
    """Width and height from the first track header of an MP4 that has pictures."""
    at = content.find(b"tkhd")
    while at >= 4:
        (size,) = struct.unpack_from(">I", content, at - 4)
        width, height = struct.unpack_from(">II", content, at - 4 + size - 8)
        if width and height:
            return width >> 16, height >> 16
        at = content.find(b"tkhd", at + 4)
    raise TikTokError(40908, "The file type is not supported.")
