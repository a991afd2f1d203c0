"""X's login: OAuth 1.0a in three legs. Facts: fact sheet 2.1.

Tokens do not end, they are only withdrawn. They must be made after the app was let into the Ads
API: older ones lack the permission.
"""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import httpx

from models.contract.vocabulary import Platform
from platforms.authorisation.login import (
    Grant,
    Inspected,
    JsonObject,
    Login,
    Reached,
    Walk,
    only,
    rows_of,
    text_of,
)
from platforms.network import Host, Secret
from platforms.x.signature import OAuth1

_VERSION = "12"


class XLogin(Login):
    """Every step is signed with our app's secret; X knows no scopes here."""

    platform = Platform.X
    prefix = "X_ADS"
    app = (
        Secret("consumer_key", ("CONSUMER_KEY",)),
        Secret("consumer_secret", ("CONSUMER_SECRET",)),
    )
    hosts = {
        "tokens": Host("https://api.x.com", "/login/x"),
        "api": Host("https://ads-api.x.com", "/x"),
    }
    options = ("funding_instrument_id", "as_user_id")

    async def begin(self, state: str, redirect_uri: str) -> Walk:
        """Get a request token first. X hands a query of the callback back as it is."""
        callback = f"{redirect_uri}?{urlencode({'state': state})}"
        told = await self._leg(
            "request_token", OAuth1(self._app, oauth_callback=callback), "refused our app"
        )
        if told.get("oauth_callback_confirmed") != "true":
            raise self._denied("did not take the callback address; enter it in the app there", "")
        token = told["oauth_token"]
        page = self._page("tokens", "/oauth/authorize", {"oauth_token": token})
        kept = {"access_token": token, "access_token_secret": told["oauth_token_secret"]}
        return Walk(page, kept, token)

    async def exchange(
        self, told: Mapping[str, str], kept: Mapping[str, str], redirect_uri: str
    ) -> Grant:
        """See ``Login.exchange``."""
        if not hmac.compare_digest(told.get("oauth_token", ""), kept["access_token"]):
            raise self._denied("came back with another request token than it gave", "")
        verifier = self._code(told, "oauth_verifier")
        signed = OAuth1({**self._app, **kept}, oauth_verifier=verifier)
        given = await self._leg("access_token", signed, "refused the code")
        secrets = {
            "access_token": given["oauth_token"],
            "access_token_secret": given["oauth_token_secret"],
        }
        return Grant(secrets, subject=given.get("user_id", ""))

    def declined(self, told: Mapping[str, str]) -> str | None:
        """X sends a person who declined back with the request token alone."""
        return "denied" if told.get("denied") else None

    async def reached(self, secrets: Mapping[str, str]) -> list[Reached]:
        """Ads accounts with the funding and the posting users that go with them."""
        found: list[Reached] = []
        for row in await self._rows(secrets, "accounts"):
            number = text_of(row, "id")
            funding = await self._rows(secrets, f"accounts/{number}/funding_instruments")
            users = await self._rows(secrets, f"accounts/{number}/promotable_users")
            choices = {
                "funding_instrument_id": {
                    text_of(one, "id"): text_of(one, "description") for one in funding
                },
                "as_user_id": {
                    text_of(one, "user_id"): text_of(one, "promotable_user_type") for one in users
                },
            }
            currencies = {text_of(one, "currency") for one in funding}
            found.append(
                Reached(
                    external_id=number,
                    name=text_of(row, "name"),
                    # An account has no currency of its own: its funding has.
                    currency=currencies.pop() if len(currencies) == 1 else "",
                    timezone=text_of(row, "timezone"),
                    options=only(choices),
                    choices=choices,
                )
            )
        return found

    async def inspect(self, secrets: Mapping[str, str]) -> Inspected:
        """See ``Login.inspect``; X says of a token only whether it is taken."""
        await self._get(secrets, "accounts", {"count": "1"})
        return Inspected()

    async def _leg(self, step: str, auth: OAuth1, doing: str) -> dict[str, str]:
        response = await self._send("POST", f"{self._hosts['tokens']}/oauth/{step}", auth=auth)
        if response.status_code >= 500 or response.status_code == 429:
            raise self._silent(f"HTTP {response.status_code}")
        told = dict(parse_qsl(response.text))
        if response.status_code != 200 or not {"oauth_token", "oauth_token_secret"} <= told.keys():
            raise self._denied(doing, _code(response))
        return told

    async def _rows(self, secrets: Mapping[str, str], path: str) -> list[JsonObject]:
        found: list[JsonObject] = []
        query = {"count": "1000"}
        while True:
            told = await self._get(secrets, path, query)
            found += rows_of(told, "data")
            cursor = text_of(told, "next_cursor")
            if not cursor:
                return found
            query["cursor"] = cursor

    async def _get(
        self, secrets: Mapping[str, str], path: str, query: Mapping[str, str]
    ) -> JsonObject:
        response = await self._send(
            "GET",
            f"{self._hosts['api']}/{self._version or _VERSION}/{path}",
            params=query,
            auth=OAuth1({**self._app, **secrets}),
        )
        told = self._object(response)
        if response.status_code != 200:
            errors = rows_of(told, "errors")
            code = text_of(errors[0], "code") if errors else str(response.status_code)
            raise self._denied("does not take the access token any more", code)
        return told


def _code(response: httpx.Response) -> str:
    """X answers the legs in text or JSON; its status is all that is sure."""
    return f"HTTP {response.status_code}"
