"""AppLovin's reports: another host, another key, in the query. Days are UTC."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.applovin.request import AlError, Call, bad
from sandbox.applovin.standing import must_pay
from sandbox.applovin.store import ACCOUNT_ID, NETWORK, JsonObject
from sandbox.world import Figures

MOST_DAYS = 45
_BY = (
    "day", "hour", "campaign", "campaign_id_external", "campaign_package_name", "creative_set",
    "creative_set_id", "platform",
)  # fmt: skip
_MEASURES = ("impressions", "clicks", "ctr", "conversions", "cost", "average_cpc")
_MICROS = 1_000_000


def account_info(call: Call) -> Response:
    """For WEB accounts only; an APP account learns no more than that (unsure how)."""
    must_pay(call.account)
    raise AlError(400, 100002, "This is not a web account")


def report(call: Call) -> Response:
    """Figures by the columns asked for."""
    query = call.query
    columns = [one for one in query.get("columns", "").split(",") if one]
    first, last = _days(call)
    unknown = [one for one in columns if one not in (*_BY, *_MEASURES)]
    if not columns or unknown:
        raise bad(f"column {', '.join(unknown) or '(none)'} is not known")
    rows: list[JsonObject] = []
    # Whoever does not say "advertiser" gets a publisher's figures, of which there are none.
    if query.get("report_type") == "advertiser":
        rows = _rows(call, columns, first, last)
    for name, value in query.items():
        if name.startswith("filter_"):
            wanted = value.split(",")
            rows = [row for row in rows if row.get(name.removeprefix("filter_")) in wanted]
        if name.startswith("sort_"):
            column = name.removeprefix("sort_")
            rows.sort(key=lambda row, by=column: row.get(by, ""), reverse=value.upper() == "DESC")
    offset, limit = call.whole("offset", 0), call.whole("limit", 100_000)
    shown = rows[offset : offset + limit]
    if query.get("format", "csv") == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(shown)
        return Response(text.getvalue(), media_type="text/csv")
    bare: Any = {"code": 200, "results": shown, "count": len(shown)}
    return JSONResponse(shown if call.account["_bare_reports"] else bare)


def _days(call: Call) -> tuple[date, date]:
    today = call.now.date()
    try:
        first = date.fromisoformat(call.query.get("start", ""))
        end = call.query.get("end", "")
        last = today if end == "now" else date.fromisoformat(end)
    except ValueError:
        raise bad("start and end must be days such as 2026-12-01") from None
    if last < first or last - first >= timedelta(days=MOST_DAYS):
        raise bad(f"a report covers 1 to {MOST_DAYS} days")
    return first, last


def _rows(call: Call, columns: list[str], first: date, last: date) -> list[JsonObject]:
    by = [one for one in columns if one in _BY]
    by_ad = any(one.startswith("creative_set") for one in by)
    figures = call.store.world.figures(
        NETWORK,
        ACCOUNT_ID,
        first.isoformat(),
        last.isoformat(),
        hourly="hour" in by,
        by_ad=by_ad,
    )
    campaigns = {row["id"]: row for row in call.store.every("campaign")}
    sets = {row["id"]: row for row in call.store.every("creative_set")}
    grouped: dict[tuple[str, ...], list[Figures]] = {}
    for one in figures:
        named = _named(one, campaigns[one.campaign_id], sets.get(one.ad_id, {}))
        grouped.setdefault(tuple(named[name] for name in by), []).append(one)
    return [
        {**dict(zip(by, group, strict=True)), **_measured(rows, columns)}
        for group, rows in grouped.items()
    ]


def _named(one: Figures, campaign: JsonObject, creative_set: JsonObject) -> dict[str, str]:
    return {
        "day": one.day,
        "hour": f"{one.hour or 0:02}:00",
        "campaign": campaign["name"],
        "campaign_id_external": campaign["hashed_id"],
        "campaign_package_name": campaign["package_name"] or "",
        "creative_set": creative_set.get("name", ""),
        "creative_set_id": creative_set.get("id", ""),
        "platform": campaign["platform"].lower(),
    }


def _measured(rows: list[Figures], columns: list[str]) -> JsonObject:
    impressions = sum(row.impressions for row in rows)
    clicks = sum(row.clicks for row in rows)
    cost = Decimal(sum(row.spend_micros for row in rows)) / _MICROS
    # Every number is a string, and money is rounded to cents.
    values = {
        "impressions": str(impressions),
        "clicks": str(clicks),
        "ctr": f"{clicks / impressions:.4f}" if impressions else "0",
        "conversions": str(sum(row.conversions for row in rows)),
        "cost": f"{cost:.2f}",
        "average_cpc": f"{cost / clicks:.2f}" if clicks else "0",
    }
    return {name: values[name] for name in columns if name in values}
