"""Fetching pages and feeds that strangers name, without being led astray.

WebError
├── WebRefused       this address or answer is not acceptable; repeating will not help
└── WebUnavailable   the site could not answer now; try again later
"""

import asyncio
import fnmatch
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

from activities.addresses import Resolve, is_public, resolve
from models.contract.urls import without_secrets
from platforms.transport import trusted

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN = frozenset({408, 425, 429})
_DEFAULT_PORTS = {"https": 443, "http": 80}
_TIMEOUT = httpx.Timeout(10, connect=5)
_PIECE = 65_536
USER_AGENT = "Adflight/0.1 (page reader)"
PAGES = "text/html, application/xhtml+xml, application/json;q=0.9, */*;q=0.1"
FEEDS = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9"


class WebError(Exception):
    """Base. The message is one sentence that is safe to show: no password, no query."""


class WebRefused(WebError):
    """The address or the answer is not acceptable. ``status`` is the site's, if it answered."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class WebUnavailable(WebError):
    """The site could not answer now. ``status`` is the site's, if it answered."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: ``status`` 200 to 299, or 304 with an empty body when nothing changed.

    ``url`` is what was asked for, ``final_url`` the public address after redirects;
    ``content_type`` is the header as sent, ``body`` is decompressed.
    """

    status: int
    url: str
    final_url: str
    content_type: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None


class WebReader:
    """Fetches by GET from public addresses only.

    Every name is resolved here, all its addresses are checked, and the connection goes to a
    checked address (with the name in Host and TLS), so that a second DNS answer changes
    nothing. Each redirect is checked again. Proxies of the environment are not used: they
    would resolve the name by themselves.

    Args:
        client: An HTTP client to use instead of an own one; it is not closed here.
        max_bytes: Largest body, before and after decompression.
        timeout: Seconds for one ``fetch`` with all its redirects.
        allow_http: Accept ``http`` addresses.
        allow_private: Accept addresses outside the public Internet and any port.
        allowed_ports: Ports accepted beside the scheme's own.
        hosts_map: Host patterns (``*.example``) to a base URL; such a request goes to
            ``{base}/{host}{path}?{query}`` and its address is not checked.
        resolver: Answers names; the system's by default.
    """

    def __init__(
        self,
        client: httpx.AsyncClient | None = None,
        *,
        max_bytes: int = 5_000_000,
        max_redirects: int = 5,
        timeout: float = 30.0,
        allow_http: bool = False,
        allow_private: bool = False,
        allowed_ports: frozenset[int] = frozenset(),
        hosts_map: Mapping[str, str] | None = None,
        resolver: Resolve = resolve,
    ) -> None:
        self._owned = client is None
        self._client = client or httpx.AsyncClient(
            timeout=_TIMEOUT,
            verify=trusted(),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._timeout = timeout
        self._allow_http = allow_http
        self._allow_private = allow_private
        self._allowed_ports = allowed_ports
        self._hosts_map = {
            pattern.lower(): base.rstrip("/") for pattern, base in (hosts_map or {}).items()
        }
        self._resolve = resolver

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Release connections."""
        if self._owned:
            await self._client.aclose()

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = PAGES,
    ) -> Fetched:
        """Fetch ``url``, or learn that it has not changed since ``etag``/``last_modified``.

        Raises:
            WebRefused: scheme, host, port, size, encoding, redirect or status is not acceptable.
            WebUnavailable: no answer in time, or the site asks to come back later.
        """
        headers = {
            "accept": accept,
            # Only what is decompressed below, with its size counted.
            "accept-encoding": "gzip",
            # A connection belongs to one name: the pool would key it by address.
            "connection": "close",
            "user-agent": USER_AGENT,
        }
        if etag:
            headers["if-none-match"] = etag
        if last_modified:
            headers["if-modified-since"] = last_modified
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(url, headers)
        except TimeoutError:
            raise WebUnavailable(
                f"{_shown(url)} took longer than {self._timeout:g} seconds; try again later"
            ) from None

    async def _follow(self, url: str, headers: dict[str, str]) -> Fetched:
        current = url
        for _ in range(self._max_redirects + 1):
            target = self._checked(current)
            response = await self._send(target, headers)
            try:
                if response.status_code in _REDIRECTS:
                    current = self._redirected(current, target, response)
                    continue
                return await self._answer(url, current, response)
            finally:
                await response.aclose()
        raise WebRefused(
            f"{_shown(url)} redirects more than {self._max_redirects} times; give its final address"
        )

    def _checked(self, url: str) -> httpx.URL:
        try:
            parsed = httpx.URL(url)
            if not 0 < (parsed.port or 1) < 65_536:
                raise httpx.InvalidURL("port")
        except httpx.InvalidURL:
            raise WebRefused(f"{_shown(url)} is no valid address; give a full https one") from None
        if not (parsed.scheme == "https" or (parsed.scheme == "http" and self._allow_http)):
            raise WebRefused(f"{_shown(url)} is not https; give its https:// address")
        if not parsed.host:
            raise WebRefused(f"{_shown(url)} names no host; give a full https address")
        if parsed.userinfo:
            raise WebRefused(
                f"{_shown(url)} carries a user name or password; remove everything before the @"
            )
        odd = parsed.port is not None and parsed.port != _DEFAULT_PORTS[parsed.scheme]
        if odd and not (self._allow_private or parsed.port in self._allowed_ports):
            raise WebRefused(
                f"{_shown(url)} uses port {parsed.port}, and only the usual one is allowed;"
                f" publish the page on port {_DEFAULT_PORTS[parsed.scheme]} or allow the port"
            )
        return parsed

    def _base_for(self, host: str) -> str | None:
        for pattern, base in self._hosts_map.items():
            if fnmatch.fnmatchcase(host, pattern):
                return base
        return None

    async def _send(self, target: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        base = self._base_for(target.host)
        if base is not None:
            mapped = httpx.URL(f"{base}/{target.host}{target.raw_path.decode('ascii')}")
            return await self._request(mapped, headers, target)
        failure = WebUnavailable(f"{_shown(target)} has no address; check its host name")
        named = {**headers, "host": target.netloc.decode("ascii")}
        sni = {"sni_hostname": target.raw_host.decode("ascii")}
        for address in await self._addresses(target):
            try:
                pinned = target.copy_with(host=address)
                return await self._request(pinned, named, target, sni)
            except httpx.InvalidURL:
                continue  # an address with a zone, such as fe80::1%eth0
            except _NotConnected as error:
                failure = error
        raise failure

    async def _addresses(self, target: httpx.URL) -> list[str]:
        port = target.port or _DEFAULT_PORTS[target.scheme]
        try:
            addresses = await self._resolve(target.raw_host.decode("ascii"), port)
        except (OSError, UnicodeError):
            raise WebUnavailable(
                f"host {target.host!r} could not be resolved; check its name, or try again later"
            ) from None
        # All of them: a name with one private answer among public ones is an attack or a mistake.
        if not self._allow_private and not all(map(is_public, addresses)):
            raise WebRefused(
                f"host {target.host!r} leads to a private or reserved address; give a public page,"
                " or map the host if it is a test site"
            )
        return addresses

    async def _request(
        self,
        sent_to: httpx.URL,
        headers: dict[str, str],
        public: httpx.URL,
        extensions: dict[str, str] | None = None,
    ) -> httpx.Response:
        request = self._client.build_request(
            "GET", sent_to, headers=headers, extensions=extensions or {}
        )
        # A client's cookies belong to whoever set them, not to the next site.
        request.headers.pop("cookie", None)
        try:
            return await self._client.send(request, stream=True, follow_redirects=False, auth=None)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise WebRefused(
                    f"{_shown(public)} shows no valid TLS certificate; renew it on the site"
                ) from None
            raise _NotConnected(f"{_shown(public)} cannot be reached; try again later") from None
        except httpx.HTTPError as error:
            raise WebUnavailable(
                f"{_shown(public)} broke off ({type(error).__name__}); try again later"
            ) from None

    def _redirected(self, current: str, target: httpx.URL, response: httpx.Response) -> str:
        location = response.headers.get("location", "")
        if not location:
            raise WebRefused(
                f"{_shown(current)} answers {response.status_code} without saying where to;"
                " correct the redirect on the site",
                status=response.status_code,
            )
        base = self._base_for(target.host)
        if base is not None:
            # A stand-in knows itself by its own address: read that as the public one.
            here, public = f"{base}/{target.host}", f"{target.scheme}://{target.host}"
            own_path = httpx.URL(here).path
            if location == here or location.startswith((here + "/", here + "?")):
                return public + location.removeprefix(here)
            if location == own_path or location.startswith((own_path + "/", own_path + "?")):
                return public + location.removeprefix(own_path)
        try:
            return urljoin(current, location)
        except ValueError:
            raise WebRefused(
                f"{_shown(current)} redirects to an unreadable address; correct it on the site"
            ) from None

    async def _answer(self, url: str, final_url: str, response: httpx.Response) -> Fetched:
        status = response.status_code
        if status >= 500 or status in _TRY_AGAIN:
            raise WebUnavailable(f"{_shown(url)} answers {status}; try again later", status=status)
        if status != 304 and not 200 <= status < 300:
            raise WebRefused(
                f"{_shown(url)} answers {status}; check that the page is public", status=status
            )
        body = b"" if status in (204, 304) else await self._body(url, response)
        return Fetched(
            status=status,
            url=url,
            final_url=final_url,
            content_type=response.headers.get("content-type", ""),
            body=body,
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
        )

    async def _body(self, url: str, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise WebRefused(
                f"{_shown(url)} uses content encoding {encoding[:40]!r}; send gzip or none"
            )
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > self._max_bytes:
            raise self._too_large(url)
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
        received, body = 0, bytearray()
        try:
            async for piece in response.aiter_raw(_PIECE):
                received += len(piece)
                if inflate is None:
                    body += piece
                else:
                    # One byte over the limit is enough to know, whatever the bomb holds.
                    body += inflate.decompress(piece, self._max_bytes + 1 - len(body))
                if received > self._max_bytes or len(body) > self._max_bytes:
                    raise self._too_large(url)
        except zlib.error:
            raise WebRefused(f"{_shown(url)} sends damaged gzip; repair the site") from None
        except httpx.HTTPError as error:
            raise WebUnavailable(
                f"{_shown(url)} broke off ({type(error).__name__}); try again later"
            ) from None
        if inflate is not None and received and not inflate.eof:
            raise WebUnavailable(f"{_shown(url)} sent half a gzip body; try again later")
        return bytes(body)

    def _too_large(self, url: str) -> WebRefused:
        return WebRefused(
            f"{_shown(url)} is larger than the limit of {self._max_bytes:,} bytes; make it smaller"
        )


class _NotConnected(WebUnavailable):
    """One address did not take the connection; another one of the name may."""


def _shown(url: httpx.URL | str) -> str:
    return f"url {without_secrets(str(url))!r}"
