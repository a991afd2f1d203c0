"""Figures of a whole account, read at once and appended; pacing decided on them."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from models.contract.guard import GuardView, guard_id
from models.contract.money import Money
from models.contract.vocabulary import CampaignStatus
from models.tables import Budget, BudgetAdjustment, Snapshot
from policy import pacing
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import (
    BRISK,
    account,
    admin_campaign,
    before,
    budget_on_network,
    commitments,
    now,
)


async def test_an_account_is_read_at_once_and_overspending_is_paced_down(
    team: TeamUnderTest,
) -> None:
    await before(team, hour=10)  # a day that ends meanwhile would be another day's pacing
    team.cadence = BRISK.model_copy(update={"pacing": timedelta(minutes=40)})
    # The network over-delivers for a while, as networks may: only then is there a day to correct.
    until = now(team) + timedelta(hours=14)
    overrun = {"network": "meta", "since": now(team).isoformat(), "until": until.isoformat()}
    answer = await team.control.post("/conditions", json={**overrun, "pace": 1.7})
    answer.raise_for_status()
    fast = await admin_campaign(team, "meta", daily_budget=Money.of(300))
    slow = await admin_campaign(team, "meta", daily_budget=Money.of(100))
    view = await team.until(fast, CampaignStatus.ACTIVE)
    other = await team.until(slow, CampaignStatus.ACTIVE)

    async def spent() -> bool:
        rows = await _snapshots(team)
        return {row.campaign_id for row in rows} == {view.campaign_id, other.campaign_id}

    await eventually(spent, seconds=15)
    early = await _snapshots(team)

    async def paced() -> Any:
        decisions = await team.decisions(view.campaign_id)
        return [
            one
            for one in decisions
            if one.decision_type == "pace" and one.outcome in ("decided", "success")
        ]

    try:
        decided = (await eventually(paced, seconds=40))[0]
    except AssertionError:
        taken = await team.decisions(view.campaign_id)
        why = [f"{one.at:%d %H:%M} {one.decision_type}: {one.reasoning}" for one in taken]
        raise AssertionError("never paced down: " + "; ".join(why)) from None
    assert decided.policy == f"{pacing.NAME}@{pacing.VERSION}"
    inputs, action = decided.input_context, decided.action_taken
    assert (inputs["agreed"], inputs["live"]) == (300_000_000, 300_000_000)
    assert action["action"] == "lower"
    lower: int = action["answer"]["budget"]
    assert lower < 300_000_000
    assert decided.budget_impact_micros == lower - 300_000_000
    assert decided.expected["planned"] < decided.expected["high"]

    async def carried_out() -> Any:
        async with team.database.team(team.id) as session:
            return await session.scalar(
                select(BudgetAdjustment).where(
                    col(BudgetAdjustment.campaign_id) == view.campaign_id,
                    col(BudgetAdjustment.decided_by) == "adflight",
                )
            )

    change = await eventually(carried_out)
    assert (change.old_micros, change.new_micros) == (300_000_000, lower)
    assert change.reason == decided.reasoning
    assert change.at >= decided.at
    assert (await budget_on_network(team, view)).micros <= lower
    assert (await commitments(team, view))[0].daily_micros >= lower

    async def executed() -> bool:
        rows = await team.decisions(view.campaign_id)
        return next(one for one in rows if one.id == decided.id).executed_at is not None

    await eventually(executed)
    held = [one for one in await team.decisions(other.campaign_id) if one.decision_type == "hold"]
    assert any(one.policy == f"{pacing.NAME}@{pacing.VERSION}" for one in held), "each cycle"

    # Restated by appending: what was written first still stands, and newer readings follow it.
    # (The campaign that goes on spending, for what does not change is not written again.)
    first = next(row for row in early if row.campaign_id == other.campaign_id)

    async def restated() -> list[Snapshot]:
        rows = [row for row in await _snapshots(team) if _day(row) == _day(first)]
        return rows if len(rows) >= 3 else []

    of_day: list[Snapshot] = await eventually(restated, seconds=15)
    late = await _snapshots(team)
    assert [row.model_dump() for row in late[: len(early)]] == [row.model_dump() for row in early]
    assert len({row.as_of for row in of_day}) == len(of_day)
    assert of_day[-1].spend_micros > of_day[0].spend_micros

    on = await account(team, "meta")
    guard = team.client.get_workflow_handle(guard_id(on))
    watched = (await guard.query("guard", result_type=GuardView)).watched
    assert {one.campaign_id for one in watched if one.live} == {
        view.campaign_id,
        other.campaign_id,
    }
    readings = [
        one.activity_task_scheduled_event_attributes
        async for one in guard.fetch_history_events()
        if one.HasField("activity_task_scheduled_event_attributes")
    ]
    looks = {"watch_account", "inspect", "check_pages", "check_account"}
    assert "watch_account" in (kinds := {one.activity_type.name for one in readings})
    assert kinds <= looks, "one look for all campaigns, none for a single one"
    instants = {row.as_of for row in late}
    both = [at for at in instants if len({r.campaign_id for r in late if r.as_of == at}) == 2]
    assert both, "one reading, one instant, two campaigns"

    async def summed() -> bool:
        async with team.database.team(team.id) as session:
            budgets = (await session.scalars(select(Budget))).all()
        total = sum(one.spend_micros for one in await team.campaigns())
        team_month = [one for one in budgets if one.platform is None and "month" in one.period_type]
        return total > 0 and [one.spent_micros for one in team_month] == [total]

    await eventually(summed)


async def _snapshots(team: TeamUnderTest) -> list[Snapshot]:
    async with team.database.team(team.id) as session:
        return list((await session.scalars(select(Snapshot).order_by(col(Snapshot.id)))).all())


def _day(row: Snapshot) -> tuple[Any, Any]:
    return row.campaign_id, row.day
