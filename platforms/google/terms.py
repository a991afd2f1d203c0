"""What Google Ads offers, in the trade's terms, and Google's own words for it.

Two kinds of campaign are made: Display (a responsive display ad from one image and one set of
texts) and App. Search is left out on purpose: a responsive search ad needs three headlines and
two descriptions, an order has one of each, and no text is ever invented. Performance Max and
Demand Gen want more images and a logo than an order has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from models.contract.account import AdAccount
from models.contract.money import Money, minor_unit_micros
from models.contract.network import ObjectKind
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms
from platforms.google.errors import refused
from platforms.google.wire import API_VERSION, MOST_OPERATIONS
from platforms.network import Capabilities, CopyLimits
from platforms.terms import checked_micros, require_counting, word_for

BUSINESS_NAME = "business_name"
"""Account option: the advertiser's name, which every Google ad shows; at most 25 characters."""

CONVERSION_ACTION = "conversion_action_id"
"""Account option naming the conversion action that counts; it is what lets an account run
campaigns for leads, sign-ups, purchases and applications."""

DEFAULT_BID = "default_bid"
"""Account option: what a thousand viewable impressions may cost where an order names no bid."""

EU_POLITICAL = "eu_political_advertising"
"""Account option: ``yes`` where the account's campaigns are political advertising in the EU."""

CERTIFIED_FOR = "certified_for"
"""Account option: regulated categories Google has certified the advertiser for, by comma."""

BUSINESS_NAME_LIMIT = 25
HEADLINE_LIMIT = 30
LONG_LIMIT = 90

Strategy = Literal["targetSpend", "maximizeConversions", "manualCpm", "app"]


@dataclass(frozen=True, slots=True)
class Optimisation:
    """Google's words for one objective. ``by_conversion`` needs a conversion action."""

    channel: Literal["DISPLAY", "MULTI_CHANNEL"]
    strategy: Strategy
    by_conversion: bool = False


_CONVERSIONS = Optimisation("DISPLAY", "maximizeConversions", by_conversion=True)

OPTIMISATIONS: Mapping[Objective, Optimisation | None] = {
    Objective.AWARENESS: Optimisation("DISPLAY", "manualCpm"),
    Objective.TRAFFIC: Optimisation("DISPLAY", "targetSpend"),
    Objective.ENGAGEMENT: None,
    Objective.LEADS: _CONVERSIONS,
    Objective.SIGNUPS: _CONVERSIONS,
    Objective.PURCHASES: _CONVERSIONS,
    Objective.APPLICATIONS: _CONVERSIONS,
    Objective.CATALOG_SALES: None,
    Objective.APP_INSTALLS: Optimisation("MULTI_CHANNEL", "app"),
}
"""Every objective; None where Google or this adapter has no way (engagement with a post;
catalogues, which need a Merchant Center)."""

CALLS_TO_ACTION: Mapping[CallToAction, str | None] = {
    CallToAction.LEARN_MORE: "Learn more",
    CallToAction.SHOP_NOW: "Shop now",
    CallToAction.SIGN_UP: "Sign up",
    CallToAction.DOWNLOAD: "Download",
    CallToAction.GET_OFFER: None,
    CallToAction.CONTACT_US: "Contact us",
    CallToAction.BOOK_NOW: "Book now",
    CallToAction.APPLY_NOW: "Apply now",
}
"""``callToActionText``. Google has "Get quote", which is another promise than "Get offer".
The texts follow ``CallToActionTypeEnum``; the list for display ads itself is not published."""

_PLAIN = frozenset(o for o, how in OPTIMISATIONS.items() if how and not how.by_conversion)
_BY_CONVERSION = frozenset(o for o, how in OPTIMISATIONS.items() if how and how.by_conversion)
_CERTIFIED = frozenset({SpecialCategory.GAMBLING, SpecialCategory.FINANCIAL})

_POLICY = "no field of the campaign: the account must have acknowledged the policy on access to"
_CERTIFICATE = "no field of the campaign: Google certifies the advertiser; the account option"

CAPABILITIES = Capabilities(
    platform=Platform.GOOGLE,
    label="Google Ads",
    # Google's own is some cents and not published; this is the product's floor.
    min_daily_budget={"USD": Money.of("1.00")},
    # A day on which clocks go back has 25 hours.
    end_time_granularity=timedelta(hours=25),
    budget_edits_per_hour=None,
    batch_size=MOST_OPERATIONS,
    over_delivery=2.0,
    settle=timedelta(seconds=10),
    copy_limits=CopyLimits(
        primary_text=LONG_LIMIT, headline=HEADLINE_LIMIT, description=LONG_LIMIT
    ),
    image_size=(1200, 628),
    objectives=_PLAIN,
    calls_to_action=frozenset(c for c, text in CALLS_TO_ACTION.items() if text),
    lease_fallback=(
        "Google ends a campaign only at the end of an account day: until then it may spend up to "
        "two daily budgets of that day."
    ),
    levels=frozenset({ObjectKind.CAMPAIGN, ObjectKind.AD}),
    special_categories={
        SpecialCategory.EMPLOYMENT: f"{_POLICY} employment",
        SpecialCategory.HOUSING: f"{_POLICY} housing",
        SpecialCategory.CREDIT: f"{_POLICY} credit",
        SpecialCategory.GAMBLING: f"{_CERTIFICATE} {CERTIFIED_FOR} must name gambling",
        SpecialCategory.FINANCIAL: f"{_CERTIFICATE} {CERTIFIED_FOR} must name financial",
    },
    dayparting=True,
    audiences=frozenset({"upload"}),
    api=f"Google Ads API {API_VERSION} (REST)",
    instead={
        "ad group": (
            "Google keeps budget, end, places, hours and bid on the campaign, and an App campaign "
            "shows one ad per ad group: our ad group is the campaign's settings, each of our ads "
            "a Google ad group with its one ad, aimed as ordered."
        ),
        "creative": (
            "A creative is its image in the asset library under a label of its own; its texts "
            "go into the ad."
        ),
        "spend cap": "A daily budget has none on Google; Adflight's own limits stop the campaign.",
        "search, performance max, demand gen": (
            "They need more headlines, images or a logo than an order has; Display is used."
        ),
        "video": "Google takes videos from YouTube only; the still image is shown.",
        "lookalike": "Google offers them to Demand Gen campaigns only.",
        "reach": "Google has none by campaign and day; it is left at zero, unknown.",
    },
    notes=(
        "Leads, sign-ups, purchases and applications need the account option "
        f"{CONVERSION_ACTION}; Google then bids to the account's default conversion goals.",
        f"Awareness bids per thousand viewable impressions and needs a bid_cap or {DEFAULT_BID}.",
        f"Every ad shows the advertiser's name: the account option {BUSINESS_NAME}.",
        "Ages 18, 25, 35, 45, 55, 65 to 24, 34, 44, 54, 64 or open (65); people of unknown age or "
        "gender are left out when either is narrowed.",
        "Interests that Google lists (affinity, in-market) are aimed at as such; when one of them "
        "is not listed, all are used as keywords of the pages.",
        "App campaigns know no age, gender, interest or hours.",
        "A query costs one of the project's daily operations, a pause of n campaigns n of them.",
        "Unsure: whether an app ad needs a second headline (the business name is given as one), "
        "and how long figures lag.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account. See ``platforms.terms``."""
    return terms.capabilities_of(
        CAPABILITIES, account, option=CONVERSION_ACTION, objectives=_BY_CONVERSION
    )


def optimisation(objective: Objective, account: AdAccount) -> Optimisation:
    """Google's words for an objective.

    Raises:
        Refused: Google cannot do it, or the account lacks the conversion action it needs.
    """
    how = word_for(Platform.GOOGLE, "on Google", OPTIMISATIONS, objective)
    if how.by_conversion:
        require_counting(Platform.GOOGLE, objective, account, CONVERSION_ACTION)
    return how


def call_to_action(wanted: CallToAction) -> str:
    """``callToActionText``.

    Raises:
        Refused: Google has no such button.
    """
    return word_for(Platform.GOOGLE, "on Google", CALLS_TO_ACTION, wanted)


def require_category(category: SpecialCategory, account: AdAccount) -> None:
    """Google declares no category on a campaign, but it certifies advertisers for some.

    Raises:
        Refused: the account is not known to be certified.
    """
    certified = {one.strip() for one in account.options.get(CERTIFIED_FOR, "").split(",")}
    if category in _CERTIFIED and category.value not in certified:
        raise refused(
            f"{category.value} ads need Google's certification of the advertiser; once it is "
            f"there, name {category.value} in the account option {CERTIFIED_FOR}",
            field="special_category",
        )


def eu_political(account: AdAccount) -> str:
    """``containsEuPoliticalAdvertising``, which Google demands of every campaign.

    Raises:
        Refused: the account option says neither yes nor no.
    """
    said = account.options.get(EU_POLITICAL, "no").strip().lower()
    if said not in ("yes", "no"):
        raise refused(
            f"account option {EU_POLITICAL} is {said!r}; set it to yes or no", field=EU_POLITICAL
        )
    word = "CONTAINS" if said == "yes" else "DOES_NOT_CONTAIN"
    return f"{word}_EU_POLITICAL_ADVERTISING"


def in_micros(
    amount: Money, currency: str, field: str = "daily_budget", minimum: Money | None = None
) -> str:
    """``*Micros`` of an amount: whole minor units, as a string (int64 in JSON).

    Raises:
        Refused: another currency than the account's, below ``minimum``, or finer than the
            currency's smallest unit. Nothing is rounded.
    """
    checked_micros(Platform.GOOGLE, amount, currency, field, minimum)
    unit = Money(micros=minor_unit_micros(currency), currency=currency)
    if amount.micros % unit.micros:
        raise refused(
            f"{field} {amount} is finer than {unit}, the smallest unit of {currency}", field=field
        )
    return str(amount.micros)
