"""What the three stand-ins share: reading a request, checking fields, playing faults."""

import json
from json import JSONDecodeError
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.world import World


class Answered(Exception):
    """An answer other than the usual one."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def answered(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answered:
    """An answer in JSON, to be raised."""
    return Answered(JSONResponse(body, status, headers=headers))


async def json_body(request: Request) -> dict[str, Any] | None:
    """The JSON object of a request; None when it is none."""
    try:
        body: object = json.loads(await request.body())
    except (JSONDecodeError, UnicodeDecodeError):
        return None
    return cast("dict[str, Any]", body) if isinstance(body, dict) else None


def here(request: Request) -> str:
    """Base URL of the stand-in that serves ``request``, wherever it is mounted."""
    url = request.url
    return f"{url.scheme}://{url.netloc}{request.scope.get('root_path', '')}"


def whole(value: object, low: int, high: int) -> bool:
    """Whether a field is a whole number within limits."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def garbled(world: World, network: str) -> None:
    """Play ``invalid_answer``: a status of success over something that is not the API's."""
    if world.fault(network, "invalid_answer"):
        raise Answered(Response("<html>Bad gateway</html>", 200, media_type="text/html"))
