"""What the authorisation servers have given: codes, tokens, and how long they are good.

Lifetimes are real time, as tokens live by it. A network's own stand-in asks here whether a token
that it does not know by itself was given to somebody (``granted``).

What the servers do is set by an object of the shelf, ``("login", "setting", <network>)``:
``expires_in`` (seconds an access token lasts), ``scopes`` (what the person agrees to, instead of
what was asked), ``code_seconds``.
"""

import secrets
import time
from typing import Any

from sandbox.world import World

SHELF = "login"
_CODE_SECONDS = 600.0
Grant = dict[str, Any]


def granted(world: World, network: str, token: str) -> Grant | None:
    """A live access token that was given by the network's authorisation server, or None."""
    found = world.get(SHELF, "token", token)
    if found is None or found["network"] != network or not _alive(found):
        return None
    return found


def _alive(found: Grant) -> bool:
    return not found["withdrawn"] and (found["until"] is None or time.time() < found["until"])


class Grants:
    """The book of one network's authorisation server."""

    def __init__(self, world: World, network: str, *, expires_in: float | None) -> None:
        self.world = world
        self._network = network
        self._expires_in = expires_in

    def setting(self, name: str, otherwise: Any) -> Any:
        """What was set for this server, or its own way."""
        return (self.world.get(SHELF, "setting", self._network) or {}).get(name, otherwise)

    @property
    def expires_in(self) -> float | None:
        """How long an access token lasts, in seconds; None: for ever."""
        return self.setting("expires_in", self._expires_in)

    def declines(self) -> bool:
        """Whether the person says no this time (a fault ``refusal`` armed for ``login``)."""
        return self.world.fault(SHELF, "refusal")

    def fails(self, kind: str) -> bool:
        """Whether a fault of a kind is to be played."""
        return self.world.fault(SHELF, kind)

    # -- codes -----------------------------------------------------------------------------------

    def code(self, asked: list[str], **bound: str) -> str:
        """A single-use code; ``bound`` is what its exchange must show again."""
        code = self._new("code")
        self.world.put(
            SHELF,
            "code",
            code,
            {
                "network": self._network,
                "scopes": self.setting("scopes", asked),
                "bound": bound,
                "until": time.time() + self.setting("code_seconds", _CODE_SECONDS),
                "used": False,
            },
        )
        return code

    def redeem(self, code: str, **shown: str) -> tuple[Grant | None, str]:
        """What a code stands for, once; or why it is refused: unknown, used, expired, or the
        name of what does not fit."""
        found = self.world.get(SHELF, "code", code)
        if found is None or found["network"] != self._network:
            return None, "unknown"
        if found["used"]:
            return None, "used"
        self.world.put(SHELF, "code", code, {**found, "used": True})
        if time.time() > found["until"]:
            return None, "expired"
        for name, value in found["bound"].items():
            if shown.get(name) != value:
                return None, name
        return found, ""

    # -- tokens ----------------------------------------------------------------------------------

    def token(self, scopes: list[str], **more: Any) -> str:
        """A new access token."""
        token = self._new("token")
        seconds = self.expires_in
        self.world.put(
            SHELF,
            "token",
            token,
            {
                "network": self._network,
                "scopes": scopes,
                "until": None if seconds is None else time.time() + seconds,
                "withdrawn": False,
                **more,
            },
        )
        return token

    def open_for(self, token: str, scopes: list[str]) -> None:
        """Know a token that nobody logged in for: the one in the operator's own environment."""
        if self.world.get(SHELF, "token", token) is None:
            own = {"network": self._network, "scopes": scopes, "until": None, "withdrawn": False}
            self.world.put(SHELF, "token", token, own)

    def known(self, token: str) -> Grant | None:
        """A live access token of this server."""
        return granted(self.world, self._network, token)

    def withdraw(self, token: str) -> bool:
        """End a token at once, and all that were refreshed from the same login."""
        found = self.world.get(SHELF, "token", token)
        if found is None or found["network"] != self._network:
            return False
        self.world.put(SHELF, "token", token, {**found, "withdrawn": True})
        refresh = found.get("refresh")
        if refresh and (kept := self.world.get(SHELF, "refresh", refresh)):
            self.world.put(SHELF, "refresh", refresh, {**kept, "withdrawn": True})
        return True

    def refresh_token(self, scopes: list[str]) -> str:
        """A new refresh token."""
        token = self._new("refresh")
        self.world.put(
            SHELF,
            "refresh",
            token,
            {"network": self._network, "scopes": scopes, "withdrawn": False},
        )
        return token

    def refreshable(self, token: str) -> Grant | None:
        """A refresh token that was neither replaced nor withdrawn."""
        found = self.world.get(SHELF, "refresh", token)
        if found is None or found["network"] != self._network or found["withdrawn"]:
            return None
        return found

    def replace(self, token: str, scopes: list[str]) -> str:
        """Another refresh token in place of one that ends now."""
        found = self.world.get(SHELF, "refresh", token) or {}
        self.world.put(SHELF, "refresh", token, {**found, "withdrawn": True})
        return self.refresh_token(scopes)

    def random(self) -> str:
        """A text that nobody can guess."""
        return secrets.token_urlsafe(24)

    def _new(self, kind: str) -> str:
        return f"{self._network}-{kind}-{self.random()}"
