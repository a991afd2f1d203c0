"""The TikTok network (Marketing API v1.3): campaign, ad group, ad; a creative is a video."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

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
from platforms.naming import front
from platforms.network import Ground
from platforms.terms import whole_units
from platforms.tiktok.audiences import Audiences
from platforms.tiktok.errors import JsonObject, refused
from platforms.tiktok.health import health
from platforms.tiktok.media import Library
from platforms.tiktok.metrics import account_report, ad_report
from platforms.tiktok.money import units
from platforms.tiktok.objects import ALL, NOT_DELETED, Reader, bid_field, video_view
from platforms.tiktok.orders import (
    ad_body,
    ad_group_body,
    campaign_body,
    utc,
    web_link,
    whole_minute,
)
from platforms.tiktok.switch import set_status
from platforms.tiktok.switch import switch as switch_in_groups
from platforms.tiktok.targeting import Catalogues
from platforms.tiktok.terms import button, capabilities_of
from platforms.tiktok.text import ad_text
from platforms.tiktok.wire import Wire

_READS = {
    ObjectKind.CAMPAIGN: ("campaign/get", "campaign"),
    ObjectKind.AD_GROUP: ("adgroup/get", "adgroup"),
    ObjectKind.AD: ("ad/get", "ad"),
}
_PARENTS = {ObjectKind.AD_GROUP: "campaign_ids", ObjectKind.AD: "adgroup_ids"}


def connect(account: AdAccount, secrets: Mapping[str, str], ground: Ground) -> "TikTokNetwork":
    """One TikTok ad account, ready to use.

    Args:
        account: ``external_id`` is the advertiser id; ``options`` needs ``identity_id`` (with
            ``identity_type`` and ``display_name``) and may carry ``pixel_id``,
            ``min_daily_budget``, ``prepaid``, ``financial_cleared``, ``gambling_cleared`` and
            ``aigc_disclosure``.
        secrets: ``access_token``; ``app_id`` and ``app_secret`` only where an account is connected.
        ground: Host ``api``, without path.

    Raises:
        AccessDenied: the token is missing.
    """
    return TikTokNetwork(account, Wire(account.external_id, secrets, ground), ground.clock_now)


class TikTokNetwork:
    """TikTok behind the ``AdNetwork`` protocol, with custom audiences beside it.

    A creative is a video with its cover image; text, link and button are the ad's.
    """

    def __init__(self, account: AdAccount, wire: Wire, clock_now: Callable[[], datetime]) -> None:
        self._account = account
        self._wire = wire
        self._now = clock_now
        self.capabilities = capabilities_of(account)
        self._minimum = self.capabilities.min_daily_budget.get(account.currency)
        self._reader = Reader(wire, account.currency)
        self._library = Library(wire)
        self._catalogues = Catalogues(wire)
        self._audiences = Audiences(wire, self._catalogues)

    async def aclose(self) -> None:
        await self._wire.aclose()

    # -- making ----------------------------------------------------------------------------

    async def create(self, order: Order) -> NetworkObject:
        """Create one object, switched off.

        Raises:
            Refused: a value TikTok does not take, named; nothing was created.
            Ambiguous: the answer was lost, or TikTok has had this very request before.
        """
        if isinstance(order, CampaignOrder):
            body = campaign_body(order, self._account, self.capabilities)
            row = await self._wire.post("campaign/create", body)
            return self._created(order, str(row["campaign_id"]), row)
        if isinstance(order, AdGroupOrder):
            body = await ad_group_body(
                self._wire, self._catalogues, order, self._account, self._minimum, self._now()
            )
            row = await self._wire.post("adgroup/create", body)
            made = self._created(order, str(row["adgroup_id"]), row)
            return made.model_copy(
                update={
                    "parent_id": order.campaign_id,
                    "daily_budget": order.daily_budget,
                    "end_time": whole_minute(order.end_time),
                    "bid": order.bid.amount,
                }
            )
        if isinstance(order, CreativeOrder):
            # What the ad will say is looked at before the video is uploaded for it.
            ad_text(order.copy_text)
            button(order.copy_text.call_to_action)
            web_link(order.link)
            video = await self._library.add(order)
            return video_view(video, self._now()).model_copy(update={"key": order.key})
        return await self._create_ad(order)

    async def _create_ad(self, order: AdOrder) -> NetworkObject:
        if order.creative is None:
            raise refused(
                "an ad on TikTok carries the text itself, and the order has none; order it with "
                "its creative",
                field="creative",
            )
        videos = await self._library.by_ids([order.creative_id])
        if not videos:
            raise refused(
                f"TikTok knows no video {order.creative_id}; create the creative first",
                field="creative_id",
            )
        cover = await self._library.cover_of(videos[0])
        body = ad_body(order, order.creative, cover, self._account)
        row = await self._wire.post("ad/create", body)
        ids: list[object] = row.get("ad_ids") or []
        made = self._created(order, str(ids[0]), {})
        return made.model_copy(update={"parent_id": order.ad_group_id})

    def _created(
        self, order: CampaignOrder | AdGroupOrder | AdOrder, object_id: str, row: JsonObject
    ) -> NetworkObject:
        return NetworkObject(
            kind=order.kind,
            id=object_id,
            key=order.key,
            name=f"{order.key} {order.name}".strip(),
            switched_on=row.get("operation_status") == "ENABLE",
            delivery=Delivery.PAUSED,
            as_of=self._now(),
        )

    # -- looking ---------------------------------------------------------------------------

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first."""
        now = self._now()
        if kind is ObjectKind.CREATIVE:
            return [video_view(row, now) for row in await self._library.by_key(key)]
        path, word = _READS[kind]
        filtering: JsonObject = {"primary_status": NOT_DELETED, f"{word}_name": key}
        if parent_id is not None and kind in _PARENTS:
            filtering[_PARENTS[kind]] = [parent_id]
        rows = await self._wire.rows(path, {"filtering": filtering})
        # TikTok's search is a fuzzy one.
        mine = [row for row in rows if front(str(row.get(f"{word}_name") or "")) == key]
        mine.sort(key=lambda row: _id_order(str(row[f"{word}_id"])))
        return [
            view.model_copy(update={"key": key})
            for view in await self._views(kind, mine, now)
            if view.delivery is not Delivery.REMOVED
        ]

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back; removed ones show ``Delivery.REMOVED``. A removed creative is left
        out: TikTok forgets videos."""
        now = self._now()
        if kind is ObjectKind.CREATIVE:
            return [video_view(row, now) for row in await self._library.by_ids(list(ids))]
        return await self._views(kind, await self._rows(kind, ids), now)

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every object of a kind that is not removed, 1,000 to a page."""
        if kind is ObjectKind.CREATIVE:
            raise refused("creatives are not listed; read them by id", field="kind")
        path, word = _READS[kind]
        rows = await self._wire.rows(path, {"filtering": {"primary_status": NOT_DELETED}})
        # A page that moved while it was read may show an object twice.
        unique = list({str(row[f"{word}_id"]): row for row in rows}.values())
        return await self._views(kind, unique, self._now())

    async def _rows(self, kind: ObjectKind, ids: Sequence[str]) -> list[JsonObject]:
        path, word = _READS[kind]
        # TikTok refuses a whole request for an id that is none.
        numbers = [one for one in ids if one.isdecimal()]
        return await self._wire.by_ids(path, f"{word}_ids", numbers, {"primary_status": ALL})

    async def _views(
        self, kind: ObjectKind, rows: list[JsonObject], now: datetime
    ) -> list[NetworkObject]:
        if kind is ObjectKind.CAMPAIGN:
            return await self._reader.campaigns(rows, now)
        if kind is ObjectKind.AD_GROUP:
            return self._reader.ad_groups(rows, now)
        return await self._reader.ads(rows, now)

    # -- changing --------------------------------------------------------------------------

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause, twenty to a call. A creative has no switch: it is always on."""
        if kind is not ObjectKind.CREATIVE:
            return await switch_in_groups(self._wire, kind, ids, on=on)
        there = {view.id for view in await self.read(kind, ids)}
        reason = "TikTok knows no such video" if on else "a video has no switch; pause its ads"
        return [
            SwitchResult(id=one, accepted=True)
            if on and one in there
            else SwitchResult(id=one, accepted=False, error=reason)
            for one in ids
        ]

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set the ad group's daily budget.

        Raises:
            Refused: another currency, less than TikTok's or our minimum, or too close to what
                was already spent (TikTok's own words).
        """
        amount = units(budget, self._account.currency, minimum=self._minimum)
        await self._wire.post("adgroup/update", {"adgroup_id": ad_group_id, "budget": amount})

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set an ad group's cost cap. See ``AdNetwork.set_bid``."""
        rows = await self._rows(ObjectKind.AD_GROUP, [ad_group_id])
        if not rows:
            raise refused(f"TikTok knows no ad group {ad_group_id}", field="ad_group_id")
        if rows[0].get("bid_type") != "BID_TYPE_CUSTOM":
            raise refused(
                "the ad group bids automatically and has no amount to set; lower the daily budget "
                "instead",
                field="bid_amount",
            )
        price = units(whole_units(amount), self._account.currency, field="bid_amount")
        body = {"adgroup_id": ad_group_id, bid_field(rows[0]): price}
        await self._wire.post("adgroup/update", body)

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the end, rounded down to the minute."""
        body = {
            "adgroup_id": ad_group_id,
            "schedule_type": "SCHEDULE_START_END",
            "schedule_end_time": utc(whole_minute(end_time)),
        }
        await self._wire.post("adgroup/update", body)

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object, for good; deleting what is already gone is no error."""
        try:
            if kind is ObjectKind.CREATIVE:
                await self._library.remove(object_id)
            else:
                await set_status(self._wire, kind, object_id, "DELETE")
        except Refused:
            # TikTok's codes do not tell what is gone from what is wrong; a look does.
            there = await self.read(kind, [object_id])
            if any(view.delivery is not Delivery.REMOVED for view in there):
                raise

    # -- figures and account ---------------------------------------------------------------

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign with activity, per account day, inclusive."""
        return await account_report(self._wire, since, until, self._account.currency, self._now())

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of ads with activity, per account day, inclusive."""
        return await ad_report(self._wire, since, until, self._account.currency, self._now())

    async def check_account(self) -> AccountHealth:
        """Whether token, scopes, account, currency, time zone, identity and pixel can be used."""
        return await health(self._wire, self._account, self._now().date())

    # -- audiences -------------------------------------------------------------------------

    async def create_audience(self, name: str, key: str) -> str:
        """An audience to add people to; our id of it. TikTok has none without people, so it is
        made when the first are added.

        Raises:
            Refused: the name is too long, or the key is no single word.
        """
        return self._audiences.begun(name, key)

    async def add_people(self, audience_id: str, hashed: Sequence[str]) -> None:
        """Add people by the SHA-256 of their normalised addresses. TikTok matches at least 1,000
        before an audience can be used.

        Raises:
            Refused: an entry is no hash.
            Ambiguous: the answer was lost; adding again counts nobody twice.
        """
        await self._audiences.add(audience_id, hashed)

    async def lookalike(self, source_id: str, country: str, percent: int) -> str:
        """People of a country who are like an audience's; the id of the new audience.

        Raises:
            Refused: TikTok has no such size or country.
        """
        return await self._audiences.lookalike(source_id, country, percent)


def _id_order(object_id: str) -> tuple[int, str]:
    """Sorts ids as the numbers they are."""
    return len(object_id), object_id
