"""Whether a TikTok ad account can be spent from, and how TikTok shows that it cannot."""

from typing import Any

from sandbox.tiktok.request import NO_PERMISSION, TikTokError
from sandbox.tiktok.store import BALANCE, NETWORK, JsonObject
from sandbox.world import World

_STATUS = {"suspended": "STATUS_LIMIT", "disabled": "STATUS_DISABLE"}
_PENALTY = "ADVERTISER_ACCOUNT_PUNISH"
_EMPTY = ("payment_declined", "prepaid_exhausted")
"""TikTok has one word for both: payment unsuccessful or insufficient balance."""


def play(account: dict[str, Any], world: World, status: str, balance: int | None) -> None:
    """Put the account into a state; ``balance`` in micros where it is prepaid."""
    account["status"] = _STATUS.get(status, "STATUS_ENABLE")
    account["rejection_reason"] = "Repeated policy violations" if status == "suspended" else ""
    left = BALANCE if balance is None else balance / 1_000_000
    account["balance"] = 0.0 if status in _EMPTY else left
    world.put(NETWORK, "account", str(account["id"]), account)


def penalty(account: JsonObject) -> str:
    """The secondary status that a penalised or closed account gives all that is its own."""
    return "" if account["status"] == "STATUS_ENABLE" else _PENALTY


def pays(account: JsonObject) -> bool:
    """Whether anything of the account is delivered."""
    return not penalty(account) and account["balance"] > 0


def must_pay(account: JsonObject) -> None:
    """Nothing is switched on in an account that cannot be spent from.

    Raises:
        TikTokError: it cannot. Unsure: TikTok publishes no code for it.
    """
    if penalty(account):
        raise TikTokError(NO_PERMISSION, "The advertiser account is penalised or closed.")
    if not pays(account):
        raise TikTokError(NO_PERMISSION, "Payment unsuccessful or insufficient balance.")
