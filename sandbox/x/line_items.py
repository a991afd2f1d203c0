"""X's line items: create, change, delete, list."""

from sandbox.x import campaigns as x_campaigns
from sandbox.x.campaigns import DAILY, TOTAL, check_budgets, checked_name, filtered
from sandbox.x.delivery import has_ended
from sandbox.x.funding import must_pay
from sandbox.x.request import Answer, Call, Values, XError, invalid, missing, not_found, page, stamp
from sandbox.x.store import JsonObject

BID = "bid_amount_local_micro"
DENOMINATION = 10_000
_PER_CAMPAIGN = 100

_OBJECTIVES = (
    "APP_ENGAGEMENTS",
    "APP_INSTALLS",
    "REACH",
    "FOLLOWERS",
    "ENGAGEMENTS",
    "VIDEO_VIEWS",
    "PREROLL_VIEWS",
    "WEBSITE_CLICKS",
)
_PRODUCTS = ("MEDIA", "PROMOTED_ACCOUNT", "PROMOTED_TWEETS")
_PLACEMENTS = (
    "ALL_ON_TWITTER",
    "PUBLISHER_NETWORK",
    "TWITTER_TIMELINE",
    "TWITTER_SEARCH",
    "TWITTER_PROFILE",
    "TWITTER_REPLIES",
    "TAP_BANNER",
    "TAP_FULL",
    "TAP_FULL_LANDSCAPE",
    "TAP_NATIVE",
    "TAP_MRECT",
)
_GOALS = {
    "REACH": ("MAX_REACH", "REACH_WITH_ENGAGEMENT"),
    "ENGAGEMENTS": ("ENGAGEMENT",),
    "FOLLOWERS": ("FOLLOWERS",),
    "VIDEO_VIEWS": ("VIDEO_VIEW", "VIEW_3S_100PCT", "VIEW_6S", "VIEW_15S"),
    "PREROLL_VIEWS": ("PREROLL", "PREROLL_STARTS"),
    "WEBSITE_CLICKS": ("LINK_CLICKS", "SITE_VISITS", "WEBSITE_CONVERSIONS"),
    "APP_INSTALLS": ("APP_CLICKS", "APP_INSTALLS", "APP_PURCHASES"),
    "APP_ENGAGEMENTS": ("APP_CLICKS", "APP_PURCHASES"),
}
_NO_MAX = ("REACH", "FOLLOWERS")
_TARGETABLE = ("REACH", "FOLLOWERS", "WEBSITE_CLICKS")


def create(call: Call, values: Values) -> JsonObject:
    """A line item; ACTIVE unless told otherwise."""
    campaign = x_campaigns.live(call, values.need("campaign_id"))
    for field in ("objective", "product_type", "placements", "start_time", "end_time"):
        values.need(field)
    placements = values.words("placements")
    for placement in placements:
        if placement not in _PLACEMENTS:
            raise invalid("placements", placement, f"one of {', '.join(_PLACEMENTS)}")
    objective = values.choice("objective", _OBJECTIVES) or ""
    product = values.choice("product_type", _PRODUCTS)
    _check_siblings(call, campaign["id"], objective, product)
    row: JsonObject = {
        "id": call.store.new_id(),
        "account_id": call.account_id,
        "campaign_id": campaign["id"],
        "name": values.text("name"),
        "objective": objective,
        "product_type": product,
        "placements": placements,
        "goal": values.text("goal") or _GOALS[objective][0],
        "pay_by": values.choice("pay_by", ["APP_CLICK", "IMPRESSION", "LINK_CLICK"])
        or ("ENGAGEMENT" if objective == "ENGAGEMENTS" else "IMPRESSION"),
        "bid_strategy": "AUTO",
        BID: None,
        DAILY: None,
        TOTAL: None,
        "currency": campaign["currency"],
        "standard_delivery": True,
        "frequency_cap": None,
        "duration_in_days": None,
        "target_cpa_local_micro": None,
        "audience_expansion": values.choice("audience_expansion", ["BROAD", "DEFINED", "EXPANDED"]),
        "primary_web_event_tag": values.text("primary_web_event_tag"),
        "advertiser_user_id": None,
        "advertiser_domain": None,
        "categories": [],
        "creative_source": "MANUAL",
        "tracking_tags": [],
        "entity_status": values.choice("entity_status", ["ACTIVE", "DRAFT", "PAUSED"]) or "ACTIVE",
        "created_at": stamp(call.now),
        "deleted": False,
    }
    must_pay(call.store, campaign, row["entity_status"])
    _apply(call, values, row)
    call.store.put("line_item", row["id"], row)
    return row


def update(call: Call, values: Values, line_item_id: str) -> JsonObject:
    """Change the given fields."""
    row = live(call, line_item_id)
    if status := values.choice("entity_status", ["ACTIVE", "PAUSED"]):
        must_pay(call.store, call.store.get("campaign", row["campaign_id"]) or {}, status)
        row["entity_status"] = status
    _apply(call, values, row)
    call.store.put("line_item", line_item_id, row)
    return row


def delete(call: Call, line_item_id: str) -> JsonObject:
    """Delete softly and for good."""
    row = live(call, line_item_id)
    row.update(deleted=True, updated_at=stamp(call.now))
    call.store.put("line_item", line_item_id, row)
    return row


def live(call: Call, line_item_id: str) -> JsonObject:
    """A line item of the account that is not deleted.

    Raises:
        XError: there is none.
    """
    row = call.store.get("line_item", line_item_id)
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("LINE_ITEM", line_item_id)
    return row


def listed(call: Call) -> Answer:
    """The account's line items."""
    by = {"line_item_ids": "id", "campaign_ids": "campaign_id"}
    return page(call, filtered(call, call.store.every("line_item"), by))


def _check_siblings(call: Call, campaign_id: str, objective: str, product: str | None) -> None:
    mine = [r for r in call.store.every("line_item") if r["account_id"] == call.account_id]
    siblings = [r for r in mine if r["campaign_id"] == campaign_id and not r["deleted"]]
    if len(siblings) >= _PER_CAMPAIGN:
        raise XError(400, "TOO_MANY_LINE_ITEMS", f"A campaign takes {_PER_CAMPAIGN} line items")
    limit = int((call.store.get("account", call.account_id) or {})["_line_item_limit"])
    alive = sum(not (row["deleted"] or has_ended(row, call.now)) for row in mine)
    if alive >= limit:
        raise XError(400, "TOO_MANY_LINE_ITEMS", f"The account has {limit} active line items")
    for row in siblings:
        if row["objective"] != objective:
            raise invalid("objective", objective, f"{row['objective']}, as in the campaign")
        if row["product_type"] != product:
            raise invalid("product_type", product, f"{row['product_type']}, as in the campaign")


def _apply(call: Call, values: Values, row: JsonObject) -> None:
    """Take over the fields that create and update share, and check what they make together."""
    if "name" in values:
        row["name"] = checked_name(values)
    for field in ("goal", "primary_web_event_tag"):
        if field in values:
            row[field] = values.text(field)
    for field in (DAILY, TOTAL):
        if field in values:
            row[field] = values.micros(field)
    check_budgets(row)
    for field in ("start_time", "end_time"):
        if moment := values.moment(field):
            row[field] = stamp(moment)
    if row["end_time"] <= row["start_time"]:
        raise invalid("end_time", row["end_time"], f"a time after {row['start_time']}")
    if "standard_delivery" in values:
        row["standard_delivery"] = values.flag("standard_delivery")
    if row["goal"] not in _GOALS[row["objective"]]:
        raise invalid("goal", row["goal"], f"a goal of {row['objective']}")
    if row["goal"] == "WEBSITE_CONVERSIONS":
        _check_web_event(call, row)
    _apply_bid(values, row)
    row["updated_at"] = stamp(call.now)


def _check_web_event(call: Call, row: JsonObject) -> None:
    tag = row["primary_web_event_tag"]
    if not tag:
        raise missing("primary_web_event_tag")
    found = call.store.get("web_event_tag", tag)
    if found is None or found["account_id"] != call.account_id:
        raise invalid("primary_web_event_tag", tag, "a web event tag of the account")


def _apply_bid(values: Values, row: JsonObject) -> None:
    strategy = values.choice("bid_strategy", ["AUTO", "MAX", "TARGET"]) or row["bid_strategy"]
    if BID in values:
        row[BID] = values.micros(BID, denomination=DENOMINATION)
    objective = row["objective"]
    if strategy == "MAX" and objective in _NO_MAX:
        raise invalid("bid_strategy", strategy, f"a strategy that goes with {objective}")
    if strategy == "TARGET" and objective not in _TARGETABLE:
        raise invalid("bid_strategy", strategy, f"a strategy that goes with {objective}")
    if strategy == "TARGET" and row["goal"] == "LINK_CLICKS" and row["pay_by"] == "IMPRESSION":
        raise invalid("pay_by", row["pay_by"], "LINK_CLICK with bid strategy TARGET")
    if strategy == "AUTO":
        row[BID] = None
    elif row[BID] is None:
        raise missing(BID)
    row["bid_strategy"] = strategy
