"""From a campaign's history to the inputs of each policy. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from activities.campaign_history import CampaignHistory, Day, summed
from models.contract.campaign import MediaPlan
from models.contract.figures import OptimisationCase
from models.contract.money import Money
from models.contract.optimisation import Lever, MoveMade
from models.contract.vocabulary import Objective
from policy.bidding import BidInputs, Goal
from policy.cost_goal import GoalFigures
from policy.cost_per_result import Cohort
from policy.live_forecast import DayFigures, LiveForecastInputs
from policy.maturity import arrived_over
from policy.pacing import PacingInputs
from policy.pacing_day import DayDelivery, SpendReading
from policy.relative_roas import RelativeInputs, ReturnDay
from policy.roas_ladder import LadderInputs
from policy.saturation import SaturationAnswer, SaturationInputs, SpendDay

WINDOW = 7
"""Days that optimisation looks back, today included; safety has windows of its own."""
_DAY = 86_400.0
CLICK_GOALS = (Objective.TRAFFIC, Objective.ENGAGEMENT, Objective.AWARENESS)


def pacing_inputs(
    case: OptimisationCase, known: CampaignHistory, out_of_bounds: str | None
) -> PacingInputs:
    """Today's spend against today's plan."""
    today = known.today(case.query)
    whole_days = [one for one in known.days if one.end <= case.query.now][-WINDOW:]
    delivered = [
        DayDelivery(budget, one.spend)
        for one in whole_days
        if one.start >= case.delivering_since and (budget := known.mean_budget(one)) is not None
    ]
    plan = case.plan
    return PacingInputs(
        now=case.query.now,
        timezone=case.query.timezone,
        currency=case.query.currency,
        agreed=plan.daily_budget.micros,
        live=case.live.micros,
        minimum=case.minimum.micros,
        spent_today=today.spend if today else None,
        as_of=known.read_at,
        delivering_since=case.delivering_since,
        edits_left=None if case.edit_quota is None else case.edit_quota - case.edits_this_hour,
        spent_total=known.spend,
        hours=plan.dayparting.hours if plan.dayparting else None,
        readings=tuple(SpendReading(at, spent) for at, spent in known.readings),
        lifetime_budget=plan.lifetime_budget.micros if plan.lifetime_budget else None,
        ends_at=case.ends_at,
        recent_days=tuple(delivered),
        last_change_at=known.budgets[-1][0] if known.budgets else None,
        no_raise_before=case.no_raise_before,
        results_out_of_bounds=out_of_bounds,
    )


def bid_inputs(case: OptimisationCase, known: CampaignHistory) -> BidInputs | None:
    """The live bid against its target; None where there is no bid to move or nothing to aim at."""
    plan = case.plan
    bid, target = plan.bid.amount, _target(plan)
    if bid is None or target is None:
        return None
    goal, wanted = target
    most = plan.optimisation.max_bid or bid
    today = known.today(case.query)
    return BidInputs(
        now=case.query.now,
        currency=case.query.currency,
        bid=bid.micros,
        min_bid=0,
        max_bid=most.micros,
        goal=goal,
        target=wanted,
        cohorts=tuple(
            Cohort(
                start=one.start,
                spend=one.spend,
                conversions=float(one.conversions),
                arrived=arrived,
                revenue=one.revenue or 0,
                clicks=one.clicks,
            )
            for one, arrived in zip(known.days[-28:], _arrived(case, known.days[-28:]), strict=True)
            if arrived > 0
        ),
        delivering_since=case.delivering_since,
        mode=plan.optimisation.mode,
        last_change_at=_last(case.moves, Lever.BID),
        budget_limited=today is not None and today.spend >= 0.95 * case.live.micros,
        no_raise_before=case.no_raise_before,
    )


def ladder_inputs(case: OptimisationCase, known: CampaignHistory) -> LadderInputs:
    """The trailing week, for campaigns without a target of their own."""
    week = known.trailing(case.query, WINDOW)
    whole = summed(week)
    return LadderInputs(
        currency=case.query.currency,
        objective=case.plan.objective.value,
        budget=case.plan.daily_budget.micros,
        minimum=case.minimum.micros,
        spend=_of(whole, "spend"),
        revenue=_of(whole, "revenue"),
        conversions=_of(whole, "conversions"),
        days_running=_days_running(case),
        maturity=_maturity(case, week),
        spent_total=float(known.spend),
        hours_since_change=_hours_since(case),
        goals=_goals(case, week, whole),
    )


def relative_inputs(
    case: OptimisationCase,
    known: CampaignHistory,
    curve: SaturationAnswer,
    predicted_cpa: float | None,
) -> RelativeInputs:
    """The trailing week against the campaign's own target or floor."""
    week = known.trailing(case.query, WINDOW)
    whole, optimisation = summed(week), case.plan.optimisation
    return RelativeInputs(
        currency=case.query.currency,
        mode=optimisation.mode,
        budget=case.plan.daily_budget.micros,
        minimum=case.minimum.micros,
        spend=_of(whole, "spend"),
        revenue=_of(whole, "revenue"),
        conversions=_of(whole, "conversions"),
        days_running=_days_running(case),
        target_roas=optimisation.target_roas,
        min_roas=case.plan.guardrails.min_roas,
        maturity=_maturity(case, week),
        saturation=curve.level.value if curve.level else None,
        optimal_spend=float(curve.optimal_spend) if curve.optimal_spend else None,
        predicted_cpa=predicted_cpa,
        average_value=average_value(known),
        spent_total=float(known.spend),
        hours_since_change=_hours_since(case),
        daily=tuple(
            ReturnDay(
                float(one.spend), None if one.revenue is None else float(one.revenue), arrived
            )
            for one, arrived in zip(known.days[-21:], _arrived(case, known.days[-21:]), strict=True)
        ),
    )


def forecast_inputs(case: OptimisationCase, known: CampaignHistory) -> LiveForecastInputs:
    """Recent whole days, for the next hour, the next day and the rest of the flight."""
    whole = [one for one in known.days[-28:] if one.end <= case.query.now]
    left = None if case.ends_at is None else (case.ends_at - case.query.now) / timedelta(days=1)
    return LiveForecastInputs(
        currency=case.query.currency,
        days=tuple(
            DayFigures(
                spend=one.spend,
                impressions=one.impressions,
                clicks=one.clicks,
                conversions=float(one.conversions),
                arrived=arrived,
                revenue=one.revenue or 0,
            )
            for one, arrived in zip(whole, _arrived(case, whole), strict=True)
        ),
        daily_budget=case.live.micros,
        days_left=left,
    )


def saturation_inputs(case: OptimisationCase, known: CampaignHistory) -> SaturationInputs:
    """Spend and what it brought, day by day."""
    whole = [one for one in known.days[-60:] if one.end <= case.query.now]
    return SaturationInputs(
        currency=case.query.currency,
        days=tuple(
            spend_day(one, arrived)
            for one, arrived in zip(whole, _arrived(case, whole), strict=True)
        ),
        target_roas=case.plan.optimisation.target_roas or case.plan.guardrails.min_roas,
        average_value=average_value(known),
    )


def spend_day(day: Day, arrived: float) -> SpendDay:
    """A day as a point of a saturation curve."""
    return SpendDay(
        spend=float(day.spend),
        value=None if day.revenue is None else float(day.revenue),
        maturity=arrived,
        day=day.day.toordinal(),
    )


def _target(plan: MediaPlan) -> tuple[Goal, float] | None:
    """What the bid aims at: a CPA (or CPC for clicks), else a ROAS."""
    cost = plan.guardrails.target_cpa
    if cost is not None:
        return ("cpc" if plan.objective in CLICK_GOALS else "cpa"), float(cost.micros)
    roas = plan.optimisation.target_roas
    return ("roas", roas) if roas is not None else None


def _goals(case: OptimisationCase, week: Sequence[Day], whole: Day | None) -> GoalFigures | None:
    if whole is None:
        return None
    cost = case.plan.guardrails.target_cpa
    clicks = case.plan.objective in CLICK_GOALS
    return GoalFigures(
        spend=float(whole.spend),
        impressions=float(whole.impressions),
        clicks=float(whole.clicks),
        conversions=float(whole.conversions),
        maturity=_maturity(case, week),
        target_cpc=_micros(cost) if clicks else None,
        target_cpa=None if clicks else _micros(cost),
    )


def average_value(known: CampaignHistory) -> float | None:
    """Micros that a conversion of this campaign has been worth so far."""
    conversions = sum(one.conversions for one in known.days)
    revenue = sum(one.revenue or 0 for one in known.days)
    return revenue / conversions if conversions and revenue else None


def _micros(money: Money | None) -> float | None:
    return None if money is None else float(money.micros)


def _of(day: Day | None, measure: str) -> float | None:
    value = None if day is None else getattr(day, measure)
    return None if value is None else float(value)


def _days_running(case: OptimisationCase) -> float:
    return max((case.query.now - case.delivering_since) / timedelta(days=1), 0.0)


def _arrived(case: OptimisationCase, days: Sequence[Day]) -> tuple[float, ...]:
    return arrived_shares(case.query.now, days)


def arrived_shares(now: datetime, days: Sequence[Day]) -> tuple[float, ...]:
    """Share of each day's conversions that has arrived by ``now``."""
    ages = [(now - one.start).total_seconds() - _DAY / 2 for one in days]
    return tuple(float(one) for one in arrived_over(np.array(ages), _DAY)) if ages else ()


def _maturity(case: OptimisationCase, days: Sequence[Day]) -> float | None:
    """The spend-weighted share of a window's conversions that has arrived."""
    spend = sum(one.spend for one in days)
    if spend <= 0:
        return None
    shares = _arrived(case, days)
    return sum(one.spend * share for one, share in zip(days, shares, strict=True)) / spend


def _last(moves: Sequence[MoveMade], lever: Lever) -> datetime | None:
    return max((one.at for one in moves if one.lever is lever), default=None)


def _hours_since(case: OptimisationCase) -> float | None:
    """Hours since the agreed budget was moved; pacing's throttle below it is no change of it."""
    last = _last(case.moves, Lever.BUDGET)
    return None if last is None else (case.query.now - last) / timedelta(hours=1)
