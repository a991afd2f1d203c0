"""Status changes on TikTok, twenty objects to a call.

A group of campaigns or ads that holds one deleted object may be refused as a whole, and the
refusal does not say which it was. So a refused group is halved until the offender stands alone.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from models.contract.network import ObjectKind, SwitchResult
from platforms.errors import NetworkError, Refused
from platforms.switching import Outcome, in_groups, told
from platforms.tiktok.errors import JsonObject, refused
from platforms.tiktok.wire import Wire

BATCH = 20
"""Documented for campaigns and ads; taken for ad groups too (unsure)."""
Operation = Literal["ENABLE", "DISABLE", "DELETE"]
_PATHS = {
    ObjectKind.CAMPAIGN: ("campaign/status/update", "campaign"),
    ObjectKind.AD_GROUP: ("adgroup/status/update", "adgroup"),
    ObjectKind.AD: ("ad/status/update", "ad"),
}
_SILENT = "TikTok did not confirm the change"


async def switch(
    wire: Wire, kind: ObjectKind, ids: Sequence[str], *, on: bool
) -> list[SwitchResult]:
    """Set the status of objects; one result per id, in order."""
    operation = "ENABLE" if on else "DISABLE"
    return told(
        ids, await in_groups(ids, BATCH, lambda some: _group(wire, kind, some, operation)), own=()
    )


async def set_status(wire: Wire, kind: ObjectKind, object_id: str, operation: Operation) -> None:
    """Set the status of one object.

    Raises:
        Refused: TikTok does not, in its own words.
    """
    if (reason := (await _sent(wire, kind, [object_id], operation))[object_id]) is not None:
        raise refused(reason)


async def _group(
    wire: Wire, kind: ObjectKind, ids: list[str], operation: Operation
) -> Mapping[str, Outcome]:
    try:
        return await _sent(wire, kind, ids, operation)
    except Refused as error:
        if len(ids) == 1:
            return {ids[0]: str(error)}
    half = len(ids) // 2
    found: dict[str, Outcome] = {}
    for part in (ids[:half], ids[half:]):
        try:
            found |= await _group(wire, kind, part, operation)
        except NetworkError as error:
            found |= dict.fromkeys(part, str(error))
    return found


async def _sent(
    wire: Wire, kind: ObjectKind, ids: list[str], operation: Operation
) -> dict[str, str | None]:
    """TikTok's reason for each that was not changed."""
    path, word = _PATHS[kind]
    body: JsonObject = {f"{word}_ids": ids, "operation_status": operation}
    if kind is ObjectKind.AD_GROUP:
        body["allow_partial_success"] = True
    data = await wire.post(path, body)
    wrong: list[JsonObject] = data.get("error_list") or []
    errors = {str(one[f"{word}_id"]): str(one.get("error_message") or _SILENT) for one in wrong}
    told: list[JsonObject] = data.get(f"{word}_list") or []
    plain: list[object] = data.get(f"{word}_ids") or []
    done = {str(one[f"{word}_id"]) for one in told} | {str(one) for one in plain}
    return {one: errors.get(one, None if one in done else _SILENT) for one in ids}
