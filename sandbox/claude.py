"""A stand-in for Anthropic's Messages API, for stacks without an API key.

``POST /v1/messages``, ``POST /v1/messages/count_tokens`` and ``GET /v1/models`` speak the wire
protocol of the official SDK; the answers come from ``sandbox.planner``, which says so. Faults
(network ``claude``): overloaded, rate_limited, server_error, refusal, invalid_answer.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from json import JSONDecodeError
from typing import Any, Final, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.claude_request import ApiError, MessageRequest, authenticate, parse, tokens
from sandbox.planner import LABEL, ToolCall, Turn, plan
from sandbox.world import World

_NETWORK: Final = "claude"
MODELS: Final = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
_WINDOW: Final = 200_000
_Endpoint = Callable[[Request, str], Awaitable[Response]]


def build(world: World) -> Starlette:
    """The API over a world, which lends it ids and faults."""

    def guarded(endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            request_id = f"req_sandbox{world.next_number('claude.request'):08d}"
            try:
                authenticate(request.headers)
                _play_errors(world)
                answer = await endpoint(request, request_id)
            except ApiError as error:
                answer = error.response(request_id)
            answer.headers["request-id"] = request_id
            return answer

        return serve

    async def messages(request: Request, request_id: str) -> Response:
        asked = parse(await _json(request))
        turn = _choose(plan(asked.prompt, asked.tool_names), asked)
        if world.fault(_NETWORK, "refusal"):
            return JSONResponse(_refusal(world, asked))
        if turn.calls and world.fault(_NETWORK, "invalid_answer"):
            first = turn.calls[0]
            broken = ToolCall(first.name, _break(first.arguments))
            turn = Turn(turn.text, (broken, *turn.calls[1:]))
        return JSONResponse(_message(world, asked, turn))

    async def count(request: Request, request_id: str) -> Response:
        asked = parse(await _json(request), counting=True)
        return JSONResponse({"input_tokens": asked.input_tokens})

    async def models(request: Request, request_id: str) -> Response:
        data = [_model(name) for name in MODELS]
        ends = {"first_id": MODELS[0], "last_id": MODELS[-1]}
        return JSONResponse({"data": data, "has_more": False, **ends})

    async def model(request: Request, request_id: str) -> Response:
        name = request.path_params["name"]
        if name not in MODELS:
            raise ApiError(404, "not_found_error", f"model: {name}")
        return JSONResponse(_model(name))

    async def unknown(request: Request, request_id: str) -> Response:
        raise ApiError(404, "not_found_error", "Not found")

    return Starlette(
        routes=[
            Route("/v1/messages", guarded(messages), methods=["POST"]),
            Route("/v1/messages/count_tokens", guarded(count), methods=["POST"]),
            Route("/v1/models", guarded(models), methods=["GET"]),
            Route("/v1/models/{name}", guarded(model), methods=["GET"]),
            Route("/{rest:path}", guarded(unknown), methods=["GET", "POST"]),
        ]
    )


def _play_errors(world: World) -> None:
    if world.fault(_NETWORK, "overloaded"):
        raise ApiError(529, "overloaded_error", "Overloaded")
    if world.fault(_NETWORK, "rate_limited"):
        message = "This request would exceed your organization's rate limit"
        raise ApiError(429, "rate_limit_error", message, {"retry-after": "1"})
    if world.fault(_NETWORK, "server_error"):
        raise ApiError(500, "api_error", "Internal server error")


async def _json(request: Request) -> dict[str, Any]:
    try:
        body: object = json.loads(await request.body())
    except (JSONDecodeError, UnicodeDecodeError):
        raise ApiError.invalid("The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise ApiError.invalid("The request body must be a JSON object")
    return cast("dict[str, Any]", body)


def _choose(turn: Turn, asked: MessageRequest) -> Turn:
    """Hold the turn to the caller's ``tool_choice`` and to the tools' own schemas."""
    choice = str(asked.tool_choice.get("type", "auto"))
    if choice == "none":
        return Turn(turn.text)
    calls = [call for call in turn.calls if call.name in asked.tools]
    if choice == "tool":
        calls = [call for call in calls if call.name == asked.tool_choice.get("name")]
    if asked.tool_choice.get("disable_parallel_tool_use"):
        calls = calls[:1]
    fitted = (ToolCall(c.name, _known(c.arguments, asked.tools[c.name])) for c in calls)
    return Turn(turn.text, tuple(fitted))


def _known(arguments: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a closed schema does not list."""
    properties = schema.get("properties")
    if schema.get("additionalProperties") is not False or not isinstance(properties, dict):
        return arguments
    return {name: value for name, value in arguments.items() if name in properties}


def _break(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same input without its first field and with one nobody asked for."""
    return {**dict(list(arguments.items())[1:]), "unexpected_field": True}


def _usage(asked: MessageRequest, output: int) -> dict[str, Any]:
    return {
        "input_tokens": asked.input_tokens,
        "output_tokens": output,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "service_tier": "standard",
    }


def _envelope(world: World, asked: MessageRequest) -> dict[str, Any]:
    return {
        "id": f"msg_sandbox{world.next_number('claude.message'):08d}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_sequence": None,
        "stop_details": None,
    }


def _refusal(world: World, asked: MessageRequest) -> dict[str, Any]:
    why = f"{LABEL}: an armed fault"
    details = {"type": "refusal", "category": None, "explanation": why}
    usage = _usage(asked, 0)
    envelope = _envelope(world, asked)
    return {**envelope, "stop_reason": "refusal", "stop_details": details, "usage": usage}


def _message(world: World, asked: MessageRequest, turn: Turn) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": turn.text}]
    for call in turn.calls:
        number = world.next_number("claude.tool")
        block = {"type": "tool_use", "id": f"toolu_sandbox{number:08d}", "name": call.name}
        content.append({**block, "input": call.arguments})
    output = sum(tokens(block) for block in content)
    reason = "tool_use" if turn.calls else "end_turn"
    if output > asked.max_tokens:
        # What does not fit is lost, and a tool call that is not whole is no call.
        text = turn.text[: 4 * asked.max_tokens]
        content = [{"type": "text", "text": text}] if text else []
        output, reason = asked.max_tokens, "max_tokens"
    envelope = {**_envelope(world, asked), "content": content}
    return {**envelope, "stop_reason": reason, "usage": _usage(asked, output)}


def _model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": f"{name} (answered by the {LABEL})",
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "deprecated_at": None,
        "retires_at": None,
        "capabilities": None,
        "line": None,
        "max_input_tokens": _WINDOW,
        "max_tokens": 64_000,
    }
