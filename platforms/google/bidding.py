"""How a campaign bids: the order's words into Google's strategies, and back.

The strategy is the campaign's. Its amount is too, but for awareness: there each Google ad group
(one of our ads) has its own, and all are kept equal.
"""

from collections.abc import Sequence
from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid
from models.contract.vocabulary import Platform
from platforms.google.errors import JsonObject, refused
from platforms.google.query import among, select
from platforms.google.terms import DEFAULT_BID, Optimisation, in_micros
from platforms.google.wire import Wire
from platforms.terms import bid_amount, option_amount, whole_units

_AMOUNTS = {
    "TARGET_SPEND": ("targetSpend", "cpcBidCeilingMicros"),
    "MAXIMIZE_CONVERSIONS": ("maximizeConversions", "targetCpaMicros"),
    "TARGET_CPA": ("targetCpa", "targetCpaMicros"),
}
"""Where a strategy of a campaign has its amount."""

_GOAL = "OPTIMIZE_INSTALLS_TARGET_INSTALL_COST"
_FREE_GOAL = "OPTIMIZE_INSTALLS_WITHOUT_TARGET_INSTALL_COST"
_TAKES = {
    "targetSpend": ("automatic", "bid_cap"),
    "maximizeConversions": ("automatic", "cost_cap"),
    "manualCpm": ("automatic", "bid_cap"),
    "app": ("automatic", "cost_cap"),
}


def opening_strategy(how: Optimisation) -> JsonObject:
    """The campaign's strategy before any bid is known: the automatic one."""
    if how.strategy == "app":
        return {"maximizeConversions": {}}
    return {how.strategy: {}}


def app_goal() -> str:
    """What an App campaign bids for before any bid is known."""
    return _FREE_GOAL


def bid_fields(bid: Bid, how: Optimisation, account: AdAccount) -> tuple[JsonObject, list[str]]:
    """What an ad group's bid changes on its campaign, and the mask of it; nothing for automatic
    bidding and for awareness.

    Raises:
        Refused: the strategy does not go with the objective, or its amount is missing, surplus,
            too fine or in another currency.
    """
    amount = _amount(bid, how, account)
    if amount is None or how.strategy == "manualCpm":
        return {}, []
    if how.strategy == "targetSpend":
        return {"targetSpend": {"cpcBidCeilingMicros": amount}}, ["targetSpend.cpcBidCeilingMicros"]
    if how.strategy == "maximizeConversions":
        fields = {"maximizeConversions": {"targetCpaMicros": amount}}
        return fields, ["maximizeConversions.targetCpaMicros"]
    fields = {
        "targetCpa": {"targetCpaMicros": amount},
        "appCampaignSetting": {"biddingStrategyGoalType": _GOAL},
    }
    return fields, ["targetCpa.targetCpaMicros", "appCampaignSetting.biddingStrategyGoalType"]


def ad_group_bid(bid: Bid, how: Optimisation, account: AdAccount) -> JsonObject:
    """What each Google ad group bids itself: for awareness, per thousand impressions."""
    if how.strategy != "manualCpm":
        return {}
    return {"cpmBidMicros": _amount(bid, how, account)}


def _amount(bid: Bid, how: Optimisation, account: AdAccount) -> str | None:
    if bid.strategy not in _TAKES[how.strategy]:
        raise refused(
            f"bid strategy {bid.strategy!r} does not go with this objective on Google; use one "
            f"of: {', '.join(_TAKES[how.strategy])}",
            field="bid_strategy",
        )
    if bid.amount is None and how.strategy == "manualCpm":
        amount = option_amount(Platform.GOOGLE, account, DEFAULT_BID)
        if amount is None:
            raise refused(
                "awareness on Google bids per thousand impressions: give the ad group a bid_cap "
                f"with an amount, or set the account option {DEFAULT_BID}",
                field="bid_amount",
            )
    else:
        amount = bid_amount(Platform.GOOGLE, bid, _TAKES[how.strategy][1])
    return None if amount is None else in_micros(amount, account.currency, "bid_amount")


def bid_of(campaign: JsonObject, cpm_bids: Sequence[int], currency: str) -> Money | None:
    """The amount a campaign bids with, from its row; None where Google bids by itself.

    ``cpm_bids`` are its ad groups', for awareness: the highest counts.
    """
    strategy = str(campaign.get("biddingStrategyType") or "")
    if strategy == "MANUAL_CPM":
        micros = max(cpm_bids, default=0)
    else:
        part, field = _AMOUNTS.get(strategy, ("", ""))
        micros = int(cast(JsonObject, campaign.get(part) or {}).get(field) or 0)
    return Money(micros=micros, currency=currency) if micros else None


async def set_bid(wire: Wire, row: JsonObject, amount: Money, currency: str) -> None:
    """Another amount for a campaign (a row of a query) whose strategy has one, down to a whole
    minor unit.

    Raises:
        Refused: the strategy has no amount, or this one is too small or in another currency.
    """
    campaign = cast(JsonObject, row["campaign"])
    micros = in_micros(whole_units(amount), currency, "bid_amount")
    strategy = str(campaign.get("biddingStrategyType") or "")
    if strategy == "MANUAL_CPM":
        await _set_cpm(wire, str(campaign["id"]), micros)
        return
    if bid_of(campaign, (), currency) is None:
        raise refused(
            f"bid strategy {strategy or 'of this campaign'} has no amount to set; lower the daily "
            "budget instead",
            field="bid_amount",
        )
    part, field = _AMOUNTS[strategy]
    update = {"resourceName": campaign["resourceName"], part: {field: micros}}
    await wire.mutate("campaigns", [{"update": update, "updateMask": f"{part}.{field}"}])


async def cpm_bids(wire: Wire, campaign_ids: Sequence[str]) -> dict[str, list[int]]:
    """What the ad groups of awareness campaigns bid, by campaign."""
    if not campaign_ids:
        return {}
    rows = await wire.search(_ad_groups(campaign_ids))
    found: dict[str, list[int]] = {}
    for row in rows:
        micros = int(row["adGroup"].get("cpmBidMicros") or 0)
        found.setdefault(str(row["campaign"]["id"]), []).append(micros)
    return found


def _ad_groups(campaign_ids: Sequence[str]) -> str:
    return select(
        ("ad_group.id", "ad_group.cpm_bid_micros", "campaign.id"),
        "ad_group",
        among("campaign.id", campaign_ids),
        "ad_group.status != 'REMOVED'",
    )


async def _set_cpm(wire: Wire, campaign_id: str, micros: str) -> None:
    rows = await wire.search(_ad_groups([campaign_id]))
    operations: list[JsonObject] = [
        {
            "update": {"resourceName": row["adGroup"]["resourceName"], "cpmBidMicros": micros},
            "updateMask": "cpmBidMicros",
        }
        for row in rows
    ]
    if not operations:
        raise refused("the ad group has no ads yet that could bid", field="bid_amount")
    await wire.mutate("adGroups", operations)
