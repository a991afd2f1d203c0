"""Sealing: what must be kept but read by nobody else. AES-256-GCM under keys of the operator.

A sealed text opens only in the place it was sealed for (``Place`` is the associated data), so that
a row copied to another team, or a text copied to another column, stays shut. The id of its key
stands beside it: old keys stay readable until every text was sealed anew.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
"""96 random bits: with one key, safe for four billion texts (NIST SP 800-38D, section 8.3)."""
_FORM = b"\x01"
HOW = "make one with `adflight keys new` and set ENCRYPTION_KEY to it wherever Adflight runs"


class SealingFailed(Exception):
    """Base; the message says the way out and holds neither key nor text."""


class NoKey(SealingFailed):
    """There is no key to seal with."""


class KeysRefused(SealingFailed):
    """The keys that are set cannot be used."""


class UnknownKey(SealingFailed):
    """A text was sealed under a key that is not set here."""


class Unreadable(SealingFailed):
    """A text does not open: it was changed, or stands elsewhere than it was sealed for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed text belongs."""

    table: str
    team: UUID
    row: UUID
    column: str

    @property
    def associated(self) -> bytes:
        """The place as associated data; no two places read alike."""
        return json.dumps(
            ["adflight", self.table, str(self.team), str(self.row), self.column]
        ).encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed text (base64 of form, nonce, ciphertext and tag) and the id of its key."""

    key_id: str
    text: str = field(repr=False)


class Keyring:
    """Keys by id, and the one that is sealed with."""

    def __init__(self, keys: Mapping[str, bytes], active: str) -> None:
        """``keys`` may be empty: then nothing opens and nothing can be sealed.

        Raises:
            KeysRefused: a key has another length, or the active one is not among them.
        """
        for name, key in keys.items():
            if len(key) != _KEY_BYTES:
                raise KeysRefused(
                    f"encryption key {name!r} has {len(key)} bytes instead of {_KEY_BYTES}; {HOW}"
                )
        if keys and active not in keys:
            raise KeysRefused(
                f"ADFLIGHT_KEY names {active!r}, which is none of the keys that are set "
                f"({', '.join(sorted(keys))})"
            )
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.active = active if keys else ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, sorted."""
        return tuple(sorted(self._ciphers))

    def seal(self, plain: bytes, associated: bytes) -> tuple[str, bytes]:
        """Seal under the active key: its id, and form, nonce, ciphertext and tag.

        Raises:
            NoKey: none is set.
        """
        if not self._ciphers:
            raise NoKey(f"there is no encryption key; {HOW}")
        nonce = os.urandom(_NONCE_BYTES)
        return self.active, _FORM + nonce + self._ciphers[self.active].encrypt(
            nonce, plain, associated
        )

    def open(self, key_id: str, sealed: bytes, associated: bytes) -> bytes:
        """What ``seal`` was given.

        Raises:
            UnknownKey: its key is not set.
            Unreadable: it was changed, or belongs elsewhere.
        """
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(
                f"it was sealed with encryption key {key_id!r}, which is not set here "
                f"(set: {', '.join(self.ids) or 'none'}); add it to ADFLIGHT_KEYS"
            )
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _FORM:
                raise InvalidTag
            return cipher.decrypt(nonce, rest, associated)
        except (InvalidTag, ValueError):
            raise Unreadable(
                "it was changed, or it was sealed for another row; it does not open"
            ) from None

    def seal_document(self, document: Mapping[str, str], place: Place) -> Sealed:
        """Seal named texts for a place.

        Raises:
            NoKey: none is set.
        """
        plain = json.dumps(dict(document), ensure_ascii=False).encode()
        key_id, sealed = self.seal(plain, place.associated)
        return Sealed(key_id, base64.b64encode(sealed).decode())

    def open_document(self, sealed: Sealed, place: Place) -> dict[str, str]:
        """The named texts.

        Raises:
            UnknownKey: their key is not set.
            Unreadable: they were changed, or stand in another place.
        """
        try:
            raw = base64.b64decode(sealed.text, validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable("it was changed; it does not open") from None
        return json.loads(self.open(sealed.key_id, raw, place.associated))


def new_key() -> str:
    """A new key as it is set in the environment: base64 of 32 random bytes."""
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def key_id(key: bytes) -> str:
    """The id of a key that was given none: enough of its digest to tell two apart."""
    return f"k{sha256(b'adflight key id' + key).hexdigest()[:8]}"


def keyring(single: str, several: Mapping[str, str], active: str) -> Keyring:
    """The keyring of the environment.

    Args:
        single: ``ENCRYPTION_KEY``, one key in base64; empty where it is not set.
        several: ``ADFLIGHT_KEYS``, keys in base64 by id.
        active: ``ADFLIGHT_KEY``, the id of the one to seal with; may be empty where there is one
            key alone, or a single one beside old ones.

    Raises:
        KeysRefused: a key is not 32 bytes in base64, or none or several could be meant.
    """
    keys = {name: decoded(text, f"key {name!r} of ADFLIGHT_KEYS") for name, text in several.items()}
    if single:
        own = decoded(single, "ENCRYPTION_KEY")
        named = next((name for name, key in keys.items() if key == own), key_id(own))
        keys[named] = own
        active = active or named
    if not active and len(keys) == 1:
        active = next(iter(keys))
    if keys and not active:
        raise KeysRefused(
            f"ADFLIGHT_KEYS has {len(keys)} keys; set ADFLIGHT_KEY to the id of the one to seal "
            f"with ({', '.join(sorted(keys))})"
        )
    return Keyring(keys, active)


def decoded(text: str, named: str) -> bytes:
    """A key of the environment.

    Raises:
        KeysRefused: it is not 32 bytes in base64.
    """
    try:
        # Both alphabets are about; nothing else may be skipped over.
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise KeysRefused(f"{named} is not {_KEY_BYTES} bytes in base64; {HOW}")
    return key
