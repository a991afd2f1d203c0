"""The life of a connection: it launches, is renewed, needs a person, and never holds up a stop
(N2, N6, N8, N18, K13, C37, C48)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest_asyncio
from sqlmodel import col, select
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from activities.connecting import Connecting
from models.contract.campaign import Pause, Resume
from models.contract.connection import (
    ConnectionCadence,
    ConnectionSeen,
    ConnectionStatus,
    connection_workflow_id,
)
from models.contract.vocabulary import CampaignStatus, Platform
from models.tables import Connection, Notification
from starter.connections import look_after, look_after_all, order_of
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    account,
    approvals,
    approve,
    ask,
    is_on,
    live,
    only,
    proposed,
    reach,
    refusal,
)
from tests.walks import Walker, walking

Handle = WorkflowHandle[Any, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def walker(team: TeamUnderTest) -> AsyncGenerator[Walker]:
    """Somebody of the team, at a browser; what was set up for the login servers is taken back."""
    async with walking(team.settings, team.database) as made:
        yield made
        for row in await made.rows(Connection):  # a fault is for the next story's alone
            with suppress(RPCError):
                await (await workflow(team, row)).terminate("the story is over")
    for network in ("meta", "snapchat", "google"):
        await login(team, "setting", network, {})


async def login(team: TeamUnderTest, kind: str, name: str, value: dict[str, Any]) -> None:
    """Put something on the login servers' shelf."""
    entry = {"network": "login", "kind": kind, "id": name, "value": value}
    (await team.control.post("/objects", json=[entry])).raise_for_status()


async def change_token(walker: Walker, team: TeamUnderTest, platform: str, **change: Any) -> None:
    """What a person does to a token in the network's own pages."""
    token = (await walker.secrets(platform))["access_token"]
    known = {"network": platform, "scopes": [], "until": None, "withdrawn": False}
    await login(team, "token", token, {**known, **change})


async def until(walker: Walker, platform: str, status: ConnectionStatus) -> Connection:
    async def there() -> Connection | None:
        row = await walker.connection(platform)
        return row if row.status == status.value else None

    return await eventually(there, seconds=20)


async def told(team: TeamUnderTest, row: Connection) -> list[Notification]:
    async with team.database.team(team.id) as session:
        found = await session.scalars(
            select(Notification).where(col(Notification.key).startswith(f"connection/{row.id}/"))
        )
        return list(found.all())


async def workflow(team: TeamUnderTest, row: Connection) -> Handle:
    return team.client.get_workflow_handle(connection_workflow_id(row.id))


async def test_needing_a_person_blocks_what_raises_and_never_a_stop(
    team: TeamUnderTest, walker: Walker
) -> None:
    await only(team, "meta")
    assert (await walker.walk("meta")).status_code == 200
    running = (await live(team))["meta"]
    before = await team.view(running)

    # A person takes a permission away; the daily check finds it (here it is asked for).
    await change_token(walker, team, "meta", scopes=["ads_read", "pages_read_engagement"])
    keeper = await workflow(team, await walker.connection("meta"))
    await keeper.signal("connected")
    row = await until(walker, "meta", ConnectionStatus.NEEDS_REAUTH)
    assert row.status_reason == "it was granted without ads_management"

    async def heard() -> list[Notification]:
        return await told(team, row)

    (notice,) = await eventually(heard)
    assert notice.severity == "high"
    assert "adflight accounts connect meta" in notice.body

    # A stop works with what is there.
    receipt = await ask(running, "pause", Pause(by="ben", reason="look"))
    assert receipt.status is CampaignStatus.PAUSED
    assert not await is_on(team, before)
    # Nothing is raised.
    said = await refusal(ask(running, "resume", Resume(by="ben")))
    number = (await account(team, "meta")).id
    assert "meta does not take the credentials of account 'meta sandbox' any more" in said
    assert f"connect it with `adflight accounts connect meta --account {number}`" in said
    assert not await is_on(team, before)
    # Nothing is launched: what a person approves comes back with the reason.
    waiting = (await proposed(team))["meta"]
    await approve(team, waiting)

    async def asked_again() -> list[str]:
        rows = await approvals(team, await team.view(waiting))
        return [str(one) for one in rows[1].reasons] if len(rows) > 1 else []

    reason, *_ = await eventually(asked_again, seconds=20)
    assert "does not take the credentials" in reason

    # A new login makes it whole, without a restart.
    assert (await walker.walk("meta")).status_code == 200
    await until(walker, "meta", ConnectionStatus.ACTIVE)
    assert (await walker.connection("meta")).id == row.id
    await ask(running, "resume", Resume(by="ben"))
    await reach(team, CampaignStatus.ACTIVE, running)
    assert await is_on(team, before)


async def test_a_withdrawn_token_is_noticed_by_the_next_call(
    team: TeamUnderTest, walker: Walker
) -> None:
    """Not only by the daily check: whoever is denied tells the connection."""
    await only(team, "meta")
    begun = await walker.begin("meta")
    query = dict(parse_qsl(urlsplit(await walker.log_in(begun.address)).query))
    outcome = await Connecting(team.database, team.settings).complete(Platform.META, query)
    order = order_of(outcome)
    assert order is not None
    brisk = ConnectionCadence(again=timedelta(seconds=1))
    await look_after(team.client, order.model_copy(update={"cadence": brisk}))
    running = (await live(team))["meta"]
    row = await until(walker, "meta", ConnectionStatus.ACTIVE)

    async def checked() -> bool:
        return (await walker.connection("meta")).checked_at is not None

    await eventually(checked)
    await change_token(walker, team, "meta", withdrawn=True)
    try:
        row = await until(walker, "meta", ConnectionStatus.NEEDS_REAUTH)
        assert "does not take the access token any more" in row.status_reason
    finally:  # without a token that is taken, not even the clearing away could stop it
        # The next login is taken up by the guard and the campaign alike.
        assert (await walker.walk("meta")).status_code == 200
    receipt = await ask(running, "pause", Pause(by="ben", reason="look"))
    assert receipt.status is CampaignStatus.PAUSED
    assert not await is_on(team, await team.view(running))


async def test_access_is_renewed_in_time_and_the_refresh_token_rotates(
    team: TeamUnderTest, walker: Walker
) -> None:
    await login(team, "setting", "snapchat", {"expires_in": 4})
    assert (await walker.walk("snapchat")).status_code == 200
    first, kept = await walker.connection("snapchat"), await walker.secrets("snapchat")
    seen = {kept["refresh_token"]}

    async def twice() -> bool:
        seen.add((await walker.secrets("snapchat"))["refresh_token"])
        row = await walker.connection("snapchat")
        assert row.status == "active", row.status_reason
        return row.generation >= first.generation + 2

    await eventually(twice, seconds=20)
    seen.add((await walker.secrets("snapchat"))["refresh_token"])
    now = await walker.connection("snapchat")
    assert len(seen) >= 3
    assert (await walker.secrets("snapchat"))["access_token"] != kept["access_token"]
    assert now.expires_at is not None
    assert now.expires_at > team.settings.real_now()
    assert await told(team, now) == []
    keeper = await workflow(team, now)
    shown: ConnectionSeen = await keeper.query("connection", result_type=ConnectionSeen)
    assert shown.status is ConnectionStatus.ACTIVE
    # No secret is anywhere in its history.
    history = str(await keeper.fetch_history())
    for value in (*seen, kept["access_token"]):
        assert value not in history


async def test_a_renewal_whose_answer_was_lost_needs_a_person(
    team: TeamUnderTest, walker: Walker
) -> None:
    """The network has replaced the refresh token and nobody knows the new one."""
    await login(team, "setting", "snapchat", {"expires_in": 4})
    assert (await walker.walk("snapchat")).status_code == 200
    await team.arm("login", "lost_answer", path="/snapchat/login/oauth2/access_token", count=1)
    row = await until(walker, "snapchat", ConnectionStatus.NEEDS_REAUTH)
    assert row.status_reason == "refused to renew access [invalid_grant]"

    async def heard() -> list[Notification]:
        return await told(team, row)

    (notice,) = await eventually(heard)
    assert "connect snapchat" in notice.title
    # What there was is still there, for a stop.
    assert (await walker.secrets("snapchat"))["access_token"]
    await login(team, "setting", "snapchat", {})
    assert (await walker.walk("snapchat")).status_code == 200
    await until(walker, "snapchat", ConnectionStatus.ACTIVE)


async def test_a_server_that_is_down_for_a_while_costs_nothing(
    team: TeamUnderTest, walker: Walker
) -> None:
    await login(team, "setting", "google", {"expires_in": 6})
    assert (await walker.walk("google")).status_code == 200
    first = await walker.connection("google")
    await team.arm("login", "server_error", path="/google/token", count=2)

    async def renewed() -> bool:
        row = await walker.connection("google")
        assert row.status == "active", row.status_reason
        return row.generation > first.generation

    await eventually(renewed, seconds=30)
    assert (await walker.secrets("google"))["refresh_token"]


async def test_a_starting_stack_takes_up_connections_that_nobody_looks_after(
    team: TeamUnderTest, walker: Walker
) -> None:
    """Temporal may have been down when a person came back from a login."""
    assert (await walker.walk("tiktok")).status_code == 200
    keeper = await workflow(team, await walker.connection("tiktok"))
    await keeper.terminate("as if it had never been started")
    assert await look_after_all(team.client, team.settings) >= 1

    async def seen() -> bool:
        shown = await keeper.query("connection")
        return bool(shown) and shown["status"] == "active"

    await eventually(seen)


async def test_a_connection_that_was_removed_is_let_go(team: TeamUnderTest, walker: Walker) -> None:
    assert (await walker.walk("tiktok")).status_code == 200
    row = await walker.connection("tiktok")
    async with team.database.team(team.id) as session:
        await session.delete(row)
    keeper = await workflow(team, row)
    await keeper.signal("connected")
    await asyncio.wait_for(keeper.result(), 20)
