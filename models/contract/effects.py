"""Inputs and results of network activities."""

import hashlib
import re
from base64 import b32encode
from datetime import datetime, timedelta
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.campaign import NetworkTree
from models.contract.limits import SpendRequest
from models.contract.money import Money
from models.contract.network import NetworkObject, Order

_KEY = re.compile(r"k[a-z2-7]{10}")


def effect_key(campaign_id: UUID, step: str) -> str:
    """The idempotency key of one step of one campaign: ``k`` and ten base-32 characters.

    It depends on nothing else, so that a retry, a reset or a continue-as-new asks under the
    same key. 50 bits: a collision inside one ad account is out of reach.
    """
    digest = hashlib.sha256(f"campaign-{campaign_id}/{step}".encode()).digest()
    return "k" + b32encode(digest).decode().lower()[:10]


def referral(campaign_id: UUID) -> str:
    """The ``ref`` in the links of a campaign's ads: 8 characters that fit any form or short URL.

    40 bits, so one team's campaigns share none in practice.
    """
    return effect_key(campaign_id, "referral")[1:9].upper()


def is_effect_key(text: str) -> bool:
    """Whether a text has the form of our keys, whoever's database knows it."""
    return _KEY.fullmatch(text) is not None


class CreateObject(Frozen):
    """Ask a network for one object under one key."""

    account: AdAccount
    campaign_id: UUID
    order: Order
    settle: timedelta


class TreeRef(Frozen):
    """A campaign's tree on its network, by known ids and by the keys that find the rest.

    ``resting`` are variants whose ads stay off when the rest is switched on.
    """

    account: AdAccount
    campaign_id: UUID
    tree: NetworkTree
    variants: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    settle: timedelta = timedelta(seconds=10)

    def key(self, step: str) -> str:
        """The key under which a step's object was asked for."""
        return effect_key(self.campaign_id, step)


class VerifyTree(Frozen):
    """Check that a created tree is complete, paused, single and within ``daily_budget``."""

    ref: TreeRef
    daily_budget: Money


class SetBudget(Frozen):
    """Set the ad group's daily budget and read it back."""

    ref: TreeRef
    daily_budget: Money


class SetBid(Frozen):
    """Set the amount of the ad group's bid or cost cap and read it back."""

    ref: TreeRef
    amount: Money


class SwitchAds(Frozen):
    """Let ads rest and others come back, by variant, and read them back."""

    ref: TreeRef
    off: tuple[str, ...] = ()
    on: tuple[str, ...] = ()


class MoveEnd(Frozen):
    """Move the lease: the ad group's end time, campaign time."""

    ref: TreeRef
    end_time: datetime


class LeaseRenewal(Frozen):
    """Ask for ``request`` again and, when it is granted, move the lease."""

    request: SpendRequest
    move: MoveEnd


class TreeReading(Frozen):
    """The tree as the network shows it."""

    objects: tuple[NetworkObject, ...]
    as_of: datetime

    def delivering(self) -> bool:
        """Whether at least one ad can deliver."""
        return any(
            one.kind.value == "ad" and one.delivery.value == "active" for one in self.objects
        )

    def rejected(self) -> str | None:
        """The network's reason when every ad was refused, else None."""
        ads = [one for one in self.objects if one.kind.value == "ad"]
        if ads and all(one.delivery.value == "rejected" for one in ads):
            return next((one.issue for one in ads if one.issue), "the network rejected every ad")
        return None
