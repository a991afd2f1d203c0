"""What a Meta error means for the caller: the ``error`` object read into our kinds.

Codes: Graph API error reference and the Marketing API error table (fact sheet 1.8).
"""

import re
from collections.abc import Mapping
from typing import Any

import requests

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
from platforms.meta.json import mapping, sequence

GONE: frozenset[tuple[int, int]] = frozenset({(100, 33), (100, 1487566), (100, 1487056)})
"""Code and subcode of an object that does not exist (any more)."""

_TOO_MANY = frozenset({4, 17, 32, 341, 368, 613})
_ACCESS = frozenset({10, 102, 104, 190, 294})
_UNCLEAR = frozenset({1, 2, -2, -3, 960})
_POLICY = frozenset({2490427, 2490468, 1713230})
_BLOCKED_FOR_NOW = 368
_BLOCK_SECONDS = 3600.0
_URL = re.compile(r"https?://\S+")
_CREDENTIAL = re.compile(r"(access_token|appsecret_proof|client_secret)=[^&\s\"']+")


def scrubbed(text: str, secrets: tuple[str, ...]) -> str:
    """``text`` without URLs, credential parameters and the given secrets."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _CREDENTIAL.sub(r"\1=***", _URL.sub("(link removed)", text))


def number(value: object) -> int:
    """An error code as a number; 0 for anything else."""
    try:
        return int(str(value))
    except ValueError:
        return 0


def codes(error: Mapping[str, Any]) -> tuple[int, int]:
    """Code and subcode of an ``error`` object, 0 where it has none."""
    return number(error.get("code", 0)), number(error.get("error_subcode", 0))


def blamed_field(error: Mapping[str, Any]) -> str | None:
    """The first parameter Meta blames (``error_data.blame_field_specs``), dotted."""
    specs = sequence(mapping(error.get("error_data")).get("blame_field_specs"))
    while specs and (inner := sequence(specs[0])):
        specs = inner
    return ".".join(str(part) for part in specs) or None


def from_error(
    error: Mapping[str, Any],
    *,
    status: int,
    write: bool,
    retry_after: float | None,
    secrets: tuple[str, ...] = (),
) -> NetworkError:
    """The kind for one ``error`` object.

    Args:
        error: Meta's ``error`` object.
        status: HTTP status of the answer (of the entry, inside a batch).
        write: Whether an effect was asked for: an unclear answer then is ambiguous.
        retry_after: Real seconds the usage headers ask for, if any.
        secrets: Texts that must not appear in the message.
    """
    code, subcode = codes(error)
    said = str(error.get("error_user_msg") or error.get("message") or "no reason given")
    message = scrubbed(said, secrets)
    name = f"{code}/{subcode}" if subcode else str(code)

    if code in _TOO_MANY or 80000 <= code <= 80014:
        if code == _BLOCKED_FOR_NOW:
            retry_after = max(retry_after or 0.0, _BLOCK_SECONDS)
        return RateLimited(Platform.META, message, code=name, retry_after=retry_after)
    if code in _ACCESS or 200 <= code <= 299:
        return AccessDenied(
            Platform.META, f"{message}; renew the token or its permissions", code=name
        )
    unclear = code in _UNCLEAR and not (code == 1 and subcode == 99)
    if unclear or error.get("is_transient") is True or status >= 500:
        if write:
            return Ambiguous(Platform.META, message, code=name)
        return Transient(Platform.META, message, code=name, retry_after=retry_after)
    if subcode in _POLICY:
        return PolicyRefused(Platform.META, message, code=name, field=blamed_field(error))
    return Refused(Platform.META, message, code=name, field=blamed_field(error))


def from_transport(error: requests.RequestException, *, write: bool) -> NetworkError:
    """The kind for a connection that broke; the text of the exception holds the URL and is
    therefore not used."""
    if _never_connected(error):
        return Transient(Platform.META, "could not connect; nothing was sent")
    what = "no answer in time" if isinstance(error, requests.Timeout) else "the connection broke"
    if write:
        return Ambiguous(Platform.META, f"{what}; the change may have been made")
    return Transient(Platform.META, what)


def unreadable(status: int, *, write: bool) -> NetworkError:
    """The kind for an answer that is not Graph JSON, such as a gateway's error page."""
    message = f"the answer (HTTP {status}) cannot be read" if status else "unreadable answer"
    if write:
        return Ambiguous(Platform.META, f"{message}; the change may have been made")
    return Transient(Platform.META, message)


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that certainly nothing was sent."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason: object = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}
