"""Where generators are tested: the sandbox over HTTP, and a server that answers as it is told."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from creative.generators import GeneratorBusy, GeneratorRefused, GeneratorSettings
from tests.sandbox_server import Sandbox

KEY = "sk-very-secret-0123456789abcdef"
Answer = Callable[[Request], Awaitable[Response]]


def pointed_at(url: str, **more: Any) -> GeneratorSettings:
    """Settings whose three services are the sandbox's, with a key each."""
    settings = GeneratorSettings(
        openai_api_key=SecretStr(KEY),
        openai_base_url=f"{url}/openai/v1",
        flux_api_key=SecretStr(KEY),
        flux_base_url=f"{url}/flux",
        runway_api_key=SecretStr(KEY),
        runway_base_url=f"{url}/runway",
        sandbox_url=url,
        timeout_seconds=20,
    )
    return replace(settings, **more)


@dataclass
class Scripted:
    """A server that gives the answers queued for it, in order, and remembers what was asked."""

    url: str = ""
    answers: list[Response | Answer] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def say(self, *answers: Response | Answer | dict[str, Any]) -> None:
        """Queue answers; a dict is sent as JSON."""
        self.answers += [JSONResponse(one) if isinstance(one, dict) else one for one in answers]

    def settings(self, **more: Any) -> GeneratorSettings:
        """Settings whose three services are this server."""
        return replace(
            pointed_at(self.url, timeout_seconds=5),
            **{f"{name}_base_url": self.url for name in ("openai", "flux", "runway")},
            **more,
        )


async def dropped(request: Request) -> Response:
    """Take the whole request, then cut the connection instead of answering."""
    await request.body()
    request.scope["state"]["drop"]()
    return Response()


async def refuses_by_name(
    stack: Sandbox,
    service: str,
    order: Coroutine[Any, Any, object],
    fault: str,
    error: type[Exception],
    words: str,
    *,
    wait: float,
) -> None:
    """A fault of an order is played once, has its name, and keeps the key to itself. ``words`` is
    a refusal's kind, or stands in the message; ``wait`` is what ``rate_limited`` asks for."""
    stack.arm(service, fault)
    with pytest.raises(error) as caught:
        await order
    if isinstance(caught.value, GeneratorRefused):
        assert caught.value.kind == words
    else:
        assert words in str(caught.value)
    if fault == "rate_limited":
        assert isinstance(caught.value, GeneratorBusy)
        assert caught.value.retry_after == wait
    assert KEY[:8] not in str(caught.value)
    assert stack.fired(service, fault) == 1, "no call is repeated here"
