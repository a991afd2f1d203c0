"""Meta ads through the Graph API: campaign, ad set, creative, ad.

Our key travels twice: as an ad label, by which objects are found again after a lost answer,
and in front of the name, where people see it. Facts: Marketing API v26.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from facebook_business.adobjects.adaccount import AdAccount as GraphAccount
from facebook_business.adobjects.adset import AdSet

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
from models.contract.vocabulary import Platform
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    RateLimited,
    Refused,
    Transient,
)
from platforms.meta import params as meta_params
from platforms.meta.account import examine
from platforms.meta.connection import Connection
from platforms.meta.image import encoded_image
from platforms.meta.insights import Insights
from platforms.meta.interests import resolved
from platforms.meta.labels import Labels, before_the_order
from platforms.meta.maps import CAPABILITIES
from platforms.meta.money import minor_units
from platforms.meta.objects import FIELDS, network_object
from platforms.network import Capabilities, Ground

__all__ = ["CAPABILITIES", "MetaNetwork", "connect"]

_PAGE = 500


API_VERSION = "v26.0"


def connect(
    account: AdAccount,
    credentials: Mapping[str, str],
    ground: Ground,
) -> "MetaNetwork":
    """One Meta ad account, ready to use. Nothing is sent yet.

    Args:
        account: ``external_id`` with or without ``act_``; ``options`` may hold ``page_id``,
            ``pixel_id``, ``application_id``, ``object_store_url``, ``product_set_id``,
            ``dsa_beneficiary`` and ``dsa_payor``.
        credentials: ``access_token``; ``app_id`` and ``app_secret`` add the secret proof.
        ground: Host ``api``; a ``version`` is a Graph version, such as ``v26.0``.

    Raises:
        AccessDenied: no access token.
        Refused: the version is no Graph version.
    """
    version = ground.version or API_VERSION
    connection = Connection(
        credentials,
        base_url=ground.hosts["api"],
        api_version=version,
        timeout=ground.timeout,
    )
    return MetaNetwork(account, connection, version, ground.clock_now)


class MetaNetwork:
    """One ad account on Meta (``platforms.network.AdNetwork``)."""

    def __init__(
        self,
        account: AdAccount,
        connection: Connection,
        api_version: str,
        clock_now: Callable[[], datetime],
    ) -> None:
        self._account = account
        self._connection = connection
        self._api_version = api_version
        self._now = clock_now
        # The minimum budget becomes the account's own once it was checked.
        self.capabilities: Capabilities = CAPABILITIES
        number = account.external_id.removeprefix("act_")
        self._node: Any = GraphAccount(f"act_{number}", api=connection.api)
        self._labels = Labels(connection, self._node)
        self._insights = Insights(
            connection,
            self._node,
            account.currency,
            pixel=bool(account.options.get("pixel_id")),
        )

    @property
    def usage(self) -> float:
        """Highest share of a rate limit used, in percent; slow down from about 75."""
        return self._connection.usage

    async def create(self, order: Order) -> NetworkObject:
        """Create one object, paused. See ``AdNetwork.create``."""
        match order:
            case CampaignOrder():
                parameters = meta_params.campaign_parameters(order, self._account.currency)
                call, parent = self._node.create_campaign, None
            case AdGroupOrder():
                meta_params.ad_set_parameters(order, self._account, [])
                interests = await resolved(self._connection, order.targeting.interests)
                parameters = meta_params.ad_set_parameters(order, self._account, interests)
                call, parent = self._node.create_ad_set, order.campaign_id
            case CreativeOrder():
                meta_params.creative_parameters(order, self._account, "")
                image = await self._upload(order)
                parameters = meta_params.creative_parameters(order, self._account, image)
                call, parent = self._node.create_ad_creative, None
            case AdOrder():
                parameters = meta_params.ad_parameters(order)
                call, parent = self._node.create_ad, order.ad_group_id
        # The label comes last: an order we refuse should leave nothing behind.
        parameters["adlabels"] = [{"id": await self._labels.of(order.key)}]
        object_id = await self._connection.write(lambda: str(call(params=parameters)["id"]))
        if isinstance(order, AdGroupOrder):
            self._insights.note_event(order.campaign_id, meta_params.goal_of(order.objective).event)
        return NetworkObject(
            kind=order.kind,
            id=object_id,
            key=order.key,
            name=parameters["name"],
            parent_id=parent,
            switched_on=order.kind is ObjectKind.CREATIVE,
            delivery=Delivery.UNKNOWN,
            daily_budget=order.daily_budget if isinstance(order, AdGroupOrder) else None,
            end_time=order.end_time if isinstance(order, AdGroupOrder) else None,
            as_of=self._now(),
        )

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """Objects labelled ``key``. See ``AdNetwork.find``."""
        labels = await self._labels.named(key)
        if not labels:
            return []
        edge = {
            ObjectKind.CAMPAIGN: self._node.get_campaigns_by_labels,
            ObjectKind.AD_GROUP: self._node.get_ad_sets_by_labels,
            ObjectKind.CREATIVE: self._node.get_ad_creatives_by_labels,
            ObjectKind.AD: self._node.get_ads_by_labels,
        }[kind]
        # ANY: a label whose own creation was repeated exists twice under one name.
        parameters = {"ad_label_ids": labels, "operator": "ANY", "limit": _PAGE}

        def look_up() -> list[NetworkObject]:
            nodes = edge(fields=list(FIELDS[kind]), params=parameters)
            return [self._seen(kind, node.export_all_data(), key) for node in nodes]

        found = {item.id: item for item in await self._connection.read(look_up)}
        return sorted(
            (
                item
                for item in found.values()
                if item.delivery is not Delivery.REMOVED
                and (parent_id is None or item.parent_id in (None, parent_id))
            ),
            key=lambda item: int(item.id),
        )

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back, 50 to a request. See ``AdNetwork.read``."""
        seen: list[NetworkObject] = []
        for some in _chunks(ids, self.capabilities.batch_size):
            fields = {"fields": ",".join(FIELDS[kind])}
            entries = await self._connection.batch(
                [("GET", object_id, fields) for object_id in some], write=False
            )
            for entry in entries:
                if entry.body is not None:
                    seen.append(self._seen(kind, entry.body))
                elif entry.error is not None and not entry.gone:
                    raise entry.error
        return seen

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind, 500 to a page. See ``AdNetwork.list_objects``."""
        edges = {
            ObjectKind.CAMPAIGN: self._node.get_campaigns,
            ObjectKind.AD_GROUP: self._node.get_ad_sets,
            ObjectKind.AD: self._node.get_ads,
        }
        if kind not in edges:
            raise Refused(Platform.META, "creatives are not listed; read them by id", field="kind")

        def look_up() -> list[NetworkObject]:
            nodes = edges[kind](fields=list(FIELDS[kind]), params={"limit": _PAGE})
            return [self._seen(kind, node.export_all_data()) for node in nodes]

        # A page that moved while it was read may show an object twice.
        found = {item.id: item for item in await self._connection.read(look_up)}
        return [item for item in found.values() if item.delivery is not Delivery.REMOVED]

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause, 50 to a request. See ``AdNetwork.switch``.

        Raises:
            NetworkError: only when not one object was accepted, and all for the same kind
                of reason that is not a refusal.
        """
        status = {"status": "ACTIVE" if on else "PAUSED"}
        failures: list[NetworkError | None] = []
        stop: NetworkError | None = None
        for some in _chunks(ids, self.capabilities.batch_size):
            if stop is not None:
                failures += [stop] * len(some)
                continue
            try:
                entries = await self._connection.batch(
                    [("POST", object_id, status) for object_id in some], write=True
                )
            except NetworkError as error:
                failures += [error] * len(some)
                # More calls would only prolong the block or be denied again.
                stop = error if isinstance(error, RateLimited | AccessDenied) else None
            else:
                failures += [entry.error for entry in entries]
        first = failures[0] if failures else None
        if (
            first is not None
            and not isinstance(first, Refused)
            and all(type(failure) is type(first) for failure in failures)
        ):
            raise first
        return [
            SwitchResult(id=object_id, accepted=failure is None, error=failure and failure.message)
            for object_id, failure in zip(ids, failures, strict=True)
        ]

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set an ad set's daily budget; Meta allows four changes an hour."""
        units = minor_units(budget, self._account.currency, "daily_budget")
        await self._update(ad_group_id, {"daily_budget": units})

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set an ad set's bid or cost cap. See ``AdNetwork.set_bid``."""
        node: Any = AdSet(ad_group_id, api=self._connection.api)
        shown = await self._connection.read(
            lambda: node.api_get(fields=["bid_strategy", "bid_amount"]).export_all_data()
        )
        change = meta_params.bid_change(shown, amount, self._account.currency)
        await self._update(ad_group_id, change)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move an ad set's end."""
        await self._update(ad_group_id, {"end_time": meta_params.moment(end_time, "end_time")})

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object; what is already gone stays gone."""
        (entry,) = await self._connection.batch([("DELETE", object_id, {})], write=True)
        if entry.error is not None and not entry.gone:
            if isinstance(entry.error, Transient) and not isinstance(entry.error, RateLimited):
                raise Ambiguous(Platform.META, entry.error.message, code=entry.error.code)
            raise entry.error

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """All campaigns per account day in one insights query, all pages."""
        as_of = self._now()
        return MetricsReport(as_of=as_of, rows=await self._insights.by_day(since, until))

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """All ads per account day; Meta leaves out ads that were deleted."""
        as_of = self._now()
        rows = await self._insights.ads_by_day(since, until)
        reached = await self._insights.reach_so_far()
        return AdMetricsReport(
            as_of=as_of,
            rows=tuple(
                row.model_copy(update={"reach_so_far": reached.get(row.ad_id, 0)})
                if row.day == until.isoformat()
                else row
                for row in rows
            ),
        )

    async def check_account(self) -> AccountHealth:
        """Whether token, account, page, pixel, currency and time zone can be used; takes over
        the account's minimum budget."""
        health, minimum = await examine(
            self._connection, self._node, self._account, self._api_version
        )
        if minimum is not None:
            self.capabilities = replace(
                self.capabilities,
                min_daily_budget={
                    **self.capabilities.min_daily_budget,
                    minimum.currency: minimum,
                },
            )
        return health

    async def aclose(self) -> None:
        """Release connections."""
        await self._connection.aclose()

    async def _update(self, ad_group_id: str, change: dict[str, Any]) -> None:
        node: Any = AdSet(ad_group_id, api=self._connection.api)
        await self._connection.write(lambda: node.api_update(params=change))

    def _seen(self, kind: ObjectKind, node: Mapping[str, Any], key: str = "") -> NetworkObject:
        return network_object(
            kind, node, currency=self._account.currency, as_of=self._now(), key=key
        )

    async def _upload(self, order: CreativeOrder) -> str:
        """Upload the image; the same bytes give the same hash, so repeating is safe."""
        content = await encoded_image(order)
        return await before_the_order(
            self._connection,
            lambda: str(self._node.create_ad_image(params={"bytes": content})["hash"]),
        )


def _chunks(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
