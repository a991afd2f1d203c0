"""X's refusals and failures as the kinds of ``platforms.errors``.

Codes are those of the Ads API's error page. Some answers are HTML; then the status decides.
"""

import json
import time
from functools import partial
from typing import Any, cast

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    PolicyRefused,
    RateLimited,
    Refused,
    Transient,
)

JsonObject = dict[str, Any]

_UNSETTLED = {408, 423}
_ACCESS = {401, 403}
_RATE_CODES = {"TOO_MANY_REQUESTS", "TWEET_RATE_LIMIT_EXCEEDED"}
_POLICY_CODES = {"TWEET_IS_SPAM", "MALWARE_STATUS"}
_DEFAULT_WAIT = 60.0
"""Real seconds to wait on a 429 that carries no reset header (the write window's length)."""


refused = partial(Refused, Platform.X)
"""A refusal of our own, before anything is sent."""


def lost(error: httpx.HTTPError, *, changes: bool) -> NetworkError:
    """What a transport failure means. httpx's own text is left out: it may quote the URL."""
    # These fail before the request leaves, so not even a write can have happened.
    unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    what = "the connection could not be made" if unsent else "the connection failed"
    if isinstance(error, httpx.TimeoutException) and not unsent:
        what = "no answer in time"
    message = f"{what} ({type(error).__name__})"
    if changes and not unsent:
        return Ambiguous(Platform.X, f"{message}; the change may have happened")
    return Transient(Platform.X, message)


def classify(
    response: httpx.Response, *, changes: bool, secrets: tuple[str, ...] = ()
) -> NetworkError:
    """What an answer that is no success means.

    Args:
        response: The answer, read.
        changes: Whether the request could have changed something on the network.
        secrets: Values that must not come back in a message, whatever X echoes.
    """
    first = first_error(response)
    code = str(first.get("code", "")) or f"HTTP {response.status_code}"
    text = _scrub(str(first.get("message", "")) or response.reason_phrase or "no message", secrets)
    field = first.get("parameter") or None
    status = response.status_code
    if status == 429 or code in _RATE_CODES:
        return RateLimited(
            Platform.X, f"too many calls: {text}", code=code, retry_after=_until_reset(response)
        )
    if status in _UNSETTLED or status >= 500:
        kind = Ambiguous if changes else Transient
        wait = _seconds(response.headers.get("retry-after"))
        return kind(Platform.X, f"X could not answer: {text}", code=code, retry_after=wait)
    if code in _POLICY_CODES:
        return PolicyRefused(Platform.X, text, code=code, field=field)
    if status in _ACCESS:
        return AccessDenied(Platform.X, text, code=code, field=field)
    return Refused(Platform.X, text, code=code, field=field)


def first_error(response: httpx.Response) -> JsonObject:
    """The first entry of ``errors``, else of ``operation_errors``; empty for HTML."""
    body = json_object(response)
    if body is None:
        return {}
    for entry in _flat(body.get("errors")) + _flat(body.get("operation_errors")):
        return entry
    return {}


def item_errors(response: httpx.Response, count: int) -> list[str | None]:
    """Why each of ``count`` batched operations failed, by position; None for the innocent."""
    body = json_object(response) or {}
    listed: list[Any] = body.get("operation_errors") or []
    reasons: list[str | None] = []
    for entry in (listed + [None] * count)[:count]:
        texts = [f"{e.get('message', 'refused')} [{e.get('code', '')}]" for e in _flat(entry)]
        reasons.append("; ".join(texts) or None)
    return reasons


def json_object(response: httpx.Response) -> JsonObject | None:
    """The body as a JSON object, or None when it is something else."""
    try:
        body: Any = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return cast(JsonObject, body) if isinstance(body, dict) else None


def _flat(entry: Any) -> list[JsonObject]:
    # operation_errors holds per position a list of errors; errors is one flat list.
    if isinstance(entry, dict):
        return [cast(JsonObject, entry)]
    if isinstance(entry, list):
        return [error for part in cast(list[Any], entry) for error in _flat(part)]
    return []


def allowance(headers: httpx.Headers) -> tuple[float, float, float | None] | None:
    """The window's calls, those left, and real seconds until there are all again; None where the
    answer does not say."""
    for name in ("x-account-rate-limit", "x-rate-limit"):
        limit = _seconds(headers.get(f"{name}-limit"))
        left = _seconds(headers.get(f"{name}-remaining"))
        if left is not None and limit is not None:
            reset = _seconds(headers.get(f"{name}-reset"))
            return limit, left, None if reset is None else max(0.0, reset - time.time())
    return None


def _until_reset(response: httpx.Response) -> float:
    """Real seconds until the window resets; the account's own window is decisive."""
    for name in ("x-account-rate-limit-reset", "x-rate-limit-reset"):
        reset = _seconds(response.headers.get(name))
        if reset is not None:
            return max(0.0, reset - time.time())
    return _seconds(response.headers.get("retry-after")) or _DEFAULT_WAIT


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _scrub(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text[:500]
