"""Requests to the Apple Ads Platform API: headers, queries with all their pages, reports."""

from collections.abc import Sequence
from typing import Any, cast

import httpx

from platforms.apple_search_ads.errors import APPLE, JsonObject, classify, embedded
from platforms.apple_search_ads.login import Login
from platforms.errors import AccessDenied, Ambiguous, Transient
from platforms.quota import Quota
from platforms.transport import json_object, lost, seconds

BUCKET = "api"
"""Apple counts all calls of one caller together."""

PAGE = 1000
"""Most rows of a query (documented for campaigns)."""
REPORT_PAGE = 5000
IDS_PER_QUERY = 500
"""Ids in one ``IN`` filter. Apple documents 1,000 for one field and nothing for the others
(unsure), so this stays below."""

Filter = tuple[str, str, object]
"""Field, operator and value."""
_DELETED: Filter = ("deleted", "EQUALS", True)


class Wire:
    """One ad account's connection. Nothing is ever sent twice."""

    def __init__(
        self, account_id: str, login: Login, http: httpx.AsyncClient, base_url: str, quota: Quota
    ) -> None:
        self.account_id = account_id
        self._login = login
        self._http = http
        self._base = base_url.rstrip("/")
        self._quota = quota

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, *, scoped: bool = True) -> JsonObject:
        """Read one object: the ``result`` of the answer. ``scoped``: within the ad account."""
        body = await self._send("GET", path, changes=False, scoped=scoped)
        return cast(JsonObject, body.get("result") or {})

    async def post(self, path: str, content: JsonObject) -> Any:
        """Create: the ``result`` of the answer."""
        return await self._changed("POST", path, content)

    async def put(self, path: str, content: JsonObject) -> JsonObject:
        """Change the given fields; the others stay, arrays are replaced whole."""
        return cast(JsonObject, await self._changed("PUT", path, content))

    async def delete(self, path: str) -> None:
        """Delete softly."""
        await self._send("DELETE", path, changes=True)

    async def query(self, kind: str, *filters: Filter) -> list[JsonObject]:
        """All pages of a query, lowest id first; deleted objects only where a filter asks."""
        asked: JsonObject = {
            "filters": [
                {"field": field, "operator": operator, "value": value}
                for field, operator, value in filters
            ],
            "sorting": [{"field": "id", "order": "ASC"}],
        }
        found: dict[str, JsonObject] = {}
        offset = 0
        while True:
            pages: JsonObject = {"offset": offset, "pageSize": PAGE, "fetchTotalCount": True}
            content = {**asked, "pagination": pages}
            body = await self._send("POST", f"{kind}/query", changes=False, content=content)
            rows = cast(list[JsonObject], body.get("result") or [])
            # A page that moved while it was read may show an object twice.
            found |= {str(row["id"]): row for row in rows}
            offset += len(rows)
            if not _more(body, len(rows), offset):
                return sorted(found.values(), key=lambda row: int(row["id"]))

    async def by_ids(
        self, kind: str, ids: Sequence[str], *, deleted_too: bool = True
    ) -> list[JsonObject]:
        """Objects by id, deleted ones too, in the order of ``ids``; unknown ones are left out."""
        found: dict[str, JsonObject] = {}
        wanted = [one for one in dict.fromkeys(ids) if one.isascii() and one.isdigit()]
        for extra in ((), (_DELETED,)) if deleted_too else ((),):
            missing = [one for one in wanted if one not in found]
            for start in range(0, len(missing), IDS_PER_QUERY):
                some = [int(one) for one in missing[start : start + IDS_PER_QUERY]]
                for row in await self.query(kind, ("id", "IN", some), *extra):
                    found[str(row["id"])] = row
        return [found[one] for one in wanted if one in found]

    async def everything(self, kind: str) -> list[JsonObject]:
        """All objects of a kind, deleted ones too."""
        return await self.query(kind) + await self.query(kind, _DELETED)

    async def report(self, kind: str, content: JsonObject) -> list[JsonObject]:
        """All rows of a report."""
        rows: list[JsonObject] = []
        while True:
            pages = {"offset": len(rows), "pageSize": REPORT_PAGE}
            asked = {**content, "pagination": pages}
            path = f"reports/apps/{kind}/query"
            body = await self._send("POST", path, changes=False, content=asked)
            result = cast(JsonObject, body.get("result") or {})
            page = cast(list[JsonObject], result.get("rows") or [])
            rows += page
            if not _more(body, len(page), len(rows)):
                return rows

    async def _changed(self, method: str, path: str, content: JsonObject) -> Any:
        body = await self._send(method, path, changes=True, content=content)
        if body.get("result") is None:
            raise Ambiguous(APPLE, "the answer holds no result; the change may have happened")
        return body["result"]

    async def _send(
        self,
        method: str,
        path: str,
        *,
        changes: bool,
        content: JsonObject | None = None,
        scoped: bool = True,
    ) -> JsonObject:
        await self._quota.take(BUCKET)
        token = await self._login.token.value()
        headers = {"Authorization": f"Bearer {token}"}
        if scoped:
            headers["X-AP-Context"] = f"adAccountId={self.account_id};"
        try:
            answer = await self._http.request(
                method, f"{self._base}/{path}", headers=headers, json=content
            )
        except httpx.HTTPError as error:
            raise lost(APPLE, error, changes=changes) from None
        self._hear(answer)
        secrets = (token, *self._login.hidden)
        if not answer.is_success:
            failure = classify(answer, changes=changes, secrets=secrets)
            if isinstance(failure, AccessDenied) and answer.status_code == 401:
                self._login.token.forget(token)
            raise failure
        if (error := embedded(answer, secrets)) is not None:
            raise error
        if method == "DELETE":
            return {}
        body = json_object(answer)
        if body is None:
            kind = Ambiguous if changes else Transient
            raise kind(APPLE, f"the answer (HTTP {answer.status_code}) was no JSON object")
        return body

    def _hear(self, answer: httpx.Response) -> None:
        """Every answer says what is left of the caller's window."""
        left = seconds(answer.headers.get("ratelimit-remaining"))
        reset = seconds(answer.headers.get("ratelimit-reset"))
        if answer.status_code == 429:
            left, reset = 0.0, seconds(answer.headers.get("retry-after")) or reset
        if left is not None or reset is not None:
            self._quota.heard(BUCKET, remaining=left, reset_in=reset)


def _more(body: JsonObject, got: int, so_far: int) -> bool:
    """Whether another page follows: by the total, else by whether this page was full."""
    if not got:
        return False
    told = cast(JsonObject, body.get("pagination") or {})
    total = told.get("totalCount")
    if total is not None:
        return so_far < int(total)
    return got >= int(told.get("pageSize") or PAGE)
