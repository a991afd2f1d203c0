"""Snapchat's login. Facts: Ads API v1, fact sheet 5.1."""

from collections.abc import Mapping

from models.contract.vocabulary import Platform
from platforms.authorisation.login import (
    Inspected,
    JsonObject,
    Reached,
    object_of,
    rows_of,
    text_of,
)
from platforms.authorisation.oauth2 import StandardLogin
from platforms.network import Host

_SCOPE = "snapchat-marketing-api"


class SnapchatLogin(StandardLogin):
    """OAuth 2.0; the refresh token of every answer is the one to use from then on."""

    platform = Platform.SNAPCHAT
    prefix = "SNAPCHAT"
    hosts = {
        "page": Host("https://accounts.snapchat.com", "/login/snapchat"),
        "tokens": Host("https://accounts.snapchat.com", "/login/snapchat"),
        "api": Host("https://adsapi.snapchat.com", "/login/snapchat"),
    }
    asked = (_SCOPE,)
    required = (_SCOPE,)
    # Unsure: Snap's reference of the parameters names no challenge. One that is not known is to
    # be ignored (RFC 6749, section 3.1), and where it is known it protects.
    pkce = True
    page = "/login/oauth2/authorize"

    @property
    def _tokens(self) -> str:
        return f"{self._hosts['tokens']}/login/oauth2/access_token"

    async def reached(self, secrets: Mapping[str, str]) -> list[Reached]:
        """Ad accounts of every organisation that the person belongs to."""
        told = await self._get(secrets, "me/organizations", {"with_ad_accounts": "true"})
        return [
            Reached(
                external_id=text_of(account, "id"),
                name=text_of(account, "name"),
                currency=text_of(account, "currency"),
                timezone=text_of(account, "timezone"),
            )
            for entry in rows_of(told, "organizations")
            for account in rows_of(object_of(entry, "organization"), "ad_accounts")
        ]

    async def inspect(self, secrets: Mapping[str, str]) -> Inspected:
        """See ``Login.inspect``; Snapchat says neither scopes nor an end."""
        told = await self._get(secrets, "me", {})
        return Inspected(subject=text_of(object_of(told, "me"), "id"))

    async def _get(
        self, secrets: Mapping[str, str], path: str, params: Mapping[str, str]
    ) -> JsonObject:
        response = await self._send(
            "GET",
            f"{self._hosts['api']}/{self._version or 'v1'}/{path}",
            params=params,
            headers={"Authorization": f"Bearer {secrets.get('access_token', '')}"},
        )
        if response.status_code in (401, 403):
            # The reason is in a header, and the body may be empty.
            raise self._denied("does not take the access token any more", str(response.status_code))
        told = self._object(response)
        if response.status_code != 200 or told.get("request_status") != "SUCCESS":
            raise self._denied("does not list the accounts", text_of(told, "error_code"))
        return told
