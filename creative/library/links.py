"""Addresses on our own server that show one file for some time: signed, so nobody makes one."""

import hashlib
import hmac
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

Shown = Literal["file", "thumbnail"]
_FORM = "adflight asset link 1"
_SHORTEST = 16


class SignedLinks:
    """Makes and checks links. ``base_url`` is where people reach the server; ``secret`` is the
    operator's, and whoever knows it sees every asset."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base = base_url.rstrip("/")
        self._key = secret.encode() if len(secret) >= _SHORTEST else b""

    @property
    def possible(self) -> bool:
        """Whether there is a secret to sign with, and a server."""
        return bool(self._key and self._base)

    def make(self, team_id: UUID, sha256: str, shown: Shown, until: int) -> str:
        """An address that is good until a Unix time, in seconds."""
        query = {
            "team": str(team_id),
            "shown": shown,
            "until": str(until),
            "signature": self._signature(team_id, sha256, shown, until),
        }
        return f"{self._base}/assets/{sha256}/file?{urlencode(query)}"

    def good(
        self, team_id: UUID, sha256: str, shown: Shown, until: int, signature: str, now: float
    ) -> bool:
        """Whether we made this link and its time is not over. Compares in constant time."""
        if not self._key or not signature.isascii():
            return False
        wanted = self._signature(team_id, sha256, shown, until)
        return hmac.compare_digest(wanted, signature) and now < until

    def _signature(self, team_id: UUID, sha256: str, shown: Shown, until: int) -> str:
        told = "\n".join((_FORM, str(team_id), sha256, shown, str(until)))
        return hmac.new(self._key, told.encode(), hashlib.sha256).hexdigest()
