"""Review, ``delivery_status`` and the lines that the market sees, all as of the world's ``now``."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from sandbox.snapchat.funding import pays
from sandbox.snapchat.store import NETWORK, JsonObject, Store, instant, is_on
from sandbox.world import Line, World

REVIEW = timedelta(minutes=15)
"""Campaign time an ad spends in review."""

OVER_DELIVERY = 1.2
_REASONS = ["The ad does not comply with the advertising policies"]
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5


def review(ad: JsonObject, now: datetime) -> str:
    """How far the review of an ad is."""
    if now < instant(ad["_made_at"]) + REVIEW:
        return "PENDING"
    return "REJECTED" if ad["_disapproved"] else "APPROVED"


class Forest:
    """The trees as one moment shows them."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self._now = now
        self._campaigns = {str(row["id"]): row for row in store.every("campaign")}
        self._squads = {str(row["id"]): row for row in store.every("adsquad")}
        self._ads: defaultdict[str, list[JsonObject]] = defaultdict(list)
        for ad in store.every("ad"):
            self._ads[ad["ad_squad_id"]].append(ad)
        self._paying = {str(row["id"]): pays(store, row) for row in store.every("account")}

    def shown(self, kind: str, row: JsonObject) -> JsonObject:
        """The row with what Snapchat computes."""
        compute: dict[str, Callable[[JsonObject], JsonObject]] = {
            "campaign": lambda one: {"delivery_status": self._of_campaign(one)},
            "adsquad": lambda one: {"delivery_status": self._of_squad(one)},
            "ad": self._of_ad,
        }
        return {**row, **compute[kind](row)} if kind in compute else row

    def showing(self, squad_id: str) -> list[str]:
        """Ids of a squad's ads that may be shown."""
        return [
            str(ad["id"])
            for ad in self._ads.get(squad_id, [])
            if is_on(ad) and review(ad, self._now) == "APPROVED"
        ]

    def _of_campaign(self, row: JsonObject) -> list[str]:
        own = self._own(row)
        if own:
            return own
        squads = [s for s in self._squads.values() if s["campaign_id"] == row["id"] and is_on(s)]
        if not squads:
            return ["INVALID_CAMPAIGN_HAS_NO_ACTIVE_AD_SQUAD"]
        if not any(self._of_squad(squad) == ["VALID"] for squad in squads):
            return ["NO_VALID_AD_SQUAD"]
        return self._paid(row)

    def _of_squad(self, row: JsonObject) -> list[str]:
        own = self._own(row)
        if own:
            return own
        above = self._above(self._campaigns.get(row["campaign_id"]))
        if above:
            return above
        if not self.showing(str(row["id"])):
            return ["INVALID_AD_SQUAD_HAS_NO_ACTIVE_ADS"]
        campaign = self._campaigns.get(row["campaign_id"])
        return self._paid(campaign or {})

    def _of_ad(self, row: JsonObject) -> JsonObject:
        verdict = review(row, self._now)
        found: JsonObject = {
            "review_status": verdict,
            "review_status_reasons": _REASONS if verdict == "REJECTED" else [],
        }
        squad = self._squads.get(row["ad_squad_id"])
        campaign = self._campaigns.get(squad["campaign_id"]) if squad else None
        words = self._own(row) or self._above(squad) or self._above(campaign)
        if not words and verdict != "APPROVED":
            words = ["PENDING"] if verdict == "PENDING" else ["INVALID_EFFECTIVE_INVALID"]
        return {**found, "delivery_status": words or self._paid(campaign or {})}

    def _own(self, row: JsonObject) -> list[str]:
        if row["deleted"]:
            return ["INVALID_EFFECTIVE_DELETED"]
        if not is_on(row):
            return ["INVALID_NOT_ACTIVE"]
        if row.get("end_time") and instant(row["end_time"]) <= self._now:
            return ["INVALID_END_TIME"]
        if row.get("start_time") and instant(row["start_time"]) > self._now:
            return ["INVALID_START_TIME"]
        return []

    def _above(self, parent: JsonObject | None) -> list[str]:
        if parent is None or parent["deleted"]:
            return ["INVALID_EFFECTIVE_DELETED"]
        if not is_on(parent):
            return ["INVALID_NOT_EFFECTIVE_ACTIVE"]
        if parent.get("end_time") and instant(parent["end_time"]) <= self._now:
            return ["INVALID_EFFECTIVE_END_TIME"]
        return []

    def _paid(self, campaign: JsonObject) -> list[str]:
        if self._paying.get(str(campaign.get("ad_account_id"))):
            return ["VALID"]
        return ["INVALID_REMAINING_AD_ACCOUNT_BUDGET"]


def market_lines(world: World) -> list[Line]:
    """Every ad squad that may have something to deliver, as of ``world.now()``."""
    store, now = Store(world), world.now()
    forest = Forest(store, now)
    campaigns = {str(row["id"]): row for row in store.every("campaign")}
    accounts = {str(row["id"]): row for row in store.every("account")}
    paying = {one: pays(store, row) for one, row in accounts.items()}
    lines: list[Line] = []
    for squad in store.every("adsquad"):
        campaign = campaigns[squad["campaign_id"]]
        if squad["deleted"]:
            continue
        account = accounts[campaign["ad_account_id"]]
        ads = forest.showing(str(squad["id"])) if paying[str(account["id"])] else []
        lines.append(_line(squad, campaign, account, ads, now))
    return lines


def _line(
    squad: JsonObject, campaign: JsonObject, account: JsonObject, ads: list[str], now: datetime
) -> Line:
    ends = [instant(one["end_time"]) for one in (squad, campaign) if one.get("end_time")]
    begins = max(instant(squad["start_time"]), instant(campaign["start_time"]))
    end = min(ends, default=None)
    running = begins <= now and (end is None or now < end)
    lifetime = squad.get("lifetime_budget_micro")
    return Line(
        network=NETWORK,
        account_id=str(account["id"]),
        campaign_id=str(campaign["id"]),
        id=str(squad["id"]),
        ads=tuple(ads),
        active=is_on(squad) and is_on(campaign) and bool(ads) and running,
        daily_budget_micros=squad.get("daily_budget_micro") or lifetime or 0,
        campaign_daily_micros=campaign.get("daily_budget_micro"),
        campaign_total_micros=campaign.get("lifetime_spend_cap_micro"),
        total_budget_micros=lifetime,
        bid_micros=squad.get("bid_micro") if squad["bid_strategy"] != "AUTO_BID" else None,
        start=begins,
        end=end,
        over_delivery=OVER_DELIVERY,
        timezone=str(account["timezone"]),
        audience=_audience(squad),
    )


def _audience(squad: JsonObject) -> int:
    """People an ad squad can reach: a round number a country, narrowed by the rest."""
    targeting = cast(JsonObject, squad["targeting"])
    countries = len(cast(list[object], targeting["geos"])) or 1
    people = _AUDIENCE_PER_COUNTRY * min(countries, _MOST_COUNTRIES)
    demographics = cast(list[JsonObject], targeting.get("demographics") or [])
    if any(one.get("gender") for one in demographics):
        people //= 2
    if targeting.get("interests"):
        people //= 2
    return people
