"""What AppLovin offers, in the trade's terms, and AppLovin's own words for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from models.contract.account import AdAccount
from models.contract.money import MICROS, Money
from models.contract.network import Bid, ObjectKind
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms import terms as shared
from platforms.applovin.errors import refused
from platforms.network import Capabilities, CopyLimits
from platforms.terms import MIN_DAILY_BUDGET, word_for

CURRENCY = "USD"
"""AppLovin takes and reports money in US dollars only."""
TIMEZONE = "UTC"
"""Its days and dates."""

DEFAULT_BID = "default_bid"
TRACKING = ("tracking_method", "impression_url", "click_url")
"""Account options: who counts the installs, and the addresses it gave for the two events."""
PACKAGE_NAME = "package_name"
"""Account option: the bundle id of the iOS app, which its store address does not hold. Sources
disagree on whether AppLovin needs it beside the store's id; it is sent where it is set."""

TRACKERS = frozenset({"ADJUST", "APPSFLYER", "BRANCH", "KOCHAVA", "TENJIN", "SINGULAR", "APSALAR"})
"""Singular used to be Apsalar; sources disagree on which name AppLovin takes, so both pass."""

CENT = 10_000
"""Micros in the finest amount that AppLovin's examples show (unsure whether finer ones pass)."""


@dataclass(frozen=True, slots=True)
class Goal:
    """AppLovin's words for one objective: what is bid for, and how it is billed."""

    goal_type: str
    bidding_strategy: str


GOALS: Mapping[Objective, Goal | None] = {
    Objective.APP_INSTALLS: Goal("CPI", "TARGET_GOAL_WITH_CPI_BILLING"),
    Objective.AWARENESS: None,
    Objective.TRAFFIC: None,
    Objective.ENGAGEMENT: None,
    Objective.LEADS: None,
    Objective.SIGNUPS: None,
    Objective.PURCHASES: None,
    Objective.CATALOG_SALES: None,
    Objective.APPLICATIONS: None,
}
"""Every objective; None where an APP account has no goal for it or the goal needs figures of the
app (events, revenue) that we do not have. Both words are fixed once a campaign is made."""

CALLS_TO_ACTION: Mapping[CallToAction, bool] = {
    one: one is CallToAction.DOWNLOAD for one in CallToAction
}
"""Every call to action, and whether it is what AppLovin's own button says. It writes "Install" or
"Download" by itself and takes no other word."""

SPECIAL_CATEGORIES: dict[SpecialCategory, str] = {}
"""AppLovin has no field to declare one, and none that is aimed by age; all are refused."""

CAPABILITIES = Capabilities(
    platform=Platform.APPLOVIN,
    label="AppLovin",
    api="Axon Campaign Management API v1 and Reporting API",
    min_daily_budget={CURRENCY: Money.of("10.00")},
    end_time_granularity=timedelta(minutes=1),
    budget_edits_per_hour=None,
    batch_size=1,
    over_delivery=1.2,
    settle=timedelta(seconds=5),
    copy_limits=CopyLimits(primary_text=125, headline=40, description=90),
    image_size=(1080, 1920),
    video_size=(1080, 1920),
    objectives=frozenset(one for one, goal in GOALS.items() if goal),
    calls_to_action=frozenset(one for one, offered in CALLS_TO_ACTION.items() if offered),
    # A creative is two files of the account's library and cannot be deleted through the API.
    levels=frozenset({ObjectKind.CAMPAIGN, ObjectKind.AD}),
    needs_bid=True,
    special_categories=SPECIAL_CATEGORIES,
    instead={
        "ad group": "One for each campaign, kept in its settings and its name.",
        "creative": "A video and an end card in the account's library, named by the creative's "
        "key; they stay there, unused, when the creative is removed.",
        "ad": "A creative set, paused before it is attached to the campaign.",
        "create paused": "The network ignores the status of a new campaign: it is made with a "
        "start in the future and without ads, paused at once, and read back.",
        "batch pause": "There is none: one call a campaign, several at a time.",
        "delete": "There is none: a removed campaign is paused, renamed '[removed] ...' and "
        "counts as gone; a removed ad is taken out of its campaign.",
        "targeting": "By country only; age, gender, interests and hours are refused.",
        "special categories": "Refused: there is no field to declare one.",
        "copy": "There are no text fields: the words are in the video and on the end card.",
        "spend cap": "There is none for a campaign's life; the lease is its end date.",
        "audiences": "There are none in the API.",
        "balance": "It does not say what is left of a prepaid account.",
    },
    notes=(
        "100 error responses in five minutes shut the account out for 24 hours: every value is "
        "checked before it is sent, no refusal is repeated, and from 20 errors on (38 for stops) "
        "nothing more is sent until they have passed.",
        "over_delivery 1.2, the minimum daily budget and the longest name are not published by "
        "AppLovin (unsure).",
        "A bid is the price of one install; without one the account option default_bid is taken.",
        "The account needs the options tracking_method, impression_url and click_url of its "
        "mobile measurement partner, and package_name for iOS apps.",
        "The start of a campaign is fixed when it is made, ten minutes later.",
        "Revenue and reach are not reported.",
    ),
)


def capabilities_of(account: AdAccount) -> Capabilities:
    """The capabilities of one account: its own minimum, where it is set.

    Raises:
        Refused: the minimum is no amount.
    """
    least = _option_amount(account, MIN_DAILY_BUDGET)
    return replace(CAPABILITIES, min_daily_budget={CURRENCY: least}) if least else CAPABILITIES


def goal_of(objective: Objective) -> Goal:
    """AppLovin's words for an objective.

    Raises:
        Refused: it has none.
    """
    return word_for(Platform.APPLOVIN, "on AppLovin", GOALS, objective)


def require_no_category(category: SpecialCategory) -> None:
    """Raises:
    Refused: it is a regulated one.
    """
    if category is not SpecialCategory.NONE:
        raise refused(
            f"special category {category.value!r} cannot be declared on AppLovin; advertise it on "
            "a network that has a field for it",
            field="special_category",
        )


def default_bid(account: AdAccount) -> Money | None:
    """The account's own bid for an install.

    Raises:
        Refused: the option is no amount.
    """
    return _option_amount(account, DEFAULT_BID)


def bid_amount(bid: Bid, account: AdAccount) -> Money:
    """What an install may cost, rounded down to a cent: the order's amount, else the account's.

    Raises:
        Refused: there is neither, or the amount is surplus, too small or in another currency.
    """
    if bid.amount is not None:
        shared.bid_amount(Platform.APPLOVIN, bid)
        return rounded_bid(bid.amount)
    fallback = default_bid(account)
    if fallback is None:
        raise refused(
            "AppLovin does not bid by itself and this order has no amount; give a bid with an "
            f"amount (strategy 'bid_cap'), or set the account option {DEFAULT_BID}",
            field="bid_amount",
        )
    return fallback


def rounded_bid(amount: Money) -> Money:
    """A bid in whole cents, down.

    Raises:
        Refused: less than a cent, or in another currency.
    """
    _require_dollars(amount, "bid_amount")
    whole = amount.model_copy(update={"micros": amount.micros - amount.micros % CENT})
    if whole.micros <= 0:
        raise refused(f"bid {amount} is too small; it must be at least $0.01", field="bid_amount")
    return whole


def checked_budget(amount: Money, minimum: Money | None) -> Money:
    """A daily budget that AppLovin takes.

    Raises:
        Refused: another currency, below the minimum, or finer than a cent.
    """
    _require_dollars(amount, "daily_budget")
    shared.check_least(Platform.APPLOVIN, amount, "daily_budget", minimum)
    if amount.micros % CENT:
        raise refused(f"daily budget {amount} is finer than a cent; round it", field="daily_budget")
    return amount


def decimal_text(amount: Money) -> str:
    """An amount as AppLovin takes it: a decimal string with two digits."""
    return f"{Decimal(amount.micros) / MICROS:.2f}"


def money(value: object) -> Money | None:
    """An amount as AppLovin writes it, string or number; None where there is none."""
    if value is None or value == "":
        return None
    try:
        micros = (Decimal(str(value)) * MICROS).to_integral_value()
    except InvalidOperation:
        return None
    return Money(micros=int(micros), currency=CURRENCY)


def _require_dollars(amount: Money, field: str) -> None:
    if amount.currency != CURRENCY:
        raise refused(
            f"{field} is in {amount.currency}, but AppLovin's currency is {CURRENCY}; convert it "
            "first",
            field="currency",
        )


def _option_amount(account: AdAccount, name: str) -> Money | None:
    amount = shared.option_amount(Platform.APPLOVIN, account, name, CURRENCY)
    if amount is not None and amount.micros < CENT:
        raise refused(
            f"account option {name} is {amount}; it must be an amount such as 2.50", field=name
        )
    return amount
