"""Logins whose token endpoint is as RFC 6749 has it: form in, JSON out (Google, Snapchat)."""

from abc import abstractmethod
from collections.abc import Mapping

from platforms.authorisation.login import Grant, JsonObject, Login, Walk, number_of, words_of
from platforms.network import Secret


class StandardLogin(Login):
    """A login with an authorisation page, a token endpoint and refresh tokens."""

    app = (Secret("client_id", ("CLIENT_ID",)), Secret("client_secret", ("CLIENT_SECRET",)))
    page: str
    more: Mapping[str, str] = {}

    @property
    @abstractmethod
    def _tokens(self) -> str:
        """The token endpoint."""

    async def begin(self, state: str, redirect_uri: str) -> Walk:
        """See ``Login.begin``."""
        kept, sent = self._challenge()
        query = {
            "client_id": self._app["client_id"],
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.asked),
            "state": state,
            **self.more,
            **sent,
        }
        return Walk(self._page("page", self.page, query), kept)

    async def exchange(
        self, told: Mapping[str, str], kept: Mapping[str, str], redirect_uri: str
    ) -> Grant:
        """See ``Login.exchange``."""
        grant = await self._ask(
            {
                "grant_type": "authorization_code",
                "code": self._code(told),
                "redirect_uri": redirect_uri,
                **kept,
            },
            "refused the code",
        )
        if not grant.secrets.get("refresh_token"):
            raise self._denied(
                "gave no refresh token, so access would end within the hour; remove Adflight "
                "under the person's connected apps there and connect again",
                "",
            )
        return grant

    async def renew(self, secrets: Mapping[str, str]) -> Grant | None:
        """Another access token; with it the refresh token to use from now on."""
        refresh = secrets.get("refresh_token", "")
        if not refresh:
            return None
        grant = await self._ask(
            {"grant_type": "refresh_token", "refresh_token": refresh}, "refused to renew access"
        )
        return Grant({"refresh_token": refresh, **grant.secrets}, grant.scopes, grant.expires_in)

    async def _ask(self, form: Mapping[str, str], doing: str) -> Grant:
        app = {name: self._app[name] for name in ("client_id", "client_secret")}
        response = await self._send("POST", self._tokens, form={**app, **form})
        told = self._object(response)
        token = told.get("access_token")
        if response.status_code != 200 or not isinstance(token, str) or not token:
            raise self._denied(doing, self._shown(told.get("error") or response.status_code))
        return Grant(
            self._secrets(told, token), words_of(told, "scope"), number_of(told.get("expires_in"))
        )

    def _secrets(self, told: JsonObject, token: str) -> dict[str, str]:
        found = {"access_token": token}
        refresh = told.get("refresh_token")
        if isinstance(refresh, str) and refresh:
            found["refresh_token"] = refresh
        return found
