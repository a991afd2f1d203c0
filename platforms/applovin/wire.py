"""Requests to AppLovin: keys, paging, the error budget, and failures as typed errors.

Two keys that cannot stand for each other: the management key goes raw, without ``Bearer``, into
the header; the report key goes into the query, because AppLovin takes it nowhere else.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import httpx
from pydantic import TypeAdapter

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from platforms.applovin.error_budget import LANES, STOP_LANES, ErrorBudget
from platforms.applovin.errors import JsonObject, classify, refused
from platforms.errors import AccessDenied, Ambiguous, Transient
from platforms.network import Ground
from platforms.quota import is_urgent
from platforms.transport import json_object, lost, open_http

API_VERSION = "v1"
PAGE = 100
"""Most rows of a list page, and most ids a list is narrowed by."""
REPORT_PAGE = 1000
"""Rows asked for at once; AppLovin documents no most (unsure)."""

_ROWS = TypeAdapter(list[JsonObject])
_SECRETS = ("management_key", "report_key")

Params = Mapping[str, str | int]
File = tuple[str, bytes, str]
"""Name, content and media type."""


class Wire:
    """The connections of one account. Nothing is ever sent twice.

    Raises:
        AccessDenied: a key is missing.
        Refused: the account id is no number.
    """

    def __init__(self, account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> None:
        missing = [name for name in _SECRETS if not secrets.get(name)]
        if missing:
            raise AccessDenied(
                Platform.APPLOVIN,
                f"the credential lacks {', '.join(missing)}; AppLovin shows both keys under "
                "Account > Keys",
            )
        if not account.external_id.isdecimal():
            raise refused(
                f"account id {account.external_id!r} is no number; AppLovin shows the number "
                "behind the account's name in its settings",
                field="account_id",
            )
        self._account_id = account.external_id
        self._secrets = tuple(secrets[name] for name in _SECRETS)
        self._report_key = secrets["report_key"]
        self._base = f"{ground.hosts['api'].rstrip('/')}/{ground.version or API_VERSION}"
        self._reports = ground.hosts["reports"].rstrip("/")
        self._quota = ground.quota
        self.errors = ErrorBudget(ground.real_now)
        self._lanes = asyncio.Semaphore(LANES)
        self._stop_lanes = asyncio.Semaphore(STOP_LANES)
        self._management = open_http(ground.timeout, {"Authorization": secrets["management_key"]})
        self._reporting = open_http(ground.timeout)

    async def aclose(self) -> None:
        await self._management.aclose()
        await self._reporting.aclose()

    # -- management ------------------------------------------------------------------------

    async def get(self, path: str, params: Params | None = None) -> httpx.Response:
        """Read one answer."""
        return await self._send("GET", path, params or {}, changes=False)

    async def rows(self, path: str, params: Params | None = None) -> list[JsonObject]:
        """Read one list page: a bare array."""
        return _rows(await self.get(path, params))

    async def pages(self, path: str, params: Params | None = None) -> list[JsonObject]:
        """Read a list to its end, which only an empty page shows; each object once."""
        found: dict[str, JsonObject] = {}
        page = 1
        while rows := await self.rows(path, {**(params or {}), "page": page, "size": PAGE}):
            # A page that moved while it was read may show an object twice.
            found |= {str(row.get("id")): row for row in rows}
            page += 1
        return list(found.values())

    async def by_ids(self, path: str, ids: Iterable[str]) -> list[JsonObject]:
        """Objects by id, as many at once as AppLovin takes; unknown ones are left out."""
        found: list[JsonObject] = []
        for some in batches(ids):
            found += await self.rows(path, {"ids": ",".join(some), "page": 1, "size": PAGE})
        return found

    async def object(self, path: str, params: Params | None = None) -> JsonObject:
        """Read one JSON object."""
        answer = json_object(await self.get(path, params))
        if answer is None:
            raise Transient(Platform.APPLOVIN, "the answer was no JSON object")
        return answer

    async def post(self, path: str, body: JsonObject) -> JsonObject:
        """Create or change. An answer without a body, which some have, is an empty object."""
        return _object(await self._send("POST", path, {}, changes=True, json=body))

    async def upload(self, path: str, files: Sequence[File]) -> JsonObject:
        """Hand files in, each as a part named ``files``."""
        parts = [("files", one) for one in files]
        return _object(await self._send("POST", path, {}, changes=True, files=parts))

    async def _send(
        self,
        method: str,
        path: str,
        params: Params,
        *,
        changes: bool,
        json: JsonObject | None = None,
        files: Sequence[tuple[str, File]] | None = None,
    ) -> httpx.Response:
        query = {"account_id": self._account_id, **params}
        url = f"{self._base}{path}"
        await self._quota.take("management")
        # Stops have lanes of their own, so that no upload stands before them.
        async with self._stop_lanes if is_urgent() else self._lanes:
            admitted = self.errors.admit()
            try:
                response = await self._management.request(
                    method, url, params=query, json=json, files=files
                )
            except httpx.HTTPError as error:
                # ``from None``: the cause carries the request with its key.
                raise lost(Platform.APPLOVIN, error, changes=changes) from None
        if response.is_success:
            self.errors.answered(admitted)
            return response
        failure = classify(response, changes=changes, secrets=self._secrets)
        if response.status_code >= 400:
            self.errors.failed(failure)
        raise failure

    # -- reports ---------------------------------------------------------------------------

    async def report(self, path: str, params: Params | None = None) -> httpx.Response:
        """Ask the reporting host.

        The URL of the request carries no key: httpx writes it into its log. The key is only in
        the target that goes over the wire.
        """
        url = httpx.URL(f"{self._reports}{path}", params=dict(params or {}))
        keyed = url.copy_merge_params({"api_key": self._report_key})
        await self._quota.take("reporting")
        try:
            response = await self._reporting.request(
                "GET", url, extensions={"target": keyed.raw_path}
            )
        except httpx.HTTPError as error:
            raise lost(Platform.APPLOVIN, error, changes=False) from None
        if not response.is_success:
            raise classify(response, changes=False, secrets=self._secrets)
        return response

    async def report_rows(self, params: Params) -> list[JsonObject]:
        """Every row of a report: under ``results``, or as a bare array, by page."""
        found: list[JsonObject] = []
        while True:
            # A page may be shorter than asked for, so only an empty one is the end.
            page = {**params, "limit": REPORT_PAGE, "offset": len(found)}
            response = await self.report("/report", page)
            shown = json_object(response)
            rows = _rows(response) if shown is None else _checked(shown.get("results"))
            if not rows or rows == found[-len(rows) :]:
                return found
            found += rows


def batches(ids: Iterable[str]) -> list[list[str]]:
    """Different ids in their order, as many at once as a list may be narrowed by."""
    unique = list(dict.fromkeys(ids))
    return [unique[start : start + PAGE] for start in range(0, len(unique), PAGE)]


def number_order(object_id: str) -> tuple[int, str]:
    """Sorts ids, which are numbers, as AppLovin counts them."""
    return len(object_id), object_id


def part(row: JsonObject, name: str) -> JsonObject:
    """An object inside another; empty when there is none."""
    value = row.get(name)
    return cast(JsonObject, value) if isinstance(value, dict) else {}


def parts(row: JsonObject, name: str) -> list[JsonObject]:
    """Objects in a list inside another; empty when there is none."""
    value = row.get(name)
    listed = cast(list[object], value) if isinstance(value, list) else []
    return [cast(JsonObject, one) for one in listed if isinstance(one, dict)]


def _rows(response: httpx.Response) -> list[JsonObject]:
    try:
        return _ROWS.validate_json(response.content)
    except ValueError:
        raise Transient(Platform.APPLOVIN, "the answer was no JSON array") from None


def _checked(rows: object) -> list[JsonObject]:
    try:
        return _ROWS.validate_python(rows)
    except ValueError:
        raise Transient(Platform.APPLOVIN, "the report has no rows") from None


def _object(response: httpx.Response) -> JsonObject:
    if not response.content.strip():
        return {}
    answer = json_object(response)
    if answer is None:
        raise Ambiguous(
            Platform.APPLOVIN, f"the answer (HTTP {response.status_code}) was no JSON object"
        )
    return answer


def made_id(answer: JsonObject, what: str) -> str:
    """The id of what was made.

    Raises:
        Ambiguous: the answer has none.
    """
    found = answer.get("id")
    if not isinstance(found, (str, int)) or not str(found):
        raise Ambiguous(Platform.APPLOVIN, f"the answer to a new {what} carries no id")
    return str(found)
