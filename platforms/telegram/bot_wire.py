"""Calls to the Bot API. The token is part of every address, so it is put there below httpx,
which logs addresses and shows them in its errors."""

import json
from collections.abc import Mapping
from typing import Any, cast

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Ambiguous, NetworkError, RateLimited, Transient
from platforms.network import Ground
from platforms.telegram.errors import no_answer, refused
from platforms.telegram.wire import JsonObject, envelope
from platforms.transport import lost, scrubbed, trusted

ALL_CHATS, ONE_CHAT = "bot", "bot_chat"
"""Buckets: calls of the bot, and what it sends to its channel."""
_WAIT = 30.0
_SENDS = ("sendMessage", "sendPhoto")


class BotWire:
    """One bot's connection. Nothing is ever sent twice."""

    def __init__(self, token: str, ground: Ground) -> None:
        self._quota = ground.quota
        self._secrets = _Hidden(token)
        self._base = ground.hosts["bot"].rstrip("/")
        self._http = httpx.AsyncClient(
            timeout=ground.timeout,
            transport=_TokenInPath(token),
            headers={"User-Agent": "adflight", "Accept": "application/json"},
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def call(
        self,
        method: str,
        params: JsonObject,
        *,
        changes: bool = False,
        files: Mapping[str, Any] | None = None,
    ) -> Any:
        """The result of a method; ``changes`` is whether it could change something."""
        await self._quota.take(ALL_CHATS)
        if method in _SENDS:
            await self._quota.take(ONE_CHAT)
        try:
            if files is None:
                response = await self._http.post(f"{self._base}/{method}", json=params)
            else:
                form = {
                    name: value if isinstance(value, str) else json.dumps(value)
                    for name, value in params.items()
                }
                response = await self._http.post(f"{self._base}/{method}", data=form, files=files)
        except httpx.HTTPError as error:
            raise lost(Platform.TELEGRAM, error, changes=changes) from None
        body = envelope(response)
        if body is None:
            raise no_answer(response, changes=changes)
        if body["ok"] is True:
            return body.get("result")
        raise self._failure(body, response, changes)

    def _failure(self, body: JsonObject, response: httpx.Response, changes: bool) -> NetworkError:
        status = int(body.get("error_code") or response.status_code)
        text = scrubbed(str(body.get("description") or "no reason given"), self._secrets.values)
        more = cast(JsonObject, body.get("parameters") or {})
        code = str(status)
        if status == 429:
            wait = float(more.get("retry_after") or _WAIT)
            self._quota.heard(ONE_CHAT, remaining=0, reset_in=wait)
            return RateLimited(Platform.TELEGRAM, text, code=code, retry_after=wait)
        if moved := more.get("migrate_to_chat_id"):
            return refused(
                f"the chat has moved; set the account option channel to {moved}", field="channel"
            )
        # A token that Telegram cannot even read is answered with 404.
        if status in (401, 404):
            text = "the bot's token is not valid; get another from @BotFather"
            return AccessDenied(Platform.TELEGRAM, text, code=code)
        if status == 403:
            return AccessDenied(Platform.TELEGRAM, text, code=code)
        if status >= 500:
            kind = Ambiguous if changes else Transient
            return kind(Platform.TELEGRAM, f"Telegram could not answer: {text}", code=code)
        return refused(text, code=code)


class _Hidden:
    """Values that no representation shows."""

    def __init__(self, *values: str) -> None:
        self.values = values

    def __repr__(self) -> str:
        return "(hidden)"


class _TokenInPath(httpx.AsyncBaseTransport):
    """Sends ``/sendMessage`` as ``/bot<token>/sendMessage``."""

    def __init__(self, token: str) -> None:
        self._hidden = _Hidden(token)
        # An idle connection that Telegram has closed would make a post look ambiguous.
        limits = httpx.Limits(keepalive_expiry=2.0)
        self._inner = httpx.AsyncHTTPTransport(verify=trusted(), retries=0, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, _, method = request.url.path.rpartition("/")
        (token,) = self._hidden.values
        address = request.url.copy_with(path=f"{path}/bot{token}/{method}")
        sent = httpx.Request(
            request.method,
            address,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(sent)

    async def aclose(self) -> None:
        await self._inner.aclose()
