"""Figures by ad and day (UTC), read only for ads that moved since they were last read.

Telegram reports by ad, one call each. The list of ads, which is read first, shows each ad's
lifetime totals: where they are what they were, so are its days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

from models.contract.money import Money
from models.contract.network import AdMetricsReport, AdMetricsRow, MetricsReport, MetricsRow
from platforms.telegram.errors import refused
from platforms.telegram.money import micros
from platforms.telegram.objects import Ad, read_ads
from platforms.telegram.wire import JsonObject, Wire

_DAY = 86_400
_MOST_DAYS = 1000


@dataclass(frozen=True, slots=True)
class _Day:
    """One ad's day."""

    day: str
    views: int
    clicks: int
    actions: int
    spent: int


class StatsBook:
    """Days by ad, as long as the ad's totals stay what they were."""

    def __init__(self, wire: Wire, currency: str) -> None:
        self._wire = wire
        self._currency = currency
        self._known: dict[tuple[str, date, date], tuple[tuple[int, ...], list[_Day]]] = {}

    async def campaigns(self, since: date, until: date, now: datetime) -> MetricsReport:
        """Every campaign that delivered, by day."""
        sums: dict[tuple[str, str], list[_Day]] = {}
        for ad, days in await self._read(since, until):
            for one in days:
                sums.setdefault((ad.campaign, one.day), []).append(one)
        rows = tuple(
            MetricsRow(
                campaign_id=campaign,
                day=day,
                impressions=sum(one.views for one in days),
                clicks=sum(one.clicks for one in days),
                conversions=sum(one.actions for one in days),
                spend=self._money(sum(one.spent for one in days)),
            )
            for (campaign, day), days in sorted(sums.items())
        )
        return MetricsReport(as_of=now, rows=rows)

    async def ads(self, since: date, until: date, now: datetime) -> AdMetricsReport:
        """Every ad that delivered, by day."""
        rows = tuple(
            AdMetricsRow(
                campaign_id=ad.campaign,
                ad_id=ad.id,
                day=one.day,
                impressions=one.views,
                clicks=one.clicks,
                conversions=one.actions,
                spend=self._money(one.spent),
            )
            for ad, days in await self._read(since, until)
            for one in days
        )
        return AdMetricsReport(as_of=now, rows=rows)

    async def _read(self, since: date, until: date) -> Sequence[tuple[Ad, list[_Day]]]:
        if (until - since).days >= _MOST_DAYS:
            raise refused(f"Telegram reports {_MOST_DAYS} days at most at once", field="since")
        ads = read_ads(await self._wire.ads())
        moved = [ad for ad in ads if ad.views or ad.clicks or ad.spent or ad.actions]
        return [(ad, await self._days(ad, since, until)) for ad in moved]

    async def _days(self, ad: Ad, since: date, until: date) -> list[_Day]:
        totals = (ad.views, ad.clicks, ad.actions, ad.spent)
        key = (ad.id, since, until)
        known = self._known.get(key)
        if known is not None and known[0] == totals:
            return known[1]
        params = {
            "ad_id": int(ad.id),
            "from_time": _midnight(since),
            "to_time": _midnight(until + timedelta(days=1)),
            "interval": _DAY,
        }
        rows = cast(list[JsonObject], await self._wire.read("getAdStats", params) or [])
        days = [_day(row) for row in rows]
        found = [one for one in days if one.views or one.clicks or one.actions or one.spent]
        # Of another range nothing is asked again.
        self._known = {k: v for k, v in self._known.items() if k[0] != ad.id}
        self._known[key] = (totals, found)
        return found

    def _money(self, amount: int) -> Money:
        return Money(micros=amount, currency=self._currency)


def _day(row: JsonObject) -> _Day:
    begin = datetime.fromtimestamp(int(row["from_time"]), UTC)
    return _Day(
        day=begin.date().isoformat(),
        views=int(row.get("views") or 0),
        clicks=int(row.get("clicks") or 0),
        actions=int(row.get("actions", row.get("joins")) or 0),
        spent=micros(row.get("spent_budget")),
    )


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
