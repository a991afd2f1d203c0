"""Who sees an ad: Telegram's users by country and by the topics they follow, at chosen hours."""

from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from models.contract.account import AdAccount
from models.contract.network import AdGroupOrder, Targeting
from models.contract.regulated import forbidden_targeting
from models.contract.vocabulary import SpecialCategory
from platforms.telegram.errors import refused
from platforms.telegram.terms import check_category
from platforms.telegram.wire import JsonObject, Wire

_MOST_COUNTRIES = 8
_MOST_TOPICS = 20
_DAYS = 7
_OFFSETS = frozenset(
    (
        -43200, -39600, -36000, -34200, -32400, -28800, -25200, -21600, -18000, -14400, -12600,
        -10800, -9000, -7200, -3600, 0, 3600, 7200, 10800, 12600, 14400, 16200, 18000, 19800,
        20700, 21600, 23400, 25200, 28800, 31500, 32400, 34200, 36000, 37800, 39600, 43200, 45900,
        46800, 49500, 50400,
    )
)  # fmt: skip
"""Offsets from UTC in seconds that a schedule takes."""


class Catalogue:
    """Telegram's countries and topics, read once."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._countries: frozenset[str] | None = None
        self._topics: dict[str, int] | None = None

    async def countries(self) -> frozenset[str]:
        """Country codes that can be aimed at."""
        if self._countries is None:
            rows = cast(list[JsonObject], await self._wire.read("getTargetCountriesList") or [])
            self._countries = frozenset(str(row["country_code"]).upper() for row in rows)
        return self._countries

    async def topics(self) -> dict[str, int]:
        """Topic ids by lower-case name."""
        if self._topics is None:
            rows = cast(list[JsonObject], await self._wire.read("getTargetTopicsList") or [])
            self._topics = {str(row["name"]).lower(): int(row["topic_id"]) for row in rows}
        return self._topics


async def check_countries(codes: tuple[str, ...], catalogue: Catalogue) -> list[str]:
    """Countries as Telegram spells them.

    Raises:
        Refused: none, too many, or one that Telegram has not.
    """
    wanted = list(dict.fromkeys(code.upper() for code in codes))
    if not wanted:
        raise refused("an ad needs a country to be shown in; give one", field="locations")
    if len(wanted) > _MOST_COUNTRIES:
        raise refused(
            f"{len(wanted)} countries are too many for one ad; Telegram takes {_MOST_COUNTRIES}",
            field="locations",
        )
    known = await catalogue.countries()
    for code in wanted:
        if code not in known:
            raise refused(
                f"country {code!r} cannot be targeted on Telegram; use ISO 3166 codes such as DE",
                field="locations",
            )
    return wanted


async def target(
    targeting: Targeting, category: SpecialCategory, catalogue: Catalogue
) -> JsonObject:
    """Telegram's ``target`` for an ad group.

    Raises:
        Refused: its category forbids it, or Telegram cannot aim so.
    """
    if (forbidden := forbidden_targeting(category, targeting)) is not None:
        raise refused(forbidden, field="targeting")
    check_category(category)
    everyone = Targeting()
    if (targeting.age_min, targeting.age_max) != (everyone.age_min, everyone.age_max):
        raise refused(
            f"age_min {targeting.age_min} to age_max {targeting.age_max}: Telegram cannot aim by "
            f"age; use {everyone.age_min} to {everyone.age_max}",
            field="age_min",
        )
    if len(set(targeting.genders)) == 1:
        raise refused(
            f"gender {targeting.genders[0]!r}: Telegram cannot aim by gender; leave genders empty",
            field="genders",
        )
    found: JsonObject = {
        "type": "users",
        "country_codes": await check_countries(targeting.locations, catalogue),
    }
    if targeting.interests:
        found["topic_ids"] = await _topic_ids(targeting.interests, catalogue)
    return found


async def _topic_ids(interests: tuple[str, ...], catalogue: Catalogue) -> list[int]:
    if len(interests) > _MOST_TOPICS:
        raise refused(
            f"{len(interests)} interests are too many; Telegram takes {_MOST_TOPICS} topics",
            field="interests",
        )
    known = await catalogue.topics()
    for name in interests:
        if name.strip().lower() not in known:
            some = ", ".join(sorted(known)[:12])
            raise refused(
                f"interest {name!r} is no topic of Telegram's; use one of: {some} ...",
                field="interests",
            )
    return list(dict.fromkeys(known[name.strip().lower()] for name in interests))


def schedule(order: AdGroupOrder, account: AdAccount) -> JsonObject:
    """``schedule`` for an ad group with dayparts; empty for one without.

    Raises:
        Refused: not seven days, no hour at all, or hours of a zone whose clocks change.
    """
    if not order.dayparts:
        return {}
    if len(order.dayparts) != _DAYS:
        raise refused(
            f"dayparts hold {len(order.dayparts)} days; give seven masks, Monday first",
            field="dayparts",
        )
    if not any(order.dayparts):
        raise refused(
            "dayparts name no hour, which Telegram would read as every hour; name one, or leave "
            "them out",
            field="dayparts",
        )
    zone = ZoneInfo(account.timezone)
    offsets = {_offset(order.start_time, zone), _offset(order.end_time, zone)}
    if len(offsets) > 1 or not offsets <= _OFFSETS:
        raise refused(
            f"dayparts in {account.timezone}: Telegram takes hours at one fixed offset from UTC, "
            "and this zone's clocks change during the flight or lie between; set the account's "
            "time zone to UTC",
            field="dayparts",
        )
    return {"schedule": {"week_hours_mask": list(order.dayparts), "timezone": offsets.pop()}}


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())
