"""Whether things deliver: the computed ``effective_status``, ad review, the market's lines."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.meta.billing import pays
from sandbox.meta.graph import Node
from sandbox.meta.shelf import DELIVERING, NETWORK, MetaShelf
from sandbox.world import Line

REVIEW = timedelta(minutes=20)
"""Campaign time an ad spends in review."""

_OVER_DELIVERY = 1.75
_CENT_MICROS = 10_000  # the sandbox account spends US dollars
_AUDIENCE_PER_COUNTRY = 2_000_000
_FEEDBACK = {
    "global": {
        "Unacceptable Business Practices": "This ad does not comply with our policy on "
        "unacceptable business practices."
    }
}
Find = Callable[[str, str], Node | None]


def effective_status(kind: str, node: Node, find: Find, now: datetime) -> str:
    """What Meta computes from the object, its parents and its review.

    Args:
        kind: ``campaign``, ``adset`` or ``ad``; anything else shows its own status.
        node: The object as stored.
        find: Looks up a parent by kind and id.
        now: Campaign time.
    """
    own = str(node.get("status", "ACTIVE"))
    if kind not in DELIVERING or own in ("DELETED", "ARCHIVED"):
        return own
    ad_set = find("adset", node["adset_id"]) if kind == "ad" else None
    campaign = find("campaign", node["campaign_id"]) if kind != "campaign" else None
    parents = [(parent, name) for parent, name in ((campaign, "CAMPAIGN"), (ad_set, "ADSET"))]
    for parent, _ in parents:
        if parent is not None and parent["status"] in ("DELETED", "ARCHIVED"):
            return str(parent["status"])
    if kind == "ad":
        if now < datetime.fromisoformat(node["_review_until"]):
            return "PENDING_REVIEW"
        if node.get("_disapproved"):
            return "DISAPPROVED"
    if own != "ACTIVE":
        return own
    for parent, name in parents:
        if parent is not None and parent["status"] != "ACTIVE":
            return f"{name}_PAUSED"
    return own


def shown(kind: str, node: Node, find: Find, now: datetime) -> Node:
    """The node as Graph shows it: with what is computed, without what is ours."""
    public: Node = {name: value for name, value in node.items() if not name.startswith("_")}
    # Budgets, bids and caps are integers in numeric strings on the way out.
    for money in ("daily_budget", "lifetime_budget", "spend_cap"):
        if public.get(money) is not None:
            public[money] = str(public[money])
    if kind in DELIVERING:
        effective = effective_status(kind, node, find, now)
        public |= {"effective_status": effective, "configured_status": node["status"]}
        if effective == "DISAPPROVED":
            public["ad_review_feedback"] = _FEEDBACK
            public["issues_info"] = [
                {
                    "error_code": 1815869,
                    "error_message": "The ad was rejected because it does not comply with our "
                    "advertising policies.",
                    "error_summary": "Ad was disapproved",
                    "error_type": "HARD_ERROR",
                    "level": "AD",
                }
            ]
    return public


def lines(shelf: MetaShelf) -> list[Line]:
    """Every ad set as a line of the market, as of ``world.now()``."""
    now = shelf.world.now()
    tables = {kind: _by_id(shelf.every(kind)) for kind in DELIVERING}
    accounts = shelf.every("account")
    zones = {each["account_id"]: each["timezone_name"] for each in accounts}
    paying = {each["account_id"] for each in accounts if pays(each)}

    def find(kind: str, object_id: str) -> Node | None:
        return tables[kind].get(object_id)

    running: dict[str, list[str]] = {}
    for ad in tables["ad"].values():
        if ad["account_id"] in paying and effective_status("ad", ad, find, now) == "ACTIVE":
            running.setdefault(ad["adset_id"], []).append(ad["id"])
    return [
        _line(ad_set, find, now, tuple(running.get(ad_set["id"], ())), zones)
        for ad_set in tables["adset"].values()
        if ad_set["status"] != "DELETED"
    ]


def _line(
    ad_set: Node, find: Find, now: datetime, ads: tuple[str, ...], zones: dict[str, str]
) -> Line:
    campaign = find("campaign", ad_set["campaign_id"]) or {}
    start, end = _instant(ad_set.get("start_time")), _instant(ad_set.get("end_time"))
    inside = (start is None or start <= now) and (end is None or now < end)
    on = effective_status("adset", ad_set, find, now) == "ACTIVE"
    lifetime = ad_set.get("lifetime_budget")
    daily = ad_set.get("daily_budget") or campaign.get("daily_budget")
    whole, cap = campaign.get("daily_budget"), campaign.get("spend_cap")
    bid = ad_set.get("bid_amount")
    return Line(
        network=NETWORK,
        account_id=ad_set["account_id"],
        campaign_id=ad_set["campaign_id"],
        id=ad_set["id"],
        ads=ads,
        active=bool(on and inside and ads),
        daily_budget_micros=_CENT_MICROS * int(daily or lifetime or 0),
        campaign_daily_micros=None if whole is None else _CENT_MICROS * int(whole),
        campaign_total_micros=None if cap is None else _CENT_MICROS * int(cap),
        total_budget_micros=None if lifetime is None else _CENT_MICROS * int(lifetime),
        bid_micros=None if bid is None else _CENT_MICROS * int(bid),
        start=start,
        end=end,
        over_delivery=_OVER_DELIVERY,
        timezone=ZoneInfo(zones[ad_set["account_id"]]).key,
        audience=_audience(ad_set["targeting"]),
    )


def _audience(targeting: dict[str, Any]) -> int:
    """People a targeting reaches: two million a country, less for every restriction."""
    geography = targeting["geo_locations"]
    people = _AUDIENCE_PER_COUNTRY * max(1, len(geography.get("countries", ())))
    years = int(targeting.get("age_max", 65)) - int(targeting.get("age_min", 18)) + 1
    people = people * years // 48
    if len(targeting.get("genders", ())) == 1:
        people //= 2
    if targeting.get("flexible_spec"):
        people = people * 3 // 10
    return max(1_000, people)


def _by_id(nodes: Iterable[Node]) -> dict[str, Node]:
    return {node["id"]: node for node in nodes}


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
