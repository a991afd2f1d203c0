"""Daily figures from Unity's Statistics API (CSV; a row a day and campaign, or creative pack)."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import StringIO

from models.contract.money import Money
from models.contract.network import (
    AdMetricsReport,
    AdMetricsRow,
    DayFigures,
    MetricsReport,
    MetricsRow,
)
from models.contract.vocabulary import Platform
from platforms.errors import Transient
from platforms.unity.amounts import CURRENCY
from platforms.unity.names import ad_id
from platforms.unity.wire import Wire

_REPORT = "reports/acquisitions"
_METRICS = "starts,views,clicks,installs,spend"
# The documentation names breakdowns, not columns; these are the ones its readers find (unsure).
_DAY, _CAMPAIGN, _PACK = "timestamp", "campaign id", "creative pack id"


async def account_report(wire: Wire, since: date, until: date, now: datetime) -> MetricsReport:
    """Figures per campaign and UTC day, inclusive, in one call.

    Impressions are videos begun, conversions are installs. Reach and revenue are not reported.
    """
    rows = [
        MetricsRow(campaign_id=row[_CAMPAIGN], **dict(_figures(row)))
        for row in await _read(wire, since, until, "campaign", [_CAMPAIGN])
    ]
    rows.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(rows))


async def ad_report(wire: Wire, since: date, until: date, now: datetime) -> AdMetricsReport:
    """Figures per ad (a creative pack in a campaign) and UTC day, inclusive, in one call."""
    rows = [
        AdMetricsRow(
            campaign_id=row[_CAMPAIGN],
            ad_id=ad_id(row[_CAMPAIGN], row[_PACK]),
            **dict(_figures(row)),
        )
        for row in await _read(wire, since, until, "campaign,creativePack", [_CAMPAIGN, _PACK])
    ]
    rows.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
    return AdMetricsReport(as_of=now, rows=tuple(rows))


async def _read(
    wire: Wire, since: date, until: date, breakdowns: str, ids: list[str]
) -> list[dict[str, str]]:
    params = {
        "start": f"{since.isoformat()}T00:00:00Z",
        "end": f"{(until + timedelta(days=1)).isoformat()}T00:00:00Z",
        "scale": "day",
        "metrics": _METRICS,
        "breakdowns": breakdowns,
    }
    text = await wire.report(_REPORT, params)
    if text is None:
        return []
    reader = csv.DictReader(StringIO(text))
    columns = {str(name).strip() for name in reader.fieldnames or []}
    missing = {_DAY, *ids, *_METRICS.split(",")} - columns
    if missing:
        raise Transient(
            Platform.UNITY, f"Unity's report lacks the column(s) {', '.join(sorted(missing))}"
        )
    return list(_complete(reader, ids))


def _complete(reader: "csv.DictReader[str]", ids: list[str]) -> Iterator[dict[str, str]]:
    for row in reader:
        if all(row.get(one) for one in (_DAY, *ids)):
            yield row


def _figures(row: dict[str, str]) -> DayFigures:
    return DayFigures(
        day=row[_DAY][:10],
        impressions=int(_number(row, "starts")),
        clicks=int(_number(row, "clicks")),
        conversions=int(_number(row, "installs")),
        spend=Money(micros=round(_number(row, "spend").scaleb(6)), currency=CURRENCY),
    )


def _number(row: dict[str, str], name: str) -> Decimal:
    text = row.get(name) or "0"
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Transient(Platform.UNITY, f"Unity's report has {text[:40]!r} for {name}")
    return value
