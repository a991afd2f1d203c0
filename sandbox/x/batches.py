"""X's batches: up to 40 operations (criteria: 500), in order, all or nothing."""

from collections.abc import Callable
from typing import Any, cast

from sandbox.x import campaigns as x_campaigns
from sandbox.x import line_items as x_line_items
from sandbox.x import targeting as x_targeting
from sandbox.x.request import Answer, Call, Values, XError, public
from sandbox.x.store import JsonObject

_MOST = {"campaigns": 40, "line_items": 40, "targeting_criteria": 500}


class BatchError(Exception):
    """Some operations failed, so none was done; ``errors`` is aligned with them."""

    def __init__(self, errors: list[list[JsonObject]]) -> None:
        super().__init__("batch refused")
        self.errors = errors


KINDS = tuple(_MOST)


def of(kind: str) -> Callable[[Call], Answer]:
    """The batch of one kind of object."""
    return lambda call: _run(call, kind)


def _run(call: Call, kind: str) -> Answer:
    """Do all operations of a batch, or none.

    Raises:
        XError: the batch itself is wrong.
        BatchError: operations are.
    """
    operations = cast(list[Any], call.body) if isinstance(call.body, list) else []
    if not operations:
        raise XError(400, "INVALID", "The request body must be a JSON array of operations")
    if len(operations) > _MOST[kind]:
        message = f"A batch of {kind} takes {_MOST[kind]} operations, got {len(operations)}"
        raise XError(400, "REQUEST_TOO_COMPLEX", message)
    done: list[JsonObject] = []
    errors: list[list[JsonObject]] = []
    for operation in operations:
        try:
            done.append(_operate(call, kind, operation))
            errors.append([])
        except XError as error:
            errors.append([error.entry])
    if any(errors):
        raise BatchError(errors)
    if kind == "campaigns":
        done = x_campaigns.shown(call, done)
    return Answer([public(row) for row in done], more={"total_count": len(done)})


def _operate(call: Call, kind: str, operation: Any) -> JsonObject:
    if not isinstance(operation, dict):
        raise XError(400, "INVALID", "An operation must be an object")
    shape = cast(JsonObject, operation)
    values = Values(cast(JsonObject, shape.get("params") or {}))
    action = str(shape.get("operation_type", "")).lower()
    doing = _ACTIONS.get((kind, action))
    if doing is None:
        message = f"operation_type {action!r} is not known for {kind}"
        raise XError(400, "INVALID_PARAMETER", message, "operation_type")
    return doing(call, values)


_ACTIONS: dict[tuple[str, str], Callable[[Call, Values], JsonObject]] = {
    ("campaigns", "create"): x_campaigns.create,
    ("campaigns", "update"): lambda c, v: x_campaigns.update(c, v, v.need("campaign_id")),
    ("campaigns", "delete"): lambda c, v: x_campaigns.delete(c, v.need("campaign_id")),
    ("line_items", "create"): x_line_items.create,
    ("line_items", "update"): lambda c, v: x_line_items.update(c, v, v.need("line_item_id")),
    ("line_items", "delete"): lambda c, v: x_line_items.delete(c, v.need("line_item_id")),
    ("targeting_criteria", "create"): x_targeting.create,
    ("targeting_criteria", "delete"): lambda c, v: x_targeting.delete(
        c, v.need("targeting_criterion_id")
    ),
}
