"""Money as integer micros plus a currency; floats never enter."""

from decimal import Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision
from pydantic import field_validator

from models.contract.base import Frozen

MICROS = 1_000_000


class Money(Frozen):
    """An amount: ``micros`` millionths of one unit of ``currency`` (ISO 4217)."""

    micros: int
    currency: str = "USD"

    @field_validator("currency")
    @classmethod
    def _three_letters(cls, value: str) -> str:
        if len(value) != 3 or not value.isascii() or not value.isalpha():
            raise ValueError(f"currency {value!r} is not an ISO 4217 code such as USD")
        return value.upper()

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str = "USD") -> "Money":
        """Whole and part units ("12.50") as money.

        Raises:
            ValueError: the amount is no finite number or is finer than a micro.
        """
        try:
            micros = Decimal(amount) * MICROS
        except InvalidOperation:
            raise ValueError(f"amount {amount!r} is not a number such as 12.50") from None
        if not micros.is_finite() or micros != micros.to_integral_value():
            raise ValueError(f"amount {amount!r} is finer than one millionth of {currency}")
        return cls(micros=int(micros), currency=currency)

    @property
    def amount(self) -> Decimal:
        """The amount in whole units of the currency."""
        return Decimal(self.micros) / MICROS

    def __str__(self) -> str:
        return format_currency(self.amount, self.currency, locale="en_US")


def minor_unit_micros(currency: str) -> int:
    """Micros in one minor unit of ``currency``: 10,000 for USD, 1,000,000 for JPY."""
    return MICROS // 10 ** get_currency_precision(currency)
