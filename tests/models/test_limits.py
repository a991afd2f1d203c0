"""The limits' own figures: what a team starts with, and what no setting changes."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from models.contract.limits import SANDBOX_LIMITS, STARTER_LIMITS, SpendLimits
from models.contract.money import Money
from models.contract.vocabulary import Autonomy


def test_the_starter_figures_are_the_seeds() -> None:
    """G1, G2, A5, A6, A7."""
    figures = {name: value.amount for name, value in STARTER_LIMITS if isinstance(value, Money)}
    assert figures == {
        "campaign_daily": 20, "campaign_lifetime": 200,
        "platform_daily": 25, "platform_monthly": 750,
        "team_daily": 50, "team_monthly": 1500,
        "approval_threshold": 25, "always_ask_above": 100,
    }  # fmt: skip
    assert STARTER_LIMITS.autonomy is Autonomy.MANUAL
    assert STARTER_LIMITS.ask_team_daily_rise == 0.30
    assert STARTER_LIMITS.ask_campaign_rise == 0.50
    assert STARTER_LIMITS.hard_ceiling_monthly.amount == Decimal(3000)


def test_a_stored_document_cannot_set_the_ceiling() -> None:
    stored = {**STARTER_LIMITS.model_dump(mode="json"), "hard_ceiling_monthly": 10**15}
    stored["team_monthly"] = {"micros": 10**15, "currency": "USD"}
    limits = SpendLimits.model_validate(stored)
    assert limits.hard_ceiling_monthly == Money.of(3000)
    with pytest.raises(ValidationError):
        SpendLimits.model_validate({"profile": "unlimited"})
    with pytest.raises((ValidationError, AttributeError)):
        limits.hard_ceiling_monthly = Money.of(10**9)  # type: ignore[misc]


def test_limits_survive_being_stored() -> None:
    for limits in (STARTER_LIMITS, SANDBOX_LIMITS):
        assert SpendLimits.model_validate_json(limits.model_dump_json()) == limits


def test_limits_are_in_one_currency() -> None:
    with pytest.raises(ValidationError, match="one currency, not in EUR and USD"):
        SpendLimits(team_daily=Money.of(50, "EUR"))
    with pytest.raises(ValidationError, match="one currency, not in JPY and USD"):
        SpendLimits(account_daily=Money.of(5_000, "JPY"))
