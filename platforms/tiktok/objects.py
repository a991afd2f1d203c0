"""Objects as TikTok shows them, read into ``NetworkObject``."""

from collections.abc import Sequence
from datetime import datetime

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.errors import AccessDenied, Refused
from platforms.naming import key_of
from platforms.tiktok.errors import JsonObject
from platforms.tiktok.money import from_units
from platforms.tiktok.orders import instant
from platforms.tiktok.statuses import DENIED, state_of
from platforms.tiktok.terms import DAY, DYNAMIC
from platforms.tiktok.wire import IDS_PER_READ, Wire

ALL, NOT_DELETED = "STATUS_ALL", "STATUS_NOT_DELETE"
_CUSTOM = "BID_TYPE_CUSTOM"
_HOPES = (
    Delivery.ACTIVE,
    Delivery.IN_REVIEW,
    Delivery.REJECTED,
    Delivery.PAUSED,
    Delivery.ENDED,
    Delivery.UNKNOWN,
)


class Reader:
    """Reads campaigns, ad groups and ads of one account."""

    def __init__(self, wire: Wire, currency: str) -> None:
        self._wire = wire
        self._currency = currency

    async def campaigns(self, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
        """Campaigns. TikTok's status of one says nothing of what is below it, so the ad groups of
        those that are on are read along."""
        live = [str(r["campaign_id"]) for r in rows if r.get("operation_status") == "ENABLE"]
        below: dict[str, list[NetworkObject]] = {}
        for group in await self._ad_groups_below(live, now) if live else []:
            below.setdefault(group.parent_id or "", []).append(group)
        return [self._campaign(row, below.get(str(row["campaign_id"]), []), now) for row in rows]

    def ad_groups(self, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
        """Ad groups; TikTok computes their delivery with all that is above and below."""
        return [self._ad_group(row, now) for row in rows]

    async def ads(self, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
        """Ads; of those that were not approved the reasons are read along."""
        denied = [str(row["ad_id"]) for row in rows if row.get("secondary_status") in DENIED]
        reasons = await self._reasons(denied) if denied else {}
        return [_ad(row, reasons, now) for row in rows]

    async def _ad_groups_below(self, campaigns: list[str], now: datetime) -> list[NetworkObject]:
        filtering = {"primary_status": NOT_DELETED}
        if len(campaigns) > IDS_PER_READ:
            rows = await self._wire.rows("adgroup/get", {"filtering": filtering})
        else:
            rows = await self._wire.by_ids("adgroup/get", "campaign_ids", campaigns, filtering)
        return self.ad_groups(rows, now)

    async def _reasons(self, ads: Sequence[str]) -> dict[str, str]:
        """Why ads were not approved, by id. The answer's shape is taken from public code, not
        from TikTok's own text (unsure); without it the status alone says that they were not."""
        found: dict[str, str] = {}
        for start in range(0, len(ads), IDS_PER_READ):
            some = list(ads[start : start + IDS_PER_READ])
            try:
                data = await self._wire.get("ad/review_info", {"ad_ids": some})
            except (AccessDenied, Refused):
                return found
            reviews: dict[str, JsonObject] = data.get("ad_review_map") or {}
            for ad_id, review in reviews.items():
                reasons: list[str] = []
                told: list[JsonObject] = review.get("reject_info") or []
                for one in told:
                    named: list[object] = one.get("reasons") or []
                    reasons += [str(reason) for reason in named]
                if reasons:
                    found[ad_id] = "; ".join(reasons)
        return found

    def _campaign(
        self, row: JsonObject, below: list[NetworkObject], now: datetime
    ) -> NetworkObject:
        delivery, issue = _state(row)
        if delivery is Delivery.ACTIVE:
            states = {group.delivery: group.issue for group in below}
            delivery = next((one for one in _HOPES if one in states), Delivery.UNKNOWN)
            issue = states.get(delivery, "it has no ad groups")
        name = str(row.get("campaign_name") or "")
        return NetworkObject(
            kind=ObjectKind.CAMPAIGN,
            id=str(row["campaign_id"]),
            key=key_of(name),
            name=name,
            switched_on=_on(row, delivery),
            delivery=delivery,
            daily_budget=self._daily(row),
            issue=issue,
            automatic=("campaign budget optimisation",) if row.get("budget_optimize_on") else (),
            as_of=now,
        )

    def _ad_group(self, row: JsonObject, now: datetime) -> NetworkObject:
        delivery, issue = _state(row)
        name = str(row.get("adgroup_name") or "")
        ends = row.get("schedule_type") == "SCHEDULE_START_END"
        return NetworkObject(
            kind=ObjectKind.AD_GROUP,
            id=str(row["adgroup_id"]),
            key=key_of(name),
            name=name,
            parent_id=str(row["campaign_id"]),
            switched_on=_on(row, delivery),
            delivery=delivery,
            daily_budget=self._daily(row),
            end_time=instant(row.get("schedule_end_time")) if ends else None,
            bid=self._bid(row),
            issue=issue,
            automatic=_automatic(row),
            as_of=now,
        )

    def _daily(self, row: JsonObject) -> Money | None:
        if row.get("budget_mode") not in (DAY, DYNAMIC):
            return None
        return from_units(row.get("budget"), self._currency)

    def _bid(self, row: JsonObject) -> Money | None:
        if row.get("bid_type") != _CUSTOM:
            return None
        return from_units(row.get(bid_field(row)), self._currency)


def bid_field(row: JsonObject) -> str:
    """Where an ad group's cost cap stands: it depends on what is billed."""
    return "conversion_bid_price" if row.get("billing_event") == "OCPM" else "bid_price"


def video_view(row: JsonObject, now: datetime) -> NetworkObject:
    """A video. It is reviewed only in an ad, so existing is all there is to say."""
    name = str(row.get("file_name") or "")
    return NetworkObject(
        kind=ObjectKind.CREATIVE,
        id=str(row["video_id"]),
        key=key_of(name),
        name=name,
        switched_on=True,
        delivery=Delivery.ACTIVE,
        as_of=now,
    )


def _ad(row: JsonObject, reasons: dict[str, str], now: datetime) -> NetworkObject:
    delivery, issue = _state(row)
    name = str(row.get("ad_name") or "")
    return NetworkObject(
        kind=ObjectKind.AD,
        id=str(row["ad_id"]),
        key=key_of(name),
        name=name,
        parent_id=str(row["adgroup_id"]),
        switched_on=_on(row, delivery),
        delivery=delivery,
        issue=reasons.get(str(row["ad_id"]), issue),
        as_of=now,
    )


def _state(row: JsonObject) -> tuple[Delivery, str | None]:
    return state_of(str(row.get("operation_status") or ""), str(row.get("secondary_status") or ""))


def _on(row: JsonObject, delivery: Delivery) -> bool:
    return row.get("operation_status") == "ENABLE" and delivery is not Delivery.REMOVED


def _automatic(row: JsonObject) -> tuple[str, ...]:
    """What TikTok widens by itself: off in every ad group we make."""
    found = {
        "search results": row.get("search_result_enabled"),
        "smart audience": row.get("smart_audience_enabled"),
        "smart interests and behaviour": row.get("smart_interest_behavior_enabled"),
        "automatic targeting": row.get("auto_targeting_enabled"),
        "automatic placement": row.get("placement_type") == "PLACEMENT_TYPE_AUTOMATIC",
    }
    return tuple(name for name, on in found.items() if on)
