"""Where generators are tested: the sandbox over HTTP, and a server that answers as it is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from creative.generators import GeneratorSettings

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
