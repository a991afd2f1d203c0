"""Unity's statistics: a CSV with a byte order mark, 204 when there is nothing to tell."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

from sandbox.unity.request import Call, invalid
from sandbox.unity.shelf import NETWORK, ORGANIZATION_ID, Shelf
from sandbox.world import Figures

_SCALES = ("summary", "hour", "day", "week", "month")
_METRICS = ("starts", "views", "clicks", "installs", "spend", "cpi", "ctr", "cvr", "ecpm")
_COLUMNS = {
    "app": ("app id", "app name"),
    "campaign": ("campaign id", "campaign name"),
    "creativePack": ("creative pack id", "creative pack name"),
}
_TAKEN = ("start", "end", "scale", "metrics", "breakdowns", "format", "campaignIds", "appIds")
_VIEWED = 0.8
"""The part of videos begun that are seen to their end."""
_BOM = "\ufeff"


def acquisitions(call: Call) -> str | None:
    """The report as CSV, or None: nobody saw anything."""
    query = call.only(*_TAKEN)
    for name in ("start", "end", "scale", "metrics"):
        if not query.get(name):
            raise invalid(name, f"must have required property '{name}'")
    if query["scale"] not in _SCALES:
        raise invalid("scale", f"must be equal to one of: {', '.join(_SCALES)}")
    if query["scale"] != "day" or query.get("format", "csv") != "csv":
        raise invalid("scale", "this stand-in reports days as CSV only")
    metrics = query["metrics"].split(",")
    breakdowns = [one for one in query.get("breakdowns", "").split(",") if one]
    for path, values, known in (
        ("metrics", metrics, _METRICS),
        ("breakdowns", breakdowns, tuple(_COLUMNS)),
    ):
        for value in values:
            if value not in known:
                raise invalid(path, f"{value} is not one of: {', '.join(known)}")
    rows = _sums(call, query, breakdowns)
    if not rows:
        return None
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [column for one in breakdowns for column in _COLUMNS[one]]
    writer.writerow(["timestamp", *columns, *metrics])
    for (day, *ids), figures in sorted(rows.items()):
        values = _values(figures)
        names = [text for pair in zip(ids, _names(call, ids), strict=True) for text in pair]
        writer.writerow([f"{day}T00:00:00.000Z", *names, *(values[one] for one in metrics)])
    return _BOM + out.getvalue()


def _sums(
    call: Call, query: dict[str, str], breakdowns: list[str]
) -> dict[tuple[str, ...], list[Figures]]:
    start, end = _moment(query, "start"), _moment(query, "end")
    if end <= start:
        raise invalid("end", "must be after start")
    last = (end - timedelta(seconds=1)).date()
    by_ad = "creativePack" in breakdowns
    wanted = [one for one in query.get("campaignIds", "").split(",") if one]
    apps = {row["id"]: row["_app"] for row in _everything(call.shelf)}
    found: dict[tuple[str, ...], list[Figures]] = {}
    for row in call.shelf.world.figures(
        NETWORK, ORGANIZATION_ID, start.date().isoformat(), last.isoformat(), by_ad=by_ad
    ):
        if wanted and row.campaign_id not in wanted:
            continue
        ids = {
            "app": apps.get(row.campaign_id, ""),
            "campaign": row.campaign_id,
            "creativePack": row.ad_id.partition(":")[2],
        }
        found.setdefault((row.day, *(ids[one] for one in breakdowns)), []).append(row)
    return found


def _values(rows: list[Figures]) -> dict[str, str]:
    shown, clicks = sum(r.impressions for r in rows), sum(r.clicks for r in rows)
    installs, micros = sum(r.conversions for r in rows), sum(r.spend_micros for r in rows)
    spend = micros / 1_000_000
    return {
        "starts": str(shown),
        "views": str(int(shown * _VIEWED)),
        "clicks": str(clicks),
        "installs": str(installs),
        "spend": f"{micros // 1_000_000}.{micros % 1_000_000:06d}",
        "cpi": f"{spend / installs:.4f}" if installs else "",
        "ctr": f"{clicks / shown:.4f}" if shown else "",
        "cvr": f"{installs / clicks:.4f}" if clicks else "",
        "ecpm": f"{1000 * spend / shown:.4f}" if shown else "",
    }


def _names(call: Call, ids: list[str]) -> list[str]:
    names = {row["id"]: str(row["name"]) for row in _everything(call.shelf)}
    return [names.get(one, "") for one in ids]


def _everything(shelf: Shelf):
    """Campaigns, packs and apps, deleted ones too: what was spent stays reported."""
    for kind in ("campaign", "pack", "app"):
        for row in shelf.world.every(NETWORK, kind):
            yield {"_app": row["id"], **row}


def _moment(query: dict[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(query[name])
    except ValueError:
        raise invalid(name, 'must match format "date-time"') from None
    if moment.tzinfo is None:
        raise invalid(name, "must have a time zone")
    return moment.astimezone(UTC)
