"""Creatives: uploads combined in a creative pack; and ads: packs assigned to campaigns.

Only the pack carries the creative's key. What was uploaded is named by its content, so that a
repeated attempt uploads nothing twice. An ad's key is written into the name of its pack: an
assignment has no name. While the ad is off, that mark is all there is of it.
"""

import json

from models.contract.account import AdAccount
from models.contract.network import AdOrder, CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import check_copy_lengths
from platforms.errors import Refused
from platforms.unity.apps import Apps, Turns
from platforms.unity.errors import JsonObject, ids_in, is_gone, refused
from platforms.unity.media import Asset, assets
from platforms.unity.names import asset_name, front, marks, named, with_marks
from platforms.unity.terms import CAPABILITIES, LANGUAGE, LANGUAGES, check_call_to_action
from platforms.unity.wire import Wire

_USELESS = frozenset({"processingFailed", "rejected"})
"""Uploads in these states are not used again."""


class Creatives:
    """Creative packs and their assignments, of one organisation."""

    def __init__(self, wire: Wire, apps: Apps, account: AdAccount) -> None:
        self._wire = wire
        self._apps = apps
        self._account = account
        self._turns = Turns()

    async def create(self, order: CreativeOrder) -> JsonObject:
        """Upload what is not there yet and make the pack of an order; the pack with its app.

        Raises:
            Refused: a file, link or call to action is not what Unity takes.
            Ambiguous: an answer was lost; repeating uses what is there.
        """
        name = named(order.key, order.name)
        _check_copy(order)
        language = self._language()
        files = await assets(order)
        app = await self._apps.of_link(order.link)
        ids = [await self._upload(app, one, language) for one in files]
        body: JsonObject = {"name": name, "creativeIds": ids, "type": "video"}
        made = await self._wire.post(f"apps/{app}/creative-packs", body)
        self._apps.learn(pack=str(made["id"]), app=app)
        return {**made, "app": app}

    async def find(self, key: str) -> list[JsonObject]:
        """Packs that carry a key, lowest id first."""
        rows = [
            row for app in await self._apps.ids() for row in await self._apps.packs_of(app, key)
        ]
        found = [row for row in rows if front(str(row.get("name") or "")) == key]
        return sorted(found, key=lambda row: str(row["id"]))

    async def packs(self, ids: list[str]) -> list[JsonObject]:
        """Packs by id; those that are gone are left out."""
        found: list[JsonObject] = []
        for pack_id, app in (await self._apps.of_packs(ids)).items():
            try:
                row = await self._wire.get(f"apps/{app}/creative-packs/{pack_id}")
            except Refused as error:
                if not is_gone(error):
                    raise
            else:
                found.append({**row, "app": app})
        return found

    async def remove(self, pack_id: str) -> None:
        """Delete a pack. Its uploads stay: Unity has no call to delete them."""
        await self._wire.delete(await self._apps.pack_path(pack_id))

    # -- ads ---------------------------------------------------------------------------------

    async def mark(self, order: AdOrder) -> JsonObject:
        """Write an ad's key into the name of its pack, off as yet; the pack.

        Raises:
            Refused: no such pack, another app than the campaign's, or a name that is full.
            Ambiguous: the answer was lost; repeating is harmless.
        """
        campaign_id, pack_id = order.ad_group_id, order.creative_id
        path = await self._apps.pack_path(pack_id)
        campaign = await self._apps.campaign_path(campaign_id)
        app = path.split("/")[1]
        if campaign.split("/")[1] != app:
            raise refused(
                f"creative {pack_id} belongs to another app than campaign {campaign_id}; make it "
                "with the campaign's link",
                field="creative_id",
            )
        async with self._turns.of(pack_id):
            pack = {**await self._wire.get(path), "app": app}
            name = str(pack.get("name") or "")
            wanted = {**marks(name), campaign_id: order.key}
            if marks(name) == wanted:
                return pack
            return {**await self._wire.patch(path, {"name": with_marks(name, wanted)}), "app": app}

    async def unmark(self, campaign_id: str, pack_id: str) -> None:
        """Take an ad out of its campaign, and its key out of its pack's name."""
        path = await self._apps.pack_path(pack_id)
        async with self._turns.of(pack_id):
            pack = await self._wire.get(path)
            if campaign_id in assigned_to(pack):
                await self._unassign(campaign_id, pack_id)
            name = str(pack.get("name") or "")
            left = {one: key for one, key in marks(name).items() if one != campaign_id}
            if left != marks(name):
                await self._wire.patch(path, {"name": with_marks(name, left)})

    async def switch(self, campaign_id: str, pack_id: str, *, on: bool) -> None:
        """Put a pack into a campaign or take it out; what is so already is left alone.

        Raises:
            Refused: there is no such ad, or Unity will not have it so.
        """
        pack = await self._wire.get(await self._apps.pack_path(pack_id))
        assigned = campaign_id in assigned_to(pack)
        if not assigned and campaign_id not in marks(str(pack.get("name") or "")):
            raise refused(f"creative pack {pack_id} is no ad of campaign {campaign_id}")
        if on and not assigned:
            path = await self._apps.campaign_path(campaign_id)
            await self._wire.post(f"{path}/assigned-creative-packs", {"id": pack_id})
        elif assigned and not on:
            await self._unassign(campaign_id, pack_id)

    async def _unassign(self, campaign_id: str, pack_id: str) -> None:
        path = await self._apps.campaign_path(campaign_id)
        try:
            await self._wire.delete(f"{path}/assigned-creative-packs/{pack_id}")
        except Refused as error:
            if not is_gone(error):
                raise

    # -- uploads -----------------------------------------------------------------------------

    async def _upload(self, app: str, asset: Asset, language: str) -> str:
        """The id of a file's upload in an app, made now if it is not there."""
        name = asset_name(asset.sha256, asset.part)
        async with self._turns.of(f"{app} {name}"):
            for row in await self._wire.every(f"apps/{app}/creatives"):
                if row.get("name") == name and row.get("status") not in _USELESS:
                    return str(row["id"])
            info = {"name": name, "language": language, asset.part: {"fileName": asset.file_name}}
            content = (asset.file_name, asset.content, asset.media_type)
            made = await self._wire.upload(
                f"apps/{app}/creatives",
                [
                    ("creativeInfo", (None, json.dumps(info).encode(), "application/json")),
                    (f"{asset.part}File", content),
                ],
            )
            return str(made["id"])

    def _language(self) -> str:
        language = self._account.options.get(LANGUAGE) or LANGUAGES[0]
        if language not in LANGUAGES:
            raise refused(
                f"the account option {LANGUAGE} is {language!r}; use one of: "
                f"{', '.join(LANGUAGES)}",
                field=LANGUAGE,
            )
        return language


def assigned_to(pack: JsonObject) -> list[str]:
    """Campaigns a pack is assigned to."""
    return ids_in(pack, "campaignIds")


def _check_copy(order: CreativeOrder) -> None:
    copy = order.copy_text
    check_call_to_action(copy.call_to_action)
    shown = "a video and its end card show"
    check_copy_lengths(Platform.UNITY, copy, CAPABILITIES.copy_limits, shown)
