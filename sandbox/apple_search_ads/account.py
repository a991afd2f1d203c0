"""Who may use the ad account, what it is, and how it is troubled."""

from typing import Any

from sandbox.apple_search_ads.request import AppleError, Call, not_found, public
from sandbox.apple_search_ads.store import ACCOUNT_ID, NETWORK, ORG_ID, JsonObject
from sandbox.world import World

# Apple names these reasons; which trouble each means is our reading of them.
_REASONS = {
    "suspended": "POLICY_VIOLATION",
    "disabled": "USER_REQUESTED_ACCOUNT_SUSPENSION",
    "prepaid_exhausted": "LOC_EXHAUSTED",
    "payment_declined": "PAYMENT_DECLINED",
}


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account into a state. Apple tells no balance; one given makes it a line of credit."""
    reason = _REASONS.get(status)
    account["systemStatus"] = "INACTIVE" if reason else "ACTIVE"
    account["systemStatusReasons"] = [reason] if reason else []
    account["paymentModel"] = "PAYG" if balance is None else "LOC"
    world.put(NETWORK, "account", str(account["id"]), account)


def me(call: Call) -> JsonObject:
    """The caller."""
    return {"userId": 3962840, "orgId": ORG_ID}


def acls(call: Call) -> JsonObject:
    """The caller's roles by ad account."""
    account = call.store.get("account", ACCOUNT_ID) or {}
    shown = {name: account[name] for name in ("id", "name", "orgId")}
    return {"acls": [{"adAccount": shown, "roles": account["_roles"]}]}


def organisation(call: Call) -> JsonObject:
    """The organisation that owns the ad account."""
    if call.object_id != str(ORG_ID):
        raise not_found("org", call.object_id)
    return {
        "id": ORG_ID,
        "name": "Sandbox",
        "currency": "USD",
        "timezone": "UTC",
        "paymentModel": "PAYG",
        "systemStatus": "ACTIVE",
        "systemStatusReasons": [],
    }


def ad_account(call: Call) -> JsonObject:
    """The ad account of the context, and no other."""
    if call.object_id != str(call.account["id"]):
        raise AppleError(403, "FORBIDDEN", "The ad account is not that of X-AP-Context.")
    return public(call.account)


def app(call: Call) -> JsonObject:
    """An app of the App Store."""
    found = call.store.get("app", call.object_id)
    if found is None:
        raise not_found("app", call.object_id)
    return public(found)
