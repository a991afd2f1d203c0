"""The lines that the market sees: one per ad group, as of the world's ``now``."""

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from sandbox.apple_search_ads.request import micros
from sandbox.apple_search_ads.status import Forest
from sandbox.apple_search_ads.store import (
    AD_GROUP,
    CAMPAIGN,
    KEYWORD,
    NETWORK,
    JsonObject,
    Store,
    is_on,
    read_stamp,
)
from sandbox.world import Line, World

OVER_DELIVERY = 1.2
"""Apple says a day may exceed the daily budget and names no multiple (unsure)."""
_AUDIENCE_PER_COUNTRY = 1_000_000
_MOST_COUNTRIES = 5


def market_lines(world: World) -> list[Line]:
    """Every ad group that may have something to deliver, as of ``world.now()``."""
    store, now = Store(world), world.now()
    campaigns = {row["id"]: row for row in store.every(CAMPAIGN)}
    zones = {row["id"]: str(row["timezone"]) for row in store.every("account")}
    searched = {row["adGroupId"] for row in store.every(KEYWORD) if is_on(row)}
    forest = Forest(store, now)
    return [
        _line(group, campaigns[group["campaignId"]], forest, zones, group["id"] in searched)
        for group in store.every(AD_GROUP)
        if not group["deleted"]
    ]


def _line(
    group: JsonObject,
    campaign: JsonObject,
    forest: Forest,
    zones: dict[int, str],
    searched: bool,
) -> Line:
    budget = micros(campaign["dailyBudget"]["value"])
    zone = zones[campaign["adAccountId"]]
    begins = [read_stamp(row["startTime"]) for row in (group, campaign) if row.get("startTime")]
    ends = [read_stamp(row["endTime"]) for row in (group, campaign) if row.get("endTime")]
    bid = group["bidStrategy"].get("bid")
    return Line(
        network=NETWORK,
        account_id=str(campaign["adAccountId"]),
        campaign_id=str(campaign["id"]),
        id=str(group["id"]),
        ads=tuple(str(ad) for ad in forest.running_ads(group["id"])),
        active=forest.delivers(group) and _in_daypart(group, forest.now, zone),
        daily_budget_micros=budget,
        campaign_daily_micros=budget,
        bid_micros=micros(bid) if bid else None,
        start=max(begins, default=None),
        end=min(ends, default=None),
        over_delivery=OVER_DELIVERY,
        timezone=zone,
        audience=_audience(group, campaign, searched),
    )


def _in_daypart(group: JsonObject, now: datetime, zone: str) -> bool:
    """Slots count from Sunday midnight in the account's time zone."""
    hours = _included(group, "daypart")
    here = now.astimezone(ZoneInfo(zone))
    slot = (here.weekday() + 1) % 7 * 24 + here.hour
    return not hours or str(slot) in hours


def _audience(group: JsonObject, campaign: JsonObject, searched: bool) -> int:
    countries = len(_included(campaign, "countryOrRegion"))
    people = _AUDIENCE_PER_COUNTRY * min(countries, _MOST_COUNTRIES)
    for dimension in ("gender", "minAge", "maxAge"):
        if _included(group, dimension) not in ([], ["18"]):
            people //= 2
    return people // 2 if searched else people


def _included(row: JsonObject, dimension: str) -> list[str]:
    found = cast(JsonObject, row["targeting"].get(dimension) or {})
    return [str(one) for one in cast(list[object], found.get("include") or [])]
