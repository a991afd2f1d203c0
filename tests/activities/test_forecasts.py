"""The forecast before a launch: said in a sentence, recorded whole, scored in the end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest_asyncio
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from activities.forecasts import ForecastActivities, ForecastCase
from activities.records import RecordActivities
from activities.scoring import score_forecasts
from models.contract.figures import FiguresQuery
from models.contract.vocabulary import CampaignStatus
from models.tables import DecisionRow, Snapshot
from tests.activities.network_bench import PLAN, USD, Ground, grounds
from tests.stack import TeamUnderTest

CASE_PLAN = PLAN.model_copy(update={"daily_budget": USD(20), "duration": timedelta(days=10)})


@pytest_asyncio.fixture(loop_scope="session")
async def ground(bare_team: TeamUnderTest) -> AsyncIterator[Ground]:
    async with grounds(bare_team, "meta") as ground:
        yield ground


async def told(ground: Ground, currency: str = "USD") -> str:
    case = ForecastCase(
        query=FiguresQuery(
            team_id=ground.team.id,
            campaign_id=ground.campaign_id,
            timezone=ground.account.timezone,
            currency=currency,
            now=ground.now(),
        ),
        cycle=uuid4(),
        account_id=ground.account.id,
        platform="meta",
        plan=CASE_PLAN,
    )
    database = ground.team.database
    activities = ForecastActivities(database, RecordActivities(database), ground.team.settings)
    return await ActivityEnvironment().run(activities.forecast, case)


async def flew(ground: Ground, *, days: int = 10, clicks: int = 40) -> None:
    """Ten whole days of $20, the last of them a week ago."""
    zone = ZoneInfo(ground.account.timezone)
    today = ground.now().astimezone(zone).date()
    async with ground.team.database.team(ground.team.id) as session:
        for ago in range(7, 7 + days):
            day = today - timedelta(days=ago)
            session.add(
                Snapshot(
                    team_id=ground.team.id,
                    account_id=ground.account.id,
                    campaign_id=ground.campaign_id,
                    platform_campaign_id="1",
                    day=day,
                    as_of=datetime.combine(day, time(23), zone),
                    spend_micros=20_000_000,
                    impressions=2_000,
                    clicks=clicks,
                    conversions=1,
                )
            )


async def forecasts(ground: Ground) -> list[DecisionRow]:
    async with ground.team.database.team(ground.team.id) as session:
        rows = await session.scalars(
            select(DecisionRow)
            .where(col(DecisionRow.campaign_id) == ground.campaign_id)
            .order_by(col(DecisionRow.recorded_at))
        )
        return list(rows.all())


async def test_an_account_without_a_past_is_told_what_is_usual_and_that_it_is_not_its_own(
    ground: Ground,
) -> None:
    await ground.row(status=CampaignStatus.DRAFT.value)
    said = await told(ground)
    assert "clicks" in said
    assert "confidence low, from usual rates, not your own" in said
    assert (await told(ground, "EUR")).startswith("No forecast:"), "nothing is converted in silence"
    (first, second) = await forecasts(ground)
    figures = first.action_taken["answer"]["figures"]
    assert figures["spend"]["low"] < 200e6 <= figures["spend"]["high"] * 1.2
    assert second.action_taken["answer"]["figures"] is None
    same = await asyncio.to_thread(ground.told, "decisions", "replay")
    assert (same["taken"], same["identical"]) == (2, 2)


async def test_its_own_past_counts_and_the_outcome_is_held_against_it(ground: Ground) -> None:
    await ground.row(status=CampaignStatus.DRAFT.value)
    await told(ground)
    (usual,) = await forecasts(ground)
    before = usual.action_taken["answer"]["figures"]["clicks"]["expected"]
    # The campaign has flown meanwhile, with twice the usual click rate.
    await flew(ground)
    await ground.row(status=CampaignStatus.COMPLETED.value)
    assert await score_forecasts(ground.team.database, ground.team.id, ground.now()) == 1
    (row,) = await forecasts(ground)
    assert row.score in ("inside", "outside")
    assert row.score_details["happened"]["clicks"] == 400
    expected = row.action_taken["answer"]["figures"]
    fits = all(
        expected[name]["low"] <= number <= expected[name]["high"]
        for name, number in row.score_details["happened"].items()
    )
    assert (row.score == "inside") is fits
    assert await score_forecasts(ground.team.database, ground.team.id, ground.now()) == 0

    finished = ground.campaign_id
    ground.campaign_id = uuid4()
    await ground.row(status=CampaignStatus.DRAFT.value)
    said = await told(ground)
    assert "from 1 finished campaign(s) of this account" in said
    (own,) = await forecasts(ground)
    assert own.action_taken["answer"]["figures"]["clicks"]["expected"] > before
    ground.campaign_id = finished
