"""Daily figures of all campaigns, or all ads, of a customer: one query, one operation."""

from datetime import date, datetime
from decimal import Decimal
from typing import cast

from models.contract.money import MICROS, Money
from models.contract.network import (
    AdMetricsReport,
    AdMetricsRow,
    DayFigures,
    MetricsReport,
    MetricsRow,
)
from platforms.google.errors import JsonObject
from platforms.google.query import select
from platforms.google.views import ad_id
from platforms.google.wire import Wire

_FIGURES = (
    "segments.date",
    "metrics.impressions",
    "metrics.clicks",
    "metrics.cost_micros",
    "metrics.conversions",
    "metrics.conversions_value",
)


async def account_report(
    wire: Wire, since: date, until: date, currency: str, now: datetime
) -> MetricsReport:
    """Figures per campaign and account day, inclusive; removed campaigns too.

    Conversions count for the day of their click, so past days rise for some weeks; fractions of
    one (several clicks share it) are dropped. ``reach`` is zero: Google has none by day.
    """
    query = select(("campaign.id", *_FIGURES), "campaign", _between(since, until))
    rows = [
        MetricsRow(campaign_id=str(row["campaign"]["id"]), **dict(figures))
        for row in await wire.search(query)
        if (figures := _figures(row, currency)) is not None
    ]
    rows.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(rows))


async def ad_report(
    wire: Wire, since: date, until: date, currency: str, now: datetime
) -> AdMetricsReport:
    """Figures per ad and account day, inclusive."""
    ids = ("campaign.id", "ad_group.id", "ad_group_ad.ad.id")
    query = select((*ids, *_FIGURES), "ad_group_ad", _between(since, until))
    rows = [
        AdMetricsRow(campaign_id=str(row["campaign"]["id"]), ad_id=ad_id(row), **dict(figures))
        for row in await wire.search(query)
        if (figures := _figures(row, currency)) is not None
    ]
    rows.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
    return AdMetricsReport(as_of=now, rows=tuple(rows))


def _between(since: date, until: date) -> str:
    return f"segments.date BETWEEN '{since.isoformat()}' AND '{until.isoformat()}'"


def _figures(row: JsonObject, currency: str) -> DayFigures | None:
    metrics = cast(JsonObject, row.get("metrics") or {})
    value = Decimal(metrics.get("conversionsValue") or 0)
    found = DayFigures(
        day=str(row["segments"]["date"]),
        impressions=int(metrics.get("impressions") or 0),
        clicks=int(metrics.get("clicks") or 0),
        conversions=int(Decimal(metrics.get("conversions") or 0)),
        spend=Money(micros=int(metrics.get("costMicros") or 0), currency=currency),
        revenue=Money(micros=int(value * MICROS), currency=currency) if value else None,
    )
    active = found.impressions or found.clicks or found.conversions or found.spend.micros
    return found if active else None
