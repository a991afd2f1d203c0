"""A stand-in for OpenAI's Images API: ``POST /v1/images/generations``, answered at once.

Faults (network ``openai``): expired_token, rate_limited, overloaded, server_error, moderated,
no_credit, invalid_answer.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.generative.media import picture
from sandbox.generative.request import Answered, answered, garbled, json_body, whole
from sandbox.world import World

_NETWORK: Final = "openai"
MODELS: Final = (
    "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2-2026-04-21",
    "gpt-image-2.5-sunburst", "gpt-image-2.5-flare", "gpt-image-2.6-sunburst",
    "gpt-image-2.6-flare", "chatgpt-image-latest",
)  # fmt: skip
_STANDARD: Final = ("1024x1024", "1536x1024", "1024x1536")
_FIXED: Final = ("gpt-image-1", "chatgpt-image")
_FORMATS: Final = ("png", "jpeg", "webp")
_MOST_PIXELS: Final = 3_840 * 2_160
_MOST_PROMPT: Final = 32_000
_TOKENS: Final = {"low": 300, "medium": 1_100, "high": 4_200}


def build(world: World) -> Starlette:
    """The API over a world, which lends it numbers and faults."""

    async def generate(request: Request) -> Response:
        try:
            _admit(world, request.headers)
            asked = await json_body(request)
            if asked is None:
                raise _invalid("We could not parse the JSON body of your request.", None)
            size, kind = _checked(asked)
            if world.fault(_NETWORK, "moderated"):
                raise _error(
                    400,
                    "Your request was rejected by the safety system.",
                    "image_generation_user_error",
                    "moderation_blocked",
                )
            garbled(world, _NETWORK)
        except Answered as other:
            return other.response
        number = world.next_number("openai.picture")
        made = await run_in_threadpool(picture, asked["prompt"], number, size, kind.upper())
        note = {"model": asked["model"], "size": f"{size[0]}x{size[1]}"}
        world.note(_NETWORK, "picture", note)
        return JSONResponse(_answer(asked, size, kind, made, int(world.now().timestamp())))

    async def unknown(request: Request) -> Response:
        message = f"Invalid URL ({request.method} {request.url.path})"
        return _error(404, message, "invalid_request_error", None).response

    return Starlette(
        routes=[
            Route("/v1/images/generations", generate, methods=["POST"]),
            Route("/{rest:path}", unknown, methods=["GET", "POST"]),
        ]
    )


def _admit(world: World, headers: Mapping[str, str]) -> None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise _error(
            401, "You didn't provide an API key.", "invalid_request_error", "missing_api_key"
        )
    if world.fault(_NETWORK, "expired_token"):
        # The real one quotes the key with its middle blotted out.
        shown = f"{key[:8]}***{key[-4:]}"
        raise _error(
            401, f"Incorrect API key provided: {shown}.", "invalid_request_error", "invalid_api_key"
        )
    if world.fault(_NETWORK, "rate_limited"):
        raise _error(
            429, "Rate limit reached for images.", "requests", "rate_limit_exceeded",
            {"retry-after": "2"},
        )  # fmt: skip
    if world.fault(_NETWORK, "no_credit"):
        raise _error(
            429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"
        )
    if world.fault(_NETWORK, "overloaded"):
        raise _error(503, "The engine is currently overloaded.", "server_error", None)
    if world.fault(_NETWORK, "server_error"):
        raise _error(500, "The server had an error.", "server_error", None)


def _checked(asked: Mapping[str, Any]) -> tuple[tuple[int, int], str]:
    """Size and format, once every field is in order."""
    prompt, model = asked.get("prompt"), asked.get("model")
    if not isinstance(prompt, str) or not 0 < len(prompt) <= _MOST_PROMPT:
        raise _invalid(f"'prompt' must be 1 to {_MOST_PROMPT} characters.", "prompt")
    if model not in MODELS:
        message = f"The model '{model}' does not exist."
        raise _error(404, message, "invalid_request_error", "model_not_found")
    if "response_format" in asked:
        raise _invalid("Unknown parameter: 'response_format'.", "response_format")
    if not whole(asked.get("n", 1), 1, 1):
        raise _invalid("'n': the sandbox makes one picture at a time.", "n")
    kind = asked.get("output_format", "png")
    if kind not in ("png", "jpeg"):
        raise _invalid("'output_format': the sandbox makes png and jpeg.", "output_format")
    if asked.get("quality", "auto") not in (*_TOKENS, "auto"):
        raise _invalid(f"Invalid value: '{asked['quality']}'.", "quality")
    return _size(str(asked.get("size", "1024x1024")), str(model)), str(kind)


def _size(text: str, model: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if text == "auto":
        return (1_024, 1_024)
    if found is None or (model.startswith(_FIXED) and text not in _STANDARD):
        raise _invalid(f"Invalid value: '{text}'. Supported: {', '.join(_STANDARD)}.", "size")
    width, height = int(found[1]), int(found[2])
    if width % 16 or height % 16:
        raise _invalid(f"Invalid size '{text}': both sides must be divisible by 16.", "size")
    if max(width, height) > 3 * min(width, height) or width * height > _MOST_PIXELS:
        raise _invalid(f"Invalid size '{text}': ratio up to 3:1, at most 3840x2160.", "size")
    return width, height


def _answer(
    asked: Mapping[str, Any], size: tuple[int, int], kind: str, made: bytes, created: int
) -> dict[str, Any]:
    quality = asked.get("quality", "auto")
    quality = "medium" if quality == "auto" else quality
    words, drawn = -(-len(asked["prompt"]) // 4), _TOKENS[quality]
    return {
        "created": created,
        "data": [{"b64_json": base64.b64encode(made).decode("ascii")}],
        "background": asked.get("background", "opaque"),
        "output_format": kind,
        "quality": quality,
        "size": f"{size[0]}x{size[1]}",
        "usage": {
            "input_tokens": words,
            "input_tokens_details": {"text_tokens": words, "image_tokens": 0},
            "output_tokens": drawn,
            "total_tokens": words + drawn,
        },
    }


def _invalid(message: str, param: str | None) -> Answered:
    return _error(400, message, "invalid_request_error", "invalid_value", param=param)


def _error(
    status: int,
    message: str,
    kind: str,
    code: str | None,
    headers: dict[str, str] | None = None,
    *,
    param: str | None = None,
) -> Answered:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return answered(status, {"error": error}, headers)
