"""The regulated categories: what their ads may not be aimed by, anywhere.

The strictest rule of any network we serve is applied on all of them: X forbids what Meta would
still allow for jobs, and a plan must mean the same everywhere.
"""

from models.contract.network import Targeting
from models.contract.vocabulary import SpecialCategory

OPEN_TO_ALL = frozenset(
    {
        SpecialCategory.EMPLOYMENT,
        SpecialCategory.HOUSING,
        SpecialCategory.CREDIT,
        SpecialCategory.FINANCIAL,
    }
)
"""Access to opportunities: no age, gender or interest may decide who sees the ad."""

ADULTS_ONLY = frozenset({SpecialCategory.GAMBLING})
_ADULT = 21
"""Legal age for gambling in the strictest of the countries served."""


def forbidden_targeting(category: SpecialCategory, targeting: Targeting) -> str | None:
    """What of a targeting its category forbids, in one sentence; None when it is allowed."""
    if category in OPEN_TO_ALL:
        everyone = Targeting(locations=targeting.locations)
        narrowed = [
            name
            for name, ours, theirs in (
                ("age_min", targeting.age_min, everyone.age_min),
                ("age_max", targeting.age_max, everyone.age_max),
                ("genders", targeting.genders, everyone.genders),
                ("interests", targeting.interests, everyone.interests),
            )
            if ours != theirs
        ]
        if narrowed:
            return (
                f"targeting by {', '.join(narrowed)} is forbidden for {category.value} ads; "
                "leave it out, so that everybody of age can see them"
            )
    if category in ADULTS_ONLY and targeting.age_min < _ADULT:
        return (
            f"age_min {targeting.age_min} is too young for {category.value} ads; "
            f"set it to {_ADULT} or more"
        )
    return None


def open_targeting(category: SpecialCategory, targeting: Targeting) -> Targeting:
    """The nearest targeting that the category allows; the same one where it is allowed."""
    if category in OPEN_TO_ALL:
        return Targeting(locations=targeting.locations)
    if category in ADULTS_ONLY and targeting.age_min < _ADULT:
        return targeting.model_copy(
            update={"age_min": _ADULT, "age_max": max(targeting.age_max, _ADULT)}
        )
    return targeting
