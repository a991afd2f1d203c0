"""Whether the account can be spent from, and how AppLovin shows that it cannot.

Unsure throughout: AppLovin documents no account status. Here nothing is switched on and nothing
delivers, and the account information of the reporting host says why; reading and pausing go on.
"""

from typing import Any

from sandbox.applovin.request import AlError
from sandbox.applovin.store import NETWORK, JsonObject
from sandbox.world import World

_SAID = {
    "suspended": "The account is suspended",
    "disabled": "The account is disabled",
    "payment_declined": "The last payment was declined",
    "prepaid_exhausted": "The account has no balance left",
}


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account into a state. What is left of a balance is nowhere shown."""
    account["_standing"] = status
    world.put(NETWORK, "account", str(account["id"]), account)


def spends(account: JsonObject) -> bool:
    """Whether anything of the account is delivered."""
    return account["_standing"] == "active"


def must_pay(account: JsonObject) -> None:
    """Nothing is switched on in an account that cannot be spent from.

    Raises:
        AlError: it cannot.
    """
    if not spends(account):
        raise AlError(403, 100403, _SAID[account["_standing"]])
