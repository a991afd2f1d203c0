"""Proposals are cut to the limits, and a person is asked where the rules say so (A5 to A7, G1)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.campaign import ApprovalCase, MediaPlan
from models.contract.exchange import DatedRate, Rates
from models.contract.limits import SpendLimits
from models.contract.money import Money, minor_unit_micros
from models.contract.vocabulary import Author, Autonomy
from policy.approval import Room, approval_case, clamp

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
CURRENCIES = ("USD", "JPY", "KWD")
amounts = st.integers(0, 10**9) | st.integers(0, 400).map(lambda n: n * 500_000)


def plan(daily: Money, lifetime: Money | None = None) -> MediaPlan:
    return MediaPlan(
        name="nets",
        destination_url="https://journal.example/nets",
        daily_budget=daily,
        lifetime_budget=lifetime,
        duration=timedelta(days=7),
    )


def limits_in(currency: str, **amounts: int) -> SpendLimits:
    """Limits all in one currency: the starter's figures, changed where named (micros)."""
    starter = SpendLimits()
    figures = {
        name: Money(micros=amounts.get(name, value.micros), currency=currency)
        for name, value in starter
        if isinstance(value, Money)
    }
    return SpendLimits(**figures)  # type: ignore[arg-type]


@given(
    currency=st.sampled_from(CURRENCIES), asked=amounts.filter(bool), campaign=amounts,
    platform=st.integers(-(10**8), 10**9), team=st.integers(-(10**8), 10**9), minimum=amounts,
    lifetime=st.none() | amounts, cap=amounts,
)  # fmt: skip
def test_a_clamped_plan_keeps_every_cap_and_the_minimum(
    currency: str,
    asked: int,
    campaign: int,
    platform: int,
    team: int,
    minimum: int,
    lifetime: int | None,
    cap: int,
) -> None:
    def money(micros: int) -> Money:
        return Money(micros=micros, currency=currency)

    limits = limits_in(currency, campaign_daily=campaign, campaign_lifetime=cap)
    proposal = plan(money(asked), None if lifetime is None else money(lifetime))
    room = Room(platform_daily=money(platform), team_daily=money(team))
    clamped = clamp(proposal, limits, room, money(minimum))
    most, unit = min(asked, campaign, platform, team), minor_unit_micros(currency)
    if clamped.plan is None:
        fitting = most // unit * unit
        assert fitting <= 0 or fitting < minimum
        assert clamped.notes
        return
    daily = clamped.plan.daily_budget
    assert max(minimum, 1) <= daily.micros <= most
    assert daily.micros % unit == 0
    assert daily.currency == currency
    assert most - daily.micros < unit  # not cut further than it must be
    assert clamped.plan.lifetime_budget is not None
    assert clamped.plan.lifetime_budget.micros <= min(cap, cap if lifetime is None else lifetime)
    cuts = (asked > most) + (lifetime is not None and lifetime > cap)
    assert bool(clamped.notes) == bool(cuts)
    again = clamp(clamped.plan, limits, room, money(minimum))
    assert (again.plan, again.notes) == (clamped.plan, ())
    untouched = proposal.model_copy(
        update={"daily_budget": daily, "lifetime_budget": clamped.plan.lifetime_budget}
    )
    assert clamped.plan == untouched


def test_a_cut_names_the_limit_and_both_numbers() -> None:
    room = Room(platform_daily=Money.of(12), team_daily=Money.of(11))
    clamped = clamp(plan(Money.of(40), Money.of(900)), SpendLimits(), room, Money.of(5))
    assert clamped.notes == (
        "daily budget cut from $40.00 to $20.00 (campaign daily limit)",
        "daily budget cut from $20.00 to $12.00 (room left today on the platform)",
        "daily budget cut from $12.00 to $11.00 (room left today for the team)",
        "lifetime budget cut from $900.00 to $200.00 (campaign lifetime limit)",
    )


def test_too_little_room_means_no_plan_and_says_why() -> None:
    scarce = Room(platform_daily=Money.of("4.99"), team_daily=Money.of(50))
    assert clamp(plan(Money.of(10)), SpendLimits(), scarce, Money.of(5)).plan is None
    assert clamp(plan(Money.of(10)), SpendLimits(), scarce, Money.of("4.99")).plan is not None
    none = Room(platform_daily=Money.of(0), team_daily=Money.of(50))
    nothing = clamp(plan(Money.of(10)), SpendLimits(), none, Money.of(0))
    assert nothing.plan is None
    assert "no daily budget is left" in nothing.notes[-1]


def test_a_budget_in_another_currency_is_cut_by_the_days_rate() -> None:
    euro, room = plan(Money.of(40, "EUR")), Room(Money.of(12), Money.of(50))
    unknown = clamp(euro, SpendLimits(), room, Money.of(5, "EUR"))
    assert unknown.plan is None
    assert "`adflight rates set EUR" in unknown.notes[0]
    rates = Rates(
        today=NOW.date(), newest={"EUR": DatedRate(rate=Decimal("1.25"), as_of=NOW.date())}
    )
    clamped = clamp(euro, SpendLimits(), room, Money.of(5, "EUR"), rates=rates)
    assert clamped.plan is not None
    assert clamped.plan.daily_budget == Money.of("9.60", "EUR")
    assert clamped.plan.lifetime_budget == Money.of(160, "EUR")
    assert "from €16.00 to €9.60 (room left today on the platform)" in clamped.notes[1]
    # A network that promises no balance may spend 1.2 times that on the day.
    lower = clamp(
        euro,
        SpendLimits(),
        room,
        Money.of(5, "EUR"),
        over_delivery=1.2,
        balanced=False,
        rates=rates,
    )
    assert lower.plan is not None
    assert lower.plan.daily_budget == Money.of(8, "EUR")
    assert "a day may cost 1.2 budgets" in lower.notes[1]


def asked_about(
    daily: Money,
    *,
    autonomy: Autonomy = Autonomy.SEMI_AUTO,
    author: Author = Author.AI,
    first: bool = False,
    committed: Money | None = None,
    limits: SpendLimits | None = None,
) -> ApprovalCase:
    chosen = (limits or SpendLimits()).model_copy(update={"autonomy": autonomy})
    return approval_case(
        plan(daily),
        chosen,
        author=author,
        first_time_on_platform=first,
        # So much that a further campaign is no notable rise, unless a test says otherwise.
        committed_daily=committed or Money.of(100_000, daily.currency),
        over_delivery=1.75,
        now=NOW,
    )


CENT = Money.of("0.01")
A_MICRO_OVER = {25: Money(micros=25_000_001), 100: Money(micros=100_000_001)}


@pytest.mark.parametrize(
    ("autonomy", "daily", "needed"),
    [
        (Autonomy.MANUAL, CENT, True),
        (Autonomy.SEMI_AUTO, CENT, False),
        (Autonomy.SEMI_AUTO, Money.of(25), False),
        (Autonomy.SEMI_AUTO, A_MICRO_OVER[25], True),
        (Autonomy.SEMI_AUTO, A_MICRO_OVER[100], True),
        (Autonomy.FULL_AUTO, A_MICRO_OVER[25], False),
        (Autonomy.FULL_AUTO, Money.of(100), False),
        (Autonomy.FULL_AUTO, A_MICRO_OVER[100], True),
    ],
)
def test_budget_thresholds(autonomy: Autonomy, daily: Money, needed: bool) -> None:
    case = asked_about(daily, autonomy=autonomy)
    assert case.needed is needed
    assert bool(case.reasons) is needed


@pytest.mark.parametrize(
    ("committed", "daily", "needed"),
    [
        (Money.of(50), Money.of(15), False),  # exactly 30 %
        (Money.of(50), Money(micros=15_000_001), True),
        (Money.of(70), Money.of(21), False),
        (Money.of(0), CENT, True),  # from nothing, anything is a full rise
    ],
)
def test_a_rise_of_the_teams_daily_total(committed: Money, daily: Money, needed: bool) -> None:
    case = asked_about(daily, committed=committed)
    assert case.needed is needed
    if needed:
        assert f"from {committed} by {daily}, more than 30%" in case.reasons[0]
    assert not asked_about(daily, committed=committed, autonomy=Autonomy.FULL_AUTO).needed


def test_a_platforms_first_use_is_asked_about_in_semi_auto() -> None:
    assert asked_about(CENT, first=True).needed
    assert asked_about(CENT, first=True).reasons[0].startswith("this platform has never")
    assert not asked_about(CENT, first=True, autonomy=Autonomy.FULL_AUTO).needed


@given(amounts.filter(bool), st.sampled_from(Autonomy), st.booleans())
def test_what_a_person_made_is_not_asked_again(daily: int, autonomy: Autonomy, first: bool) -> None:
    case = asked_about(Money(micros=daily), author=Author.ADMIN, autonomy=autonomy, first=first)
    assert not case.needed


@given(amounts.filter(bool), amounts.filter(bool), st.sampled_from(Autonomy), amounts)
def test_asking_never_stops_as_the_budget_grows(
    one: int, other: int, autonomy: Autonomy, committed: int
) -> None:
    low, high = (
        asked_about(Money(micros=micros), autonomy=autonomy, committed=Money(micros=committed))
        for micros in sorted((one, other))
    )
    assert high.needed or not low.needed
    assert high.worst_case.micros >= low.worst_case.micros


def test_the_thresholds_are_the_teams_own() -> None:
    limits = limits_in("JPY", approval_threshold=4_000_000_000, always_ask_above=9_000_000_000)
    assert not asked_about(Money.of(4_000, "JPY"), limits=limits).needed
    case = asked_about(Money.of(4_001, "JPY"), limits=limits)
    assert case.reasons == ("daily budget ¥4,001 is above the approval threshold ¥4,000",)
    full = asked_about(Money.of(9_001, "JPY"), limits=limits, autonomy=Autonomy.FULL_AUTO)
    assert full.needed
    assert full.worst_case.currency == "JPY"
