"""Countries by their ISO 3166 alpha-2 codes."""

from collections.abc import Mapping
from functools import cache

from babel import Locale

_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""Two-letter codes of the same list that stand for groups, tests or nothing."""


@cache
def _codes() -> frozenset[str]:
    listed: Mapping[object, object] = Locale("en").territories
    codes = (str(code) for code in listed)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRY


def is_country(code: str) -> bool:
    """Whether ``code`` is a country in capitals."""
    return code in _codes()
