"""Money as integer micros plus a currency; floats never enter."""

from decimal import Decimal, InvalidOperation

from babel.core import get_global
from pydantic import field_validator

from models.contract.base import Frozen

MICROS = 1_000_000
_MICRO = Decimal("0.000001")
_MOST = 10**12  # in micros it still fits PostgreSQL's bigint, with room for sums

# Read once, at import: workflows use money, and a workflow may not read files.
_DIGITS: dict[str, int] = {
    code: fractions[0] for code, fractions in get_global("currency_fractions").items()
}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


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
            ValueError: the amount is no finite number, finer than a micro or beyond a trillion.
        """
        try:
            value = Decimal(amount)
        except InvalidOperation:
            raise ValueError(f"amount {amount!r} is not a number such as 12.50") from None
        if not value.is_finite():
            raise ValueError(f"amount {amount!r} is not a number such as 12.50")
        if abs(value) > _MOST:
            raise ValueError(f"amount {amount!r} is beyond {_MOST:,} {currency}")
        exact = value.quantize(_MICRO)
        if exact != value:
            raise ValueError(f"amount {amount!r} is finer than one millionth of {currency}")
        return cls(micros=int(exact.scaleb(6)), currency=currency)

    @property
    def amount(self) -> Decimal:
        """The amount in whole units of the currency."""
        return Decimal(self.micros) / MICROS

    def rounded(self) -> str:
        """For lists: to the currency's own digits. Decisions are explained unrounded."""
        return str(
            Money(micros=round(self.micros, _digits(self.currency) - 6), currency=self.currency)
        )

    def __str__(self) -> str:
        """For people: "$12.50", "-€3.00", "CHF 7.00"; never fewer digits than the amount has."""
        digits = _digits(self.currency)
        while digits < 6 and self.micros % 10 ** (6 - digits):
            digits += 1
        symbol = _SYMBOLS.get(self.currency, f"{self.currency} ")
        return f"{'-' if self.micros < 0 else ''}{symbol}{abs(self.amount):,.{digits}f}"


def minor_unit_micros(currency: str) -> int:
    """Micros in one minor unit of ``currency``: 10,000 for USD, 1,000,000 for JPY."""
    return MICROS // 10 ** _digits(currency)


def _digits(currency: str) -> int:
    return _DIGITS.get(currency, _DIGITS["DEFAULT"])
