"""A decision as it is kept: inputs through JSON and back, senseless numbers as null."""

import math
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st
from pydantic import TypeAdapter

T = TypeVar("T")

senseless = st.sampled_from((None, math.nan, math.inf, -math.inf, -1.0, 0.0, 1e-320, 1e300))
"""What figures must never be, and sometimes are."""
micros = st.one_of(st.floats(0, 1e9), st.integers(1, 500).map(lambda n: n * 1e6), senseless)
counts = st.one_of(st.integers(0, 500).map(float), senseless)
shares = st.one_of(st.floats(0, 1), st.just(1.0), senseless)
amounts = st.one_of(st.integers(-10, 10**12), st.integers(1, 300).map(lambda n: n * 1_000_000))
currencies = st.sampled_from(("USD", "JPY", "KWD", "XYZ"))


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


def taken_again(case: T) -> T:
    """``case`` from its record. NaN and infinity come back as None, like anything missing."""
    kept = _adapter(type(case))
    return kept.validate_json(kept.dump_json(case))


def numbers(answer: object) -> list[float]:
    """Every number in an answer, however deep."""
    if isinstance(answer, bool) or answer is None or isinstance(answer, str):
        return []
    if isinstance(answer, int | float):
        return [float(answer)]
    if isinstance(answer, tuple):
        return [number for one in answer for number in numbers(one)]  # type: ignore[reportUnknownVariableType]
    if is_dataclass(answer):
        return [number for one in fields(answer) for number in numbers(getattr(answer, one.name))]
    return []
