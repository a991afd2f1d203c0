"""Scoring executed decisions against what they expected, once their figures have matured."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from activities.campaign_history import CampaignHistory, Day, history, summed
from activities.policy_inputs import CLICK_GOALS, arrived_shares
from models.contract.figures import FiguresQuery
from models.contract.vocabulary import CampaignStatus, DecisionType, Objective
from models.database import Database
from models.tables import Account, Campaign, DecisionRow
from policy import forecast, scoring
from policy.catalogue import plain
from policy.scoring import Metric, ScoredDay, ScoringInputs

_SPAN = 7
"""Days on each side: whole weeks, so that weekdays weigh the same."""
_SETTLES = timedelta(days=3)
"""How long the last of the days after needs until most of its conversions have arrived."""
_FORGOTTEN = timedelta(days=35)
_SCORED = (
    DecisionType.ADJUST_BUDGET.value,
    DecisionType.ADJUST_BID.value,
    DecisionType.CREATIVE_TEST.value,
)
_ENDED = (CampaignStatus.COMPLETED.value, CampaignStatus.ARCHIVED.value)
_MOST = 500


async def score_decisions(database: Database, team_id: UUID, now: datetime) -> int:
    """Score what was executed long enough ago and not scored yet; how many.

    What was followed by another decision within the span is scored all the same: its figures then
    say what came of both.
    """
    async with database.team(team_id) as session:
        rows = await session.execute(
            select(DecisionRow, Campaign, Account.timezone)
            .join(Campaign, col(Campaign.id) == col(DecisionRow.campaign_id))
            .join(Account, col(Account.id) == col(Campaign.account_id))
            .where(
                col(DecisionRow.decision_type).in_(_SCORED),
                col(DecisionRow.policy).is_not(None),
                col(DecisionRow.score).is_(None),
                col(DecisionRow.executed_at) <= now - timedelta(days=_SPAN) - _SETTLES,
                col(DecisionRow.executed_at) > now - _FORGOTTEN,
            )
            .order_by(col(DecisionRow.executed_at))
            .limit(_MOST)
        )
        found = rows.all()
        for row, campaign, timezone in found:
            query = FiguresQuery(
                team_id=team_id,
                campaign_id=campaign.id,
                timezone=timezone,
                currency=campaign.currency,
                now=now,
            )
            answer, inputs = score(row, campaign, await history(session, query), now)
            await session.execute(
                update(DecisionRow)
                .where(col(DecisionRow.id) == row.id)
                .values(
                    score=answer.verdict,
                    score_details={
                        "policy": f"{scoring.NAME}@{scoring.VERSION}",
                        "metric": inputs.metric,
                        "scored_at": now.isoformat(),
                        "answer": plain(answer),
                    },
                )
            )
    return len(found)


async def score_forecasts(database: Database, team_id: UUID, now: datetime) -> int:
    """Compare the forecasts of ended campaigns with what happened; how many.

    *inside*: every figure that was forecast lies in its 80 % interval; else which did not. The
    last forecast before the launch counts, and only what was forecast for the flight as it was.
    """
    async with database.team(team_id) as session:
        rows = await session.execute(
            select(DecisionRow, Campaign, Account.timezone)
            .join(Campaign, col(Campaign.id) == col(DecisionRow.campaign_id))
            .join(Account, col(Account.id) == col(Campaign.account_id))
            .where(
                col(DecisionRow.policy) == f"{forecast.NAME}@{forecast.VERSION}",
                col(DecisionRow.score).is_(None),
                col(Campaign.status).in_(_ENDED),
            )
            .order_by(col(DecisionRow.at).desc())
            .limit(_MOST)
        )
        seen: set[UUID] = set()
        scored = 0
        for row, campaign, timezone in rows.all():
            query = FiguresQuery(
                team_id=team_id,
                campaign_id=campaign.id,
                timezone=timezone,
                currency=campaign.currency,
                now=now,
            )
            known = await history(session, query)
            if not known.days or known.days[-1].end + _SETTLES > now:
                continue
            verdict, details = _held(row, known)
            if campaign.id in seen:
                verdict, details = "superseded", {}
            seen.add(campaign.id)
            await session.execute(
                update(DecisionRow)
                .where(col(DecisionRow.id) == row.id)
                .values(score=verdict, score_details={"scored_at": now.isoformat(), **details})
            )
            scored += 1
        return scored


def _held(row: DecisionRow, known: CampaignHistory) -> tuple[str, dict[str, object]]:
    answer = cast("dict[str, Any]", row.action_taken.get("answer") or {})
    figures = cast("dict[str, Any] | None", answer.get("figures"))
    whole = summed(known.days)
    if figures is None or whole is None:
        return "inconclusive", {}
    happened = {
        "spend": whole.spend,
        "impressions": whole.impressions,
        "clicks": whole.clicks,
        "conversions": whole.conversions,
    }
    outside = [
        name
        for name, number in happened.items()
        if number < figures[name]["low"]
        or (figures[name]["high"] is not None and number > figures[name]["high"])
    ]
    return "outside" if outside else "inside", {"happened": happened, "outside": outside}


def score(
    row: DecisionRow, campaign: Campaign, known: CampaignHistory, now: datetime
) -> tuple[scoring.ScoringAnswer, ScoringInputs]:
    """One decision by the days before and after it; the day itself belongs to neither."""
    assert row.executed_at is not None
    at = row.executed_at
    before = [one for one in known.days if one.end <= at][-_SPAN:]
    after = [one for one in known.days if one.start >= at][:_SPAN]
    inputs = ScoringInputs(
        metric=_metric(row, campaign, known),
        before=_days(before, now),
        after=_days(after, now),
        expected=None,
    )
    return scoring.decide(inputs), inputs


def _metric(row: DecisionRow, campaign: Campaign, known: CampaignHistory) -> Metric:
    """What a decision of this kind was meant to move, by what the campaign is for."""
    clicks = Objective(campaign.objective) in CLICK_GOALS
    paid = any(one.revenue for one in known.days)
    match row.decision_type:
        case DecisionType.ADJUST_BID.value:
            return "cpc" if clicks else "cpa"
        case DecisionType.CREATIVE_TEST.value:
            return "ctr" if clicks else "cvr"
        case _:
            return "clicks" if clicks else ("value" if paid else "conversions")


def _days(days: Sequence[Day], now: datetime) -> tuple[ScoredDay, ...]:
    return tuple(
        ScoredDay(
            spend=float(one.spend),
            impressions=float(one.impressions),
            clicks=float(one.clicks),
            conversions=float(one.conversions),
            value=None if one.revenue is None else float(one.revenue),
            maturity=arrived,
        )
        for one, arrived in zip(days, arrived_shares(now, days), strict=True)
    )
