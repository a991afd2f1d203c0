"""Google's login, token information, and the customers that a token sees."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.authorisation.oauth2 import StandardServer, account_rows
from sandbox.authorisation.web import bearer, form, oauth_error
from sandbox.grants import Grants, granted
from sandbox.world import World

CLIENT_ID, CLIENT_SECRET = "sandbox-google-client", "sandbox-google-client-secret"
_DEFAULT = {
    "id": "1000000001",
    "descriptiveName": "Sandbox customer",
    "currencyCode": "USD",
    "timeZone": "UTC",
    "manager": False,
}


def routes(world: World) -> list[BaseRoute]:
    """The endpoints of accounts.google.com, oauth2.googleapis.com and what lists customers."""
    grants = Grants(world, "google", expires_in=3_600.0)
    # A refresh token is given once and stays.
    server = StandardServer(grants, CLIENT_ID, CLIENT_SECRET, rotates=False)

    def customers() -> dict[str, dict[str, Any]]:
        rows = [_DEFAULT | row for row in account_rows(world, "google", _DEFAULT)]
        return {str(row["id"]): row for row in rows}

    async def tokeninfo(request: Request) -> Response:
        known = grants.known((await form(request)).get("access_token", ""))
        if known is None:
            return oauth_error(400, "invalid_token", "Invalid Value")
        left = int(known["until"] - time.time()) if known["until"] else 3600
        told = {"aud": CLIENT_ID, "scope": " ".join(known["scopes"]), "expires_in": str(left)}
        return JSONResponse(told)

    async def accessible(request: Request) -> Response:
        if granted(world, "google", bearer(request)) is None:
            return _unauthenticated()
        return JSONResponse({"resourceNames": [f"customers/{one}" for one in customers()]})

    async def search(request: Request) -> Response:
        if granted(world, "google", bearer(request)) is None:
            return _unauthenticated()
        row = customers().get(request.path_params["customer"])
        if row is None:
            error = {"code": 403, "message": "The caller lacks permission", "status": "DENIED"}
            return JSONResponse({"error": error}, 403)
        shown = {name: row[name] for name in _DEFAULT}
        return JSONResponse({"results": [{"customer": shown}]})

    return [
        Route("/o/oauth2/v2/auth", server.authorise),
        Route("/token", server.token, methods=["POST"]),
        Route("/revoke", server.revoke, methods=["POST"]),
        Route("/tokeninfo", tokeninfo, methods=["GET", "POST"]),
        Route("/{version}/customers:listAccessibleCustomers", accessible),
        Route("/{version}/customers/{customer}/googleAds:search", search, methods=["POST"]),
    ]


def _unauthenticated() -> Response:
    error = {
        "code": 401,
        "message": "Request had invalid authentication credentials.",
        "status": "UNAUTHENTICATED",
    }
    return JSONResponse({"error": error}, 401)
