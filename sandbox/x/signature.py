"""Checks OAuth 1.0a signatures (RFC 5849, HMAC-SHA1), independently of any client library.

Nonces are remembered in memory for as long as their timestamps are accepted. They are real
time and police a connection, so they are no part of the world's state.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request

CONSUMER_KEY = "sandbox-x-consumer"
CONSUMER_SECRET = "sandbox-x-consumer-secret"
TOKEN = "sandbox-x-token"
TOKEN_SECRET = "sandbox-x-token-secret"

_TOLERANCE = 300
_PROTOCOL = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
)


class Signatures:
    """The gate: knows one consumer, its one user token, and those it is told of."""

    def __init__(self, secret_of: Callable[[str], str | None]) -> None:
        """``secret_of``: the secret of a token that was given through a login, or None."""
        self._secret_of = secret_of
        self._nonces: dict[tuple[str, str], float] = {}

    def fault(self, request: Request, body: bytes, *, without_token: bool = False) -> str | None:
        """Why a request is not properly signed, or None when it is. ``without_token``: the leg of
        a login that has none yet."""
        header = request.headers.get("authorization", "")
        if not header.lower().startswith("oauth "):
            return "Missing OAuth header"
        protocol = _read_header(header)
        needed = [name for name in _PROTOCOL if name != "oauth_token" or not without_token]
        absent = [name for name in needed if not protocol.get(name)]
        if absent:
            return f"Missing {absent[0]}"
        token = protocol.get("oauth_token", "")
        secret = TOKEN_SECRET if token == TOKEN else self._secret_of(token)
        if protocol["oauth_consumer_key"] != CONSUMER_KEY or secret is None:
            return "Unknown consumer key or token"
        if protocol["oauth_signature_method"] != "HMAC-SHA1":
            return "Unsupported signature method"
        if protocol.get("oauth_version", "1.0") != "1.0":
            return "Unsupported OAuth version"
        stamp, nonce = protocol["oauth_timestamp"], protocol["oauth_nonce"]
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > _TOLERANCE:
            return "Timestamp out of bounds"
        expected = _signature(request, body, protocol, secret)
        if not hmac.compare_digest(expected.encode(), protocol["oauth_signature"].encode()):
            return "Signature does not match"
        if not self._fresh(stamp, nonce):
            return "Nonce was used before"
        return None

    def _fresh(self, stamp: str, nonce: str) -> bool:
        now = time.time()
        if len(self._nonces) > 10_000:
            self._nonces = {k: until for k, until in self._nonces.items() if until > now}
        if (stamp, nonce) in self._nonces:
            return False
        self._nonces[stamp, nonce] = now + 2 * _TOLERANCE
        return True


def protocol_of(request: Request) -> dict[str, str]:
    """The OAuth fields of a request's header."""
    return _read_header(request.headers.get("authorization", ""))


def _read_header(header: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in header[6:].split(","):
        name, _, value = part.strip().partition("=")
        fields[unquote(name)] = unquote(value.strip('"'))
    return fields


def _signature(request: Request, body: bytes, protocol: dict[str, str], secret: str) -> str:
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(body.decode(), keep_blank_values=True)
    pairs += [(k, v) for k, v in protocol.items() if k not in ("oauth_signature", "realm")]
    base = "&".join([request.method, _escape(sent_url(request)), _escape(_normal(pairs))])
    key = f"{_escape(CONSUMER_SECRET)}&{_escape(secret)}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def sent_url(request: Request) -> str:
    """The URL as the client wrote it, without query: a mounted app sees only part of its path,
    so the raw path of the whole request is used."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.decode("ascii").split("?", 1)[0]
    host = request.headers.get("host", "").lower()
    scheme = request.scope["scheme"]
    default = {"http": ":80", "https": ":443"}[scheme]
    return f"{scheme}://{host.removesuffix(default)}{path}"


def _normal(pairs: Sequence[tuple[str, str]]) -> str:
    escaped = sorted((_escape(name), _escape(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in escaped)


def _escape(text: str) -> str:
    return quote(text, safe="~")
