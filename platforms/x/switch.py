"""Batched activation and pausing on X.

A batch is all-or-nothing: one bad id blocks 39 good pauses. So the offenders it names are taken
out and the rest is sent again; what still resists is changed one by one.
"""

from collections.abc import Sequence

from models.contract.network import ObjectKind, SwitchResult
from platforms.errors import NetworkError
from platforms.switching import Outcome, in_groups, told
from platforms.x.errors import JsonObject, item_errors
from platforms.x.wire import Wire

BATCH = 40
PATHS = {
    ObjectKind.CAMPAIGN: ("campaigns", "campaign_id"),
    ObjectKind.AD_GROUP: ("line_items", "line_item_id"),
}


async def switch(
    wire: Wire, kind: ObjectKind, ids: Sequence[str], *, on: bool
) -> list[SwitchResult]:
    """Set the status of campaigns or line items; one result per id, in order."""
    return told(ids, await in_groups(ids, BATCH, lambda some: _chunk(wire, kind, some, on)), own=())


async def _chunk(wire: Wire, kind: ObjectKind, ids: list[str], on: bool) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    # A batch of one that is refused says all there is to say; two tries find any offenders.
    for _ in range(2):
        errors = await _batch(wire, kind, ids, on)
        if errors is None:
            return outcomes | dict.fromkeys(ids)
        named = {one: text for one, text in zip(ids, errors, strict=True) if text}
        outcomes |= named
        ids = [one for one in ids if one not in named]
        if not ids or not named:
            break
    for one in ids:
        outcomes[one] = await _single(wire, kind, one, on)
    return outcomes


async def _batch(wire: Wire, kind: ObjectKind, ids: list[str], on: bool) -> list[str | None] | None:
    """None when the whole batch went through, else the reason per id."""
    path, parameter = PATHS[kind]
    operations: list[JsonObject] = [
        {
            "operation_type": "Update",
            "params": {parameter: one, "entity_status": _status(on)},
        }
        for one in ids
    ]
    response = await wire.batch(path, operations)
    return None if response.is_success else item_errors(response, len(ids))


async def _single(wire: Wire, kind: ObjectKind, object_id: str, on: bool) -> str | None:
    path, _ = PATHS[kind]
    try:
        await wire.put(f"{path}/{object_id}", {"entity_status": _status(on)})
    except NetworkError as error:
        return str(error)
    return None


def _status(on: bool) -> str:
    return "ACTIVE" if on else "PAUSED"
