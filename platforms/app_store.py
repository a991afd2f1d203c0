"""Which app a store address means."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

STORES = ("apps.apple.com", "play.google.com")
"""Hosts of the shops."""

_APPLE_ID = re.compile(r"/id(\d{5,12})(?:/|$)")
_PACKAGE = re.compile(r"[A-Za-z]\w*(\.\w+)+")


@dataclass(frozen=True, slots=True)
class StoreApp:
    """An app by its store's own id: digits at Apple, a package name at Google."""

    store: Literal["apple", "google"]
    id: str


def store_app(link: str) -> StoreApp | None:
    """The app of an App Store or Google Play address; None for any other address."""
    parts = urlsplit(link)
    host = (parts.hostname or "").lower()
    if host in (STORES[0], "itunes.apple.com"):
        found = _APPLE_ID.search(parts.path)
        return StoreApp("apple", found.group(1)) if found else None
    if host == STORES[1] and parts.path.rstrip("/") == "/store/apps/details":
        package = parse_qs(parts.query).get("id", [""])[0]
        return StoreApp("google", package) if _PACKAGE.fullmatch(package) else None
    return None
