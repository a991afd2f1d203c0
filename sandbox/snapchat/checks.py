"""What Snapchat accepts of campaigns, ad squads, ads and creatives, however they are sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sandbox.snapchat.catalogue import COUNTRIES, INTERESTS
from sandbox.snapchat.funding import must_pay
from sandbox.snapchat.request import ItemError, choice, gone, invalid, micros, moment, text
from sandbox.snapchat.store import JsonObject, Store

NAME_LIMIT = 375
_HEADLINE, _BRAND = 34, 32
_STATUS = ("ACTIVE", "PAUSED")
_LEAST_DAILY = 5_000_000
_LEAST_OF_CAMPAIGN = 20_000_000
_LEAST_BID = 10_000
_OBJECTIVES = ("AWARENESS_AND_ENGAGEMENT", "TRAFFIC", "LEADS", "APP_PROMOTION", "SALES")
_STRATEGIES = ("AUTO_BID", "LOWEST_COST_WITH_MAX_BID", "TARGET_COST", "MIN_ROAS")
_GOALS = (
    *("IMPRESSIONS", "SWIPES", "VIDEO_VIEWS", "VIDEO_VIEWS_15_SEC", "STORY_OPENS", "USES"),
    *("APP_INSTALLS", "APP_ADD_TO_CART", "APP_PURCHASE", "APP_SIGNUP", "LANDING_PAGE_VIEW"),
    *("PIXEL_PAGE_VIEW", "PIXEL_ADD_TO_CART", "PIXEL_PURCHASE", "PIXEL_SIGNUP"),
    "LEAD_FORM_SUBMISSIONS",
)
_BUTTONS = (
    *("APPLY_NOW", "BOOK_NOW", "BUY_TICKETS", "GET_NOW", "LISTEN", "MORE", "ORDER_NOW", "PLAY"),
    *("READ", "SHOP_NOW", "SHOW", "SHOWTIMES", "SIGN_UP", "VIEW", "WATCH"),
)
_BUTTONS_OF = {
    "WEB_VIEW": _BUTTONS,
    "APP_INSTALL": (*_BUTTONS, "DOWNLOAD", "INSTALL_NOW", "TRY"),
    "SNAP_AD": (),
}
_AD_TYPES = {
    "SNAP_AD": ("SNAP_AD",),
    "REMOTE_WEBPAGE": ("WEB_VIEW",),
    "APP_INSTALL": ("APP_INSTALL",),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entity: its names, how many go into a request, what never changes, and what it
    is checked against. ``parent`` is the field with the id of what it hangs below."""

    plural: str
    singular: str
    most: int
    parent: str
    fixed: tuple[str, ...]
    check: Callable[[Store, JsonObject, datetime], None]


def account_of(store: Store, kind: str, row: JsonObject) -> JsonObject | None:
    """The ad account an entity belongs to."""
    if kind == "ad":
        row = store.get("adsquad", str(row.get("ad_squad_id"))) or {}
        kind = "adsquad"
    if kind == "adsquad":
        row = store.get("campaign", str(row.get("campaign_id"))) or {}
    return store.get("account", str(row.get("ad_account_id")))


def _campaign(store: Store, row: JsonObject, now: datetime) -> None:
    text(row, "name", NAME_LIMIT)
    choice(row, "status", _STATUS)
    start, end = moment(row, "start_time", needed=True), moment(row, "end_time")
    if start is not None and end is not None and end <= start:
        raise invalid("end_time", row["end_time"], "a time after start_time")
    if "buy_model" in row:
        choice(row, "buy_model", ("AUCTION", "RESERVED"))
    properties = row.get("objective_v2_properties")
    if properties is not None:
        choice(_object(row, "objective_v2_properties"), "objective_v2_type", _OBJECTIVES)
    micros(row, "daily_budget_micro", _LEAST_OF_CAMPAIGN)
    micros(row, "lifetime_spend_cap_micro", _LEAST_OF_CAMPAIGN)
    must_pay(store, account_of(store, "campaign", row), row["status"])


def _ad_squad(store: Store, row: JsonObject, now: datetime) -> None:
    text(row, "name", NAME_LIMIT)
    choice(row, "status", _STATUS)
    choice(row, "type", ("SNAP_ADS", "LENS", "FILTER"))
    choice(row, "billing_event", ("IMPRESSION",))
    goal = choice(row, "optimization_goal", _GOALS)
    if _object(row, "placement_v2").get("config") not in ("AUTOMATIC", "CUSTOM"):
        raise invalid("placement_v2.config", row["placement_v2"], "AUTOMATIC or CUSTOM")
    daily = micros(row, "daily_budget_micro", _LEAST_DAILY)
    lifetime = micros(row, "lifetime_budget_micro", _LEAST_DAILY)
    if (daily is None) == (lifetime is None):
        raise invalid("daily_budget_micro", daily, "either a daily or a lifetime budget")
    start, end = moment(row, "start_time"), moment(row, "end_time")
    if lifetime is not None and end is None:
        raise invalid("end_time", None, "an end where there is a lifetime budget")
    if start is not None and end is not None and end <= start:
        raise invalid("end_time", row["end_time"], "a time after start_time")
    if row.get("ad_scheduling_config") and lifetime is None:
        raise invalid("ad_scheduling_config", "…", "a lifetime budget with a schedule")
    strategy = choice(row, "bid_strategy", _STRATEGIES)
    bid = micros(row, "bid_micro", _LEAST_BID)
    if strategy != "AUTO_BID" and bid is None:
        raise invalid("bid_micro", None, f"a bid with {strategy}")
    if goal.startswith("PIXEL_"):
        pixel = store.get("pixel", str(row.get("pixel_id")))
        campaign = store.get("campaign", str(row["campaign_id"])) or {}
        if pixel is None or pixel["ad_account_id"] != campaign.get("ad_account_id"):
            raise invalid("pixel_id", row.get("pixel_id"), f"a pixel of the account for {goal}")
    _targeting(_object(row, "targeting"))
    must_pay(store, account_of(store, "adsquad", row), row["status"])


def _targeting(targeting: JsonObject) -> None:
    geos = _objects(targeting, "geos")
    if not geos:
        raise invalid("targeting.geos", geos, "at least one country")
    for geo in geos:
        if geo.get("country_code") not in COUNTRIES:
            raise invalid("country_code", geo.get("country_code"), "a country of the list")
    people = _objects(targeting, "demographics")
    languages = [one for each in people for one in cast(list[object], each.get("languages") or [])]
    if len({geo["country_code"] for geo in geos}) > 1 and len(languages) != 1:
        raise invalid("languages", languages, "exactly one with several countries")
    for each in people:
        low, high = int(str(each.get("min_age", 13))), int(str(each.get("max_age", 55)))
        if not 13 <= low <= high <= 55:
            raise invalid("max_age", each.get("max_age"), "ages from 13 to 55")
        if each.get("gender", "MALE") not in ("MALE", "FEMALE", "OTHER"):
            raise invalid("gender", each["gender"], "MALE, FEMALE or OTHER")
    for interest in _objects(targeting, "interests"):
        for category in cast(list[object], interest.get("category_id") or []):
            if category not in INTERESTS:
                raise invalid("category_id", category, "a category of the list")


def _creative(store: Store, row: JsonObject, now: datetime) -> None:
    text(row, "name", NAME_LIMIT)
    kind = choice(row, "type", tuple(_BUTTONS_OF))
    text(row, "headline", _HEADLINE)
    text(row, "brand_name", _BRAND)
    account = store.get("account", str(row["ad_account_id"])) or {}
    profile = _object(row, "profile_properties").get("profile_id")
    if profile not in account.get("_profile_ids", []):
        raise invalid("profile_id", profile, "a public profile of the ad account")
    _ready(store, row, row.get("top_snap_media_id"), "top_snap_media_id")
    if row.get("call_to_action") is not None:
        choice(row, "call_to_action", _BUTTONS_OF[kind])
    if kind == "WEB_VIEW":
        url = text(_object(row, "web_view_properties"), "url")
        if not url.startswith(("https://", "http://")):
            raise invalid("url", url, "a web address")
    if kind == "APP_INSTALL":
        app = _object(row, "app_install_properties")
        text(app, "app_name")
        _ready(store, row, app.get("icon_media_id"), "icon_media_id")
        if not (app.get("ios_app_id") or app.get("android_app_url")):
            raise invalid("ios_app_id", None, "an app at Apple or Google")


def _ready(store: Store, row: JsonObject, media_id: object, field: str) -> None:
    medium = store.get("media", str(media_id))
    if medium is None or medium["ad_account_id"] != row["ad_account_id"]:
        raise invalid(field, media_id, "a medium of the account")
    if medium["media_status"] != "READY":
        raise invalid(field, media_id, f"a READY medium, it is {medium['media_status']}")


def _ad(store: Store, row: JsonObject, now: datetime) -> None:
    text(row, "name", NAME_LIMIT)
    choice(row, "status", _STATUS)
    kind = choice(row, "type", tuple(_AD_TYPES))
    creative = store.get("creative", str(row.get("creative_id")))
    account = account_of(store, "ad", row) or {}
    if creative is None or creative["ad_account_id"] != account.get("id"):
        raise invalid("creative_id", row.get("creative_id"), "a creative of the account")
    if creative["type"] not in _AD_TYPES[kind]:
        raise invalid("type", kind, f"an ad type that goes with {creative['type']}")
    must_pay(store, account, row["status"])


def _object(row: JsonObject, field: str) -> JsonObject:
    value = row.get(field)
    if not isinstance(value, dict):
        raise invalid(field, value, "an object")
    return cast(JsonObject, value)


def _objects(row: JsonObject, field: str) -> list[JsonObject]:
    listed: list[Any] = row.get(field, [])
    if not isinstance(cast(object, listed), list) or not all(isinstance(x, dict) for x in listed):
        raise invalid(field, listed, "a list of objects")
    return listed


KINDS: Mapping[str, Kind] = {
    "campaigns": Kind(
        "campaigns", "campaign", 30, "ad_account_id", ("ad_account_id", "buy_model"), _campaign
    ),
    "adsquads": Kind("adsquads", "adsquad", 30, "campaign_id", ("campaign_id", "type"), _ad_squad),
    "creatives": Kind(
        *("creatives", "creative", 10, "ad_account_id"),
        ("ad_account_id", "type", "top_snap_media_id"),
        _creative,
    ),
    "ads": Kind("ads", "ad", 30, "ad_squad_id", ("ad_squad_id", "type"), _ad),
}
"""By plural name."""

PARENTS = {"campaigns": "campaign", "adsquads": "adsquad"}
"""Kinds below which others are listed, by plural name."""


def living(store: Store, kind: str, object_id: str) -> JsonObject:
    """An entity that is not deleted.

    Raises:
        SnapError: there is none.
    """
    row = store.get(kind, object_id)
    if row is None or row.get("deleted"):
        raise gone(kind, object_id)
    return row


def fixed(kind: Kind, before: JsonObject, after: JsonObject) -> None:
    """
    Raises:
        ItemError: a field that never changes was changed.
    """
    for field in kind.fixed:
        if after.get(field) != before.get(field):
            raise ItemError("E2023", f"{field} cannot be changed", field)
