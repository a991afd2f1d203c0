"""Creatives: an image in two shapes in the asset library, and the label that stands for both.

Google has no creative apart from the ad. Assets can be neither removed nor told apart (equal
images are one asset), so a label carries the key: labels are unique by name and can be removed.
Its description says which assets belong to it.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import cast

from PIL import Image

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import read_image
from platforms.errors import Refused
from platforms.google.errors import JsonObject, refused
from platforms.google.names import digits
from platforms.google.query import among, quoted, select
from platforms.google.terms import (
    BUSINESS_NAME,
    BUSINESS_NAME_LIMIT,
    HEADLINE_LIMIT,
    LONG_LIMIT,
    call_to_action,
)
from platforms.google.views import LABEL_FIELDS
from platforms.google.wire import Wire
from platforms.naming import keyed

# Image sizes and the byte limit are general knowledge, the proportions Google's own reference.
_MAX_BYTES = 5_120 * 1024
_MIN_SIZE = (600, 314)
_RATIO, _TOLERANCE = 1.91, 0.01
_FORMATS = ("GIF", "JPEG", "PNG")
_LABEL_LIMIT = 80
_DESCRIPTION_LIMIT = 200
_ASSETS = re.compile(r"assets (\d+) (\d+)")


def business_name(account: AdAccount) -> str:
    """The advertiser's name, which every ad shows.

    Raises:
        Refused: the account option is missing or too long.
    """
    name = account.options.get(BUSINESS_NAME, "").strip()
    if not name or len(name) > BUSINESS_NAME_LIMIT:
        raise refused(
            f"Google shows the advertiser's name in every ad: set the account option "
            f"{BUSINESS_NAME}, at most {BUSINESS_NAME_LIMIT} characters",
            field=BUSINESS_NAME,
        )
    return name


def require_texts(copy: AdCopy) -> None:
    """Texts and button as Google takes them; nothing is cut.

    Raises:
        Refused: one is missing or too long, or the button is not offered.
    """
    for field, text, limit, needed in (
        ("headline", copy.headline, HEADLINE_LIMIT, True),
        ("primary_text", copy.primary_text, LONG_LIMIT, True),
        ("description", copy.description, LONG_LIMIT, False),
    ):
        if needed and not text.strip():
            raise refused(f"{field} is empty; Google needs one", field=field)
        if len(text) > limit:
            raise refused(
                f"{field} has {len(text)} characters; Google takes {limit}: shorten it",
                field=field,
            )
    call_to_action(copy.call_to_action)


def require_link(link: str) -> None:
    """A final URL Google takes.

    Raises:
        Refused: it is none.
    """
    if not link.startswith(("https://", "http://")):
        raise refused(f"link {link!r} is no web address", field="link")


async def create_creative(wire: Wire, order: CreativeOrder, account: AdAccount) -> JsonObject:
    """Upload the image in both shapes and make the label that carries the key.

    Raises:
        Refused: copy, link or image is not what Google takes.
        Ambiguous: the answer to the label was lost; repeating finds it.
    """
    require_texts(order.copy_text)
    require_link(order.link)
    business_name(account)
    name = keyed(Platform.GOOGLE, order.key, "", _LABEL_LIMIT)
    wide = await asyncio.to_thread(_read_image, order)
    square = await asyncio.to_thread(_squared, wide)
    assets = await _assets(wire, order.image_sha256, {"191": wide, "100": square})
    note = f"assets {' '.join(assets)} {order.name}"[:_DESCRIPTION_LIMIT]
    create: JsonObject = {"name": name, "textLabel": {"description": note}}
    try:
        (made,) = await wire.mutate("labels", [{"create": create}])
    except Refused as error:
        # An earlier attempt may have landed a moment ago; its label then stands in the way.
        there = await labels(wire, "label.name", [name]) if error.code == "DUPLICATE_NAME" else []
        if not there:
            raise
        return there[0]
    return {"id": made.rsplit("/", 1)[-1], "status": "ENABLED", **create}


async def labels(wire: Wire, field: str, values: Sequence[str]) -> list[JsonObject]:
    """Labels by name or id, removed ones too."""
    if not values:
        return []
    wanted = [quoted(one) for one in values] if field == "label.name" else values
    rows = await wire.search(select(LABEL_FIELDS, "label", among(field, wanted)))
    return [cast(JsonObject, row["label"]) for row in rows]


async def assets_of(wire: Wire, creative_id: str) -> tuple[str, str]:
    """Resource names of a creative's wide and square image.

    Raises:
        Refused: Google knows no such creative.
    """
    found = await labels(wire, "label.id", [creative_id]) if digits(creative_id) else []
    for label in found:
        note = str(cast(JsonObject, label.get("textLabel") or {}).get("description") or "")
        match = _ASSETS.match(note)
        if match is not None and label.get("status") != "REMOVED":
            return wire.resource("assets", match[1]), wire.resource("assets", match[2])
    raise refused(
        f"Google knows no creative {creative_id}; create the creative first", field="creative_id"
    )


async def _assets(wire: Wire, sha256: str, images: dict[str, bytes]) -> list[str]:
    """Ids of the images' assets, by name where they are there already."""
    names = {shape: f"adflight {sha256[:32]} {shape}" for shape in images}
    named = among("asset.name", (quoted(name) for name in names.values()))
    rows = await wire.search(select(("asset.id", "asset.name"), "asset", named))
    there = {str(row["asset"]["name"]): str(row["asset"]["id"]) for row in rows}
    for shape, name in names.items():
        if name not in there:
            there[name] = await _upload(wire, name, images[shape])
    return [there[name] for name in names.values()]


async def _upload(wire: Wire, name: str, content: bytes) -> str:
    """Counts as no change: an asset that no ad uses is shown to nobody, and the same image again
    is the same asset, so an upload whose answer was lost is simply made again."""
    image = {"data": b64encode(content).decode()}
    create: JsonObject = {"name": name, "imageAsset": image}
    try:
        made = await wire.mutate("assets", [{"create": create}], changes=False)
    except Refused as error:
        if error.code != "CANNOT_MODIFY_ASSET_NAME":
            raise
        # Somebody uploaded the same image under another name: that asset it is then.
        unnamed: JsonObject = {"create": {"imageAsset": image}}
        made = await wire.mutate("assets", [unnamed], changes=False)
    return made[0].rsplit("/", 1)[-1]


def _read_image(order: CreativeOrder) -> bytes:
    """The image's bytes, checked against the order and Google's specification."""
    content, _, (width, height) = read_image(
        Platform.GOOGLE, "Google", order, most=_MAX_BYTES, formats=dict.fromkeys(_FORMATS)
    )
    off = abs(width / height - _RATIO) > _RATIO * _TOLERANCE
    if off or width < _MIN_SIZE[0] or height < _MIN_SIZE[1]:
        raise refused(
            f"the image is {width}x{height}; Google needs 1.91:1, at least "
            f"{_MIN_SIZE[0]}x{_MIN_SIZE[1]} (1200x628 is best)",
            field="image_path",
        )
    return content


def _squared(content: bytes) -> bytes:
    """The same image, whole, on a square of its own edge colour: Google needs both shapes, and
    what a person approved is never cropped."""
    with Image.open(BytesIO(content)) as picture:
        whole = picture.convert("RGB")
    width, height = whole.size
    edge = whole.resize((1, height)).getpixel((0, 0))
    square = Image.new("RGB", (width, width), cast(tuple[int, int, int], edge))
    square.paste(whole, (0, (width - height) // 2))
    out = BytesIO()
    square.save(out, "JPEG", quality=90)
    return out.getvalue()
