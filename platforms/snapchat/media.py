"""Media of a creative: checked, uploaded, and waited for until Snapchat has made them ready.

A medium that no creative uses is never shown, so an interrupted attempt leaves nothing to undo.
"""

import asyncio
from typing import Literal

from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import read_film, read_image
from platforms.errors import Refused, Transient
from platforms.snapchat.errors import JsonObject, items, refused
from platforms.snapchat.names import keyed
from platforms.snapchat.wire import Wire

# Snapchat's specifications, unsure (general knowledge): size, ratio and formats.
_IMAGE_BYTES = 5_000_000
_WIDTH, _HEIGHT = 1080, 1920
_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}
_UPLOAD_BYTES = 32_000_000
"""What one request takes; larger files go in chunks, which are not needed for 180 s of video."""
_SHORTEST, _LONGEST = 3, 180
_LOOKS = 30
_BETWEEN_LOOKS = 1.0


async def uploaded(wire: Wire, order: CreativeOrder) -> str:
    """The id of the ready medium an order's creative shows: its video if it has one, else its
    image.

    Raises:
        Refused: the file is not what was approved, or not what Snapchat takes.
        Transient: it was not ready in time.
    """
    if order.video_path is not None:
        content, media_type = await asyncio.to_thread(_video, order)
        return await _upload(wire, order, "VIDEO", content, media_type)
    content, media_type = await asyncio.to_thread(_image, order)
    return await _upload(wire, order, "IMAGE", content, media_type)


async def _upload(
    wire: Wire,
    order: CreativeOrder,
    kind: Literal["IMAGE", "VIDEO"],
    content: bytes,
    media_type: str,
) -> str:
    body: JsonObject = {
        "name": keyed(order.key, f"{order.name} {kind.lower()}"),
        "type": kind,
        "ad_account_id": wire.account_id,
    }
    made = await wire.post(wire.account("media"), "media", "media", body, changes=False)
    media_id = str(made["id"])
    name = f"{order.key}.{media_type.rsplit('/', 1)[1]}"
    await wire.upload(f"media/{media_id}/upload", name, content, media_type)
    for look in range(_LOOKS):
        if look:
            await asyncio.sleep(_BETWEEN_LOOKS)
        status = await _status(wire, media_id)
        if status == "READY":
            return media_id
        if status not in ("PENDING_UPLOAD", "PROCESSING", ""):
            raise _bad(kind, f"could not be processed by Snapchat ({status}); make it anew")
    raise Transient(Platform.SNAPCHAT, "Snapchat did not finish processing the medium in time")


async def _status(wire: Wire, media_id: str) -> str:
    answer = await wire.get(f"media/{media_id}")
    for item in items(answer, "media", "media"):
        return str(item.taken().get("media_status") or "")
    return ""


def _image(order: CreativeOrder) -> tuple[bytes, str]:
    content, media_type, (width, height) = read_image(
        Platform.SNAPCHAT, "Snapchat", order, most=_IMAGE_BYTES, formats=_FORMATS
    )
    if width * _HEIGHT != height * _WIDTH or width < _WIDTH:
        raise _bad(
            "IMAGE", f"is {width}x{height}; Snapchat shows {_WIDTH}x{_HEIGHT} or larger at 9:16"
        )
    return content, media_type


def _video(order: CreativeOrder) -> tuple[bytes, str]:
    content, video = read_film(Platform.SNAPCHAT, "Snapchat", order, most=_UPLOAD_BYTES)
    if video.width * _HEIGHT != video.height * _WIDTH or video.width < _WIDTH:
        raise _bad(
            "VIDEO",
            f"is {video.width}x{video.height}; Snapchat shows {_WIDTH}x{_HEIGHT} or larger at 9:16",
        )
    if video.codec != "avc1" or not _SHORTEST <= video.seconds <= _LONGEST:
        raise _bad(
            "VIDEO",
            f"lasts {float(video.seconds):.1f} s in {video.codec}; Snapchat takes {_SHORTEST} to "
            f"{_LONGEST} s of H.264",
        )
    return content, "video/quicktime" if video.quicktime else "video/mp4"


def _bad(kind: str, why: str) -> Refused:
    return refused(f"the {kind.lower()} {why}", field=f"{kind.lower()}_path")
