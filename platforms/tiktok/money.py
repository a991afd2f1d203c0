"""Money at TikTok's edge: a JSON number of whole currency units in, decimal text out."""

from decimal import ROUND_HALF_EVEN, Decimal

from models.contract.money import Money, minor_unit_micros
from models.contract.vocabulary import Platform
from platforms.terms import checked_micros
from platforms.tiktok.errors import refused

_MICRO = Decimal("0.000001")
NONE = frozenset({"", "-", "None"})
"""How a figure that does not apply is written."""


def units(
    amount: Money, currency: str, *, minimum: Money | None = None, field: str = "daily_budget"
) -> float:
    """``amount`` as the number TikTok takes. Nothing is computed in floating point: the number
    is the amount's own decimal text.

    Raises:
        Refused: another currency than the account's, not positive, below ``minimum``, or finer
            than the currency's smallest unit. Nothing is rounded.
    """
    checked_micros(Platform.TIKTOK, amount, currency, field, minimum)
    if amount.micros % minor_unit_micros(currency):
        smallest = Money(micros=minor_unit_micros(currency), currency=currency)
        raise refused(
            f"{field} {amount} is finer than the smallest amount, {smallest}; round it", field=field
        )
    return float(str(amount.amount))


def from_units(value: object, currency: str) -> Money | None:
    """Money from a number or text of whole units; None for zero or not applicable."""
    money = figure(value, currency)
    return money if money.micros else None


def figure(value: object, currency: str) -> Money:
    """A report's amount; what does not apply is zero."""
    text = str(value)
    if value is None or text in NONE:
        return Money(micros=0, currency=currency)
    exact = Decimal(text).quantize(_MICRO, ROUND_HALF_EVEN)
    return Money.of(exact, currency)
