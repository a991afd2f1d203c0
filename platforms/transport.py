"""HTTP to a network: one pool per account, nothing sent twice, failures by what they mean."""

import ssl
from collections.abc import Mapping, Sequence
from functools import cache

import httpx
from pydantic import TypeAdapter

from models.contract.vocabulary import Platform
from platforms.errors import Ambiguous, NetworkError, Transient

_JSON_OBJECT = TypeAdapter(dict[str, object])


@cache
def trusted() -> ssl.SSLContext:
    """The authorities whose certificates count, read once: that takes 25 ms of a core, and a
    process opens a client for every account and every bot.
    """
    return httpx.create_ssl_context()


def open_http(timeout: float, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """A client that repeats nothing by itself and reads no proxy from the environment."""
    return httpx.AsyncClient(
        timeout=timeout,
        # An idle connection that the network has closed would make a write look ambiguous.
        limits=httpx.Limits(keepalive_expiry=2.0),
        transport=httpx.AsyncHTTPTransport(verify=trusted(), retries=0),
        headers={"User-Agent": "adflight", "Accept": "application/json", **(headers or {})},
        trust_env=False,
    )


def lost(platform: Platform, error: httpx.HTTPError, *, changes: bool) -> NetworkError:
    """What a transport failure means. httpx's own text is left out: it may quote the URL.

    Raise it ``from None``: the cause carries the request with its token.
    """
    # These fail before the request leaves, so not even a write can have happened.
    unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    what = "the connection could not be made" if unsent else "the connection failed"
    if isinstance(error, httpx.TimeoutException) and not unsent:
        what = "no answer in time"
    message = f"{what} ({type(error).__name__})"
    if changes and not unsent:
        return Ambiguous(platform, f"{message}; the change may have happened")
    return Transient(platform, message)


def json_object(response: httpx.Response) -> dict[str, object] | None:
    """The body as a JSON object, or None when it is something else."""
    try:
        return _JSON_OBJECT.validate_json(response.content)
    except ValueError:
        return None


def seconds(text: str | None) -> float | None:
    """A header that counts seconds, or None."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def scrubbed(text: str, secrets: Sequence[str]) -> str:
    """A network's text without secrets it may echo, and of bearable length."""
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text[:500]
