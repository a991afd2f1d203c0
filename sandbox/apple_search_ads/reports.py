"""Apple's reports on campaigns, ad groups and ads of apps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from sandbox.apple_search_ads.request import Answer, Call, choice, given, invalid, missing
from sandbox.apple_search_ads.status import Forest
from sandbox.apple_search_ads.store import AD, AD_GROUP, CAMPAIGN, NETWORK, JsonObject
from sandbox.world import Figures

_USUAL, _MOST = 100, 5000
_GRANULARITIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY")
_FILTERS = ("campaignId", "adGroupId", "id")
_CENT = Decimal("0.01")
_COMMON = (
    "id",
    "name",
    "adAccountId",
    "status",
    "deleted",
    "systemStatus",
    "systemStatusReasons",
    "systemStatusLimitingReasons",
    "displayStatus",
    "creationTime",
    "modificationTime",
)
_METADATA: Mapping[str, Sequence[str]] = {
    CAMPAIGN: (
        *_COMMON,
        "promotedObjectType",
        "promotedObjectId",
        "startTime",
        "endTime",
        "billingEvent",
        "dailyBudget",
    ),
    AD_GROUP: (
        *_COMMON,
        "campaignId",
        "startTime",
        "endTime",
        "pricingModel",
        "automatedKeywordsOptIn",
        "automatedKeywordsRequired",
    ),
    AD: (*_COMMON, "campaignId", "adGroupId"),
}
"""What a report says of an object: less than a query, without its settings."""


@dataclass(frozen=True, slots=True)
class _Entity:
    kind: str
    id_of: Callable[[Figures], str]
    granularities: Sequence[str] = _GRANULARITIES


_ENTITIES: Mapping[str, _Entity] = {
    "campaigns": _Entity(CAMPAIGN, lambda row: row.campaign_id),
    "adgroups": _Entity(AD_GROUP, lambda row: row.line_id),
    "ads": _Entity(AD, lambda row: row.ad_id, _GRANULARITIES[1:]),
}


def report(call: Call, which: str) -> Answer:
    """Rows with totals and, where a granularity is asked for, its pieces."""
    entity = _ENTITIES[which]
    body = given(call.body)
    wanted = _filters(body)
    since, until, granularity = _span(call, body, entity)
    options = cast(JsonObject, body.get("options") or {})
    include = cast(list[str], options.get("includeRows") or [])
    if "EMPTY_METRICS" in include and body.get("groupBy"):
        raise invalid("options", "EMPTY_METRICS cannot be combined with groupBy.")
    if body.get("groupBy"):
        raise invalid("groupBy", "This stand-in reports no dimensions.", "NOT_AVAILABLE")
    figures = _figures(call, since, until, hourly=granularity == "HOURLY", by_ad=which == "ads")
    forest, currency = Forest(call.store, call.now), str(call.account["currency"])
    fields = cast(list[str], body.get("fields") or [])
    rows: list[JsonObject] = []
    counted: list[Figures] = []
    for row in _asked(call, entity, wanted):
        mine = [one for one in figures if entity.id_of(one) == str(row["id"])]
        if not mine and "EMPTY_METRICS" not in include:
            continue
        counted += mine
        told: JsonObject = {
            "metadata": _metadata(entity.kind, forest.shown(entity.kind, row)),
            "totalMetrics": _metrics(mine, currency, fields),
        }
        if granularity:
            pieces = _pieces(mine, granularity)
            told["granularMetrics"] = [
                {"date": label, **_metrics(some, currency, fields)} for label, some in pieces
            ]
        rows.append(told)
    result: JsonObject = {"rows": rows}
    if "GRAND_TOTAL" in include:
        result["summary"] = {"grandTotal": _metrics(counted, currency, fields)}
    return _page(body, result)


def _metadata(kind: str, row: JsonObject) -> JsonObject:
    found = {name: row.get(name) for name in _METADATA[kind]}
    if kind in (CAMPAIGN, AD_GROUP):
        # The goal is left out here.
        strategy = cast(JsonObject, row["bidStrategy"])
        found["bidStrategy"] = {
            name: value for name, value in strategy.items() if name != "bidStrategyGoal"
        }
    return found


def _filters(body: JsonObject) -> dict[str, set[str]]:
    """Values by field. Without a campaign nothing is reported."""
    found: dict[str, set[str]] = {}
    for one in cast(list[JsonObject], body.get("filters") or []):
        field = choice("filters.field", one.get("field"), _FILTERS)
        choice("filters.operator", one.get("operator"), ("EQUALS", "IN"))
        value = one.get("value")
        values = cast(list[Any], value) if isinstance(value, list) else [value]
        if one["operator"] == "EQUALS" and len(values) != 1:
            raise invalid("filters", "EQUALS takes a single value.")
        found[field] = {str(each) for each in values}
    if "campaignId" not in found:
        raise invalid("filters", "A campaignId filter is required.", "MISSING_FILTER")
    return found


def _asked(call: Call, entity: _Entity, wanted: dict[str, set[str]]) -> list[JsonObject]:
    rows = call.store.every(entity.kind)
    for field, values in wanted.items():
        above = {"campaignId": CAMPAIGN, "adGroupId": AD_GROUP}.get(field)
        name = "id" if above == entity.kind else field
        rows = [row for row in rows if str(row.get(name)) in values]
    return rows


def _span(call: Call, body: JsonObject, entity: _Entity) -> tuple[date, date, str | None]:
    span = given(cast(JsonObject, body.get("timeRange") or {}))
    if not {"start", "end"} <= span.keys():
        raise missing("timeRange")
    choice("timeZone", span.get("timeZone", "ORTZ"), ("ORTZ", "UTC"))
    try:
        since, until = (date.fromisoformat(str(span[one])) for one in ("start", "end"))
    except ValueError:
        raise invalid("timeRange", "start and end are dates such as 2026-01-31.") from None
    if until < since:
        raise invalid("timeRange", "end is before start.", "INVALID_TIME_RANGE")
    today = call.now.astimezone(ZoneInfo(str(call.account["timezone"]))).date()
    granularity = span.get("granularity")
    if granularity is None:
        return since, until, None
    choice("granularity", granularity, entity.granularities)
    oldest = {"HOURLY": 7, "DAILY": 90, "WEEKLY": 365}.get(granularity)
    if oldest is not None and since <= today - timedelta(days=oldest):
        told = f"{granularity} must start within the last {oldest} days."
        raise invalid("timeRange", told, "INVALID_TIME_RANGE")
    newest = {"WEEKLY": 14, "MONTHLY": 90}.get(granularity, 0)
    if newest and until > today - timedelta(days=newest):
        told = f"{granularity} must end at least {newest} days ago."
        raise invalid("timeRange", told, "INVALID_TIME_RANGE")
    if granularity == "DAILY" and since == until:
        told = "A DAILY range is longer than one day; leave granularity out for a single one."
        raise invalid("timeRange", told, "INVALID_TIME_RANGE")
    return since, until, granularity


def _figures(call: Call, since: date, until: date, *, hourly: bool, by_ad: bool) -> list[Figures]:
    account = str(call.account["id"])
    days = since.isoformat(), until.isoformat()
    return call.store.world.figures(NETWORK, account, *days, hourly=hourly, by_ad=by_ad)


def _pieces(figures: list[Figures], granularity: str) -> list[tuple[str, list[Figures]]]:
    found: dict[str, list[Figures]] = {}
    for one in figures:
        found.setdefault(_label(one, granularity), []).append(one)
    return sorted(found.items())


def _label(figures: Figures, granularity: str) -> str:
    day = date.fromisoformat(figures.day)
    if granularity == "HOURLY":
        return f"{figures.day} {figures.hour:02d}"
    if granularity == "WEEKLY":
        return (day - timedelta(days=day.weekday())).isoformat()
    return day.replace(day=1).isoformat() if granularity == "MONTHLY" else figures.day


def _metrics(rows: Sequence[Figures], currency: str, fields: Sequence[str]) -> JsonObject:
    impressions = sum(row.impressions for row in rows)
    taps = sum(row.clicks for row in rows)
    installs = sum(row.conversions for row in rows)
    spend = Decimal(sum(row.spend_micros for row in rows)).scaleb(-6)
    # A fifth of installs follow a mere view.
    viewed = installs // 5
    found: JsonObject = {
        "localSpend": _money(spend, currency),
        "impressions": impressions,
        "taps": taps,
        "ttr": round(taps / impressions, 4) if impressions else 0.0,
        "cpt": _money(spend / taps if taps else Decimal(0), currency),
        "cpm": _money(spend * 1000 / impressions if impressions else Decimal(0), currency),
        "tapInstalls": installs - viewed,
        "viewInstalls": viewed,
        "totalInstalls": installs,
        "tapNewDownloads": installs - viewed,
        "totalNewDownloads": installs,
        "totalRedownloads": 0,
        "tapInstallCPI": _money(spend / (installs - viewed) if installs else Decimal(0), currency),
        "totalAvgCPI": _money(spend / installs if installs else Decimal(0), currency),
        "tapInstallRate": round((installs - viewed) / taps, 4) if taps else 0.0,
        "totalInstallRate": round(installs / taps, 4) if taps else 0.0,
    }
    return {name: value for name, value in found.items() if not fields or name in fields}


def _money(amount: Decimal, currency: str) -> JsonObject:
    unit = Decimal(1) if currency == "JPY" else _CENT
    return {"amount": str(amount.quantize(unit)), "currency": currency}


def _page(body: JsonObject, result: JsonObject) -> Answer:
    asked = given(cast(JsonObject, body.get("pagination") or {}))
    offset, size = int(asked.get("offset", 0)), int(asked.get("pageSize", _USUAL))
    if offset < 0 or not 1 <= size <= _MOST:
        raise invalid("pageSize", f"pageSize is 1 to {_MOST}.")
    rows = cast(list[JsonObject], result["rows"])
    told = {"offset": offset, "pageSize": size, "totalCount": len(rows)}
    return Answer({**result, "rows": rows[offset : offset + size]}, told)
