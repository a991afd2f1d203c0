"""A creative on AppLovin: a video and an end card in the account's library of assets.

File names carry the creative's key and the content's hash. The library cannot be searched by
name and nothing in it can be deleted through the API.
"""

import asyncio
import re

from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.applovin.errors import JsonObject, refused, unclear
from platforms.applovin.names import file_key, file_name, same_file
from platforms.applovin.terms import CALLS_TO_ACTION, CAPABILITIES
from platforms.applovin.wire import File, Wire, number_order, parts
from platforms.approved import check_copy_lengths, read_film, read_image
from platforms.errors import NetworkError, Refused
from platforms.terms import word_for

_MAX_IMAGE = 10 * 1024 * 1024
_MAX_VIDEO = 1024 * 1024 * 1024
_MAX_SECONDS = 60
_LEAST = (270, 480)
_END_CARDS = frozenset({(320, 480), (320, 512), (640, 1138), (768, 1024)})
"""Sizes of an end card that are taken beside 9:16."""
_TOLERANCE = 0.01
_IMAGES = {"PNG": ("png", "image/png"), "JPEG": ("jpg", "image/jpeg"), "GIF": ("gif", "image/gif")}
_POLLS = (0.2, 0.5, 1.0, *(2.0,) * 30)
"""Real seconds before each look at an upload."""
_ID = re.compile(r"(\d+)-(\d+)")
VIDEO, IMAGE = "video", "image"


def creative_id(video: JsonObject, image: JsonObject) -> str:
    """A creative's id: those of its video and its end card."""
    return f"{video['id']}-{image['id']}"


def asset_ids(creative: str) -> tuple[str, str] | None:
    """The video and the end card of a creative, or None when the id is none of ours."""
    found = _ID.fullmatch(creative)
    return (found[1], found[2]) if found else None


async def create_creative(wire: Wire, order: CreativeOrder) -> tuple[JsonObject, JsonObject]:
    """The video and the end card of an order, in the library.

    Files of an earlier attempt are used again. What is wrong with them is found before they are
    sent, since each file AppLovin cannot take counts as an error of the account.

    Raises:
        Refused: copy, video or image is not what AppLovin takes.
        Ambiguous: an answer was lost; what was sent may be in the library.
    """
    _check_copy(order)
    files = await asyncio.to_thread(_read_files, order)
    known = {
        kind: [
            row
            for row in await wire.pages("/asset/list", {"resource_type": kind})
            if same_file(str(row.get("name")), files[kind][0])
        ]
        for kind in (VIDEO, IMAGE)
    }
    wanted = [kind for kind in (VIDEO, IMAGE) if not known[kind]]
    if wanted:
        answer = await wire.upload("/asset/upload", [files[kind] for kind in wanted])
        try:
            details = await _finished(wire, str(answer.get("upload_id") or ""))
        except Refused:
            raise
        except NetworkError as error:
            raise unclear(f"the files were sent, but not seen since ({error.message})") from None
        for kind in wanted:
            known[kind] = [
                row for row in details if same_file(str(row.get("name")), files[kind][0])
            ]
    if not (known[VIDEO] and known[IMAGE]):
        raise unclear("the files were sent, but the library does not show them")
    first = {kind: min(known[kind], key=_by_number) for kind in (VIDEO, IMAGE)}
    return first[VIDEO], first[IMAGE]


async def creatives_by_key(wire: Wire, key: str) -> list[tuple[JsonObject, JsonObject]]:
    """Whole creatives under a key, lowest id first: videos and end cards in pairs."""
    found: dict[str, list[JsonObject]] = {}
    for kind in (VIDEO, IMAGE):
        rows = await wire.pages("/asset/list", {"resource_type": kind})
        mine = [row for row in rows if file_key(str(row.get("name") or "")) == key]
        found[kind] = sorted(mine, key=_by_number)
    return list(zip(found[VIDEO], found[IMAGE], strict=False))


async def assets_by_ids(wire: Wire, ids: list[str]) -> dict[str, JsonObject]:
    """Assets by id; unknown ones are left out."""
    return {str(row.get("id")): row for row in await wire.by_ids("/asset/list", ids)}


async def _finished(wire: Wire, upload_id: str) -> list[JsonObject]:
    """The files of an upload, once all are taken.

    Raises:
        Refused: one was not taken; AppLovin's reason is in the message.
        Ambiguous: it takes longer than we wait.
    """
    if not upload_id:
        raise unclear("the answer to an upload carries no id")
    for wait in _POLLS:
        await asyncio.sleep(wait)
        result = await wire.object("/asset/upload_result", {"upload_id": upload_id})
        details = parts(result, "details")
        failed = [row for row in details if row.get("file_status") == "FAILURE"]
        if failed:
            wire.errors.failed(count=len(failed))
            reasons = "; ".join(
                f"{row.get('name')}: {row.get('error_message') or 'no reason given'}"
                for row in failed
            )
            raise refused(f"AppLovin could not take the files ({reasons})", field="video")
        if result.get("upload_status") == "FINISHED":
            return details
    raise unclear("AppLovin did not finish taking the files in time")


def _by_number(row: JsonObject) -> tuple[int, str]:
    return number_order(str(row["id"]))


# -- what is checked before anything is sent ------------------------------------------------


def _check_copy(order: CreativeOrder) -> None:
    copy, where = order.copy_text, "on AppLovin, as AppLovin writes its own install button"
    word_for(Platform.APPLOVIN, where, CALLS_TO_ACTION, copy.call_to_action)
    shown = "a video and an end card show"
    check_copy_lengths(Platform.APPLOVIN, copy, CAPABILITIES.copy_limits, shown)


def _read_files(order: CreativeOrder) -> dict[str, File]:
    """Name, content and media type of the video and the end card."""
    return {VIDEO: _read_video(order), IMAGE: _read_image(order)}


def _read_video(order: CreativeOrder) -> File:
    content, video = read_film(Platform.APPLOVIN, "AppLovin", order, most=_MAX_VIDEO)
    if not 0 < video.seconds <= _MAX_SECONDS:
        raise refused(
            f"the video lasts {float(video.seconds):.1f} s; AppLovin takes {_MAX_SECONDS} s: cut "
            "it",
            field="video_path",
        )
    _require_upright("video", (video.width, video.height))
    ending, media_type = ("mov", "video/quicktime") if video.quicktime else ("mp4", "video/mp4")
    return file_name(order.key, str(order.video_sha256), ending), content, media_type


def _read_image(order: CreativeOrder) -> File:
    content, (ending, media_type), size = read_image(
        Platform.APPLOVIN, "AppLovin", order, most=_MAX_IMAGE, formats=_IMAGES
    )
    if size not in _END_CARDS:
        _require_upright("image", size)
    return file_name(order.key, order.image_sha256, ending), content, media_type


def _require_upright(what: str, size: tuple[int, int]) -> None:
    width, height = size
    if width < _LEAST[0] or height < _LEAST[1] or abs(width / height * 16 / 9 - 1) > _TOLERANCE:
        raise refused(
            f"the {what} is {width}x{height}; AppLovin needs 9:16 and at least "
            f"{_LEAST[0]}x{_LEAST[1]}, such as 1080x1920",
            field=f"{what}_path",
        )
