"""Money at Meta's edge: minor units on the way in, decimal strings on the way out."""

from models.contract.money import MICROS, Money, minor_unit_micros
from models.contract.vocabulary import Platform
from platforms.errors import Refused

# Meta counts these in whole units although some have ISO minor units (general knowledge, not
# in the fact sheet). Following ISO here would ask for a hundred times the budget.
_WHOLE_UNITS = frozenset(
    {"CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND"}
)


def unit_micros(currency: str) -> int:
    """Micros in the smallest amount of ``currency`` Meta can express.

    Raises:
        Refused: the currency is finer than a hundredth; Meta's unit for it is not known.
    """
    if currency in _WHOLE_UNITS:
        return MICROS
    unit = minor_unit_micros(currency)
    if unit < MICROS // 100:
        raise Refused(
            Platform.META,
            f"the unit Meta counts {currency} in is not known; use an account in a currency "
            "with two decimals or none",
            field="currency",
        )
    return unit


def minor_units(amount: Money, currency: str, field: str) -> int:
    """``amount`` as the integer Meta takes for an account in ``currency``.

    Raises:
        Refused: another currency, nothing or less, or finer than the account can express;
            ``field`` names the parameter. Nothing is ever rounded.
    """
    if amount.currency != currency:
        raise Refused(
            Platform.META,
            f"{field} is in {amount.currency} but the ad account spends {currency}; "
            f"convert it first",
            field=field,
        )
    unit = unit_micros(currency)
    if amount.micros <= 0:
        raise Refused(Platform.META, f"{field} must be more than zero, not {amount}", field=field)
    units, finer = divmod(amount.micros, unit)
    if finer:
        smallest = Money(micros=unit, currency=currency)
        raise Refused(
            Platform.META,
            f"{field} of {amount.amount} {currency} is finer than Meta's smallest unit, {smallest}",
            field=field,
        )
    return units


def rounded_down(amount: Money) -> Money:
    """The nearest amount Meta can express that is not above ``amount``."""
    unit = unit_micros(amount.currency)
    return amount.model_copy(update={"micros": amount.micros - amount.micros % unit})


def from_minor_units(units: str | int, currency: str) -> Money:
    """Money from the integer minor units Meta answers with."""
    return Money(micros=int(units) * unit_micros(currency), currency=currency)
