"""Money at TikTok's edge: a JSON number of whole currency units in, decimal text out."""

from decimal import ROUND_HALF_EVEN, Decimal

from models.contract.money import Money, minor_unit_micros
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
    if amount.currency != currency:
        raise refused(
            f"{field} {amount} is in {amount.currency}, but the account's currency is {currency}; "
            "convert it first",
            field="currency",
        )
    if amount.micros <= 0 or (minimum is not None and amount.micros < minimum.micros):
        least = f"at least {minimum}" if minimum is not None else "more than zero"
        raise refused(f"{field} {amount} is too small; it must be {least}", field=field)
    if amount.micros % minor_unit_micros(currency):
        smallest = Money(micros=minor_unit_micros(currency), currency=currency)
        raise refused(
            f"{field} {amount} is finer than the smallest amount, {smallest}; round it", field=field
        )
    return float(str(amount.amount))


def rounded_down(amount: Money) -> Money:
    """The nearest amount of the currency's smallest unit that is not above ``amount``."""
    unit = minor_unit_micros(amount.currency)
    return amount.model_copy(update={"micros": amount.micros - amount.micros % unit})


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
