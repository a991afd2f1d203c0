"""What Snapchat offers, in the trade's terms, and Snapchat's own words for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms
from platforms.network import Capabilities, CopyLimits
from platforms.snapchat.errors import JsonObject, refused
from platforms.terms import bid_amount, checked_micros, word_for

PIXEL_ID = "pixel_id"
"""Account option naming the Snap Pixel; goals on a web site are counted by it."""

LANGUAGE = "language"
"""Account option: the one language that Snapchat demands of an ad squad in several countries."""

_LEAST = 5
"""Smallest daily budget of an ad squad in whole units of any currency; older client code says 20
(unsure)."""
_CAP_LEAST = 20
"""Smallest lifetime cap of a campaign, in whole units (reported by third parties, unsure)."""

_CURRENCIES = ("AUD", "CAD", "DKK", "EUR", "GBP", "NOK", "SEK", "USD")


@dataclass(frozen=True, slots=True)
class Goal:
    """How an objective is bought: the campaign's ``objective_v2_type``, the ad squad's
    ``optimization_goal``, and the figures of one conversion. ``pixel``: needs one."""

    objective: str
    optimization: str
    counted: tuple[str, ...] = ()
    pixel: bool = False


PURCHASE, SIGN_UP, INSTALL = "conversion_purchases", "conversion_sign_ups", "total_installs"

_SIGN_UP = Goal("LEADS", "PIXEL_SIGNUP", (SIGN_UP,), pixel=True)

GOALS: Mapping[Objective, Goal | None] = {
    Objective.AWARENESS: Goal("AWARENESS_AND_ENGAGEMENT", "IMPRESSIONS"),
    Objective.TRAFFIC: Goal("TRAFFIC", "SWIPES"),
    Objective.ENGAGEMENT: Goal("AWARENESS_AND_ENGAGEMENT", "SWIPES"),
    Objective.LEADS: _SIGN_UP,
    Objective.SIGNUPS: _SIGN_UP,
    Objective.APPLICATIONS: _SIGN_UP,
    Objective.PURCHASES: Goal("SALES", "PIXEL_PURCHASE", (PURCHASE,), pixel=True),
    Objective.CATALOG_SALES: None,
    Objective.APP_INSTALLS: Goal("APP_PROMOTION", "APP_INSTALLS", (INSTALL,)),
}
"""Every objective; None where this adapter has no way (catalogues need product templates)."""

_COUNTED: Mapping[str, tuple[str, ...]] = {
    goal.objective: goal.counted for goal in GOALS.values() if goal and goal.counted
}
COUNTED_OTHERWISE = (PURCHASE, SIGN_UP)
"""The figures of one conversion where a campaign was not bought for any: what the pixel saw all
the same."""

CALLS_TO_ACTION: Mapping[CallToAction, str | None] = {
    CallToAction.LEARN_MORE: "MORE",
    CallToAction.SHOP_NOW: "SHOP_NOW",
    CallToAction.SIGN_UP: "SIGN_UP",
    CallToAction.DOWNLOAD: "DOWNLOAD",
    CallToAction.GET_OFFER: "GET_NOW",
    CallToAction.CONTACT_US: None,
    CallToAction.BOOK_NOW: "BOOK_NOW",
    CallToAction.APPLY_NOW: "APPLY_NOW",
}
"""Every call to action; None where Snapchat has no such button."""

_ONLY_FOR_APPS = frozenset({CallToAction.DOWNLOAD})

STRATEGIES: Mapping[str, str] = {
    "automatic": "AUTO_BID",
    "bid_cap": "LOWEST_COST_WITH_MAX_BID",
    "cost_cap": "TARGET_COST",
}
WITH_AMOUNT = frozenset({STRATEGIES["bid_cap"], STRATEGIES["cost_cap"]})

REGULATED: Mapping[SpecialCategory, str] = {
    category: "ad squad targeting.regulated_content"
    for category in SpecialCategory
    if category is not SpecialCategory.NONE
}
"""One flag for all of them; an account may carry restricted_delivery_signals besides."""

_BY_PIXEL = frozenset(o for o, goal in GOALS.items() if goal and goal.pixel)

CAPABILITIES = Capabilities(
    platform=Platform.SNAPCHAT,
    label="Snapchat Ads",
    min_daily_budget={code: Money.of(_LEAST, code) for code in _CURRENCIES},
    end_time_granularity=timedelta(seconds=1),
    budget_edits_per_hour=None,
    batch_size=30,
    over_delivery=1.2,
    settle=timedelta(seconds=10),
    copy_limits=CopyLimits(primary_text=125, headline=34, description=0),
    image_size=(1080, 1920),
    objectives=frozenset(o for o, goal in GOALS.items() if goal) - _BY_PIXEL,
    calls_to_action=frozenset(c for c, word in CALLS_TO_ACTION.items() if word),
    can_pause_ad=True,
    spend_cap=True,
    spend_cap_minimum={code: Money.of(_CAP_LEAST, code) for code in _CURRENCIES},
    special_categories=dict(REGULATED),
    audiences=frozenset({"upload", "lookalike"}),
    api="Snapchat Ads API v1",
    instead={
        "primary text": "an ad shows a headline and the brand's name only, so the primary text is "
        "kept with the campaign and not shown",
        "hours of the day": "Snapchat takes a schedule only with a lifetime budget and in the "
        "viewer's time zone, so dayparts are refused; move the end time instead",
        "catalog sales": "refused; use the objective 'purchases' with the pixel",
        "contact us button": "refused; use 'learn_more'",
    },
    notes=(
        "over_delivery 1.2 is not published by Snapchat (unsure), nor is any balancing within a "
        "week.",
        "Leads, sign-ups, applications and purchases need the account option pixel_id; leads and "
        "applications are counted by the pixel's sign-up event.",
        "App installs need the account options app_name and app_icon_media_id, and a link to an "
        "App Store or Google Play page.",
        "Creatives need the account options brand_name and profile_id (a public profile).",
        "An ad squad in several countries needs the account option language; Snapchat then shows "
        "it to people of that language only.",
        "Ages end at 54, or stay open (65).",
        "A creative cannot be deleted; it loses our key from its name instead.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account: its pixel's objectives and its own minimum.

    Raises:
        Refused: the option ``min_daily_budget`` is no amount.
    """
    found = CAPABILITIES
    if account.currency not in found.min_daily_budget:
        least = {**found.min_daily_budget, account.currency: Money.of(_LEAST, account.currency)}
        found = replace(found, min_daily_budget=least)
    return terms.capabilities_of(found, account, option=PIXEL_ID, objectives=_BY_PIXEL)


def counted_by(campaign: JsonObject) -> tuple[str, ...]:
    """The figures that make one conversion of a campaign as Snapchat shows it."""
    properties = cast(JsonObject, campaign.get("objective_v2_properties") or {})
    kind = str(properties.get("objective_v2_type") or "")
    return _COUNTED.get(kind, COUNTED_OTHERWISE)


def goal_of(objective: Objective, account: AdAccount) -> Goal:
    """How an objective is bought.

    Raises:
        Refused: there is no way, or the account lacks the pixel it needs.
    """
    goal = word_for(Platform.SNAPCHAT, "on Snapchat", GOALS, objective)
    if goal.pixel and not account.options.get(PIXEL_ID):
        raise refused(
            f"objective {objective.value!r} is counted by a Snap Pixel; set the account option "
            f"{PIXEL_ID}, or use the objective 'traffic'",
            field="objective",
        )
    return goal


def call_to_action(wanted: CallToAction, *, for_app: bool) -> str:
    """Snapchat's word for a button.

    Raises:
        Refused: there is none, or it goes with app ads only.
    """
    where = f"on Snapchat for {'an app' if for_app else 'a web site'}"
    table = {
        one: word if for_app or one not in _ONLY_FOR_APPS else None
        for one, word in CALLS_TO_ACTION.items()
    }
    return word_for(Platform.SNAPCHAT, where, table, wanted)


def bid_fields(bid: Bid, goal: Goal, currency: str) -> JsonObject:
    """``bid_strategy`` and, where it has one, ``bid_micro``.

    Raises:
        Refused: the amount is missing, surplus, in another currency, or would be one per
            thousand impressions instead of per result.
    """
    strategy = STRATEGIES[bid.strategy]
    if bid.strategy == "automatic":
        bid_amount(Platform.SNAPCHAT, bid)
        return {"bid_strategy": strategy}
    if goal.optimization == "IMPRESSIONS":
        raise refused(
            f"bid strategy {bid.strategy!r} does not go with awareness on Snapchat, where a bid "
            "is for a thousand impressions; use 'automatic'",
            field="bid_strategy",
        )
    amount = bid_amount(Platform.SNAPCHAT, bid)
    assert amount is not None
    return {"bid_strategy": strategy, "bid_micro": in_micros(amount, currency, "bid_amount")}


in_micros = partial(checked_micros, Platform.SNAPCHAT)
"""``*_micro`` of an amount."""
