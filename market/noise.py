"""Draws that depend only on what they are for, never on the order they are asked in.

Every draw is a function of a seed and a name (object id, time slot, purpose). Two runs with
the same seed therefore see the same market, however their requests interleave.
"""

from hashlib import blake2b
from statistics import NormalDist

import numpy as np

_NORMAL = NormalDist()


def _digest(seed: int, name: tuple[object, ...]) -> bytes:
    text = "\x1f".join(map(str, (seed, *name)))
    return blake2b(text.encode(), digest_size=16).digest()


def uniform(seed: int, *name: object) -> float:
    """A number in the open interval (0, 1)."""
    return (int.from_bytes(_digest(seed, name)[:6], "big") + 0.5) / 2**48


def gauss(seed: int, *name: object) -> float:
    """A standard normal number."""
    return _NORMAL.inv_cdf(uniform(seed, *name))


def stream(seed: int, *name: object) -> np.random.Generator:
    """A generator of its own for a name (counter-based Philox keyed by the name's digest)."""
    digest = _digest(seed, name)
    key = np.frombuffer(digest, dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
