"""Who sees an ad group, and when: TikTok's values for countries, ages, genders, interests."""

from collections.abc import Sequence

from models.contract.network import AdGroupOrder, Targeting
from models.contract.regulated import forbidden_targeting
from platforms.tiktok.errors import JsonObject, refused
from platforms.tiktok.terms import PLACEMENTS, SPECIAL_INDUSTRIES, Way
from platforms.tiktok.wire import Wire

_AGES = (
    (18, 24, "AGE_18_24"),
    (25, 34, "AGE_25_34"),
    (35, 44, "AGE_35_44"),
    (45, 54, "AGE_45_54"),
    (55, 65, "AGE_55_100"),
)
"""First and last age of each group; 65 is open."""
_GENDERS = {"male": "GENDER_MALE", "female": "GENDER_FEMALE"}
_EVERYONE = "GENDER_UNLIMITED"
_HOURS = 24
_SHOWN = 6
"""Interests named in a refusal, of some hundreds."""


class Catalogues:
    """TikTok's countries and interests, read once for an open account."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._countries: dict[str, dict[str, str]] = {}
        self._interests: dict[str, str] = {}

    async def location_ids(self, countries: Sequence[str], objective: str) -> list[str]:
        """TikTok's ids of countries.

        Raises:
            Refused: TikTok does not deliver there; all such countries are named.
        """
        known = await self._deliverable(objective)
        codes = list(dict.fromkeys(code.upper() for code in countries))
        unknown = [code for code in codes if code not in known]
        if unknown or not codes:
            named = ", ".join(unknown) or "none"
            raise refused(
                f"country {named} cannot be targeted on TikTok; use ISO 3166 codes of countries it "
                "delivers to, such as US",
                field="locations",
            )
        return [known[code] for code in codes]

    async def interest_ids(self, interests: Sequence[str]) -> list[str]:
        """TikTok's ids of interest categories, given by name or by id.

        Raises:
            Refused: TikTok has no such category; all unknown ones are named.
        """
        if not interests:
            return []
        if not self._interests:
            params = {"version": 2, "language": "en", "placements": list(PLACEMENTS)}
            data = await self._wire.get("tool/interest_category", params)
            rows: list[JsonObject] = data.get("interest_categories") or []
            for row in rows:
                found = str(row["interest_category_id"])
                self._interests[found] = found
                # A name may stand below several parents; the first is the highest.
                self._interests.setdefault(str(row["interest_category_name"]).casefold(), found)
        unknown = [one for one in interests if one.strip().casefold() not in self._interests]
        if unknown:
            some = ", ".join(sorted(n for n in self._interests if not n.isdigit())[:_SHOWN])
            raise refused(
                f"interest {', '.join(map(repr, unknown))} is no interest category of TikTok; use "
                f"one of its own, such as: {some}",
                field="interests",
            )
        return list(dict.fromkeys(self._interests[one.strip().casefold()] for one in interests))

    async def _deliverable(self, objective: str) -> dict[str, str]:
        if objective not in self._countries:
            params = {
                "placements": list(PLACEMENTS),
                "objective_type": objective,
                "level_range": "TO_COUNTRY",
            }
            data = await self._wire.get("tool/region", params)
            rows: list[JsonObject] = data.get("region_info") or []
            self._countries[objective] = {
                str(row["region_code"]).upper(): str(row["location_id"])
                for row in rows
                if row.get("level") == "COUNTRY"
            }
        return self._countries[objective]


async def audience_of(catalogues: Catalogues, order: AdGroupOrder, way: Way) -> JsonObject:
    """The targeting fields of an ad group.

    Raises:
        Refused: the category forbids it, or TikTok has no such country, age range or interest.
    """
    targeting, category = order.targeting, order.special_category
    if (why := forbidden_targeting(category, targeting)) is not None:
        raise refused(why, field="targeting")
    fields: JsonObject = {
        "placement_type": "PLACEMENT_TYPE_NORMAL",
        "placements": list(PLACEMENTS),
        # TikTok shows ads in search results too unless told otherwise.
        "search_result_enabled": False,
        "location_ids": await catalogues.location_ids(targeting.locations, way.objective),
    }
    if category in SPECIAL_INDUSTRIES:
        # Here TikTok refuses age and gender whatever they say.
        return fields
    fields["age_groups"] = age_groups(targeting)
    genders = set(targeting.genders)
    fields["gender"] = _GENDERS[genders.pop()] if len(genders) == 1 else _EVERYONE
    if interests := await catalogues.interest_ids(targeting.interests):
        fields["interest_category_ids"] = interests
    return fields


def age_groups(targeting: Targeting) -> list[str]:
    """TikTok's age groups that make up an age range exactly.

    Raises:
        Refused: they cannot.
    """
    low, high = targeting.age_min, targeting.age_max
    if low not in {first for first, _, _ in _AGES} or high not in {last for _, last, _ in _AGES}:
        raise refused(
            f"age range {low}-{high} is not offered on TikTok; age_min is one of 18, 25, 35, 45, "
            "55 and age_max one of 24, 34, 44, 54, 65 (65 is open)",
            field="age_min" if low not in {first for first, _, _ in _AGES} else "age_max",
        )
    found = [name for first, last, name in _AGES if low <= first and last <= high]
    if not found:
        raise refused(f"age range {low}-{high} holds nobody; widen it", field="age_max")
    return found


def dayparting(dayparts: Sequence[int]) -> str:
    """TikTok's week of half hours, Monday first, as 336 characters; empty is always.

    Raises:
        Refused: not seven days, or no hour at all: TikTok would take that for always.
    """
    if not dayparts:
        return ""
    if len(dayparts) != 7:
        raise refused(
            f"dayparts has {len(dayparts)} days; give seven, Monday first", field="dayparts"
        )
    if not any(dayparts):
        raise refused(
            "dayparts leave no hour of the week, and TikTok would take that for every hour; pause "
            "the ad group instead",
            field="dayparts",
        )
    return "".join(
        "11" if mask >> hour & 1 else "00" for mask in dayparts for hour in range(_HOURS)
    )
