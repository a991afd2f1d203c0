"""Inspecting an ad account: is everything on the network as we left it?"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio import activity

from activities import expectations
from activities.expectations import Expectations, Scope
from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from activities.undoing import Undoing
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.clock import CampaignClock
from models.contract.drift import DriftNote
from models.contract.network import NetworkObject, ObjectKind
from models.database import Database
from platforms.network import AdNetwork
from platforms.registry import Networks
from policy import drift
from policy.drift import DriftFinding

_SECOND_LOOK = 2.0
"""Real seconds between two looks: what both show is no change of ours that is under way."""


QUIET = timedelta(seconds=10)
"""Real time after a change of ours in which a campaign is left alone."""


class Inspection(Frozen):
    """Inspect an account.

    ``lease``: how far ahead ends are set (campaign time); without it ends are not compared.
    ``quiet``: see ``QUIET``; zero where nothing of ours can be under way.
    """

    account: AdAccount
    clock: CampaignClock
    lease: timedelta | None = None
    quiet: timedelta = QUIET


class InspectionReport(Frozen):
    """What campaigns must be told, how much differed in all, and what could not be set back."""

    drifts: tuple[DriftNote, ...] = ()
    found: int = 0
    unconfirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One look: how things were left, how the network shows them, and where they differ."""

    expected: Expectations
    shown: dict[str, NetworkObject]
    findings: tuple[DriftFinding, ...]

    @property
    def campaigns(self) -> dict[UUID, str]:
        """Campaigns' ids on the network."""
        return {
            one.campaign_id: one.object_id
            for one in self.expected.objects
            if one.kind is ObjectKind.CAMPAIGN
        }


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class InspectionActivities:
    """Collaborators: what we know, the networks that know better, and the clock."""

    def __init__(
        self,
        database: Database,
        networks: Networks,
        real_now: Callable[[], datetime] = _wall_clock,
    ) -> None:
        self._database = database
        self._networks = networks
        self._real_now = real_now

    @activity.defn
    async def inspect(self, order: Inspection) -> InspectionReport:
        """Compare every campaign with its network; undo what raises spend, report the rest.

        What differs is looked at twice, so that a change of ours under way is not taken for
        somebody else's.
        """
        network = await self._networks.of(order.account)
        async with heartbeating(), network_errors():
            first = await self._look(network, order)
            if not first.findings:
                return InspectionReport()
            await asyncio.sleep(_SECOND_LOOK)
            second = await self._look(network, order)
            seen = {one.key for one in first.findings}
            findings = [one for one in second.findings if one.key in seen]
            undoing = Undoing(self._database, network, order.account, self._now(order))
            done = await undoing.carry_out(findings, second.campaigns)
        for problem in done.unconfirmed:
            activity.logger.error("drift not undone: %s", problem)
        return InspectionReport(
            drifts=tuple(done.notes), found=len(findings), unconfirmed=tuple(done.unconfirmed)
        )

    async def _look(self, network: AdNetwork, order: Inspection) -> Look:
        scope = Scope(
            order.account,
            self._now(order),
            network.capabilities.end_time_granularity,
            order.lease,
            order.quiet,
        )
        # First the network, then our own records: what we wrote meanwhile is known.
        listed = await listing(network)
        async with self._database.team(order.account.team_id) as session:
            loaded = await expectations.load(session, scope)
        return await compare(network, loaded, listed, scope.now)

    def _now(self, order: Inspection) -> datetime:
        return order.clock.campaign_time(self._real_now())


@dataclass(frozen=True, slots=True)
class Listing:
    """An account as the network lists it."""

    objects: dict[str, NetworkObject]
    ads: tuple[NetworkObject, ...]


async def listing(network: AdNetwork) -> Listing:
    """Every campaign, ad group and ad of the account."""
    campaigns = await network.list_objects(ObjectKind.CAMPAIGN)
    groups = await network.list_objects(ObjectKind.AD_GROUP)
    ads = await network.list_objects(ObjectKind.AD)
    return Listing({one.id: one for one in (*campaigns, *groups)}, tuple(ads))


async def compare(network: AdNetwork, loaded: Expectations, listed: Listing, now: datetime) -> Look:
    """Where a listing differs from how things were left. What it lacks is read by id first: a
    listing may lag, a deletion is final."""
    shown = dict(listed.objects)
    for kind in (ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP):
        missing = [
            one.object_id
            for one in loaded.objects
            if one.kind is kind and one.on is not False and one.object_id not in shown
        ]
        if missing:
            shown |= {one.id: one for one in await network.read(kind, missing)}
    shown = expectations.with_rejections(loaded, shown, listed.ads)
    findings = drift.compare(loaded.objects, shown, now)
    findings += [drift.orphan(loaded.keys[one.key], one) for one in _orphans(loaded, listed)]
    return Look(loaded, shown, tuple(findings))


def _orphans(loaded: Expectations, listed: Listing) -> Sequence[NetworkObject]:
    """What is on under a key we asked for, and is not the object the key stands for."""
    return [
        one
        for one in listed.objects.values()
        if one.switched_on
        and one.id not in loaded.known_ids
        and one.key in loaded.keys
        and loaded.keys[one.key] not in loaded.busy
    ]
