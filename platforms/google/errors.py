"""Google's refusals and failures as the kinds of ``platforms.errors``.

Every refusal is a ``GoogleAdsFailure`` inside the error of the answer; a stream wraps it in an
array. What was refused was not done; what was not answered, or answered as an internal error,
may have been.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
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
from platforms.transport import scrubbed

JsonObject = dict[str, Any]

REMOVED_ALREADY = frozenset(
    {
        "RESOURCE_NOT_FOUND",
        "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE",
        "CANNOT_OPERATE_ON_REMOVED_ADGROUPAD",
    }
)
_ACCESS = frozenset({"authenticationError", "authorizationError"})
_POLICY = frozenset(
    {"policyFindingError", "policyViolationError", "policyValidationParameterError"}
)
_TOMORROW = frozenset({"RESOURCE_EXHAUSTED", "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION"})
_DEFAULT_WAIT = 30.0
"""Real seconds after a short-term limit that names no delay (Google publishes none)."""
_DAILY_WAIT = 3600.0
"""Real seconds after the day's operations are used up. When Google's day begins is not
published, so it is asked again every hour."""
_WAYS_OUT = {
    "HEC_AGREEMENT_REQUIRED": "acknowledge the policy on access to opportunities in Google Ads",
    "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE": (
        "customer lists are closed to this project; upload them through Google's Data Manager"
    ),
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": (
        "apply for access to the Google Ads API with the Cloud project"
    ),
    "CUSTOMER_NOT_ACCEPTED_CUSTOMER_DATA_TERMS": "accept the customer data terms in Google Ads",
}


refused = partial(Refused, Platform.GOOGLE)
"""A refusal of our own, before anything is sent."""


def decoded(content: bytes) -> Any:
    """A JSON body whose fractions keep their digits; None when it is none."""
    try:
        return json.loads(content, parse_float=Decimal)
    except (ValueError, UnicodeDecodeError):
        return None


def classify(
    response: httpx.Response, *, changes: bool, secrets: Sequence[str] = ()
) -> NetworkError:
    """What an answer that is no success means.

    Args:
        response: The answer, read.
        changes: Whether the request could have changed something on the network.
        secrets: Values that must not come back in a message, whatever Google echoes.
    """
    body = decoded(response.content)
    if isinstance(body, list):
        found = cast(list[Any], body)
        body = found[0] if found else None
    error = cast(JsonObject, cast(JsonObject, body).get("error") or {}) if _is_object(body) else {}
    failures = listed(error)
    status = response.status_code
    if not failures:
        text = scrubbed(str(error.get("message") or response.reason_phrase or "no answer"), secrets)
        return _by_status(status, text, f"HTTP {status}", changes)
    return _by_failure(failures[0], status, changes, secrets)


def listed(error: JsonObject) -> list[JsonObject]:
    """The single failures inside an error or a partial failure."""
    return [
        failure
        for detail in cast(list[JsonObject], error.get("details") or [])
        for failure in cast(list[JsonObject], detail.get("errors") or [])
    ]


def code_of(failure: JsonObject) -> tuple[str, str]:
    """Kind and code of one failure: ``("campaignError", "DUPLICATE_CAMPAIGN_NAME")``."""
    for kind, code in cast(JsonObject, failure.get("errorCode") or {}).items():
        return str(kind), str(code)
    return "", ""


def by_operation(error: JsonObject, secrets: Sequence[str] = ()) -> dict[int, str]:
    """Why operations of a partial failure failed, by their position."""
    reasons: dict[int, str] = {}
    for failure in listed(error):
        for element in _path(failure):
            if element.get("fieldName") in ("operations", "mutate_operations"):
                _, code = code_of(failure)
                text = scrubbed(str(failure.get("message") or "refused"), secrets)
                reasons.setdefault(int(element.get("index") or 0), f"{text} [{code}]")
    return reasons


def _by_failure(
    failure: JsonObject, status: int, changes: bool, secrets: Sequence[str]
) -> NetworkError:
    kind, code = code_of(failure)
    text = scrubbed(str(failure.get("message") or code), secrets)
    if code in _WAYS_OUT:
        text = f"{text} ({_WAYS_OUT[code]})"
    if kind == "quotaError" or status == 429:
        wait = _DAILY_WAIT if code in _TOMORROW else _retry_delay(failure)
        return RateLimited(Platform.GOOGLE, f"too many calls: {text}", code=code, retry_after=wait)
    if code == "CONCURRENT_MODIFICATION":
        # A mutate without partial failure is atomic: none of it was done.
        return Transient(Platform.GOOGLE, f"Google could not write now: {text}", code=code)
    if kind in _POLICY:
        return PolicyRefused(
            Platform.GOOGLE, f"{text}{_topics(failure)}", code=code, field=_field(failure)
        )
    if kind in _ACCESS or (status in (401, 403) and code not in _WAYS_OUT):
        return AccessDenied(Platform.GOOGLE, text, code=code)
    if kind == "internalError" or status >= 500:
        return _by_status(max(status, 500), text, code, changes)
    return Refused(Platform.GOOGLE, text, code=code, field=_field(failure))


def _by_status(status: int, text: str, code: str, changes: bool) -> NetworkError:
    if status >= 500 or status == 408:
        unclear = Ambiguous if changes else Transient
        return unclear(Platform.GOOGLE, f"Google could not answer: {text}", code=code)
    if status == 429:
        return RateLimited(
            Platform.GOOGLE, f"too many calls: {text}", code=code, retry_after=_DEFAULT_WAIT
        )
    if status in (401, 403):
        return AccessDenied(Platform.GOOGLE, text, code=code)
    return Refused(Platform.GOOGLE, text, code=code)


def _is_object(body: Any) -> bool:
    return isinstance(body, dict)


def _path(failure: JsonObject) -> list[JsonObject]:
    location = cast(JsonObject, failure.get("location") or {})
    return cast(list[JsonObject], location.get("fieldPathElements") or [])


def _field(failure: JsonObject) -> str | None:
    names = [str(element.get("fieldName")) for element in _path(failure)]
    return names[-1] if names else None


def _topics(failure: JsonObject) -> str:
    details = cast(JsonObject, failure.get("details") or {})
    finding = cast(JsonObject, details.get("policyFindingDetails") or {})
    entries = cast(list[JsonObject], finding.get("policyTopicEntries") or [])
    topics = [str(entry.get("topic")) for entry in entries if entry.get("topic")]
    return f": {', '.join(topics)}" if topics else ""


def _retry_delay(failure: JsonObject) -> float:
    details = cast(JsonObject, failure.get("details") or {})
    quota = cast(JsonObject, details.get("quotaErrorDetails") or {})
    text = str(quota.get("retryDelay") or "").removesuffix("s")
    try:
        return float(text)
    except ValueError:
        return _DEFAULT_WAIT
