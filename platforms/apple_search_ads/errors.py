"""Apple's refusals and failures as the kinds of ``platforms.errors``."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Ambiguous, NetworkError, RateLimited, Refused, Transient
from platforms.transport import json_object, scrubbed, seconds

APPLE = Platform.APPLE_SEARCH_ADS
JsonObject = dict[str, Any]

DUPLICATE_NAME = "DUPLICATE_NAME"
_DEFAULT_WAIT = 2.0
"""Real seconds to wait on a 429 without a header: the first step of Apple's advised back-off."""


refused = partial(Refused, APPLE)
"""A refusal of our own, before anything is sent."""


def classify(
    response: httpx.Response, *, changes: bool, secrets: Sequence[str] = ()
) -> NetworkError:
    """What an answer that is no success means.

    Args:
        response: The answer, read.
        changes: Whether the request could have changed something.
        secrets: Values that must not come back in a message, whatever Apple echoes.
    """
    code, text, field = _told(response)
    code = code or f"HTTP {response.status_code}"
    text = scrubbed(text or response.reason_phrase or "no message", secrets)
    status = response.status_code
    if status == 429:
        return RateLimited(APPLE, f"too many calls: {text}", code=code, retry_after=wait(response))
    if status == 408 or status >= 500:
        kind = Ambiguous if changes else Transient
        later = seconds(response.headers.get("retry-after"))
        return kind(APPLE, f"Apple could not answer: {text}", code=code, retry_after=later)
    if status in (401, 403):
        return AccessDenied(APPLE, text, code=code)
    return Refused(APPLE, text, code=code, field=field)


def embedded(response: httpx.Response, secrets: Sequence[str] = ()) -> Refused | None:
    """The error inside an answer of 200 (report endpoints answer so), or None.

    An answer that names an error has done nothing.
    """
    code, text, field = _told(response)
    if not code and not text:
        return None
    return Refused(APPLE, scrubbed(text or code, secrets), code=code, field=field)


def item_error(item: JsonObject) -> str:
    """Why one item of a bulk request failed, in words."""
    return _words(cast(JsonObject, item.get("error") or {})) or "no reason given"


def wait(response: httpx.Response) -> float:
    """Real seconds until another call is taken: ``Retry-After`` is exact, the window's reset
    comes next."""
    for name in ("retry-after", "ratelimit-reset"):
        later = seconds(response.headers.get(name))
        if later is not None:
            return max(0.0, later)
    return _DEFAULT_WAIT


def _told(response: httpx.Response) -> tuple[str, str, str | None]:
    """Code, words and field of an error. The detail says more than the envelope around it."""
    body = json_object(response) or {}
    error = body.get("error")
    if not isinstance(error, dict):
        return "", "", None
    shown = cast(JsonObject, error)
    details = _details(shown)
    first = details[0] if details else {}
    info = cast(JsonObject, first.get("info") or {})
    code = str(first.get("code") or shown.get("code") or "")
    field = str(info.get("field") or "") or None
    return code, _words(shown), field


def _words(error: JsonObject) -> str:
    details = [str(one.get("message") or one.get("code") or "") for one in _details(error)]
    return "; ".join(text for text in details if text) or str(error.get("message") or "")


def _details(error: JsonObject) -> list[JsonObject]:
    # Apple's pages show both spellings: ``details`` in general, ``errors`` for one not found.
    listed = cast(list[Any], error.get("details") or error.get("errors") or [])
    return [cast(JsonObject, one) for one in listed if isinstance(one, dict)]
