"""An authorisation server as RFC 6749 has it, with code challenges (RFC 7636)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.authorisation.web import back, challenge_of, form, oauth_error, page_error
from sandbox.grants import Grant, Grants


class StandardServer:
    """Authorise, token and revoke endpoints. ``rotates``: a refresh token is good once."""

    def __init__(
        self, grants: Grants, client_id: str, client_secret: str, *, rotates: bool
    ) -> None:
        self.grants = grants
        self._client = (client_id, client_secret)
        self._rotates = rotates

    async def authorise(self, request: Request) -> Response:
        """The login page."""
        query = dict(request.query_params)
        address = query.get("redirect_uri", "")
        if query.get("client_id") != self._client[0] or not address:
            return page_error("unknown client or no redirect_uri")
        state = {"state": query["state"]} if "state" in query else {}
        if query.get("response_type") != "code":
            return back(address, {"error": "unsupported_response_type", **state})
        if self.grants.declines():
            return back(address, {"error": "access_denied", **state})
        bound = {"redirect_uri": address}
        if challenge := query.get("code_challenge"):
            if query.get("code_challenge_method") != "S256":
                return back(address, {"error": "invalid_request", **state})
            bound["code_challenge"] = challenge
        return back(address, {"code": self.grants.code(query.get("scope", "").split(), **bound),
                              **state})  # fmt: skip

    async def token(self, request: Request) -> Response:
        """The token endpoint."""
        told = await form(request)
        if (told.get("client_id"), told.get("client_secret")) != self._client:
            return oauth_error(401, "invalid_client", "The OAuth client was not found.")
        if self.grants.fails("server_error"):
            return oauth_error(503, "temporarily_unavailable", "Try again later.")
        match told.get("grant_type"):
            case "authorization_code":
                return self._redeem(told)
            case "refresh_token":
                return self._refresh(told.get("refresh_token", ""))
            case _:
                return oauth_error(400, "unsupported_grant_type", "Unknown grant_type.")

    async def revoke(self, request: Request) -> Response:
        """The revoke endpoint."""
        self.grants.withdraw((await form(request)).get("token", ""))
        return JSONResponse({})

    def _redeem(self, told: dict[str, str]) -> Response:
        shown = {"redirect_uri": told.get("redirect_uri", "")}
        if verifier := told.get("code_verifier"):
            shown["code_challenge"] = challenge_of(verifier)
        found, why = self.grants.redeem(told.get("code", ""), **shown)
        if found is None:
            return oauth_error(400, "invalid_grant", f"Bad code ({why}).")
        return self._given(found["scopes"], self.grants.refresh_token(found["scopes"]))

    def _refresh(self, token: str) -> Response:
        found = self.grants.refreshable(token)
        if found is None or self.grants.fails("expired_token"):
            return oauth_error(400, "invalid_grant", "Token has been expired or revoked.")
        if self._rotates:
            return self._given(found["scopes"], self.grants.replace(token, found["scopes"]))
        return self._given(found["scopes"], token, again=True)

    def _given(self, scopes: list[str], refresh: str, *, again: bool = False) -> Response:
        told: Grant = {
            "access_token": self.grants.token(scopes, refresh=refresh),
            "token_type": "Bearer",
            "expires_in": int(self.grants.expires_in or 3600),
            "scope": " ".join(scopes),
        }
        if not again:
            told["refresh_token"] = refresh
        return JSONResponse(told, headers={"Cache-Control": "no-store"})


def account_rows(world: Any, network: str, otherwise: dict[str, Any]) -> list[dict[str, Any]]:
    """The accounts a stand-in has opened, or the one that this server tells of without it."""
    return world.every(network, "account") or [otherwise]
