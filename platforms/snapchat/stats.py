"""Figures by account day, from one report over the whole account broken down by campaign or ad.

Without a breakdown the account level has spend only. Figures change until
``finalized_data_end_time``; they are computed about every quarter of an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from models.contract.money import Money
from models.contract.network import DayFigures
from platforms.errors import Refused
from platforms.snapchat.errors import JsonObject
from platforms.snapchat.names import days, midnight
from platforms.snapchat.terms import COUNTED_OTHERWISE, INSTALL, PURCHASE, SIGN_UP
from platforms.snapchat.wire import Wire

_DAYS_PER_CALL = 30
"""Third parties report a limit of 31 days by day (unsure)."""
_REVENUE = "conversion_purchases_value"
_FIELDS = ("impressions", "swipes", "spend", PURCHASE, _REVENUE, SIGN_UP, INSTALL)
_REACH = "uniques"
# Both windows are always stated, or two readers could disagree. They are the window an ad squad
# of ours is optimised for (SWIPE_28DAY_VIEW_1DAY).
_WINDOWS = {"swipe_up_attribution_window": "28_DAY", "view_attribution_window": "1_DAY"}


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one campaign or ad on one account day, as Snapchat counts them."""

    id: str
    day: str
    stats: Mapping[str, int]

    def figures(self, currency: str, counted: Sequence[str]) -> DayFigures:
        """In the trade's terms: a swipe up is the click; ``counted`` makes a conversion."""
        value = self.stats.get(_REVENUE, 0)
        return DayFigures(
            day=self.day,
            impressions=self.stats.get("impressions", 0),
            clicks=self.stats.get("swipes", 0),
            conversions=sum(self.stats.get(field, 0) for field in counted or COUNTED_OTHERWISE),
            reach=self.stats.get(_REACH, 0),
            spend=Money(micros=self.stats.get("spend", 0), currency=currency),
            revenue=Money(micros=value, currency=currency) if value else None,
        )


class Stats:
    """The reports of one account."""

    def __init__(self, wire: Wire, timezone: str) -> None:
        self._wire = wire
        self._zone = ZoneInfo(timezone)
        self._fields = (*_FIELDS, _REACH)

    async def by_day(
        self, breakdown: Literal["campaign", "ad"], since: date, until: date
    ) -> list[Row]:
        """Every campaign or ad with figures, sorted, per account day, inclusive, all pages."""
        found: list[Row] = []
        for first, last in days(since, until, _DAYS_PER_CALL):
            for answer in await self._report(breakdown, first, last):
                found += _rows(answer, breakdown, self._zone)
        return sorted(found, key=lambda row: (row.id, row.day))

    async def _report(self, breakdown: str, first: date, last: date) -> list[JsonObject]:
        try:
            return await self._read(breakdown, first, last)
        except Refused:
            if _REACH not in self._fields:
                raise
            # Reach is refused in some breakdowns; spend must be read all the same.
            self._fields = _FIELDS
            return await self._read(breakdown, first, last)

    async def _read(self, breakdown: str, first: date, last: date) -> list[JsonObject]:
        after = date.fromordinal(last.toordinal() + 1)
        params = {
            "granularity": "DAY",
            "breakdown": breakdown,
            "fields": ",".join(self._fields),
            "start_time": midnight(first, self._zone),
            "end_time": midnight(after, self._zone),
            **_WINDOWS,
        }
        return await self._wire.pages(self._wire.account("stats"), params)


def _rows(answer: JsonObject, breakdown: str, zone: ZoneInfo) -> list[Row]:
    found: list[Row] = []
    for entry in cast(list[JsonObject], answer.get("timeseries_stats") or []):
        series = cast(JsonObject, entry.get("timeseries_stat") or {})
        broken = cast(JsonObject, series.get("breakdown_stats") or {})
        for one in cast(list[JsonObject], broken.get(breakdown) or []):
            for bucket in cast(list[JsonObject], one.get("timeseries") or []):
                stats = {
                    name: int(value)
                    for name, value in cast(JsonObject, bucket.get("stats") or {}).items()
                    if isinstance(value, int | float)
                }
                if any(stats.get(field) for field in _FIELDS):
                    begin = datetime.fromisoformat(str(bucket["start_time"]))
                    day = begin.astimezone(zone).date().isoformat()
                    found.append(Row(str(one["id"]), day, stats))
    return found
