"""Where a service is and with which key it is spoken to, checked before anything is sent."""

import httpx
from pydantic import SecretStr

from creative.generators import GeneratorRefused

NO_KEY = "none"
"""What is sent to a base URL of the operator's own that wants no key."""


def base_url(given: str, live: str, setting: str) -> str:
    """The base URL without a trailing slash: ``given``, or else ``live``.

    Raises:
        GeneratorRefused: it is no http or https address with a host.
    """
    if not given:
        return live
    try:
        parsed = httpx.URL(given)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    plain = not (parsed.query or parsed.fragment or parsed.userinfo)
    there = bool(parsed.host) and 0 < (parsed.port or 1) < 65_536
    if parsed.scheme not in ("http", "https") or not there or not plain:
        # Not repeated here: a wrong value may be a key put into the wrong setting.
        raise GeneratorRefused(
            f"{setting} is no base URL; give an address such as {live}, without user name, query "
            "or fragment",
            "access",
        )
    return given.rstrip("/")


def key(given: SecretStr, setting: str) -> str:
    """The key without blanks around it; ``NO_KEY`` where there is none.

    Raises:
        GeneratorRefused: it holds what cannot stand in a header.
    """
    text = given.get_secret_value().strip()
    if not all("!" <= one <= "~" for one in text):
        raise GeneratorRefused(
            f"{setting} holds blanks or characters that no key has; copy the key anew", "access"
        )
    return text or NO_KEY
