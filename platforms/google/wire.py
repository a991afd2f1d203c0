"""Requests to the Google Ads API over REST: token, headers, queries and mutates."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import httpx

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Ambiguous, RateLimited, Transient
from platforms.google.errors import JsonObject, by_operation, classify, decoded, refused
from platforms.google.names import digits
from platforms.network import Ground
from platforms.oauth import BearerToken, Granted, ask_for_token
from platforms.transport import lost, open_http, scrubbed

API_VERSION = "v26"
OPERATIONS = "operations"
"""The bucket of the daily operations: a query is one, a mutate as many as it holds."""
MOST_OPERATIONS = 10_000
LOGIN_CUSTOMER_ID = "login_customer_id"
"""Account option: the manager account through which the credential sees this one."""

_GRANT = ("client_id", "client_secret", "refresh_token")


class Wire:
    """One connection for one customer. Nothing that could have changed something is sent twice;
    a request whose token was refused was not carried out and is sent once more with another."""

    def __init__(self, account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> None:
        missing = [name for name in _GRANT if not secrets.get(name)]
        if missing and not secrets.get("access_token"):
            raise AccessDenied(
                Platform.GOOGLE,
                f"the credential lacks {', '.join(missing)}; connect the account again",
            )
        self.customer_id = _customer_id(account.external_id, "external_id")
        self._secrets = dict(secrets)
        self._hidden = tuple(value for value in secrets.values() if value)
        self._quota = ground.quota
        self._login = ground.hosts["login"].rstrip("/")
        self._keep = ground.keep_secret
        version = ground.version or API_VERSION
        self._base = f"{ground.hosts['api'].rstrip('/')}/{version}"
        self._http = open_http(ground.timeout, _headers(account, secrets))
        self._token = BearerToken(self._exchange, ground.real_now, secrets.get("access_token"))

    async def aclose(self) -> None:
        await self._http.aclose()

    def resource(self, collection: str, object_id: str | int) -> str:
        """``customers/1/campaigns/2``."""
        return f"customers/{self.customer_id}/{collection}/{object_id}"

    # -- reading ---------------------------------------------------------------------------

    async def search(self, query: str) -> list[JsonObject]:
        """All rows of a query: one operation, however many there are."""
        await self._quota.take(OPERATIONS)
        answer = await self._post("googleAds:searchStream", {"query": query}, changes=False)
        if not isinstance(answer, list):
            raise Transient(Platform.GOOGLE, "the answer to a query was no array of chunks")
        chunks = cast(list[JsonObject], answer)
        if any("error" in chunk for chunk in chunks):
            # A stream that has begun can only say in its midst that it broke.
            raise Transient(Platform.GOOGLE, "the answer to a query broke off")
        return [
            row for chunk in chunks for row in cast(list[JsonObject], chunk.get("results") or [])
        ]

    # -- writing ---------------------------------------------------------------------------

    async def mutate_together(
        self, operations: Sequence[JsonObject], *, validate_only: bool = False
    ) -> list[str]:
        """Carry out operations of several kinds, all or none; the resource names they made or
        touched, in order (none of a validation)."""
        body: JsonObject = {"mutateOperations": list(operations), "validateOnly": validate_only}
        await self._quota.take(OPERATIONS, len(operations))
        answer = await self._object("googleAds:mutate", body, changes=not validate_only)
        if validate_only:
            return []
        responses = cast(list[JsonObject], answer.get("mutateOperationResponses") or [])
        results = [
            cast(JsonObject, result) for response in responses for result in response.values()
        ]
        return _names(results, len(operations), changes=True)

    async def mutate(
        self, collection: str, operations: Sequence[JsonObject], *, changes: bool = True
    ) -> list[str]:
        """Carry out operations of one kind, all or none; their resource names, in order.

        ``changes``: whether repeating it would make something a second time.
        """
        await self._quota.take(OPERATIONS, len(operations))
        body: JsonObject = {"operations": list(operations)}
        answer = await self._object(f"{collection}:mutate", body, changes=changes)
        results = cast(list[JsonObject], answer.get("results") or [])
        return _names(results, len(operations), changes=changes)

    async def mutate_each(
        self, collection: str, operations: Sequence[JsonObject]
    ) -> list[str | None]:
        """Carry out operations of one kind each for itself; why each failed, None for done.

        One that has neither a result nor a reason was not done either.
        """
        await self._quota.take(OPERATIONS, len(operations))
        body: JsonObject = {"operations": list(operations), "partialFailure": True}
        answer = await self._object(f"{collection}:mutate", body, changes=True)
        results = cast(list[JsonObject], answer.get("results") or [])
        partial = cast(JsonObject, answer.get("partialFailureError") or {})
        reasons = by_operation(partial, self._hidden)
        told = scrubbed(str(partial.get("message") or "Google did not confirm it"), self._hidden)
        done = [bool(result.get("resourceName")) for result in results]
        return [
            None if index < len(done) and done[index] and index not in reasons
            else reasons.get(index, told)
            for index in range(len(operations))
        ]  # fmt: skip

    async def call(self, path: str, body: JsonObject, *, changes: bool, cost: int) -> JsonObject:
        """Any other method of the customer (``offlineUserDataJobs:create``)."""
        await self._quota.take(OPERATIONS, cost)
        return await self._object(path, body, changes=changes)

    # -- sending ---------------------------------------------------------------------------

    async def _object(self, path: str, body: JsonObject, *, changes: bool) -> JsonObject:
        answer = await self._post(path, body, changes=changes)
        if not isinstance(answer, dict):
            unclear = Ambiguous if changes else Transient
            raise unclear(Platform.GOOGLE, "the answer was no JSON object")
        return cast(JsonObject, answer)

    async def _post(self, path: str, body: JsonObject, *, changes: bool) -> Any:
        url = f"{self._base}/customers/{self.customer_id}/{path}"
        response = await self._send(url, body, changes)
        if not response.is_success:
            failure = classify(response, changes=changes, secrets=self._hidden)
            if isinstance(failure, RateLimited):
                self._quota.heard(OPERATIONS, remaining=0, reset_in=failure.retry_after)
            raise failure
        return decoded(response.content)

    async def _send(self, url: str, body: JsonObject, changes: bool) -> httpx.Response:
        token = await self._token.value()
        response = await self._once(url, body, token, changes)
        if response.status_code == 401:
            self._token.forget(token)
            response = await self._once(url, body, await self._token.value(), changes)
        return response

    async def _once(self, url: str, body: JsonObject, token: str, changes: bool) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            return await self._http.post(url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise lost(Platform.GOOGLE, error, changes=changes) from None

    async def _exchange(self) -> Granted:
        missing = [name for name in _GRANT if not self._secrets.get(name)]
        if missing:
            raise AccessDenied(
                Platform.GOOGLE,
                "the access token has ended and the credential lacks "
                f"{', '.join(missing)} to renew it; connect the account again",
            )
        form = {name: self._secrets[name] for name in _GRANT} | {"grant_type": "refresh_token"}
        granted = await ask_for_token(self._http, Platform.GOOGLE, f"{self._login}/token", form)
        if granted.refresh_token is not None:
            self._secrets["refresh_token"] = granted.refresh_token
            if self._keep is not None:
                self._keep("refresh_token", granted.refresh_token)
        return granted


def _names(results: Sequence[JsonObject], wanted: int, *, changes: bool) -> list[str]:
    names = [str(result.get("resourceName") or "") for result in results]
    if len(names) != wanted or not all(names):
        unclear = Ambiguous if changes else Transient
        raise unclear(Platform.GOOGLE, "the answer does not say what became of every operation")
    return names


def _headers(account: AdAccount, secrets: Mapping[str, str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if manager := account.options.get(LOGIN_CUSTOMER_ID):
        headers["login-customer-id"] = _customer_id(manager, LOGIN_CUSTOMER_ID)
    if token := secrets.get("developer_token"):
        # Ignored since 2026-09-09, when access moved to the Cloud project; older versions of
        # the interface, which an operator may pin, still ask for it.
        headers["developer-token"] = token
    return headers


def _customer_id(text: str, field: str) -> str:
    found = digits(text.replace("-", ""))
    if not found:
        raise refused(
            f"{field} {text!r} is no Google Ads customer id; write its ten digits", field=field
        )
    return found
