"""The files of a creative, looked at before Unity moderates them: a video and an end card."""

import asyncio
import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from models.contract.network import CreativeOrder
from platforms.unity.errors import refused
from platforms.video import read_video

END_CARD = 800
"""Pixels of each side of the square end card."""
_IMAGE_BYTES = 5 * 1024 * 1024
_VIDEO_BYTES = 100 * 1024 * 1024
_FORMATS = {"PNG": ("png", "image/png"), "JPEG": ("jpg", "image/jpeg"), "GIF": ("gif", "image/gif")}
_SHAPES = ((9, 16), (16, 9))
_RATIO_TOLERANCE = 0.01
_LONGEST = 60
"""Seconds; from 30 on Unity calls it a beta."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file to upload. ``part`` is Unity's word for what it is."""

    part: str
    sha256: str
    content: bytes
    ending: str
    media_type: str

    @property
    def file_name(self) -> str:
        return f"{self.sha256[:16]}.{self.ending}"


async def assets(order: CreativeOrder) -> tuple[Asset, Asset]:
    """Video and end card of an order.

    Raises:
        Refused: there is no video, or a file is not what was approved, or not what Unity takes.
    """
    if not order.video_path or not order.video_sha256:
        raise refused(
            "Unity shows videos and this creative has none; make one (9:16 or 16:9, up to "
            f"{_LONGEST} s)",
            field="video_path",
        )
    video = await asyncio.to_thread(_video, order.video_path, order.video_sha256)
    return video, await asyncio.to_thread(_end_card, order.image_path, order.image_sha256)


def _video(path: str, sha256: str) -> Asset:
    content = _approved(path, sha256, "video_path", _VIDEO_BYTES)
    try:
        shown = read_video(content)
    except ValueError as error:
        raise refused(f"the video cannot be used ({error})", field="video_path") from None
    if shown.codec != "avc1" or shown.quicktime:
        raise refused(f"the video is {shown.codec}; Unity takes H.264 in MP4", field="video_path")
    if shown.seconds > _LONGEST:
        raise refused(
            f"the video lasts {float(shown.seconds):.1f} s; Unity takes {_LONGEST}",
            field="video_path",
        )
    ratio = shown.width / shown.height
    if all(abs(ratio - w / h) > w / h * _RATIO_TOLERANCE for w, h in _SHAPES):
        raise refused(
            f"the video is {shown.width}x{shown.height}; Unity takes 9:16 and 16:9",
            field="video_path",
        )
    return Asset("video", sha256, content, "mp4", "video/mp4")


def _end_card(path: str, sha256: str) -> Asset:
    content = _approved(path, sha256, "image_path", _IMAGE_BYTES)
    try:
        with Image.open(BytesIO(content)) as picture:
            kind, size = picture.format or "", picture.size
    except (UnidentifiedImageError, OSError):
        raise refused(
            "the image is in no format Unity takes (PNG, JPEG, GIF)", field="image_path"
        ) from None
    if kind not in _FORMATS:
        raise refused(
            f"image format {kind} is not taken by Unity; use PNG or JPEG", field="image_path"
        )
    if size != (END_CARD, END_CARD):
        raise refused(
            f"the image is {size[0]}x{size[1]}; an end card is {END_CARD}x{END_CARD}",
            field="image_path",
        )
    ending, media_type = _FORMATS[kind]
    return Asset("squareEndCard", sha256, content, ending, media_type)


def _approved(path: str, sha256: str, field: str, most: int) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise refused(
            f"the file cannot be read ({error.strerror}); make the creative again", field=field
        ) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise refused("the file has changed since the creative was approved", field=field)
    if len(content) > most:
        raise refused(f"the file has {len(content)} bytes; Unity takes {most}", field=field)
    return content
