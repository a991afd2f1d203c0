"""Requests to the TikTok Marketing API: paths, encoding, paging, and answers."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, RateLimited
from platforms.network import Ground
from platforms.quota import Rate
from platforms.tiktok.errors import OK, JsonObject, classify, http_failure
from platforms.transport import lost, open_http

API_VERSION = "v1.3"
IDS_PER_READ = 100
PAGE = 1000
_FILES_PER_PAGE = 100
"""The SDK's own documentation takes 100 files a page; newer texts say 1,000 (unsure)."""

_BASIC = Rate(10, 1.0, "app")
_ENDPOINTS = """
campaign/create campaign/get campaign/status/update
adgroup/create adgroup/get adgroup/status/update adgroup/update
ad/get ad/status/update ad/review_info
file/image/ad/upload file/image/ad/search
file/video/ad/upload file/video/ad/search file/video/ad/info
creative/asset/delete report/integrated/get
advertiser/info identity/get pixel/list app/list
tool/region tool/interest_category
dmp/custom_audience/file/upload dmp/custom_audience/create dmp/custom_audience/update
dmp/custom_audience/list dmp/custom_audience/lookalike/create
"""
RATES: dict[str, Rate] = dict.fromkeys(_ENDPOINTS.split(), _BASIC)
"""Allowances of the Basic level, by endpoint, for all accounts of one app: ten a second, which is
also 600 a minute."""
# 150 a minute with at most five in a second: five in two seconds keeps both.
RATES["ad/create"] = Rate(5, 2.0, "app")

Params = Mapping[str, object]


class Wire:
    """One connection for one ad account. Nothing is ever sent twice."""

    def __init__(self, advertiser_id: str, secrets: Mapping[str, str], ground: Ground) -> None:
        """
        Raises:
            AccessDenied: the access token is missing.
        """
        token = secrets.get("access_token")
        if not token:
            raise AccessDenied(
                Platform.TIKTOK, "the credential lacks access_token; connect the account again"
            )
        self.advertiser_id = advertiser_id
        self._base = f"{ground.hosts['api'].rstrip('/')}/open_api/{ground.version or API_VERSION}"
        self._quota = ground.quota
        self._secrets = tuple(value for value in secrets.values() if value)
        self._http = open_http(ground.timeout, {"Access-Token": token})

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Params | None = None) -> JsonObject:
        """Read one answer's ``data``. Lists and objects travel as JSON text."""
        query = {"advertiser_id": self.advertiser_id, **(params or {})}
        return await self._sent("GET", path, changes=False, params=_query(query))

    async def rows(
        self, path: str, params: Params | None = None, *, size: int = PAGE
    ) -> list[JsonObject]:
        """Read a list to its end."""
        found: list[JsonObject] = []
        page = 1
        while True:
            data = await self.get(path, {**(params or {}), "page": page, "page_size": size})
            found += listed(data)
            info = cast(JsonObject, data.get("page_info") or {})
            if page >= int(info.get("total_page") or 1):
                return found
            page += 1

    async def files(self, path: str, filtering: Params | None = None) -> list[JsonObject]:
        """Read the asset library to its end."""
        params = {"filtering": filtering} if filtering else {}
        return await self.rows(path, params, size=_FILES_PER_PAGE)

    async def by_ids(
        self, path: str, field: str, ids: Sequence[str], filtering: Params | None = None
    ) -> list[JsonObject]:
        """Read a list narrowed by ids, as many at once as TikTok takes."""
        found: list[JsonObject] = []
        unique = list(dict.fromkeys(ids))
        for start in range(0, len(unique), IDS_PER_READ):
            some = unique[start : start + IDS_PER_READ]
            found += await self.rows(path, {"filtering": {**(filtering or {}), field: some}})
        return found

    async def post(self, path: str, body: Params) -> JsonObject:
        """Change something; the answer's ``data``."""
        whole = {"advertiser_id": self.advertiser_id, **body}
        return await self._sent("POST", path, changes=True, json=whole)

    async def upload(
        self,
        path: str,
        fields: Mapping[str, str],
        file: tuple[str, str, bytes, str],
        *,
        changes: bool,
    ) -> JsonObject:
        """Send a file: its part's name, its own name, its content and media type.

        ``changes`` is false for what nobody sees and any repeat may make again.
        """
        part, name, content, media_type = file
        data = {"advertiser_id": self.advertiser_id, **fields}
        files = {part: (name, content, media_type)}
        return await self._sent("POST", path, changes=changes, data=data, files=files)

    async def _sent(self, method: str, path: str, *, changes: bool, **content: Any) -> JsonObject:
        await self._quota.take(path)
        # The trailing slash is part of the path: without it TikTok answers 404.
        url = f"{self._base}/{path}/"
        try:
            response = await self._http.request(method, url, **content)
        except httpx.HTTPError as error:
            # ``from None``: the cause carries the request with its token.
            raise lost(Platform.TIKTOK, error, changes=changes) from None
        body = _envelope(response)
        if body is None:
            raise http_failure(response, changes=changes)
        code = int(body["code"])
        if code not in OK:
            message = str(body.get("message") or "")
            failure = classify(code, message, changes=changes, secrets=self._secrets)
            if isinstance(failure, RateLimited):
                self._quota.heard(path, remaining=0, reset_in=failure.retry_after)
            raise failure
        data = body.get("data")
        # The video upload answers with a list of one.
        return cast(JsonObject, data) if isinstance(data, dict) else {"list": data or []}


def listed(data: JsonObject) -> list[JsonObject]:
    """The rows of an answer."""
    return cast(list[JsonObject], data.get("list") or [])


def _envelope(response: httpx.Response) -> JsonObject | None:
    """TikTok's envelope with exact numbers, or None when the body is something else."""
    if response.status_code != 200:
        return None
    try:
        body: Any = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    found = cast(JsonObject, body)
    return found if isinstance(found.get("code"), int) else None


def _query(params: Params) -> dict[str, str]:
    encoded: dict[str, str] = {}
    for name, value in params.items():
        if value is None:
            continue
        plain = isinstance(value, str | int) and not isinstance(value, bool)
        encoded[name] = str(value) if plain else json.dumps(value, separators=(",", ":"))
    return encoded
