"""Transport faults, played between the client and a network's application.

``lost_answer``: the request is applied, then the connection is dropped without an answer.
``late_write``: the connection is dropped at once; the request is applied N real seconds later.
``delay``: the answer comes N real seconds late. ``duplicate``: the request is applied twice,
as when a proxy repeats it, and answered once.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.switchboard import Switchboard, request_context


class DroppingProtocol(H11Protocol):
    """uvicorn's HTTP protocol, lending each request the means to drop its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.app_state = {**self.app_state, "drop": transport.abort}
        super().connection_made(transport)


class TransportFaults:
    """Wraps one network's application and plays what the switchboard has armed for it."""

    def __init__(self, app: ASGIApp, switchboard: Switchboard, network: str) -> None:
        self._app = app
        self._switchboard = switchboard
        self._network = network
        # Late writes must outlive the request that caused them; kept so none is collected.
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with request_context(scope["method"], scope["path"]):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        take = self._switchboard.take
        if late := take(self._network, "late_write"):
            body = await _body(receive)
            task = asyncio.create_task(self._apply(scope, body, after=late.seconds))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            await _drop(scope, receive)
        elif take(self._network, "lost_answer"):
            await self._apply(scope, await _body(receive))
            await _drop(scope, receive)
        elif take(self._network, "duplicate"):
            body = await _body(receive)
            first: list[Message] = []
            await self._apply(scope, body, answer=first)
            await self._apply(scope, body)
            for message in first:
                await send(message)
        elif delay := take(self._network, "delay"):
            answer: list[Message] = []
            await self._apply(scope, await _body(receive), answer=answer)
            await asyncio.sleep(delay.seconds)
            for message in answer:
                await send(message)
        else:
            await self._app(scope, receive, send)

    async def _apply(
        self,
        scope: Scope,
        body: bytes,
        *,
        after: float = 0.0,
        answer: list[Message] | None = None,
    ) -> None:
        """Let the application serve the request; its answer goes to ``answer`` or nowhere."""

        async def keep(message: Message) -> None:
            if answer is not None:
                answer.append(message)

        await asyncio.sleep(after)
        await self._app(dict(scope), _replay(body), keep)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            # An application that waits for a disconnect must not spin on an empty body.
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _drop(scope: Scope, receive: Receive) -> None:
    """Cut the connection and wait until the server has noticed, so it answers nothing.

    Raises:
        ConnectionResetError: not served by ``DroppingProtocol`` (an in-process client).
    """
    state: dict[str, Any] = scope.get("state") or {}
    drop: Callable[[], None] | None = state.get("drop")
    if drop is None:
        raise ConnectionResetError("the sandbox dropped this connection (an armed fault)")
    drop()
    while (await receive())["type"] != "http.disconnect":
        pass
