"""The fields of an ad, as Telegram checks them when one is created or edited."""

from datetime import timedelta
from urllib.parse import urlsplit

from sandbox.telegram.request import AdsError, Call
from sandbox.telegram.store import JsonObject

BUTTONS = frozenset(
    ("subscribe", "view", "read", "learn_more", "download", "open", "sign_up", "buy", "order")
) | {"play", "try", "leave_request"}
_LEAST_CPM = {"EUR": 100_000, "TON": 100_000, "XTR": 10_000_000}
"""Unsure: no minimum is published, only that too low a price is refused."""
_FARTHEST = timedelta(days=365)


def change(call: Call, ad: JsonObject) -> None:
    """Give an ad the fields of a call.

    Raises:
        AdsError: one is not what Telegram takes.
    """
    if call.has("title"):
        ad["title"] = call.text("title", "AD_TITLE", 128, least=1, size=True)
    if call.has("text"):
        ad["text"] = call.text("text", "AD_TEXT", 160, least=1)
    if call.has("promote_url"):
        ad["promote_url"] = _url(call)
    if call.has("cpm"):
        ad["cpm"] = call.money("cpm", "CPM")
        if ad["cpm"] < _LEAST_CPM[call.store.account["currency"]]:
            raise AdsError("CPM_TOO_LOW" if ad["cpm"] else "CPM_INVALID")
    if call.has("daily_budget_limit"):
        ad["daily_budget_limit"] = call.money("daily_budget_limit", "DAILY_BUDGET_LIMIT")
    if call.has("impression_frequency"):
        ad["impression_frequency"] = call.whole("impression_frequency", "IMPRESSION_FREQUENCY")
        if not 1 <= ad["impression_frequency"] <= 4:
            raise AdsError("IMPRESSION_FREQUENCY_INVALID")
    _change_media(call, ad)
    _change_website(call, ad)
    _change_times(call, ad)


def _change_media(call: Call, ad: JsonObject) -> None:
    if call.has("photo_id") and call.has("video_id"):
        raise AdsError("MEDIA_INVALID")
    for name, other in (("photo_id", "video_id"), ("video_id", "photo_id")):
        if call.has(name):
            if call.store.get("media", call.values[name]) is None:
                raise AdsError(f"{name.upper()}_INVALID")
            if ad["target"]["type"] not in ("channels", "users"):
                raise AdsError("MEDIA_INVALID")
            ad[name], ad[other] = call.values[name], None
    if call.has("show_userpic"):
        ad["show_userpic"] = call.flag("show_userpic")


def _change_website(call: Call, ad: JsonObject) -> None:
    external = (urlsplit(str(ad["promote_url"])).hostname or "") != "t.me"
    if call.has("website_name"):
        ad["website_name"] = call.text("website_name", "WEBSITE_NAME", 40, least=1)
    if external and not ad["website_name"]:
        raise AdsError("WEBSITE_NAME_REQUIRED")
    if call.has("button"):
        if call.values["button"] not in BUTTONS or not external:
            raise AdsError("BUTTON_INVALID")
        ad["button"] = call.values["button"]
    for name in ("conversion_event_id", "additional_info"):
        if call.has(name) and call.values[name] != ad[name]:
            if ad[name] is not None:
                raise AdsError(f"{name.upper()}_INVALID")
            ad[name] = call.values[name]
    if not external:
        ad["action_type"] = "join"
    elif ad["conversion_event_id"] is not None:
        event = call.store.get("pixel_event", ad["conversion_event_id"])
        if event is None:
            raise AdsError("CONVERSION_EVENT_ID_INVALID")
        ad["action_type"] = event["type"]


def _change_times(call: Call, ad: JsonObject) -> None:
    now = call.store.now
    dates = {name: call.has(name) for name in ("activate_date", "deactivate_date")}
    if any(dates.values()):
        for name, given in dates.items():
            if not given:
                continue
            minute = round(call.whole(name, name.upper()) / 60) * 60
            if not now.timestamp() < minute <= (now + _FARTHEST).timestamp():
                raise AdsError(f"{name.upper()}_INVALID")
            ad[name] = minute
        # A date decides from now on, whatever is_paused says.
        ad["is_paused"] = False
    elif call.has("is_paused"):
        ad |= {"is_paused": call.flag("is_paused"), "activate_date": None, "deactivate_date": None}
    if call.has("schedule"):
        hours = call.value("schedule")
        ad["schedule"] = None if hours is False or hours == "false" else _hours(hours, ad)


def _hours(hours: object, ad: JsonObject) -> object:
    if not isinstance(hours, dict):
        raise AdsError("SCHEDULE_INVALID")
    masks = hours.get("week_hours_mask")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(masks, list) or len(masks) != 7:  # pyright: ignore[reportUnknownArgumentType]
        raise AdsError("SCHEDULE_INVALID")
    viewer = bool(hours.get("use_viewer_timezone"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if viewer and ad["target"]["type"] != "users":
        raise AdsError("SCHEDULE_INVALID")
    if not viewer and "timezone" not in hours and any(masks):  # pyright: ignore[reportUnknownArgumentType]
        raise AdsError("SCHEDULE_TIMEZONE_REQUIRED")
    return hours  # pyright: ignore[reportUnknownVariableType]


def _url(call: Call) -> str:
    url = call.text("promote_url", "PROMOTE_URL", 256, least=1)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        raise AdsError("PROMOTE_URL_INVALID")
    return url
