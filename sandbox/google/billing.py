"""Whether a Google Ads account can be spent from, and how Google shows that it cannot."""

from typing import Any

from sandbox.google.failures import Failure, JsonObject
from sandbox.google.store import NETWORK
from sandbox.world import World

_STATUSES = {"suspended": "SUSPENDED", "disabled": "CANCELED"}


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account into a state; ``balance`` in micros gives it an account budget with so much
    left.

    Unsure: Google's interface has no word for a declined card; here the billing setup is then no
    longer approved.
    """
    account |= {
        "status": _STATUSES.get(status, "ENABLED"),
        "_billing": "CANCELLED" if status == "payment_declined" else "APPROVED",
        "_limit_micros": balance,
    }
    world.put(NETWORK, "account", str(account["id"]), account)


def pays(account: JsonObject) -> bool:
    """Whether anything of the account is delivered."""
    return (
        account["status"] == "ENABLED"
        and account["_billing"] == "APPROVED"
        and account["_limit_micros"] != 0
    )


def must_be_open(account: JsonObject) -> None:
    """A cancelled account is closed to every call.

    Raises:
        Failure: it is cancelled.
    """
    if account["status"] in ("CANCELED", "CLOSED"):
        raise Failure(
            "authorizationError",
            "CUSTOMER_NOT_ENABLED",
            "The customer account can't be accessed because it is not yet enabled or has been "
            "deactivated.",
            status=403,
        )


def must_pay(account: JsonObject, verb: str, row: JsonObject) -> None:
    """Nothing is made or switched on in an account that cannot be spent from.

    Raises:
        Failure: it cannot. Which code a missing payment has is not published.
    """
    if pays(account) or not (verb == "create" or row.get("status") == "ENABLED"):
        return
    if account["status"] == "SUSPENDED":
        code, text = "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT", "The account is suspended."
    else:
        code, text = "ACTION_NOT_PERMITTED", "The account has no valid payment."
    raise Failure("authorizationError", code, text, status=403)


def setups(account: JsonObject) -> list[JsonObject]:
    """``billing_setup`` rows."""
    name = f"{account['resourceName']}/billingSetups/1"
    return [{"resourceName": name, "id": "1", "status": account["_billing"]}]


def budgets(account: JsonObject) -> list[JsonObject]:
    """``account_budget`` rows; none where the account has no limit."""
    if account["_limit_micros"] is None:
        return []
    return [
        {
            "resourceName": f"{account['resourceName']}/accountBudgets/1",
            "id": "1",
            "status": "APPROVED",
            "amountServedMicros": "50000000",
            "adjustedSpendingLimitMicros": str(50_000_000 + int(account["_limit_micros"])),
        }
    ]
