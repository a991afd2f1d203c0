"""Daily figures from X's synchronous analytics, of all campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import DayFigures, MetricsReport, MetricsRow
from platforms.x.errors import JsonObject
from platforms.x.names import day_window
from platforms.x.reach import ReachBook
from platforms.x.wire import Wire

ENTITIES_PER_CALL = 20
DAYS_PER_CALL = 7
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
    """Figures of one entity and day; a figure X has no data for stays zero."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    spend: int = 0
    revenue: int | None = field(default=None)

    @property
    def empty(self) -> bool:
        return not (self.impressions or self.clicks or self.conversions or self.spend)


async def account_report(
    wire: Wire, account: AdAccount, since: date, until: date, now: datetime, reach: ReachBook
) -> MetricsReport:
    """Figures per campaign and account day, inclusive.

    20 campaigns and seven days are one call, and 250 calls in 15 minutes are all there are; so
    a larger account's campaigns are asked for only when X lists them as active in the period.
    Spend may be lower than in an earlier reading: X credits over-delivery and junk for up to
    three days.
    """
    zone = ZoneInfo(account.timezone)
    rows: list[MetricsRow] = []
    everyone = await wire.pages("campaigns", {"with_deleted": True})
    few = [str(row["id"]) for row in everyone] if len(everyone) <= ENTITIES_PER_CALL else None
    for first, last in spans(since, until, DAYS_PER_CALL):
        active = few if few is not None else await active_in(wire, "CAMPAIGN", first, last, zone)
        rows += [
            MetricsRow(campaign_id=campaign_id, **dict(figures))
            for campaign_id, figures in await by_day(
                wire, "CAMPAIGN", active, first, last, zone, account.currency
            )
        ]
    delivering = sorted({row.campaign_id for row in rows})
    await reach.refresh(wire, delivering, since, until, zone)
    rows = [_with_reach(row, reach) for row in rows]
    rows.sort(key=lambda row: (row.campaign_id, row.day))
    return MetricsReport(as_of=now, rows=tuple(rows))


def _with_reach(row: MetricsRow, reach: ReachBook) -> MetricsRow:
    people = reach.of(row.campaign_id, date.fromisoformat(row.day))
    return row.model_copy(update={"reach": people})


def spans(since: date, until: date, days: int) -> list[tuple[date, date]]:
    """First and last days of stretches of at most so many days."""
    found: list[tuple[date, date]] = []
    while since <= until:
        last = min(until, since + timedelta(days=days - 1))
        found.append((since, last))
        since = last + timedelta(days=1)
    return found


async def active_in(wire: Wire, entity: str, first: date, last: date, zone: ZoneInfo) -> list[str]:
    """Ids whose figures X says changed in these days (at most 90), in order."""
    params = {"entity": entity, **day_window(first, last, zone)}
    answer = await wire.get(f"/stats/accounts/{wire.account_id}/active_entities", params)
    rows = cast(list[JsonObject], answer.get("data") or [])
    return sorted({str(row["entity_id"]) for row in rows})


async def by_day(
    wire: Wire,
    entity: str,
    ids: Sequence[str],
    first: date,
    last: date,
    zone: ZoneInfo,
    currency: str,
) -> list[tuple[str, DayFigures]]:
    """Figures of entities per account day (at most seven days), without reach; a day without any
    is left out."""
    found: list[tuple[str, DayFigures]] = []
    for start in range(0, len(ids), ENTITIES_PER_CALL):
        some = ids[start : start + ENTITIES_PER_CALL]
        found += await _read(wire, entity, some, first, last, zone, currency)
    return found


async def _read(
    wire: Wire,
    entity: str,
    ids: Sequence[str],
    first: date,
    last: date,
    zone: ZoneInfo,
    currency: str,
) -> list[tuple[str, DayFigures]]:
    params = {
        "entity": entity,
        "entity_ids": ids,
        "granularity": "DAY",
        "placement": "ALL_ON_TWITTER",
        "metric_groups": _GROUPS,
        **day_window(first, last, zone),
    }
    answer = await wire.get(f"/stats/accounts/{wire.account_id}", params)
    found: list[tuple[str, DayFigures]] = []
    for one in cast(list[JsonObject], answer.get("data") or []):
        for offset in range((last - first).days + 1):
            day = _Day()
            for segment in cast(list[JsonObject], one.get("id_data") or []):
                _add(day, cast(JsonObject, segment.get("metrics") or {}), offset)
            if not day.empty:
                label = (first + timedelta(days=offset)).isoformat()
                found.append((str(one["id"]), _figures(label, day, currency)))
    return found


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


def _figures(day: str, figures: _Day, currency: str) -> DayFigures:
    revenue = figures.revenue
    return DayFigures(
        day=day,
        impressions=figures.impressions,
        clicks=figures.clicks,
        conversions=figures.conversions,
        spend=Money(micros=figures.spend, currency=currency),
        revenue=Money(micros=revenue, currency=currency) if revenue is not None else None,
    )
