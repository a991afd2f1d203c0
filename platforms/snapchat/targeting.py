"""Who sees an ad squad: Snapchat's words for countries, ages, genders and interests."""

import time
from collections.abc import Callable
from typing import cast

from models.contract.account import AdAccount
from models.contract.network import AdGroupOrder, Targeting
from models.contract.regulated import forbidden_targeting
from models.contract.vocabulary import SpecialCategory
from platforms.countries import is_country
from platforms.snapchat.errors import JsonObject, refused
from platforms.snapchat.terms import LANGUAGE
from platforms.snapchat.wire import Wire

_OPEN = 65
"""``age_max`` that means no upper end."""
_OLDEST = 54
"""Highest age that can be an end: what is above is one group, 55+."""
_GENDERS = {"male": "MALE", "female": "FEMALE"}
_UNLIKE_ISO = {"gb": "uk"}
"""Countries that Snapchat's own examples spell otherwise; which of both its list has, decides."""
_OFF = {"enabled": False}
_CATALOGUE_AGE = 24 * 3600.0


class Catalogue:
    """Snapchat's own lists of countries and interests, read once a day."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._clock = clock
        self._held: dict[str, tuple[float, dict[str, str]]] = {}

    async def countries(self) -> frozenset[str]:
        """Country codes, lower case."""
        listed = await self._list("targeting/geo/country", "country", {})
        return frozenset(listed.values())

    async def interests(self, country: str) -> dict[str, str]:
        """Ids of the lifestyle categories of a country by lower-case name."""
        return await self._list("targeting/v1/interests/scls", "scls", {"country_code": country})

    async def _list(self, path: str, singular: str, params: dict[str, str]) -> dict[str, str]:
        key = f"{path} {params}"
        held = self._held.get(key)
        if held is None or self._clock() - held[0] > _CATALOGUE_AGE:
            found: dict[str, str] = {}
            for answer in await self._wire.pages(path, {"limit": 1000, **params}):
                for entry in cast(list[JsonObject], answer.get("targeting_dimensions") or []):
                    one = cast(JsonObject, entry.get(singular) or {})
                    if one.get("id"):
                        found[str(one.get("name") or one["id"]).strip().lower()] = str(one["id"])
            held = (self._clock(), found)
            self._held[key] = held
        return held[1]


async def targeting_of(catalogue: Catalogue, order: AdGroupOrder, account: AdAccount) -> JsonObject:
    """``targeting`` of an ad squad.

    Raises:
        Refused: Snapchat cannot aim so, or the special category forbids it.
    """
    wanted = order.targeting
    forbidden = forbidden_targeting(order.special_category, wanted)
    if forbidden:
        raise refused(forbidden, field="targeting")
    people = _people(wanted)
    if len(wanted.locations) > 1:
        people["languages"] = [_language(account)]
    known = await catalogue.countries()
    codes = [_country(code, known) for code in dict.fromkeys(wanted.locations)]
    found: JsonObject = {
        "geos": [{"country_code": code, "operation": "INCLUDE"} for code in codes],
        "demographics": [people],
        "regulated_content": order.special_category is not SpecialCategory.NONE,
        # Left out, Snapchat widens the audience by itself.
        "enable_targeting_expansion": False,
        "auto_expansion_options": {
            "interest_expansion_option": _OFF,
            "custom_audience_expansion_option": _OFF,
        },
    }
    if wanted.interests:
        offered = await catalogue.interests(codes[0])
        ids = [_interest(name, offered) for name in wanted.interests]
        found["interests"] = [{"category_id": list(dict.fromkeys(ids)), "operation": "INCLUDE"}]
    return found


def _people(wanted: Targeting) -> JsonObject:
    if wanted.age_max != _OPEN and not wanted.age_min <= wanted.age_max <= _OLDEST:
        raise refused(
            f"age range {wanted.age_min}-{wanted.age_max} is not offered on Snapchat; end it at "
            f"{_OLDEST} at most, or leave it open ({_OPEN})",
            field="age_max",
        )
    if wanted.age_min > _OLDEST + 1:
        raise refused(
            f"age_min {wanted.age_min} is not offered on Snapchat; use {_OLDEST + 1} at most",
            field="age_min",
        )
    # Stated even when everybody of age is meant: Snapchat's own lowest age is 13.
    people: JsonObject = {"min_age": wanted.age_min}
    if wanted.age_max != _OPEN:
        people["max_age"] = wanted.age_max
    genders = set(wanted.genders)
    if len(genders) == 1:
        people["gender"] = _GENDERS[genders.pop()]
    return people


def _language(account: AdAccount) -> str:
    language = account.options.get(LANGUAGE)
    if not language:
        raise refused(
            "an ad group in several countries needs one language on Snapchat; set the account "
            f"option {LANGUAGE} (such as en), or make a campaign for each country",
            field="locations",
        )
    return language


def _country(code: str, known: frozenset[str]) -> str:
    low = code.lower()
    for spelling in (low, _UNLIKE_ISO.get(low, low)):
        if spelling in known:
            return spelling
    # A list in another form than third parties tell must not keep every campaign from starting.
    if not known and is_country(code.upper()):
        return low
    raise refused(
        f"country {code!r} cannot be targeted on Snapchat; use ISO 3166 codes such as US",
        field="locations",
    )


def _interest(name: str, offered: dict[str, str]) -> str:
    found = offered.get(name.strip().lower())
    if found is None:
        some = ", ".join(sorted(offered)[:5])
        raise refused(
            f"interest {name!r} is no lifestyle category on Snapchat; leave it out, or use one of "
            f"its {len(offered)}, such as: {some}",
            field="interests",
        )
    return found
