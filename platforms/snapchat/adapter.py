"""The Snapchat network (Ads API v1): campaign, ad squad, ad, and creatives over media.

Everything is made paused under a name that begins with its key. Names need not be unique, so
what a lost answer left behind is found by listing and comparing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdGroupOrder,
    AdMetricsReport,
    AdMetricsRow,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    MetricsReport,
    MetricsRow,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from platforms.errors import Refused
from platforms.naming import front
from platforms.network import Capabilities, Ground
from platforms.snapchat.audiences import Audiences
from platforms.snapchat.errors import JsonObject, is_gone, refused
from platforms.snapchat.health import health
from platforms.snapchat.media import uploaded
from platforms.snapchat.names import iso, let_go
from platforms.snapchat.orders import ad_body, ad_squad_body, campaign_body, creative_body
from platforms.snapchat.stats import Stats
from platforms.snapchat.switch import Switch
from platforms.snapchat.targeting import Catalogue
from platforms.snapchat.terms import WITH_AMOUNT, capabilities_of, counted_by, in_micros
from platforms.snapchat.trees import Trees
from platforms.snapchat.wire import ENTITIES, Wire

__all__ = ["SnapchatNetwork", "connect"]

_NOT_APPLICABLE = "E1166"


def connect(account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> "SnapchatNetwork":
    """One Snapchat ad account, ready to use. Nothing is sent yet.

    Args:
        account: ``external_id`` is the ad account's UUID; ``options`` needs ``brand_name`` and
            ``profile_id``, and may carry ``pixel_id``, ``language``, ``app_name``,
            ``app_icon_media_id`` and ``min_daily_budget``.
        secrets: ``client_id``, ``client_secret``, ``refresh_token``; ``access_token`` where
            somebody else keeps one fresh.
        ground: Hosts ``api`` and ``login``; ``version`` is the path's (``v1``).

    Raises:
        AccessDenied: a secret is missing.
        Refused: an account option is no amount.
    """
    capabilities = capabilities_of(account)
    return SnapchatNetwork(
        account, Wire(account.external_id, secrets, ground), ground, capabilities
    )


class SnapchatNetwork:
    """Snapchat behind the ``AdNetwork`` protocol."""

    def __init__(
        self, account: AdAccount, wire: Wire, ground: Ground, capabilities: Capabilities
    ) -> None:
        self._account = account
        self._wire = wire
        self._now = ground.clock_now
        self.capabilities = capabilities
        self._minimum = capabilities.min_daily_budget.get(account.currency)
        self._trees = Trees(wire, account.currency, ground.clock_now, ground.real_now)
        self._switch = Switch(wire, self._trees.copies, self._trees.by_ids)
        self._catalogue = Catalogue(wire)
        self._stats = Stats(wire, account.timezone)
        self._audiences = Audiences(wire)

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object, paused. See ``AdNetwork.create``."""
        if isinstance(order, CampaignOrder):
            body = campaign_body(order, self._account, self._now())
            path = self._wire.account("campaigns")
        elif isinstance(order, AdGroupOrder):
            body = await ad_squad_body(order, self._account, self._minimum, self._catalogue)
            path = f"campaigns/{order.campaign_id}/adsquads"
        elif isinstance(order, CreativeOrder):
            creative_body(order, self._account, "")  # refused before anything is uploaded
            media_id = await uploaded(self._wire, order)
            body = creative_body(order, self._account, media_id)
            path = self._wire.account("creatives")
        else:
            body = ad_body(order, await self._creative_type(order))
            path = f"adsquads/{order.ad_group_id}/ads"
        entity = ENTITIES[order.kind]
        row = await self._wire.post(path, entity.plural, entity.singular, body)
        self._trees.copies.keep([row])
        (made,) = await self._trees.views(order.kind, [row])
        return made.model_copy(update={"key": order.key})

    async def _creative_type(self, order: AdOrder) -> str:
        for row in await self._trees.by_ids(ObjectKind.CREATIVE, [order.creative_id]):
            return str(row.get("type") or "")
        raise refused(
            f"Snapchat knows no creative {order.creative_id}; create the creative first",
            field="creative_id",
        )

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, oldest first."""
        rows = await self._trees.listed(kind, parent_id)
        mine = [row for row in rows if front(str(row.get("name") or "")) == key]
        views = await self._trees.views(kind, mine)
        return [view.model_copy(update={"key": key}) for view in views]

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back. See ``AdNetwork.read``."""
        return await self._trees.views(kind, await self._trees.by_ids(kind, ids))

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind, 1,000 to a page. See ``AdNetwork.list_objects``."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        return await self._trees.views(kind, await self._trees.listed(kind, None))

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause. See ``AdNetwork.switch`` and ``platforms.snapchat.switch``."""
        if kind is ObjectKind.CREATIVE:
            reason = "a creative has no switch on Snapchat; switch the ads that show it"
            return [SwitchResult(id=one, accepted=False, error=reason) for one in ids]
        return await self._switch.set(kind, ids, on=on)

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set an ad squad's daily budget; nothing else of it is touched.

        Raises:
            Refused: another currency, below the minimum, or an ad squad without a daily budget.
        """
        micros = in_micros(budget, self._account.currency, "daily_budget", self._minimum)
        ops = [{"op": "replace", "path": "/daily_budget_micro", "value": micros}]
        await self._change(ad_group_id, ops, "it has no daily budget of its own")

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set the amount of an ad squad's bid. See ``AdNetwork.set_bid``."""
        micros = in_micros(amount, self._account.currency, "bid_amount")
        rows = await self._trees.by_ids(ObjectKind.AD_GROUP, [ad_group_id])
        strategy = str(rows[0].get("bid_strategy") or "") if rows else ""
        if strategy not in WITH_AMOUNT:
            raise refused(
                f"bid strategy {strategy or 'of an unknown ad group'} has no amount to set; lower "
                "the daily budget instead",
                field="bid_amount",
            )
        ops = [
            # Under another strategy the same number would mean something else.
            {"op": "test", "path": "/bid_strategy", "value": strategy},
            {"op": "replace", "path": "/bid_micro", "value": micros},
        ]
        await self._change(ad_group_id, ops, "its bid strategy was changed meanwhile")

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move an ad squad's end, rounded down to the second."""
        # ``add`` replaces what is there, and also helps where somebody took the end away.
        ops = [{"op": "add", "path": "/end_time", "value": iso(end_time)}]
        await self._change(ad_group_id, ops, "its end cannot be set")

    async def _change(self, ad_group_id: str, ops: list[JsonObject], why: str) -> None:
        try:
            row = await self._wire.patch(ENTITIES[ObjectKind.AD_GROUP], ad_group_id, ops)
        except Refused as error:
            if error.code != _NOT_APPLICABLE:
                raise
            raise refused(
                f"ad group {ad_group_id} was not changed: {why}; look at it in Ads Manager",
                code=error.code,
            ) from None
        self._trees.copies.keep([row])

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object; what is already gone is no error. A creative, which Snapchat does not
        delete, is given up: it no longer carries its key."""
        try:
            if kind is not ObjectKind.CREATIVE:
                await self._wire.delete(ENTITIES[kind], object_id)
                return
            for view in await self.read(kind, [object_id]):
                if view.switched_on:
                    ops = [{"op": "replace", "path": "/name", "value": let_go(view.name)}]
                    await self._wire.patch(ENTITIES[kind], object_id, ops)
        except Refused as error:
            if not is_gone(error):
                raise

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Every campaign with figures, per account day, in one report (all pages), and the list
        of campaigns, which says what they count and keeps the copies for a stop fresh."""
        as_of = self._now()
        rows = await self._stats.by_day("campaign", since, until)
        await self._trees.refresh_campaigns()
        counted = await self._counted({row.id for row in rows})
        return MetricsReport(
            as_of=as_of,
            rows=tuple(
                MetricsRow(
                    campaign_id=row.id,
                    **dict(row.figures(self._account.currency, counted.get(row.id, ()))),
                )
                for row in rows
            ),
        )

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Every ad with figures, per account day, in one report (all pages)."""
        as_of = self._now()
        rows = await self._stats.by_day("ad", since, until)
        campaigns = await self._trees.campaigns_of_ads({row.id for row in rows})
        counted = await self._counted(set(campaigns.values()))
        found = [
            AdMetricsRow(
                campaign_id=campaigns[row.id],
                ad_id=row.id,
                **dict(row.figures(self._account.currency, counted.get(campaigns[row.id], ()))),
            )
            for row in rows
            if row.id in campaigns
        ]
        found.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
        return AdMetricsReport(as_of=as_of, rows=tuple(found))

    async def _counted(self, campaign_ids: set[str]) -> dict[str, tuple[str, ...]]:
        """The figures that make a conversion of each campaign."""
        rows = await self._trees.campaigns_known(campaign_ids)
        return {str(row["id"]): counted_by(row) for row in rows}

    async def check_account(self) -> AccountHealth:
        """Whether login, account, funding, currency, time zone, pixel and the options that
        creatives need can be used."""
        return await health(self._wire, self._account)

    # -- audiences -------------------------------------------------------------------------

    async def create_audience(self, name: str, key: str) -> str:
        """A customer list, empty; the id. Asking again under the same key makes no second one."""
        return await self._audiences.create(name, key)

    async def add_people(self, audience_id: str, hashed: Sequence[str]) -> None:
        """Add people by the SHA-256 of their normalised e-mail addresses (64 hex digits)."""
        await self._audiences.add(audience_id, hashed)

    async def lookalike(self, source_id: str, country: str, percent: int) -> str:
        """People like those of a customer list, in one country; the id."""
        words = f"{source_id} {country.upper()} {percent}"
        key = "k" + hashlib.sha256(words.encode()).hexdigest()[:10]
        return await self._audiences.lookalike(source_id, country, percent, key)
