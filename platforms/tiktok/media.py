"""A creative on TikTok: a video in the account's asset library, and its cover image beside it.

Both are named by the creative's key, and TikTok takes a name once only: an attempt that was
interrupted is continued by repeating it. The cover is uploaded first, so a video that carries the
key has one.
"""

import asyncio
import hashlib

from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import read_film, read_image
from platforms.errors import Refused, Transient
from platforms.naming import front, keyed
from platforms.tiktok.errors import NAME_TAKEN, JsonObject, refused
from platforms.tiktok.text import FILE_NAME_LIMIT, checked
from platforms.tiktok.wire import Wire, listed

_VIDEO_BYTES = 500_000_000
_IMAGE_BYTES = 50_000_000 - 1
_IMAGE_PIXELS = 1440 * 2560
_SHORT_SIDE = 540
_SECONDS = 600
"""TikTok plays ads of up to ten minutes (unsure: from its help pages, not the API's text)."""
_RATIOS = {"9:16": 9 / 16, "1:1": 1.0, "16:9": 16 / 9}
_TOLERANCE = 0.01
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
_COVER = "cover"


class Library:
    """The videos and covers of one account. Covers made here are remembered: TikTok shows a new
    image in its lists some ten seconds later."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._covers: dict[str, str] = {}

    async def add(self, order: CreativeOrder) -> JsonObject:
        """Upload cover and video of an order; the video is the creative.

        Raises:
            Refused: a file is not what TikTok takes, or not the one that was approved.
            Ambiguous: the answer about the video was lost; ``by_key`` finds what is there.
        """
        cover, media_type, cover_ratio = await asyncio.to_thread(_image, order)
        video, ratio = await asyncio.to_thread(_video, order)
        if abs(cover_ratio - ratio) > ratio * _TOLERANCE:
            raise refused(
                f"the cover image ({cover_ratio:.2f}) and the video ({ratio:.2f}) differ in shape; "
                "make both alike",
                field="image_path",
            )
        await self._add_cover(order.key, cover, media_type)
        name = _video_name(order.key, order.name)
        fields = {
            "upload_type": "UPLOAD_BY_FILE",
            "file_name": name,
            "video_signature": _md5(video),
        }
        try:
            data = await self._wire.upload(
                "file/video/ad/upload",
                fields,
                ("video_file", f"{order.key}.mp4", video, "video/mp4"),
                changes=True,
            )
        except Refused as error:
            found = await self.by_key(order.key) if error.code == str(NAME_TAKEN) else []
            if not found:
                raise
            return found[0]
        rows = listed(data) or [data]
        return {"file_name": name, **rows[0]}

    async def by_key(self, key: str) -> list[JsonObject]:
        """Videos whose name begins with the key, lowest id first."""
        rows = await self._wire.files("file/video/ad/search", {"video_name": key})
        return sorted((row for row in rows if _carries(row, key)), key=_video_id)

    async def by_ids(self, ids: list[str]) -> list[JsonObject]:
        """Videos by id; those that are gone are left out."""
        found: list[JsonObject] = []
        unique = list(dict.fromkeys(ids))
        for start in range(0, len(unique), 60):
            some = unique[start : start + 60]
            found += listed(await self._wire.get("file/video/ad/info", {"video_ids": some}))
        return found

    async def cover_of(self, video: JsonObject) -> str:
        """The id of a video's cover image.

        Raises:
            Refused: the video was not uploaded by us.
            Transient: TikTok does not show the image yet.
        """
        key = front(str(video.get("file_name") or ""))
        known = self._covers.get(key) or await self._shown_cover(key)
        if known:
            return known
        raise Transient(
            Platform.TIKTOK,
            f"the cover image of video {_video_id(video)} is not shown yet; try again",
        )

    async def remove(self, video_id: str) -> None:
        """Delete a video from the library; its cover stays, in no ad."""
        await self._wire.post("creative/asset/delete", {"video_ids": [video_id]})

    async def _add_cover(self, key: str, content: bytes, media_type: str) -> None:
        fields = {
            "upload_type": "UPLOAD_BY_FILE",
            "file_name": f"{key} {_COVER}",
            "image_signature": _md5(content),
        }
        suffix = media_type.rpartition("/")[2]
        file = ("image_file", f"{key}.{suffix}", content, media_type)
        try:
            # An image that no ad uses is seen by nobody: a lost answer changes nothing.
            data = await self._wire.upload("file/image/ad/upload", fields, file, changes=False)
        except Refused as error:
            if error.code != str(NAME_TAKEN):
                raise
            return  # an earlier attempt got this far
        rows = listed(data) or [data]
        if image_id := rows[0].get("image_id"):
            self._covers[key] = str(image_id)

    async def _shown_cover(self, key: str) -> str | None:
        # There is no search by name, so all of them are looked through.
        for row in await self._wire.files("file/image/ad/search"):
            if str(row.get("file_name") or "").split()[:2] == [key, _COVER]:
                self._covers[key] = str(row["image_id"])
                return self._covers[key]
        return None


def _video_name(key: str, name: str) -> str:
    words = name.split()
    # A label for people; only the key in front is ever read back.
    while words and len(" ".join([key, *words])) > FILE_NAME_LIMIT:
        words.pop()
    full = keyed(Platform.TIKTOK, key, " ".join(words), FILE_NAME_LIMIT)
    return checked("name", full, 2 * FILE_NAME_LIMIT)


def _video_id(row: JsonObject) -> str:
    return str(row.get("video_id") or "")


def _carries(row: JsonObject, key: str) -> bool:
    return front(str(row.get("file_name") or "")) == key


def _image(order: CreativeOrder) -> tuple[bytes, str, float]:
    """The cover's bytes, media type and shape (width over height)."""
    content, media_type, (width, height) = read_image(
        Platform.TIKTOK, "TikTok", order, most=_IMAGE_BYTES, formats=_TYPES
    )
    if width * height > _IMAGE_PIXELS:
        raise refused(
            f"the image is {width}x{height}; TikTok takes {_IMAGE_PIXELS:,} pixels at most, such "
            "as 1080x1920",
            field="image_path",
        )
    return content, media_type, width / height


def _video(order: CreativeOrder) -> tuple[bytes, float]:
    """The video's bytes and shape."""
    content, video = read_film(Platform.TIKTOK, "TikTok", order, most=_VIDEO_BYTES)
    ratio = video.width / video.height
    shapes = [one for one in _RATIOS.values() if abs(ratio - one) <= one * _TOLERANCE]
    if not shapes or min(video.width, video.height) < _SHORT_SIDE:
        raise refused(
            f"the video is {video.width}x{video.height}; TikTok takes {', '.join(_RATIOS)} with "
            f"{_SHORT_SIDE} pixels or more on the short side, such as 1080x1920",
            field="video_path",
        )
    if video.seconds > _SECONDS:
        raise refused(
            f"the video lasts {float(video.seconds):.0f} s; TikTok takes {_SECONDS} s",
            field="video_path",
        )
    return content, ratio


def _md5(content: bytes) -> str:
    """What TikTok checks an upload by."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
