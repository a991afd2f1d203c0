"""The Unity network: app, campaign, creative pack.

An organisation advertises its apps by campaigns that show creative packs. Everything is made off:
a campaign begins disabled, and a pack is assigned to it only when its ad is switched on.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdGroupOrder,
    AdMetricsReport,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from platforms.errors import Refused
from platforms.network import Ground
from platforms.switching import one_by_one, told
from platforms.unity.amounts import CURRENCY
from platforms.unity.apps import Apps
from platforms.unity.campaigns import Campaigns
from platforms.unity.creatives import Creatives
from platforms.unity.errors import is_gone, refused
from platforms.unity.health import health
from platforms.unity.names import parts_of
from platforms.unity.objects import Shelf, ad_view, campaign_view, creative_view, group_view
from platforms.unity.reading import Reading
from platforms.unity.stats import account_report, ad_report
from platforms.unity.terms import capabilities_of
from platforms.unity.wire import Wire

_SIDE_BY_SIDE = 8
"""Switches under way at once; Unity takes 20 calls a second."""


def connect(account: AdAccount, credentials: Mapping[str, str], ground: Ground) -> "UnityNetwork":
    """One Unity organisation, ready to use.

    Args:
        account: ``external_id`` is the numeric Organization Core ID; ``options`` may carry
            ``app_id``, ``default_bid``, ``min_daily_budget`` and ``creative_language``.
        credentials: ``api_key``: ``KEY_ID:SECRET_KEY`` of a service account with the roles
            Advertise API Admin and Advertise Stats API Viewer, or its bearer token.
        ground: Host ``api``; ``version`` is the management API's.

    Raises:
        AccessDenied: the key is missing.
        Refused: an account option is no amount.
    """
    return UnityNetwork(
        account, Wire(account.external_id, credentials.get("api_key", ""), ground), ground
    )


class UnityNetwork:
    """Unity behind the ``AdNetwork`` protocol.

    There is no ad group: the campaign's budget, bids and schedule are shown as one, under the
    campaign's id and behind its switch. An ad's id is ``CAMPAIGN:PACK``.
    """

    def __init__(self, account: AdAccount, wire: Wire, ground: Ground) -> None:
        self._account = account
        self._wire = wire
        self._now = ground.clock_now
        self.capabilities = capabilities_of(account)
        self._minimum = self.capabilities.min_daily_budget.get(CURRENCY)
        apps = Apps(wire, account)
        self._campaigns = Campaigns(wire, apps, account)
        self._creatives = Creatives(wire, apps, account)
        self._reading = Reading(wire, apps, self._campaigns, self._creatives, self._now)

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object so that it cannot deliver.

        Raises:
            Refused: a value Unity does not take, named.
            Ambiguous: an answer was lost; repeating completes what is there.
        """
        if isinstance(order, CampaignOrder):
            row = await self._campaigns.create(order, self._minimum)
            return campaign_view(row, Shelf(), self._now()).model_copy(update={"key": order.key})
        if isinstance(order, AdGroupOrder):
            row = await self._campaigns.create_group(order, self._minimum, self._now())
            return group_view(row, Shelf(), self._now()).model_copy(update={"key": order.key})
        if isinstance(order, CreativeOrder):
            pack = await self._creatives.create(order)
            return creative_view(pack, Shelf(), self._now()).model_copy(update={"key": order.key})
        return await self._create_ad(order)

    async def _create_ad(self, order: AdOrder) -> NetworkObject:
        pack = await self._creatives.mark(order)
        campaign = {"id": order.ad_group_id, "enabled": False}
        view = ad_view(pack, order.ad_group_id, campaign, Shelf([pack]), self._now())
        return view.model_copy(update={"key": order.key})

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first."""
        return await self._reading.find(kind, key, parent_id)

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back. Unity forgets what is deleted: it is left out."""
        return await self._reading.read(kind, ids)

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind. Raises ``Refused`` for creatives."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        return await self._reading.everything(kind)

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause, a call each: Unity has no batch for it.

        An ad is on while its pack is assigned to its campaign. An ad group has no switch of its
        own: switching it is accepted where there is one, and changes nothing; the campaign's
        switch is what it shows.
        """
        if kind is ObjectKind.AD_GROUP:
            there = {view.id for view in await self.read(kind, ids)}
            gone = "Unity knows no such campaign"
            return [
                SwitchResult(id=one, accepted=one in there, error=None if one in there else gone)
                for one in ids
            ]
        if kind is ObjectKind.CREATIVE:
            error = "a creative has no switch; switch its ads"
            return [SwitchResult(id=one, accepted=False, error=error) for one in ids]

        async def change(one: str) -> None:
            if kind is ObjectKind.CAMPAIGN:
                await self._campaigns.switch(one, on=on)
            else:
                campaign_id, pack_id = parts_of(one)
                await self._creatives.switch(campaign_id, pack_id, on=on)

        return told(ids, await one_by_one(ids, change, at_once=_SIDE_BY_SIDE))

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the campaign's daily budget; its total budget stays.

        Raises:
            Refused: another currency, or less than the minimum.
        """
        await self._campaigns.set_daily_budget(ad_group_id, budget, self._minimum)

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set what an install may cost in every country of the campaign, down to a thousandth of
        a dollar. See ``AdNetwork.set_bid``."""
        await self._campaigns.set_bid(ad_group_id, amount)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the end: up to the next midnight UTC, down when it has passed."""
        await self._campaigns.set_end(ad_group_id, end_time, self._now())

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object; deleting what is already gone is no error. An ad group goes with its
        campaign, so removing it alone changes nothing."""
        try:
            if kind is ObjectKind.CAMPAIGN:
                await self._campaigns.remove(object_id)
            elif kind is ObjectKind.CREATIVE:
                await self._creatives.remove(object_id)
            elif kind is ObjectKind.AD:
                await self._creatives.unmark(*parts_of(object_id))
        except Refused as error:
            if not is_gone(error):
                raise

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign with activity, per UTC day, inclusive, in one call (of the
        30 that Unity takes in half an hour)."""
        return await account_report(self._wire, since, until, self._now())

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of every ad with activity, per UTC day, inclusive, in one call."""
        return await ad_report(self._wire, since, until, self._now())

    async def check_account(self) -> AccountHealth:
        """Whether key, organisation, apps, currency and time zone can be used.

        Raises:
            AccessDenied: the key is not accepted.
        """
        return await health(self._wire, self._account, self._reading)
