"""Snapchat's measurement: totals, days and hours, of one entity or broken down below it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import cast
from zoneinfo import ZoneInfo

from sandbox.snapchat.request import (
    INVALID,
    Call,
    SnapError,
    envelope,
    gone,
    page,
)
from sandbox.snapchat.store import NETWORK, JsonObject
from sandbox.world import Figures

_GRANULARITIES = ("TOTAL", "DAY", "HOUR")
_MOST_DAYS = {"TOTAL": 366, "DAY": 31, "HOUR": 7}
_PER_PAGE = 100
_SWIPE = ("1_DAY", "7_DAY", "28_DAY")
_VIEW = ("none", "1_HOUR", "3_HOUR", "6_HOUR", "1_DAY", "7_DAY", "28_DAY")
_REACH = ("uniques", "frequency")
_HOUR = timedelta(hours=1)
_Pick = Callable[[Figures], str]

_LEVELS: dict[str, tuple[str, str, _Pick]] = {
    "adaccounts": ("account", "AD_ACCOUNT", lambda row: row.account_id),
    "campaigns": ("campaign", "CAMPAIGN", lambda row: row.campaign_id),
    "adsquads": ("adsquad", "AD_SQUAD", lambda row: row.line_id),
    "ads": ("ad", "AD", lambda row: row.ad_id),
}
_BREAKDOWNS = {"campaign": "campaigns", "adsquad": "adsquads", "ad": "ads"}


def report(call: Call) -> JsonObject:
    """Figures of an entity over a stretch of time."""
    level = call.path["level"]
    kind, word, pick = _LEVELS[level]
    entity_id = call.path["id"]
    if call.store.get(kind, entity_id) is None:
        raise gone(kind, entity_id)
    granularity = _one_of(call, "granularity", _GRANULARITIES, "TOTAL")
    breakdown = call.query.get("breakdown")
    if breakdown is not None:
        _one_of(call, "breakdown", tuple(_BREAKDOWNS), "")
    _one_of(call, "swipe_up_attribution_window", _SWIPE, "28_DAY")
    _one_of(call, "view_attribution_window", _VIEW, "1_DAY")
    fields = _fields(call, level, breakdown, granularity)
    account = _account(call, level, entity_id)
    zone = ZoneInfo(str(account["timezone"]))
    start, end = _range(call, granularity, zone)
    by_ad = "ad" in (breakdown, kind)
    rows = [
        row
        for row in call.store.world.figures(
            NETWORK,
            str(account["id"]),
            start.astimezone(zone).date().isoformat(),
            (end - timedelta(seconds=1)).astimezone(zone).date().isoformat(),
            hourly=granularity == "HOUR",
            by_ad=by_ad,
        )
        if pick(row) == entity_id and start <= _begin(row, zone) < end
    ]
    edges = _edges(start, end, granularity, zone)
    counts = _Counts(call, fields)
    whole: JsonObject = {
        "id": entity_id,
        "type": word,
        "granularity": granularity,
        "start_time": _local(start, zone),
        "end_time": _local(end, zone),
        "finalized_data_end_time": _local(min(end, call.now - timedelta(days=2)), zone),
    }
    paging: JsonObject = {}
    if breakdown is None:
        whole |= _figures(counts, rows, edges, granularity, zone)
    else:
        _, below, of = _LEVELS[_BREAKDOWNS[breakdown]]
        groups: defaultdict[str, list[Figures]] = defaultdict(list)
        for row in rows:
            groups[of(row)].append(row)
        shown, paging = page(call, [{"id": one} for one in sorted(groups)], _PER_PAGE)
        whole["breakdown_stats"] = {
            breakdown: [
                {
                    "id": one["id"],
                    "type": below,
                    "granularity": granularity,
                    **_figures(counts, groups[str(one["id"])], edges, granularity, zone),
                }
                for one in shown
            ]
        }
    plural = "total_stats" if granularity == "TOTAL" else "timeseries_stats"
    singular = plural.removesuffix("s")
    # Reports spell their state in lower case.
    answer = envelope(
        call, plural, [{"sub_request_status": "SUCCESS", singular: whole}], paging=paging
    )
    return {**answer, "request_status": "success"}


class _Counts:
    """The asked-for figures of some rows. What a conversion is called depends on what its
    campaign was bought for."""

    def __init__(self, call: Call, fields: Sequence[str]) -> None:
        self._fields = fields
        self._bought = {
            str(row["id"]): str(
                cast(JsonObject, row.get("objective_v2_properties") or {}).get("objective_v2_type")
            )
            for row in call.store.every("campaign")
        }

    def of(self, rows: Sequence[Figures]) -> JsonObject:
        known: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            known["impressions"] += row.impressions
            known["swipes"] += row.clicks
            known["spend"] += row.spend_micros
            known["uniques"] = max(known["uniques"], row.reach)
            bought = self._bought.get(row.campaign_id, "")
            if bought == "LEADS":
                known["conversion_sign_ups"] += row.conversions
            elif bought == "APP_PROMOTION":
                known["total_installs"] += row.conversions
            else:
                known["conversion_purchases"] += row.conversions
                known["conversion_purchases_value"] += row.revenue_micros
        return {field: known[field] for field in self._fields}


def _figures(
    counts: _Counts,
    rows: Sequence[Figures],
    edges: Sequence[datetime],
    granularity: str,
    zone: ZoneInfo,
) -> JsonObject:
    if granularity == "TOTAL":
        return {"stats": counts.of(rows)}
    series: list[JsonObject] = []
    for begin, end in pairwise(edges):
        within = [row for row in rows if begin <= _begin(row, zone) < end]
        times = {"start_time": _local(begin, zone), "end_time": _local(end, zone)}
        series.append({**times, "stats": counts.of(within)})
    return {"timeseries": series}


def _fields(call: Call, level: str, breakdown: str | None, granularity: str) -> list[str]:
    stated = call.query.get("fields")
    fields = [one for one in (stated or "spend").split(",") if one]
    if level == "adaccounts" and breakdown is None and fields != ["spend"]:
        raise SnapError(400, INVALID, "an ad account without a breakdown has the field spend only")
    if granularity == "HOUR" and set(fields) & set(_REACH):
        raise SnapError(400, INVALID, f"{', '.join(_REACH)} are not available by the hour")
    return fields


def _account(call: Call, level: str, entity_id: str) -> JsonObject:
    row = call.store.get(_LEVELS[level][0], entity_id) or {}
    if level == "adaccounts":
        return row
    if level == "ads":
        row = call.store.get("adsquad", str(row["ad_squad_id"])) or {}
    if level in ("ads", "adsquads"):
        row = call.store.get("campaign", str(row["campaign_id"])) or {}
    return call.store.get("account", str(row["ad_account_id"])) or {}


def _range(call: Call, granularity: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    found: list[datetime] = []
    for name in ("start_time", "end_time"):
        stated = call.query.get(name, "")
        try:
            at = datetime.fromisoformat(stated)
        except ValueError:
            raise SnapError(400, INVALID, f"{name} {stated!r} is no ISO 8601 time") from None
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        local = at.astimezone(zone)
        if local.minute or local.second or local.microsecond:
            raise SnapError(400, INVALID, f"{name} {stated!r} is not on the hour")
        if granularity == "DAY" and local.hour:
            raise SnapError(400, INVALID, f"{name} {stated!r} is no midnight of the account")
        found.append(at)
    start, end = found
    most = timedelta(days=_MOST_DAYS[granularity], hours=1)
    if not timedelta() < end - start <= most:
        raise SnapError(400, INVALID, f"the range must be at most {_MOST_DAYS[granularity]} days")
    return start, end


def _edges(start: datetime, end: datetime, granularity: str, zone: ZoneInfo) -> list[datetime]:
    """Borders of the series. Days are the account's, however long the clock makes them."""
    if granularity == "TOTAL":
        return [start, end]
    edges, edge = [start], start
    while edge < end:
        if granularity == "HOUR":
            edge += _HOUR
        else:
            day = edge.astimezone(zone).date() + timedelta(days=1)
            edge = datetime(day.year, day.month, day.day, tzinfo=zone)
        edges.append(edge)
    return edges


def _begin(row: Figures, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(row.day).replace(tzinfo=zone) + _HOUR * (row.hour or 0)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def _one_of(call: Call, name: str, allowed: Sequence[str], default: str) -> str:
    value = call.query.get(name, default)
    if value not in allowed:
        raise SnapError(400, INVALID, f"{name} {value!r} is not one of {', '.join(allowed)}")
    return value
