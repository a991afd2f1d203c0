"""Whether the organisation may advertise, and how Unity shows that it may not.

Unity's API has no call for it. An organisation without access is refused (codes 63 and 64); that
one which nobody pays for is answered with 402 is an assumption.
"""

from typing import Any

from sandbox.unity.request import UnityError
from sandbox.unity.shelf import NETWORK, ORGANIZATION_ID, Shelf
from sandbox.world import World

_REFUSALS = {
    "suspended": (403, 63, "Forbidden", "The organization's access to the API was suspended"),
    "disabled": (403, 64, "Forbidden", "The organization has no access to the API"),
    "payment_declined": (402, 66, "Payment Required", "The payment method was declined"),
    "prepaid_exhausted": (402, 67, "Payment Required", "The organization budget is used up"),
}


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the organisation into a state; Unity shows no balance."""
    del balance
    world.put(NETWORK, "account", str(account["id"]), {**account, "_status": status})


def refusal(shelf: Shelf) -> UnityError | None:
    """Why nothing may be delivered, or None."""
    account = shelf.get("account", ORGANIZATION_ID) or {}
    refused = _REFUSALS.get(str(account.get("_status")))
    return UnityError(*refused) if refused else None


def must_pay(shelf: Shelf) -> None:
    """Raises:
    UnityError: the organisation may not advertise.
    """
    if (error := refusal(shelf)) is not None:
        raise error
