"""Meta's login. Facts: Graph v26.0, fact sheet 1.1.

There is no refresh token: a token of an hour or two is exchanged for one of about 60 days, and
that one again while it is good.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from models.contract.vocabulary import Platform
from platforms.authorisation.login import (
    Grant,
    Inspected,
    JsonObject,
    Login,
    Reached,
    Walk,
    number_of,
    object_of,
    only,
    rows_of,
    text_of,
    words_of,
)
from platforms.network import Host, Secret

_VERSION = "v26.0"
_PAGE = "200"


class MetaLogin(Login):
    """OAuth 2.0 in Graph's form. Meta takes a code challenge only together with OpenID Connect,
    and calls that a test: none is sent; the code is bound to our app's secret."""

    platform = Platform.META
    prefix = "META"
    app = (Secret("app_id", ("APP_ID",)), Secret("app_secret", ("APP_SECRET",)))
    hosts = {
        "page": Host("https://www.facebook.com", "/login/meta"),
        "api": Host("https://graph.facebook.com", "/login/meta"),
    }
    asked = ("ads_management", "ads_read", "business_management", "pages_read_engagement")
    required = ("ads_management", "ads_read", "pages_read_engagement")
    options = ("page_id",)

    async def begin(self, state: str, redirect_uri: str) -> Walk:
        """See ``Login.begin``."""
        query = {
            "client_id": self._app["app_id"],
            "redirect_uri": redirect_uri,
            "state": state,
            "response_type": "code",
            "scope": ",".join(self.asked),
            # Asks again for a scope that the person declined before.
            "auth_type": "rerequest",
        }
        return Walk(self._page("page", f"/{self._v}/dialog/oauth", query))

    async def exchange(
        self, told: Mapping[str, str], kept: Mapping[str, str], redirect_uri: str
    ) -> Grant:
        """A code for a short token, that for a long one, and the scopes it has."""
        short = await self._token(
            {"code": self._code(told), "redirect_uri": redirect_uri}, "refused the code"
        )
        grant = await self.renew(short.secrets)
        told_of = await self.inspect(grant.secrets)
        return Grant(grant.secrets, told_of.scopes, grant.expires_in, told_of.subject)

    async def renew(self, secrets: Mapping[str, str]) -> Grant:
        """A token of about 60 days for one that is still good."""
        return await self._token(
            {
                "grant_type": "fb_exchange_token",
                "fb_exchange_token": secrets.get("access_token", ""),
            },
            "refused to renew access",
        )

    async def reached(self, secrets: Mapping[str, str]) -> list[Reached]:
        """Ad accounts with the pages and pixels that go with them."""
        fields = "account_id,name,currency,timezone_name"
        accounts = await self._rows(secrets, "me/adaccounts", fields)
        pages = await self._named(secrets, "me/accounts")
        found: list[Reached] = []
        for row in accounts:
            number = text_of(row, "account_id")
            choices = {
                "page_id": pages,
                "pixel_id": await self._named(secrets, f"act_{number}/adspixels"),
            }
            found.append(
                Reached(
                    external_id=number,
                    name=text_of(row, "name"),
                    currency=text_of(row, "currency"),
                    timezone=text_of(row, "timezone_name"),
                    options=only(choices),
                    choices=choices,
                )
            )
        return found

    async def inspect(self, secrets: Mapping[str, str]) -> Inspected:
        """See ``Login.inspect``."""
        told = await self._graph(
            secrets, "debug_token", {"input_token": secrets.get("access_token", "")}
        )
        data = object_of(told, "data")
        if data.get("is_valid") is not True:
            code = text_of(object_of(data, "error"), "code")
            raise self._denied("does not take the access token any more", code)
        ends = number_of(data.get("expires_at"))
        return Inspected(
            subject=text_of(data, "user_id"),
            scopes=words_of(data, "scopes"),
            expires_at=datetime.fromtimestamp(ends, UTC) if ends else None,  # 0: never
        )

    @property
    def _v(self) -> str:
        return self._version or _VERSION

    async def _token(self, asked: Mapping[str, str], doing: str) -> Grant:
        # As a form: Graph takes its parameters from either, and a form is in no log.
        app = {"client_id": self._app["app_id"], "client_secret": self._app["app_secret"]}
        url = f"{self._hosts['api']}/{self._v}/oauth/access_token"
        response = await self._send("POST", url, form={**app, **asked})
        told = self._object(response)
        token = text_of(told, "access_token")
        if response.status_code != 200 or not token:
            raise self._refusal(told, doing)
        return Grant({"access_token": token}, None, number_of(told.get("expires_in")))

    async def _named(self, secrets: Mapping[str, str], path: str) -> dict[str, str]:
        rows = await self._rows(secrets, path, "id,name")
        return {text_of(row, "id"): text_of(row, "name") for row in rows}

    async def _rows(self, secrets: Mapping[str, str], path: str, fields: str) -> list[JsonObject]:
        found: list[JsonObject] = []
        query = {"fields": fields, "limit": _PAGE}
        while True:
            told = await self._graph(secrets, path, query)
            found += rows_of(told, "data")
            paging = object_of(told, "paging")
            after = text_of(object_of(paging, "cursors"), "after")
            if not paging.get("next") or not after:
                return found
            query["after"] = after

    async def _graph(
        self, secrets: Mapping[str, str], path: str, query: Mapping[str, str]
    ) -> JsonObject:
        token = secrets.get("access_token", "")
        proof = hmac.new(self._app["app_secret"].encode(), token.encode(), "sha256").hexdigest()
        response = await self._send(
            "GET",
            f"{self._hosts['api']}/{self._v}/{path}",
            params={**query, "appsecret_proof": proof},
            headers={"Authorization": f"Bearer {token}"},
        )
        told = self._object(response)
        if response.status_code != 200:
            raise self._refusal(told, f"does not show {path.rsplit('/', 1)[-1]}")
        return told

    def _refusal(self, told: JsonObject, doing: str) -> Exception:
        error = object_of(told, "error")
        code = number_of(error.get("code"))
        if code in (1, 2, 4, 17, 32, 613):  # Graph's own trouble, and its limits
            return self._silent(f"code {code:g}")
        if code == 190 and "refused" not in doing:
            doing = "does not take the access token any more"
        words = [text_of(error, "code"), text_of(error, "error_subcode")]
        return self._denied(doing, "/".join(word for word in words if word))
