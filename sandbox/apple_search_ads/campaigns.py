"""Apple's campaigns: create, change, delete."""

from typing import cast

from sandbox.apple_search_ads.request import (
    AppleError,
    Call,
    choice,
    given,
    invalid,
    missing,
    moment,
    money_of,
    name_of,
    need,
    not_found,
    number_of,
)
from sandbox.apple_search_ads.store import (
    AD,
    AD_GROUP,
    CAMPAIGN,
    KEYWORD,
    JsonObject,
    new_row,
    read_stamp,
    stamp,
)

PAIRS = {
    "MANUAL_CPT": "TAP",
    "MAX_CONVERSIONS": "INSTALL",
    "MANUAL_CPM": "IMPRESSION",
    "MAX_ENGAGEMENTS": "TAP",
}
_FOR_APPS = ("MANUAL_CPT", "MAX_CONVERSIONS")
_PLACEMENTS = (
    "APPSTORE_SEARCH_RESULTS",
    "APPSTORE_SEARCH_TAB",
    "APPSTORE_TODAY_TAB",
    "APPSTORE_PRODUCT_PAGES",
)
STATUSES = ("ENABLED", "PAUSED")
_REQUIRED = (
    "adAccountId",
    "billingEvent",
    "bidStrategy",
    "dailyBudget",
    "name",
    "promotedObjectId",
    "promotedObjectType",
    "startTime",
    "endTime",
    "targeting",
)


def create(call: Call) -> JsonObject:
    """A campaign; ENABLED unless told otherwise."""
    body = given(call.body)
    need(body, *_REQUIRED)
    if number_of("adAccountId", body["adAccountId"]) != call.account["id"]:
        raise AppleError(403, "FORBIDDEN", "adAccountId is not that of X-AP-Context.")
    if "APPSTORE_APP_MANUAL" not in call.account["productFeatures"]:
        raise AppleError(403, "FORBIDDEN", "The ad account may not create App Store campaigns.")
    choice("promotedObjectType", body["promotedObjectType"], ["APPSTORE_APP"])
    app = call.store.get("app", body["promotedObjectId"])
    if not isinstance(body["promotedObjectId"], str) or app is None:
        why = f"App '{body['promotedObjectId']}' is not found."
        raise invalid("promotedObjectId", why, "APP_NOT_FOUND")
    if call.account["paymentModel"] == "LOC" and "invoiceDetail" not in body:
        raise missing("invoiceDetail")
    row: JsonObject = {
        **new_row(call.store, call.now),
        "billingEvent": choice("billingEvent", body["billingEvent"], ["TAPS", "INSTALLS"]),
        "paymentModel": call.account["paymentModel"],
        "promotedObjectType": "APPSTORE_APP",
        "promotedObjectId": str(body["promotedObjectId"]),
        "status": "ENABLED",
        "sharedBudgets": [],
        "targeting": {},
        "invoiceDetail": body.get("invoiceDetail"),
        "regulationResponses": [],
    }
    _apply(call, body, row, app)
    call.store.put(CAMPAIGN, row)
    return row


def update(call: Call) -> JsonObject:
    """Change the given fields; what a campaign promotes stays."""
    row = live(call, call.object_id)
    app = call.store.get("app", row["promotedObjectId"]) or {}
    _apply(call, given(call.body), row, app)
    call.store.put(CAMPAIGN, row)
    return row


def delete(call: Call) -> JsonObject:
    """Delete softly, with all that is below."""
    row = live(call, call.object_id)
    for kind in (AD, KEYWORD, AD_GROUP):
        for child in call.store.every(kind):
            if child["campaignId"] == row["id"] and not child["deleted"]:
                call.store.put(kind, {**child, "deleted": True})
    row |= {"deleted": True, "modificationTime": stamp(call.now)}
    call.store.put(CAMPAIGN, row)
    return row


def live(call: Call, campaign_id: object) -> JsonObject:
    """A campaign that is not deleted.

    Raises:
        AppleError: there is none.
    """
    row = call.store.get(CAMPAIGN, campaign_id)
    if row is None or row["deleted"]:
        raise not_found(CAMPAIGN, campaign_id)
    return row


def strategy_of(value: object, currency: str) -> JsonObject:
    """``bidStrategy``: type and goal must match; a bid is in the account's currency."""
    body = given(cast(JsonObject, value)) if isinstance(value, dict) else {}
    need(body, "bidStrategyType", "bidStrategyGoal")
    kind = choice("bidStrategyType", body["bidStrategyType"], list(PAIRS))
    if kind not in _FOR_APPS:
        raise invalid("bidStrategyType", f"{kind} is not supported for App Store campaigns.")
    if body["bidStrategyGoal"] != PAIRS[kind]:
        told = f"Goal {body['bidStrategyGoal']} does not match {kind}."
        raise invalid("bidStrategyGoal", told, "BID_STRATEGY_GOAL_MISMATCH")
    found: JsonObject = {"bidStrategyType": kind, "bidStrategyGoal": PAIRS[kind]}
    if "bid" in body:
        found["bid"] = money_of("bid", body["bid"], currency)
    return found


def check_flight(row: JsonObject) -> None:
    """The end must come after the start."""
    begins, ends = row.get("startTime"), row.get("endTime")
    if begins and ends and read_stamp(ends) <= read_stamp(begins):
        raise invalid("endTime", "endTime must be after startTime.", "INVALID_SCHEDULE")


def _apply(call: Call, body: JsonObject, row: JsonObject, app: JsonObject) -> None:
    """Take over the fields that create and update share."""
    currency = call.account["currency"]
    if "name" in body:
        row["name"] = name_of(body)
    if "status" in body:
        row["status"] = choice("status", body["status"], STATUSES)
    for field in ("startTime", "endTime"):
        if field in body:
            row[field] = stamp(moment(field, body[field]))
    check_flight(row)
    if "dailyBudget" in body:
        value = cast(JsonObject, body["dailyBudget"]).get("value")
        row["dailyBudget"] = {"value": money_of("dailyBudget", value, currency)}
    if "bidStrategy" in body:
        row["bidStrategy"] = strategy_of(body["bidStrategy"], currency)
    if "targeting" in body:
        row["targeting"] |= _targeting(given(cast(JsonObject, body["targeting"])), app)
    for field in ("supplyPlacement", "countryOrRegion"):
        if field not in row["targeting"]:
            raise missing(f"targeting.{field}")
    row["modificationTime"] = stamp(call.now)


def _targeting(body: JsonObject, app: JsonObject) -> JsonObject:
    """Include-only dimensions; arrays are replaced whole."""
    allowed = {
        "supplySource": ["APPSTORE"],
        "supplyPlacement": list(_PLACEMENTS),
        "countryOrRegion": cast(list[str], app.get("availableStorefronts") or []),
    }
    found: JsonObject = {}
    for dimension, data in body.items():
        if dimension not in allowed:
            raise invalid(dimension, f"Unknown targeting '{dimension}'.", "INVALID_FIELD")
        values = cast(list[object], given(cast(JsonObject, data)).get("include") or [])
        if not values:
            raise missing(f"targeting.{dimension}.include")
        for value in values:
            if value not in allowed[dimension]:
                detail = "COUNTRIES_OR_REGIONS_NOT_ELIGIBLE"
                detail = detail if dimension == "countryOrRegion" else "INVALID_FIELD_VALUE"
                raise invalid(dimension, f"'{value}' cannot be targeted by {dimension}.", detail)
        found[dimension] = {"include": values}
    return found
