"""What Telegram offers, in the trade's terms, and Telegram's own words for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid, ObjectKind
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms as shared
from platforms.network import Capabilities, CopyLimits
from platforms.telegram import money
from platforms.telegram.errors import refused
from platforms.terms import option_amount, require_counting, word_for

CONVERSION_EVENT = "conversion_event_id"
"""Account option: the pixel event that counts a conversion."""
DEFAULT_BID = "default_bid"
"""Account option: what a thousand views may cost, in the account's currency."""
WEBSITE_NAME = "website_name"
"""Account option: what an ad calls the page it leads to; else the page's host."""
TON_WALLET = "ton_wallet"
"""Account option: where the account is topped up from, for people."""
FREQUENCY = "impression_frequency"
"""Account option: how often a day one person may see an ad, 1 to 4; Telegram's default is 1."""

TEXT_LIMIT = 160
LINK_LIMIT = 256
WEBSITE_NAME_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Purpose:
    """How an objective is served. Telegram has no objectives: it sells views, and counts one kind
    of action: joining what it promotes on Telegram (``on_telegram``), or a pixel event of one of
    ``events`` on a website."""

    events: frozenset[str] = frozenset()
    on_telegram: bool = False


PURPOSES: Mapping[Objective, Purpose | None] = {
    Objective.AWARENESS: Purpose(),
    Objective.TRAFFIC: Purpose(),
    Objective.ENGAGEMENT: Purpose(on_telegram=True),
    Objective.LEADS: Purpose(frozenset({"lead", "contact", "schedule", "custom"})),
    Objective.SIGNUPS: Purpose(frozenset({"complete_registration", "start_trial", "subscribe"})),
    Objective.PURCHASES: Purpose(frozenset({"purchase"})),
    Objective.APPLICATIONS: Purpose(frozenset({"submit_application"})),
    Objective.CATALOG_SALES: None,
    Objective.APP_INSTALLS: None,
}
"""Every objective; None where Telegram has no way (catalogues; installs it cannot count)."""

BUTTONS: Mapping[CallToAction, str | None] = {
    CallToAction.LEARN_MORE: "learn_more",
    CallToAction.SHOP_NOW: "buy",
    CallToAction.SIGN_UP: "sign_up",
    CallToAction.DOWNLOAD: "download",
    CallToAction.CONTACT_US: "leave_request",
    CallToAction.GET_OFFER: None,
    CallToAction.BOOK_NOW: None,
    CallToAction.APPLY_NOW: None,
}
"""Every call to action; buttons are for websites only, what is on Telegram has Telegram's own."""

STRATEGIES: Mapping[str, bool] = {"automatic": True, "bid_cap": True, "cost_cap": False}
"""Bid strategies: a price per thousand views is all there is, a cap by nature."""

PLACEMENTS: Mapping[str, str] = {"users": "channel_post"}
"""Placement by the kind of target we aim with. Telegram's others need targets of their own
(``bot_banner``: bots; ``search_result``: words searched for) or a video (``video_banner``)."""

CATEGORIES: Mapping[SpecialCategory, str | None] = {
    SpecialCategory.NONE: "",
    SpecialCategory.EMPLOYMENT: "no field; aimed by country alone",
    SpecialCategory.HOUSING: "no field; aimed by country alone",
    SpecialCategory.CREDIT: "no field; aimed by country alone",
    SpecialCategory.FINANCIAL: "no field; aimed by country alone",
    SpecialCategory.GAMBLING: None,
}
"""Every category; None where it must be kept from minors, which Telegram cannot do. What its own
policy allows of them is for its review to say."""

_PLAIN = frozenset(o for o, how in PURPOSES.items() if how and not how.events)
_BY_EVENT = frozenset(o for o, how in PURPOSES.items() if how and how.events)

CAPABILITIES = Capabilities(
    platform=Platform.TELEGRAM,
    label="Telegram Ads",
    min_daily_budget={
        "EUR": Money.of("5.00", "EUR"),
        "TON": Money.of("2.00", "TON"),
        "XTR": Money.of("300", "XTR"),
    },
    end_time_granularity=timedelta(minutes=1),
    budget_edits_per_hour=None,
    batch_size=1,
    over_delivery=1.0,
    settle=timedelta(seconds=5),
    copy_limits=CopyLimits(primary_text=TEXT_LIMIT, headline=40, description=0),
    image_size=(1280, 720),
    objectives=_PLAIN,
    calls_to_action=frozenset(one for one, button in BUTTONS.items() if button),
    lease_fallback=(
        "An ad ends at its own date, to the minute, but pausing clears that date: whoever resumes "
        "it elsewhere is bounded by the money moved into it, never more than its daily limit for "
        "the days of its lease."
    ),
    levels=frozenset({ObjectKind.AD}),
    needs_bid=True,
    special_categories={
        one: words for one, words in CATEGORIES.items() if words and one != SpecialCategory.NONE
    },
    dayparting=True,
    api="Telegram Ads API, as documented on 2026-09-18; Bot API for posts",
    instead={
        "campaigns and ad groups": "ads carry their keys in the title; switching and budgets "
        "act on the ads of the group",
        "campaign spend cap": "money is moved into an ad for its lease only",
        "age and gender": "refused by name; aim by country and interest",
        "audiences": "Telegram matches phone numbers, not e-mail addresses: a person uploads a "
        "list at ads.telegram.org",
        "revenue and reach": "not reported; revenue comes from the links' own referral",
        "appeal of a declined ad": "a person appeals at ads.telegram.org",
        "top-up": "a person pays at ads.telegram.org or from the TON wallet",
    },
    notes=(
        "The minimum daily budgets are the product's floor: Telegram publishes none (unsure).",
        "over_delivery 1.0: that a daily limit holds exactly is unsure; the money moved into an "
        "ad holds in any case.",
        "A bid is the price of a thousand views; too low a price is refused by Telegram, which "
        "publishes no minimum.",
        "An ad is made with a tenth of its daily limit, so that it is reviewed, and one that rests "
        "keeps one cent of the budget: that Telegram takes such small amounts is unsure.",
        "Days are UTC. Editing text, link or title of an ad with money sends it to review again; "
        "that limits, price, dates and pausing do not is unsure.",
        "Leads, sign-ups, purchases and applications need the account option conversion_event_id.",
        "Headline and hashtags are not shown: an ad is one text of 160 characters.",
        "What is promoted on Telegram has Telegram's own button.",
        "Money that a lowered budget leaves in an ad stays there until the ad is removed; its "
        "limit and its end still hold.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account. See ``platforms.terms``."""
    return shared.capabilities_of(
        CAPABILITIES, account, option=CONVERSION_EVENT, objectives=_BY_EVENT
    )


def purpose(objective: Objective, account: AdAccount) -> Purpose:
    """How an objective is served.

    Raises:
        Refused: Telegram cannot, or the account lacks the conversion event it needs.
    """
    how = word_for(Platform.TELEGRAM, "on Telegram", PURPOSES, objective)
    if how.events:
        require_counting(Platform.TELEGRAM, objective, account, CONVERSION_EVENT)
    return how


def bid_micros(bid: Bid, account: AdAccount) -> int:
    """What a thousand views may cost: the order's amount, else the account's default.

    Raises:
        Refused: the strategy is not offered, or there is no amount.
    """
    if not STRATEGIES[bid.strategy]:
        raise refused(
            f"bid strategy {bid.strategy!r} is not offered on Telegram; use 'bid_cap' with the "
            "price of a thousand views",
            field="bid_strategy",
        )
    amount = bid.amount or option_amount(Platform.TELEGRAM, account, DEFAULT_BID)
    if amount is None:
        raise refused(
            "Telegram has no automatic bidding: give the bid an amount (the price of a thousand "
            f"views), or set the account option {DEFAULT_BID}",
            field="bid_amount",
        )
    return money.cpm(amount, account)


def check_category(category: SpecialCategory) -> None:
    """Refuse a category that Telegram cannot serve lawfully.

    Raises:
        Refused: named.
    """
    if CATEGORIES[category] is None:
        offered = ", ".join(one.value for one, words in CATEGORIES.items() if words)
        raise refused(
            f"special category {category.value!r} must be kept from minors, and Telegram cannot "
            f"aim by age; use another network (offered here: {offered})",
            field="special_category",
        )


def frequency(account: AdAccount) -> dict[str, int]:
    """``impression_frequency``, where the account sets one.

    Raises:
        Refused: it is not 1 to 4.
    """
    text = account.options.get(FREQUENCY)
    if not text:
        return {}
    if text not in ("1", "2", "3", "4"):
        raise refused(
            f"account option {FREQUENCY} is {text!r}; Telegram takes 1 to 4", field=FREQUENCY
        )
    return {"impression_frequency": int(text)}
