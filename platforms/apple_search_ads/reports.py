"""Daily figures from Apple's report endpoints, in the account's time zone."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AdMetricsReport,
    AdMetricsRow,
    DayFigures,
    MetricsReport,
    MetricsRow,
)
from platforms.apple_search_ads.errors import JsonObject, refused
from platforms.apple_search_ads.terms import money
from platforms.apple_search_ads.wire import IDS_PER_QUERY, Wire

_REACH_BACK = 90
"""Days that daily figures begin within."""
_FIELDS = ["localSpend", "impressions", "taps", "totalInstalls"]


async def account_report(
    wire: Wire, account: AdAccount, since: date, until: date, now: datetime
) -> MetricsReport:
    """Figures per campaign and account day, inclusive; deleted campaigns too.

    Raises:
        Refused: it begins more than 90 days ago.
    """
    rows: list[MetricsRow] = []
    for shown, day in await _read(wire, "campaigns", account, since, until, now):
        rows.append(MetricsRow(campaign_id=str(shown["id"]), **dict(day)))
    rows.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(rows))


async def ad_report(
    wire: Wire, account: AdAccount, since: date, until: date, now: datetime
) -> AdMetricsReport:
    """Figures per ad and account day, inclusive. ``reach`` is zero, unknown.

    Raises:
        Refused: it begins more than 90 days ago.
    """
    rows: list[AdMetricsRow] = []
    for shown, day in await _read(wire, "ads", account, since, until, now):
        campaign, ad = str(shown["campaignId"]), str(shown["id"])
        rows.append(AdMetricsRow(campaign_id=campaign, ad_id=ad, **dict(day)))
    rows.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
    return AdMetricsReport(as_of=now, rows=tuple(rows))


async def _read(
    wire: Wire, kind: str, account: AdAccount, since: date, until: date, now: datetime
) -> list[tuple[JsonObject, DayFigures]]:
    """Metadata and figures of every row and day with any. Apple wants campaigns named, so all of
    the account's are."""
    earliest = now.astimezone(ZoneInfo(account.timezone)).date() - timedelta(days=_REACH_BACK - 1)
    if since < earliest:
        raise refused(
            f"Apple keeps daily figures for {_REACH_BACK} days; ask from {earliest} on, not from "
            f"{since}",
            field="since",
        )
    campaigns = [str(row["id"]) for row in await wire.everything("campaigns")]
    found: list[tuple[JsonObject, DayFigures]] = []
    for start in range(0, len(campaigns), IDS_PER_QUERY):
        some = campaigns[start : start + IDS_PER_QUERY]
        for row in await wire.report(kind, _request(since, until, some)):
            shown = cast(JsonObject, row["metadata"])
            for label, metrics in _days(row, since, until):
                day = _figures(label, metrics, account.currency)
                if day.impressions or day.clicks or day.conversions or day.spend.micros:
                    found.append((shown, day))
    return found


def _request(since: date, until: date, campaigns: Sequence[str]) -> JsonObject:
    span = {"start": since.isoformat(), "end": until.isoformat(), "timeZone": "ORTZ"}
    if since != until:
        # Of a single day Apple gives the total and refuses a granularity.
        span["granularity"] = "DAILY"
    return {
        "timeRange": span,
        "filters": [{"field": "campaignId", "operator": "IN", "value": list(campaigns)}],
        "fields": _FIELDS,
        "sorting": [{"field": "id", "order": "ASC"}],
    }


def _days(row: JsonObject, since: date, until: date) -> list[tuple[str, JsonObject]]:
    if since == until:
        return [(since.isoformat(), cast(JsonObject, row.get("totalMetrics") or {}))]
    pieces = cast(list[JsonObject], row.get("granularMetrics") or [])
    return [(str(one["date"])[:10], one) for one in pieces]


def _figures(day: str, metrics: JsonObject, currency: str) -> DayFigures:
    return DayFigures(
        day=day,
        impressions=int(metrics.get("impressions") or 0),
        clicks=int(metrics.get("taps") or 0),
        conversions=int(metrics.get("totalInstalls") or 0),
        spend=money(metrics.get("localSpend")) or Money(micros=0, currency=currency),
    )
