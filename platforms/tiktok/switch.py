"""Status changes on TikTok, twenty objects to a call.

A group of campaigns or ads that holds one deleted object may be refused as a whole, and the
refusal does not say which it was. So a refused group is halved until the offender stands alone.
"""

from collections.abc import Sequence
from typing import Literal

from models.contract.network import ObjectKind, SwitchResult
from platforms.errors import NetworkError, Refused
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
    """Set the status of objects; one result per id, in order.

    A call that failed as a whole (no answer, no room) marks its own ids and does not stop the
    others; only when nothing at all went through is its error raised.
    """
    unique = list(dict.fromkeys(ids))
    results: dict[str, SwitchResult] = {}
    failure: NetworkError | None = None
    for start in range(0, len(unique), BATCH):
        some = unique[start : start + BATCH]
        try:
            results |= await _group(wire, kind, some, "ENABLE" if on else "DISABLE")
        except NetworkError as error:
            failure = failure or error
            results |= {one: _failed(one, str(error)) for one in some}
    if failure is not None and not any(result.accepted for result in results.values()):
        raise failure
    return [results[one] for one in ids]


async def set_status(wire: Wire, kind: ObjectKind, object_id: str, operation: Operation) -> None:
    """Set the status of one object.

    Raises:
        Refused: TikTok does not, in its own words.
    """
    result = (await _sent(wire, kind, [object_id], operation))[object_id]
    if not result.accepted:
        raise refused(result.error or _SILENT)


async def _group(
    wire: Wire, kind: ObjectKind, ids: list[str], operation: Operation
) -> dict[str, SwitchResult]:
    try:
        return await _sent(wire, kind, ids, operation)
    except Refused as error:
        if len(ids) == 1:
            return {ids[0]: _failed(ids[0], str(error))}
    half = len(ids) // 2
    found: dict[str, SwitchResult] = {}
    for part in (ids[:half], ids[half:]):
        try:
            found |= await _group(wire, kind, part, operation)
        except NetworkError as error:
            found |= {one: _failed(one, str(error)) for one in part}
    return found


async def _sent(
    wire: Wire, kind: ObjectKind, ids: list[str], operation: Operation
) -> dict[str, SwitchResult]:
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
    return {
        one: SwitchResult(id=one, accepted=True)
        if one in done and one not in errors
        else _failed(one, errors.get(one, _SILENT))
        for one in ids
    }


def _failed(object_id: str, reason: str) -> SwitchResult:
    return SwitchResult(id=object_id, accepted=False, error=reason)
