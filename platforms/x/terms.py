"""What X offers, in the trade's terms, and X's own words for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid
from models.contract.regulated import OPEN_TO_ALL
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms
from platforms.network import Capabilities, CopyLimits
from platforms.terms import bid_amount, checked_micros, require_counting, whole_units, word_for
from platforms.x.errors import refused

WEB_EVENT_TAG = "web_event_tag"
"""Account option naming the web event (pixel) that counts a conversion; it is what lets an
account run campaigns for leads, sign-ups, purchases and applications."""


@dataclass(frozen=True, slots=True)
class Optimisation:
    """X's words for one objective. ``by_conversion`` needs a web event tag."""

    objective: str
    goal: str
    by_conversion: bool = False


_CLICKS = Optimisation("WEBSITE_CLICKS", "LINK_CLICKS")
_CONVERSIONS = Optimisation("WEBSITE_CLICKS", "WEBSITE_CONVERSIONS", by_conversion=True)

OPTIMISATIONS: Mapping[Objective, Optimisation | None] = {
    Objective.AWARENESS: Optimisation("REACH", "MAX_REACH"),
    Objective.TRAFFIC: _CLICKS,
    Objective.ENGAGEMENT: Optimisation("ENGAGEMENTS", "ENGAGEMENT"),
    Objective.LEADS: _CONVERSIONS,
    Objective.SIGNUPS: _CONVERSIONS,
    Objective.PURCHASES: _CONVERSIONS,
    Objective.APPLICATIONS: _CONVERSIONS,
    Objective.CATALOG_SALES: None,
    Objective.APP_INSTALLS: None,
}
"""Every objective; None where X or this adapter has no way (catalogues; app cards)."""

_PLAIN = frozenset(o for o, how in OPTIMISATIONS.items() if how and not how.by_conversion)
_BY_CONVERSION = frozenset(o for o, how in OPTIMISATIONS.items() if how and how.by_conversion)

_STRATEGIES = {"automatic": "AUTO", "bid_cap": "MAX", "cost_cap": "TARGET"}
_REFUSED_FOR = {
    "bid_cap": frozenset({"REACH", "FOLLOWERS"}),
    "cost_cap": frozenset({"ENGAGEMENTS"}),
}

CAPABILITIES = Capabilities(
    platform=Platform.X,
    label="X",
    # X publishes none; this is the product's own floor.
    min_daily_budget={"USD": Money.of("10.00")},
    end_time_granularity=timedelta(minutes=1),
    budget_edits_per_hour=None,
    batch_size=40,
    over_delivery=1.2,
    settle=timedelta(seconds=5),
    copy_limits=CopyLimits(
        primary_text=280, headline=70, description=0, link_cost=24, hashtags="counted"
    ),
    image_size=(1200, 628),
    objectives=_PLAIN,
    calls_to_action=frozenset({CallToAction.LEARN_MORE}),
    can_pause_ad=False,
    spend_cap=True,
    special_categories=dict.fromkeys(
        OPEN_TO_ALL, "no field to declare it; its rule on targeting is kept by Adflight"
    ),
    api="Ads API 12",
    instead={
        "pausing a single ad": "tests of ads are reported, and a person removes an ad",
        "gambling": "refused: X wants its own approval first, which no field shows",
        "webhooks of delivery": "figures are polled for the whole account at once",
        "validate-only": "everything is made paused",
    },
    notes=(
        "over_delivery 1.2 and the minimum daily budget are not published by X (unsure), nor is "
        "any balancing within a week.",
        "Leads, sign-ups, purchases and applications need the account option web_event_tag.",
        "A website card is one large link without a labelled button.",
        "A promoted post cannot be paused: pause its ad group, or remove it.",
        "Age ranges: from 13, 18, 21, 25, 35 or 50; up to 34, 49, 54 or open, in X's pairs.",
        "An interest that X does not list is targeted as a keyword.",
        "Reach is read at most once a minute, for up to some hundred campaigns.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account. See ``platforms.terms``."""
    return terms.capabilities_of(
        CAPABILITIES, account, option=WEB_EVENT_TAG, objectives=_BY_CONVERSION
    )


def optimisation(objective: Objective, account: AdAccount) -> Optimisation:
    """X's words for an objective.

    Raises:
        Refused: X cannot do it, or the account lacks the web event tag it needs.
    """
    how = word_for(Platform.X, "on X", OPTIMISATIONS, objective)
    if how.by_conversion:
        require_counting(Platform.X, objective, account, WEB_EVENT_TAG)
    return how


def check_category(category: SpecialCategory) -> None:
    """Whether X takes ads of a category at all.

    Raises:
        Refused: it wants an approval that no field shows.
    """
    if category is not SpecialCategory.NONE and category not in CAPABILITIES.special_categories:
        raise refused(
            f"{category.value} ads need X's own approval, which Adflight cannot see; promote them "
            "on another network",
            field="special_category",
        )


def bid_fields(bid: Bid, how: Optimisation, currency: str) -> dict[str, str | int]:
    """``bid_strategy``, ``bid_amount_local_micro`` and, so that an amount is per link click and
    not per thousand impressions, ``pay_by``.

    Raises:
        Refused: the strategy does not go with the objective, or its amount is missing, surplus
            or in another currency.
    """
    strategy = _STRATEGIES[bid.strategy]
    if how.objective in _REFUSED_FOR.get(bid.strategy, frozenset()):
        raise refused(
            f"bid strategy {bid.strategy!r} does not go with X objective {how.objective}; "
            "use 'automatic'",
            field="bid_strategy",
        )
    amount = bid_amount(Platform.X, bid)
    if amount is None:
        return {"bid_strategy": strategy}
    micros = in_micros(amount, currency, "bid_amount")
    pay_by = {"pay_by": "LINK_CLICK"} if how.goal == "LINK_CLICKS" else {}
    return {"bid_strategy": strategy, "bid_amount_local_micro": micros, **pay_by}


def bid_change(line: Mapping[str, object], amount: Money, currency: str) -> dict[str, int]:
    """Another amount for a line item whose bid strategy has one, down to a whole minor unit
    (X's ``minimum_denomination``).

    Raises:
        Refused: the strategy has no amount, or this one is too small or in another currency.
    """
    strategy = str(line.get("bid_strategy") or "AUTO")
    if strategy not in (_STRATEGIES["bid_cap"], _STRATEGIES["cost_cap"]):
        raise refused(
            f"bid strategy {strategy} has no amount to set; lower the daily budget instead",
            field="bid_amount",
        )
    return {"bid_amount_local_micro": in_micros(whole_units(amount), currency, "bid_amount")}


in_micros = partial(checked_micros, Platform.X)
"""``*_local_micro`` of an amount."""
