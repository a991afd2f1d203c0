"""What Apple Ads offers, in the trade's terms, and Apple's own words for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import cast

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.money import MICROS, Money, minor_unit_micros
from models.contract.network import Bid, ObjectKind
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms
from platforms.app_store import store_app
from platforms.apple_search_ads.errors import JsonObject, refused
from platforms.approved import check_copy_lengths
from platforms.network import Capabilities, CopyLimits
from platforms.terms import bid_amount, check_least, checked_micros, option_amount, word_for

DEFAULT_BID = "default_bid"
"""Account option: the most a tap may cost where an order leaves bidding to the network, in whole
units of the account's currency."""

ANY_AGE = "any_age"
"""Account option ``yes``: ages 18 to 65 are sent as no age limit. Apple shows an ad with an age
limit only to people who allow personalised ads, who are few (general knowledge, unsure)."""

INVOICE: Mapping[str, str] = {
    "invoice_client": "clientName",
    "invoice_order": "orderNumber",
    "invoice_buyer": "primaryBuyerName",
    "invoice_buyer_email": "primaryBuyerEmail",
    "invoice_billing_email": "billingEmail",
}
"""Account options that become ``invoiceDetail``, which Apple requires of a campaign in an account
on a line of credit."""

NAME_LIMIT = 200
"""Documented for campaigns; kept for the other names too (unsure)."""

PATHS: Mapping[ObjectKind, str] = {
    ObjectKind.CAMPAIGN: "campaigns",
    ObjectKind.AD_GROUP: "adgroups",
    ObjectKind.CREATIVE: "creatives",
    ObjectKind.AD: "ads",
}
"""Apple's collections; a query on one is ``{path}/query``."""


@dataclass(frozen=True, slots=True)
class Buying:
    """How a campaign is bought: what is paid for, the ad group's price, strategy and its goal."""

    billing_event: str
    pricing_model: str
    strategy: str
    goal: str

    @property
    def bid_strategy(self) -> JsonObject:
        return {"bidStrategyType": self.strategy, "bidStrategyGoal": self.goal}


BY_TAP = Buying("TAPS", "CPT", "MANUAL_CPT", "TAP")

OBJECTIVES: Mapping[Objective, Buying | None] = {
    Objective.APP_INSTALLS: BY_TAP,
    Objective.AWARENESS: None,
    Objective.TRAFFIC: None,
    Objective.ENGAGEMENT: None,
    Objective.LEADS: None,
    Objective.SIGNUPS: None,
    Objective.PURCHASES: None,
    Objective.CATALOG_SALES: None,
    Objective.APPLICATIONS: None,
}
"""Every objective; None where the App Store has no way: an ad there leads to an app's page."""

CALLS_TO_ACTION: Mapping[CallToAction, str | None] = {
    CallToAction.DOWNLOAD: "Get",
    CallToAction.LEARN_MORE: None,
    CallToAction.SHOP_NOW: None,
    CallToAction.SIGN_UP: None,
    CallToAction.GET_OFFER: None,
    CallToAction.CONTACT_US: None,
    CallToAction.BOOK_NOW: None,
    CallToAction.APPLY_NOW: None,
}
"""The App Store's one button; it is not ours to label."""

BID_STRATEGIES: Mapping[str, str | None] = {
    "automatic": "MANUAL_CPT",
    "bid_cap": "MANUAL_CPT",
    "cost_cap": None,
}
"""``automatic`` bids the account's default. Maximize Conversions (Apple's cost cap) needs a
campaign made for it and an ad group of Search Match alone, and is not offered."""

SUPPLY_SOURCE, PLACEMENT = "APPSTORE", "APPSTORE_SEARCH_RESULTS"
"""The only placement with keywords and dayparts; Today tab, Search tab and product pages have
neither."""

MATCH_TYPE = "BROAD"
KEYWORD_LIMIT = 80
"""Longest keyword in characters (from Apple's older API; unsure)."""

_UNDECLARED = "not declared: App Store campaigns have no field for it; its targeting rule is kept"
SPECIAL_CATEGORIES: Mapping[SpecialCategory, str | None] = {
    SpecialCategory.EMPLOYMENT: _UNDECLARED,
    SpecialCategory.HOUSING: _UNDECLARED,
    SpecialCategory.CREDIT: _UNDECLARED,
    SpecialCategory.FINANCIAL: _UNDECLARED,
    SpecialCategory.GAMBLING: None,
}
"""None is refused: Apple approves gambling apps by document, country by country, outside the
API."""

COPY_LIMITS = CopyLimits(primary_text=170, headline=30, description=100)
"""Of a product page's promotional text and subtitle. Nothing of a creative's copy is sent; the
limits keep it fit for the page it stands for."""

CAPABILITIES = Capabilities(
    platform=Platform.APPLE_SEARCH_ADS,
    label="Apple Ads",
    # Apple publishes none; this is the product's own floor.
    min_daily_budget={"USD": Money.of("10.00")},
    end_time_granularity=timedelta(seconds=1),
    budget_edits_per_hour=None,
    batch_size=1,
    # Unsure: Apple says a day may exceed the daily budget and names no multiple.
    over_delivery=1.2,
    settle=timedelta(seconds=5),
    copy_limits=COPY_LIMITS,
    ads_at_once=1,
    image_size=(1024, 1024),
    objectives=frozenset(one for one, how in OBJECTIVES.items() if how),
    calls_to_action=frozenset(one for one, word in CALLS_TO_ACTION.items() if word),
    needs_bid=True,
    special_categories={one: word for one, word in SPECIAL_CATEGORIES.items() if word},
    dayparting=True,
    api="Apple Ads Platform API v1",
    instead={
        "creatives": "the App Store shows the app's product page (or the custom one named by "
        "ppid= in the link); copy and pictures of a variant are kept, not sent",
        "several ads": "Apple lets one ad of an ad group be on at a time: the others stay paused "
        "and can take turns",
        "bid": "a bid is the most one tap may cost, not one install",
        "revenue": "Apple reports installs without revenue",
        "audiences": "Apple takes no lists of people: none are made",
        "spend cap": "a campaign has no total: lease and daily budget limit it",
    },
    notes=(
        "The daily budget is the campaign's: ad groups of one campaign share it.",
        "over_delivery 1.2 and the minimum daily budget are not published by Apple (unsure); a "
        "month never exceeds 30.4 daily budgets.",
        "Interests are keywords (broad match); without any, Search Match finds the searches.",
        "An age or gender limit reaches only people who allow personalised ads; the account "
        "option any_age=yes sends ages 18 to 65 as no limit.",
        "Switching is one call an object: Apple has no batch for it.",
        "In France Apple asks in its own pages who advertises for whom (Sapin law); until that is "
        "answered a campaign there is on hold and says so.",
        "An account on a line of credit needs the account options invoice_client, invoice_order, "
        "invoice_buyer, invoice_buyer_email and invoice_billing_email.",
        "Daily figures reach back 90 days; installs include those after a mere view.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account. See ``platforms.terms``."""
    return terms.capabilities_of(CAPABILITIES, account)


def buying(objective: Objective) -> Buying:
    """How an objective is bought.

    Raises:
        Refused: the App Store cannot do it.
    """
    where = "by Apple Ads, which promotes apps"
    return word_for(Platform.APPLE_SEARCH_ADS, where, OBJECTIVES, objective)


def check_category(category: SpecialCategory) -> None:
    """Whether a regulated category may be promoted through this adapter.

    Raises:
        Refused: it may not.
    """
    if category is not SpecialCategory.NONE and SPECIAL_CATEGORIES[category] is None:
        raise refused(
            f"special category {category.value!r} cannot be promoted from here: Apple approves "
            "such apps by document; make the campaign at ads.apple.com",
            field="special_category",
        )


def check_copy(copy: AdCopy) -> None:
    """What a creative says.

    Raises:
        Refused: another button than the App Store's, or a text that is too long.
    """
    platform = Platform.APPLE_SEARCH_ADS
    word_for(platform, "on the App Store", CALLS_TO_ACTION, copy.call_to_action)
    check_copy_lengths(platform, copy, COPY_LIMITS, "a product page shows")


def adam_id(link: str) -> str:
    """The id of the app that a link leads to.

    Raises:
        Refused: it is no App Store address.
    """
    app = store_app(link)
    if app is None or app.store != "apple":
        raise refused(
            f"link {link!r} is no App Store address; use one such as "
            "https://apps.apple.com/us/app/name/id123456789",
            field="link",
        )
    return app.id


def tap_price(bid: Bid, account: AdAccount) -> JsonObject:
    """What a tap may cost: the order's amount, else the account's default.

    Raises:
        Refused: the strategy is not offered, or there is no amount, or not one Apple takes.
    """
    if BID_STRATEGIES[bid.strategy] is None:
        raise refused(
            f"bid strategy {bid.strategy!r} is not offered on Apple Ads; use 'bid_cap' with what "
            "a tap may cost",
            field="bid_strategy",
        )
    amount = bid.amount and bid_amount(Platform.APPLE_SEARCH_ADS, bid)
    if amount is None and bid.strategy == "automatic":
        amount = option_amount(Platform.APPLE_SEARCH_ADS, account, DEFAULT_BID)
    if amount is None:
        raise refused(
            "Apple Ads does not bid by itself: give the order a bid_cap with an amount, or set the "
            f"account option {DEFAULT_BID} (what a tap may cost)",
            field="bid_amount",
        )
    return apple_money(amount, account.currency, "bid_amount", whole=False)


def apple_money(
    amount: Money, currency: str, field: str, minimum: Money | None = None, *, whole: bool = True
) -> JsonObject:
    """An amount as Apple takes it: a decimal string of at most two digits.

    Args:
        amount: What is meant.
        currency: The account's.
        field: Named when it is refused.
        minimum: Least that is taken.
        whole: Refuse what is finer than Apple takes; else round it down.

    Raises:
        Refused: another currency, too little, or too fine.
    """
    checked_micros(Platform.APPLE_SEARCH_ADS, amount, currency, field)
    unit = max(minor_unit_micros(currency), MICROS // 100)
    finer = amount.micros % unit
    if finer and whole:
        smallest = Money(micros=unit, currency=currency)
        raise refused(f"{field} {amount} is finer than Apple takes, {smallest}", field=field)
    least = minimum or Money(micros=unit, currency=currency)
    check_least(Platform.APPLE_SEARCH_ADS, amount, field, least)
    digits = 0 if unit == MICROS else 2
    return {"amount": f"{Decimal(amount.micros - finer) / MICROS:.{digits}f}", "currency": currency}


def money(shown: object) -> Money | None:
    """Money as Apple shows it; None where it shows none."""
    if not isinstance(shown, dict):
        return None
    value = cast(JsonObject, shown)
    return Money.of(str(value["amount"]), str(value["currency"]))
