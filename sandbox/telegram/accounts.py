"""The advertiser account: balances, details, what moved, and the states tests play."""

from typing import Any

from sandbox.telegram.ads import refusal
from sandbox.telegram.delivery import spends
from sandbox.telegram.figures import Totals
from sandbox.telegram.request import AdsError, Call, shown_money
from sandbox.telegram.store import ACCOUNT_ID, BALANCE, NETWORK, JsonObject, Store
from sandbox.world import World

_DETAILS = ("full_name", "email", "phone_number", "country", "city", "legal_name")


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account into a state. Telegram is prepaid: exhausted, nothing is left in its ads
    either; ``balance`` in micros is what the account has left to move."""
    if balance is None:
        balance = account["balance"] if status != "active" else max(account["balance"], BALANCE)
    account |= {"state": status, "balance": balance}
    world.put(NETWORK, "account", ACCOUNT_ID, account)
    if status == "prepaid_exhausted":
        store = Store(world)
        totals = Totals(store)
        for ad in store.every("ad"):
            store.put("ad", ad["ad_id"], {**ad, "funded": totals.spent(ad)})


def current(call: Call) -> JsonObject:
    """The token's own account."""
    account, totals = call.store.account, Totals(call.store)
    ads = call.store.every("ad")
    return {
        "account_id": ACCOUNT_ID,
        "title": account["title"],
        "currency": account["currency"],
        "spent_budget": shown_money(sum(totals.spent(ad) for ad in ads)),
        "remaining_budget": shown_money(account["balance"]),
        "ads_budget": shown_money(sum(totals.remaining(ad) for ad in ads if not ad["deleted"])),
    }


def by_id(call: Call) -> list[JsonObject]:
    wanted = call.words("account_ids", "ACCOUNT_IDS")
    return [current(call)] if ACCOUNT_ID in wanted else []


def info(call: Call) -> JsonObject:
    """Company details; an account that may not advertise says so here."""
    account = call.store.account
    if not spends(account):
        raise AdsError(refusal(account))
    return {"account_id": ACCOUNT_ID, "title": account["title"], **account["info"]}


def edit_info(call: Call) -> JsonObject:
    account = call.store.account
    if call.has("title"):
        account["title"] = call.text("title", "TITLE", 128, least=1)
    for name in _DETAILS:
        if call.has(name):
            account["info"][name] = call.text(name, name.upper(), 256)
    call.store.put("account", ACCOUNT_ID, account)
    return info(call)


def related(call: Call) -> JsonObject:
    """Only an agency's main account has related ones."""
    return {"total_count": 0, "accounts": []}


def main_only(call: Call) -> JsonObject:
    raise AdsError("MAIN_ACCOUNT_REQUIRED")


def transactions(call: Call) -> JsonObject:
    """What moved in and out of the account, newest first."""
    page, beside = call.page(call.store.every("account_transaction")[::-1])
    return {**beside, "transactions": [_shown(call, row) for row in page]}


def ad_transactions(call: Call) -> JsonObject:
    """What moved in and out of an ad: the account's money, and its views."""
    wanted = call.whole("ad_id", "AD_ID")
    ad = call.store.get("ad", wanted)
    if ad is None:
        raise AdsError("AD_ID_INVALID")
    currency = call.store.account["currency"]
    rows: list[JsonObject] = [
        {
            "peer": {"type": "account"},
            "date": int(row["at"]),
            "currency": currency,
            "amount": shown_money(-row["amount"]),
        }
        for row in call.store.every("account_transaction")[::-1]
        if row["peer"].get("ad_id") == wanted
    ]
    views, _, _, spent = Totals(call.store).of(ad)
    if views:
        peer = {"type": "views", "views": views}
        date = int(call.store.now.timestamp())
        amount = shown_money(-spent)
        rows.insert(0, {"peer": peer, "date": date, "currency": currency, "amount": amount})
    page, beside = call.page(rows)
    return {**beside, "transactions": page}


def _shown(call: Call, row: JsonObject) -> JsonObject:
    peer = dict(row["peer"])
    ad = call.store.get("ad", peer["ad_id"]) if "ad_id" in peer else None
    if ad is not None:
        peer |= {"ad_title": ad["title"], "ad_is_deleted": ad["deleted"]}
    return {
        "peer": peer,
        "date": int(row["at"]),
        "currency": call.store.account["currency"],
        "amount": shown_money(row["amount"]),
    }
