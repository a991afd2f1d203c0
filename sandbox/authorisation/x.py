"""X's login: OAuth 1.0a in three legs, every one signed."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.authorisation.web import back, page_error
from sandbox.grants import SHELF, Grants
from sandbox.world import World
from sandbox.x.signature import Signatures, protocol_of
from sandbox.x.store import NETWORK, USER_ID


def routes(world: World) -> list[BaseRoute]:
    """``request_token``, ``authorize``, ``access_token`` and ``invalidate_token``."""
    grants = Grants(world, NETWORK, expires_in=None)

    def request_secret(token: str) -> str | None:
        found = world.get(SHELF, "request_token", token)
        return None if found is None or found["used"] else str(found["secret"])

    def access_secret(token: str) -> str | None:
        found = grants.known(token)
        return None if found is None else str(found["secret"])

    first, second = Signatures(lambda _: ""), Signatures(request_secret)
    signed_in = Signatures(access_secret)

    async def request_token(request: Request) -> Response:
        if (fault := first.fault(request, await request.body(), without_token=True)) is not None:
            return _refused(fault)
        callback = protocol_of(request).get("oauth_callback", "")
        if not callback.startswith(("http://", "https://")):
            return _refused("Callback URL not approved for this client application", 403)
        token, secret = grants.random(), grants.random()
        kept = {"secret": secret, "callback": callback, "used": False, "verifier": ""}
        world.put(SHELF, "request_token", token, kept)
        given = {"oauth_token": token, "oauth_token_secret": secret}
        return _form({**given, "oauth_callback_confirmed": "true"})

    async def authorise(request: Request) -> Response:
        token = request.query_params.get("oauth_token", "")
        found = world.get(SHELF, "request_token", token)
        if found is None or found["used"]:
            return page_error("there is no request token for this page")
        if grants.declines():
            return back(found["callback"], {"denied": token})
        verifier = grants.random()
        world.put(SHELF, "request_token", token, {**found, "verifier": verifier})
        return back(found["callback"], {"oauth_token": token, "oauth_verifier": verifier})

    async def access_token(request: Request) -> Response:
        if (fault := second.fault(request, await request.body())) is not None:
            return _refused(fault)
        if grants.fails("server_error"):
            return PlainTextResponse("Over capacity", 503)
        protocol = protocol_of(request)
        token = protocol["oauth_token"]
        found = world.get(SHELF, "request_token", token) or {}
        verifier = protocol.get("oauth_verifier", "")
        if not verifier or verifier != found.get("verifier"):
            return _refused("Invalid oauth_verifier parameter")
        world.put(SHELF, "request_token", token, {**found, "used": True})
        secret = grants.random()
        given = {"oauth_token": grants.token([], secret=secret), "oauth_token_secret": secret}
        return _form({**given, "user_id": USER_ID, "screen_name": "sandbox"})

    async def invalidate(request: Request) -> Response:
        if (fault := signed_in.fault(request, await request.body())) is not None:
            return _refused(fault)
        grants.withdraw(protocol_of(request)["oauth_token"])
        return _form({})

    return [
        Route("/oauth/request_token", request_token, methods=["POST"]),
        Route("/oauth/authorize", authorise),
        Route("/oauth/access_token", access_token, methods=["POST"]),
        Route("/1.1/oauth/invalidate_token", invalidate, methods=["POST"]),
    ]


def _form(told: dict[str, str]) -> Response:
    return Response(urlencode(told), media_type="application/x-www-form-urlencoded")


def _refused(why: str, status: int = 401) -> Response:
    return PlainTextResponse(why, status)
