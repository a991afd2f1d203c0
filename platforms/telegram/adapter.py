"""The Telegram network: ads of the official Telegram Ads API, and the levels above them.

Only ads exist on Telegram. What is ordered of a campaign, an ad group and a creative is checked
when it is ordered and sent with each ad, whose title carries their keys; the keys are their ids.
Until the first ad is made nothing is there to be found.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdGroupOrder,
    AdMetricsReport,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    Delivery,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from platforms.errors import Refused
from platforms.network import Ground
from platforms.telegram import groups, terms
from platforms.telegram.creation import group_fields, make_ad
from platforms.telegram.creative import check_purpose, read_photo, shown_fields
from platforms.telegram.errors import refused
from platforms.telegram.health import event_type, health
from platforms.telegram.money import checked, cpm, step
from platforms.telegram.objects import Ad, key_of, of_kind, read_ads, view
from platforms.telegram.stats import StatsBook
from platforms.telegram.switch import pause_ad
from platforms.telegram.switch import switch as switch_each
from platforms.telegram.targeting import Catalogue, check_countries
from platforms.telegram.titles import Label, whole_minute
from platforms.telegram.wire import Wire

_FARTHEST = timedelta(days=365)
"""How far ahead an ad's end may lie."""


def connect(
    account: AdAccount, credentials: Mapping[str, str], ground: Ground
) -> "TelegramNetwork":
    """One Telegram advertiser account, ready to use.

    Args:
        account: ``external_id`` is the account's id at ads.telegram.org, the token's own or one
            related to it; ``options`` may carry what ``platforms.telegram.terms`` names.
        credentials: ``access_token`` (ads.telegram.org/account/api).
        ground: Host ``ads``.

    Raises:
        AccessDenied: the token is missing.
        Refused: an account option is none that can be used.
    """
    wire = Wire(account.external_id, credentials.get("access_token"), ground)
    return TelegramNetwork(account, wire, ground.clock_now)


class TelegramNetwork:
    """Telegram Ads behind the ``AdNetwork`` protocol."""

    def __init__(self, account: AdAccount, wire: Wire, clock_now: Callable[[], datetime]) -> None:
        self._account = account
        self._wire = wire
        self._now = clock_now
        self.capabilities = terms.capabilities_of(account)
        self._minimum = self.capabilities.min_daily_budget.get(account.currency)
        self._catalogue = Catalogue(wire)
        self._stats = StatsBook(wire, account.currency)

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Check a campaign, ad group or creative, which Telegram has not; make an ad, on hold.

        Raises:
            Refused: a value Telegram does not take, named; no ad was made.
            Ambiguous: the answer was lost.
        """
        if isinstance(order, CampaignOrder):
            return await self._campaign(order)
        if isinstance(order, AdGroupOrder):
            return await self._ad_group(order)
        if isinstance(order, CreativeOrder):
            shown_fields(order, self._account)
            read_photo(order)
            return self._ordered(order, None).model_copy(
                update={"switched_on": True, "delivery": Delivery.ACTIVE}
            )
        return await self._ad(order)

    async def _campaign(self, order: CampaignOrder) -> NetworkObject:
        how = terms.purpose(order.objective, self._account)
        terms.check_category(order.special_category)
        checked(order.daily_budget, self._account, self._minimum)
        if order.link:
            check_purpose(how, order.objective.value, order.link)
        await check_countries(order.countries, self._catalogue)
        if how.events:
            event = self._account.options[terms.CONVERSION_EVENT]
            kind = await event_type(self._wire, event)
            if kind not in how.events:
                wanted = ", ".join(sorted(how.events))
                raise refused(
                    f"objective {order.objective.value!r} needs a conversion event of type "
                    f"{wanted}; {event} is {kind or 'not there'}: set another",
                    field=terms.CONVERSION_EVENT,
                )
        return self._ordered(order, None)

    async def _ad_group(self, order: AdGroupOrder) -> NetworkObject:
        self._check_end(order.end_time)
        Label("-", order.key, order.campaign_id, "-", whole_minute(order.end_time)).title()
        await group_fields(order, self._account, self._catalogue, self._minimum)
        bid = terms.bid_micros(order.bid, self._account)
        details = {
            "daily_budget": order.daily_budget,
            "end_time": whole_minute(order.end_time),
            "bid": Money(micros=bid, currency=self._account.currency),
        }
        return self._ordered(order, order.campaign_id).model_copy(update=details)

    async def _ad(self, order: AdOrder) -> NetworkObject:
        now = self._now()
        if order.ad_group is not None:
            self._check_end(order.ad_group.end_time)
        made = await make_ad(self._wire, order, self._account, self._catalogue, self._minimum, now)
        return view(ObjectKind.AD, made.id, [made], self._account.currency, now)

    def _ordered(
        self, order: CampaignOrder | AdGroupOrder | CreativeOrder, parent: str | None
    ) -> NetworkObject:
        return NetworkObject(
            kind=order.kind,
            id=order.key,
            key=order.key,
            name=order.name,
            parent_id=parent,
            switched_on=False,
            delivery=Delivery.PAUSED,
            as_of=self._now(),
        )

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first. A key is found
        wherever it hangs."""
        if not key:
            return []
        ads = [ad for ad in await self._ads() if key_of(kind, ad) == key]
        return self._views(kind, ads)

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back. Telegram forgets what is removed: it is left out."""
        if kind is ObjectKind.AD:
            return self._views(kind, read_ads(await self._wire.ads_by_id(ids)))
        wanted = set(ids)
        return [one for one in self._views(kind, await self._ads()) if one.id in wanted]

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind; an ad of somebody else's stands for its campaign and group."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        return self._views(kind, await self._ads())

    async def _ads(self) -> list[Ad]:
        return read_ads(await self._wire.ads())

    def _views(self, kind: ObjectKind, ads: Sequence[Ad]) -> list[NetworkObject]:
        now, currency = self._now(), self._account.currency
        return [view(kind, one, held, currency, now) for one, held in of_kind(kind, ads).items()]

    async def _group(self, ad_group_id: str) -> list[Ad]:
        ads = [ad for ad in await self._ads() if ad.group == ad_group_id]
        if not ads:
            raise refused(
                f"ad group {ad_group_id} has no ad, and Telegram has no ad groups of its own; "
                "make an ad first",
                field="ad_group_id",
            )
        return ads

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Pause or resume ads; see ``platforms.telegram.switch``."""
        if kind is ObjectKind.CREATIVE:
            raise refused("a creative has no switch; switch its ad", field="kind")
        return await switch_each(self._wire, kind, ids, self._account, self._now(), on=on)

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the sum of the daily limits of the group's ads. See ``platforms.telegram.groups``.

        Raises:
            Refused: another currency, too fine, or less than our minimum.
        """
        total = checked(budget, self._account, self._minimum)
        ads = await self._group(ad_group_id)
        await groups.set_budget(self._wire, ads, total, self._now(), self._account)

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set the price of a thousand views on every ad of the group, rounded down."""
        price = cpm(amount, self._account)
        await groups.set_price(self._wire, await self._group(ad_group_id), price)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the end, rounded down to the minute; an end that has come pauses the group.

        Raises:
            Refused: farther ahead than Telegram takes.
        """
        self._check_end(end_time)
        ads = await self._group(ad_group_id)
        end = whole_minute(end_time)
        await groups.set_end(self._wire, ads, end, self._now(), self._account)

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete ads: one, or all of a campaign or ad group; a creative goes with its ad. An ad
        that runs is paused first. What is left of its money returns to the account.

        Raises:
            Transient: it was active within the last ten minutes; it is paused, try again later.
        """
        if kind is ObjectKind.CREATIVE:
            return
        if kind is ObjectKind.AD:
            ads = read_ads(await self._wire.ads_by_id([object_id]))
        else:
            ads = of_kind(kind, await self._ads()).get(object_id, [])
        now = self._now()
        for ad in ads:
            if ad.on(now):
                await pause_ad(self._wire, ad.id)
        for ad in ads:
            try:
                await self._wire.write("deleteAd", {"ad_id": int(ad.id)})
            except Refused:
                if await self._wire.ads_by_id([ad.id]):
                    raise

    # -- reporting -------------------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign by UTC day; ads that did not move cost no call. Ads that were
        deleted are not reported."""
        return await self._stats.campaigns(since, until, self._now())

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of single ads by UTC day; reach is not reported."""
        return await self._stats.ads(since, until, self._now())

    async def check_account(self) -> AccountHealth:
        """See ``platforms.telegram.health``."""
        return await health(self._wire, self._account)

    def _check_end(self, end: datetime) -> None:
        step(self._account)
        latest = self._now() + _FARTHEST
        if end > latest:
            raise refused(
                f"end {end:%Y-%m-%d %H:%M} lies farther ahead than Telegram takes; "
                f"{latest:%Y-%m-%d} is the latest",
                field="end_time",
            )
