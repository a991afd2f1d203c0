"""Review, secondary statuses and the lines that the market sees, all as of the world's ``now``."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.tiktok.billing import pays, penalty
from sandbox.tiktok.request import read_stamp
from sandbox.tiktok.store import NETWORK, JsonObject, Store
from sandbox.world import Line, World

REVIEW = timedelta(minutes=10)
OVER_DELIVERY = 1.25
DYNAMIC, DAY, TOTAL = (
    "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
    "BUDGET_MODE_DAY",
    "BUDGET_MODE_TOTAL",
)
_MICROS = 1_000_000
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5
_CLICKS_PER_RESULT = 25
"""Clicks that one conversion takes, to turn a price per conversion into one per click."""


def review(ad: JsonObject, now: datetime) -> str:
    """An ad's review (AUDIT, AUDIT_DENY or nothing): it takes ten campaign minutes."""
    if ad.get("_disapproved"):
        return "AUDIT_DENY"
    return "AUDIT" if now < read_stamp(ad["create_time"]) + REVIEW else ""


class Forest:
    """The account trees as one moment shows them."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.now = now
        self.accounts = {row["id"]: row for row in store.every("account")}
        self.campaigns = {row["id"]: row for row in store.every("campaign")}
        self.groups = {row["id"]: row for row in store.every("adgroup")}
        self.every_ad = {row["id"]: row for row in store.every("ad")}
        self._ads: dict[str, list[JsonObject]] = {}
        for ad in self.every_ad.values():
            if ad["operation_status"] != "DELETE":
                self._ads.setdefault(ad["adgroup_id"], []).append(ad)

    def campaign(self, row: JsonObject) -> str:
        """A campaign's secondary status; it says nothing of what is below."""
        if row["operation_status"] == "DELETE":
            return "CAMPAIGN_STATUS_DELETE"
        if held := penalty(self.accounts[row["advertiser_id"]]):
            return held
        return f"CAMPAIGN_STATUS_{row['operation_status']}"

    def group(self, row: JsonObject) -> str:
        """An ad group's secondary status."""
        above = self.campaigns[row["campaign_id"]]["operation_status"]
        if row["operation_status"] == "DELETE":
            return "ADGROUP_STATUS_DELETE"
        if above == "DELETE":
            return "ADGROUP_STATUS_CAMPAIGN_DELETE"
        if held := penalty(self.accounts[row["advertiser_id"]]):
            return held
        if row["operation_status"] == "DISABLE":
            return "ADGROUP_STATUS_DISABLE"
        if above == "DISABLE":
            return "ADGROUP_STATUS_CAMPAIGN_DISABLE"
        return f"ADGROUP_STATUS_{self._standing(row)}"

    def _standing(self, row: JsonObject) -> str:
        if has_ended(row, self.now):
            return "TIME_DONE"
        if not pays(self.accounts[row["advertiser_id"]]):
            return "BALANCE_EXCEED"
        verdicts = [review(ad, self.now) for ad in self._ads.get(row["id"], [])]
        if not verdicts:
            return "CREATE"
        if "" not in verdicts:
            return "AUDIT" if "AUDIT" in verdicts else "AUDIT_DENY"
        return "DELIVERY_OK" if self.is_time(row) else "NOT_START"

    def ad(self, row: JsonObject) -> str:
        """An ad's secondary status."""
        group = self.groups[row["adgroup_id"]]
        campaign = self.campaigns[row["campaign_id"]]
        for level, word in ((campaign, "CAMPAIGN"), (group, "ADGROUP")):
            if row["operation_status"] != "DELETE" and level["operation_status"] == "DELETE":
                return f"AD_STATUS_{word}_DELETE"
        if row["operation_status"] in ("DELETE", "DISABLE"):
            return f"AD_STATUS_{row['operation_status']}"
        if held := penalty(self.accounts[row["advertiser_id"]]):
            return held
        if verdict := review(row, self.now):
            return f"AD_STATUS_{verdict}"
        for level, word in ((campaign, "CAMPAIGN"), (group, "ADGROUP")):
            if level["operation_status"] == "DISABLE":
                return f"AD_STATUS_{word}_DISABLE"
        if has_ended(group, self.now):
            return "AD_STATUS_DONE"
        if not pays(self.accounts[row["advertiser_id"]]):
            return "AD_STATUS_BALANCE_EXCEED"
        return "AD_STATUS_DELIVERY_OK" if self.is_time(group) else "AD_STATUS_NOT_START"

    def shown(self, group_id: str) -> tuple[str, ...]:
        """Ids of an ad group's ads that may be shown."""
        return tuple(
            ad["id"]
            for ad in self._ads.get(group_id, [])
            if ad["operation_status"] == "ENABLE" and not review(ad, self.now)
        )

    def is_time(self, group: JsonObject) -> bool:
        """Whether ``now`` lies in the ad group's schedule and its hours of the week."""
        if self.now < read_stamp(group["schedule_start_time"]) or has_ended(group, self.now):
            return False
        hours = group.get("dayparting") or ""
        if "1" not in hours:
            return True  # all zeros mean always, as nothing at all does
        zone = ZoneInfo(str(self.accounts[group["advertiser_id"]]["display_timezone"]))
        local = self.now.astimezone(zone)
        return hours[local.weekday() * 48 + local.hour * 2 + local.minute // 30] == "1"


def has_ended(group: JsonObject, now: datetime) -> bool:
    end = group["schedule_end_time"]
    return group["schedule_type"] == "SCHEDULE_START_END" and read_stamp(end) <= now


def market_lines(world: World) -> list[Line]:
    """Every ad group that may have something to deliver, as of ``world.now()``."""
    forest = Forest(Store(world), world.now())
    return [
        _line(row, forest)
        for row in forest.groups.values()
        if row["operation_status"] != "DELETE"
        and forest.campaigns[row["campaign_id"]]["operation_status"] != "DELETE"
    ]


def _line(row: JsonObject, forest: Forest) -> Line:
    campaign, account = forest.campaigns[row["campaign_id"]], forest.accounts[row["advertiser_id"]]
    ads = forest.shown(row["id"]) if pays(account) else ()
    on = row["operation_status"] == campaign["operation_status"] == "ENABLE"
    ends = row["schedule_type"] == "SCHEDULE_START_END"
    capped = campaign["budget_mode"] == TOTAL
    budget = _micros(row["budget"])
    return Line(
        network=NETWORK,
        account_id=row["advertiser_id"],
        campaign_id=row["campaign_id"],
        id=row["id"],
        ads=ads,
        active=on and bool(ads) and forest.is_time(row),
        daily_budget_micros=budget,
        campaign_total_micros=_micros(campaign["budget"]) if capped else None,
        total_budget_micros=budget if row["budget_mode"] == TOTAL else None,
        bid_micros=_bid(row),
        start=read_stamp(row["schedule_start_time"]),
        end=read_stamp(row["schedule_end_time"]) if ends else None,
        over_delivery=OVER_DELIVERY if row["budget_mode"] == DYNAMIC else 1.0,
        timezone=account["display_timezone"],
        audience=_audience(row),
    )


def _bid(row: JsonObject) -> int | None:
    """The most paid per click, where the price of a result is capped."""
    if row["bid_type"] != "BID_TYPE_CUSTOM" or row["billing_event"] == "CPV":
        return None
    if row["billing_event"] == "OCPM":
        return _micros(row["conversion_bid_price"]) // _CLICKS_PER_RESULT
    return _micros(row["bid_price"])


def _audience(row: JsonObject) -> int:
    """People an ad group can reach: a round number a country, narrowed by the rest."""
    people = _AUDIENCE_PER_COUNTRY * min(len(row["location_ids"]), _MOST_COUNTRIES)
    if row["gender"] != "GENDER_UNLIMITED":
        people //= 2
    return people // 2 if row["interest_category_ids"] else people


def _micros(amount: float) -> int:
    return round(amount * _MICROS)
