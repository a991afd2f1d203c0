"""The Apple Ads network (Platform API v1): campaign, ad group, creative, ad.

Everything is created ``PAUSED``. The key stands in front of each object's name. The daily budget
and the countries are the campaign's; bid, targeting, keywords and the end (the lease) the ad
group's. A creative is the app's product page: nothing is uploaded.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdGroupOrder,
    AdMetricsReport,
    CampaignOrder,
    CreativeOrder,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from platforms.apple_search_ads.ad_group import create_ad_group, keep_campaign_open
from platforms.apple_search_ads.errors import JsonObject, refused
from platforms.apple_search_ads.health import health
from platforms.apple_search_ads.login import Login
from platforms.apple_search_ads.objects import (
    ad_group_views,
    ad_view,
    ad_views,
    campaign_view,
    campaign_views,
    creative_view,
)
from platforms.apple_search_ads.orders import ad_content, campaign_content, creative_content
from platforms.apple_search_ads.reports import account_report, ad_report
from platforms.apple_search_ads.switch import switch as switch_each
from platforms.apple_search_ads.terms import (
    BY_TAP,
    CAPABILITIES,
    PATHS,
    apple_money,
    capabilities_of,
)
from platforms.apple_search_ads.times import stamp
from platforms.apple_search_ads.wire import Filter, Wire
from platforms.errors import Refused
from platforms.naming import front
from platforms.network import Capabilities, Ground
from platforms.transport import open_http

__all__ = ["CAPABILITIES", "AppleAds", "connect"]

API_VERSION = "v1"


def connect(account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> "AppleAds":
    """One Apple Ads account, ready to use.

    Args:
        account: ``external_id`` is the ad account's id (not the organisation's); ``options`` may
            carry ``default_bid``, ``min_daily_budget``, ``any_age`` and, for an account that is
            invoiced, ``invoice_client``, ``invoice_order``, ``invoice_buyer``,
            ``invoice_buyer_email`` and ``invoice_billing_email``.
        secrets: ``client_id``, ``team_id``, ``key_id`` and ``private_key``.
        ground: Hosts ``api`` and ``login``; ``version`` is the one in the path.

    Raises:
        AccessDenied: a secret is missing or is no key.
        Refused: the account's id or an amount in its options is no number.
    """
    if not (account.external_id.isascii() and account.external_id.isdigit()):
        raise refused(
            f"ad account {account.external_id!r} is no number; set the id that Apple Ads shows for "
            "the ad account",
            field="external_id",
        )
    capabilities = capabilities_of(account)
    http = open_http(ground.timeout)
    login = Login(secrets, ground.hosts["login"], http, ground.real_now)
    base = f"{ground.hosts['api']}/{ground.version or API_VERSION}"
    wire = Wire(account.external_id, login, http, base, ground.quota)
    return AppleAds(account, capabilities, wire, ground.clock_now)


class AppleAds:
    """Apple Ads behind the ``AdNetwork`` protocol."""

    def __init__(
        self,
        account: AdAccount,
        capabilities: Capabilities,
        wire: Wire,
        clock_now: Callable[[], datetime],
    ) -> None:
        self._account = account
        self.capabilities = capabilities
        self._minimum = self.capabilities.min_daily_budget.get(account.currency)
        self._wire = wire
        self._now = clock_now

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object, paused. See ``AdNetwork.create``; an ad group also gives its campaign
        the budget and countries it was ordered with.

        Raises:
            Refused: a value Apple does not take, named.
            Ambiguous: the answer was lost.
        """
        now = self._now()
        if isinstance(order, CampaignOrder):
            content = await campaign_content(self._wire, order, self._account, self._minimum, now)
            view = campaign_view(await self._post(ObjectKind.CAMPAIGN, content), now)
        elif isinstance(order, AdGroupOrder):
            return await create_ad_group(self._wire, order, self._account, self._minimum, now)
        elif isinstance(order, CreativeOrder):
            content = creative_content(order)
            view = creative_view(await self._post(ObjectKind.CREATIVE, content), now)
        else:
            view = ad_view(await self._post(ObjectKind.AD, ad_content(order)), now)
        return view.model_copy(update={"key": order.key})

    async def _post(self, kind: ObjectKind, content: JsonObject) -> JsonObject:
        return cast(JsonObject, await self._wire.post(PATHS[kind], content))

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first.

        Ads cannot be searched by name: those of the ad group ``parent_id``, else all of the
        account's, are read.
        """
        filters: list[Filter] = []
        if kind is not ObjectKind.AD:
            filters.append(("name", "STARTS_WITH", key))
        above = {ObjectKind.AD_GROUP: "campaignId", ObjectKind.AD: "adGroupId"}.get(kind)
        if above is not None and parent_id is not None:
            if not (parent_id.isascii() and parent_id.isdigit()):
                return []
            filters.append((above, "EQUALS", int(parent_id)))
        rows = await self._wire.query(PATHS[kind], *filters)
        rows = [row for row in rows if front(str(row.get("name") or "")) == key]
        return [one.model_copy(update={"key": key}) for one in await self._views(kind, rows)]

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back, in the order of ``ids``; removed ones show ``Delivery.REMOVED``."""
        return await self._views(kind, await self._wire.by_ids(PATHS[kind], ids))

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind that is not removed, whoever made it.

        Raises:
            Refused: creatives are not listed.
        """
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        return await self._views(kind, await self._wire.query(PATHS[kind]))

    async def _views(self, kind: ObjectKind, rows: list[JsonObject]) -> list[NetworkObject]:
        now = self._now()
        if kind is ObjectKind.CAMPAIGN:
            return await campaign_views(self._wire, rows, now)
        if kind is ObjectKind.AD_GROUP:
            return await ad_group_views(self._wire, rows, now)
        if kind is ObjectKind.AD:
            return await ad_views(self._wire, rows, now)
        return [creative_view(row, now) for row in rows]

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause, one call an object. Of the ads of one ad group Apple lets a single
        one be on; the others are refused by it.

        Raises:
            Refused: creatives have no switch.
        """
        return await switch_each(self._wire, kind, ids, on=on)

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the daily budget of the ad group's campaign, which all its ad groups share.

        Raises:
            Refused: another currency, too little, or finer than Apple takes.
        """
        currency = self._account.currency
        amount = apple_money(budget, currency, "daily_budget", self._minimum)
        group = await self._group(ad_group_id)
        path = f"campaigns/{group['campaignId']}"
        await self._wire.put(path, {"dailyBudget": {"value": amount}})

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set the most a tap may cost. See ``AdNetwork.set_bid``."""
        bid = apple_money(amount, self._account.currency, "bid_amount", whole=False)
        shown = cast(JsonObject, (await self._group(ad_group_id)).get("bidStrategy") or {})
        if shown.get("bidStrategyType", BY_TAP.strategy) != BY_TAP.strategy:
            raise refused(
                f"bid strategy {shown.get('bidStrategyType')} has no amount per tap to set; lower "
                "the daily budget instead",
                field="bid_amount",
            )
        content: JsonObject = {"bidStrategy": {**BY_TAP.bid_strategy, "bid": bid}}
        await self._wire.put(f"adgroups/{ad_group_id}", content)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the ad group's end, cut to the second, and its campaign's where that is earlier."""
        group = await self._group(ad_group_id)
        for campaign in await self._wire.by_ids("campaigns", [str(group["campaignId"])]):
            await keep_campaign_open(self._wire, campaign, end_time)
        await self._wire.put(f"adgroups/{ad_group_id}", {"endTime": stamp(end_time)})

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object with all that is below it; deleting what is already gone is no
        error."""
        if not (object_id.isascii() and object_id.isdigit()):
            return
        try:
            await self._wire.delete(f"{PATHS[kind]}/{object_id}")
        except Refused as error:
            if not (error.code.upper().endswith("NOT_FOUND") or error.code == "HTTP 404"):
                raise

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign with any, per account day, inclusive. ``reach`` is zero,
        unknown; ``conversions`` are installs; Apple tells no revenue.

        Raises:
            Refused: it begins more than 90 days ago.
        """
        return await account_report(self._wire, self._account, since, until, self._now())

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of every ad with any, per account day, inclusive.

        Raises:
            Refused: it begins more than 90 days ago.
        """
        return await ad_report(self._wire, self._account, since, until, self._now())

    async def check_account(self) -> AccountHealth:
        """Whether role, account status, product feature, developer link, currency and time zone
        are as a launch needs them.

        Raises:
            AccessDenied: the credential is not accepted at all.
        """
        return await health(self._wire, self._account)

    async def _group(self, ad_group_id: str) -> JsonObject:
        found = await self._wire.by_ids("adgroups", [ad_group_id], deleted_too=False)
        if not found:
            raise refused(f"Apple knows no ad group {ad_group_id}", field="ad_group_id")
        return found[0]
