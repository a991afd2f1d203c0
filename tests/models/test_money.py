"""Money is whole micros of one currency, from any spelling and back."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.contract.money import Money, minor_unit_micros

micros = st.integers(-(10**18), 10**18)
currencies = st.sampled_from(("USD", "EUR", "GBP", "JPY", "KWD", "CLF", "CHF", "XYZ"))


@given(micros, currencies)
def test_an_amount_comes_back_from_its_decimal_and_from_json(amount: int, currency: str) -> None:
    money = Money(micros=amount, currency=currency)
    assert Money.of(money.amount, currency) == money
    assert Money.of(f"{money.amount:f}", currency) == money
    assert Money.model_validate_json(money.model_dump_json()) == money
    assert isinstance(json.loads(money.model_dump_json())["micros"], int)


@given(st.decimals(allow_nan=True, allow_infinity=True) | st.text(max_size=12))
def test_any_text_is_money_to_the_micro_or_one_sentence(amount: Decimal | str) -> None:
    try:
        money = Money.of(amount)
    except ValueError as refused:
        money, told = None, str(refused)
    else:
        told = ""
    if money is None:
        assert told.startswith(f"amount {amount!r} is ")
    else:
        assert money.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("0.0000001", "finer than one millionth"),
        ("1.0000000000000000000000000000000001", "finer than one millionth"),
        ("12,50", "not a number"),
        ("", "not a number"),
        ("nan", "not a number"),
        ("-inf", "not a number"),
        ("1e13", "beyond 1,000,000,000,000 USD"),
    ],
)
def test_what_is_no_amount(amount: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Money.of(amount)


def test_a_binary_fraction_does_not_pass_for_a_decimal_one() -> None:
    with pytest.raises(ValueError, match="finer than"):
        Money.of(0.1)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Money(micros=0.5)  # type: ignore[arg-type]


@given(micros, currencies)
def test_people_read_every_digit_there_is(amount: int, currency: str) -> None:
    shown = str(Money(micros=amount, currency=currency))
    digits = "".join(char for char in shown if char.isdigit() or char == ".")
    assert Decimal(digits) * 1_000_000 == abs(amount)
    assert shown.startswith("-") == (amount < 0)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("12.5", "USD", "$12.50"),
        ("-3", "EUR", "-€3.00"),
        ("7", "CHF", "CHF 7.00"),
        ("1234567", "JPY", "¥1,234,567"),
        ("0.5", "JPY", "¥0.5"),
        ("1.5", "KWD", "KWD 1.500"),
        ("0.000001", "USD", "$0.000001"),
        ("1000000000000", "GBP", "£1,000,000,000,000.00"),
    ],
)
def test_how_it_reads(amount: str, currency: str, shown: str) -> None:
    assert str(Money.of(amount, currency)) == shown


def test_minor_units_follow_the_currency() -> None:
    assert [minor_unit_micros(code) for code in ("USD", "JPY", "KWD", "CLF", "XYZ")] == [
        10_000, 1_000_000, 1_000, 100, 10_000,
    ]  # fmt: skip


def test_a_currency_is_three_letters() -> None:
    assert Money.of(1, "usd").currency == "USD"
    for wrong in ("US", "DOLLAR", "U$D", "ÜSD", ""):
        with pytest.raises(ValidationError, match="ISO 4217"):
            Money.of(1, wrong)


def test_an_amount_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Money.of(1).micros = 2
