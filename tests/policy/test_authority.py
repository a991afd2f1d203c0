"""Which budgets the authority lets through, limit by limit (G1 to G3, G14)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.contract.limits import HARD_CEILING_MONTHLY, SANDBOX_LIMITS, SpendLimits, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Platform
from policy.authority import Exposure, Verdict, authorise, month_exposure

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
    daily: Money, *, until: datetime | None = None, lifetime: Money | None = None
) -> SpendRequest:
    return SpendRequest(
        key="k", team_id=SOMEONE, account_id=SOMEONE, campaign_id=SOMEONE, platform=Platform.META,
        daily=daily, over_delivery=1.75, until=until, now=NOW, lifetime=lifetime,
    )  # fmt: skip


def ask(
    asked: SpendRequest,
    limits: SpendLimits,
    *,
    spent: int = 0,
    account: Exposure | None = None,
    platform: Exposure | None = None,
    team: Exposure | None = None,
) -> Verdict:
    nothing = Exposure()
    return authorise(
        asked,
        limits,
        campaign_spent=spent,
        account=account or nothing,
        platform=platform or nothing,
        team=team or nothing,
    )


MONTH = month_exposure(10_000_000, 1.75, NOW, None)
BUSY = Exposure(daily=7_000_000, month_spent=50_000_000, month_committed=25_000_000)


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
    team = Exposure(daily=other, month_spent=spent * scale, month_committed=other * 30)
    verdict = ask(asked, limits, team=team)
    total = team.month + month_exposure(daily + 1, 1.75, NOW, None)
    ceiling = HARD_CEILING_MONTHLY[profile].micros
    assert verdict.granted == (total <= ceiling)
    assert verdict.granted or verdict.limit == "hard monthly ceiling"


exposures = st.builds(Exposure, micros, micros, micros)


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
    account = WIDE.model_copy(update={"account_daily": Money.of(50, currency)})
    assert ask(request(Money.of(1)), account).limit == "exchange rate"
    # Not even with all limits in that currency: the hard ceiling is in dollars.
    own = WIDE.model_copy(
        update={
            name: Money(micros=BIG, currency=currency)
            for name, value in WIDE
            if isinstance(value, Money)
        }
    )
    assert ask(request(Money.of(1, currency)), own).limit == "exchange rate"
