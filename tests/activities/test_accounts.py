"""What a check of an account remembers, and what a proposal is told of accounts (C35, C37)."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import delete
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.accounts import AccountActivities, AccountCheck, AccountChecked
from activities.promotions import ContextQuestion, PromotionActivities
from activities.teams import ad_account
from models.contract.money import Money
from models.contract.promotion import PromotionContext
from models.contract.vocabulary import AccountStatus, Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, ExchangeRate
from platforms.registry import Networks, over_delivery
from tests.activities.test_spend import NOW, Books, new_books


@dataclass
class Desk:
    """A team's accounts, their networks, and the sandbox that plays them."""

    books: Books
    networks: Networks
    control: httpx.AsyncClient
    settings: Settings

    async def row(self) -> Account:
        async with self.books.database.team(self.books.team) as session:
            found = await session.get(Account, self.books.accounts[Platform.META])
            assert found is not None
            return found

    async def check(self) -> AccountChecked:
        activities = AccountActivities(self.books.database, self.networks)
        ask = AccountCheck(account=ad_account(await self.row()))
        return await ActivityEnvironment().run(activities.check, ask)

    async def play(self, status: str) -> None:
        answer = await self.control.post("/accounts/meta/1001", json={"status": status})
        answer.raise_for_status()

    async def context(self, settings: Settings | None = None) -> PromotionContext:
        """What an evaluation is told."""
        activities = PromotionActivities(
            self.books.database, cast("Any", None), settings or self.settings
        )
        question = ContextQuestion(team_id=self.books.team, now=NOW)
        return await ActivityEnvironment().run(activities.gather_context, question)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(settings: Settings, database: Database) -> AsyncGenerator[Desk]:
    networks = Networks(settings, lambda: NOW)
    async with httpx.AsyncClient(base_url=f"{settings.sandbox_url}/control", timeout=20) as control:
        made = Desk(await new_books(settings, database), networks, control, settings)
        yield made
        await made.play("active")
    await networks.aclose()


async def test_a_change_is_told_once_and_remembered(desk: Desk) -> None:
    assert (await desk.check()).changed is False
    assert (await desk.row()).status_at is None
    await desk.play("payment_declined")
    first, second = await desk.check(), await desk.check()
    assert (first.changed, second.changed) == (True, False)
    assert first.health.status is AccountStatus.PAYMENT_DECLINED
    row = await desk.row()
    assert row.status == "payment_declined"
    assert row.status_at is not None
    assert "unsettled" in row.status_reason
    # A credential that fails says nothing about the account: the last status stands.
    await desk.control.post("/faults", json={"network": "meta", "kind": "expired_token"})
    unread = await desk.check()
    assert (unread.changed, unread.health.usable) == (False, False)
    assert unread.health.status is AccountStatus.PAYMENT_DECLINED
    await desk.play("active")
    assert (await desk.check()).changed is True
    assert (await desk.row()).status_reason == ""


async def test_what_was_switched_off_here_stays_off(desk: Desk) -> None:
    await desk.books.account(status="disabled")
    checked = await desk.check()
    assert (checked.changed, checked.health.status) == (False, AccountStatus.DISABLED)
    assert (await desk.row()).status == "disabled"
    # What the network disabled is believed again when the network says so.
    await desk.books.account(status="active")
    await desk.play("disabled")
    assert (await desk.check()).changed is True
    await desk.play("active")
    assert (await desk.check()).health.status is AccountStatus.ACTIVE
    assert (await desk.row()).status == "active"


async def test_what_a_network_may_spend_on_a_day_is_configurable(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert over_delivery(Platform.X, desk.settings) == 1.2
    monkeypatch.setenv("ADFLIGHT_OVER_DELIVERY", '{"twitter": 2.0}')
    told = Settings(database_url=desk.settings.database_url)
    assert over_delivery(Platform.X, told) == 2.0
    assert over_delivery(Platform.META, told) == 1.75
    offers = {one.account.platform: one for one in (await desk.context(told)).offers}
    assert (offers[Platform.X].over_delivery, offers[Platform.X].balanced) == (2.0, False)
    assert offers[Platform.META].balanced is True
    for wrong in ('{"x": 0.5}', '{"x": 99}', '{"radio": 1.5}'):
        monkeypatch.setenv("ADFLIGHT_OVER_DELIVERY", wrong)
        with pytest.raises(ValueError, match=r"over-delivery of x is|platform 'radio' is unknown"):
            Settings()


async def test_the_room_a_proposal_is_told_counts_currencies_and_over_delivery(
    desk: Desk,
) -> None:
    books = desk.books
    await books.limits(team_daily=100, platform_daily=60)
    await books.rates(EUR="1.25")
    await books.account(currency="EUR")
    assert (await books.ask(8, currency="EUR", over_delivery=1.75)).granted
    assert (await books.ask(20, platform=Platform.X, over_delivery=1.2)).granted
    context = await desk.context()
    left = {one.account.platform: one.remaining_daily for one in context.offers}
    assert [left[Platform.META], left[Platform.X]] == [Money.of(50), Money.of(36)]
    # Where nothing is promised all is left; what takes apps only is not offered for a page.
    assert left[Platform.SNAPCHAT] == Money.of(60)
    assert not {Platform.UNITY, Platform.APPLOVIN, Platform.APPLE_SEARCH_ADS} & set(left)
    assert (context.committed_daily, context.remaining_daily) == (Money.of(34), Money.of(66))
    # Something promised in a currency without a rate: nobody knows what room is left.
    await books.rates(JPY="0.0064")
    assert (await books.ask(500, uuid4(), currency="JPY")).granted
    async with books.database.team(books.team) as session:
        await session.execute(delete(ExchangeRate).where(col(ExchangeRate.currency) == "JPY"))
    blind = await desk.context()
    unseen = next(one for one in blind.offers if one.account.platform is Platform.META)
    assert unseen.remaining_daily == Money.of(0)
    assert blind.remaining_daily == Money.of(0)
    assert "no exchange rate from JPY to USD" in blind.rules[0]
    await books.account(credentials_off_at=NOW)
    offered = [one.account.platform for one in (await desk.context()).offers]
    assert Platform.META not in offered
    assert offered[0] is Platform.X
