"""Whether a Meta ad account can be spent from, and how Meta shows that it cannot."""

from typing import Any

from sandbox.meta.graph import GraphError, Node
from sandbox.world import World

NETWORK = "meta"
_NUMBERS = {
    "active": 1,
    "disabled": 2,
    "payment_declined": 3,
    "suspended": 7,
    "prepaid_exhausted": 1,
}
_CENT_MICROS = 10_000
_STORED_BALANCE = 20
# Unsure: Meta publishes no list of what an activation is refused with in each state; 1359188 is
# what is reported for a missing payment method.
_NO_PAYMENT = 1359188
_SAID = {
    "disabled": "Your ad account is disabled.",
    "suspended": "Your ad account is under review.",
    "payment_declined": "Your last payment was declined; update your payment method.",
    "prepaid_exhausted": "Your prepaid balance is used up; add funds.",
}


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account into a state; ``balance`` in micros where it is prepaid."""
    account["account_status"] = _NUMBERS[status]
    account["disable_reason"] = 1 if status == "disabled" else 0
    account["_status"] = status
    account["is_prepay_account"] = balance is not None
    account["funding_source_details"] = None
    if balance is not None:
        amount = balance // _CENT_MICROS / 100
        account["funding_source_details"] = {
            "id": f"5{account['account_id']}",
            "display_string": f"Available balance (${amount:,.2f} {account['currency']})",
            "type": _STORED_BALANCE,
        }
    world.put(NETWORK, "account", str(account["account_id"]), account)


def pays(account: Node) -> bool:
    """Whether anything of the account is delivered."""
    return account.get("_status", "active") == "active"


def must_pay(account: Node) -> None:
    """Nothing is switched on in an account that cannot be spent from.

    Raises:
        GraphError: it cannot.
    """
    status = str(account.get("_status", "active"))
    if status != "active":
        payment = status in ("payment_declined", "prepaid_exhausted")
        raise GraphError(
            100,
            "Invalid parameter",
            subcode=_NO_PAYMENT if payment else 0,
            user_message=_SAID[status],
            field="status",
        )
