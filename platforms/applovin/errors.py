"""AppLovin's refusals and failures as the kinds of ``platforms.errors``.

What is wrong stands in response headers; bodies of errors are not documented and not read.
"""

import re
from collections.abc import Sequence
from functools import partial

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    RateLimited,
    Refused,
    Transient,
)
from platforms.transport import scrubbed, seconds

JsonObject = dict[str, object]

BLOCKED = "100007"
"""Error code of an account that is shut out for 24 hours because of its 100 errors."""
TOO_FAST_WAIT = 600.0
BLOCKED_WAIT = 24 * 3600.0
"""Real seconds that AppLovin shuts an account out for; it documents no ``Retry-After``."""

_UNSETTLED = {408, 425}
_ACCESS = {401, 402, 403}
_CODE = re.compile(r"\w{1,40}")


refused = partial(Refused, Platform.APPLOVIN)
"""A refusal of our own, before anything is sent."""


def unclear(message: str) -> Ambiguous:
    """Something was made or changed, and what exactly is not known."""
    return Ambiguous(Platform.APPLOVIN, message)


def classify(
    response: httpx.Response, *, changes: bool, secrets: Sequence[str] = ()
) -> NetworkError:
    """What an answer that is no success means.

    Args:
        response: The answer; only status and headers are looked at.
        changes: Whether the request could have changed something on the network.
        secrets: Values that must not come back in a message, whatever AppLovin echoes.
    """
    status, headers = response.status_code, response.headers
    told = headers.get("x-al-error-code", "")
    code = told if _CODE.fullmatch(told) else f"HTTP {status}"
    text = scrubbed(headers.get("x-al-error-message") or response.reason_phrase, secrets)
    if trace := scrubbed(headers.get("x-trace-id", ""), secrets):
        text = f"{text} (AppLovin's trace {trace[:80]})"
    if status == 429:
        usual = BLOCKED_WAIT if code == BLOCKED else TOO_FAST_WAIT
        stated = seconds(headers.get("retry-after"))
        return RateLimited(
            Platform.APPLOVIN,
            f"too many calls or errors: {text}",
            code=code,
            retry_after=usual if stated is None else stated,
        )
    if status < 400 or status >= 500 or status in _UNSETTLED:
        kind = Ambiguous if changes else Transient
        return kind(Platform.APPLOVIN, f"AppLovin could not answer: {text}", code=code)
    if status in _ACCESS:
        return AccessDenied(Platform.APPLOVIN, text, code=code)
    return Refused(Platform.APPLOVIN, text, code=code)
