"""Telegram's ads: create, edit, fund, review, delete, list."""

from datetime import timedelta

from sandbox.telegram import catalogue
from sandbox.telegram.ad_fields import change
from sandbox.telegram.delivery import approved, held, inactive_since, spends, status
from sandbox.telegram.figures import Totals
from sandbox.telegram.request import AdsError, Call, shown_money
from sandbox.telegram.store import NETWORK, JsonObject

PLACEMENTS = {
    "channels": ("channel_post", "video_banner"),
    "users": ("channel_post", "video_banner", "bot_banner"),
    "bots": ("bot_banner",),
    "search": ("search_result",),
}
_SEEN = frozenset(
    ("title", "text", "photo_id", "video_id", "promote_url", "website_name", "website_photo_id")
) | {"button", "conversion_event_id", "additional_info", "show_userpic"}
"""Edits that send an ad with money to review again. Unsure which do: what people see and the
title are taken to; pausing, dates, hours, price and daily limit are taken not to."""
_INACTIVE = timedelta(minutes=10)


def create(call: Call) -> JsonObject:
    """An ad; it runs at once when approved, unless it is created on hold."""
    store = call.store
    target = catalogue.checked_target(call)
    if not spends(store.account) and not call.flag("is_paused"):
        raise AdsError(refusal(store.account))
    ad_id = store.new_id()
    ad: JsonObject = {
        "id": ad_id,
        "ad_id": ad_id,
        "target": target,
        "deleted": False,
        "funded": 0,
        "submitted": None,
        "verdict": "approved",
        "held_since": None,
        "created_date": int(store.now.timestamp()),
        "action_type": None,
        "text": "",
        "promote_url": "",
        "website_name": None,
        "button": None,
        "photo_id": None,
        "video_id": None,
        "website_photo_id": None,
        "conversion_event_id": None,
        "additional_info": None,
        "show_userpic": False,
        "impression_frequency": 1,
        "daily_budget_limit": 0,
        "is_paused": False,
        "activate_date": None,
        "deactivate_date": None,
        "schedule": None,
    }
    call.text("title", "AD_TITLE", 128, least=1, size=True)
    call.text("text", "AD_TEXT", 160, least=0 if target["type"] == "search" else 1)
    call.text("promote_url", "PROMOTE_URL", 256, least=1)
    call.money("cpm", "CPM")
    placement = call.values.get("placement") or PLACEMENTS[target["type"]][0]
    if placement not in PLACEMENTS[target["type"]]:
        raise AdsError("PLACEMENT_INVALID")
    ad["placement"] = placement
    change(call, ad)
    budget = call.money("initial_budget", "INITIAL_BUDGET") if call.has("initial_budget") else 0
    if budget > store.account["balance"]:
        raise AdsError("NOT_ENOUGH_BUDGET")
    if budget:
        _move(call, ad, budget)
        _submit(call, ad)
    store.put_ad(ad)
    return shown(call, [ad])[0]


def edit(call: Call) -> JsonObject:
    """Change the given fields; an ad with money that looks different is reviewed again."""
    ad, store = live(call), call.store
    ran = approved(ad, store.now) and not held(ad, store.now)
    if resumes(call) and not spends(store.account):
        raise AdsError(refusal(store.account))
    before = dict(ad)
    change(call, ad)
    if ran and held(ad, store.now):
        ad["held_since"] = store.now.isoformat()
    looks = any(ad[name] != before[name] for name in _SEEN)
    if looks and Totals(store).remaining(ad) > 0:
        _submit(call, ad)
    store.put_ad(ad)
    return shown(call, [ad])[0]


def resumes(call: Call) -> bool:
    """Whether a call could let an ad run."""
    dated = call.has("activate_date") or call.has("deactivate_date")
    return dated or (call.has("is_paused") and not call.flag("is_paused"))


def increase(call: Call) -> JsonObject:
    """Move money into an ad; its first is what gets it reviewed."""
    ad, store = live(call), call.store
    amount = call.money("amount", "AMOUNT", amount=True)
    if not amount:
        raise AdsError("AMOUNT_INVALID")
    if not spends(store.account):
        raise AdsError(refusal(store.account))
    if amount > store.account["balance"]:
        raise AdsError("NOT_ENOUGH_BUDGET")
    first = ad["funded"] == 0
    _move(call, ad, amount)
    if first and ad["submitted"] is None:
        _submit(call, ad)
    store.put_ad(ad)
    return shown(call, [ad])[0]


def decrease(call: Call) -> JsonObject:
    """Take money back from an ad that has rested."""
    ad = live(call)
    amount = call.money("amount", "AMOUNT", amount=True)
    _require_rest(call, ad)
    if not 0 < amount <= Totals(call.store).remaining(ad):
        raise AdsError("NOT_ENOUGH_BUDGET" if amount else "AMOUNT_INVALID")
    _move(call, ad, -amount)
    call.store.put_ad(ad)
    return shown(call, [ad])[0]


def submit(call: Call) -> JsonObject:
    """Ask for the review of an ad that was not submitted by itself."""
    ad = live(call)
    if ad["submitted"] is not None:
        raise AdsError("AD_STATUS_INVALID")
    if Totals(call.store).remaining(ad) <= 0:
        raise AdsError("AD_BUDGET_EMPTY")
    _submit(call, ad)
    call.store.put_ad(ad)
    return shown(call, [ad])[0]


def delete(call: Call) -> bool:
    """Delete for good; what is left of its money returns to the account."""
    ad = live(call)
    _require_rest(call, ad)
    left = Totals(call.store).remaining(ad)
    ad["deleted"] = True
    if left:
        _move(call, ad, -left)
    call.store.put_ad(ad)
    return True


def by_id(call: Call) -> list[JsonObject]:
    """Ads by id; what is not there is left out."""
    wanted = call.words("ad_ids", "AD_IDS")
    if not wanted:
        raise AdsError("AD_IDS_EMPTY")
    found = [call.store.get("ad", one) for one in wanted]
    return shown(call, [ad for ad in found if ad is not None and not ad["deleted"]])


def listed(call: Call) -> JsonObject:
    """A page of the account's ads, newest first."""
    rows = [ad for ad in call.store.every("ad") if not ad["deleted"]][::-1]
    page, beside = call.page(rows)
    return {**beside, "ads": shown(call, page)}


def live(call: Call) -> JsonObject:
    """An ad of the account that is there.

    Raises:
        AdsError: there is none.
    """
    ad = call.store.get("ad", call.whole("ad_id", "AD_ID"))
    if ad is None or ad["deleted"]:
        raise AdsError("AD_ID_INVALID")
    return ad


def shown(call: Call, ads: list[JsonObject]) -> list[JsonObject]:
    """Ads as Telegram answers them."""
    totals = Totals(call.store)
    return [_shown(call, ad, totals) for ad in ads]


def refusal(account: JsonObject) -> str:
    """Telegram's word for an account that may not advertise."""
    return {
        "suspended": "ACCOUNT_SUSPENDED",
        "disabled": "ACCOUNT_DISABLED",
        "payment_declined": "PAYMENT_DECLINED",
    }[account["state"]]


def _submit(call: Call, ad: JsonObject) -> None:
    ad["submitted"] = call.store.now.isoformat()
    if call.store.world.fault(NETWORK, "disapproved_ad"):
        ad["verdict"] = "declined"


def _move(call: Call, ad: JsonObject, amount: int) -> None:
    """Money from the account into the ad, or back."""
    ad["funded"] += amount
    peer = {"type": "ad", "ad_id": ad["ad_id"]}
    call.store.pay(-amount, peer)


def _require_rest(call: Call, ad: JsonObject) -> None:
    since = inactive_since(ad, call.store.now)
    if since is not None and call.store.now - since < _INACTIVE:
        raise AdsError("AD_RECENTLY_ACTIVE")


def _shown(call: Call, ad: JsonObject, totals: Totals) -> JsonObject:
    now = call.store.now
    views, clicks, actions, spent = totals.of(ad)
    remaining = totals.remaining(ad)
    state = status(ad, now, remaining)
    answer: JsonObject = {
        "ad_id": ad["ad_id"],
        "title": ad["title"],
        "currency": call.store.account["currency"],
        "text": ad["text"],
        "promote_url": ad["promote_url"],
        "cpm": shown_money(ad["cpm"]),
        "placement": ad["placement"],
        "impression_frequency": ad["impression_frequency"],
        "show_userpic": ad["show_userpic"],
        "spent_budget": shown_money(spent),
        "remaining_budget": shown_money(remaining),
        "views": views,
        "opens": 0,
        "clicks": clicks,
        "actions": actions,
        "created_date": ad["created_date"],
        "is_paused": held(ad, now),
        "status": state,
    }
    for name in ("website_name", "button", "conversion_event_id", "additional_info", "schedule"):
        if ad[name] is not None:
            answer[name] = ad[name]
    for name in ("activate_date", "deactivate_date", "action_type"):
        if ad[name] is not None:
            answer[name] = ad[name]
    for kind in ("photo", "video"):
        if ad[f"{kind}_id"] is not None:
            answer[kind] = call.store.get("media", ad[f"{kind}_id"])
    if ad["daily_budget_limit"]:
        answer["daily_budget_limit"] = shown_money(ad["daily_budget_limit"])
        answer["daily_spent_budget"] = shown_money(totals.spent_today(ad))
    if state == "declined":
        text = "The ad does not comply with our guidelines."
        answer["decline_reason"] = {"text": text, "description_html": f"<p>{text}</p>"}
    if call.flag("return_target"):
        answer["target"] = catalogue.shown_target(ad["target"])
    return answer
