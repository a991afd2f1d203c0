"""Objects as Google shows them, read into ``NetworkObject``.

Google computes delivery (``primaryStatus`` with its reasons); it is read, not guessed. An ad
group is shown from its campaign's row, an ad from Google's ad group and the one ad in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    CampaignOrder,
    Delivery,
    NetworkObject,
    ObjectKind,
)
from models.contract.vocabulary import Platform
from platforms.errors import Ambiguous
from platforms.google.bidding import bid_of
from platforms.google.errors import JsonObject
from platforms.google.names import end_text, instant, keys_of
from platforms.naming import key_of

CAMPAIGN_FIELDS = (
    "campaign.id",
    "campaign.name",
    "campaign.status",
    "campaign.serving_status",
    "campaign.primary_status",
    "campaign.primary_status_reasons",
    "campaign.start_date_time",
    "campaign.end_date_time",
    "campaign.advertising_channel_type",
    "campaign.bidding_strategy_type",
    "campaign.target_spend.cpc_bid_ceiling_micros",
    "campaign.maximize_conversions.target_cpa_micros",
    "campaign.target_cpa.target_cpa_micros",
    "campaign.campaign_budget",
    "campaign_budget.amount_micros",
    "campaign_budget.explicitly_shared",
    "campaign_budget.reference_count",
)
AD_FIELDS = (
    "ad_group_ad.ad.id",
    "ad_group_ad.status",
    "ad_group_ad.primary_status",
    "ad_group_ad.primary_status_reasons",
    "ad_group_ad.policy_summary.approval_status",
    "ad_group_ad.policy_summary.policy_topic_entries",
    "ad_group.id",
    "ad_group.name",
    "ad_group.status",
    "ad_group.optimized_targeting_enabled",
    "campaign.id",
    "campaign.status",
)
LABEL_FIELDS = ("label.id", "label.name", "label.status", "label.text_label.description")

_RUNS = frozenset({"ELIGIBLE", "LIMITED", "LEARNING"})
_WHY_NOT = (
    ("CAMPAIGN_ENDED", Delivery.ENDED, None),
    ("MOST_ADS_UNDER_REVIEW", Delivery.IN_REVIEW, None),
    ("HAS_ADS_DISAPPROVED", Delivery.REJECTED, "its ads were disapproved"),
    ("CAMPAIGN_PENDING", Delivery.PAUSED, "it has not begun yet"),
    ("AD_GROUPS_PAUSED", Delivery.PAUSED, "all its ads are paused"),
    ("AD_GROUP_ADS_PAUSED", Delivery.PAUSED, "all its ads are paused"),
    ("NO_AD_GROUPS", Delivery.PAUSED, "it has no ads"),
    ("NO_AD_GROUP_ADS", Delivery.PAUSED, "it has no ads"),
)
"""Why a campaign that is on does not serve, the weightiest first."""

_WHY_NO_AD = (
    ("AD_GROUP_AD_DISAPPROVED", Delivery.REJECTED, "Google disapproved the ad"),
    ("AD_GROUP_AD_AREA_OF_INTEREST_ONLY", Delivery.REJECTED, "Google limits the ad by place"),
    ("AD_GROUP_AD_UNDER_REVIEW", Delivery.IN_REVIEW, None),
    ("AD_GROUP_AD_UNDER_APPEAL", Delivery.IN_REVIEW, None),
    ("CAMPAIGN_REMOVED", Delivery.REMOVED, "its campaign is removed"),
    ("AD_GROUP_REMOVED", Delivery.REMOVED, None),
    ("AD_GROUP_AD_REMOVED", Delivery.REMOVED, None),
    ("AD_GROUP_PAUSED", Delivery.PAUSED, None),
    ("AD_GROUP_AD_PAUSED", Delivery.PAUSED, None),
    ("CAMPAIGN_ENDED", Delivery.ENDED, None),
    ("CAMPAIGN_PENDING", Delivery.PAUSED, "its campaign has not begun yet"),
    ("CAMPAIGN_PAUSED", Delivery.PAUSED, "its campaign is paused"),
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Reads rows of one account at one moment."""

    account: AdAccount
    now: datetime

    def campaign(self, row: JsonObject) -> NetworkObject:
        """A campaign. Its budget, end and bid are its ad group's."""
        campaign = cast(JsonObject, row["campaign"])
        delivery, issue = _campaign_delivery(campaign)
        name = str(campaign.get("name") or "")
        return NetworkObject(
            kind=ObjectKind.CAMPAIGN,
            id=str(campaign["id"]),
            key=keys_of(name)[0],
            name=name,
            switched_on=campaign.get("status") == "ENABLED",
            delivery=delivery,
            issue=issue,
            as_of=self.now,
        )

    def ad_group(self, row: JsonObject, cpm_bids: Mapping[str, Sequence[int]]) -> NetworkObject:
        """The ad group that a campaign's settings are."""
        campaign = cast(JsonObject, row["campaign"])
        own = self.campaign(row)
        budget = cast(JsonObject, row.get("campaignBudget") or {})
        micros = budget.get("amountMicros")
        currency = self.account.currency
        return own.model_copy(
            update={
                "kind": ObjectKind.AD_GROUP,
                "key": keys_of(own.name)[1],
                "parent_id": own.id,
                "daily_budget": Money(micros=int(micros), currency=currency) if micros else None,
                "end_time": instant(campaign.get("endDateTime"), ZoneInfo(self.account.timezone)),
                "bid": bid_of(campaign, cpm_bids.get(own.id, ()), currency),
            }
        )

    def ad(self, row: JsonObject) -> NetworkObject:
        """An ad of ours: Google's ad group, whose name carries the key, and the ad in it."""
        ad, group = cast(JsonObject, row["adGroupAd"]), cast(JsonObject, row["adGroup"])
        campaign = cast(JsonObject, row["campaign"])
        delivery, issue = _ad_delivery(ad, group, campaign)
        name = str(group.get("name") or "")
        wide = group.get("optimizedTargetingEnabled")
        return NetworkObject(
            kind=ObjectKind.AD,
            id=ad_id(row),
            key=key_of(name),
            name=name,
            parent_id=str(campaign["id"]),
            switched_on=group.get("status") == "ENABLED" and ad.get("status") == "ENABLED",
            delivery=delivery,
            issue=issue,
            automatic=("optimized targeting",) if wide else (),
            as_of=self.now,
        )

    def created(
        self, order: CampaignOrder | AdGroupOrder | AdOrder, made: Sequence[str]
    ) -> NetworkObject:
        """What an order just made, from its order and the resource names of the answer: another
        call could fail, and the object would be there all the same.

        Raises:
            Ambiguous: the answer does not name it.
        """
        ids = dict(name.split("/")[2:4] for name in made if name.count("/") == 3)
        collection = "adGroupAds" if isinstance(order, AdOrder) else "campaigns"
        if collection not in ids:
            raise Ambiguous(Platform.GOOGLE, f"the answer names no {order.kind.value}")
        shown = NetworkObject(
            kind=order.kind,
            id=ids[collection],
            key=order.key,
            name=f"{order.key} {order.name}".strip(),
            switched_on=False,
            delivery=Delivery.PAUSED,
            as_of=self.now,
        )
        if isinstance(order, AdOrder):
            return shown.model_copy(update={"parent_id": order.ad_group_id})
        if isinstance(order, CampaignOrder):
            return shown
        zone = ZoneInfo(self.account.timezone)
        return shown.model_copy(
            update={
                "parent_id": order.campaign_id,
                "daily_budget": order.daily_budget,
                "end_time": instant(end_text(order.end_time, zone), zone),
                "bid": order.bid.amount,
            }
        )

    def creative(self, label: JsonObject) -> NetworkObject:
        """A creative: the label that stands for it. Google reviews ads, not creatives."""
        gone = label.get("status") == "REMOVED"
        return NetworkObject(
            kind=ObjectKind.CREATIVE,
            id=str(label["id"]),
            key=key_of(str(label.get("name") or "")),
            name=str(label.get("name") or ""),
            switched_on=not gone,
            delivery=Delivery.REMOVED if gone else Delivery.ACTIVE,
            as_of=self.now,
        )


def ad_id(row: JsonObject) -> str:
    """Google's composite id of an ad in an ad group."""
    return f"{row['adGroup']['id']}~{row['adGroupAd']['ad']['id']}"


def is_gone(row: JsonObject) -> bool:
    """Whether an object, or one above it, was removed."""
    parts = [
        cast(JsonObject, row.get(name) or {})
        for name in ("campaign", "adGroup", "adGroupAd", "label")
    ]
    return any(part.get("status") == "REMOVED" for part in parts)


def _campaign_delivery(campaign: JsonObject) -> tuple[Delivery, str | None]:
    status = campaign.get("status")
    if status == "REMOVED":
        return Delivery.REMOVED, None
    if status != "ENABLED":
        return Delivery.PAUSED, None
    reasons = _reasons(campaign)
    primary = str(campaign.get("primaryStatus") or "")
    if campaign.get("servingStatus") == "SUSPENDED":
        return Delivery.PAUSED, "the account cannot serve ads"
    if primary in _RUNS:
        return Delivery.ACTIVE, None
    if primary == "ENDED":
        return Delivery.ENDED, None
    return _why(_WHY_NOT, reasons, primary)


def _ad_delivery(
    ad: JsonObject, group: JsonObject, campaign: JsonObject
) -> tuple[Delivery, str | None]:
    if "REMOVED" in (ad.get("status"), group.get("status"), campaign.get("status")):
        return Delivery.REMOVED, None
    primary = str(ad.get("primaryStatus") or "")
    if primary in _RUNS:
        return Delivery.ACTIVE, None
    delivery, issue = _why(_WHY_NO_AD, _reasons(ad), primary)
    topics = _topics(ad) if delivery is Delivery.REJECTED else ""
    return delivery, f"{issue}: {topics}" if topics else issue


def _why(
    table: Sequence[tuple[str, Delivery, str | None]], reasons: Sequence[str], primary: str
) -> tuple[Delivery, str | None]:
    for reason, delivery, issue in table:
        if reason in reasons:
            return delivery, issue
    return Delivery.UNKNOWN, ", ".join(reasons) or primary or None


def _reasons(part: JsonObject) -> list[str]:
    return [str(one) for one in cast(list[object], part.get("primaryStatusReasons") or [])]


def _topics(ad: JsonObject) -> str:
    summary = cast(JsonObject, ad.get("policySummary") or {})
    entries = cast(list[JsonObject], summary.get("policyTopicEntries") or [])
    return ", ".join(str(entry["topic"]) for entry in entries if entry.get("topic"))
