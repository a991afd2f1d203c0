"""Reading an account's trees: by id, by list, and with what lies below where that decides."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from models.contract.network import NetworkObject, ObjectKind
from platforms.errors import Refused
from platforms.snapchat.errors import JsonObject, is_gone, items
from platforms.snapchat.names import is_let_go, oldest_first
from platforms.snapchat.objects import (
    ad_squad_view,
    ad_view,
    campaign_view,
    creative_view,
    is_childless,
)
from platforms.snapchat.switch import FRESH, Copies
from platforms.snapchat.wire import ENTITIES, Wire

_FEW = 5
"""Up to so many objects are read one by one; more cost a list of the account."""
_PARENTS = {ObjectKind.AD_GROUP: "campaigns", ObjectKind.AD: "adsquads"}


class Trees:
    """What is read of one account, and the copies kept of it."""

    def __init__(
        self,
        wire: Wire,
        currency: str,
        clock_now: Callable[[], datetime],
        real_now: Callable[[], datetime],
    ) -> None:
        self._wire = wire
        self._currency = currency
        self._now = clock_now
        self._real_now = real_now
        self.copies = Copies(real_now)
        self._listed_at: datetime | None = None
        self._campaign_of_ad: dict[str, str] = {}

    # -- rows ------------------------------------------------------------------------------

    async def listed(self, kind: ObjectKind, parent_id: str | None) -> list[JsonObject]:
        """Everything of a kind below a parent or in the account that is not removed, oldest
        first; creatives always of the account."""
        entity, above = ENTITIES[kind], _PARENTS.get(kind)
        path = self._wire.account(entity.plural)
        if above is not None and parent_id is not None:
            path = f"{above}/{parent_id}/{entity.plural}"
        try:
            rows = await self._wire.rows(path, entity)
        except Refused as error:
            if parent_id is None or not is_gone(error):
                raise
            rows = []
        self.copies.keep(rows)
        if kind is ObjectKind.CAMPAIGN:
            self._listed_at = self._real_now()
        alive = [
            row
            for row in rows
            if not row.get("deleted")
            and not (kind is ObjectKind.CREATIVE and is_let_go(str(row.get("name") or "")))
        ]
        return oldest_first(alive)

    async def by_ids(self, kind: ObjectKind, ids: Sequence[str]) -> list[JsonObject]:
        """Objects by id, in order; those Snapchat does not know are left out."""
        unique = list(dict.fromkeys(ids))
        found: dict[str, JsonObject] = {}
        if len(unique) > _FEW:
            if kind is ObjectKind.CAMPAIGN:
                rows = await self._wire.campaigns_by_ids(unique)
            else:
                entity = ENTITIES[kind]
                rows = await self._wire.rows(self._wire.account(entity.plural), entity)
            self.copies.keep(rows)
            found = {str(row["id"]): row for row in rows}
        for one in unique:
            # A list leaves out what was deleted; by its own address it may still be shown.
            if one not in found and (row := await self._one(kind, one)) is not None:
                found[one] = row
        return [found[one] for one in unique if one in found]

    async def _one(self, kind: ObjectKind, object_id: str) -> JsonObject | None:
        entity = ENTITIES[kind]
        try:
            answer = await self._wire.get(f"{entity.plural}/{object_id}")
        except Refused as error:
            if is_gone(error):
                return None
            raise
        rows = [item.entity for item in items(answer, entity.plural, entity.singular)]
        known = [row for row in rows if row is not None]
        self.copies.keep(known)
        return known[0] if known else None

    async def refresh_campaigns(self) -> None:
        """Renew the copies of all campaigns, unless that was done within a minute."""
        now = self._real_now()
        if self._listed_at is None or not now - self._listed_at < FRESH:
            await self.listed(ObjectKind.CAMPAIGN, None)

    async def campaigns_known(self, ids: Collection[str]) -> list[JsonObject]:
        """Campaigns as last seen; those never seen are read."""
        held = {one: self.copies.get(one) for one in sorted(ids)}
        unknown = [one for one, row in held.items() if row is None]
        read = await self.by_ids(ObjectKind.CAMPAIGN, unknown) if unknown else []
        return [row for row in held.values() if row is not None] + read

    async def campaigns_of_ads(self, ad_ids: Collection[str]) -> dict[str, str]:
        """Campaign ids by ad id. An ad never moves, so each is looked up once."""
        unknown = sorted(one for one in ad_ids if one not in self._campaign_of_ad)
        ads = await self.by_ids(ObjectKind.AD, unknown) if unknown else []
        squads = sorted({str(ad["ad_squad_id"]) for ad in ads})
        above = await self.by_ids(ObjectKind.AD_GROUP, squads) if squads else []
        campaign_of = {str(squad["id"]): str(squad["campaign_id"]) for squad in above}
        for ad in ads:
            if (campaign := campaign_of.get(str(ad["ad_squad_id"]))) is not None:
                self._campaign_of_ad[str(ad["id"])] = campaign
        return {one: self._campaign_of_ad[one] for one in ad_ids if one in self._campaign_of_ad}

    # -- views -----------------------------------------------------------------------------

    async def views(self, kind: ObjectKind, rows: Sequence[JsonObject]) -> list[NetworkObject]:
        """Objects in the trade's terms. What is on but waits for something below it is looked
        into, for the reason why."""
        now = self._now()
        if kind is ObjectKind.CREATIVE:
            return [creative_view(row, now) for row in rows]
        if kind is ObjectKind.AD:
            return [ad_view(row, now) for row in rows]
        below = await self._below(kind, [str(row["id"]) for row in rows if is_childless(row)])
        view = campaign_view if kind is ObjectKind.CAMPAIGN else ad_squad_view
        return [view(row, below.get(str(row["id"]), ()), self._currency, now) for row in rows]

    async def _below(
        self, kind: ObjectKind, ids: Sequence[str]
    ) -> dict[str, Sequence[NetworkObject]]:
        child = ObjectKind.AD_GROUP if kind is ObjectKind.CAMPAIGN else ObjectKind.AD
        found: defaultdict[str, list[NetworkObject]] = defaultdict(list)
        if not ids:
            return {}
        if len(ids) <= _FEW:
            rows = [row for one in ids for row in await self.listed(child, one)]
        else:
            rows = await self.listed(child, None)
        parent = "campaign_id" if child is ObjectKind.AD_GROUP else "ad_squad_id"
        wanted = set(ids)
        for view in await self.views(child, [r for r in rows if str(r[parent]) in wanted]):
            found[str(view.parent_id)].append(view)
        return dict(found)
