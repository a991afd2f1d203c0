"""Photos and videos for ads. What Pillow can read is checked as Telegram checks it."""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from sandbox.telegram.request import AdsError, Call
from sandbox.telegram.store import JsonObject

_MEGABYTE = 1024 * 1024
_RATIO, _TOLERANCE = 16 / 9, 0.02


def ad_photo(call: Call) -> JsonObject:
    """JPEG or PNG, at most 5 MB, at least 640 pixels across, 16:9."""
    width, height = _size(_file(call, 5 * _MEGABYTE))
    if width < 640 or abs(width / height - _RATIO) > _TOLERANCE:
        raise AdsError("PHOTO_SIZE_INVALID")
    return _kept(call, "photo")


def website_photo(call: Call) -> JsonObject:
    """JPEG or PNG, at most 1 MB, at least 150 pixels both ways."""
    if min(_size(_file(call, _MEGABYTE))) < 150:
        raise AdsError("PHOTO_SIZE_INVALID")
    return _kept(call, "photo")


def ad_video(call: Call) -> JsonObject:
    """MP4, at most 20 MB."""
    content = _file(call, 20 * _MEGABYTE)
    if content[4:8] != b"ftyp":
        raise AdsError("VIDEO_INVALID")
    return _kept(call, "video")


def _file(call: Call, most: int) -> bytes:
    content = call.files.get("file")
    if not content:
        raise AdsError("FILE_REQUIRED")
    if len(content) > most:
        raise AdsError("FILE_TOO_BIG")
    return content


def _size(content: bytes) -> tuple[int, int]:
    try:
        with Image.open(BytesIO(content)) as image:
            if image.format not in ("JPEG", "PNG"):
                raise AdsError("PHOTO_INVALID")
            return image.size
    except (OSError, UnidentifiedImageError):
        raise AdsError("PHOTO_INVALID") from None


def _kept(call: Call, kind: str) -> JsonObject:
    name = f"{kind}-{call.store.new_id()}"
    row = {f"{kind}_id": name, f"{kind}_url": f"https://cdn.telegram.example/{name}"}
    call.store.put("media", name, row)
    return row
