"""TikTok's login. Facts: API for Business v1.3, fact sheet 3.1.

Nearly every answer is HTTP 200; ``code`` tells. The access token does not end and cannot be
renewed: it is good until the advertiser withdraws it.
"""

import json
from collections.abc import Mapping

import httpx

from models.contract.vocabulary import Platform
from platforms.authorisation.login import (
    Grant,
    Inspected,
    JsonObject,
    Login,
    Reached,
    Walk,
    object_of,
    rows_of,
    text_of,
    words_of,
)
from platforms.network import Host, Secret

_VERSION = "v1.3"


class TikTokLogin(Login):
    """TikTok's own form of OAuth 2.0: JSON in, no PKCE, no refresh."""

    platform = Platform.TIKTOK
    prefix = "TIKTOK"
    app = (Secret("app_id", ("APP_ID",)), Secret("app_secret", ("APP_SECRET",)))
    hosts = {
        "page": Host("https://business-api.tiktok.com", "/login/tiktok"),
        "api": Host("https://business-api.tiktok.com", "/login/tiktok"),
    }

    async def begin(self, state: str, redirect_uri: str) -> Walk:
        """See ``Login.begin``."""
        query = {"app_id": self._app["app_id"], "state": state, "redirect_uri": redirect_uri}
        return Walk(self._page("page", "/portal/auth", query))

    async def exchange(
        self, told: Mapping[str, str], kept: Mapping[str, str], redirect_uri: str
    ) -> Grant:
        """See ``Login.exchange``."""
        data = await self._asked(
            "POST",
            "oauth2/access_token",
            "refused the code",
            body={
                "app_id": self._app["app_id"],
                "secret": self._app["app_secret"],
                "auth_code": told.get("auth_code") or self._code(told),
            },
        )
        token = text_of(data, "access_token")
        if not token:
            raise self._denied("refused the code", "no token")
        return Grant({"access_token": token}, words_of(data, "scope"))

    async def reached(self, secrets: Mapping[str, str]) -> list[Reached]:
        """Advertisers that the person let us use."""
        ids = [text_of(row, "advertiser_id") for row in rows_of(await self._list(secrets), "list")]
        if not ids:
            return []
        fields = ["advertiser_id", "name", "currency", "timezone"]
        shown = await self._asked(
            "GET",
            "advertiser/info",
            "does not show the accounts",
            params={"advertiser_ids": json.dumps(ids), "fields": json.dumps(fields)},
            token=secrets.get("access_token", ""),
        )
        return [
            Reached(
                external_id=text_of(row, "advertiser_id"),
                name=text_of(row, "name"),
                currency=text_of(row, "currency"),
                timezone=text_of(row, "timezone"),
            )
            for row in rows_of(shown, "list")
        ]

    async def inspect(self, secrets: Mapping[str, str]) -> Inspected:
        """See ``Login.inspect``; TikTok says of a token only whether it is taken."""
        await self._list(secrets)
        return Inspected()

    async def _list(self, secrets: Mapping[str, str]) -> JsonObject:
        return await self._asked(
            "GET",
            "oauth2/advertiser/get",
            "does not take the access token any more",
            params={"app_id": self._app["app_id"], "secret": self._app["app_secret"]},
            token=secrets.get("access_token", ""),
        )

    async def _asked(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        token: str = "",
    ) -> JsonObject:
        response: httpx.Response = await self._send(
            method,
            f"{self._hosts['api']}/open_api/{self._version or _VERSION}/{path}/",
            params=params,
            body=body,
            headers={"Access-Token": token} if token else None,
        )
        told = self._object(response)
        code = told.get("code")
        if code != 0:
            # 40100 is too many requests and 5xxxx trouble on their side: nothing was decided.
            if code == 40100 or str(code).startswith("5"):
                raise self._silent(f"code {code}")
            raise self._denied(doing, self._shown(code))
        return object_of(told, "data")
