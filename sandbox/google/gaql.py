"""The Google Ads Query Language: ``SELECT … FROM … WHERE … ORDER BY … LIMIT``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.google.failures import Failure, JsonObject, camel

_QUERY = re.compile(
    r"^\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<source>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>.+?))?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?"
    r"(?:\s+PARAMETERS\s+.+)?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(
    r"\s*(?P<token>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|!=|>=|<=|[=<>(),]|[\w.\-]+)", re.DOTALL
)
_WORDS = ("IN", "NOT", "LIKE", "BETWEEN", "AND", "IS", "NULL", "DURING", "CONTAINS", "ANY")


def query_error(code: str, message: str) -> Failure:
    """A query that cannot be answered."""
    return Failure("queryError", code, message)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a query; ``values`` as text."""

    field: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a value of the field fits."""
        match self.operator:
            case "IS NULL":
                return value is None
            case "IS NOT NULL":
                return value is not None
            case "=" | "IN":
                return _text(value) in self.values
            case "!=" | "NOT IN":
                return _text(value) not in self.values
            case "LIKE":
                return value is not None and _like(self.values[0], str(value))
            case "NOT LIKE":
                return value is not None and not _like(self.values[0], str(value))
            case "BETWEEN":
                return value is not None and self.values[0] <= str(value) <= self.values[1]
            case _:
                return value is not None and _compared(value, self.operator, self.values[0])


@dataclass(frozen=True, slots=True)
class Query:
    """A query, read."""

    fields: tuple[str, ...]
    source: str
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = field(default=())
    limit: int | None = None

    @property
    def named(self) -> set[str]:
        """Every field the query names."""
        return {*self.fields, *(one.field for one in self.conditions), *(f for f, _ in self.order)}


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        Failure: it is none.
    """
    match = _QUERY.match(text)
    if match is None:
        raise query_error("EXPECTED_SELECT", "The query is not SELECT … FROM ….")
    fields = tuple(part.strip() for part in match["fields"].split(","))
    if not all(re.fullmatch(r"[a-z_][\w.]*", one) for one in fields):
        raise query_error("BAD_FIELD_NAME", "A field name is malformed.")
    order: list[tuple[str, bool]] = []
    for part in (match["order"] or "").split(","):
        words = part.split()
        if words:
            order.append((words[0], len(words) > 1 and words[1].upper() == "DESC"))
    return Query(
        fields,
        match["source"],
        tuple(_conditions(match["where"] or "")),
        tuple(order),
        int(match["limit"]) if match["limit"] else None,
    )


def _conditions(text: str) -> list[Condition]:
    tokens = _tokens(text)
    found: list[Condition] = []
    while tokens:
        if found and tokens.pop(0).upper() != "AND":
            raise query_error("EXPECTED_AND", "Conditions are joined by AND.")
        found.append(_condition(tokens))
    return found


def _condition(tokens: list[str]) -> Condition:
    name = _next(tokens)
    operator = _next(tokens).upper()
    if operator == "NOT":
        operator = f"NOT {_next(tokens).upper()}"
    if operator == "IS":
        operator = "IS NULL" if (word := _next(tokens).upper()) == "NULL" else f"IS {word}"
        if operator == "IS NOT":
            _next(tokens)
            operator = "IS NOT NULL"
        return Condition(name, operator)
    if operator in ("IN", "NOT IN"):
        if _next(tokens) != "(":
            raise query_error("EXPECTED_LIST", "IN needs a list.")
        values: list[str] = []
        while (token := _next(tokens)) != ")":
            if token != ",":
                values.append(_value(token))
        if not values:
            raise query_error("PROHIBITED_EMPTY_LIST_IN_CONDITION", "The list is empty.")
        return Condition(name, operator, tuple(values))
    if operator == "BETWEEN":
        low = _value(_next(tokens))
        _next(tokens)
        return Condition(name, operator, (low, _value(_next(tokens))))
    if operator not in ("=", "!=", "<", ">", "<=", ">=", "LIKE", "NOT LIKE"):
        raise query_error("BAD_OPERATOR", f"{operator} is no operator.")
    return Condition(name, operator, (_value(_next(tokens)),))


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise query_error("BAD_SYMBOL", "The query has a character that does not belong.")
        found.append(match["token"])
        at = match.end()
    return found


def _next(tokens: list[str]) -> str:
    if not tokens:
        raise query_error("UNEXPECTED_END_OF_QUERY", "The query ends too early.")
    return tokens.pop(0)


def _value(token: str) -> str:
    if token[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    # Numbers and the two truths stand bare; a bare word is an enum's name.
    return token.upper() if token.upper() in ("TRUE", "FALSE") else token


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else str(value)


def _like(pattern: str, value: str) -> bool:
    # % is any text, _ any character, [x] the character itself; case does not matter.
    parts = re.findall(r"\[(.)\]|([%_])|([^%_\[\]]+)", pattern)
    rule = "".join(
        re.escape(one or plain) if not wild else (".*" if wild == "%" else ".")
        for one, wild, plain in parts
    )
    return re.fullmatch(rule, value, re.IGNORECASE | re.DOTALL) is not None


def _compared(value: Any, operator: str, other: str) -> bool:
    left, right = str(value), other
    try:
        numbers = float(left), float(right)
    except ValueError:
        low, high = left, right
    else:
        low, high = numbers
    match operator:
        case "<":
            return low < high  # type: ignore[operator]
        case ">":
            return low > high  # type: ignore[operator]
        case "<=":
            return low <= high  # type: ignore[operator]
        case _:
            return low >= high  # type: ignore[operator]


def value_at(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field (``campaign.target_cpa.target_cpa_micros``) in a row, or None."""
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = cast(JsonObject, value).get(camel(part))
    return value


def picked(row: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """The named fields of a row, and every resource's name."""
    shown: JsonObject = {}
    for name in names:
        value = value_at(row, name)
        parts = [camel(part) for part in name.split(".")]
        top = cast(JsonObject, shown.setdefault(parts[0], {}))
        source = cast(JsonObject, row.get(parts[0]) or {})
        if "resourceName" in source:
            top["resourceName"] = source["resourceName"]
        if value is None:
            continue
        inner = top
        for part in parts[1:-1]:
            inner = cast(JsonObject, inner.setdefault(part, {}))
        inner[parts[-1]] = value
    return {name: part for name, part in shown.items() if part}
