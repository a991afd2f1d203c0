"""A stand-in for Runway: ``POST /v1/image_to_video``, ``GET`` and ``DELETE /v1/tasks/{id}``.

A task is PENDING, THROTTLED, RUNNING and SUCCEEDED, one step each time it is looked at: no test
waits. Each look at a finished task gives a fresh link. Faults (network ``runway``):
expired_token, rate_limited, overloaded, server_error, moderated (the task FAILED), no_credit,
invalid_answer.
"""

import base64
import binascii
import hashlib
import hmac
import io
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.generative.media import Unreadable, clip, still
from sandbox.generative.request import Answered, answered, garbled, here, json_body, whole
from sandbox.world import World

_NETWORK: Final = "runway"
_KIND: Final = "task"
VERSION: Final = "2024-11-06"
LIVES: Final = 24 * 3600
_GEN: Final = ("1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672")
_VEO: Final = ("1280:720", "720:1280", "1920:1080", "1080:1920")
MODELS: Final[dict[str, tuple[tuple[str, ...], tuple[int, ...], int]]] = {
    "gen4_turbo": (_GEN, tuple(range(2, 11)), 5),
    "gen4.5": (_GEN, tuple(range(2, 11)), 12),
    "veo3.1": (_VEO, (4, 6, 8), 40),
    "veo3.1_fast": (_VEO, (4, 6, 8), 15),
}
"""Ratios, lengths in seconds, and credits a second."""
_STEPS: Final = ("PENDING", "THROTTLED", "RUNNING", "SUCCEEDED")
_MOST_URI: Final = 5_000_000
_MOST_PROMPT: Final = 1_000
_KEPT: Final = 640


def build(world: World) -> Starlette:
    """The API over a world, which keeps its tasks."""

    async def order(request: Request) -> Response:
        try:
            _admit(world, request.headers)
            asked = await json_body(request)
            if asked is None:
                raise _refused("Invalid JSON")
            _check(asked)
            start = await run_in_threadpool(_start, asked["promptImage"])
            if world.fault(_NETWORK, "no_credit"):
                raise _refused("You do not have enough credits to run this task.")
        except Answered as other:
            return other.response
        number = world.next_number("runway.task")
        name = str(UUID(bytes=hashlib.sha256(f"runway/{number}".encode()).digest()[:16]))
        cost = MODELS[asked["model"]][2] * asked["duration"]
        task = {
            "created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "start": start,
            "ratio": asked["ratio"],
            "seconds": asked["duration"],
            "credits": cost,
            "looks": 0,
            "moderated": world.fault(_NETWORK, "moderated"),
        }
        world.put(_NETWORK, _KIND, name, task)
        world.note(_NETWORK, "task", {"id": name, "model": asked["model"]})
        try:
            garbled(world, _NETWORK)
        except Answered as other:
            return other.response
        return JSONResponse({"id": name, "estimatedCost": {"credits": cost}})

    async def look(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            _admit(world, request.headers)
            garbled(world, _NETWORK)
        except Answered as other:
            return other.response
        task = world.get(_NETWORK, _KIND, name)
        if task is None or task.get("deleted"):
            return JSONResponse({"error": "Not found."}, 404)
        shown = {"id": name, "createdAt": task["created"]}
        if task.get("cancelled"):
            return JSONResponse(shown | {"status": "CANCELLED", "cost": {"credits": 0}})
        looks = int(task["looks"]) + 1
        world.put(_NETWORK, _KIND, name, task | {"looks": looks})
        status = _STEPS[min(looks, len(_STEPS)) - 1]
        if status == "SUCCEEDED" and task["moderated"]:
            why = {"failure": "Moderated.", "failureCode": "SAFETY.INPUT.TEXT"}
            return JSONResponse(shown | {"status": "FAILED", "cost": {"credits": 0}} | why)
        if status != "SUCCEEDED":
            more = {"progress": 0.5} if status == "RUNNING" else {}
            estimate = {"estimatedCost": {"credits": task["credits"]}}
            return JSONResponse(shown | {"status": status} | estimate | more)
        until = str(int(time.time()) + LIVES)
        signed = f"se={until}&_jwt={_signature(name, until)}"
        link = f"{here(request)}/outputs/{name}/output.mp4?{signed}"
        cost = {"credits": task["credits"]}
        return JSONResponse(shown | {"status": status, "output": [link], "cost": cost})

    async def end(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            _admit(world, request.headers)
        except Answered as other:
            return other.response
        task = world.get(_NETWORK, _KIND, name)
        if task is not None:
            done = task["looks"] >= len(_STEPS) or task.get("cancelled")
            world.put(_NETWORK, _KIND, name, task | {"deleted" if done else "cancelled": True})
        return Response(status_code=204)

    async def output(request: Request) -> Response:
        name = request.path_params["name"]
        until, given = (request.query_params.get(key, "") for key in ("se", "_jwt"))
        task = world.get(_NETWORK, _KIND, name)
        signed = hmac.compare_digest(given, _signature(name, until))
        if task is None or not signed or int(until) < time.time():
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        width, height = map(int, task["ratio"].split(":"))
        made = await run_in_threadpool(_clip, task["start"], (width, height), task["seconds"])
        return Response(made, media_type="application/octet-stream")

    return Starlette(
        routes=[
            Route("/v1/image_to_video", order, methods=["POST"]),
            Route("/v1/tasks/{name}", look, methods=["GET"]),
            Route("/v1/tasks/{name}", end, methods=["DELETE"]),
            Route("/outputs/{name}/output.mp4", output, methods=["GET"]),
        ]
    )


def _admit(world: World, headers: Mapping[str, str]) -> None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and key.strip()
    if not known or world.fault(_NETWORK, "expired_token"):
        raise answered(401, {"error": "Unauthorized: the API key is not valid."})
    if headers.get("x-runway-version") != VERSION:
        raise _refused(f"X-Runway-Version must be {VERSION}")
    if world.fault(_NETWORK, "rate_limited"):
        raise answered(429, {"error": "Too many requests."}, {"retry-after": "4"})
    if world.fault(_NETWORK, "overloaded"):
        raise answered(502, {"error": "Shedding load."})
    if world.fault(_NETWORK, "server_error"):
        raise answered(500, {"error": "Internal error."})


def _check(asked: Mapping[str, Any]) -> None:
    found = MODELS.get(str(asked.get("model")))
    if found is None:
        raise _refused(f"Validation of body failed: model {asked.get('model')!r}")
    ratios, lengths, _ = found
    if asked.get("ratio") not in ratios:
        raise _refused(f"Validation of body failed: ratio must be one of {', '.join(ratios)}")
    if asked.get("duration") not in lengths:
        raise _refused(f"Validation of body failed: duration must be one of {lengths}")
    prompt = asked.get("promptText", "x")
    units = len(prompt.encode("utf-16-le")) // 2 if isinstance(prompt, str) else 0
    if not 0 < units <= _MOST_PROMPT:
        raise _refused(f"Validation of body failed: promptText must have 1 to {_MOST_PROMPT} units")
    if "seed" in asked and not whole(asked["seed"], 0, 2**32 - 1):
        raise _refused("Validation of body failed: seed")


def _start(uri: object) -> str:
    """The first frame as a small JPEG in base64: enough to make a clip of, and light to keep."""
    if not isinstance(uri, str) or not uri.startswith("data:image/"):
        raise _refused("Validation of body failed: promptImage must be a data URI here")
    if len(uri) > _MOST_URI:
        raise _refused(f"promptImage is longer than the limit of {_MOST_URI} characters")
    try:
        image = still(base64.b64decode(uri.partition(",")[2], validate=True))
    except (binascii.Error, Unreadable):
        raise _refused("promptImage cannot be read as an image") from None
    image.thumbnail((_KEPT, _KEPT), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return base64.b64encode(out.getvalue()).decode("ascii")


def _clip(start: str, size: tuple[int, int], seconds: int) -> bytes:
    return clip(still(base64.b64decode(start)), size, seconds)


def _refused(message: str) -> Answered:
    return answered(400, {"error": message})


def _signature(name: str, until: str) -> str:
    return hmac.digest(b"runway sandbox", f"{name}/{until}".encode(), "sha256").hex()
