"""The AppLovin network: campaign, creative set, and the files of a creative.

There is no ad group: the adapter shows the campaign once more in its place. Its budget, bid, end
and targeting are the campaign's, and its key stands in the campaign's name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from platforms.applovin import ads, campaigns, library
from platforms.applovin.error_budget import LANES, STOP_LANES
from platforms.applovin.errors import JsonObject, refused
from platforms.applovin.health import health
from platforms.applovin.metrics import IdBook, account_report, ad_report
from platforms.applovin.names import read_campaign_name
from platforms.applovin.objects import (
    ad_view,
    campaign_view,
    creative_view,
    gone_ad,
    group_view,
    is_on,
    rejected_assets,
    rejections,
)
from platforms.applovin.terms import CURRENCY, capabilities_of
from platforms.applovin.wire import Wire, number_order
from platforms.naming import key_of
from platforms.network import Ground
from platforms.quota import urgent
from platforms.switching import one_by_one, told

_GONE = "AppLovin knows no such object, or it was removed"


def connect(account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> "AppLovinNetwork":
    """One AppLovin APP account, ready to use.

    Args:
        account: ``external_id`` is the account's number; ``options`` needs ``tracking_method``,
            ``impression_url`` and ``click_url``, and may carry ``default_bid``,
            ``min_daily_budget`` and ``package_name``.
        secrets: ``management_key`` and ``report_key``.
        ground: Hosts ``api`` (without version) and ``reports``.

    Raises:
        AccessDenied: a key is missing.
        Refused: the account id is no number, or ``min_daily_budget`` no amount.
    """
    return AppLovinNetwork(account, Wire(account, secrets, ground), ground.clock_now)


class AppLovinNetwork:
    """AppLovin behind the ``AdNetwork`` protocol.

    Everything is checked here before it is sent, because errors are what AppLovin shuts accounts
    out for (``error_budget``).
    """

    def __init__(self, account: AdAccount, wire: Wire, clock_now: Callable[[], datetime]) -> None:
        self._account = account
        self._wire = wire
        self._now = clock_now
        self.capabilities = capabilities_of(account)
        self._minimum = self.capabilities.min_daily_budget.get(CURRENCY)
        self._ids = IdBook()

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object so that it cannot deliver.

        A campaign is done when it was read back as paused. Had we died before, what is there
        would carry no key: perhaps live, but with nothing to show, not yet begun, ending by
        itself, and completed by the next attempt. An ad is paused before it is attached.

        Raises:
            Refused: a value AppLovin does not take, named.
            Ambiguous: an answer was lost, or what was made is not shown as paused yet.
        """
        now, minimum = self._now(), self._minimum
        if isinstance(order, CampaignOrder):
            row = await campaigns.create_campaign(self._wire, order, self._account, minimum, now)
            return campaign_view(row, [], self._now())
        if isinstance(order, AdGroupOrder):
            row = await campaigns.add_group(self._wire, order, self._account, minimum, now)
            group = group_view(row, [], self._now())
            assert group is not None
            return group
        if isinstance(order, CreativeOrder):
            pair = await library.create_creative(self._wire, order)
            # Whatever the store of files made of the name, this is what was asked for.
            return creative_view(*pair, self._now()).model_copy(update={"key": order.key})
        return await self._create_ad(order)

    async def _create_ad(self, order: AdOrder) -> NetworkObject:
        campaign = await campaigns.campaign_row(self._wire, order.ad_group_id)
        row = await ads.create_ad(self._wire, order, campaign)
        return ad_view(row, campaign, {}, self._now())

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first. AppLovin's lists
        have no search: they are read to their end, but for what is below a given parent."""
        now = self._now()
        if kind is ObjectKind.CREATIVE:
            pairs = await library.creatives_by_key(self._wire, key)
            return [creative_view(*pair, now) for pair in pairs]
        rows = await self._campaigns(parent_id)
        if kind is ObjectKind.AD:
            found = await self._ads(rows, lambda row: key_of(str(row.get("name") or "")) == key)
            return sorted(found, key=lambda one: number_order(one.id.split(":")[1]))
        mine = [row for row in rows if key in _keys(kind, row)]
        return await self._tops(kind, mine)

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back. A removed ad shows as removed while its creative set is there."""
        if kind is ObjectKind.CREATIVE:
            return await self._creatives(ids)
        if kind is not ObjectKind.AD:
            rows = await self._wire.by_ids("/campaign/list", _numbers(ids))
            return await self._tops(kind, rows)
        wanted = [one for one in ids if ads.ad_parts(one) is not None]
        rows = await self._wire.by_ids("/campaign/list", [one.split(":")[0] for one in wanted])
        found = {one.id: one for one in await self._ads(rows) if one.id in set(wanted)}
        missing = [one for one in wanted if one not in found]
        found |= {one: gone_ad(one, self._now()) for one in await ads.detached(self._wire, missing)}
        return [found[one] for one in dict.fromkeys(wanted) if one in found]

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind that is not removed, 100 to a page."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        rows = await self._campaigns()
        return await (self._ads(rows) if kind is ObjectKind.AD else self._tops(kind, rows))

    async def _campaigns(self, campaign_id: str | None = None) -> list[JsonObject]:
        """Campaigns that are not removed, lowest id first: all, or one."""
        if campaign_id is None:
            rows = await self._wire.pages("/campaign/list")
        else:
            rows = await self._wire.by_ids("/campaign/list", _numbers([campaign_id]))
        rows = [row for row in rows if not campaigns.is_removed(row)]
        return sorted(rows, key=lambda row: number_order(str(row["id"])))

    async def _tops(self, kind: ObjectKind, rows: list[JsonObject]) -> list[NetworkObject]:
        """Campaigns, or ad groups in their place."""
        live = [str(row["id"]) for row in rows if is_on(row)]
        sets = await ads.sets_of(self._wire, live) if live else {}
        now, view = self._now(), campaign_view if kind is ObjectKind.CAMPAIGN else group_view
        shown = [view(row, sets.get(str(row["id"]), []), now) for row in rows]
        return [one for one in shown if one is not None]

    async def _ads(
        self, rows: list[JsonObject], wanted: Callable[[JsonObject], bool] = lambda row: True
    ) -> list[NetworkObject]:
        """The ads of campaigns, with AppLovin's reasons where one was rejected."""
        below = {str(row["id"]): row for row in rows}
        found = await ads.sets_of(self._wire, below) if below else {}
        found = {one: [row for row in sets if wanted(row)] for one, sets in found.items()}
        bad = await library.assets_by_ids(self._wire, rejected_assets(found))
        reasons, now = rejections(bad), self._now()
        return [
            ad_view(row, below[campaign_id], reasons, now)
            for campaign_id, sets in found.items()
            if campaign_id in below
            for row in sets
        ]

    async def _creatives(self, ids: Sequence[str]) -> list[NetworkObject]:
        pairs = {one: pair for one in ids if (pair := library.asset_ids(one)) is not None}
        known = await library.assets_by_ids(self._wire, [one for p in pairs.values() for one in p])
        now = self._now()
        return [
            creative_view(known[video], known[image], now)
            for video, image in pairs.values()
            if video in known and image in known
        ]

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause: one call each, several at a time, since AppLovin has no batch.

        An ad group has no switch of its own (it mirrors its campaign's) and a creative has none:
        switching one is accepted when it is there, and changes nothing. Ids that AppLovin does
        not know are not sent to it. Only when nothing at all went through is an error raised.
        """
        if not on:
            with urgent():
                return await self._switch(kind, ids, on=False)
        return await self._switch(kind, ids, on=True)

    async def _switch(
        self, kind: ObjectKind, ids: Sequence[str], *, on: bool
    ) -> list[SwitchResult]:
        there = await self._there(kind, list(dict.fromkeys(ids)))
        outcomes = await one_by_one(
            [one for one in ids if one in there],
            lambda one: self._set(kind, one, on=on),
            # The wire has the lanes, and other ones for stops.
            at_once=LANES + STOP_LANES,
        )
        # Also a refusal is raised: to repeat it would cost another error of the account's.
        return told(ids, outcomes, unknown=_GONE, own=())

    async def _there(self, kind: ObjectKind, ids: list[str]) -> set[str]:
        """Which of these can be switched: an error for each of the others would cost dearly."""
        if kind is ObjectKind.AD:
            wanted = {one: found for one in ids if (found := ads.ad_parts(one)) is not None}
            sets = await ads.sets_of(self._wire, {campaign for campaign, _ in wanted.values()})
            known = {
                ads.ad_id(campaign, str(row.get("id")))
                for campaign, rows in sets.items()
                for row in rows
            }
            return known & wanted.keys()
        if kind is ObjectKind.CREATIVE:
            return {one.id for one in await self._creatives(ids)}
        rows = await self._wire.by_ids("/campaign/list", _numbers(ids))
        return {str(row["id"]) for row in rows if not campaigns.is_removed(row)}

    async def _set(self, kind: ObjectKind, object_id: str, *, on: bool) -> None:
        if kind is ObjectKind.CAMPAIGN:
            await campaigns.set_status(self._wire, object_id, on=on)
        elif kind is ObjectKind.AD:
            _, _, set_id = object_id.partition(":")
            await ads.set_status(self._wire, set_id, on=on)

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the campaign's daily budget, for all its countries together.

        Raises:
            Refused: another currency, less than the minimum, or finer than a cent.
        """
        await campaigns.set_budget(self._wire, ad_group_id, budget, self._minimum)

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set the price of an install, rounded down to a cent."""
        await campaigns.set_bid(self._wire, ad_group_id, amount)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the campaign's end, rounded down to the minute."""
        await campaigns.set_end(self._wire, ad_group_id, end_time)

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Take an object out of use; what is gone already is no error.

        AppLovin deletes nothing: a campaign is paused and renamed so that it counts as gone, an
        ad is taken out of its campaign. An ad group goes with its campaign, and the files of a
        creative stay in the library, unused.
        """
        removing: dict[ObjectKind, Callable[[Wire, str], Awaitable[None]]] = {
            ObjectKind.CAMPAIGN: campaigns.remove_campaign,
            ObjectKind.AD: ads.detach,
        }
        if (remove := removing.get(kind)) is not None:
            with urgent():
                await remove(self._wire, object_id)

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign with activity, per day (UTC), inclusive. AppLovin reports no
        reach, and revenue only in cohorts, which are left out."""
        return await account_report(self._wire, self._ids, since, until, self._now())

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of every ad with activity, per day (UTC), inclusive, without reach."""
        return await ad_report(self._wire, self._ids, since, until, self._now())

    async def check_account(self) -> AccountHealth:
        """Whether keys, currency, time zone and tracking can be used."""
        return await health(self._wire, self._account)


def _keys(kind: ObjectKind, row: JsonObject) -> tuple[str]:
    name = read_campaign_name(str(row.get("name") or ""))
    return (name.key if kind is ObjectKind.CAMPAIGN else name.group_key,)


def _numbers(ids: Sequence[str]) -> list[str]:
    """Those that can be ids at all; others would be an error of the account's."""
    return [one for one in ids if one.isdecimal()]
