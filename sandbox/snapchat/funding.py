"""Whether a Snapchat account can be spent from, and how Snapchat shows that it cannot."""

from typing import Any

from sandbox.snapchat.request import DENIED, ItemError
from sandbox.snapchat.store import NETWORK, JsonObject, Store
from sandbox.world import World

# Unsure: Snapchat lists no account states, and no funding state that says "declined".
_STATUS = {"suspended": "PAUSED", "disabled": "DISABLED"}
_PREPAID = ("LINE_OF_CREDIT", "COUPON")


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account and its funding sources into a state; ``balance`` in micros makes them
    lines of credit with so much left."""
    account["status"] = _STATUS.get(status, "ACTIVE")
    world.put(NETWORK, "account", str(account["id"]), account)
    for one in world.every(NETWORK, "funding"):
        if one["id"] not in account["funding_source_ids"]:
            continue
        spent = status == "prepaid_exhausted"
        declined = status == "payment_declined"
        one |= {
            "type": "CREDIT_CARD" if balance is None else "LINE_OF_CREDIT",
            "status": "SPENT" if spent else "EXPIRED" if declined else "ACTIVE",
            "available_credit_micro": balance,
        }
        world.put(NETWORK, "funding", str(one["id"]), one)


def pays(store: Store, account: JsonObject | None) -> bool:
    """Whether anything of the account is delivered."""
    if account is None or account["status"] != "ACTIVE":
        return False
    sources = [store.get("funding", one) for one in account["funding_source_ids"]]
    return any(
        one is not None
        and one["status"] == "ACTIVE"
        and not (one["type"] in _PREPAID and one.get("available_credit_micro") == 0)
        for one in sources
    )


def must_pay(store: Store, account: JsonObject | None, status: object) -> None:
    """Nothing is switched on in an account that cannot be spent from.

    Raises:
        ItemError: it is asked for, and the account cannot.
    """
    if status == "ACTIVE" and not pays(store, account):
        raise ItemError(DENIED, "the ad account cannot deliver, check its funding", "status")
