"""Answers of the REST API: JSON, and for what went wrong one sentence with the right status."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio.service import RPCError

from starter.temporal import TemporalUnreachable

NO_DATABASE = "PostgreSQL does not answer; start it with `adflight up` or check DATABASE_URL"
NO_TEMPORAL = "Temporal does not answer; start it with `adflight up` or set TEMPORAL_ADDRESS"
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeout, OSError)
"""What a database that does not answer raises."""
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class ApiRefused(Exception):
    """A request is not carried out: status and one sentence."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(value: Any, status: int = 200) -> JSONResponse:
    """A JSON document that no cache keeps."""
    return JSONResponse(jsonable_encoder(value), status, headers=_HEADERS)


def add_refusals(app: FastAPI) -> None:
    """Have what goes wrong in a route answered as ``{"error": sentence}``."""

    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiRefused)
        told = _sentence(str(error))
        return JSONResponse({"error": told}, error.status, headers=_HEADERS | error.headers)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return JSONResponse({"error": _first_problem(error)}, 422, headers=_HEADERS)

    async def no_database(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": f"{NO_DATABASE}."}, 503, headers=_HEADERS)

    async def no_temporal(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": f"{NO_TEMPORAL}."}, 503, headers=_HEADERS)

    app.add_exception_handler(ApiRefused, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    for kind in (OperationalError, InterfaceError, PoolTimeout, ConnectionError):
        app.add_exception_handler(kind, no_database)
    app.add_exception_handler(TemporalUnreachable, no_temporal)
    app.add_exception_handler(RPCError, no_temporal)


def _first_problem(error: RequestValidationError) -> str:
    """The first problem, with the field's name in front; never the value: it may be a secret."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"] if part not in ("body", "path", "query")]
    told = re.sub(r"^Value error, ", "", str(first["msg"]))
    if first["type"] == "json_invalid":
        return "The body is no JSON."
    return f"{'.'.join(parts)}: {told}." if parts else _sentence(told)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
