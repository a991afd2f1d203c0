"""Budgets, campaigns and their criteria: what Google checks when they are made or changed."""

from datetime import date, datetime, time
from typing import cast

from sandbox.google.failures import Failure, JsonObject, need
from sandbox.google.store import Draft, local_moment

_MINOR_UNITS = {"JPY": 1_000_000, "KRW": 1_000_000, "CLP": 1_000_000, "ISK": 1_000_000}
_CENT = 10_000
_LEAST_BUDGET = 10_000
_NAME_LIMIT = 255
STRATEGIES = {
    "manualCpc": "MANUAL_CPC",
    "manualCpm": "MANUAL_CPM",
    "maximizeConversions": "MAXIMIZE_CONVERSIONS",
    "maximizeConversionValue": "MAXIMIZE_CONVERSION_VALUE",
    "targetSpend": "TARGET_SPEND",
    "targetCpa": "TARGET_CPA",
}
_CHANNELS = ("SEARCH", "DISPLAY", "MULTI_CHANNEL", "VIDEO", "PERFORMANCE_MAX", "DEMAND_GEN")
_POLITICAL = (
    "CONTAINS_EU_POLITICAL_ADVERTISING",
    "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
)
_STORES = ("APPLE_APP_STORE", "GOOGLE_APP_STORE")


def unit_of(draft: Draft) -> int:
    """Micros in the smallest amount of the customer's currency."""
    account = draft.world.get("google", "account", draft.customer_id) or {}
    return _MINOR_UNITS.get(str(account.get("currencyCode")), _CENT)


def check_unit(draft: Draft, micros: object, kind: str, field: str) -> None:
    """Amounts are whole minor units.

    Raises:
        Failure: this one is not.
    """
    if int(str(micros)) % unit_of(draft):
        code = "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
        if kind == "biddingError":
            code = "BID_TOO_MANY_FRACTIONAL_DIGITS"
        raise Failure(kind, code, "A money amount was not a multiple of a minimum unit.", field,
                      trigger=str(micros))  # fmt: skip


def _check_name(name: str, kind: str, code: str, place: str) -> None:
    if not name.strip() or len(name) > _NAME_LIMIT or "\n" in name:
        raise Failure(kind, code, "The name is not valid.", f"{place}.name", trigger=name)


# -- budgets ----------------------------------------------------------------------------------


def create_budget(draft: Draft, row: JsonObject) -> JsonObject:
    """A budget; shared between campaigns unless told otherwise."""
    row = {"deliveryMethod": "STANDARD", "period": "DAILY", "explicitlyShared": True, **row}
    need(row, "amountMicros")
    _check_budget(draft, row, "create")
    return {**row, "status": "ENABLED", "referenceCount": "0"}


def update_budget(draft: Draft, before: JsonObject, row: JsonObject) -> JsonObject:
    """Another amount or name."""
    if row["explicitlyShared"] is False and before["explicitlyShared"]:
        raise Failure(
            "campaignBudgetError",
            "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED",
            "A shared budget cannot be made an own one.",
            "update.explicitly_shared",
        )
    _check_budget(draft, row, "update", renamed=row.get("name") != before.get("name"))
    return row


def _check_budget(draft: Draft, row: JsonObject, place: str, *, renamed: bool = True) -> None:
    amount = int(row.get("amountMicros") or 0)
    if amount < _LEAST_BUDGET:
        raise Failure("campaignBudgetError", "BUDGET_BELOW_PER_DAY_MINIMUM",
                      "The budget is below the minimum.", f"{place}.amount_micros")  # fmt: skip
    check_unit(draft, amount, "campaignBudgetError", f"{place}.amount_micros")
    name = str(row.get("name") or "")
    if row["explicitlyShared"] and not name:
        raise Failure("fieldError", "REQUIRED", "A shared budget needs a name.", f"{place}.name")
    for other in draft.every("campaign_budget") if renamed else ():
        same = other["resourceName"] == row.get("resourceName")
        if name and not same and other["status"] == "ENABLED" and other.get("name") == name:
            raise Failure("campaignBudgetError", "DUPLICATE_NAME",
                          "The requested budget name is already in use.", f"{place}.name",
                          trigger=name)  # fmt: skip


# -- campaigns --------------------------------------------------------------------------------


def create_campaign(draft: Draft, row: JsonObject) -> JsonObject:
    """A campaign; ENABLED unless told otherwise."""
    need(row, "name")
    channel = need(row, "advertisingChannelType")
    if channel not in _CHANNELS:
        raise Failure("requestError", "INVALID_ENUM_VALUE", f"{channel!r} is no channel type.",
                      "create.advertising_channel_type")  # fmt: skip
    if row.get("containsEuPoliticalAdvertising") not in _POLITICAL:
        raise Failure(
            "mutateError",
            "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
            "The campaign must declare whether it contains EU political advertising.",
            "create.contains_eu_political_advertising",
        )
    need(row, "campaignBudget")
    row = {
        "status": "ENABLED",
        "startDateTime": datetime.combine(_today(draft), time()).strftime("%Y-%m-%d %H:%M:%S"),
        **row,
    }
    if row["status"] not in ("ENABLED", "PAUSED"):
        raise Failure("campaignError", "INVALID_STATUS_CHANGE", "A campaign is made enabled or "
                      "paused.", "create.status")  # fmt: skip
    if row.get("advertisingChannelSubType") == "APP_CAMPAIGN":
        _check_app(row)
    elif channel == "MULTI_CHANNEL":
        raise Failure("campaignError", "INVALID_ADVERTISING_CHANNEL_SUB_TYPE",
                      "The sub type does not fit the channel.",
                      "create.advertising_channel_sub_type")  # fmt: skip
    row = _with_strategy(draft, row, "create")
    _check_campaign(draft, row, None, "create")
    _claim_budget(draft, row)
    return row


def update_campaign(draft: Draft, before: JsonObject, row: JsonObject) -> JsonObject:
    """Change what the mask names; a budget of its own follows the name."""
    for field in ("advertisingChannelType", "advertisingChannelSubType"):
        if row.get(field) != before.get(field):
            raise Failure("fieldError", "IMMUTABLE_FIELD", f"{field} cannot be changed.",
                          f"update.{field}")  # fmt: skip
    row = _with_strategy(draft, row, "update", before)
    _check_campaign(draft, row, before, "update")
    if row["name"] != before["name"]:
        budget = draft.get("campaign_budget", str(row["campaignBudget"]))
        if budget is not None and not budget["explicitlyShared"]:
            draft.put("campaign_budget", {**budget, "name": row["name"]})
    return row


def remove_campaign(draft: Draft, row: JsonObject) -> JsonObject:
    """For good; its own budget goes with it."""
    budget = draft.get("campaign_budget", str(row["campaignBudget"]))
    if budget is not None and not budget["explicitlyShared"]:
        draft.put("campaign_budget", {**budget, "status": "REMOVED"})
    return {**row, "status": "REMOVED"}


def _today(draft: Draft) -> date:
    return draft.now.astimezone(draft.zone()).date()


def _check_app(row: JsonObject) -> None:
    setting = cast(JsonObject, row.get("appCampaignSetting") or {})
    if not setting.get("appId") or setting.get("appStore") not in _STORES:
        raise Failure("campaignError", "APP_NOT_FOUND", "The app was not found.",
                      "create.app_campaign_setting.app_id")  # fmt: skip


def _with_strategy(
    draft: Draft, row: JsonObject, place: str, before: JsonObject | None = None
) -> JsonObject:
    """The campaign with one strategy: setting another one takes the former away."""
    chosen = [part for part in STRATEGIES if part in row]
    if before is not None and len(chosen) > 1:
        former = [part for part in STRATEGIES if part in before]
        row = {name: value for name, value in row.items() if name not in former}
        chosen = [part for part in chosen if part not in former]
    if len(chosen) != 1:
        raise Failure("fieldError", "REQUIRED", "The campaign needs one bidding strategy.",
                      f"{place}.campaign_bidding_strategy")  # fmt: skip
    for field, value in row[chosen[0]].items():
        if field.endswith("Micros"):
            check_unit(draft, value, "biddingError", f"{place}.{chosen[0]}.{field}")
    return {**row, "biddingStrategyType": STRATEGIES[chosen[0]]}


def _check_campaign(draft: Draft, row: JsonObject, before: JsonObject | None, place: str) -> None:
    name = str(row.get("name") or "")
    _check_name(name, "campaignError", "INVALID_CAMPAIGN_NAME", place)
    renamed = before is None or before["name"] != name
    for other in draft.every("campaign") if renamed else ():
        same = other["resourceName"] == row.get("resourceName")
        if not same and other["status"] != "REMOVED" and other["name"] == name:
            raise Failure("campaignError", "DUPLICATE_CAMPAIGN_NAME",
                          "The requested campaign name is already in use.", f"{place}.name",
                          trigger=name)  # fmt: skip
    _check_dates(draft, row, before, place)


def _check_dates(draft: Draft, row: JsonObject, before: JsonObject | None, place: str) -> None:
    """Display and App campaigns run for whole days."""
    zone = draft.zone()
    for field, moment, code in (
        ("startDateTime", "00:00:00", "DATE_RANGE_ERROR_START_TIME_MUST_BE_THE_START_OF_A_DAY"),
        ("endDateTime", "23:59:59", "DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY"),
    ):
        text = row.get(field)
        if text is None or (before is not None and before.get(field) == text):
            continue
        try:
            at = local_moment(str(text), zone)
        except ValueError:
            raise Failure("dateError", "INVALID_STRING_DATE_TIME_SECONDS",
                          "The date is not yyyy-MM-dd HH:mm:ss.", f"{place}.{field}",
                          trigger=str(text)) from None  # fmt: skip
        if not str(text).endswith(moment):
            raise Failure("dateError", code, "The time of day is not supported.",
                          f"{place}.{field}", trigger=str(text))  # fmt: skip
        if at.astimezone(zone).date() < _today(draft):
            raise Failure("dateRangeError", "CANNOT_SET_DATE_TO_PAST",
                          "The date is in the past.", f"{place}.{field}")  # fmt: skip
    if row.get("endDateTime") and row["endDateTime"] < row["startDateTime"]:
        raise Failure("dateRangeError", "START_DATE_AFTER_END_DATE",
                      "The start is after the end.", f"{place}.end_date_time")  # fmt: skip


def _claim_budget(draft: Draft, row: JsonObject) -> None:
    budget = draft.live("campaign_budget", str(row["campaignBudget"]))
    used = int(budget["referenceCount"])
    if used and not budget["explicitlyShared"]:
        raise Failure("campaignError", "BUDGET_CANNOT_BE_SHARED", "The budget cannot be shared.",
                      "create.campaign_budget")  # fmt: skip
    draft.put("campaign_budget", {**budget, "referenceCount": str(used + 1)})


# -- criteria ---------------------------------------------------------------------------------


def create_criterion(draft: Draft, row: JsonObject) -> JsonObject:
    """A place or an hour of a campaign."""
    campaign = draft.live("campaign", need(row, "campaign"))
    if "adSchedule" in row and campaign.get("advertisingChannelSubType") == "APP_CAMPAIGN":
        raise Failure("operationAccessDeniedError", "OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
                      "App campaigns take no ad schedule.", "create.ad_schedule")  # fmt: skip
    kinds = {"location": "LOCATION", "adSchedule": "AD_SCHEDULE", "language": "LANGUAGE"}
    kind = next((kinds[part] for part in kinds if part in row), None)
    if kind is None:
        raise Failure("fieldError", "REQUIRED", "A criterion needs its kind.", "create.criterion")
    for other in draft.every("campaign_criterion"):
        parts = ("campaign", "location", "adSchedule", "language")
        if other.get("status") != "REMOVED" and all(other.get(p) == row.get(p) for p in parts):
            raise Failure("mutateError", "RESOURCE_ALREADY_EXISTS", "The criterion is there.",
                          "create")  # fmt: skip
    return {"negative": False, **row, "type": kind, "status": "ENABLED"}
