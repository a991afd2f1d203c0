"""Snapchat's refusals and failures as the kinds of ``platforms.errors``.

An answer with status 200 may hold failures: of the whole request (``request_status``) or of
single items (``sub_request_status``). There is no published list of codes.
"""

import re
from dataclasses import dataclass
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
from platforms.transport import json_object

JsonObject = dict[str, Any]

_BACK_OFF = 2.0
"""Real seconds to wait on a 429: Snapchat sends neither headers nor Retry-After with it."""
_ITEM = re.compile(r"Error code: (?P<code>E\d+), message: (?P<text>.*)", re.DOTALL)
_SAID = 300


refused = partial(Refused, Platform.SNAPCHAT)
"""A refusal of our own, or of one item."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of an answer: the entity as it now is, or why it was not taken."""

    entity: JsonObject | None = None
    code: str = ""
    reason: str = ""

    def taken(self) -> JsonObject:
        """The entity.

        Raises:
            Refused: it was not taken.
        """
        if self.entity is None:
            raise refused(self.reason or "the item was not taken", code=self.code)
        return self.entity


def items(body: JsonObject, plural: str, singular: str) -> list[Item]:
    """The entries of an answer, in order."""
    found: list[Item] = []
    for entry in cast(list[JsonObject], body.get(plural) or []):
        entity = entry.get(singular)
        if str(entry.get("sub_request_status", "SUCCESS")).upper() == "SUCCESS" and entity:
            found.append(Item(entity=cast(JsonObject, entity)))
            continue
        said = str(entry.get("sub_request_error_reason") or "no reason given")
        match = _ITEM.match(said)
        code, text = (match["code"], match["text"]) if match else ("", said)
        found.append(Item(code=code, reason=text.strip()[:_SAID]))
    return found


def classify(response: httpx.Response, *, changes: bool) -> NetworkError:
    """What an answer that is no success means; ``changes`` is whether the request could have
    changed something."""
    body, status = cast(JsonObject, json_object(response) or {}), response.status_code
    code = str(body.get("error_code") or f"HTTP {status}")
    said = body.get("display_message") or body.get("debug_message") or _first_reason(body)
    text = str(said or response.reason_phrase or "no message")[:_SAID]
    if status == 429:
        return RateLimited(
            Platform.SNAPCHAT, f"too many calls: {text}", code=code, retry_after=_BACK_OFF
        )
    if status >= 500 or status == 408:
        kind = Ambiguous if changes else Transient
        return kind(Platform.SNAPCHAT, f"Snapchat could not answer: {text}", code=code)
    if status == 401:
        return AccessDenied(
            Platform.SNAPCHAT,
            "Snapchat does not accept the access token; connect the account again",
            code=code,
        )
    if status == 403:
        return AccessDenied(Platform.SNAPCHAT, f"this login may not do that: {text}", code=code)
    return Refused(Platform.SNAPCHAT, text, code=code)


def _first_reason(body: JsonObject) -> str:
    """Why the first item was not taken, where an answer that is no success lists items."""
    for listed in body.values():
        for entry in cast(list[Any], listed) if isinstance(listed, list) else []:
            if isinstance(entry, dict):
                reason = cast(JsonObject, entry).get("sub_request_error_reason")
                if reason:
                    return str(reason)
    return ""


def is_gone(error: NetworkError) -> bool:
    """Whether a refusal says that there is no such object."""
    return isinstance(error, Refused) and error.code in _GONE


_GONE = frozenset({"HTTP 404", "HTTP 410", "E3003"})
"""E3003 is unsure: seen where an entity could not be found."""
