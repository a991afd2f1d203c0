"""Which budgets the authority lets through, limit by limit (G1 to G3, G14)."""

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.contract.exchange import DatedRate, Rates
from models.contract.limits import HARD_CEILING_MONTHLY, SANDBOX_LIMITS, SpendLimits, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Autonomy, Platform
from policy.authority import Exposure, Verdict, authorise, month_exposure, needs_person
from policy.worst_case import day_exposure

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
SOMEONE = UUID(int=1)
BIG = 10**15
WIDE = SpendLimits(
    profile="sandbox",
    **{
        name: Money(micros=BIG)
        for name, field in SpendLimits.model_fields.items()
        if "Money" in str(field.annotation)
    },  # type: ignore[arg-type]
)
micros = st.integers(0, 60_000_000)


def request(
    daily: Money,
    *,
    until: datetime | None = None,
    lifetime: Money | None = None,
    over: float = 1.75,
    balanced: bool = True,
    agreed: bool = True,
) -> SpendRequest:
    return SpendRequest(
        key="k", team_id=SOMEONE, account_id=SOMEONE, campaign_id=SOMEONE, platform=Platform.META,
        daily=daily, over_delivery=over, balanced=balanced, until=until, now=NOW,
        lifetime=lifetime, agreed=agreed,
    )  # fmt: skip


def rates(**dollars: str) -> Rates:
    """Today's rates: dollars for one unit of each currency."""
    known = {
        name: DatedRate(rate=Decimal(rate), as_of=NOW.date()) for name, rate in dollars.items()
    }
    return Rates(today=NOW.date(), newest=known)


def ask(
    asked: SpendRequest,
    limits: SpendLimits,
    *,
    spent: int = 0,
    known: Rates | None = None,
    account: Exposure | None = None,
    platform: Exposure | None = None,
    team: Exposure | None = None,
) -> Verdict:
    nothing = Exposure()
    return authorise(
        asked,
        limits,
        known or Rates(),
        campaign_spent=asked.daily.model_copy(update={"micros": spent}),
        account=account or nothing,
        platform=platform or nothing,
        team=team or nothing,
    )


def dollars(daily: int, month_spent: int = 0, month_committed: int = 0) -> Exposure:
    return Exposure({"USD": daily}, {"USD": month_spent}, {"USD": month_committed})


MONTH = month_exposure(10_000_000, 1.75, NOW, None, balanced=True)
BUSY = dollars(7_000_000, 50_000_000, 25_000_000)


@pytest.mark.parametrize(
    ("name", "limit", "scope", "total"),
    [
        ("campaign daily limit", "campaign_daily", None, 10_000_000),
        ("platform daily limit", "platform_daily", "platform", 17_000_000),
        ("team daily limit", "team_daily", "team", 17_000_000),
        ("account daily limit", "account_daily", "account", 17_000_000),
        ("platform monthly limit", "platform_monthly", "platform", 75_000_000 + MONTH),
        ("team monthly limit", "team_monthly", "team", 75_000_000 + MONTH),
        ("account monthly limit", "account_monthly", "account", 75_000_000 + MONTH),
    ],
)
def test_each_limit_is_kept_to_the_micro_and_named_with_both_numbers(
    name: str, limit: str, scope: str | None, total: int
) -> None:
    busy = {scope: BUSY} if scope else {}
    asked = request(Money.of(10))
    exact = WIDE.model_copy(update={limit: Money(micros=total)})
    assert ask(asked, exact, **busy).granted
    short = WIDE.model_copy(update={limit: Money(micros=total - 1)})
    verdict = ask(asked, short, **busy)
    assert (verdict.granted, verdict.limit) == (False, name)
    assert f"{name} is {Money(micros=total - 1)}" in verdict.reason
    assert f"would make it {Money(micros=total)}" in verdict.reason


def test_a_campaigns_lifetime_limit_is_its_own_or_the_teams_whichever_is_less() -> None:
    limits = WIDE.model_copy(update={"campaign_lifetime": Money.of(200)})
    assert ask(request(Money.of(10)), limits, spent=199_999_999).granted
    spent = ask(request(Money.of(10)), limits, spent=200_000_000)
    assert (spent.granted, spent.limit) == (False, "campaign lifetime limit")
    own = request(Money.of(10), lifetime=Money.of(50))
    assert not ask(own, limits, spent=50_000_000).granted
    generous = request(Money.of(10), lifetime=Money.of(5_000))
    assert not ask(generous, limits, spent=200_000_000).granted


@example("starter", 9_999_999, 0, 3_000_000_000 - MONTH)
@example("starter", 9_999_999, 0, 3_000_000_001 - MONTH)
@example("sandbox", 9_999_999, 0, 4_000_000_000)
@given(st.sampled_from(("starter", "sandbox")), micros, micros, st.integers(0, 4_000_000_000))
def test_no_limit_lifts_the_hard_ceiling(profile: str, daily: int, other: int, spent: int) -> None:
    limits = WIDE.model_copy(update={"profile": profile})
    asked = request(Money(micros=daily + 1))
    scale = 300 if profile == "sandbox" else 1
    team = dollars(other, spent * scale, other * 30)
    verdict = ask(asked, limits, team=team)
    total = team.month["USD"] + month_exposure(daily + 1, 1.75, NOW, None, balanced=True)
    ceiling = HARD_CEILING_MONTHLY[profile].micros
    assert verdict.granted == (total <= ceiling)
    assert verdict.granted or verdict.limit == "hard monthly ceiling"


exposures = st.builds(dollars, micros, micros, micros)


@given(
    micros, micros, exposures, exposures, exposures, micros,
    st.sampled_from((SpendLimits(), SANDBOX_LIMITS)), st.none() | st.integers(0, 40),
)  # fmt: skip
def test_less_is_never_harder_to_get(
    one: int,
    other: int,
    account: Exposure,
    platform: Exposure,
    team: Exposure,
    spent: int,
    limits: SpendLimits,
    days: int | None,
) -> None:
    low, high = sorted((one + 1, other + 1))
    until = None if days is None else NOW + timedelta(days=days)

    def verdict(daily: int) -> Verdict:
        return ask(
            request(Money(micros=daily), until=until),
            limits,
            spent=spent,
            account=account,
            platform=platform,
            team=team,
        )

    assert verdict(low).granted or not verdict(high).granted


@pytest.mark.parametrize("daily", [0, -1, -10_000_000])
def test_nothing_or_less_is_no_budget(daily: int) -> None:
    """A negative commitment would make room for others."""
    assert ask(request(Money(micros=daily)), WIDE).limit == "daily budget"


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_without_an_exchange_rate_nothing_is_raised_across_currencies(currency: str) -> None:
    verdict = ask(request(Money.of(1, currency)), WIDE)
    assert (verdict.granted, verdict.limit) == (False, "exchange rate")
    assert f"`adflight rates set {currency} 1.08`" in verdict.reason
    account = WIDE.model_copy(update={"account_daily": Money.of(50, currency)})
    assert ask(request(Money.of(1)), account).limit == "exchange rate"
    # What others were promised in that currency counts as well, but nothing of it counts nothing.
    busy = Exposure({currency: 1}, {}, {})
    assert ask(request(Money.of(1)), WIDE, team=busy).limit == "exchange rate"
    assert ask(request(Money.of(1)), WIDE, team=Exposure({currency: 0}, {}, {})).granted
    # Not even with all limits in that currency: the hard ceiling is in dollars.
    own = WIDE.model_copy(
        update={
            name: Money(micros=BIG, currency=currency)
            for name, value in WIDE
            if isinstance(value, Money)
        }
    )
    assert ask(request(Money.of(1, currency)), own).limit == "exchange rate"
    assert ask(request(Money.of(1, currency)), own, known=rates(**{currency: "2"})).granted


def test_each_limit_is_checked_in_its_own_currency() -> None:
    limits = WIDE.model_copy(
        update={"account_daily": Money.of(30, "EUR"), "team_daily": Money.of(48)}
    )
    known = rates(EUR="1.0837", JPY="0.0064")
    twenty = Exposure({"EUR": 20_000_000}, {}, {})
    # Exactly full in the account's own currency: no rate rounds that away.
    full = ask(request(Money.of(10, "EUR")), limits, known=known, account=twenty, team=twenty)
    assert full.granted
    mixed = Exposure({"EUR": 20_000_000, "USD": 10_000_000, "JPY": 1_000_000_000}, {}, {})
    over = ask(request(Money.of(10, "EUR")), limits, known=known, account=twenty, team=mixed)
    assert over.limit == "team daily limit"
    assert "is $48.00 and this would make it $48.911" in over.reason


@pytest.mark.parametrize(
    ("over", "balanced", "counted"), [(1.75, True, 10), (1.2, False, 12), (1.0, False, 10)]
)
def test_a_days_limits_bind_what_a_day_may_cost(over: float, balanced: bool, counted: int) -> None:
    """A network that balances within the week counts with its budget, another with its worst."""
    asked = request(Money.of(10), over=over, balanced=balanced)
    for name in ("platform_daily", "account_daily", "team_daily"):
        exact = WIDE.model_copy(update={name: Money.of(counted)})
        assert ask(asked, exact).granted
        short = WIDE.model_copy(update={name: Money(micros=counted * 1_000_000 - 1)})
        refused = ask(asked, short)
        assert refused.limit == name.replace("_", " ") + " limit"
        assert ("times a budget on a day" in refused.reason) is (counted > 10)
    # The campaign's own limit binds the budget that is set.
    assert ask(asked, WIDE.model_copy(update={"campaign_daily": Money.of(10)})).granted


# -- escalation -------------------------------------------------------------------------------

ASKING = WIDE.model_copy(update={"always_ask_above": Money.of(100), "autonomy": Autonomy.FULL_AUTO})
BIG_TEAM = dollars(100_000_000_000)


def person(
    daily: int,
    *,
    live: int | None = None,
    team: Exposure = BIG_TEAM,
    first: bool = False,
    agreed: bool = False,
    limits: SpendLimits = ASKING,
    last_agreed: int | None = None,
) -> str | None:
    asked = request(Money.of(daily), agreed=agreed)
    if last_agreed is not None:
        asked = asked.model_copy(update={"last_agreed": Money.of(last_agreed)})
    verdict = needs_person(
        asked,
        limits,
        Rates(),
        live=None if live is None else Money.of(live),
        team=team,
        first_activation=first,
    )
    if verdict is None:
        return None
    assert (verdict.granted, verdict.limit) == (False, "needs a person")
    return verdict.reason


def test_what_the_machine_may_not_raise_by_itself() -> None:
    assert person(100) is None
    assert "is above $100.00, which always needs a person" in (person(101) or "")
    assert person(30, live=20) is None
    assert "from $20.00 to $31.00 is a rise of more than 50%" in (person(31, live=20) or "")
    assert person(13, live=10, team=dollars(0)) is None
    grown = person(14, live=10, team=dollars(0)) or ""
    assert "daily total would rise from $10.00 to $14.00, more than 30%" in grown
    assert "never been activated" in (person(1, first=True) or "")
    # A person's agreement lifts all of them; keeping or lowering was never a rise.
    assert person(500, live=20, first=True, team=dollars(0), agreed=True) is None
    assert person(500, live=500, first=True, team=dollars(0)) is None
    assert person(400, live=500, first=True, team=dollars(0)) is None


def test_a_teams_autonomy_bounds_every_rise_of_the_machines() -> None:
    manual = ASKING.model_copy(update={"autonomy": Autonomy.MANUAL})
    assert "autonomy is manual" in (person(11, live=10, limits=manual) or "")
    assert person(9, live=10, limits=manual) is None
    assert person(11, live=10, limits=manual, agreed=True) is None
    semi = ASKING.model_copy(
        update={"autonomy": Autonomy.SEMI_AUTO, "approval_threshold": Money.of(25)}
    )
    assert person(25, live=20, limits=semi) is None
    assert "above $25.00, which needs a person" in (person(26, live=20, limits=semi) or "")


def test_many_small_rises_are_one_large_one() -> None:
    """Twenty percent a day passes any rule that looks at one step only."""
    budget = agreed = 20
    while person(budget + budget // 5, live=budget, last_agreed=agreed) is None:
        budget += budget // 5
    assert budget == 28, "the step to 33 would be more than half above what was agreed to"


def test_every_escalation_is_the_teams_to_set() -> None:
    for changed in (
        {"always_ask_above": Money.of(1_000), "ask_campaign_rise": 9.0},
        {"ask_team_daily_rise": 99.0, "ask_first_activation": False},
    ):
        assert person(500, live=20, first=True, team=dollars(0), limits=ASKING.model_copy(
            update=changed
        ))  # fmt: skip
    relaxed = ASKING.model_copy(
        update={
            "always_ask_above": Money.of(1_000),
            "ask_campaign_rise": 25.0,
            "ask_team_daily_rise": 25.0,
            "ask_first_activation": False,
        }
    )
    assert person(500, live=20, first=True, team=dollars(0), limits=relaxed) is None
    assert person(1_001, live=1_000, limits=relaxed) is not None


# -- whatever is asked, in whatever order -----------------------------------------------------

DOLLARS = {"USD": Fraction(1), "EUR": Fraction("1.083700"), "JPY": Fraction("0.006431")}
KNOWN = rates(EUR="1.083700", JPY="0.006431")


@dataclass(frozen=True)
class Wish:
    campaign: int
    account: int
    daily: Money
    over: float
    balanced: bool
    days: int | None

    @property
    def until(self) -> datetime | None:
        return None if self.days is None else NOW + timedelta(days=self.days)

    def day(self) -> Fraction:
        """Dollars that count against a day, not by the code that is tested."""
        most = Fraction(1) if self.balanced else Fraction(str(self.over))
        return self.daily.micros * most * DOLLARS[self.daily.currency]

    def month(self) -> Fraction:
        days = 30 if self.days is None else min(self.days + 1, 30)
        budgets = days * Fraction(str(self.over))
        if self.balanced:
            # Never more than seven in a week; part weeks at both ends may be over-delivered.
            budgets = min(budgets, Fraction(days + 2 * 7))
        return self.daily.micros * budgets * DOLLARS[self.daily.currency]


wishes = st.builds(
    Wish,
    campaign=st.integers(0, 4),
    account=st.integers(0, 2),
    daily=st.builds(
        lambda micros, currency: Money(
            micros=micros * (150 if currency == "JPY" else 1), currency=currency
        ),
        st.integers(1, 40_000_000),
        st.sampled_from(sorted(DOLLARS)),
    ),
    over=st.sampled_from((1.0, 1.2, 1.75)),
    balanced=st.booleans(),
    days=st.none() | st.integers(0, 40),
)
caps = st.integers(1, 120).map(Money.of)


def exposure(promised: list[Wish]) -> Exposure:
    daily: dict[str, int] = {}
    month: dict[str, int] = {}
    for one in promised:
        currency, micros = one.daily.currency, one.daily.micros
        counted = day_exposure(micros, one.over, balanced=one.balanced)
        daily[currency] = daily.get(currency, 0) + counted
        costs = month_exposure(micros, one.over, NOW, one.until, balanced=one.balanced)
        month[currency] = month.get(currency, 0) + costs
    return Exposure(daily, {}, month)


@given(st.lists(wishes, min_size=1, max_size=25), caps, caps, caps, caps, st.randoms())
def test_in_no_order_does_what_is_granted_exceed_a_cap(
    asked: list[Wish],
    team: Money,
    platform: Money,
    account: Money,
    month: Money,
    chance: random.Random,
) -> None:
    """Campaigns of both kinds and three currencies; each grant replaces its campaign's last."""
    limits = SANDBOX_LIMITS.model_copy(
        update={
            "team_daily": team,
            "platform_daily": platform,
            "account_daily": account,
            "team_monthly": Money.of(int(month.amount) * 20),
        }
    )
    home = {number: ("meta", "x")[number % 2] for number in range(3)}
    chance.shuffle(asked)
    live: dict[int, Wish] = {}
    for one in asked:
        place = home[one.account]
        others = [other for number, other in live.items() if number != one.campaign]
        verdict = ask(
            request(one.daily, until=one.until, over=one.over, balanced=one.balanced),
            limits,
            known=KNOWN,
            account=exposure([other for other in others if other.account == one.account]),
            platform=exposure([other for other in others if home[other.account] == place]),
            team=exposure(others),
        )
        if verdict.granted:
            live[one.campaign] = one
    promised = list(live.values())
    assert sum((one.day() for one in promised), Fraction(0)) <= team.micros
    for number, place in home.items():
        mine = [one for one in promised if one.account == number]
        assert sum((one.day() for one in mine), Fraction(0)) <= account.micros
        near = [one for one in promised if home[one.account] == place]
        assert sum((one.day() for one in near), Fraction(0)) <= platform.micros
    unbalanced = [one for one in promised if not one.balanced]
    assert sum((one.month() for one in unbalanced), Fraction(0)) <= 20 * month.micros
    # And a refusal was no whim: with nothing promised, the first one that fits alone is granted.
    alone = asked[0]
    fits = ask(
        request(alone.daily, until=alone.until, over=alone.over, balanced=alone.balanced),
        limits,
        known=KNOWN,
    )
    cap = min(team.micros, platform.micros, account.micros, limits.campaign_daily.micros)
    small = alone.day() + 1 <= cap and alone.month() + 1 <= limits.team_monthly.micros
    assert fits.granted or not small
    assert not fits.granted or math.floor(alone.day()) <= cap
