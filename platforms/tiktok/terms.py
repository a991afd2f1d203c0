"""What TikTok offers, in the trade's terms, and TikTok's own words for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid, ObjectKind
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms
from platforms.network import Capabilities, CopyLimits
from platforms.terms import bid_amount, require_counting, word_for
from platforms.tiktok.errors import JsonObject, refused
from platforms.tiktok.money import units
from platforms.tiktok.text import AD_TEXT_LIMIT

PIXEL = "pixel_id"
"""Account option: the pixel that counts a conversion."""

DYNAMIC, DAY, TOTAL, NO_BUDGET = (
    "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
    "BUDGET_MODE_DAY",
    "BUDGET_MODE_TOTAL",
    "BUDGET_MODE_INFINITE",
)
PLACEMENTS = ("PLACEMENT_TIKTOK",)
"""TikTok itself. Pangle and the other apps are left out: what was approved was a TikTok video."""


@dataclass(frozen=True, slots=True)
class Way:
    """How an objective is bought.

    Attributes:
        objective: Campaign ``objective_type``.
        goal: Ad group ``optimization_goal``.
        billing: Ad group ``billing_event``.
        promotion: Ad group ``promotion_type``, where the objective has one.
        budget_mode: Daily mode TikTok grants every account for the objective.
        event: ``optimization_event`` of the pixel, for conversions.
        bid_field: Where the amount of a cost cap goes; empty where a result has no price.
        campaign, ad_group: Further fields that the objective asks for.
    """

    objective: str
    goal: str
    billing: str
    promotion: str = ""
    budget_mode: str = DYNAMIC
    event: str = ""
    bid_field: str = ""
    campaign: Mapping[str, object] = field(default_factory=dict[str, object])
    ad_group: Mapping[str, object] = field(default_factory=dict[str, object])


def _conversions(event: str) -> Way:
    return Way(
        "WEB_CONVERSIONS", "CONVERT", "OCPM", "WEBSITE", DYNAMIC, event, "conversion_bid_price"
    )


_PER_CLICK = Way("TRAFFIC", "CLICK", "CPC", "WEBSITE", bid_field="bid_price")
WAYS: Mapping[Objective, Way | None] = {
    # Dynamic daily budgets are for chosen accounts only here, hence the plain daily one; three
    # views in seven days is what TikTok Ads Manager proposes (unsure, not from the API's own text).
    Objective.AWARENESS: Way(
        "REACH", "REACH", "CPM", "", DAY, ad_group={"frequency": 3, "frequency_schedule": 7}
    ),
    Objective.TRAFFIC: _PER_CLICK,
    # TikTok's own "engagement" means followers and profile visits of a TikTok account; what our
    # ads can win is attention to their video.
    Objective.ENGAGEMENT: Way(
        "VIDEO_VIEWS", "ENGAGED_VIEW", "CPV", "", DAY, "", "bid_price",
        ad_group={"bid_display_mode": "CPV"},
    ),
    Objective.LEADS: _conversions("FORM"),
    Objective.SIGNUPS: _conversions("ON_WEB_REGISTER"),
    Objective.PURCHASES: _conversions("SHOPPING"),
    Objective.APPLICATIONS: _conversions("FORM"),
    Objective.CATALOG_SALES: None,
    Objective.APP_INSTALLS: Way(
        "APP_PROMOTION", "INSTALL", "OCPM", "APP_ANDROID", DYNAMIC, "", "conversion_bid_price",
        campaign={"app_promotion_type": "APP_INSTALL"},
        ad_group={"operating_systems": ["ANDROID"]},
    ),
}  # fmt: skip
"""Every objective; None where TikTok or this adapter has no way (catalogues)."""

CALLS_TO_ACTION: Mapping[CallToAction, str | None] = {
    CallToAction.LEARN_MORE: "LEARN_MORE",
    CallToAction.SHOP_NOW: "SHOP_NOW",
    CallToAction.SIGN_UP: "SIGN_UP",
    CallToAction.DOWNLOAD: "DOWNLOAD_NOW",
    CallToAction.GET_OFFER: None,
    CallToAction.CONTACT_US: "CONTACT_US",
    CallToAction.BOOK_NOW: "BOOK_NOW",
    CallToAction.APPLY_NOW: "APPLY_NOW",
}
"""Every call to action; None where TikTok has no such button."""

SPECIAL_INDUSTRIES: Mapping[SpecialCategory, str] = {
    SpecialCategory.EMPLOYMENT: "EMPLOYMENT",
    SpecialCategory.HOUSING: "HOUSING",
    SpecialCategory.CREDIT: "CREDIT",
}
CLEARED: Mapping[SpecialCategory, str] = {
    SpecialCategory.FINANCIAL: "financial_cleared",
    SpecialCategory.GAMBLING: "gambling_cleared",
}
"""Categories without a field. TikTok clears an account for them, person by person; the option,
set to ``true``, says that it did."""

BID_TYPES = {"automatic": "BID_TYPE_NO_BID", "cost_cap": "BID_TYPE_CUSTOM"}
"""TikTok's custom bid aims at an average cost (a cost cap); it has no cap of a single bid."""

_EVERYWHERE = frozenset(o for o, way in WAYS.items() if way and not way.event)
_BY_PIXEL = frozenset(o for o, way in WAYS.items() if way and way.event)

CAPABILITIES = Capabilities(
    platform=Platform.TIKTOK,
    label="TikTok Ads",
    # TikTok asks for more than 20 dollars; whether 20.00 itself is enough is told both ways. It
    # has a table of its own for other currencies.
    min_daily_budget={"USD": Money.of("20.01")},
    end_time_granularity=timedelta(minutes=1),
    budget_edits_per_hour=None,
    batch_size=20,
    over_delivery=1.25,
    balanced=True,
    settle=timedelta(seconds=12),
    copy_limits=CopyLimits(
        primary_text=AD_TEXT_LIMIT, headline=40, description=0, hashtags="counted"
    ),
    image_size=(1080, 1920),
    video_size=(1080, 1920),
    objectives=_EVERYWHERE,
    calls_to_action=frozenset(c for c, word in CALLS_TO_ACTION.items() if word),
    can_pause_ad=True,
    spend_cap=True,
    spend_cap_minimum={"USD": Money.of("50.01")},
    levels=frozenset(ObjectKind),
    special_categories={
        category: f"special_industries {word}" for category, word in SPECIAL_INDUSTRIES.items()
    },
    dayparting=True,
    audiences=frozenset({"upload", "lookalike"}),
    api="TikTok API for Business, Marketing API v1.3",
    instead={
        "headline and description": "An ad shows one text, the primary text; the headline is "
        "drawn into its video and cover.",
        "bid cap": "Refused; a cost cap is taken for clicks, video views and conversions.",
        "get offer": "Refused; TikTok has no such button.",
        "ages": "From 18, 25, 35, 45 or 55, up to 24, 34, 44, 54 or open; any other is refused.",
        "engagement": "Bought as focused video views; followers and profile visits need a person.",
        "catalog sales": "Refused; a person sets up the catalogue in TikTok Ads Manager.",
        "iOS apps": "Refused; a person sets up the dedicated campaign in TikTok Ads Manager.",
        "Smart+ campaigns": "Shown where a person made one; switched in TikTok Ads Manager.",
        "webhooks": "None are used; readings are the source of truth.",
    },
    notes=(
        "Leads, sign-ups, purchases and applications need the account option pixel_id.",
        "Financial services and gambling need the account option financial_cleared or "
        "gambling_cleared: TikTok clears such advertisers itself.",
        "Dynamic daily budgets: up to 125 % on one day, never above seven budgets in a week. Reach "
        "and video views have plain daily budgets; TikTok promises no more for them (unsure).",
        "Minimum budgets in other currencies than the US dollar are not known; set the account "
        "option min_daily_budget.",
        "TikTok may let a lower daily budget count from the next day only (unsure); pausing is at "
        "once.",
        "An ad needs an identity of the account: identity_id, identity_type and, for a custom "
        "one, display_name.",
        "Ads are labelled as AI-generated; the account option aigc_disclosure=no leaves it out.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account: its conversion objectives, cleared categories, minimum."""
    found = terms.capabilities_of(CAPABILITIES, account, option=PIXEL, objectives=_BY_PIXEL)
    cleared = {c: f"account option {name}" for c, name in CLEARED.items() if _cleared(account, c)}
    return replace(found, special_categories={**found.special_categories, **cleared})


def way_of(objective: Objective, account: AdAccount) -> Way:
    """TikTok's words for an objective.

    Raises:
        Refused: TikTok cannot do it, or the account lacks the pixel it needs.
    """
    way = word_for(Platform.TIKTOK, "on TikTok", WAYS, objective)
    if way.event:
        require_counting(Platform.TIKTOK, objective, account, PIXEL)
    return way


def button(call_to_action: CallToAction) -> str:
    """TikTok's word for a button.

    Raises:
        Refused: TikTok has no such button.
    """
    return word_for(Platform.TIKTOK, "on TikTok", CALLS_TO_ACTION, call_to_action)


def industries(category: SpecialCategory, account: AdAccount) -> list[str]:
    """``special_industries`` of a category; empty where there is nothing to declare.

    Raises:
        Refused: the account is not cleared for it.
    """
    if category is SpecialCategory.NONE:
        return []
    if category in SPECIAL_INDUSTRIES:
        return [SPECIAL_INDUSTRIES[category]]
    if not _cleared(account, category):
        raise refused(
            f"{category.value} ads need TikTok's clearance of the account; ask TikTok for it, then "
            f"set the account option {CLEARED[category]} to true",
            field="special_category",
        )
    return []


def bid_fields(bid: Bid, way: Way, currency: str) -> JsonObject:
    """``bid_type`` and the amount of a cost cap.

    Raises:
        Refused: the strategy does not go with the objective, or its amount is missing, surplus
            or in another currency.
    """
    bid_type = BID_TYPES.get(bid.strategy)
    if bid_type is None or (bid.strategy != "automatic" and not way.bid_field):
        others = "'automatic' or 'cost_cap'" if way.bid_field else "'automatic'"
        raise refused(
            f"bid strategy {bid.strategy!r} is not offered on TikTok for {way.objective}; use "
            f"{others}",
            field="bid_strategy",
        )
    amount = bid_amount(Platform.TIKTOK, bid, "cost_cap")
    if amount is None:
        return {"bid_type": bid_type}
    return {"bid_type": bid_type, way.bid_field: units(amount, currency, field="bid_amount")}


def _cleared(account: AdAccount, category: SpecialCategory) -> bool:
    return account.options.get(CLEARED[category], "").lower() == "true"
