"""JSON Patch (RFC 6902) as Snapchat takes it: add, remove, replace, test; no id, no indices."""

import copy
from typing import Any, cast

from sandbox.snapchat.request import IMMUTABLE, ItemError, SnapError
from sandbox.snapchat.store import JsonObject

MEDIA_TYPE = "application/json-patch+json"
_BAD, _NOT_APPLICABLE = "E1165", "E1166"
_OPS = ("add", "remove", "replace", "test")


def patched(row: JsonObject, ops: Any) -> JsonObject:
    """A copy of ``row`` with all operations done.

    Raises:
        SnapError: they are no patch (E1165).
        ItemError: one cannot be done, or a test failed (E1166); or it is about ``/id`` (E2023).
    """
    if not isinstance(ops, list) or not ops:
        raise SnapError(400, _BAD, "the body must be a list of patch operations")
    found = copy.deepcopy(row)
    for op in cast(list[Any], ops):
        _do(found, op)
    return found


def _do(row: JsonObject, op: Any) -> None:
    shape = cast(JsonObject, op) if isinstance(op, dict) else {}
    name, path = shape.get("op"), shape.get("path")
    if name not in _OPS or not isinstance(path, str) or not path.startswith("/"):
        raise SnapError(400, _BAD, f"operation {op!r} is not valid")
    if name != "remove" and "value" not in shape:
        raise SnapError(400, _BAD, f"operation {op!r} has no value")
    *parents, leaf = path[1:].split("/")
    if path == "/id":
        raise ItemError(IMMUTABLE, "id cannot be changed", "id")
    at: Any = row
    for part in [*parents, leaf]:
        if part.isdigit() or part == "-":
            raise SnapError(400, _BAD, f"path {path} addresses an array")
    for part in parents:
        at = cast(JsonObject, at).get(part) if isinstance(at, dict) else None
    if not isinstance(at, dict) or leaf.startswith("_"):
        raise ItemError(_NOT_APPLICABLE, f"{path} does not exist", path)
    holder = cast(JsonObject, at)
    if name != "add" and leaf not in holder:
        raise ItemError(_NOT_APPLICABLE, f"{path} does not exist", path)
    if name == "test":
        if holder[leaf] != shape["value"]:
            raise ItemError(_NOT_APPLICABLE, f"test of {path} failed", path)
    elif name == "remove":
        del holder[leaf]
    else:
        holder[leaf] = shape["value"]
