"""The wire to the Graph API: the official SDK, off the event loop, without leaking the token.

The SDK is synchronous and puts the token into the query string, where it would end in access
logs, in urllib3's debug log and in the text of its own exceptions. Here the token travels in
the Authorization header, and what leaves this module are only kinds of
``platforms.errors.NetworkError`` with scrubbed texts.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import requests
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookError, FacebookRequestError
from facebook_business.session import FacebookSession
from requests.auth import AuthBase

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, NetworkError, Refused, Transient
from platforms.meta import errors as meta_errors
from platforms.meta.json import mapping, sequence

Answer = TypeVar("Answer")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one operation of a batch: ``body`` or ``error``, never both."""

    body: dict[str, Any] | None = None
    error: NetworkError | None = None
    gone: bool = False


class _Unreadable(requests.RequestException):
    """An answer that is no Graph JSON; the SDK would take an error page for a success."""

    def __init__(self, status: int) -> None:
        super().__init__("unreadable")
        self.status = status


class _BearerToken(AuthBase):
    # An auth object, not a plain header: requests lets a .netrc entry overwrite the latter.
    def __init__(self, token: str) -> None:
        self._value = f"Bearer {token}"

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = self._value
        return r


class Connection:
    """One account's connection: ``api`` for the SDK's objects, ``read`` and ``write`` to run
    them.

    ``usage`` is the highest share of any rate limit used so far, in percent, as the last
    answer reported it; slow down from about 75.
    """

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        base_url: str,
        api_version: str,
        timeout: float,
    ) -> None:
        token = credentials.get("access_token", "")
        if not token:
            raise AccessDenied(
                Platform.META, "no access_token is configured; connect the ad account first"
            )
        if not re.fullmatch(r"v\d+\.\d+", api_version):
            raise Refused(
                Platform.META,
                f"api_version {api_version!r} is not a Graph version such as v26.0",
                field="api_version",
            )
        secret = credentials.get("app_secret", "")
        self.usage = 0.0
        self._session: Any = FacebookSession(
            app_id=credentials.get("app_id"), app_secret=secret or None, access_token=token
        )
        self._session.timeout = timeout
        self._session.GRAPH = base_url.rstrip("/")
        web: requests.Session = self._session.requests
        # One connection serves several threads: keep its cookie jar out of play.
        web.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        web.auth = _BearerToken(token)
        web.max_redirects = 0
        web.trust_env = urlsplit(base_url).hostname not in _LOOPBACK
        web.hooks["response"].append(self._inspect)
        parameters = cast("dict[str, str]", web.params)
        parameters.pop("access_token", None)
        proof = parameters.get("appsecret_proof", "")
        self._secrets = tuple(text for text in (token, secret, proof) if text)
        self.api: Any = FacebookAdsApi(self._session, api_version=api_version)

    def __repr__(self) -> str:
        return "Connection(credentials hidden)"

    async def read(self, call: Callable[[], Answer]) -> Answer:
        """Run an SDK call that changes nothing. Trouble on the way is ``Transient``."""
        return await self._run(call, write=False)

    async def write(self, call: Callable[[], Answer]) -> Answer:
        """Run an SDK call that changes something, once. A lost answer is ``Ambiguous``."""
        return await self._run(call, write=True)

    async def batch(
        self, operations: Sequence[tuple[str, str, dict[str, str]]], *, write: bool
    ) -> list[Entry]:
        """One HTTP batch of (method, relative path, parameters), one entry each, in order.

        An entry Meta answers with ``null`` (it ran out of time) is asked once more; all our
        batched operations read or set a value, so that repeating them is harmless.
        """
        return await self._run(lambda: self._batch(operations, write), write=write)

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await asyncio.to_thread(self._session.requests.close)

    def scrub(self, text: str) -> str:
        """``text`` fit to be shown."""
        return meta_errors.scrubbed(text, self._secrets)

    async def _run(self, call: Callable[[], Answer], *, write: bool) -> Answer:
        # The failure is raised outside the except block so that the SDK's exception, whose
        # text holds the request, is not carried along as its context.
        try:
            return await asyncio.to_thread(call)
        except FacebookRequestError as error:
            failure = self._refusal(error, write)
        except _Unreadable as error:
            failure = meta_errors.unreadable(error.status, write=write)
        except requests.RequestException as error:
            failure = meta_errors.from_transport(error, write=write)
        except (FacebookError, AttributeError, KeyError, TypeError, ValueError):
            failure = meta_errors.unreadable(0, write=write)
        raise failure

    def _refusal(self, raised: FacebookRequestError, write: bool) -> NetworkError:
        answer = cast("Any", raised)
        wait = self._note_usage(answer.http_headers().items())
        return self._kind(answer.body(), answer.http_status(), write, wait)

    def _kind(self, body: Any, status: int | None, write: bool, wait: float | None) -> NetworkError:
        error = mapping(mapping(body).get("error"))
        if not error:
            return meta_errors.unreadable(status or 0, write=write)
        return meta_errors.from_error(
            error,
            status=status or 0,
            write=write,
            retry_after=wait,
            secrets=self._secrets,
        )

    def _batch(
        self, operations: Sequence[tuple[str, str, dict[str, str]]], write: bool
    ) -> list[Entry]:
        entries: dict[int, Entry] = {}

        def note(index: int) -> Callable[[Any], None]:
            def answered(answer: Any) -> None:
                headers = ((each["name"], each["value"]) for each in answer.headers())
                wait = self._note_usage(headers)
                entries[index] = self._entry(answer.json(), answer.status(), write, wait)

            return answered

        for _attempt in range(2):
            batch = self.api.new_batch()
            for index, (method, path, parameters) in enumerate(operations):
                if index not in entries:
                    done = note(index)
                    batch.add(method, path, params=parameters, success=done, failure=done)
            if len(batch):
                batch.execute()
        lost = Transient(Platform.META, "Meta gave no answer to this operation, twice")
        return [entries.get(index, Entry(error=lost)) for index in range(len(operations))]

    def _entry(self, body: Any, status: int, write: bool, wait: float | None) -> Entry:
        answer = mapping(body)
        if answer and "error" not in answer and status < 400:
            return Entry(body=answer)
        gone = meta_errors.codes(mapping(answer.get("error"))) in meta_errors.GONE
        return Entry(error=self._kind(body, status, write, wait), gone=gone)

    def _inspect(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self._note_usage(response.headers.items())
        try:
            json.loads(response.text)
        except ValueError:
            raise _Unreadable(response.status_code) from None

    def _note_usage(self, headers: Iterable[tuple[str, str]]) -> float | None:
        """Read the four usage headers (fact sheet 1.7) into ``usage``; answer the wait in
        seconds they ask for (minutes in the business header, seconds in the account's)."""
        shares: list[float] = []
        waits: list[float] = []
        for name, text in headers:
            if not (
                name.lower().endswith("-usage") or name.lower() == "x-fb-ads-insights-throttle"
            ):
                continue
            for use in _uses(text):
                share = max((_share(key, value) for key, value in use.items()), default=0.0)
                shares.append(share)
                waits.append(60.0 * _figure(use.get("estimated_time_to_regain_access")))
                if share >= 100.0:
                    waits.append(_figure(use.get("reset_time_duration")))
        if shares:
            self.usage = max(shares)
        return max(waits, default=0.0) or None


def _uses(text: str) -> list[dict[str, Any]]:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return []
    uses = [mapping(value)]
    for part in mapping(value).values():
        uses += [mapping(each) for each in sequence(part)]
    return uses


def _share(key: str, value: object) -> float:
    percent = key.endswith("_pct") or key in {"call_count", "total_cputime", "total_time"}
    return _figure(value) if percent else 0.0


def _figure(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
