"""Telegram's refusals and failures as the kinds of ``platforms.errors``.

Both interfaces answer ``{"ok": false, ...}``. The Ads API does so with HTTP 200 and a bare code;
it publishes no list of them, so the ending of a code says what it is.
"""

import re
from functools import partial

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

NOT_ENOUGH = "NOT_ENOUGH_BUDGET"
MISMATCH = "IDEMPOTENT_PARAM_MISMATCH"
IN_PROGRESS = "IDEMPOTENT_REQUEST_IN_PROGRESS"

SUSPENDED, DISABLED = "ACCOUNT_SUSPENDED", "ACCOUNT_DISABLED"
DECLINED = "PAYMENT_DECLINED"
"""Unsure: what Telegram answers for an account that may not spend is not published."""

RECENTLY_ACTIVE = "AD_RECENTLY_ACTIVE"
"""Unsure: the code for deleting an ad, or taking its money back, within ten minutes of its last
activity. Any code that names activity is read the same way."""

_FLOOD = re.compile(r"FLOOD_WAIT_(\d+)")
_WAIT = 30.0
"""Real seconds to wait where a refusal for haste names none."""
_INACTIVE_FOR = 600.0
_ACCOUNT = frozenset({"ACCESS_DENIED", "MAIN_ACCOUNT_REQUIRED", SUSPENDED, DISABLED, DECLINED})
_UNCLEAR = ("INTERNAL", "TIMEOUT", "UNAVAILABLE", "SERVER_ERROR", "CALL_FAIL")
_FIELDS = ("REQUIRED", "INVALID", "TOO_LONG", "TOO_SHORT", "TOO_LOW", "TOO_MANY", "EMPTY")
_WAYS_OUT = {
    NOT_ENOUGH: "the account has not enough money left; top it up at ads.telegram.org",
    SUSPENDED: "the account is suspended; see ads.telegram.org",
    DISABLED: "the account is disabled; see ads.telegram.org",
    DECLINED: "the account's payment was declined; see ads.telegram.org",
    "ACCESS_DENIED": "the account may not use this; see ads.telegram.org",
}


refused = partial(Refused, Platform.TELEGRAM)
"""A refusal of our own, before anything is sent."""


def no_answer(response: httpx.Response, *, changes: bool) -> NetworkError:
    """What an answer without Telegram's envelope means: a gateway spoke, not Telegram."""
    status = response.status_code
    wait = seconds(response.headers.get("retry-after"))
    if status == 429:
        return RateLimited(
            Platform.TELEGRAM, "too many calls", code="HTTP 429", retry_after=wait or _WAIT
        )
    kind = Ambiguous if changes else Transient
    message = f"the answer (HTTP {status}) was not Telegram's; the change may have happened"
    return kind(
        Platform.TELEGRAM,
        message if changes else f"the answer (HTTP {status}) was not Telegram's",
        code=f"HTTP {status}",
        retry_after=wait,
    )


def ads_refusal(method: str, code: str, response: httpx.Response, *, changes: bool) -> NetworkError:
    """What an error code of the Ads API means.

    Args:
        method: The method that was called.
        code: Telegram's word.
        response: The answer, for its status and ``Retry-After``.
        changes: Whether the request could have changed something.
    """
    code = scrubbed(code, ())[:100]
    flood = _FLOOD.fullmatch(code)
    if flood or code == "TOO_MANY_REQUESTS" or response.status_code == 429:
        wait = float(flood.group(1)) if flood else seconds(response.headers.get("retry-after"))
        return RateLimited(
            Platform.TELEGRAM, "too many calls", code=code, retry_after=wait or _WAIT
        )
    text = _WAYS_OUT.get(code, f"{method} was refused")
    if code.startswith("ACCESS_TOKEN") or response.status_code in (401, 403):
        text = "the access token is not valid; make another at ads.telegram.org/account/api"
        return AccessDenied(Platform.TELEGRAM, text, code=code)
    if code in _ACCOUNT or code.startswith("ACCOUNT_ID"):
        return AccessDenied(Platform.TELEGRAM, text, code=code)
    if code in (MISMATCH, IN_PROGRESS):
        text = "an earlier request under this key is there or under way"
        return Ambiguous(Platform.TELEGRAM, text, code=code)
    if response.status_code >= 500 or any(word in code for word in _UNCLEAR):
        kind = Ambiguous if changes else Transient
        return kind(Platform.TELEGRAM, "Telegram could not answer", code=code)
    if "ACTIVE" in code and method in ("deleteAd", "decreaseAdBudget"):
        text = "the ad was active within the last ten minutes; it is paused, try again later"
        return Transient(Platform.TELEGRAM, text, code=code, retry_after=_INACTIVE_FOR)
    if "POLICY" in code or "PROHIBITED" in code:
        return PolicyRefused(Platform.TELEGRAM, text, code=code)
    return Refused(Platform.TELEGRAM, text, code=code, field=_field(code))


def _field(code: str) -> str | None:
    """``AD_TITLE_REQUIRED`` is about ``title``."""
    for ending in _FIELDS:
        if code.endswith(f"_{ending}"):
            name = code.removesuffix(f"_{ending}").removeprefix("AD_").lower()
            return name or None
    return None
