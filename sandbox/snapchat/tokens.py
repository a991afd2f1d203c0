"""Snapchat's access tokens, and its token endpoint as the adapter speaks to it.

What the login page under ``/login/snapchat`` has given is good here too: it is one book. Here a
refresh token is good for ever unless ``rotates`` is set on the shelf's ``("login", "setting",
"snapchat")``, because the default account's is known to several processes that share nothing.
"""

from starlette.requests import Request
from starlette.responses import Response

from sandbox.authorisation.oauth2 import StandardServer
from sandbox.authorisation.snapchat import CLIENT_ID, CLIENT_SECRET
from sandbox.grants import SHELF, Grants
from sandbox.snapchat.store import NETWORK, REFRESH_TOKEN
from sandbox.world import World

LIFE = 3600.0
SCOPE = "snapchat-marketing-api"


class Tokens:
    """What was granted, and what is done with it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants = Grants(world, NETWORK, expires_in=LIFE)
        self._servers = {
            rotates: StandardServer(self._grants, CLIENT_ID, CLIENT_SECRET, rotates=rotates)
            for rotates in (False, True)
        }
        if world.get(SHELF, "refresh", REFRESH_TOKEN) is None:
            grant = {"network": NETWORK, "scopes": [SCOPE], "withdrawn": False}
            world.put(SHELF, "refresh", REFRESH_TOKEN, grant)

    def fault(self, token: str) -> str | None:
        """Why a bearer token is not good, in the server's words; None when it is."""
        if not token:
            return "The access token is missing"
        return None if self._grants.known(token) else "The access token expired"

    def expire(self, token: str) -> None:
        """End an access token before its time; it can be renewed."""
        found = self._world.get(SHELF, "token", token)
        if found is not None:
            self._world.put(SHELF, "token", token, {**found, "withdrawn": True})

    async def exchange(self, request: Request) -> Response:
        """The token endpoint."""
        return await self._servers[bool(self._grants.setting("rotates", False))].token(request)
