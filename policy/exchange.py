"""Amounts of one currency in another, by dated rates; a stale rate converts nothing.

Integer micros and exact fractions throughout. What counts against a limit is rounded up, what
a limit is worth elsewhere is rounded down, so that rounding never makes room.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from models.contract.exchange import DatedRate, Rates
from models.contract.money import Money

_EXAMPLE = Decimal("1.08")


class NoRate(ValueError):
    """A currency has no rate, or a stale one; the message is a sentence with the way out."""


def age(rate: DatedRate, rates: Rates) -> timedelta:
    """How old a rate is, in whole days."""
    return rates.today - rate.as_of


def is_stale(rate: DatedRate, rates: Rates) -> bool:
    """Whether a rate is too old to convert anything, or dated in the future."""
    return not timedelta(0) <= age(rate, rates) <= rates.max_age


def exchange(amount: Money, currency: str, rates: Rates, *, down: bool = False) -> Money:
    """``amount`` in ``currency``, rounded up to the micro (or down). Nothing needs no rate.

    Raises:
        NoRate: one of the two currencies has no usable rate.
    """
    if amount.currency == currency or amount.micros == 0:
        return Money(micros=amount.micros, currency=currency)
    exact = amount.micros * _rate(amount.currency, rates) / _rate(currency, rates)
    return Money(micros=math.floor(exact) if down else math.ceil(exact), currency=currency)


def total(amounts: Mapping[str, int], currency: str, rates: Rates) -> int:
    """Micros by currency, summed in one ``currency``; each other currency is rounded up once.

    Raises:
        NoRate: a currency that is not zero has no usable rate.
    """
    return sum(
        exchange(Money(micros=micros, currency=one), currency, rates).micros
        for one, micros in amounts.items()
    )


def _rate(currency: str, rates: Rates) -> Fraction:
    """Units of the reporting currency for one unit."""
    if currency == rates.currency:
        return Fraction(1)
    found = rates.newest.get(currency)
    if found is None:
        raise NoRate(
            f"no exchange rate from {currency} to {rates.currency} is known, so nothing may be "
            f"raised; set one with `adflight rates set {currency} {_EXAMPLE}`"
        )
    if is_stale(found, rates):
        raise NoRate(
            f"the exchange rate from {currency} to {rates.currency} is {age(found, rates).days} "
            f"days old (of {found.as_of}) and counts for {rates.max_age.days}, so nothing may be "
            f"raised; set today's with `adflight rates set {currency} {plain(found.rate)}`"
        )
    return Fraction(found.rate)


def plain(rate: Decimal) -> str:
    """A rate without trailing zeros: "1.08"."""
    return f"{rate.normalize():f}"
