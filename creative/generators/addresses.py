"""Which addresses a service's answer may send us to."""

import fnmatch
from collections.abc import Sequence
from ipaddress import ip_address

import httpx

from creative.generators import GeneratorRefused

_DEFAULT_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int | None]


def origin(url: httpx.URL) -> Origin:
    """Scheme, host and port."""
    return (url.scheme, url.host, url.port or _DEFAULT_PORTS.get(url.scheme))


def allowed(
    url: str, *, base_url: str, hosts: Sequence[str], service: str, setting: str
) -> httpx.URL:
    """``url``, when it is on the operator's own base URL's origin, or https on the usual port of
    a host that is listed by name.

    A listed name needs no look at the addresses behind it: whoever answers in its place, from a
    private network too, has no certificate for it.

    Raises:
        GeneratorRefused: anything else. The message shows the host alone: links are signed.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise GeneratorRefused(
            f"{service} sent a link that is no valid address; make it anew", "request"
        ) from None
    if parsed.userinfo:
        raise GeneratorRefused(
            f"{service} sent a link with a user name or password in it, to {parsed.host[:80]!r}; "
            "it is not followed",
            "request",
        )
    if origin(parsed) == origin(httpx.URL(base_url)):
        return parsed
    usual = parsed.scheme == "https" and parsed.port in (None, 443)
    if usual and not _is_number(parsed.host) and _listed(parsed.host, hosts):
        return parsed
    raise GeneratorRefused(
        f"{service} sent a link to {parsed.scheme[:10]}://{parsed.host[:80]}, which is not listed "
        f"in {setting} ({', '.join(hosts) or 'empty'}); add the host there if it is the service's",
        "request",
    )


def _listed(host: str, patterns: Sequence[str]) -> bool:
    # A host may be written with a closing dot.
    return any(fnmatch.fnmatchcase(host.rstrip("."), pattern.lower()) for pattern in patterns)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
