"""Telegram's currencies: euros, Toncoin (shown as Grams) and Telegram Stars, each with its own
precision. Amounts are decimal numbers on the wire and micros everywhere else.

An account has one of the three for good; Adflight's ``Money`` carries the same three letters.
Limits across currencies need a dated rate for TON and XTR, which no central bank publishes.
"""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from models.contract.account import AdAccount
from models.contract.money import MICROS, Money
from models.contract.vocabulary import Platform
from platforms.telegram.errors import refused
from platforms.terms import checked_micros

_DECIMALS = {"EUR": 2, "TON": 2, "XTR": 0}
"""Decimals of a CPM, a budget and a daily limit; amounts spent have three more."""


def step(account: AdAccount) -> int:
    """Micros in the smallest budget or CPM the account's currency knows.

    Raises:
        Refused: Telegram has no accounts in that currency.
    """
    decimals = _DECIMALS.get(account.currency)
    if decimals is None:
        raise refused(
            f"Telegram bills in EUR, TON or XTR, not in currency {account.currency}; set the "
            "currency of the account as ads.telegram.org shows it",
            field="currency",
        )
    return MICROS // 10**decimals


def checked(amount: Money, account: AdAccount, minimum: Money | None = None) -> int:
    """A daily budget in micros.

    Raises:
        Refused: another currency than the account's, finer than Telegram counts, not positive, or
            below ``minimum``.
    """
    unit = step(account)
    checked_micros(Platform.TELEGRAM, amount, account.currency, minimum=minimum)
    if amount.micros % unit:
        raise refused(
            f"daily budget {amount} is finer than Telegram counts; use whole steps of "
            f"{Money(micros=unit, currency=account.currency)}",
            field="daily_budget",
        )
    return amount.micros


def cpm(amount: Money, account: AdAccount) -> int:
    """A price per thousand views in micros, rounded down to what Telegram takes.

    Raises:
        Refused: another currency than the account's, or nothing is left.
    """
    unit = step(account)
    checked_micros(Platform.TELEGRAM, amount, account.currency, "bid")
    whole = amount.micros - amount.micros % unit
    if whole <= 0:
        raise refused(
            f"bid {amount} is too small; a price per thousand views must be more than zero",
            field="bid",
        )
    return whole


def number(micros: int) -> float:
    """Micros as the JSON number Telegram reads. Nothing is computed with it."""
    return float(Decimal(micros) / MICROS)


def micros(value: object) -> int:
    """A JSON number of Telegram's as micros; none is zero."""
    try:
        exact = Decimal(str(value or 0)) * MICROS
        return int(exact.to_integral_value(ROUND_HALF_EVEN))
    except InvalidOperation:
        return 0
