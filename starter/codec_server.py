"""The codec server: lets the Temporal Web UI show payloads that are sealed in history.

``python -m starter.codec_server --port 8720``

It opens whatever it is given, so it serves this computer alone, and pages of the Web UI alone.
Anything further away belongs behind an operator's own authenticating proxy.
"""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware
from temporalio.api.common.v1 import Payload

from models.sealing import SealingFailed
from models.settings import Settings
from starter import environment, logs
from starter.payload_codec import SealedPayloads, payloads_from_json, payloads_to_json

_MOST = 20_000_000
"""Bytes of one request: Temporal takes no history event above 2 MB, and a page shows several."""

_Turn = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def create_app(settings: Settings) -> FastAPI:
    """``POST /encode`` and ``POST /decode``, as the Web UI and the ``temporal`` CLI ask."""
    app = FastAPI(title="Adflight codec", docs_url=None, redoc_url=None, openapi_url=None)
    if settings.ui_url:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[settings.ui_url.rstrip("/")],
            allow_methods=["POST"],
            allow_headers=["content-type", "x-namespace"],
        )
    codec = SealedPayloads(settings.keyring)

    async def turned(request: Request, turn: _Turn) -> Response:
        if not _is_near(request):
            return JSONResponse({"error": "the codec server serves this computer only"}, 403)
        if int(request.headers.get("content-length") or 0) > _MOST:
            return JSONResponse({"error": f"the body is larger than {_MOST:,} bytes"}, 413)
        try:
            found = await turn(payloads_from_json(await _json(request)))
        except (ValueError, SealingFailed) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(payloads_to_json(found))

    @app.post("/encode")
    async def encode(request: Request) -> Response:
        """Seal payloads."""
        return await turned(request, codec.encode)

    @app.post("/decode")
    async def decode(request: Request) -> Response:
        """Open payloads."""
        return await turned(request, codec.decode)

    return app


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except UnicodeDecodeError:
        raise ValueError("the body is no JSON") from None


def _is_near(request: Request) -> bool:
    """From this computer, and asked for by a local name: a page elsewhere that resolves its own
    name to here gets nothing."""
    named = request.headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    try:
        here = request.client is not None and ip_address(request.client.host).is_loopback
        return here and (named == "localhost" or ip_address(named).is_loopback)
    except ValueError:
        return False


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="starter.codec_server", description=__doc__)
    parser.add_argument("--port", type=int, default=8720)
    arguments = parser.parse_args()
    try:
        settings = environment.load()
    except environment.SettingsRefused as refused:
        parser.error(str(refused))
    logs.configure(settings)
    uvicorn.run(
        create_app(settings),
        host="127.0.0.1",
        port=arguments.port,
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main()
