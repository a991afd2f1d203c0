"""The spend authority against a real PostgreSQL: one transaction, one answer, no overdraft."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.spend import CommitmentChange, LoweredCommitment, SpendAuthority
from activities.teams import team_limits
from models.contract.limits import (
    SANDBOX_LIMITS,
    STARTER_LIMITS,
    SpendGrant,
    SpendLimits,
    SpendRequest,
)
from models.contract.money import Money
from models.contract.vocabulary import Author, Autonomy, Platform
from models.database import Database
from models.settings import Settings
from models.tables import (
    Account,
    Budget,
    Campaign,
    Commitment,
    ExchangeRate,
    StandingStop,
    Team,
)
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
        agreed: bool = True,
        author: Author = Author.AI,
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
                agreed=agreed,
                author=author,
            )
        )

    async def lower(self, campaign: UUID, dollars: int) -> None:
        await self.authority.lower(
            LoweredCommitment(team_id=self.team, campaign_id=campaign, daily=Money.of(dollars))
        )

    async def rates(self, **dollars: str) -> None:
        """Today's rates: dollars for one unit of each currency."""
        async with self.database.team(self.team) as session:
            for currency, rate in dollars.items():
                session.add(
                    ExchangeRate(
                        team_id=self.team, currency=currency, rate=Decimal(rate),
                        as_of=datetime.now(UTC).date(), source="test", recorded_by="test",
                    )
                )  # fmt: skip

    async def rows(self) -> int:
        """Commitments ever made, live or not."""
        async with self.database.team(self.team) as session:
            return await session.scalar(select(func.count(col(Commitment.id)))) or 0

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

    async def stop(self, scope: str, level: str = "hard") -> UUID:
        row = StandingStop(team_id=self.team, scope=scope, level=level, by="ana", since=NOW)
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
    account, campaign = f"account:{books.accounts[Platform.META]}", uuid4()
    scopes = {"all": True, "team": True, "meta": False, account: False}
    for scope, covers_x in {**scopes, f"campaign:{campaign}": False}.items():
        stop = await books.stop(scope)
        refused = await books.ask(10, campaign)
        assert (refused.granted, refused.limit) == (False, "stop")
        assert f"over {scope!r} by ana stands" in refused.reason
        assert f"`adflight recover {scope}`" in refused.reason
        assert (await books.ask(10, platform=Platform.X)).granted is not covers_x
        assert (await books.ask(10)).granted is scope.startswith("campaign")
        await books.lift(stop)
        assert (await books.ask(10, campaign)).granted


@pytest.mark.parametrize(
    ("level", "holds_the_machine", "holds_people"),
    [
        ("soft", True, False),
        ("hard", True, True),
        ("emergency", True, True),
        ("reconcile", True, True),
        ("freeze", False, False),
    ],
)
async def test_whom_each_level_of_a_stop_holds(
    books: Books, level: str, holds_the_machine: bool, holds_people: bool
) -> None:
    await books.stop("all", level)
    assert (await books.ask(10)).granted is not holds_the_machine
    asked = await books.ask(10, author=Author.ADMIN)
    assert asked.granted is not holds_people
    if level == "reconcile":
        assert asked.limit == "reconcile"
        assert "until every network was reconciled" in asked.reason


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("prepaid_exhausted", "its prepaid balance is used up; top it up"),
        ("payment_declined", "a payment was declined; settle it"),
        ("suspended", "the network holds it; answer the network's review"),
        ("disabled", "it is disabled; use another account"),
        ("upside_down", "its status is 'upside_down'"),
    ],
)
async def test_an_account_that_cannot_pay_is_not_raised_on(
    books: Books, status: str, says: str
) -> None:
    campaign = uuid4()
    assert (await books.ask(10, campaign, key="launch/1")).granted
    await books.account(status=status, status_reason="Card 0650.")
    for key in ("launch/1", "lease/2"):
        refused = await books.ask(10, campaign, key=key)
        assert (refused.granted, refused.limit) == (False, "account")
        assert f"account 'meta sandbox' cannot be spent from: {says}" in refused.reason
        assert "(Card 0650), then `adflight accounts --check`" in refused.reason
    assert (await books.ask(10, platform=Platform.X)).granted
    await books.account(status="active", credentials_off_at=NOW, credentials_off_by="bo")
    off = await books.ask(10)
    assert (off.granted, off.limit) == (False, "account")
    assert "were switched off by bo" in off.reason
    await books.account(credentials_off_at=None)
    assert (await books.ask(10)).granted
    books.accounts[Platform.META] = uuid4()  # another team's
    assert (await books.ask(10)).limit == "account"


async def test_renewing_what_is_confirmed_checks_every_limit_and_writes_nothing(
    books: Books,
) -> None:
    campaign, until = uuid4(), NOW + timedelta(days=2)
    first = await books.ask(20, campaign)
    assert not first.confirmed
    reserved = await books.ask(20, campaign)  # not read back yet: a new promise to confirm
    assert (reserved.confirmed, reserved.commitment_id) != (True, first.commitment_id)
    await books.confirm(campaign)
    made = await books.rows()
    for _ in range(3):
        renewed = await books.ask(20, campaign, until=until)
        assert (renewed.granted, renewed.confirmed) == (True, True)
        assert renewed.commitment_id == reserved.commitment_id
    assert await books.rows() == made
    assert await books.committed() == {campaign: [(20, "confirmed")]}
    for changed in ({"dollars": 21}, {"dollars": 20, "over_delivery": 1.5}):
        assert not (await books.ask(campaign=campaign, **changed)).confirmed  # type: ignore[arg-type]
        await books.confirm(campaign)

    await books.ask(20, campaign)
    await books.confirm(campaign)
    for limit, amount in (
        ("campaign_daily", 19), ("platform_daily", 19), ("team_daily", 19),
        ("platform_monthly", 39), ("team_monthly", 39),
    ):  # fmt: skip
        await books.limits(**{limit: amount})
        refused = await books.ask(20, campaign)
        assert (refused.granted, refused.limit) == (False, limit.replace("_", " ") + " limit")
    await books.limits()
    await books.spent(1)
    stop = await books.stop("meta")
    assert (await books.ask(20, campaign)).limit == "stop"
    await books.lift(stop)
    assert (await books.ask(20, campaign)).confirmed
    await books.release(campaign)
    assert not (await books.ask(20, campaign)).confirmed


async def test_what_nobody_agreed_to_is_left_to_a_person(books: Books) -> None:
    campaign = uuid4()
    assert "autonomy is manual" in (await books.ask(10, campaign, agreed=False)).reason
    free = WIDE.model_copy(update={"autonomy": Autonomy.FULL_AUTO})
    await books.store(free)
    first = await books.ask(10, campaign, agreed=False)
    assert (first.granted, first.limit) == (False, "needs a person")
    assert (await books.ask(10, campaign)).granted  # agreed
    await books.confirm(campaign)
    assert (await books.ask(90, uuid4())).granted
    risen = await books.ask(16, campaign, agreed=False)
    assert (risen.granted, risen.limit) == (False, "needs a person")
    assert "from $10.00 to $16.00 is a rise of more than 50%" in risen.reason
    assert (await books.ask(15, campaign, agreed=False)).granted
    assert (await books.ask(101, uuid4(), agreed=False)).limit == "needs a person"
    grown = await books.ask(40, uuid4(), agreed=False)
    assert "would rise from $105.00 to $145.00, more than 30%" in grown.reason
    assert (await books.ask(20, uuid4(), agreed=False)).granted
    unused = await books.ask(5, uuid4(), agreed=False, platform=Platform.X)
    assert "never been activated before" in unused.reason
    await books.store(free.model_copy(update={"ask_first_activation": False}))
    assert (await books.ask(5, uuid4(), agreed=False, platform=Platform.X)).granted


async def test_over_delivery_that_no_network_balances_counts_on_every_day(books: Books) -> None:
    await books.limits(platform_daily=24, team_daily=44)
    assert (await books.ask(20, platform=Platform.X, over_delivery=1.2)).granted
    assert (await books.ask(1, platform=Platform.X, over_delivery=1.2)).limit is not None
    # Meta balances: of its $20 a day may cost $35, but seven days cost no more than $140.
    assert (await books.ask(20, over_delivery=1.75)).granted
    full = await books.ask(1, over_delivery=1.75)
    assert full.limit == "team daily limit"
    assert "$45.00" in full.reason
    # Both may over-deliver on both days of the flight, Meta within its week.
    await books.limits(team_monthly="121.50")  # 20 × 2 × 1.2, 20 × 2 × 1.75 and 1 × 2 × 1.75
    assert (await books.ask(1, over_delivery=1.75)).granted
    assert (await books.ask(1, over_delivery=1.75)).limit == "team monthly limit"


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


class Held(Database):
    """Transactions that stay open, with all their locks, until they are let go."""

    reached: asyncio.Event
    let_go: asyncio.Event

    @asynccontextmanager
    async def team(self, team_id: UUID) -> AsyncGenerator[AsyncSession]:
        async with super().team(team_id) as session:
            yield session
            await session.flush()
            self.reached.set()
            await self.let_go.wait()


async def test_lowering_waits_for_no_raise(settings: Settings, books: Books) -> None:
    """While one raise holds every lock it takes and others queue behind it."""
    lowered, released, raised = uuid4(), uuid4(), uuid4()
    for campaign in (lowered, released):
        await books.ask(20, campaign)
        await books.confirm(campaign)
    held = Held(settings.database_url, pool_size=2)
    held.reached, held.let_go = asyncio.Event(), asyncio.Event()
    slow = Books(books.team, held)
    slow.accounts = books.accounts
    try:
        first = asyncio.create_task(slow.ask(30, raised))
        await asyncio.wait_for(held.reached.wait(), 10)
        queued = asyncio.create_task(books.ask(10))
        await asyncio.wait_for(books.lower(lowered, 5), 5)
        await asyncio.wait_for(books.lower(lowered, 8), 5)  # never upwards
        await asyncio.wait_for(books.release(released), 5)
        assert await books.committed() == {lowered: [(5, "confirmed")]}
        assert not first.done()
        assert not queued.done()
    finally:
        held.let_go.set()
        assert (await asyncio.wait_for(first, 10)).granted
        assert (await asyncio.wait_for(queued, 10)).granted
        await held.close()


DOLLARS = {"USD": Fraction(1), "EUR": Fraction("1.083700"), "JPY": Fraction("0.006431")}


@pytest.mark.parametrize("seed", range(4))
async def test_no_rush_overdraws_any_cap(settings: Settings, crowd: Database, seed: int) -> None:
    """Random caps, currencies and kinds of over-delivery; requests from both sides of midnight,
    which share no period."""
    chance = random.Random(seed)
    books = await new_books(settings, crowd)
    caps = {name: chance.randint(10, 80) for name in ("team_daily", "platform_daily")}
    await books.limits(**caps, campaign_daily=50)
    await books.rates(**{one: str(float(rate)) for one, rate in DOLLARS.items() if one != "USD"})
    midnight = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    campaigns = [uuid4() for _ in range(14)]
    # A campaign lives on one platform and in one currency. X balances nothing.
    home = {one: chance.choice((Platform.META, Platform.X)) for one in campaigns}
    currency = {one: chance.choice(sorted(DOLLARS)) for one in campaigns}
    wishes: list[dict[str, Any]] = []
    for _ in range(60):
        one = chance.choice(campaigns)
        unit = 150 if currency[one] == "JPY" else 1
        wishes.append(
            {
                "dollars": chance.randint(1, 12) * unit,
                "campaign": one,
                "platform": home[one],
                "currency": currency[one],
                "over_delivery": chance.choice((1.0, 1.2, 1.75)),
                "now": midnight + timedelta(seconds=chance.randint(0, 2)),
                "until": midnight + timedelta(hours=1),
            }
        )
    answers = await rush(books, lambda n: books.ask(**wishes[n]), len(wishes))
    assert any(answer.granted for answer in answers)
    assert not all(answer.granted for answer in answers)

    async def promised() -> dict[Platform, Fraction]:
        """Dollars that a day may cost, by platform, reckoned here anew."""
        costs = dict.fromkeys((Platform.META, Platform.X), Fraction(0))
        async with books.database.team(books.team) as session:
            rows = await session.scalars(
                select(Commitment).where(col(Commitment.state).in_(["reserved", "confirmed"]))
            )
            seen: set[UUID] = set()
            for row in rows:
                assert row.campaign_id not in seen
                seen.add(row.campaign_id)
                most = Fraction(str(row.over_delivery)) if row.platform == "x" else Fraction(1)
                costs[Platform(row.platform)] += (
                    Fraction(row.daily_micros, 1_000_000) * most * DOLLARS[row.currency]
                )
        return costs

    costs = await promised()
    assert max(costs.values()) <= caps["platform_daily"]
    assert sum(costs.values()) <= caps["team_daily"]
    # Whoever was last refused would still be refused: no room was lost on the way.
    free = caps["team_daily"] - sum(costs.values())
    later = midnight + timedelta(seconds=5)
    for platform, used in costs.items():
        room = min(free, caps["platform_daily"] - used)
        over = await books.ask(int(room) + 1, platform=platform, now=later)
        assert not over.granted
        if int(room):
            probe = uuid4()
            assert (await books.ask(int(room), probe, platform=platform, now=later)).granted
            await books.release(probe)
