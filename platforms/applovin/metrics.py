"""Daily figures from AppLovin's advertiser report: all campaigns in one reading, by page.

Reports name campaigns by their external id, which management calls ``hashed_id``; which of the
two ids stands there for creative sets is not documented (unsure), so both are understood.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from models.contract.money import Money
from models.contract.network import (
    AdMetricsReport,
    AdMetricsRow,
    DayFigures,
    MetricsReport,
    MetricsRow,
)
from platforms.applovin.ads import ad_id, sets_of
from platforms.applovin.errors import JsonObject
from platforms.applovin.terms import CURRENCY, money
from platforms.applovin.wire import Params, Wire

DAYS_PER_CALL = 45
"""Longest stretch of days in one report of an APP account."""
_MEASURES = ("impressions", "clicks", "conversions", "cost")


class IdBook:
    """Ids by the other ids that reports use. Filled when a report names one that is not in it;
    ids never change, so nothing in it grows old."""

    def __init__(self) -> None:
        self._campaigns: dict[str, str] = {}
        self._sets: dict[str, str] = {}

    def campaign(self, shown: str) -> str:
        """A campaign's id; one that nobody knows stays as it is shown."""
        return self._campaigns.get(shown, shown)

    def creative_set(self, shown: str) -> str:
        return self._sets.get(shown, shown)

    async def learn(self, wire: Wire, campaigns: set[str], sets: set[str]) -> None:
        """Look up what is not known yet."""
        if campaigns - self._campaigns.keys():
            self._campaigns |= _aliases(await wire.pages("/campaign/list"))
        if sets - self._sets.keys():
            known = {self._campaigns[one] for one in campaigns if one in self._campaigns}
            found = await sets_of(wire, sorted(known))
            self._sets |= _aliases(row for rows in found.values() for row in rows)


def _aliases(rows: Iterable[JsonObject]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        own = str(row.get("id"))
        found[own] = own
        if row.get("hashed_id"):
            found[str(row["hashed_id"])] = own
    return found


async def account_report(
    wire: Wire, book: IdBook, since: date, until: date, now: datetime
) -> MetricsReport:
    """Figures of every campaign with activity, per day (UTC), inclusive."""
    rows = await _read(wire, ("campaign_id_external",), since, until)
    await book.learn(wire, _named(rows, "campaign_id_external"), set())
    found = [
        MetricsRow(campaign_id=book.campaign(str(row["campaign_id_external"])), **dict(figures))
        for row, figures in _figures(rows)
    ]
    found.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(found))


async def ad_report(
    wire: Wire, book: IdBook, since: date, until: date, now: datetime
) -> AdMetricsReport:
    """Figures of every creative set in a campaign with activity, per day (UTC), inclusive."""
    rows = await _read(wire, ("campaign_id_external", "creative_set_id"), since, until)
    await book.learn(wire, _named(rows, "campaign_id_external"), _named(rows, "creative_set_id"))
    found: list[AdMetricsRow] = []
    for row, figures in _figures(rows):
        campaign = book.campaign(str(row["campaign_id_external"]))
        creative_set = book.creative_set(str(row.get("creative_set_id") or ""))
        found.append(
            AdMetricsRow(campaign_id=campaign, ad_id=ad_id(campaign, creative_set), **dict(figures))
        )
    found.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
    return AdMetricsReport(as_of=now, rows=tuple(found))


async def _read(wire: Wire, by: tuple[str, ...], since: date, until: date) -> list[JsonObject]:
    rows: list[JsonObject] = []
    while since <= until:
        last = min(until, since + timedelta(days=DAYS_PER_CALL - 1))
        params: Params = {
            # Without it the answer would be a publisher's figures.
            "report_type": "advertiser",
            "format": "json",
            "start": since.isoformat(),
            "end": last.isoformat(),
            "columns": ",".join(("day", *by, *_MEASURES)),
            "sort_day": "ASC",
        }
        rows += await wire.report_rows(params)
        since = last + timedelta(days=1)
    return rows


def _named(rows: list[JsonObject], column: str) -> set[str]:
    return {str(row[column]) for row in rows if row.get(column)}


def _figures(rows: list[JsonObject]) -> Iterator[tuple[JsonObject, DayFigures]]:
    for row in rows:
        if not row.get("campaign_id_external") or not row.get("day"):
            continue
        figures = DayFigures(
            day=str(row["day"])[:10],
            impressions=_count(row.get("impressions")),
            clicks=_count(row.get("clicks")),
            conversions=_count(row.get("conversions")),
            spend=money(row.get("cost")) or Money(micros=0, currency=CURRENCY),
        )
        if figures.impressions or figures.clicks or figures.conversions or figures.spend.micros:
            yield row, figures


def _count(value: object) -> int:
    """A count, which comes as a number or as text."""
    try:
        return int(Decimal(str(value or 0)))
    except InvalidOperation:
        return 0
