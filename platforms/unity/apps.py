"""The organisation's apps, and which of them a campaign or pack belongs to.

Unity's paths lead through the app (``campaignSetId``), while ids of campaigns and packs stand for
themselves. What was seen once is remembered: nothing ever moves to another app.
"""

import asyncio
from collections.abc import Sequence

from models.contract.account import AdAccount
from platforms.app_store import StoreApp, store_app
from platforms.unity.errors import JsonObject, refused
from platforms.unity.terms import APP_ID
from platforms.unity.wire import Wire


class Apps:
    """Apps, and what lies below them, as rows with their ``app`` added."""

    def __init__(self, wire: Wire, account: AdAccount) -> None:
        self._wire = wire
        self._chosen = account.options.get(APP_ID, "")
        self._of_link: dict[StoreApp, str] = {}
        self._of_campaign: dict[str, str] = {}
        self._of_pack: dict[str, str] = {}

    async def of_link(self, link: str) -> str:
        """The id of the app a store address means.

        Raises:
            Refused: no store address, or the organisation has no such app, or several.
        """
        wanted = store_app(link)
        if wanted is None:
            raise refused(
                f"link {link!r} is no App Store or Google Play address; Unity advertises apps only",
                field="link",
            )
        if wanted not in self._of_link:
            self._of_link[wanted] = await self._find(wanted)
        return self._of_link[wanted]

    async def _find(self, wanted: StoreApp) -> str:
        params = {"filter[store]": wanted.store, "filter[storeId]": wanted.id}
        rows = await self._wire.every("apps", params)
        ids = [str(row["id"]) for row in rows if str(row.get("storeId")) == wanted.id]
        if self._chosen:
            ids = [one for one in ids if one == self._chosen]
        if len(ids) == 1:
            return ids[0]
        if not ids:
            which = f" with id {self._chosen} (account option {APP_ID})" if self._chosen else ""
            raise refused(
                f"app {wanted.id} ({wanted.store}){which} is not in this Unity organisation; add "
                "it in the Unity dashboard",
                field="link",
            )
        raise refused(
            f"app {wanted.id} ({wanted.store}) is {len(ids)} apps of this organisation "
            f"({', '.join(sorted(ids))}); set the account option {APP_ID} to one of them",
            field="link",
        )

    async def ids(self) -> list[str]:
        """All apps."""
        return [str(row["id"]) for row in await self._wire.every("apps")]

    async def campaigns(self) -> list[JsonObject]:
        """Every campaign, lowest id first (without budget and bids)."""
        rows = [row for app in await self.ids() for row in await self.campaigns_of(app)]
        return sorted(rows, key=lambda row: str(row["id"]))

    async def campaigns_of(self, app: str) -> list[JsonObject]:
        rows = await self._wire.every(f"apps/{app}/campaigns")
        self._of_campaign.update({str(row["id"]): app for row in rows})
        return [{**row, "app": app} for row in rows]

    async def packs(self) -> list[JsonObject]:
        """Every creative pack, lowest id first."""
        rows = [row for app in await self.ids() for row in await self.packs_of(app)]
        return sorted(rows, key=lambda row: str(row["id"]))

    async def packs_of(self, app: str, name: str = "") -> list[JsonObject]:
        """Those whose name begins with ``name``."""
        params = {"filter[name]": f"{name}*"} if name else None
        rows = await self._wire.every(f"apps/{app}/creative-packs", params)
        self._of_pack.update({str(row["id"]): app for row in rows})
        return [{**row, "app": app} for row in rows]

    def learn(self, campaign: str = "", pack: str = "", *, app: str) -> None:
        """Remember what was just made."""
        if campaign:
            self._of_campaign[campaign] = app
        if pack:
            self._of_pack[pack] = app

    async def of_campaigns(self, ids: Sequence[str]) -> dict[str, str]:
        """Apps by campaign; campaigns that nobody has are left out."""
        if any(one not in self._of_campaign for one in ids):
            await self.campaigns()
        return {one: self._of_campaign[one] for one in ids if one in self._of_campaign}

    async def of_packs(self, ids: Sequence[str]) -> dict[str, str]:
        """Apps by creative pack; packs that nobody has are left out."""
        if any(one not in self._of_pack for one in ids):
            await self.packs()
        return {one: self._of_pack[one] for one in ids if one in self._of_pack}

    async def campaign_path(self, campaign_id: str) -> str:
        """Where a campaign is.

        Raises:
            Refused: nobody has it.
        """
        found = await self.of_campaigns([campaign_id])
        if campaign_id not in found:
            raise refused(f"Unity knows no campaign {campaign_id}", code="HTTP 404")
        return f"apps/{found[campaign_id]}/campaigns/{campaign_id}"

    async def pack_path(self, pack_id: str) -> str:
        """Where a creative pack is.

        Raises:
            Refused: nobody has it.
        """
        found = await self.of_packs([pack_id])
        if pack_id not in found:
            message = f"Unity knows no creative pack {pack_id}; create the creative first"
            raise refused(message, code="HTTP 404", field="creative_id")
        return f"apps/{found[pack_id]}/creative-packs/{pack_id}"


class Turns:
    """One lock a name: what must not be looked up and made side by side."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    def of(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())
