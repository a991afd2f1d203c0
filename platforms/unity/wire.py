"""Requests to Unity's Advertising Management API and its Statistics API.

Paths are relative to the organisation (``apps/{app}/campaigns``). Nothing is ever sent twice.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Ambiguous, Transient
from platforms.network import Ground
from platforms.quota import Rate
from platforms.transport import json_object, lost, open_http
from platforms.unity.errors import JsonObject, classify, rows_in
from platforms.unity.pace import Pace, Verb

API_VERSION = "v1"
_STATS_VERSION = "v2"
_UPLOAD_TIMEOUT = 120.0
"""Real seconds for the answer to an upload of up to 100 MB."""
_MOST = {"apps": 1000, "creatives": 2000, "creative-packs": 700}
"""Rows a page. Campaigns, bids and assignments come all at once."""

MANAGEMENT, BIDS, STATISTICS = "management", "bids", "statistics"
_HALF_AN_HOUR = 1800.0
RATES: Mapping[str, Rate] = {
    # Of each endpoint group there are 20 a second and 4,000 in half an hour (bids 10 a second);
    # together they are kept below what a single group has.
    MANAGEMENT: Rate(4000, _HALF_AN_HOUR),
    BIDS: Rate(4000, _HALF_AN_HOUR),
    # What is made below an app: 30 in half an hour for each app, so exact with one app.
    "create/campaigns": Rate(30, _HALF_AN_HOUR),
    "create/creatives": Rate(30, _HALF_AN_HOUR),
    "create/creative-packs": Rate(30, _HALF_AN_HOUR),
    STATISTICS: Rate(30, _HALF_AN_HOUR),
}
"""Documented quotas of an organisation in half an hour. Those of a second and of single resources
are kept by ``pace``."""

_Files = Sequence[tuple[str, tuple[str | None, bytes, str]]]


class Wire:
    """The connection of one organisation.

    Args:
        organization_id: The organisation's core id (digits).
        api_key: ``KEY_ID:SECRET_KEY`` of a service account, or its long-lived bearer token.
        ground: Host ``api``.

    Raises:
        AccessDenied: there is no key.
    """

    def __init__(self, organization_id: str, api_key: str, ground: Ground) -> None:
        if not api_key.strip():
            raise AccessDenied(
                Platform.UNITY, "the credential api_key is empty; connect the account again"
            )
        self.organization_id = organization_id
        base = ground.hosts["api"].rstrip("/")
        version = ground.version or API_VERSION
        self._root = f"{base}/advertise/{version}/organizations/{organization_id}"
        self._statistics = (
            f"{base}/advertise/stats/{_STATS_VERSION}/organizations/{organization_id}"
        )
        self._quota = ground.quota
        self._pace = Pace()
        scheme, shown = _authorization(api_key.strip())
        self._secrets = (api_key.strip(), shown, *api_key.strip().split(":", 1)[1:])
        self._http = open_http(ground.timeout, {"Authorization": f"{scheme} {shown}"})

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> JsonObject:
        """One object, or one page."""
        await self._quota.take(_bucket(path))
        await self._pace.room(_group(path))
        response = await self._send("GET", f"{self._root}/{path}", False, params=params)
        self._hear(_bucket(path), response)
        return self._body(response, changes=False)

    async def every(self, path: str, params: Mapping[str, Any] | None = None) -> list[JsonObject]:
        """A list to its end."""
        size = _MOST.get(path.rsplit("/", 1)[-1])
        found: dict[str, JsonObject] = {}
        offset = 0
        while True:
            page = {"offset": offset, "limit": size} if size else {}
            answer = await self.get(path, {**(params or {}), **page})
            rows = rows_in(answer, "results")
            # A list that moved while it was read may show a row twice.
            found.update({str(row.get("id") or len(found)): row for row in rows})
            offset += len(rows)
            if size is None or not rows or offset >= int(answer.get("total") or 0):
                return list(found.values())

    async def post(self, path: str, body: JsonObject) -> JsonObject:
        """Create; the answer is the object."""
        return await self._write("POST", path, json=body)

    async def patch(self, path: str, body: Any) -> JsonObject:
        """Change the named fields; the others stay."""
        return await self._write("PATCH", path, json=body)

    async def put(self, path: str, body: Any) -> JsonObject:
        """Replace a whole list."""
        return await self._write("PUT", path, json=body)

    async def delete(self, path: str) -> None:
        await self._write("DELETE", path)

    async def upload(self, path: str, files: _Files) -> JsonObject:
        """Create from files (multipart)."""
        timeout = httpx.Timeout(self._http.timeout.connect, read=_UPLOAD_TIMEOUT)
        return await self._write("POST", path, files=files, timeout=timeout)

    async def report(self, path: str, params: Mapping[str, str]) -> str | None:
        """A report as CSV text; None when Unity has nothing to tell."""
        await self._quota.take(STATISTICS)
        url = f"{self._statistics}/{path}"
        async with self._pace.turn("GET", url):
            response = await self._send("GET", url, False, params=params)
        self._hear(STATISTICS, response)
        if not response.is_success:
            raise classify(response, changes=False, secrets=self._secrets)
        return (
            None if response.status_code == 204 else response.content.decode("utf-8-sig", "replace")
        )

    async def _write(self, verb: Verb, path: str, **content: Any) -> JsonObject:
        if verb == "POST" and (bucket := f"create/{path.rsplit('/', 1)[-1]}") in RATES:
            await self._quota.take(bucket)
        await self._quota.take(_bucket(path))
        async with self._pace.turn(verb, _resource(path)):
            await self._pace.room(_group(path))
            response = await self._send(verb, f"{self._root}/{path}", True, **content)
        for left, reset in _told(response, 100 if verb != "POST" else 30):
            self._pace.heard(verb, _resource(path), left, reset)
        if response.status_code == 204:
            return {}
        return self._body(response, changes=True)

    def _body(self, response: httpx.Response, *, changes: bool) -> JsonObject:
        if not response.is_success:
            raise classify(response, changes=changes, secrets=self._secrets)
        body = json_object(response)
        if body is None:
            kind = Ambiguous if changes else Transient
            status = response.status_code
            raise kind(Platform.UNITY, f"the answer (HTTP {status}) was no JSON object")
        return body

    async def _send(self, method: str, url: str, changes: bool, **content: Any) -> httpx.Response:
        try:
            return await self._http.request(method, url, **content)
        except httpx.HTTPError as error:
            # ``from None``: the cause carries the request with its key.
            raise lost(Platform.UNITY, error, changes=changes) from None

    def _hear(self, bucket: str, response: httpx.Response) -> None:
        """Pass on what Unity says is left of the half hour."""
        for left, reset in _told(response, RATES[bucket].calls):
            self._quota.heard(bucket, remaining=left, reset_in=reset)


def _told(response: httpx.Response, limit: int) -> list[tuple[float, float]]:
    """Calls left and seconds until the reset, of the window with this limit
    (``Unity-RateLimit: limit=20, remaining=19, reset=1; limit=4000, ...``)."""
    found: list[tuple[float, float]] = []
    for window in response.headers.get("unity-ratelimit", "").split(";"):
        told = dict(part.strip().split("=", 1) for part in window.split(",") if "=" in part)
        try:
            if float(told["limit"]) == limit:
                found.append((float(told["remaining"]), float(told["reset"])))
        except (KeyError, ValueError):
            continue
    return found


def _authorization(api_key: str) -> tuple[str, str]:
    if ":" in api_key:
        return "Basic", base64.b64encode(api_key.encode()).decode("ascii")
    return "Bearer", api_key


def _bucket(path: str) -> str:
    return BIDS if path.endswith("-bids") else MANAGEMENT


def _group(path: str) -> str:
    """The endpoint group a path belongs to."""
    parts = path.split("/")
    return "cpi-bids" if parts[-1] == "cpi-bids" else parts[2] if len(parts) > 2 else parts[0]


def _resource(path: str) -> str:
    """What a write's limit is counted by: a removed assignment counts for its campaign."""
    head, found, _ = path.partition("/assigned-creative-packs")
    return head + found
