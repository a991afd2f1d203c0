"""TikTok's integrated report: figures as text, by day or hour, deleted objects left out unless
they are asked for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from sandbox.tiktok.delivery import Forest
from sandbox.tiktok.request import INVALID, Call, TikTokError, Values, invalid
from sandbox.tiktok.store import NETWORK, JsonObject
from sandbox.world import Figures

_LEVELS = {
    "AUCTION_ADVERTISER": "advertiser_id",
    "AUCTION_CAMPAIGN": "campaign_id",
    "AUCTION_ADGROUP": "adgroup_id",
    "AUCTION_AD": "ad_id",
}
_DAY, _HOUR = "stat_time_day", "stat_time_hour"
_DAYS = {_DAY: 30, _HOUR: 1, "": 365}
_MICROS = 1_000_000


@dataclass(slots=True)
class _Sum:
    """Figures of one row."""

    spend: int = 0
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    revenue: int = 0
    reach: int = 0
    lines: set[str] = field(default_factory=set[str])

    def add(self, row: Figures) -> None:
        self.spend += row.spend_micros
        self.impressions += row.impressions
        self.clicks += row.clicks
        self.conversions += row.conversions
        self.revenue += row.revenue_micros
        # People see several lines: the largest is the least that is sure.
        self.reach = max(self.reach, row.reach)
        self.lines.add(row.line_id)


def _money(micros: int) -> str:
    return f"{micros / _MICROS:.2f}"


def _per(part: int, whole: int, scale: float = 1.0) -> str:
    return f"{part * scale / whole:.2f}" if whole else "0.00"


_METRICS: dict[str, Callable[[_Sum], str]] = {
    "spend": lambda s: _money(s.spend),
    "impressions": lambda s: str(s.impressions),
    "clicks": lambda s: str(s.clicks),
    "reach": lambda s: str(s.reach),
    "conversion": lambda s: str(s.conversions),
    "ctr": lambda s: _per(s.clicks, s.impressions, 100.0),
    "cpc": lambda s: _per(s.spend, s.clicks, 1 / _MICROS),
    "cpm": lambda s: _per(s.spend, s.impressions, 1000 / _MICROS),
    "cost_per_conversion": lambda s: _per(s.spend, s.conversions, 1 / _MICROS),
    "conversion_rate": lambda s: _per(s.conversions, s.clicks, 100.0),
    "complete_payment": lambda s: str(s.conversions),
    "total_complete_payment_rate": lambda s: _money(s.revenue) if s.revenue else "-",
}
_ATTRIBUTES = ("campaign_id", "campaign_name", "adgroup_id", "adgroup_name", "ad_name")


def integrated(call: Call) -> JsonObject:
    """One page of a synchronous report."""
    values = call.values
    values.need("report_type", "dimensions")
    values.choice("report_type", ("BASIC",))
    values.need("data_level")
    level = values.choice("data_level", tuple(_LEVELS))
    dimensions = values.words("dimensions")
    id_field, unit = _LEVELS[level], next((d for d in dimensions if d in (_DAY, _HOUR)), "")
    if set(dimensions) - {id_field, unit}:
        raise invalid("dimensions", dimensions, f"{level} goes with {id_field}, {_DAY}, {_HOUR}")
    metrics = values.words("metrics") or ["spend", "impressions"]
    for metric in metrics:
        if metric not in _METRICS and metric not in _ATTRIBUTES:
            raise TikTokError(INVALID, f"metrics: {metric} is not supported.")
    since, until = _range(values, unit)
    forest = Forest(call.store, call.now)
    shown = _wanted(call, forest, level)
    sums: dict[tuple[str, str], _Sum] = {}
    if not unit and id_field in dimensions:
        # By id alone, what did not deliver has a row of zeros.
        sums = {(one, ""): _Sum() for one in shown}
    for row in call.store.world.figures(
        NETWORK,
        call.advertiser_id,
        since,
        until,
        hourly=unit == _HOUR,
        by_ad=level == "AUCTION_AD",
    ):
        one = _id(level, row)
        if one in shown:
            key = (one if id_field in dimensions else "", _time(unit, row))
            sums.setdefault(key, _Sum()).add(row)
    rows: list[JsonObject] = []
    for (one, moment), total in sorted(sums.items()):
        place = {id_field: one} if id_field in dimensions else {}
        names = _attributes(forest, level, one)
        figures = {m: _METRICS[m](total) if m in _METRICS else names.get(m, "-") for m in metrics}
        rows.append(
            {"dimensions": {**place, **({unit: moment} if unit else {})}, "metrics": figures}
        )
    return call.page(rows)


def _range(values: Values, unit: str) -> tuple[str, str]:
    if values.flag("query_lifetime"):
        return "2020-01-01", "2100-01-01"
    values.need("start_date", "end_date")
    try:
        first, last = (date.fromisoformat(values.text(n)) for n in ("start_date", "end_date"))
    except ValueError:
        raise invalid("start_date", values.text("start_date"), "use YYYY-MM-DD") from None
    if last < first or (last - first).days >= _DAYS[unit]:
        raise invalid("end_date", str(last), f"the range is at most {_DAYS[unit]} days")
    return first.isoformat(), last.isoformat()


def _wanted(call: Call, forest: Forest, level: str) -> set[str]:
    """Ids that a report may show."""
    ids: dict[str, set[str]] = {}
    deleted_too: set[str] = set()
    for one in cast(list[Any], call.values.raw.get("filtering") or []):
        rule = Values(one)
        rule.need("field_name", "filter_type", "filter_value")
        name = rule.text("field_name")
        try:
            wanted = json.loads(rule.text("filter_value"))
        except ValueError:
            raise invalid("filter_value", rule.text("filter_value"), "it must be JSON") from None
        if name.endswith("_status"):
            if "STATUS_ALL" in wanted:
                deleted_too.add(name.removesuffix("_status"))
        elif name.endswith("_ids"):
            ids[name.removesuffix("s")] = {str(each) for each in wanted}
        else:
            raise invalid("field_name", name, "it is not supported")
    kinds = {"AUCTION_CAMPAIGN": "campaign", "AUCTION_ADGROUP": "adgroup", "AUCTION_AD": "ad"}
    if level not in kinds:
        return {call.advertiser_id}
    kind = kinds[level]
    status = {"campaign": forest.campaign, "adgroup": forest.group, "ad": forest.ad}[kind]
    return {
        row["id"]
        for row in call.store.every(kind, call.advertiser_id)
        if (kind in deleted_too or not status(row).endswith("_DELETE"))
        and all(row.get(name) in wanted for name, wanted in ids.items())
    }


def _id(level: str, row: Figures) -> str:
    found = {
        "AUCTION_ADVERTISER": row.account_id,
        "AUCTION_CAMPAIGN": row.campaign_id,
        "AUCTION_ADGROUP": row.line_id,
        "AUCTION_AD": row.ad_id,
    }
    return found[level]


def _time(unit: str, row: Figures) -> str:
    if not unit:
        return ""
    return f"{row.day} {row.hour or 0:02}:00:00"


def _attributes(forest: Forest, level: str, one: str) -> JsonObject:
    """What a row says of its object beside the figures."""
    if level == "AUCTION_AD":
        return forest.every_ad.get(one, {})
    if level == "AUCTION_ADGROUP":
        return forest.groups.get(one, {})
    return forest.campaigns.get(one, {})
