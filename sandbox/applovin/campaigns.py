"""AppLovin's campaigns: create, change, list."""

from typing import Any, cast

from sandbox.applovin.request import Call, amount, bad, moment, public, read_id
from sandbox.applovin.standing import must_pay
from sandbox.applovin.store import JsonObject, hashed, stamp

_PLATFORMS = ("IOS", "ANDROID")
_STRATEGIES = ("TARGET_GOAL_WITH_CPI_BILLING", "AUTO_BIDDING_WITH_CPM_BILLING")
_GOALS = ("CPI", "CPE", "CPP", "AD_ROAS", "CHK_ROAS", "BLD_ROAS")
_TRACKERS = ("ADJUST", "APPSFLYER", "BRANCH", "KOCHAVA", "TENJIN", "SINGULAR", "APSALAR")
_STATUSES = ("LIVE", "PAUSED")
_FIXED = ("platform", "start_date", "bidding_strategy")
_PATCHED = (
    "id", "type", "name", "status", "end_date", "is_continuous_delivery", "budget", "goal",
    "targeting", "tracking", "is_composite_banner_enabled", "package_name", "itunes_id",
)  # fmt: skip


def listed(call: Call) -> Any:
    """One page: a bare array, empty past the end."""
    return [public(row) for row in call.page(call.store.every("campaign"))]


def create(call: Call) -> JsonObject:
    """A campaign. ``status`` is ignored: it is LIVE from the beginning."""
    call.require_app()
    body = call.body
    if "id" in body:
        raise bad("id cannot be given on create")
    call.only(*_FIXED, *(name for name in _PATCHED if name != "id"))
    platform = call.choice("platform", _PLATFORMS)
    if platform == "ANDROID":
        call.text("package_name")
    else:
        read_id(body.get("itunes_id"), "itunes_id")
    campaign_id = call.store.new_id()
    row: JsonObject = {
        "id": campaign_id,
        "hashed_id": hashed(campaign_id),
        "type": "APP",
        "name": call.text("name"),
        "status": "LIVE",
        "platform": platform,
        "package_name": body.get("package_name"),
        "itunes_id": body.get("itunes_id"),
        "start_date": moment(body.get("start_date"), "start_date"),
        "end_date": None,
        "is_continuous_delivery": False,
        "bidding_strategy": call.choice("bidding_strategy", _STRATEGIES),
        "budget": _budget(body.get("budget")),
        "goal": _goal(body.get("goal")),
        "targeting": _targeting(body.get("targeting")),
        "tracking": _tracking(body.get("tracking")),
        "is_composite_banner_enabled": bool(body.get("is_composite_banner_enabled")),
        "created_at": stamp(call.now),
    }
    if row["goal"]["goal_type"] == "CPE" and row["bidding_strategy"] == _STRATEGIES[0]:
        raise bad("goal_type CPE cannot be used with this bidding_strategy")
    _schedule(row, body)
    if row["end_date"] is None and not row["is_continuous_delivery"]:
        raise bad("either end_date or is_continuous_delivery is required")
    call.store.put("campaign", row)
    return {"id": campaign_id}


def update(call: Call) -> JsonObject:
    """Change the given fields."""
    call.require_app()
    body = call.body
    row = known(call, call.own_id())
    for name in _FIXED:
        if name in body:
            raise bad(f"{name} cannot be changed")
    call.only(*_PATCHED)
    if "name" in body:
        row["name"] = call.text("name")
    if "budget" in body:
        row["budget"] = _budget(body["budget"])
    if "goal" in body:
        row["goal"] = _changed_goal(row["goal"], body["goal"])
    if "targeting" in body:
        row["targeting"] = _targeting(body["targeting"])
    if "tracking" in body:
        row["tracking"] = {**row["tracking"], **body["tracking"]}
    if "is_composite_banner_enabled" in body:
        row["is_composite_banner_enabled"] = bool(body["is_composite_banner_enabled"])
    _schedule(row, body)
    before = row["status"]
    if "status" in body:
        row["status"] = call.choice("status", _STATUSES)
        if row["status"] == "LIVE":
            must_pay(call.account)
    call.store.put("campaign", row)
    if row["status"] != before:
        call.store.switched("campaign", row, row["status"])
    return {"id": row["id"]}


def known(call: Call, campaign_id: str) -> JsonObject:
    """A campaign of the account.

    Raises:
        AlError: there is none.
    """
    row = call.store.get("campaign", campaign_id)
    if row is None:
        raise bad(f"campaign {campaign_id} does not exist")
    return row


def _schedule(row: JsonObject, body: JsonObject) -> None:
    if "is_continuous_delivery" in body:
        row["is_continuous_delivery"] = bool(body["is_continuous_delivery"])
    if body.get("end_date") is not None:
        if row["is_continuous_delivery"]:
            raise bad("end_date and is_continuous_delivery cannot be used together")
        row["end_date"] = moment(body["end_date"], "end_date")
        if row["end_date"] <= row["start_date"]:
            raise bad("end_date must be after start_date")
    elif row["is_continuous_delivery"]:
        row["end_date"] = None


def _budget(value: Any) -> JsonObject:
    name, by_country = "daily_budget_for_all_countries", "country_code_to_daily_budget"
    return _either(value, "budget", name, by_country)


def _either(value: Any, what: str, whole: str, by_country: str) -> JsonObject:
    """One value for all countries, or one by country."""
    given = cast(JsonObject, value) if isinstance(value, dict) else {}
    each = cast(JsonObject, given.get(by_country) or {})
    if (given.get(whole) is None) == (not each):
        raise bad(f"{what} needs either {whole} or {by_country}")
    if each:
        return {by_country: {code: amount(one, by_country) for code, one in each.items()}}
    return {whole: amount(given[whole], whole), by_country: {}}


def _goal(value: Any) -> JsonObject:
    given = cast(JsonObject, value) if isinstance(value, dict) else {}
    if given.get("goal_type") not in _GOALS:
        raise bad(f"goal_type must be one of {', '.join(_GOALS)}")
    name, by_country = "goal_value_for_all_countries", "country_code_to_goal_value"
    return {"goal_type": given["goal_type"], **_either(given, "goal", name, by_country)}


def _changed_goal(goal: JsonObject, value: Any) -> JsonObject:
    given = cast(JsonObject, value) if isinstance(value, dict) else {}
    if "goal_type" in given:
        raise bad("goal_type cannot be changed")
    return _goal({**given, "goal_type": goal["goal_type"]})


def _targeting(value: Any) -> list[JsonObject]:
    listed = cast(list[JsonObject], value) if isinstance(value, list) else []
    if not listed:
        raise bad("targeting needs at least one country")
    for one in listed:
        code = one.get("country_code")
        if not isinstance(code, str) or len(code) != 2 or not code.isupper():
            raise bad("country_code must be two capital letters")
        regions, metros = one.get("region_codes"), one.get("metro_names")
        if (regions or metros) and code != "US":
            raise bad("region_codes and metro_names are for US only")
        if regions and metros:
            raise bad("region_codes and metro_names cannot be used together")
    return listed


def _tracking(value: Any) -> JsonObject:
    given = cast(JsonObject, value) if isinstance(value, dict) else {}
    if given.get("tracking_method") not in _TRACKERS:
        raise bad(f"tracking_method must be one of {', '.join(_TRACKERS)}")
    for name in ("impression_url", "click_url"):
        if not str(given.get(name) or "").startswith("https://"):
            raise bad(f"{name} must be an https address")
    return given
