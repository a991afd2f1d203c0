"""Whom to show the ads to: other segments, hints from past campaigns, a lookalike audience.

Comparisons are between posteriors, shrunken and corrected for how many were made. For special ad
categories nothing here narrows an audience: no age, interest or place hints, no lookalike, no
leaving out of a country.
"""

from dataclasses import dataclass
from typing import Literal

from models.contract.vocabulary import SpecialCategory
from policy.estimate import Estimate
from policy.lift import BETWEEN, Lift, convinces, lift, unknown
from policy.recommendation_card import (
    MONTH,
    Card,
    Change,
    Evidence,
    Impact,
    Totals,
    impact,
    roas_of,
    scaled,
    shifted,
    together,
    window,
)
from policy.roas_posterior import RoasPosterior

TEST_SHARE = 0.10
"""Share of the budget a new segment or audience is expected to take: a trial's size."""
LOOKALIKE_SEED = 100
"""People a network needs as the source of a lookalike audience."""
RESTRICTED = frozenset(
    {
        SpecialCategory.EMPLOYMENT.value,
        SpecialCategory.HOUSING.value,
        SpecialCategory.CREDIT.value,
        SpecialCategory.FINANCIAL.value,
    }
)

Dimension = Literal["country", "placement", "device"]
_FIELDS = {"country": "locations", "placement": "placements", "device": "devices"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A country, placement or device with the account's figures for it.

    ``targeted``: whether this campaign shows ads there.
    """

    dimension: Dimension
    name: str
    totals: Totals
    targeted: bool


@dataclass(frozen=True, slots=True)
class PastCampaign:
    """An earlier campaign of the same objective: its figures and whom it was shown to."""

    id: str
    totals: Totals
    countries: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    age_min: int | None = None
    age_max: int | None = None
    lookalike: bool = False


@dataclass(frozen=True, slots=True)
class AudienceView:
    """What the audience cards are made from; money in micros.

    Attributes:
        budget: Daily budget.
        average_value: Micros of one conversion.
        countries, interests, age_min, age_max: The campaign's targeting now.
        seed: People who converted and may be a lookalike's source; None if unknown.
        lookalike_supported: Whether the network can build such an audience.
    """

    budget: int
    average_value: float
    special_category: str
    campaign: Totals
    segments: tuple[Segment, ...]
    past: tuple[PastCampaign, ...]
    countries: tuple[str, ...]
    interests: tuple[str, ...]
    age_min: int | None
    age_max: int | None
    seed: int | None
    lookalike: bool
    lookalike_supported: bool


def cards(view: AudienceView) -> tuple[Card, ...]:
    """All audience cards the evidence carries; a special category gets no narrowing."""
    # An unknown category is treated as restricted: the law is stricter than a missed hint.
    known = {one.value for one in SpecialCategory}
    restricted = view.special_category in RESTRICTED or view.special_category not in known
    found = [card for name in _FIELDS for card in _segments(view, name, may_narrow=not restricted)]
    if not restricted:
        found += _hints(view)
        found += _lookalike(view)
    return tuple(found)


def _segments(view: AudienceView, dimension: str, *, may_narrow: bool) -> list[Card]:
    group = [one for one in view.segments if one.dimension == dimension]
    if len({one.name for one in group}) != len(group):
        return []
    targeted = tuple(one for one in group if one.targeted)
    out: list[Card] = []
    for segment in group:
        rest = [one for one in targeted if one.name != segment.name]
        one = roas_of(segment.totals, view.average_value)
        other = roas_of(together(tuple(r.totals for r in rest)), view.average_value)
        if one is None or other is None or (segment.targeted and not may_narrow):
            continue
        found = lift(one, other)
        if not convinces(found, len(group)):
            continue
        names = tuple(one.name for one in targeted)
        if segment.targeted:
            moved = sum(r.totals.spend or 0.0 for r in rest) / max(
                sum(t.totals.spend or 0.0 for t in targeted), 1.0
            )
            after, title = (segment.name,), f"Focus on {segment.name}"
        else:
            moved, after = TEST_SHARE, (*names, segment.name)
            title = f"Expand to {segment.name}"
        out.append(
            Card(
                "segment",
                title,
                _sentence(segment.name, found, "the rest"),
                (
                    Evidence(f"ROAS {segment.name}", one.interval(), window(segment.totals)),
                    Evidence("ROAS of the rest", other.interval(), window(segment.totals)),
                    Evidence("ratio, shrunken", found.ratio, window(segment.totals)),
                ),
                _moved(view, moved, found, other),
                (Change(_FIELDS[dimension], names, after),),
                round(found.sure, 2),
            )
        )
    return out


def _sentence(name: str, found: Lift, other: str) -> str:
    return (
        f"{name} returns {found.ratio.value:.2f} times what {other} does "
        f"({found.ratio.low:.2f} to {found.ratio.high:.2f}), {found.sure:.0%} sure to be more"
    )


def _moved(view: AudienceView, share: float, found: Lift, other: RoasPosterior) -> Impact:
    """A month of ``share`` of the budget, moved to where it returns ``found`` times as much."""
    money = view.budget * MONTH * share
    now = money * other.mean
    value = scaled(found.ratio, now)
    return impact(money, value, shifted(value, -now), view.average_value)


def _hints(view: AudienceView) -> list[Card]:
    """Traits of the past campaigns that returned more than those without them."""
    traits: dict[tuple[str, str], None] = {}
    for past in view.past:
        traits |= dict.fromkeys(("locations", one) for one in past.countries)
        traits |= dict.fromkeys(("interests", one) for one in past.interests)
        if past.age_min is not None and past.age_max is not None and past.age_min <= past.age_max:
            traits[("age", f"{past.age_min}-{past.age_max}")] = None
    tried = [one for one in sorted(traits) if _compared(view, one) is not None]
    out: list[Card] = []
    for trait in tried:
        compared = _compared(view, trait)
        if compared is None or _has(view, trait):
            continue
        found, other, several = compared
        if not convinces(found, len(tried)):
            continue
        where = window(several)
        out.append(
            Card(
                "targeting",
                f"Target {trait[1]}" + (" years" if trait[0] == "age" else ""),
                _sentence(f"past campaigns for {trait[1]}", found, "the others"),
                (
                    Evidence("ratio of ROAS, shrunken", found.ratio, where),
                    Evidence("ROAS of the others", other.interval(), where),
                ),
                _moved(view, TEST_SHARE, found, other),
                _targeting(view, trait),
                round(found.sure, 2),
            )
        )
    return out


def _compared(
    view: AudienceView, trait: tuple[str, str]
) -> tuple[Lift, RoasPosterior, Totals] | None:
    """Campaigns with a trait against those without, at least two on each side."""
    having = tuple(one.totals for one in view.past if _carries(one, trait))
    lacking = tuple(one.totals for one in view.past if not _carries(one, trait))
    if min(len(having), len(lacking)) < 2:
        return None
    one = roas_of(together(having), view.average_value)
    other = roas_of(together(lacking), view.average_value)
    if one is None or other is None:
        return None
    scatter = BETWEEN**2 * (1 / len(having) + 1 / len(lacking))
    return lift(one, other, scatter), other, together((*having, *lacking))


def _carries(past: PastCampaign, trait: tuple[str, str]) -> bool:
    field, value = trait
    if field == "locations":
        return value in past.countries
    if field == "interests":
        return value in past.interests
    return field == "age" and value == f"{past.age_min}-{past.age_max}"


def _has(view: AudienceView, trait: tuple[str, str]) -> bool:
    field, value = trait
    if field == "locations":
        return value in view.countries
    return (
        value in view.interests
        if field == "interests"
        else (value == f"{view.age_min}-{view.age_max}")
    )


def _targeting(view: AudienceView, trait: tuple[str, str]) -> tuple[Change, ...]:
    field, value = trait
    if field == "age":
        low, _, high = value.partition("-")
        return (
            Change("age_min", view.age_min, int(low)),
            Change("age_max", view.age_max, int(high)),
        )
    now = view.countries if field == "locations" else view.interests
    return (Change(field, now, (*now, value)),)


def _lookalike(view: AudienceView) -> list[Card]:
    """A trial of a lookalike audience, by what earlier ones returned or, without any, the prior."""
    if not view.lookalike_supported or view.lookalike:
        return []
    if view.seed is None or view.seed < LOOKALIKE_SEED:
        return []
    now = roas_of(view.campaign, view.average_value)
    if now is None:
        return []
    having = tuple(one.totals for one in view.past if one.lookalike)
    lacking = tuple(one.totals for one in view.past if not one.lookalike)
    found, words = unknown(), "none was tried yet, so the figure is only what is usual"
    one = roas_of(together(having), view.average_value)
    other = roas_of(together(lacking), view.average_value)
    if one is not None and other is not None:
        found = lift(one, other, BETWEEN**2 * (1 / len(having) + 1 / len(lacking)))
        words = _sentence("past lookalikes", found, "other campaigns")
        if found.ratio.value < 1:
            return []
    seed = Estimate(float(view.seed), float(view.seed), float(view.seed))
    return [
        Card(
            "lookalike",
            "Try a lookalike of those who converted",
            f"{view.seed} people converted, enough for a source audience; {words}",
            (
                Evidence("people who converted", seed, window(view.campaign)),
                Evidence("ratio of ROAS, shrunken", found.ratio, window(view.campaign)),
            ),
            _moved(view, TEST_SHARE, found, now),
            (Change("lookalike", None, "converters, 1%"),),
            round(found.sure if having else 0.3, 2),
        )
    ]
