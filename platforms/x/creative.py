"""A creative on X: image in the media library, website card, promoted-only post.

Only the last step makes something that can be found by the creative's key; each earlier one
looks for what an interrupted attempt left behind before it makes anything.
"""

import asyncio
from typing import cast

from models.contract.network import CreativeOrder
from models.contract.vocabulary import CallToAction, Platform
from platforms.approved import read_image
from platforms.errors import Refused, Transient
from platforms.naming import front
from platforms.x.errors import JsonObject, refused
from platforms.x.names import POST_NAME_LIMIT, id_order, keyed, post_label
from platforms.x.post import checked_text
from platforms.x.wire import Wire

_CHUNK = 1_000_000
_MAX_BYTES = 3_000_000
_MIN_WIDTH = 800
_RATIOS = (1.91, 1.0)
_RATIO_TOLERANCE = 0.01
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "BMP": "image/bmp"}
_STATUS_TRIES = 20


async def create_post(wire: Wire, order: CreativeOrder, as_user_id: str) -> JsonObject:
    """Make the card and the promoted-only post of an order; the post is the creative.

    Raises:
        Refused: copy, image or call to action is not what X takes.
        Ambiguous: an answer was lost; repeating finds what is there.
    """
    text = checked_text(order.copy_text, order.link)
    if order.copy_text.call_to_action is not CallToAction.LEARN_MORE:
        raise refused(
            f"call to action {order.copy_text.call_to_action.value!r} is not offered on an X "
            "website card; use 'learn_more'",
            field="call_to_action",
        )
    name = post_label(order.key, order.name)
    image, media_type = await asyncio.to_thread(_read_image, order)
    media_key = await _library_media(wire, order.image_sha256, image, media_type, as_user_id)
    card_uri = await _card(wire, order, media_key)
    form = {
        "as_user_id": as_user_id,
        "text": text,
        "card_uri": card_uri,
        # Stated although it is X's default: a post that is not nullcast is public at once.
        "nullcast": True,
        "name": name,
    }
    try:
        return cast(JsonObject, (await wire.post("tweet", form))["data"])
    except Refused as error:
        # An earlier attempt may have landed a moment ago; its post then stands in the way.
        mine = error.code == "DUPLICATE_TWEET" and await posts_by_key(wire, order.key, as_user_id)
        if not mine:
            raise
        return mine[0]


async def posts_by_key(wire: Wire, key: str, as_user_id: str) -> list[JsonObject]:
    """Promoted-only posts whose name begins with the key, lowest id first."""
    params = {
        "tweet_type": "PUBLISHED",
        "timeline_type": "NULLCAST",
        "user_id": as_user_id,
        "name": key,
    }
    rows = await wire.pages("tweets", params)
    found = [row for row in rows if front(str(row.get("name") or "")) == key]
    return sorted(found, key=lambda row: id_order(post_id(row)))


async def posts_by_ids(wire: Wire, ids: list[str]) -> list[JsonObject]:
    """Posts by id; those that are gone are left out."""
    if not ids:
        return []
    params = {"tweet_type": "PUBLISHED", "timeline_type": "NULLCAST"}
    return await wire.by_ids("tweets", "tweet_ids", ids, params)


async def carry_ad_key(wire: Wire, post: JsonObject, key: str) -> None:
    """Put an ad's key into the name of its post, behind the creative's own, since an ad has no
    name. Repeating is harmless.

    Raises:
        Refused: the name is full.
    """
    words = str(post.get("name") or "").split()
    if key in words:
        return
    name = " ".join([*words[:1], key, *words[1:]])
    if len(name) > POST_NAME_LIMIT:
        raise refused(
            f"the name of post {post_id(post)} would have {len(name)} characters with key {key}; "
            f"X takes {POST_NAME_LIMIT}: make a creative of its own for this ad",
            field="creative_id",
        )
    await wire.put(f"tweets/{post_id(post)}/name", {"name": name})


def post_id(post: JsonObject) -> str:
    """The id of a post. The number beside it is too large for JSON readers in general."""
    return str(post.get("id_str") or post["tweet_id"])


def _read_image(order: CreativeOrder) -> tuple[bytes, str]:
    """The image's bytes and media type, checked against the order and X's specification."""
    content, media_type, (width, height) = read_image(
        Platform.X, "X", order, most=_MAX_BYTES, formats=_TYPES
    )
    ratio = width / height
    if width < _MIN_WIDTH or all(abs(ratio - r) > r * _RATIO_TOLERANCE for r in _RATIOS):
        raise refused(
            f"the image is {width}x{height}; a website card needs at least {_MIN_WIDTH} pixels "
            "of width at 1.91:1 (1200x628) or 1:1",
            field="image_path",
        )
    return content, media_type


async def _library_media(
    wire: Wire, sha256: str, content: bytes, media_type: str, as_user_id: str
) -> str:
    """The media key of an image. Media are named by content, so equal images are kept once."""
    name = sha256  # one term, because the library is searched by whole terms
    for row in await wire.pages("media_library", {"media_type": "IMAGE", "q": name}):
        if row.get("name") == name:
            return str(row["media_key"])
    media_key = await _upload(wire, content, media_type, as_user_id)
    form = {"media_key": media_key, "media_category": "TWEET_IMAGE", "name": name}
    added = cast(JsonObject, (await wire.post("media_library", form))["data"])
    return str(added["media_key"])


async def _upload(wire: Wire, content: bytes, media_type: str, as_user_id: str) -> str:
    started = await wire.upload(
        {
            "command": "INIT",
            "total_bytes": len(content),
            "media_type": media_type,
            "media_category": "tweet_image",
            # Without it only the user whose token this is could post the image.
            "additional_owners": as_user_id,
        }
    )
    media_id = str(cast(JsonObject, started["data"])["id"])
    for index, start in enumerate(range(0, len(content), _CHUNK)):
        form = {"command": "APPEND", "media_id": media_id, "segment_index": index}
        await wire.upload(form, content[start : start + _CHUNK])
    done = await wire.upload({"command": "FINALIZE", "media_id": media_id})
    data = cast(JsonObject, done["data"])
    for _ in range(_STATUS_TRIES):
        processing = cast(JsonObject, data.get("processing_info") or {})
        state = processing.get("state", "succeeded")
        if state == "succeeded":
            return str(data["media_key"])
        if state == "failed":
            raise refused("X could not process the image; make it anew", field="image")
        await asyncio.sleep(float(processing.get("check_after_secs", 1)))
        data = cast(JsonObject, (await wire.upload_status(media_id))["data"])
    raise Transient(Platform.X, "X did not finish processing the image in time")


async def _card(wire: Wire, order: CreativeOrder, media_key: str) -> str:
    """The website card of a creative, by its name."""
    name = keyed(order.key, "card", POST_NAME_LIMIT)
    rows = await wire.pages("cards", {"q": order.key})
    for row in sorted(rows, key=lambda row: id_order(str(row["id"]))):
        if row.get("name") == name:
            return str(row["card_uri"])
    components: list[JsonObject] = [
        {"type": "MEDIA", "media_key": media_key},
        {
            "type": "DETAILS",
            "title": order.copy_text.headline,
            "destination": {"type": "WEBSITE", "url": order.link},
        },
    ]
    made = await wire.post_json("cards", {"name": name, "components": components})
    return str(cast(JsonObject, made["data"])["card_uri"])
