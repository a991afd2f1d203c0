"""Review, primary status and the lines that the market sees, all as of one moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sandbox.google.billing import pays
from sandbox.google.failures import JsonObject
from sandbox.google.store import NETWORK, Draft, is_on, local_moment
from sandbox.world import Line, World

REVIEW = timedelta(minutes=10)
OVER_DELIVERY = 2.0
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_CLICKS_PER_THOUSAND = 10
_CLICKS_PER_CONVERSION = 20
"""The market is bid in per click; other bids are turned into that by round rates."""


def approval(ad: JsonObject, now: datetime) -> str:
    """The review of an ad: empty while it lasts. It is the sandbox's control that writes the
    verdict REJECTED, on any network."""
    if ad["_verdict"] == "REJECTED":
        return "DISAPPROVED"
    if now < datetime.fromisoformat(ad["_created_at"]) + REVIEW:
        return ""
    return str(ad["_verdict"])


class Forest:
    """The customer's trees as one moment shows them."""

    def __init__(self, world: World, customer_id: str) -> None:
        draft = Draft(world, customer_id)
        self.now = draft.now
        self.zone = draft.zone()
        self.account = world.get(NETWORK, "account", customer_id) or {}
        self.pays = pays(self.account)
        self.campaigns = {str(row["resourceName"]): row for row in draft.every("campaign")}
        self.groups = {str(row["resourceName"]): row for row in draft.every("ad_group")}
        self.ads = draft.every("ad_group_ad")
        self.budgets = {str(row["resourceName"]): row for row in draft.every("campaign_budget")}
        self._criteria: dict[str, list[JsonObject]] = {}
        for row in draft.every("campaign_criterion"):
            if row.get("status") != "REMOVED":
                self._criteria.setdefault(str(row["campaign"]), []).append(row)
        self._narrowed: dict[str, set[str]] = {}
        for row in draft.every("ad_group_criterion"):
            self._narrowed.setdefault(str(row["adGroup"]), set()).add(str(row["type"]))
        self._groups_of: dict[str, list[JsonObject]] = {}
        for group in self.groups.values():
            if group["status"] != "REMOVED":
                self._groups_of.setdefault(str(group["campaign"]), []).append(group)
        self._ads_of: dict[str, list[JsonObject]] = {}
        for ad in self.ads:
            if ad["status"] != "REMOVED":
                self._ads_of.setdefault(str(ad["adGroup"]), []).append(ad)

    # -- what Google computes --------------------------------------------------------------

    def campaign(self, row: JsonObject) -> JsonObject:
        """A campaign with its computed fields."""
        reasons = self._campaign_reasons(row)
        status = "ELIGIBLE"
        if row["status"] == "REMOVED":
            status = "REMOVED"
        elif row["status"] == "PAUSED":
            status = "PAUSED"
        elif "CAMPAIGN_ENDED" in reasons:
            status = "ENDED"
        elif "CAMPAIGN_PENDING" in reasons:
            status = "PENDING"
        elif not self.shown(row):
            status = "NOT_ELIGIBLE"
        elif reasons:
            status = "LIMITED"
        serving = {"ENDED": "ENDED", "PENDING": "PENDING"}.get(status, "SERVING")
        if not self.pays:
            serving = "SUSPENDED"
        elif row["status"] != "ENABLED":
            serving = "NONE"
        return {
            **row,
            "primaryStatus": status,
            "primaryStatusReasons": reasons,
            "servingStatus": serving,
        }

    def ad(self, ad: JsonObject) -> JsonObject:
        """An ad with its review and computed fields."""
        group = self.groups[str(ad["adGroup"])]
        campaign = self.campaigns[str(group["campaign"])]
        verdict = approval(ad, self.now)
        reasons = self._ad_reasons(ad, group, campaign, verdict)
        status = "NOT_ELIGIBLE" if reasons else "ELIGIBLE"
        if ad["status"] == "REMOVED":
            status = "REMOVED"
        elif ad["status"] == "PAUSED":
            status = "PAUSED"
        elif reasons == ["AD_GROUP_AD_UNDER_REVIEW"]:
            status = "PENDING"
        summary: JsonObject = {"reviewStatus": "REVIEWED" if verdict else "REVIEW_IN_PROGRESS"}
        if verdict:
            summary["approvalStatus"] = verdict
        if verdict == "DISAPPROVED":
            summary["policyTopicEntries"] = [{"type": "PROHIBITED", "topic": "MISLEADING_CONTENT"}]
        return {
            **ad,
            "policySummary": summary,
            "primaryStatus": status,
            "primaryStatusReasons": reasons,
        }

    def shown(self, campaign: JsonObject) -> list[str]:
        """Ids of a campaign's ads that may be shown: on, approved, in an ad group that is on."""
        return [
            f"{group['id']}~{ad['ad']['id']}"
            for group in self._groups_of.get(str(campaign["resourceName"]), [])
            if is_on(group)
            for ad in self._ads_of.get(str(group["resourceName"]), [])
            if is_on(ad) and approval(ad, self.now) == "APPROVED"
        ]

    def _campaign_reasons(self, row: JsonObject) -> list[str]:
        if row["status"] == "REMOVED":
            return ["CAMPAIGN_REMOVED"]
        reasons = ["CAMPAIGN_PAUSED"] if row["status"] == "PAUSED" else []
        if self._ended(row):
            reasons.append("CAMPAIGN_ENDED")
        elif not self._begun(row):
            reasons.append("CAMPAIGN_PENDING")
        groups = self._groups_of.get(str(row["resourceName"]), [])
        if not groups:
            return [*reasons, "NO_AD_GROUPS"]
        if not any(is_on(group) for group in groups):
            return [*reasons, "AD_GROUPS_PAUSED"]
        ads = [
            ad
            for group in groups
            if is_on(group)
            for ad in self._ads_of.get(str(group["resourceName"]), [])
        ]
        if not ads:
            return [*reasons, "NO_AD_GROUP_ADS"]
        if not any(is_on(ad) for ad in ads):
            return [*reasons, "AD_GROUP_ADS_PAUSED"]
        verdicts = [approval(ad, self.now) for ad in ads if is_on(ad)]
        if "DISAPPROVED" in verdicts:
            reasons.append("HAS_ADS_DISAPPROVED")
        if verdicts.count("") * 2 > len(verdicts):
            reasons.append("MOST_ADS_UNDER_REVIEW")
        return reasons

    def _ad_reasons(
        self, ad: JsonObject, group: JsonObject, campaign: JsonObject, verdict: str
    ) -> list[str]:
        states = (
            (campaign["status"] == "REMOVED", "CAMPAIGN_REMOVED"),
            (group["status"] == "REMOVED", "AD_GROUP_REMOVED"),
            (ad["status"] == "REMOVED", "AD_GROUP_AD_REMOVED"),
            (campaign["status"] == "PAUSED", "CAMPAIGN_PAUSED"),
            (self._ended(campaign), "CAMPAIGN_ENDED"),
            (not self._begun(campaign), "CAMPAIGN_PENDING"),
            (group["status"] == "PAUSED", "AD_GROUP_PAUSED"),
            (ad["status"] == "PAUSED", "AD_GROUP_AD_PAUSED"),
            (verdict == "DISAPPROVED", "AD_GROUP_AD_DISAPPROVED"),
            (verdict == "", "AD_GROUP_AD_UNDER_REVIEW"),
        )
        return [reason for applies, reason in states if applies]

    def _ended(self, campaign: JsonObject) -> bool:
        end = campaign.get("endDateTime")
        return bool(end) and local_moment(end, self.zone) < self.now

    def _begun(self, campaign: JsonObject) -> bool:
        return local_moment(campaign["startDateTime"], self.zone) <= self.now

    # -- the market ------------------------------------------------------------------------

    def line(self, campaign: JsonObject) -> Line:
        """A campaign as the market sees it: on Google it is what has the budget."""
        name = str(campaign["resourceName"])
        ads = self.shown(campaign) if self.pays else []
        end = campaign.get("endDateTime")
        return Line(
            network=NETWORK,
            account_id=str(self.account["id"]),
            campaign_id=str(campaign["id"]),
            id=str(campaign["id"]),
            ads=tuple(ads),
            active=is_on(campaign)
            and bool(ads)
            and self._begun(campaign)
            and not self._ended(campaign)
            and self._in_hours(name),
            daily_budget_micros=int(self.budgets[campaign["campaignBudget"]]["amountMicros"]),
            bid_micros=self._bid(campaign),
            start=local_moment(campaign["startDateTime"], self.zone),
            # The last second counts whole.
            end=local_moment(end, self.zone) + timedelta(seconds=1) if end else None,
            over_delivery=OVER_DELIVERY,
            timezone=str(self.account["timeZone"]),
            audience=self._audience(name),
        )

    def _bid(self, campaign: JsonObject) -> int | None:
        for part, field, clicks in (
            ("targetSpend", "cpcBidCeilingMicros", 1),
            ("maximizeConversions", "targetCpaMicros", _CLICKS_PER_CONVERSION),
            ("targetCpa", "targetCpaMicros", _CLICKS_PER_CONVERSION),
        ):
            if amount := cast(JsonObject, campaign.get(part) or {}).get(field):
                return int(amount) // clicks
        bids = [
            int(group["cpmBidMicros"])
            for group in self._groups_of.get(str(campaign["resourceName"]), [])
            if group.get("cpmBidMicros")
        ]
        return max(bids) // _CLICKS_PER_THOUSAND if bids else None

    def _in_hours(self, campaign: str) -> bool:
        schedules = [
            row["adSchedule"] for row in self._criteria.get(campaign, ()) if "adSchedule" in row
        ]
        local = self.now.astimezone(self.zone)
        return not schedules or any(
            one["dayOfWeek"] == _DAYS[local.weekday()]
            and one.get("startHour", 0) <= local.hour < one["endHour"]
            for one in schedules
        )

    def _audience(self, campaign: str) -> int:
        places = sum("location" in row for row in self._criteria.get(campaign, ()))
        people = _AUDIENCE_PER_COUNTRY * min(places or _MOST_COUNTRIES, _MOST_COUNTRIES)
        narrowed: set[str] = set()
        for group in self._groups_of.get(campaign, []):
            narrowed |= self._narrowed.get(str(group["resourceName"]), set())
        if "GENDER" in narrowed:
            people //= 2
        if narrowed & {"USER_INTEREST", "KEYWORD"}:
            people //= 2
        return people


def market_lines(world: World) -> Sequence[Line]:
    """Every campaign that may have something to deliver, as of ``world.now()``."""
    lines: list[Line] = []
    for account in world.every(NETWORK, "account"):
        forest = Forest(world, str(account["id"]))
        lines += [
            forest.line(row) for row in forest.campaigns.values() if row["status"] != "REMOVED"
        ]
    return lines
