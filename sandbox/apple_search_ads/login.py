"""Apple's login: client credentials with a signed client secret, and the tokens it gives."""

import secrets
import time
from hashlib import sha256
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sandbox.apple_search_ads.store import NETWORK, JsonObject
from sandbox.world import World

CLIENT_ID = "SEARCHADS.5ad0b0c5-0000-4000-8000-00000000c11e"
TEAM_ID = "SEARCHADS.5ad0b0c5-0000-4000-8000-0000000007ea"
KEY_ID = "5ad0b0c5-0000-4000-8000-000000000ce9"
_NUMBER = int.from_bytes(sha256(b"adflight sandbox apple_search_ads").digest())
PUBLIC_KEY = (
    ec.derive_private_key(_NUMBER, ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
"""Of the key that the default account signs with; worthless anywhere else."""

_AUDIENCE = "https://appleid.apple.com"
_SCOPE = "searchadsorg"
_LASTS = 3600
_LONGEST_SECRET = 180 * 86_400
_LEEWAY = 60


def grant(world: World, content: bytes) -> tuple[int, JsonObject]:
    """Answer a token request (form encoded): HTTP status and body."""
    form = dict(parse_qsl(content.decode(errors="replace"), keep_blank_values=True))
    if form.get("grant_type") != "client_credentials":
        return 400, {"error": "unsupported_grant_type"}
    if form.get("client_id") != CLIENT_ID or not _signed(form.get("client_secret", "")):
        return 400, {"error": "invalid_client"}
    if form.get("scope") != _SCOPE:
        return 400, {"error": "invalid_scope"}
    token = secrets.token_urlsafe(48)
    # Tokens run by real time, as the signatures they are given for.
    world.put(NETWORK, "token", token, {"id": token, "until": time.time() + _LASTS})
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": _LASTS}
    return 200, {**answer, "scope": _SCOPE}


def token_fault(world: World, header: str) -> str | None:
    """Why an Authorization header is not accepted, or None."""
    kind, _, token = header.partition(" ")
    if kind != "Bearer" or not token:
        return "A bearer token is required."
    held = world.get(NETWORK, "token", token)
    if held is None or held["until"] <= time.time():
        return "The token is invalid or expired."
    if world.fault(NETWORK, "expired_token"):
        world.put(NETWORK, "token", token, {**held, "until": 0.0})
        return "The token is invalid or expired."
    return None


def _signed(text: str) -> bool:
    """Whether a client secret is what Apple asks for: ES256 by our key, for us, not for ever."""
    try:
        token = jwt.decode(text, ECKey.import_key(PUBLIC_KEY), algorithms=["ES256"])
    except (JoseError, ValueError):
        return False
    claims = token.claims
    now = time.time()
    try:
        begun, ends = int(claims["iat"]), int(claims["exp"])
    except (KeyError, TypeError, ValueError):
        return False
    return (
        token.header.get("kid") == KEY_ID
        and claims.get("iss") == TEAM_ID
        and claims.get("sub") == CLIENT_ID
        and claims.get("aud") == _AUDIENCE
        and begun <= now + _LEEWAY
        and now < ends <= begun + _LONGEST_SECRET
    )
