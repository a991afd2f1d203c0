"""Small pieces of HTTP that the authorisation servers share."""

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response


def back(address: str, told: Mapping[str, str]) -> Response:
    """Send the person back to where they came from."""
    sign = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{sign}{urlencode(told)}", 302)


def page_error(why: str) -> Response:
    """What a login page shows instead of a form: it sends nobody to an address it does not
    know."""
    return Response(f"Sandbox login: {why}", 400, media_type="text/plain")


async def form(request: Request) -> dict[str, str]:
    """Form fields, with those of the query."""
    told = dict(parse_qsl(request.url.query, keep_blank_values=True))
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        told |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return told


def bearer(request: Request) -> str:
    """The token of an Authorization header; empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def oauth_error(status: int, code: str, description: str) -> Response:
    """An error as RFC 6749 has it."""
    return JSONResponse({"error": code, "error_description": description}, status)
