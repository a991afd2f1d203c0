"""What an ad shows: one text, a photo, a link with its button."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from models.contract.account import AdAccount
from models.contract.network import CreativeOrder
from models.contract.vocabulary import CallToAction, Platform
from platforms.approved import read_image
from platforms.telegram import terms
from platforms.telegram.errors import refused
from platforms.telegram.terms import Purpose
from platforms.telegram.wire import JsonObject, Wire
from platforms.terms import word_for

_ON_TELEGRAM = frozenset({"t.me", "telegram.me", "telegram.dog"})
_TYPES: Mapping[str, str] = {"JPEG": "image/jpeg", "PNG": "image/png"}
_MOST_BYTES = 5 * 1024 * 1024
_LEAST_WIDTH = 640
_RATIO = 16 / 9
_TOLERANCE = 0.01


def shown_fields(order: CreativeOrder, account: AdAccount) -> JsonObject:
    """``text``, ``promote_url`` and, for a website, its name and button.

    Raises:
        Refused: text, link, name or call to action is not what Telegram takes.
    """
    text = order.copy_text.primary_text
    if not 1 <= len(text) <= terms.TEXT_LIMIT:
        raise refused(
            f"primary_text has {len(text)} characters; Telegram shows 1 to {terms.TEXT_LIMIT}: "
            "rewrite it",
            field="primary_text",
        )
    parts = urlsplit(order.link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise refused(f"link {order.link!r} is no web address", field="link")
    if len(order.link) > terms.LINK_LIMIT:
        raise refused(
            f"the link has {len(order.link)} characters; Telegram takes {terms.LINK_LIMIT}: "
            "shorten it",
            field="link",
        )
    found: JsonObject = {"text": text, "promote_url": order.link}
    if is_on_telegram(order.link):
        _check_own_button(order.copy_text.call_to_action)
        return found
    found["website_name"] = _website_name(parts.hostname, account)
    found["button"] = word_for(
        Platform.TELEGRAM, "on Telegram", terms.BUTTONS, order.copy_text.call_to_action
    )
    if event := account.options.get(terms.CONVERSION_EVENT):
        found["conversion_event_id"] = event
    return found


def is_on_telegram(link: str) -> bool:
    """Whether a link leads to a channel, post, bot or mini app."""
    return (urlsplit(link).hostname or "").lower().removeprefix("www.") in _ON_TELEGRAM


def check_purpose(how: Purpose, objective: str, link: str) -> None:
    """Whether a link can serve an objective.

    Raises:
        Refused: joining needs something on Telegram; a pixel event needs a website.
    """
    if how.on_telegram and not is_on_telegram(link):
        raise refused(
            f"objective {objective!r} on Telegram promotes a channel, post or bot (t.me/...), not "
            f"{link!r}; use the objective 'traffic' for a website",
            field="objective",
        )
    if how.events and is_on_telegram(link):
        raise refused(
            f"objective {objective!r} counts events on a website, not on {link!r}; use the "
            "objective 'engagement'",
            field="objective",
        )


async def upload_photo(wire: Wire, order: CreativeOrder) -> str:
    """Send the still image; its id.

    Raises:
        Refused: it is not what Telegram takes; nothing was sent.
    """
    content, media_type = await asyncio.to_thread(read_photo, order)
    name = f"{order.image_sha256[:16]}.{media_type.rpartition('/')[2]}"
    return str((await wire.upload("uploadAdPhoto", name, content, media_type))["photo_id"])


def read_photo(order: CreativeOrder) -> tuple[bytes, str]:
    """The image and its media type, checked.

    Raises:
        Refused: it cannot be read, is not the one that was approved, or not what Telegram takes.
    """
    content, media_type, (width, height) = read_image(
        Platform.TELEGRAM, "Telegram", order, most=_MOST_BYTES, formats=_TYPES
    )
    if width < _LEAST_WIDTH or abs(width / height - _RATIO) > _TOLERANCE:
        raise refused(
            f"the image is {width}x{height}; Telegram takes 16:9 and at least "
            f"{_LEAST_WIDTH} pixels across, such as 1280x720",
            field="image_path",
        )
    return content, media_type


def _check_own_button(action: CallToAction) -> None:
    if action is not CallToAction.LEARN_MORE:
        raise refused(
            f"call to action {action.value!r}: what is on Telegram has Telegram's own button; use "
            "'learn_more'",
            field="call_to_action",
        )


def _website_name(host: str, account: AdAccount) -> str:
    name = account.options.get(terms.WEBSITE_NAME) or host.removeprefix("www.")
    if len(name) > terms.WEBSITE_NAME_LIMIT:
        raise refused(
            f"the website's name {name!r} has {len(name)} characters; Telegram takes "
            f"{terms.WEBSITE_NAME_LIMIT}: set the account option {terms.WEBSITE_NAME}",
            field=terms.WEBSITE_NAME,
        )
    return name
