"""OAuth 1.0a request signing (RFC 5849, HMAC-SHA1) for httpx.

authlib supplies the base string and the digest. Its ready-made ``OAuth1Auth`` is not used: it
is made for another HTTP client than ours and sends every body that is not a form as an empty
one, so a JSON batch would arrive with nothing in it.
"""

import time
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
from authlib.common.security import generate_token  # pyright: ignore[reportUnknownVariableType]
from authlib.oauth1.rfc5849 import signature as rfc5849

_FORM = "application/x-www-form-urlencoded"


class OAuth1(httpx.Auth):
    """Signs query and form body. JSON and multipart bodies are sent whole but not signed, as
    RFC 5849 section 3.4.1.3 wants it."""

    requires_request_body = True

    def __init__(self, credentials: Mapping[str, str], **protocol: str) -> None:
        """``protocol``: what a leg of the login carries beside (``oauth_callback``); its first
        leg has no token yet."""
        self._consumer_key = credentials["consumer_key"]
        self._consumer_secret = credentials["consumer_secret"]
        self._token = credentials.get("access_token", "")
        self._token_secret = credentials.get("access_token_secret", "")
        self._more = protocol

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header(request)
        yield request

    def _header(self, request: httpx.Request) -> str:
        protocol = {
            "oauth_consumer_key": self._consumer_key,
            "oauth_nonce": generate_token(),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(time.time())),
            **({"oauth_token": self._token} if self._token else {}),
            "oauth_version": "1.0",
            **self._more,
        }
        signed = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        if request.headers.get("Content-Type", "").startswith(_FORM):
            signed += parse_qsl(request.content.decode(), keep_blank_values=True)
        # authlib unescapes every value whose name begins with ``oauth_`` before use.
        signed += [(name, quote(value, safe="~")) for name, value in protocol.items()]
        library: Any = rfc5849
        base: str = library.construct_base_string(request.method, str(request.url), signed)
        digest: str = library.hmac_sha1_signature(base, self._consumer_secret, self._token_secret)
        parts = {**protocol, "oauth_signature": digest}
        return "OAuth " + ", ".join(
            f'{name}="{quote(value, safe="~")}"' for name, value in sorted(parts.items())
        )
