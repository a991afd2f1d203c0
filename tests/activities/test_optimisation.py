"""One cycle of decisions on a live campaign: whole records, one move a lever, taken again alike."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest_asyncio
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from activities.creative_tests import CreativeTestActivities
from activities.optimisation import OptimisationActivities
from activities.records import RecordActivities
from models.contract.campaign import Guardrails, MediaPlan
from models.contract.figures import CreativesCase, Decided, FiguresQuery, OptimisationCase
from models.contract.network import Bid
from models.contract.optimisation import Lever, MoveMade, Optimisation
from models.contract.vocabulary import Author, CampaignStatus, Objective
from models.tables import BudgetAdjustment, CreativeSnapshot, DecisionRow, Snapshot
from policy.traffic import cumulative_share
from tests.activities.network_bench import PLAN, USD, Ground, grounds
from tests.stack import TeamUnderTest

SELLING = PLAN.model_copy(update={"objective": Objective.PURCHASES})


@pytest_asyncio.fixture(loop_scope="session")
async def ground(bare_team: TeamUnderTest) -> AsyncIterator[Ground]:
    async with grounds(bare_team, "meta") as ground:
        yield ground


async def flown(
    ground: Ground, plan: MediaPlan, *, days: int = 14, spend: float, **figures: Any
) -> None:
    """A campaign of so many whole days and a part of today, every day alike."""
    now = ground.now()
    zone = ZoneInfo(ground.account.timezone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    await ground.row(
        status=CampaignStatus.ACTIVE.value,
        plan=plan.model_dump(mode="json"),
        objective=plan.objective.value,
        figures_as_of=now - timedelta(minutes=10),
    )
    # Behind today's plan, whatever the hour: pacing has nothing to lower.
    passed = 0.3 * cumulative_share(now.astimezone(zone))
    async with ground.team.database.team(ground.team.id) as session:
        for ago in range(days, -1, -1):
            share = passed if ago == 0 else 1.0
            session.add(
                Snapshot(
                    team_id=ground.team.id,
                    account_id=ground.account.id,
                    campaign_id=ground.campaign_id,
                    platform_campaign_id="1",
                    day=(midnight - timedelta(days=ago)).date(),
                    as_of=now - timedelta(minutes=10),
                    spend_micros=round(spend * share * 1e6),
                    impressions=round(4_000 * share),
                    clicks=round(figures.get("clicks", 80) * share),
                    conversions=round(figures.get("conversions", 0) * share),
                    revenue_micros=round(figures.get("revenue", 0) * share * 1e6),
                )
            )
        session.add(
            BudgetAdjustment(
                team_id=ground.team.id,
                campaign_id=ground.campaign_id,
                new_micros=plan.daily_budget.micros,
                decided_by="ana",
                at=midnight - timedelta(days=days),
            )
        )


def query(ground: Ground) -> FiguresQuery:
    return FiguresQuery(
        team_id=ground.team.id,
        campaign_id=ground.campaign_id,
        timezone=ground.account.timezone,
        currency="USD",
        now=ground.now(),
    )


async def decide(ground: Ground, plan: MediaPlan, days: int = 14, **changes: Any) -> Decided:
    case = OptimisationCase(
        query=query(ground),
        cycle=uuid4(),
        platform="meta",
        author=Author.AI,
        plan=plan,
        live=plan.daily_budget,
        minimum=USD(1),
        delivering_since=ground.now() - timedelta(days=days),
    ).model_copy(update=changes)
    activities = OptimisationActivities(
        ground.team.database, RecordActivities(ground.team.database)
    )
    return await ActivityEnvironment().run(activities.decide_spend, case)


async def recorded(ground: Ground) -> dict[str, DecisionRow]:
    async with ground.team.database.team(ground.team.id) as session:
        rows = await session.scalars(
            select(DecisionRow)
            .where(col(DecisionRow.campaign_id) == ground.campaign_id)
            .order_by(col(DecisionRow.recorded_at))
        )
        return {str(row.policy).split("@")[0]: row for row in rows}


async def test_a_campaign_that_earns_well_is_raised_within_every_cap(ground: Ground) -> None:
    await flown(ground, SELLING, spend=20, conversions=6, revenue=90)

    decided = await decide(ground, SELLING)

    (move,) = [one for one in decided.moves if one.lever is Lever.BUDGET]
    assert move.action == "increase_budget"
    assert move.budget == USD(24), "20 % of $20"
    row = (await recorded(ground))["roas-ladder"]
    assert (row.id, row.outcome, row.decision_type) == (
        move.decision_id,
        "decided",
        "adjust_budget",
    )
    assert row.budget_impact_micros == 4_000_000
    assert row.action_taken["answer"]["budget"] == 24_000_000
    assert row.input_context["spend"] > 100e6
    assert row.expected["value"] > 3
    assert row.executed_at is None, "decided, not yet done"


async def test_what_a_person_or_the_calendar_forbids_is_recorded_with_the_reason(
    ground: Ground,
) -> None:
    await flown(ground, SELLING, spend=20, conversions=6, revenue=90)
    now = ground.now()
    moved = MoveMade(lever=Lever.BUDGET, at=now - timedelta(hours=3), change=0.1)
    careful = SELLING.model_copy(update={"optimisation": Optimisation(scale_up=False)})
    for plan, changes, why in (
        (SELLING, {"admin_override": True}, "a person runs this campaign"),
        (SELLING, {"moves": (moved,)}, "changed less than 24 h ago"),
        (SELLING, {"no_raise_before": now + timedelta(hours=1)}, "nothing is raised before"),
        (careful, {}, "switched off for this campaign"),
    ):
        decided = await decide(ground, plan, **changes)
        assert [one for one in decided.moves if one.lever is Lever.BUDGET] == []
        row = (await recorded(ground))["roas-ladder"]
        assert row.outcome == "held"
        assert why in row.outcome_details or why in row.reasoning


async def test_a_campaign_that_loses_money_is_paused_and_nothing_else_is_moved(
    ground: Ground,
) -> None:
    plan = SELLING.model_copy(
        update={
            "bid": Bid(strategy="cost_cap", amount=USD(5)),
            "guardrails": Guardrails(target_cpa=USD(5)),
        }
    )
    await flown(ground, plan, spend=20, conversions=2, revenue=4)

    decided = await decide(ground, plan)

    assert [one.lever for one in decided.moves] == [Lever.STATUS]
    assert decided.moves[0].action == "pause_campaign"
    rows = await recorded(ground)
    assert rows["arbitration"].action_taken["answer"]["accepted"][0]["lever"] == "status"
    off = plan.model_copy(update={"optimisation": Optimisation(pause_losing=False)})
    assert Lever.STATUS not in [one.lever for one in (await decide(ground, off)).moves]


async def test_a_bid_above_its_target_is_lowered_and_one_below_never_passes_its_limit(
    ground: Ground,
) -> None:
    plan = SELLING.model_copy(
        update={
            "bid": Bid(strategy="cost_cap", amount=USD(8)),
            "guardrails": Guardrails(target_cpa=USD(5), min_roas=0.1),
        }
    )
    await flown(ground, plan, spend=20, conversions=2, revenue=60)
    (move,) = [one for one in (await decide(ground, plan)).moves if one.lever is Lever.BID]
    assert move.bid is not None
    assert 8 * 0.8 - 0.02 <= float(move.bid.amount) < 8
    cheap = plan.model_copy(update={"guardrails": Guardrails(target_cpa=USD(40), min_roas=0.1)})
    raised = [one for one in (await decide(ground, cheap)).moves if one.lever is Lever.BID]
    assert raised == [], "the bid a person agreed to is its limit"


async def test_without_figures_everything_holds(ground: Ground) -> None:
    await ground.row(status=CampaignStatus.ACTIVE.value)
    decided = await decide(ground, SELLING)
    assert decided.moves == ()
    assert decided.figures is not None
    assert decided.figures.spend_today is None
    assert {row.outcome for row in (await recorded(ground)).values()} == {"held"}


async def test_the_same_records_give_the_same_answers_and_a_candidate_shows_what_it_would_change(
    ground: Ground,
) -> None:
    await flown(ground, SELLING, spend=20, conversions=6, revenue=90)
    await decide(ground, SELLING)

    def told(*arguments: str, code: int = 0) -> Any:
        return ground.told("decisions", "replay", *arguments, code=code)

    same = await asyncio.to_thread(told)
    assert same["identical_share"] == 1.0
    assert same["taken"] == len(await recorded(ground)) > 3
    assert same["unreadable"] == 0

    gentle = await asyncio.to_thread(told, "--policy", "roas-ladder:EXCELLENT=9.0")
    (policy,) = gentle["policies"]
    (difference,) = policy["differences"]
    assert difference["recorded"]["budget"] == 24_000_000
    assert difference["again"]["budget"] == 22_000_000
    assert policy["money_micros"] == {"USD": -2_000_000}

    unknown = await asyncio.to_thread(
        ground.adflight, "decisions", "replay", "--policy", "roas-ladder:NOPE=1"
    )
    assert unknown.returncode == 2
    assert "has no constant 'NOPE'; it has" in unknown.stderr

    async with ground.team.database.team(ground.team.id) as session:
        row = await session.scalar(
            select(DecisionRow).where(col(DecisionRow.policy).startswith("roas-ladder@"))
        )
        assert row is not None
        row.input_context = {**row.input_context, "revenue": 1.0}
    other = await asyncio.to_thread(told, code=1)
    assert other["identical"] == same["identical"] - 1


async def test_one_ad_proven_better_runs_alone(ground: Ground) -> None:
    """Click rates of 4 % and 1 % over a week; the network can switch single ads."""
    await flown(ground, PLAN, spend=20)
    now = ground.now()
    async with ground.team.database.team(ground.team.id) as session:
        for ago in range(1, 9):
            for ad, clicks in (("11", 400), ("12", 100)):
                session.add(
                    CreativeSnapshot(
                        team_id=ground.team.id,
                        account_id=ground.account.id,
                        campaign_id=ground.campaign_id,
                        platform_ad_id=ad,
                        day=(now - timedelta(days=ago)).date(),
                        as_of=now - timedelta(minutes=10),
                        impressions=10_000,
                        clicks=clicks,
                        reach=9_000,
                        spend_micros=5_000_000,
                    )
                )
    activities = CreativeTestActivities(
        ground.team.database, RecordActivities(ground.team.database)
    )

    async def look(platform: str = "meta", **changes: Any) -> Decided:
        case = CreativesCase(
            query=query(ground),
            cycle=uuid4(),
            platform=platform,
            plan=PLAN,
            ads={"v1": "11", "v2": "12"},
        ).model_copy(update=changes)
        return await ActivityEnvironment().run(activities.decide_creatives, case)

    (move,) = (await look()).moves
    assert (move.lever, move.off, move.on) == (Lever.CREATIVE, ("v2",), ())
    row = (await recorded(ground))["winner-msprt-log-odds"]
    assert row.action_taken["answer"]["winner"] == "v1"
    assert row.id == move.decision_id
    assert (await look("x")).moves == ()
    assert (
        "cannot switch single ads"
        in (await recorded(ground))["winner-msprt-log-odds"].outcome_details
    )
    just_now = MoveMade(lever=Lever.CREATIVE, at=ground.now() - timedelta(hours=1))
    assert (await look(moves=(just_now,))).moves == ()
