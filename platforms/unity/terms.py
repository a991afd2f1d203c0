"""What Unity offers, in the trade's terms, and Unity's own words for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, ObjectKind, Targeting
from models.contract.regulated import forbidden_targeting
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms.countries import is_country
from platforms.network import Capabilities, CopyLimits
from platforms.terms import MIN_DAILY_BUDGET, option_amount, word_for
from platforms.unity.amounts import CURRENCY
from platforms.unity.errors import refused

APP_ID = "app_id"
"""Account option: which of the organisation's apps is meant, where it has several of one store
listing."""
LANGUAGE = "creative_language"
"""Account option: the language moderators read the creatives in."""
LANGUAGES = ("und", "zxx", "en", "zh", "fr", "de", "ja", "ko", "es")

GOALS: Mapping[Objective, str | None] = {
    Objective.APP_INSTALLS: "installs",
    Objective.AWARENESS: None,
    Objective.TRAFFIC: None,
    Objective.ENGAGEMENT: None,
    Objective.LEADS: None,
    Objective.SIGNUPS: None,
    Objective.PURCHASES: None,
    Objective.CATALOG_SALES: None,
    Objective.APPLICATIONS: None,
}
"""Every objective; None where Unity, which advertises apps only, has no way."""

CALLS_TO_ACTION: Mapping[CallToAction, bool] = {
    CallToAction.DOWNLOAD: True,
    CallToAction.LEARN_MORE: False,
    CallToAction.SHOP_NOW: False,
    CallToAction.SIGN_UP: False,
    CallToAction.GET_OFFER: False,
    CallToAction.CONTACT_US: False,
    CallToAction.BOOK_NOW: False,
    CallToAction.APPLY_NOW: False,
}
"""Unity draws the one button itself; it leads to the store."""

BIDDING: Mapping[Literal["automatic", "bid_cap", "cost_cap"], str] = {
    "automatic": "manual",
    "bid_cap": "manual",
    "cost_cap": "manual",
}
"""An install bought by manual bidding costs its bid and no more: so the amount is kept both as a
cap of each bid and as a cost per result. Unity's ``automated`` still needs the amount and adds a
minimum of its own; it is not used."""

SPECIAL_CATEGORIES: Mapping[SpecialCategory, str | None] = {
    SpecialCategory.NONE: "nothing to declare",
    SpecialCategory.EMPLOYMENT: "no field to declare it; shown to everybody in the countries",
    SpecialCategory.HOUSING: "no field to declare it; shown to everybody in the countries",
    SpecialCategory.CREDIT: "no field to declare it; shown to everybody in the countries",
    SpecialCategory.FINANCIAL: "no field to declare it; shown to everybody in the countries",
    SpecialCategory.GAMBLING: None,
}
"""None where ads are for adults only: Unity cannot aim by age."""

PLACEMENTS = ("in-app video with end card",)
"""Unity shows its one format wherever its SDK runs; there is nothing to choose."""

OVER_DELIVERY = 1.2
"""Unity says that a campaign may now and then spend more than its daily budget, and not how much
(unsure)."""

CAPABILITIES = Capabilities(
    platform=Platform.UNITY,
    label="Unity Ads",
    # Unity publishes none (unsure); this is the product's own.
    min_daily_budget={CURRENCY: Money.of("10.00")},
    end_time_granularity=timedelta(days=1),
    # 100 changes of one budget in half an hour by today's text, 30 by that of 2022.
    budget_edits_per_hour=60,
    batch_size=1,
    over_delivery=OVER_DELIVERY,
    settle=timedelta(seconds=5),
    # No text is sent: what is said stands in video and end card, and has to be read there.
    copy_limits=CopyLimits(primary_text=125, headline=60, description=125),
    image_size=(800, 800),
    video_size=(720, 1280),
    objectives=frozenset(one for one, goal in GOALS.items() if goal),
    calls_to_action=frozenset(one for one, offered in CALLS_TO_ACTION.items() if offered),
    can_pause_ad=True,
    spend_cap=True,
    lease_fallback=(
        "Unity ends campaigns at midnight UTC only: until then the daily budget and the campaign's "
        "total budget limit what can be spent."
    ),
    levels=frozenset({ObjectKind.CAMPAIGN, ObjectKind.CREATIVE, ObjectKind.AD}),
    needs_bid=True,
    special_categories={one: how for one, how in SPECIAL_CATEGORIES.items() if how},
    api="Advertising Management API v1, Statistics API v2",
    instead={
        "ad groups": "budget, bids and schedule are the campaign's; its name carries the ad "
        "group's key, and both are switched by its one switch",
        "copy": "no text fields: the words must be in the video and the end card",
        "ages, genders, interests": "refused; Unity aims by country and app only",
        "dayparting": "refused",
        "revenue": "not reported without a measurement partner; installs are the conversions",
        "reach": "not reported",
        "audiences": "none in the API; Unity's own audience models do the aiming",
        "single switch calls": "campaigns are switched by one call each; there is no batch",
        "account status": "the API shows no balance: an organisation whose budget is used up is "
        "recognised by campaigns that are on and do not run",
    },
    notes=(
        "Access to the API is granted by Unity: write to unityads-support@unity3d.com.",
        "over_delivery 1.2 and the minimum daily budget are not published by Unity (unsure).",
        "An ad is a creative pack assigned to a campaign; pausing it takes it out of the campaign.",
        "Uploaded videos and end cards cannot be deleted through the API; the packs are.",
        "Thirty uploads, thirty packs and thirty campaigns an app in half an hour.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account: its own minimum.

    Raises:
        Refused: an account option is no amount.
    """
    least = option_amount(Platform.UNITY, account, MIN_DAILY_BUDGET, CURRENCY)
    return replace(CAPABILITIES, min_daily_budget={CURRENCY: least}) if least else CAPABILITIES


# -- what is asked for ------------------------------------------------------------------------


def goal(objective: Objective) -> str:
    """Unity's word for an objective.

    Raises:
        Refused: Unity has none.
    """
    return word_for(Platform.UNITY, "on Unity", GOALS, objective)


def check_call_to_action(wanted: CallToAction) -> None:
    """Raises:
    Refused: Unity's button says something else.
    """
    word_for(Platform.UNITY, "on Unity", CALLS_TO_ACTION, wanted)


def check_category(category: SpecialCategory, targeting: Targeting | None = None) -> None:
    """Raises:
    Refused: the category forbids the targeting, or Unity cannot keep to the category.
    """
    if targeting is not None and (why := forbidden_targeting(category, targeting)):
        raise refused(why, field="targeting")
    if SPECIAL_CATEGORIES[category] is None:
        raise refused(
            f"special category {category.value!r} is for adults only and Unity cannot aim by age; "
            "advertise it on another network",
            field="special_category",
        )


def check_aim(order: AdGroupOrder) -> None:
    """Raises:
    Refused: a targeting Unity does not have; only countries can be chosen.
    """
    targeting, everybody = order.targeting, Targeting()
    asked = (
        ("age_min", targeting.age_min, everybody.age_min),
        ("age_max", targeting.age_max, everybody.age_max),
        ("genders", targeting.genders, everybody.genders),
        ("interests", targeting.interests, everybody.interests),
        ("dayparts", order.dayparts, ()),
    )
    for field, ours, theirs in asked:
        both_genders = field == "genders" and len(set(targeting.genders)) == 2
        if ours != theirs and not both_genders:
            shown = ", ".join(map(str, ours)) if isinstance(ours, tuple) else ours
            raise refused(
                f"{field} {shown} cannot be targeted on Unity, which aims by country only; leave "
                f"it at {theirs or 'none'}",
                field=field,
            )


def countries(codes: tuple[str, ...]) -> list[str]:
    """ISO 3166 codes as Unity takes them.

    Raises:
        Refused: one is no country, or there is none.
    """
    if not codes:
        raise refused("no country is given; name at least one, such as US", field="locations")
    found = list(dict.fromkeys(code.upper() for code in codes))
    for code in found:
        if not is_country(code):
            raise refused(
                f"country {code!r} cannot be targeted on Unity; use ISO 3166 codes such as US",
                field="locations",
            )
    return found
