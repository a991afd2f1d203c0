"""Posts to a channel through the Bot API: written, edited, pinned, deleted.

A bot cannot list what a channel holds and Telegram takes no idempotency key. So a post whose
answer was lost is ``Ambiguous``: it is never sent again by itself, a person looks at the channel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast

from PIL import Image, UnidentifiedImageError

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Refused
from platforms.network import Ground
from platforms.telegram.bot_wire import BotWire
from platforms.telegram.errors import refused
from platforms.telegram.wire import JsonObject

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
_MOST_BYTES = 10 * 1024 * 1024
_MOST_SIDES = 10_000
_NEEDED = {
    "can_post_messages": "post",
    "can_edit_messages": "edit (which pinning needs too)",
    "can_delete_messages": "delete",
}


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button below a post that opens an address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Post:
    """One message of the channel. ``photo``: its text is a photo's caption. ``link`` is empty
    where the channel is private."""

    id: int
    photo: bool
    link: str = ""


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Whether the bot can post. ``members`` is the channel's audience."""

    usable: bool
    title: str = ""
    members: int = 0
    problems: tuple[str, ...] = ()


def open_channel(account: AdAccount, credentials: Mapping[str, str], ground: Ground) -> "Channel":
    """The channel of an account, ready to be posted to; nothing is sent yet.

    Args:
        account: The option ``channel`` is ``@name`` or the numeric id (``-100...``).
        credentials: ``bot_token``, as @BotFather gives it.
        ground: Host ``bot``.

    Raises:
        AccessDenied: the token is missing.
        Refused: the option is missing.
    """
    token = credentials.get("bot_token")
    if not token:
        raise AccessDenied(
            Platform.TELEGRAM, "the credential lacks bot_token; get one from @BotFather"
        )
    channel = account.options.get("channel")
    if not channel:
        raise refused("the account option channel is missing; set @name or its id", field="channel")
    return Channel(channel, token, ground)


class Channel:
    """A channel and the bot that posts to it. Nothing is ever sent twice."""

    def __init__(self, chat_id: str, token: str, ground: Ground) -> None:
        self._chat = chat_id
        self._wire = BotWire(token, ground)

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def post(
        self,
        text: str,
        *,
        photo: str | None = None,
        buttons: Sequence[Sequence[LinkButton]] = (),
        silent: bool = False,
    ) -> Post:
        """Publish a text, or a photo with the text as its caption. Text is sent as it is, without
        markup.

        Args:
            text: 1 to 4,096 characters; 0 to 1,024 below a photo.
            photo: Local path of a JPEG or PNG of at most 10 MB.
            buttons: Rows of buttons below it.
            silent: Without a sound at the readers'.

        Raises:
            Refused: too long, or an image that Telegram does not take; nothing was sent.
            RateLimited: too many posts; nothing was sent.
            Ambiguous: the answer was lost; look at the channel before you post it again.
        """
        body: JsonObject = {"chat_id": self._chat, **_keyboard(buttons)}
        if silent:
            body["disable_notification"] = True
        if photo is None:
            _check_length(text, 1, TEXT_LIMIT)
            message = await self._wire.call("sendMessage", {**body, "text": text}, changes=True)
        else:
            _check_length(text, 0, CAPTION_LIMIT)
            name, content, media_type = _read_photo(photo)
            files = {"photo": (name, content, media_type)}
            message = await self._wire.call(
                "sendPhoto", {**body, "caption": text}, changes=True, files=files
            )
        return _as_post(cast(JsonObject, message), photo=photo is not None)

    async def edit(
        self, post: Post, text: str, *, buttons: Sequence[Sequence[LinkButton]] = ()
    ) -> None:
        """Give a post another text and buttons. Setting the same again is no error.

        Raises:
            Refused: too long, or the post is gone.
            Ambiguous: the answer was lost; editing again is harmless.
        """
        body: JsonObject = {"chat_id": self._chat, "message_id": post.id, **_keyboard(buttons)}
        if post.photo:
            _check_length(text, 0, CAPTION_LIMIT)
            method, field = "editMessageCaption", "caption"
        else:
            _check_length(text, 1, TEXT_LIMIT)
            method, field = "editMessageText", "text"
        try:
            await self._wire.call(method, {**body, field: text}, changes=True)
        except Refused as error:
            if "message is not modified" not in error.message:
                raise

    async def delete(self, post: Post) -> None:
        """Delete a post; deleting what is gone is no error.

        Raises:
            Refused: Telegram does not let the bot (a post older than 48 hours needs the right).
            Ambiguous: the answer was lost; deleting again is harmless.
        """
        body = {"chat_id": self._chat, "message_id": post.id}
        try:
            await self._wire.call("deleteMessage", body, changes=True)
        except Refused as error:
            if "message to delete not found" not in error.message:
                raise

    async def pin(self, post: Post) -> None:
        """Pin a post, without a sound.

        Raises:
            Refused: the post is gone, or the bot has not the right.
            Ambiguous: the answer was lost; pinning again is harmless.
        """
        body = {"chat_id": self._chat, "message_id": post.id, "disable_notification": True}
        await self._wire.call("pinChatMessage", body, changes=True)

    async def check(self) -> ChannelHealth:
        """Whether the token is good, the channel is there, and the bot may do what it must.

        Raises:
            AccessDenied: the token is not valid.
            Transient: Telegram could not answer; nothing is known.
        """
        bot = cast(JsonObject, await self._wire.call("getMe", {}))
        here = {"chat_id": self._chat}
        try:
            chat = cast(JsonObject, await self._wire.call("getChat", here))
            members = int(await self._wire.call("getChatMemberCount", here))
            admins = cast(list[JsonObject], await self._wire.call("getChatAdministrators", here))
        except (Refused, AccessDenied) as error:
            problem = (
                f"The bot does not reach channel {self._chat} ({error.message}); add it there as "
                "an administrator."
            )
            return ChannelHealth(usable=False, problems=(problem,))
        problems = _rights(bot, admins)
        title = str(chat.get("title") or "")
        return ChannelHealth(not problems, title, members, tuple(problems))


def _keyboard(buttons: Sequence[Sequence[LinkButton]]) -> JsonObject:
    rows = [[{"text": one.text, "url": one.url} for one in row] for row in buttons if row]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check_length(text: str, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise refused(
            f"the text has {len(text)} characters; Telegram takes {least} to {most}: rewrite it",
            field="text",
        )


def _read_photo(path: str) -> tuple[str, bytes, str]:
    place = Path(path)
    try:
        content = place.read_bytes()
        with Image.open(BytesIO(content)) as image:
            kind, (width, height) = str(image.format), image.size
    except (OSError, UnidentifiedImageError):
        raise refused(f"image {place.name} cannot be read", field="photo") from None
    if kind not in ("JPEG", "PNG"):
        raise refused(f"image {place.name} is {kind}; send JPEG or PNG", field="photo")
    if len(content) > _MOST_BYTES or width + height > _MOST_SIDES:
        raise refused(
            f"image {place.name} has {len(content):,} bytes and {width}x{height} pixels; Telegram "
            f"takes {_MOST_BYTES:,} bytes, and {_MOST_SIDES:,} pixels for both sides together",
            field="photo",
        )
    return place.name, content, f"image/{kind.lower()}"


def _as_post(message: JsonObject, *, photo: bool) -> Post:
    chat = cast(JsonObject, message.get("chat") or {})
    name = chat.get("username")
    number = int(message["message_id"])
    return Post(number, photo, f"https://t.me/{name}/{number}" if name else "")


def _rights(bot: JsonObject, admins: Sequence[JsonObject]) -> list[str]:
    for one in admins:
        if cast(JsonObject, one.get("user") or {}).get("id") == bot.get("id"):
            lacking = [words for right, words in _NEEDED.items() if not one.get(right)]
            if one.get("status") == "creator" or not lacking:
                return []
            return [f"The bot may not {', '.join(lacking)} here; give it the right."]
    return ["The bot is no administrator of the channel; make it one, with the right to post."]
