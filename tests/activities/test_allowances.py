"""Allowances of calls are one for all processes, and stops never wait for them."""

import asyncio
import time
from uuid import uuid4

import pytest

from activities import allowances
from activities.allowances import SharedQuota
from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from models.database import Database
from platforms.errors import RateLimited
from platforms.quota import Rate, is_urgent, urgent
from tests.stack import TeamUnderTest

RATES = {"calls": Rate(20, 2.0), "app": Rate(10, 1000.0, "app")}


def account(team: TeamUnderTest, ref: str = "ONE") -> AdAccount:
    return AdAccount(
        id=uuid4(), team_id=team.id, platform=Platform.X, name="x", external_id="1",
        credentials_ref=ref,
    )  # fmt: skip


async def test_two_processes_share_one_bucket(team: TeamUnderTest) -> None:
    one = account(team)
    other = Database(team.settings.database_url, pool_size=2)
    here, there = SharedQuota(team.database, one, RATES), SharedQuota(other, one, RATES)
    began = time.monotonic()
    calls = 30

    async def use(quota: SharedQuota) -> None:
        for _ in range(calls // 2):
            await quota.take("calls")

    await asyncio.gather(use(here), use(there))
    took = time.monotonic() - began
    await other.close()
    # 16 of the first 20 are there for all; the other 14 come at ten a second.
    assert took > (calls - 20 * (1 - allowances.HEADROOM)) / 10 - 0.3
    assert took < 20


async def test_a_stop_never_waits_and_what_it_used_is_owed(
    team: TeamUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowances, "_PATIENCE", 0.05)
    quota = SharedQuota(team.database, account(team), RATES)
    for _ in range(8):
        await quota.take("app")
    with pytest.raises(RateLimited, match=r"10 calls in 1000 s \(app\)") as refused:
        await quota.take("app")
    assert refused.value.retry_after is not None
    before = refused.value.retry_after
    began = time.monotonic()
    with urgent():
        for _ in range(50):
            await quota.take("app")
    assert time.monotonic() - began < 0.05
    with pytest.raises(RateLimited) as refused:
        await quota.take("app")
    assert refused.value.retry_after is not None
    assert refused.value.retry_after > before + 45 * 100


async def test_what_counts_by_app_is_shared_by_the_accounts_of_one_credential(
    team: TeamUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowances, "_PATIENCE", 0.05)
    first, second = account(team), account(team)
    stranger = account(team, "TWO")
    for _ in range(4):
        await SharedQuota(team.database, first, RATES).take("app")
        await SharedQuota(team.database, second, RATES).take("app")
    with pytest.raises(RateLimited):
        await SharedQuota(team.database, second, RATES).take("app")
    await SharedQuota(team.database, stranger, RATES).take("app")
    await SharedQuota(team.database, second, RATES).take("no such bucket")


async def test_the_networks_own_word_wins(
    team: TeamUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowances, "_PATIENCE", 0.05)
    one = account(team)
    here, there = (SharedQuota(team.database, one, RATES) for _ in range(2))
    await here.take("app")
    here.heard("app", remaining=0, reset_in=30.0)
    for quota in (here, there):
        with pytest.raises(RateLimited) as refused:
            await quota.take("app")
        assert refused.value.retry_after is not None
        assert 25 < refused.value.retry_after <= 30


async def test_without_a_database_calls_go_on_uncounted(team: TeamUnderTest) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", pool_size=1)
    quota = SharedQuota(nowhere, account(team), RATES)
    for _ in range(3):
        await quota.take("app")
    await nowhere.close()


async def test_whether_a_change_lowers_decides_whether_it_may_wait() -> None:
    seen: list[bool] = []
    for lowers in (True, False):
        with urgent(lowers):
            seen.append(is_urgent())
    assert seen == [True, False]
    assert not is_urgent()
