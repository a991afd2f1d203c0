"""Unity's refusals and failures as the kinds of ``platforms.errors``.

Every error of Unity's gateway is one problem object: ``title``, ``detail``, ``code`` (a number),
``details`` with the path of each bad field, ``requestId``.
"""

from functools import partial
from typing import Any, cast

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
from platforms.transport import json_object, scrubbed, seconds

JsonObject = dict[str, Any]

NO_ACCESS = frozenset({"63", "64"})
"""Codes of a 403: the organisation may not use the API, or no longer."""
BAD_CREDENTIALS = "65"
UNPAID = "HTTP 402"
_GONE = (404, 410)
_UNSETTLED = (408, 424, 425)
_DENIED = (401, 402, 403)
"""A 402 is how a gateway says that nobody pays. Unity documents none of its own (unsure)."""
_DEFAULT_WAIT = 60.0
"""Real seconds to wait on a 429 that does not say how long."""


refused = partial(Refused, Platform.UNITY)
"""A refusal of our own, before anything is sent."""


def is_gone(error: Refused) -> bool:
    """Whether a refusal says that there is no such object."""
    return error.code in {f"HTTP {status}" for status in _GONE}


def classify(
    response: httpx.Response, *, changes: bool, secrets: tuple[str, ...] = ()
) -> NetworkError:
    """What an answer that is no success means.

    Args:
        response: The answer, read.
        changes: Whether the request could have changed something on the network.
        secrets: Values that must not come back in a message, whatever Unity echoes.
    """
    problem = json_object(response) or {}
    status = response.status_code
    field, text = _said(problem, response, secrets)
    code = str(problem.get("code") or "")
    if status == 429:
        message = f"too many calls: {text}"
        return RateLimited(Platform.UNITY, message, code=code, retry_after=retry_after(response))
    if status in _UNSETTLED or status >= 500:
        kind = Ambiguous if changes else Transient
        wait = seconds(response.headers.get("retry-after"))
        return kind(Platform.UNITY, f"Unity could not answer: {text}", code=code, retry_after=wait)
    if status in _DENIED:
        if code in NO_ACCESS:
            text = f"{text}; ask unityads-support@unity3d.com for access to the API"
        code = UNPAID if status == 402 else code or f"HTTP {status}"
        return AccessDenied(Platform.UNITY, text, code=code, field=field)
    if status in _GONE:
        return Refused(Platform.UNITY, text, code=f"HTTP {status}", field=field)
    return Refused(Platform.UNITY, text, code=code or f"HTTP {status}", field=field)


def retry_after(response: httpx.Response) -> float:
    """Real seconds until Unity takes another call."""
    told = seconds(response.headers.get("retry-after"))
    return _DEFAULT_WAIT if told is None else told


def rows_in(body: JsonObject, name: str) -> list[JsonObject]:
    """A list of objects in an answer; empty where it is left out."""
    return cast(list[JsonObject], body.get(name) or [])


def ids_in(body: JsonObject, name: str) -> list[str]:
    """A list of ids in an answer; empty where it is left out."""
    return [str(one) for one in cast(list[object], body.get(name) or [])]


def _said(
    problem: JsonObject, response: httpx.Response, secrets: tuple[str, ...]
) -> tuple[str | None, str]:
    """The first bad field, if one is named, and Unity's words."""
    field: str | None = None
    text = str(problem.get("detail") or problem.get("title") or response.reason_phrase or "no text")
    listed: Any = problem.get("details")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first = cast(JsonObject, listed[0])
        field = str(first.get("path") or "") or None
        text = f"{text} ({field or 'request'}: {first.get('message') or first.get('code')})"
    return field, scrubbed(text, secrets)
