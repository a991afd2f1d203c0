"""A team for every story, cleared away after it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest_asyncio
from temporalio.service import RPCError

from models.contract.campaign import Kill
from models.contract.guard import guard_id
from models.contract.vocabulary import CampaignStatus
from tests.stack import TeamUnderTest, eventually
from tests.stories import invariants
from tests.stories.scenes import account


@pytest_asyncio.fixture(loop_scope="session")
async def team(bare_team: TeamUnderTest, workers: None) -> AsyncGenerator[TeamUnderTest]:
    """A new team. After the story every invariant must hold; then all it left is killed, and
    the invariants must hold again."""
    yield bare_team
    await bare_team.control.delete("/faults")
    try:
        await invariants.hold(bare_team)
    finally:
        await clear_away(bare_team)
    await invariants.hold(bare_team)


async def clear_away(team: TeamUnderTest) -> None:
    """Kill what still lives and end what only waits, so that no story slows the next."""
    campaigns = await team.campaigns()
    going = [team.handle(one.id) for one in campaigns if not CampaignStatus(one.status).is_final]
    for handle in going:
        with suppress(RPCError):
            await handle.signal("kill", Kill(by="story", reason="the story is over"))
    await asyncio.gather(*(handle.result() for handle in going), return_exceptions=True)

    async def recorded() -> bool:
        return all(CampaignStatus(one.status).is_final for one in await team.campaigns())

    await eventually(recorded, seconds=10)
    waiting = [team.handle(one.id) for one in campaigns]
    waiting += [
        team.client.get_workflow_handle(guard_id(await account(team, platform)))
        for platform in ("meta", "x")
    ]
    for handle in waiting:
        with suppress(RPCError):
            await handle.terminate("the story is over")
