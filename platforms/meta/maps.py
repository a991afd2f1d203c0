"""Meta's words for ours: objectives, goals, buttons, categories, delivery states.

Every value is checked against the SDK's own enums in the tests, because Meta retires words
(``CONVERSIONS`` and ``MOBILE_APP_INSTALLS`` were valid once) and refuses them at launch.
"""

from dataclasses import dataclass
from datetime import timedelta

from models.contract.money import Money
from models.contract.network import Delivery
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms.network import Capabilities, CopyLimits


@dataclass(frozen=True, slots=True)
class Goal:
    """How an objective is bought.

    Attributes:
        objective: Campaign ``objective``.
        optimization_goal: Ad set ``optimization_goal``.
        event: Pixel ``custom_event_type`` the ad set optimises for, where it has one.
        actions: Insights ``action_type`` names of one conversion, best first. They overlap
            (``purchase`` contains the pixel's purchases), so the first one present counts
            and they are never added up.
    """

    objective: str
    optimization_goal: str
    event: str | None = None
    actions: tuple[str, ...] = ()


_PURCHASE = Goal(
    "OUTCOME_SALES",
    "OFFSITE_CONVERSIONS",
    "PURCHASE",
    ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"),
)

GOALS: dict[Objective, Goal] = {
    Objective.AWARENESS: Goal("OUTCOME_AWARENESS", "REACH"),
    # A visit that arrived is worth more than a click that may not have.
    Objective.TRAFFIC: Goal("OUTCOME_TRAFFIC", "LINK_CLICKS", actions=("landing_page_view",)),
    Objective.ENGAGEMENT: Goal(
        "OUTCOME_ENGAGEMENT", "POST_ENGAGEMENT", actions=("post_engagement",)
    ),
    Objective.LEADS: Goal(
        "OUTCOME_LEADS",
        "OFFSITE_CONVERSIONS",
        "LEAD",
        ("lead", "offsite_conversion.fb_pixel_lead"),
    ),
    Objective.SIGNUPS: Goal(
        "OUTCOME_LEADS",
        "OFFSITE_CONVERSIONS",
        "COMPLETE_REGISTRATION",
        (
            "omni_complete_registration",
            "complete_registration",
            "offsite_conversion.fb_pixel_complete_registration",
        ),
    ),
    Objective.PURCHASES: _PURCHASE,
    Objective.CATALOG_SALES: _PURCHASE,
    Objective.APP_INSTALLS: Goal(
        "OUTCOME_APP_PROMOTION",
        "APP_INSTALLS",
        actions=("omni_app_install", "mobile_app_install", "app_install"),
    ),
    Objective.APPLICATIONS: Goal(
        "OUTCOME_LEADS",
        "OFFSITE_CONVERSIONS",
        "SUBMIT_APPLICATION",
        ("submit_application_total", "submit_application_website"),
    ),
}

CALLS_TO_ACTION: dict[CallToAction, str] = {
    CallToAction.LEARN_MORE: "LEARN_MORE",
    CallToAction.SHOP_NOW: "SHOP_NOW",
    CallToAction.SIGN_UP: "SIGN_UP",
    CallToAction.DOWNLOAD: "DOWNLOAD",
    CallToAction.GET_OFFER: "GET_OFFER",
    CallToAction.CONTACT_US: "CONTACT_US",
    CallToAction.BOOK_NOW: "BOOK_NOW",
    CallToAction.APPLY_NOW: "APPLY_NOW",
}

SPECIAL_CATEGORIES: dict[SpecialCategory, tuple[str, ...]] = {
    SpecialCategory.NONE: (),
    SpecialCategory.EMPLOYMENT: ("EMPLOYMENT",),
    SpecialCategory.HOUSING: ("HOUSING",),
    SpecialCategory.CREDIT: ("CREDIT",),
    SpecialCategory.FINANCIAL: ("FINANCIAL_PRODUCTS_SERVICES",),
    SpecialCategory.GAMBLING: ("ONLINE_GAMBLING_AND_GAMING",),
}

WITHOUT_PIXEL: dict[str, tuple[str, ...]] = {"OUTCOME_TRAFFIC": ("link_click",)}
"""Actions of an objective where no pixel reports arrivals."""

BID_STRATEGIES: dict[str, str] = {
    "automatic": "LOWEST_COST_WITHOUT_CAP",
    "bid_cap": "LOWEST_COST_WITH_BID_CAP",
    "cost_cap": "COST_CAP",
}

GENDERS: dict[str, int] = {"male": 1, "female": 2}

DELIVERY: dict[str, Delivery] = {
    "ACTIVE": Delivery.ACTIVE,
    "PAUSED": Delivery.PAUSED,
    "CAMPAIGN_PAUSED": Delivery.PAUSED,
    "ADSET_PAUSED": Delivery.PAUSED,
    "PENDING_REVIEW": Delivery.IN_REVIEW,
    "PREAPPROVED": Delivery.IN_REVIEW,
    "IN_PROCESS": Delivery.IN_REVIEW,
    "DISAPPROVED": Delivery.REJECTED,
    # An archived object can neither deliver nor come back, so it is gone for us.
    "ARCHIVED": Delivery.REMOVED,
    "DELETED": Delivery.REMOVED,
}

CAPABILITIES = Capabilities(
    platform=Platform.META,
    label="Meta Ads",
    min_daily_budget={"USD": Money.of("1.00")},
    end_time_granularity=timedelta(minutes=1),
    budget_edits_per_hour=4,
    batch_size=50,
    over_delivery=1.75,
    settle=timedelta(seconds=10),
    copy_limits=CopyLimits(primary_text=125, headline=40, description=30, hashtags="on top"),
    image_size=(1080, 1080),
    objectives=frozenset(GOALS),
    calls_to_action=frozenset(CALLS_TO_ACTION),
    can_pause_ad=True,
    balanced=True,
    spend_cap=True,
    spend_cap_minimum={"USD": Money.of("100.00")},
    special_categories={
        category: f"special_ad_categories {', '.join(names)}"
        for category, names in SPECIAL_CATEGORIES.items()
        if names
    },
    api="Marketing API v26.0",
    instead={
        "webhooks of delivery": "figures are polled for the whole account at once",
        "hours of the day with a daily budget": "no dayparts are offered",
    },
    notes=(
        "The minimum daily budget of USD 1.00 is not verified; a connection test reads the "
        "account's own.",
        "Catalog sales are bought as purchases on the pixel, with a still image; a "
        "product_set_id in the account's options narrows them to that set.",
        "A campaign's spend cap takes USD 100.00 or more; the minimum in other currencies is not "
        "known, so there, and below it, none is set.",
        "One day may overspend its daily budget by 75 %; a week may not exceed seven times it.",
    ),
)
