"""Switching campaigns, ad groups and ads: one call each, side by side."""

from collections.abc import Sequence

from models.contract.network import ObjectKind, SwitchResult
from platforms.apple_search_ads.errors import refused
from platforms.apple_search_ads.objects import OFF, ON
from platforms.apple_search_ads.terms import PATHS
from platforms.apple_search_ads.wire import Wire
from platforms.switching import one_by_one, told

_SIDE_BY_SIDE = 8


async def switch(
    wire: Wire, kind: ObjectKind, ids: Sequence[str], *, on: bool
) -> list[SwitchResult]:
    """Set the status of objects; one result per id, in order. Not confirmed until read back.

    Raises:
        Refused: creatives have no switch.
    """
    if kind is ObjectKind.CREATIVE:
        raise refused("a creative has no switch; pause its ads", field="kind")
    # Of the ads of one group Apple takes a single one: in order, so that it is the first.
    at_once = 1 if kind is ObjectKind.AD and on else _SIDE_BY_SIDE
    status = ON if on else OFF
    return told(
        ids, await one_by_one(ids, lambda one: _set(wire, kind, one, status), at_once=at_once)
    )


async def _set(wire: Wire, kind: ObjectKind, object_id: str, status: str) -> None:
    if not (object_id.isascii() and object_id.isdigit()):
        raise refused("Apple knows no such object, or it was removed")
    shown = await wire.put(f"{PATHS[kind]}/{object_id}", {"status": status})
    if shown.get("status") != status:
        raise refused(f"Apple shows {shown.get('status')}, asked was {status}")
