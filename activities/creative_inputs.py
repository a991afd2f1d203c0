"""From figures of single ads to the inputs of the policies on creatives. Pure."""

from collections.abc import Sequence
from datetime import date

from activities.campaign_history import CampaignHistory, Day
from activities.policy_inputs import CLICK_GOALS
from models.contract.figures import CreativesCase
from policy.allocation import AllocationInputs
from policy.fatigue import FatigueInputs
from policy.variants import Experiment, Past, Variant
from policy.winner import WinnerInputs

_DAY = 86_400.0


def experiment(case: CreativesCase, known: CampaignHistory) -> Experiment:
    """The campaign's ads as variants of one test, in buckets of account days."""
    days = sorted({one.day.day for one in known.ads})
    starts = {one.day.day: one.day.start for one in known.ads}
    counts = {(one.variant, one.day.day): one.day for one in known.ads}
    clicks = case.plan.objective in CLICK_GOALS

    def series(variant: str, measure: str) -> tuple[float, ...]:
        return tuple(
            float(getattr(counts[variant, day], measure)) if (variant, day) in counts else 0.0
            for day in days
        )

    return Experiment(
        metric="clicks_per_impression" if clicks else "conversions_per_click",
        ages=tuple((case.query.now - starts[day]).total_seconds() - _DAY / 2 for day in days),
        width=_DAY,
        variants=tuple(
            Variant(
                id=variant,
                impressions=series(variant, "impressions"),
                clicks=series(variant, "clicks"),
                conversions=series(variant, "conversions"),
                resting=variant in case.resting,
            )
            for variant in case.ads
        ),
        history=_past(known.others, clicks=clicks),
    )


def allocation_inputs(case: CreativesCase, known: CampaignHistory) -> AllocationInputs:
    """Shares of the budget by probability to be the best."""
    return AllocationInputs(experiment(case, known))


def winner_inputs(case: CreativesCase, known: CampaignHistory) -> WinnerInputs:
    """Is one of them proven better?"""
    return WinnerInputs(experiment(case, known))


def fatigue_inputs(case: CreativesCase, known: CampaignHistory, variant: str) -> FatigueInputs:
    """Closed days of one ad, and what the account's other ads did on them.

    Where the network does not tell how many different people saw it so far, those who saw it on
    several days are counted on each: the frequency is then understated, and fatigue is noticed
    later rather than falsely.
    """
    own = [one.day for one in known.ads if one.variant == variant and one.day.end <= case.query.now]
    others = [one.day for one in known.ads if one.variant != variant] + list(known.others)

    def elsewhere(day: date, measure: str) -> float:
        return float(sum(getattr(one, measure) for one in others if one.day == day))

    return FatigueInputs(
        impressions=tuple(float(one.impressions) for one in own),
        clicks=tuple(float(one.clicks) for one in own),
        reach=_reached(own),
        others_impressions=tuple(elsewhere(one.day, "impressions") for one in own)
        if others
        else (),
        others_clicks=tuple(elsewhere(one.day, "clicks") for one in own) if others else (),
    )


def _reached(days: Sequence[Day]) -> tuple[float, ...]:
    """Different people by the end of each day: as told, else at most so many more than before."""
    reached: list[float] = []
    so_far = 0.0
    for one in days:
        so_far = float(one.reach_so_far) if one.reach_so_far else so_far + one.reach
        reached.append(max(so_far, reached[-1] if reached else 0.0))
    return tuple(reached)


def _past(others: Sequence[Day], *, clicks: bool) -> tuple[Past, ...]:
    """The account's other ads, a day each: what its creatives usually do."""
    pairs = (
        (one.clicks, one.impressions) if clicks else (one.conversions, one.clicks) for one in others
    )
    return tuple(Past(float(done), float(of)) for done, of in pairs if of > 0)
