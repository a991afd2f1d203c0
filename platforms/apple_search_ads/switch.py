"""Switching campaigns, ad groups and ads: one call each, side by side."""

import asyncio
from collections.abc import Sequence

from models.contract.network import ObjectKind, SwitchResult
from platforms.apple_search_ads.errors import refused
from platforms.apple_search_ads.objects import OFF, ON
from platforms.apple_search_ads.terms import PATHS
from platforms.apple_search_ads.wire import Wire
from platforms.errors import NetworkError, Refused

_SIDE_BY_SIDE = 8
_UNKNOWN = "Apple knows no such object, or it was removed"


async def switch(
    wire: Wire, kind: ObjectKind, ids: Sequence[str], *, on: bool
) -> list[SwitchResult]:
    """Set the status of objects; one result per id, in order. Not confirmed until read back.

    One that failed does not stop the others; only when nothing at all went through, and not for
    want of an object, is the first failure raised.

    Raises:
        Refused: creatives have no switch.
    """
    if kind is ObjectKind.CREATIVE:
        raise refused("a creative has no switch; pause its ads", field="kind")
    # Of the ads of one group Apple takes a single one: in order, so that it is the first.
    room = asyncio.Semaphore(1 if kind is ObjectKind.AD and on else _SIDE_BY_SIDE)
    failures: list[NetworkError] = []

    async def one(object_id: str) -> SwitchResult:
        async with room:
            try:
                return await _set(wire, kind, object_id, ON if on else OFF)
            except NetworkError as error:
                failures.append(error)
                return SwitchResult(id=object_id, accepted=False, error=str(error))

    unique = list(dict.fromkeys(ids))
    results = dict(zip(unique, await asyncio.gather(*map(one, unique)), strict=True))
    lost = [error for error in failures if not isinstance(error, Refused)]
    if lost and not any(result.accepted for result in results.values()):
        raise lost[0]
    return [results[each] for each in ids]


async def _set(wire: Wire, kind: ObjectKind, object_id: str, status: str) -> SwitchResult:
    if not (object_id.isascii() and object_id.isdigit()):
        return SwitchResult(id=object_id, accepted=False, error=_UNKNOWN)
    shown = await wire.put(f"{PATHS[kind]}/{object_id}", {"status": status})
    if shown.get("status") != status:
        error = f"Apple shows {shown.get('status')}, asked was {status}"
        return SwitchResult(id=object_id, accepted=False, error=error)
    return SwitchResult(id=object_id, accepted=True)
