"""Activities on an ad network: one effect per key, and nothing is done until it is read back."""

import asyncio
from collections.abc import Sequence
from typing import NoReturn

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import trees, twins
from activities.access import AccountAccess
from activities.effects import QUARANTINED, Asked, EffectLog
from activities.heartbeat import heartbeating
from activities.outcomes import MEDIA_REFUSED, network_errors, not_confirmed, quarantined
from activities.trees import read_tree
from activities.twins import Unsettled
from activities.writes import seen_through, switch_all, wait_out_earlier_attempts
from creative.storage import AssetLost, AssetStorage
from models.contract.account import AdAccount
from models.contract.effects import (
    CreateObject,
    MoveEnd,
    SetBid,
    SetBudget,
    SwitchAds,
    TreeReading,
    TreeRef,
    VerifyTree,
)
from models.contract.network import (
    AdOrder,
    CreativeOrder,
    Delivery,
    NetworkObject,
    ObjectKind,
    Order,
)
from platforms.errors import AccessDenied, Ambiguous, Refused
from platforms.network import AdNetwork
from platforms.quota import urgent
from platforms.registry import Networks

_CLEAN_READS = 2
_BETWEEN_READS = 0.5
_MOST_LOST = 4
"""Answers lost, with nothing found after each, before a person is asked."""


class NetworkActivities:
    """Create, verify, activate, change and read a campaign's tree.

    ``access`` is asked before whatever can raise spend, and before nothing else.
    """

    def __init__(
        self,
        networks: Networks,
        effects: EffectLog,
        storage: AssetStorage,
        access: AccountAccess,
    ) -> None:
        self._networks = networks
        self._effects = effects
        self._storage = storage
        self._access = access

    @activity.defn
    async def create_object(self, ask: CreateObject) -> NetworkObject:
        """Create one object, paused, exactly once.

        An earlier attempt may have succeeded although its answer was lost: then the object is
        looked up (once more after the network's longest plausible delay) and adopted. What no
        rule can settle is quarantined until a person decides, and nothing is asked under its key
        meanwhile.
        """
        network = await self._networks.of(ask.account)
        async with heartbeating(), network_errors():
            await self._access.check(ask.account)
            asked = await self._effects.ask(ask)
            if asked.state == QUARANTINED:
                raise quarantined(ask.order.kind.value, ask.order.key, asked.note)
            try:
                adopted = await self._adopt_or_create(network, ask, asked)
            except Unsettled as doubt:
                await self._quarantine(network, ask.account, ask.order.kind, ask.order.key, doubt)
            except (Refused, AccessDenied) as no:
                await self._effects.refused(ask, no.message)
                raise
            await self._effects.settle(ask, adopted.id)
            return adopted

    async def _adopt_or_create(
        self, network: AdNetwork, ask: CreateObject, asked: Asked
    ) -> NetworkObject:
        again = asked.attempts > 1
        found = await self._look_up(network, ask, asked) if again else []
        if again and not found:
            await asyncio.sleep(ask.settle.total_seconds())
            found = await self._look_up(network, ask, asked)
        if found:
            return await self._adopt(network, ask, asked, found)
        adopted = await self._create(network, ask, asked)
        # What an earlier attempt sent may have landed between our look and our create.
        found = await self._look_up(network, ask, asked) if again else []
        return await self._adopt(network, ask, asked, found) if len(found) > 1 else adopted

    async def _look_up(
        self, network: AdNetwork, ask: CreateObject, asked: Asked
    ) -> list[NetworkObject]:
        """What carries the key, wherever it hangs; and what a person picked."""
        order, parent = ask.order, twins.parent_of(ask)
        found = await network.find(order.kind, order.key, parent)
        if order.kind is ObjectKind.AD_GROUP:
            found += await network.find(order.kind, order.key)
        if asked.picked_by and asked.external_id:
            found += await network.read(order.kind, [asked.external_id])
        alive = {one.id: one for one in found if one.delivery is not Delivery.REMOVED}
        return list(alive.values())

    async def _create(self, network: AdNetwork, ask: CreateObject, asked: Asked) -> NetworkObject:
        order = await self._local(ask.order)
        try:
            return await seen_through(network.create(order))
        except Ambiguous as lost:
            await asyncio.sleep(ask.settle.total_seconds())
            found = await self._look_up(network, ask, asked)
            if found:
                return await self._adopt(network, ask, asked, found)
            times = await self._effects.lost(ask.account.team_id, ask.order.key)
            if times >= _MOST_LOST:
                raise Unsettled(
                    f"{times} answers were lost and nothing was found after any ({lost.message})",
                    [],
                ) from None
            raise not_confirmed(f"{lost}; nothing was found, asking again") from None

    async def _local(self, order: Order) -> Order:
        """Assets travel by key; adapters want files on this machine."""
        if isinstance(order, CreativeOrder):
            return order.model_copy(
                update={
                    "image_path": await self._file(order.image_path),
                    "video_path": order.video_path and await self._file(order.video_path),
                }
            )
        if isinstance(order, AdOrder) and order.creative is not None:
            return order.model_copy(update={"creative": await self._local(order.creative)})
        return order

    async def _file(self, key: str) -> str:
        try:
            return str(await self._storage.local(key))
        except AssetLost as lost:
            raise ApplicationError(str(lost), type=MEDIA_REFUSED, non_retryable=True) from None

    async def _adopt(
        self, network: AdNetwork, ask: CreateObject, asked: Asked, found: Sequence[NetworkObject]
    ) -> NetworkObject:
        """Settle on one, off and within the ordered budget."""
        picked = asked.picked_by is not None and asked.external_id is not None
        for one in () if picked else found:
            if (why := twins.contradiction(ask, one, network)) is not None:
                raise Unsettled(why, found)
        settled = await twins.settle(network, found, asked.external_id, picked=picked)
        if settled.removed:
            key, team_id = ask.order.key, ask.account.team_id
            await self._effects.removed_twins(team_id, key, settled.removed)
        (adopted,) = await twins.switch_off(network, [settled.adopted])
        if twins.exceeds(ask, adopted) and ask.order.kind is ObjectKind.AD_GROUP:
            await seen_through(network.set_daily_budget(adopted.id, ask.order.daily_budget))
            (adopted,) = await network.read(adopted.kind, [adopted.id])
        return adopted

    async def _quarantine(
        self, network: AdNetwork, account: AdAccount, kind: ObjectKind, key: str, doubt: Unsettled
    ) -> NoReturn:
        """Off first; then leave it to a person."""
        shown = await twins.switch_off(network, doubt.found)
        await self._effects.quarantine(account.team_id, key, str(doubt), shown)
        raise quarantined(kind.value, key, str(doubt))

    @activity.defn
    async def verify_tree(self, ask: VerifyTree) -> TreeReading:
        """Confirm the created tree before activation: complete, off, single, budget as agreed."""
        network = await self._networks.of(ask.ref.account)
        async with heartbeating(), network_errors():
            if await self._effects.any_repeated(ask.ref):
                # A write whose answer was lost may land late: wait it out before looking.
                await asyncio.sleep(ask.ref.settle.total_seconds())
            await self._settle_tree(network, ask.ref)
            reading = await read_tree(network, ask.ref)
            on = [
                one for one in reading.objects if one.switched_on and twins.switches(one, network)
            ]
            if on:
                # Nobody of ours has switched anything on yet.
                for one in on:
                    await twins.switch_off(network, [one])
                raise not_confirmed(f"{len(on)} object(s) were switched on before activation")
            group = trees.ad_group(reading)
            if group.daily_budget is not None and group.daily_budget != ask.daily_budget:
                raise not_confirmed(
                    f"daily budget reads {group.daily_budget}, agreed is {ask.daily_budget}"
                )
            return reading

    async def _settle_tree(self, network: AdNetwork, ref: TreeRef) -> None:
        known, team_id = trees.known_ids(ref), ref.account.team_id
        for kind, key, parent in trees.keys(ref):
            found = await network.find(kind, key, parent)
            if len(found) < 2:
                continue
            asked = await self._effects.known(team_id, key)
            picked = asked is not None and asked.picked_by is not None
            try:
                settled = await twins.settle(network, found, known.get(key), picked=picked)
            except Unsettled as doubt:
                await self._quarantine(network, ref.account, kind, key, doubt)
            if settled.removed:
                await self._effects.removed_twins(team_id, key, settled.removed)

    @activity.defn
    async def activate(self, ref: TreeRef) -> TreeReading:
        """Switch on, children first, and return the read-back that proves it."""
        network, tree = await self._networks.of(ref.account), ref.tree
        assert tree.campaign_id is not None
        assert tree.ad_group_id is not None
        async with heartbeating(), network_errors():
            await self._access.check(ref.account)
            await wait_out_earlier_attempts(ref.settle)
            if network.capabilities.can_pause_ad:
                await _let_rest(network, sorted(trees.resting(ref)))
                await switch_all(network, ObjectKind.AD, trees.awake(ref), on=True)
            await switch_all(network, ObjectKind.AD_GROUP, [tree.ad_group_id], on=True)
            await switch_all(network, ObjectKind.CAMPAIGN, [tree.campaign_id], on=True)
            reading = await read_tree(network, ref)
            rests = trees.resting(ref)
            off = [one for one in reading.objects if not one.switched_on and one.id not in rests]
            if off:
                raise not_confirmed(f"{off[0].kind.value} {off[0].id} still reads as off")
            on = [one for one in reading.objects if one.switched_on and one.id in rests]
            if on:
                raise not_confirmed(f"{on[0].kind.value} {on[0].id} is to rest and reads as on")
            return reading

    @activity.defn
    async def switch_ads(self, ask: SwitchAds) -> TreeReading:
        """Let ads rest or come back, off first, and return the read-back that proves it.

        Raises:
            ApplicationError: the network cannot switch single ads, or shows one otherwise.
        """
        ref, network = ask.ref, await self._networks.of(ask.ref.account)
        off = [ref.tree.ad_ids[one] for one in ask.off]
        on = [ref.tree.ad_ids[one] for one in ask.on]
        async with heartbeating(), network_errors():
            if not network.capabilities.can_pause_ad:
                raise Refused(ref.account.platform, "it cannot switch single ads")
            await wait_out_earlier_attempts(ref.settle)
            with urgent():
                await switch_all(network, ObjectKind.AD, off, on=False)
            if on:
                await self._access.check(ref.account)
            await switch_all(network, ObjectKind.AD, on, on=True)
            reading = await read_tree(network, ref)
            for one in reading.objects:
                if (one.id in off and one.switched_on) or (one.id in on and not one.switched_on):
                    raise not_confirmed(f"ad {one.id} reads as {one.switched_on=}")
            return reading

    @activity.defn
    async def pause_tree(self, ref: TreeRef) -> TreeReading:
        """Pause the campaign, whatever we know of it, until two spaced readings show it off.

        Needs neither database nor Claude. A campaign whose creation is still in doubt is found
        by its key. With nothing on the network there is nothing to pause.
        """
        network = await self._networks.of(ref.account)
        with urgent():
            async with heartbeating(), network_errors():
                clean, asked = 0, list[str]()
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
                        if clean == 0 and asked == live:
                            await asyncio.sleep(_BETWEEN_READS)  # taken, and shown late
                        clean, asked = 0, live
                        for result in await network.switch(ObjectKind.CAMPAIGN, live, on=False):
                            if not result.accepted:
                                raise not_confirmed(f"pause of {result.id} refused: {result.error}")
                        continue
                    clean += 1
                    if clean >= _CLEAN_READS:
                        objects = tuple(found.values())
                        return TreeReading(objects=objects, as_of=trees.as_of(objects))
                    await asyncio.sleep(_BETWEEN_READS)

    @activity.defn
    async def remove_tree(self, ref: TreeRef) -> int:
        """Compensate a failed launch: delete what exists under our keys; how many objects."""
        network = await self._networks.of(ref.account)
        removed = 0
        async with heartbeating(), network_errors():
            for kind, key, parent in reversed(trees.keys(ref)):
                for one in await network.find(kind, key, parent):
                    await network.remove(kind, one.id)
                    removed += 1
        return removed

    @activity.defn
    async def read_tree(self, ref: TreeRef) -> TreeReading:
        """Read the tree back."""
        async with heartbeating(), network_errors():
            return await read_tree(await self._networks.of(ref.account), ref)

    @activity.defn
    async def set_budget(self, ask: SetBudget) -> NetworkObject:
        """Set the daily budget and read it back. Only a rise needs the account's credentials on."""
        network, group = await self._networks.of(ask.ref.account), ask.ref.tree.ad_group_id
        assert group is not None
        async with heartbeating(), network_errors():
            raising = False
            for now in await _shown(network, group):
                if now.daily_budget is None or ask.daily_budget.micros > now.daily_budget.micros:
                    raising = True
                    await self._access.check(ask.ref.account)
            await wait_out_earlier_attempts(ask.ref.settle)
            with urgent(not raising):
                await seen_through(network.set_daily_budget(group, ask.daily_budget))
                (reading,) = await network.read(ObjectKind.AD_GROUP, [group])
            if reading.daily_budget != ask.daily_budget:
                raise not_confirmed(
                    f"daily budget reads {reading.daily_budget}, asked was {ask.daily_budget}"
                )
            return reading

    @activity.defn
    async def move_end(self, ask: MoveEnd) -> NetworkObject:
        """Move the ad group's end time and read it back (to the network's granularity).

        An earlier end is always possible; a later one needs the account's credentials on.
        """
        network, group = await self._networks.of(ask.ref.account), ask.ref.tree.ad_group_id
        assert group is not None
        async with heartbeating(), network_errors():
            raising = False
            for now in await _shown(network, group):
                if now.end_time is not None and ask.end_time > now.end_time:
                    raising = True
                    await self._access.check(ask.ref.account)
            await wait_out_earlier_attempts(ask.ref.settle)
            with urgent(not raising):
                await seen_through(network.set_end_time(group, ask.end_time))
                (reading,) = await network.read(ObjectKind.AD_GROUP, [group])
            granularity = network.capabilities.end_time_granularity
            if reading.end_time is None or abs(reading.end_time - ask.end_time) > granularity:
                raise not_confirmed(f"end time reads {reading.end_time}, asked {ask.end_time}")
            return reading

    @activity.defn
    async def set_bid(self, ask: SetBid) -> NetworkObject:
        """Set the bid or cost cap and read it back (the network may round it down)."""
        network, group = await self._networks.of(ask.ref.account), ask.ref.tree.ad_group_id
        assert group is not None
        async with heartbeating(), network_errors():
            raising = False
            for now in await _shown(network, group):
                if now.bid is not None and ask.amount.micros > now.bid.micros:
                    raising = True
                    await self._access.check(ask.ref.account)
            await wait_out_earlier_attempts(ask.ref.settle)
            with urgent(not raising):
                await seen_through(network.set_bid(group, ask.amount))
                (reading,) = await network.read(ObjectKind.AD_GROUP, [group])
            if reading.bid is None or reading.bid.micros > ask.amount.micros:
                raise not_confirmed(f"bid reads {reading.bid}, asked was {ask.amount}")
            return reading


async def _shown(network: AdNetwork, ad_group: str) -> Sequence[NetworkObject]:
    """The ad group before it is changed: which way tells whether the change may have to wait."""
    with urgent():
        return await network.read(ObjectKind.AD_GROUP, [ad_group])


async def _let_rest(network: AdNetwork, ad_ids: list[str]) -> None:
    """A change of ads that a stop cut short may have landed after all. What somebody deleted
    meanwhile rests as well."""
    if ad_ids:
        shown = await network.read(ObjectKind.AD, ad_ids)
        on = [one.id for one in shown if one.switched_on and one.delivery is not Delivery.REMOVED]
        await switch_all(network, ObjectKind.AD, on, on=False)
