"""Recommendations with their evidence, for a person to execute: budget, CPA, bids, audience.

Every number on a card is derived from one set of figures (spend, value, average value), so that
CPA, ROAS and ROI agree. Nothing is recommended from a curve that is not identified.
"""

from dataclasses import dataclass

from policy import audience_recommendations
from policy.audience_recommendations import AudienceView, PastCampaign, Segment
from policy.curve import gain, value_at
from policy.estimate import Estimate, finite
from policy.modes import down_to_unit
from policy.recommendation_card import (
    MONTH,
    Card,
    Change,
    Evidence,
    Totals,
    impact,
    roas_of,
    scaled,
    window,
)
from policy.saturation import SaturationAnswer

NAME = "recommendations"
VERSION = "1"

WORTH = 0.05
"""Relative difference between a setting and the recommended one that is worth a card."""
CONVERSIONS_FOR_CPA = 30.0
CONVERSIONS_FOR_ROAS = 50.0
"""Conversions in 30 days below which a network cannot bid to a target (Google's guidance)."""
_SENSELESS = 1e18
_CONVERTING = frozenset(
    {"purchases", "catalog_sales", "leads", "signups", "app_installs", "applications"}
)


@dataclass(frozen=True, slots=True)
class RecommendationInputs:
    """One campaign. Money in micros of one currency; None is missing, not zero.

    Attributes:
        campaign: Its figures of the window.
        saturation: The saturation policy's answer with ``target_roas`` asked, or None.
        maximum: The most a person agreed to as daily budget; cards never go beyond it.
        target_cpa, bid_strategy: As set now.
        strategies: Bid strategies the network offers.
        seed: People who converted and may be a lookalike's source; None if unknown.
    """

    currency: str
    objective: str
    budget: int
    campaign: Totals
    special_category: str = "none"
    saturation: SaturationAnswer | None = None
    maximum: int | None = None
    target_roas: float | None = None
    average_value: float | None = None
    target_cpa: int | None = None
    bid_strategy: str = "automatic"
    strategies: tuple[str, ...] = ("automatic", "bid_cap", "cost_cap")
    segments: tuple[Segment, ...] = ()
    past: tuple[PastCampaign, ...] = ()
    countries: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    age_min: int | None = None
    age_max: int | None = None
    lookalike: bool = False
    lookalike_supported: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class RecommendationAnswer:
    """Cards, the largest expected gain first."""

    cards: tuple[Card, ...]
    reason: str
    confidence: float


def decide(inputs: RecommendationInputs) -> RecommendationAnswer:
    """All recommendations the evidence carries; none from figures that make no sense."""
    worth = _average_value(inputs)
    if inputs.budget <= 0 or worth is None:
        return RecommendationAnswer((), "no budget, or no value of a conversion to reckon with", 0)
    view = AudienceView(
        inputs.budget,
        worth,
        inputs.special_category,
        inputs.campaign,
        inputs.segments,
        inputs.past,
        inputs.countries,
        inputs.interests,
        inputs.age_min,
        inputs.age_max,
        inputs.seed,
        inputs.lookalike,
        inputs.lookalike_supported,
    )
    found = [
        *_budget(inputs, worth),
        *_target_cpa(inputs, worth),
        *_bid_strategy(inputs, worth),
        *audience_recommendations.cards(view),
    ]
    # Ties keep the order above, which is that of how much a person can rely on the card.
    found.sort(key=lambda card: -card.expected.gain.value)
    if not found:
        return RecommendationAnswer((), "nothing that the evidence carries", 0.5)
    best = found[0]
    return RecommendationAnswer(
        tuple(found), f"{len(found)} found; first: {best.title}: {best.reason}", best.confidence
    )


def _average_value(inputs: RecommendationInputs) -> float | None:
    given = finite(inputs.average_value)
    if given is not None and 1 <= given < _SENSELESS:
        return given
    value, count = finite(inputs.campaign.value), finite(inputs.campaign.conversions)
    if value is None or count is None or count < 1e-6 or not 1 <= value / count < _SENSELESS:
        return None
    return value / count


def _budget(inputs: RecommendationInputs, worth: float) -> list[Card]:
    """Lead the daily budget to the spend whose last unit returns the target."""
    answer = inputs.saturation
    if answer is None or not answer.identified or answer.curve is None:
        return []
    if answer.optimal_spend is None or answer.optimal is None or answer.level is None:
        return []
    if not answer.optimal.low > inputs.budget and not answer.optimal.high < inputs.budget:
        return []  # the present budget is as good as any in the interval
    to = answer.optimal_spend
    if inputs.maximum is not None and to > inputs.budget:
        to = min(to, down_to_unit(max(inputs.maximum, 0), inputs.currency))
    more = gain(answer.curve, inputs.budget, to)
    if more is None or to <= 0 or abs(to / inputs.budget - 1) < WORTH:
        return []
    extra = (to - inputs.budget) * MONTH
    if extra > 0:
        money, value, kept = extra, scaled(more, MONTH), scaled(more, MONTH)
        title = f"Raise the budget to {to / 1e6:.2f} a day"
    else:
        # Lowering gives up value and saves spend; the money concerned is what stays.
        whole = value_at(answer.curve, to)
        if whole is None:
            return []
        money, value = to * MONTH, scaled(whole, MONTH)
        kept = scaled(more, MONTH)
        title = f"Lower the budget to {to / 1e6:.2f} a day"
    return [
        Card(
            "budget",
            title,
            f"{answer.reason}; {abs(extra) / 1e6:.2f} a month "
            + ("more" if extra > 0 else "saved"),
            (
                Evidence("saturation at present", answer.level, window(inputs.campaign)),
                Evidence("optimal daily spend (micros)", answer.optimal, window(inputs.campaign)),
            ),
            impact(money, value, kept, worth),
            (Change("daily_budget", inputs.budget, to),),
            answer.confidence,
        )
    ]


def _target_cpa(inputs: RecommendationInputs, worth: float) -> list[Card]:
    """A target CPA that the curve says is both affordable and reachable."""
    answer, target = inputs.saturation, finite(inputs.target_roas)
    if answer is None or not answer.identified or answer.curve is None:
        return []
    if answer.optimal_spend is None or target is None or target <= 0:
        return []
    spend = min(answer.optimal_spend, inputs.budget)
    value = value_at(answer.curve, spend)
    if value is None or value.low <= 0 or inputs.objective not in _CONVERTING:
        return []
    cpa = Estimate(
        spend * worth / value.value, spend * worth / value.high, spend * worth / value.low
    )
    to = down_to_unit(min(cpa.value, worth / target), inputs.currency)
    if to <= 0:
        return []
    if inputs.target_cpa is not None and abs(to / max(inputs.target_cpa, 1) - 1) < WORTH:
        return []
    more = gain(answer.curve, inputs.budget, spend)
    if more is None:
        return []
    return [
        Card(
            "target_cpa",
            f"Bid towards a CPA of {to / 1e6:.2f}",
            f"at {spend / 1e6:.2f} a day a conversion costs {cpa.value / 1e6:.2f} "
            f"({cpa.low / 1e6:.2f} to {cpa.high / 1e6:.2f}); a return of {target:.2f} affords "
            f"{worth / target / 1e6:.2f}",
            (Evidence("CPA on the curve (micros)", cpa, window(inputs.campaign)),),
            impact(spend * MONTH, scaled(value, MONTH), scaled(more, MONTH), worth),
            (Change("target_cpa", inputs.target_cpa, to),),
            answer.confidence,
        )
    ]


def _bid_strategy(inputs: RecommendationInputs, worth: float) -> list[Card]:
    """The strategy that fits the goal and the number of conversions there is to learn from."""
    count, days = finite(inputs.campaign.conversions), finite(inputs.campaign.days)
    found = roas_of(inputs.campaign, worth)
    if count is None or days is None or found is None or count < 0 or days <= 0:
        return []
    share = finite(inputs.campaign.maturity) or 1.0
    monthly = count / share / days * MONTH
    if inputs.objective not in _CONVERTING:
        wanted, why = "automatic", f"{inputs.objective} has no conversions to bid for"
    elif (
        inputs.target_roas is not None
        and "target_roas" in inputs.strategies
        and monthly >= CONVERSIONS_FOR_ROAS
    ):
        wanted, why = "target_roas", "enough to bid for their value"
    elif inputs.target_cpa is not None and monthly >= CONVERSIONS_FOR_CPA:
        wanted, why = "cost_cap", "enough to bid towards a cost"
    else:
        wanted, why = "automatic", "too few to bid towards a target"
    if wanted == inputs.bid_strategy or wanted not in inputs.strategies:
        return []
    month = inputs.budget * MONTH
    value = scaled(found.interval(), month)
    spread = (value.high - value.low) / 2
    return [
        Card(
            "bid_strategy",
            f"Bid with {wanted.replace('_', ' ')}",
            f"{monthly:.0f} conversions a month: {why}; no gain is promised, the same money is "
            "spent with less scatter",
            (Evidence("ROAS", found.interval(), window(inputs.campaign)),),
            impact(month, value, Estimate(0.0, -spread, spread), worth),
            (Change("bid.strategy", inputs.bid_strategy, wanted),),
            0.6,
        )
    ]
