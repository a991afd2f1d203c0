"""The Bot API for one channel: posts, edits, pins, and what a health check reads.

It takes no idempotency key and cannot list posts; the shelf and the journal show what was posted.
"""

import json
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qsl

from PIL import Image, UnidentifiedImageError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.telegram.store import BOT_TOKEN, CHANNEL, CHANNEL_ID, NETWORK, JsonObject
from sandbox.world import World
from sandbox.x.multipart import parse_multipart
from sandbox.x.request import XError

_BOT = {"id": 7_000_000_001, "is_bot": True, "first_name": "Adflight", "username": "adflight_bot"}
_TEXT, _CAPTION = 4096, 1024
_POSTS, _WINDOW = 20, 60.0
_FAULT_WAIT = 1
_RIGHTS = ("can_post_messages", "can_edit_messages", "can_delete_messages")


class BotError(Exception):
    """A refusal in the Bot API's own form."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


class BotDesk:
    """Takes calls in: token, faults, flood limit; then the method; then the envelope."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent: list[float] = []
        world.limit(self._sent.clear)
        self._methods: dict[str, Callable[[JsonObject, dict[str, bytes]], Any]] = {
            "getMe": lambda values, files: _BOT,
            "getChat": lambda values, files: _public(self._chat(values)),
            "getChatMemberCount": lambda values, files: self._chat(values)["_members"],
            "getChatAdministrators": self._administrators,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "deleteMessage": self._delete,
            "pinChatMessage": self._pin,
        }

    async def endpoint(self, request: Request) -> Response:
        body = await request.body()
        try:
            return JSONResponse({"ok": True, "result": self._serve(request, body)})
        except BotError as error:
            content: JsonObject = {
                "ok": False,
                "error_code": error.status,
                "description": error.description,
            }
            if error.parameters:
                content["parameters"] = error.parameters
            return JSONResponse(content, error.status)

    def _serve(self, request: Request, body: bytes) -> Any:
        bot, name = request.path_params["bot"], request.path_params["method"]
        if not bot.startswith("bot") or ":" not in bot:
            raise BotError(404, "Not Found")
        if bot != f"bot{BOT_TOKEN}" or self._world.fault(NETWORK, "expired_token"):
            raise BotError(401, "Unauthorized")
        if self._world.fault(NETWORK, "server_error"):
            raise BotError(502, "Bad Gateway")
        method = self._methods.get(name)
        if method is None:
            raise BotError(404, "Not Found: method not found")
        values, files = _parameters(request, body)
        self._within_limits(name)
        return method(values, files)

    def _within_limits(self, name: str) -> None:
        flood = "Too Many Requests: retry after {}"
        if self._world.fault(NETWORK, "rate_limited"):
            raise BotError(429, flood.format(_FAULT_WAIT), retry_after=_FAULT_WAIT)
        if not name.startswith("send"):
            return
        now = time.monotonic()
        self._sent[:] = [at for at in self._sent if now - at < _WINDOW]
        if len(self._sent) >= _POSTS:
            wait = int(_WINDOW - (now - self._sent[0])) + 1
            raise BotError(429, flood.format(wait), retry_after=wait)
        self._sent.append(now)

    def _send_message(self, values: JsonObject, files: dict[str, bytes]) -> JsonObject:
        text = _text(values, "text", _TEXT)
        if not text:
            raise BotError(400, "Bad Request: message text is empty")
        return self._post(values, {"text": text})

    def _send_photo(self, values: JsonObject, files: dict[str, bytes]) -> JsonObject:
        photo = files.get("photo")
        if not photo:
            raise BotError(400, "Bad Request: there is no photo in the request")
        try:
            with Image.open(BytesIO(photo)) as image:
                width, height = image.size
        except (OSError, UnidentifiedImageError):
            raise BotError(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
        shown = {"file_id": f"photo-{len(photo)}", "width": width, "height": height}
        return self._post(values, {"caption": _text(values, "caption", _CAPTION), "photo": [shown]})

    def _edit_text(self, values: JsonObject, files: dict[str, bytes]) -> JsonObject:
        return self._edit(values, "text", _text(values, "text", _TEXT))

    def _edit_caption(self, values: JsonObject, files: dict[str, bytes]) -> JsonObject:
        return self._edit(values, "caption", _text(values, "caption", _CAPTION))

    def _post(self, values: JsonObject, content: JsonObject) -> JsonObject:
        chat = self._chat(values)
        chat["_posts"] += 1
        self._world.put(NETWORK, "chat", str(chat["id"]), chat)
        message: JsonObject = {
            "message_id": chat["_posts"],
            "chat": _public(chat),
            "date": int(self._world.now().timestamp()),
            **content,
            **_keyboard(values),
        }
        self._world.put(NETWORK, "message", str(chat["_posts"]), message)
        self._world.note(NETWORK, "posted", {"message_id": chat["_posts"]})
        return message

    def _edit(self, values: JsonObject, field: str, text: str) -> JsonObject:
        message = self._message(values, "edit")
        if field not in message:
            raise BotError(400, f"Bad Request: there is no {field} in the message to edit")
        keyboard = _keyboard(values)
        if message[field] == text and message.get("reply_markup") == keyboard.get("reply_markup"):
            raise BotError(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        message.pop("reply_markup", None)
        message |= {field: text, "edit_date": int(self._world.now().timestamp()), **keyboard}
        self._world.put(NETWORK, "message", str(message["message_id"]), message)
        return message

    def _delete(self, values: JsonObject, files: dict[str, bytes]) -> bool:
        message = self._message(values, "delete")
        self._world.put(NETWORK, "message", str(message["message_id"]), {**message, "_gone": True})
        return True

    def _pin(self, values: JsonObject, files: dict[str, bytes]) -> bool:
        message = self._message(values, "pin")
        chat = self._chat(values)
        chat["_pinned"] = message["message_id"]
        self._world.put(NETWORK, "chat", str(chat["id"]), chat)
        return True

    def _administrators(self, values: JsonObject, files: dict[str, bytes]) -> list[JsonObject]:
        chat = self._chat(values)
        rights = {name: name not in chat.get("_denied", ()) for name in _RIGHTS}
        return [
            {"status": "creator", "user": {"id": 1, "is_bot": False, "first_name": "Owner"}},
            {"status": "administrator", "user": _BOT, **rights},
        ]

    def _chat(self, values: JsonObject) -> JsonObject:
        wanted = str(values.get("chat_id", ""))
        chat = self._world.get(NETWORK, "chat", str(CHANNEL_ID))
        if chat is None or wanted not in (f"@{CHANNEL}", str(CHANNEL_ID)):
            raise BotError(400, "Bad Request: chat not found")
        if chat.get("_kicked"):
            raise BotError(403, "Forbidden: bot was kicked from the channel chat")
        return chat

    def _message(self, values: JsonObject, what: str) -> JsonObject:
        self._chat(values)
        message = self._world.get(NETWORK, "message", str(values.get("message_id")))
        if message is None or message.get("_gone"):
            raise BotError(400, f"Bad Request: message to {what} not found")
        return message


def _parameters(request: Request, body: bytes) -> tuple[JsonObject, dict[str, bytes]]:
    values: JsonObject = dict(parse_qsl(request.url.query, keep_blank_values=True))
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        try:
            fields, files = parse_multipart(kind, body)
        except XError:
            raise BotError(400, "Bad Request: can't parse the body") from None
        return values | fields, files
    if kind.startswith("application/x-www-form-urlencoded"):
        return values | dict(parse_qsl(body.decode())), {}
    if body:
        try:
            sent: Any = json.loads(body)
        except ValueError:
            raise BotError(400, "Bad Request: can't parse JSON") from None
        values |= cast(JsonObject, sent)
    return values, {}


def _text(values: JsonObject, name: str, most: int) -> str:
    text = str(values.get(name) or "")
    if len(text) > most:
        what = "caption" if name == "caption" else "message"
        raise BotError(400, f"Bad Request: {what} is too long")
    return text


def _keyboard(values: JsonObject) -> JsonObject:
    """``reply_markup``; a form sends it as JSON."""
    markup = values.get("reply_markup")
    if markup is None:
        return {}
    if isinstance(markup, str):
        markup = json.loads(markup)
    for row in markup["inline_keyboard"]:
        for button in row:
            if "." not in str(button.get("url", "")):
                raise BotError(400, "Bad Request: inline keyboard button URL is invalid")
    return {"reply_markup": markup}


def _public(chat: JsonObject) -> JsonObject:
    return {name: value for name, value in chat.items() if not name.startswith("_")}
