"""Sealing: AES-256-GCM, key ids, and a binding to the place (N3, BUG-71)."""

import base64
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from models.sealing import (
    Keyring,
    KeysRefused,
    NoKey,
    Place,
    Sealed,
    UnknownKey,
    Unreadable,
    decoded,
    key_id,
    keyring,
    new_key,
)

OLD, NEW = bytes(32), bytes(range(32))
RING = Keyring({"old": OLD, "new": NEW}, "new")
HERE = Place("connections", UUID(int=1), UUID(int=2), "sealed")
SECRET = {"access_token": "EAAB-ümlaut-🔑", "refresh_token": "1//rt"}


def b64(key: bytes) -> str:
    return base64.b64encode(key).decode()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=5))
def test_what_was_sealed_opens_in_its_place(document: dict[str, str]) -> None:
    assert RING.open_document(RING.seal_document(document, HERE), HERE) == document


@pytest.mark.parametrize(
    "there",
    [
        Place("connect_attempts", UUID(int=1), UUID(int=2), "sealed"),
        Place("connections", UUID(int=9), UUID(int=2), "sealed"),
        Place("connections", UUID(int=1), UUID(int=9), "sealed"),
        Place("connections", UUID(int=1), UUID(int=2), "other"),
        # The parts do not run into each other.
        Place("connections", UUID(int=2), UUID(int=1), "sealed"),
    ],
)
def test_it_opens_nowhere_else(there: Place) -> None:
    with pytest.raises(Unreadable, match="sealed for another row"):
        RING.open_document(RING.seal_document(SECRET, HERE), there)


def test_it_is_aes_256_gcm_with_a_random_nonce_of_96_bits() -> None:
    texts = {RING.seal_document(SECRET, HERE).text for _ in range(50)}
    assert len(texts) == 50
    raw = base64.b64decode(texts.pop())
    nonces = {base64.b64decode(one)[1:13] for one in texts}
    assert len(nonces) == 49
    # Opened without any code of ours: form, nonce, ciphertext and tag.
    assert b"EAAB" in AESGCM(NEW).decrypt(raw[1:13], raw[13:], HERE.associated)


def test_every_changed_byte_is_noticed() -> None:
    sealed = RING.seal_document({"a": "b"}, HERE)
    raw = bytearray(base64.b64decode(sealed.text))
    for place in range(len(raw)):
        raw[place] ^= 1
        with pytest.raises(Unreadable):
            RING.open_document(Sealed("new", b64(bytes(raw))), HERE)
        raw[place] ^= 1
    for text in ("", "AQ==", "no base64!", sealed.text[:-8]):
        with pytest.raises(Unreadable):
            RING.open_document(Sealed("new", text), HERE)


def test_old_keys_stay_readable_and_unknown_ones_are_named() -> None:
    before = Keyring({"old": OLD}, "old").seal_document(SECRET, HERE)
    assert (before.key_id, RING.open_document(before, HERE)) == ("old", SECRET)
    assert RING.seal_document(SECRET, HERE).key_id == "new"
    alone = Keyring({"new": NEW}, "new")
    with pytest.raises(UnknownKey, match=r"key 'old', which is not set here \(set: new\)"):
        alone.open_document(before, HERE)
    with pytest.raises(Unreadable):
        alone.open_document(Sealed("new", before.text), HERE)


def test_without_a_key_nothing_is_sealed() -> None:
    none = keyring("", {}, "")
    with pytest.raises(NoKey, match="make one with `adflight keys new`"):
        none.seal_document(SECRET, HERE)
    with pytest.raises(UnknownKey, match="set: none"):
        none.open_document(RING.seal_document(SECRET, HERE), HERE)


def test_the_keys_of_the_environment() -> None:
    single = keyring(b64(NEW), {}, "")
    assert single.active == key_id(NEW)
    # The same key under a name keeps it, so that one may move from one form to the other.
    both = keyring(b64(NEW), {key_id(NEW): b64(NEW), "old": b64(OLD)}, "")
    assert (both.active, both.ids) == (key_id(NEW), tuple(sorted((key_id(NEW), "old"))))
    assert keyring("", {"old": b64(OLD)}, "").active == "old"
    assert keyring(b64(OLD), {"new": b64(NEW)}, "new").active == "new"
    urlsafe = base64.urlsafe_b64encode(bytes([251] * 32)).decode()
    assert decoded(f" {urlsafe}\n", "key") == bytes([251] * 32)


@pytest.mark.parametrize(
    ("single", "several", "active", "said"),
    [
        ("c2hvcnQ=", {}, "", "ENCRYPTION_KEY is not 32 bytes in base64; make one with"),
        ("not base64 at all", {}, "", "ENCRYPTION_KEY is not 32 bytes"),
        ("", {"a": "c2hvcnQ="}, "a", "key 'a' of ADFLIGHT_KEYS is not 32 bytes"),
        ("", {"a": b64(OLD), "b": b64(NEW)}, "", r"has 2 keys; set ADFLIGHT_KEY .* \(a, b\)"),
        ("", {"a": b64(OLD)}, "z", r"ADFLIGHT_KEY names 'z', which is none of .* \(a\)"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(
    single: str, several: dict[str, str], active: str, said: str
) -> None:
    with pytest.raises(KeysRefused, match=said) as caught:
        keyring(single, several, active)
    for key in (single, *several.values()):
        assert not key or key not in str(caught.value)


def test_nothing_shows_a_key_or_a_secret() -> None:
    key = new_key()
    assert len(decoded(key, "key")) == 32
    assert new_key() != key
    shown = f"{RING!r} {RING.seal_document(SECRET, HERE)!r} {vars(RING).keys()}"
    for secret in (*SECRET.values(), b64(NEW)):
        assert secret not in shown
