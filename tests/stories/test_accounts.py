"""Several accounts of one network: one that is suspended stops only itself (C34, C36, C37); and the
first real launch of an account, which a person must allow (issue 5, part 6)."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

import pytest_asyncio
from sqlmodel import col, select
from temporalio.service import RPCError

from activities.account_tests import AccountTester
from activities.connections import secret_source
from activities.first_launch import FirstLaunch
from activities.teams import ad_account
from models.contract.campaign import ChangeBudget, MediaPlan, Resume
from models.contract.guard import guard_id
from models.contract.money import Money
from models.contract.vocabulary import CampaignStatus
from models.tables import Account, DecisionRow, Notification
from platforms.registry import Networks
from starter.admin_campaign import propose, start
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    BRISK,
    Handle,
    account,
    approvals,
    approve,
    ask,
    budget_on_network,
    end_on_network,
    is_on,
    now,
    only,
    refusal,
    truth,
)


async def launch(team: TeamUnderTest, row: Account, name: str, dollars: int = 25) -> Handle:
    """A campaign that a person makes on one account, started as the command line starts it."""
    plan = MediaPlan(
        name=name,
        destination_url=await team.publish(),
        daily_budget=Money.of(dollars),
        variants=1,
    )
    campaign = await propose(
        team.database,
        team.settings,
        ad_account(row),
        plan,
        by="ana",
        now=now(team),
        optimised=False,
    )
    return await start(team.client, campaign.model_copy(update={"cadence": team.cadence}))


@pytest_asyncio.fixture(loop_scope="session")
async def second(team: TeamUnderTest) -> AsyncGenerator[Account]:
    """A second Meta account of the team, on the network and here; not the default one."""
    (known,) = [one for one in await team.objects("meta", "account") if one["account_id"] == "1001"]
    number = f"2{team.id.int % 10**9:09d}"
    value = {**known, "id": f"act_{number}", "account_id": number, "name": "Second"}
    entry = {"network": "meta", "kind": "account", "id": number, "value": value}
    (await team.control.post("/objects", json=[entry])).raise_for_status()
    first = await account(team, "meta")
    row = Account(
        team_id=team.id,
        platform="meta",
        account_name="second shop",
        platform_account_id=number,
        credentials_ref=first.credentials_ref,
        sandbox=True,
        is_default=False,
        options=first.options,
    )
    async with team.database.team(team.id) as session:
        session.add(row)
    yield row
    with suppress(RPCError):
        guard = guard_id(ad_account(row))
        await team.client.get_workflow_handle(guard).terminate("the story is over")


async def stored(team: TeamUnderTest, account_id: UUID) -> Account:
    async with team.database.team(team.id) as session:
        row = await session.get(Account, account_id)
    assert row is not None
    return row


async def test_a_suspended_account_stops_only_itself(team: TeamUnderTest, second: Account) -> None:
    team.cadence = BRISK
    first = await stored(team, (await account_of(team, "1001")).id)
    healthy = await launch(team, first, "On the first")
    shut = await launch(team, second, "On the second")
    for handle in (healthy, shut):
        await team.until(handle, CampaignStatus.ACTIVE)
    fine, ill = await team.view(healthy), await team.view(shut)
    assert (fine.account, ill.account) == ("meta sandbox", "second shop")

    play = {"status": "suspended"}
    path = f"/accounts/meta/{second.platform_account_id}"
    (await team.control.post(path, json=play)).raise_for_status()

    async def noticed() -> bool:
        return (await stored(team, second.id)).status == "suspended"

    await eventually(noticed, seconds=40)
    assert (await stored(team, first.id)).status == "active"

    async def told() -> set[str]:
        titles = select(Notification.title).where(col(Notification.title).contains("suspended"))
        async with team.database.team(team.id) as session:
            return set((await session.scalars(titles)).all())

    assert await eventually(told) == {"second shop: suspended"}

    # The one gets no new lease and rests; nothing is raised there.
    await team.until(shut, CampaignStatus.PAUSED)
    said = await refusal(ask(shut, "resume", Resume(by="ana")))
    assert "account 'second shop' cannot be spent from: the network holds it" in said
    # The other goes on as if nothing had happened.
    more = ChangeBudget(by="ana", daily_budget=Money.of(30))
    receipt = await ask(healthy, "change_budget", more)
    assert receipt.message == "daily budget is $30.00"
    assert await budget_on_network(team, fine) == Money.of(30)
    before, lease = await truth(team, fine), await end_on_network(team, fine)

    async def goes_on() -> bool:
        spent = (await truth(team, fine))["spend_micros"] > before["spend_micros"]
        return spent and await end_on_network(team, fine) > lease

    await eventually(goes_on, seconds=40)
    assert (await team.view(healthy)).status is CampaignStatus.ACTIVE
    assert await is_on(team, fine)
    assert (await truth(team, ill))["rate_micros_per_hour"] == 0


async def account_of(team: TeamUnderTest, external_id: str) -> Account:
    async with team.database.team(team.id) as session:
        row = await session.scalar(
            select(Account).where(col(Account.platform_account_id) == external_id)
        )
    assert row is not None
    return row


async def test_real_money_waits_for_a_persons_word(team: TeamUnderTest) -> None:
    """The account counts as a real one; its host is the stand-in, so that nothing real is."""
    await only(team, "meta")
    row = await account_of(team, "1001")
    async with team.database.team(team.id) as session:
        changed = await session.get(Account, row.id)
        assert changed is not None
        changed.sandbox = False
        row = changed
    running = await launch(team, row, "The very first", dollars=5)

    async def asked() -> list[str]:
        rows = await approvals(team, await team.view(running))
        return [str(one) for one in rows[-1].reasons] if rows else []

    reasons = await eventually(asked, seconds=20)
    assert any("is real money and nothing was ever switched on there" in one for one in reasons)
    assert any(f"`adflight accounts confirm {row.id} --daily-cap AMOUNT`" in one for one in reasons)
    assert (await team.view(running)).tree.campaign_id is None

    networks = Networks(
        team.settings,
        team.settings.campaign_now,
        secrets=(secrets := secret_source(team.settings, team.database)),
    )
    tester = AccountTester(team.database, networks, secrets, team.settings)
    desk = FirstLaunch(team.database, networks, tester, team.settings)
    seen = await desk.read_back(row, Money.of(6))
    await desk.confirm(seen, by="ana", now=now(team))
    await networks.aclose()

    await approve(team, running)
    await team.until(running, CampaignStatus.ACTIVE)
    live = await team.view(running)
    assert (await stored(team, row.id)).first_activated_at is not None
    said = await refusal(ask(running, "change_budget", ChangeBudget(
        by="ana", daily_budget=Money.of(7))))  # fmt: skip
    assert "first launch limit of account 'meta sandbox' is $6.00 a day, as ana confirmed" in said
    receipt = await ask(running, "change_budget", ChangeBudget(by="ana", daily_budget=Money.of(6)))
    assert receipt.message == "daily budget is $6.00"
    assert await budget_on_network(team, live) == Money.of(6)
    async with team.database.team(team.id) as session:
        decided = await session.scalar(
            select(DecisionRow).where(col(DecisionRow.decision_type) == "confirm_account")
        )
    assert decided is not None
    assert decided.decided_by == "ana"
    assert decided.action_taken == {"daily_cap": "6", "currency": "USD"}
