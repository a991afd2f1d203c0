"""Calls to the Telegram Ads API: one method name each, JSON in, an envelope out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, RateLimited
from platforms.network import Ground
from platforms.telegram.errors import ads_refusal, no_answer
from platforms.transport import lost, open_http

JsonObject = dict[str, Any]

ADS = "ads"
"""Bucket of calls to the Ads API."""
_PAGE = 100
_IDS_PER_READ = 100
"""Unsure: no limit is published for getAdsById; the page size is taken."""
_UPLOAD_TIMEOUT = 120.0
_OWN = frozenset({"getCurrentAccount", "getAccountsById"})
"""Methods that take no ``account_id`` of an account to act on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a write. ``replayed``: Telegram repeated what it had answered before."""

    result: Any
    replayed: bool


class Wire:
    """One connection for one advertiser account. Nothing is ever sent twice."""

    def __init__(self, account_id: str, token: str | None, ground: Ground) -> None:
        if not token:
            raise AccessDenied(
                Platform.TELEGRAM,
                "the credential lacks access_token; make one at ads.telegram.org/account/api",
            )
        self.account_id = account_id
        self._base = ground.hosts["ads"].rstrip("/")
        self._quota = ground.quota
        self._http = open_http(ground.timeout, {"Authorization": f"Bearer {token}"})
        self._scope: JsonObject | None = None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def current_account(self) -> JsonObject:
        """The account the token belongs to."""
        return cast(JsonObject, (await self._send("getCurrentAccount", {}, changes=False)).result)

    async def account(self) -> JsonObject:
        """The advertiser account with its balances: the token's own, or one related to it."""
        own = await self.current_account()
        if str(own.get("account_id")) == self.account_id:
            return own
        answer = await self._send(
            "getAccountsById", {"account_ids": [self.account_id]}, changes=False
        )
        rows = cast(list[JsonObject], answer.result or [])
        if not rows:
            raise AccessDenied(
                Platform.TELEGRAM,
                f"this token belongs to account {own.get('account_id')} and does not reach "
                f"account {self.account_id}; use a token of that account",
                code="ACCOUNT_ID_UNKNOWN",
            )
        return rows[0]

    async def read(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Ask; nothing is changed."""
        return (await self._scoped(method, params or {}, changes=False)).result

    async def write(
        self, method: str, params: Mapping[str, Any], *, key: str | None = None
    ) -> Answer:
        """Change something; ``key`` is what Telegram knows a repeat by, for 24 hours."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._scoped(method, params, changes=True, headers=headers)

    async def upload(self, method: str, name: str, content: bytes, media_type: str) -> JsonObject:
        """Send a file. Counts as no change: one that no ad uses is invisible."""
        files = {"file": (name, content, media_type)}
        answer = await self._scoped(method, {}, changes=False, files=files)
        return cast(JsonObject, answer.result)

    async def ads(self) -> list[JsonObject]:
        """Every ad of the account that was not deleted."""
        found: dict[str, JsonObject] = {}
        offset: str | None = None
        while True:
            params: JsonObject = {"limit": _PAGE} | ({"offset": offset} if offset else {})
            page = cast(JsonObject, await self.read("getAdsList", params))
            rows = cast(list[JsonObject], page.get("ads") or [])
            # A page that moved while it was read may show an ad twice.
            found |= {str(row["ad_id"]): row for row in rows}
            following = page.get("next_offset")
            if not rows or not following or following == offset:
                return list(found.values())
            offset = str(following)

    async def ads_by_id(self, ids: Sequence[str]) -> list[JsonObject]:
        """Ads by id, in their order; those that are gone are left out."""
        found: dict[str, JsonObject] = {}
        wanted = [int(one) for one in dict.fromkeys(ids) if one.isascii() and one.isdigit()]
        for start in range(0, len(wanted), _IDS_PER_READ):
            some = wanted[start : start + _IDS_PER_READ]
            rows = await self.read("getAdsById", {"ad_ids": some})
            found |= {str(row["ad_id"]): row for row in cast(list[JsonObject], rows or [])}
        return [found[one] for one in dict.fromkeys(ids) if one in found]

    async def _scoped(self, method: str, params: Mapping[str, Any], **how: Any) -> Answer:
        """Name the account where it is not the token's own: a wrong token must not act on
        whatever account it happens to belong to."""
        if self._scope is None:
            own = str((await self.current_account()).get("account_id"))
            self._scope = {} if own == self.account_id else {"account_id": self.account_id}
        return await self._send(method, {**params, **self._scope}, **how)

    async def _send(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        changes: bool,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> Answer:
        await self._quota.take(ADS)
        url = f"{self._base}/{method}"
        try:
            if files is None:
                response = await self._http.post(url, json=dict(params), headers=headers)
            else:
                form = {name: _as_text(value) for name, value in params.items()}
                response = await self._http.post(
                    url, data=form, files=files, timeout=_UPLOAD_TIMEOUT
                )
        except httpx.HTTPError as error:
            # ``from None``: the cause carries the request with its token.
            raise lost(Platform.TELEGRAM, error, changes=changes) from None
        return self._understood(method, response, changes)

    def _understood(self, method: str, response: httpx.Response, changes: bool) -> Answer:
        body = envelope(response)
        if body is None:
            raise no_answer(response, changes=changes)
        if body["ok"] is True and response.status_code < 400:
            replayed = response.headers.get("idempotent-replayed", "").lower() == "true"
            return Answer(body.get("result"), replayed)
        code = body.get("error")
        word = code if isinstance(code, str) and code else f"HTTP {response.status_code}"
        error = ads_refusal(method, word, response, changes=changes)
        if isinstance(error, RateLimited):
            self._quota.heard(ADS, remaining=0, reset_in=error.retry_after)
        raise error


def envelope(response: httpx.Response) -> JsonObject | None:
    """The body when it is Telegram's, numbers with a point as decimals; else None."""
    try:
        body: Any = json.loads(response.content, parse_float=Decimal)
    except (ValueError, UnicodeDecodeError):
        return None
    if isinstance(body, dict) and isinstance(cast(JsonObject, body).get("ok"), bool):
        return cast(JsonObject, body)
    return None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
