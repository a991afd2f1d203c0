"""The spend authority against a real PostgreSQL: one transaction, one answer, no overdraft."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.spend import CommitmentChange, SpendAuthority
from activities.teams import team_limits
from models.contract.limits import (
    SANDBOX_LIMITS,
    STARTER_LIMITS,
    SpendGrant,
    SpendLimits,
    SpendRequest,
)
from models.contract.money import Money
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, Budget, Campaign, Commitment, StandingStop, Team
from starter.team import set_up

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
WIDE = SANDBOX_LIMITS


class Books:
    """A team's money as a test sees it: ask, look, and set the scene."""

    def __init__(self, team: UUID, database: Database) -> None:
        self.team = team
        self.database = database
        self.authority = SpendAuthority(database)
        self.accounts: dict[Platform, UUID] = {}

    async def ask(
        self,
        dollars: str | int,
        campaign: UUID | None = None,
        *,
        key: str | None = None,
        platform: Platform = Platform.META,
        now: datetime = NOW,
        until: datetime | None = NOW + timedelta(days=1),
        currency: str = "USD",
        over_delivery: float = 1.0,
    ) -> SpendGrant:
        return await self.authority.reserve(
            SpendRequest(
                key=key or uuid4().hex,
                team_id=self.team,
                account_id=self.accounts[platform],
                campaign_id=campaign or uuid4(),
                platform=platform,
                daily=Money.of(dollars, currency),
                over_delivery=over_delivery,
                until=until,
                now=now,
            )
        )

    async def release(self, campaign: UUID) -> None:
        await self.authority.release(CommitmentChange(team_id=self.team, campaign_id=campaign))

    async def confirm(self, campaign: UUID) -> None:
        await self.authority.confirm(CommitmentChange(team_id=self.team, campaign_id=campaign))

    async def limits(self, **dollars: int | str) -> None:
        """The sandbox's limits, changed where named."""
        changed = {name: Money.of(amount) for name, amount in dollars.items()}
        await self.store(WIDE.model_copy(update=changed))

    async def store(self, limits: SpendLimits) -> None:
        async with self.database.team(self.team) as session:
            team = await session.get(Team, self.team)
            assert team is not None
            team.limits = limits.model_dump(mode="json")

    async def effective(self) -> SpendLimits:
        async with self.database.team(self.team) as session:
            return await team_limits(session, self.team)

    async def account(self, platform: Platform = Platform.META, **changes: object) -> None:
        async with self.database.team(self.team) as session:
            row = await session.get(Account, self.accounts[platform])
            assert row is not None
            for name, value in changes.items():
                setattr(row, name, value)

    async def spent(
        self,
        dollars: int,
        *,
        month: datetime = NOW,
        lifetime: int | None = None,
        platform: Platform = Platform.META,
    ) -> UUID:
        """A campaign that has cost so much this month, and in all."""
        row = Campaign(
            team_id=self.team, account_id=self.accounts[platform], platform=platform.value,
            workflow_id="w", name="n", objective="traffic", campaign_type="article",
            destination_url="https://journal.example/", daily_budget_micros=1,
            month_spend_micros=dollars * 1_000_000, month_start=month.date().replace(day=1),
            spend_micros=(lifetime or dollars) * 1_000_000,
        )  # fmt: skip
        async with self.database.team(self.team) as session:
            session.add(row)
        return row.id

    async def stop(self, scope: str) -> UUID:
        row = StandingStop(team_id=self.team, scope=scope, level="hard", by="ana", since=NOW)
        async with self.database.team(self.team) as session:
            session.add(row)
        return row.id

    async def lift(self, stop: UUID) -> None:
        async with self.database.team(self.team) as session:
            row = await session.get(StandingStop, stop)
            assert row is not None
            row.lifted_at = NOW

    async def committed(self) -> dict[UUID, list[tuple[int, str]]]:
        """Dollars and states of live commitments, by campaign."""
        async with self.database.team(self.team) as session:
            rows = await session.scalars(
                select(Commitment).where(col(Commitment.state).in_(["reserved", "confirmed"]))
            )
            found: dict[UUID, list[tuple[int, str]]] = {}
            for row in rows:
                found.setdefault(row.campaign_id, []).append(
                    (row.daily_micros // 1_000_000, row.state)
                )
            return found


async def new_books(settings: Settings, database: Database) -> Books:
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    books = Books(own.team_id, database)
    async with database.team(own.team_id) as session:
        for account in await session.scalars(select(Account)):
            books.accounts[Platform(account.platform)] = account.id
    return books


@pytest_asyncio.fixture(loop_scope="session")
async def books(settings: Settings, database: Database) -> Books:
    """A team with generous limits and nothing spent."""
    return await new_books(settings, database)


async def test_a_campaigns_money_from_asking_to_release(books: Books) -> None:
    await books.limits(team_daily=30)
    first, second = uuid4(), uuid4()
    granted = await books.ask(20, first)
    assert granted.granted
    assert granted.commitment_id is not None
    refused = await books.ask(11, second)
    assert (refused.granted, refused.limit) == (False, "team daily limit")
    assert "$30.00" in refused.reason
    assert "$31.00" in refused.reason
    assert await books.committed() == {first: [(20, "reserved")]}

    # A grant replaces the campaign's own commitment, whichever way it goes.
    assert (await books.ask(30, first)).granted
    assert await books.committed() == {first: [(30, "reserved")]}
    await books.confirm(first)
    assert (await books.ask(10, first)).granted
    assert await books.committed() == {first: [(10, "reserved")]}
    # A refusal leaves the earlier commitment as it was.
    await books.confirm(first)
    assert not (await books.ask(31, first)).granted
    assert await books.committed() == {first: [(10, "confirmed")]}

    assert (await books.ask(20, second)).granted
    await books.release(first)
    await books.release(first)
    assert await books.committed() == {second: [(20, "reserved")]}
    await books.confirm(first)  # late, after its release
    assert await books.committed() == {second: [(20, "reserved")]}
    assert (await books.ask(10, uuid4())).granted


async def test_a_repeated_request_is_one_request(books: Books) -> None:
    await books.limits(team_daily=25)
    campaign = uuid4()
    first = await books.ask(20, campaign, key="launch/1")
    again = await asyncio.gather(*(books.ask(20, campaign, key="launch/1") for _ in range(8)))
    assert {answer.commitment_id for answer in again} == {first.commitment_id}
    assert all(answer.granted for answer in again)
    await books.confirm(campaign)
    assert (await books.ask(20, campaign, key="launch/1")).commitment_id == first.commitment_id
    # The key does not carry a larger budget past the limits.
    more = await books.ask(26, campaign, key="launch/1")
    assert (more.granted, more.limit) == (False, "team daily limit")
    # What was released has to be asked for anew.
    await books.release(campaign)
    assert (await books.ask(20, uuid4())).granted
    assert not (await books.ask(20, campaign, key="launch/1")).granted


@pytest.mark.parametrize(
    ("limit", "scene"),
    [
        ("campaign daily limit", {"campaign_daily": 9}),
        ("platform daily limit", {"platform_daily": 14}),
        ("platform monthly limit", {"platform_monthly": 119}),
        ("team monthly limit", {"team_monthly": 129}),
        ("campaign lifetime limit", {"campaign_lifetime": 40}),
    ],
)
async def test_each_limit_of_the_team_is_kept(
    books: Books, limit: str, scene: dict[str, int]
) -> None:
    """$5 a day committed and $90 spent on Meta, $10 spent on X; $10 for two days are asked."""
    await books.ask(5, uuid4())
    campaign = await books.spent(40)
    await books.spent(50)
    await books.spent(10, platform=Platform.X)
    await books.limits(**scene)
    refused = await books.ask(10, campaign)
    assert (refused.granted, refused.limit) == (False, limit)
    name, amount = next(iter(scene.items()))
    assert str(Money.of(amount)) in refused.reason
    if name != "campaign_lifetime":
        await books.limits(**{name: amount + 1})
        assert (await books.ask(10, campaign)).granted


async def test_each_limit_of_an_account_is_kept(books: Books) -> None:
    await books.account(daily_limit_micros=15_000_000)
    assert (await books.ask(10)).granted
    refused = await books.ask(10)
    assert (refused.granted, refused.limit) == (False, "account daily limit")
    assert "$15.00" in refused.reason
    assert "$20.00" in refused.reason
    assert (await books.ask(10, platform=Platform.X)).granted
    await books.account(daily_limit_micros=None, monthly_limit_micros=100_000_000)
    await books.spent(65)
    refused = await books.ask(10)
    assert (refused.granted, refused.limit) == (False, "account monthly limit")
    await books.account(currency="EUR", monthly_limit_micros=10**12)
    assert (await books.ask(10)).limit == "exchange rate"


async def test_other_currencies_are_refused(books: Books) -> None:
    for currency in ("EUR", "JPY"):
        refused = await books.ask(1, currency=currency)
        assert (refused.granted, refused.limit) == (False, "exchange rate")
        assert "USD" in refused.reason
    mixed = {**WIDE.model_dump(mode="json"), "team_daily": {"micros": 1, "currency": "JPY"}}
    async with books.database.team(books.team) as session:
        team = await session.get(Team, books.team)
        assert team is not None
        team.limits = mixed
    with pytest.raises(ApplicationError, match="in one currency, not in JPY and USD") as failure:
        await books.ask(1)
    assert failure.value.non_retryable


async def test_a_standing_stop_refuses_what_it_covers_until_lifted(books: Books) -> None:
    account = f"account:{books.accounts[Platform.META]}"
    for scope, covers_x in (("all", True), ("meta", False), (account, False)):
        stop = await books.stop(scope)
        refused = await books.ask(10)
        assert (refused.granted, refused.limit) == (False, "stop")
        assert scope in refused.reason
        assert "ana" in refused.reason
        assert (await books.ask(10, platform=Platform.X)).granted is not covers_x
        await books.lift(stop)
        assert (await books.ask(10)).granted


async def test_a_stop_outweighs_an_earlier_grant(books: Books) -> None:
    """The grant's answer was lost, a person stopped everything, the request is repeated."""
    campaign = uuid4()
    assert (await books.ask(10, campaign, key="launch/1")).granted
    stop = await books.stop("all")
    assert not (await books.ask(10, campaign, key="launch/1")).granted
    assert await books.committed() == {campaign: [(10, "reserved")]}
    await books.lift(stop)
    assert (await books.ask(10, campaign, key="launch/1")).reason == "already granted"


async def test_no_limits_lift_the_hard_ceiling(books: Books) -> None:
    huge = {name: Money.of(10**9) for name, value in STARTER_LIMITS if isinstance(value, Money)}
    await books.store(STARTER_LIMITS.model_copy(update=huge))
    await books.spent(2_900, platform=Platform.X)
    assert (await books.ask(50)).granted
    refused = await books.ask(1)
    assert (refused.granted, refused.limit) == (False, "hard monthly ceiling")
    assert "$3,000.00" in refused.reason
    assert "$3,002.00" in refused.reason


async def test_the_sandboxs_limits_do_not_stand_beside_a_real_account(books: Books) -> None:
    assert await books.effective() == WIDE
    await books.account(sandbox=False)
    assert await books.effective() == STARTER_LIMITS
    refused = await books.ask(21)
    assert (refused.granted, refused.limit) == (False, "campaign daily limit")
    await books.account(status="disabled")
    assert await books.effective() == WIDE
    # A team's own starter-profile limits are its own, real account or not.
    own = STARTER_LIMITS.model_copy(update={"campaign_daily": Money.of(30)})
    await books.store(own)
    await books.account(status="active")
    assert await books.effective() == own


async def test_nothing_stored_means_the_starter_limits(books: Books) -> None:
    async with books.database.team(books.team) as session:
        team = await session.get(Team, books.team)
        assert team is not None
        team.limits = {}
    assert await books.effective() == STARTER_LIMITS


async def test_the_month_rolls_over(books: Books) -> None:
    await books.limits(team_monthly=100)
    eve = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    dawn = eve + timedelta(minutes=1)
    await books.spent(95, month=eve)
    refused = await books.ask(10, now=eve, until=None)
    assert (refused.granted, refused.limit) == (False, "team monthly limit")
    assert (await books.ask(5, now=eve, until=None)).granted  # November has room for today
    # December has not cost anything yet, but has 31 days to come, and $5 a day are promised.
    assert not (await books.ask(10, now=dawn, until=None)).granted
    assert not (await books.ask(10, now=dawn, until=dawn + timedelta(days=1))).granted
    await books.limits(team_monthly=155 + 20)
    assert (await books.ask(10, now=dawn, until=dawn + timedelta(days=1))).granted
    async with books.database.team(books.team) as session:
        rows = await session.scalars(
            select(Budget)
            .where(col(Budget.platform).is_(None), col(Budget.period_type) == "monthly")
            .order_by(col(Budget.period_start))
        )
        months = [(f"{row.period_start:%m-%d}", f"{row.period_end:%m-%d}") for row in rows]
        days = await session.scalar(
            select(func.count(col(Budget.id))).where(
                col(Budget.platform).is_(None), col(Budget.period_type) == "daily"
            )
        )
    assert months == [("11-01", "11-30"), ("12-01", "12-31")]
    assert days == 2


async def test_confirming_marks_the_accounts_first_activation_once(books: Books) -> None:
    async def first(platform: Platform) -> datetime | None:
        async with books.database.team(books.team) as session:
            row = await session.get(Account, books.accounts[platform])
            assert row is not None
            return row.first_activated_at

    campaign = uuid4()
    await books.ask(10, campaign)
    assert await first(Platform.META) is None
    await books.confirm(campaign)
    activated = await first(Platform.META)
    assert activated is not None
    await books.confirm(campaign)
    assert await first(Platform.META) == activated
    assert await first(Platform.X) is None


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(settings: Settings) -> AsyncGenerator[Database]:
    """As many connections as PostgreSQL leaves beside the other workers'."""
    database = Database(settings.database_url, pool_size=20)
    yield database
    await database.close()


async def rush(books: Books, ask: Callable[[int], object], number: int) -> list[SpendGrant]:
    """So many requests at once; a deadlock or a lost connection would raise here."""
    answers = await asyncio.wait_for(
        asyncio.gather(*(ask(one) for one in range(number))),  # type: ignore[arg-type]
        timeout=60,
    )
    return list(answers)


async def test_two_hundred_at_once_get_exactly_the_seven_there_is_room_for(
    settings: Settings, crowd: Database
) -> None:
    books = await new_books(settings, crowd)
    await books.limits(team_daily=79)
    platforms = (Platform.META, Platform.X)
    answers = await rush(books, lambda n: books.ask(11, platform=platforms[n % 2]), 200)
    granted = [answer for answer in answers if answer.granted]
    assert len(granted) == 7
    assert {answer.limit for answer in answers if not answer.granted} == {"team daily limit"}
    committed = await books.committed()
    assert sum(amount for [(amount, _)] in committed.values()) == 77


@pytest.mark.parametrize("seed", range(4))
async def test_no_rush_overdraws_any_cap(settings: Settings, crowd: Database, seed: int) -> None:
    """Random caps; requests from both sides of midnight, which share no period."""
    chance = random.Random(seed)
    books = await new_books(settings, crowd)
    caps = {name: chance.randint(5, 60) for name in ("team_daily", "platform_daily")}
    await books.limits(**caps, campaign_daily=50)
    midnight = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    campaigns = [uuid4() for _ in range(12)]
    wishes = [
        {
            "dollars": chance.randint(1, 12),
            "campaign": chance.choice(campaigns),
            "platform": chance.choice((Platform.META, Platform.X)),
            "now": midnight + timedelta(seconds=chance.randint(0, 2)),
            "until": midnight + timedelta(hours=1),
        }
        for _ in range(60)
    ]
    # A campaign lives on one platform.
    home = {campaign: chance.choice((Platform.META, Platform.X)) for campaign in campaigns}
    for wish in wishes:
        wish["platform"] = home[wish["campaign"]]  # type: ignore[index]
    answers = await rush(books, lambda n: books.ask(**wishes[n]), len(wishes))  # type: ignore[arg-type]
    assert any(answer.granted for answer in answers)
    assert not all(answer.granted for answer in answers)
    committed = await books.committed()
    assert all(len(live) == 1 for live in committed.values())
    by_platform = dict.fromkeys((Platform.META, Platform.X), 0)
    for campaign, [(amount, _)] in committed.items():
        by_platform[home[campaign]] += amount
    assert max(by_platform.values()) <= caps["platform_daily"]
    assert sum(by_platform.values()) <= caps["team_daily"]
    # Whoever was last refused would still be refused: no room was lost on the way.
    free = caps["team_daily"] - sum(by_platform.values())
    for platform, used in by_platform.items():
        room = min(free, caps["platform_daily"] - used)
        later = midnight + timedelta(seconds=5)
        assert not (await books.ask(room + 1, platform=platform, now=later)).granted
        if room:
            probe = uuid4()
            assert (await books.ask(room, probe, platform=platform, now=later)).granted
            await books.release(probe)
