"""The X network (Ads API 12): campaign, line item, promoted post.

X makes everything ACTIVE unless told otherwise and cannot pause a single ad, so each create
here names PAUSED, and an ad is only made below a parent that is paused.
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
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Refused
from platforms.naming import front
from platforms.network import Ground
from platforms.x.ad_stats import AdBook, ad_report
from platforms.x.ceiling import set_line_item_budget
from platforms.x.creative import carry_ad_key, create_post, posts_by_ids, posts_by_key
from platforms.x.errors import JsonObject, refused
from platforms.x.health import health
from platforms.x.line_item import create_line_item
from platforms.x.names import id_order, iso, keyed, whole_minute
from platforms.x.objects import (
    ad_views,
    campaign_views,
    created_view,
    creative_view,
    line_item_views,
)
from platforms.x.reach import ReachBook
from platforms.x.stats import account_report
from platforms.x.switch import switch as switch_in_batches
from platforms.x.terms import CAPABILITIES, bid_change, capabilities_of, check_category, in_micros
from platforms.x.wire import Wire

__all__ = ["CAPABILITIES", "XNetwork", "connect"]

_DELETED_TOO = {"with_deleted": True}
_PATHS = {
    ObjectKind.CAMPAIGN: ("campaigns", "campaign_ids"),
    ObjectKind.AD_GROUP: ("line_items", "line_item_ids"),
    ObjectKind.AD: ("promoted_tweets", "promoted_tweet_ids"),
}


API_VERSION = "12"


def connect(
    account: AdAccount,
    credentials: Mapping[str, str],
    ground: Ground,
) -> "XNetwork":
    """One X ad account, ready to use.

    Args:
        account: ``external_id`` is X's account id; ``options`` needs ``funding_instrument_id``
            and ``as_user_id``, and may carry ``web_event_tag`` and ``min_daily_budget``.
        credentials: ``consumer_key``, ``consumer_secret``, ``access_token`` and
            ``access_token_secret``.
        ground: Hosts ``api`` (Ads API) and ``upload`` (X API, which takes media and deletes
            posts), without version; ``version`` is the major one in the path.

    Raises:
        AccessDenied: a credential is missing.
    """
    wire = Wire(
        account.external_id,
        credentials,
        base_url=ground.hosts["api"],
        upload_url=ground.hosts["upload"],
        api_version=ground.version or API_VERSION,
        timeout=ground.timeout,
        quota=ground.quota,
    )
    return XNetwork(account, wire, ground.clock_now, ReachBook(ground.real_now))


class XNetwork:
    """X behind the ``AdNetwork`` protocol.

    An ad has no name on X. Its key is written into the name of its post, behind the creative's
    own key, before it is made. Creating an ad looks for the pair of ad group and post first and
    is therefore safe to repeat.
    """

    def __init__(
        self, account: AdAccount, wire: Wire, clock_now: Callable[[], datetime], reach: ReachBook
    ) -> None:
        self._account = account
        self._wire = wire
        self._now = clock_now
        self.capabilities = capabilities_of(account)
        self._minimum = self.capabilities.min_daily_budget.get(account.currency)
        self._reach = reach
        self._ads = AdBook()

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object so that it cannot deliver.

        Raises:
            Refused: a value X does not take, named; or an ad below a parent that is live.
            Ambiguous: the answer was lost.
        """
        if isinstance(order, CampaignOrder):
            return await self._create_campaign(order)
        if isinstance(order, AdGroupOrder):
            row = await create_line_item(self._wire, order, self._account, self._minimum)
            return created_view(ObjectKind.AD_GROUP, row, self._now(), key=order.key)
        if isinstance(order, CreativeOrder):
            post = await create_post(self._wire, order, self._option("as_user_id"))
            return creative_view(post, self._now()).model_copy(update={"key": order.key})
        return await self._create_ad(order)

    async def _create_campaign(self, order: CampaignOrder) -> NetworkObject:
        check_category(order.special_category)
        daily = in_micros(order.daily_budget, self._account.currency, minimum=self._minimum)
        cap = order.spend_cap and in_micros(order.spend_cap, self._account.currency, "spend_cap")
        form = {
            "funding_instrument_id": self._option("funding_instrument_id"),
            "name": keyed(order.key, order.name),
            # X takes no day above the whole; the ad group's own budget is what paces.
            "daily_budget_amount_local_micro": min(daily, cap) if cap else daily,
            "total_budget_amount_local_micro": cap,
            "entity_status": "PAUSED",
        }
        row = cast(JsonObject, (await self._wire.post("campaigns", form))["data"])
        return created_view(ObjectKind.CAMPAIGN, row, self._now(), key=order.key)

    async def _create_ad(self, order: AdOrder) -> NetworkObject:
        posts = await posts_by_ids(self._wire, [order.creative_id])
        if not posts:
            message = f"X knows no post {order.creative_id}; create the creative first"
            raise refused(message, field="creative_id")
        rows = await self._promotions(order)
        if not rows:
            await self._require_paused(order.ad_group_id)
        await carry_ad_key(self._wire, posts[0], order.key)
        if not rows:
            form = {"line_item_id": order.ad_group_id, "tweet_ids": [order.creative_id]}
            try:
                rows = cast(
                    list[JsonObject], (await self._wire.post("promoted_tweets", form))["data"]
                )
            except Refused as error:
                # An earlier attempt may have landed a moment ago.
                duplicate = error.code == "DUPLICATE_PROMOTABLE_ENTITY"
                rows = await self._promotions(order) if duplicate else []
                if not rows:
                    raise
        return created_view(ObjectKind.AD, rows[0], self._now(), key=order.key, name=order.name)

    async def _promotions(self, order: AdOrder) -> list[JsonObject]:
        """The promotions of the order's post in its ad group, lowest id first."""
        present = await self._wire.by_ids("promoted_tweets", "line_item_ids", [order.ad_group_id])
        rows = [row for row in present if str(row["tweet_id"]) == order.creative_id]
        return sorted(rows, key=lambda row: id_order(str(row["id"])))

    async def _require_paused(self, ad_group_id: str) -> None:
        """An ad on X is live from its first second; only its parents can hold it back."""
        line = await self._one("line_items", ad_group_id)
        if line["entity_status"] != "ACTIVE":
            return
        campaign = await self._one("campaigns", str(line["campaign_id"]))
        if campaign["entity_status"] == "ACTIVE":
            raise refused(
                f"ad group {ad_group_id} is live and X cannot make a paused ad; pause the ad "
                "group, make the ad, and switch the ad group on again",
                field="ad_group_id",
            )

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first.

        For an ad, ``parent_id`` is its ad group; the key of its creative finds it too.
        """
        now = self._now()
        if kind is ObjectKind.CREATIVE:
            posts = await posts_by_key(self._wire, key, self._option("as_user_id"))
            return [creative_view(post, now) for post in posts]
        if kind is ObjectKind.AD:
            return await self._find_ads(key, parent_id, now)
        path, _ = _PATHS[kind]
        if kind is ObjectKind.AD_GROUP and parent_id is not None:
            # A campaign has 100 line items at most: all of them is surer than the name search.
            rows = await self._wire.by_ids(path, "campaign_ids", [parent_id])
        else:
            rows = await self._wire.pages(path, {"q": key})
        rows = [row for row in rows if front(str(row.get("name") or "")) == key]
        rows.sort(key=lambda row: id_order(str(row["id"])))
        return [view.model_copy(update={"key": key}) for view in await self._views(kind, rows, now)]

    async def _find_ads(
        self, key: str, parent_id: str | None, now: datetime
    ) -> list[NetworkObject]:
        if parent_id is not None:
            rows = await self._wire.by_ids("promoted_tweets", "line_item_ids", [parent_id])
        else:
            rows = await self._wire.pages("promoted_tweets")
        rows.sort(key=lambda row: id_order(str(row["id"])))
        found = await ad_views(self._wire, rows, now)
        return [ad.model_copy(update={"key": key}) for ad in found if key in ad.name.split()]

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back; removed ones show ``Delivery.REMOVED``. A removed creative is left
        out: X forgets posts."""
        now = self._now()
        if kind is ObjectKind.CREATIVE:
            return [creative_view(post, now) for post in await posts_by_ids(self._wire, list(ids))]
        path, parameter = _PATHS[kind]
        rows = await self._wire.by_ids(path, parameter, ids, _DELETED_TOO)
        return await self._views(kind, rows, now)

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind that is not removed, 1,000 to a page. An ad's key is in its
        post's name and is not read here."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        rows = await self._wire.pages(_PATHS[kind][0])
        # A page that moved while it was read may show an object twice.
        unique = list({str(row["id"]): row for row in rows}.values())
        if kind is ObjectKind.AD:
            return await ad_views(self._wire, unique, self._now(), named=False)
        return await self._views(kind, unique, self._now())

    async def _views(
        self, kind: ObjectKind, rows: list[JsonObject], now: datetime
    ) -> list[NetworkObject]:
        if kind is ObjectKind.CAMPAIGN:
            return await campaign_views(self._wire, rows, now)
        if kind is ObjectKind.AD_GROUP:
            return await line_item_views(self._wire, rows, now)
        return await ad_views(self._wire, rows, now)

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause. Ads and creatives are always on: switching one on is accepted when
        it exists, switching one off is not."""
        if kind in (ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP):
            return await switch_in_batches(self._wire, kind, ids, on=on)
        if not on:
            reason = (
                "X cannot pause a promoted post: pause its ad group, or remove the ad and "
                "create it again later"
            )
            return [SwitchResult(id=one, accepted=False, error=reason) for one in ids]
        there = {view.id for view in await self.read(kind, ids) if view.switched_on}
        gone = "X knows no such ad, or it was removed"
        return [
            SwitchResult(id=one, accepted=one in there, error=None if one in there else gone)
            for one in ids
        ]

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the line item's daily budget and keep the campaign's, its ceiling, at the sum.

        Raises:
            Refused: another currency, or less than X's or our minimum.
        """
        micros = in_micros(budget, self._account.currency, minimum=self._minimum)
        await set_line_item_budget(self._wire, ad_group_id, micros)

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set a line item's bid. See ``AdNetwork.set_bid``."""
        line = await self._one("line_items", ad_group_id)
        form = bid_change(line, amount, self._account.currency)
        await self._wire.put(f"line_items/{ad_group_id}", form)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the end, rounded down to the minute."""
        form = {"end_time": iso(whole_minute(end_time))}
        await self._wire.put(f"line_items/{ad_group_id}", form)

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object, for good; deleting what is already gone is no error."""
        try:
            if kind is ObjectKind.CREATIVE:
                await self._wire.delete_post(object_id)
            else:
                await self._wire.delete(f"{_PATHS[kind][0]}/{object_id}")
        except Refused as error:
            if not (error.code.endswith("NOT_FOUND") or error.code == "HTTP 404"):
                raise

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign with activity, per account day, inclusive. ``reach`` may be
        a minute old, and is zero where it would take too many calls."""
        return await account_report(
            self._wire, self._account, since, until, self._now(), self._reach
        )

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of ads with activity, per account day, inclusive. ``reach`` is zero, unknown;
        of more than 1,000 active ads each reading holds the next thousand in turn."""
        return await ad_report(self._wire, self._account, since, until, self._now(), self._ads)

    async def check_account(self) -> AccountHealth:
        """Whether credential, account, funding, currency, time zone and posting user can be
        used."""
        return await health(self._wire, self._account)

    async def _one(self, path: str, object_id: str) -> JsonObject:
        return cast(JsonObject, (await self._wire.get(f"{path}/{object_id}"))["data"])

    def _option(self, name: str) -> str:
        value = self._account.options.get(name)
        if not value:
            raise AccessDenied(
                Platform.X,
                f"the account option {name} is missing; set it on account {self._account.name!r}",
            )
        return value
