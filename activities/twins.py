"""Objects found under one key: which one the key stands for, and what is left to a person.

A write whose answer was lost may have made an object, twice even. They were made so that nothing
can deliver; so of twins one is kept and the others are deleted, unless more than one of them has
a life of its own: then no rule may choose.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from models.contract.effects import CreateObject
from models.contract.network import AdGroupOrder, AdOrder, Delivery, NetworkObject, ObjectKind
from platforms.errors import Refused
from platforms.network import AdNetwork

_log = structlog.get_logger("activities.twins")
_READS = 10
_BETWEEN_READS = 0.5
_CHILDREN = {ObjectKind.CAMPAIGN: ObjectKind.AD_GROUP, ObjectKind.AD_GROUP: ObjectKind.AD}


class Unsettled(Exception):
    """No rule may choose: ``found`` is left to a person. The message says why."""

    def __init__(self, why: str, found: Sequence[NetworkObject]) -> None:
        super().__init__(why)
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class Settled:
    """The object a key stands for, and how many twins of it were deleted."""

    adopted: NetworkObject
    removed: int = 0


async def settle(
    network: AdNetwork,
    found: Sequence[NetworkObject],
    known: str | None = None,
    *,
    picked: bool = False,
) -> Settled:
    """Keep one of the objects found under a key and delete the rest.

    Kept is the one that is known already, else the only one with a life of its own (switched on,
    with children, or with figures), else the lowest id. ``picked``: a person chose ``known``.

    Raises:
        Unsettled: two of them live, or one cannot be deleted.
    """
    if len(found) == 1:
        return Settled(found[0])
    kept = next((one for one in found if one.id == known), None)
    if not (picked and kept is not None):
        lively = await _lively(network, found)
        if len(lively) > 1:
            ids = ", ".join(one.id for one in lively)
            raise Unsettled(
                f"{len(lively)} objects of this key are switched on, hold others or have "
                f"delivered ({ids})",
                found,
            )
        kept = kept or (lively or list(found))[0]
        if lively and lively[0].id != kept.id:
            raise Unsettled(
                f"{lively[0].id} holds others or has delivered, but {kept.id} is the one known",
                found,
            )
    removed = 0
    for twin in found:
        if twin.id == kept.id:
            continue
        try:
            await network.remove(twin.kind, twin.id)
        except Refused as error:
            if not picked:
                why = f"twin {twin.id} cannot be deleted ({error.message})"
                raise Unsettled(why, found) from None
            # A person has chosen; one that stays and is off harms nobody.
            await switch_off(network, [twin])
            _log.warning("twin stays, switched off", key=kept.key, id=twin.id)
        else:
            removed += 1
    if removed:
        _log.warning("twins removed", key=kept.key, count=removed)
    return Settled(kept, removed)


def contradiction(ask: CreateObject, found: NetworkObject, network: AdNetwork) -> str | None:
    """Why a found object cannot be what was ordered, in words; None when it can.

    A larger budget alone is none while it is off: it is lowered before anything else happens.
    """
    order = ask.order
    parent = _parent(order)
    if parent is not None and found.parent_id not in (None, parent):
        return f"{found.id} hangs below {found.parent_id}, not below {parent}"
    if not isinstance(order, AdGroupOrder) or found.daily_budget is None:
        return None
    budget = found.daily_budget
    if budget.currency != order.daily_budget.currency:
        return f"{found.id} is budgeted in {budget.currency}, not in {order.daily_budget.currency}"
    if switches(found, network) and found.switched_on and exceeds(ask, found):
        return f"{found.id} is on at {budget} a day, ordered were {order.daily_budget}"
    return None


def exceeds(ask: CreateObject, found: NetworkObject) -> bool:
    """Whether a found ad group's daily budget is above what was ordered."""
    return (
        isinstance(ask.order, AdGroupOrder)
        and found.daily_budget is not None
        and found.daily_budget.micros > ask.order.daily_budget.micros
    )


def switches(one: NetworkObject, network: AdNetwork) -> bool:
    """Whether an object's own switch says anything: creatives have none, nor X's ads."""
    if one.kind is ObjectKind.CREATIVE:
        return False
    return one.kind is not ObjectKind.AD or network.capabilities.can_pause_ad


async def switch_off(network: AdNetwork, found: Sequence[NetworkObject]) -> list[NetworkObject]:
    """Switch off what is on, until a reading shows it; the objects as they then are."""
    pending = [one for one in found if switches(one, network) and one.switched_on]
    shown = {one.id: one for one in found}
    for _ in range(_READS):
        if not pending:
            break
        ids, kind = [one.id for one in pending], pending[0].kind
        await network.switch(kind, ids, on=False)
        read = {one.id: one for one in await network.read(kind, ids)}
        shown |= read
        pending = [
            read[one]
            for one in ids
            if one in read and read[one].switched_on and read[one].delivery is not Delivery.REMOVED
        ]
        if pending:
            await asyncio.sleep(_BETWEEN_READS)
    return list(shown.values())


async def _lively(network: AdNetwork, found: Sequence[NetworkObject]) -> list[NetworkObject]:
    """Those with a life of their own."""
    holding: set[str | None] = set()
    if (below := _CHILDREN.get(found[0].kind)) is not None:
        holding = {child.parent_id for child in await network.list_objects(below)}
    if found[0].kind is ObjectKind.CAMPAIGN:
        today = found[0].as_of.date()
        report = await network.account_metrics(today - timedelta(days=1), today)
        holding |= {row.campaign_id for row in report.rows if row.impressions or row.spend.micros}
    return [
        one for one in found if one.id in holding or (one.switched_on and switches(one, network))
    ]


def _parent(order: object) -> str | None:
    if isinstance(order, AdGroupOrder):
        return order.campaign_id
    return order.ad_group_id if isinstance(order, AdOrder) else None


def parent_of(ask: CreateObject) -> str | None:
    """The id of the object that an order hangs below, if any."""
    return _parent(ask.order)
