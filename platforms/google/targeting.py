"""Who, where and when: orders into Google's criteria.

Places and hours belong to the campaign; ages, genders and interests to each Google ad group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from models.contract.network import AdGroupOrder, Targeting
from models.contract.regulated import forbidden_targeting
from models.contract.vocabulary import SpecialCategory
from platforms.google.errors import JsonObject, refused
from platforms.google.query import among, quoted, select
from platforms.google.terms import Optimisation
from platforms.google.wire import Wire

_OPEN = 65
_AGES: Mapping[tuple[int, int], str] = {
    (18, 24): "AGE_RANGE_18_24",
    (25, 34): "AGE_RANGE_25_34",
    (35, 44): "AGE_RANGE_35_44",
    (45, 54): "AGE_RANGE_45_54",
    (55, 64): "AGE_RANGE_55_64",
    (_OPEN, _OPEN): "AGE_RANGE_65_UP",
}
_STARTS = tuple(low for low, _ in _AGES)
_ENDS = tuple(high for _, high in _AGES)
_UNKNOWN_AGE = "AGE_RANGE_UNDETERMINED"
_GENDERS = {"male": "MALE", "female": "FEMALE"}
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_MOST_PERIODS = 6
"""Ad schedules a day, at most (general knowledge)."""
_KEYWORD_LIMIT, _KEYWORD_WORDS = 80, 10


def require_allowed(category: SpecialCategory, targeting: Targeting) -> None:
    """The strictest rule of the category, on Google as everywhere.

    Raises:
        Refused: the targeting narrows what the category forbids to narrow.
    """
    why = forbidden_targeting(category, targeting)
    if why is not None:
        raise refused(why, field="targeting")


def require_possible(order: AdGroupOrder, how: Optimisation) -> None:
    """What an App campaign cannot aim by.

    Raises:
        Refused: it is asked for.
    """
    if how.channel != "MULTI_CHANNEL":
        return
    everyone = Targeting(locations=order.targeting.locations)
    narrowed = [
        name
        for name in ("age_min", "age_max", "genders", "interests")
        if getattr(order.targeting, name) != getattr(everyone, name)
    ]
    if order.dayparts:
        narrowed.append("dayparts")
    if narrowed:
        raise refused(
            f"an App campaign on Google cannot be narrowed by {', '.join(narrowed)}; leave it out",
            field=narrowed[0],
        )


@dataclass(slots=True)
class Catalogue:
    """Google's own lists, read once for a connection: countries and interests by name."""

    wire: Wire
    _places: dict[str, str] = field(default_factory=dict[str, str])
    _interests: dict[str, str] | None = None

    async def places(self, countries: Sequence[str]) -> list[str]:
        """Geo target constants of countries.

        Raises:
            Refused: Google does not target one of them.
        """
        wanted = [code.upper() for code in countries]
        if missing := [code for code in wanted if code not in self._places]:
            query = select(
                ("geo_target_constant.resource_name", "geo_target_constant.country_code"),
                "geo_target_constant",
                "geo_target_constant.target_type = 'Country'",
                "geo_target_constant.status = 'ENABLED'",
                among("geo_target_constant.country_code", (quoted(code) for code in missing)),
            )
            rows = await self.wire.search(query)
            for row in rows:
                place = cast(JsonObject, row["geoTargetConstant"])
                self._places[str(place["countryCode"])] = str(place["resourceName"])
        unknown = [code for code in wanted if code not in self._places]
        if unknown or not wanted:
            raise refused(
                f"country {', '.join(unknown) or '(none)'} cannot be targeted on Google; use ISO "
                "3166 codes such as US",
                field="locations",
            )
        return [self._places[code] for code in dict.fromkeys(wanted)]

    async def interests(self, names: Sequence[str]) -> list[JsonObject]:
        """Criteria that aim at interests: Google's own segments when it lists all of them, else
        all as keywords, because segments and keywords together would narrow each other."""
        if not names:
            return []
        listed = await self._segments()
        known = [listed.get(name.strip().lower()) for name in names]
        if all(known):
            return [{"userInterest": {"userInterestCategory": one}} for one in known]
        return [{"keyword": {"text": _keyword(name), "matchType": "BROAD"}} for name in names]

    async def _segments(self) -> dict[str, str]:
        if self._interests is None:
            query = select(
                ("user_interest.resource_name", "user_interest.name"),
                "user_interest",
                "user_interest.taxonomy_type IN ('AFFINITY', 'IN_MARKET')",
                "user_interest.launched_to_all = TRUE",
            )
            rows = await self.wire.search(query)
            self._interests = {
                str(row["userInterest"]["name"]).lower(): str(row["userInterest"]["resourceName"])
                for row in rows
            }
        return self._interests


def _keyword(name: str) -> str:
    text = name.strip()
    if len(text) > _KEYWORD_LIMIT or len(text.split()) > _KEYWORD_WORDS:
        raise refused(
            f"interest {text!r} is too long for a keyword on Google; use at most "
            f"{_KEYWORD_LIMIT} characters and {_KEYWORD_WORDS} words",
            field="interests",
        )
    return text


def demographic_exclusions(targeting: Targeting) -> list[JsonObject]:
    """Criteria that leave out whoever is not meant; none when everybody is.

    Raises:
        Refused: an age that is no edge of Google's ranges.
    """
    low, high = targeting.age_min, targeting.age_max
    if low not in _STARTS or high not in _ENDS or low > high:
        starts, ends = (", ".join(map(str, each)) for each in (_STARTS, _ENDS))
        raise refused(
            f"age range {low}-{high} is not offered on Google; age_min is one of {starts} and "
            f"age_max one of {ends} (65 is open)",
            field="age_min" if low not in _STARTS else "age_max",
        )
    excluded: list[JsonObject] = []
    if (low, high) != (18, _OPEN):
        out = [name for (start, end), name in _AGES.items() if end < low or start > high]
        excluded += [{"ageRange": {"type": name}} for name in [*out, _UNKNOWN_AGE]]
    wanted = {_GENDERS[gender] for gender in targeting.genders}
    if len(wanted) == 1:
        out = [name for name in ("MALE", "FEMALE", "UNDETERMINED") if name not in wanted]
        excluded += [{"gender": {"type": name}} for name in out]
    return excluded


def hours(dayparts: Sequence[int]) -> list[JsonObject]:
    """Ad schedules of seven masks of 24 bits (Monday first).

    Raises:
        Refused: more stretches on one day than Google takes, or no hour at all.
    """
    if not dayparts:
        return []
    if len(dayparts) != len(_DAYS) or not any(dayparts):
        raise refused("dayparts must be seven masks with an hour in them", field="dayparts")
    schedules: list[JsonObject] = []
    for day, mask in zip(_DAYS, dayparts, strict=True):
        stretches = _stretches(mask)
        if len(stretches) > _MOST_PERIODS:
            raise refused(
                f"dayparts has {len(stretches)} separate stretches on {day.lower()}; Google takes "
                f"{_MOST_PERIODS} a day: join some",
                field="dayparts",
            )
        schedules += [
            {
                "dayOfWeek": day,
                "startHour": start,
                "startMinute": "ZERO",
                "endHour": end,
                "endMinute": "ZERO",
            }
            for start, end in stretches
        ]
    return [{"adSchedule": one} for one in schedules]


def _stretches(mask: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for hour in range(24):
        if not mask >> hour & 1:
            continue
        if found and found[-1][1] == hour:
            found[-1] = (found[-1][0], hour + 1)
        else:
            found.append((hour, hour + 1))
    return found


async def campaign_criteria(catalogue: Catalogue, order: AdGroupOrder) -> list[JsonObject]:
    """Places and hours of an ad group, which are its campaign's."""
    places = await catalogue.places(order.targeting.locations)
    located: list[JsonObject] = [{"location": {"geoTargetConstant": place}} for place in places]
    return located + hours(order.dayparts)


async def ad_group_criteria(
    catalogue: Catalogue, order: AdGroupOrder, how: Optimisation
) -> list[JsonObject]:
    """Ages, genders and interests of an ad group, for each of its ads.

    Raises:
        Refused: by name, what Google or the order's category does not allow.
    """
    require_allowed(order.special_category, order.targeting)
    require_possible(order, how)
    excluded: list[JsonObject] = [
        {**one, "negative": True} for one in demographic_exclusions(order.targeting)
    ]
    return excluded + await catalogue.interests(order.targeting.interests)
