"""Daily figures of all campaigns or ads, from TikTok's integrated report."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from models.contract.network import (
    AdMetricsReport,
    AdMetricsRow,
    DayFigures,
    MetricsReport,
    MetricsRow,
)
from platforms.tiktok.errors import JsonObject
from platforms.tiktok.money import NONE, figure
from platforms.tiktok.wire import Wire

_DAYS_PER_CALL = 30
REVENUE = "total_complete_payment_rate"
"""TikTok's name for the *value* of all payments the pixel saw."""
_METRICS = ("spend", "impressions", "clicks", "conversion", "reach", REVENUE)
_EVERY = '["STATUS_ALL"]'


async def account_report(
    wire: Wire, since: date, until: date, currency: str, now: datetime
) -> MetricsReport:
    """Figures per campaign and account day, inclusive: a thousand rows to a call. Deleted
    campaigns are asked for by name of their status, or their spend would vanish."""
    rows = await _rows(wire, "AUCTION_CAMPAIGN", "campaign_id", "campaign_status", since, until)
    found = [
        MetricsRow(
            campaign_id=str(_part(row, "dimensions")["campaign_id"]), **dict(_day(row, currency))
        )
        for row in rows
    ]
    found = [row for row in found if _moved(row)]
    found.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(found))


async def ad_report(
    wire: Wire, since: date, until: date, currency: str, now: datetime
) -> AdMetricsReport:
    """Figures per ad and account day, inclusive."""
    rows = await _rows(
        wire, "AUCTION_AD", "ad_id", "ad_status", since, until, also=("campaign_id",)
    )
    found = [
        AdMetricsRow(
            campaign_id=str(_part(row, "metrics")["campaign_id"]),
            ad_id=str(_part(row, "dimensions")["ad_id"]),
            **dict(_day(row, currency)),
        )
        for row in rows
    ]
    found = [row for row in found if _moved(row)]
    found.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
    return AdMetricsReport(as_of=now, rows=tuple(found))


async def _rows(
    wire: Wire,
    level: str,
    dimension: str,
    status: str,
    since: date,
    until: date,
    *,
    also: Sequence[str] = (),
) -> list[JsonObject]:
    found: list[JsonObject] = []
    first = since
    while first <= until:
        last = min(until, first + timedelta(days=_DAYS_PER_CALL - 1))
        params = {
            "report_type": "BASIC",
            "data_level": level,
            "dimensions": [dimension, "stat_time_day"],
            "metrics": [*_METRICS, *also],
            "start_date": first.isoformat(),
            "end_date": last.isoformat(),
            "filtering": [{"field_name": status, "filter_type": "IN", "filter_value": _EVERY}],
        }
        found += await wire.rows("report/integrated/get", params)
        first = last + timedelta(days=1)
    return found


def _day(row: JsonObject, currency: str) -> DayFigures:
    metrics = _part(row, "metrics")
    revenue = figure(metrics.get(REVENUE), currency)
    return DayFigures(
        day=str(_part(row, "dimensions")["stat_time_day"])[:10],
        impressions=_count(metrics.get("impressions")),
        clicks=_count(metrics.get("clicks")),
        conversions=_count(metrics.get("conversion")),
        reach=_count(metrics.get("reach")),
        spend=figure(metrics.get("spend"), currency),
        revenue=revenue if revenue.micros else None,
    )


def _moved(row: DayFigures) -> bool:
    return bool(row.impressions or row.clicks or row.conversions or row.spend.micros)


def _part(row: JsonObject, name: str) -> JsonObject:
    part: JsonObject = row[name]
    return part


def _count(value: object) -> int:
    """A count, which TikTok writes as text and ``-`` where it does not apply."""
    text = str(value)
    return 0 if value is None or text in NONE else int(text.partition(".")[0])
