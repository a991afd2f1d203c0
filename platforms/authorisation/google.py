"""Google's login. Facts: Google Ads API v26, fact sheet 4.1."""

from collections.abc import Mapping
from datetime import timedelta

from models.contract.vocabulary import Platform
from platforms.authorisation.login import (
    Inspected,
    JsonObject,
    Reached,
    number_of,
    object_of,
    rows_of,
    text_of,
    words_of,
)
from platforms.authorisation.oauth2 import StandardLogin
from platforms.network import Host

_VERSION = "v26"
_SCOPE = "https://www.googleapis.com/auth/adwords"
_QUERY = (
    "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, "
    "customer.manager FROM customer LIMIT 1"
)


class GoogleLogin(StandardLogin):
    """OAuth 2.0 with PKCE; an access token lasts an hour, the refresh token until withdrawn."""

    platform = Platform.GOOGLE
    prefix = "GOOGLE_ADS"
    hosts = {
        "page": Host("https://accounts.google.com", "/login/google"),
        "tokens": Host("https://oauth2.googleapis.com", "/login/google"),
        "api": Host("https://googleads.googleapis.com", "/login/google"),
    }
    asked = (_SCOPE,)
    required = (_SCOPE,)
    pkce = True
    page = "/o/oauth2/v2/auth"
    # Without both there is no refresh token from the second time on.
    more = {"access_type": "offline", "prompt": "consent"}

    @property
    def _tokens(self) -> str:
        return f"{self._hosts['tokens']}/token"

    async def reached(self, secrets: Mapping[str, str]) -> list[Reached]:
        """Customers that the login sees directly; manager accounts carry no campaigns."""
        told = await self._get(secrets, "GET", "customers:listAccessibleCustomers", None)
        names = words_of(told, "resourceNames") or ()
        found: list[Reached] = []
        for name in names:
            query = {"query": _QUERY}
            shown = await self._get(secrets, "POST", f"{name}/googleAds:search", query, soft=True)
            for row in rows_of(shown, "results"):
                customer = object_of(row, "customer")
                if customer.get("manager") is True:
                    continue
                found.append(
                    Reached(
                        external_id=name.removeprefix("customers/"),
                        name=text_of(customer, "descriptiveName"),
                        currency=text_of(customer, "currencyCode"),
                        timezone=text_of(customer, "timeZone"),
                    )
                )
        return found

    async def inspect(self, secrets: Mapping[str, str]) -> Inspected:
        """See ``Login.inspect``."""
        # In the body, where no log looks.
        form = {"access_token": secrets.get("access_token", "")}
        response = await self._send("POST", f"{self._hosts['tokens']}/tokeninfo", form=form)
        told = self._object(response)
        if response.status_code != 200:
            raise self._denied("does not take the access token any more", text_of(told, "error"))
        left = number_of(told.get("expires_in"))
        return Inspected(
            scopes=words_of(told, "scope"),
            expires_at=None if left is None else self._now() + timedelta(seconds=left),
        )

    async def _get(
        self,
        secrets: Mapping[str, str],
        method: str,
        path: str,
        body: object,
        *,
        soft: bool = False,
    ) -> JsonObject:
        """``soft``: what Google does not show counts as nothing (an account that was closed)."""
        response = await self._send(
            method,
            f"{self._hosts['api']}/{self._version or _VERSION}/{path}",
            body=body,
            headers={"Authorization": f"Bearer {secrets.get('access_token', '')}"},
        )
        told = self._object(response)
        if response.status_code == 200:
            return told
        if soft and response.status_code != 401:
            return {}
        raise self._denied(
            "does not list the accounts", text_of(object_of(told, "error"), "status")
        )
