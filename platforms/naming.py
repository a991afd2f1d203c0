"""Names that carry the idempotency key in front: ``key name``."""

import re

from models.contract.vocabulary import Platform
from platforms.errors import Refused

_KEY = re.compile(r"k[a-z2-7]{10}|k(?=[a-z]*[0-9])[a-z0-9]{4,20}")
_PENDING = "pending "


def keyed(platform: Platform, key: str, name: str, limit: int) -> str:
    """``key name``: the key stands in front because name searches often match prefixes only.

    Raises:
        Refused: the key holds a space, or both together are longer than ``limit`` characters.
    """
    if not key or key.split() != [key]:
        raise Refused(platform, f"key {key!r} must be one word", field="key")
    full = f"{key} {name}".strip()
    if len(full) > limit:
        raise Refused(
            platform,
            f"name {full!r} has {len(full)} characters; at most {limit} are taken: shorten it",
            field="name",
        )
    return full


def pending(full_name: str) -> str:
    """The name of an object that is still being put together, so that no search for its key
    takes it for a whole one."""
    return _PENDING + full_name


def front(name: str) -> str:
    """The first word of a name: where the key is, if it has one."""
    return name.split(" ", 1)[0]


def key_of(name: str) -> str:
    """The key in front of a name, or empty when the first word does not look like one
    (``models.contract.effects.effect_key``; other keys begin with k and hold a digit)."""
    word = front(name)
    return word if _KEY.fullmatch(word) else ""
