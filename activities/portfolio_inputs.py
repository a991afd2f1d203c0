"""From a team's campaigns to the inputs of what is decided on them together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from activities.campaign_history import CampaignHistory, summed
from activities.policy_inputs import arrived_shares, average_value, spend_day
from models.contract.campaign import MediaPlan
from models.contract.figures import FiguresQuery
from models.tables import Campaign
from policy import saturation
from policy.audience_recommendations import PastCampaign
from policy.channels import Channel
from policy.learning import learning
from policy.recommendation_card import Totals
from policy.recommendations import RecommendationInputs
from policy.saturation import SaturationInputs

_WINDOW = 30


@dataclass(frozen=True, slots=True)
class Member:
    """A campaign of the team, with what is known of it."""

    row: Campaign
    known: CampaignHistory
    query: FiguresQuery

    @property
    def plan(self) -> MediaPlan:
        """What was agreed."""
        return MediaPlan.model_validate(self.row.plan)


def channel(member: Member) -> Channel:
    """A campaign among the team's others. What a person runs is left alone, as is what learns."""
    row, known, query, plan = member.row, member.known, member.query, member.plan
    whole = [one for one in known.days[-60:] if one.end <= query.now]
    shares = arrived_shares(query.now, whole)
    since = whole[0].start if whole else query.now
    return Channel(
        id=str(row.id),
        budget=row.daily_budget_micros,
        days=tuple(spend_day(one, arrived) for one, arrived in zip(whole, shares, strict=True)),
        conversions=float(sum(one.conversions for one in whole)),
        fixed=row.admin_override or not plan.optimisation.budgets,
        frozen=not plan.optimisation.enabled or learning(known.spend, since, query.now).active,
    )


def recommendation_inputs(member: Member, others: Sequence[Member]) -> RecommendationInputs:
    """One campaign's last month beside the account's earlier campaigns of the same objective."""
    known, query, plan = member.known, member.query, member.plan
    whole = [one for one in known.days[-60:] if one.end <= query.now]
    shares = arrived_shares(query.now, whole)
    worth = average_value(known)
    target = plan.optimisation.target_roas or plan.guardrails.min_roas
    curve = saturation.decide(
        SaturationInputs(
            currency=query.currency,
            days=tuple(spend_day(one, arrived) for one, arrived in zip(whole, shares, strict=True)),
            target_roas=target,
            average_value=worth,
        )
    )
    cost = plan.guardrails.target_cpa
    return RecommendationInputs(
        currency=query.currency,
        objective=plan.objective.value,
        budget=member.row.daily_budget_micros,
        campaign=_totals(member),
        special_category=plan.special_category.value,
        saturation=curve,
        target_roas=target,
        average_value=worth,
        target_cpa=None if cost is None else cost.micros,
        bid_strategy=plan.bid.strategy,
        past=tuple(
            PastCampaign(
                id=str(one.row.id),
                totals=_totals(one),
                countries=one.plan.targeting.locations,
                interests=one.plan.targeting.interests,
                age_min=one.plan.targeting.age_min,
                age_max=one.plan.targeting.age_max,
            )
            for one in others
            if one.plan.objective is plan.objective and one.row.currency == query.currency
        ),
        countries=plan.targeting.locations,
        interests=plan.targeting.interests,
        age_min=plan.targeting.age_min,
        age_max=plan.targeting.age_max,
    )


def _totals(member: Member) -> Totals:
    days = [one for one in member.known.days if one.end <= member.query.now][-_WINDOW:]
    whole = summed(days)
    if whole is None:
        return Totals(None, None, None, days=0)
    shares = arrived_shares(member.query.now, days)
    arrived = sum(one.spend * share for one, share in zip(days, shares, strict=True))
    return Totals(
        spend=float(whole.spend),
        conversions=float(whole.conversions),
        value=None if whole.revenue is None else float(whole.revenue),
        days=float(len(days)),
        maturity=arrived / whole.spend if whole.spend else None,
    )
