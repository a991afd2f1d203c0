"""Passwords: kept with scrypt, each with a salt of its own, checked away from the event loop."""

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor

SHORTEST, LONGEST = 12, 200
_N, _R, _P = 2**15, 8, 3
"""32 MiB and three passes: about a tenth of a second (OWASP's recommendation for scrypt)."""
_MOST_MEMORY = 64 * 2**20
_TURNS = ThreadPoolExecutor(2, "passwords")
"""A flood of guesses must not take all memory, nor all cores."""


class PasswordRefused(ValueError):
    """The password will not do; the message is one sentence."""


def generated() -> str:
    """A password nobody chose: 120 random bits."""
    return secrets.token_urlsafe(15)


def hashed(password: str) -> str:
    """What is kept of a password: ``scrypt$N$r$p$salt$key``, the last two in base64.

    Raises:
        PasswordRefused: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(
            f"the password has {len(password)} characters; choose {SHORTEST} to {LONGEST}"
        )
    salt = secrets.token_bytes(16)
    key = _key(password, salt, _N, _R, _P)
    return f"scrypt${_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(key).decode()}"


async def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password. Somebody without one costs the same time as somebody with."""
    return await asyncio.get_running_loop().run_in_executor(_TURNS, _fits, password, kept)


def _fits(password: str, kept: str | None) -> bool:
    name, n, r, p, salt, key = (kept or _NOBODY).split("$")
    if name != "scrypt" or len(password) > LONGEST:
        return False
    found = _key(password, b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, b64decode(key)) and kept is not None


def _key(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32
    )


_NOBODY = f"scrypt${_N}${_R}${_P}${b64encode(bytes(16)).decode()}${b64encode(bytes(32)).decode()}"
