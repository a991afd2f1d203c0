"""Whether an X account can be spent from, and how X shows that it cannot."""

from typing import Any

from sandbox.world import World
from sandbox.x.request import XError
from sandbox.x.store import NETWORK, JsonObject, Store

_APPROVAL = {"suspended": "UNDER_REVIEW", "disabled": "REJECTED"}
# Unsure: X publishes neither these reasons nor which error each state is answered with.
_REASONS = {"payment_declined": "CARD_DECLINED", "prepaid_exhausted": "CREDIT_EXHAUSTED"}


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account and its funding instruments into a state; ``balance`` in micros makes them
    credit lines with so much left."""
    account["approval_status"] = _APPROVAL.get(status, "ACCEPTED")
    world.put(NETWORK, "account", str(account["id"]), account)
    for instrument in world.every(NETWORK, "funding_instrument"):
        if instrument["account_id"] != account["id"]:
            continue
        reason = _REASONS.get(status)
        instrument |= {
            "able_to_fund": reason is None,
            "reasons_not_able_to_fund": [reason] if reason else [],
            "type": "CREDIT_CARD" if balance is None else "CREDIT_LINE",
            "credit_remaining_local_micro": balance,
        }
        world.put(NETWORK, "funding_instrument", str(instrument["id"]), instrument)


def refusal(store: Store, campaign: JsonObject) -> XError | None:
    """Why nothing of a campaign can be switched on or delivered, or None."""
    account = store.get("account", campaign["account_id"]) or {}
    if account.get("approval_status") != "ACCEPTED":
        return XError(403, "ACTION_NOT_ALLOWED", "The account may not serve ads")
    instrument = store.get("funding_instrument", campaign["funding_instrument_id"]) or {}
    if instrument.get("able_to_fund"):
        return None
    if instrument.get("credit_remaining_local_micro") == 0:
        return XError(
            403,
            "FUNDING_INSTRUMENT_EXCEEDS_AVAILABLE_CREDIT_LIMIT",
            "The funding instrument has no credit left",
        )
    return XError(
        400,
        "INVALID_FUNDING_INSTRUMENT",
        "The funding instrument cannot fund campaigns",
        "funding_instrument_id",
    )


def must_pay(store: Store, campaign: JsonObject, entity_status: str | None) -> None:
    """Nothing is switched on without funding.

    Raises:
        XError: it is asked for, and the account cannot be spent from.
    """
    error = refusal(store, campaign) if entity_status == "ACTIVE" else None
    if error is not None:
        raise error
