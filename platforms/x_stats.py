"""Daily figures of all campaigns from X's synchronous analytics."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from models.contract.money import Money
from models.contract.network import MetricsReport, MetricsRow
from platforms.x_errors import JsonObject
from platforms.x_names import day_window
from platforms.x_reach import ReachBook
from platforms.x_wire import Wire

_ENTITIES_PER_CALL = 20
_DAYS_PER_CALL = 7
_GROUPS = ["ENGAGEMENT", "BILLING", "WEB_CONVERSION"]
_COUNTED = (
    "conversion_purchases",
    "conversion_sign_ups",
    "conversion_downloads",
    "conversion_custom",
)
"""Conversions proper. Site visits are left out: they are an echo of the click."""
_ATTRIBUTED = ("post_view", "post_engagement")


@dataclass(slots=True)
class _Day:
    """Figures of one campaign and day; a figure X has no data for stays zero."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    spend: int = 0
    revenue: int | None = field(default=None)

    @property
    def empty(self) -> bool:
        return not (self.impressions or self.clicks or self.conversions or self.spend)


async def account_report(
    wire: Wire,
    since: date,
    until: date,
    *,
    timezone: str,
    currency: str,
    now: datetime,
    reach: ReachBook,
) -> MetricsReport:
    """Figures per campaign and account day, inclusive.

    20 campaigns and seven days are one call, and 250 calls in 15 minutes are all there are; so
    a larger account's campaigns are asked for only when X lists them as active in the period.
    Spend may be lower than in an earlier reading: X credits over-delivery and junk for up to
    three days.
    """
    zone = ZoneInfo(timezone)
    rows: list[MetricsRow] = []
    everyone = await wire.pages("campaigns", {"with_deleted": True})
    few = [str(row["id"]) for row in everyone] if len(everyone) <= _ENTITIES_PER_CALL else None
    for first, last in _spans(since, until, _DAYS_PER_CALL):
        active = few if few is not None else await _active(wire, first, last, zone)
        for start in range(0, len(active), _ENTITIES_PER_CALL):
            some = active[start : start + _ENTITIES_PER_CALL]
            rows += await _read(wire, some, first, last, zone, currency)
    delivering = sorted({row.campaign_id for row in rows})
    await reach.refresh(wire, delivering, since, until, zone)
    rows = [_with_reach(row, reach) for row in rows]
    rows.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(rows))


def _with_reach(row: MetricsRow, reach: ReachBook) -> MetricsRow:
    people = reach.of(row.campaign_id, date.fromisoformat(row.day))
    return row.model_copy(update={"reach": people})


def _spans(since: date, until: date, days: int) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    while since <= until:
        last = min(until, since + timedelta(days=days - 1))
        spans.append((since, last))
        since = last + timedelta(days=1)
    return spans


async def _active(wire: Wire, first: date, last: date, zone: ZoneInfo) -> list[str]:
    params = {"entity": "CAMPAIGN", **day_window(first, last, zone)}
    answer = await wire.get(f"/stats/accounts/{wire.account_id}/active_entities", params)
    rows = cast(list[JsonObject], answer.get("data") or [])
    return sorted({str(row["entity_id"]) for row in rows})


async def _read(
    wire: Wire, ids: Sequence[str], first: date, last: date, zone: ZoneInfo, currency: str
) -> list[MetricsRow]:
    params = {
        "entity": "CAMPAIGN",
        "entity_ids": ids,
        "granularity": "DAY",
        "placement": "ALL_ON_TWITTER",
        "metric_groups": _GROUPS,
        **day_window(first, last, zone),
    }
    answer = await wire.get(f"/stats/accounts/{wire.account_id}", params)
    rows: list[MetricsRow] = []
    for entity in cast(list[JsonObject], answer.get("data") or []):
        for offset in range((last - first).days + 1):
            day = _Day()
            for segment in cast(list[JsonObject], entity.get("id_data") or []):
                _add(day, cast(JsonObject, segment.get("metrics") or {}), offset)
            if not day.empty:
                label = (first + timedelta(days=offset)).isoformat()
                rows.append(_row(str(entity["id"]), label, day, currency))
    return rows


def _add(day: _Day, metrics: JsonObject, offset: int) -> None:
    day.impressions += _at(metrics.get("impressions"), offset)
    # ``clicks`` also counts likes and profile visits; the trade's click is the one on the link.
    clicks = metrics.get("url_clicks") if "url_clicks" in metrics else metrics.get("clicks")
    day.clicks += _at(clicks, offset)
    day.spend += _at(metrics.get("billed_charge_local_micro"), offset)
    for name in _COUNTED:
        kind = cast(JsonObject, metrics.get(name) or {})
        day.conversions += sum(_at(kind.get(part), offset) for part in _ATTRIBUTED)
        amount = _at(kind.get("sale_amount"), offset)
        if amount:
            day.revenue = (day.revenue or 0) + amount


def _at(series: Any, offset: int) -> int:
    """One bucket of a metric; X writes null for the whole series or a bucket without data."""
    if not isinstance(series, list):
        return 0
    values = cast(list[Any], series)
    return int(values[offset] or 0) if offset < len(values) else 0


def _row(campaign_id: str, day: str, figures: _Day, currency: str) -> MetricsRow:
    revenue = figures.revenue
    return MetricsRow(
        campaign_id=campaign_id,
        day=day,
        impressions=figures.impressions,
        clicks=figures.clicks,
        conversions=figures.conversions,
        spend=Money(micros=figures.spend, currency=currency),
        revenue=Money(micros=revenue, currency=currency) if revenue is not None else None,
    )
