"""Requests to the X Ads API: paths, encoding, paging, and failures as typed errors."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Ambiguous, Transient
from platforms.quota import FREE, Quota, Rate
from platforms.transport import trusted
from platforms.x.errors import JsonObject, allowance, classify, json_object, lost
from platforms.x.signature import OAuth1

IDS_PER_READ = 200
_PAGE = 1000
_PAGES = {"cards": 200, "media_library": 50}
"""Most rows a page, where it is not 1,000."""
_SECRETS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")

RATES = {
    "write": Rate(450, 60, "app"),
    "stats": Rate(250, 900, "app"),
    "read": Rate(2_000, 900),
    "targeting": Rate(400, 900, "app"),
}
"""X's allowances by class; the 10,000 core reads in 15 minutes are counted as other reads."""

Form = Mapping[str, str | int | bool | Sequence[str] | None]


class Wire:
    """One signed connection for one ad account. Nothing is ever sent twice.

    Paths are relative to the account (``campaigns``) unless they begin with a slash, when they
    are relative to the API version (``/targeting_criteria/locations``).
    """

    def __init__(
        self,
        account_id: str,
        credentials: Mapping[str, str],
        *,
        base_url: str,
        upload_url: str,
        api_version: str,
        timeout: float,
        quota: Quota = FREE,
    ) -> None:
        missing = [name for name in _SECRETS if not credentials.get(name)]
        if missing:
            raise AccessDenied(
                Platform.X, f"the credential lacks {', '.join(missing)}; connect the account again"
            )
        self.account_id = account_id
        self.base_url = base_url.rstrip("/")
        self._upload = upload_url.rstrip("/")
        self._version = api_version
        self._quota = quota
        self._secrets = tuple(credentials[name] for name in _SECRETS)
        self._http = httpx.AsyncClient(
            auth=OAuth1(credentials),
            timeout=timeout,
            # An idle connection that X has closed would make a write look ambiguous.
            limits=httpx.Limits(keepalive_expiry=2.0),
            transport=httpx.AsyncHTTPTransport(verify=trusted(), retries=0),
            headers={"User-Agent": "adflight", "Accept": "application/json"},
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Form | None = None) -> JsonObject:
        """Read one page or object."""
        return await self._json("GET", self._url(path), changes=False, params=_encode(params))

    async def pages(self, path: str, params: Form | None = None) -> list[JsonObject]:
        """Read a list to its end."""
        found: list[JsonObject] = []
        cursor: str | None = None
        while True:
            size = _PAGES.get(path, _PAGE)
            page = await self.get(path, {"count": size, **(params or {}), "cursor": cursor})
            found += cast(list[JsonObject], page.get("data") or [])
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    async def by_ids(
        self, path: str, parameter: str, ids: Sequence[str], params: Form | None = None
    ) -> list[JsonObject]:
        """Read a list narrowed by ids, as many at once as X takes."""
        found: list[JsonObject] = []
        unique = list(dict.fromkeys(ids))
        for start in range(0, len(unique), IDS_PER_READ):
            some = unique[start : start + IDS_PER_READ]
            found += await self.pages(path, {**(params or {}), parameter: some})
        return found

    async def post(self, path: str, form: Form) -> JsonObject:
        """Create with a form body."""
        return await self._json("POST", self._url(path), changes=True, data=_encode(form))

    async def put(self, path: str, form: Form) -> JsonObject:
        """Change the named fields; the others stay."""
        return await self._json("PUT", self._url(path), changes=True, data=_encode(form))

    async def delete(self, path: str) -> JsonObject:
        """Delete (softly, for good)."""
        return await self._json("DELETE", self._url(path), changes=True)

    async def post_json(self, path: str, body: Any) -> JsonObject:
        """Create with a JSON body (cards)."""
        return await self._json("POST", self._url(path), changes=True, json=body)

    async def batch(self, kind: str, operations: list[JsonObject]) -> httpx.Response:
        """Send up to one batch; all-or-nothing. The answer is a success or a refusal of the
        request or its items (400, 404): which, is the caller's to read."""
        response = await self._send(
            "POST", self._url(f"/batch/accounts/{self.account_id}/{kind}"), True, json=operations
        )
        if response.is_success or response.status_code in (400, 404):
            return response
        raise classify(response, changes=True, secrets=self._secrets)

    def failure(self, response: httpx.Response) -> Exception:
        """The typed error of a batch answer."""
        return classify(response, changes=True, secrets=self._secrets)

    async def upload(self, form: Form, chunk: bytes | None = None) -> JsonObject:
        """One command of the chunked media upload.

        Counts as no change: media that no post uses are invisible and expire by themselves, so
        an upload whose answer was lost is simply made again.
        """
        fields = _encode(form)
        url = f"{self._upload}/2/media/upload"
        if chunk is None:
            return await self._json("POST", url, changes=False, data=fields)
        response = await self._send("POST", url, False, data=fields, files={"media": chunk})
        if not response.is_success:
            raise classify(response, changes=False, secrets=self._secrets)
        return {}

    async def upload_status(self, media_id: str) -> JsonObject:
        params = {"command": "STATUS", "media_id": media_id}
        return await self._json("GET", f"{self._upload}/2/media/upload", False, params=params)

    async def delete_post(self, post_id: str) -> None:
        """Delete a post through the v2 API; the Ads API itself cannot."""
        await self._json("DELETE", f"{self._upload}/2/tweets/{post_id}", changes=True)

    def _url(self, path: str) -> str:
        if path == "":
            return f"{self.base_url}/{self._version}/accounts/{self.account_id}"
        if path.startswith("/"):
            return f"{self.base_url}/{self._version}{path}"
        return f"{self.base_url}/{self._version}/accounts/{self.account_id}/{path}"

    async def _json(self, method: str, url: str, changes: bool, **content: Any) -> JsonObject:
        response = await self._send(method, url, changes, **content)
        if not response.is_success:
            raise classify(response, changes=changes, secrets=self._secrets)
        body = json_object(response)
        if body is None:
            kind = Ambiguous if changes else Transient
            raise kind(Platform.X, f"the answer (HTTP {response.status_code}) was no JSON object")
        return body

    async def _send(self, method: str, url: str, changes: bool, **content: Any) -> httpx.Response:
        bucket = _bucket(method, url)
        await self._quota.take(bucket)
        try:
            response = await self._http.request(method, url, **content)
        except httpx.HTTPError as error:
            # ``from None``: the cause carries the request with its signature.
            raise lost(error, changes=changes) from None
        told, rate = allowance(response.headers), RATES.get(bucket)
        # Another limit is that of a finer class, which says nothing of the bucket.
        if told is not None and rate is not None and told[0] == rate.calls:
            self._quota.heard(bucket, remaining=told[1], reset_in=told[2])
        return response


def _bucket(method: str, url: str) -> str:
    """Which of ``RATES`` a call uses."""
    if method != "GET":
        return "write"
    if "/accounts/" not in url:
        return "catalogue"  # five an endpoint in 15 minutes, and read once a process
    if "/stats/" in url:
        return "stats"
    return "targeting" if "/targeting_criteria" in url else "read"


def _encode(form: Form | None) -> dict[str, str]:
    """X's spelling: lists joined by commas, ``true``/``false``, nothing for None."""
    encoded: dict[str, str] = {}
    for name, value in (form or {}).items():
        if value is None:
            continue
        if isinstance(value, bool):
            encoded[name] = str(value).lower()
        elif isinstance(value, (str, int)):
            encoded[name] = str(value)
        else:
            encoded[name] = ",".join(value)
    return encoded
