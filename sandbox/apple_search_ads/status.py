"""What Apple computes of every object, as of one moment: system status, reasons, display status."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sandbox.apple_search_ads.store import (
    AD,
    AD_GROUP,
    CAMPAIGN,
    CREATIVE,
    KEYWORD,
    JsonObject,
    Store,
    is_on,
    read_stamp,
)

REVIEW = timedelta(minutes=10)
"""Campaign time that the review of a new ad takes."""

_ACCOUNT_REASONS = {
    "LOC_EXHAUSTED": "LINE_OF_CREDIT_EXHAUSTED",
    "PAYMENT_DECLINED": "AD_ACCOUNT_PAYMENT_ISSUES",
    "POLICY_VIOLATION": "ORG_SUSPENDED_POLICY_VIOLATION",
}
_WAITING = frozenset({"AD_APPROVAL_PENDING", "CREATIVE_PENDING", "PROCESSING"})


class Forest:
    """All trees of the account as one moment shows them."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.now = now
        self._accounts = {row["id"]: row for row in store.every("account")}
        self._campaigns = {row["id"]: row for row in store.every(CAMPAIGN)}
        self._groups: dict[int, list[JsonObject]] = {}
        self._by_id: dict[int, JsonObject] = {}
        for row in store.every(AD_GROUP):
            self._by_id[row["id"]] = row
            if not row["deleted"]:
                self._groups.setdefault(row["campaignId"], []).append(row)
        self._creatives = {row["id"]: row for row in store.every(CREATIVE)}
        self._ads: dict[int, list[JsonObject]] = {}
        for row in store.every(AD):
            if not row["deleted"]:
                self._ads.setdefault(row["adGroupId"], []).append(row)
        keywords = [row for row in store.every(KEYWORD) if is_on(row)]
        self._with_keywords = {row["adGroupId"] for row in keywords}

    def shown(self, kind: str, row: JsonObject) -> JsonObject:
        """A row with the fields Apple computes."""
        if kind == CREATIVE:
            return {**row, **self._creative_state(row)}
        if kind not in (CAMPAIGN, AD_GROUP, AD):
            return row
        reasons = self._reasons(kind, row)
        return {
            **row,
            "systemStatus": "NOT_RUNNING" if reasons else "RUNNING",
            "systemStatusReasons": reasons,
            "systemStatusLimitingReasons": [],
            "displayStatus": self._label(kind, row, reasons),
        }

    def running_ads(self, ad_group_id: int) -> list[int]:
        """Ids of an ad group's ads that may be shown, its own switch and parents aside."""
        ads = self._ads.get(ad_group_id, [])
        return [ad["id"] for ad in ads if not self._reasons(AD, ad)]

    def delivers(self, group: JsonObject) -> bool:
        """Whether an ad group, its campaign and one of its ads can be shown now."""
        campaign = self._campaigns[group["campaignId"]]
        return not self._reasons(AD_GROUP, group) and not self._campaign_own(campaign)

    def _reasons(self, kind: str, row: JsonObject) -> list[str]:
        if kind == CAMPAIGN:
            own = self._campaign_own(row)
            if row["deleted"]:
                return own
            groups = self._groups.get(row["id"], [])
            if not groups:
                return [*own, "AD_GROUPS_MISSING"]
            ready = any(is_on(one) and not self._group_own(one) for one in groups)
            return own if ready else [*own, "AD_GROUPS_NOT_RUNNING"]
        if kind == AD_GROUP:
            own = self._group_own(row)
            held = self._campaign_own(self._campaigns[row["campaignId"]])
            return [*own, "CAMPAIGN_NOT_RUNNING"] if held and not row["deleted"] else own
        return self._ad_own(row)

    def _campaign_own(self, row: JsonObject) -> list[str]:
        found = self._common(row)
        account = self._accounts[row["adAccountId"]]
        if account["systemStatus"] != "ACTIVE":
            why = cast(list[str], account["systemStatusReasons"])
            found += [_ACCOUNT_REASONS.get(one, one) for one in why]
        if not account["delegations"]:
            found.append("CONTENT_PROVIDER_UNLINKED")
        return found

    def _group_own(self, row: JsonObject) -> list[str]:
        found = self._common(row)
        if row["deleted"]:
            return found
        if not row["automatedKeywordsOptIn"] and row["id"] not in self._with_keywords:
            found.append("KEYWORDS_MISSING")
        if not self.running_ads(row["id"]):
            found.append("ADS_NOT_RUNNING")
        return found

    def _ad_own(self, row: JsonObject) -> list[str]:
        found = self._common(row)
        if row.get("_disapproved"):
            found.append("AD_APPROVAL_REJECTED")
        # The public stamp is exact enough: reviews last minutes.
        elif self.now < read_stamp(row["creationTime"]) + REVIEW:
            found.append("AD_APPROVAL_PENDING")
        elif row["_rejected"]:
            found.append("AD_APPROVAL_REJECTED")
        creative = self._creative_state(self._creatives[row["creativeId"]])
        if creative["systemStatus"] != "VALID":
            found.append(f"CREATIVE_{creative['systemStatus']}")
        return found

    def _creative_state(self, row: JsonObject) -> JsonObject:
        """A default product page is approved with the app; a custom one is looked at first."""
        if row["deleted"]:
            return {"systemStatus": "INVALID", "systemStatusReasons": ["DELETED_BY_USER"]}
        fresh = self.now < read_stamp(row["creationTime"]) + REVIEW
        if row["creativeType"] == "CUSTOM_PRODUCT_PAGE" and fresh:
            return {"systemStatus": "PENDING", "systemStatusReasons": ["NEEDS_REVIEW"]}
        return {"systemStatus": "VALID", "systemStatusReasons": []}

    def _common(self, row: JsonObject) -> list[str]:
        found: list[str] = []
        if row["deleted"]:
            found.append("DELETED_BY_USER")
        elif row["status"] != "ENABLED":
            found.append("PAUSED_BY_USER")
        begins, ends = row.get("startTime"), row.get("endTime")
        if ends and read_stamp(ends) <= self.now:
            found.append("SCHEDULE_EXPIRED")
        elif begins and read_stamp(begins) > self.now:
            found.append("SCHEDULE_PENDING")
        return found

    def _label(self, kind: str, row: JsonObject, reasons: Sequence[str]) -> str:
        if row["deleted"]:
            return "DELETED"
        if row["status"] != "ENABLED":
            return "PAUSED"
        if kind != CAMPAIGN and self._campaign_own(self._campaigns[row["campaignId"]]):
            return "CAMPAIGN_ON_HOLD"
        if kind == AD:
            group = self._by_id[row["adGroupId"]]
            if set(self._group_own(group)) - {"ADS_NOT_RUNNING"}:
                return "AD_GROUP_ON_HOLD"
        if not reasons:
            return "RUNNING"
        return "PROCESSING" if set(reasons) <= _WAITING else "ON_HOLD"
