"""Reading back: campaigns, ad groups, creatives and ads with all that decides their delivery."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.unity.apps import Apps
from platforms.unity.campaigns import Campaigns
from platforms.unity.creatives import Creatives
from platforms.unity.errors import JsonObject
from platforms.unity.names import ad_id, campaign_keys, parts_of
from platforms.unity.objects import (
    Shelf,
    ad_pairs,
    ad_view,
    campaign_view,
    creative_view,
    group_view,
)
from platforms.unity.wire import Wire


class Reading:
    """What Unity shows of one organisation."""

    def __init__(
        self,
        wire: Wire,
        apps: Apps,
        campaigns: Campaigns,
        creatives: Creatives,
        now: Callable[[], datetime],
    ) -> None:
        self._wire = wire
        self._apps = apps
        self._campaigns = campaigns
        self._creatives = creatives
        self.now = now

    async def listed(self) -> list[JsonObject]:
        """Every campaign, without budget and bids."""
        return await self._apps.campaigns()

    async def campaigns(self, ids: Sequence[str]) -> list[JsonObject]:
        """Campaigns with budget and bids; those that are gone are left out."""
        return await self._campaigns.read(list(dict.fromkeys(ids)))

    async def shelf(self, rows: Iterable[JsonObject], *, idle: bool = False) -> Shelf:
        """Packs and uploads of the apps of rows that are switched on (``idle``: of all)."""
        apps = {str(row["app"]) for row in rows if idle or row.get("enabled") is True}
        packs: list[JsonObject] = []
        uploads: dict[str, JsonObject] = {}
        for app in sorted(apps):
            packs += await self._apps.packs_of(app)
            for row in await self._wire.every(f"apps/{app}/creatives"):
                uploads[str(row["id"])] = row
        return Shelf(packs, uploads)

    # -- by id -------------------------------------------------------------------------------

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        if kind is ObjectKind.CREATIVE:
            packs = await self._creatives.packs(list(ids))
            shelf = await self.shelf(packs, idle=True)
            return [creative_view(pack, shelf, self.now()) for pack in packs]
        if kind is ObjectKind.AD:
            return await self._ads(ids)
        return await self._views(kind, await self.campaigns(ids))

    async def _views(self, kind: ObjectKind, rows: list[JsonObject]) -> list[NetworkObject]:
        shelf = await self.shelf(rows)
        view = campaign_view if kind is ObjectKind.CAMPAIGN else group_view
        return [view(row, shelf, self.now()) for row in rows]

    async def _ads(self, ids: Sequence[str]) -> list[NetworkObject]:
        pairs = [parts_of(one) for one in ids]
        rows = await self.campaigns([campaign_id for campaign_id, _ in pairs])
        of_packs = await self._apps.of_packs([pack_id for _, pack_id in pairs if pack_id])
        shelf = await self.shelf([{"app": app} for app in of_packs.values()], idle=True)
        packs = {str(pack["id"]): pack for pack in shelf.packs}
        campaigns = {str(row["id"]): row for row in rows}
        return [
            ad_view(packs[pack_id], campaign_id, campaigns.get(campaign_id), shelf, self.now())
            for campaign_id, pack_id in pairs
            if pack_id in packs and campaign_id in {one for one, _, _ in ad_pairs(packs[pack_id])}
        ]

    # -- by key ------------------------------------------------------------------------------

    async def find(self, kind: ObjectKind, key: str, parent_id: str | None) -> list[NetworkObject]:
        if kind is ObjectKind.CREATIVE:
            packs = await self._creatives.find(key)
            shelf = await self.shelf(packs, idle=True)
            return [creative_view(pack, shelf, self.now()) for pack in packs]
        if kind is ObjectKind.AD:
            ids = [
                ad_id(campaign_id, str(pack["id"]))
                for pack in await self._apps.packs()
                for campaign_id, mark, _ in ad_pairs(pack)
                if mark == key and parent_id in (None, campaign_id)
            ]
            return [one for one in await self._ads(ids) if one.delivery is not Delivery.REMOVED]
        place = 0 if kind is ObjectKind.CAMPAIGN else 1
        rows = (
            await self.listed()
            if parent_id is None or kind is ObjectKind.CAMPAIGN
            else await self.campaigns([parent_id])
        )
        ids = [
            str(row["id"])
            for row in rows
            if campaign_keys(str(row.get("name") or ""))[place] == key
        ]
        return await self._views(kind, await self.campaigns(ids))

    # -- all ---------------------------------------------------------------------------------

    async def everything(self, kind: ObjectKind) -> list[NetworkObject]:
        """All campaigns, ad groups or ads. Budgets and bids take one call a campaign.

        A campaign of ours without its ad group's key has no ad group yet; one of others, whose
        keys mean nothing to us, is shown with its own.
        """
        rows = await self.listed()
        if kind is ObjectKind.AD_GROUP:
            keys = [campaign_keys(str(row.get("name") or "")) for row in rows]
            rows = [row for row, (key, own) in zip(rows, keys, strict=True) if own or not key]
        if kind is not ObjectKind.AD:
            return await self._views(kind, await self.campaigns([str(row["id"]) for row in rows]))
        campaigns = {str(row["id"]): row for row in rows}
        shelf = await self.shelf(rows, idle=True)
        return [
            ad_view(pack, campaign_id, campaigns[campaign_id], shelf, self.now())
            for pack in sorted(shelf.packs, key=lambda pack: str(pack["id"]))
            for campaign_id, _, _ in ad_pairs(pack)
            if campaign_id in campaigns
        ]
