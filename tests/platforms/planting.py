"""An account, the keys of a tree of orders, and the tree they become; for networks whose tests
read more closely than the contract does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    NetworkObject,
)
from models.contract.vocabulary import Platform
from platforms.errors import Ambiguous, Transient
from platforms.network import AdNetwork

CAMPAIGN_KEY, GROUP_KEY, CREATIVE_KEY, AD_KEY = "k1campaign", "k2group", "k3creative", "k4advert"
REVIEW = timedelta(minutes=11)
"""A little more than a review lasts."""


def account(
    platform: Platform, external_id: str, options: dict[str, str], currency: str = "USD"
) -> AdAccount:
    return AdAccount(
        id=UUID(int=1),
        team_id=UUID(int=2),
        platform=platform,
        name=f"{platform.value} sandbox",
        external_id=external_id,
        currency=currency,
        sandbox=True,
        options=options,
    )


@dataclass(frozen=True)
class Tree:
    campaign: NetworkObject
    group: NetworkObject
    creative: NetworkObject
    ad: NetworkObject


async def planted(
    network: AdNetwork,
    campaign_order: CampaignOrder,
    group_order: Callable[[str], AdGroupOrder],
    creative_order: CreativeOrder,
    ad_order: Callable[[str, str], AdOrder],
) -> Tree:
    """Create a whole tree, top down."""
    campaign = await network.create(campaign_order)
    group = await network.create(group_order(campaign.id))
    creative = await network.create(creative_order)
    ad = await network.create(ad_order(group.id, creative.id))
    return Tree(campaign, group, creative, ad)


@dataclass
class Persistent:
    """Creates as the product does: after a lost answer it looks before it tries again."""

    network: AdNetwork
    lost: int = 0

    async def create(self, order: Any, parent: str | None = None) -> str:
        for _ in range(3):
            try:
                return (await self.network.create(order)).id
            except (Ambiguous, Transient):
                self.lost += 1
            if found := await self.network.find(order.kind, order.key, parent):
                return found[0].id
        raise AssertionError("three attempts were not enough")
