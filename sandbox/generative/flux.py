"""A stand-in for Black Forest Labs: order, poll the address given, fetch a signed link.

A task is Pending when it is first looked at and Ready after: no test waits. The link lives ten
real minutes and opens without the key; the key in its place is refused. Faults (network
``flux``): expired_token, rate_limited, overloaded, server_error, moderated, no_credit,
invalid_answer. ``moderated`` fires on the order, or with a path filter (``get_result``) on the
finished picture.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.generative.media import picture
from sandbox.generative.request import Answered, answered, garbled, here, json_body, whole
from sandbox.world import World

_NETWORK: Final = "flux"
_KIND: Final = "task"
BY_SIZE: Final = {
    "flux-2-pro": (16, 2_048), "flux-2-pro-preview": (16, 2_048), "flux-2-max": (16, 2_048),
    "flux-2-flex": (16, 2_048), "flux-2-klein-9b": (16, 2_048), "flux-2-klein-4b": (16, 2_048),
    "flux-pro-1.1": (32, 1_440), "flux-dev": (32, 1_440),
}  # fmt: skip
BY_RATIO: Final = ("flux-3-image", "flux-kontext-pro", "flux-kontext-max", "flux-pro-1.1-ultra")
_CREDITS: Final = {"flux-2-klein-9b": 1.5, "flux-2-klein-4b": 1.4, "flux-2-pro": 3.0}
LIVES: Final = 600
_ALLOWED: Final = {
    "prompt", "width", "height", "seed", "output_format", "safety_tolerance", "aspect_ratio",
    "prompt_upsampling", "resolution",
}  # fmt: skip


def build(world: World) -> Starlette:
    """The API over a world, which keeps its tasks."""

    async def order(request: Request) -> Response:
        try:
            _admit(world, request.headers)
            model = request.path_params["model"]
            asked = await json_body(request)
            size = _checked(model, asked)
            assert asked is not None
            if world.fault(_NETWORK, "no_credit"):
                raise answered(402, {"detail": "Insufficient credits"})
        except Answered as other:
            return other.response
        number = world.next_number("flux.task")
        name = hashlib.sha256(f"flux/{number}".encode()).hexdigest()[:32]
        pixels = max(1, -(-size[0] * size[1] // 1_048_576))
        cost = _CREDITS.get(model, 5.0) + 1.5 * (pixels - 1)
        task = {
            "prompt": asked["prompt"],
            "seed": asked.get("seed", number),
            "size": list(size),
            "format": asked.get("output_format", "jpeg"),
            "looks": 0,
            "moderated": world.fault(_NETWORK, "moderated"),
        }
        world.put(_NETWORK, _KIND, name, task)
        world.note(_NETWORK, "task", {"id": name, "model": model})
        try:
            garbled(world, _NETWORK)
        except Answered as other:
            return other.response
        poll = f"{here(request)}/v1/get_result?id={name}"
        megapixels = round(size[0] * size[1] / 1e6, 2)
        body = {"id": name, "polling_url": poll, "cost": cost, "output_mp": megapixels}
        return JSONResponse(body)

    async def look(request: Request) -> Response:
        name = request.query_params.get("id", "")
        try:
            _admit(world, request.headers)
            garbled(world, _NETWORK)
        except Answered as other:
            return other.response
        task = world.get(_NETWORK, _KIND, name)
        if task is None:
            return JSONResponse({"id": name, "status": "Task not found", "result": None})
        task["looks"] += 1
        world.put(_NETWORK, _KIND, name, task)
        if task["moderated"] or (task["looks"] > 1 and world.fault(_NETWORK, "moderated")):
            status = "Request Moderated" if task["moderated"] else "Content Moderated"
            details = {"Moderation Reasons": ["Safety Filter"]}
            answer = {"id": name, "status": status, "result": None, "details": details}
            return JSONResponse(answer)
        if task["looks"] == 1:
            return JSONResponse({"id": name, "status": "Pending", "result": None, "progress": 0.3})
        until = str(int(time.time()) + LIVES)
        signed = f"se={until}&sig={_signature(name, until)}"
        link = f"{here(request)}/delivery/{name}/sample?{signed}"
        result = {"sample": link, "prompt": task["prompt"], "seed": task["seed"]}
        return JSONResponse({"id": name, "status": "Ready", "result": result})

    async def sample(request: Request) -> Response:
        name = request.path_params["name"]
        until, given = (request.query_params.get(key, "") for key in ("se", "sig"))
        task = world.get(_NETWORK, _KIND, name)
        if "x-key" in request.headers:
            return Response("<Error>AuthenticationFailed</Error>", 400)
        if task is None or not hmac.compare_digest(given, _signature(name, until)):
            return Response("<Error>AuthenticationFailed</Error>", 403)
        if int(until) < time.time():
            return Response("<Error>Signature not valid in the specified time frame</Error>", 403)
        width, height = task["size"]
        kind = "PNG" if task["format"] == "png" else "JPEG"
        made = await run_in_threadpool(picture, task["prompt"], task["seed"], (width, height), kind)
        return Response(made, media_type="application/octet-stream")

    return Starlette(
        routes=[
            Route("/v1/get_result", look, methods=["GET"]),
            Route("/v1/{model}", order, methods=["POST"]),
            Route("/delivery/{name}/sample", sample, methods=["GET"]),
        ]
    )


def _admit(world: World, headers: Mapping[str, str]) -> None:
    if not headers.get("x-key", "").strip() or world.fault(_NETWORK, "expired_token"):
        raise answered(403, {"detail": "Not authenticated"})
    if world.fault(_NETWORK, "rate_limited"):
        raise answered(429, {"detail": "Too many active tasks"}, {"retry-after": "3"})
    if world.fault(_NETWORK, "overloaded"):
        raise answered(503, {"detail": "Service unavailable"})
    if world.fault(_NETWORK, "server_error"):
        raise answered(500, {"detail": "Internal server error"})


def _checked(model: str, asked: dict[str, Any] | None) -> tuple[int, int]:
    """The size to make, once every field is in order."""
    if model not in BY_SIZE and model not in BY_RATIO:
        raise answered(404, {"detail": "Not Found"})
    if asked is None:
        raise _invalid([], "Input should be a valid dictionary", "dict_type")
    for field in asked:
        if field not in _ALLOWED:
            raise _invalid([field], "Extra inputs are not permitted", "extra_forbidden")
    if not isinstance(asked.get("prompt"), str):
        raise _invalid(["prompt"], "Field required", "missing")
    if "seed" in asked and not whole(asked["seed"], 0, 2**32 - 1):
        raise _invalid(["seed"], "Input should be a valid integer", "int_type")
    if asked.get("output_format", "jpeg") not in ("jpeg", "png"):
        raise _invalid(["output_format"], "Input should be 'jpeg' or 'png'", "enum")
    if model in BY_RATIO:
        across, _, down = str(asked.get("aspect_ratio", "1:1")).partition(":")
        if not (across.isdecimal() and down.isdecimal() and int(across) and int(down)):
            raise _invalid(["aspect_ratio"], "Input should be a ratio such as 16:9", "value_error")
        wide = (int(across) / int(down)) ** 0.5
        return round(1_024 * wide / 16) * 16, round(1_024 / wide / 16) * 16
    step, most = BY_SIZE[model]
    for field in ("width", "height"):
        side = asked.get(field, 1_024)
        if not whole(side, 64, most) or side % step:
            message = f"Input should be a multiple of {step}, from 64 to {most}"
            raise _invalid([field], message, "multiple_of")
    return asked.get("width", 1_024), asked.get("height", 1_024)


def _invalid(where: list[str], message: str, kind: str) -> Answered:
    return answered(422, {"detail": [{"loc": ["body", *where], "msg": message, "type": kind}]})


def _signature(name: str, until: str) -> str:
    return hmac.digest(b"flux sandbox", f"{name}/{until}".encode(), "sha256").hex()
