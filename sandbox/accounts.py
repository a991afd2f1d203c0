"""Account states for tests to play: a used-up prepaid balance, a declined card, a suspension.

Each network shows them in its own words (``meta_billing``, ``x_funding``); delivery stops, and
switching anything on is refused.
"""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.apple_search_ads import account as apple_account
from sandbox.applovin import standing as applovin_standing
from sandbox.applovin import store as applovin_store
from sandbox.google import billing as google_billing
from sandbox.google import store as google_store
from sandbox.meta import billing as meta_billing
from sandbox.snapchat import funding as snapchat_funding
from sandbox.telegram import accounts as telegram_accounts
from sandbox.telegram import store as telegram_store
from sandbox.tiktok import billing as tiktok_billing
from sandbox.tiktok import store as tiktok_store
from sandbox.unity import billing as unity_billing
from sandbox.unity import shelf as unity_shelf
from sandbox.world import World
from sandbox.x import funding as x_funding

Status = Literal["active", "suspended", "disabled", "prepaid_exhausted", "payment_declined"]


class AccountOrder(BaseModel):
    """What POST /control/accounts/{network}/{id} takes.

    ``balance_micros`` makes the account a prepaid one with so much left; it does not run down by
    itself. ``prepaid_exhausted`` is a balance of zero.
    """

    model_config = ConfigDict(extra="forbid")

    status: Status = "active"
    balance_micros: int | None = Field(default=None, ge=0)


_PLAY: dict[str, Callable[[dict[str, Any], World, str, int | None], None]] = {
    apple_account.NETWORK: apple_account.play,
    applovin_store.NETWORK: applovin_standing.play,
    google_store.NETWORK: google_billing.play,
    meta_billing.NETWORK: meta_billing.play,
    snapchat_funding.NETWORK: snapchat_funding.play,
    tiktok_store.NETWORK: tiktok_billing.play,
    telegram_store.NETWORK: telegram_accounts.play,
    x_funding.NETWORK: x_funding.play,
    unity_shelf.NETWORK: unity_billing.play,
}


def play(world: World, network: str, account_id: str, order: AccountOrder) -> None:
    """Put an account into a state, from now on.

    Raises:
        ValueError: no such network or account.
    """
    account = world.get(network, "account", account_id) if network in _PLAY else None
    if account is None:
        raise ValueError(f"network {network!r} has no account {account_id!r}")
    exhausted = order.status == "prepaid_exhausted"
    balance = 0 if exhausted else order.balance_micros
    status = "prepaid_exhausted" if balance == 0 and order.status == "active" else order.status
    world.settle()  # what was spent until now was spent under the old state
    _PLAY[network](account, world, status, balance)
    world.note(network, "account", {"id": account_id, "status": status, "balance": balance})
