"""The grammar of the Graph API: errors, parameters, field selection, pages."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

Node = dict[str, Any]
_INTEGER = re.compile(r"-?\d+")


class GraphError(Exception):
    """An ``error`` object and the HTTP status and headers it comes with."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int = 0,
        status: int = 400,
        kind: str = "OAuthException",
        user_message: str = "",
        transient: bool = False,
        field: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        error: Node = {"message": message, "type": kind, "code": code}
        if subcode:
            error["error_subcode"] = subcode
        error["is_transient"] = transient
        if user_message:
            error["error_user_title"] = message
            error["error_user_msg"] = user_message
        if field:
            error["error_data"] = {"blame_field_specs": [[field]]}
        error["fbtrace_id"] = f"A{uuid4().hex[:20]}"
        self.body: Node = {"error": error}


def invalid(field: str, message: str, subcode: int = 0) -> GraphError:
    """Code 100: a parameter Meta does not take."""
    return GraphError(
        100,
        f"(#100) {message}" if subcode == 0 else "Invalid parameter",
        subcode=subcode,
        user_message=message if subcode else "",
        field=field,
    )


def unknown_object(object_id: str, method: str = "get") -> GraphError:
    """100/33: what Meta says about ids it does not know or does not show."""
    return GraphError(
        100,
        f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation.",
        subcode=33,
        kind="GraphMethodException",
    )


class Parameters:
    """Query and form fields of a call. Lists and objects are JSON texts inside fields."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, default)

    def required(self, name: str) -> str:
        value = self._values.get(name, "").strip()
        if not value:
            raise invalid(name, f"The parameter {name} is required.")
        return value

    def json(self, name: str) -> Any:
        """The decoded value of a JSON field, None where it is absent."""
        if name not in self._values:
            return None
        try:
            return json.loads(self._values[name])
        except ValueError:
            raise invalid(name, f"Param {name} must be valid JSON") from None

    def items(self, name: str) -> list[Any] | None:
        """A JSON array (or a comma-separated list), None where the field is absent."""
        if name not in self._values:
            return None
        if not self._values[name].lstrip().startswith("["):
            return [part.strip() for part in self._values[name].split(",") if part.strip()]
        return cast("list[Any]", self.json(name))

    def object(self, name: str) -> Node | None:
        """A JSON object, None where the field is absent."""
        value = self.json(name)
        if value is not None and not isinstance(value, dict):
            raise invalid(name, f"Param {name} must be an object")
        return cast("Node | None", value)

    def integer(self, name: str) -> int | None:
        """A whole number, None where the field is absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value):
            raise invalid(name, f"Param {name} must be an integer, got {value}")
        return int(value)

    def boolean(self, name: str) -> bool | None:
        value = self._values.get(name)
        if value is None:
            return None
        if value.lower() not in {"true", "false", "1", "0"}:
            raise invalid(name, f"Param {name} must be a boolean")
        return value.lower() in {"true", "1"}

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self._values.get(name, default)
        if value not in allowed:
            raise invalid(name, f"Param {name} must be one of {{{', '.join(allowed)}}}")
        return value

    def instant(self, name: str) -> str | None:
        """A time (ISO 8601 with offset, or Unix seconds) in Graph's own format."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            if _INTEGER.fullmatch(value):
                return stamp(datetime.fromtimestamp(int(value), UTC))
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise invalid(name, f"Param {name} is not a time") from None
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def stamp(moment: datetime) -> str:
    """A time as Graph writes it: ``2026-11-20T10:00:00+0000``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def selection(fields: str) -> dict[str, str]:
    """``a,b{c,d}`` as ``{"a": "", "b": "c,d"}``."""
    chosen: dict[str, str] = {}
    name, inner, depth = "", "", 0
    for letter in [*fields, ","]:
        if letter == "}":
            depth -= 1
        if depth:
            inner += letter
        elif letter == ",":
            if name.strip():
                chosen[name.strip()] = inner
            name, inner = "", ""
        elif letter not in "{}":
            name += letter
        if letter == "{":
            depth += 1
    if depth:
        raise GraphError(2500, "Syntax error in field selection")
    return chosen


def projected(node: Node, fields: str, default: str = "id") -> Node:
    """The chosen fields of a node, and its id. Empty ones are left out, as Graph does."""
    result: Node = {}
    for name, inner in selection(fields or default).items():
        value = node.get(name)
        if value is None:
            continue
        if inner and isinstance(value, list):
            value = [projected(each, inner) for each in cast("list[Node]", value)]
        elif inner and isinstance(value, dict):
            value = projected(cast("Node", value), inner)
        result[name] = value
    if "id" in node:
        result.setdefault("id", node["id"])
    return result


def page(
    nodes: Sequence[Node],
    parameters: Parameters,
    next_link: Callable[[str], str],
    *,
    default_limit: int = 25,
) -> tuple[list[Node], Node]:
    """One page of ``nodes`` and the rest of the answer (``paging``, ``summary``).

    Cursors are positions. ``next`` is there only while more follows; the ``after`` cursor
    always is.
    """
    limit = parameters.integer("limit") or default_limit
    if limit < 1:
        raise invalid("limit", "Param limit must be positive")
    limit = min(limit, 500)
    after = parameters.text("after")
    if after and not re.fullmatch(r"c\d+", after):
        raise invalid("after", "Invalid cursors values")
    start = int(after[1:]) if after else 0
    chosen = list(nodes[start : start + limit])
    rest: Node = {}
    if chosen:
        end = start + len(chosen)
        paging: Node = {"cursors": {"before": f"c{start}", "after": f"c{end}"}}
        if end < len(nodes):
            paging["next"] = next_link(f"c{end}")
        rest["paging"] = paging
    if parameters.text("summary").lower() in {"true", "1"}:
        rest["summary"] = {"total_count": len(nodes)}
    return chosen, rest
