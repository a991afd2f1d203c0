"""The week's reallocation and the day's advice and scores, on campaigns that really deliver."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from models.contract.limits import SpendLimits
from models.contract.money import Money
from models.contract.portfolio import PortfolioDone, PortfolioOrder
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import Autonomy, CampaignStatus, Objective
from models.tables import DecisionRow, RecommendationRow, Snapshot
from tests.activities.network_bench import Ground
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    ROOMY,
    account,
    admin_campaign,
    budget_on_network,
    commitments,
    now,
)
from workflows.portfolio import PortfolioWorkflow

FREE: SpendLimits = ROOMY.model_copy(
    update={"autonomy": Autonomy.FULL_AUTO, "ask_first_activation": False}
)


async def history(team: TeamUnderTest, view: Any, account: UUID, worth: Any) -> None:
    """Fifty whole days of spend that varies, and of what it brought."""
    today = now(team)
    async with team.database.team(team.id) as session:
        for ago in range(50, 0, -1):
            spend = 20.0 * (0.5 + (ago * 7 % 11) / 10)
            value = worth(spend)
            session.add(
                Snapshot(
                    team_id=team.id,
                    account_id=account,
                    campaign_id=view.campaign_id,
                    platform_campaign_id=view.tree.campaign_id,
                    day=(today - timedelta(days=ago)).date(),
                    as_of=today,
                    spend_micros=round(spend * 1e6),
                    impressions=round(spend * 300),
                    clicks=round(spend * 6),
                    conversions=round(value / 10),
                    revenue_micros=round(value * 1e6),
                )
            )


async def run(team: TeamUnderTest, kind: Any) -> PortfolioDone:
    return await team.client.execute_workflow(
        PortfolioWorkflow.run,
        PortfolioOrder(team_id=team.id, run=kind, clock=team.settings.clock),
        id=f"portfolio-{kind}-{uuid4().hex[:8]}",
        task_queue=MANAGEMENT,
    )


async def shell(team: TeamUnderTest) -> Ground:
    """Where a person types commands."""
    nothing: Any = None
    return Ground(team, await account(team, "meta"), nothing, nothing, nothing)


async def two(team: TeamUnderTest, ground: Ground) -> tuple[Any, Any]:
    """One campaign with little more to be had, and one that returns as much of the next unit."""
    # No cycle of their own moves these budgets meanwhile.
    team.cadence = team.cadence.model_copy(update={"pacing": timedelta(days=20)})
    views: list[Any] = []
    for name in ("Saturated", "Hungry"):
        handle = await admin_campaign(
            team, "meta", name=name, daily_budget=Money.of(20), objective=Objective.PURCHASES
        )
        views.append(await team.until(handle, CampaignStatus.ACTIVE))
    await history(team, views[0], ground.account.id, lambda x: 70 * x / (x + 6))
    await history(team, views[1], ground.account.id, lambda x: 4.0 * x)
    return views[0], views[1]


async def test_money_moves_to_where_the_next_unit_brings_most_and_never_grows(
    team: TeamUnderTest,
) -> None:
    await team.limits(FREE)
    ground = await shell(team)
    saturated, hungry = await two(team, ground)

    done = await run(team, "weekly")

    assert (done.lowered, done.raised) == (1, 1)

    async def moved() -> bool:
        less = (await budget_on_network(team, saturated)).micros
        more = (await budget_on_network(team, hungry)).micros
        return less < 20_000_000 < more

    await eventually(moved, seconds=20)
    less = (await budget_on_network(team, saturated)).micros
    more = (await budget_on_network(team, hungry)).micros
    assert less >= 16_000_000, "a fifth a week at most"
    assert less + more <= 40_000_000
    promised = [(await commitments(team, one))[-1].daily_micros for one in (saturated, hungry)]
    assert sum(promised) <= 40_000_000
    (row,) = await of_team(team, "reallocate")
    assert row.executed_at is not None
    again = await run(team, "weekly")
    assert (again.lowered, again.raised) == (0, 0), "one move a week"


async def test_where_people_decide_it_is_advice_and_a_person_carries_it_out(
    team: TeamUnderTest,
) -> None:
    await team.limits(FREE.model_copy(update={"autonomy": Autonomy.MANUAL}))
    ground = await shell(team)
    saturated, hungry = await two(team, ground)
    done = await run(team, "weekly")
    assert (done.lowered, done.raised) == (0, 0)
    assert (await budget_on_network(team, hungry)).micros == 20_000_000

    listed = await asyncio.to_thread(ground.told, "recommendations")
    raising = next(one for one in listed if one["campaign_id"] == str(hungry.campaign_id))
    assert "manual" in raising["reason"]
    wanted = Money.of(raising["change"]["to"])
    assert wanted.micros > 20_000_000
    refused = await asyncio.to_thread(ground.adflight, "recommendations", "accept", "zz")
    assert (refused.returncode, "begins with 'zz'" in refused.stderr) == (2, True)
    await asyncio.to_thread(
        ground.told, "recommendations", "accept", raising["id"][:8], "--yes", "--by", "ana"
    )
    assert await budget_on_network(team, hungry) == wanted
    twice = await asyncio.to_thread(
        ground.adflight, "recommendations", "accept", raising["id"][:8], "--yes"
    )
    assert (twice.returncode, "accepted by ana" in twice.stderr) == (1, True)
    other = next(one for one in listed if one["campaign_id"] == str(saturated.campaign_id))
    await asyncio.to_thread(
        ground.told, "recommendations", "dismiss", other["id"][:8], "--reason", "seasonal"
    )
    await run(team, "weekly")
    async with team.database.team(team.id) as session:
        row = await session.get(RecommendationRow, UUID(other["id"]))
        assert row is not None
        assert (row.state, row.note) == ("dismissed", "seasonal"), "not asked again this week"


async def test_the_day_scores_what_was_carried_out_long_enough_ago(team: TeamUnderTest) -> None:
    ground = await shell(team)
    _, hungry = await two(team, ground)
    zone = ZoneInfo(ground.account.timezone)
    then = datetime.combine((now(team) - timedelta(days=20)).date(), time(12), zone)
    ids = [uuid4(), uuid4()]
    async with team.database.team(team.id) as session:
        for number, executed in ((0, then), (1, None)):
            session.add(
                DecisionRow(
                    id=ids[number],
                    team_id=team.id,
                    decision_type="adjust_budget",
                    decided_by="policy",
                    campaign_id=hungry.campaign_id,
                    policy="roas-ladder@1",
                    reasoning="ROAS 3.5 over 7 days",
                    at=then,
                    executed_at=executed,
                )
            )
    done = await run(team, "daily")
    assert done.scored == 1
    async with team.database.team(team.id) as session:
        rows = {
            row.id: row
            for row in await session.scalars(
                select(DecisionRow).where(col(DecisionRow.id).in_(ids))
            )
        }
    assert rows[ids[0]].score in ("improved", "worse", "inconclusive")
    effect = rows[ids[0]].score_details["answer"]["effect"]
    assert effect["low"] <= effect["value"] <= effect["high"]
    assert rows[ids[1]].score is None, "never carried out"
    assert (await run(team, "daily")).scored == 0


async def of_team(team: TeamUnderTest, kind: str) -> list[DecisionRow]:
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(DecisionRow).where(col(DecisionRow.decision_type) == kind)
        )
        return list(rows.all())
