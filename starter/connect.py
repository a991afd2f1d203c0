"""The way back from a network's login page: ``GET /connect/callback/{platform}``."""

from collections.abc import Awaitable, Callable, Mapping
from html import escape

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError

from activities.attaching import Outcome
from models.contract.vocabulary import Platform

_log = structlog.get_logger("starter.connect")
_HEADERS = {
    # The address holds a code: it goes to nobody else and is kept nowhere.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST = 4_000

Complete = Callable[[Platform, Mapping[str, str]], Awaitable[Outcome]]
Started = Callable[[Outcome], Awaitable[None]]


def connect_routes(complete: Complete, started: Started) -> APIRouter:
    """The callback route. 200 when connected, 400 when not; a page with one sentence either way.

    Args:
        complete: Takes the callback's query and says how the walk ended.
        started: Has a new connection looked after; what it raises is told, and nothing undone.
    """
    router = APIRouter()

    @router.get("/connect/callback/{platform}")
    async def callback(platform: str, request: Request) -> HTMLResponse:
        try:
            network = Platform.parse(platform)
        except ValueError:
            return _page("There is no such network.", 404)
        told = {
            name: value for name, value in request.query_params.items() if len(value) <= _LONGEST
        }
        try:
            outcome = await complete(network, told)
        except (SQLAlchemyError, OSError):
            return _page(
                "PostgreSQL does not answer, so nothing was connected; begin anew with "
                f"`adflight accounts connect {network.value}` when it does.",
                503,
            )
        if not outcome.connected:
            return _page(f"Not connected: {outcome.told}", 400)
        try:
            await started(outcome)
        except Exception as error:
            _log.warning("connection not looked after yet", problem=type(error).__name__)
            return _page(
                f"{outcome.told} Temporal does not answer: it is not renewed before the stack is "
                "started again.",
                200,
            )
        return _page(f"{outcome.told} You can close this page.", 200)

    return router


def _page(told: str, status: int) -> HTMLResponse:
    told = told[:1].upper() + told[1:]
    text = told if told.endswith(".") else f"{told}."
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Adflight</title>'
        '<body style="font:1rem/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">'
        f"<h1>Adflight</h1><p>{escape(text)}</p></body></html>",
        status,
        headers=_HEADERS,
    )
