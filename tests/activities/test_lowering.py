"""Lowering waits for no allowance: with none left, only what would raise spend has to wait."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from models.contract.campaign import NetworkTree
from models.contract.effects import MoveEnd, SetBid, SetBudget
from models.contract.network import Bid
from models.contract.vocabulary import Platform
from platforms.errors import RateLimited
from platforms.quota import FreeQuota, is_urgent
from platforms.registry import Networks
from tests.activities.network_bench import AD_GROUP, USD, Ground, grounds
from tests.stack import TeamUnderTest


class Exhausted(FreeQuota):
    """Not one call is left but for stops."""

    async def take(self, bucket: str, cost: int = 1) -> None:
        if not is_urgent():
            raise RateLimited(Platform.X, "no call is left", retry_after=900.0)


@pytest_asyncio.fixture(loop_scope="session")
async def ground(bare_team: TeamUnderTest) -> AsyncIterator[Ground]:
    async with grounds(bare_team, "x") as ground:
        yield ground


@pytest_asyncio.fixture(loop_scope="session")
async def starved(ground: Ground) -> AsyncIterator[Ground]:
    """The same ground, through adapters that have used up everything."""
    networks = Networks(ground.team.settings, ground.now, quota=lambda *_: Exhausted())
    yield replace(ground, networks=networks)
    await networks.aclose()


async def limits(ground: Ground, group: str) -> tuple[object, object, object]:
    """What bounds an ad group's spend, as the network shows it."""
    seen = await ground.seen(AD_GROUP, group)
    return seen.daily_budget, seen.end_time, seen.bid


async def test_only_what_raises_waits_for_an_allowance(ground: Ground, starved: Ground) -> None:
    capped = Bid(strategy="bid_cap", amount=USD(2))
    campaign = await ground.create(ground.campaign())
    group = await ground.create(ground.group(campaign.id, bid=capped))
    ref = ground.ref(NetworkTree(campaign_id=campaign.id, ad_group_id=group.id))
    run, activities = ActivityEnvironment().run, starved.activities
    assert group.end_time is not None
    end = group.end_time.replace(microsecond=0)
    sooner, later = end - timedelta(days=5), end + timedelta(days=5)

    await run(activities.set_budget, SetBudget(ref=ref, daily_budget=USD(12)))
    await run(activities.move_end, MoveEnd(ref=ref, end_time=sooner))
    await run(activities.set_bid, SetBid(ref=ref, amount=USD(1)))
    lowered = (USD(12), sooner, USD(1))
    assert await limits(ground, group.id) == lowered

    for raising in (
        run(activities.set_budget, SetBudget(ref=ref, daily_budget=USD(13))),
        run(activities.move_end, MoveEnd(ref=ref, end_time=later)),
        run(activities.set_bid, SetBid(ref=ref, amount=USD(3))),
    ):
        with pytest.raises(ApplicationError, match="no call is left") as waits:
            await raising
        assert (waits.value.type, waits.value.non_retryable) == ("RateLimited", False)
    assert await limits(ground, group.id) == lowered
