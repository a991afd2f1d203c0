"""One Google Ads account behind the ``AdNetwork`` protocol."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

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
from platforms.errors import Refused
from platforms.google import audiences, bidding
from platforms.google.ads import ad_operations
from platforms.google.campaign import (
    ad_group_operations,
    budget_update,
    campaign_operations,
    campaign_row,
)
from platforms.google.creative import create_creative, labels
from platforms.google.errors import REMOVED_ALREADY, JsonObject, refused
from platforms.google.health import health
from platforms.google.metrics import account_report, ad_report
from platforms.google.names import digits, end_text, id_order, keys_of
from platforms.google.query import among, quoted, select
from platforms.google.switch import ad_rows, is_ours, switch_ads, switch_campaigns
from platforms.google.targeting import Catalogue
from platforms.google.terms import capabilities_of, in_micros
from platforms.google.views import AD_FIELDS, CAMPAIGN_FIELDS, Viewer, is_gone
from platforms.google.wire import MOST_OPERATIONS, Wire
from platforms.network import Ground

_UNIQUE = frozenset({"DUPLICATE_CAMPAIGN_NAME", "DUPLICATE_NAME", "DUPLICATE_ADGROUP_NAME"})
"""An earlier attempt landed: names are unique, and ours begin with the key."""


def connect(account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> "GoogleNetwork":
    """One Google Ads account, ready to use; nothing is sent yet.

    Args:
        account: ``external_id`` is the customer id; of its ``options``, ``business_name`` is
            needed, ``login_customer_id`` where a manager account stands between; the others are
            in ``platforms.google.terms``.
        secrets: ``client_id``, ``client_secret`` and ``refresh_token``, or an ``access_token``
            that somebody else keeps fresh; ``developer_token`` for older versions.
        ground: Hosts ``api`` and ``login`` (the token server); ``version`` such as ``v26``.

    Raises:
        AccessDenied: a secret is missing.
        Refused: the customer id or the manager's is none.
    """
    return GoogleNetwork(account, Wire(account, secrets, ground), ground)


class GoogleNetwork:
    """Google Ads. Ids: of an ad group its campaign's (it is that campaign's settings), of an ad
    Google's ``ad group~ad``, of a creative its label's."""

    def __init__(self, account: AdAccount, wire: Wire, ground: Ground) -> None:
        self._account = account
        self._wire = wire
        self._now = ground.clock_now
        self.capabilities = capabilities_of(account)
        self._minimum = self.capabilities.min_daily_budget.get(account.currency)
        self._catalogue = Catalogue(wire)

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object so that it cannot deliver.

        Raises:
            Refused: a value Google does not take, named; nothing was created.
            Ambiguous: the answer was lost; use ``find`` before repeating.
        """
        if isinstance(order, CreativeOrder):
            label = await create_creative(self._wire, order, self._account)
            return self._viewer().creative(label)
        if isinstance(order, CampaignOrder):
            operations = await self._campaign_operations(order)
            parent = None
        elif isinstance(order, AdGroupOrder):
            operations = await ad_group_operations(
                self._wire, self._catalogue, order, self._account, self._minimum, self._now()
            )
            parent = order.campaign_id
        else:
            operations = await ad_operations(self._wire, self._catalogue, order, self._account)
            parent = order.ad_group_id
        try:
            made = await self._wire.mutate_together(operations)
        except Refused as error:
            if error.code not in _UNIQUE:
                raise
            found = await self.find(order.kind, order.key, parent)
            if len(found) != 1:
                raise
            return found[0]
        return self._viewer().created(order, made)

    async def validate(self, order: CampaignOrder) -> None:
        """Let Google check a campaign without making it (``validateOnly``).

        Raises:
            Refused: Google would not take it.
        """
        operations = await self._campaign_operations(order)
        await self._wire.mutate_together(operations, validate_only=True)

    async def _campaign_operations(self, order: CampaignOrder) -> list[JsonObject]:
        return await campaign_operations(
            self._wire, self._catalogue, order, self._account, self._minimum
        )

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first."""
        below = f"campaign.id = {parent_id}" if parent_id and digits(parent_id) else ""
        if kind is ObjectKind.CREATIVE:
            viewer = self._viewer()
            rows = await labels(self._wire, "label.name", [key])
            seen = [viewer.creative(row) for row in rows if row.get("status") != "REMOVED"]
        elif kind is ObjectKind.AD:
            named = f"ad_group.name LIKE {quoted(f'{key}%')}"
            query = select(AD_FIELDS, "ad_group_ad", named, below)
            seen = self._ads(await self._wire.search(query))
        else:
            pattern = f"{key}%" if kind is ObjectKind.CAMPAIGN else f"%+{key}%"
            named = f"campaign.name LIKE {quoted(pattern)}"
            query = select(CAMPAIGN_FIELDS, "campaign", named, below)
            seen = await self._campaign_level(kind, await self._wire.search(query))
        # What the pattern found may only begin alike.
        found = [one for one in seen if one.key == key]
        return sorted(found, key=lambda one: id_order(one.id))

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back; removed ones show ``Delivery.REMOVED``."""
        if kind is ObjectKind.AD:
            viewer = self._viewer()
            return [viewer.ad(row) for row in await ad_rows(self._wire, ids)]
        wanted = list(dict.fromkeys(one for one in ids if digits(one)))
        found: list[NetworkObject] = []
        for start in range(0, len(wanted), MOST_OPERATIONS):
            some = wanted[start : start + MOST_OPERATIONS]
            if kind is ObjectKind.CREATIVE:
                viewer = self._viewer()
                rows = await labels(self._wire, "label.id", some)
                found += [viewer.creative(row) for row in rows]
                continue
            query = select(CAMPAIGN_FIELDS, "campaign", among("campaign.id", some))
            found += await self._campaign_level(kind, await self._wire.search(query), removed=True)
        return found

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind that is not removed, whoever made it."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        if kind is ObjectKind.AD:
            query = select(AD_FIELDS, "ad_group_ad", "ad_group_ad.status != 'REMOVED'")
            return self._ads(await self._wire.search(query))
        query = select(CAMPAIGN_FIELDS, "campaign", "campaign.status != 'REMOVED'")
        return await self._campaign_level(kind, await self._wire.search(query))

    def _ads(self, rows: Sequence[JsonObject]) -> list[NetworkObject]:
        viewer = self._viewer()
        return [viewer.ad(row) for row in rows if not is_gone(row)]

    async def _campaign_level(
        self, kind: ObjectKind, rows: Sequence[JsonObject], *, removed: bool = False
    ) -> list[NetworkObject]:
        viewer = self._viewer()
        shown = [row for row in rows if removed or not is_gone(row)]
        if kind is ObjectKind.CAMPAIGN:
            return [viewer.campaign(row) for row in shown]
        manual = [
            str(row["campaign"]["id"])
            for row in shown
            if row["campaign"].get("biddingStrategyType") == "MANUAL_CPM"
        ]
        bids = await bidding.cpm_bids(self._wire, manual)
        groups = [viewer.ad_group(row, bids) for row in shown]
        # A campaign of ours whose ad group is not ordered yet has none.
        return [one for one in groups if one.key or not keys_of(one.name)[0]]

    def _viewer(self) -> Viewer:
        return Viewer(self._account, self._now())

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause. An ad group is its campaign's settings and a creative a label: they
        have no switch, so switching one is accepted where it exists and changes nothing."""
        if kind is ObjectKind.CAMPAIGN:
            return await switch_campaigns(self._wire, ids, on=on)
        if kind is ObjectKind.AD:
            return await switch_ads(self._wire, ids, on=on)
        there = {one.id for one in await self.read(kind, ids) if one.delivery != "removed"}
        gone = f"Google knows no such {kind.value}, or it was removed"
        return [
            SwitchResult(id=one, accepted=one in there, error=None if one in there else gone)
            for one in ids
        ]

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the campaign's own budget.

        Raises:
            Refused: another currency, too small, too fine, or a budget that others share.
        """
        amount = in_micros(budget, self._account.currency, minimum=self._minimum)
        row = await campaign_row(self._wire, ad_group_id)
        await self._wire.mutate("campaignBudgets", [budget_update(row, amount)])

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set the amount the campaign bids with. See ``AdNetwork.set_bid``."""
        row = await campaign_row(self._wire, ad_group_id)
        await bidding.set_bid(self._wire, row, amount, self._account.currency)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the end to the end of the account day it falls in: Google knows no finer one."""
        if not digits(ad_group_id):
            raise refused(f"Google knows no ad group {ad_group_id}", field="ad_group_id")
        update = {
            "resourceName": self._wire.resource("campaigns", ad_group_id),
            "endDateTime": end_text(end_time, ZoneInfo(self._account.timezone)),
        }
        await self._wire.mutate("campaigns", [{"update": update, "updateMask": "endDateTime"}])

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object, for good; deleting what is already gone is no error. An ad group goes
        with its campaign."""
        if kind is ObjectKind.AD_GROUP:
            return
        if kind is ObjectKind.AD:
            rows = await ad_rows(self._wire, [object_id])
            if not rows or is_gone(rows[0]):
                return
            part = "adGroup" if is_ours(rows[0]) else "adGroupAd"
            resource = str(cast(JsonObject, rows[0][part])["resourceName"])
        elif digits(object_id):
            collection = "campaigns" if kind is ObjectKind.CAMPAIGN else "labels"
            resource = self._wire.resource(collection, object_id)
        else:
            return
        try:
            await self._wire.mutate(resource.split("/")[2], [{"remove": resource}])
        except Refused as error:
            if error.code not in REMOVED_ALREADY:
                raise

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign with activity, per account day, inclusive."""
        return await account_report(self._wire, since, until, self._account.currency, self._now())

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of ads with activity, per account day, inclusive."""
        return await ad_report(self._wire, since, until, self._account.currency, self._now())

    async def check_account(self) -> AccountHealth:
        """Whether credential, account, payment, currency, time zone and options can be used."""
        return await health(self._wire, self._account)

    # -- audiences -------------------------------------------------------------------------

    async def create_audience(self, name: str, key: str) -> str:
        """A customer list; its id. See ``platforms.google.audiences``."""
        return await audiences.create_list(self._wire, name, key)

    async def add_people(self, audience_id: str, hashed: Sequence[str]) -> None:
        """Add people by the SHA-256 of their normalised e-mail address."""
        await audiences.add_people(self._wire, self._account, audience_id, hashed)
