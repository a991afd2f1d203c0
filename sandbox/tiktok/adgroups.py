"""TikTok's ad groups: create, change, list."""

from datetime import timedelta

from sandbox.tiktok.campaigns import NAME_LIMIT, STATUSES, check_minimum, chosen, live, once
from sandbox.tiktok.catalogue import AGES, COUNTRIES, INTERESTS
from sandbox.tiktok.delivery import DAY, DYNAMIC, TOTAL, Forest
from sandbox.tiktok.request import (
    INVALID,
    Call,
    TikTokError,
    Values,
    invalid,
    missing,
    public,
    read_stamp,
    stamp,
)
from sandbox.tiktok.store import JsonObject

_MINIMUM = 20.0
_NEEDED = (
    "campaign_id", "adgroup_name", "budget_mode", "budget", "schedule_type",
    "schedule_start_time", "optimization_goal", "billing_event", "pacing",
)  # fmt: skip
_BILLING = {
    "CLICK": "CPC",
    "REACH": "CPM",
    "SHOW": "CPM",
    "ENGAGED_VIEW": "CPV",
    "ENGAGED_VIEW_FIFTEEN": "CPV",
    "CONVERT": "OCPM",
    "INSTALL": "OCPM",
    "IN_APP_EVENT": "OCPM",
    "VALUE": "OCPM",
    "LEAD_GENERATION": "OCPM",
    "TRAFFIC_LANDING_PAGE_VIEW": "OCPM",
}
_GOALS = {
    "REACH": ("REACH", "SHOW"),
    "TRAFFIC": ("CLICK", "TRAFFIC_LANDING_PAGE_VIEW"),
    "VIDEO_VIEWS": ("ENGAGED_VIEW", "ENGAGED_VIEW_FIFTEEN"),
    "APP_PROMOTION": ("CLICK", "INSTALL", "IN_APP_EVENT", "VALUE"),
    "WEB_CONVERSIONS": ("CONVERT", "CLICK", "VALUE"),
    "LEAD_GENERATION": ("LEAD_GENERATION", "CONVERT", "CLICK"),
}
_ALLOW_LISTED = ("REACH", "VIDEO_VIEWS", "ENGAGEMENT")
"""Objectives whose dynamic daily budgets are for chosen accounts only."""
_WITHOUT_PROMOTION = ("REACH", "VIDEO_VIEWS", "ENGAGEMENT")
_GENDERS = ("GENDER_UNLIMITED", "GENDER_MALE", "GENDER_FEMALE")
_PLACEMENTS = ("PLACEMENT_TIKTOK", "PLACEMENT_PANGLE", "PLACEMENT_GLOBAL_APP_BUNDLE")
_EARLIEST = timedelta(hours=12)
_HALF_HOURS = 7 * 48


def create(call: Call) -> JsonObject:
    """An ad group; ENABLE unless told otherwise."""
    values = call.values
    values.need(*_NEEDED)
    campaign = live(call, "campaign", values.text("campaign_id"))
    objective = campaign["objective_type"]
    name = values.named("adgroup_name", NAME_LIMIT)
    once(call, "adgroup", name)
    adgroup_id = call.store.new_id()
    row: JsonObject = {
        "id": adgroup_id,
        "adgroup_id": adgroup_id,
        "advertiser_id": call.advertiser_id,
        "campaign_id": campaign["id"],
        "campaign_name": campaign["campaign_name"],
        "adgroup_name": name,
        "promotion_type": values.text("promotion_type") or None,
        "placement_type": values.text("placement_type", "PLACEMENT_TYPE_NORMAL"),
        "placements": values.choices("placements", _PLACEMENTS),
        # On by itself, unless told otherwise.
        "search_result_enabled": values.flag(
            "search_result_enabled", objective not in _WITHOUT_PROMOTION
        ),
        "smart_audience_enabled": False,
        "smart_interest_behavior_enabled": False,
        "location_ids": [],
        "age_groups": [],
        "gender": "GENDER_UNLIMITED",
        "interest_category_ids": [],
        "audience_ids": values.words("audience_ids"),
        "budget_mode": values.choice("budget_mode", (DYNAMIC, DAY, TOTAL)),
        "budget": 0.0,
        "schedule_type": "",
        "schedule_start_time": "",
        "schedule_end_time": "",
        "dayparting": "",
        "optimization_goal": values.choice("optimization_goal", _goals(objective)),
        "billing_event": values.text("billing_event"),
        "bid_type": "BID_TYPE_NO_BID",
        "bid_price": 0.0,
        "conversion_bid_price": 0.0,
        "pacing": values.choice("pacing", ("PACING_MODE_SMOOTH", "PACING_MODE_FAST")),
        "pixel_id": values.text("pixel_id") or None,
        "optimization_event": values.text("optimization_event") or None,
        "app_id": values.text("app_id") or None,
        "frequency": values.raw.get("frequency"),
        "frequency_schedule": values.raw.get("frequency_schedule"),
        "operation_status": values.choice("operation_status", STATUSES, "ENABLE"),
        "create_time": stamp(call.now),
        "modify_time": stamp(call.now),
    }
    if objective not in _WITHOUT_PROMOTION:
        values.need("promotion_type")
    if row["placement_type"] == "PLACEMENT_TYPE_NORMAL":
        values.need("placements")
    if row["budget_mode"] == DYNAMIC and objective in _ALLOW_LISTED:
        raise invalid("budget_mode", DYNAMIC, "the account is not on the allowlist for it")
    if _BILLING[row["optimization_goal"]] != row["billing_event"]:
        wanted = _BILLING[row["optimization_goal"]]
        raise invalid("billing_event", row["billing_event"], f"the goal is billed by {wanted}")
    _check_promoted(call, row)
    _apply(call, values, row, campaign)
    if not row["location_ids"]:
        raise missing("location_ids")
    call.store.put("adgroup", row)
    return public(row)


def update(call: Call) -> JsonObject:
    """Change the given fields; the others stay."""
    values = call.values
    values.need("adgroup_id")
    row = live(call, "adgroup", values.text("adgroup_id"))
    campaign = call.store.get("campaign", row["campaign_id"]) or {}
    if "adgroup_name" in values.raw:
        row["adgroup_name"] = values.named("adgroup_name", NAME_LIMIT)
    _apply(call, values, row, campaign)
    row["modify_time"] = stamp(call.now)
    call.store.put("adgroup", row)
    return public(row)


def listed(call: Call) -> JsonObject:
    """The account's ad groups."""
    return chosen(call, "adgroup", Forest(call.store, call.now).group, ("campaign",))


def _goals(objective: str) -> tuple[str, ...]:
    return _GOALS.get(objective, tuple(_BILLING))


def _check_promoted(call: Call, row: JsonObject) -> None:
    """The pixel of conversions and the app of installs are the account's own."""
    needs = {"CONVERT": ("pixel_id", "optimization_event"), "INSTALL": ("app_id",)}
    for field in needs.get(row["optimization_goal"], ()):
        if not row[field]:
            raise missing(field)
    for kind in ("pixel", "app"):
        found = row[f"{kind}_id"]
        if found and call.store.get(kind, found) is None:
            raise invalid(f"{kind}_id", found, f"the {kind} does not exist")


def _apply(call: Call, values: Values, row: JsonObject, campaign: JsonObject) -> None:
    """Take over the fields that create and update share, and check what they make together."""
    if (budget := values.amount("budget")) is not None:
        check_minimum(call, budget, _MINIMUM)
        row["budget"] = budget
    _apply_targeting(values, row, campaign)
    _apply_schedule(call, values, row)
    bid_type = values.choice("bid_type", ("BID_TYPE_NO_BID", "BID_TYPE_CUSTOM"), row["bid_type"])
    for field in ("bid_price", "conversion_bid_price"):
        if (amount := values.amount(field)) is not None:
            row[field] = amount
    price = "conversion_bid_price" if row["billing_event"] == "OCPM" else "bid_price"
    if bid_type == "BID_TYPE_CUSTOM":
        if not row[price]:
            raise missing(price)
        if row[price] >= row["budget"]:
            raise invalid(price, row[price], "it must be less than the budget")
    elif row["pacing"] == "PACING_MODE_FAST":
        raise invalid("pacing", row["pacing"], "only PACING_MODE_SMOOTH goes without a bid")
    row["bid_type"] = bid_type


def _apply_targeting(values: Values, row: JsonObject, campaign: JsonObject) -> None:
    places = {place.location_id for place in COUNTRIES}
    for field, known in (
        ("location_ids", places),
        ("age_groups", set(AGES)),
        ("interest_category_ids", set(INTERESTS)),
    ):
        if field in values.raw:
            found = values.words(field)
            for one in found:
                if one not in known:
                    raise invalid(field, one, "it does not exist")
            row[field] = found
    row["gender"] = values.choice("gender", _GENDERS, row["gender"])
    if campaign["special_industries"]:
        narrowed = [name for name in ("age_groups", "zipcode_ids") if values.raw.get(name)]
        if row["gender"] != "GENDER_UNLIMITED":
            narrowed.append("gender")
        if values.raw.get("saved_audience_id"):
            narrowed.append("saved_audience_id")
        if narrowed:
            named = ", ".join(narrowed)
            raise TikTokError(INVALID, f"{named} cannot be used with special ad categories.")


def _apply_schedule(call: Call, values: Values, row: JsonObject) -> None:
    kind = values.choice(
        "schedule_type", ("SCHEDULE_FROM_NOW", "SCHEDULE_START_END"), row["schedule_type"]
    )
    start, end = values.moment("schedule_start_time"), values.moment("schedule_end_time")
    if start is not None:
        if start < call.now - _EARLIEST:
            raise invalid("schedule_start_time", stamp(start), "it is too long ago")
        row["schedule_start_time"] = stamp(start)
    if end is not None:
        row["schedule_end_time"] = stamp(end)
    row["schedule_type"] = kind
    if kind == "SCHEDULE_START_END":
        if not row["schedule_end_time"]:
            raise missing("schedule_end_time")
        if read_stamp(row["schedule_end_time"]) <= read_stamp(row["schedule_start_time"]):
            raise invalid("schedule_end_time", row["schedule_end_time"], "it is before the start")
    if row["budget_mode"] == TOTAL and kind != "SCHEDULE_START_END":
        raise invalid("schedule_type", kind, "a lifetime budget needs an end")
    if "dayparting" in values.raw:
        hours = values.text("dayparting")
        if hours and (len(hours) != _HALF_HOURS or set(hours) - {"0", "1"}):
            raise invalid("dayparting", hours, f"it must be {_HALF_HOURS} characters, 0 or 1")
        row["dayparting"] = hours
