"""Addresses of what is promoted: one spelling for identity, one tracked spelling for ads."""

import hashlib
import re
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

import idna

from models.contract.vocabulary import Platform

MAX_URL_CHARACTERS = 2_048
"""Longest address the networks take in a link."""

_MAX_QUERY_FIELDS = 200
_SHOWN_CHARACTERS = 120
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE_IN_PATH = "%/:@!$&'()*+,;=~"
_ASCII_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# A host whose last label is a number is an IPv4 address in every spelling browsers accept.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

# What ad networks and newsletters append: it says where a visitor came from, not what is shown.
_TRACKING_PREFIXES = ("utm_", "mc_")
_TRACKING_NAMES = frozenset(
    {
        "ref",
        "fbclid",
        "gclid",
        "gbraid",
        "wbraid",
        "dclid",
        "msclkid",
        "ttclid",
        "twclid",
        "sccid",
    }
)


def canonical(url: str) -> str:
    """The one spelling of a public address, so that the same page has the same identity.

    Host in lower case and ASCII (IDNA 2008 with UTS 46 mapping), no default port, no fragment,
    no tracking parameters, the rest of the query sorted, dot segments resolved, percent
    escapes in RFC 3986 section 6.2.2 form, no trailing slash except the root's.

    Raises:
        ValueError: the address is not a public https one; the message names field, value and
            way out.
    """
    parts = _public(url)
    kept = sorted(pair for pair in _query(parts.query, url) if not _is_tracking(pair[0]))
    result = urlunsplit(("https", _netloc(parts, url), _path(parts.path), urlencode(kept), ""))
    if len(result) > MAX_URL_CHARACTERS:
        raise _bad(url, f"is over {MAX_URL_CHARACTERS} characters", "give a shorter address")
    return result


def content_id(team_id: str, url: str) -> str:
    """The identity of one page for one team: 16 hexadecimal digits.

    Raises:
        ValueError: as ``canonical``.
    """
    return hashlib.sha256(f"{team_id}\n{canonical(url)}".encode()).hexdigest()[:16]


def tracked_link(
    url: str, *, platform: Platform, campaign_id: str, creative_id: str, ref: str
) -> str:
    """The address an ad leads to: ``url`` with where the click came from.

    The page's own query and fragment stay as they are; parameters of the same names are
    replaced, because two values of ``utm_source`` would be counted at random.

    Raises:
        ValueError: as ``canonical``: a paid click never leads to an unusable address.
    """
    canonical(url)
    parts = _public(url)
    ours = {
        "utm_source": platform.value,
        "utm_medium": "paid",
        "utm_campaign": campaign_id,
        "utm_content": creative_id,
        "ref": ref,
    }
    own = [
        field
        for field in parts.query.split("&")
        if field and field.partition("=")[0].lower() not in ours
    ]
    query = "&".join([*own, urlencode(ours)])
    path = parts.path or "/"
    link = urlunsplit(("https", _netloc(parts, url), path, query, parts.fragment))
    if len(link) > MAX_URL_CHARACTERS:
        raise _bad(
            url,
            f"is over {MAX_URL_CHARACTERS} characters with its tracking parameters",
            "give a shorter address",
        )
    return link


def without_secrets(url: str) -> str:
    """``url`` as it may be shown in a message: shortened, without password and query."""
    shown = re.sub(r"(?<=//)[^/?#\s]*@", "…@", url)
    shown = re.sub(r"[?#].*", "?…", shown, flags=re.DOTALL)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…"


def same_site(one: str, other: str) -> bool:
    """Whether two hosts are equal or one is a subdomain of the other (``www.`` aside)."""
    first, second = (host.lower().rstrip(".").removeprefix("www.") for host in (one, other))
    return (
        first == second
        or ("." in second and first.endswith("." + second))
        or ("." in first and second.endswith("." + first))
    )


def _bad(url: str, problem: str, way_out: str) -> ValueError:
    return ValueError(f"url {without_secrets(url)!r} {problem}; {way_out}")


def _public(url: str) -> SplitResult:
    """Split ``url`` after the checks that need no network."""
    url = url.strip()
    if not url:
        raise _bad(url, "is empty", "give the page's full https:// address")
    if len(url) > MAX_URL_CHARACTERS:
        raise _bad(url, f"is over {MAX_URL_CHARACTERS} characters", "give a shorter address")
    if not url.isprintable() or " " in url or "\\" in url:
        raise _bad(url, "has blanks, control characters or backslashes", "percent-encode them")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _bad(url, "cannot be read", "check its host and port") from None
    if parts.scheme != "https":
        raise _bad(url, "is not https", "give the page's https:// address")
    if parts.username is not None or parts.password is not None:
        raise _bad(url, "carries a user name or password", "remove everything before the @")
    return parts


def _netloc(parts: SplitResult, url: str) -> str:
    host = (parts.hostname or "").removesuffix(".")
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii").lower()
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if not all(_ASCII_LABEL.fullmatch(label) for label in labels) or len(name) > 253:
        raise _bad(url, "has no valid host name", "give an address such as https://shop.example/a")
    if len(labels) < 2 or _NUMERIC_LABEL.fullmatch(labels[-1]):
        raise _bad(url, "names no public site", "give an address such as https://shop.example/a")
    return name if parts.port in (None, 443) else f"{name}:{parts.port}"


def _path(path: str) -> str:
    escaped = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path)
    escaped = quote(re.sub(r"%[0-9A-Fa-f]{2}", _escape, escaped), safe=_SAFE_IN_PATH)
    kept: list[str] = []
    for segment in escaped.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept).rstrip("/")


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _query(query: str, url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS)
    except ValueError:
        raise _bad(
            url, f"has over {_MAX_QUERY_FIELDS} query parameters", "remove those it does not need"
        ) from None


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES)
