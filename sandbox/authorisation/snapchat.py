"""Snapchat's login, and the organisations that a token sees."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.authorisation.oauth2 import StandardServer, account_rows
from sandbox.authorisation.web import bearer
from sandbox.grants import Grants
from sandbox.world import World

CLIENT_ID, CLIENT_SECRET = "sandbox-snapchat-client", "sandbox-snapchat-client-secret"
USER = "2f5dd7f6-0000-4000-8000-000000000001"
_DEFAULT = {
    "id": "8adc3db7-0000-4000-8000-000000000001",
    "name": "Sandbox ad account",
    "currency": "USD",
    "timezone": "UTC",
}


def routes(world: World) -> list[BaseRoute]:
    """The endpoints of accounts.snapchat.com, and what lists ad accounts."""
    grants = Grants(world, "snapchat", expires_in=3_600.0)
    # Every answer has a refresh token of its own, and the one before it ends.
    server = StandardServer(grants, CLIENT_ID, CLIENT_SECRET, rotates=True)

    def refused(request: Request) -> Response | None:
        if grants.known(bearer(request)) is not None:
            return None
        why = 'Bearer error="invalid_token", error_description="The access token expired"'
        return Response(status_code=401, headers={"WWW-Authenticate": why})

    async def me(request: Request) -> Response:
        person = {"id": USER, "email": "person@sandbox.example", "display_name": "Person"}
        return refused(request) or JSONResponse({"request_status": "SUCCESS", "me": person})

    async def organisations(request: Request) -> Response:
        rows = [_DEFAULT | row for row in account_rows(world, "snapchat", _DEFAULT)]
        shown = [{name: row[name] for name in _DEFAULT} for row in rows]
        organisation = {"id": "org-1", "name": "Sandbox organisation", "ad_accounts": shown}
        entry = {"sub_request_status": "SUCCESS", "organization": organisation}
        told = {"request_status": "SUCCESS", "organizations": [entry]}
        return refused(request) or JSONResponse(told)

    return [
        Route("/login/oauth2/authorize", server.authorise),
        Route("/login/oauth2/access_token", server.token, methods=["POST"]),
        Route("/login/oauth2/revoke", server.revoke, methods=["POST"]),
        Route("/v1/me", me),
        Route("/v1/me/organizations", organisations),
    ]
