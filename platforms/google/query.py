"""Queries of the Google Ads Query Language, put together from parts."""

from collections.abc import Iterable, Sequence


def select(fields: Sequence[str], source: str, *conditions: str) -> str:
    """``SELECT fields FROM source WHERE conditions``; empty conditions are left out."""
    wanted = [one for one in conditions if one]
    where = ["WHERE", " AND ".join(wanted)] if wanted else []
    return " ".join(["SELECT", ", ".join(fields), "FROM", source, *where])


def among(field: str, values: Iterable[str]) -> str:
    """``field IN (values)``; values are ids, or strings already quoted."""
    return f"{field} IN ({', '.join(values)})"


def quoted(text: str) -> str:
    """A string of the query language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
