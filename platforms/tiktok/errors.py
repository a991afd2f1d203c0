"""TikTok's answers as the kinds of ``platforms.errors``.

Nearly every answer is HTTP 200 with a ``code``: 0 is success, 20001 success in part, anything else
a failure. An HTTP error means that the request never reached the API's own logic.
"""

from functools import partial
from typing import Any

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
from platforms.transport import scrubbed, seconds

JsonObject = dict[str, Any]

OK = frozenset({0, 20001})
NOT_FOUND = 40007
DUPLICATED = 40050
"""The same ``request_id`` again: the object was probably made by the first request."""
NAME_TAKEN = 40911
TRANSCODING = 40901

_RATE = frozenset({40016, 40100, 40132, 40133, 61000})
_ACCESS = frozenset(
    {
        40001, 40102, 40103, 40104, 40105, 40106, 40107, 40110, 40113, 40114, 40117, 40118, 40119,
        40124, 40125, 40130, 40131, 40300, 40301, 40302, 40309, 41000,
    }
)  # fmt: skip
_UNHEARD = frozenset({40201, TRANSCODING, 60001})
"""Not yet, or not now: TikTok says that it did not begin."""
_UNCLEAR = frozenset({DUPLICATED, 40202})
_POLICY = frozenset({40904, 40916})
_SECOND, _FIVE_MINUTES = 1.0, 300.0
"""TikTok names no waiting time: the next second after the limit per second, five minutes after
the one per minute, as its documentation advises."""


refused = partial(Refused, Platform.TIKTOK)
"""A refusal of our own, before anything is sent."""


def classify(code: int, message: str, *, changes: bool, secrets: tuple[str, ...]) -> NetworkError:
    """What an answer with a code other than success means.

    Args:
        code: TikTok's code.
        message: TikTok's text; it is often the only place that says what was wrong.
        changes: Whether the request could have changed something on the network.
        secrets: Values that must not come back in a message, whatever TikTok echoes.
    """
    text, name = scrubbed(message or "no message", secrets), str(code)
    if code in _RATE:
        return RateLimited(
            Platform.TIKTOK, f"too many calls: {text}", code=name, retry_after=_wait(text)
        )
    if code in _ACCESS:
        return AccessDenied(Platform.TIKTOK, text, code=name)
    if code in _POLICY:
        return PolicyRefused(Platform.TIKTOK, text, code=name)
    if code in _UNHEARD:
        return Transient(Platform.TIKTOK, f"not yet: {text}", code=name)
    if code in _UNCLEAR or code >= 50000:
        kind = Ambiguous if changes else Transient
        return kind(Platform.TIKTOK, f"TikTok could not answer: {text}", code=name)
    return Refused(Platform.TIKTOK, text, code=name)


def http_failure(response: httpx.Response, *, changes: bool) -> NetworkError:
    """What an HTTP status other than 200, or a body that is no envelope, means."""
    status = response.status_code
    code = f"HTTP {status}"
    if status == 429:
        wait = seconds(response.headers.get("retry-after")) or _SECOND
        return RateLimited(Platform.TIKTOK, "too many calls", code=code, retry_after=wait)
    if status in (401, 403):
        return AccessDenied(Platform.TIKTOK, "TikTok does not let this credential in", code=code)
    if 400 <= status < 500 and status != 408:
        return Refused(Platform.TIKTOK, "TikTok knows no such address", code=code)
    # A gateway may fail after the API behind it has acted.
    kind = Ambiguous if changes else Transient
    return kind(Platform.TIKTOK, "TikTok could not answer", code=code)


def _wait(text: str) -> float:
    words = text.lower()
    return _FIVE_MINUTES if "minute" in words or "qpm" in words else _SECOND
