"""Calls to a service that answers in JSON, and fetching what it links to.

Each call opens a connection of its own: calls are rare, and a kept connection that the other side
has just closed would look like an order whose answer was lost.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from json import JSONDecodeError
from typing import Any, cast

import httpx
from pydantic import SecretStr

from creative.generators import GeneratorBusy, GeneratorLost, GeneratorRefused, Kind
from creative.generators.access import NO_KEY

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_MOST_JSON = 2_000_000
_LONGEST_WAIT = 600.0
_SHOWN = 200
_PIECE = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_GONE = frozenset({401, 403, 404, 410})


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object and the status it came with."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """One service: its name in messages, base URL without a trailing slash, and headers.

    ``secret`` is blotted out of whatever the service says. ``shedding`` are the statuses by which
    it refuses an order before taking it. ``reads`` gives the kind of a refusal (status 400 and
    above) from status and body; None where the body says nothing special.
    """

    service: str
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    secret: SecretStr
    timeout: float  # seconds for one call as a whole
    shedding: frozenset[int] = frozenset({429, 503})
    reads: Callable[[int, dict[str, Any]], Kind | None] = lambda _status, _body: None

    async def order(self, path: str, body: Mapping[str, Any]) -> Answer:
        """POST something that costs money.

        Raises:
            GeneratorRefused: not taken, and never will be.
            GeneratorBusy: certainly not taken: no connection, or refused under load.
            GeneratorLost: no answer, or none that says whether it was taken.
        """
        try:
            response, data = await self._send("POST", httpx.URL(f"{self.base_url}{path}"), body)
        except _NOTHING_SENT as error:
            raise GeneratorBusy(f"{self.service} could not be reached ({_name(error)})") from None
        except (httpx.HTTPError, TimeoutError, _TooLong) as error:
            raise GeneratorLost(
                f"{self.service} took the order and its answer was lost ({_name(error)})"
            ) from None
        read = _object(data)
        if response.is_success:
            if read is None:
                raise GeneratorLost(f"{self.service} answered an order with no JSON object")
            return Answer(response.status_code, read)
        self._refused(response, read or {})
        raise GeneratorLost(
            f"{self.service} answered an order {response.status_code}, which does not say whether "
            "it was taken"
        )

    async def look(self, url: httpx.URL) -> Answer:
        """GET something; costs nothing, so that every passing fault is ``GeneratorBusy``.

        Raises:
            GeneratorRefused, GeneratorBusy
        """
        try:
            response, data = await self._send("GET", url, None)
        except (httpx.HTTPError, TimeoutError, _TooLong) as error:
            raise GeneratorBusy(f"{self.service} gave no answer ({_name(error)})") from None
        read = _object(data)
        if response.is_success and read is not None:
            return Answer(response.status_code, read)
        if not response.is_success:
            self._refused(response, read or {})
        raise GeneratorBusy(
            f"{self.service} answered {response.status_code} with nothing to read",
            _retry_after(response),
        )

    async def fetch(self, url: str, most_bytes: int, allow: Callable[[str], httpx.URL]) -> bytes:
        """What stands behind a link, fetched without the key. ``allow`` checks the link and every
        redirect.

        Raises:
            GeneratorRefused: not allowed, or larger than ``most_bytes``.
            LinkGone: it has expired.
            GeneratorBusy: no answer now.
        """
        try:
            async with asyncio.timeout(self.timeout):
                return await self._followed(allow(url), most_bytes, allow)
        except _TooLong:
            raise GeneratorRefused(
                f"{self.service} sent more than the limit of {most_bytes:,} bytes; ask for a "
                "smaller size or a shorter clip",
                "request",
            ) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise GeneratorBusy(
                f"what {self.service} made could not be fetched ({_name(error)})"
            ) from None

    async def _followed(
        self, target: httpx.URL, most_bytes: int, allow: Callable[[str], httpx.URL]
    ) -> bytes:
        # The environment's proxies are left aside: the links are checked here, by name. Media do
        # not shrink any further, so nothing is unpacked that could be a bomb.
        async with httpx.AsyncClient(
            timeout=self.timeout,
            trust_env=False,
            headers={"accept-encoding": "identity"},
            verify=_trusted(),
        ) as client:
            for _ in range(_MOST_REDIRECTS + 1):
                async with client.stream("GET", target) as response:
                    if response.status_code in _REDIRECTS:
                        target = allow(_joined(target, response.headers.get("location", "")))
                        continue
                    if response.is_success:
                        return await _counted(response.aiter_raw(_PIECE), most_bytes)
                    status = response.status_code
                    if status in _GONE:
                        raise LinkGone(f"the link that {self.service} gave has expired ({status})")
                    raise GeneratorBusy(
                        f"what {self.service} made could not be fetched ({status})",
                        _retry_after(response),
                    )
        raise GeneratorRefused(
            f"{self.service}'s link redirects more than {_MOST_REDIRECTS} times; make it anew",
            "request",
        )

    async def _send(
        self, method: str, url: httpx.URL, body: Mapping[str, Any] | None
    ) -> tuple[httpx.Response, bytes]:
        async with (
            asyncio.timeout(self.timeout),
            httpx.AsyncClient(
                timeout=self.timeout, headers=self.headers, verify=_trusted()
            ) as client,
            client.stream(method, url, json=body) as response,
        ):
            return response, await _counted(response.aiter_bytes(_PIECE), _MOST_JSON)

    def _refused(self, response: httpx.Response, body: dict[str, Any]) -> None:
        """Raise what a status above 299 certainly means; return where it leaves a doubt."""
        status = response.status_code
        kind = self.reads(status, body) or _kind(status)
        # What a service says of a credential may quote it.
        said = "" if kind == "access" else f": {self.said(body)}".rstrip(": ")
        if kind is not None:
            raise GeneratorRefused(f"{self.service} refused the order ({status}){said}", kind)
        if status in self.shedding:
            raise GeneratorBusy(f"{self.service} is busy ({status})", _retry_after(response))

    def said(self, body: Mapping[str, Any]) -> str:
        """A service's own words, short and without the key."""
        return clean(said(body), self.secret)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates trusted: read once, not for every call."""
    return httpx.create_ssl_context()


class LinkGone(Exception):
    """A signed link no longer opens."""


class _TooLong(Exception):
    """An answer beyond its limit."""


def _kind(status: int) -> Kind | None:
    """What a status means by itself; None where it is no refusal for good."""
    if status in (401, 403):
        return "access"
    if status == 402:
        return "credit"
    if status in (408, 409, 425, 429) or status >= 500:
        return None
    return "request"


def said(body: Mapping[str, Any]) -> str:
    """The message of an error body in the shapes the services use."""
    found = body.get("error") or body.get("detail") or body.get("message") or ""
    if isinstance(found, dict):
        found = cast("dict[str, Any]", found).get("message", "")
    if isinstance(found, list):
        found = "; ".join(_complaint(each) for each in cast("list[object]", found))
    return str(found)


def _complaint(each: object) -> str:
    """One line of a validation error: where, and what."""
    if not isinstance(each, dict):
        return str(each)
    one = cast("dict[str, object]", each)
    place = one.get("loc")
    where = ".".join(map(str, cast("list[object]", place))) if isinstance(place, list) else ""
    return f"{where} {one.get('msg', '')}".strip()


def clean(text: str, secret: SecretStr) -> str:
    """A stranger's words on one short line, the key blotted out."""
    key = secret.get_secret_value()
    if key and key != NO_KEY:
        text = text.replace(key, "***")
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, at most ten minutes: a service may not park us for days."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            then = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    # Also what is no number at all (NaN) is no wait.
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else 0.0


def _retry_after(response: httpx.Response) -> float | None:
    return retry_after(response.headers.get("retry-after"))


async def _counted(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """A body, read no further than one piece over ``most``."""
    data = bytearray()
    async for piece in pieces:
        data += piece
        if len(data) > most:
            raise _TooLong
    return bytes(data)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        read: object = json.loads(data)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None
    return cast("dict[str, Any]", read) if isinstance(read, dict) else None


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location))
    except httpx.InvalidURL:
        return ""


def _name(error: Exception) -> str:
    return type(error).__name__
