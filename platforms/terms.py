"""What every network's ``terms.py`` says alike: which of our words it knows, what an amount must
be, and what the account options that every account may have do to its capabilities.

A network's own ``terms.py`` keeps its tables and what is said of it alone. Every refusal is made
before anything is sent.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from models.contract.account import AdAccount
from models.contract.money import Money, minor_unit_micros
from models.contract.network import Bid
from models.contract.vocabulary import CallToAction, Objective, Platform
from platforms.errors import Refused
from platforms.network import Capabilities

MIN_DAILY_BUDGET = "min_daily_budget"
"""Account option: smallest daily budget in whole units of the account's currency, where the
network publishes none or has another for the account."""

Term = TypeVar("Term", Objective, CallToAction)
Word = TypeVar("Word")


def word_for(
    platform: Platform, where: str, table: Mapping[Term, Word | None], wanted: Term
) -> Word:
    """The network's word for an objective or a call to action.

    Args:
        platform: Who refuses.
        where: Ends "is not offered", such as ``on X``.
        table: Its words; empty where it has none.
        wanted: Our word.

    Raises:
        Refused: it has none; those it has are named.
    """
    if word := table[wanted]:
        return word
    field = "objective" if isinstance(wanted, Objective) else "call_to_action"
    offered = sorted(one.value for one, known in table.items() if known)
    way_out = repr(offered[0]) if len(offered) == 1 else f"one of: {', '.join(offered)}"
    raise Refused(
        platform,
        f"{field.replace('_', ' ')} {wanted.value!r} is not offered {where}; use {way_out}",
        field=field,
    )


def require_counting(
    platform: Platform, objective: Objective, account: AdAccount, option: str
) -> None:
    """An objective bought by conversions needs the account option that says what counts them.

    Raises:
        Refused: the option is not set.
    """
    if not account.options.get(option):
        raise Refused(
            platform,
            f"objective {objective.value!r} counts conversions and needs the account option "
            f"{option}; set it, or use the objective 'traffic'",
            field="objective",
        )


def capabilities_of(
    capabilities: Capabilities,
    account: AdAccount,
    *,
    option: str = "",
    objectives: frozenset[Objective] = frozenset(),
) -> Capabilities:
    """The capabilities of one account: with its own minimum and, where ``option`` is set, the
    objectives that it makes possible.

    Raises:
        Refused: the account's minimum is no amount.
    """
    if account.options.get(option):
        capabilities = replace(capabilities, objectives=capabilities.objectives | objectives)
    least = option_amount(capabilities.platform, account, MIN_DAILY_BUDGET)
    if least is not None:
        capabilities = replace(capabilities, min_daily_budget={account.currency: least})
    return capabilities


def option_amount(
    platform: Platform, account: AdAccount, option: str, currency: str = ""
) -> Money | None:
    """An account option that is an amount, in ``currency`` or the account's; None if not set.

    Raises:
        Refused: it is no amount.
    """
    text = account.options.get(option)
    if not text:
        return None
    try:
        return Money.of(text, currency or account.currency)
    except ValueError as error:
        raise Refused(platform, f"account option {option}: {error}", field=option) from None


def bid_amount(platform: Platform, bid: Bid, instead: str = "bid_cap") -> Money | None:
    """The amount of a bid; None for automatic bidding, which has none.

    Raises:
        Refused: it is missing, or surplus: then ``instead`` is the strategy to use.
    """
    if bid.strategy == "automatic" and bid.amount is not None:
        raise Refused(
            platform,
            f"bid strategy 'automatic' takes no amount, but {bid.amount} was given; leave it out "
            f"or use {instead!r}",
            field="bid_amount",
        )
    if bid.strategy != "automatic" and bid.amount is None:
        raise Refused(
            platform, f"bid strategy {bid.strategy!r} needs an amount", field="bid_amount"
        )
    return bid.amount


def checked_micros(
    platform: Platform,
    amount: Money,
    currency: str,
    field: str = "daily_budget",
    minimum: Money | None = None,
) -> int:
    """The micros of an amount meant for ``field`` of an account in ``currency``.

    Raises:
        Refused: another currency, not positive, or below ``minimum``.
    """
    if amount.currency != currency:
        raise Refused(
            platform,
            f"{field} {amount} is in {amount.currency}, but the account's currency is {currency}; "
            "convert it first",
            field="currency",
        )
    check_least(platform, amount, field, minimum)
    return amount.micros


def check_least(
    platform: Platform, amount: Money, field: str, minimum: Money | None = None
) -> None:
    """Hold an amount meant for ``field`` to the least that the network takes.

    Raises:
        Refused: it is not positive, or below ``minimum``.
    """
    if amount.micros <= 0 or (minimum is not None and amount.micros < minimum.micros):
        least = f"at least {minimum}" if minimum is not None else "more than zero"
        raise Refused(platform, f"{field} {amount} is too small; it must be {least}", field=field)


def whole_units(amount: Money) -> Money:
    """The nearest amount of the currency's smallest unit that is not above ``amount``."""
    unit = minor_unit_micros(amount.currency)
    return amount.model_copy(update={"micros": amount.micros - amount.micros % unit})
