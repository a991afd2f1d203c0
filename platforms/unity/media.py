"""The files of a creative, looked at before Unity moderates them: a video and an end card."""

import asyncio
from dataclasses import dataclass

from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import read_film, read_image
from platforms.unity.errors import refused

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
    video = await asyncio.to_thread(_video, order)
    return video, await asyncio.to_thread(_end_card, order)


def _video(order: CreativeOrder) -> Asset:
    content, shown = read_film(Platform.UNITY, "Unity", order, most=_VIDEO_BYTES)
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
    return Asset("video", str(order.video_sha256), content, "mp4", "video/mp4")


def _end_card(order: CreativeOrder) -> Asset:
    content, (ending, media_type), size = read_image(
        Platform.UNITY, "Unity", order, most=_IMAGE_BYTES, formats=_FORMATS
    )
    if size != (END_CARD, END_CARD):
        raise refused(
            f"the image is {size[0]}x{size[1]}; an end card is {END_CARD}x{END_CARD}",
            field="image_path",
        )
    return Asset("squareEndCard", order.image_sha256, content, ending, media_type)
