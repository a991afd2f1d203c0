"""Real money for the first time (issue 5, part 6; A37, C35): who must say so, and how much."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlmodel import col, select

from activities.account_tests import AccountTester
from activities.connections import secret_source
from activities.first_launch import FIRST_DAY, FirstLaunch, NotConfirmed
from activities.spend import CommitmentChange, SpendAuthority
from models.contract.limits import SpendGrant, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, DecisionRow
from models.tables.columns import now_utc
from platforms.registry import Networks, capabilities
from tests.stack import TeamUnderTest


@dataclass
class Wallet:
    """A team whose accounts count as real ones, on stand-ins. ``ahead`` moves real time."""

    team: TeamUnderTest
    desk: FirstLaunch
    ahead: timedelta = timedelta(0)

    def wall(self) -> datetime:
        return now_utc() + self.ahead

    async def account(self, platform: Platform = Platform.META, **values: object) -> Account:
        async with self.team.database.team(self.team.id) as session:
            row = await session.scalar(
                select(Account).where(col(Account.platform) == platform.value)
            )
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)
        return row

    async def ask(
        self, dollars: int | str, campaign: UUID | None = None, platform: Platform = Platform.META
    ) -> SpendGrant:
        now = self.team.settings.campaign_now()
        row = await self.account(platform)
        authority = SpendAuthority(self.team.database, self.wall)
        return await authority.reserve(
            SpendRequest(
                key=uuid4().hex,
                team_id=self.team.id,
                account_id=row.id,
                campaign_id=campaign or uuid4(),
                platform=platform,
                daily=Money.of(dollars),
                until=now + timedelta(days=1),
                now=now,
            )
        )

    async def activate(self, campaign: UUID) -> None:
        change = CommitmentChange(team_id=self.team.id, campaign_id=campaign)
        await SpendAuthority(self.team.database, self.wall).confirm(change)

    async def release(self, campaign: UUID) -> None:
        change = CommitmentChange(team_id=self.team.id, campaign_id=campaign)
        await SpendAuthority(self.team.database, self.wall).release(change)

    async def confirm(self, dollars: int | str | None, platform: Platform = Platform.META) -> None:
        cap = None if dollars is None else Money.of(dollars)
        seen = await self.desk.read_back(await self.account(platform), cap)
        await self.desk.confirm(seen, by="ana", now=self.team.settings.campaign_now())


def _desk(settings: Settings, database: Database) -> tuple[FirstLaunch, Networks]:
    secrets = secret_source(settings, database)
    networks = Networks(settings, settings.campaign_now, secrets=secrets)
    tester = AccountTester(database, networks, secrets, settings, environ={})
    return FirstLaunch(database, networks, tester, settings), networks


@pytest_asyncio.fixture(loop_scope="session")
async def wallet(bare_team: TeamUnderTest) -> AsyncGenerator[Wallet]:
    """All accounts real, none ever used."""
    desk, networks = _desk(bare_team.settings, bare_team.database)
    async with bare_team.database.team(bare_team.id) as session:
        for row in await session.scalars(select(Account)):
            row.sandbox = False
    yield Wallet(bare_team, desk)
    await networks.aclose()


async def test_nothing_is_granted_before_a_person_has_agreed(wallet: Wallet) -> None:
    refused = await wallet.ask(5)
    assert (refused.granted, refused.limit) == (False, "confirmation")
    row = await wallet.account()
    assert f"`adflight accounts confirm {row.id} --daily-cap AMOUNT`" in refused.reason
    await wallet.confirm(6)
    assert (await wallet.ask(6)).granted
    # One account's word is not another's.
    assert (await wallet.ask(20, platform=Platform.X)).limit == "confirmation"
    # The sandbox asks nobody.
    await wallet.account(Platform.X, sandbox=True)
    assert (await wallet.ask(20, platform=Platform.X)).limit != "confirmation"


async def test_all_first_campaigns_together_stay_within_what_was_confirmed(wallet: Wallet) -> None:
    await wallet.confirm("6.00")
    one, two = uuid4(), uuid4()
    over = await wallet.ask(7, one)
    assert (over.granted, over.limit) == (False, "first launch limit")
    assert "is $6.00 a day, as ana confirmed it, and this would make it $7.00" in over.reason
    assert (await wallet.ask(4, one)).granted
    assert "this would make it $7.00" in (await wallet.ask(3, two)).reason
    assert (await wallet.ask(2, two)).granted
    # Its own promise is replaced, not added.
    assert (await wallet.ask(3, one)).granted
    # Raising it after the first activation is still held, for a day of real time.
    await wallet.activate(one)
    assert (await wallet.ask(5, one)).limit == "first launch limit"
    wallet.ahead = FIRST_DAY - timedelta(minutes=1)
    assert (await wallet.ask(5, one)).limit == "first launch limit"
    await wallet.release(two)
    assert (await wallet.ask(5, one)).granted
    wallet.ahead = FIRST_DAY + timedelta(minutes=1)
    assert (await wallet.ask(15, two)).granted


async def test_many_at_once_are_no_more_than_the_cap(wallet: Wallet) -> None:
    await wallet.confirm(6)
    grants = await asyncio.gather(*(wallet.ask(2, uuid4()) for _ in range(8)))
    assert sum(one.granted for one in grants) == 3


async def test_what_was_in_use_before_goes_on(wallet: Wallet) -> None:
    await wallet.account(first_activated_at=now_utc() - timedelta(days=30))
    campaign = uuid4()
    assert (await wallet.ask(15, campaign)).granted
    await wallet.account(first_activated_at=now_utc())
    assert (await wallet.ask(18, campaign)).granted


async def test_more_can_be_confirmed_and_it_is_recorded(wallet: Wallet) -> None:
    await wallet.confirm(None)
    least = capabilities(Platform.META).min_daily_budget["USD"]
    assert (await wallet.account()).confirmed_cap_micros == least.micros
    await wallet.confirm(12)
    assert (await wallet.ask(12)).granted
    async with wallet.team.database.team(wallet.team.id) as session:
        rows = (
            await session.scalars(
                select(DecisionRow)
                .where(col(DecisionRow.decision_type) == "confirm_account")
                .order_by(col(DecisionRow.recorded_at))
            )
        ).all()
    assert [one.action_taken["daily_cap"] for one in rows] == [str(least.amount), "12"]
    assert rows[1].input_context["cap_before_micros"] == least.micros
    checks: Any = rows[1].input_context["checks"]
    assert {one["check"]: one["result"] for one in checks}["token"] == "ok"
    assert rows[1].decided_by == "ana"
    assert (await wallet.account()).confirmed_by == "ana"


async def test_the_network_checks_a_campaign_without_making_it_where_it_offers_that(
    wallet: Wallet,
) -> None:
    before = await wallet.team.objects("google", "campaign")
    seen = await wallet.desk.read_back(await wallet.account(Platform.GOOGLE), Money.of(10))
    assert seen.validated is True
    assert seen.worst_day.micros >= seen.cap.micros
    assert await wallet.team.objects("google", "campaign") == before
    other = await wallet.desk.read_back(await wallet.account(Platform.X), None)
    assert other.validated is None


async def test_what_cannot_be_confirmed(wallet: Wallet) -> None:
    row = await wallet.account()
    for cap, says in (
        (Money.of("0.01"), "below the smallest daily budget"),
        (Money.of(0), "below the smallest"),
        (Money.of(20, "EUR"), "is in EUR, the account in USD"),
    ):
        with pytest.raises(NotConfirmed, match=says):
            await wallet.desk.read_back(row, cap)
    play = f"/accounts/meta/{row.platform_account_id}"
    async with httpx.AsyncClient(
        base_url=f"{wallet.team.settings.sandbox_url}/control", timeout=10
    ) as control:
        try:
            (await control.post(play, json={"status": "disabled"})).raise_for_status()
            with pytest.raises(NotConfirmed, match="does not pass its checks") as refused:
                await wallet.desk.read_back(row, Money.of(6))
            assert not refused.value.credentials
        finally:
            (await control.post(play, json={"status": "active"})).raise_for_status()
    wrong = await wallet.account(Platform.X, credentials_ref="env:NOT_THERE")
    with pytest.raises(NotConfirmed, match="token") as refused:
        await wallet.desk.read_back(wrong, None)
    assert refused.value.credentials
    sandbox = await wallet.account(Platform.SNAPCHAT, sandbox=True)
    with pytest.raises(NotConfirmed, match="no real money"):
        await wallet.desk.read_back(sandbox, None)
    assert (await wallet.ask(5)).limit == "confirmation"
