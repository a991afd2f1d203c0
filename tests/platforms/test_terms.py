"""What every network says alike of our words, amounts and account options."""

from importlib import import_module
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid
from models.contract.vocabulary import CallToAction, Objective, Platform
from platforms.errors import Refused
from platforms.terms import bid_amount, checked_micros, option_amount, whole_units, word_for

WITH_TERMS = sorted(one for one in Platform if one is not Platform.META)
amounts = st.builds(
    Money, micros=st.integers(-(10**9), 10**9), currency=st.sampled_from(["USD", "EUR"])
)


def account(platform: Platform, currency: str = "USD", **options: str) -> AdAccount:
    return AdAccount(
        id=UUID(int=1),
        team_id=UUID(int=2),
        platform=platform,
        name="x",
        external_id="1",
        currency=currency,
        options=options,
    )


@settings(max_examples=60)
@given(st.data(), st.sampled_from([Objective, CallToAction]))
def test_a_word_is_given_or_those_that_are_offered_are_named(
    data: st.DataObject, kind: type[Objective] | type[CallToAction]
) -> None:
    table = {one: data.draw(st.sampled_from([None, one.value.upper()])) for one in kind}
    for wanted, word in table.items():
        if word is not None:
            assert word_for(Platform.X, "on X", table, wanted) == word
            continue
        with pytest.raises(Refused) as no:
            word_for(Platform.X, "on X", table, wanted)
        assert no.value.field == {Objective: "objective", CallToAction: "call_to_action"}[kind]
        said, _, offered = no.value.message.partition("; use ")
        assert said.endswith(f"{wanted.value!r} is not offered on X")
        named = offered.removeprefix("one of: ").replace("'", "").split(", ")
        assert [one for one in named if one] == sorted(
            one.value for one, has in table.items() if has
        )


@settings(max_examples=60)
@given(amounts, st.none() | amounts.filter(lambda one: one.currency == "USD"))
def test_an_amount_is_taken_whole_or_refused(amount: Money, minimum: Money | None) -> None:
    least = max(1, minimum.micros if minimum else 1)
    if amount.currency == "USD" and amount.micros >= least:
        assert checked_micros(Platform.X, amount, "USD", "spend_cap", minimum) == amount.micros
        return
    with pytest.raises(Refused) as no:
        checked_micros(Platform.X, amount, "USD", "spend_cap", minimum)
    assert no.value.field == ("spend_cap" if amount.currency == "USD" else "currency")
    assert str(amount) in no.value.message


@pytest.mark.parametrize(
    ("bid", "words"),
    [
        (Bid(strategy="automatic", amount=Money.of(1)), "takes no amount, .*; leave it out or use"),
        (Bid(strategy="bid_cap"), "'bid_cap' needs an amount"),
        (Bid(strategy="cost_cap"), "'cost_cap' needs an amount"),
    ],
)
def test_a_bid_and_its_strategy_go_together(bid: Bid, words: str) -> None:
    with pytest.raises(Refused, match=words) as no:
        bid_amount(Platform.X, bid)
    assert no.value.field == "bid_amount"
    assert bid_amount(Platform.X, Bid()) is None
    assert bid_amount(Platform.X, Bid(strategy="bid_cap", amount=Money.of(2))) == Money.of(2)


@pytest.mark.parametrize("platform", WITH_TERMS)
def test_an_accounts_own_minimum_is_taken_or_refused_by_name(platform: Platform) -> None:
    """It was a traceback on X and TikTok."""
    able = import_module(f"platforms.{platform.value}.terms").capabilities_of
    found = able(account(platform, min_daily_budget="7.50"))
    assert found.min_daily_budget["USD"] == Money.of("7.50")
    for wrong in ("much", "nan", "0.0000001"):
        with pytest.raises(Refused, match="account option min_daily_budget: amount") as no:
            able(account(platform, min_daily_budget=wrong))
        assert (no.value.field, no.value.platform) == ("min_daily_budget", platform)


def test_an_option_is_in_the_accounts_currency_or_the_networks() -> None:
    euros = account(Platform.X, "EUR", bid="2")
    assert option_amount(Platform.X, euros, "bid") == Money.of(2, "EUR")
    assert option_amount(Platform.X, euros, "bid", "USD") == Money.of(2)
    assert option_amount(Platform.X, euros, "none") is None


@pytest.mark.parametrize(("amount", "whole"), [("1.239", "1.23"), ("1.23", "1.23"), ("0.009", "0")])
def test_an_amount_is_rounded_down_to_the_currencys_smallest_unit(amount: str, whole: str) -> None:
    assert whole_units(Money.of(amount)) == Money.of(whole)
    assert whole_units(Money.of("99.5", "JPY")) == Money.of("99", "JPY")
