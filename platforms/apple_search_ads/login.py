"""Apple's login: a client secret that is a signed token of our own, exchanged for an access token.

The private key never leaves this process; what travels is a JSON Web Token signed with it (ES256),
good for minutes although Apple would take one for 180 days.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey

from platforms.apple_search_ads.errors import APPLE
from platforms.errors import AccessDenied
from platforms.oauth import BearerToken, Granted, ask_for_token

AUDIENCE = "https://appleid.apple.com"
"""What the token must be meant for, also when the host is another (the sandbox)."""

SCOPE = "searchadsorg"
SECRETS = ("client_id", "team_id", "key_id", "private_key")
_GOOD_FOR = timedelta(minutes=20)


class Login:
    """Exchanges for one account's access tokens.

    Args:
        secrets: ``client_id``, ``team_id``, ``key_id`` and ``private_key``, the PEM text that Apple
            Ads' API settings pair with the uploaded public key; its lines may be joined by ``\\n``.
        url: Base URL of Apple's login.
        http: Sends the exchange.
        real_now: What tokens run by.

    Raises:
        AccessDenied: a secret is missing or is no such key.
    """

    def __init__(
        self,
        secrets: Mapping[str, str],
        url: str,
        http: httpx.AsyncClient,
        real_now: Callable[[], datetime],
    ) -> None:
        missing = [name for name in SECRETS if not secrets.get(name)]
        if missing:
            raise AccessDenied(
                APPLE, f"the credential lacks {', '.join(missing)}; set all of {', '.join(SECRETS)}"
            )
        self._client, self._team, self._key_id = (secrets[name] for name in SECRETS[:3])
        self._pem, self._key = _private_key(secrets["private_key"])
        self._url = f"{url.rstrip('/')}/auth/oauth2/token"
        self._http = http
        self._now = real_now
        self.token = BearerToken(self._exchange, real_now)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What must not come back in a message."""
        return (self._pem,)

    def client_secret(self) -> str:
        """A fresh signed token that stands in for a client secret."""
        now = self._now()
        claims = {
            "iss": self._team,
            "sub": self._client,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + _GOOD_FOR).timestamp()),
        }
        return jwt.encode({"alg": "ES256", "kid": self._key_id}, claims, self._key)

    async def _exchange(self) -> Granted:
        form = {
            "grant_type": "client_credentials",
            "scope": SCOPE,
            "client_id": self._client,
            "client_secret": self.client_secret(),
        }
        return await ask_for_token(self._http, APPLE, self._url, form)


def _private_key(text: str) -> tuple[str, ECKey]:
    # Environment files often hold the key on one line.
    pem = text.replace("\\n", "\n").strip()
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise AccessDenied(
            APPLE,
            "private_key is no unencrypted P-256 key in PEM form; make one as Apple Ads' API "
            "settings ask for and set it",
        )
    return pem, ECKey.import_key(key)
