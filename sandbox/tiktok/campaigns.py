"""TikTok's campaigns: create, change, list; and what all three levels list by."""

from collections.abc import Callable

from sandbox.tiktok.delivery import DAY, DYNAMIC, TOTAL, Forest
from sandbox.tiktok.request import INVALID, Call, TikTokError, invalid, public, stamp
from sandbox.tiktok.store import JsonObject

NO_BUDGET = "BUDGET_MODE_INFINITE"
NAME_LIMIT = 512
MINIMUM = 50.0
_MODES = (NO_BUDGET, TOTAL, DAY, DYNAMIC)
_OBJECTIVES = (
    "REACH", "TRAFFIC", "VIDEO_VIEWS", "ENGAGEMENT", "APP_PROMOTION", "LEAD_GENERATION",
    "WEB_CONVERSIONS", "PRODUCT_SALES", "BRAND_CONSIDERATION", "RF_REACH",
)  # fmt: skip
INDUSTRIES = ("HOUSING", "EMPLOYMENT", "CREDIT")
STATUSES = ("ENABLE", "DISABLE")
_PRIMARY = {
    "STATUS_DELETE": ("_DELETE",),
    "STATUS_DISABLE": ("_DISABLE",),
    "STATUS_TIME_DONE": ("_TIME_DONE", "_STATUS_DONE"),
    "STATUS_DELIVERY_OK": ("_DELIVERY_OK", "CAMPAIGN_STATUS_ENABLE"),
}


def create(call: Call) -> JsonObject:
    """A campaign; ENABLE unless told otherwise."""
    values = call.values
    values.need("campaign_name", "objective_type")
    objective = values.choice("objective_type", _OBJECTIVES)
    if objective != "RF_REACH":
        values.need("budget_mode")
    if objective == "APP_PROMOTION":
        values.need("app_promotion_type")
    if values.flag("budget_optimize_on"):
        raise TikTokError(40009, "budget_optimize_on is not supported in the sandbox.")
    mode = values.choice("budget_mode", _MODES, NO_BUDGET)
    budget = values.amount("budget")
    if mode != NO_BUDGET:
        values.need("budget")
        check_minimum(call, budget, MINIMUM)
    name = values.named("campaign_name", NAME_LIMIT)
    once(call, "campaign", name)
    campaign_id = call.store.new_id()
    row: JsonObject = {
        "id": campaign_id,
        "campaign_id": campaign_id,
        "advertiser_id": call.advertiser_id,
        "campaign_name": name,
        "campaign_type": "REGULAR_CAMPAIGN",
        "objective_type": objective,
        "objective": "APP" if objective == "APP_PROMOTION" else "LANDING_PAGE",
        "app_promotion_type": values.text("app_promotion_type") or None,
        "budget_mode": mode,
        "budget": budget if mode != NO_BUDGET else 0.0,
        "special_industries": values.choices("special_industries", INDUSTRIES),
        "is_smart_performance_campaign": False,
        "operation_status": values.choice("operation_status", STATUSES, "ENABLE"),
        "create_time": stamp(call.now),
        "modify_time": stamp(call.now),
    }
    call.store.put("campaign", row)
    return public(row)


def update(call: Call) -> JsonObject:
    """Change name, budget or category; ``budget_mode`` cannot be changed."""
    values = call.values
    values.need("campaign_id")
    row = live(call, "campaign", values.text("campaign_id"))
    if "campaign_name" in values.raw:
        row["campaign_name"] = values.named("campaign_name", NAME_LIMIT)
    if (budget := values.amount("budget")) is not None:
        if row["budget_mode"] == NO_BUDGET:
            raise invalid("budget", budget, "the campaign has no budget")
        check_minimum(call, budget, MINIMUM)
        row["budget"] = budget
    if "special_industries" in values.raw:
        wanted = values.choices("special_industries", INDUSTRIES)
        if wanted and wanted != row["special_industries"]:
            raise invalid("special_industries", wanted, "it can only be cleared")
        row["special_industries"] = wanted
    row["modify_time"] = stamp(call.now)
    call.store.put("campaign", row)
    return public(row)


def listed(call: Call) -> JsonObject:
    """The account's campaigns."""
    forest = Forest(call.store, call.now)
    return chosen(call, "campaign", forest.campaign, ())


def chosen(
    call: Call, kind: str, status: Callable[[JsonObject], str], parents: tuple[str, ...]
) -> JsonObject:
    """A page of a level, narrowed the way all three are: ids, fuzzy name, status."""
    filtering = call.values.part("filtering")
    wanted = set(filtering.ids(f"{kind}_ids", 100))
    above = {name: set(filtering.ids(f"{name}_ids", 100)) for name in parents}
    name = filtering.text(f"{kind}_name").lower()
    primary = filtering.text("primary_status", "STATUS_NOT_DELETE")
    secondary = filtering.text("secondary_status")
    found: list[JsonObject] = []
    for row in call.store.every(kind, call.advertiser_id):
        if wanted and row["id"] not in wanted:
            continue
        if any(ids and row[f"{parent}_id"] not in ids for parent, ids in above.items()):
            continue
        # Fuzzy: anywhere in the name.
        if name and name not in str(row[f"{kind}_name"]).lower():
            continue
        computed = status(row)
        if _is(primary, computed) and secondary in ("", computed):
            found.append({**public(row), "secondary_status": computed})
    found.reverse()  # the newest first
    return call.page(found)


def _is(primary: str, secondary: str) -> bool:
    if primary == "STATUS_ALL":
        return True
    if primary == "STATUS_NOT_DELETE":
        return not secondary.endswith("_DELETE")
    if primary == "STATUS_NOT_DELIVERY":
        return not any(secondary.endswith(end) for ends in _PRIMARY.values() for end in ends)
    ends = _PRIMARY.get(primary)
    if ends is None:
        raise invalid("primary_status", primary, "it is not supported")
    return secondary.endswith(ends)


def live(call: Call, kind: str, object_id: str) -> JsonObject:
    """An object of the account that is not deleted.

    Raises:
        TikTokError: there is none.
    """
    row = call.store.get(kind, object_id)
    if row is None or row["advertiser_id"] != call.advertiser_id:
        raise TikTokError(INVALID, f"The {kind} {object_id} does not exist or is not yours.")
    gone = row["operation_status"] == "DELETE"
    for above in ("campaign", "adgroup"):
        parent = call.store.get(above, str(row.get(f"{above}_id"))) if above != kind else None
        gone = gone or (parent is not None and parent["operation_status"] == "DELETE")
    if gone:
        raise TikTokError(INVALID, f"The {kind} {object_id} has been deleted.")
    return row


def once(call: Call, kind: str, name: str) -> None:
    """A name is taken once, unless a ``request_id`` says that it is meant.

    Raises:
        TikTokError: it is taken.
    """
    if call.values.text("request_id"):
        return
    for row in call.store.every(kind, call.advertiser_id):
        if row[f"{kind}_name"] == name and row["operation_status"] != "DELETE":
            raise invalid(f"{kind}_name", name, "the name already exists, use another one")


def check_minimum(call: Call, budget: float | None, minimum: float) -> None:
    """Known for the US dollar only: more than so much."""
    account = call.store.get("account", call.advertiser_id) or {}
    if budget is not None and account["currency"] == "USD" and budget <= minimum:
        raise invalid("budget", budget, f"it must be more than {minimum:.2f} USD")
