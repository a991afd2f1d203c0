"""Activities on an ad network: one effect per key, and nothing is done until it is read back."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from temporalio import activity

from activities.effects import EffectLog
from activities.heartbeat import heartbeating
from activities.outcomes import network_errors, not_confirmed
from models.contract.effects import (
    CreateObject,
    MoveEnd,
    SetBudget,
    TreeReading,
    TreeRef,
    VerifyTree,
)
from models.contract.network import Delivery, NetworkObject, ObjectKind, Order
from platforms.errors import Ambiguous
from platforms.network import AdNetwork
from platforms.registry import Networks

T = TypeVar("T")
_CLEAN_READS = 2
_BETWEEN_READS = 0.5


class NetworkActivities:
    """Create, verify, activate, change and read a campaign's tree."""

    def __init__(self, networks: Networks, effects: EffectLog, assets: Path) -> None:
        self._networks = networks
        self._effects = effects
        self._assets = assets

    @activity.defn
    async def create_object(self, ask: CreateObject) -> NetworkObject:
        """Create one object, paused, exactly once.

        An earlier attempt may have succeeded although its answer was lost: then the object is
        looked up (once more after the network's longest plausible delay) and adopted.
        """
        order, network = ask.order, self._networks.of(ask.account)
        parent = _parent(ask)
        async with heartbeating(), network_errors():
            attempts = await self._effects.ask(ask)
            found = await network.find(order.kind, order.key, parent) if attempts > 1 else []
            if attempts > 1 and not found:
                await asyncio.sleep(ask.settle.total_seconds())
                found = await network.find(order.kind, order.key, parent)
            if found:
                adopted = await self._settle_twins(network, ask.account.team_id, found)
            else:
                adopted = await self._create(network, ask, parent)
                # What an earlier attempt sent may have landed between our look and our create.
                found = await network.find(order.kind, order.key, parent) if attempts > 1 else []
                if len(found) > 1:
                    adopted = await self._settle_twins(network, ask.account.team_id, found)
            await self._effects.settle(ask, adopted.id)
            return adopted

    async def _create(
        self, network: AdNetwork, ask: CreateObject, parent: str | None
    ) -> NetworkObject:
        try:
            return await _seen_through(network.create(self._local(ask.order)))
        except Ambiguous as lost:
            await asyncio.sleep(ask.settle.total_seconds())
            found = await network.find(ask.order.kind, ask.order.key, parent)
            if not found:
                raise not_confirmed(f"{lost}; nothing was found, asking again") from None
            return await self._settle_twins(network, ask.account.team_id, found)

    def _local(self, order: Order) -> Order:
        """Assets travel by relative path; only this machine knows where they lie."""
        if order.kind is not ObjectKind.CREATIVE:
            return order
        return order.model_copy(update={"image_path": str(self._assets / order.image_path)})

    async def _settle_twins(
        self,
        network: AdNetwork,
        team_id: UUID,
        found: Sequence[NetworkObject],
        known: str | None = None,
    ) -> NetworkObject:
        """Adopt the one that children hang on already, else the lowest id; delete the rest.

        They are paused, so none can have delivered.
        """
        adopted = next((one for one in found if one.id == known), found[0])
        twins = [one for one in found if one.id != adopted.id]
        for twin in twins:
            await network.remove(twin.kind, twin.id)
        if twins:
            activity.logger.warning("removed %d twin(s) of key %s", len(twins), adopted.key)
            await self._effects.removed_twins(team_id, adopted.key, len(twins))
        return adopted

    @activity.defn
    async def verify_tree(self, ask: VerifyTree) -> TreeReading:
        """Confirm the created tree before activation: complete, off, single, budget as agreed."""
        network = self._networks.of(ask.ref.account)
        async with heartbeating(), network_errors():
            if await self._effects.any_repeated(ask.ref):
                # A write whose answer was lost may land late: wait it out before looking.
                await asyncio.sleep(ask.ref.settle.total_seconds())
            known = _known(ask.ref)
            for kind, key, parent in _keys(ask.ref):
                found = await network.find(kind, key, parent)
                if len(found) > 1:
                    team_id = ask.ref.account.team_id
                    await self._settle_twins(network, team_id, found, known.get(key))
            reading = await self._read(network, ask.ref)
            group = _one(reading, ObjectKind.AD_GROUP)
            on = [one.id for one in reading.objects if one.switched_on and _switches(one, network)]
            if on:
                raise not_confirmed(f"{len(on)} object(s) are switched on before activation")
            if group.daily_budget is not None and group.daily_budget != ask.daily_budget:
                raise not_confirmed(
                    f"daily budget reads {group.daily_budget}, agreed is {ask.daily_budget}"
                )
            return reading

    @activity.defn
    async def activate(self, ref: TreeRef) -> TreeReading:
        """Switch on, children first, and return the read-back that proves it."""
        network, tree = self._networks.of(ref.account), ref.tree
        assert tree.campaign_id is not None
        assert tree.ad_group_id is not None
        async with heartbeating(), network_errors():
            await _wait_out_earlier_attempts(ref.settle)
            if network.capabilities.can_pause_ad:
                await _switch_all(network, ObjectKind.AD, list(tree.ad_ids.values()), on=True)
            await _switch_all(network, ObjectKind.AD_GROUP, [tree.ad_group_id], on=True)
            await _switch_all(network, ObjectKind.CAMPAIGN, [tree.campaign_id], on=True)
            reading = await self._read(network, ref)
            off = [one for one in reading.objects if not one.switched_on]
            if off:
                raise not_confirmed(f"{off[0].kind.value} {off[0].id} still reads as off")
            return reading

    @activity.defn
    async def pause_tree(self, ref: TreeRef) -> TreeReading:
        """Pause the campaign, whatever we know of it, until two spaced readings show it off.

        Needs neither database nor Claude. A campaign whose creation is still in doubt is found
        by its key. With nothing on the network there is nothing to pause.
        """
        network = self._networks.of(ref.account)
        async with heartbeating(), network_errors():
            clean = 0
            while True:
                found = {
                    one.id: one
                    for one in await network.find(ObjectKind.CAMPAIGN, ref.key("campaign"))
                }
                if ref.tree.campaign_id and ref.tree.campaign_id not in found:
                    for one in await network.read(ObjectKind.CAMPAIGN, [ref.tree.campaign_id]):
                        found[one.id] = one
                live = [
                    one.id
                    for one in found.values()
                    if one.switched_on and one.delivery is not Delivery.REMOVED
                ]
                if live:
                    clean = 0
                    for result in await network.switch(ObjectKind.CAMPAIGN, live, on=False):
                        if not result.accepted:
                            raise not_confirmed(f"pause of {result.id} refused: {result.error}")
                    continue
                clean += 1
                if clean >= _CLEAN_READS:
                    objects = tuple(found.values())
                    return TreeReading(objects=objects, as_of=_as_of(objects))
                await asyncio.sleep(_BETWEEN_READS)

    @activity.defn
    async def remove_tree(self, ref: TreeRef) -> int:
        """Compensate a failed launch: delete what exists under our keys; how many objects."""
        network = self._networks.of(ref.account)
        removed = 0
        async with heartbeating(), network_errors():
            for kind, key, parent in reversed(_keys(ref)):
                for one in await network.find(kind, key, parent):
                    await network.remove(kind, one.id)
                    removed += 1
        return removed

    @activity.defn
    async def read_tree(self, ref: TreeRef) -> TreeReading:
        """Read the tree back."""
        async with heartbeating(), network_errors():
            return await self._read(self._networks.of(ref.account), ref)

    @activity.defn
    async def set_budget(self, ask: SetBudget) -> NetworkObject:
        """Set the daily budget and read it back."""
        network, group = self._networks.of(ask.ref.account), ask.ref.tree.ad_group_id
        assert group is not None
        async with heartbeating(), network_errors():
            await _wait_out_earlier_attempts(ask.ref.settle)
            await _seen_through(network.set_daily_budget(group, ask.daily_budget))
            (reading,) = await network.read(ObjectKind.AD_GROUP, [group])
            if reading.daily_budget != ask.daily_budget:
                raise not_confirmed(
                    f"daily budget reads {reading.daily_budget}, asked was {ask.daily_budget}"
                )
            return reading

    @activity.defn
    async def move_end(self, ask: MoveEnd) -> NetworkObject:
        """Move the ad group's end time and read it back (to the network's granularity)."""
        network, group = self._networks.of(ask.ref.account), ask.ref.tree.ad_group_id
        assert group is not None
        async with heartbeating(), network_errors():
            await _wait_out_earlier_attempts(ask.ref.settle)
            await _seen_through(network.set_end_time(group, ask.end_time))
            (reading,) = await network.read(ObjectKind.AD_GROUP, [group])
            granularity = network.capabilities.end_time_granularity
            if reading.end_time is None or abs(reading.end_time - ask.end_time) > granularity:
                raise not_confirmed(f"end time reads {reading.end_time}, asked {ask.end_time}")
            return reading

    async def _read(self, network: AdNetwork, ref: TreeRef) -> TreeReading:
        tree = ref.tree
        wanted: list[tuple[ObjectKind, list[str]]] = [
            (ObjectKind.CAMPAIGN, [tree.campaign_id] if tree.campaign_id else []),
            (ObjectKind.AD_GROUP, [tree.ad_group_id] if tree.ad_group_id else []),
            (ObjectKind.AD, list(tree.ad_ids.values())),
        ]
        objects: list[NetworkObject] = []
        for kind, ids in wanted:
            if not ids:
                continue
            read = await network.read(kind, ids)
            if len(read) != len(ids):
                raise not_confirmed(f"{kind.value}: asked for {len(ids)}, {len(read)} answered")
            objects.extend(read)
        return TreeReading(objects=tuple(objects), as_of=_as_of(objects))


def _keys(ref: TreeRef) -> list[tuple[ObjectKind, str, str | None]]:
    """Every key of a tree with the parent its look-up needs, top down."""
    keys: list[tuple[ObjectKind, str, str | None]] = [
        (ObjectKind.CAMPAIGN, ref.key("campaign"), None),
        (ObjectKind.AD_GROUP, ref.key("ad_group"), ref.tree.campaign_id),
    ]
    for variant in ref.variants:
        keys.append((ObjectKind.CREATIVE, ref.key(f"creative/{variant}"), None))
        keys.append((ObjectKind.AD, ref.key(f"ad/{variant}"), ref.tree.ad_group_id))
    return keys


def _known(ref: TreeRef) -> dict[str, str]:
    """Ids by key, of what the campaign adopted so far."""
    tree = ref.tree
    ids = {ref.key("campaign"): tree.campaign_id, ref.key("ad_group"): tree.ad_group_id}
    ids |= {ref.key(f"creative/{variant}"): one for variant, one in tree.creative_ids.items()}
    ids |= {ref.key(f"ad/{variant}"): one for variant, one in tree.ad_ids.items()}
    return {key: one for key, one in ids.items() if one is not None}


def _parent(ask: CreateObject) -> str | None:
    order = ask.order
    if order.kind is ObjectKind.AD_GROUP:
        return order.campaign_id
    return order.ad_group_id if order.kind is ObjectKind.AD else None


def _switches(one: NetworkObject, network: AdNetwork) -> bool:
    return one.kind is not ObjectKind.AD or network.capabilities.can_pause_ad


async def _switch_all(network: AdNetwork, kind: ObjectKind, ids: list[str], *, on: bool) -> None:
    for result in await _seen_through(network.switch(kind, ids, on=on)):
        if not result.accepted:
            raise not_confirmed(f"{kind.value} {result.id} was not switched: {result.error}")


async def _seen_through(write: Coroutine[Any, Any, T]) -> T:
    """Await a write to its answer, even when the activity is cancelled meanwhile.

    A stop waits for this activity's end and then trusts its own read-back, so nothing may be
    on its way to the network any more.
    """
    sent = asyncio.create_task(write)
    try:
        return await asyncio.shield(sent)
    except asyncio.CancelledError:
        await asyncio.gather(sent, return_exceptions=True)
        raise


async def _wait_out_earlier_attempts(settle: timedelta) -> None:
    """What an earlier attempt sent without seeing the answer lands before this one begins.

    Then nothing is in flight once this attempt has its answers, and no late write can undo a
    later pause or a lower budget.
    """
    if activity.info().attempt > 1:
        await asyncio.sleep(settle.total_seconds())


def _one(reading: TreeReading, kind: ObjectKind) -> NetworkObject:
    return next(one for one in reading.objects if one.kind is kind)


def _as_of(objects: Sequence[NetworkObject]) -> datetime:
    return min((one.as_of for one in objects), default=datetime.now(UTC))
